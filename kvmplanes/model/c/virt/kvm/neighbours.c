// SPDX-License-Identifier: GPL-2.0-only
// What kvm_main.c calls in other files of the kernel, cut down to what it takes and gives back (limit: arch, kvzalloc).
#include <linux/kvm_host.h>

struct kvm *kvm_arch_alloc_vm(void)
{
	return shim_alloc("kvm_arch_alloc_vm", "kvm#1", sizeof(struct kvm));
}

void kvm_arch_free_vm(struct kvm *kvm)
{
	kfree(kvm);
}

int kvm_arch_init_vm(struct kvm *kvm, unsigned long type)
{
	(void)type;
	return shim_init("kvm_arch_init_vm", "arch", &kvm->arch.state);
}

// On x86 each vCPU that goes takes this lock, so SRCU must still be there. Here it is taken once (limit: vcpus).
void kvm_arch_destroy_vm(struct kvm *kvm)
{
	int idx = srcu_read_lock(&kvm->srcu);

	srcu_read_unlock(&kvm->srcu, idx);
	kfree(kvm->arch.state);
}

struct kvm_io_bus *kvm_alloc_bus(enum kvm_bus bus)
{
	static const char *const names[][2] = {
		{ "kzalloc(KVM_MMIO_BUS)", "bus#KVM_MMIO_BUS" },
		{ "kzalloc(KVM_PIO_BUS)", "bus#KVM_PIO_BUS" },
		{ "kzalloc(KVM_VIRTIO_CCW_NOTIFY_BUS)", "bus#KVM_VIRTIO_CCW_NOTIFY_BUS" },
		{ "kzalloc(KVM_FAST_MMIO_BUS)", "bus#KVM_FAST_MMIO_BUS" },
		{ "kzalloc(KVM_IOCSR_BUS)", "bus#KVM_IOCSR_BUS" },
	};

	return shim_alloc(names[bus][0], names[bus][1], sizeof(struct kvm_io_bus));
}

int kvm_init_irq_routing(struct kvm *kvm)
{
	return shim_init("kvm_init_irq_routing", "irq_routing", &kvm->irq_routing);
}

// Like the kernel's, this and kvm_coalesced_mmio_free() leave the pointer behind: a second call frees twice.
void kvm_free_irq_routing(struct kvm *kvm)
{
	kfree(kvm->irq_routing);
}

int kvm_init_mmu_notifier(struct kvm *kvm)
{
	int r;

	kvm->mmu_notifier.ops = "kvm_mmu_notifier_ops";
	r = shim_fails("kvm_init_mmu_notifier", ENOMEM);
	if (!r)
		shim_get("mmu_notifier");
	return r;
}

int kvm_coalesced_mmio_init(struct kvm *kvm)
{
	return shim_init("kvm_coalesced_mmio_init", "mmio_ring", &kvm->coalesced_mmio_ring);
}

void kvm_coalesced_mmio_free(struct kvm *kvm)
{
	kfree(kvm->coalesced_mmio_ring);
}
