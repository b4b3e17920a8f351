// SPDX-License-Identifier: GPL-2.0-only
// User space: reads scenarios, one a line, plays each in a process of its own, and writes one line of JSON for each.
// A line has five fields, separated by tabs:
//     freed (0 kept, 1 zeroed, 2 poisoned)   retry (0 or 1)   text (0 or 1)   fail (see shim_begin)   system calls, separated by |
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/kvm_host.h>

#ifndef KVM_CREATE_PLANE
#define KVM_CREATE_PLANE _IO(KVMIO, 0xe4)
#endif
#define KVM_CAP_PLANES_NR 249  // by its number: before 09/60 the name does not exist

enum { NAME = 32 };  // "plane " and twenty digits
static char open_fds[MAX_FDS][NAME];  // by number, what this process has open; "" if nothing

// The lowest open descriptor of that name, or -1: a plane's can outlive its VM's, and a new VM have its own.
static int find(const char *name)
{
	for (int fd = 0; fd < MAX_FDS; fd++)
		if (!strcmp(open_fds[fd], name))
			return fd;
	return -1;
}

static bool opened(const char *name, long result)
{
	if (result >= 0)
		strcpy(open_fds[result], name);
	shim_return(result, true);
	return result < 0;
}

static void close_fd(int fd)
{
	if (fd < 0)
		return;
	*open_fds[fd] = '\0';
	shim_close(fd);
}

// An ioctl on a descriptor of a VM; the number may have no file behind it.
static long vm_ioctl(int fd, unsigned int ioctl, unsigned long arg)
{
	return shim_file(fd) ? kvm_vm_ioctl(shim_file(fd), ioctl, arg) : -EBADF;
}

// One system call; whether it failed. A call on a descriptor that is not open does nothing.
static bool call(const char *op)
{
	int vm = find("vm");
	char name[NAME];

	shim_op(op);
	if (sscanf(op, "close(%31[^)])", name) == 1) {
		close_fd(find(name));
	} else if (!strcmp(op, "KVM_CREATE_VM")) {
		return vm < 0 && opened("vm", kvm_dev_ioctl(KVM_CREATE_VM, 0));
	} else if (!strcmp(op, "KVM_CHECK_EXTENSION system")) {
		shim_return(kvm_dev_ioctl(KVM_CHECK_EXTENSION, KVM_CAP_PLANES_NR), false);
	} else if (vm >= 0 && !strcmp(op, "KVM_CHECK_EXTENSION vm")) {
		shim_return(vm_ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_PLANES_NR), false);
	} else if (vm >= 0 && sscanf(op, "KVM_CREATE_PLANE %20[0-9]", name + 6) == 1) {
		memcpy(name, "plane ", 6);
		return opened(name, vm_ioctl(vm, KVM_CREATE_PLANE, strtoul(name + 6, NULL, 10)));
	}
	return false;
}

// At exit the kernel closes what its table holds, whether user space was told of it or not, lowest descriptor first.
static void exit_process(void)
{
	static char op[40];

	for (int fd = 0; fd < MAX_FDS; fd++) {
		if (*open_fds[fd])
			snprintf(op, sizeof(op), "close(%s)", open_fds[fd]);
		else
			snprintf(op, sizeof(op), "close(fd %d)", fd);
		shim_op(op);
		if (shim_file(fd))
			close_fd(fd);
	}
}

__attribute__((noinline)) static void play(char *ops, bool retry)
{
	for (char *op = strtok(ops, "|"); op; op = strtok(NULL, "|"))
		if (call(op) && retry && !strncmp(op, "KVM_CREATE_PLANE", 16))
			call(op);
	exit_process();
}

static void scenario(char *line)
{
	char *at = line, *fields[5];

	for (int i = 0; i < 5; i++)
		fields[i] = strsep(&at, "\t\n");
	shim_begin(fields[3], atoi(fields[0]), *fields[2] == '1');
	play(fields[4], *fields[1] == '1');
	shim_end();
}

int main(void)
{
	static char line[1 << 16];
	int status;

	while (fgets(line, sizeof(line), stdin)) {
		pid_t child = fork();

		if (!child)
			scenario(line);
		if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status)) {
			printf("{\"died\":%d}\n", status);
			fflush(stdout);
		}
	}
	return 0;
}
