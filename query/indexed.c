/*
 * indexed.c - evaluates conditions over the dictionaries of segments instead of over their rows.
 *
 * Of each condition, the conjuncts that read one indexed column and nothing else are taken; a value
 * is wanted where all those of some condition are true of it. A row that meets the condition has a
 * wanted value, so the rest can be skipped. An entry that cannot be evaluated (a text that is no
 * number, in a cast) may be one that no row comes to: then nothing is known of that segment.
 *
 * A dictionary may have as many texts as there are rows, so it is gone through once in an
 * execution: the first thread that asks does so, the others wait for it.
 */
#include "query/indexed.h"

#include "query/eval_node.h"
#include "query/exec.h"
#include "storage/base/bits.h"
#include "storage/base/mem.h"

#include <pthread.h>

/* What was asked, and the answer. */
typedef struct found found;
struct found {
    found *next;
    mu_indexed_options options;
    const mu_scan_values *values;
    uint32_t count;
};

struct mu_indexed {
    pthread_mutex_t lock;
    mu_arena arena; /* by lock: of all that follows */
    found *first;   /* by lock */
};

/* One indexed column of the conditions, at work. */
typedef struct work {
    mu_exec *exec;
    const mu_indexed_options *options;
    mu_arena *arena;
    uint32_t column;      /* of the table */
    uint32_t at;          /* the same in the conditions */
    const mu_expr **list; /* the conjuncts over it, condition after condition */
    uint32_t count;
    uint32_t *ends; /* by condition: where its conjuncts end */
    mu_eval *eval;  /* of the list; owned */
    uint32_t *codes;
    mu_vector *columns; /* at + 1 of them */
} work;

static uint32_t table_column(const uint32_t *columns, uint32_t column)
{
    return columns ? columns[column] : column;
}

bool mu_indexed_only(const mu_table *table, const uint32_t *columns, const mu_expr *condition)
{
    const uint32_t column = mu_eval_text_column(condition);

    /* A conjunct without a column is not listed below, and would be forgotten. */
    for (uint32_t i = 0; condition->kind == MU_EXPR_AND && i < condition->arg_count; i++) {
        if (mu_eval_text_column(condition->args[i]) == MU_NO_COLUMN) {
            return false;
        }
    }
    return column != MU_NO_COLUMN &&
           mu_role_is_indexed(table->columns[table_column(columns, column)].role);
}

static uint32_t count_conjuncts(const mu_expr *condition)
{
    return condition->kind == MU_EXPR_AND ? condition->arg_count : 1;
}

static const mu_expr *const *conjuncts_of(const mu_expr *const *condition)
{
    return (*condition)->kind == MU_EXPR_AND ? (*condition)->args : condition;
}

/* Whether the conjunct reads that column of the table and nothing else. */
static bool is_over(const mu_indexed_options *options, const mu_expr *conjunct, uint32_t column)
{
    const uint32_t at = mu_eval_text_column(conjunct);

    return at != MU_NO_COLUMN && table_column(options->columns, at) == column;
}

bool mu_indexed_column(const mu_indexed_options *options, uint32_t column)
{
    bool all =
        options->condition_count > 0 && mu_role_is_indexed(options->table->columns[column].role);

    for (uint32_t c = 0; all && c < options->condition_count; c++) {
        const mu_expr *const *conjuncts = conjuncts_of(&options->conditions[c]);
        bool any = false;
        for (uint32_t i = 0; !any && i < count_conjuncts(options->conditions[c]); i++) {
            any = is_over(options, conjuncts[i], column);
        }
        all = any;
    }
    return all;
}

/* Lists the conjuncts over the column, of which every condition has some. */
static void list_conjuncts(work *w)
{
    w->count = 0;
    for (uint32_t c = 0; c < w->options->condition_count; c++) {
        const mu_expr *const *all = conjuncts_of(&w->options->conditions[c]);
        for (uint32_t i = 0; i < count_conjuncts(w->options->conditions[c]); i++) {
            if (is_over(w->options, all[i], w->column)) {
                w->list[w->count++] = all[i];
                w->at = mu_eval_text_column(all[i]);
            }
        }
        w->ends[c] = w->count;
    }
}

