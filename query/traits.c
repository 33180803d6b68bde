/*
 * traits.c - counting what people have.
 *
 * The values of an attribute get codes as they are met. A thread has codes of its own while it
 * counts, and remembers for the dictionary of a segment which of them its codes stand for, so that
 * a text is looked up once for each segment. When all have counted, the first thread's take in the
 * others'.
 */
#include "query/traits.h"

#include "query/func.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"
#include "storage/profile.h"

#include <string.h>

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "counting what people have");
}

void mu_traits_deinit(mu_traits *traits)
{
    for (uint32_t d = 0; traits->dimensions && d < traits->count; d++) {
        mu_dict_builder_deinit(&traits->dimensions[d].words);
        mu_mem_free(traits->dimensions[d].counts);
    }
    mu_mem_free(traits->dimensions);
    *traits = (mu_traits){0};
}

static bool grow(mu_trait_dimension *dimension, uint32_t count)
{
    if (count > dimension->capacity &&
        !mu_mem_reserve_zeros(&dimension->counts, &dimension->capacity, count,
                              sizeof *dimension->counts)) {
        return false;
    }
    dimension->count = count > dimension->count ? count : dimension->count;
    return true;
}

static muster_status traits_init(mu_traits *traits, mu_snapshot *snapshot,
                                 const mu_table *customers, muster_error *err)
{
    const mu_tags *tags = mu_snapshot_tags(snapshot);
    const uint32_t attributes = customers->column_count - MU_CUSTOMERS_BUILT_IN;

    *traits = (mu_traits){.snapshot = snapshot,
                          .customers = customers,
                          .count = attributes + mu_tags_count(tags),
                          .attribute_count = attributes};
    traits->dimensions = mu_mem_zalloc_array(traits->count, sizeof *traits->dimensions);
    if (!traits->dimensions) {
        return fail_memory(err);
    }
    for (uint32_t d = 0; d < attributes; d++) {
        const mu_column *column = &customers->columns[MU_CUSTOMERS_BUILT_IN + d];
        traits->dimensions[d].name = (mu_text){column->name, (uint32_t)strlen(column->name)};
        traits->dimensions[d].type = column->type;
    }
    for (uint32_t d = attributes; d < traits->count; d++) {
        mu_trait_dimension *dimension = &traits->dimensions[d];
        dimension->tag = mu_tags_at(tags, d - attributes);
        dimension->name = dimension->tag->name;
        if (!grow(dimension, dimension->tag->value_count)) {
            return fail_memory(err);
        }
    }
    return MUSTER_OK;
}

mu_value mu_trait_value(const mu_trait_dimension *dimension, uint32_t code)
{
    mu_value value = {.type = dimension->type};

    if (dimension->tag) {
        value.type = (mu_type){.kind = MU_TEXT};
        value.text = dimension->tag->values[code].value;
        value.null = value.text.size == 0;
        return value;
    }
    const mu_text word = mu_dict_text(&dimension->words.dict, code);
    switch (mu_type_form(dimension->type)) {
    case MU_FORM_CODE:
        value.text = word;
        break;
    case MU_FORM_F64:
        memcpy(&value.f64, word.data, sizeof value.f64);
        break;
    case MU_FORM_BITS:
    case MU_FORM_I64:
    case MU_FORM_ORDINAL:
        memcpy(&value.i64, word.data, sizeof value.i64);
        break;
    }
    return value;
}

uint32_t mu_trait_rows(const mu_traits *traits, uint32_t stripe)
{
    const uint32_t first = stripe * MU_STRIPE_ROWS;
    const uint32_t left = mu_customers_count(mu_snapshot_customers(traits->snapshot)) - first;

    return left < MU_STRIPE_ROWS ? left : MU_STRIPE_ROWS;
}

/* Reading. */

/* What the codes of one dictionary are here; MU_NO_CODE: not looked up yet. */
typedef struct code_map {
    uint64_t dict_id;
    uint32_t *codes;
    size_t capacity;
} code_map;

