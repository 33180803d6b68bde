/*
 * lookup.c - the rows of a subquery, found by key.
 *
 * A key is a word, as in group_keys.c: an integer itself, the bits of a double, an ordinal, or the
 * code that the rows' dictionary has for a text; a text that is not in it is no one's key. The
 * tuples of the words lie one after the other, and an open hash table has their numbers. There are
 * two such indexes where membership is asked: one of the keys, which says whether there is anything
 * to be a member of, and one of keys with members.
 *
 * A customer that is the only key has a place of its own instead, by its ordinal, unless few of
 * them have rows: rows and those who ask come in the order of customers, so this reads memory in
 * order.
 */
#include "query/lookup.h"

#include "query/func.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"

enum {
    CUSTOMERS_PER_ROW = 8 /* with fewer rows a table of hashes is smaller, and in the cache */
};

/* Distinct tuples, numbered in the order they came. */
typedef struct tuple_index {
    uint32_t width; /* words of a tuple; may be 0: then there is one */
    uint32_t count;
    uint64_t *tuples;
    uint32_t *slots; /* number + 1; 0: free */
    size_t slot_count;
    bool by_ordinal; /* the slot of a tuple is its word; no tuples are kept */
} tuple_index;

struct mu_lookup_table {
    const mu_lookup *lookup;
    const mu_rowset *rows; /* of the exec */
    const mu_rowset *otherwise;
    uint32_t first_key; /* column of the rows; before it stands the member */
    tuple_index keys;
    uint32_t *first;   /* by number of the keys: the first row that has them */
    uint64_t *several; /* likewise, bits: others have them too */
    uint64_t *nulls;   /* and one of them has a NULL for a member */
    tuple_index members;
};

/* Making. */

muster_status mu_lookup_make(const mu_scope *scope, const mu_lookup *given, const mu_lookup **out,
                             muster_error *err)
{
    mu_lookup *lookup;

    assert(given->plan->column_count >= given->key_count);
    MU_ARENA_TRY(lookup, scope->arena, 1, err);
    *lookup = *given;
    MU_ARENA_TRY(lookup->asked, scope->arena, 1, err);
    MU_TRY(mu_plan_optimize(scope, lookup->plan, &lookup->plan, err));
    *out = lookup;
    return lookup->otherwise ? mu_plan_optimize(scope, lookup->otherwise, &lookup->otherwise, err)
                             : MUSTER_OK;
}

/* Tuples. */

static bool index_open(tuple_index *index, uint32_t width, uint64_t most)
{
    index->width = width;
    index->slot_count = 16;
    while (index->slot_count < 2 * most) {
        index->slot_count *= 2;
    }
    index->tuples = mu_mem_alloc_array((size_t)most * width + 1, sizeof *index->tuples);
    index->slots = mu_mem_zalloc_array(index->slot_count, sizeof *index->slots);
    return index->tuples && index->slots;
}

/* Of customers alone, of whom there are so many. */
static bool index_open_by_ordinal(tuple_index *index, uint64_t customers)
{
    index->width = 1;
    index->by_ordinal = true;
    index->slot_count = (size_t)customers + 1;
    index->slots = mu_mem_zalloc_array(index->slot_count, sizeof *index->slots);
    return index->slots != NULL;
}

static uint64_t hash_tuple(const uint64_t *tuple, uint32_t width)
{
    uint64_t hash = 0;

    for (uint32_t i = 0; i < width; i++) {
        hash = mu_hash_combine(hash, tuple[i]);
    }
    return hash;
}

/* Where the tuple's slot is looked for first. */
static size_t first_slot(const tuple_index *index, const uint64_t *tuple)
{
    assert(!index->by_ordinal || tuple[0] < index->slot_count);
    return index->by_ordinal ? (size_t)tuple[0]
                             : (size_t)hash_tuple(tuple, index->width) & (index->slot_count - 1);
}

/* The slot that has the tuple's number, or is free for it. */
static uint32_t *find_slot(const tuple_index *index, const uint64_t *tuple, size_t at)
{
    const uint32_t width = index->width;

    if (index->by_ordinal) {
        return &index->slots[at];
    }
    while (index->slots[at] != 0 && memcmp(&index->tuples[(size_t)(index->slots[at] - 1) * width],
                                           tuple, width * sizeof *tuple) != 0) {
        at = (at + 1) & (index->slot_count - 1);
    }
    return &index->slots[at];
}

