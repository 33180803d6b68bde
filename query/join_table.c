/*
 * join_table.c - rows by key: words, chains, and the ways to a chain.
 *
 * Chains are built from the last row to the first, so that they run in the order the rows came.
 * Texts get the codes of a dictionary of the table's own. A probe looks the texts of each of its
 * dictionaries up there once, as far as rows have them.
 */
#include "query/join_table.h"

#include "query/eval.h"
#include "query/func.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"

#include <string.h>

enum {
    NO_CHAIN = 0,      /* tables hold row + 1 */
    NEAR_LEAST = 1024, /* an array this small is always worth it */
    MAP_MOST = 65536,  /* larger dictionaries are not mapped as a whole: see rowset.c */
};

#define NOT_MAPPED (MU_NO_CODE - 1)

struct mu_join_table {
    mu_exec *exec;
    const mu_plan *plan;
    uint32_t key_count;
    mu_rowset *rows;
    mu_eval *eval;         /* of the keys */
    mu_dict_union **texts; /* by key; NULL where it is not text */
    uint32_t *codes;       /* scratch */
    uint64_t *words;       /* row after row, key_count each */
    uint64_t *keyed;       /* bits of the rows that have no NULL in a key */
    uint32_t *next;        /* by row */
    uint64_t *marked;      /* by row, as bits; only in full joins */
    size_t word_capacity, keyed_capacity, next_capacity, marked_capacity;
    uint32_t row_count;
    bool unique, direct;
    uint64_t least;  /* direct: the word of heads[0] */
    uint32_t *heads; /* direct: by word; else by hash, open addressing */
    size_t head_count, head_capacity;
};

struct mu_join_probe {
    uint32_t key_count;
    mu_eval *eval;
    struct code_map {
        uint64_t dict; /* whose codes it maps, by id; 0: none */
        uint32_t *codes;
        size_t count, capacity;
    } * maps;        /* by key */
    uint64_t *words; /* key after key, MU_BATCH_ROWS each */
    uint64_t *tuple;
};

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "joining");
}

muster_status mu_join_table_open(mu_exec *exec, const mu_plan *plan, mu_join_table **out,
                                 muster_error *err)
{
    mu_join_table *t = mu_mem_zalloc(sizeof *t);
    muster_status status;

    *out = NULL;
    if (!t) {
        return fail_memory(err);
    }
    t->exec = exec;
    t->plan = plan;
    t->key_count = plan->join.key_count;
    t->texts = mu_mem_zalloc_array(t->key_count, sizeof(mu_dict_union *));
    t->codes = mu_mem_alloc_array(MU_BATCH_ROWS, sizeof *t->codes);
    if (!t->texts || !t->codes) {
        status = fail_memory(err);
        goto fail;
    }
    MU_TRY_GOTO(mu_rowset_open(plan->other->columns, plan->other->column_count, &t->rows, err));
    MU_TRY_GOTO(mu_eval_open(exec, plan->join.other_keys, t->key_count, &t->eval, err));
    for (uint32_t k = 0; k < t->key_count; k++) {
        if (mu_type_form(plan->join.other_keys[k]->type) != MU_FORM_CODE) {
            continue;
        }
        t->texts[k] = mu_dict_union_open();
        if (!t->texts[k]) {
            status = fail_memory(err);
            goto fail;
        }
    }
    *out = t;
    return MUSTER_OK;

fail:
    mu_join_table_close(t);
    return status;
}

void mu_join_table_close(mu_join_table *t)
{
    if (!t) {
        return;
    }
    for (uint32_t k = 0; t->texts && k < t->key_count; k++) {
        mu_dict_union_close(t->texts[k]);
    }
    mu_rowset_close(t->rows);
    mu_eval_close(t->eval);
    mu_mem_free(t->texts);
    mu_mem_free(t->codes);
    mu_mem_free(t->words);
    mu_mem_free(t->keyed);
    mu_mem_free(t->next);
    mu_mem_free(t->marked);
    mu_mem_free(t->heads);
    mu_mem_free(t);
}

mu_rowset *mu_join_table_rows(const mu_join_table *table)
{
    return table->rows;
}

void mu_join_table_reset(mu_join_table *table)
{
    mu_rowset_reset(table->rows);
    if (table->marked) {
        memset(table->marked, 0, mu_bits_words(table->row_count) * sizeof *table->marked);
    }
    table->row_count = 0;
}

bool mu_join_table_unique(const mu_join_table *table)
{
    return table->unique;
}

