/*
 * enc_map.c - bitmaps over the rows of a chunk.
 *
 *   u8   form
 *        0  then the words, u64 each: bit i of word i / 64 is row i; bits past the rows are 0
 *        1  the rows whose bit is 1:  u32 how many, and if there are any, a list (enc_list.c) of
 *           how many rows lie between each and the one before it, or the beginning
 *        2  likewise the rows whose bit is 0
 */
#include "storage/enc_map.h"

#include "storage/base/bits.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/enc_list.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <string.h>

enum {
    FORM_WORDS,
    FORM_ONES,
    FORM_ZEROS,

    LEAST_GAP = 5,   /* rows for each place: closer ones take more than a bit a row */
    PLACES_SAVE = 4, /* places save one byte in four of the words */
};

/* Word w of the bitmap, or of its opposite; nothing past the rows. */
static uint64_t word_of(const uint64_t *words, uint32_t rows, size_t w, bool opposite)
{
    const uint64_t word = opposite ? ~words[w] : words[w];

    return (w + 1) * 64 <= rows ? word : word & ((UINT64_C(1) << rows % 64) - 1);
}

static size_t words_bytes(uint32_t rows)
{
    return mu_bits_words(rows) * sizeof(uint64_t);
}

/* How the places of bits would be stored. */
typedef struct places {
    uint8_t form;
    uint32_t count;
    size_t bytes; /* without the form */
} places;

static places survey(const uint64_t *words, uint32_t rows)
{
    places found = {.form = FORM_ONES};
    uint32_t next = 0; /* the row behind the last place */

    for (size_t w = 0; w < mu_bits_words(rows); w++) {
        found.count += (uint32_t)__builtin_popcountll(word_of(words, rows, w, false));
    }
    if (found.count > rows / 2) {
        found.form = FORM_ZEROS;
        found.count = rows - found.count;
    }
    found.bytes = sizeof found.count;
    if (found.count > rows / LEAST_GAP) {
        found.form = FORM_WORDS;
    } else if (found.count > 0) {
        mu_enc_spread gaps = {0};
        for (size_t w = 0; w < mu_bits_words(rows); w++) {
            uint64_t word = word_of(words, rows, w, found.form == FORM_ZEROS);
            for (; word != 0; word &= word - 1) {
                const uint32_t row = (uint32_t)(w * 64) + mu_bits_lowest(word);
                mu_enc_spread_add(&gaps, row - next);
                next = row + 1;
            }
        }
        found.bytes += mu_enc_list_bytes(&gaps);
    }
    /* Places take time to become bits. */
    if (found.bytes > words_bytes(rows) - words_bytes(rows) / PLACES_SAVE) {
        found.form = FORM_WORDS;
    }
    return found;
}

static void write_places(mu_writer *out, const uint64_t *words, uint32_t rows, places found)
{
    uint32_t next = 0, count = 0;

    mu_write_u8(out, found.form);
    mu_write_u32(out, found.count);
    if (found.count == 0) {
        return;
    }
    int64_t *gaps = mu_mem_alloc_array(found.count, sizeof *gaps);
    if (!gaps) {
        out->failed = true;
        return;
    }
    for (size_t w = 0; w < mu_bits_words(rows); w++) {
        uint64_t word = word_of(words, rows, w, found.form == FORM_ZEROS);
        for (; word != 0; word &= word - 1) {
            const uint32_t row = (uint32_t)(w * 64) + mu_bits_lowest(word);
            gaps[count++] = row - next;
            next = row + 1;
        }
    }
    assert(count == found.count);
    mu_enc_list_write(out, gaps, count);
    mu_mem_free(gaps);
}

void mu_enc_map_write(mu_writer *out, const uint64_t *words, uint32_t rows)
{
    const places found = survey(words, rows);

    if (found.form != FORM_WORDS) {
        write_places(out, words, rows, found);
        return;
    }
    mu_write_u8(out, FORM_WORDS);
    for (size_t w = 0; w < mu_bits_words(rows); w++) {
        mu_write_u64(out, word_of(words, rows, w, false));
    }
}

/* Reading. */

