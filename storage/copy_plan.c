/*
 * copy_plan.c - which column of a file goes into which column of a table.
 *
 * With names (of a header, or given) columns are matched by them, in any order; without, by
 * position. A DATE or TIMESTAMP without a given format is read as its first values are written,
 * if they agree on one.
 */
#include "storage/copy_rows.h"

#include "storage/base/mem.h"
#include "storage/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Edits (insert, drop, replace) that turn a into b, without regard to ASCII case; names are short.
 */
static uint32_t distance(const char *a, const char *b)
{
    const size_t n = strlen(b);
    uint32_t row[MU_MAX_NAME_BYTES + 1];

    if (strlen(a) > MU_MAX_NAME_BYTES || n > MU_MAX_NAME_BYTES) {
        return UINT32_MAX;
    }
    for (uint32_t k = 0; k <= n; k++) {
        row[k] = k;
    }
    for (uint32_t i = 0; a[i]; i++) {
        uint32_t diagonal = row[0];
        row[0] = i + 1;
        for (uint32_t k = 0; k < n; k++) {
            const char left[2] = {a[i], 0}, right[2] = {b[k], 0};
            const uint32_t replace = diagonal + !mu_name_equal(left, right);
            const uint32_t edit = (row[k] < row[k + 1] ? row[k] : row[k + 1]) + 1;
            diagonal = row[k + 1];
            row[k + 1] = replace < edit ? replace : edit;
        }
    }
    return row[n];
}

const char *mu_copy_nearest(const char *wanted, const char *const *names, uint32_t count)
{
    const char *nearest = NULL;
    uint32_t best = (uint32_t)strlen(wanted) / 3 + 1; /* a third of it may be wrong */

    for (uint32_t i = 0; i < count; i++) {
        const uint32_t edits = distance(wanted, names[i]);
        if (edits <= best) {
            nearest = names[i];
            best = edits - (edits > 0);
        }
    }
    return nearest;
}

static muster_status fail_unknown(const char *path, const mu_table *table, const char *name,
                                  mu_arena *arena, muster_error *err)
{
    const char **names;

    MU_ARENA_TRY(names, arena, table->column_count, err);
    for (uint32_t i = 0; i < table->column_count; i++) {
        names[i] = table->columns[i].name;
    }
    const char *nearest = mu_copy_nearest(name, names, table->column_count);
    return mu_fail(
        err, MUSTER_INVALID,
        "\"%s\" has a column \"%s\" that table \"%s\" does not have; %s%s%srename it, or "
        "leave such columns out with IGNORE_EXTRA",
        path, name, table->name, nearest ? "did you mean \"" : "", nearest ? nearest : "",
        nearest ? "\"? Otherwise " : "");
}

static muster_status match_names(const char *path, const mu_table *table, bool ignore_extra,
                                 mu_arena *arena, mu_copy_plan *plan, muster_error *err)
{
    const mu_csv_head *head = &plan->head;

    for (uint32_t i = 0; i < head->column_count; i++) {
        const uint32_t column = mu_table_column(table, head->names[i]);
        if (column == MU_NO_COLUMN) {
            if (!ignore_extra) {
                return fail_unknown(path, table, head->names[i], arena, err);
            }
        } else if (plan->columns[column].field != MU_NO_COLUMN) {
            return mu_fail(err, MUSTER_INVALID, "\"%s\" has column \"%s\" twice", path,
                           table->columns[column].name);
        } else {
            plan->columns[column].field = i;
        }
    }
    return MUSTER_OK;
}

/* The first keys are the table's columns; others are extra. What has not come yet may come further
 * down. */
static muster_status match_keys(const char *path, const mu_table *table, mu_arena *arena,
                                mu_copy_plan *plan, muster_error *err)
{
    if (plan->head.column_count > table->column_count) {
        return fail_unknown(path, table, plan->head.names[table->column_count], arena, err);
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        plan->columns[i].field = i;
    }
    return MUSTER_OK;
}

