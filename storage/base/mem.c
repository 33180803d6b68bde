/*
 * mem.c - the one allocator: malloc with a header in front of what it gives.
 *
 *     raw                 memory - 16              memory
 *      |  (0 to 48 bytes)  |  size, shift; account  |  size bytes
 *
 * The header remembers the size, so that the bytes in use are known, the distance back to what
 * malloc gave, and the account that holds it. Large memory is moved up to a multiple of 64, the
 * width of the widest vector and of a cache line; small memory stays where malloc put it, at a
 * multiple of 16. From HUGE_SIZE on it does not come from malloc but is mapped (huge.h): no page of
 * it is touched before it is used, so that neither getting, nor clearing, nor growing it takes time
 * that a statement could not be stopped in.
 *
 * An account may be closed while memory is still held in its name. What is held is then no longer
 * that of the accounts above; the bit CLOSED in the count of bytes tells those who free from before
 * from those after, so that each byte leaves the accounts above once. The last of them frees the
 * account. Each piece counts with its header, so that a count of 0 means that there is none.
 */
#include "storage/base/mem.h"

#include "storage/base/huge.h"
#include "storage/base/status.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct header {
    uint64_t size : 56;
    uint64_t shift : 8;  /* from what malloc gave to the caller's memory */
    mu_account *account; /* NULL: none */
} header;

struct mu_account {
    mu_account *parent;  /* NULL: none */
    atomic_size_t used;  /* with CLOSED */
    atomic_size_t limit; /* SIZE_MAX: none */
    atomic_size_t peak;
    const atomic_bool *stop; /* NULL: it is never to stop */
    /* What was refused last, for the message: whoever words it may be another of its threads. */
    atomic_size_t refused, refused_limit, refused_used;
};

#define CLOSED (~(SIZE_MAX >> 1))

static _Thread_local mu_account *entered;

enum {
    ALIGNMENT = 64,
    LARGE = 1 << 20, /* bytes from which memory is aligned; as mem.h promises */
    PAGE = 4096,
#ifdef MU_TINY
    HUGE_SIZE = 2 << 20,
#else
    HUGE_SIZE = 8 << 20, /* to touch it takes some milliseconds */
#endif
};

static_assert(sizeof(header) == 16, "small memory must stay at a multiple of 16");
static_assert(ALIGNMENT < 256, "a shift has 8 bits");

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

    if (size >= HUGE_SIZE && size <= SIZE_MAX / 2) {
        return (room + size + PAGE - 1) / PAGE * PAGE;
    }
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

/* Accounts. */

static void discharge(mu_account *account, size_t size)
{
    while (account) {
        mu_account *parent = account->parent; /* whoever closes it may free it after this */
        const size_t before = atomic_fetch_sub(&account->used, size);
        assert((before & ~CLOSED) >= size);
        if (before & CLOSED) { /* the accounts above have forgotten it */
            if ((before & ~CLOSED) == size) {
                free(account);
            }
            return;
        }
        account = parent;
    }
}

static void note_peak(mu_account *account, size_t used)
{
    size_t peak = atomic_load_explicit(&account->peak, memory_order_relaxed);

    while (used > peak && !atomic_compare_exchange_weak(&account->peak, &peak, used)) {
    }
}

/* False where it would be more than an account may hold. */
static bool charge(mu_account *account, size_t size)
{
    for (mu_account *a = account; a; a = a->parent) {
        const size_t used = atomic_fetch_add(&a->used, size) + size;
        const size_t limit = atomic_load_explicit(&a->limit, memory_order_relaxed);
        if (used > limit) {
            atomic_store(&account->refused, size);
            atomic_store(&account->refused_limit, limit);
            atomic_store(&account->refused_used, used - size);
            for (mu_account *back = account; back != a->parent; back = back->parent) {
                atomic_fetch_sub(&back->used, size);
            }
            return false;
        }
    }
    for (mu_account *a = account; a; a = a->parent) {
        note_peak(a, atomic_load_explicit(&a->used, memory_order_relaxed));
    }
    return true;
}

/* Of what is held already, and is given back in a moment. */
static void charge_again(mu_account *account, size_t size)
{
    for (mu_account *a = account; a; a = a->parent) {
        atomic_fetch_add(&a->used, size);
    }
}

mu_account *mu_account_open(mu_account *parent, size_t limit)
{
    mu_account *account = failure_is_due() ? NULL : calloc(1, sizeof *account);

    if (account) {
        account->parent = parent;
        account->stop = parent ? parent->stop : NULL;
        atomic_store(&account->limit, limit);
    }
    return account;
}

