/*
 * rowset.h - what a rowset is inside, for those who fill or read whole columns of one: rowset.c,
 * gather.c, sorting and windows. Everyone else goes by exec.h.
 */
#ifndef MU_ROWSET_H
#define MU_ROWSET_H

#include "query/exec.h"

/* One array for all rows. Bits of `valid` and of `data` past the rows are clear. */
typedef struct mu_rowset_column {
    mu_type type;
    mu_form form;
    void *data;
    uint64_t *valid;
    bool has_nulls;
    mu_dict_builder texts;
    uint64_t remap_id;                  /* the dictionary that `remap` is for; 0: none */
    uint32_t *remap;                    /* its code -> ours, or MU_NO_CODE */
    size_t remap_count, remap_capacity; /* codes below `remap_count` have a place in it */
} mu_rowset_column;

struct mu_rowset {
    uint32_t column_count;
    uint64_t rows;
    uint64_t capacity; /* in rows, a multiple of MU_BATCH_ROWS */
    mu_rowset_column *columns;
    mu_vector *views; /* batch after batch, column_count each; after finish */
    size_t view_capacity;
    bool finished;
    uint64_t full[MU_BATCH_WORDS]; /* live bits of every batch but the last */
    uint64_t last[MU_BATCH_WORDS]; /* of the last */
};

/* Bytes of so many rows, a multiple of 8 of them. */
size_t mu_rowset_bytes(mu_form form, uint64_t rows);
/* Makes room for `more` rows, all NULL. */
muster_status mu_rowset_reserve(mu_rowset *rows, uint64_t more, muster_error *err);

/* A row of one of several rowsets. */
#define MU_PLACE_ROW_BITS 48
#define MU_PLACE(set, row) ((uint64_t)(set) << MU_PLACE_ROW_BITS | (row))
#define MU_PLACE_SET(place) ((uint32_t)((place) >> MU_PLACE_ROW_BITS))
#define MU_PLACE_ROW(place) ((place) & ((UINT64_C(1) << MU_PLACE_ROW_BITS) - 1))

/* A row on its way to its place in an order: see sort.h. */
typedef struct mu_sort_item {
    uint64_t word; /* the first 64 bits of its key */
    uint64_t place;
} mu_sort_item;

/* Moves the rows at `items`, in their order, to `out`, which is empty and whose first columns are
 * those of the sets; columns behind them are NULL. A column is gone from the sets once it is
 * copied. `alone`: by the calling thread, which is one of a pool's already. */
muster_status mu_rowset_gather(mu_exec *exec, bool alone, mu_rowset *const *sets,
                               uint32_t set_count, const mu_sort_item *items, uint64_t count,
                               mu_rowset *out, muster_error *err);
/* Moves all rows of the sets, one set behind the other. Sets may be NULL, and are emptied. */
muster_status mu_rowset_concat(mu_exec *exec, mu_rowset *const *sets, uint32_t set_count,
                               mu_rowset *out, muster_error *err);

#endif
