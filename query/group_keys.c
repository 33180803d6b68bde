/*
 * group_keys.c - from the values of GROUP BY to numbers of groups.
 *
 * The tuple of a group is its keys' words, then words with a bit for each key that is NULL (whose
 * own word is 0). Tuples lie one after the other in order of group, so a group's number is all that
 * the tables hold.
 *
 * Where the keys of a batch lie close together (a month and a channel), the groups of all
 * combinations between the least and the greatest have a place each in a small array, so that a
 * tuple is hashed once, not once for every row. What is in the array is in the hash table too.
 */
#include "query/group_keys.h"

#include "query/func.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"

enum {
    NO_GROUP = 0, /* tables hold group + 1 */
    SOUGHT = -1,  /* or this, as a uint32_t, while it is being looked up */
#ifdef MU_TINY
    NEAR_PLACES = 16,
#else
    NEAR_PLACES = 4096, /* 16 KiB: half of a first-level cache */
#endif
};

/* The words of a key that are not NULL, as signed numbers. */
typedef struct span {
    int64_t least, greatest; /* least > greatest: there are none */
} span;

struct mu_group_keys {
    uint32_t key_count;
    uint32_t width; /* words of a tuple */
    bool by_array;  /* the one key is a small number: `direct` has its group */
    bool per_stripe;
    mu_type *types;
    mu_dict_union **texts; /* by key; NULL where it is not text */
    uint32_t *codes;       /* scratch: a batch's codes in that dictionary, or places */
    uint64_t *tuples;      /* scratch: a batch's tuples */
    uint64_t *hashes;      /* scratch: and their hashes */
    uint32_t rows[MU_BATCH_ROWS], found[MU_BATCH_ROWS]; /* scratch: whose these are; their groups */
    uint32_t count;
    uint64_t *words; /* count tuples */
    size_t word_capacity;
    uint32_t *direct; /* [0]: NULL; [1 + code] */
    size_t direct_count, direct_capacity;
    uint32_t *slots; /* open addressing by the tuple's hash */
    size_t slot_count;
    uint64_t *room; /* scratch: words of keys that are no integers, by key, then by row */
    /* Of the batch at hand, by key: the words and which of them are not NULL, by row, and between
     * what they lie. */
    const uint64_t **words_of, **valid_of;
    span *spans;
    span *near_spans; /* by key: what `near` has places for */
    bool near_made;
    uint32_t *near;
};

static uint32_t null_words(uint32_t key_count)
{
    return (uint32_t)mu_bits_words(key_count);
}

static muster_status open_texts(mu_group_keys *keys, muster_error *err)
{
    for (uint32_t k = 0; k < keys->key_count; k++) {
        if (mu_type_form(keys->types[k]) != MU_FORM_CODE) {
            continue;
        }
        keys->texts[k] = mu_dict_union_open();
        if (!keys->texts[k]) {
            return mu_fail_memory(err, "grouping");
        }
    }
    return MUSTER_OK;
}

static void forget_near(mu_group_keys *keys)
{
    keys->near_made = false;
    for (uint32_t k = 0; k < keys->key_count; k++) {
        keys->near_spans[k] = (span){INT64_MAX, INT64_MIN};
    }
}