static muster_status read_words(mu_enc_map *map, mu_reader *in, muster_error *err)
{
    const size_t count = mu_bits_words(map->rows);
    const uint8_t *bytes = mu_read_bytes(in, words_bytes(map->rows));

    if (!bytes) {
        return mu_fail(err, MUSTER_CORRUPT, "ends within a bitmap of %u rows", map->rows);
    }
    /* Little-endian on disk and in memory: isa.c sees to it that muster runs nowhere else. */
    memcpy(map->words, bytes, words_bytes(map->rows));
    if (map->rows % 64 != 0 && map->words[count - 1] >> map->rows % 64 != 0) {
        return mu_fail(err, MUSTER_CORRUPT, "a bitmap has bits past its %u rows", map->rows);
    }
    return MUSTER_OK;
}

static muster_status read_gaps(mu_enc_map *map, mu_reader *in, uint32_t count, muster_error *err)
{
    uint64_t next = 0;

    if (!mu_mem_reserve(&map->gaps, &map->gap_capacity, (size_t)count + 63, sizeof *map->gaps)) {
        return mu_fail_memory(err, "opening a chunk");
    }
    MU_TRY(mu_enc_list_read_u32(in, count, map->gaps, err));
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t row = next + map->gaps[i];
        if (row >= map->rows) {
            return mu_fail(err, MUSTER_CORRUPT, "a bitmap of %u rows has bits past them",
                           map->rows);
        }
        mu_bits_set(map->words, row);
        next = row + 1;
    }
    return MUSTER_OK;
}

static muster_status read_places(mu_enc_map *map, mu_reader *in, bool opposite, muster_error *err)
{
    const uint32_t count = mu_read_u32(in);
    const size_t words = mu_bits_words(map->rows);

    if (in->overrun || count > map->rows) {
        return mu_fail(err, MUSTER_CORRUPT, "%u places in a bitmap of %u rows", count, map->rows);
    }
    memset(map->words, 0, words * sizeof *map->words);
    if (count > 0) {
        MU_TRY(read_gaps(map, in, count, err));
    }
    for (size_t w = 0; opposite && w < words; w++) {
        map->words[w] = word_of(map->words, map->rows, w, true);
    }
    return MUSTER_OK;
}

void mu_enc_map_count(mu_enc_map *map)
{
    const size_t words = mu_bits_words(map->rows), step = MU_VECTOR_ROWS / 64;
    uint32_t ones = 0;

    for (size_t w = 0; w < words; w += step) {
        const size_t left = words - w;
        map->ranks[w / step] = ones;
        ones += (uint32_t)mu_k()->count_bits(&map->words[w], left < step ? left : step);
    }
    map->ones = ones;
}

static bool reserve(mu_enc_map *map, uint32_t rows)
{
    map->rows = rows;
    return mu_mem_reserve(&map->words, &map->word_capacity, mu_bits_words(rows),
                          sizeof *map->words) &&
           mu_mem_reserve(&map->ranks, &map->rank_capacity, rows / MU_VECTOR_ROWS + 1,
                          sizeof *map->ranks);
}

bool mu_enc_map_clear(mu_enc_map *map, uint32_t rows)
{
    if (!reserve(map, rows)) {
        return false;
    }
    memset(map->words, 0, mu_bits_words(rows) * sizeof *map->words);
    return true;
}

muster_status mu_enc_map_open(mu_enc_map *map, mu_reader *in, uint32_t rows, muster_error *err)
{
    const uint8_t form = mu_read_u8(in);

    if (in->overrun || form > FORM_ZEROS) {
        return mu_fail(err, MUSTER_CORRUPT, "a bitmap has the form %u", form);
    }
    if (!reserve(map, rows)) {
        return mu_fail_memory(err, "opening a chunk");
    }
    if (form == FORM_WORDS) {
        MU_TRY(read_words(map, in, err));
    } else {
        MU_TRY(read_places(map, in, form == FORM_ZEROS, err));
    }
    mu_enc_map_count(map);
    return MUSTER_OK;
}

void mu_enc_map_deinit(mu_enc_map *map)
{
    mu_mem_free(map->words);
    mu_mem_free(map->ranks);
    mu_mem_free(map->gaps);
    *map = (mu_enc_map){0};
}

uint32_t mu_enc_map_rank(const mu_enc_map *map, uint32_t row)
{
    const uint32_t vector = row / MU_VECTOR_ROWS, within = row % MU_VECTOR_ROWS;

    assert(row < map->rows && row % 64 == 0);
    return map->ranks[vector] +
           (uint32_t)mu_k()->count_bits(&map->words[vector * (MU_VECTOR_ROWS / 64)], within / 64);
}