/* Sets wanted[first ...] for a batch of entries of the dictionary, or for NULL. */
static muster_status evaluate(work *w, const mu_dict *dict, uint32_t first, uint32_t rows,
                              uint8_t *wanted, muster_error *err)
{
    uint64_t all[MU_BATCH_WORDS], live[MU_BATCH_WORDS], none[MU_BATCH_WORDS] = {0};
    const bool is_null = first == dict->count;
    const mu_batch batch = {
        .rows = rows, .column_count = w->at + 1, .live = all, .columns = w->columns};
    uint32_t i = 0;

    for (uint32_t row = 0; row < MU_BATCH_ROWS; row++) {
        w->codes[row] = is_null || row >= rows ? 0 : first + row;
    }
    mu_bits_fill(all, rows, MU_BATCH_WORDS);
    w->columns[w->at] = (mu_vector){
        .type = {.kind = MU_TEXT}, .data = w->codes, .valid = is_null ? none : NULL, .dict = dict};
    for (uint32_t c = 0; c < w->options->condition_count; c++) {
        memcpy(live, all, sizeof live);
        for (; i < w->ends[c]; i++) {
            MU_TRY(mu_eval_filter(w->eval, i, &batch, live, err));
        }
        for (uint32_t row = 0; row < rows; row++) {
            wanted[first + row] |= mu_bits_test(live, row);
        }
    }
    return MUSTER_OK;
}

/* The wanted values of one segment; *out is NULL where they are not known. */
static muster_status find_wanted(work *w, uint32_t i, const uint8_t **out, muster_error *err)
{
    mu_snapshot *snapshot = mu_exec_snapshot(w->exec);
    const mu_table *table = w->options->table;
    muster_error why = {0};
    mu_segment *segment;
    const mu_dict *dict;
    uint8_t *wanted;

    *out = NULL;
    MU_TRY(mu_snapshot_segment(snapshot, table->id, i, &segment, err));
    const uint32_t column = mu_segment_column(segment, table->columns[w->column].id);
    if (column == MU_NO_COLUMN || mu_segment_posting_bytes(segment, column) == 0) {
        return MUSTER_OK;
    }
    MU_TRY(mu_segment_dict(segment, column, &dict, err));
    if (dict->count == 0) {
        return MUSTER_OK; /* a NULL has no dictionary to be in */
    }
    MU_ARENA_TRY(wanted, w->arena, (size_t)dict->count + 1, err);
    for (uint32_t first = 0; first <= dict->count;) {
        MU_TRY(mu_exec_check(w->exec, err));
        const uint32_t left = dict->count - first;
        const uint32_t rows = left == 0 ? 1 : left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
        const muster_status status = evaluate(w, dict, first, rows, wanted, &why);
        if (status == MUSTER_INVALID) {
            return MUSTER_OK;
        }
        if (status != MUSTER_OK) {
            if (err) {
                *err = why;
            }
            return status;
        }
        first += rows;
    }
    *out = wanted;
    return MUSTER_OK;
}

static bool is_of_interest(const mu_indexed_options *options, const mu_segment_info *info)
{
    const int64_t min = info->min_time_us, max = info->max_time_us;
    const bool meets =
        !options->bounded || mu_times_meet(min, max, options->since_us, options->until_us);
    const bool within =
        !options->bounded || mu_times_within(min, max, options->since_us, options->until_us);

    return meets && !(options->counted && within && info->masked_rows == 0);
}

static muster_status find_values(work *w, mu_scan_values *out, muster_error *err)
{
    mu_snapshot *snapshot = mu_exec_snapshot(w->exec);
    const uint32_t table_id = w->options->table->id;
    const uint32_t segments = mu_snapshot_segment_count(snapshot, table_id);
    const uint8_t **wanted;

    MU_ARENA_TRY(wanted, w->arena, segments, err);
    MU_ARENA_TRY(w->columns, w->arena, (size_t)w->at + 1, err);
    MU_TRY(mu_eval_open(w->exec, w->list, w->count, &w->eval, err));
    muster_status status = MUSTER_OK;
    for (uint32_t i = 0; i < segments && status == MUSTER_OK; i++) {
        if (is_of_interest(w->options, mu_snapshot_segment_info(snapshot, table_id, i))) {
            status = find_wanted(w, i, &wanted[i], err);
        }
    }
    mu_eval_close(w->eval);
    *out = (mu_scan_values){.column = w->column, .wanted = wanted};
    return status;
}

