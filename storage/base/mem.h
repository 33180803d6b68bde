/*
 * mem.h - the one allocator. malloc is called nowhere else, so that injected failures reach
 * every allocation and the bytes in use are known.
 */
#ifndef MU_MEM_H
#define MU_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each returns NULL when out of memory. Sizes of 0 give a valid pointer. Memory of 1 MiB and more
 * is aligned to 64 bytes, the rest to 16. */
void *mu_mem_alloc(size_t size);
void *mu_mem_zalloc(size_t size);
void *mu_mem_realloc(void *memory, size_t size);
void mu_mem_free(void *memory); /* NULL is fine */

/* count * size, NULL where the product overflows. */
void *mu_mem_alloc_array(size_t count, size_t size);
void *mu_mem_zalloc_array(size_t count, size_t size);

/* Makes room for `wanted` items of `size` bytes in *array, growing by doubling; *capacity is in
 * items. False when out of memory, with *array as it was. Use: mu_mem_reserve((void **)&a, &cap, n
 * + 1, sizeof *a). */
bool mu_mem_reserve(void *array_pointer, size_t *capacity, size_t wanted, size_t size);

size_t mu_mem_used(void); /* bytes in use by the process, through these functions */

/* For tests: the allocation `count` calls from now fails (0: the next one), and all after it if
 * `forever`. UINT64_MAX: never. */
void mu_mem_fail_at(uint64_t count, bool forever);

#endif
