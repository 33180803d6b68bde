/*
 * arrow_out.c - muster.h: the rows of a statement as a stream of Arrow's C interface.
 *
 * What operators lend is small, and gone at the next step; what Arrow wants is large, and its
 * reader's to keep. So rows are copied into buffers that grow, until there are enough of them for a
 * record batch, which then owns the buffers: each array its own, since a reader may move a column
 * out of its batch. They are in no statement's account, and outlive all of this.
 *
 * Texts are plain utf8. Codes and their dictionary would be less to copy, but each batch would come
 * with a dictionary of its own, which readers have to unify, or cannot.
 */
#include "include/muster_arrow.h"

#include "sql/statement.h"
#include "storage/base/bits.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
#ifdef MU_TINY
    MOST_ROWS = 100,
    MOST_TEXT_BYTES = MU_MAX_TEXT_BYTES,
#else
    MOST_ROWS = 1 << 16,
    MOST_TEXT_BYTES = 64 << 20, /* of a column */
#endif
};

static_assert((int)MOST_TEXT_BYTES >= (int)MU_MAX_TEXT_BYTES, "any row fits into an empty batch");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "bits of words are bits of bytes");

/* A column of the record batch that is being filled. */
typedef struct arrow_column {
    mu_kind kind;    /* ids as their own type */
    size_t width;    /* bytes of a value, of a text's offset; 0: bits */
    uint64_t *valid; /* bits */
    void *values;    /* bits, values, or offsets into the bytes */
    char *bytes;
    size_t valid_room, value_room, byte_room; /* words, values (or words of bits), bytes */
    size_t byte_count;
    int64_t null_count;
} arrow_column;

typedef struct arrow_stream {
    muster_statement *statement; /* held */
    uint64_t reset_count;        /* of the statement, while the execution is that of the stream */
    uint32_t column_count;       /* of the execution; the statement may have others by now */
    arrow_column *columns;
    uint32_t rows;             /* of the record batch that is being filled */
    const muster_batch *batch; /* the statement's; NULL: the next is to be fetched */
    uint32_t next;             /* row of it */
    bool ended;
    muster_error err; /* why it failed; OK if it did not */
} arrow_stream;

/* Schemas. */

typedef struct schema_parts {
    char *format, *name;
    struct ArrowSchema *nodes; /* of the children, which their reader may have moved away */
    struct ArrowSchema **children;
} schema_parts;

static void release_schema(struct ArrowSchema *schema)
{
    schema_parts *parts = schema->private_data;

    for (int64_t i = 0; i < schema->n_children; i++) {
        if (parts->nodes[i].release) {
            parts->nodes[i].release(&parts->nodes[i]);
        }
    }
    mu_mem_free(parts->format);
    mu_mem_free(parts->name);
    mu_mem_free(parts->nodes);
    mu_mem_free(parts->children);
    mu_mem_free(parts);
    schema->release = NULL;
}

static char *copy_text(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = mu_mem_alloc(size);

    return copy ? memcpy(copy, text, size) : NULL;
}

static bool make_schema(struct ArrowSchema *out, const char *format, const char *name,
                        uint32_t child_count)
{
    schema_parts *parts = mu_mem_zalloc(sizeof *parts);

    *out = (struct ArrowSchema){0};
    if (!parts) {
        return false;
    }
    parts->format = copy_text(format);
    parts->name = copy_text(name);
    parts->nodes = mu_mem_zalloc_array(child_count, sizeof *parts->nodes);
    parts->children = mu_mem_zalloc_array(child_count, sizeof *parts->children);
    const bool whole = parts->format && parts->name && parts->nodes && parts->children;
    *out = (struct ArrowSchema){.format = parts->format,
                                .name = parts->name,
                                .flags = ARROW_FLAG_NULLABLE,
                                .n_children = whole ? child_count : 0,
                                .children = parts->children,
                                .release = release_schema,
                                .private_data = parts};
    for (uint32_t i = 0; whole && i < child_count; i++) {
        parts->children[i] = &parts->nodes[i];
    }
    if (!whole) {
        release_schema(out);
    }
    return whole;
}

