/*
 * arrow_in.c - muster.h: record batches of Arrow's C interface, appended.
 *
 * A column is read value by value into what muster_append_columns() takes, whatever its layout is:
 * whole numbers of any width become mu_i128 first, which go into the type of the table if they
 * fit. What a batch points to is believed, as that interface has it; its numbers are looked at.
 */
#include "include/muster_arrow.h"

#include "query/nearest.h"
#include "sql/act_rows.h"
#include "sql/appender.h"
#include "storage/base/arena.h"
#include "storage/base/bits.h"
#include "storage/base/limits.h"
#include "storage/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* How the values of a column lie in its buffers. */
typedef enum arrow_layout {
    LIE_NOWHERE, /* all are NULL */
    LIE_AS_BITS,
    LIE_AS_SIGNED,
    LIE_AS_UNSIGNED,
    LIE_AS_REALS,
    LIE_AS_TEXTS, /* `width` is that of an offset */
    LIE_AS_VIEWS,
} arrow_layout;

typedef struct arrow_source {
    const struct ArrowArray *array;
    const struct ArrowArray *values; /* of the dictionary; NULL: there is none */
    arrow_layout layout;             /* of the values, and of the codes if there is a dictionary */
    arrow_layout codes;
    uint32_t width, code_width; /* bytes */
    mu_kind kind;
    uint32_t scale;     /* of a decimal */
    int64_t multiplier; /* to the unit that the kind has here, and one of the two is 1 */
    int64_t divisor;
    bool local; /* a time on the clocks of the connection's zone */
    int64_t first;
    const char *format;
} arrow_source;

/* One value of it. */
typedef struct arrow_value {
    mu_i128 integer;
    double real;
    mu_text text;
} arrow_value;

/* What a format says. */

static const struct {
    const char *format;
    arrow_layout layout;
    uint32_t width;
    mu_kind kind;
    int64_t multiplier, divisor;
    bool prefix; /* a zone follows */
} formats[] = {
    {"n", LIE_NOWHERE, 0, MU_NULL, 1, 1, false},
    {"b", LIE_AS_BITS, 0, MU_BOOLEAN, 1, 1, false},
    {"c", LIE_AS_SIGNED, 1, MU_BIGINT, 1, 1, false},
    {"C", LIE_AS_UNSIGNED, 1, MU_BIGINT, 1, 1, false},
    {"s", LIE_AS_SIGNED, 2, MU_BIGINT, 1, 1, false},
    {"S", LIE_AS_UNSIGNED, 2, MU_BIGINT, 1, 1, false},
    {"i", LIE_AS_SIGNED, 4, MU_BIGINT, 1, 1, false},
    {"I", LIE_AS_UNSIGNED, 4, MU_BIGINT, 1, 1, false},
    {"l", LIE_AS_SIGNED, 8, MU_BIGINT, 1, 1, false},
    {"L", LIE_AS_UNSIGNED, 8, MU_BIGINT, 1, 1, false},
    {"f", LIE_AS_REALS, 4, MU_DOUBLE, 1, 1, false},
    {"g", LIE_AS_REALS, 8, MU_DOUBLE, 1, 1, false},
    {"u", LIE_AS_TEXTS, 4, MU_TEXT, 1, 1, false},
    {"U", LIE_AS_TEXTS, 8, MU_TEXT, 1, 1, false},
    {"vu", LIE_AS_VIEWS, 16, MU_TEXT, 1, 1, false},
    {"tdD", LIE_AS_SIGNED, 4, MU_DATE, 1, 1, false},
    {"tdm", LIE_AS_SIGNED, 8, MU_DATE, 1, MU_DAY_US / 1000, false},
    {"tss:", LIE_AS_SIGNED, 8, MU_TIMESTAMP, 1000000, 1, true},
    {"tsm:", LIE_AS_SIGNED, 8, MU_TIMESTAMP, 1000, 1, true},
    {"tsu:", LIE_AS_SIGNED, 8, MU_TIMESTAMP, 1, 1, true},
    {"tsn:", LIE_AS_SIGNED, 8, MU_TIMESTAMP, 1, 1000, true},
    {"tDs", LIE_AS_SIGNED, 8, MU_INTERVAL, 1000000, 1, false},
    {"tDm", LIE_AS_SIGNED, 8, MU_INTERVAL, 1000, 1, false},
    {"tDu", LIE_AS_SIGNED, 8, MU_INTERVAL, 1, 1, false},
    {"tDn", LIE_AS_SIGNED, 8, MU_INTERVAL, 1, 1000, false},
};

