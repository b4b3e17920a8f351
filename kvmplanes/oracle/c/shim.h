// SPDX-License-Identifier: GPL-2.0-only
// What the scaffold's kernel files stand on: allocator, counted references, files, injected failures, a log of events.
#ifndef SHIM_H
#define SHIM_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// -- names that the kernel files use and that neither take nor give anything ----------------------------------------

#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define WARN_ON_ONCE(condition) ((void)(condition))
#define OPTIMIZER_HIDE_VAR(var) __asm__("" : "=r"(var) : "0"(var))
#define mutex_init(lock) ((void)(lock))
#define mutex_lock(lock) ((void)(lock))
#define mutex_unlock(lock) ((void)(lock))

typedef struct { int locked; } spinlock_t;
struct mutex { int locked; };
struct list_head { struct list_head *next, *prev; };
struct dentry;
struct xarray { void *xa_head; };
struct mmu_notifier { const void *ops; };

static inline void xa_init(struct xarray *xa) { xa->xa_head = NULL; }
// The walk over a plane's vCPUs, of which there are none: one look at the array (limit: vcpus).
static inline void xa_for_each_vcpu(struct xarray *xa) { (void)*(void *volatile *)&xa->xa_head; }

static inline void *ERR_PTR(long error) { return (void *)error; }
static inline long PTR_ERR(const void *ptr) { return (long)ptr; }
static inline bool IS_ERR(const void *ptr) { return (uintptr_t)ptr >= (uintptr_t)-4095; }

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

struct mm_struct { int mm_count; };
struct task { struct mm_struct *mm; };
extern struct task *current;

void mmgrab(struct mm_struct *mm);
void mmdrop(struct mm_struct *mm);
#define preempt_notifier_inc() shim_get("preempt_notifier")
#define preempt_notifier_dec() shim_put("preempt_notifier")

// These touch struct kvm in the kernel; here, as in the model, they only count.
#define list_add(entry, head) shim_get("vm_list")
#define list_del(entry) shim_put("vm_list")
#define kvm_init_pm_notifier(kvm) shim_get("pm_notifier")
#define kvm_destroy_pm_notifier(kvm) shim_put("pm_notifier")
#define mmu_notifier_unregister(subscription, mm) shim_put("mmu_notifier")

// -- memory ----------------------------------------------------------------------------------------------------------

struct shim_field { const char *name; size_t offset, size, stride; };  // stride: of an array's elements, or 0

// A zeroed object of that name, or NULL when `call` is to fail.
void *shim_alloc(const char *call, const char *name, size_t size, const struct shim_field *fields);
// The same for an object that *member points to: 0 or -ENOMEM.
int shim_init(const char *call, const char *name, void **member);
void *shim_kzalloc(size_t size, const char *function, int level);
void kfree(const void *ptr);

// kzalloc() learns which plane it is for without a change in the posted text: inside kvm_create_plane() the name
// plane_level is that function's parameter, everywhere else it is this constant.
static const int plane_level __attribute__((unused)) = -1;
#define GFP_KERNEL_ACCOUNT 0
#define kzalloc(size, flags) shim_kzalloc(size, __func__, plane_level)

struct srcu_struct { void *srcu_sup; };
#define init_srcu_struct(ssp) shim_init("init_srcu_struct(" #ssp ")", &#ssp[sizeof("&kvm->") - 1], &(ssp)->srcu_sup)
void cleanup_srcu_struct(struct srcu_struct *ssp);

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
