// SPDX-License-Identifier: GPL-2.0-only
// struct kvm of the scaffold: the members that something acquires, releases or counts, in the kernel's order,
// with members after gpc_list, so that what the patch puts there is not the end of the allocation.
#ifndef __KVM_HOST_H
#define __KVM_HOST_H

#include <uapi/linux/kvm.h>

#include "shim.h"

#define KVM_MEM_SLOTS_NUM SHRT_MAX
#define KVM_MAX_VCPUS 1024

enum kvm_bus {
	KVM_MMIO_BUS,
	KVM_PIO_BUS,
	KVM_VIRTIO_CCW_NOTIFY_BUS,
	KVM_FAST_MMIO_BUS,
	KVM_IOCSR_BUS,
	KVM_NR_BUSES
};

struct kvm_io_bus {
	int dev_count;
};

struct kvm_arch {
	void *state;
};

struct kvm_memslots {
	unsigned long generation;
	int node_idx;
};

struct kvm {
#ifdef KVM_HAVE_MMU_RWLOCK
	rwlock_t mmu_lock;
#else
	spinlock_t mmu_lock;
#endif
	struct mm_struct *mm;
	struct kvm_memslots slots;
	struct xarray vcpu_array;
	spinlock_t gpc_lock;
	struct list_head gpc_list;

	/*
	 * created_vcpus is protected by kvm->lock, and is incremented
	 * at the beginning of KVM_CREATE_VCPU.  online_vcpus is only
	 * raised once the vCPU can be found.
	 */
	int online_vcpus;
	int max_vcpus;
	int created_vcpus;
	int last_boosted_vcpu;
	struct list_head vm_list;
	struct mutex lock;
	struct kvm_io_bus *buses[KVM_NR_BUSES];
	refcount_t users_count;
	void *coalesced_mmio_ring;
	void *irq_routing;
	struct mmu_notifier mmu_notifier;
	struct dentry *debugfs_dentry;
	void *debugfs_stat_data;
	struct srcu_struct srcu;
	struct srcu_struct irq_srcu;
	struct kvm_arch arch;
};

struct kvm *kvm_arch_alloc_vm(void);
void kvm_arch_free_vm(struct kvm *kvm);
int kvm_arch_init_vm(struct kvm *kvm, unsigned long type);
void kvm_arch_destroy_vm(struct kvm *kvm);
struct kvm_io_bus *kvm_alloc_bus(enum kvm_bus bus);
int kvm_init_irq_routing(struct kvm *kvm);
void kvm_free_irq_routing(struct kvm *kvm);
int kvm_init_mmu_notifier(struct kvm *kvm);
int kvm_coalesced_mmio_init(struct kvm *kvm);
void kvm_coalesced_mmio_free(struct kvm *kvm);

long kvm_dev_ioctl(unsigned int ioctl, unsigned long arg);
long kvm_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg);

#endif