/* A timestamp is a moment, shown as the clocks of the statement's zone do. */
static const char *format_of(const muster_statement *s, uint32_t c, mu_writer *out)
{
    const mu_type type = s->columns[c].type;
    char decimal[32];

    out->size = 0;
    switch (muster_column_type(s, c)) {
    case MUSTER_TYPE_BOOLEAN:
        return "b";
    case MUSTER_TYPE_BIGINT:
        return type.kind == MU_CUSTOMER || type.bits == 64 ? "l" : type.bits == 32 ? "i" : "s";
    case MUSTER_TYPE_DOUBLE:
        return "g";
    case MUSTER_TYPE_DECIMAL:
        (void)snprintf(decimal, sizeof decimal, "d:%u,%u", type.precision, type.scale);
        mu_write_bytes(out, decimal, strlen(decimal) + 1);
        return (const char *)out->data;
    case MUSTER_TYPE_TEXT:
        return "u";
    case MUSTER_TYPE_DATE:
        return "tdD";
    case MUSTER_TYPE_TIMESTAMP: {
        const char *zone = mu_zone_name(s->zone);
        mu_write_bytes(out, "tsu:", 4);
        mu_write_bytes(out, zone, strlen(zone) + 1);
        return (const char *)out->data;
    }
    case MUSTER_TYPE_INTERVAL:
        return "tDu";
    case MUSTER_TYPE_BITMAP:
        return "z";
    }
    return NULL;
}

static bool make_schemas(const muster_statement *s, struct ArrowSchema *out)
{
    mu_writer format = {0};
    bool whole = make_schema(out, "+s", "", s->column_count);

    for (uint32_t c = 0; whole && c < s->column_count; c++) {
        const char *text = format_of(s, c, &format);
        whole = !format.failed && make_schema(out->children[c], text, s->columns[c].name, 0);
        if (!whole) {
            release_schema(out);
        }
    }
    mu_writer_deinit(&format);
    return whole;
}

/* Arrays. */

typedef struct array_parts {
    const void *buffers[3];
    void *memory[3]; /* the same, to be freed */
    struct ArrowArray *nodes;
    struct ArrowArray **children;
} array_parts;

static void release_array(struct ArrowArray *array)
{
    array_parts *parts = array->private_data;

    for (int64_t i = 0; i < array->n_children; i++) {
        if (parts->nodes[i].release) {
            parts->nodes[i].release(&parts->nodes[i]);
        }
    }
    for (size_t i = 0; i < MU_COUNT(parts->memory); i++) {
        mu_mem_free(parts->memory[i]);
    }
    mu_mem_free(parts->nodes);
    mu_mem_free(parts->children);
    mu_mem_free(parts);
    array->release = NULL;
}

static bool make_array(struct ArrowArray *out, uint32_t rows, uint32_t child_count)
{
    array_parts *parts = mu_mem_zalloc(sizeof *parts);

    *out = (struct ArrowArray){0};
    if (!parts) {
        return false;
    }
    parts->nodes = mu_mem_zalloc_array(child_count, sizeof *parts->nodes);
    parts->children = mu_mem_zalloc_array(child_count, sizeof *parts->children);
    const bool whole = parts->nodes && parts->children;
    *out = (struct ArrowArray){.length = rows,
                               .n_buffers = 1,
                               .n_children = whole ? child_count : 0,
                               .buffers = parts->buffers,
                               .children = parts->children,
                               .release = release_array,
                               .private_data = parts};
    for (uint32_t i = 0; whole && i < child_count; i++) {
        parts->children[i] = &parts->nodes[i];
    }
    if (!whole) {
        release_array(out);
    }
    return whole;
}

static void forget_column(arrow_column *column)
{
    mu_mem_free(column->valid);
    mu_mem_free(column->values);
    mu_mem_free(column->bytes);
    column->valid = NULL;
    column->values = column->bytes = NULL;
    column->valid_room = column->value_room = column->byte_room = column->byte_count = 0;
    column->null_count = 0;
}

