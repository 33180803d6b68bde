/*
 * csv_block.c - a buffer of text cut where records end, and the one loop that reads a whole file.
 *
 * Whether a line feed ends a record depends on the quotes before it alone, so the split hops from
 * quote to quote: outside of them it looks for the first line end behind each PIECE_BYTES, inside
 * it looks for the closing one. A quote opens a field only where the character before it ends one,
 * just as the parser sees it. The block begins where a record does; what is left behind its last
 * cut is carried to the front of the next block.
 */
#include "storage/csv.h"

#include "storage/base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

static muster_status reserve(mu_csv_block *block, size_t capacity, muster_error *err)
{
    if (capacity > block->capacity) {
        char *data = mu_mem_realloc(block->data, capacity + MU_CSV_PADDING);
        if (!data) {
            return mu_fail_memory(err, "reading a file");
        }
        block->data = data;
        block->capacity = capacity;
    }
    return MUSTER_OK;
}

static muster_status read_on(mu_csv_block *block, mu_csv_source *source, muster_error *err)
{
    size_t got = 0;

    if (!block->last) {
        MU_TRY(mu_csv_source_read(source, block->data + block->size, block->capacity - block->size,
                                  &got, err));
        block->size += got;
        block->last = block->size < block->capacity;
    }
    memset(block->data + block->size, 0, MU_CSV_PADDING);
    return MUSTER_OK;
}

muster_status mu_csv_block_fill(mu_csv_block *block, mu_csv_source *source, const char *carried,
                                size_t carried_size, muster_error *err)
{
    const size_t bytes = block->bytes > 0 ? block->bytes : (size_t)MU_CSV_BLOCK_BYTES;
    size_t capacity = bytes;

    while (capacity < carried_size + bytes / 2) {
        capacity *= 2;
    }
    MU_TRY(reserve(block, capacity, err));
    if (carried_size > 0) {
        memcpy(block->data, carried, carried_size);
    }
    block->size = carried_size;
    block->last = false;
    block->piece_count = 0;
    return read_on(block, source, err);
}

void mu_csv_block_deinit(mu_csv_block *block)
{
    mu_mem_free(block->data);
    mu_mem_free(block->cuts);
    *block = (mu_csv_block){0};
}

static bool add_cut(mu_csv_block *block, size_t at)
{
    if (!mu_mem_reserve((void **)&block->cuts, &block->cut_capacity, block->piece_count + 2,
                        sizeof *block->cuts)) {
        return false;
    }
    block->cuts[++block->piece_count] = at;
    return true;
}

/* Where the line that ends at or after `from` ends, in text without quotes; NULL if it is not known
 * to end before `end`. `data_end` is where knowledge ends. */
static const char *line_end(mu_csv_dialect dialect, const char *from, const char *end,
                            const char *data_end)
{
    const char *lf = memchr(from, '\n', (size_t)(end - from));

    if (lf || dialect.names) { /* to JSON, CR is a blank */
        return lf ? lf + 1 : NULL;
    }
    const char *cr = memchr(from, '\r', (size_t)(end - from));
    return cr && cr + 1 < data_end ? cr + 1 : NULL; /* the next byte could have been its LF */
}

static bool begins_field(mu_csv_dialect dialect, const char *at, const char *data)
{
    const char before = at > data ? at[-1] : '\n';

    return before == '\n' || before == '\r' || before == dialect.delimiter ||
           (dialect.delimiter == ' ' && before == '\t');
}

/* CRs count where there are no LFs. */
static uint64_t line_of(const mu_csv_block *block, size_t offset)
{
    const char ending = memchr(block->data, '\n', block->size) ? '\n' : '\r';
    uint64_t line = block->line;

    for (size_t i = 0; i < offset; i++) {
        line += block->data[i] == ending;
    }
    return line;
}

/* Cuts what there is. *open is where the quote stands that was not closed before the end, or NULL.
 */
static muster_status cut(mu_csv_block *block, mu_csv_dialect dialect, const char **open,
                         muster_error *err)
{
    const char *const data = block->data;
    const char *const end = data + block->size;
    const char *at = data;
    const size_t piece_bytes = block->bytes > 0 ? block->bytes / 8 : (size_t)MU_CSV_PIECE_BYTES;
    const char *goal = data + piece_bytes; /* cut at the first line end from here on */

    *open = NULL;
    block->piece_count = 0;
    if (!mu_mem_reserve((void **)&block->cuts, &block->cut_capacity, 1, sizeof *block->cuts)) {
        return mu_fail_memory(err, "reading a file");
    }
    block->cuts[0] = 0;
    while (at < end) {
        const char *quote = dialect.names ? NULL : memchr(at, dialect.quote, (size_t)(end - at));
        const char *const plain_end = quote ? quote : end;
        bool escaped;

        while (goal < plain_end) {
            const char *found = line_end(dialect, goal > at ? goal : at, plain_end, end);
            if (!found) {
                break;
            }
            if (!add_cut(block, (size_t)(found - data))) {
                return mu_fail_memory(err, "reading a file");
            }
            goal = found + piece_bytes;
        }
        if (!quote) {
            break;
        }
        if (begins_field(dialect, quote, data)) {
            *open = quote;
            quote = mu_csv_quote_end(dialect, quote + 1, end, block->last, &escaped);
            if (!quote) {
                return MUSTER_OK;
            }
            *open = NULL;
        }
        at = quote + 1;
    }
    return MUSTER_OK;
}

