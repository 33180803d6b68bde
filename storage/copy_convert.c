/*
 * copy_convert.c - fields of a piece of a file into columns of values.
 *
 * mu_value_parse() is what a value means. The forms that fill logs (plain integers, short decimals,
 * 2024-05-01 09:00:00, ASCII text) are read here without a call; anything else goes there.
 * A row whose every field fits is kept; one that has a field that does not is overwritten by the
 * next, and listed with its reason.
 */
#include "storage/copy_rows.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/calendar.h"
#include "storage/value.h"
#include "storage/zone.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

static bool digit_at(const char *at, unsigned *out)
{
    *out = (unsigned)(unsigned char)*at - '0';
    return *out < 10;
}

/* [-]digits, at most 18 of them. */
static bool read_integer(const char *data, uint32_t size, int64_t *out)
{
    const bool negative = size > 0 && data[0] == '-';
    int64_t value = 0;
    unsigned digit;
    uint32_t i = negative;

    if (size == i || size > 18 + i) {
        return false;
    }
    for (; i < size; i++) {
        if (!digit_at(&data[i], &digit)) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = negative ? -value : value;
    return true;
}

/* [-]digits[.digits], no more decimals than the type has, fewer digits than could overflow it. */
static bool read_decimal(const char *data, uint32_t size, mu_type type, int64_t *out)
{
    const bool negative = size > 0 && data[0] == '-';
    uint64_t value = 0; /* 19 digits fit */
    unsigned digit;
    uint32_t i = negative, point = size, decimals = 0;

    if (size == i || size > 19 + i) {
        return false;
    }
    for (; i < size; i++) {
        if (digit_at(&data[i], &digit)) {
            value = value * 10 + digit;
        } else if (data[i] == '.' && point == size && i + 1 < size && i > negative) {
            point = i;
        } else {
            return false;
        }
    }
    const uint32_t digits = size - negative - (point < size);
    decimals = point < size ? size - point - 1 : 0;
    if (decimals > type.scale || digits + (type.scale - decimals) > type.precision) {
        return false;
    }
    const int64_t scaled = (int64_t)value * mu_ten_to[type.scale - decimals];
    *out = negative ? -scaled : scaled;
    return true;
}

static bool two_digits(const char *at, unsigned limit, unsigned *out)
{
    unsigned tens, ones;

    if (!digit_at(at, &tens) || !digit_at(at + 1, &ones)) {
        return false;
    }
    *out = tens * 10 + ones;
    return *out < limit;
}

/* 2024-05-01, of a day that exists. */
static bool read_day(const char *data, int64_t *days)
{
    unsigned high, low, month, day;

    if (!two_digits(data, 100, &high) || !two_digits(data + 2, 100, &low) || data[4] != '-' ||
        !two_digits(data + 5, 13, &month) || data[7] != '-' || !two_digits(data + 8, 32, &day)) {
        return false;
    }
    const int32_t year = (int32_t)(high * 100 + low);
    if (year == 0 || month == 0 || day == 0 || (int32_t)day > mu_month_days(year, (int32_t)month)) {
        return false;
    }
    *days = mu_days_of_civil(year, (int32_t)month, (int32_t)day);
    return true;
}

/* 2024-05-01 09:00:00, or with a T. Logs tell the same day many times over, so the last one read is
 * remembered. */
static bool read_timestamp(mu_copy_piece *piece, const char *data, uint32_t size, int64_t *out)
{
    unsigned hour, minute, second;

    if (size != 19 || (data[10] != ' ' && data[10] != 'T') || data[13] != ':' || data[16] != ':' ||
        !two_digits(data + 11, 24, &hour) || !two_digits(data + 14, 60, &minute) ||
        !two_digits(data + 17, 60, &second)) {
        return false;
    }
    if (memcmp(piece->day_text, data, sizeof piece->day_text) != 0) {
        int64_t days;
        if (!read_day(data, &days)) {
            return false;
        }
        memcpy(piece->day_text, data, sizeof piece->day_text);
        piece->day_us = days * MU_DAY_US;
    }
    *out = piece->day_us + (int64_t)(hour * 3600 + minute * 60 + second) * MU_SECOND_US;
    return true;
}

static bool is_ascii(const char *data, uint32_t size)
{
    uint64_t bits = 0;
    uint32_t i = 0;

    for (; i + 8 <= size; i += 8) {
        uint64_t word;
        memcpy(&word, &data[i], sizeof word);
        bits |= word;
    }
    for (; i < size; i++) {
        bits |= (uint64_t)(unsigned char)data[i];
    }
    return (bits & UINT64_C(0x8080808080808080)) == 0;
}

/* Tries the short ways; false leaves the field to mu_value_parse(). */
static bool convert_fast(mu_copy_piece *piece, const mu_copy_column *column,
                         const mu_csv_field *field, void *values, uint32_t row)
{
    int64_t *const i64 = (int64_t *)values + row;

    switch (column->type.kind) {
    case MU_TEXT:
        if (field->size > MU_MAX_TEXT_BYTES ||
            (column->type.length > 0 && field->size > column->type.length) ||
            !is_ascii(field->data, field->size)) {
            return false;
        }
        ((mu_text *)values)[row] = (mu_text){field->data, field->size};
        return true;
    case MU_BIGINT:
        return column->type.bits == 64 && read_integer(field->data, field->size, i64);
    case MU_DECIMAL:
        return read_decimal(field->data, field->size, column->type, i64);
    case MU_TIMESTAMP:
        if (column->formats.timestamp || !read_timestamp(piece, field->data, field->size, i64)) {
            return false;
        }
        if (column->formats.zone) {
            *i64 = mu_zone_to_utc(column->formats.zone, *i64);
        }
        return *i64 >= MU_TIME_MIN && *i64 <= MU_TIME_MAX;
    case MU_DATE:
        return !column->formats.date && field->size == 10 && read_day(field->data, i64);
    case MU_BOOLEAN:
    case MU_DOUBLE:
    case MU_INTERVAL:
    case MU_CUSTOMER:
    case MU_NULL:
    case MU_BITMAP:
        break;
    }
    return false;
}

static bool convert_slow(const mu_copy_column *column, const mu_csv_field *field, void *values,
                         uint32_t row, muster_error *why)
{
    mu_value value;

    if (mu_value_parse(column->type, (mu_text){field->data, field->size}, &column->formats, &value,
                       why) != MUSTER_OK ||
        mu_value_check_length(&value, -1, why) != MUSTER_OK) {
        return false;
    }
    if (column->type.kind == MU_TEXT) {
        ((mu_text *)values)[row] = value.text;
    } else if (column->type.kind == MU_DOUBLE) {
        ((double *)values)[row] = value.f64;
    } else {
        ((int64_t *)values)[row] = value.i64;
    }
    return true;
}

static size_t value_bytes(mu_kind kind)
{
    return kind == MU_TEXT ? sizeof(mu_text) : sizeof(int64_t);
}

/* Room for one more row in every column. */
static bool reserve_row(const mu_copy_plan *plan, mu_copy_piece *piece)
{
    const size_t capacity = piece->capacity == 0 ? 1024 : piece->capacity * 2;

    if (piece->rows < piece->capacity) {
        return true;
    }
    for (uint32_t i = 0; i < plan->column_count; i++) {
        void *values =
            mu_mem_realloc(piece->values[i], capacity * value_bytes(plan->columns[i].type.kind));
        if (!values) {
            return false;
        }
        piece->values[i] = values;
        uint64_t *valid = mu_mem_realloc(piece->valid[i], capacity / 8);
        if (!valid) {
            return false;
        }
        piece->valid[i] = valid;
    }
    piece->capacity = capacity;
    return true;
}

/* Makes a piece ready for a plan's columns; they stay. */
static bool prepare(const mu_copy_plan *plan, mu_copy_piece *piece)
{
    if (!piece->values) {
        piece->values = mu_mem_zalloc_array(plan->column_count, sizeof *piece->values);
    }
    if (!piece->valid) {
        piece->valid = mu_mem_zalloc_array(plan->column_count, sizeof *piece->valid);
    }
    if (!piece->has_nulls) {
        piece->has_nulls = mu_mem_zalloc_array(plan->column_count, sizeof *piece->has_nulls);
    }
    if (!piece->inputs) {
        piece->inputs = mu_mem_zalloc_array(plan->column_count, sizeof *piece->inputs);
    }
    return piece->values && piece->valid && piece->has_nulls && piece->inputs;
}

void mu_copy_piece_deinit(mu_copy_piece *piece, uint32_t column_count)
{
    for (uint32_t i = 0; i < column_count; i++) {
        if (piece->values) {
            mu_mem_free(piece->values[i]);
        }
        if (piece->valid) {
            mu_mem_free(piece->valid[i]);
        }
    }
    mu_mem_free(piece->values);
    mu_mem_free(piece->valid);
    mu_mem_free(piece->has_nulls);
    mu_mem_free(piece->inputs);
    mu_mem_free(piece->rejects);
    mu_arena_deinit(&piece->arena);
    mu_csv_parser_deinit(&piece->parser);
    *piece = (mu_copy_piece){0};
}

static bool check_bytes(const mu_copy_column *column, const mu_text *text, muster_error *why)
{
    const mu_copy_bytes bytes = column->bytes;

    if (text->size >= bytes.least && text->size <= bytes.most) {
        return true;
    }
    (void)mu_fail(why, MUSTER_INVALID,
                  "column \"%s\": %s of %" PRIu32 " bytes; it must have %" PRIu32 " to %" PRIu32,
                  column->name, bytes.what, text->size, bytes.least, bytes.most);
    return false;
}

/* Converts a record into row piece->rows; false with the reason in `why` if it does not fit. */
static bool convert_record(const mu_copy_plan *plan, mu_copy_piece *piece,
                           const mu_csv_record *record, muster_error *why)
{
    const uint32_t row = piece->rows;

    if (mu_csv_record_check(record, plan->head.column_count, why) != MUSTER_OK) {
        return false;
    }
    for (uint32_t i = 0; i < plan->late_count; i++) {
        if (record->fields[plan->late[i].field].data) {
            (void)mu_fail(why, MUSTER_INVALID,
                          "column \"%s\" is not in the first rows, which say what columns are set; "
                          "begin with a row that has it",
                          plan->late[i].name);
            return false;
        }
    }
    for (uint32_t i = 0; i < plan->column_count; i++) {
        const mu_copy_column *column = &plan->columns[i];
        if (column->field == MU_NO_COLUMN) {
            continue;
        }
        const mu_csv_field *field = &record->fields[column->field];
        if (mu_csv_is_null(&plan->head.options, field)) {
            if (column->needed) {
                (void)mu_fail(why, MUSTER_INVALID, "column \"%s\" is empty%s", column->name,
                              column->needed);
                return false;
            }
            mu_bits_clear(piece->valid[i], row);
            piece->has_nulls[i] = true;
            continue;
        }
        if (!convert_fast(piece, column, field, piece->values[i], row) &&
            !convert_slow(column, field, piece->values[i], row, why)) {
            mu_where(why, "column \"%s\"", column->name);
            return false;
        }
        if (column->bytes.what && column->type.kind == MU_TEXT &&
            !check_bytes(column, &((const mu_text *)piece->values[i])[row], why)) {
            return false;
        }
        mu_bits_set(piece->valid[i], row);
    }
    return true;
}

static bool add_reject(mu_copy_piece *piece, const mu_csv_record *record, const muster_error *why)
{
    const char *reason = mu_arena_text(&piece->arena, why->message, strlen(why->message));

    if (!reason || !mu_mem_reserve((void **)&piece->rejects, &piece->reject_capacity,
                                   piece->reject_count + 1, sizeof *piece->rejects)) {
        return false;
    }
    piece->rejects[piece->reject_count++] = (mu_copy_reject){
        .line = record->line, .reason = reason, .record = {record->text, (uint32_t)record->size}};
    return true;
}

static void describe_inputs(const mu_copy_plan *plan, mu_copy_piece *piece)
{
    for (uint32_t i = 0; i < plan->column_count; i++) {
        mu_input_column *input = &piece->inputs[i];
        const mu_kind kind = plan->columns[i].type.kind;

        *input = (mu_input_column){0};
        if (plan->columns[i].field == MU_NO_COLUMN) {
            continue;
        }
        input->i64 = kind != MU_TEXT && kind != MU_DOUBLE ? piece->values[i] : NULL;
        input->f64 = kind == MU_DOUBLE ? piece->values[i] : NULL;
        input->text = kind == MU_TEXT ? piece->values[i] : NULL;
        input->valid = piece->has_nulls[i] ? piece->valid[i] : NULL;
    }
}

muster_status mu_copy_convert(const mu_copy_plan *plan, mu_copy_piece *piece, const char *data,
                              size_t size, bool header, const atomic_bool *cancel,
                              muster_error *err)
{
    mu_csv_record record;
    muster_error why;
    bool out_of_memory = !prepare(plan, piece);

    piece->rows = 0;
    piece->reject_count = 0;
    if (!out_of_memory) {
        memset(piece->has_nulls, 0, plan->column_count * sizeof *piece->has_nulls);
    }
    mu_arena_reset(&piece->arena);
    mu_csv_parser_start(&piece->parser, plan->dialect, data, size);
    while (!out_of_memory && mu_csv_parser_next(&piece->parser, &record, &out_of_memory)) {
        if (header) {
            header = false;
            continue;
        }
        if (piece->rows % 1024 == 0 && cancel &&
            atomic_load_explicit(cancel, memory_order_relaxed)) {
            return mu_fail(err, MUSTER_CANCELLED, "cancelled; nothing was loaded");
        }
        if (!reserve_row(plan, piece)) {
            out_of_memory = true;
        } else if (convert_record(plan, piece, &record, &why)) {
            piece->rows++;
        } else {
            out_of_memory = !add_reject(piece, &record, &why);
            if (plan->stop_at_reject) {
                break;
            }
        }
    }
    if (out_of_memory) {
        return mu_fail_memory(err, "reading a file");
    }
    piece->lines = piece->parser.line;
    describe_inputs(plan, piece);
    return MUSTER_OK;
}
