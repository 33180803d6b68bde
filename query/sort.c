/*
 * sort.c - the keys that rows are sorted by.
 */
#include "query/sort.h"

#include "query/sort_key.h"
#include "storage/base/mem.h"

#ifdef MU_TINY
enum {
    RANKED_TEXTS = 16
};
#else
enum {
    RANKED_TEXTS = 16384 /* sorted in a few milliseconds, in one go */
};
#endif

enum {
    MEASURED_BITS = 128, /* behind so many bits of a key few rows are equal: no need to know how
                            narrow the columns there are */
    ROWS_PER_CHECK = 1 << 16,
    TEXTS_PER_CHECK = 4096
};

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "sorting");
}

uint64_t mu_sort_number(int64_t value)
{
    return (uint64_t)value ^ UINT64_C(1) << 63;
}

uint64_t mu_sort_number_f64(double value)
{
    uint64_t bits;

    if (value == 0) {
        value = 0; /* -0.0 equals 0.0 */
    }
    memcpy(&bits, &value, sizeof bits);
    if (value != value) {
        return UINT64_MAX;
    }
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

/* The eight bytes of a text behind those that all have. */
static uint64_t text_number(mu_text text, uint32_t skip)
{
    uint64_t number = 0;

    for (uint32_t i = 0; i < 8; i++) {
        number = number << 8 | (skip + i < text.size ? (uint8_t)text.data[skip + i] : 0);
    }
    return number;
}

/* Values as numbers, as they are in the column. */

static void read_codes(const mu_sort *sort, const mu_sort_column *column, uint32_t set,
                       uint64_t first, uint32_t count, uint64_t *out)
{
    const mu_rowset_column *values = &sort->sets[set]->columns[column->key.column];
    const uint32_t *codes = (const uint32_t *)values->data + first;
    const mu_dict *dict = &values->texts.dict;

    for (uint32_t i = 0; i < count; i++) {
        out[i] = codes[i] >= dict->count ? 0 /* NULL, and no text is there */
                 : column->ranks         ? column->ranks[set][codes[i]]
                                         : text_number(mu_dict_text(dict, codes[i]), column->skip);
    }
}

static void read_numbers(const mu_sort *sort, const mu_sort_column *column, uint32_t set,
                         uint64_t first, uint32_t count, uint64_t *out)
{
    const void *data = sort->sets[set]->columns[column->key.column].data;

    switch (column->form) {
    case MU_FORM_BITS:
        for (uint32_t i = 0; i < count; i++) {
            out[i] = mu_bits_test(data, first + i);
        }
        return;
    case MU_FORM_I64:
        for (uint32_t i = 0; i < count; i++) {
            out[i] = mu_sort_number(((const int64_t *)data)[first + i]);
        }
        return;
    case MU_FORM_F64:
        for (uint32_t i = 0; i < count; i++) {
            out[i] = mu_sort_number_f64(((const double *)data)[first + i]);
        }
        return;
    case MU_FORM_ORDINAL:
        for (uint32_t i = 0; i < count; i++) {
            out[i] = ((const uint32_t *)data)[first + i];
        }
        return;
    case MU_FORM_CODE:
        read_codes(sort, column, set, first, count, out);
        return;
    }
}

/* Shifts the part into the words; at most MU_BATCH_ROWS rows. */
static void put_part(const mu_sort *sort, const mu_sort_part *part, uint32_t set, uint64_t first,
                     uint32_t count, mu_sort_item *items)
{
    const mu_sort_column *column = part->column;
    const uint64_t *valid = sort->sets[set]->columns[column->key.column].valid;
    const unsigned shift = part->width % 64; /* a part of 64 bits is alone in its word */
    uint64_t numbers[MU_BATCH_ROWS];

    if (part->null) {
        for (uint32_t i = 0; i < count; i++) {
            const bool null = !mu_bits_test(valid, first + i);
            items[i].word = items[i].word << 1 | (null != column->key.nulls_first);
        }
        return;
    }
    read_numbers(sort, column, set, first, count, numbers);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t number =
            column->key.descending ? column->most - numbers[i] : numbers[i] - column->least;
        if (column->has_nulls && !mu_bits_test(valid, first + i)) {
            number = 0;
        }
        items[i].word = items[i].word << shift | number >> part->drop;
    }
}

