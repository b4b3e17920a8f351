// SPDX-License-Identifier: GPL-2.0-only
static void kvm_destroy_others(struct zone *zone)
{
	struct zone *next;

	for (; zone; zone = next) {
		next = zone->next;
		kfree(zone);
	}
}


static void kvm_io_bus_unregister_dev(struct kvm *kvm, struct zone *zone)
{
	struct zones *bus = kvm->coalesced_mmio_ring;
	struct zones *smaller = kzalloc(sizeof(*smaller), GFP_KERNEL_ACCOUNT);

	if (!smaller)
		kvm_destroy_others(zone->next);
	else
		smaller->first = zone->next;
	kvm->coalesced_mmio_ring = smaller;
	kfree(bus);
}

static void kvm_unregister_zones(struct kvm *kvm)
{
	struct zones *bus = kvm->coalesced_mmio_ring;
	struct zone *zone = bus->first;

	kvm_io_bus_unregister_dev(kvm, zone);
	kfree(zone);
}
