/*
 * csv.c - records and fields of a piece of delimited text.
 *
 * The hot loop looks at 64 bytes at a time: a mask has a bit for each delimiter, LF and CR among
 * them, and a field ends at the next bit. Quoted fields leave that path: their end is found by
 * memchr, and the mask is taken anew behind it.
 */
#include "storage/csv.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include <simde/x86/sse2.h>

mu_csv_dialect mu_csv_dialect_of(const mu_csv_options *options)
{
    mu_csv_dialect dialect = {
        .delimiter = options->delimiter, .quote = options->quote, .escape = options->escape};

    if (dialect.delimiter == 0) {
        dialect.delimiter = ',';
    }
    if (dialect.quote == 0) {
        dialect.quote = '"';
    }
    if (dialect.escape == 0) {
        dialect.escape = dialect.quote;
    }
    return dialect;
}

muster_status mu_csv_record_check(const mu_csv_record *record, uint32_t field_count,
                                  muster_error *err)
{
    const uint32_t found = record->field_count;

    if (record->fault) {
        return mu_fail(err, MUSTER_INVALID, "%s", record->fault);
    }
    if (found != field_count) {
        return mu_fail(err, MUSTER_INVALID, "%" PRIu32 " field%s, expected %" PRIu32, found,
                       found == 1 ? "" : "s", field_count);
    }
    if (record->fault_field != 0) {
        return mu_fail(err, MUSTER_INVALID, "field %" PRIu32 ": text after the closing quote",
                       record->fault_field);
    }
    return MUSTER_OK;
}

const char *mu_csv_quote_end(mu_csv_dialect dialect, const char *from, const char *end, bool last,
                             bool *escaped)
{
    const char *at = from;

    assert(from <= end);
    *escaped = false;
    if (dialect.escape == dialect.quote) {
        while ((at = memchr(at, dialect.quote, (size_t)(end - at)))) {
            if (at + 1 == end) {
                return last ? at : NULL; /* the next byte could double it */
            }
            if (at[1] != dialect.quote) {
                return at;
            }
            *escaped = true;
            at += 2;
        }
        return NULL;
    }
    for (; at < end; at++) {
        if (*at == dialect.escape && at + 1 < end &&
            (at[1] == dialect.quote || at[1] == dialect.escape)) {
            *escaped = true;
            at++;
        } else if (*at == dialect.escape && at + 1 == end && !last) {
            return NULL;
        } else if (*at == dialect.quote) {
            return at;
        }
    }
    return NULL;
}

/* A bit for each delimiter, LF and CR among 64 bytes. */
static uint64_t find_ends(const char *at, char delimiter)
{
    const simde__m128i wanted = simde_mm_set1_epi8(delimiter);
    const simde__m128i lf = simde_mm_set1_epi8('\n');
    const simde__m128i cr = simde_mm_set1_epi8('\r');
    uint64_t mask = 0;

    for (unsigned i = 0; i < 64; i += 16) {
        const simde__m128i bytes = simde_mm_loadu_si128(&at[i]);
        const simde__m128i line_end =
            simde_mm_or_si128(simde_mm_cmpeq_epi8(bytes, lf), simde_mm_cmpeq_epi8(bytes, cr));
        const simde__m128i any = simde_mm_or_si128(simde_mm_cmpeq_epi8(bytes, wanted), line_end);
        mask |= (uint64_t)(uint32_t)simde_mm_movemask_epi8(any) << i;
    }
    return mask;
}

/* Makes the mask say what ends at `at` or behind it. */
static void seek(mu_csv_parser *parser, const char *at)
{
    const size_t ahead = (size_t)(at - parser->window);

    parser->at = at;
    if (ahead < 64) {
        parser->mask &= UINT64_MAX << ahead;
    } else if (at < parser->end) {
        parser->window = at;
        parser->mask = find_ends(at, parser->dialect.delimiter);
    } else {
        parser->window = at;
        parser->mask = 0;
    }
}

void mu_csv_parser_start(mu_csv_parser *parser, mu_csv_dialect dialect, const char *data,
                         size_t size)
{
    parser->dialect = dialect;
    parser->at = data;
    parser->end = data + size;
    parser->line = 0;
    if (dialect.names) {
        if (parser->json) {
            mu_json_parser_start(parser->json, dialect.names, data, size);
        }
        return;
    }
    parser->window = data;
    parser->mask = size > 0 ? find_ends(data, dialect.delimiter) : 0;
    mu_arena_reset(&parser->unquoted);
}

void mu_csv_parser_deinit(mu_csv_parser *parser)
{
    mu_mem_free(parser->fields);
    mu_json_parser_free(parser->json);
    mu_arena_deinit(&parser->unquoted);
    *parser = (mu_csv_parser){0};
}

/* The first delimiter or line end from parser->at on, or the end of the piece; it is taken out of
 * the mask. */
static inline const char *next_end(mu_csv_parser *parser)
{
    while (parser->mask == 0) {
        parser->window += 64;
        if (parser->window >= parser->end) {
            parser->window = parser->end;
            return parser->end;
        }
        parser->mask = find_ends(parser->window, parser->dialect.delimiter);
    }
    const char *found = parser->window + mu_bits_lowest(parser->mask);
    parser->mask &= parser->mask - 1;
    return found < parser->end ? found : parser->end;
}

