// SPDX-License-Identifier: GPL-2.0-only
/* Process 1: mounts what it needs and takes one step for each word behind "--" on the kernel's command line. */
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include "guest.h"

/* kmemleak names an object that it has not found in two scans and that is some seconds old. */
static void leaks(void)
{
	for (int scan = 0; scan < 3; scan++) {
		sleep(scan < 2 ? 7 : 1);
		put(KMEMLEAK, "scan");
	}
	show(KMEMLEAK, "");
	put(KMEMLEAK, "clear");
}

static const struct {
	const char *name;
	void (*take)(void);
} steps[] = {
	{ "leaks", leaks },
	{ "create_close", create_close },
	{ "normal_closes", normal_closes },
	{ "sweep", sweep_create_vm },
	{ "cache", cache },
	{ "vcpu", vcpu },
	{ "a_ids_and_close_orders", ids_and_close_orders },
	{ "b_sweep_with_retry", sweep_with_retry },
	{ "c_sweep_without_retry", sweep_without_retry },
	{ "f_sweep_with_full_fd_table", sweep_with_full_table },
	{ "d_no_fault_injection", no_fault_injection },
	{ "e_dangling_slot", dangling_slot },
};

static void mount_at(const char *type, const char *where)
{
	mkdir(where, 0755);
	mount(type, where, type, 0, NULL);
}

int main(int count, char **words)
{
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	mount_at("devtmpfs", "/dev");
	mount_at("debugfs", "/sys/kernel/debug");
	say("start kvm=%s", answer(dev_kvm()));
	failslab();
	for (int i = 1; i < count; i++) {
		for (unsigned int s = 0; s < sizeof steps / sizeof *steps; s++) {
			if (strcmp(words[i], steps[s].name))
				continue;
			say("begin step=%s", words[i]);
			steps[s].take();
			say("end step=%s", words[i]);
		}
	}
	say("all-done");
	sleep(1);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}