muster_status mu_group_keys_open(const mu_type *types, uint32_t key_count, bool per_stripe,
                                 mu_group_keys **out, muster_error *err)
{
    mu_group_keys *keys = mu_mem_zalloc(sizeof *keys);
    muster_status status = MUSTER_NOMEM;

    *out = NULL;
    if (!keys) {
        return mu_fail_memory(err, "grouping");
    }
    keys->key_count = key_count;
    keys->width = key_count + null_words(key_count);
    keys->types = mu_mem_alloc_array(key_count, sizeof *keys->types);
    keys->texts = mu_mem_zalloc_array(key_count, sizeof(mu_dict_union *));
    keys->codes = mu_mem_alloc_array(MU_BATCH_ROWS, sizeof *keys->codes);
    keys->tuples = mu_mem_alloc_array((size_t)MU_BATCH_ROWS * keys->width, sizeof *keys->tuples);
    keys->hashes = mu_mem_alloc_array(MU_BATCH_ROWS, sizeof *keys->hashes);
    keys->room = mu_mem_alloc_array((size_t)MU_BATCH_ROWS * key_count, sizeof *keys->room);
    keys->words_of = mu_mem_alloc_array(key_count, sizeof(const uint64_t *));
    keys->valid_of = mu_mem_alloc_array(key_count, sizeof(const uint64_t *));
    keys->spans = mu_mem_alloc_array(key_count, sizeof *keys->spans);
    keys->near_spans = mu_mem_alloc_array(key_count, sizeof *keys->near_spans);
    keys->near = mu_mem_alloc_array(NEAR_PLACES, sizeof *keys->near);
    if (!keys->types || !keys->texts || !keys->codes || !keys->tuples || !keys->hashes ||
        !keys->room || !keys->words_of || !keys->valid_of || !keys->spans || !keys->near_spans ||
        !keys->near) {
        status = mu_fail_memory(err, "grouping");
        goto fail;
    }
    memcpy(keys->types, types, key_count * sizeof *types);
    const mu_form form = key_count == 1 ? mu_type_form(types[0]) : MU_FORM_I64;
    keys->per_stripe = per_stripe && form == MU_FORM_ORDINAL;
    keys->by_array = form == MU_FORM_CODE || form == MU_FORM_BITS || keys->per_stripe;
    forget_near(keys);
    MU_TRY_GOTO(open_texts(keys, err));
    *out = keys;
    return MUSTER_OK;

fail:
    mu_group_keys_close(keys);
    return status;
}

void mu_group_keys_close(mu_group_keys *keys)
{
    if (!keys) {
        return;
    }
    for (uint32_t k = 0; keys->texts && k < keys->key_count; k++) {
        mu_dict_union_close(keys->texts[k]);
    }
    mu_mem_free(keys->types);
    mu_mem_free(keys->texts);
    mu_mem_free(keys->codes);
    mu_mem_free(keys->tuples);
    mu_mem_free(keys->hashes);
    mu_mem_free(keys->words);
    mu_mem_free(keys->direct);
    mu_mem_free(keys->slots);
    mu_mem_free(keys->room);
    mu_mem_free(keys->words_of);
    mu_mem_free(keys->valid_of);
    mu_mem_free(keys->spans);
    mu_mem_free(keys->near_spans);
    mu_mem_free(keys->near);
    mu_mem_free(keys);
}

uint32_t mu_group_keys_count(const mu_group_keys *keys)
{
    return keys->count;
}

/* The words of a key that is no integer, by row. */
static void widen(mu_form form, const void *data, const uint32_t *codes, uint32_t rows,
                  uint64_t *words)
{
    switch (form) {
    case MU_FORM_BITS:
        for (uint32_t row = 0; row < rows; row++) {
            words[row] = mu_bits_test(data, row);
        }
        return;
    case MU_FORM_F64:
        for (uint32_t row = 0; row < rows; row++) {
            words[row] = mu_double_word(((const double *)data)[row]);
        }
        return;
    case MU_FORM_CODE:
        for (uint32_t row = 0; row < rows; row++) {
            words[row] = codes[row];
        }
        return;
    case MU_FORM_ORDINAL:
        for (uint32_t row = 0; row < rows; row++) {
            words[row] = ((const uint32_t *)data)[row];
        }
        return;
    case MU_FORM_I64:
        break;
    }
    assert(false && "an integer is its own word");
}

/* Makes words[k] the words of key k by row, and spans[k] where they lie. Rows that are not live, or
 * NULL, may have any. */
static bool fill_words(mu_group_keys *keys, uint32_t k, const mu_vector *values,
                       const mu_batch *batch)
{
    const mu_form form = mu_type_form(keys->types[k]);
    uint64_t *words = &keys->room[(size_t)k * MU_BATCH_ROWS];
    uint64_t counted[MU_BATCH_WORDS];
    span *found = &keys->spans[k];

    if (form == MU_FORM_CODE &&
        !mu_dict_union_map(keys->texts[k], values->dict, values->data, values->valid, batch->live,
                           batch->rows, keys->codes)) {
        return false;
    }
    if (form != MU_FORM_I64) {
        widen(form, values->data, keys->codes, batch->rows, words);
    }
    keys->words_of[k] = form == MU_FORM_I64 ? values->data : words;
    keys->valid_of[k] = values->valid;
    *found = (span){INT64_MAX, INT64_MIN};
    memcpy(counted, batch->live, mu_bits_words(batch->rows) * sizeof *counted);
    if (values->valid) {
        mu_k()->and_bits(counted, values->valid, mu_bits_words(batch->rows));
    }
    mu_k()->min_max_i64((const int64_t *)keys->words_of[k], counted, mu_bits_words(batch->rows),
                        &found->least, &found->greatest);
    return true;
}