/* The number of the tuple, new or old. */
static uint32_t add_tuple(tuple_index *index, const uint64_t *tuple, bool *added)
{
    uint32_t *slot = find_slot(index, tuple, first_slot(index, tuple));

    *added = *slot == 0;
    if (*added && !index->by_ordinal) {
        memcpy(&index->tuples[(size_t)index->count * index->width], tuple,
               index->width * sizeof *tuple);
    }
    if (*added) {
        *slot = ++index->count;
    }
    return *slot - 1;
}

/* Puts the words of a column into tuples of `stride`, for the rows of `known`: it loses those that
 * equal nothing. `codes` are those of the rows' dictionary. */
static void put_words(const mu_vector *column, const uint32_t *codes, uint32_t rows,
                      uint32_t stride, uint64_t *known, uint64_t *words)
{
    const mu_rows wanted = {rows, known};

    if (column->valid) {
        mu_k()->and_bits(known, column->valid, mu_bits_words(rows));
    }
    switch (mu_type_form(column->type)) {
    case MU_FORM_BITS:
        MU_FOR_EACH_LIVE(row, &wanted) {
            words[(size_t)row * stride] = mu_bits_test(column->data, row);
        }
        break;
    case MU_FORM_I64:
        MU_FOR_EACH_LIVE(row, &wanted) {
            words[(size_t)row * stride] = ((const uint64_t *)column->data)[row];
        }
        break;
    case MU_FORM_F64:
        MU_FOR_EACH_LIVE(row, &wanted) {
            const double value = ((const double *)column->data)[row];
            const double one_zero = value == 0 ? 0 : value;
            memcpy(&words[(size_t)row * stride], &one_zero, sizeof one_zero);
            if (value != value) {
                mu_bits_clear(known, row);
            }
        }
        break;
    case MU_FORM_CODE:
        MU_FOR_EACH_LIVE(row, &wanted) {
            words[(size_t)row * stride] = codes[row];
            if (codes[row] == MU_NO_CODE) {
                mu_bits_clear(known, row);
            }
        }
        break;
    case MU_FORM_ORDINAL:
        MU_FOR_EACH_LIVE(row, &wanted) {
            words[(size_t)row * stride] = ((const uint32_t *)column->data)[row];
        }
        break;
    }
}

/* The table. */

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "running a subquery");
}

void mu_lookup_table_close(mu_lookup_table *table)
{
    if (!table) {
        return;
    }
    mu_mem_free(table->keys.tuples);
    mu_mem_free(table->keys.slots);
    mu_mem_free(table->members.tuples);
    mu_mem_free(table->members.slots);
    mu_mem_free(table->first);
    mu_mem_free(table->several);
    mu_mem_free(table->nulls);
    mu_mem_free(table);
}

/* Adds a batch of the rows, which begins at row `start`. */
static void add_batch(mu_lookup_table *table, const mu_batch *batch, uint32_t start,
                      uint64_t *words)
{
    const uint32_t key_count = table->lookup->key_count, stride = key_count + 1;
    const bool is_in = table->lookup->kind == MU_LOOKUP_IN;
    uint64_t known[MU_BATCH_WORDS], member[MU_BATCH_WORDS];
    bool added;

    memcpy(known, batch->live, sizeof known);
    for (uint32_t k = 0; k < key_count; k++) {
        const mu_vector *key = &batch->columns[table->first_key + k];
        put_words(key, key->data, batch->rows, stride, known, words + k);
    }
    memcpy(member, known, sizeof member);
    if (is_in) {
        const mu_vector *value = &batch->columns[0];
        put_words(value, value->data, batch->rows, stride, member, words + key_count);
    }
    const mu_rows wanted = {batch->rows, known};
    MU_FOR_EACH_LIVE(row, &wanted) {
        const uint64_t *tuple = &words[(size_t)row * stride];
        const uint32_t number = add_tuple(&table->keys, tuple, &added);
        if (added) {
            table->first[number] = start + row;
        } else {
            mu_bits_set(table->several, number);
        }
        if (is_in && mu_bits_test(member, row)) {
            add_tuple(&table->members, tuple, &added);
        } else if (is_in && !mu_vector_valid(&batch->columns[0], row)) {
            mu_bits_set(table->nulls, number);
        }
    }
}

