/*
 * bandwidth.c - how fast memory can be read: more of it than caches hold, twice; the second time
 * counts. The first finds the pages and wakes the processor up.
 */
#include "query/bandwidth.h"

#include "storage/base/env.h"
#include "storage/base/mem.h"

#include <string.h>

enum {
#ifdef MU_TINY
    BYTES = 1 << 20,
#else
    BYTES = 1 << 28,
#endif
    PIECE = 1 << 18, /* bytes a thread takes at once: cancel is looked at between them */
    WORDS = PIECE / sizeof(uint64_t),
};

typedef struct reading {
    const uint64_t *words;
    atomic_uint_fast64_t sum; /* so that the reads are not left out */
} reading;

static muster_status read_piece(void *context, uint32_t worker, uint64_t item, muster_error *err)
{
    reading *r = context;
    const uint64_t *words = r->words + item * WORDS;
    uint64_t sums[8] = {0}, sum = 0;

    (void)worker;
    (void)err;
    for (size_t i = 0; i < WORDS; i += MU_COUNT(sums)) {
        for (size_t lane = 0; lane < MU_COUNT(sums); lane++) {
            sums[lane] += words[i + lane];
        }
    }
    for (size_t lane = 0; lane < MU_COUNT(sums); lane++) {
        sum += sums[lane];
    }
    atomic_fetch_add_explicit(&r->sum, sum, memory_order_relaxed);
    return MUSTER_OK;
}

static muster_status fill_piece(void *context, uint32_t worker, uint64_t item, muster_error *err)
{
    (void)worker;
    (void)err;
    memset((char *)context + item * PIECE, 1, PIECE);
    return MUSTER_OK;
}

muster_status mu_bandwidth_measure(mu_pool *pool, const atomic_bool *cancel, uint64_t *out,
                                   muster_error *err)
{
    uint64_t *words = mu_mem_alloc(BYTES);
    reading r = {.words = words};
    muster_status status;
    double began = 0;

    if (!words) {
        return mu_fail_memory(err, "measuring how fast memory is");
    }
    MU_TRY_GOTO(mu_pool_run(pool, BYTES / PIECE, fill_piece, words, cancel, err));
    for (int round = 0; round < 2; round++) {
        began = mu_env_seconds();
        MU_TRY_GOTO(mu_pool_run(pool, BYTES / PIECE, read_piece, &r, cancel, err));
    }
    *out = 1 + (uint64_t)(BYTES / (mu_env_seconds() - began + 1e-9));
fail:
    mu_mem_free(words);
    return status;
}
