// SPDX-License-Identifier: GPL-2.0-only
/* What the guest says goes to the kernel's log, so that it stands in order between the kernel's own lines. */
#include <stdarg.h>
#include "guest.h"

void say(const char *format, ...)
{
	static int log = -1;
	char line[1000];
	int used = snprintf(line, sizeof line, "guest: ");
	va_list list;

	va_start(list, format);
	used += vsnprintf(line + used, sizeof line - used, format, list);
	va_end(list);
	if (log < 0)
		log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (log < 0 || write(log, line, used < (int)sizeof line ? used : (int)sizeof line - 1) < 0)
		dprintf(1, "%s\n", line);
}

/* A result in words: "fd" or the errno's name. */
const char *answer(int result)
{
	return result < 0 ? strerrorname_np(errno) : "fd";
}

void put(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		say("cannot write=%s answer=%s file=%s", text, strerrorname_np(errno), file);
	if (fd >= 0)
		close(fd);
}

/* The lines of a file that have the key in them. */
void show(const char *file, const char *key)
{
	FILE *stream = fopen(file, "r");
	char line[800];

	if (!stream) {
		say("cannot read answer=%s file=%s", strerrorname_np(errno), file);
		return;
	}
	while (fgets(line, sizeof line, stream)) {
		line[strcspn(line, "\n")] = 0;
		if (strstr(line, key))
			say("| %s", line);
	}
	fclose(stream);
}

/* Do something in a process of its own: an Oops ends that one alone, and its exit closes everything. */
void in_child(void (*work)(int), int number)
{
	int status = 0;
	pid_t child = fork();

	if (!child) {
		work(number);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		say("killed signal=%d", WTERMSIG(status));
}
