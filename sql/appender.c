/*
 * appender.c - rows that come without SQL: kept column by column, and loaded as any rows are.
 *
 * Up to a commit nothing of the database is touched but its catalog. Rows that are too many to be
 * kept go to a load as they come, whose change is then open until the commit.
 */
#include "sql/appender.h"

#include "sql/owner.h"
#include "storage/base/arena.h"
#include "storage/base/bits.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/load.h"
#include "storage/manifest.h"
#include "storage/value.h"

#include <inttypes.h>
#include <string.h>

enum {
#ifdef MU_TINY
    MOST_KEPT_ROWS = 500,
#else
    MOST_KEPT_ROWS = 1 << 16,
#endif
};

/* A column of the rows that are kept. */
typedef struct kept_column {
    mu_type type; /* ids as their own type */
    int64_t *i64; /* one of these three, by the type */
    double *f64;
    mu_text *text;   /* the bytes are in the appender's arena */
    uint64_t *valid; /* bits */
} kept_column;

struct muster_appender {
    muster_connection *connection;
    mu_account *account; /* of what it takes up to its commit; NULL before the first value */
    mu_zone *zone;       /* that texts are read in */
    mu_arena arena;      /* of the table as it was, and the columns */
    mu_arena texts;      /* of the rows that are kept */
    mu_table table;
    kept_column *columns;
    mu_input_column *inputs; /* what a load is given */
    uint32_t rows, room;     /* kept; what the columns have room for */
    uint32_t next;           /* the column that the row at hand goes on with */
    mu_change *change;       /* once rows have gone to a load; NULL before */
    mu_load *load;
    bool failed; /* handing rows to it has failed */
};

static size_t value_bytes(const kept_column *column)
{
    return column->type.kind == MU_TEXT ? sizeof(mu_text) : sizeof(int64_t);
}

/* Where the values are: three pointers of which one is used. */
static void **values_of(kept_column *column)
{
    switch (column->type.kind) {
    case MU_TEXT:
        return (void **)&column->text;
    case MU_DOUBLE:
        return (void **)&column->f64;
    case MU_BOOLEAN:
    case MU_BIGINT:
    case MU_DECIMAL:
    case MU_DATE:
    case MU_TIMESTAMP:
    case MU_INTERVAL:
    case MU_CUSTOMER:
    case MU_NULL:
    case MU_BITMAP:
        break;
    }
    return (void **)&column->i64;
}

static muster_status copy_table(muster_appender *a, const char *name, muster_error *err)
{
    mu_snapshot *snapshot;
    muster_status status = MUSTER_OK;

    MU_TRY(mu_connection_check_writable(a->connection, err));
    MU_TRY(mu_db_snapshot(a->connection->owner->db, &snapshot, err));
    const mu_catalog *catalog = mu_snapshot_catalog(snapshot);
    const mu_table *table = mu_catalog_find(catalog, name);
    if (!table || table->id == MU_CUSTOMERS_TABLE) {
        status = mu_fail(err, MUSTER_INVALID, "there is no table \"%s\" to append rows to", name);
    } else if (!mu_manifest_copy_table(table, &a->arena, &a->table)) {
        status = mu_fail_memory(err, "opening an appender");
    }
    const mu_kind id_kind = catalog->customer_kind;
    mu_snapshot_release(snapshot);
    MU_TRY(status);
    MU_ARENA_TRY(a->columns, &a->arena, a->table.column_count, err);
    MU_ARENA_TRY(a->inputs, &a->arena, a->table.column_count, err);
    for (uint32_t c = 0; c < a->table.column_count; c++) {
        a->columns[c].type = a->table.columns[c].type;
        if (a->columns[c].type.kind == MU_CUSTOMER) {
            a->columns[c].type.kind = id_kind;
            a->columns[c].type.bits = 64;
        }
    }
    return MUSTER_OK;
}

muster_status muster_appender_open(muster_connection *connection, const char *table,
                                   muster_appender **appender, muster_error *err)
{
    muster_appender *a = mu_mem_zalloc(sizeof *a);

    *appender = NULL;
    if (!a) {
        return mu_fail_memory(err, "opening an appender");
    }
    a->connection = connection;
    a->zone = mu_zone_retain(connection->settings.zone);
    mu_connection_take(connection);
    const muster_status status = copy_table(a, table, err);
    if (status != MUSTER_OK) {
        muster_appender_close(a);
        return status;
    }
    *appender = a;
    return MUSTER_OK;
}

/* Forgets the rows, and the load that has taken others of them. */
static void forget(muster_appender *a)
{
    mu_load_close(a->load);
    mu_change_abort(a->change);
    a->load = NULL;
    a->change = NULL;
    a->rows = a->next = 0;
    a->failed = false;
    mu_arena_reset(&a->texts);
    mu_account_close(a->account); /* what is part of the database now is in nobody's name */
    a->account = NULL;
}

