/*
 * batch.h - a slice of rows, column by column: what operators pass to one another.
 *
 * Filters do not move values. They clear bits in `live`, so a batch travels through a
 * pipeline without being copied. Invariants, all tested by mu_batch_check():
 *
 *   1. rows <= MU_BATCH_ROWS; rows == 0 means the end of the stream.
 *   2. Bits at and past `rows` are clear, in `live` and in every `valid`.
 *   3. `data` has room for MU_BATCH_ROWS values, a multiple of 64, so that kernels work in
 *      whole bitmap words and need no tail loop. `live` and `valid` have MU_BATCH_WORDS words.
 *   4. A null, or a row that is not live, may hold any value. Kernels compute on it all the
 *      same; the bitmaps decide what counts. A code that is valid is below the dictionary's
 *      count, live or not; one that is null is below it too if the dictionary is not empty.
 *   5. A column whose data is NULL has not been loaded (see scan.h).
 *
 * All memory belongs to the operator that produced the batch, and is good until that
 * operator's next call. Keep a row by copying it.
 */
#ifndef MU_BATCH_H
#define MU_BATCH_H

#include "storage/base/bits.h"
#include "storage/base/limits.h"
#include "storage/dict.h"
#include "storage/type.h"

typedef struct mu_vector {
    mu_type type;
    const void *data;      /* values in mu_type_form(type) */
    const uint64_t *valid; /* NULL: no nulls */
    const mu_dict *dict;   /* what the codes stand for; NULL where there are none */
} mu_vector;

typedef struct mu_batch {
    uint32_t rows;
    uint32_t column_count;
    uint64_t *live;     /* never NULL */
    mu_vector *columns; /* column_count of them */
} mu_batch;

bool mu_batch_check(const mu_batch *batch, muster_error *err);

/* One value of a vector, or of a batch; text points into the dictionary. */
mu_value mu_vector_value(const mu_vector *vector, uint32_t row);
mu_value mu_batch_value(const mu_batch *batch, uint32_t column, uint32_t row);

static inline bool mu_vector_valid(const mu_vector *vector, uint32_t row)
{
    return !vector->valid || mu_bits_test(vector->valid, row);
}

/* Runs its body for each live row, in order: MU_FOR_EACH_LIVE(row, batch) { ... } */
#define MU_FOR_EACH_LIVE(row, batch)                                                               \
    for (uint32_t mu_word_ = 0; mu_word_ < mu_bits_words((batch)->rows); mu_word_++)               \
        for (uint64_t mu_bits_ = (batch)->live[mu_word_]; mu_bits_ != 0; mu_bits_ &= mu_bits_ - 1) \
            for (uint32_t row = mu_word_ * 64 + mu_bits_lowest(mu_bits_), mu_once_ = 1;            \
                 mu_once_ != 0; mu_once_ = 0)

#endif
