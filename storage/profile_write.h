/*
 * profile_write.h - the inside of writing attributes: profile_cover.c decides what a new segment
 * has, profile_write.c writes it.
 */
#ifndef MU_PROFILE_WRITE_H
#define MU_PROFILE_WRITE_H

#include "storage/profile.h"
#include "storage/scan_column.h"

/* What a new segment is to have: each of the columns, for each of the stripes. */
typedef struct mu_profile_cover {
    uint32_t column_count;
    uint32_t *columns; /* indexes of `customers`, ascending */
    uint32_t stripe_count;
    uint32_t *stripes; /* ascending */
    uint32_t obsolete_count;
    uint64_t *obsolete; /* files of the base of which nothing is in use any more */
} mu_profile_cover;

/* `rows` has the customers that are edited, `edited` the columns; if it is NULL, there are none,
 * and everything becomes one. There are `stripe_count` stripes. */
muster_status mu_profile_cover_make(mu_snapshot *base, uint32_t stripe_count,
                                    const mu_table *customers, const mu_table *edited,
                                    const mu_segment *rows, mu_arena *arena, mu_profile_cover *out,
                                    muster_error *err);

/* *is is whether the attributes are one segment at the most, with nothing in it of who was erased
 * and of columns that were dropped. */
muster_status mu_profile_is_compact(mu_snapshot *base, const mu_table *customers, bool *is,
                                    muster_error *err);

#endif