static muster_status match_positions(const char *path, const mu_table *table, uint32_t least,
                                     bool ignore_extra, mu_copy_plan *plan, muster_error *err)
{
    const uint32_t fields = plan->head.column_count;

    if (fields < least || (fields > table->column_count && !ignore_extra)) {
        return mu_fail(err, MUSTER_INVALID,
                       "\"%s\" has %" PRIu32 " column%s and no header, table \"%s\" has %" PRIu32
                       "; name the file's columns with COLUMNS (...)",
                       path, fields, fields == 1 ? "" : "s", table->name, table->column_count);
    }
    for (uint32_t i = 0; i < table->column_count && i < fields; i++) {
        plan->columns[i].field = i;
    }
    return MUSTER_OK;
}

/* The names of the file's columns, as far as they fit a message; of JSON Lines whose extra keys are
 * ignored, those that the table has. */
static void list_names(const mu_csv_head *head, char text[200])
{
    size_t at = 0;

    text[0] = '\0';
    for (uint32_t i = 0; i < head->column_count; i++) {
        if (head->keys && !head->present[i]) {
            continue;
        }
        const int n =
            snprintf(&text[at], 200 - at, "%s\"%s\"", at == 0 ? "" : ", ", head->names[i]);
        if (n < 0 || (size_t)n >= 196 - at) {
            memcpy(&text[at], "...", 4);
            break;
        }
        at += (size_t)n;
    }
}

bool mu_copy_plan_lacks(const mu_copy_plan *plan, uint32_t column)
{
    const uint32_t field = plan->columns[column].field;

    return field == MU_NO_COLUMN || (plan->head.keys && !plan->head.present[field]);
}

static muster_status check_missing(const char *path, const mu_table *table,
                                   const mu_copy_plan *plan, muster_error *err)
{
    char names[200];

    for (uint32_t i = 0; i < table->column_count; i++) {
        const mu_column *column = &table->columns[i];
        const bool customer = i == table->customer_column, time = i == table->time_column;
        if (mu_copy_plan_lacks(plan, i) && column->required && !column->preset && !customer &&
            !time) {
            list_names(&plan->head, names);
            return mu_fail(err, MUSTER_INVALID,
                           "\"%s\" has no column \"%s\", which was declared NOT NULL; it has %s",
                           path, column->name, names[0] ? names : "none of the table's");
        }
        if (mu_copy_plan_lacks(plan, i) && (customer || time)) {
            list_names(&plan->head, names);
            return mu_fail(err, MUSTER_INVALID,
                           "\"%s\" has no column \"%s\", the %s of table \"%s\"; it has %s", path,
                           column->name, customer ? "CUSTOMER" : "TIME", table->name,
                           names[0] ? names : "none of the table's");
        }
    }
    return MUSTER_OK;
}

/* The format in which the first values of a date or time are written, where none is given. */
static void choose_formats(const mu_copy_options *options, mu_copy_plan *plan)
{
    for (uint32_t i = 0; i < plan->column_count; i++) {
        mu_copy_column *column = &plan->columns[i];
        const mu_kind kind = column->type.kind;

        column->formats = options->csv.formats;
        if (column->field == MU_NO_COLUMN) {
            continue;
        }
        if (kind == MU_TIMESTAMP && !column->formats.timestamp) {
            column->formats.timestamp =
                mu_csv_guess_format(&plan->head.guesses[column->field], kind);
        } else if (kind == MU_DATE && !column->formats.date) {
            column->formats.date = mu_csv_guess_format(&plan->head.guesses[column->field], kind);
        }
    }
}