static void put_word(const mu_sort *sort, uint32_t level, uint32_t set, uint64_t first,
                     uint32_t count, mu_sort_item *items)
{
    const mu_sort_level *l = &sort->levels[level];

    for (uint32_t p = 0; p < l->part_count; p++) {
        put_part(sort, &sort->parts[l->first_part + p], set, first, count, items);
    }
}

void mu_sort_fill(const mu_sort *sort, uint64_t first, uint64_t count, mu_sort_item *items)
{
    uint32_t set = 0;

    while (count > 0) {
        while (first >= sort->firsts[set + 1]) {
            set++;
        }
        const uint64_t row = first - sort->firsts[set];
        const uint64_t left = sort->firsts[set + 1] - first;
        uint64_t some = left < count ? left : count;
        some = some < MU_BATCH_ROWS ? some : MU_BATCH_ROWS;
        for (uint32_t i = 0; i < some; i++) {
            items[i] = (mu_sort_item){.place = MU_PLACE(set, row + i)};
        }
        if (sort->level_count > 0) {
            put_word(sort, 0, set, row, (uint32_t)some, items);
        }
        items += some;
        first += some;
        count -= some;
    }
}

uint64_t mu_sort_word(const mu_sort *sort, uint32_t level, uint64_t place)
{
    mu_sort_item item = {0};

    put_word(sort, level, MU_PLACE_SET(place), MU_PLACE_ROW(place), 1, &item);
    return item.word;
}

static bool is_valid(const mu_sort *sort, const mu_sort_column *column, uint64_t place)
{
    return mu_bits_test(sort->sets[MU_PLACE_SET(place)]->columns[column->key.column].valid,
                        MU_PLACE_ROW(place));
}

static mu_text text_at(const mu_sort *sort, const mu_sort_column *column, uint64_t place)
{
    const mu_rowset_column *values = &sort->sets[MU_PLACE_SET(place)]->columns[column->key.column];

    return mu_dict_text(&values->texts.dict, ((const uint32_t *)values->data)[MU_PLACE_ROW(place)]);
}

static int compare_level(const mu_sort *sort, uint64_t a, uint64_t b, uint32_t level)
{
    const mu_sort_column *texts = sort->levels[level].texts;

    if (!texts) {
        const uint64_t x = mu_sort_word(sort, level, a), y = mu_sort_word(sort, level, b);
        return (x > y) - (x < y);
    }
    if (!is_valid(sort, texts, a)) {
        return 0; /* so is the other: their words are equal */
    }
    const int order = mu_text_compare(text_at(sort, texts, a), text_at(sort, texts, b));
    return texts->key.descending ? -order : order;
}

int mu_sort_compare(const mu_sort *sort, uint64_t a, uint64_t b, uint32_t level)
{
    int order = 0;

    for (; order == 0 && level < sort->level_count; level++) {
        order = compare_level(sort, a, b, level);
    }
    return order;
}

/* What a key is made of. */

/* Ranks of the texts, if they are few. */
static muster_status rank_texts(mu_sort *sort, mu_sort_column *column, muster_error *err)
{
    mu_dict_builder all = {0};
    uint32_t *order = NULL, *rank = NULL;
    bool fits = true;

    column->ranks = mu_mem_zalloc_array(sort->set_count, sizeof *column->ranks);
    fits = column->ranks != NULL;
    for (uint32_t s = 0; fits && s < sort->set_count; s++) {
        const mu_dict *dict =
            sort->sets[s] ? &sort->sets[s]->columns[column->key.column].texts.dict : NULL;
        column->ranks[s] = mu_mem_alloc_array(dict ? dict->count : 0, sizeof *column->ranks[s]);
        fits = column->ranks[s] != NULL;
        for (uint32_t code = 0; fits && dict && code < dict->count; code++) {
            fits = mu_dict_builder_add(&all, mu_dict_text(dict, code), &column->ranks[s][code]);
        }
    }
    fits = fits && mu_dict_builder_sort(&all, &order, &rank);
    for (uint32_t s = 0; fits && s < sort->set_count; s++) {
        for (uint32_t code = 0;
             sort->sets[s] && code < sort->sets[s]->columns[column->key.column].texts.dict.count;
             code++) {
            column->ranks[s][code] = rank[column->ranks[s][code]];
        }
    }
    column->most = all.dict.count > 0 ? all.dict.count - 1 : 0;
    mu_mem_free(order);
    mu_mem_free(rank);
    mu_dict_builder_deinit(&all);
    return fits ? MUSTER_OK : fail_memory(err);
}