/* "d:precision,scale" or "d:precision,scale,bits". */
static bool read_decimal_format(const char *format, arrow_source *out)
{
    unsigned precision, scale, bits = 128;
    int end = 0;

    if (sscanf(format, "d:%u,%u%n", &precision, &scale, &end) != 2 || scale > 38) {
        return false;
    }
    if (format[end] != '\0' && sscanf(format + end, ",%u", &bits) != 1) {
        return false;
    }
    out->layout = LIE_AS_SIGNED;
    out->width = bits / 8;
    out->kind = MU_DECIMAL;
    out->scale = scale;
    out->multiplier = out->divisor = 1;
    return bits == 32 || bits == 64 || bits == 128;
}

/* False where it is none that is taken. */
static bool read_format(const char *format, arrow_source *out)
{
    out->format = format;
    for (size_t i = 0; i < MU_COUNT(formats); i++) {
        const size_t size = strlen(formats[i].format);
        if (formats[i].prefix ? strncmp(format, formats[i].format, size) == 0
                              : strcmp(format, formats[i].format) == 0) {
            out->layout = formats[i].layout;
            out->width = formats[i].width;
            out->kind = formats[i].kind;
            out->multiplier = formats[i].multiplier;
            out->divisor = formats[i].divisor;
            out->local = formats[i].prefix && format[size] == '\0';
            return true;
        }
    }
    return read_decimal_format(format, out);
}

/* Columns. */

static int64_t buffers_of(arrow_layout layout)
{
    return layout == LIE_NOWHERE ? 0 : layout == LIE_AS_TEXTS || layout == LIE_AS_VIEWS ? 3 : 2;
}

/* `rows` rows from `first` on are there. */
static bool is_whole(const struct ArrowArray *array, arrow_layout layout, int64_t first,
                     int64_t rows)
{
    const int64_t wanted = buffers_of(layout);

    return array->offset >= 0 && array->length - first >= rows &&
           (layout == LIE_AS_VIEWS ? array->n_buffers >= wanted : array->n_buffers == wanted) &&
           (wanted == 0 || rows == 0 || array->buffers[1]);
}

static muster_status open_source(const struct ArrowSchema *schema, const struct ArrowArray *array,
                                 int64_t first, int64_t rows, arrow_source *out, muster_error *err)
{
    const char *format = schema->dictionary ? schema->dictionary->format : schema->format;

    *out = (arrow_source){.array = array, .first = first};
    if (schema->dictionary) {
        arrow_source codes = {0};
        out->values = array->dictionary;
        if (!read_format(schema->format, &codes) || codes.kind != MU_BIGINT || !out->values) {
            return mu_fail(err, MUSTER_INVALID,
                           "column \"%s\" has a dictionary, but no codes; its format is \"%s\"",
                           schema->name, schema->format);
        }
        out->codes = codes.layout;
        out->code_width = codes.width;
    }
    if (!read_format(format, out) || (schema->dictionary && schema->dictionary->dictionary)) {
        return mu_fail(err, MUSTER_INVALID,
                       "column \"%s\" has the Arrow format \"%s\", which is not taken; cast it, to "
                       "a string if to nothing else",
                       schema->name, format);
    }
    if (!is_whole(array, out->values ? out->codes : out->layout, first, rows) ||
        (out->values && !is_whole(out->values, out->layout, 0, out->values->length))) {
        return mu_fail(err, MUSTER_INVALID,
                       "column \"%s\" of the batch has fewer rows or buffers than it needs",
                       schema->name);
    }
    return MUSTER_OK;
}

/* Values. */

static bool is_null(const struct ArrowArray *array, int64_t i)
{
    const uint8_t *valid = array->n_buffers > 0 ? array->buffers[0] : NULL;

    return valid && !(valid[i / 8] >> (i % 8) & 1);
}

