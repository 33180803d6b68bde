/*
 * chunks.h - chunks that are cut or damaged: they are refused, or read as something else, but never
 * past their end.
 */
#ifndef MU_TEST_CHUNKS_H
#define MU_TEST_CHUNKS_H

#include "storage/enc.h"

/* Every cut of the chunk is seen, and a byte too many. */
void test_cut_chunk(const mu_writer *chunk, uint32_t rows, uint32_t nulls);

/* Opens the chunk with some bits flipped and reads whatever it will give, as everything. */
void test_damaged_chunk(const mu_writer *chunk, uint32_t rows, uint32_t nulls, uint64_t *state);

#endif