/* The tuple of a row. */
static void write_tuple(const mu_group_keys *keys, uint32_t row, uint64_t *tuple)
{
    uint64_t *nulls = &tuple[keys->key_count];

    memset(nulls, 0, null_words(keys->key_count) * sizeof *nulls);
    for (uint32_t k = 0; k < keys->key_count; k++) {
        const bool null = keys->valid_of[k] && !mu_bits_test(keys->valid_of[k], row);
        tuple[k] = null ? 0 : keys->words_of[k][row];
        if (null) {
            mu_bits_set(nulls, k);
        }
    }
}

/* A new group with this tuple; *group is its number. */
static bool add_group(mu_group_keys *keys, const uint64_t *tuple, uint32_t *group)
{
    const size_t used = (size_t)keys->count * keys->width;

    if (keys->count == UINT32_MAX - 1 || !mu_mem_reserve(&keys->words, &keys->word_capacity,
                                                         used + keys->width, sizeof *keys->words)) {
        return false;
    }
    memcpy(&keys->words[used], tuple, keys->width * sizeof *tuple);
    *group = keys->count++;
    return true;
}

/* The group of the one small key that stands at `place` of `direct`. */
static bool find_place(mu_group_keys *keys, size_t place, const uint64_t *tuple, uint32_t *group)
{
    if (place >= keys->direct_count) {
        if (!mu_mem_reserve_zeros(&keys->direct, &keys->direct_capacity, place + 1,
                                  sizeof *keys->direct)) {
            return false;
        }
        keys->direct_count = keys->direct_capacity;
    }
    if (keys->direct[place] == NO_GROUP) {
        if (!add_group(keys, tuple, group)) {
            return false;
        }
        keys->direct[place] = *group + 1;
    }
    *group = keys->direct[place] - 1;
    return true;
}

/* NULL stands first, then the small numbers. */
static size_t place_of(const mu_group_keys *keys, const uint64_t *tuple)
{
    const uint64_t number = keys->per_stripe ? tuple[0] % MU_STRIPE_ROWS : tuple[0];

    return tuple[1] & 1 ? 0 : 1 + (size_t)number;
}

/* codes[r] = the place in `direct` of row r's key. */
static bool fill_places(mu_group_keys *keys, const mu_vector *values, const mu_batch *batch)
{
    switch (mu_type_form(keys->types[0])) {
    case MU_FORM_CODE:
        if (!mu_dict_union_map(keys->texts[0], values->dict, values->data, values->valid,
                               batch->live, batch->rows, keys->codes)) {
            return false;
        }
        for (uint32_t row = 0; row < batch->rows; row++) {
            keys->codes[row]++; /* MU_NO_CODE, which is NULL, becomes 0 */
        }
        return true;
    case MU_FORM_ORDINAL:
        for (uint32_t row = 0; row < batch->rows; row++) {
            keys->codes[row] = mu_vector_valid(values, row)
                                   ? 1 + ((const uint32_t *)values->data)[row] % MU_STRIPE_ROWS
                                   : 0;
        }
        return true;
    case MU_FORM_BITS:
        for (uint32_t row = 0; row < batch->rows; row++) {
            keys->codes[row] =
                mu_vector_valid(values, row) ? 1 + mu_bits_test(values->data, row) : 0;
        }
        return true;
    case MU_FORM_I64:
    case MU_FORM_F64:
        break;
    }
    assert(false && "a key that is no small number");
    return false;
}