/* What follows is in the name of the appender, as that of a statement is in its. */
static muster_status enter(muster_appender *a, mu_account **before, muster_error *err)
{
    if (!a->account) {
        a->account = mu_account_open(a->connection->owner->account, SIZE_MAX);
    }
    if (!a->account) {
        return mu_fail_memory(err, "appending rows");
    }
    *before = mu_account_enter(a->account);
    return MUSTER_OK;
}

void muster_appender_close(muster_appender *appender)
{
    if (!appender) {
        return;
    }
    forget(appender);
    for (uint32_t c = 0; appender->columns && c < appender->table.column_count; c++) {
        mu_mem_free(*values_of(&appender->columns[c]));
        mu_mem_free(appender->columns[c].valid);
    }
    mu_arena_deinit(&appender->arena);
    mu_arena_deinit(&appender->texts);
    mu_zone_release(appender->zone);
    mu_connection_give(appender->connection);
    mu_mem_free(appender);
}

const mu_table *mu_appender_table(const muster_appender *appender)
{
    return &appender->table;
}

mu_type mu_appender_type(const muster_appender *appender, uint32_t column)
{
    return appender->columns[column].type;
}

const mu_zone *mu_appender_zone(const muster_appender *appender)
{
    return appender->zone;
}

/* Loading. */

/* The table is still what the values were appended for. */
static muster_status check_table(const muster_appender *a, const mu_table **table,
                                 muster_error *err)
{
    *table = mu_catalog_table(mu_change_catalog(a->change), a->table.id);
    bool same = *table && (*table)->column_count == a->table.column_count;

    for (uint32_t c = 0; same && c < a->table.column_count; c++) {
        same = (*table)->columns[c].id == a->table.columns[c].id;
    }
    if (!same) {
        return mu_fail(err, MUSTER_INVALID,
                       "table \"%s\" has changed since the appender was opened; open another",
                       a->table.name);
    }
    return MUSTER_OK;
}

static muster_status hand_over(muster_appender *a, muster_error *err)
{
    if (!a->change) {
        const mu_table *table;
        MU_TRY(mu_change_begin(a->connection->owner->db, &a->change, err));
        const mu_load_options options = {.pool = a->connection->owner->pool};
        MU_TRY(check_table(a, &table, err));
        MU_TRY(mu_load_open(a->change, table, &options, &a->load, err));
    }
    for (uint32_t c = 0; c < a->table.column_count; c++) {
        const kept_column *column = &a->columns[c];
        a->inputs[c] = (mu_input_column){
            .i64 = column->i64, .f64 = column->f64, .text = column->text, .valid = column->valid};
    }
    return mu_load_rows(a->load, a->rows, a->inputs, err);
}

/* Hands the rows that are kept to a load. If that fails, it is not known how many of them it has,
 * and the appender takes no more until it has forgotten all. */
static muster_status spill(muster_appender *a, muster_error *err)
{
    if (a->failed) {
        return mu_fail(
            err, MUSTER_INVALID,
            "rows that were appended before could not be taken, as was said then; after a "
            "commit, which fails, or close, they are forgotten");
    }
    mu_account *before;
    MU_TRY(enter(a, &before, err));
    const muster_status status = hand_over(a, err);
    mu_account_enter(before);
    a->failed = status != MUSTER_OK;
    if (status == MUSTER_OK) {
        a->rows = 0;
        mu_arena_reset(&a->texts);
    }
    return status;
}

static muster_status commit(muster_appender *a, muster_error *err)
{
    if (a->rows > 0) {
        MU_TRY(spill(a, err));
    }
    if (!a->change) {
        return MUSTER_OK;
    }
    MU_TRY(mu_load_finish(a->load, err));
    mu_load_close(a->load);
    a->load = NULL;
    mu_change *const change = a->change;
    a->change = NULL; /* it is freed whatever happens */
    return mu_change_commit(change, err);
}

muster_status muster_appender_commit(muster_appender *appender, muster_error *err)
{
    if (appender->next > 0) {
        return mu_fail(err, MUSTER_INVALID, "a row has %u of %u values; end it, or forget it",
                       appender->next, appender->table.column_count);
    }
    mu_account *before;
    MU_TRY(enter(appender, &before, err));
    const muster_status status = commit(appender, err);
    mu_account_enter(before);
    forget(appender);
    return status;
}

/* Rows. */

static bool grow_column(kept_column *column, uint32_t from, uint32_t to)
{
    void **values = values_of(column);
    void *grown = mu_mem_alloc_array(to, value_bytes(column));
    uint64_t *valid = mu_mem_zalloc_array(mu_bits_words(to), sizeof *valid);

    if (!grown || !valid) {
        mu_mem_free(grown);
        mu_mem_free(valid);
        return false;
    }
    if (from > 0) {
        memcpy(grown, *values, from * value_bytes(column));
        memcpy(valid, column->valid, mu_bits_words(from) * sizeof *valid);
    }
    mu_mem_free(*values);
    mu_mem_free(column->valid);
    *values = grown;
    column->valid = valid;
    return true;
}

