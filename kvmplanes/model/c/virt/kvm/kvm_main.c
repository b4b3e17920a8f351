// SPDX-License-Identifier: GPL-2.0-only
// kvm_main.c of the scaffold: the path that the patch changes, from the two ioctls to the last close. Our own text;
// names, order and labels are the kernel's. Left out or cut short (limit: memslots, devices, irqfd, uevent, debugfs).
#include <linux/kvm_host.h>

static int kvm_create_vm_debugfs(struct kvm *kvm, const char *fdname)
{
	(void)fdname;
	return shim_init("kvm_create_vm_debugfs", "debugfs", &kvm->debugfs_stat_data);
}

static void kvm_destroy_vm_debugfs(struct kvm *kvm)
{
	kfree(kvm->debugfs_stat_data);
}

static int kvm_enable_virtualization(void);
static void kvm_disable_virtualization(void);

static struct kvm *kvm_create_vm(unsigned long type, const char *fdname)
{
	struct kvm *kvm = kvm_arch_alloc_vm();
	int r, i;

	if (!kvm)
		return ERR_PTR(-ENOMEM);

	mmgrab(current->mm);
	kvm->mm = current->mm;
	mutex_init(&kvm->lock);
	xa_init(&kvm->vcpu_array);
	kvm->max_vcpus = KVM_MAX_VCPUS;

	BUILD_BUG_ON(KVM_MEM_SLOTS_NUM > SHRT_MAX);

	/*
	 * Force subsequent debugfs file creations to fail if the VM directory
	 * is not created (by kvm_create_vm_debugfs()).
	 */
	kvm->debugfs_dentry = ERR_PTR(-ENOENT);

	r = init_srcu_struct(&kvm->srcu);
	if (r)
		goto out_err_no_srcu;
	r = init_srcu_struct(&kvm->irq_srcu);
	if (r)
		goto out_err_no_irq_srcu;

	r = kvm_init_irq_routing(kvm);
	if (r)
		goto out_err_no_irq_routing;

	refcount_set(&kvm->users_count, 1);

	r = -ENOMEM;
	for (i = 0; i < KVM_NR_BUSES; i++) {
		kvm->buses[i] = kvm_alloc_bus(i);
		if (!kvm->buses[i])
			goto out_err_no_arch_destroy_vm;
	}

	r = kvm_arch_init_vm(kvm, type);
	if (r)
		goto out_err_no_arch_destroy_vm;

	r = kvm_enable_virtualization();
	if (r)
		goto out_err_no_disable;

	r = kvm_init_mmu_notifier(kvm);
	if (r)
		goto out_err_no_mmu_notifier;

	r = kvm_coalesced_mmio_init(kvm);
	if (r < 0)
		goto out_no_coalesced_mmio;

	r = kvm_create_vm_debugfs(kvm, fdname);
	if (r)
		goto out_err_no_debugfs;

	list_add(&kvm->vm_list, &vm_list);
	preempt_notifier_inc();
	kvm_init_pm_notifier(kvm);
	return kvm;

out_err_no_debugfs:
	kvm_coalesced_mmio_free(kvm);
out_no_coalesced_mmio:
	if (kvm->mmu_notifier.ops)
		mmu_notifier_unregister(&kvm->mmu_notifier, current->mm);
out_err_no_mmu_notifier:
	kvm_disable_virtualization();
out_err_no_disable:
	kvm_arch_destroy_vm(kvm);
out_err_no_arch_destroy_vm:
	WARN_ON_ONCE(!refcount_dec_and_test(&kvm->users_count));
	for (i = 0; i < KVM_NR_BUSES; i++)
		kfree(kvm->buses[i]);
	kvm_free_irq_routing(kvm);
out_err_no_irq_routing:
	cleanup_srcu_struct(&kvm->irq_srcu);
out_err_no_irq_srcu:
	cleanup_srcu_struct(&kvm->srcu);
out_err_no_srcu:
	kvm_arch_free_vm(kvm);
	mmdrop(current->mm);
	return ERR_PTR(r);
}

static void kvm_destroy_vm(struct kvm *kvm)
{
	int i;
	struct mm_struct *mm = kvm->mm;

	kvm_destroy_pm_notifier(kvm);
	kvm_destroy_vm_debugfs(kvm);
	list_del(&kvm->vm_list);
	kvm_free_irq_routing(kvm);
	for (i = 0; i < KVM_NR_BUSES; i++) {
		kfree(kvm->buses[i]);
		kvm->buses[i] = NULL;
	}
	kvm_coalesced_mmio_free(kvm);
	mmu_notifier_unregister(&kvm->mmu_notifier, kvm->mm);
	kvm_arch_destroy_vm(kvm);
	cleanup_srcu_struct(&kvm->irq_srcu);
	cleanup_srcu_struct(&kvm->srcu);
#ifdef CONFIG_KVM_GENERIC_MEMORY_ATTRIBUTES
	xa_destroy(&kvm->mem_attr_array);
#endif
	kvm_arch_free_vm(kvm);
	preempt_notifier_dec();
	kvm_disable_virtualization();
	mmdrop(mm);
}

static void kvm_put_kvm(struct kvm *kvm)
{
	if (refcount_dec_and_test(&kvm->users_count))
		kvm_destroy_vm(kvm);
}

static int kvm_vm_release(struct file *filp)
{
	struct kvm *kvm = filp->private_data;

	kvm_put_kvm(kvm);
	return 0;
}

static const struct file_operations kvm_vm_fops = { .release = kvm_vm_release };

static int kvm_vm_ioctl_check_extension(struct kvm *kvm, long arg)
{
	(void)kvm;
	switch (arg) {
	default:
		return 0;
	}
}

static int kvm_dev_ioctl_check_extension(long arg)
{
	switch (arg) {
	default:
		return 0;
	}
}

long kvm_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	struct kvm *kvm = filp->private_data;

	switch (ioctl) {
	case KVM_CHECK_EXTENSION:
		return kvm_vm_ioctl_check_extension(kvm, arg);
	default:
		return -ENOTTY;
	}
}

static int kvm_dev_ioctl_create_vm(unsigned long type)
{
	char fdname[12];
	struct kvm *kvm;
	struct file *file;
	int r, fd;

	fd = get_unused_fd_flags();
	if (fd < 0)
		return fd;

	snprintf(fdname, sizeof(fdname), "%d", fd);
	kvm = kvm_create_vm(type, fdname);
	if (IS_ERR(kvm)) {
		r = PTR_ERR(kvm);
		goto put_fd;
	}

	file = anon_inode_getfile("kvm-vm", &kvm_vm_fops, kvm);
	if (IS_ERR(file)) {
		r = PTR_ERR(file);
		goto put_kvm;
	}

	fd_install(fd, file);
	return fd;

put_kvm:
	kvm_put_kvm(kvm);
put_fd:
	put_unused_fd(fd);
	return r;
}

long kvm_dev_ioctl(unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_CREATE_VM:
		return kvm_dev_ioctl_create_vm(arg);
	case KVM_CHECK_EXTENSION:
		return kvm_dev_ioctl_check_extension(arg);
	default:
		return -ENOTTY;
	}
}

static int kvm_enable_virtualization(void)
{
	int r = shim_fails("kvm_enable_virtualization", EBUSY);

	if (!r)
		shim_get("virtualization");
	return r;
}

static void kvm_disable_virtualization(void)
{
	shim_put("virtualization");
}
