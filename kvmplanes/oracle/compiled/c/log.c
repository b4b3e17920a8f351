// SPDX-License-Identifier: GPL-2.0-only
// The log of one scenario, the sanitizers' voices in it, and its one line of JSON.
#define _GNU_SOURCE
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"

#ifdef WITH_ADDRESS
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>

size_t __sanitizer_get_current_allocated_bytes(void);  // gcc brings no header for it
static size_t allocated;  // bytes, before the scenario
#endif

static bool text_wanted, dead;
static bool null_seen __attribute__((unused));
static volatile bool second_free;  // volatile: the compiler takes it that free() does not change it

enum { LONGEST = 1 << 18 };
static struct list { char *text; size_t length; } events, results, calls, reports;  // the insides of JSON arrays, as they grow

// One character of a JSON string.
static const char *escaped(unsigned char c)
{
	static char text[8];

	text[0] = c;
	text[1] = '\0';
	if (c == '"' || c == '\\' || c < ' ' || c > '~')
		snprintf(text, sizeof(text), "\\u%04x", c);
	return text;
}

static void append(struct list *list, const char *text)
{
	for (; *text; text++) {
		if (list->length == LONGEST - 1)
			abort();  // a scenario that long is a mistake of the caller's
		list->text[list->length++] = *text;
	}
}

static void add(struct list *list, int n, ...)
{
	va_list words;

	append(list, list->length ? ",[" : "[");
	va_start(words, n);
	for (int i = 0; i < n; i++) {
		append(list, i ? ",\"" : "\"");
		for (const char *word = va_arg(words, const char *); *word; word++)
			append(list, escaped(*word));
		append(list, "\"");
	}
	va_end(words);
	append(list, "]");
}

void log_event(const char *what, const char *obj, const char *detail, const char *defect)
{
	add(&events, 4, what, obj, detail, defect);
}

void log_call(const char *call)
{
	add(&calls, 1, call);
}

void log_result(const char *op, const char *result)
{
	add(&results, 2, op, result);
}

void log_free_begins(void)
{
	second_free = false;
}

bool log_free_was_second(void)
{
	return second_free;
}

// -- what the sanitizers say, as events ------------------------------------------------------------------------------------

#ifdef WITH_ADDRESS
const char *__asan_default_options(void);
void __asan_on_error(void);

// Go on after a report, and report one place as often as it goes wrong (the default is once).
const char *__asan_default_options(void)
{
	return "halt_on_error=0:suppress_equal_pcs=0:leak_check_at_exit=0:exitcode=0:handle_abort=1:symbolize=0";
}

void __asan_on_error(void)
{
	const char *kind = __asan_get_report_description();
	const char *access = __asan_get_report_access_type() ? "write" : "read";
	uintptr_t address = (uintptr_t)__asan_get_report_address();
	struct object *object = object_at(address);

	if (strstr(kind, "heap-use-after-free") && object) {
		add(&reports, 3, "asan", "heap-use-after-free", access);
		log_event(access, object->name, member_at(object, address), "use-after-free");
	} else if (strstr(kind, "double-free")) {
		add(&reports, 3, "asan", "double-free", "free");
		second_free = true;
	} else {
		// ERR_PTR(-ENOMEM)->users_count is a small address too: UBSan has seen whether the pointer was NULL
		bool null = strstr(kind, "null-deref") && null_seen;

		add(&reports, 3, "asan", kind, access);
		log_event("oops", "", "", null ? "null-dereference" : "");
	}
}
#endif

#ifdef WITH_UNDEFINED
void __ubsan_on_report(void);
void __ubsan_get_current_report_data(const char **kind, const char **message, const char **file, unsigned *line,
				     unsigned *column, char **address);

void __ubsan_on_report(void)
{
	const char *kind, *message, *file;
	unsigned line, column, index;
	char *address, slot[24];

	__ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &address);
	add(&reports, 3, "ubsan", kind, "");
	null_seen = null_seen || strstr(kind, "null");
	if (sscanf(message, "%*[Ii]ndex %u out of bounds", &index) == 1 && strstr(message, "kvm_plane")) {
		snprintf(slot, sizeof(slot), "planes[%u]", index);
		log_event("index", slot, "", "out-of-bounds");
	}
}
#endif

// -- the end ---------------------------------------------------------------------------------------------------------------

// Everything that the sanitizers printed in this process.
static const char *sanitizer_text(void)
{
	off_t length = lseek(2, 0, SEEK_END);

	return ftruncate(2, length + 1) ? "" : mmap(NULL, length + 1, PROT_READ, MAP_PRIVATE, 2, 0);
}

void log_end(void)
{
	const char *text, *at;
	unsigned long lsan = 0, n;

#ifdef WITH_ADDRESS
	// The stack of a task that died in the middle still points to things. Where nothing is allocated nothing is leaked,
	// and most of a scenario's time would go into looking for it.
	if (!dead && __sanitizer_get_current_allocated_bytes() != allocated)
		__lsan_do_recoverable_leak_check();
#endif
	text = sanitizer_text();
	for (at = text; (at = strstr(at, "leak of ")); at++)
		if (sscanf(at, "leak of %*u byte(s) in %lu object(s)", &n) == 1)
			lsan += n;
	printf("{\"results\":[%s],\"calls\":[%s],\"events\":[%s],\"reports\":[%s],\"lsan\":%lu,\"text\":\"", results.text,
	       calls.text, events.text, reports.text, lsan);
	for (at = text_wanted ? text : ""; *at; at++)
		fputs(escaped(*at), stdout);
	printf("\"}\n");
	fflush(stdout);
}

static void died(void)
{
	if (dead)
		_exit(1);
	dead = true;
	shim_end();
}

_Noreturn void log_oops(void)
{
	log_event("oops", "", "", "");
	dead = true;
	shim_end();
}

#ifndef WITH_ADDRESS
static void signalled(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	log_event("oops", "", "", info->si_code == SEGV_MAPERR && (uintptr_t)info->si_addr < 4096 ? "null-dereference" : "");
	died();
}
#endif

void log_begin(bool text)
{
	struct list *lists[] = { &events, &results, &calls, &reports };

	// Not static: LeakSanitizer would look for pointers in each byte of them.
	for (int i = 0; i < 4; i++)
		lists[i]->text = mmap(NULL, LONGEST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	text_wanted = text;
	dup2(memfd_create("reports", 0), 2);
#ifdef WITH_ADDRESS
	allocated = __sanitizer_get_current_allocated_bytes();
	__sanitizer_set_death_callback(died);
#else
	struct sigaction action = { .sa_sigaction = signalled, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGABRT, &action, NULL);
#endif
}