static mu_i128 integer_at(const void *buffer, arrow_layout layout, uint32_t width, int64_t i)
{
    const bool is_signed = layout == LIE_AS_SIGNED;

    switch (width) {
    case 1:
        return is_signed ? (mu_i128)((const int8_t *)buffer)[i] : ((const uint8_t *)buffer)[i];
    case 2:
        return is_signed ? (mu_i128)((const int16_t *)buffer)[i] : ((const uint16_t *)buffer)[i];
    case 4:
        return is_signed ? (mu_i128)((const int32_t *)buffer)[i] : ((const uint32_t *)buffer)[i];
    case 8:
        return is_signed ? (mu_i128)((const int64_t *)buffer)[i] : ((const uint64_t *)buffer)[i];
    }
    mu_i128 integer; /* its place need not be aligned so far */
    memcpy(&integer, (const char *)buffer + i * (int64_t)sizeof integer, sizeof integer);
    return integer;
}

static muster_status text_at(const struct ArrowArray *array, uint32_t width, int64_t i,
                             mu_text *text, muster_error *err)
{
    const mu_i128 start = integer_at(array->buffers[1], LIE_AS_SIGNED, width, i);
    const mu_i128 end = integer_at(array->buffers[1], LIE_AS_SIGNED, width, i + 1);

    if (start < 0 || end < start || end - start > MU_MAX_TEXT_BYTES) {
        return mu_fail(err, MUSTER_INVALID, "a text has at most %d bytes", MU_MAX_TEXT_BYTES);
    }
    *text = (mu_text){end > start ? (const char *)array->buffers[2] + start : "",
                      (uint32_t)(end - start)};
    return MUSTER_OK;
}

/* A view is a size, and the text if it has at most 12 bytes; else its first four, the buffer that
 * it is in and where. */
static muster_status view_at(const struct ArrowArray *array, int64_t i, mu_text *text,
                             muster_error *err)
{
    const char *view = (const char *)array->buffers[1] + i * 16;
    const int64_t buffers = array->n_buffers - 3;
    const int64_t *sizes = array->buffers[array->n_buffers - 1];
    int32_t parts[4];

    memcpy(parts, view, sizeof parts);
    if (parts[0] >= 0 && parts[0] <= 12) {
        *text = (mu_text){view + 4, (uint32_t)parts[0]};
        return MUSTER_OK;
    }
    if (parts[0] < 0 || parts[0] > MU_MAX_TEXT_BYTES) {
        return mu_fail(err, MUSTER_INVALID, "a text has at most %d bytes", MU_MAX_TEXT_BYTES);
    }
    if (parts[2] < 0 || parts[2] >= buffers || parts[3] < 0 ||
        parts[3] > sizes[parts[2]] - parts[0]) {
        return mu_fail(err, MUSTER_INVALID, "a text lies outside of its buffer");
    }
    *text = (mu_text){(const char *)array->buffers[2 + parts[2]] + parts[3], (uint32_t)parts[0]};
    return MUSTER_OK;
}

/* Where row `i` of the batch is: in the column, or in its dictionary. */
static muster_status find(const arrow_source *s, uint32_t i, const struct ArrowArray **array,
                          int64_t *at, bool *null, muster_error *err)
{
    *array = s->array;
    *at = s->array->offset + s->first + i;
    *null = s->layout == LIE_NOWHERE || is_null(s->array, *at);
    if (!s->values || *null) {
        return MUSTER_OK;
    }
    const mu_i128 code = integer_at(s->array->buffers[1], s->codes, s->code_width, *at);
    if (code < 0 || code >= s->values->length) {
        return mu_fail(err, MUSTER_INVALID,
                       "code %" PRId64 " is not in the dictionary, which has %" PRId64 " values",
                       (int64_t)code, s->values->length);
    }
    *array = s->values;
    *at = s->values->offset + (int64_t)code;
    *null = is_null(s->values, *at);
    return MUSTER_OK;
}

