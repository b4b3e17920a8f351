// SPDX-License-Identifier: GPL-2.0-only
static int kvm_assign_ioeventfd_on(struct ioeventfds *all, enum kvm_bus bus)
{
	struct ioeventfd *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);

	if (!p)
		return -ENOMEM;
	all->on[bus] = p;
	return 0;
}

static int kvm_assign_ioeventfd(struct ioeventfds *all)
{
	int r = kvm_assign_ioeventfd_on(all, KVM_MMIO_BUS);

	if (r)
		return r;
	r = kvm_assign_ioeventfd_on(all, KVM_FAST_MMIO_BUS);
	if (r)
		kfree(all->on[KVM_MMIO_BUS]);
	return r;
}
