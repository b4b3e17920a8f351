/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's only process. Every line it says begins with "guest: " and has a word and key=value pairs after it. */
#ifndef GUEST_H
#define GUEST_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/kvm.h>

#ifndef KVM_CREATE_PLANE
#define KVM_CREATE_PLANE _IO(KVMIO, 0xe4)
#endif
#ifndef CAP_PLANES
#define CAP_PLANES 249
#endif
#define PLANES 16
#define KMEMLEAK "/sys/kernel/debug/kmemleak"

/* say.c */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *answer(int result);
void put(const char *file, const char *text);
void show(const char *file, const char *key);
void in_child(void (*work)(int), int number);

/* fail.c */
void failslab(void);
int fail_nth(void);
int failing(int nth, int fd, unsigned long request, unsigned long argument, int n, bool *injected);
void sweep(void (*one)(int), int most);
void rest(bool injected);

/* vm.c */
int dev_kvm(void);
int new_vm(void);
int vms_alive(void);
void create_close(void);
void normal_closes(void);
void sweep_create_vm(void);
void cache(void);
void vcpu(void);

/* planes.c */
void ids_and_close_orders(void);
void sweep_with_retry(void);
void sweep_without_retry(void);
void sweep_with_full_table(void);
void no_fault_injection(void);
void dangling_slot(void);

#endif