static muster_status read_value(const arrow_source *s, uint32_t i, arrow_value *out, bool *null,
                                muster_error *err)
{
    const struct ArrowArray *array;
    int64_t at;

    MU_TRY(find(s, i, &array, &at, null, err));
    if (*null) {
        return MUSTER_OK;
    }
    switch (s->layout) {
    case LIE_NOWHERE:
        break;
    case LIE_AS_BITS:
        out->integer = ((const uint8_t *)array->buffers[1])[at / 8] >> (at % 8) & 1;
        break;
    case LIE_AS_SIGNED:
    case LIE_AS_UNSIGNED:
        out->integer = integer_at(array->buffers[1], s->layout, s->width, at);
        break;
    case LIE_AS_REALS:
        out->real = s->width == 4 ? (double)((const float *)array->buffers[1])[at]
                                  : ((const double *)array->buffers[1])[at];
        break;
    case LIE_AS_TEXTS:
        return text_at(array, s->width, at, &out->text, err);
    case LIE_AS_VIEWS:
        return view_at(array, at, &out->text, err);
    }
    return MUSTER_OK;
}

/* Into the table. */

/* Which kinds of values a column takes beside texts. */
static bool is_taken(mu_kind from, mu_kind to)
{
    const bool is_number = from == MU_BIGINT || from == MU_DECIMAL || from == MU_DOUBLE;

    switch (to) {
    case MU_BIGINT:
    case MU_DOUBLE:
        return is_number;
    case MU_DECIMAL:
        return from == MU_BIGINT || from == MU_DECIMAL;
    case MU_TIMESTAMP:
        return from == MU_TIMESTAMP || from == MU_DATE;
    case MU_BOOLEAN:
    case MU_TEXT:
    case MU_DATE:
    case MU_INTERVAL:
    case MU_CUSTOMER:
    case MU_NULL:
    case MU_BITMAP:
        break;
    }
    return from == to;
}

static double real_of(const arrow_source *s, const arrow_value *v)
{
    double power = 1;

    if (s->kind == MU_DOUBLE) {
        return v->real;
    }
    for (uint32_t i = 0; i < s->scale; i++) {
        power *= 10;
    }
    return (double)v->integer / power;
}

/* Digits behind the point more or fewer; false if one that is lost is not 0. */
static bool rescale(mu_i128 *integer, uint32_t from, uint32_t to)
{
    for (; from > to; from--) {
        if (*integer % 10 != 0) {
            return false;
        }
        *integer /= 10;
    }
    for (; from < to; from++) {
        if (*integer > INT64_MAX || *integer < INT64_MIN) {
            return false;
        }
        *integer *= 10;
    }
    return true;
}

/* Times and lengths of time in the unit that is wanted. What is finer than it is cut: the part of a
 * day is an error, nanoseconds are not. */
static bool change_unit(const arrow_source *s, mu_i128 *integer)
{
    const mu_i128 rest = *integer % s->divisor;

    *integer = *integer * s->multiplier / s->divisor - (rest < 0);
    return rest == 0 || s->kind != MU_DATE;
}

/* As the stored integer of the type. */
static bool integer_of(const arrow_source *s, const arrow_value *v, mu_type type,
                       const mu_zone *zone, int64_t *out)
{
    mu_i128 integer = v->integer;

    if (s->kind == MU_DOUBLE) {
        if (!(v->real >= -0x1p63 && v->real < 0x1p63) || (double)(int64_t)v->real != v->real) {
            return false;
        }
        integer = (int64_t)v->real;
    }
    if (!change_unit(s, &integer) ||
        ((type.kind == MU_BIGINT || type.kind == MU_DECIMAL) &&
         !rescale(&integer, s->scale, type.kind == MU_DECIMAL ? type.scale : 0))) {
        return false;
    }
    const bool midnight = type.kind == MU_TIMESTAMP && s->kind == MU_DATE;
    integer *= midnight ? MU_DAY_US : 1;
    if (type.kind == MU_TIMESTAMP && (s->local || midnight) && integer >= MU_TIME_MIN &&
        integer <= MU_TIME_MAX) {
        integer = mu_zone_to_utc(zone, (int64_t)integer);
    }
    *out = (int64_t)integer;
    return integer >= INT64_MIN && integer <= INT64_MAX;
}

