/*
 * arena.h - memory that is given back all at once.
 *
 * A statement has one: tree, plan and operator state live in it and need no code to free them.
 * An arena belongs to one thread at a time. A zeroed arena is a valid empty one.
 */
#ifndef MU_ARENA_H
#define MU_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/status.h"

typedef struct mu_arena_chunk mu_arena_chunk;

typedef struct mu_arena {
    mu_arena_chunk *chunks; /* newest first */
    size_t used;            /* of the newest */
    size_t total_bytes;     /* of all chunks */
} mu_arena;

/* Zeroed memory, aligned to 64 bytes if size >= 64, else 16; NULL when out of memory. Size 0 gives
 * a valid pointer. */
void *mu_arena_alloc(mu_arena *arena, size_t size);
void *mu_arena_alloc_array(mu_arena *arena, size_t count, size_t size); /* NULL if it overflows */
char *mu_arena_text(mu_arena *arena, const char *text, size_t size);    /* copied, NUL added */
char *mu_arena_printf(mu_arena *arena, const char *format, ...) MU_PRINTF(2, 3);

void mu_arena_reset(mu_arena *arena);  /* empties it, keeping the largest chunk for reuse */
void mu_arena_deinit(mu_arena *arena); /* frees all; the arena is empty and usable again */

#define MU_NEW(arena, type) ((type *)mu_arena_alloc((arena), sizeof(type)))
#define MU_NEW_ARRAY(arena, type, count) \
    ((type *)mu_arena_alloc_array((arena), (count), sizeof(type)))

/* pointer = zeroed room for `count` of what it points to, or return from the function with NOMEM.
 */
#define MU_ARENA_TRY(pointer, arena, count, err)                                            \
    do {                                                                                    \
        (pointer) = mu_arena_alloc_array((arena), (count), sizeof(__typeof__(*(pointer)))); \
        if (!(pointer)) {                                                                   \
            return mu_fail_memory((err), "running a statement");                            \
        }                                                                                   \
    } while (0)

#endif
