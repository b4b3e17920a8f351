// SPDX-License-Identifier: GPL-2.0-only
struct irqchip {
	int pins;
};

int kvm_arch_init_vm(struct kvm *kvm, unsigned long type)
{
	(void)kvm;
	(void)type;
	return 0;
}

static int kvm_create_irqchip(struct kvm *kvm)
{
	struct irqchip *chip = kzalloc(sizeof(*chip), GFP_KERNEL_ACCOUNT);
	int r;

	if (!chip)
		return -ENOMEM;
	chip->pins = 24;
	kvm->arch.state = chip;

	r = shim_fails("kvm_setup_default_irq_routing", ENOMEM);
	if (r)
		kfree(chip);
	return r;
}