/* The arrays of a muster_values, in the making. */
typedef struct arrow_target {
    int64_t *int64;
    double *real;
    const char **text;
    uint32_t *sizes;
    uint64_t *valid;
} arrow_target;

static muster_status open_target(bool text, mu_kind kind, uint32_t rows, mu_arena *arena,
                                 arrow_target *out, muster_error *err)
{
    *out = (arrow_target){0};
    MU_ARENA_TRY(out->valid, arena, mu_bits_words(rows), err);
    if (text) {
        MU_ARENA_TRY(out->text, arena, rows, err);
        MU_ARENA_TRY(out->sizes, arena, rows, err);
    } else if (kind == MU_DOUBLE) {
        MU_ARENA_TRY(out->real, arena, rows, err);
    } else {
        MU_ARENA_TRY(out->int64, arena, rows, err);
    }
    return MUSTER_OK;
}

static muster_values values_of(const arrow_target *target)
{
    return (muster_values){.int64 = target->int64,
                           .real = target->real,
                           .text = target->text,
                           .text_sizes = target->sizes,
                           .valid = target->valid};
}

static muster_status store(const arrow_source *s, const arrow_value *v, mu_type type,
                           const mu_zone *zone, arrow_target *target, uint32_t i, muster_error *err)
{
    char name[32];

    mu_bits_set(target->valid, i);
    if (target->text) {
        target->text[i] = v->text.data;
        target->sizes[i] = v->text.size;
    } else if (target->real) {
        target->real[i] = real_of(s, v);
    } else if (!integer_of(s, v, type, zone, &target->int64[i])) {
        return mu_fail(err, MUSTER_INVALID, "the value does not fit %s", mu_type_name(type, name));
    }
    return MUSTER_OK;
}

static muster_status read_column(const muster_appender *a, uint32_t c, const arrow_source *s,
                                 uint32_t rows, mu_arena *arena, muster_values *out,
                                 muster_error *err)
{
    const mu_type type = mu_appender_type(a, c);
    const char *name = mu_appender_table(a)->columns[c].name;
    arrow_target target;
    char type_name[32];

    if (s->kind == MU_NULL) {
        return MUSTER_OK; /* as nothing is said about the column */
    }
    if (s->kind != MU_TEXT && !is_taken(s->kind, type.kind)) {
        return mu_fail(err, MUSTER_INVALID,
                       "column \"%s\" is %s, and takes no values of the Arrow format \"%s\"; cast "
                       "them, to strings if to nothing else",
                       name, mu_type_name(type, type_name), s->format);
    }
    MU_TRY(open_target(s->kind == MU_TEXT, type.kind, rows, arena, &target, err));
    for (uint32_t i = 0; i < rows; i++) {
        arrow_value value = {0};
        bool null;
        muster_status status = read_value(s, i, &value, &null, err);
        if (status == MUSTER_OK && !null) {
            status = store(s, &value, type, mu_appender_zone(a), &target, i, err);
        }
        if (status != MUSTER_OK) {
            mu_where(err, "row %" PRIu32 ": column \"%s\"", i + 1, name);
            return status;
        }
    }
    *out = values_of(&target);
    return MUSTER_OK;
}

/* The DEFAULT of a column that the batch has not; nothing where it has none. */
static muster_status fill_preset(const mu_column *column, uint32_t rows, mu_arena *arena,
                                 muster_values *out, muster_error *err)
{
    mu_value preset;
    arrow_target target;

    if (!column->preset || rows == 0) {
        return MUSTER_OK;
    }
    MU_TRY(mu_act_preset(column, &preset, err));
    MU_TRY(open_target(column->type.kind == MU_TEXT, column->type.kind, rows, arena, &target, err));
    mu_bits_fill(target.valid, rows, mu_bits_words(rows));
    for (uint32_t i = 0; i < rows; i++) {
        if (target.text) {
            target.text[i] = preset.text.data;
            target.sizes[i] = preset.text.size;
        } else if (target.real) {
            target.real[i] = preset.f64;
        } else {
            target.int64[i] = preset.i64;
        }
    }
    *out = values_of(&target);
    return MUSTER_OK;
}