/* The bytes that all texts of the column begin with. */
static muster_status find_skip(mu_sort *sort, mu_sort_column *column, muster_error *err)
{
    mu_text common = {NULL, 0};
    bool any = false;

    for (uint32_t s = 0; s < sort->set_count; s++) {
        const mu_dict *dict =
            sort->sets[s] ? &sort->sets[s]->columns[column->key.column].texts.dict : NULL;
        for (uint32_t code = 0; dict && code < dict->count; code++) {
            const mu_text text = mu_dict_text(dict, code);
            uint32_t same = 0;
            if (code % TEXTS_PER_CHECK == 0) {
                MU_TRY(mu_exec_check(sort->exec, err));
            }
            common = any ? common : text;
            any = true;
            while (same < common.size && same < text.size && common.data[same] == text.data[same]) {
                same++;
            }
            common.size = same;
            if (same == 0) {
                return MUSTER_OK;
            }
        }
    }
    column->skip = common.size;
    return MUSTER_OK;
}

static muster_status prepare_texts(mu_sort *sort, mu_sort_column *column, muster_error *err)
{
    uint64_t texts = 0;

    for (uint32_t s = 0; s < sort->set_count; s++) {
        texts += sort->sets[s] ? sort->sets[s]->columns[column->key.column].texts.dict.count : 0;
    }
    if (texts <= RANKED_TEXTS) {
        return rank_texts(sort, column, err);
    }
    column->by_text = true;
    return find_skip(sort, column, err);
}

/* The least and the greatest number of the column. */
static muster_status measure(mu_sort *sort, mu_sort_column *column, muster_error *err)
{
    uint64_t least = UINT64_MAX, most = 0;
    uint64_t numbers[MU_BATCH_ROWS];

    for (uint32_t s = 0; s < sort->set_count; s++) {
        const uint64_t rows = sort->sets[s] ? sort->sets[s]->rows : 0;
        for (uint64_t row = 0; row < rows; row += MU_BATCH_ROWS) {
            const uint64_t *valid = sort->sets[s]->columns[column->key.column].valid;
            const uint64_t left = rows - row;
            const uint32_t count = left < MU_BATCH_ROWS ? (uint32_t)left : MU_BATCH_ROWS;
            if (row % ROWS_PER_CHECK == 0) {
                MU_TRY(mu_exec_check(sort->exec, err));
            }
            read_numbers(sort, column, s, row, count, numbers);
            for (uint32_t i = 0; i < count; i++) {
                if (!column->has_nulls || mu_bits_test(valid, row + i)) {
                    least = numbers[i] < least ? numbers[i] : least;
                    most = numbers[i] > most ? numbers[i] : most;
                }
            }
        }
    }
    column->least = least <= most ? least : 0;
    column->most = least <= most ? most : 0;
    return MUSTER_OK;
}

static muster_status prepare_column(mu_sort *sort, mu_sort_column *column, bool measured,
                                    muster_error *err)
{
    for (uint32_t s = 0; s < sort->set_count; s++) {
        column->has_nulls |= sort->sets[s] && sort->sets[s]->columns[column->key.column].has_nulls;
    }
    column->most = column->form == MU_FORM_BITS      ? 1
                   : column->form == MU_FORM_ORDINAL ? UINT32_MAX
                                                     : UINT64_MAX;
    if (column->form == MU_FORM_CODE) {
        return prepare_texts(sort, column, err);
    }
    return measured && column->form != MU_FORM_BITS ? measure(sort, column, err) : MUSTER_OK;
}

static void add_part(mu_sort *sort, mu_sort_part part, unsigned *room)
{
    if (*room < part.width || sort->level_count == 0) {
        sort->levels[sort->level_count++] = (mu_sort_level){.first_part = sort->part_count};
        *room = 64;
    }
    sort->parts[sort->part_count++] = part;
    sort->levels[sort->level_count - 1].part_count++;
    *room -= part.width;
}

