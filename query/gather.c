/*
 * gather.c - rows of several rowsets moved into one, in an order that was found.
 *
 * Column by column: each is copied by all threads, a piece of its rows at a time, and then given
 * back, so that there is never more than one column twice. Texts keep their codes where they came
 * from one rowset; those of the others are mapped, each distinct text once. Where only few rows are
 * taken, only their texts are.
 */
#include "query/rowset.h"

#include "storage/base/mem.h"

enum {
    PIECE_ROWS = 64 * MU_BATCH_ROWS, /* copied by one thread at a time */
    TEXTS_PER_CHECK = 4096
};

typedef struct gather {
    mu_exec *exec;
    bool alone;
    mu_rowset *const *sets;
    uint32_t set_count;
    const mu_sort_item *items; /* NULL: all rows */
    const uint64_t *firsts;    /* of each set's rows, where they go if all do; and the end */
    uint64_t count;
    mu_rowset *out;
    uint32_t column;
    uint32_t **maps; /* set by set, its codes -> those of the output + 1, or 0; NULL: the same */
} gather;

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "putting rows in order");
}

/* Where rows first ... first + count - 1 of the output come from. */
static void list_places(const gather *g, uint64_t first, uint32_t count, uint64_t *places)
{
    uint32_t set = 0, end = g->set_count;

    if (g->items) {
        for (uint32_t i = 0; i < count; i++) {
            places[i] = g->items[first + i].place;
        }
        return;
    }
    while (end - set > 1) { /* the last set that begins at or before the row */
        const uint32_t middle = set + (end - set) / 2;
        if (g->firsts[middle] <= first) {
            set = middle;
        } else {
            end = middle;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        while (first + i >= g->firsts[set + 1]) {
            set++;
        }
        places[i] = MU_PLACE(set, first + i - g->firsts[set]);
    }
}

static const mu_rowset_column *column_of(const gather *g, uint64_t place)
{
    return &g->sets[MU_PLACE_SET(place)]->columns[g->column];
}

static void copy_valid(const gather *g, const uint64_t *places, uint64_t first, uint32_t count)
{
    uint64_t *valid = g->out->columns[g->column].valid;

    assert(first % 64 == 0);
    if (!g->out->columns[g->column].has_nulls) {
        mu_bits_fill(&valid[first / 64], count, mu_bits_words(count));
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (mu_bits_test(column_of(g, places[i])->valid, MU_PLACE_ROW(places[i]))) {
            mu_bits_set(valid, first + i);
        }
    }
}

static void copy_codes(const gather *g, const uint64_t *places, uint64_t first, uint32_t count)
{
    const mu_rowset_column *out = &g->out->columns[g->column];
    uint32_t *to = (uint32_t *)out->data + first;

    for (uint32_t i = 0; i < count; i++) {
        const uint32_t *map = g->maps[MU_PLACE_SET(places[i])];
        const uint32_t *codes = column_of(g, places[i])->data;
        if (mu_bits_test(out->valid, first + i)) {
            const uint32_t code = codes[MU_PLACE_ROW(places[i])];
            to[i] = map ? map[code] - 1 : code;
        }
    }
}

/* Some rows of the column, at most MU_BATCH_ROWS. */
static void copy_rows(const gather *g, uint64_t first, uint32_t count)
{
    mu_rowset_column *out = &g->out->columns[g->column];
    uint64_t places[MU_BATCH_ROWS];

    list_places(g, first, count, places);
    copy_valid(g, places, first, count);
    const bool together =
        count > 0 && !g->items && MU_PLACE_SET(places[0]) == MU_PLACE_SET(places[count - 1]);
    switch (out->form) {
    case MU_FORM_BITS:
        for (uint32_t i = 0; i < count; i++) {
            if (mu_bits_test(column_of(g, places[i])->data, MU_PLACE_ROW(places[i]))) {
                mu_bits_set(out->data, first + i);
            }
        }
        return;
    case MU_FORM_I64:
    case MU_FORM_F64:
        if (together) {
            const uint64_t *from = column_of(g, places[0])->data;
            memcpy((uint64_t *)out->data + first, from + MU_PLACE_ROW(places[0]),
                   count * sizeof *from);
            return;
        }
        for (uint32_t i = 0; i < count; i++) {
            const uint64_t *from = column_of(g, places[i])->data;
            ((uint64_t *)out->data)[first + i] = from[MU_PLACE_ROW(places[i])];
        }
        return;
    case MU_FORM_ORDINAL:
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t *from = column_of(g, places[i])->data;
            ((uint32_t *)out->data)[first + i] = from[MU_PLACE_ROW(places[i])];
        }
        return;
    case MU_FORM_CODE:
        copy_codes(g, places, first, count);
        return;
    }
}