uint32_t mu_join_table_next(const mu_join_table *table, uint32_t row)
{
    return table->next[row];
}

void mu_join_table_mark(const mu_join_table *table, uint32_t row)
{
    __atomic_fetch_or(&table->marked[row / 64], UINT64_C(1) << row % 64, __ATOMIC_RELAXED);
}

bool mu_join_table_marked(const mu_join_table *table, uint32_t row)
{
    return mu_bits_test(table->marked, row);
}

/* Words. */

/* words[row * step] = the word of each row in `live`; clears the bits of rows that have none. */
static void fill_words(const mu_vector *values, const uint32_t *codes, uint64_t *live,
                       uint32_t rows, uint64_t *words, size_t step)
{
    const mu_form form = mu_type_form(values->type);
    const mu_rows all = {rows, live};

    MU_FOR_EACH_LIVE(row, &all) {
        uint64_t *word = &words[row * step];
        bool is_valid = mu_vector_valid(values, row);
        switch (form) {
        case MU_FORM_BITS:
            *word = mu_bits_test(values->data, row);
            break;
        case MU_FORM_I64:
            *word = ((const uint64_t *)values->data)[row];
            break;
        case MU_FORM_F64: {
            const double number = ((const double *)values->data)[row];
            *word = mu_double_word(number);
            is_valid &= number == number; /* NaN equals nothing */
            break;
        }
        case MU_FORM_CODE:
            *word = codes[row];
            is_valid &= codes[row] != MU_NO_CODE;
            break;
        case MU_FORM_ORDINAL:
            *word = ((const uint32_t *)values->data)[row];
            is_valid &= *word != MU_NO_CUSTOMER;
            break;
        }
        if (!is_valid) {
            mu_bits_clear(live, row);
        }
    }
}

static uint64_t hash_words(const uint64_t *words, uint32_t count)
{
    uint64_t hash = 0;

    for (uint32_t k = 0; k < count; k++) {
        hash = mu_hash_combine(hash, words[k]);
    }
    return hash;
}

/* Building. */

static bool reserve_rows(mu_join_table *t, uint64_t rows)
{
    const size_t words = mu_bits_words(rows);

    if (!mu_mem_reserve(&t->words, &t->word_capacity, (size_t)rows * t->key_count,
                        sizeof *t->words) ||
        !mu_mem_reserve(&t->keyed, &t->keyed_capacity, words + MU_BATCH_WORDS, sizeof *t->keyed) ||
        !mu_mem_reserve(&t->next, &t->next_capacity, (size_t)rows, sizeof *t->next)) {
        return false;
    }
    if (t->plan->join.kind != MU_JOIN_FULL || rows == 0) {
        return true;
    }
    return mu_mem_reserve_zeros(&t->marked, &t->marked_capacity, words, sizeof *t->marked);
}

/* The words of one batch of rows. */
static muster_status read_keys(mu_join_table *t, uint32_t b, muster_error *err)
{
    const size_t first = (size_t)b * MU_BATCH_ROWS;
    uint64_t live[MU_BATCH_WORDS];
    uint64_t *keyed = &t->keyed[first / 64];
    mu_batch batch;
    mu_vector values;

    MU_TRY(mu_exec_check(t->exec, err));
    mu_rowset_batch(t->rows, b, live, &batch);
    memcpy(keyed, live, sizeof live);
    for (uint32_t k = 0; k < t->key_count; k++) {
        MU_TRY(mu_eval_run(t->eval, k, &batch, &values, err));
        if (t->texts[k] && !mu_dict_union_map(t->texts[k], values.dict, values.data, values.valid,
                                              keyed, batch.rows, t->codes)) {
            return fail_memory(err);
        }
        fill_words(&values, t->codes, keyed, batch.rows, &t->words[first * t->key_count + k],
                   t->key_count);
    }
    return MUSTER_OK;
}

/* Whether the one key's words fit an array, from t->least on; *count is how long it is. */
static bool find_near(mu_join_table *t, uint32_t stripe, size_t *count)
{
    int64_t least = INT64_MAX, greatest = INT64_MIN;

    if (t->plan->join.by_customer) {
        t->least = (uint64_t)stripe * MU_STRIPE_ROWS;
        *count = MU_STRIPE_ROWS;
        return true;
    }
    if (t->key_count != 1) {
        return false;
    }
    for (uint32_t row = 0; row < t->row_count && !mu_stopped_at(row); row++) {
        const int64_t word = (int64_t)t->words[row];
        if (mu_bits_test(t->keyed, row)) {
            least = word < least ? word : least;
            greatest = word > greatest ? word : greatest;
        }
    }
    const uint64_t more = least > greatest ? 0 : (uint64_t)greatest - (uint64_t)least;
    t->least = (uint64_t)least;
    *count = (size_t)more + 1;
    return more < NEAR_LEAST || more < 4 * (uint64_t)t->row_count;
}

