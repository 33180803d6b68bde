/*
 * load_rows.h - the inside of a load, shared by load.c (collects), load_sort.c (orders),
 * load_run.c (writes runs), load_merge.c (merges them) and load_key.c (compares keys).
 *
 * Collected rows are kept column by column in chunks, so that growing copies nothing. A row is
 * named by its number, which is its arrival. Text is codes into one builder per column.
 */
#ifndef MU_LOAD_ROWS_H
#define MU_LOAD_ROWS_H

#include "storage/base/bits.h"
#include "storage/dict.h"
#include "storage/load.h"

enum {
#ifdef MU_TINY
    MU_LOAD_CHUNK_BITS = 6,
    MU_LOAD_MOST_HELD_ROWS = 300,
#else
    MU_LOAD_CHUNK_BITS = 14,
    MU_LOAD_MOST_HELD_ROWS = 1 << 15, /* a few megabytes at the most: more is better off in files */
#endif
    MU_LOAD_CHUNK_ROWS = 1 << MU_LOAD_CHUNK_BITS,
};

typedef struct mu_load_column {
    mu_form form;     /* I64 (booleans too), F64, CODE, ORDINAL */
    void **chunks;    /* int64_t, double or uint32_t, MU_LOAD_CHUNK_ROWS each */
    uint64_t **valid; /* bitmaps, one a chunk */
    size_t chunk_capacity, valid_capacity;
    uint32_t chunk_count;
    bool has_nulls;
    mu_dict_builder dict;
    mu_dict_memo memo;      /* of its codes */
    uint32_t *order, *rank; /* of the dictionary, while runs are written */
    mu_value preset;        /* what rows have that say nothing; its text is the catalog's */
    bool plain;             /* it has too many texts for any run to have a dictionary */
} mu_load_column;

/* A segment that has been written, and may be merged with others of its period. */
typedef struct mu_load_run {
    mu_segment_info info;
    bool synced;
} mu_load_run;

struct mu_load {
    mu_change *change;
    const mu_table *table;
    mu_load_options options;
    mu_kind id_kind; /* TEXT or BIGINT; of no meaning in a lookup table */
    uint32_t threads;
    uint32_t block_rows; /* of the blocks written */
    size_t budget;
    mu_load_column *columns;
    uint32_t batch_count;         /* being appended */
    const mu_load_batch *batches; /* NULL outside of begin and end */
    uint32_t batch_rows;
    uint32_t rows; /* collected, not yet written */
    uint64_t total_rows;
    uint64_t replaced, left_out; /* see mu_load_conflicts */
    mu_load_run *runs;           /* in order of arrival of their rows */
    size_t run_capacity;
    uint32_t run_count;
    bool finishing; /* runs written now are likely to be final, and are synced at once */
    bool held;      /* so few rows that their runs stay in memory, for the log */
    bool finished;
};

static inline int64_t mu_load_i64_at(const mu_load_column *column, uint32_t row)
{
    return ((const int64_t *)column->chunks[row >> MU_LOAD_CHUNK_BITS])[row % MU_LOAD_CHUNK_ROWS];
}

static inline uint32_t mu_load_code_at(const mu_load_column *column, uint32_t row)
{
    return ((const uint32_t *)column->chunks[row >> MU_LOAD_CHUNK_BITS])[row % MU_LOAD_CHUNK_ROWS];
}

static inline bool mu_load_valid_at(const mu_load_column *column, uint32_t row)
{
    return mu_bits_test(column->valid[row >> MU_LOAD_CHUNK_BITS], row % MU_LOAD_CHUNK_ROWS);
}

static inline bool mu_load_cancelled(const mu_load *load)
{
    return load->options.cancel && atomic_load_explicit(load->options.cancel, memory_order_relaxed);
}

/* For long loops over rows: looks at the flag every some milliseconds. */
static inline bool mu_load_cancelled_at(const mu_load *load, uint32_t i)
{
    return i % (1 << 18) == 0 && mu_load_cancelled(load);
}

void mu_load_report(const mu_load *load, const char *what); /* that a phase begins */
void mu_load_remove_run(const mu_load *load, uint64_t file);

/* What load_sort.c does. */

/* A row in sorting: its customer's ordinal (all ones: nobody) above its number. */
typedef uint64_t mu_load_key;

static inline uint32_t mu_load_key_row(mu_load_key key)
{
    return (uint32_t)key;
}

static inline uint32_t mu_load_key_ordinal(mu_load_key key)
{
    return (uint32_t)(key >> 32);
}

/* Orders keys, given in order of arrival, by (customer, time, arrival); `times` is NULL where rows
 * have none: by (customer, arrival). `spare` has room for `count` too. Fails only if the load is
 * cancelled. */
muster_status mu_load_sort(const mu_load *load, mu_load_key *keys, mu_load_key *spare,
                           uint32_t count, const mu_load_column *times, muster_error *err);

/* What load_run.c does. */

/* Writes the collected rows as one run for each of their periods, and forgets them. */
muster_status mu_load_write_runs(mu_load *load, muster_error *err);

/* What load_merge.c does. */

/* Leaves one run of each period, synced. */
muster_status mu_load_merge(mu_load *load, muster_error *err);

/* What load_key.c does. */

/* Of the rows of a lookup table with a key: compares them, written as this segment, with each other
 * and with those that are there. Rows that go are taken out of their segments; *info becomes that
 * of what is left, perhaps of no rows. */
muster_status mu_load_settle_keys(mu_load *load, mu_segment_info *info, muster_error *err);

#endif