static bool find_batch_direct(mu_group_keys *keys, const mu_vector *values, const mu_batch *batch,
                              uint32_t *groups)
{
    if (!fill_places(keys, values, batch)) {
        return false;
    }
    MU_FOR_EACH_LIVE(row, batch) {
        const size_t place = keys->codes[row];
        if (place < keys->direct_count && keys->direct[place] != NO_GROUP) {
            groups[row] = keys->direct[place] - 1;
            continue;
        }
        const uint64_t word = place == 0         ? 0
                              : keys->per_stripe ? ((const uint32_t *)values->data)[row]
                                                 : place - 1;
        const uint64_t tuple[] = {word, place == 0};
        if (!find_place(keys, place, tuple, &groups[row])) {
            return false;
        }
    }
    return true;
}

static uint64_t hash_tuple(const mu_group_keys *keys, const uint64_t *tuple)
{
    uint64_t hash = 0;

    for (uint32_t i = 0; i < keys->width; i++) {
        hash = mu_hash_combine(hash, tuple[i]);
    }
    return hash;
}

static const uint64_t *tuple_of(const mu_group_keys *keys, uint32_t slot)
{
    return &keys->words[(size_t)(slot - 1) * keys->width];
}

static uint32_t *find_slot(const mu_group_keys *keys, const uint64_t *tuple, uint64_t hash)
{
    const size_t size = keys->width * sizeof *tuple;
    size_t at = hash & (keys->slot_count - 1);

    while (keys->slots[at] != NO_GROUP &&
           memcmp(tuple_of(keys, keys->slots[at]), tuple, size) != 0) {
        at = (at + 1) & (keys->slot_count - 1);
    }
    return &keys->slots[at];
}

/* Frees the slot of a group. Others that stand behind it are not found from then on, but by their
 * number. */
static void free_slot(mu_group_keys *keys, uint32_t group)
{
    size_t at = hash_tuple(keys, tuple_of(keys, group + 1)) & (keys->slot_count - 1);

    while (keys->slots[at] != group + 1) {
        at = (at + 1) & (keys->slot_count - 1);
    }
    keys->slots[at] = NO_GROUP;
}

/* Few groups are taken out one by one: the tables may be as large as they once had to be. */
void mu_group_keys_reset(mu_group_keys *keys)
{
    const bool few = keys->count < (keys->by_array ? keys->direct_count : keys->slot_count) / 16;

    for (uint32_t g = 0; few && g < keys->count; g++) {
        if (keys->by_array) {
            keys->direct[place_of(keys, tuple_of(keys, g + 1))] = NO_GROUP;
        } else {
            free_slot(keys, g);
        }
    }
    if (!few && keys->direct) {
        memset(keys->direct, 0, keys->direct_count * sizeof *keys->direct);
    }
    if (!few && keys->slots) {
        memset(keys->slots, 0, keys->slot_count * sizeof *keys->slots);
    }
    keys->count = 0;
    forget_near(keys);
}

/* Makes sure that `more` new groups leave the table at most half full. */
static bool reserve_slots(mu_group_keys *keys, uint32_t more)
{
    size_t wanted = keys->slot_count ? keys->slot_count : 1024;

    if (2 * ((size_t)keys->count + more) <= keys->slot_count) {
        return true;
    }
    while (2 * ((size_t)keys->count + more) > wanted) {
        wanted *= 4;
    }
    uint32_t *slots = mu_mem_zalloc_array(wanted, sizeof *slots);
    if (!slots) {
        return false;
    }
    mu_mem_free(keys->slots);
    keys->slots = slots;
    keys->slot_count = wanted;
    for (uint32_t g = 0; g < keys->count; g++) {
        if (mu_stopped_at(g)) {
            return false;
        }
        const uint64_t *tuple = tuple_of(keys, g + 1);
        *find_slot(keys, tuple, hash_tuple(keys, tuple)) = g + 1;
    }
    return true;
}

static bool find_hashed(mu_group_keys *keys, const uint64_t *tuple, uint64_t hash, uint32_t *group)
{
    uint32_t *slot = find_slot(keys, tuple, hash);

    if (*slot == NO_GROUP) {
        if (!add_group(keys, tuple, group)) {
            return false;
        }
        *slot = *group + 1;
    }
    *group = *slot - 1;
    return true;
}

/* Finds the groups of the tuples of `count` rows in the hash table: found[i] is that of rows[i]. A
 * table of many groups is far larger than the cache, so the two reads each tuple needs are begun
 * for all of them before the first is used. */
