/*
 * change_erase.c - what an erasure adds to a commit: the set of who was erased, and for each
 * segment how many of its rows are masked from then on; and how their ids go, later.
 */
#include "storage/change_state.h"

#include "storage/erase.h"

/* What the manifest says of the i-th segment of the base changes with who is erased. Its bytes stay
 * where they are, be it in a file or in the log. */
static muster_status mask_segment(mu_change *change, uint32_t i, muster_error *err)
{
    const mu_segment_info *before = &change->base->manifest.segments[i];
    const mu_table *table = mu_catalog_table(&change->catalog, before->table_id);
    mu_segment_info info = *before;
    mu_segment *segment;

    if (!table || !mu_table_has_events(table)) {
        return MUSTER_OK;
    }
    MU_TRY(mu_snapshot_open_segment(change->base, i, &segment, err));
    MU_TRY(mu_erase_more(segment, table, change->base->erased, change->erasing.set, &info, err));
    if (info.masked_rows == before->masked_rows) {
        return MUSTER_OK;
    }
    MU_TRY(mu_change_remove_segment(change, before->file, err));
    return info.masked_rows < info.rows ? mu_change_add_segment(change, &info, err) : MUSTER_OK;
}

muster_status mu_change_mask_rows(mu_change *change, muster_error *err)
{
    const uint32_t count = change->erasing.added > 0 ? change->base->segment_count : 0;

    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(mask_segment(change, i, err));
    }
    return MUSTER_OK;
}

muster_status mu_change_purge_ids(mu_change *change, muster_error *err)
{
    const mu_snapshot *base = change->base;
    bool has = false;

    change->clean_parts = 0;
    while (change->clean_parts < mu_customers_part_count(base->customers)) {
        MU_TRY(mu_customer_part_has_any(mu_customers_part(base->customers, change->clean_parts),
                                        base->erased, &has, err));
        if (has) {
            break;
        }
        change->clean_parts++;
    }
    return MUSTER_OK;
}

muster_status mu_change_write_erased(mu_change *change, mu_manifest *next, muster_error *err)
{
    next->erased = change->base->manifest.erased;
    if (change->erasing.added == 0) {
        return MUSTER_OK;
    }
    return mu_erasing_write(&change->erasing, change->db->path, mu_change_next_file(change),
                            &next->erased, err);
}
