// SPDX-License-Identifier: GPL-2.0-only
struct ioeventfd {
	int addr;
};

struct ioeventfds {
	struct ioeventfd *on[KVM_NR_BUSES];
};

static int kvm_assign_ioeventfd(struct ioeventfds *all)
{
	struct ioeventfd *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);

	if (!p)
		return -ENOMEM;
	all->on[KVM_MMIO_BUS] = p;
	all->on[KVM_FAST_MMIO_BUS] = p;
	return 0;
}

int kvm_coalesced_mmio_init(struct kvm *kvm)
{
	struct ioeventfds *all = kzalloc(sizeof(*all), GFP_KERNEL_ACCOUNT);

	if (!all)
		return -ENOMEM;
	kvm->coalesced_mmio_ring = all;
	if (kvm_assign_ioeventfd(all)) {
		kfree(all);
		return -ENOMEM;
	}
	return 0;
}

void kvm_coalesced_mmio_free(struct kvm *kvm)
{
	struct ioeventfds *all = kvm->coalesced_mmio_ring;
	int i;

	for (i = 0; i < KVM_NR_BUSES; i++)
		kfree(all->on[i]);
	kfree(all);
}
