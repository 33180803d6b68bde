/*
 * limits.h - every limit of the system, and how they hang together.
 *
 * The tiny build shrinks what can be shrunk, so that every border is crossed by small tests.
 */
#ifndef MU_LIMITS_H
#define MU_LIMITS_H

#include <assert.h>

enum {
    /* Ordinals in a stripe: the key space of one Roaring container; 8 KiB of bits. Part of the
     * format. */
    MU_STRIPE_ROWS = 65536,
    MU_STRIPE_WORDS = MU_STRIPE_ROWS / 64,

    /* Values that are packed together on disk. Part of the format. */
    MU_VECTOR_ROWS = 1024,

#ifdef MU_TINY
    MU_BATCH_ROWS = 64,
    MU_BLOCK_ROWS = 256,
#else
    /* Rows that operators pass to one another at a time: a few columns of them fit the L1 cache. */
    MU_BATCH_ROWS = 1024,
    /* Rows of a block, at most; what the writer cuts at. Readers take any size up to 65,536. */
    MU_BLOCK_ROWS = 65536,
#endif
    MU_BATCH_WORDS = MU_BATCH_ROWS / 64,

    MU_MAX_COLUMNS = 2000,            /* of a table */
    MU_MAX_NAME_BYTES = 128,          /* of a table, column, tag */
    MU_MAX_TEXT_BYTES = 16 << 20,     /* of one text value */
    MU_MAX_ID_BYTES = 1024,           /* of the id of a customer */
    MU_MAX_ATTRIBUTE_BYTES = 1 << 16, /* of a text of a customer: a batch of them is one chunk */
    MU_MAX_STEPS = 64,                /* conditions that fit one word of bits */
    MU_MAX_PARAMETERS = 65535,        /* of a statement */
    MU_MAX_DEPTH = 1000,              /* of nested expressions and subqueries */
};

static_assert(MU_BATCH_ROWS % 64 == 0, "kernels work in whole words");
static_assert(MU_VECTOR_ROWS % MU_BATCH_ROWS == 0, "a batch never spans two vectors");
static_assert(MU_BLOCK_ROWS % MU_BATCH_ROWS == 0, "batches of a block begin at whole vectors");

#define MU_NO_CUSTOMER UINT32_MAX /* the ordinal of nobody */

#endif