/* The buffers of the column become the array's. */
static void give_buffers(arrow_column *column, struct ArrowArray *array)
{
    array_parts *parts = array->private_data;

    array->null_count = column->null_count;
    array->n_buffers = column->kind == MU_TEXT ? 3 : 2;
    if (column->null_count > 0) {
        parts->memory[0] = column->valid;
        column->valid = NULL;
    }
    parts->memory[1] = column->values;
    parts->memory[2] = column->bytes;
    column->values = column->bytes = NULL;
    for (size_t i = 0; i < MU_COUNT(parts->memory); i++) {
        parts->buffers[i] = parts->memory[i];
    }
    forget_column(column);
}

static bool make_arrays(arrow_stream *stream, struct ArrowArray *out)
{
    const uint32_t count = stream->column_count;
    bool whole = make_array(out, stream->rows, count);

    for (uint32_t c = 0; whole && c < count; c++) {
        whole = make_array(out->children[c], stream->rows, 0);
        if (!whole) {
            release_array(out);
        }
    }
    for (uint32_t c = 0; whole && c < count; c++) {
        give_buffers(&stream->columns[c], out->children[c]);
    }
    return whole;
}

/* Rows. */

static size_t width_of(const muster_statement *s, uint32_t c)
{
    const mu_type type = s->columns[c].type;

    switch (muster_column_type(s, c)) {
    case MUSTER_TYPE_BOOLEAN:
        return 0;
    case MUSTER_TYPE_BIGINT:
        return type.kind == MU_CUSTOMER ? sizeof(int64_t) : type.bits / 8;
    case MUSTER_TYPE_DECIMAL:
        return sizeof(mu_i128);
    case MUSTER_TYPE_TEXT:
    case MUSTER_TYPE_BITMAP:
    case MUSTER_TYPE_DATE:
        return sizeof(int32_t);
    case MUSTER_TYPE_DOUBLE:
    case MUSTER_TYPE_TIMESTAMP:
    case MUSTER_TYPE_INTERVAL:
        break;
    }
    return sizeof(int64_t);
}

/* The 64 bits from bit `from` on, of `end` bits; those past the end are 0. */
static uint64_t bits_from(const uint64_t *bits, size_t from, size_t end)
{
    const size_t word = from / 64, shift = from % 64;
    uint64_t found = bits[word] >> shift;

    if (shift > 0 && (word + 1) * 64 < end) {
        found |= bits[word + 1] << (64 - shift);
    }
    return end - from < 64 ? found & mu_bits_below((unsigned)(end - from)) : found;
}

/* Appends bits [from, end) of `bits` (NULL: all set) behind the `at` that are there; returns how
 * many of them are set. */
static bool append_bits(uint64_t **map, size_t *room, size_t at, const uint64_t *bits, size_t from,
                        size_t end, size_t *set)
{
    const size_t words = mu_bits_words(at + end - from), used = mu_bits_words(at);

    if (!mu_mem_reserve((void *)map, room, words, sizeof **map)) {
        return false;
    }
    memset(*map + used, 0, (words - used) * sizeof **map);
    *set = 0;
    for (; from < end; from += 64, at += 64) {
        const uint64_t below = mu_bits_below(end - from < 64 ? (unsigned)(end - from) : 64);
        const uint64_t word = bits ? bits_from(bits, from, end) : below;
        (*map)[at / 64] |= word << (at % 64);
        if (at % 64 > 0 && word >> (64 - at % 64) != 0) {
            (*map)[at / 64 + 1] |= word >> (64 - at % 64);
        }
        *set += (size_t)__builtin_popcountll(word);
    }
    return true;
}

static bool append_texts(arrow_column *column, uint32_t at, const muster_vector *vector,
                         uint32_t from, uint32_t count)
{
    const uint32_t *codes = vector->data;
    int32_t *offsets;

    if (!mu_mem_reserve((void *)&column->values, &column->value_room, (size_t)at + count + 1,
                        sizeof *offsets)) {
        return false;
    }
    offsets = column->values;
    offsets[at] = (int32_t)column->byte_count;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t *text = &vector->offsets[codes[from + i]];
        const size_t size = vector->valid && !mu_bits_test(vector->valid, from + i)
                                ? 0
                                : (size_t)(text[1] - text[0]);
        if (!mu_mem_reserve((void *)&column->bytes, &column->byte_room,
                            column->byte_count + size + 1, 1)) {
            return false;
        }
        memcpy(column->bytes + column->byte_count, vector->bytes + text[0], size);
        column->byte_count += size;
        offsets[at + i + 1] = (int32_t)column->byte_count;
    }
    return true;
}

