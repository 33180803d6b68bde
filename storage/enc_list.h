/*
 * enc_list.h - lists that are read from their beginning to their end: lengths of runs, gaps.
 *
 * As PATCHED stores values: most numbers packed, a few large ones apart. Nothing is known of single
 * vectors, so there is nothing to hold while one is read.
 */
#ifndef MU_ENC_LIST_H
#define MU_ENC_LIST_H

#include "storage/base/bytes.h"
#include "storage/base/status.h"

/* How many numbers take so many bits, 0 to 64. */
typedef struct mu_enc_spread {
    uint32_t by_width[65];
    uint32_t count;
} mu_enc_spread;

void mu_enc_spread_add(mu_enc_spread *spread, uint64_t number);

/* About the bytes of a list of such numbers. */
size_t mu_enc_list_bytes(const mu_enc_spread *spread);

/* `count` >= 1 numbers, none below 0. */
void mu_enc_list_write(mu_writer *out, const int64_t *numbers, uint32_t count);

/* All of them; `out` has room for count rounded up to 64. CORRUPT if one has more than 32 bits. */
muster_status mu_enc_list_read_u32(mu_reader *in, uint32_t count, uint32_t *out, muster_error *err);

#endif