static muster_status copy_piece(void *context, uint32_t worker, uint64_t piece, muster_error *err)
{
    const gather *g = context;
    const uint64_t first = piece * PIECE_ROWS;
    const uint64_t end = first + PIECE_ROWS < g->count ? first + PIECE_ROWS : g->count;

    (void)worker;
    (void)err;
    for (uint64_t row = first; row < end; row += MU_BATCH_ROWS) {
        copy_rows(g, row, end - row < MU_BATCH_ROWS ? (uint32_t)(end - row) : MU_BATCH_ROWS);
    }
    return MUSTER_OK;
}

/* Texts. */

static bool new_map(gather *g, uint32_t set)
{
    const uint32_t count = g->sets[set]->columns[g->column].texts.dict.count;

    g->maps[set] = mu_mem_zalloc_array(count, sizeof *g->maps[set]);
    return g->maps[set] != NULL;
}

static bool map_text(gather *g, uint32_t set, uint32_t code)
{
    const mu_dict *dict = &g->sets[set]->columns[g->column].texts.dict;
    uint32_t *to = &g->maps[set][code], ours;

    if (*to != 0) {
        return true;
    }
    if (!mu_dict_builder_add(&g->out->columns[g->column].texts, mu_dict_text(dict, code), &ours)) {
        return false;
    }
    *to = ours + 1;
    return true;
}

/* The texts of the rows that are taken alone. */
static muster_status map_few(gather *g, muster_error *err)
{
    for (uint32_t s = 0; s < g->set_count; s++) {
        if (g->sets[s] && !new_map(g, s)) {
            return fail_memory(err);
        }
    }
    for (uint64_t i = 0; i < g->count; i++) {
        const uint64_t place = g->items[i].place;
        const mu_rowset_column *from = column_of(g, place);
        if (i % TEXTS_PER_CHECK == 0) {
            MU_TRY(mu_exec_check(g->exec, err));
        }
        if (mu_bits_test(from->valid, MU_PLACE_ROW(place)) &&
            !map_text(g, MU_PLACE_SET(place),
                      ((const uint32_t *)from->data)[MU_PLACE_ROW(place)])) {
            return fail_memory(err);
        }
    }
    return MUSTER_OK;
}

/* All texts: those of the first set as they are, and what the others have beside them. */
static muster_status map_all(gather *g, muster_error *err)
{
    mu_dict_builder *out = &g->out->columns[g->column].texts;
    bool first = true;

    for (uint32_t s = 0; s < g->set_count; s++) {
        mu_dict_builder *texts = g->sets[s] ? &g->sets[s]->columns[g->column].texts : NULL;
        if (!texts || texts->dict.count == 0) {
            continue;
        }
        if (first) {
            *out = *texts;
            *texts = (mu_dict_builder){0};
            first = false;
            continue;
        }
        if (!new_map(g, s)) {
            return fail_memory(err);
        }
        for (uint32_t code = 0; code < texts->dict.count; code++) {
            if (code % TEXTS_PER_CHECK == 0) {
                MU_TRY(mu_exec_check(g->exec, err));
            }
            if (!map_text(g, s, code)) {
                return fail_memory(err);
            }
        }
    }
    return MUSTER_OK;
}

static muster_status map_texts(gather *g, muster_error *err)
{
    uint64_t texts = 0;

    for (uint32_t s = 0; s < g->set_count; s++) {
        texts += g->sets[s] ? g->sets[s]->columns[g->column].texts.dict.count : 0;
    }
    return g->items && g->count < texts / 2 ? map_few(g, err) : map_all(g, err);
}

