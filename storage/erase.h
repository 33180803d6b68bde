/*
 * erase.h - what an erasure means for a segment of events.
 */
#ifndef MU_ERASE_H
#define MU_ERASE_H

#include "storage/db.h"
#include "storage/erased.h"

/* What the manifest is to say of a segment of `table` once the set is erased: how many rows are
 * masked, and the first and last time of the others. */
muster_status mu_erase_describe(const mu_segment *segment, const mu_table *table,
                                const mu_erased *erased, mu_segment_info *info, muster_error *err);

/* The same, where *info is what it says with `before` erased: only the stripes of those who are new
 * are read, unless one of them was the first or the last in the segment. */
muster_status mu_erase_more(const mu_segment *segment, const mu_table *table,
                            const mu_erased *before, const mu_erased *erased, mu_segment_info *info,
                            muster_error *err);

#endif
