/*
 * profile_cover.c - which columns and stripes a new segment of attributes has, and which older
 * segments it makes obsolete.
 *
 * Think of a table of cells, a column of a stripe each; a segment covers a rectangle of them, and
 * the newest that covers a cell has it. The new segment covers what is edited. It also takes over
 * the cells that the newest of the others still has, as long as these are no more than it has
 * itself and the rectangle around both is not mostly of cells it would not have to write. So each
 * segment is larger than all after it together, or lies beside them; and where there are still
 * many, because they lie beside each other, all are made one.
 */
#include "storage/profile_write.h"

#include "storage/base/bits.h"
#include "storage/kernels/kernels.h"

#include <assert.h>

enum {
#ifdef MU_TINY
    MANY_FILES = 3,
#else
    MANY_FILES = 16, /* what a reader of a column asks, at most, per stripe */
#endif
};

typedef struct cells {
    uint64_t *columns; /* bits by index of the table's */
    uint64_t *stripes;
} cells;

typedef struct covering {
    const mu_table *customers;
    uint32_t stripe_count;
    uint32_t file_count;
    cells *files;    /* what each covers */
    uint64_t *ids;   /* their numbers */
    cells fresh;     /* what the new one does */
    uint64_t *taken; /* cells of newer files, stripe by stripe */
} covering;

static size_t column_words(const covering *c)
{
    return mu_bits_words(c->customers->column_count);
}

static size_t stripe_words(const covering *c)
{
    return mu_bits_words(c->stripe_count);
}

static uint64_t area(const covering *c, const cells *of)
{
    return mu_k()->count_bits(of->columns, column_words(c)) *
           mu_k()->count_bits(of->stripes, stripe_words(c));
}

static bool open_cells(const covering *c, mu_arena *arena, cells *out)
{
    out->columns = MU_NEW_ARRAY(arena, uint64_t, column_words(c));
    out->stripes = MU_NEW_ARRAY(arena, uint64_t, stripe_words(c));
    return out->columns && out->stripes;
}

static muster_status note_stripes(const covering *c, const mu_segment *segment, cells *out,
                                  muster_error *err)
{
    for (uint32_t block = 0; block < mu_segment_block_count(segment); block++) {
        const uint32_t stripe = mu_segment_block(segment, block)->stripe;
        if (stripe >= c->stripe_count) {
            (void)mu_fail(err, MUSTER_CORRUPT, "there is no stripe %u of customers", stripe);
            mu_segment_where(segment, block, 0, err);
            return MUSTER_CORRUPT;
        }
        mu_bits_set(out->stripes, stripe);
    }
    return MUSTER_OK;
}

static muster_status open_files(covering *c, mu_snapshot *base, mu_arena *arena, muster_error *err)
{
    MU_ARENA_TRY(c->files, arena, c->file_count, err);
    MU_ARENA_TRY(c->ids, arena, c->file_count, err);
    for (uint32_t f = 0; f < c->file_count; f++) {
        mu_segment *segment;
        MU_TRY(mu_snapshot_segment(base, MU_CUSTOMERS_TABLE, f, &segment, err));
        c->ids[f] = mu_snapshot_segment_info(base, MU_CUSTOMERS_TABLE, f)->file;
        if (!open_cells(c, arena, &c->files[f])) {
            return mu_fail_memory(err, "writing attributes of customers");
        }
        MU_TRY(note_stripes(c, segment, &c->files[f], err));
        for (uint32_t i = MU_CUSTOMERS_BUILT_IN; i < c->customers->column_count; i++) {
            if (mu_segment_column(segment, c->customers->columns[i].id) != MU_NO_COLUMN) {
                mu_bits_set(c->files[f].columns, i);
            }
        }
    }
    return MUSTER_OK;
}

/* Marks the cells as taken; how many were not yet, and, if not NULL, which columns and stripes they
 * are of. */
static uint64_t take(covering *c, const cells *of, cells *in_use)
{
    const size_t words = column_words(c);
    uint64_t count = 0;

    for (uint32_t stripe = 0; stripe < c->stripe_count; stripe++) {
        uint64_t *taken = &c->taken[stripe * words];
        uint64_t any = 0;
        if (!mu_bits_test(of->stripes, stripe)) {
            continue;
        }
        for (size_t w = 0; w < words; w++) {
            const uint64_t left = of->columns[w] & ~taken[w];
            any |= left;
            count += (uint64_t)__builtin_popcountll(left);
            taken[w] |= of->columns[w];
            if (in_use) {
                in_use->columns[w] |= left;
            }
        }
        if (in_use && any) {
            mu_bits_set(in_use->stripes, stripe);
        }
    }
    return count;
}