void mu_account_close(mu_account *account)
{
    if (account) {
        mu_account *parent = account->parent;
        const size_t left = atomic_fetch_or(&account->used, CLOSED);
        assert(account != entered && !(left & CLOSED));
        if (left == 0) {
            free(account);
        } else {
            discharge(parent, left);
        }
    }
}

void mu_account_set_limit(mu_account *account, size_t limit)
{
    atomic_store(&account->limit, limit);
}

size_t mu_account_limit(const mu_account *account)
{
    return atomic_load(&account->limit);
}

size_t mu_account_used(const mu_account *account)
{
    return atomic_load(&account->used);
}

size_t mu_account_peak(const mu_account *account)
{
    return atomic_load(&account->peak);
}

void mu_account_watch(mu_account *account, const atomic_bool *stop)
{
    account->stop = stop;
}

bool mu_stopped(void)
{
    return entered && entered->stop && atomic_load_explicit(entered->stop, memory_order_relaxed);
}

mu_account *mu_account_enter(mu_account *account)
{
    mu_account *before = entered;

    entered = account;
    return before;
}

mu_account *mu_account_entered(void)
{
    return entered;
}

const char *mu_mem_format(size_t bytes, char text[32])
{
    static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB"};
    double size = (double)bytes;
    size_t unit = 0;

    while (size >= 999.95 && unit + 1 < MU_COUNT(units)) {
        size /= 1000;
        unit++;
    }
    (void)snprintf(text, 32, unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
    return text;
}

muster_status mu_fail_memory(muster_error *err, const char *what)
{
    char wanted[32], limit[32], used[32];
    const size_t refused = entered ? atomic_load(&entered->refused) : 0;

    if (mu_stopped()) {
        return mu_fail(err, MUSTER_CANCELLED, "the statement was cancelled");
    }
    if (refused == 0) {
        return mu_fail(err, MUSTER_NOMEM, "out of memory %s", what);
    }
    return mu_fail(err, MUSTER_NOMEM,
                   "out of memory %s: %s more would pass the memory limit of %s, with %s in use; "
                   "SET memory_limit raises it, or ask for less at a time",
                   what, mu_mem_format(refused, wanted),
                   mu_mem_format(atomic_load(&entered->refused_limit), limit),
                   mu_mem_format(atomic_load(&entered->refused_used), used));
}

/* Memory. */

/* Asks for it, and takes it to the books. NULL if it cannot be had. */
static char *take(size_t size, bool zeros)
{
    const size_t wanted = raw_size(size), booked = size + sizeof(header);

    if (wanted == 0 || failure_is_due() || !charge(entered, booked)) {
        return NULL;
    }
    char *raw = size >= HUGE_SIZE ? mu_huge_map(wanted)
                : zeros           ? calloc(1, wanted)
                                  : malloc(wanted);
    if (!raw) {
        discharge(entered, booked);
    }
    return raw;
}

static void *finish(char *raw, size_t size)
{
    char *memory = raw + shift_for(raw, size);

    *((header *)(void *)memory - 1) = (header){.size = size & (UINT64_MAX >> 8),
                                               .shift = (uint64_t)(memory - raw) & 0xff,
                                               .account = entered};
    atomic_fetch_add_explicit(&used_bytes, size, memory_order_relaxed);
    return memory;
}

void *mu_mem_alloc(size_t size)
{
    char *raw = take(size, false);

    return raw ? finish(raw, size) : NULL;
}

void *mu_mem_zalloc(size_t size)
{
    char *raw = take(size, true);

    return raw ? finish(raw, size) : NULL;
}

/* Out of the books. */
static void give_back(const header *at)
{
    const size_t before =
        atomic_fetch_sub_explicit(&used_bytes, (size_t)at->size, memory_order_relaxed);

    assert(before >= at->size);
    (void)before;
    discharge(at->account, (size_t)at->size + sizeof *at);
}

void mu_mem_free(void *memory)
{
    if (memory) {
        const header at = *header_of(memory);
        char *raw = (char *)memory - at.shift;
        give_back(&at);
        if (at.size >= HUGE_SIZE) {
            mu_huge_unmap(raw, raw_size((size_t)at.size));
        } else {
            free(raw);
        }
    }
}

/* Where it comes from, and how it lies in what comes from there. */
static int class_of(uint64_t size)
{
    return (size >= LARGE) + (size >= HUGE_SIZE);
}

/* From one class to another. */
static void *move(void *memory, size_t size, bool zeros)
{
    void *moved = zeros ? mu_mem_zalloc(size) : mu_mem_alloc(size);

    if (moved) {
        const size_t old_size = (size_t)header_of(memory)->size;
        memcpy(moved, memory, size < old_size ? size : old_size);
        mu_mem_free(memory);
    }
    return moved;
}

/* Both sizes are huge. It never exists twice, and is not counted so, where one account has it. */
static char *resize_huge(char *raw, const header *old, size_t size)
{
    const bool more = size > old->size && old->account == entered;
    const size_t booked = more ? size - (size_t)old->size : size + sizeof(header);
    const size_t before = raw_size((size_t)old->size), wanted = raw_size(size);

    if (wanted == 0 || failure_is_due() || !charge(entered, booked)) {
        return NULL;
    }
    char *resized = mu_huge_resize(raw, before, wanted);
    if (!resized) {
        discharge(entered, booked);
        return NULL;
    }
    if (more) { /* as give_back() will take all of the old */
        charge_again(entered, (size_t)old->size + sizeof(header));
    }
    return resized;
}

static char *resize(char *raw, const header *old, size_t size)
{
    const size_t wanted = raw_size(size), booked = size + sizeof(header);

    if (old->size >= HUGE_SIZE) {
        return resize_huge(raw, old, size);
    }
    if (wanted == 0 || failure_is_due() || !charge(entered, booked)) {
        return NULL;
    }
    char *resized = realloc(raw, wanted);
    if (!resized) {
        discharge(entered, booked);
    }
    return resized;
}

static void *change_size(void *memory, size_t size, bool zeros)
{
    if (!memory) {
        return zeros ? mu_mem_zalloc(size) : mu_mem_alloc(size);
    }
    const header old = *header_of(memory);
    if (class_of(old.size) != class_of(size)) {
        return move(memory, size, zeros);
    }
    char *raw = resize((char *)memory - old.shift, &old, size);
    if (!raw) {
        return NULL;
    }
    const size_t shift = shift_for(raw, size);
    if (shift != old.shift) {
        memmove(raw + shift, raw + old.shift, size < old.size ? size : (size_t)old.size);
    }
    give_back(&old);
    return finish(raw, size);
}

void *mu_mem_realloc(void *memory, size_t size)
{
    return change_size(memory, size, false);
}

void *mu_mem_zrealloc(void *memory, size_t size)
{
    const size_t before = memory ? (size_t)header_of(memory)->size : size;
    char *resized = change_size(memory, size, true);

    if (resized && before < size && class_of(before) == class_of(size)) {
        /* Of what is mapped, the rest of the old last page may have been used before. */
        const size_t page = raw_size(before) - ALIGNMENT;
        memset(resized + before, 0,
               before >= HUGE_SIZE ? (page < size ? page : size) - before : size - before);
    }
    return resized;
}

void *mu_mem_alloc_array(size_t count, size_t size)
{
    return size != 0 && count > SIZE_MAX / size ? NULL : mu_mem_alloc(count * size);
}

void *mu_mem_zalloc_array(size_t count, size_t size)
{
    return size != 0 && count > SIZE_MAX / size ? NULL : mu_mem_zalloc(count * size);
}

size_t mu_mem_next_capacity(size_t capacity, size_t size)
{
    const size_t more = capacity >= HUGE_SIZE / size ? capacity / 4 : capacity;

    return capacity > SIZE_MAX / 2 ? SIZE_MAX : capacity + more;
}

static bool reserve(void *array_pointer, size_t *capacity, size_t wanted, size_t size, bool zeros)
{
    void *array;
    size_t grown = mu_mem_next_capacity(*capacity, size);

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
    array = zeros ? mu_mem_zrealloc(array, grown * size) : mu_mem_realloc(array, grown * size);
    if (!array) {
        return false;
    }
    memcpy(array_pointer, &array, sizeof array);
    *capacity = grown;
    return true;
}

bool mu_mem_reserve(void *array_pointer, size_t *capacity, size_t wanted, size_t size)
{
    return reserve(array_pointer, capacity, wanted, size, false);
}

bool mu_mem_reserve_zeros(void *array_pointer, size_t *capacity, size_t wanted, size_t size)
{
    return reserve(array_pointer, capacity, wanted, size, true);
}

size_t mu_mem_used(void)
{
    return atomic_load_explicit(&used_bytes, memory_order_relaxed);
}