struct mu_trait_reader {
    mu_exec *exec;
    const mu_traits *traits;
    mu_traits *adding; /* the same, if what is met for the first time becomes part of it */
    mu_profile *profile;
    code_map *maps; /* of the attributes */
    uint32_t stripe;
};

static muster_status open_reader(mu_exec *exec, const mu_traits *traits, mu_traits *adding,
                                 mu_trait_reader **out, muster_error *err)
{
    const uint32_t count = traits->attribute_count;
    mu_trait_reader *reader = mu_mem_zalloc(sizeof *reader);
    uint32_t *columns = mu_mem_alloc_array(count + 1, sizeof *columns);
    muster_status status = MUSTER_OK;

    *out = NULL;
    if (!reader || !columns) {
        status = fail_memory(err);
        goto fail;
    }
    reader->exec = exec;
    reader->traits = traits;
    reader->adding = adding;
    reader->maps = mu_mem_zalloc_array(count + 1, sizeof *reader->maps);
    if (!reader->maps) {
        status = fail_memory(err);
        goto fail;
    }
    for (uint32_t i = 0; i < count; i++) {
        columns[i] = MU_CUSTOMERS_BUILT_IN + i;
    }
    MU_TRY_GOTO(mu_profile_open(traits->snapshot, traits->customers, columns, count,
                                &reader->profile, err));
    mu_mem_free(columns);
    *out = reader;
    return MUSTER_OK;

fail:
    mu_mem_free(columns);
    mu_trait_reader_close(reader);
    return status;
}

muster_status mu_trait_reader_open(mu_exec *exec, const mu_traits *traits, mu_trait_reader **out,
                                   muster_error *err)
{
    return open_reader(exec, traits, NULL, out, err);
}

void mu_trait_reader_close(mu_trait_reader *reader)
{
    if (!reader) {
        return;
    }
    for (uint32_t i = 0; reader->maps && i < reader->traits->attribute_count; i++) {
        mu_mem_free(reader->maps[i].codes);
    }
    mu_mem_free(reader->maps);
    mu_profile_close(reader->profile);
    mu_mem_free(reader);
}

void mu_trait_reader_start(mu_trait_reader *reader, uint32_t stripe)
{
    reader->stripe = stripe;
    mu_profile_start(reader->profile, stripe);
}

static bool find_word(mu_trait_reader *reader, uint32_t attribute, mu_text word, uint32_t *code)
{
    if (reader->adding) {
        mu_trait_dimension *dimension = &reader->adding->dimensions[attribute];
        return mu_dict_builder_add(&dimension->words, word, code) && grow(dimension, *code + 1);
    }
    *code = mu_dict_builder_find(&reader->traits->dimensions[attribute].words, word);
    assert(*code != MU_NO_CODE); /* it was counted */
    return true;
}

static bool start_map(code_map *map, const mu_dict *dict)
{
    if (map->dict_id == dict->id) {
        return true;
    }
    map->dict_id = 0;
    if (!mu_mem_reserve(&map->codes, &map->capacity, dict->count, sizeof *map->codes)) {
        return false;
    }
    memset(map->codes, 0xff, dict->count * sizeof *map->codes);
    map->dict_id = dict->id;
    return true;
}

static bool find_code(mu_trait_reader *reader, uint32_t attribute, const mu_vector *values,
                      uint32_t row, uint32_t *code)
{
    code_map *map = &reader->maps[attribute];
    int64_t word = 0;

    if (mu_type_form(values->type) == MU_FORM_CODE) {
        const uint32_t from = ((const uint32_t *)values->data)[row];
        if (map->codes[from] == MU_NO_CODE &&
            !find_word(reader, attribute, mu_dict_text(values->dict, from), &map->codes[from])) {
            return false;
        }
        *code = map->codes[from];
        return true;
    }
    const mu_value value = mu_vector_value(values, row);
    word =
        mu_type_form(values->type) == MU_FORM_F64 ? (int64_t)mu_double_word(value.f64) : value.i64;
    return find_word(reader, attribute, (mu_text){(const char *)&word, sizeof word}, code);
}

