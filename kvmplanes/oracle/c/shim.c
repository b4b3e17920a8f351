// SPDX-License-Identifier: GPL-2.0-only
// See shim.h. An object carries a header, so that what the C library or a sanitizer writes into a freed chunk
// does not touch the object's own bytes: what is read after free is what was there, as on a plain kernel.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

enum { HEADER = 32, MAX_OBJECTS = 256, MAX_REFS = 16, FIRST_FD = 4 };  // 3 is /dev/kvm

static struct object objects[MAX_OBJECTS];
static struct { const char *name; int count; } refs[MAX_REFS];
static struct { bool used; struct file *file; } fds[MAX_FDS];
static int nr_objects, nr_refs, nr_asked, nr_failed;
static const char *fail_spec, *op = "";
static enum shim_freed freed_bytes;
static struct mm_struct address_space;
struct task *current = &(struct task){ &address_space };

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
	{ "EBUSY", EBUSY }, { "EEXIST", EEXIST }, { "EINTR", EINTR }, { "EINVAL", EINVAL }, { "EMFILE", EMFILE },
	{ "ENFILE", ENFILE }, { "ENOMEM", ENOMEM }, { "ENOTTY", ENOTTY },
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
	mm->mm_count++;
	shim_get("current->mm");
}

void mmdrop(struct mm_struct *mm)
{
	mm->mm_count--;
	shim_put("current->mm");
}

// -- memory --------------------------------------------------------------------------------------------------------------

struct object *object_at(uintptr_t address)
{
	for (int i = nr_objects; i--;)
		if (address - ~objects[i].hidden < objects[i].size)
			return &objects[i];
	return NULL;
}

static bool taken(const char *name)
{
	for (int i = 0; i < nr_objects; i++)
		if (!strcmp(objects[i].name, name))
			return true;
	return false;
}

static void *new_object(const char *name, size_t size, const struct shim_field *fields)
{
	char *chunk = calloc(1, HEADER + size);
	struct object *object;

	if (!chunk || nr_objects == MAX_OBJECTS)
		abort();
	object = &objects[nr_objects];
	snprintf(object->name, sizeof(object->name), "%s", name);
	while (taken(object->name))
		strcat(object->name, "'");
	object->hidden = ~(uintptr_t)(chunk + HEADER);
	object->size = size;
	object->fields = fields;
	object->live = true;
	nr_objects++;
	log_event("alloc", object->name, "", "");
	return chunk + HEADER;
}

void *shim_alloc(const char *call, const char *name, size_t size, const struct shim_field *fields)
{
	return shim_fails(call, ENOMEM) ? NULL : new_object(name, size, fields);
}

int shim_init(const char *call, const char *name, void **member)
{
	int r = shim_fails(call, ENOMEM);

	if (!r)
		*member = new_object(name, sizeof(void *), NULL);
	return r;
}

void *shim_kzalloc(size_t size, const char *function, int level)
{
	// struct kvm_plane: the back-pointer, the level, and from 10/60 the vCPUs
	static const struct shim_field fields[] = { { "kvm", 0, 8, 0 }, { "level", 8, 4, 0 }, { "vcpu_array", 16, 8, 0 }, { 0 } };
	char call[64], name[32];

	snprintf(call, sizeof(call), level < 0 ? "%s" : "%s(kvm, %d)", function, level);
	snprintf(name, sizeof(name), "plane#%d", level < 0 ? 0 : level);
	return shim_alloc(call, name, size, fields);
}

void kfree(const void *ptr)
{
	struct object *object = object_at((uintptr_t)ptr);

	if (!ptr)
		return;
	if (object && object->live && freed_bytes != FREED_KEPT)
		memset((void *)(uintptr_t)ptr, freed_bytes == FREED_ZEROED ? 0 : 0x6b, object->size);
	log_free_begins();
	free((char *)(uintptr_t)ptr - HEADER);
	if (!object)
		shim_end();  // not ours, and free() came back all the same: the kernel would not
	log_event("free", object->name, "", log_free_was_second() ? "double-free" : "");
	object->live = false;
}

void cleanup_srcu_struct(struct srcu_struct *ssp)
{
	kfree(ssp->srcu_sup);  // the pointer stays, as in the model (limit: srcu)
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
	file = new_object(object, sizeof(*file), NULL);
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

	fds[fd].file = NULL;
	put_unused_fd(fd);
	file->f_op->release(file);
	kfree(file);
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
	for (int i = 0; i < nr_objects; i++)
		if (objects[i].live)
			log_event("leak", objects[i].name, "", "leak");
	for (int i = 0; i < nr_refs; i++)
		for (int n = refs[i].count; n > 0; n--)
			log_event("leak", refs[i].name, "", "leak");
	log_end();
	_exit(0);
}

void shim_begin(const char *fail, enum shim_freed freed, bool text)
{
	fail_spec = fail;
	freed_bytes = freed;
	log_begin(text);
}
