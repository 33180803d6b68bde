/*
 * mem.c - the one allocator: malloc with a header in front of what it gives.
 *
 *     raw                 memory - 16        memory
 *      |  (0 to 48 bytes)  |  size, shift     |  size bytes
 *
 * The header remembers the size, so that the bytes in use are known, and the distance back to
 * what malloc gave. Large memory is moved up to a multiple of 64, the width of the widest vector
 * and of a cache line; small memory stays where malloc put it, at a multiple of 16.
 */
#include "storage/base/mem.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct header {
    uint64_t size;
    uint64_t shift; /* from what malloc gave to the caller's memory */
} header;

enum {
    ALIGNMENT = 64,
    LARGE = 1 << 20, /* bytes from which memory is aligned; as mem.h promises */
};

static_assert(sizeof(header) == 16, "small memory must stay at a multiple of 16");

static atomic_size_t used_bytes;
static _Atomic uint64_t calls_to_failure = UINT64_MAX;
static atomic_bool failing_forever;

void mu_mem_fail_at(uint64_t count, bool forever)
{
    atomic_store(&failing_forever, forever);
    atomic_store(&calls_to_failure, count);
}

static bool failure_is_due(void)
{
    uint64_t left = atomic_load_explicit(&calls_to_failure, memory_order_relaxed);

    while (left != UINT64_MAX) {
        const bool due = left == 0;
        const uint64_t next = !due ? left - 1 : atomic_load(&failing_forever) ? 0 : UINT64_MAX;
        if (atomic_compare_exchange_weak(&calls_to_failure, &left, next)) {
            return due;
        }
    }
    return false;
}

static header *header_of(void *memory)
{
    header *at = (header *)memory - 1;

    assert(at->shift >= sizeof(header) && at->shift <= ALIGNMENT);
    return at;
}

/* What malloc is asked for, or 0 where that would overflow. */
static size_t raw_size(size_t size)
{
    const size_t room = size >= LARGE ? ALIGNMENT : sizeof(header);

    /* A byte at least, or a pointer to nothing would not lie inside its own allocation. */
    return size > SIZE_MAX / 2 ? 0 : room + (size == 0 ? 1 : size);
}

static size_t shift_for(const char *raw, size_t size)
{
    if (size < LARGE) {
        return sizeof(header);
    }
    const uintptr_t first = (uintptr_t)raw + sizeof(header);
    return ((first + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1)) - (uintptr_t)raw;
}

static void *finish(char *raw, size_t size)
{
    char *memory = raw + shift_for(raw, size);

    *((header *)(void *)memory - 1) = (header){.size = size, .shift = (uint64_t)(memory - raw)};
    atomic_fetch_add_explicit(&used_bytes, size, memory_order_relaxed);
    return memory;
}

void *mu_mem_alloc(size_t size)
{
    const size_t wanted = raw_size(size);
    char *raw = wanted == 0 || failure_is_due() ? NULL : malloc(wanted);

    return raw ? finish(raw, size) : NULL;
}

void *mu_mem_zalloc(size_t size)
{
    const size_t wanted = raw_size(size);
    char *raw = wanted == 0 || failure_is_due() ? NULL : calloc(1, wanted);

    return raw ? finish(raw, size) : NULL;
}

void mu_mem_free(void *memory)
{
    if (memory) {
        const header at = *header_of(memory);
        const size_t before =
            atomic_fetch_sub_explicit(&used_bytes, (size_t)at.size, memory_order_relaxed);
        assert(before >= at.size);
        (void)before;
        free((char *)memory - at.shift);
    }
}

/* From small to large or back, where the two lie differently in what malloc gives. */
static void *move(void *memory, size_t size)
{
    void *moved = mu_mem_alloc(size);

    if (moved) {
        const size_t old_size = (size_t)header_of(memory)->size;
        memcpy(moved, memory, size < old_size ? size : old_size);
        mu_mem_free(memory);
    }
    return moved;
}

void *mu_mem_realloc(void *memory, size_t size)
{
    if (!memory) {
        return mu_mem_alloc(size);
    }
    const header old = *header_of(memory);
    if ((old.size >= LARGE) != (size >= LARGE)) {
        return move(memory, size);
    }
    const size_t wanted = raw_size(size);
    char *raw =
        wanted == 0 || failure_is_due() ? NULL : realloc((char *)memory - old.shift, wanted);
    if (!raw) {
        return NULL;
    }
    const size_t shift = shift_for(raw, size);
    if (shift != old.shift) {
        memmove(raw + shift, raw + old.shift, size < old.size ? size : (size_t)old.size);
    }
    atomic_fetch_sub_explicit(&used_bytes, (size_t)old.size, memory_order_relaxed);
    return finish(raw, size);
}

void *mu_mem_alloc_array(size_t count, size_t size)
{
    return size != 0 && count > SIZE_MAX / size ? NULL : mu_mem_alloc(count * size);
}

void *mu_mem_zalloc_array(size_t count, size_t size)
{
    return size != 0 && count > SIZE_MAX / size ? NULL : mu_mem_zalloc(count * size);
}

bool mu_mem_reserve(void *array_pointer, size_t *capacity, size_t wanted, size_t size)
{
    void *array;
    size_t grown = *capacity > SIZE_MAX / 2 ? SIZE_MAX : *capacity * 2;

    assert(size > 0);
    if (wanted <= *capacity) {
        return true;
    }
    grown = grown < wanted ? wanted : grown;
#ifndef MU_TINY
    grown = grown < 8 ? 8 : grown;
#endif
    if (grown > SIZE_MAX / size) {
        return false;
    }
    memcpy(&array, array_pointer, sizeof array); /* the caller's pointer has a type of its own */
    array = mu_mem_realloc(array, grown * size);
    if (!array) {
        return false;
    }
    memcpy(array_pointer, &array, sizeof array);
    *capacity = grown;
    return true;
}

size_t mu_mem_used(void)
{
    return atomic_load_explicit(&used_bytes, memory_order_relaxed);
}
