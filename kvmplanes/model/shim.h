// SPDX-License-Identifier: GPL-2.0-only
// What the kernel files stand on, as declarations for the machine; floor.py does what they say. A type without members has
// nothing to see. For compilers the same is declared and done in oracle/c.
typedef _Bool bool;
typedef unsigned long size_t;
typedef struct {} spinlock_t;
struct mutex {};
struct list_head {};
struct mm_struct {};
struct dentry {};
struct xarray { void *xa_head; };
struct srcu_struct { void *srcu_sup; };
typedef struct { int refs; } refcount_t;
struct mmu_notifier { const void *ops; int users; };
struct task { struct mm_struct *mm; };
struct file;
struct file_operations { int (*release)(struct file *filp); };
struct file { const struct file_operations *f_op; void *private_data; };

enum { EPERM = 1, ENOENT = 2, EINTR = 4, EIO = 5, E2BIG = 7, EAGAIN = 11, ENOMEM = 12, EFAULT = 14, EBUSY = 16, EEXIST = 17,
       ENODEV = 19, EINVAL = 22, ENFILE = 23, EMFILE = 24, ENOTTY = 25, ENOSPC = 28, EOPNOTSUPP = 95,
       SHRT_MAX = 32767, INT_MAX = 2147483647, GFP_KERNEL = 0, GFP_KERNEL_ACCOUNT = 0, false = 0, true = 1 };
extern struct task *current;
extern struct list_head vm_list;

unsigned _IO(unsigned type, unsigned nr);
void BUILD_BUG_ON(int condition);
int WARN_ON_ONCE(int condition);
void OPTIMIZER_HIDE_VAR(unsigned var);
void mutex_init(struct mutex *lock);
void mutex_lock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);
int printk(const char *format, ...);
int snprintf(char *buf, size_t size, const char *format, ...);
void *ERR_PTR(long error);
long PTR_ERR(const void *ptr);
bool IS_ERR(const void *ptr);
bool IS_ERR_OR_NULL(const void *ptr);
void refcount_set(refcount_t *r, int n);
void refcount_inc(refcount_t *r);
bool refcount_dec_and_test(refcount_t *r);
void xa_init(struct xarray *xa);
void xa_for_each_vcpu(struct xarray *xa);
int init_srcu_struct(struct srcu_struct *ssp);
void cleanup_srcu_struct(struct srcu_struct *ssp);
int srcu_read_lock(struct srcu_struct *ssp);
void srcu_read_unlock(struct srcu_struct *ssp, int idx);
void mmgrab(struct mm_struct *mm);
void mmdrop(struct mm_struct *mm);
void list_add(struct list_head *entry, struct list_head *head);
void list_del(struct list_head *entry);
void preempt_notifier_inc(void);
void preempt_notifier_dec(void);
void kvm_init_pm_notifier(struct kvm *kvm);
void kvm_destroy_pm_notifier(struct kvm *kvm);
void mmu_notifier_unregister(struct mmu_notifier *subscription, struct mm_struct *mm);
void *kzalloc(size_t size, int flags);
void kfree(const void *ptr);
int shim_fails(const char *call, int usual);
void shim_get(const char *resource);
void shim_put(const char *resource);
void *shim_alloc(const char *call, const char *name, size_t size);
int shim_init(const char *call, const char *name, void **member);
int get_unused_fd_flags(void);
void put_unused_fd(int fd);
struct file *anon_inode_getfile(const char *name, const struct file_operations *fops, void *priv);
void fd_install(int fd, struct file *file);