/* The whole rest of a file is a piece, whether a line end closes it or not. */
static muster_status cut_rest(mu_csv_block *block, const char *open, const char *path,
                              muster_error *err)
{
    if (open) {
        return mu_fail(err, MUSTER_INVALID, "%s:%" PRIu64 ": the quote opened here is never closed",
                       path, line_of(block, (size_t)(open - block->data)));
    }
    if (block->cuts[block->piece_count] < block->size && !add_cut(block, block->size)) {
        return mu_fail_memory(err, "reading a file");
    }
    return MUSTER_OK;
}

static muster_status check_nul(const mu_csv_block *block, size_t from, const char *path,
                               muster_error *err)
{
    const char *nul = memchr(block->data + from, '\0', block->size - from);

    if (nul) {
        return mu_fail(err, MUSTER_INVALID, "%s:%" PRIu64 ": a NUL byte; this is not a text file",
                       path, line_of(block, (size_t)(nul - block->data)));
    }
    return MUSTER_OK;
}

muster_status mu_csv_block_split(mu_csv_block *block, mu_csv_dialect dialect, mu_csv_source *source,
                                 muster_error *err)
{
    const char *const path = mu_csv_source_path(source);
    const char *open;

    assert(block->line > 0);
    MU_TRY(check_nul(block, 0, path, err));
    MU_TRY(cut(block, dialect, &open, err));
    while (!block->last && block->piece_count == 0) { /* not even one record */
        const size_t before = block->size;
        if (before >= MU_CSV_MAX_RECORD_BYTES) {
            const size_t offset = open ? (size_t)(open - block->data) : 0;
            return mu_fail(err, MUSTER_INVALID,
                           "%s:%" PRIu64 ": the %s here does not end within %d MiB", path,
                           line_of(block, offset), open ? "quote opened" : "line that begins",
                           MU_CSV_MAX_RECORD_BYTES >> 20);
        }
        MU_TRY(reserve(block, block->capacity * 2, err));
        MU_TRY(read_on(block, source, err));
        MU_TRY(check_nul(block, before, path, err));
        MU_TRY(cut(block, dialect, &open, err));
    }
    return block->last ? cut_rest(block, open, path, err) : MUSTER_OK;
}

/* Reader. */

struct mu_csv_reader {
    mu_csv_source *source;
    mu_csv_dialect dialect;
    mu_csv_block blocks[2]; /* the current one, and the one its carried bytes came from */
    uint32_t current;
    bool split;
    uint32_t piece; /* the one the parser is in; piece_count before the first of a block */
    mu_csv_parser parser;
};

muster_status mu_csv_reader_open(const char *path, mu_csv_reader **out, muster_error *err)
{
    muster_status status;
    mu_csv_reader *reader = mu_mem_zalloc(sizeof *reader);

    *out = NULL;
    if (!reader) {
        return mu_fail_memory(err, "reading a file");
    }
    MU_TRY_GOTO(mu_csv_source_open(path, &reader->source, err));
    reader->blocks[0].line = 1;
    MU_TRY_GOTO(mu_csv_block_fill(&reader->blocks[0], reader->source, NULL, 0, err));
    *out = reader;
    return MUSTER_OK;

fail:
    mu_csv_reader_close(reader);
    return status;
}

void mu_csv_reader_close(mu_csv_reader *reader)
{
    if (!reader) {
        return;
    }
    mu_csv_parser_deinit(&reader->parser);
    mu_csv_block_deinit(&reader->blocks[0]);
    mu_csv_block_deinit(&reader->blocks[1]);
    mu_csv_source_close(reader->source);
    mu_mem_free(reader);
}

const mu_csv_block *mu_csv_reader_block(const mu_csv_reader *reader)
{
    return &reader->blocks[reader->current];
}

mu_csv_source *mu_csv_reader_source(mu_csv_reader *reader)
{
    return reader->source;
}

void mu_csv_reader_start(mu_csv_reader *reader, mu_csv_dialect dialect)
{
    reader->dialect = dialect;
}

/* Opens the next piece in the parser; *more is false where there is none. */
static muster_status next_piece(mu_csv_reader *reader, bool *more, muster_error *err)
{
    mu_csv_block *block = &reader->blocks[reader->current];

    if (reader->split) {
        block->line += reader->parser.line;
        reader->piece++;
    }
    while (!reader->split || reader->piece == block->piece_count) {
        if (reader->split) {
            if (block->last) {
                *more = false;
                return MUSTER_OK;
            }
            mu_csv_block *next = &reader->blocks[1 - reader->current];
            const size_t cut_at = block->cuts[block->piece_count];
            next->line = block->line;
            MU_TRY(mu_csv_block_fill(next, reader->source, block->data + cut_at,
                                     block->size - cut_at, err));
            reader->current = 1 - reader->current;
            block = next;
        }
        MU_TRY(mu_csv_block_split(block, reader->dialect, reader->source, err));
        reader->split = true;
        reader->piece = 0;
    }
    const size_t from = block->cuts[reader->piece];
    mu_csv_parser_start(&reader->parser, reader->dialect, block->data + from,
                        block->cuts[reader->piece + 1] - from);
    *more = true;
    return MUSTER_OK;
}

muster_status mu_csv_reader_next(mu_csv_reader *reader, mu_csv_record *record, bool *more,
                                 muster_error *err)
{
    bool out_of_memory = false;

    *more = true;
    while (!mu_csv_parser_next(&reader->parser, record, &out_of_memory)) {
        if (out_of_memory) {
            return mu_fail_memory(err, "reading a file");
        }
        MU_TRY(next_piece(reader, more, err));
        if (!*more) {
            return MUSTER_OK;
        }
    }
    record->line += reader->blocks[reader->current].line;
    return MUSTER_OK;
}
