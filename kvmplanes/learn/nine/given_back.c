// SPDX-License-Identifier: GPL-2.0-only
static int kvm_dev_ioctl_create_vm(unsigned long type)
{
	struct kvm *kvm;
	struct file *file;
	int r, fd;

	fd = get_unused_fd_flags();
	if (fd < 0)
		return fd;

	kvm = kvm_create_vm(type, "");
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
	r = shim_fails("copy_to_user", EFAULT);
	if (r)
		goto put_file;
	return fd;

put_file:
	kfree(file);
put_kvm:
	kvm_put_kvm(kvm);
put_fd:
	put_unused_fd(fd);
	return r;
}
