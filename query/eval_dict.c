/*
 * eval_dict.c - expressions of one TEXT column, evaluated once for each entry of its dictionary.
 *
 * `event LIKE 'add%' OR lower(event) = 'pay'` depends on nothing but the code of `event`. So its
 * whole tree is run over the entries of the dictionary as if they were the rows of a batch, and
 * what it gives is kept in a table by code, with one entry more for NULL. From then on a row costs
 * a look into the table, or one step of a kernel.
 *
 * Tables are for the sorted dictionaries of segments, which come again with every stripe. One is
 * made when it is small, when it is made by looking up a few constants, or when as many rows have
 * been seen as it has entries; until then, and for the dictionaries of long text (an entry for each
 * row of a chunk), the rows are evaluated themselves. If an entry cannot be evaluated (a text that
 * is no number, in a cast) the rows decide too: it may be one that no row has.
 */
#include "query/eval_node.h"

#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <string.h>

enum {
    SMALL_DICT = 1024,     /* entries; evaluating them costs about one batch */
    MOST_TABLES = 512,     /* segments of forty years of months */
    MOST_BYTES = 32 << 20, /* of all tables of an expression; then they are made anew */
};

typedef enum table_state {
    WAITING,
    READY,
    USELESS
} table_state;

typedef struct table {
    uint64_t dict_id;
    uint32_t count; /* entries; the one of NULL is number `count` */
    table_state state;
    uint64_t rows_seen; /* while waiting */
    uint8_t *truth;     /* BOOLEAN: 1 where true; 0 where false or NULL */
    uint8_t *valid;     /* 1 where not NULL */
    bool all_valid;     /* of the entries; NULL apart */
    uint32_t only;      /* the one entry that is true, or MU_NO_CODE if it is not one */
    int64_t *values;    /* other types: 64 bits, or a code of `texts` */
    mu_dict_builder texts;
} table;

struct mu_eval_tables {
    uint32_t column;
    size_t count, capacity, latest;
    size_t bytes;
    table *tables;
    mu_vector *columns; /* of the batch of entries: `column` + 1 of them */
    uint32_t *codes;
};

/* Which expressions. */

/* All columns below are one TEXT column; *column is MU_NO_COLUMN until one was found. */
static bool has_one_column(const mu_expr *expr, uint32_t *column)
{
    if (expr->kind == MU_EXPR_IN_SET) {
        return false;
    }
    if (expr->kind == MU_EXPR_COLUMN) {
        if (expr->type.kind != MU_TEXT || (*column != MU_NO_COLUMN && *column != expr->column)) {
            return false;
        }
        *column = expr->column;
    }
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (!has_one_column(expr->args[i], column)) {
            return false;
        }
    }
    return true;
}

uint32_t mu_eval_text_column(const mu_expr *expr)
{
    uint32_t column = MU_NO_COLUMN;

    return expr->kind != MU_EXPR_COLUMN && expr->kind != MU_EXPR_CONST &&
                   expr->type.kind != MU_CUSTOMER && has_one_column(expr, &column)
               ? column
               : MU_NO_COLUMN;
}

/* Tables. */

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "evaluating the entries of a dictionary");
}

muster_status mu_eval_tables_open(mu_eval_node *node, mu_eval_tables **out, muster_error *err)
{
    mu_eval_tables *tables = mu_mem_zalloc(sizeof *tables);
    uint32_t column = MU_NO_COLUMN;

    *out = NULL;
    if (!tables) {
        return fail_memory(err);
    }
    has_one_column(node->expr, &column);
    tables->column = column;
    tables->columns = mu_mem_zalloc_array((size_t)column + 1, sizeof *tables->columns);
    tables->codes = mu_mem_zalloc_array(MU_BATCH_ROWS, sizeof *tables->codes);
    if (!tables->columns || !tables->codes) {
        mu_eval_tables_close(tables);
        return fail_memory(err);
    }
    *out = tables;
    return MUSTER_OK;
}

static void table_deinit(table *t)
{
    mu_mem_free(t->truth);
    mu_mem_free(t->valid);
    mu_mem_free(t->values);
    mu_dict_builder_deinit(&t->texts);
}

static void clear_tables(mu_eval_tables *tables)
{
    for (size_t i = 0; i < tables->count; i++) {
        table_deinit(&tables->tables[i]);
    }
    tables->count = 0;
    tables->bytes = 0;
}

void mu_eval_tables_close(mu_eval_tables *tables)
{
    if (!tables) {
        return;
    }
    clear_tables(tables);
    mu_mem_free(tables->tables);
    mu_mem_free(tables->columns);
    mu_mem_free(tables->codes);
    mu_mem_free(tables);
}