static muster_status find_all(mu_exec *exec, mu_arena *arena, found *out, muster_error *err)
{
    const mu_table *table = out->options.table;
    work w = {.exec = exec, .options = &out->options, .arena = arena};
    uint32_t most = 0, indexed = 0;
    mu_scan_values *values;

    for (uint32_t c = 0; c < out->options.condition_count; c++) {
        most += count_conjuncts(out->options.conditions[c]);
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        indexed += mu_role_is_indexed(table->columns[i].role);
    }
    if (most == 0 || indexed == 0) {
        return MUSTER_OK;
    }
    MU_ARENA_TRY(values, arena, indexed, err);
    MU_ARENA_TRY(w.ends, arena, out->options.condition_count, err);
    MU_ARENA_TRY(w.codes, arena, MU_BATCH_ROWS, err);
    MU_ARENA_TRY(w.list, arena, most, err);
    for (uint32_t i = 0; i < table->column_count; i++) {
        w.column = i;
        if (mu_indexed_column(&out->options, i)) {
            list_conjuncts(&w);
            MU_TRY(find_values(&w, &values[out->count++], err));
        }
    }
    out->values = values;
    return MUSTER_OK;
}

/* What is found once in an execution. */

mu_indexed *mu_indexed_open(void)
{
    mu_indexed *indexed = mu_mem_zalloc(sizeof *indexed);

    if (indexed) {
        pthread_mutex_init(&indexed->lock, NULL);
    }
    return indexed;
}

void mu_indexed_close(mu_indexed *indexed)
{
    if (indexed) {
        pthread_mutex_destroy(&indexed->lock);
        mu_arena_deinit(&indexed->arena);
        mu_mem_free(indexed);
    }
}

static bool is_asked(const mu_indexed_options *a, const mu_indexed_options *b)
{
    bool same = a->table == b->table && a->columns == b->columns &&
                a->condition_count == b->condition_count && a->bounded == b->bounded &&
                a->counted == b->counted &&
                (!a->bounded || (a->since_us == b->since_us && a->until_us == b->until_us));

    for (uint32_t c = 0; same && c < a->condition_count; c++) {
        same = a->conditions[c] == b->conditions[c];
    }
    return same;
}

/* Finds what was not asked before; the lock is held. */
static muster_status find_once(mu_exec *exec, mu_indexed *indexed,
                               const mu_indexed_options *options, const found **out,
                               muster_error *err)
{
    const mu_expr **conditions;
    found *f = indexed->first;

    while (f && !is_asked(&f->options, options)) {
        f = f->next;
    }
    if (!f) {
        MU_ARENA_TRY(f, &indexed->arena, 1, err);
        MU_ARENA_TRY(conditions, &indexed->arena, options->condition_count, err);
        for (uint32_t c = 0; c < options->condition_count; c++) {
            conditions[c] = options->conditions[c];
        }
        f->options = *options;
        f->options.conditions = conditions; /* the asker's list may not stay */
        MU_TRY(find_all(exec, &indexed->arena, f, err));
        f->next = indexed->first;
        indexed->first = f;
    }
    *out = f;
    return MUSTER_OK;
}

muster_status mu_indexed_values(mu_exec *exec, const mu_indexed_options *options,
                                const mu_scan_values **out, uint32_t *count, muster_error *err)
{
    mu_indexed *indexed = mu_exec_indexed(exec);
    const found *f = NULL;

    *out = NULL;
    *count = 0;
    pthread_mutex_lock(&indexed->lock);
    const muster_status status = find_once(exec, indexed, options, &f, err);
    pthread_mutex_unlock(&indexed->lock);
    if (status == MUSTER_OK) {
        *out = f->values;
        *count = f->count;
    }
    return status;
}