static muster_status fill(mu_exec *exec, mu_lookup_table *table, muster_error *err)
{
    const uint32_t stride = table->lookup->key_count + 1;
    uint64_t live[MU_BATCH_WORDS];
    muster_status status = MUSTER_OK;
    mu_batch batch;
    uint64_t *words = mu_mem_alloc_array((size_t)MU_BATCH_ROWS * stride, sizeof *words);

    if (!words) {
        return fail_memory(err);
    }
    for (uint32_t b = 0; b < mu_rowset_batches(table->rows); b++) {
        MU_TRY_GOTO(mu_exec_check(exec, err));
        mu_rowset_batch(table->rows, b, live, &batch);
        add_batch(table, &batch, b * MU_BATCH_ROWS, words);
    }
fail:
    mu_mem_free(words);
    return status;
}

static bool open_keys(mu_exec *exec, mu_lookup_table *table, uint64_t rows)
{
    const mu_lookup *lookup = table->lookup;
    const uint64_t customers = mu_customers_count(mu_snapshot_customers(mu_exec_snapshot(exec)));

    if (lookup->key_count == 1 &&
        lookup->plan->columns[table->first_key].type.kind == MU_CUSTOMER &&
        customers / CUSTOMERS_PER_ROW <= rows) {
        return index_open_by_ordinal(&table->keys, customers);
    }
    return index_open(&table->keys, lookup->key_count, rows);
}

muster_status mu_lookup_table_open(mu_exec *exec, const mu_lookup *lookup, mu_lookup_table **out,
                                   muster_error *err)
{
    const mu_rowset *rows = mu_exec_rowset(exec, lookup->plan);
    const uint64_t count = mu_rowset_rows(rows);
    muster_status status = MUSTER_OK;
    mu_lookup_table *table = mu_mem_zalloc(sizeof *table);

    *out = NULL;
    if (!table || count >= UINT32_MAX) { /* they would take more than 100 GB */
        mu_mem_free(table);
        return fail_memory(err);
    }
    table->lookup = lookup;
    table->rows = rows;
    table->otherwise = lookup->otherwise ? mu_exec_rowset(exec, lookup->otherwise) : NULL;
    table->first_key = lookup->plan->column_count - lookup->key_count;
    table->first = mu_mem_alloc_array((size_t)count + 1, sizeof *table->first);
    table->several = mu_mem_zalloc_array(mu_bits_words(count) + 1, sizeof *table->several);
    table->nulls = mu_mem_zalloc_array(mu_bits_words(count) + 1, sizeof *table->nulls);
    if (!table->first || !table->several || !table->nulls || !open_keys(exec, table, count) ||
        (lookup->kind == MU_LOOKUP_IN &&
         !index_open(&table->members, lookup->key_count + 1, count))) {
        status = fail_memory(err);
        goto fail;
    }
    MU_TRY_GOTO(fill(exec, table, err));
    *out = table;
    return MUSTER_OK;

fail:
    mu_lookup_table_close(table);
    return status;
}

mu_value mu_lookup_value(const mu_lookup_table *table, uint32_t column, uint32_t row)
{
    return mu_rowset_value(table->rows, row, column);
}

mu_value mu_lookup_otherwise(const mu_lookup_table *table, uint32_t column, mu_type type)
{
    return table->otherwise ? mu_rowset_value(table->otherwise, 0, column)
                            : (mu_value){.type = type, .null = true};
}

mu_vector mu_lookup_column(const mu_lookup_table *table, uint32_t column)
{
    return mu_rowset_vector(table->rows, column);
}

/* Probing. */

/* The codes of one dictionary as codes of the rows'. */
typedef struct text_map {
    uint64_t dict_id;
    uint32_t *codes; /* + 1; 0: not looked up yet; MU_NO_CODE: it is not there */
    size_t capacity;
} text_map;

enum {
    MAP_MOST = 65536 /* of a larger dictionary, texts are looked up row by row, as in rowset.c */
};

struct mu_lookup_probe {
    const mu_lookup_table *table;
    uint32_t arg_count;
    text_map *maps;  /* by argument */
    uint64_t *words; /* of a batch: tuples of keys and member */
    size_t *places;  /* where the keys' slots are looked for; then the keys' numbers */
    uint32_t *codes;
    mu_lookup_found found;
};

void mu_lookup_probe_close(mu_lookup_probe *probe)
{
    if (!probe) {
        return;
    }
    for (uint32_t i = 0; probe->maps && i < probe->arg_count; i++) {
        mu_mem_free(probe->maps[i].codes);
    }
    mu_mem_free(probe->maps);
    mu_mem_free(probe->words);
    mu_mem_free(probe->places);
    mu_mem_free(probe->codes);
    mu_mem_free(probe);
}