/* The table of a dictionary, perhaps still to be filled; NULL when out of memory. */
static table *find_table(mu_eval_tables *tables, const mu_dict *dict)
{
    if (tables->latest < tables->count && tables->tables[tables->latest].dict_id == dict->id) {
        return &tables->tables[tables->latest];
    }
    for (size_t i = 0; i < tables->count; i++) {
        if (tables->tables[i].dict_id == dict->id) {
            tables->latest = i;
            return &tables->tables[i];
        }
    }
    if (tables->count >= MOST_TABLES || tables->bytes > MOST_BYTES) {
        clear_tables(tables);
    }
    if (!mu_mem_reserve(&tables->tables, &tables->capacity, tables->count + 1,
                        sizeof *tables->tables)) {
        return NULL;
    }
    tables->latest = tables->count++;
    tables->tables[tables->latest] = (table){.dict_id = dict->id, .count = dict->count};
    return &tables->tables[tables->latest];
}

/* Filling. */

static bool open_table(mu_eval_tables *tables, const mu_expr *expr, table *t)
{
    const size_t entries = (size_t)t->count + 1;

    t->valid = mu_mem_zalloc(entries);
    if (expr->type.kind == MU_BOOLEAN) {
        t->truth = mu_mem_zalloc(entries);
    } else {
        t->values = mu_mem_zalloc_array(entries, sizeof *t->values);
    }
    tables->bytes += entries * (expr->type.kind == MU_BOOLEAN ? 2 : 9);
    return t->valid && (t->truth || t->values);
}

static bool keep_entry(table *t, uint32_t entry, const mu_vector *result, uint32_t row)
{
    const mu_form form = mu_type_form(result->type);

    t->valid[entry] = mu_vector_valid(result, row);
    if (!t->valid[entry]) {
        return true;
    }
    const mu_value value = mu_vector_value(result, row);
    if (form == MU_FORM_CODE) {
        uint32_t code;
        if (!mu_dict_builder_add(&t->texts, value.text, &code)) {
            return false;
        }
        t->values[entry] = code;
    } else if (form == MU_FORM_BITS) {
        t->truth[entry] = value.i64 != 0;
    } else {
        memcpy(&t->values[entry], form == MU_FORM_F64 ? (const void *)&value.f64 : &value.i64,
               sizeof(int64_t));
    }
    return true;
}

/* Runs the expression over entries `first` ... as rows; past the last stands the NULL. */
static muster_status fill_batch(mu_eval *eval, mu_eval_node *node, table *t, const mu_dict *dict,
                                uint32_t first, muster_error *err)
{
    mu_eval_tables *tables = node->tables;
    const bool is_null = first == dict->count;
    const uint32_t left = dict->count - first;
    const uint32_t rows = is_null ? 1 : left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
    uint64_t live[MU_BATCH_WORDS], none[MU_BATCH_WORDS] = {0};
    mu_vector result;

    for (uint32_t i = 0; i < rows; i++) {
        tables->codes[i] = is_null ? 0 : first + i;
    }
    mu_bits_fill(live, rows, MU_BATCH_WORDS);
    tables->columns[tables->column] = (mu_vector){.type = {.kind = MU_TEXT},
                                                  .data = tables->codes,
                                                  .valid = is_null ? none : NULL,
                                                  .dict = dict};
    const mu_batch batch = {
        .rows = rows, .column_count = tables->column + 1, .live = live, .columns = tables->columns};
    MU_TRY(mu_eval_node_run_rows(eval, node, &batch, live, &result, err));
    for (uint32_t i = 0; i < rows; i++) {
        if (!keep_entry(t, first + i, &result, i)) {
            return fail_memory(err);
        }
    }
    return MUSTER_OK;
}

/* `column = 'x'` and `column IN ('x', 'y')`: the entries that are equal can be looked up. */
static bool is_lookup(const mu_expr *expr)
{
    if (expr->kind != MU_EXPR_CALL || expr->args[0]->kind != MU_EXPR_COLUMN ||
        (strcmp(expr->func->name, "=") != 0 && strcmp(expr->func->name, "in") != 0)) {
        return false;
    }
    for (uint32_t i = 1; i < expr->arg_count; i++) {
        if (expr->args[i]->kind != MU_EXPR_CONST || expr->args[i]->value.null) {
            return false;
        }
    }
    return true;
}

static void fill_lookup(const mu_expr *expr, table *t, const mu_dict *dict)
{
    memset(t->valid, 1, t->count);
    for (uint32_t i = 1; i < expr->arg_count; i++) {
        const uint32_t code = mu_dict_find(dict, expr->args[i]->value.text);
        if (code != MU_NO_CODE) {
            t->truth[code] = 1;
        }
    }
}

/* The one entry that is true; MU_NO_CODE if none is, or several. */
static uint32_t only_true(const table *t)
{
    const uint8_t *first = t->truth ? memchr(t->truth, 1, t->count) : NULL;

    if (!first) {
        return MU_NO_CODE;
    }
    const uint32_t code = (uint32_t)(first - t->truth);
    return memchr(first + 1, 1, t->count - code - 1) ? MU_NO_CODE : code;
}

