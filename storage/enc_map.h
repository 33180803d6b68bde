/*
 * enc_map.h - bitmaps over the rows of a chunk: which are not NULL, which differ from the row
 * before.
 *
 * On disk a bitmap is its words, or the places of whichever bits are fewer, if that is shorter. In
 * memory it is always words, and the number of set bits before each vector: with these, the values
 * of one kind of row can be stored apart and found again for any vector alone.
 */
#ifndef MU_ENC_MAP_H
#define MU_ENC_MAP_H

#include "storage/base/bytes.h"
#include "storage/base/status.h"

/* Zeroed: none is open, no memory is owned. */
typedef struct mu_enc_map {
    uint64_t *words; /* owned; bits past the rows are 0 */
    uint32_t *ranks; /* owned; of each vector of MU_VECTOR_ROWS rows: the set bits before it */
    uint32_t *gaps;  /* owned; only used while it is opened */
    size_t word_capacity, rank_capacity, gap_capacity;
    uint32_t rows, ones;
} mu_enc_map;

/* Appends the bitmap; bits past the rows do not matter. */
void mu_enc_map_write(mu_writer *out, const uint64_t *words, uint32_t rows);

muster_status mu_enc_map_open(mu_enc_map *map, mu_reader *in, uint32_t rows, muster_error *err);

/* The other way to make one: clear it, set bits, count. False when out of memory. */
bool mu_enc_map_clear(mu_enc_map *map, uint32_t rows);
void mu_enc_map_count(mu_enc_map *map);

void mu_enc_map_deinit(mu_enc_map *map);

/* The set bits before a row, a multiple of 64. */
uint32_t mu_enc_map_rank(const mu_enc_map *map, uint32_t row);

#endif
