// SPDX-License-Identifier: GPL-2.0-only
/* Creating and closing VMs, with and without failures. */
#include <dirent.h>
#include "guest.h"

int dev_kvm(void)
{
	return open("/dev/kvm", O_RDWR | O_CLOEXEC);
}

int new_vm(void)
{
	int kvm = dev_kvm(), vm = ioctl(kvm, KVM_CREATE_VM, 0);

	if (vm < 0)
		say("no-vm answer=%s", answer(vm));
	close(kvm);
	return vm;
}

/* A VM has a directory under debugfs, named process-descriptor, until kvm_destroy_vm() removes it. */
int vms_alive(void)
{
	DIR *folder = opendir("/sys/kernel/debug/kvm");
	struct dirent *entry;
	int alive = 0;

	if (!folder)
		return -1;
	while ((entry = readdir(folder)))
		alive += entry->d_name[0] >= '0' && entry->d_name[0] <= '9' && strchr(entry->d_name, '-');
	closedir(folder);
	return alive;
}

static void one_round(int number)
{
	int vm = new_vm();

	say("closing round=%d", number);
	close(vm);
	say("closed round=%d", number);
}

void create_close(void)
{
	in_child(one_round, 1);
}

void normal_closes(void)
{
	for (int round = 1; round <= 20; round++)
		in_child(one_round, round);
}

static void one_row(int n)
{
	int kvm = dev_kvm(), nth = fail_nth(), vm;
	bool injected;

	vm = failing(nth, kvm, KVM_CREATE_VM, 0, n, &injected);
	say("result n=%d answer=%s injected=%d", n, answer(vm), injected);
	if (vm >= 0)
		close(vm);
	rest(injected);
}

void sweep_create_vm(void)
{
	sweep(one_row, 900);
}

/* With slub_debug=U every cache lists where its objects were allocated. */
void cache(void)
{
	static const char *const names[] = { "kmalloc-8", "kmalloc-16", "kmalloc-32", "kmalloc-cg-8", "kmalloc-cg-16",
					     "kmalloc-cg-32", "kmalloc-8k", "kmalloc-cg-8k", "kmalloc-cg-4k" };
	int vm = new_vm();
	char file[128];

	for (unsigned int i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(file, sizeof file, "/sys/kernel/debug/slab/%s/alloc_traces", names[i]);
		if (access(file, R_OK))
			continue;
		say("cache name=%s", names[i]);
		show(file, "kvm_");
	}
	close(vm);
}

static void one_vcpu(int id)
{
	int vm = new_vm(), fd = ioctl(vm, KVM_CREATE_VCPU, (unsigned long)id);

	say("vcpu id=%d answer=%s", id, answer(fd));
}

void vcpu(void)
{
	in_child(one_vcpu, 0);
}
