// SPDX-License-Identifier: GPL-2.0-only
/* KVM_CREATE_PLANE: ids, orders of closing, failures with and without fault injection. */
#include <sys/resource.h>
#include "guest.h"

#define PLANE 3 /* that the sweeps ask for */

static int create_plane(int vm, unsigned long id, const char *when)
{
	int fd = ioctl(vm, KVM_CREATE_PLANE, id);

	say("plane id=%lu result=%s when=%s", id, answer(fd), when);
	return fd;
}

static void other(const char *result, const char *what)
{
	say("other result=%s what=%s", result, what);
}

/* ---- a: ids, and orders of closing ---- */

static int held_plane, held_vm;

static void foreign_process(int unused)
{
	(void)unused;
	other(answer(ioctl(held_plane, KVM_CREATE_VCPU, 0)), "ioctl on the plane fd from a forked child (other mm)");
	other(answer(ioctl(held_vm, KVM_CREATE_PLANE, 3UL)),
	      "KVM_CREATE_PLANE on the VM fd from a forked child (other mm)");
}

static void ids(int unused)
{
	static const unsigned long taken[] = { 0, 3 }, beyond[] = { 16, 4294967295UL, 4294967312UL };
	int kvm = dev_kvm(), vm = new_vm(), planes[PLANES];

	(void)unused;
	say("cap fd=/dev/kvm planes=%d", ioctl(kvm, KVM_CHECK_EXTENSION, CAP_PLANES));
	say("cap fd=the VM fd planes=%d", ioctl(vm, KVM_CHECK_EXTENSION, CAP_PLANES));
	for (int i = 1; i < PLANES; i++)
		planes[i] = create_plane(vm, i, "A1");
	for (int i = 0; i < 2; i++)
		create_plane(vm, taken[i], "A1 again");
	for (int i = 0; i < 3; i++)
		create_plane(vm, beyond[i], "A1 range");
	create_plane(vm, 4294967299UL, "A1 wide");
	create_plane(vm, ~0UL, "A1 range");
	other(answer(ioctl(planes[3], KVM_CREATE_VCPU, 0)), "KVM_CREATE_VCPU on a plane fd");
	held_plane = planes[3];
	held_vm = vm;
	in_child(foreign_process, 0);
	close(planes[3]);
	create_plane(vm, 3, "A1 after close of its fd");
	close(planes[7]);
	create_plane(vm, 7, "A1 after close of its fd");
}

static void wide_id(int unused)
{
	int vm = new_vm();

	(void)unused;
	create_plane(vm, 4294967301UL, "A2 wide, fresh VM");
	create_plane(vm, 5, "A2 then");
}

/* 0 stands for the VM's descriptor, 1 to 15 for those of the planes. */
static const struct {
	const char *name;
	signed char closes[PLANES + 1];
} orders[] = {
	{ "planes-up-then-vm", { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, -1 } },
	{ "vm-then-planes-up", { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, -1 } },
	{ "vm-then-planes-down", { 0, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, -1 } },
	{ "vm-in-the-middle", { 1, 2, 3, 4, 5, 6, 7, 0, 8, 9, 10, 11, 12, 13, 14, 15, -1 } },
	{ "even-vm-odd", { 2, 4, 6, 8, 10, 12, 14, 0, 15, 13, 11, 9, 7, 5, 3, 1, -1 } },
	{ "exit-closes-all", { -1 } },
};

static void one_order(int order)
{
	int fds[PLANES], failed = 0;

	fds[0] = new_vm();
	for (int i = 1; i < PLANES; i++) {
		fds[i] = ioctl(fds[0], KVM_CREATE_PLANE, (unsigned long)i);
		failed += fds[i] < 0;
	}
	say("order name=%s failed=%d", orders[order].name, failed);
	for (const signed char *which = orders[order].closes; *which >= 0; which++) {
		close(fds[(int)*which]);
		say("closed plane=%d vms=%d", *which, vms_alive());
	}
}

/* A plane's descriptor in another process keeps the VM alive. */
static void inherited(int unused)
{
	int vm = new_vm(), plane = create_plane(vm, 1, "A4"), ends[2];
	char byte;

	(void)unused;
	if (pipe(ends))
		return;
	if (fork())
		return; /* and exits: its descriptors are closed */
	close(vm);
	close(ends[1]);
	if (read(ends[0], &byte, 1) < 0)
		return;
	say("inherited vms=%d when=parent gone, plane fd held by the child", vms_alive());
	close(plane);
	say("inherited vms=%d when=child closed it", vms_alive());
}