/* Room for `more` rows behind those that are kept. */
static muster_status reserve(muster_appender *a, uint32_t more, muster_error *err)
{
    uint32_t room = a->room == 0 ? 64 : a->room;

    if (more > UINT32_MAX / 4 - a->rows) {
        return mu_fail(err, MUSTER_INVALID, "%u rows are too many at once; append fewer", more);
    }
    while (room < a->rows + more) {
        room *= 2;
    }
    if (room == a->room) {
        return MUSTER_OK;
    }
    mu_account *before;
    MU_TRY(enter(a, &before, err));
    muster_status status = MUSTER_OK;
    for (uint32_t c = 0; c < a->table.column_count && status == MUSTER_OK; c++) {
        if (!grow_column(&a->columns[c], a->rows + (c < a->next), room)) {
            status = mu_fail_memory(err, "appending rows");
        }
    }
    mu_account_enter(before);
    a->room = status == MUSTER_OK ? room : a->room;
    return status;
}

/* The column that the next value goes to. */
static muster_status next_column(muster_appender *a, uint32_t *column, muster_error *err)
{
    *column = a->next;
    if (a->next == a->table.column_count) {
        return mu_fail(err, MUSTER_INVALID, "table \"%s\" has %u columns; end the row first",
                       a->table.name, a->next);
    }
    return a->next == 0 ? reserve(a, 1, err) : MUSTER_OK;
}

static void put(muster_appender *a, uint32_t c, bool null)
{
    uint64_t *valid = a->columns[c].valid;

    if (null) {
        mu_bits_clear(valid, a->rows);
    } else {
        mu_bits_set(valid, a->rows);
    }
    a->next++;
}

static muster_status refuse(const muster_appender *a, uint32_t c, const char *what,
                            muster_error *err)
{
    char name[32];

    return mu_fail(err, MUSTER_INVALID, "column \"%s\" is %s, and takes no %s",
                   a->table.columns[c].name, mu_type_name(a->columns[c].type, name), what);
}

/* Whether the column takes a NULL, so that a commit does not fail for it. */
static muster_status check_null(const muster_appender *a, uint32_t c, muster_error *err)
{
    const mu_column *column = &a->table.columns[c];
    const bool time = column->role == MU_ROLE_TIME;

    return time || column->required
               ? mu_fail(err, MUSTER_INVALID, "%s column \"%s\" may not be NULL",
                         time ? "the TIME" : "the NOT NULL", column->name)
               : MUSTER_OK;
}

muster_status muster_append_null(muster_appender *appender, muster_error *err)
{
    uint32_t c;

    MU_TRY(next_column(appender, &c, err));
    MU_TRY(check_null(appender, c, err));
    if (appender->columns[c].type.kind == MU_TEXT) {
        appender->columns[c].text[appender->rows] = MU_TEXT_OF("");
    }
    put(appender, c, true);
    return MUSTER_OK;
}

/* An integer that is what the type's values are. */
static muster_status check_integer(const muster_appender *a, uint32_t c, int64_t value,
                                   muster_error *err)
{
    const mu_type type = a->columns[c].type;
    int64_t least = INT64_MIN, most = INT64_MAX;

    if (type.kind == MU_TEXT || type.kind == MU_DOUBLE) {
        return refuse(a, c, "integer", err);
    }
    if (!mu_value_integer_range(type, &least, &most) || (value >= least && value <= most)) {
        return MUSTER_OK;
    }
    return mu_fail(err, MUSTER_INVALID,
                   "column \"%s\": %" PRId64 " is not between %" PRId64 " and %" PRId64,
                   a->table.columns[c].name, value, least, most);
}

muster_status muster_append_int64(muster_appender *appender, int64_t value, muster_error *err)
{
    uint32_t c;

    MU_TRY(next_column(appender, &c, err));
    MU_TRY(check_integer(appender, c, value, err));
    appender->columns[c].i64[appender->rows] = value;
    put(appender, c, false);
    return MUSTER_OK;
}

muster_status muster_append_double(muster_appender *appender, double value, muster_error *err)
{
    uint32_t c;

    MU_TRY(next_column(appender, &c, err));
    if (appender->columns[c].type.kind != MU_DOUBLE) {
        return refuse(appender, c, "double", err);
    }
    appender->columns[c].f64[appender->rows] = value;
    put(appender, c, false);
    return MUSTER_OK;
}