static void add_cells(const covering *c, cells *to, const cells *more)
{
    for (size_t w = 0; w < column_words(c); w++) {
        to->columns[w] |= more->columns[w];
    }
    for (size_t w = 0; w < stripe_words(c); w++) {
        to->stripes[w] |= more->stripes[w];
    }
}

static void clear_cells(const covering *c, cells *of)
{
    mu_bits_fill(of->columns, 0, column_words(c));
    mu_bits_fill(of->stripes, 0, stripe_words(c));
}

/* Whether the new segment should take over the cells that an older one has in use. */
static bool should_grow(const covering *c, const cells *in_use, uint64_t count, cells *scratch)
{
    const uint64_t fresh = area(c, &c->fresh);

    if (count > fresh) {
        return false;
    }
    clear_cells(c, scratch);
    add_cells(c, scratch, &c->fresh);
    add_cells(c, scratch, in_use);
    return area(c, scratch) <= 2 * (fresh + count);
}

/* Goes through the older files, newest first: lists those of which nothing is in use, and takes
 * over the newest of the others. *grown: it did, and all is to be asked again. */
static void look(covering *c, cells *in_use, cells *scratch, bool all, mu_profile_cover *out,
                 bool *grown)
{
    bool newest = true;

    *grown = false;
    out->obsolete_count = 0;
    mu_bits_fill(c->taken, 0, c->stripe_count * column_words(c));
    (void)take(c, &c->fresh, NULL);
    for (uint32_t f = c->file_count; f > 0; f--) {
        clear_cells(c, in_use);
        const uint64_t count = take(c, &c->files[f - 1], in_use);
        if (count == 0) {
            out->obsolete[out->obsolete_count++] = c->ids[f - 1];
            continue;
        }
        if (all || (newest && should_grow(c, in_use, count, scratch))) {
            add_cells(c, &c->fresh, in_use);
            *grown = true;
            if (!all) {
                return;
            }
        }
        newest = false;
    }
}

static muster_status choose(covering *c, bool all, mu_arena *arena, mu_profile_cover *out,
                            muster_error *err)
{
    cells in_use, scratch;
    bool grown = true;

    c->taken = MU_NEW_ARRAY(arena, uint64_t, c->stripe_count * column_words(c));
    out->obsolete = MU_NEW_ARRAY(arena, uint64_t, c->file_count);
    if (!c->taken || !out->obsolete || !open_cells(c, arena, &in_use) ||
        !open_cells(c, arena, &scratch)) {
        return mu_fail_memory(err, "writing attributes of customers");
    }
    while (grown) {
        look(c, &in_use, &scratch, false, out, &grown);
    }
    if (all || c->file_count - out->obsolete_count >= MANY_FILES) {
        look(c, &in_use, &scratch, true, out, &grown);
        look(c, &in_use, &scratch, false, out, &grown);
        assert(out->obsolete_count == c->file_count);
    }
    return MUSTER_OK;
}

static muster_status list(const covering *c, mu_arena *arena, mu_profile_cover *out,
                          muster_error *err)
{
    MU_ARENA_TRY(out->columns, arena, c->customers->column_count, err);
    MU_ARENA_TRY(out->stripes, arena, c->stripe_count, err);
    for (uint32_t i = 0; i < c->customers->column_count; i++) {
        if (mu_bits_test(c->fresh.columns, i)) {
            out->columns[out->column_count++] = i;
        }
    }
    for (uint32_t stripe = 0; stripe < c->stripe_count; stripe++) {
        if (mu_bits_test(c->fresh.stripes, stripe)) {
            out->stripes[out->stripe_count++] = stripe;
        }
    }
    return MUSTER_OK;
}

muster_status mu_profile_cover_make(mu_snapshot *base, uint32_t stripe_count,
                                    const mu_table *customers, const mu_table *edited,
                                    const mu_segment *rows, mu_arena *arena, mu_profile_cover *out,
                                    muster_error *err)
{
    covering c = {.customers = customers,
                  .stripe_count = stripe_count,
                  .file_count = mu_snapshot_segment_count(base, MU_CUSTOMERS_TABLE)};

    *out = (mu_profile_cover){0};
    MU_TRY(open_files(&c, base, arena, err));
    if (!open_cells(&c, arena, &c.fresh)) {
        return mu_fail_memory(err, "writing attributes of customers");
    }
    if (rows) {
        MU_TRY(note_stripes(&c, rows, &c.fresh, err));
    }
    for (uint32_t i = 0; i < edited->column_count; i++) {
        if (edited->columns[i].role != MU_ROLE_CUSTOMER) {
            for (uint32_t k = MU_CUSTOMERS_BUILT_IN; k < customers->column_count; k++) {
                if (customers->columns[k].id == edited->columns[i].id) {
                    mu_bits_set(c.fresh.columns, k);
                }
            }
        }
    }
    MU_TRY(choose(&c, !rows, arena, out, err));
    return list(&c, arena, out, err);
}