static void count_bytes(const mu_trait_reader *reader, uint64_t bytes)
{
    atomic_uint_fast64_t *counter = mu_exec_bytes_read(reader->exec);

    if (counter) {
        atomic_fetch_add_explicit(counter, bytes, memory_order_relaxed);
    }
}

muster_status mu_trait_codes(mu_trait_reader *reader, uint32_t attribute, uint32_t first,
                             uint32_t rows, uint64_t *known, uint32_t *codes, muster_error *err)
{
    const size_t words = mu_bits_words(rows);
    uint64_t bytes = 0;
    mu_vector values;

    if (mu_bits_none(known, words)) {
        return MUSTER_OK;
    }
    MU_TRY(mu_profile_load(reader->profile, attribute, first, rows, &values, &bytes, err));
    count_bytes(reader, bytes);
    if (values.valid) {
        mu_k()->and_bits(known, values.valid, words);
    }
    if (mu_bits_none(known, words)) {
        return MUSTER_OK;
    }
    if (values.dict && !start_map(&reader->maps[attribute], values.dict)) {
        return fail_memory(err);
    }
    const mu_batch batch = {.rows = rows, .live = known};
    MU_FOR_EACH_LIVE(row, &batch) {
        if (!find_code(reader, attribute, &values, row, &codes[row])) {
            return fail_memory(err);
        }
    }
    return MUSTER_OK;
}

muster_status mu_trait_bits(mu_trait_reader *reader, uint32_t tag, uint32_t code,
                            uint64_t bits[MU_STRIPE_WORDS], muster_error *err)
{
    const mu_traits *traits = reader->traits;
    uint64_t size;

    memset(bits, 0, MU_STRIPE_WORDS * sizeof *bits);
    MU_TRY(mu_tag_read_stripe(mu_snapshot_tags(traits->snapshot), traits->dimensions[tag].tag, code,
                              reader->stripe, bits, &size, err));
    count_bytes(reader, size);
    return MUSTER_OK;
}

/* Counting. */

/* One thread's. */
typedef struct counter {
    bool open;
    mu_traits traits;
    mu_trait_reader *reader;
    mu_set_runner *sets[2];
    uint64_t bits[2][MU_STRIPE_WORDS];
} counter;

typedef struct counting {
    mu_exec *exec;
    const mu_table *customers;
    const mu_set *const *sets;
    counter *counters;
} counting;

static muster_status open_counter(const counting *c, counter *out, muster_error *err)
{
    MU_TRY(traits_init(&out->traits, mu_exec_snapshot(c->exec), c->customers, err));
    MU_TRY(open_reader(c->exec, &out->traits, &out->traits, &out->reader, err));
    for (unsigned side = 0; side < 2; side++) {
        MU_TRY(mu_set_open(c->exec, c->sets[side], &out->sets[side], err));
    }
    out->open = true;
    return MUSTER_OK;
}

static void close_counter(counter *c)
{
    mu_trait_reader_close(c->reader);
    mu_set_close(c->sets[0]);
    mu_set_close(c->sets[1]);
    mu_traits_deinit(&c->traits);
}

static muster_status count_attribute(counter *c, uint32_t attribute, uint32_t rows,
                                     muster_error *err)
{
    mu_trait_dimension *dimension = &c->traits.dimensions[attribute];
    uint64_t known[MU_BATCH_WORDS];
    uint32_t codes[MU_BATCH_ROWS];

    for (uint32_t first = 0; first < rows; first += MU_BATCH_ROWS) {
        const uint32_t left = rows - first, count = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
        const uint64_t *in[2] = {&c->bits[0][first / 64], &c->bits[1][first / 64]};
        const mu_batch batch = {.rows = count, .live = known};
        for (size_t w = 0; w < mu_bits_words(count); w++) {
            known[w] = in[0][w] | in[1][w];
        }
        MU_TRY(mu_trait_codes(c->reader, attribute, first, count, known, codes, err));
        MU_FOR_EACH_LIVE(row, &batch) {
            dimension->counts[codes[row]][0] += mu_bits_test(in[0], row);
            dimension->counts[codes[row]][1] += mu_bits_test(in[1], row);
        }
    }
    return MUSTER_OK;
}

