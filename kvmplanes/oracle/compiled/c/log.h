// SPDX-License-Identifier: GPL-2.0-only
// Between shim.c and memory.c, which do things, and log.c, which writes down what was done and what the sanitizers say of it.
#ifndef LOG_H
#define LOG_H

#include "shim.h"

struct object {
	uintptr_t hidden;  // ~address: a table of plain pointers would keep a leak from being seen
	size_t size;
	char name[48];
	bool live;
};

// Where a compiler puts a member of a kind of object; stride: of an array's elements, or 0.
struct shim_field { const char *kind, *name; size_t offset, size, stride; };
extern const struct shim_field shim_fields[];  // made for each version, see build.py; ends with zeroes

// The object that an address lies in, live or freed; NULL if none.
struct object *object_at(uintptr_t address);
// The name of the member there, such as "planes[3]"; "+24" where no member is known.
const char *member_at(const struct object *object, uintptr_t address);
void memory_begin(enum shim_freed freed);
void *new_object(const char *name, size_t size);
void memory_end(void);  // log what is live still

// What happened, to what, its member or value, and what a sanitizer or a count says is wrong with it.
void log_event(const char *what, const char *obj, const char *detail, const char *defect);
void log_call(const char *call);
void log_result(const char *op, const char *result);

// Around free(): log_free_begins(), free(), then whether the sanitizer called it a double free.
void log_free_begins(void);
bool log_free_was_second(void);

void log_begin(bool text);  // from here on, what the sanitizers print is collected (and written at the end, if `text`)
_Noreturn void log_oops(void);  // the task dies here
void log_end(void);             // one line of JSON on standard output

#endif