static muster_status keep_text(muster_appender *a, mu_text text, mu_text *out, muster_error *err)
{
    muster_status status = MUSTER_OK;
    mu_account *before;

    MU_TRY(enter(a, &before, err));
    const char *copy = mu_arena_text(&a->texts, text.data, text.size);
    if (copy) {
        *out = (mu_text){copy, text.size};
    } else {
        status = mu_fail_memory(err, "appending rows");
    }
    mu_account_enter(before);
    return status;
}

/* A text as a value of the column at `row`. */
static muster_status store_text(muster_appender *a, uint32_t c, uint32_t row, mu_text text,
                                muster_error *err)
{
    kept_column *column = &a->columns[c];
    mu_value value;

    const mu_value_formats formats = {.zone = a->zone};
    const muster_status status = mu_value_parse(column->type, text, &formats, &value, err);
    if (status != MUSTER_OK) {
        mu_where(err, "column \"%s\"", a->table.columns[c].name);
        return status;
    }
    if (column->type.kind == MU_DOUBLE) {
        column->f64[row] = value.f64;
    } else if (column->type.kind != MU_TEXT) {
        column->i64[row] = value.i64;
    } else {
        return keep_text(a, text, &column->text[row], err);
    }
    return MUSTER_OK;
}

muster_status muster_append_text(muster_appender *appender, const char *text, size_t size,
                                 muster_error *err)
{
    uint32_t c;

    MU_TRY(next_column(appender, &c, err));
    if (size > MU_MAX_TEXT_BYTES) {
        return mu_fail(err, MUSTER_INVALID, "column \"%s\": a text has at most %d bytes, not %zu",
                       appender->table.columns[c].name, (int)MU_MAX_TEXT_BYTES, size);
    }
    MU_TRY(store_text(appender, c, appender->rows, (mu_text){text, (uint32_t)size}, err));
    put(appender, c, false);
    return MUSTER_OK;
}

void muster_append_restart(muster_appender *appender)
{
    appender->next = 0;
}

muster_status muster_append_row(muster_appender *appender, muster_error *err)
{
    const uint32_t given = appender->next;

    if (given < appender->table.column_count) {
        return mu_fail(err, MUSTER_INVALID, "the row has %u values; table \"%s\" has %u columns",
                       given, appender->table.name, appender->table.column_count);
    }
    appender->next = 0;
    appender->rows++;
    return appender->rows < MOST_KEPT_ROWS ? MUSTER_OK : spill(appender, err);
}

/* Columns. */

static bool is_valid(const muster_values *values, uint32_t i)
{
    return !values->valid || mu_bits_test(values->valid, i);
}

static muster_status check_values(const muster_appender *a, uint32_t c, const muster_values *values,
                                  muster_error *err)
{
    const mu_kind kind = a->columns[c].type.kind;

    if ((values->real && kind != MU_DOUBLE) ||
        (values->int64 && (kind == MU_TEXT || kind == MU_DOUBLE)) ||
        (values->text && !values->text_sizes)) {
        return refuse(a, c, "values of this kind", err);
    }
    return MUSTER_OK;
}

static muster_status store_values(muster_appender *a, uint32_t c, uint32_t rows,
                                  const muster_values *values, muster_error *err)
{
    kept_column *column = &a->columns[c];
    const bool none = !values->text && !values->real && !values->int64;

    for (uint32_t i = 0; i < rows; i++) {
        const uint32_t row = a->rows + i;
        const bool null = none || !is_valid(values, i);
        muster_status status = MUSTER_OK;

        if (null) {
            status = check_null(a, c, err);
            mu_bits_clear(column->valid, row);
        } else {
            mu_bits_set(column->valid, row);
        }
        if (null) {
            /* there is no value */
        } else if (values->text) {
            status = store_text(a, c, row, (mu_text){values->text[i], values->text_sizes[i]}, err);
        } else if (values->real) {
            column->f64[row] = values->real[i];
        } else {
            status = check_integer(a, c, values->int64[i], err);
            column->i64[row] = values->int64[i];
        }
        if (status != MUSTER_OK) {
            mu_where(err, "row %u", i + 1);
            return status;
        }
    }
    return MUSTER_OK;
}

muster_status muster_append_columns(muster_appender *appender, uint32_t rows,
                                    const muster_values *columns, muster_error *err)
{
    if (appender->next > 0) {
        return mu_fail(err, MUSTER_INVALID, "a row has %u of %u values; end it, or forget it",
                       appender->next, appender->table.column_count);
    }
    MU_TRY(reserve(appender, rows, err));
    for (uint32_t c = 0; c < appender->table.column_count; c++) {
        MU_TRY(check_values(appender, c, &columns[c], err));
        MU_TRY(store_values(appender, c, rows, &columns[c], err));
    }
    appender->rows += rows; /* before that they are not there */
    return appender->rows < MOST_KEPT_ROWS ? MUSTER_OK : spill(appender, err);
}