muster_status mu_lookup_probe_open(const mu_lookup_table *table, mu_lookup_probe **out,
                                   muster_error *err)
{
    const uint32_t stride = table->lookup->key_count + 1;
    mu_lookup_probe *probe = mu_mem_zalloc(sizeof *probe);

    *out = NULL;
    if (!probe) {
        return fail_memory(err);
    }
    probe->table = table;
    probe->arg_count = stride;
    probe->maps = mu_mem_zalloc_array(stride, sizeof *probe->maps);
    probe->words = mu_mem_alloc_array((size_t)MU_BATCH_ROWS * stride, sizeof *probe->words);
    probe->places = mu_mem_alloc_array(MU_BATCH_ROWS, sizeof *probe->places);
    probe->codes = mu_mem_alloc_array(MU_BATCH_ROWS, sizeof *probe->codes);
    if (!probe->maps || !probe->words || !probe->places || !probe->codes) {
        mu_lookup_probe_close(probe);
        return fail_memory(err);
    }
    *out = probe;
    return MUSTER_OK;
}

static bool prepare_map(text_map *map, const mu_dict *dict)
{
    if (map->dict_id == dict->id || dict->count == 0) {
        return true;
    }
    map->dict_id = 0;
    if (!mu_mem_reserve(&map->codes, &map->capacity, dict->count, sizeof *map->codes)) {
        return false;
    }
    memset(map->codes, 0, dict->count * sizeof *map->codes);
    map->dict_id = dict->id;
    return true;
}

/* probe->codes[r] = the code that the rows have for the text of row r, or MU_NO_CODE. */
static muster_status map_texts(mu_lookup_probe *probe, uint32_t arg, uint32_t column,
                               const mu_vector *texts, const mu_rows *live, muster_error *err)
{
    const mu_dict_builder *ours = mu_rowset_texts(probe->table->rows, column);
    const mu_dict *dict = texts->dict;
    const uint32_t *codes = texts->data;
    text_map *map = &probe->maps[arg];
    const bool mapped = dict->count <= MAP_MOST;

    if (mapped && !prepare_map(map, dict)) {
        return fail_memory(err);
    }
    MU_FOR_EACH_LIVE(row, live) {
        if (!mu_vector_valid(texts, row)) {
            continue;
        }
        if (!mapped) {
            probe->codes[row] = mu_dict_builder_find(ours, mu_dict_text(dict, codes[row]));
            continue;
        }
        uint32_t *code = &map->codes[codes[row]];
        if (*code == 0) {
            const uint32_t found = mu_dict_builder_find(ours, mu_dict_text(dict, codes[row]));
            *code = found == MU_NO_CODE ? MU_NO_CODE : found + 1;
        }
        probe->codes[row] = *code == MU_NO_CODE ? MU_NO_CODE : *code - 1;
    }
    return MUSTER_OK;
}

/* The words of argument `arg`, which stands for `column` of the rows; see put_words(). */
static muster_status put_argument(mu_lookup_probe *probe, uint32_t arg, uint32_t column,
                                  const mu_vector *values, uint32_t rows, uint64_t *known,
                                  muster_error *err)
{
    const mu_rows live = {rows, known};

    if (mu_type_form(values->type) == MU_FORM_CODE) {
        MU_TRY(map_texts(probe, arg, column, values, &live, err));
    }
    put_words(values, probe->codes, rows, probe->arg_count, known, probe->words + arg);
    return MUSTER_OK;
}

/* Finds the keys. A table of many is far larger than the cache: the reads of a whole batch are
 * begun before the first is used. */
static void find_keys(mu_lookup_probe *probe, uint32_t rows, const uint64_t *known)
{
    const mu_lookup_table *table = probe->table;
    const tuple_index *keys = &table->keys;
    const mu_rows wanted = {rows, known};

    memset(probe->found.rows, 0, rows * sizeof *probe->found.rows);
    memset(probe->found.several, 0, sizeof probe->found.several);
    MU_FOR_EACH_LIVE(row, &wanted) {
        const uint64_t *tuple = &probe->words[(size_t)row * probe->arg_count];
        probe->places[row] = first_slot(keys, tuple);
        __builtin_prefetch(&keys->slots[probe->places[row]]);
    }
    MU_FOR_EACH_LIVE(row, &wanted) {
        const uint64_t *tuple = &probe->words[(size_t)row * probe->arg_count];
        const uint32_t slot = *find_slot(keys, tuple, probe->places[row]);
        if (slot == 0) {
            continue;
        }
        probe->found.rows[row] = table->first[slot - 1] + 1;
        if (mu_bits_test(table->several, slot - 1)) {
            mu_bits_set(probe->found.several, row);
        }
        probe->places[row] = slot - 1; /* for find_members() */
    }
}

