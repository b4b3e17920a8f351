// SPDX-License-Identifier: GPL-2.0-only
// The allocator, see shim.h. An object carries a header, so that what the C library or a sanitizer writes into a freed
// chunk does not touch the object's own bytes: what is read after free is what was there, as on a plain kernel.
#include <stdlib.h>
#include <string.h>

#include "log.h"

enum { HEADER = 32, MAX_OBJECTS = 256 };

static struct object objects[MAX_OBJECTS];
static int nr_objects;
static enum shim_freed freed_bytes;

void memory_begin(enum shim_freed freed)
{
	freed_bytes = freed;
}

void memory_end(void)
{
	for (int i = 0; i < nr_objects; i++)
		if (objects[i].live)
			log_event("leak", objects[i].name, "", "leak");
}

struct object *object_at(uintptr_t address)
{
	for (int i = nr_objects; i--;)
		if (address - ~objects[i].hidden < objects[i].size)
			return &objects[i];
	return NULL;
}

const char *member_at(const struct object *object, uintptr_t address)
{
	static char text[48];
	size_t offset = address - ~object->hidden, kind = strcspn(object->name, "#");

	for (const struct shim_field *f = shim_fields; f->kind; f++) {
		if (strncmp(f->kind, object->name, kind) || f->kind[kind] || offset - f->offset >= f->size)
			continue;
		snprintf(text, sizeof(text), f->stride ? "%s[%zu]" : "%s", f->name, f->stride ? (offset - f->offset) / f->stride : 0);
		return text;
	}
	snprintf(text, sizeof(text), "+%zu", offset);
	return text;
}

static bool taken(const char *name)
{
	for (int i = 0; i < nr_objects; i++)
		if (!strcmp(objects[i].name, name))
			return true;
	return false;
}

void *new_object(const char *name, size_t size)
{
	char *chunk = calloc(1, HEADER + size);
	struct object *object;

	if (!chunk || nr_objects == MAX_OBJECTS)
		abort();
	object = &objects[nr_objects];
	snprintf(object->name, sizeof(object->name), "%s", name);
	for (int n = 1; taken(object->name); n++)
		if (n < 10)
			snprintf(object->name, sizeof(object->name), "%s%.*s", name, n, "'''''''''");
		else
			snprintf(object->name, sizeof(object->name), "%s'%d", name, n);
	object->hidden = ~(uintptr_t)(chunk + HEADER);
	object->size = size;
	object->live = true;
	nr_objects++;
	log_event("alloc", object->name, "", "");
	return chunk + HEADER;
}

void *shim_alloc(const char *call, const char *name, size_t size)
{
	return shim_fails(call, ENOMEM) ? NULL : new_object(name, size);
}

int shim_init(const char *call, const char *name, void **member)
{
	int r = shim_fails(call, ENOMEM);

	if (!r)
		*member = new_object(name, sizeof(void *));
	return r;
}

void *shim_kzalloc(size_t size, int flags, const char *function, int level)
{
	char call[64], name[32];

	snprintf(call, sizeof(call), level < 0 ? "%s" : "%s(kvm, %d)", function, level);
	snprintf(name, sizeof(name), "plane#%d", level < 0 ? 0 : level);
	return shim_alloc(call, name, size);
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

int init_srcu_struct(struct srcu_struct *ssp)
{
	struct object *object = object_at((uintptr_t)ssp);
	char call[64], name[48];

	snprintf(name, sizeof(name), "%s", object ? member_at(object, (uintptr_t)ssp) : "?");
	snprintf(call, sizeof(call), "init_srcu_struct(&kvm->%s)", name);
	return shim_init(call, name, &ssp->srcu_sup);
}

void cleanup_srcu_struct(struct srcu_struct *ssp)
{
	kfree(ssp->srcu_sup);  // the pointer stays, as in the model (limit: srcu)
}

// One look into what init_srcu_struct() allocated: it has to be there, and live.
int srcu_read_lock(struct srcu_struct *ssp)
{
	(void)*(void *volatile *)ssp->srcu_sup;
	return 0;
}

void srcu_read_unlock(struct srcu_struct *ssp, int idx)
{
	(void)idx;
	srcu_read_lock(ssp);
}