/* Numbers are 64 bits wide inside, and fit the type that they have. */
static bool append_numbers(arrow_column *column, uint32_t at, const void *data, uint32_t from,
                           uint32_t count)
{
    const int64_t *values = (const int64_t *)data + from;

    if (!mu_mem_reserve(&column->values, &column->value_room, (size_t)at + count, column->width)) {
        return false;
    }
    if (column->width == sizeof(int64_t)) {
        memcpy((int64_t *)column->values + at, values, count * sizeof *values);
    }
    for (uint32_t i = 0; column->width == sizeof(int16_t) && i < count; i++) {
        ((int16_t *)column->values)[at + i] = (int16_t)values[i];
    }
    for (uint32_t i = 0; column->width == sizeof(int32_t) && i < count; i++) {
        ((int32_t *)column->values)[at + i] = (int32_t)values[i];
    }
    for (uint32_t i = 0; column->width == sizeof(mu_i128) && i < count; i++) {
        ((mu_i128 *)column->values)[at + i] = values[i];
    }
    return true;
}

static bool append_rows(arrow_column *column, uint32_t at, const muster_vector *vector,
                        uint32_t from, uint32_t count)
{
    const size_t end = (size_t)from + count;
    size_t set;

    if (!append_bits(&column->valid, &column->valid_room, at, vector->valid, from, end, &set)) {
        return false;
    }
    column->null_count += (int64_t)(count - set);
    if (vector->type == MUSTER_TYPE_BOOLEAN) {
        return append_bits((uint64_t **)&column->values, &column->value_room, at, vector->data,
                           from, end, &set);
    }
    if (vector->type == MUSTER_TYPE_TEXT) {
        return append_texts(column, at, vector, from, count);
    }
    return append_numbers(column, at, vector->data, from, count);
}

/* How many rows of the batch at hand fit, as far as their texts go. */
static uint32_t rows_that_fit(const arrow_stream *stream, uint32_t most)
{
    for (uint32_t c = 0; c < stream->batch->column_count; c++) {
        const muster_vector *vector = &stream->batch->columns[c];
        const uint32_t *codes = vector->data;
        uint64_t bytes = stream->columns[c].byte_count;
        for (uint32_t i = 0; vector->type == MUSTER_TYPE_TEXT && i < most; i++) {
            const uint64_t *text = &vector->offsets[codes[stream->next + i]];
            bytes += text[1] - text[0];
            most = bytes > MOST_TEXT_BYTES ? i : most;
        }
    }
    return most;
}

/* Fills the record batch; with no rows there are no more. */
static muster_status fill(arrow_stream *stream, muster_error *err)
{
    while (!stream->ended && stream->rows < MOST_ROWS) {
        if (!stream->batch) {
            MU_TRY(mu_statement_stream(stream->statement, &stream->batch, err));
            stream->next = 0;
            stream->ended = !stream->batch;
            continue;
        }
        const uint32_t left = stream->batch->rows - stream->next, room = MOST_ROWS - stream->rows;
        const uint32_t taken = rows_that_fit(stream, left < room ? left : room);
        if (taken == 0) {
            return MUSTER_OK;
        }
        for (uint32_t c = 0; c < stream->batch->column_count; c++) {
            if (!append_rows(&stream->columns[c], stream->rows, &stream->batch->columns[c],
                             stream->next, taken)) {
                return mu_fail_memory(err, "copying rows for Arrow");
            }
        }
        stream->rows += taken;
        stream->next += taken;
        if (stream->next == stream->batch->rows) {
            stream->batch = NULL;
        }
    }
    return MUSTER_OK;
}

/* The stream. */

static int errno_of(muster_status status)
{
    switch (status) {
    case MUSTER_OK:
        return 0;
    case MUSTER_NOMEM:
        return ENOMEM;
    case MUSTER_IO:
    case MUSTER_CORRUPT:
        return EIO;
    case MUSTER_SYNTAX:
    case MUSTER_INVALID:
        return EINVAL;
    case MUSTER_BUSY:
        return EBUSY;
    case MUSTER_CANCELLED:
        return ECANCELED;
    case MUSTER_DEADLINE:
        return ETIMEDOUT;
    }
    return EINVAL;
}