muster_status mu_copy_plan_make(const char *path, const mu_table *table, uint32_t least,
                                mu_kind id_kind, const mu_copy_options *options,
                                const mu_csv_block *block, mu_arena *arena, mu_copy_plan *out,
                                muster_error *err)
{
    const bool customers = table->id == MU_CUSTOMERS_TABLE;

    *out = (mu_copy_plan){.column_count = table->column_count,
                          .stop_at_reject = !options->rejects_path};
    MU_TRY(mu_csv_read_head(path, &options->csv, block, table, options->ignore_extra, arena,
                            &out->head, err));
    if (out->head.column_count == 0) {
        return mu_fail(err, MUSTER_INVALID, "\"%s\" is empty", path);
    }
    out->dialect = mu_csv_head_dialect(&out->head);
    MU_ARENA_TRY(out->columns, arena, table->column_count, err);
    for (uint32_t i = 0; i < table->column_count; i++) {
        const mu_column *column = &table->columns[i];
        out->columns[i] =
            (mu_copy_column){.name = column->name, .type = column->type, .field = MU_NO_COLUMN};
        if (column->role == MU_ROLE_TIME) {
            out->columns[i].needed = "; an event needs a time";
        }
        if (column->required) {
            out->columns[i].needed = "; it was declared NOT NULL";
        }
        if (customers && column->type.kind == MU_TEXT) {
            out->columns[i].bytes = (mu_copy_bytes){"an attribute", 0, MU_MAX_ATTRIBUTE_BYTES};
        }
        if (column->type.kind == MU_CUSTOMER) {
            out->columns[i].type =
                (mu_type){.kind = id_kind, .bits = 64, .length = column->type.length};
            out->columns[i].bytes = (mu_copy_bytes){"an id", 0, MU_MAX_ID_BYTES};
            out->columns[i].needed = customers ? "; attributes need a customer" : NULL;
        }
    }
    if (out->head.keys) {
        MU_TRY(match_keys(path, table, arena, out, err));
    } else if (out->head.options.header > 0 || options->csv.name_count > 0) {
        MU_TRY(match_names(path, table, options->ignore_extra, arena, out, err));
    } else {
        MU_TRY(match_positions(path, table, least, options->ignore_extra, out, err));
    }
    MU_TRY(check_missing(path, table, out, err));
    choose_formats(options, out);
    return MUSTER_OK;
}

muster_status mu_copy_plan_narrow(const char *path, mu_copy_plan *plan, const mu_table *table,
                                  mu_arena *arena, const mu_table **out, muster_error *err)
{
    mu_copy_column *late;
    mu_column *columns;
    mu_table *narrow;
    uint32_t count = 0, late_count = 0;

    if (plan->head.unseen) {
        return mu_fail(err, MUSTER_INVALID,
                       "\"%s\" has no row among its first that says what is to be set; %s", path,
                       plan->head.unseen);
    }
    MU_ARENA_TRY(narrow, arena, 1, err);
    MU_ARENA_TRY(columns, arena, table->column_count, err);
    MU_ARENA_TRY(late, arena, table->column_count, err);
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (!mu_copy_plan_lacks(plan, i)) {
            columns[count] = table->columns[i];
            plan->columns[count++] = plan->columns[i];
        } else if (plan->columns[i].field != MU_NO_COLUMN) {
            late[late_count++] = plan->columns[i];
        }
    }
    plan->column_count = count;
    plan->late = late;
    plan->late_count = late_count;
    *narrow = *table;
    narrow->columns = columns;
    narrow->column_count = count;
    mu_table_find_roles(narrow);
    *out = narrow;
    return MUSTER_OK;
}

void mu_copy_plan_describe(const mu_copy_plan *plan, const char *path, char *text, size_t size)
{
    mu_arena arena = {0};
    int at = snprintf(text, size, "\"%s\": %s", path, mu_csv_summary(&plan->head, &arena));

    for (uint32_t i = 0; i < plan->column_count && at > 0 && (size_t)at < size; i++) {
        const mu_copy_column *column = &plan->columns[i];
        const char *format = column->type.kind == MU_TIMESTAMP ? column->formats.timestamp
                             : column->type.kind == MU_DATE    ? column->formats.date
                                                               : NULL;
        if (format) {
            at +=
                snprintf(&text[at], size - (size_t)at, "; \"%s\" read as %s", column->name, format);
        } else if (column->field == MU_NO_COLUMN) {
            at += snprintf(&text[at], size - (size_t)at, "; no \"%s\": NULL", column->name);
        }
    }
    mu_arena_deinit(&arena);
}
