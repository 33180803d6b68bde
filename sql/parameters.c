/*
 * parameters.c - muster.h: the parameters of a statement, and the values that are bound to them.
 *
 * A value becomes a constant of the statement: a text fits wherever a quoted one does.
 */
#include "sql/statement.h"

#include "storage/base/mem.h"
#include "storage/calendar.h"
#include "storage/value.h"

#include <inttypes.h>
#include <string.h>

uint32_t muster_parameter_count(const muster_statement *statement)
{
    return statement->tree->parameters.count;
}

const char *muster_parameter_name(const muster_statement *statement, uint32_t number)
{
    const mu_ast_names *names = &statement->tree->parameters;

    return number >= 1 && number <= names->count ? names->data[number - 1].text : NULL;
}

uint32_t muster_parameter_index(const muster_statement *statement, const char *name)
{
    const mu_ast_names *names = &statement->tree->parameters;

    for (uint32_t i = 0; i < names->count; i++) {
        if (names->data[i].text && strcmp(names->data[i].text, name) == 0) {
            return i + 1;
        }
    }
    return 0;
}

muster_status mu_statement_check_given(const muster_statement *statement, muster_error *err)
{
    const mu_ast_names *names = &statement->tree->parameters;

    for (uint32_t i = 0; i < names->count; i++) {
        const mu_ast_name *name = &names->data[i];
        if (statement->given[i] || name->offset < 0) {
            continue;
        }
        return name->text
                   ? mu_fail_at(err, MUSTER_INVALID, name->offset,
                                "parameter :%s has no value; bind one before the first step",
                                name->text)
                   : mu_fail_at(err, MUSTER_INVALID, name->offset,
                                "parameter %u has no value; bind one before the first step", i + 1);
    }
    return MUSTER_OK;
}

static void forget(muster_statement *statement, uint32_t i)
{
    mu_value *value = &statement->values[i];

    if (statement->given[i] && value->type.kind == MU_TEXT) {
        union {
            const char *read;
            char *owned;
        } text = {.read = value->text.data};
        mu_mem_free(text.owned);
    }
    *value = (mu_value){.type = {.kind = MU_NULL}, .null = true};
    statement->given[i] = false;
}

static muster_status bind(muster_statement *statement, uint32_t number, const mu_value *value,
                          muster_error *err)
{
    const uint32_t count = muster_parameter_count(statement);

    if (number < 1 || number > count) {
        return mu_fail(err, MUSTER_INVALID,
                       "there is no parameter %" PRIu32 "; the statement has "
                       "%" PRIu32 ", and they are numbered from 1",
                       number, count);
    }
    if (statement->begun) {
        return mu_fail(err, MUSTER_INVALID,
                       "the statement has been stepped; call muster_reset() to bind other values");
    }
    forget(statement, number - 1);
    statement->values[number - 1] = *value;
    statement->given[number - 1] = true;
    return MUSTER_OK;
}

void muster_clear_bindings(muster_statement *statement)
{
    muster_reset(statement); /* its plan may have the texts */
    for (uint32_t i = 0; i < muster_parameter_count(statement); i++) {
        forget(statement, i);
    }
}

muster_status muster_bind_null(muster_statement *statement, uint32_t number, muster_error *err)
{
    return bind(statement, number, &(mu_value){.type = {.kind = MU_NULL}, .null = true}, err);
}

muster_status muster_bind_boolean(muster_statement *statement, uint32_t number, bool value,
                                  muster_error *err)
{
    return bind(statement, number, &(mu_value){.type = {.kind = MU_BOOLEAN}, .i64 = value}, err);
}

muster_status muster_bind_int64(muster_statement *statement, uint32_t number, int64_t value,
                                muster_error *err)
{
    return bind(statement, number,
                &(mu_value){.type = {.kind = MU_BIGINT, .bits = 64}, .i64 = value}, err);
}

muster_status muster_bind_double(muster_statement *statement, uint32_t number, double value,
                                 muster_error *err)
{
    return bind(statement, number, &(mu_value){.type = {.kind = MU_DOUBLE}, .f64 = value}, err);
}

muster_status muster_bind_decimal(muster_statement *statement, uint32_t number, int64_t value,
                                  uint32_t scale, muster_error *err)
{
    const uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
    uint32_t digits = 1;

    for (uint64_t left = size / 10; left > 0; left /= 10) {
        digits++;
    }
    if (digits > 18 || scale > 18) {
        return mu_fail(err, MUSTER_INVALID,
                       "%" PRId64 " with %" PRIu32 " digits behind the point: a decimal has at "
                       "most 18 digits",
                       value, scale);
    }
    const mu_type type = {.kind = MU_DECIMAL,
                          .precision = (uint8_t)(digits > scale ? digits
                                                 : scale > 0    ? scale
                                                                : 1),
                          .scale = (uint8_t)scale};
    return bind(statement, number, &(mu_value){.type = type, .i64 = value}, err);
}

/* A text that stays, with a NUL behind it. */
static muster_status copy_text(const char *text, size_t size, char **out, muster_error *err)
{
    mu_value checked;
    char *copy;

    if (size > MU_MAX_TEXT_BYTES) {
        return mu_fail(err, MUSTER_INVALID, "a text of %zu bytes; texts have at most %d", size,
                       MU_MAX_TEXT_BYTES);
    }
    MU_TRY(mu_value_parse((mu_type){.kind = MU_TEXT}, (mu_text){text, (uint32_t)size}, NULL,
                          &checked, err));
    copy = mu_mem_alloc(size + 1);
    if (!copy) {
        return mu_fail_memory(err, "binding a value");
    }
    memcpy(copy, size > 0 ? text : "", size);
    copy[size] = '\0';
    *out = copy;
    return MUSTER_OK;
}

muster_status muster_bind_text(muster_statement *statement, uint32_t number, const char *text,
                               size_t size, muster_error *err)
{
    mu_value value = {.type = {.kind = MU_TEXT}};
    char *copy = NULL;

    MU_TRY(copy_text(text, size, &copy, err));
    value.text = (mu_text){copy, (uint32_t)size};
    const muster_status status = bind(statement, number, &value, err);
    if (status != MUSTER_OK) {
        mu_mem_free(copy);
    }
    return status;
}

muster_status muster_bind_date(muster_statement *statement, uint32_t number, int64_t days,
                               muster_error *err)
{
    if (days < MU_TIME_MIN / MU_DAY_US || days > MU_TIME_MAX / MU_DAY_US) {
        return mu_fail(err, MUSTER_INVALID,
                       "day %" PRId64 " since 1970-01-01 is not in the years 1 to 9999", days);
    }
    return bind(statement, number, &(mu_value){.type = {.kind = MU_DATE}, .i64 = days}, err);
}

muster_status muster_bind_timestamp(muster_statement *statement, uint32_t number,
                                    int64_t microseconds, muster_error *err)
{
    if (microseconds < MU_TIME_MIN || microseconds > MU_TIME_MAX) {
        return mu_fail(err, MUSTER_INVALID,
                       "%" PRId64 " microseconds since 1970-01-01 are not in the years 1 to 9999",
                       microseconds);
    }
    return bind(statement, number, &(mu_value){.type = {.kind = MU_TIMESTAMP}, .i64 = microseconds},
                err);
}

muster_status muster_bind_interval(muster_statement *statement, uint32_t number, int32_t months,
                                   int64_t microseconds, muster_error *err)
{
    return bind(statement, number,
                &(mu_value){.type = {.kind = MU_INTERVAL}, .i64 = microseconds, .months = months},
                err);
}