/* The columns. */

static void free_column(mu_rowset_column *column)
{
    mu_mem_free(column->data);
    mu_mem_free(column->valid);
    mu_mem_free(column->remap);
    mu_dict_builder_deinit(&column->texts);
    *column = (mu_rowset_column){.type = column->type, .form = column->form};
}

static muster_status gather_column(gather *g, muster_error *err)
{
    mu_rowset_column *out = &g->out->columns[g->column];
    muster_status status = MUSTER_OK;

    g->maps = mu_mem_zalloc_array(g->set_count, sizeof *g->maps);
    if (!g->maps) {
        return fail_memory(err);
    }
    for (uint32_t s = 0; s < g->set_count; s++) {
        out->has_nulls |= g->sets[s] && g->sets[s]->columns[g->column].has_nulls;
    }
    if (out->form == MU_FORM_CODE) {
        MU_TRY_GOTO(map_texts(g, err));
    }
    MU_TRY_GOTO(mu_exec_run(g->exec, g->alone, (g->count + PIECE_ROWS - 1) / PIECE_ROWS, copy_piece,
                            g, err));
fail:
    for (uint32_t s = 0; s < g->set_count; s++) {
        mu_mem_free(g->maps[s]);
        if (g->sets[s]) {
            free_column(&g->sets[s]->columns[g->column]);
        }
    }
    mu_mem_free(g->maps);
    return status;
}

/* Memory for exactly the rows. */
static muster_status reserve_column(mu_rowset *out, uint32_t c, uint64_t capacity,
                                    muster_error *err)
{
    mu_rowset_column *column = &out->columns[c];

    assert(!column->data);
    column->data = mu_mem_zalloc(mu_rowset_bytes(column->form, capacity));
    column->valid = mu_mem_zalloc((size_t)capacity / 8);
    return column->data && column->valid ? MUSTER_OK : fail_memory(err);
}

static muster_status gather_all(gather *g, uint32_t columns, muster_error *err)
{
    const uint64_t capacity =
        (g->count + MU_BATCH_ROWS - 1) / MU_BATCH_ROWS * (uint64_t)MU_BATCH_ROWS;

    assert(g->out->rows == 0 && g->out->capacity == 0);
    if (g->count == 0) {
        return MUSTER_OK;
    }
    for (uint32_t c = 0; c < g->out->column_count; c++) {
        MU_TRY(reserve_column(g->out, c, capacity, err));
        g->column = c;
        if (c < columns) {
            MU_TRY(gather_column(g, err));
        }
    }
    g->out->capacity = capacity;
    g->out->rows = g->count;
    return MUSTER_OK;
}

static uint32_t columns_of(mu_rowset *const *sets, uint32_t set_count)
{
    for (uint32_t s = 0; s < set_count; s++) {
        if (sets[s]) {
            return sets[s]->column_count;
        }
    }
    return 0;
}

muster_status mu_rowset_gather(mu_exec *exec, bool alone, mu_rowset *const *sets,
                               uint32_t set_count, const mu_sort_item *items, uint64_t count,
                               mu_rowset *out, muster_error *err)
{
    gather g = {.exec = exec,
                .alone = alone,
                .sets = sets,
                .set_count = set_count,
                .items = items,
                .count = count,
                .out = out};

    return gather_all(&g, columns_of(sets, set_count), err);
}

muster_status mu_rowset_concat(mu_exec *exec, mu_rowset *const *sets, uint32_t set_count,
                               mu_rowset *out, muster_error *err)
{
    gather g = {.exec = exec, .sets = sets, .set_count = set_count, .out = out};
    uint64_t *firsts = mu_mem_zalloc_array((size_t)set_count + 1, sizeof *firsts);

    if (!firsts) {
        return fail_memory(err);
    }
    for (uint32_t s = 0; s < set_count; s++) {
        firsts[s + 1] = firsts[s] + (sets[s] ? sets[s]->rows : 0);
    }
    g.firsts = firsts;
    g.count = firsts[set_count];
    const muster_status status = gather_all(&g, columns_of(sets, set_count), err);
    mu_mem_free(firsts);
    return status;
}
