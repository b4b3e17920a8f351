// SPDX-License-Identifier: GPL-2.0-only
// See shim.h; memory is in memory.c.
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

enum { MAX_REFS = 16, FIRST_FD = 4 };  // 3 is /dev/kvm

static struct { const char *name; int count; } refs[MAX_REFS];
static struct { bool used; struct file *file; } fds[MAX_FDS];
static int nr_refs, nr_asked, nr_failed;
static const char *fail_spec, *op = "";
static int mm_count;
struct task *current = &(struct task){ (struct mm_struct *)&mm_count };
struct list_head vm_list;

void shim_label(const char *label)
{
	log_event("label", label, "", "");
}

static const char *number(int n)
{
	static char text[12];

	snprintf(text, sizeof(text), "%d", n);
	return text;
}

// -- failing, counting -------------------------------------------------------------------------------------------------

static const struct { const char *name; int value; } errnos[] = {
	{ "EBADF", EBADF }, { "EBUSY", EBUSY }, { "EEXIST", EEXIST }, { "EINTR", EINTR }, { "EINVAL", EINVAL },
	{ "EMFILE", EMFILE }, { "ENFILE", ENFILE }, { "ENOMEM", ENOMEM }, { "ENOTTY", ENOTTY },
};

static const char *errno_name(int error)
{
	for (size_t i = 0; i < sizeof(errnos) / sizeof(*errnos); i++)
		if (errnos[i].value == error)
			return errnos[i].name;
	return "E?";
}

static bool chosen(const char *call, int *error)
{
	const char *colon = strstr(fail_spec, ": "), *at = fail_spec;
	size_t length = colon ? (size_t)(colon - fail_spec) : strlen(fail_spec);

	if (*at >= '0' && *at <= '9') {
		for (char *end; *at; at = *end ? end + 1 : end)
			if (strtol(at, &end, 10) == nr_asked)
				return true;
		return false;
	}
	if (nr_failed || strncmp(call, fail_spec, length) || (call[length] && call[length] != '('))
		return false;
	for (size_t i = 0; colon && i < sizeof(errnos) / sizeof(*errnos); i++)
		if (!strcmp(errnos[i].name, colon + 2))
			*error = errnos[i].value;
	return true;
}

int shim_fails(const char *call, int usual)
{
	int error = usual;

	nr_asked++;
	log_call(call);
	if (!chosen(call, &error))
		return 0;
	nr_failed++;
	log_event("fail", call, errno_name(error), "");
	return -error;
}

static int *count(const char *resource)
{
	int i;

	for (i = 0; i < nr_refs; i++)
		if (!strcmp(refs[i].name, resource))
			return &refs[i].count;
	refs[nr_refs++].name = resource;
	return &refs[i].count;
}

void shim_get(const char *resource)
{
	log_event("get", resource, number(++*count(resource)), "");
}

void shim_put(const char *resource)
{
	int left = --*count(resource);

	log_event("put", resource, number(left), left < 0 ? "double-free" : "");
}

void mmgrab(struct mm_struct *mm)
{
	++*(volatile int *)mm;
	shim_get("current->mm");
}

void mmdrop(struct mm_struct *mm)
{
	--*(volatile int *)mm;
	shim_put("current->mm");
}

void preempt_notifier_inc(void) { shim_get("preempt_notifier"); }
void preempt_notifier_dec(void) { shim_put("preempt_notifier"); }
void list_add(struct list_head *entry, struct list_head *head) { shim_get("vm_list"); }
void list_del(struct list_head *entry) { shim_put("vm_list"); }
void kvm_init_pm_notifier(struct kvm *kvm) { shim_get("pm_notifier"); }
void kvm_destroy_pm_notifier(struct kvm *kvm) { shim_put("pm_notifier"); }
void mmu_notifier_unregister(struct mmu_notifier *subscription, struct mm_struct *mm) { shim_put("mmu_notifier"); }

// -- what does nothing here (limit: locks), and the kernel's log -----------------------------------------------------------

int WARN_ON_ONCE(int condition) { return !!condition; }
void OPTIMIZER_HIDE_VAR(unsigned var) { }
void mutex_init(struct mutex *lock) { }
void mutex_lock(struct mutex *lock) { }
void mutex_unlock(struct mutex *lock) { }

int printk(const char *format, ...)
{
	char text[256], *line = text;
	va_list values;
	size_t length;

	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	line += strspn(line, " \t\n");
	for (length = strlen(line); length && strchr(" \t\n", line[length - 1]); length--)
		line[length - 1] = '\0';
	log_event("print", line, "", "");
	return length;
}

// -- descriptors and files ---------------------------------------------------------------------------------------------------

// Which file an ioctl works for, as the model names it: "" for the VM's own, "plane 3" for KVM_CREATE_PLANE 3.
static const char *file_of_op(void)
{
	static char text[24];

	if (strncmp(op, "KVM_CREATE_PLANE ", 17))
		return "";
	snprintf(text, sizeof(text), "plane %u", (unsigned)strtoul(op + 17, NULL, 10));
	return text;
}

static const char *call_of_op(const char *function)
{
	static char text[64];

	snprintf(text, sizeof(text), *file_of_op() ? "%s(%s)" : "%s", function, file_of_op());
	return text;
}

int get_unused_fd_flags(void)
{
	int fd = FIRST_FD, r = shim_fails(call_of_op("get_unused_fd_flags"), EMFILE);

	if (r)
		return r;
	while (fds[fd].used)
		fd++;
	fds[fd].used = true;
	shim_get("fd");
	return fd;
}

void put_unused_fd(int fd)
{
	if (fd < 0 || fd >= MAX_FDS)
		log_oops();  // a bit far outside of the table
	fds[fd].used = false;
	shim_put("fd");
}

struct file *anon_inode_getfile(const char *name, const struct file_operations *fops, void *priv)
{
	int r = shim_fails(call_of_op("anon_inode_getfile"), ENOMEM);
	char object[32];
	struct file *file;

	if (r)
		return ERR_PTR(r);
	snprintf(object, sizeof(object), "file#%s", *file_of_op() ? file_of_op() : name);
	file = new_object(object, sizeof(*file));
	file->f_op = fops;
	file->private_data = priv;
	return file;
}

void fd_install(int fd, struct file *file)
{
	fds[fd].file = file;
}

struct file *shim_file(int fd)
{
	return fds[fd].file;
}

void shim_close(int fd)
{
	struct file *file = fds[fd].file;
	int (*release)(struct file *filp);

	if (!file)
		return;  // EBADF
	fds[fd].file = NULL;
	if (fds[fd].used)
		put_unused_fd(fd);
	release = file->f_op->release;
	if (object_at((uintptr_t)file)->live) {  // else its count is 0: a kernel complains, and releases nothing again
		release(file);
		kfree(file);
	}
}

// -- one scenario --------------------------------------------------------------------------------------------------------------

void shim_op(const char *name)
{
	op = name;
}

void shim_return(long result, bool fd)
{
	char text[24];

	snprintf(text, sizeof(text), fd ? "fd %ld" : "%ld", result);
	log_result(op, result < 0 ? errno_name(-result) : text);
	log_event("return", op, result < 0 ? errno_name(-result) : text, "");
}

_Noreturn void shim_end(void)
{
	memory_end();
	for (int i = 0; i < nr_refs; i++)
		for (int n = refs[i].count; n > 0; n--)
			log_event("leak", refs[i].name, "", "leak");
	log_end();
	_exit(0);
}

void shim_begin(const char *fail, enum shim_freed freed, bool text)
{
	fail_spec = fail;
	memory_begin(freed);
	log_begin(text);
}
