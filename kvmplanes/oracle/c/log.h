// SPDX-License-Identifier: GPL-2.0-only
// Between shim.c, which does things, and log.c, which writes down what was done and what the sanitizers say of it.
#ifndef LOG_H
#define LOG_H

#include "shim.h"

struct object {
	uintptr_t hidden;  // ~address: a table of plain pointers would keep a leak from being seen
	size_t size;
	const struct shim_field *fields;
	char name[48];
	bool live;
};

// The object that an address lies in, live or freed; NULL if none.
struct object *object_at(uintptr_t address);

// What happened, to what, its member or value, and what a sanitizer or a count says is wrong with it.
void log_event(const char *what, const char *obj, const char *detail, const char *defect);
void log_call(const char *call);
void log_result(const char *op, const char *result);

// Around free(): log_free_begins(), free(), then whether the sanitizer called it a double free.
void log_free_begins(void);
bool log_free_was_second(void);

void log_begin(bool text);  // from here on, what the sanitizers print is collected (and written at the end, if `text`)
void log_end(void);         // one line of JSON on standard output

#endif