/* Where the chain of these words begins, or would. */
static uint32_t *find_head(const mu_join_table *t, const uint64_t *words)
{
    const size_t size = t->key_count * sizeof *words;
    size_t at;

    if (t->direct) {
        return &t->heads[words[0] - t->least];
    }
    at = hash_words(words, t->key_count) & (t->head_count - 1);
    while (t->heads[at] != NO_CHAIN &&
           memcmp(&t->words[(size_t)(t->heads[at] - 1) * t->key_count], words, size) != 0) {
        at = (at + 1) & (t->head_count - 1);
    }
    return &t->heads[at];
}

static muster_status chain_rows(mu_join_table *t, uint32_t stripe, muster_error *err)
{
    size_t count = 0;

    t->direct = find_near(t, stripe, &count);
    MU_TRY(mu_exec_check(t->exec, err)); /* it may not have looked at all rows */
    if (!t->direct) {
        for (count = 1024; count < 2 * (size_t)t->row_count; count *= 2) {
        }
    }
    if (t->head_count > 0) {
        memset(t->heads, 0, t->head_count * sizeof *t->heads);
    }
    if (!mu_mem_reserve_zeros(&t->heads, &t->head_capacity, count, sizeof *t->heads)) {
        return fail_memory(err);
    }
    t->head_count = count;
    for (uint32_t row = t->row_count; row > 0; row--) {
        if (row % MU_BATCH_ROWS == 0) {
            MU_TRY(mu_exec_check(t->exec, err));
        }
        if (mu_bits_test(t->keyed, row - 1)) {
            uint32_t *head = find_head(t, &t->words[(size_t)(row - 1) * t->key_count]);
            t->next[row - 1] = *head;
            t->unique &= *head == NO_CHAIN;
            *head = row;
        }
    }
    return MUSTER_OK;
}

muster_status mu_join_table_build(mu_join_table *t, uint32_t stripe, muster_error *err)
{
    const uint64_t rows = mu_rowset_rows(t->rows);

    if (rows >= MU_NO_CODE) {
        return mu_fail(err, MUSTER_INVALID, "a join keeps at most %u rows of one side",
                       MU_NO_CODE - 1);
    }
    if (!reserve_rows(t, rows)) {
        return fail_memory(err);
    }
    MU_TRY(mu_rowset_finish(t->rows, err));
    t->row_count = (uint32_t)rows;
    t->unique = true;
    if (t->key_count == 0) { /* one chain of all rows */
        for (uint32_t row = 0; row < t->row_count && !mu_stopped_at(row); row++) {
            t->next[row] = row + 1 < t->row_count ? row + 2 : NO_CHAIN;
        }
        t->unique = rows <= 1;
        return mu_exec_check(t->exec, err);
    }
    for (uint32_t b = 0; b < mu_rowset_batches(t->rows); b++) {
        MU_TRY(read_keys(t, b, err));
    }
    return chain_rows(t, stripe, err);
}

/* Probing. */

muster_status mu_join_probe_open(mu_exec *exec, const mu_expr *const *keys, uint32_t key_count,
                                 mu_join_probe **out, muster_error *err)
{
    mu_join_probe *p = mu_mem_zalloc(sizeof *p);
    muster_status status;

    *out = NULL;
    if (!p) {
        return fail_memory(err);
    }
    p->key_count = key_count;
    p->maps = mu_mem_zalloc_array(key_count, sizeof *p->maps);
    p->words = mu_mem_alloc_array((size_t)key_count * MU_BATCH_ROWS, sizeof *p->words);
    p->tuple = mu_mem_alloc_array(key_count, sizeof *p->tuple);
    if (!p->maps || !p->words || !p->tuple) {
        status = fail_memory(err);
        goto fail;
    }
    MU_TRY_GOTO(mu_eval_open(exec, keys, key_count, &p->eval, err));
    *out = p;
    return MUSTER_OK;

fail:
    mu_join_probe_close(p);
    return status;
}