/* The text of a quoted field, without what escapes; NULL when out of memory. */
static const char *unescape(mu_csv_parser *parser, const char *from, const char *end,
                            uint32_t *size)
{
    const mu_csv_dialect dialect = parser->dialect;
    char *text = mu_arena_alloc(&parser->unquoted, (size_t)(end - from));
    uint32_t n = 0;

    if (!text) {
        return NULL;
    }
    for (const char *at = from; at < end; at++) {
        if (*at == dialect.escape && at + 1 < end &&
            (at[1] == dialect.quote || at[1] == dialect.escape)) {
            at++;
        }
        text[n++] = *at;
    }
    *size = n;
    return text;
}

static uint64_t count_line_feeds(const char *from, const char *end)
{
    uint64_t n = 0;

    while (from < end && (from = memchr(from, '\n', (size_t)(end - from)))) {
        n++;
        from++;
    }
    return n;
}

/* Reads a field that opens with a quote at parser->at. Leaves `at` behind the closing quote. False
 * when out of memory. */
static bool read_quoted(mu_csv_parser *parser, mu_csv_field *field)
{
    const char *const from = parser->at + 1;
    bool escaped = false;
    const char *close = mu_csv_quote_end(parser->dialect, from, parser->end, true, &escaped);

    if (!close) { /* only at the end of a file, and the block has said so already */
        close = parser->end;
    }
    *field = (mu_csv_field){.data = from, .size = (uint32_t)(close - from), .quoted = true};
    parser->line += count_line_feeds(from, close);
    if (escaped) {
        field->data = unescape(parser, from, close, &field->size);
        if (!field->data) {
            return false;
        }
    }
    parser->at = close < parser->end ? close + 1 : close;
    return true;
}

static mu_csv_field *next_field(mu_csv_parser *parser, mu_csv_record *record)
{
    if (record->field_count == parser->capacity &&
        !mu_mem_reserve((void **)&parser->fields, &parser->capacity, record->field_count + 1,
                        sizeof *parser->fields)) {
        return NULL;
    }
    return &parser->fields[record->field_count++];
}

/* Steps over the line end at `at`, if there is one. */
static void end_line(mu_csv_parser *parser, const char *at)
{
    if (at < parser->end) {
        parser->line++;
        at += *at == '\r' && at + 1 < parser->end && at[1] == '\n' ? 2 : 1;
    }
    parser->at = at;
}

static bool parse_delimited(mu_csv_parser *parser, mu_csv_record *record)
{
    const char *const end = parser->end;
    const mu_csv_dialect dialect = parser->dialect;
    const char *stop;

    for (;;) {
        const char *const from = parser->at;
        mu_csv_field *field = next_field(parser, record);
        if (!field) {
            return false;
        }
        if (from < end && *from == dialect.quote) {
            if (!read_quoted(parser, field)) {
                return false;
            }
            seek(parser, parser->at);
            stop = next_end(parser);
            if (stop != parser->at && record->fault_field == 0) {
                record->fault_field = record->field_count;
            }
        } else {
            stop = next_end(parser);
            *field = (mu_csv_field){.data = from, .size = (uint32_t)(stop - from)};
        }
        if (stop == end || *stop != dialect.delimiter) {
            break;
        }
        parser->at = stop + 1;
    }
    record->size = (size_t)(stop - record->text);
    end_line(parser, stop);
    seek(parser, parser->at);
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool parse_blanks(mu_csv_parser *parser, mu_csv_record *record)
{
    const char *at = parser->at;
    const char *const end = parser->end;

    for (;;) {
        while (at < end && is_blank(*at)) {
            at++;
        }
        if (at == end || *at == '\n' || *at == '\r') {
            break;
        }
        mu_csv_field *field = next_field(parser, record);
        if (!field) {
            return false;
        }
        const char *from = at;
        if (*at == parser->dialect.quote) {
            parser->at = at;
            if (!read_quoted(parser, field)) {
                return false;
            }
            at = parser->at;
            from = NULL;
        }
        const char *const closed = at;
        while (at < end && !is_blank(*at) && *at != '\n' && *at != '\r') {
            at++;
        }
        if (from) {
            *field = (mu_csv_field){.data = from, .size = (uint32_t)(at - from)};
        } else if (at != closed && record->fault_field == 0) {
            record->fault_field = record->field_count;
        }
    }
    record->size = (size_t)(at - record->text);
    end_line(parser, at);
    return true;
}

static bool next_object(mu_csv_parser *parser, mu_csv_record *record, bool *out_of_memory)
{
    if (!parser->json) { /* nothing was read yet */
        parser->json = mu_json_parser_new();
        if (!parser->json) {
            *out_of_memory = true;
            return false;
        }
        mu_json_parser_start(parser->json, parser->dialect.names, parser->at,
                             (size_t)(parser->end - parser->at));
    }
    const bool more = mu_json_parser_next(parser->json, record, out_of_memory);
    parser->at = mu_json_parser_at(parser->json);
    parser->line = mu_json_parser_line(parser->json);
    return more;
}

bool mu_csv_parser_next(mu_csv_parser *parser, mu_csv_record *record, bool *out_of_memory)
{
    const bool blanks = parser->dialect.delimiter == ' ';

    *out_of_memory = false;
    if (parser->dialect.names) {
        return next_object(parser, record, out_of_memory);
    }
    while (parser->at < parser->end) {
        *record = (mu_csv_record){.line = parser->line, .text = parser->at};
        if (!(blanks ? parse_blanks(parser, record) : parse_delimited(parser, record))) {
            *out_of_memory = true;
            return false;
        }
        record->fields = parser->fields;
        if (record->size > 0 && record->field_count > 0) {
            return true; /* a line without characters is no record */
        }
    }
    return false;
}