/* `known` has the rows whose member is not NULL and among the texts there are. */
static void find_members(mu_lookup_probe *probe, const mu_vector *member, uint32_t rows,
                         const uint64_t *live, const uint64_t *known)
{
    const mu_lookup_table *table = probe->table;
    const mu_rows wanted = {rows, live};

    memset(probe->found.member, 0, sizeof probe->found.member);
    memset(probe->found.unknown, 0, sizeof probe->found.unknown);
    MU_FOR_EACH_LIVE(row, &wanted) {
        if (probe->found.rows[row] == MU_LOOKUP_NONE) {
            continue;
        }
        const uint64_t *tuple = &probe->words[(size_t)row * probe->arg_count];
        if (mu_bits_test(known, row) &&
            *find_slot(&table->members, tuple, first_slot(&table->members, tuple)) != 0) {
            mu_bits_set(probe->found.member, row);
        } else if (!mu_vector_valid(member, row) ||
                   mu_bits_test(table->nulls, probe->places[row])) {
            mu_bits_set(probe->found.unknown, row);
        }
    }
}

muster_status mu_lookup_run(mu_lookup_probe *probe, const mu_vector *args, uint32_t rows,
                            const uint64_t *live, const mu_lookup_found **out, muster_error *err)
{
    const mu_lookup_table *table = probe->table;
    const uint32_t key_count = table->lookup->key_count;
    const size_t size = mu_bits_words(rows) * sizeof *live;
    uint64_t known[MU_BATCH_WORDS] = {0}, member[MU_BATCH_WORDS] = {0};

    memcpy(known, live, size);
    for (uint32_t k = 0; k < key_count; k++) {
        MU_TRY(put_argument(probe, k, table->first_key + k, &args[k], rows, known, err));
    }
    find_keys(probe, rows, known);
    if (table->lookup->kind == MU_LOOKUP_IN) {
        memcpy(member, known, sizeof member);
        MU_TRY(put_argument(probe, key_count, 0, &args[key_count], rows, member, err));
        find_members(probe, &args[key_count], rows, known, member);
    }
    *out = &probe->found;
    return MUSTER_OK;
}

/* Settling. */

/* The value of a lookup that is the same for all rows; false if it is none, or an error. */
static bool is_settled(mu_exec *exec, const mu_expr *expr, mu_value *out)
{
    if (expr->kind != MU_EXPR_LOOKUP || expr->arg_count > 0) {
        return false;
    }
    const mu_lookup *lookup = expr->lookup;
    const mu_lookup_table *table = mu_exec_lookup(exec, lookup);
    const bool any = table->keys.count > 0;

    if (lookup->kind == MU_LOOKUP_EXISTS) {
        *out = (mu_value){.type = expr->type, .i64 = any};
        return true;
    }
    if (any && mu_bits_test(table->several, 0) && !lookup->first_only) {
        return false;
    }
    *out = any ? mu_lookup_value(table, expr->column, table->first[0])
               : mu_lookup_otherwise(table, expr->column, expr->type);
    return true;
}

static bool has_settled(mu_exec *exec, const mu_expr *expr)
{
    mu_value value;
    bool found = is_settled(exec, expr, &value);

    for (uint32_t i = 0; i < expr->arg_count && !found; i++) {
        found = has_settled(exec, expr->args[i]);
    }
    return found;
}

static muster_status settle(mu_exec *exec, mu_arena *arena, const mu_expr *expr,
                            const mu_expr **out, muster_error *err)
{
    const mu_expr **args;
    mu_expr *copy;

    MU_ARENA_TRY(copy, arena, 1, err);
    *copy = *expr;
    *out = copy;
    if (is_settled(exec, expr, &copy->value)) {
        copy->kind = MU_EXPR_CONST;
        copy->lookup = NULL;
        copy->column = 0;
        return MUSTER_OK;
    }
    MU_ARENA_TRY(args, arena, expr->arg_count, err);
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        MU_TRY(settle(exec, arena, expr->args[i], &args[i], err));
    }
    copy->args = args;
    return MUSTER_OK;
}

muster_status mu_lookup_settle(mu_exec *exec, mu_arena *arena, const mu_expr *expr,
                               const mu_expr **out, muster_error *err)
{
    *out = expr;
    return has_settled(exec, expr) ? settle(exec, arena, expr, out, err) : MUSTER_OK;
}