/* Adds the column's parts to the key; *room: bits that are left of the last word. */
static void add_column(mu_sort *sort, const mu_sort_column *column, unsigned *room)
{
    const unsigned width = mu_bits_width(column->most - column->least);

    if (column->has_nulls) {
        add_part(sort, (mu_sort_part){column, true, 1, 0}, room);
    }
    if (width > *room && *room > 0 && sort->level_count > 0) { /* as much of it as there is room */
        add_part(sort, (mu_sort_part){column, false, *room, width - *room}, room);
    } else if (width > 0 && column->by_text) {
        add_part(sort, (mu_sort_part){column, false, width, 0}, room);
    }
    if (column->by_text) {
        sort->levels[sort->level_count++] = (mu_sort_level){.texts = column};
        *room = 0;
    } else if (width > 0) {
        add_part(sort, (mu_sort_part){column, false, width, 0}, room);
    }
}

static bool is_key(const mu_sort_key *keys, uint32_t key_count, uint32_t column)
{
    for (uint32_t k = 0; k < key_count; k++) {
        if (keys[k].column == column) {
            return true;
        }
    }
    return false;
}

static muster_status make_key(mu_sort *sort, const mu_rowset *like, const mu_sort_key *keys,
                              uint32_t key_count, muster_error *err)
{
    const uint32_t most = key_count + like->column_count;
    unsigned bits = 0, room = 0;

    sort->columns = mu_mem_zalloc_array(most, sizeof *sort->columns);
    sort->parts = mu_mem_zalloc_array((size_t)most * 3, sizeof *sort->parts);
    sort->levels = mu_mem_zalloc_array((size_t)most * 4, sizeof *sort->levels);
    if (!sort->columns || !sort->parts || !sort->levels) {
        return fail_memory(err);
    }
    for (uint32_t k = 0; k < most; k++) {
        const bool given = k < key_count;
        if (!given && is_key(keys, key_count, k - key_count)) {
            continue;
        }
        mu_sort_column *column = &sort->columns[sort->column_count++];
        column->key = given ? keys[k] : (mu_sort_key){.column = k - key_count};
        column->form = like->columns[column->key.column].form;
        MU_TRY(prepare_column(sort, column, bits < MEASURED_BITS, err));
        bits += mu_bits_width(column->most - column->least) + column->has_nulls;
        add_column(sort, column, &room);
    }
    return MUSTER_OK;
}

muster_status mu_sort_open(mu_exec *exec, bool alone, const mu_sort_key *keys, uint32_t key_count,
                           mu_rowset *const *sets, uint32_t set_count, mu_sort **out,
                           muster_error *err)
{
    const mu_rowset *any = NULL;
    muster_status status = MUSTER_OK;
    mu_sort *sort = mu_mem_zalloc(sizeof *sort);

    *out = NULL;
    if (!sort) {
        return fail_memory(err);
    }
    sort->exec = exec;
    sort->alone = alone;
    sort->sets = sets;
    sort->set_count = set_count;
    sort->firsts = mu_mem_zalloc_array((size_t)set_count + 1, sizeof *sort->firsts);
    if (!sort->firsts) {
        status = fail_memory(err);
        goto fail;
    }
    for (uint32_t s = 0; s < set_count; s++) {
        const uint64_t rows = sets[s] ? sets[s]->rows : 0;
        any = rows > 0 ? sets[s] : any;
        sort->firsts[s + 1] = sort->firsts[s] + rows;
    }
    if (any) {
        MU_TRY_GOTO(make_key(sort, any, keys, key_count, err));
    }
    *out = sort;
    return MUSTER_OK;

fail:
    mu_sort_close(sort);
    return status;
}

void mu_sort_close(mu_sort *sort)
{
    if (!sort) {
        return;
    }
    for (uint32_t c = 0; c < sort->column_count; c++) {
        for (uint32_t s = 0; sort->columns[c].ranks && s < sort->set_count; s++) {
            mu_mem_free(sort->columns[c].ranks[s]);
        }
        mu_mem_free(sort->columns[c].ranks);
    }
    mu_mem_free(sort->firsts);
    mu_mem_free(sort->columns);
    mu_mem_free(sort->parts);
    mu_mem_free(sort->levels);
    mu_mem_free(sort->items);
    mu_mem_free(sort->spare);
    mu_mem_free(sort);
}