void mu_join_probe_close(mu_join_probe *p)
{
    if (!p) {
        return;
    }
    for (uint32_t k = 0; p->maps && k < p->key_count; k++) {
        mu_mem_free(p->maps[k].codes);
    }
    mu_eval_close(p->eval);
    mu_mem_free(p->maps);
    mu_mem_free(p->words);
    mu_mem_free(p->tuple);
    mu_mem_free(p);
}

/* Makes the map one of this dictionary, which may have grown. */
static bool reserve_map(struct code_map *map, const mu_dict *dict)
{
    if (map->dict != dict->id) {
        map->dict = dict->id;
        map->count = 0;
    }
    if (!mu_mem_reserve(&map->codes, &map->capacity, dict->count, sizeof *map->codes)) {
        return false;
    }
    for (; map->count < dict->count; map->count++) {
        map->codes[map->count] = MU_NO_CODE;
    }
    return true;
}

/* codes[r] = the code in `texts` of row r's text, MU_NO_CODE if it is not there. */
static muster_status map_codes(struct code_map *map, const mu_dict_builder *texts,
                               const mu_vector *values, const mu_batch *batch, const uint64_t *live,
                               uint32_t *codes, muster_error *err)
{
    const mu_dict *dict = values->dict;
    const uint32_t *from = values->data;
    const mu_rows rows = {batch->rows, live};
    const bool mapped = dict->count <= MAP_MOST;

    if (mapped && !reserve_map(map, dict)) {
        return fail_memory(err);
    }
    MU_FOR_EACH_LIVE(row, &rows) {
        codes[row] = MU_NO_CODE;
        if (!mu_vector_valid(values, row)) {
            continue;
        }
        if (!mapped) {
            codes[row] = mu_dict_builder_find(texts, mu_dict_text(dict, from[row]));
            continue;
        }
        uint32_t *code = &map->codes[from[row]];
        if (*code == MU_NO_CODE) { /* not looked up yet */
            *code = mu_dict_builder_find(texts, mu_dict_text(dict, from[row]));
            *code = *code == MU_NO_CODE ? NOT_MAPPED : *code;
        }
        codes[row] = *code == NOT_MAPPED ? MU_NO_CODE : *code;
    }
    return MUSTER_OK;
}

/* The words of the batch's keys; clears the bits of rows that have none. */
static muster_status probe_words(mu_join_probe *p, const mu_join_table *t, const mu_batch *batch,
                                 uint64_t *live, muster_error *err)
{
    uint32_t codes[MU_BATCH_ROWS];
    mu_vector values;

    for (uint32_t k = 0; k < p->key_count; k++) {
        MU_TRY(mu_eval_run(p->eval, k, batch, &values, err));
        if (t->texts[k]) {
            MU_TRY(map_codes(&p->maps[k], mu_dict_union_builder(t->texts[k]), &values, batch, live,
                             codes, err));
        }
        fill_words(&values, codes, live, batch->rows, &p->words[(size_t)k * MU_BATCH_ROWS], 1);
    }
    return MUSTER_OK;
}

static void find_direct(const mu_join_probe *p, const mu_join_table *t, const mu_rows *rows,
                        uint32_t *first)
{
    MU_FOR_EACH_LIVE(row, rows) {
        const uint64_t place = p->words[row] - t->least;
        first[row] = place < t->head_count ? t->heads[place] : NO_CHAIN;
    }
}

static void find_hashed(mu_join_probe *p, const mu_join_table *t, const mu_rows *rows,
                        uint32_t *first)
{
    MU_FOR_EACH_LIVE(row, rows) {
        for (uint32_t k = 0; k < p->key_count; k++) {
            p->tuple[k] = p->words[(size_t)k * MU_BATCH_ROWS + row];
        }
        first[row] = *find_head(t, p->tuple);
    }
}

muster_status mu_join_probe_run(mu_join_probe *p, const mu_join_table *t, const mu_batch *batch,
                                uint32_t *first, muster_error *err)
{
    uint64_t live[MU_BATCH_WORDS];
    const mu_rows rows = {batch->rows, live};

    memset(first, 0, batch->rows * sizeof *first);
    if (t->row_count == 0) {
        return MUSTER_OK;
    }
    memcpy(live, batch->live, sizeof live);
    MU_TRY(probe_words(p, t, batch, live, err));
    if (p->key_count == 0) {
        MU_FOR_EACH_LIVE(row, &rows) {
            first[row] = 1;
        }
    } else if (t->direct) {
        find_direct(p, t, &rows, first);
    } else {
        find_hashed(p, t, &rows, first);
    }
    return MUSTER_OK;
}
