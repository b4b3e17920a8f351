// SPDX-License-Identifier: GPL-2.0-only
// The scaffold's share of the user interface: what the patch's context needs, and the ioctls that the driver calls.
#ifndef __LINUX_KVM_H
#define __LINUX_KVM_H

#include <sys/ioctl.h>

typedef unsigned int __u32;

#define KVMIO 0xAE

struct kvm_cpuid2 { __u32 nent; };
struct kvm_msr_list { __u32 nmsrs; };

#define KVM_CREATE_VM             _IO(KVMIO, 0x01)
#define KVM_CHECK_EXTENSION       _IO(KVMIO, 0x03)
#define KVM_GET_EMULATED_CPUID	  _IOWR(KVMIO, 0x09, struct kvm_cpuid2)
#define KVM_GET_MSR_FEATURE_INDEX_LIST    _IOWR(KVMIO, 0x0a, struct kvm_msr_list)

/*
 * Extension capability list.
 */
#define KVM_CAP_S390_USER_OPEREXEC 246
#define KVM_CAP_S390_KEYOP 247
#define KVM_CAP_S390_VSIE_ESAMODE 248

struct kvm_irq_routing_irqchip {
	__u32 irqchip;
	__u32 pin;
};

#endif