static muster_status no_column(const mu_table *table, const char *name, muster_error *err)
{
    mu_nearest nearest = mu_nearest_of((mu_text){name, (uint32_t)strlen(name)});

    for (uint32_t c = 0; c < table->column_count; c++) {
        const char *known = table->columns[c].name;
        mu_nearest_try(&nearest, (mu_text){known, (uint32_t)strlen(known)});
    }
    return nearest.found ? mu_fail(err, MUSTER_INVALID,
                                   "no column \"%s\" in table \"%s\"; did you mean \"%.*s\"?", name,
                                   table->name, (int)nearest.best.size, nearest.best.data)
                         : mu_fail(err, MUSTER_INVALID,
                                   "no column \"%s\" in table \"%s\"; leave it out of the batch",
                                   name, table->name);
}

/* Which column of the table each of the batch is: indexes[c] is that of the batch, or -1. */
static muster_status match_columns(const mu_table *table, const struct ArrowSchema *schema,
                                   int64_t *indexes, muster_error *err)
{
    for (uint32_t c = 0; c < table->column_count; c++) {
        indexes[c] = -1;
    }
    for (int64_t i = 0; i < schema->n_children; i++) {
        const char *name = schema->children[i]->name ? schema->children[i]->name : "";
        uint32_t c = 0;
        while (c < table->column_count && !mu_name_equal(table->columns[c].name, name)) {
            c++;
        }
        if (c == table->column_count) {
            return no_column(table, name, err);
        }
        if (indexes[c] >= 0) {
            return mu_fail(err, MUSTER_INVALID, "the batch has two columns \"%s\"", name);
        }
        indexes[c] = i;
    }
    return MUSTER_OK;
}

static muster_status check_batch(const struct ArrowArray *array, const struct ArrowSchema *schema,
                                 muster_error *err)
{
    if (strcmp(schema->format, "+s") != 0 || array->n_children != schema->n_children) {
        return mu_fail(err, MUSTER_INVALID,
                       "not a record batch, which is a struct array (\"+s\") of columns");
    }
    if (array->length < 0 || array->offset < 0 || array->length > UINT32_MAX) {
        return mu_fail(err, MUSTER_INVALID, "%" PRId64 " rows are too many at once; append fewer",
                       array->length);
    }
    for (int64_t i = 0; i < array->length; i++) {
        if (is_null(array, array->offset + i)) {
            return mu_fail(err, MUSTER_INVALID, "row %" PRId64 " of the batch is NULL as a whole",
                           i + 1);
        }
    }
    return MUSTER_OK;
}

static muster_status append_batch(muster_appender *a, const struct ArrowArray *array,
                                  const struct ArrowSchema *schema, mu_arena *arena,
                                  muster_error *err)
{
    const mu_table *table = mu_appender_table(a);
    const uint32_t rows = (uint32_t)array->length;
    muster_values *values;
    int64_t *indexes;

    MU_TRY(check_batch(array, schema, err));
    MU_ARENA_TRY(values, arena, table->column_count, err);
    MU_ARENA_TRY(indexes, arena, table->column_count, err);
    MU_TRY(match_columns(table, schema, indexes, err));
    for (uint32_t c = 0; c < table->column_count; c++) {
        arrow_source source;
        if (indexes[c] < 0) {
            MU_TRY(fill_preset(&table->columns[c], rows, arena, &values[c], err));
            continue;
        }
        MU_TRY(open_source(schema->children[indexes[c]], array->children[indexes[c]], array->offset,
                           rows, &source, err));
        MU_TRY(read_column(a, c, &source, rows, arena, &values[c], err));
    }
    return muster_append_columns(a, rows, values, err);
}

muster_status muster_append_arrow(muster_appender *appender, struct ArrowArray *array,
                                  const struct ArrowSchema *schema, muster_error *err)
{
    mu_arena arena = {0};

    if (!array->release) {
        return mu_fail(err, MUSTER_INVALID,
                       "the batch is released, which is how a stream tells its end");
    }
    const muster_status status = append_batch(appender, array, schema, &arena, err);
    mu_arena_deinit(&arena);
    array->release(array);
    return status;
}