static muster_status check_execution(const arrow_stream *stream, muster_error *err)
{
    if (stream->reset_count != stream->statement->reset_count) {
        return mu_fail(err, MUSTER_INVALID,
                       "the statement was reset, which ended its stream; call "
                       "muster_arrow_stream() again");
    }
    return MUSTER_OK;
}

static int give_schema(struct ArrowArrayStream *self, struct ArrowSchema *out)
{
    arrow_stream *stream = self->private_data;
    muster_status status = check_execution(stream, &stream->err);

    out->release = NULL;
    if (status == MUSTER_OK && !make_schemas(stream->statement, out)) {
        status = mu_fail_memory(&stream->err, "describing rows for Arrow");
    }
    return errno_of(status);
}

static void forget_columns(arrow_stream *stream)
{
    for (uint32_t c = 0; c < stream->column_count; c++) {
        forget_column(&stream->columns[c]);
    }
    stream->rows = 0;
}

static int give_next(struct ArrowArrayStream *self, struct ArrowArray *out)
{
    arrow_stream *stream = self->private_data;
    muster_status status = check_execution(stream, &stream->err);

    out->release = NULL;
    if (status == MUSTER_OK) {
        status = stream->err.status;
    }
    if (status == MUSTER_OK) {
        status = fill(stream, &stream->err);
    }
    if (status == MUSTER_OK && stream->rows > 0 && !make_arrays(stream, out)) {
        status = mu_fail_memory(&stream->err, "copying rows for Arrow");
    }
    forget_columns(stream); /* what was not given */
    return errno_of(status);
}

static const char *last_error(struct ArrowArrayStream *self)
{
    const arrow_stream *stream = self->private_data;

    return stream->err.status == MUSTER_OK ? NULL : stream->err.message;
}

static void close_stream(arrow_stream *stream)
{
    if (stream->columns) {
        forget_columns(stream);
    }
    mu_mem_free(stream->columns);
    mu_statement_release(stream->statement);
    mu_mem_free(stream);
}

static void release_stream(struct ArrowArrayStream *self)
{
    close_stream(self->private_data);
    self->release = NULL;
}

static muster_status open_columns(arrow_stream *stream, muster_error *err)
{
    const muster_statement *s = stream->statement;

    stream->columns = mu_mem_zalloc_array(s->column_count, sizeof *stream->columns);
    if (!stream->columns) {
        return mu_fail_memory(err, "opening an Arrow stream");
    }
    stream->column_count = s->column_count;
    for (uint32_t c = 0; c < s->column_count; c++) {
        const muster_type type = muster_column_type(s, c);
        const bool bytes = type == MUSTER_TYPE_TEXT || type == MUSTER_TYPE_BITMAP;
        stream->columns[c].kind = bytes ? MU_TEXT : s->columns[c].type.kind;
        stream->columns[c].width = width_of(s, c);
    }
    return MUSTER_OK;
}

muster_status muster_arrow_stream(muster_statement *statement, struct ArrowArrayStream *out,
                                  muster_error *err)
{
    arrow_stream *stream;

    *out = (struct ArrowArrayStream){0};
    if (mu_act_is(statement->tree)) {
        return mu_fail(err, MUSTER_INVALID, "the statement has no rows; run it by muster_step()");
    }
    stream = mu_mem_zalloc(sizeof *stream);
    if (!stream) {
        return mu_fail_memory(err, "opening an Arrow stream");
    }
    stream->statement = statement;
    statement->holders++;
    stream->err = (muster_error){.offset = -1};
    muster_status status = mu_statement_begin_stream(statement, err);
    if (status == MUSTER_OK) {
        stream->reset_count = statement->reset_count;
        status = open_columns(stream, err);
    }
    if (status != MUSTER_OK) {
        close_stream(stream);
        return status;
    }
    *out = (struct ArrowArrayStream){.get_schema = give_schema,
                                     .get_next = give_next,
                                     .get_last_error = last_error,
                                     .release = release_stream,
                                     .private_data = stream};
    return MUSTER_OK;
}
