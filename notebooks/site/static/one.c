// SPDX-License-Identifier: GPL-2.0-only
/* The guest's only program: one KVM_CREATE_VM, one close. With "-- 2" at the end of the kernel's command line the second
 * allocation of the call fails. The kernel hands words that it does not know to this program as well, so only a number counts. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>

static void put(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("one: cannot write %s to %s: %s\n", text, file, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void mount_at(const char *type, const char *where)
{
	mkdir(where, 0755);
	mount(type, where, type, 0, NULL);
}

int main(int argc, char **argv)
{
	const char *n = isdigit((unsigned char)argv[argc - 1][0]) ? argv[argc - 1] : NULL;
	char left[16] = "";
	int kvm, nth = -1, vm, error;

	setvbuf(stdout, NULL, _IONBF, 0);
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	mount_at("devtmpfs", "/dev");
	mount_at("debugfs", "/sys/kernel/debug");

	kvm = open("/dev/kvm", O_RDWR);
	if (kvm < 0)
		printf("one: /dev/kvm: %s\n", strerror(errno));
	ioctl(kvm, KVM_GET_API_VERSION, 0); /* brings in the pages that the next call needs */
	if (n) {
		put("/sys/kernel/debug/failslab/task-filter", "Y");
		put("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
		put("/sys/kernel/debug/fail_page_alloc/min-order", "12");
		nth = open("/proc/thread-self/fail-nth", O_RDWR);
		if (nth < 0)
			printf("one: fail-nth: %s\n", strerror(errno));
		pwrite(nth, n, strlen(n), 0);
	}
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	error = errno;
	if (n) {
		pread(nth, left, sizeof left - 1, 0);
		pwrite(nth, "0", 1, 0);
		printf("one: fail-nth %s, left %s\n", n, left);
	}
	printf("one: KVM_CREATE_VM: %s\n", vm < 0 ? strerror(error) : "a descriptor");
	if (vm >= 0)
		close(vm);
	printf("one: closed\n");
	sleep(1);
	reboot(RB_AUTOBOOT);
	return 0;
}
