// SPDX-License-Identifier: GPL-2.0-only
/* Failing the n-th allocation of one system call (Documentation/fault-injection/fault-injection.rst). */
#include "guest.h"

#define FAILSLAB "/sys/kernel/debug/failslab/"
#define FAIL_PAGE "/sys/kernel/debug/fail_page_alloc/"
#define NO_SUCH_IOCTL _IO('?', 1)

/* kmemleak allocates as well. Its own allocations must not count: a range of return addresses is left out. */
static void spare_kmemleak(void)
{
	static const char *const names[] = { "mem_pool_alloc", "__alloc_object", "__create_object" };
	char line[256], name[128], text[32];

	for (unsigned int i = 0; i < sizeof names / sizeof *names; i++) {
		FILE *symbols = fopen("/proc/kallsyms", "r");
		unsigned long address, start = 0, end = 0;

		while (!end && fgets(line, sizeof line, symbols)) {
			if (sscanf(line, "%lx %*c %127s", &address, name) != 2)
				continue;
			if (!start && !strcmp(name, names[i]))
				start = address;
			else if (start && address > start)
				end = address;
		}
		fclose(symbols);
		if (!end)
			continue;
		snprintf(text, sizeof text, "0x%lx", start);
		put(FAILSLAB "reject-start", text);
		snprintf(text, sizeof text, "0x%lx", end);
		put(FAILSLAB "reject-end", text);
		say("spared function=%s", names[i]);
		return;
	}
}

/* Fail what fail-nth says and nothing else: slab objects, not pages. */
void failslab(void)
{
	put(FAILSLAB "task-filter", "Y");
	put(FAILSLAB "ignore-gfp-wait", "N");
	put(FAILSLAB "probability", "0");
	put(FAILSLAB "times", "-1");
	put(FAILSLAB "verbose", "2");
	put(FAIL_PAGE "task-filter", "Y");
	put(FAIL_PAGE "probability", "0");
	put(FAIL_PAGE "min-order", "12");
	spare_kmemleak();
}

/* This thread's fail-nth file. */
int fail_nth(void)
{
	return open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
}

/*
 * One ioctl whose n-th failable allocation fails. The first pass asks for nothing: it brings in the pages that the
 * second one touches, so that no page fault allocates in between.
 */
int failing(int nth, int fd, unsigned long request, unsigned long argument, int n, bool *injected)
{
	char number[16], left[16];
	int result = -1, error = 0;

	for (int pass = 0; pass < 2; pass++) {
		int length = snprintf(number, sizeof number, "%d", pass ? n : 0);

		memset(left, 0, sizeof left);
		if (pwrite(nth, number, length, 0) < 0)
			say("cannot write=%s answer=%s file=fail-nth", number, strerrorname_np(errno));
		result = ioctl(fd, pass ? request : NO_SUCH_IOCTL, argument);
		error = errno;
		if (pread(nth, left, sizeof left - 1, 0) < 0 || pwrite(nth, "0", 1, 0) < 0)
			say("cannot read answer=%s file=fail-nth", strerrorname_np(errno));
	}
	*injected = !atoi(left);
	errno = error;
	return result;
}

static int tell;

/* What a row of a sweep ends with: whether there was an injection. */
void rest(bool injected)
{
	if (write(tell, injected ? "y" : "n", 1) < 0)
		_exit(1);
}

/* N = 1, 2, ... each in a process of its own, until two in a row have found nothing to fail. */
void sweep(void (*one)(int), int most)
{
	int without = 0;

	for (int n = 1; n <= most && without < 2; n++) {
		char injected = 'y'; /* one that dies has had its failure */
		int ends[2];

		if (pipe2(ends, O_CLOEXEC))
			return;
		tell = ends[1];
		say("row n=%d", n);
		in_child(one, n);
		say("end-row n=%d", n);
		close(ends[1]);
		if (read(ends[0], &injected, 1) < 0)
			return;
		close(ends[0]);
		without = injected == 'y' ? 0 : without + 1;
	}
}
