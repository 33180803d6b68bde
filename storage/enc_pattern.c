/*
 * enc_pattern.c - texts that look alike, as numbers: order numbers, session ids, UUIDs.
 *
 *   u8    fields, 1 to 16
 *   for each field:
 *     u8    bytes of text before it; these bytes
 *     u8    alphabet
 *     u8    characters, or 0: a decimal number without zeros in front
 *   u8    bytes of text behind the last field; these bytes
 *   for each field: list of the numbers that its characters are, the first the highest digit
 *
 * The encoder takes the first text for a pattern: its words (letters and digits of ASCII) and what
 * stands between them. All others must have as many words, with the same in between. The letters
 * that all texts have at the beginning of a word belong to what is in between, as does a word that
 * never changes; the rest of each word is one field or, where it has many characters, several.
 *
 * `2024-0012345678-SHOP` takes the bits of its number, and a UUID 16 bytes of 36.
 */
#include "storage/base/bits.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/enc_decoder.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum {
    MOST_FIELDS = 16,
    MOST_BETWEEN = 255,
    DECIMAL = 0,
    ALPHABETS = 5,
};

/* Earlier ones are preferred: what they write has fewer bits. */
static const struct {
    const char *characters;
    uint8_t most; /* characters whose number fits 63 bits */
    uint64_t base;
} alphabets[ALPHABETS] = {
    {"0123456789", 18, 10},
    {"0123456789abcdef", 15, 16},
    {"0123456789ABCDEF", 15, 16},
    {"0123456789ABCDEFGHJKMNPQRSTVWXYZ", 12, 32}, /* Crockford's, of ULIDs */
    {"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 10, 62},
};

typedef struct between {
    const uint8_t *bytes;
    uint8_t size;
} between;

typedef struct field {
    between before;
    uint8_t alphabet;
    uint8_t width; /* characters; 0: as many as the number has */
    uint64_t end;  /* above the largest number */
} field;

typedef struct pattern {
    field fields[MOST_FIELDS];
    uint32_t count;
    between last;
} pattern;

static uint64_t end_of(const field *f)
{
    const uint32_t width = f->width > 0 ? f->width : alphabets[DECIMAL].most;
    uint64_t end = 1;

    for (uint32_t i = 0; i < width; i++) {
        end *= alphabets[f->alphabet].base;
    }
    return end;
}

/* Finding the pattern. */

/* A word of the first text, and what is known of those in its place. */
typedef struct word {
    uint32_t at, size;
    uint32_t prefix; /* letters at its beginning that all have */
    uint32_t rest;   /* characters after them, if all have as many */
    bool constant;   /* the rest is the same in all */
    bool even;       /* all have as many characters */
    bool plain;      /* in all it is a number without zeros in front, and not too large */
    uint8_t of;      /* bit i: all characters are of alphabet i */
} word;

typedef struct survey {
    const mu_text *texts;
    const uint64_t *valid;
    uint32_t rows, first; /* the first text that is there */
    word words[MOST_FIELDS];
    uint32_t word_count;
    uint8_t of[256]; /* bit i: the character is of alphabet i */
    uint8_t digits[ALPHABETS][256];
} survey;

static bool is_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_there(const survey *s, uint32_t row)
{
    return !s->valid || mu_bits_test(s->valid, row);
}

static uint32_t end_of_word(mu_text text, uint32_t at)
{
    while (at < text.size && is_word((uint8_t)text.data[at])) {
        at++;
    }
    return at;
}

/* Finds the words of the first text; false if there are none, or too many. */
static bool find_words(survey *s)
{
    const mu_text text = s->texts[s->first];

    for (uint32_t at = 0; at < text.size;) {
        const uint32_t end = end_of_word(text, at);
        if (end > at) {
            if (s->word_count == MOST_FIELDS) {
                return false;
            }
            word *w = &s->words[s->word_count++];
            *w = (word){.at = at, .size = end - at, .constant = true, .even = true, .plain = true};
            w->of = (1u << ALPHABETS) - 1;
            while (w->prefix < w->size && !(s->of[(uint8_t)text.data[at + w->prefix]] & 1)) {
                w->prefix++;
            }
        }
        at = end > at ? end : at + 1;
    }
    return s->word_count > 0;
}

typedef void word_fn(survey *s, word *w, mu_text found, const char *of_first);

/* Calls `take` for each word of a text; false if it has others in between than the first. */
static bool each_word(survey *s, uint32_t row, word_fn *take)
{
    const mu_text first = s->texts[s->first], text = s->texts[row];
    uint32_t before = 0, at = 0;

    if (text.size == 0) {
        return false;
    }
    for (uint32_t i = 0; i < s->word_count; i++) {
        word *w = &s->words[i];
        const uint32_t gap = w->at - before;
        if (text.size - at < gap || memcmp(text.data + at, first.data + before, gap) != 0) {
            return false;
        }
        at += gap;
        const uint32_t end = end_of_word(text, at);
        if (end == at) {
            return false;
        }
        take(s, w, (mu_text){text.data + at, end - at}, first.data + w->at);
        at = end;
        before = w->at + w->size;
    }
    return text.size - at == first.size - before &&
           memcmp(text.data + at, first.data + before, text.size - at) == 0;
}

static void find_prefix(survey *s, word *w, mu_text found, const char *of_first)
{
    uint32_t common = 0;

    (void)s;
    while (common < w->prefix && common < found.size && found.data[common] == of_first[common]) {
        common++;
    }
    w->prefix = common;
}

static void look_at_rest(survey *s, word *w, mu_text found, const char *of_first)
{
    const uint32_t size = found.size - w->prefix;
    const char *rest = found.data + w->prefix;

    w->rest = w->size - w->prefix;
    w->even &= size == w->rest;
    w->constant &= size == w->rest && memcmp(rest, of_first + w->prefix, size) == 0;
    w->plain &= size > 0 && size <= alphabets[DECIMAL].most && (size == 1 || rest[0] != '0');
    for (uint32_t i = 0; i < size; i++) {
        w->of &= s->of[(uint8_t)rest[i]];
    }
}

static bool each_text(survey *s, word_fn *take)
{
    for (uint32_t row = s->first; row < s->rows; row++) {
        if (is_there(s, row) && !each_word(s, row, take)) {
            return false;
        }
    }
    return true;
}

/* Adds the fields of a word; *before is where the text before them begins in the first text. */
static bool add_fields(const survey *s, const word *w, uint32_t *before, pattern *p)
{
    const char *first = s->texts[s->first].data;
    const bool decimal = w->of & 1;
    uint32_t alphabet = 0;

    if (w->constant) {
        return true;
    }
    if (w->of == 0 || (!w->even && !(decimal && w->plain))) {
        return false;
    }
    while (!(w->of >> alphabet & 1)) {
        alphabet++;
    }
    uint32_t left = w->even ? w->rest : 1;
    for (uint32_t gap = w->at + w->prefix - *before; left > 0; gap = 0) {
        const uint32_t most = alphabets[alphabet].most, width = left < most ? left : most;
        if (p->count == MOST_FIELDS || gap > MOST_BETWEEN) {
            return false;
        }
        field *f = &p->fields[p->count++];
        *f = (field){.before = {(const uint8_t *)first + *before, (uint8_t)gap},
                     .alphabet = (uint8_t)alphabet,
                     .width = w->even ? (uint8_t)width : 0};
        f->end = end_of(f);
        left -= width;
        *before = w->at + w->size;
    }
    return true;
}

static bool find_pattern(survey *s, pattern *p)
{
    uint32_t before = 0;

    *p = (pattern){0};
    for (uint32_t a = 0; a < ALPHABETS; a++) {
        for (uint8_t i = 0; alphabets[a].characters[i]; i++) {
            const uint8_t c = (uint8_t)alphabets[a].characters[i];
            s->of[c] |= (uint8_t)(1u << a);
            s->digits[a][c] = i;
        }
    }
    while (!is_there(s, s->first)) {
        s->first++;
    }
    if (!find_words(s) || !each_text(s, find_prefix) || !each_text(s, look_at_rest)) {
        return false;
    }
    for (uint32_t i = 0; i < s->word_count; i++) {
        if (!add_fields(s, &s->words[i], &before, p)) {
            return false;
        }
    }
    const mu_text first = s->texts[s->first];
    p->last = (between){(const uint8_t *)first.data + before, (uint8_t)(first.size - before)};
    return p->count > 0 && first.size - before <= MOST_BETWEEN;
}

/* Writing. */

/* The numbers of a text; those of field i go to numbers[i * rows]. */
static void read_numbers(const survey *s, const pattern *p, mu_text text, int64_t *numbers)
{
    const uint8_t *at = (const uint8_t *)text.data;

    for (uint32_t i = 0; i < p->count; i++) {
        const field *f = &p->fields[i];
        uint64_t number = 0;
        at += f->before.size;
        const uint8_t *end = at + f->width;
        while (f->width == 0 && end < (const uint8_t *)text.data + text.size && is_word(*end)) {
            end++;
        }
        for (; at < end; at++) {
            number = number * alphabets[f->alphabet].base + s->digits[f->alphabet][*at];
        }
        assert(number < f->end);
        numbers[(size_t)i * s->rows] = (int64_t)number;
    }
}

static void write_between(mu_writer *out, between b)
{
    mu_write_u8(out, b.size);
    mu_write_bytes(out, b.bytes, b.size);
}

static void write_pattern(mu_writer *out, const pattern *p)
{
    mu_write_u8(out, MU_ENC_PATTERN);
    mu_write_u8(out, (uint8_t)p->count);
    for (uint32_t i = 0; i < p->count; i++) {
        write_between(out, p->fields[i].before);
        mu_write_u8(out, p->fields[i].alphabet);
        mu_write_u8(out, p->fields[i].width);
    }
    write_between(out, p->last);
}

static void write_numbers(mu_writer *out, const survey *s, const pattern *p)
{
    int64_t *numbers = mu_mem_alloc_array((size_t)s->rows * p->count, sizeof *numbers);
    uint32_t count = 0;

    if (!numbers) {
        out->failed = true;
        return;
    }
    for (uint32_t row = s->first; row < s->rows; row++) {
        if (is_there(s, row)) {
            read_numbers(s, p, s->texts[row], &numbers[count++]);
        }
    }
    for (uint32_t i = 0; i < p->count; i++) {
        const int64_t *list = &numbers[(size_t)i * s->rows];
        const mu_for plan = mu_for_plan_list(list, count);
        mu_for_write(out, &plan, list);
    }
    mu_mem_free(numbers);
}

bool mu_enc_pattern_write(mu_writer *out, const mu_text *values, const uint64_t *valid,
                          uint32_t rows)
{
    survey s = {.texts = values, .valid = valid, .rows = rows};
    pattern p;

    if (!find_pattern(&s, &p)) {
        return false;
    }
    write_pattern(out, &p);
    write_numbers(out, &s, &p);
    return true;
}

/* Reading. */

static between read_between(mu_reader *in)
{
    between b = {.size = mu_read_u8(in)};

    b.bytes = mu_read_bytes(in, b.size);
    return b;
}

static muster_status read_pattern(pattern *p, mu_reader *in, muster_error *err)
{
    p->count = mu_read_u8(in);
    if (p->count == 0 || p->count > MOST_FIELDS) {
        return mu_fail(err, MUSTER_CORRUPT, "a pattern has %u fields, expected 1 to %d", p->count,
                       (int)MOST_FIELDS);
    }
    for (uint32_t i = 0; i < p->count; i++) {
        field *f = &p->fields[i];
        f->before = read_between(in);
        f->alphabet = mu_read_u8(in);
        f->width = mu_read_u8(in);
        if (in->overrun || f->alphabet >= ALPHABETS || f->width > alphabets[f->alphabet].most ||
            (f->width == 0 && f->alphabet != DECIMAL)) {
            return mu_fail(err, MUSTER_CORRUPT, "field %u is %u characters of alphabet %u", i,
                           f->width, f->alphabet);
        }
        f->end = end_of(f);
    }
    p->last = read_between(in);
    return in->overrun ? mu_fail(err, MUSTER_CORRUPT, "ends within its pattern") : MUSTER_OK;
}

static inline uint8_t *put_number(uint8_t *to, const char *characters, uint64_t base,
                                  uint32_t width, uint64_t number)
{
    for (uint32_t i = width; i > 0; i--) {
        to[i - 1] = (uint8_t)characters[number % base];
        number /= base;
    }
    return to + width;
}

static uint32_t digits_of(uint64_t number)
{
    uint32_t digits = 1;

    for (uint64_t power = 10; digits < alphabets[DECIMAL].most && number >= power; power *= 10) {
        digits++;
    }
    return digits;
}

static uint8_t *put_field(uint8_t *to, const field *f, uint64_t number)
{
    const char *characters = alphabets[f->alphabet].characters;

    memcpy(to, f->before.bytes, f->before.size);
    to += f->before.size;
    switch (alphabets[f->alphabet].base) { /* the compiler divides by what it knows */
    case 10:
        return put_number(to, characters, 10, f->width > 0 ? f->width : digits_of(number), number);
    case 16:
        return put_number(to, characters, 16, f->width, number);
    case 32:
        return put_number(to, characters, 32, f->width, number);
    default:
        return put_number(to, characters, 62, f->width, number);
    }
}

/* The numbers of the vector that begins with stored row `first`, field after field. */
static muster_status read_vector(const pattern *p, const mu_for *lists, uint32_t first,
                                 uint32_t rows, int64_t *numbers, muster_error *err)
{
    for (uint32_t i = 0; i < p->count; i++) {
        int64_t *list = &numbers[(size_t)i * MU_VECTOR_ROWS];
        uint64_t largest = 0;
        mu_for_read_i64(&lists[i], first, rows, list);
        for (uint32_t k = 0; k < rows; k++) {
            largest = (uint64_t)list[k] > largest ? (uint64_t)list[k] : largest;
        }
        if (largest >= p->fields[i].end) {
            return mu_fail(err, MUSTER_CORRUPT,
                           "field %u is %" PRIu64 ", expected less than %" PRIu64, i, largest,
                           p->fields[i].end);
        }
    }
    return MUSTER_OK;
}

/* Writes the texts and where each ends, of rows that are NULL, too. */
static muster_status put_texts(mu_decoder *decoder, const pattern *p, const mu_for *lists,
                               muster_error *err)
{
    const uint64_t *valid = decoder->apart ? decoder->present.words : NULL;
    int64_t *numbers = decoder->run_values;
    uint8_t *to = decoder->scratch;
    uint32_t next = 0;

    for (uint32_t row = 0; row < decoder->chunk_rows; row++) {
        decoder->offsets[row] = (uint64_t)(to - decoder->scratch);
        if (valid && !mu_bits_test(valid, row)) {
            continue;
        }
        if (next % MU_VECTOR_ROWS == 0) {
            const uint32_t left = decoder->rows - next;
            MU_TRY(read_vector(p, lists, next, left < MU_VECTOR_ROWS ? left : MU_VECTOR_ROWS,
                               numbers, err));
        }
        for (uint32_t i = 0; i < p->count; i++) {
            const size_t at = (size_t)i * MU_VECTOR_ROWS + next % MU_VECTOR_ROWS;
            to = put_field(to, &p->fields[i], (uint64_t)numbers[at]);
        }
        memcpy(to, p->last.bytes, p->last.size);
        to += p->last.size;
        next++;
    }
    decoder->offsets[decoder->chunk_rows] = (uint64_t)(to - decoder->scratch);
    return MUSTER_OK;
}

static muster_status pattern_open(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    mu_for lists[MOST_FIELDS];
    pattern p = {0};

    MU_TRY(read_pattern(&p, in, err));
    size_t longest = p.last.size;
    for (uint32_t i = 0; i < p.count; i++) {
        const field *f = &p.fields[i];
        longest += f->before.size + (size_t)(f->width > 0 ? f->width : alphabets[DECIMAL].most);
        MU_TRY(mu_for_open(&lists[i], in, decoder->rows, err));
    }
    if (!mu_mem_reserve(&decoder->offsets, &decoder->offset_capacity,
                        (size_t)decoder->chunk_rows + 1, sizeof *decoder->offsets) ||
        !mu_mem_reserve(&decoder->run_values, &decoder->run_value_capacity,
                        (size_t)p.count * MU_VECTOR_ROWS, sizeof *decoder->run_values) ||
        !mu_mem_reserve(&decoder->scratch, &decoder->scratch_capacity, longest * decoder->rows + 1,
                        1)) {
        return mu_fail_memory(err, "opening a chunk of text");
    }
    MU_TRY(put_texts(decoder, &p, lists, err));
    mu_decoder_take_texts(decoder);
    return MUSTER_OK;
}

const mu_encoding mu_encoding_pattern = {
    .enc = MU_ENC_PATTERN, .name = "pattern", .texts = true, .open = pattern_open};
