/*
 * arena.c - memory that is given back all at once.
 *
 * Chunks come from mem and are cut from the front. Each new chunk is twice the last, up to a
 * limit; what is larger than a quarter of that gets a chunk to itself, put behind the newest, so
 * that the room left there is not lost. Fresh chunks are zero already; only one that is used
 * again after a reset is cleared, piece by piece, as it is given out.
 *
 * Under the address sanitizer a gap that may not be touched follows every piece.
 */
#include "storage/base/arena.h"

#include "storage/base/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_SANITIZED
#endif

#ifdef ARENA_SANITIZED
#include <sanitizer/asan_interface.h>
#define FORBID(memory, size) ASAN_POISON_MEMORY_REGION((memory), (size))
#define PERMIT(memory, size) ASAN_UNPOISON_MEMORY_REGION((memory), (size))
#else
#define FORBID(memory, size) ((void)(memory), (void)(size))
#define PERMIT(memory, size) ((void)(memory), (void)(size))
#endif

struct mu_arena_chunk {
    mu_arena_chunk *next; /* older */
    size_t size;          /* of data */
    bool used_before;     /* not zero any more */
    uint8_t data[];
};

enum {
#ifdef MU_TINY
    FIRST_CHUNK = 128,
    LARGEST_CHUNK = 1024,
#else
    FIRST_CHUNK = 8 << 10,
    LARGEST_CHUNK = 1 << 20,
#endif
#ifdef ARENA_SANITIZED
    GAP = 16,
#else
    GAP = 0,
#endif
    LINE = 64, /* bytes of a cache line and of the widest vector */
};

static mu_arena_chunk *add_chunk(mu_arena *arena, size_t size, bool behind)
{
    mu_arena_chunk *chunk = mu_mem_zalloc(sizeof *chunk + size);

    if (!chunk) {
        return NULL;
    }
    chunk->size = size;
    FORBID(chunk->data, size);
    if (behind && arena->chunks) {
        chunk->next = arena->chunks->next;
        arena->chunks->next = chunk;
    } else {
        chunk->next = arena->chunks;
        arena->chunks = chunk;
        arena->used = 0;
    }
    arena->total_bytes += size;
    return chunk;
}

/* Where in the chunk a piece may begin, at or after `from`. */
static size_t aligned(const mu_arena_chunk *chunk, size_t from, size_t size)
{
    const uintptr_t step = size >= LINE ? LINE : 16;
    const uintptr_t start = (uintptr_t)chunk->data;

    return ((start + from + step - 1) & ~(step - 1)) - start;
}

static bool fits(const mu_arena_chunk *chunk, size_t from, size_t size)
{
    return chunk && from <= chunk->size && size <= chunk->size - from;
}

static void *take(mu_arena_chunk *chunk, size_t at, size_t size)
{
    PERMIT(&chunk->data[at], size);
    if (chunk->used_before) {
        memset(&chunk->data[at], 0, size);
    }
    return &chunk->data[at];
}

void *mu_arena_alloc(mu_arena *arena, size_t size)
{
    mu_arena_chunk *chunk = arena->chunks;
    const size_t whole = size == 0 ? 1 : size; /* so that every pointer points at something */

    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size_t at = chunk ? aligned(chunk, arena->used, whole) : 0;
    if (!fits(chunk, at, whole)) {
        const bool alone = whole >= LARGEST_CHUNK / 4;
        size_t grown = chunk ? chunk->size * 2 : FIRST_CHUNK;
        grown = grown > LARGEST_CHUNK ? LARGEST_CHUNK : grown;
        grown = grown < whole + LINE + GAP ? whole + LINE + GAP : grown;
        chunk = add_chunk(arena, alone ? whole + LINE + GAP : grown, alone);
        if (!chunk) {
            return NULL;
        }
        at = aligned(chunk, 0, whole);
        assert(fits(chunk, at, whole));
    }
    if (chunk == arena->chunks) {
        arena->used = at + whole + GAP;
    }
    return take(chunk, at, whole);
}

void *mu_arena_alloc_array(mu_arena *arena, size_t count, size_t size)
{
    return size != 0 && count > SIZE_MAX / size ? NULL : mu_arena_alloc(arena, count * size);
}

char *mu_arena_text(mu_arena *arena, const char *text, size_t size)
{
    char *copy = size == SIZE_MAX ? NULL : mu_arena_alloc(arena, size + 1);

    if (copy && size > 0) {
        memcpy(copy, text, size);
    }
    return copy;
}

char *mu_arena_printf(mu_arena *arena, const char *format, ...)
{
    va_list arguments, again;
    char *text = NULL;

    va_start(arguments, format);
    va_copy(again, arguments);
    const int size = vsnprintf(NULL, 0, format, arguments);
    if (size >= 0) {
        text = mu_arena_alloc(arena, (size_t)size + 1);
    }
    if (text) {
        (void)vsnprintf(text, (size_t)size + 1, format, again);
    }
    va_end(again);
    va_end(arguments);
    return text;
}

void mu_arena_reset(mu_arena *arena)
{
    mu_arena_chunk *kept = arena->chunks;

    for (mu_arena_chunk *chunk = arena->chunks; chunk; chunk = chunk->next) {
        kept = chunk->size > kept->size ? chunk : kept;
    }
    for (mu_arena_chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        if (chunk != kept) {
            mu_mem_free(chunk);
        }
    }
    if (kept) {
        kept->next = NULL;
        kept->used_before = true;
        FORBID(kept->data, kept->size);
    }
    *arena = (mu_arena){.chunks = kept, .total_bytes = kept ? kept->size : 0};
}

void mu_arena_deinit(mu_arena *arena)
{
    for (mu_arena_chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        mu_mem_free(chunk);
    }
    *arena = (mu_arena){0};
}
