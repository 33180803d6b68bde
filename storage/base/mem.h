/*
 * mem.h - the one allocator. malloc is called nowhere else, so that injected failures reach
 * every allocation and the bytes in use are known.
 */
#ifndef MU_MEM_H
#define MU_MEM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each returns NULL when out of memory. Sizes of 0 give a valid pointer. Memory of 1 MiB and more
 * is aligned to 64 bytes, the rest to 16. */
void *mu_mem_alloc(size_t size);
void *mu_mem_zalloc(size_t size);
void *mu_mem_realloc(void *memory, size_t size);
void *mu_mem_zrealloc(void *memory, size_t size); /* what it grows by is zeros */
void mu_mem_free(void *memory);                   /* NULL is fine */

/* count * size, NULL where the product overflows. */
void *mu_mem_alloc_array(size_t count, size_t size);
void *mu_mem_zalloc_array(size_t count, size_t size);

/* Makes room for `wanted` items of `size` bytes in *array, growing by doubling; *capacity is in
 * items. False when out of memory, with *array as it was. Use: mu_mem_reserve((void **)&a, &cap, n
 * + 1, sizeof *a). */
bool mu_mem_reserve(void *array_pointer, size_t *capacity, size_t wanted, size_t size);
/* The same, with new items being zeros. */
bool mu_mem_reserve_zeros(void *array_pointer, size_t *capacity, size_t wanted, size_t size);
/* How many items an array grows to that is full: to twice as many, or less where that would be
 * much and growing costs little. */
size_t mu_mem_next_capacity(size_t capacity, size_t size);

size_t mu_mem_used(void); /* bytes in use by the process, through these functions */

/* An account: how many bytes are held in its name, and how many may be. What a thread allocates is
 * held in the name of the account that it has entered, and of those above that one; it may be freed
 * by any thread, whichever account that one has entered. */
typedef struct mu_account mu_account;

/* `parent` may be NULL, and is closed later. NULL when out of memory. */
mu_account *mu_account_open(mu_account *parent, size_t limit);
/* What is still held (caches, say) is from now on in nobody's name. Not while a thread is in it.
 * NULL is fine. */
void mu_account_close(mu_account *account);
void mu_account_set_limit(mu_account *account, size_t limit); /* SIZE_MAX: none */
size_t mu_account_limit(const mu_account *account);
size_t mu_account_used(const mu_account *account);
size_t mu_account_peak(const mu_account *account); /* the most that it has been */

/* The statement that the account is of is to stop once the flag is up; it outlives what enters the
 * account. NULL: it never is. */
void mu_account_watch(mu_account *account, const atomic_bool *stop);
/* Whether it is to stop: what the calling thread works for. Loops over millions of anything look,
 * and fail; mu_fail_memory() says why then. */
bool mu_stopped(void);
/* The same, at some of the calls, that `i` counts. */
static inline bool mu_stopped_at(uint64_t i)
{
    return i % (1 << 14) == 0 && mu_stopped();
}

/* The calling thread's account from now on; NULL: none. Returns the one before, to be entered again
 * at the end. */
mu_account *mu_account_enter(mu_account *account);
mu_account *mu_account_entered(void);

/* "1.5 GB": as people write sizes. */
const char *mu_mem_format(size_t bytes, char text[32]);

/* For tests: the allocation `count` calls from now fails (0: the next one), and all after it if
 * `forever`. UINT64_MAX: never. */
void mu_mem_fail_at(uint64_t count, bool forever);

#endif
