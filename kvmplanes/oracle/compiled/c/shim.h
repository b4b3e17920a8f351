// SPDX-License-Identifier: GPL-2.0-only
// What the kernel files stand on, for compilers: allocator, counted references, files, injected failures, a log of events.
// The machine's half is model/shim.h: the same names, and the same prototypes.
#ifndef SHIM_H
#define SHIM_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define GFP_KERNEL 0
#define GFP_KERNEL_ACCOUNT 0

// -- names that the kernel files use and that neither take nor give anything ----------------------------------------
// Functions, not macros: an argument is evaluated, and what it reads is read, as in a kernel. A struct without members
// takes no room, as in the machine.

typedef struct { } spinlock_t;
struct mutex { };
struct list_head { };
struct dentry { };
struct xarray { void *xa_head; };
struct mmu_notifier { const void *ops; int users; };
struct kvm;

int WARN_ON_ONCE(int condition);
void OPTIMIZER_HIDE_VAR(unsigned var);
void mutex_init(struct mutex *lock);
void mutex_lock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);
int printk(const char *format, ...);

static inline void xa_init(struct xarray *xa) { xa->xa_head = NULL; }
// The walk over a plane's vCPUs, of which there are none: one look at the array (limit: vcpus).
static inline void xa_for_each_vcpu(struct xarray *xa) { (void)*(void *volatile *)&xa->xa_head; }

static inline void *ERR_PTR(long error) { return (void *)error; }
static inline long PTR_ERR(const void *ptr) { return (long)ptr; }
static inline bool IS_ERR(const void *ptr) { return (uintptr_t)ptr >= (uintptr_t)-4095; }
static inline bool IS_ERR_OR_NULL(const void *ptr) { return !ptr || IS_ERR(ptr); }

// One atomic access each, as in the kernel: a sanitizer reports it once, as a write.
typedef struct { int refs; } refcount_t;

static inline void refcount_set(refcount_t *r, int n) { __atomic_store_n(&r->refs, n, __ATOMIC_RELAXED); }
static inline void refcount_inc(refcount_t *r) { __atomic_fetch_add(&r->refs, 1, __ATOMIC_RELAXED); }
static inline bool refcount_dec_and_test(refcount_t *r) { return __atomic_fetch_sub(&r->refs, 1, __ATOMIC_RELAXED) == 1; }

// -- failing, counting: the log says what happened -------------------------------------------------------------------

// 0, or -errno when this failable call is to fail; `usual` is the errno it fails with unless another is asked for.
int shim_fails(const char *call, int usual);
void shim_get(const char *resource);
void shim_put(const char *resource);
void shim_label(const char *label);

struct mm_struct { };
struct task { struct mm_struct *mm; };
extern struct task *current;
extern struct list_head vm_list;

void mmgrab(struct mm_struct *mm);
void mmdrop(struct mm_struct *mm);

// These touch struct kvm in the kernel; here, as in the model, they only count.
void preempt_notifier_inc(void);
void preempt_notifier_dec(void);
void list_add(struct list_head *entry, struct list_head *head);
void list_del(struct list_head *entry);
void kvm_init_pm_notifier(struct kvm *kvm);
void kvm_destroy_pm_notifier(struct kvm *kvm);
void mmu_notifier_unregister(struct mmu_notifier *subscription, struct mm_struct *mm);

// -- memory ----------------------------------------------------------------------------------------------------------

// A zeroed object of that name, or NULL when `call` is to fail.
void *shim_alloc(const char *call, const char *name, size_t size);
// The same for an object that *member points to: 0 or -ENOMEM.
int shim_init(const char *call, const char *name, void **member);
void kfree(const void *ptr);

// kzalloc() learns which plane it is for without a change in the posted text: inside kvm_create_plane() the name
// plane_level is that function's parameter, in the RFC's function plane_id is; everywhere else it is this constant.
static const int plane_level __attribute__((unused)) = -1;
static const int plane_id __attribute__((unused)) = -1;
#define kzalloc(size, flags) shim_kzalloc(size, flags, __func__, (int)plane_level & (int)plane_id)
void *shim_kzalloc(size_t size, int flags, const char *function, int level);

struct srcu_struct { void *srcu_sup; };
int init_srcu_struct(struct srcu_struct *ssp);
void cleanup_srcu_struct(struct srcu_struct *ssp);
int srcu_read_lock(struct srcu_struct *ssp);
void srcu_read_unlock(struct srcu_struct *ssp, int idx);

// -- descriptors and files -------------------------------------------------------------------------------------------

struct file;
struct file_operations { int (*release)(struct file *filp); };
struct file { const struct file_operations *f_op; void *private_data; };

int get_unused_fd_flags(void);
void put_unused_fd(int fd);
struct file *anon_inode_getfile(const char *name, const struct file_operations *fops, void *priv);
void fd_install(int fd, struct file *file);

// -- for the driver --------------------------------------------------------------------------------------------------

enum { MAX_FDS = 64 };
enum shim_freed { FREED_KEPT, FREED_ZEROED, FREED_POISONED };

// fail: "-", fail-nth numbers "3,7", or a call's name with or without ": ERRNO".
void shim_begin(const char *fail, enum shim_freed freed, bool text);
void shim_op(const char *op);             // the system call under way
void shim_return(long result, bool fd);
struct file *shim_file(int fd);
void shim_close(int fd);
_Noreturn void shim_end(void);            // count what is left, write one line of JSON, leave the process

#endif