void ids_and_close_orders(void)
{
	in_child(ids, 0);
	in_child(wide_id, 0);
	for (unsigned int i = 0; i < sizeof orders / sizeof *orders; i++) {
		in_child(one_order, i);
		say("gone vms=%d", vms_alive());
	}
	in_child(inherited, 0);
	sleep(1);
}

/* ---- b, c, f: fail-nth ---- */

static bool retry, full_table;

static void one_row(int n)
{
	int kvm = dev_kvm(), nth = fail_nth(), vm = new_vm(), again = -1, plane;
	bool injected;

	for (int fd = 0; full_table && fd >= 0 && fd < 63;)
		fd = dup(kvm);
	plane = failing(nth, vm, KVM_CREATE_PLANE, PLANE, n, &injected);
	say("result n=%d answer=%s injected=%d", n, answer(plane), injected);
	if (retry) {
		again = ioctl(vm, KVM_CREATE_PLANE, (unsigned long)PLANE);
		say("retry n=%d answer=%s", n, answer(again));
		close(again);
	}
	close(plane);
	close(vm);
	say("alive n=%d vms=%d", n, vms_alive());
	rest(injected);
}

static void sweep_planes(bool asks_again, bool fills_table)
{
	retry = asks_again;
	full_table = fills_table;
	sweep(one_row, 40);
}

void sweep_with_retry(void)
{
	sweep_planes(true, false);
}

void sweep_without_retry(void)
{
	sweep_planes(false, false);
}

void sweep_with_full_table(void)
{
	sweep_planes(true, true);
}

/* ---- d: no fault injection; the process's limit, then the system's ---- */

static void process_limit(int unused)
{
	struct rlimit old, low;
	int vm = new_vm(), next = dup(vm);

	(void)unused;
	close(next);
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = next;
	setrlimit(RLIMIT_NOFILE, &low);
	create_plane(vm, PLANE, "D1 RLIMIT_NOFILE reached");
	setrlimit(RLIMIT_NOFILE, &old);
	create_plane(vm, PLANE, "D1 limit raised again");
}

static int to_child[2], to_parent[2];

/* Tell the other side, and wait for its answer. */
static void turn(int tell, int hear)
{
	char byte = 'x';

	if (write(tell, &byte, 1) < 0 || read(hear, &byte, 1) < 0)
		_exit(1);
}

static void system_limit(int unused)
{
	int vm;

	(void)unused;
	for (int i = 0; i < 200; i++)
		if (open("/dev/null", O_RDONLY) < 0)
			break;
	vm = new_vm();
	if (setresuid(1000, 1000, 1000)) /* root may pass fs.file-max */
		return;
	turn(to_parent[1], to_child[0]);
	create_plane(vm, PLANE, "D2");
	turn(to_parent[1], to_child[0]);
	create_plane(vm, PLANE, "D2 limit raised again");
}

/* Sets the limit while the child waits. */
static void limiter(int unused)
{
	(void)unused;
	char byte;

	if (read(to_parent[0], &byte, 1) < 0)
		return;
	put("/proc/sys/fs/file-max", "100");
	turn(to_child[1], to_parent[0]);
	put("/proc/sys/fs/file-max", "100000");
	if (write(to_child[1], &byte, 1) < 0)
		return;
}

void no_fault_injection(void)
{
	pid_t child;

	in_child(process_limit, 0);
	if (pipe(to_child) || pipe(to_parent))
		return;
	child = fork();
	if (!child) {
		limiter(0);
		_exit(0);
	}
	in_child(system_limit, 0);
	waitpid(child, NULL, 0);
}

/* ---- e: what the dangling slot does where no instrument looks ---- */

static void one_round(int round)
{
	int vm = new_vm(), nth = fail_nth(), plane, next;
	bool injected;

	plane = failing(nth, vm, KVM_CREATE_PLANE, PLANE, 2, &injected);
	next = ioctl(vm, KVM_CREATE_PLANE, 4UL);
	say("round n=%d injected=%d next=%s", round, injected, answer(next));
	close(next);
	close(plane);
	say("closing round=%d", round);
	close(vm);
	say("closed round=%d", round);
}

void dangling_slot(void)
{
	for (int round = 1; round <= 20; round++)
		in_child(one_round, round);
}
