/*
 * erase.h - what an erasure means for a segment of events.
 */
#ifndef MU_ERASE_H
#define MU_ERASE_H

#include "storage/db.h"
#include "storage/erased.h"

/* What the manifest is to say of a segment of `table` once the set is erased: how many rows are
 * masked, and the first and last time of the others. *info comes as it was. */
muster_status mu_erase_describe(const mu_segment *segment, const mu_table *table,
                                const mu_erased *erased, mu_segment_info *info, muster_error *err);

#endif