static muster_status fill_table(mu_eval *eval, mu_eval_node *node, table *t, const mu_dict *dict,
                                muster_error *err)
{
    if (!open_table(node->tables, node->expr, t)) {
        return fail_memory(err);
    }
    if (is_lookup(node->expr)) {
        fill_lookup(node->expr, t, dict);
    } else {
        for (uint32_t first = 0; first <= t->count;) {
            if (mu_stopped()) {
                return fail_memory(err);
            }
            MU_TRY(fill_batch(eval, node, t, dict, first, err));
            const uint32_t left = t->count - first;
            first += left == 0 ? 1 : left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
        }
    }
    t->all_valid = !memchr(t->valid, 0, t->count);
    t->only = only_true(t);
    t->state = READY;
    return MUSTER_OK;
}

static uint64_t count_rows(const uint64_t *live, uint32_t rows)
{
    return mu_k()->count_bits(live, mu_bits_words(rows));
}

/* The table for the column of a batch if it is ready; else NULL. */
static muster_status ready_table(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                                 const uint64_t *live, table **out, muster_error *err)
{
    const mu_dict *dict = batch->columns[node->tables->column].dict;
    muster_error why = {0};

    *out = NULL;
    if (!dict || !dict->sorted || dict->count == 0) {
        return MUSTER_OK;
    }
    table *t = find_table(node->tables, dict);
    if (!t) {
        return fail_memory(err);
    }
    if (t->state == WAITING) {
        t->rows_seen += count_rows(live, batch->rows);
        if (t->count > SMALL_DICT && t->rows_seen < t->count && !is_lookup(node->expr)) {
            return MUSTER_OK;
        }
        const muster_status status = fill_table(eval, node, t, dict, &why);
        if (status == MUSTER_INVALID) {
            t->state = USELESS;
        } else if (status != MUSTER_OK) {
            if (err) {
                *err = why;
            }
            return status;
        }
    }
    *out = t->state == READY ? t : NULL;
    return MUSTER_OK;
}

/* Running. */

static void look_up(mu_eval_node *node, const table *t, const mu_vector *column, uint32_t rows,
                    const uint64_t *live)
{
    const mu_rows wanted = {rows, live};
    const mu_form form = mu_type_form(node->expr->type);
    const uint32_t *codes = column->data;

    MU_FOR_EACH_LIVE(row, &wanted) {
        const uint32_t entry = mu_vector_valid(column, row) ? codes[row] : t->count;
        assert(entry <= t->count);
        if (!t->valid[entry]) {
            mu_bits_clear(node->valid, row);
        } else if (form == MU_FORM_BITS) {
            if (t->truth[entry]) {
                mu_bits_set(node->data, row);
            }
        } else if (form == MU_FORM_CODE) {
            ((uint32_t *)node->data)[row] = (uint32_t)t->values[entry];
        } else {
            memcpy((int64_t *)node->data + row, &t->values[entry], sizeof(int64_t));
        }
    }
}

muster_status mu_eval_tables_run(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                                 const uint64_t *live, bool *done, mu_vector *out,
                                 muster_error *err)
{
    table *t;

    *done = false;
    MU_TRY(ready_table(eval, node, batch, live, &t, err));
    if (!t) {
        return MUSTER_OK;
    }
    mu_eval_clear(node, live);
    look_up(node, t, &batch->columns[node->tables->column], batch->rows, live);
    *out = mu_eval_node_result(node);
    if (out->dict) {
        out->dict = &t->texts.dict; /* stays as it is, so that others may know it by its id */
    }
    *done = true;
    return MUSTER_OK;
}

muster_status mu_eval_tables_filter(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                                    uint64_t *live, bool *done, muster_error *err)
{
    const mu_vector *column = &batch->columns[node->tables->column];
    const size_t words = mu_bits_words(batch->rows);
    table *t;

    *done = false;
    MU_TRY(ready_table(eval, node, batch, live, &t, err));
    if (!t) {
        return MUSTER_OK;
    }
    uint64_t nulls[MU_BATCH_WORDS] = {0};
    if (column->valid && t->truth[t->count]) { /* rows that are NULL pass */
        memcpy(nulls, live, words * sizeof *live);
        mu_k()->and_not_bits(nulls, column->valid, words);
    }
    if (column->valid) {
        mu_k()->and_bits(live, column->valid, words);
    }
    if (t->only != MU_NO_CODE) {
        mu_k()->filter_eq_u32(column->data, t->only, live, words);
    } else {
        mu_k()->filter_code_table(column->data, t->truth, live, words);
    }
    mu_k()->or_bits(live, nulls, words);
    *done = true;
    return MUSTER_OK;
}