static muster_status count_tag(counter *c, uint32_t tag, muster_error *err)
{
    mu_trait_dimension *dimension = &c->traits.dimensions[tag];
    uint64_t bits[MU_STRIPE_WORDS], both[MU_STRIPE_WORDS];

    for (uint32_t code = 0; code < dimension->count; code++) {
        MU_TRY(mu_exec_check(c->reader->exec, err));
        MU_TRY(mu_trait_bits(c->reader, tag, code, bits, err));
        for (unsigned side = 0; side < 2; side++) {
            memcpy(both, bits, sizeof both);
            mu_k()->and_bits(both, c->bits[side], MU_STRIPE_WORDS);
            dimension->counts[code][side] += mu_k()->count_bits(both, MU_STRIPE_WORDS);
        }
    }
    return MUSTER_OK;
}

static muster_status count_stripe(void *context, uint32_t worker, uint64_t stripe,
                                  muster_error *err)
{
    const counting *all = context;
    counter *c = &all->counters[worker];

    if (!c->open) {
        MU_TRY(open_counter(all, c, err));
    }
    for (unsigned side = 0; side < 2; side++) {
        MU_TRY(mu_set_run(c->sets[side], (uint32_t)stripe, c->bits[side], err));
        c->traits.totals[side] += mu_k()->count_bits(c->bits[side], MU_STRIPE_WORDS);
    }
    mu_trait_reader_start(c->reader, (uint32_t)stripe);
    for (uint32_t d = 0; d < c->traits.count; d++) {
        MU_TRY(mu_exec_check(all->exec, err));
        if (c->traits.dimensions[d].tag) {
            MU_TRY(count_tag(c, d, err));
        } else {
            MU_TRY(count_attribute(c, d, mu_trait_rows(&c->traits, (uint32_t)stripe), err));
        }
    }
    return MUSTER_OK;
}

/* Takes in the counts of another thread. */
static muster_status add_dimension(mu_trait_dimension *into, const mu_trait_dimension *from,
                                   muster_error *err)
{
    for (uint32_t i = 0; i < from->count; i++) {
        uint32_t code = i;
        if (mu_stopped_at(i) ||
            (!from->tag &&
             !mu_dict_builder_add(&into->words, mu_dict_text(&from->words.dict, i), &code)) ||
            !grow(into, code + 1)) {
            return fail_memory(err);
        }
        into->counts[code][0] += from->counts[i][0];
        into->counts[code][1] += from->counts[i][1];
    }
    return MUSTER_OK;
}

muster_status mu_traits_count(mu_exec *exec, const mu_table *customers, const mu_set *const sets[2],
                              mu_traits *out, muster_error *err)
{
    const uint32_t workers = mu_exec_workers(exec);
    counting c = {.exec = exec, .customers = customers, .sets = sets};
    muster_status status;

    *out = (mu_traits){0};
    c.counters = mu_mem_zalloc_array(workers, sizeof *c.counters);
    if (!c.counters) {
        return fail_memory(err);
    }
    MU_TRY_GOTO(traits_init(out, mu_exec_snapshot(exec), customers, err));
    MU_TRY_GOTO(mu_exec_stripes_each(exec, count_stripe, &c, err));
    for (uint32_t w = 0; w < workers; w++) {
        const mu_traits *more = &c.counters[w].traits;
        out->totals[0] += more->totals[0];
        out->totals[1] += more->totals[1];
        for (uint32_t d = 0; d < more->count; d++) {
            MU_TRY_GOTO(add_dimension(&out->dimensions[d], &more->dimensions[d], err));
        }
    }
fail:
    for (uint32_t w = 0; w < workers; w++) {
        close_counter(&c.counters[w]);
    }
    mu_mem_free(c.counters);
    if (status != MUSTER_OK) {
        mu_traits_deinit(out);
    }
    return status;
}