static bool find_rows(mu_group_keys *keys, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t *tuple = &keys->tuples[(size_t)i * keys->width];
        write_tuple(keys, keys->rows[i], tuple);
        keys->hashes[i] = hash_tuple(keys, tuple);
        __builtin_prefetch(&keys->slots[keys->hashes[i] & (keys->slot_count - 1)]);
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t slot = keys->slots[keys->hashes[i] & (keys->slot_count - 1)];
        if (slot != NO_GROUP) {
            __builtin_prefetch(tuple_of(keys, slot));
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!find_hashed(keys, &keys->tuples[(size_t)i * keys->width], keys->hashes[i],
                         &keys->found[i])) {
            return false;
        }
    }
    return true;
}

static bool find_batch(mu_group_keys *keys, const mu_batch *batch, uint32_t *groups)
{
    const uint32_t count = mu_k()->list_bits(batch->live, mu_bits_words(batch->rows), keys->rows);

    if (!reserve_slots(keys, count) || !find_rows(keys, count)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        groups[keys->rows[i]] = keys->found[i];
    }
    return true;
}

/* How many places a key takes: one for each number of the span, and one for NULL; 0 if they are too
 * many. */
static uint64_t width_of(const span *s)
{
    const uint64_t more = (uint64_t)s->greatest - (uint64_t)s->least;

    if (s->least > s->greatest) {
        return 1;
    }
    return more > NEAR_PLACES - 2 ? 0 : more + 2;
}

/* How many places the combinations take; 0 if they are too many. */
static uint32_t count_places(const span *spans, uint32_t key_count)
{
    uint64_t places = 1;

    for (uint32_t k = 0; k < key_count; k++) {
        const uint64_t width = width_of(&spans[k]);
        if (width == 0 || places * width > NEAR_PLACES) {
            return 0;
        }
        places *= width;
    }
    return (uint32_t)places;
}

/* Makes `near` have places for the batch's tuples; false if these are too far apart. It grows by
 * what comes, and begins anew when that is too much. */
static bool reach_near(mu_group_keys *keys)
{
    span *near = keys->near_spans;
    bool within = keys->near_made;

    for (uint32_t k = 0; k < keys->key_count; k++) {
        within = within && keys->spans[k].least >= near[k].least &&
                 keys->spans[k].greatest <= near[k].greatest;
    }
    if (within) {
        return true;
    }
    if (count_places(keys->spans, keys->key_count) == 0) {
        return false;
    }
    for (uint32_t k = 0; k < keys->key_count; k++) {
        const span *wanted = &keys->spans[k];
        near[k].least = wanted->least < near[k].least ? wanted->least : near[k].least;
        near[k].greatest =
            wanted->greatest > near[k].greatest ? wanted->greatest : near[k].greatest;
    }
    if (count_places(near, keys->key_count) == 0) {
        memcpy(near, keys->spans, keys->key_count * sizeof *near);
    }
    memset(keys->near, 0, count_places(near, keys->key_count) * sizeof *keys->near);
    keys->near_made = true;
    return true;
}

/* codes[r] = the place in `near` of the tuple of row r: the last of each key's places is NULL's.
 * Rows that are not live get any number. */
static void fill_near_places(const mu_group_keys *keys, const mu_batch *batch)
{
    uint32_t *places = keys->codes;

    memset(places, 0, batch->rows * sizeof *places);
    for (uint32_t k = 0; k < keys->key_count; k++) {
        const uint64_t *words = keys->words_of[k], *valid = keys->valid_of[k];
        const uint64_t least = (uint64_t)keys->near_spans[k].least;
        const uint32_t width = (uint32_t)width_of(&keys->near_spans[k]);
        for (uint32_t row = 0; !valid && row < batch->rows; row++) {
            places[row] = places[row] * width + (uint32_t)(words[row] - least);
        }
        for (uint32_t row = 0; valid && row < batch->rows; row++) {
            const uint32_t place = (uint32_t)(words[row] - least);
            places[row] = places[row] * width + (mu_bits_test(valid, row) ? place : width - 1);
        }
    }
}

