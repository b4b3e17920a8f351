// SPDX-License-Identifier: GPL-2.0-only
struct zone {
	struct zone *next;
};

struct zones {
	struct zone *first;
};

int kvm_coalesced_mmio_init(struct kvm *kvm)
{
	struct zones *bus = kzalloc(sizeof(*bus), GFP_KERNEL_ACCOUNT);
	struct zone *zone;
	int i;

	kvm->coalesced_mmio_ring = bus;
	if (!bus)
		return -ENOMEM;
	for (i = 0; i < 3; i++) {
		zone = kzalloc(sizeof(*zone), GFP_KERNEL_ACCOUNT);
		if (!zone) {
			kvm_coalesced_mmio_free(kvm);
			return -ENOMEM;
		}
		zone->next = bus->first;
		bus->first = zone;
	}
	return 0;
}

void kvm_coalesced_mmio_free(struct kvm *kvm)
{
	struct zones *bus = kvm->coalesced_mmio_ring;
	struct zone *zone;

	while (bus && bus->first) {
		zone = bus->first;
		bus->first = zone->next;
		kfree(zone);
	}
	kfree(bus);
}

static int kvm_vm_release(struct file *filp)
{
	struct kvm *kvm = filp->private_data;

	kvm_unregister_zones(kvm);
	kvm_put_kvm(kvm);
	return 0;
}

static int kvm_io_bus_unregister_dev(struct kvm *kvm, struct zone *zone)
{
	struct zones *bus = kvm->coalesced_mmio_ring;
	struct zones *smaller = kzalloc(sizeof(*smaller), GFP_KERNEL_ACCOUNT);

	if (!smaller)
		return -ENOMEM;
	smaller->first = zone->next;
	kvm->coalesced_mmio_ring = smaller;
	kfree(bus);
	return 0;
}

static void kvm_unregister_zones(struct kvm *kvm)
{
	struct zones *bus = kvm->coalesced_mmio_ring;
	struct zone *zone = bus->first;

	kvm_io_bus_unregister_dev(kvm, zone);
	kfree(zone);
}