/* The tuples that have no group in `near` yet are looked up in the hash table, each once. */
static bool find_batch_near(mu_group_keys *keys, const mu_batch *batch, uint32_t *groups)
{
    uint32_t count = 0;

    if (!reserve_slots(keys, batch->rows)) {
        return false;
    }
    fill_near_places(keys, batch);
    MU_FOR_EACH_LIVE(row, batch) {
        uint32_t *near = &keys->near[keys->codes[row]];
        if (*near == NO_GROUP) {
            *near = (uint32_t)SOUGHT;
            keys->rows[count++] = row;
        }
    }
    if (!find_rows(keys, count)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        keys->near[keys->codes[keys->rows[i]]] = keys->found[i] + 1;
    }
    MU_FOR_EACH_LIVE(row, batch) {
        groups[row] = keys->near[keys->codes[row]] - 1;
    }
    return true;
}

muster_status mu_group_keys_find(mu_group_keys *keys, const mu_vector *values,
                                 const mu_batch *batch, uint32_t *groups, muster_error *err)
{
    bool found;

    if (mu_bits_none(batch->live, mu_bits_words(batch->rows))) {
        return MUSTER_OK;
    }
    if (keys->by_array) {
        found = find_batch_direct(keys, values, batch, groups);
        return found ? MUSTER_OK : mu_fail_memory(err, "grouping");
    }
    for (uint32_t k = 0; k < keys->key_count; k++) {
        if (!fill_words(keys, k, &values[k], batch)) {
            return mu_fail_memory(err, "grouping");
        }
    }
    found =
        reach_near(keys) ? find_batch_near(keys, batch, groups) : find_batch(keys, batch, groups);
    return found ? MUSTER_OK : mu_fail_memory(err, "grouping");
}

mu_value mu_group_keys_value(const mu_group_keys *keys, uint32_t group, uint32_t k)
{
    const uint64_t *tuple = &keys->words[(size_t)group * keys->width];
    mu_value value = {.type = keys->types[k]};

    if (mu_bits_test(&tuple[keys->key_count], k)) {
        value.null = true;
        return value;
    }
    switch (mu_type_form(value.type)) {
    case MU_FORM_BITS:
    case MU_FORM_I64:
        value.i64 = (int64_t)tuple[k];
        break;
    case MU_FORM_F64:
        memcpy(&value.f64, &tuple[k], sizeof value.f64);
        break;
    case MU_FORM_CODE:
        value.text = mu_dict_text(&mu_dict_union_builder(keys->texts[k])->dict, (uint32_t)tuple[k]);
        break;
    case MU_FORM_ORDINAL:
        value.ordinal = (uint32_t)tuple[k];
        break;
    }
    return value;
}

/* Makes the codes in a tuple of `from` codes of `keys`. */
static bool translate(mu_group_keys *keys, const mu_group_keys *from, uint64_t *tuple)
{
    for (uint32_t k = 0; k < keys->key_count; k++) {
        if (!keys->texts[k] || mu_bits_test(&tuple[keys->key_count], k)) {
            continue;
        }
        const uint32_t code = (uint32_t)tuple[k];
        uint32_t ours;
        if (!mu_dict_union_map(keys->texts[k], &mu_dict_union_builder(from->texts[k])->dict, &code,
                               NULL, NULL, 1, &ours)) {
            return false;
        }
        tuple[k] = ours;
    }
    return true;
}

/* The group of one tuple, new or old. */
static bool find_group(mu_group_keys *keys, const uint64_t *tuple, uint32_t *group)
{
    return keys->by_array
               ? find_place(keys, place_of(keys, tuple), tuple, group)
               : reserve_slots(keys, 1) && find_hashed(keys, tuple, hash_tuple(keys, tuple), group);
}

muster_status mu_group_keys_merge(mu_group_keys *keys, const mu_group_keys *from, uint32_t *map,
                                  muster_error *err)
{
    assert(keys->width == from->width);
    for (uint32_t g = 0; g < from->count; g++) {
        memcpy(keys->tuples, &from->words[(size_t)g * from->width],
               from->width * sizeof *from->words);
        if (mu_stopped_at(g) || !translate(keys, from, keys->tuples) ||
            !find_group(keys, keys->tuples, &map[g])) {
            return mu_fail_memory(err, "grouping");
        }
    }
    return MUSTER_OK;
}
