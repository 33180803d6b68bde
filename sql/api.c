/*
 * api.c - muster.h: handles, and rows handed out one by one. What statements mean is elsewhere.
 *
 * A statement owns an arena, in which its tree and plan live, and a snapshot, over which it was
 * bound and runs. Texts of the current row live in an arena of their own, emptied by each step.
 * A handle's own state is set before statements are made of it, or atomic.
 */
#include "sql/owner.h"

#include "query/exec.h"
#include "sql/act.h"
#include "sql/bind.h"
#include "sql/parse.h"
#include "sql/show.h"
#include "storage/base/env.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

/* Reports no more often than this: a few times a second is what the header promises. */
#define REPORT_SECONDS 0.1

/* Where the text of an id may be put. */
typedef struct id_room {
    char text[MU_PACKED_ID_BYTES];
} id_room;

struct muster_statement {
    muster *owner;
    mu_zone *zone;
    mu_arena arena; /* tree, plan, notes */
    mu_snapshot *snapshot;
    mu_binder binder;
    mu_ast_statement *tree;
    const mu_plan *plan; /* optimized; NULL: a statement that does something */
    mu_act act;
    bool done;
    atomic_bool cancel;
    atomic_uint_fast64_t bytes_read;

    mu_progress progress;
    double began, reported; /* seconds; 0: not yet */

    mu_exec *exec;
    mu_batch *batch;     /* the exec's; NULL before the first row */
    uint32_t row;        /* of the batch; the current one */
    mu_customer_id *ids; /* of the current row, by column; where the type is CUSTOMER */
    id_room *id_rooms;   /* their texts */
    mu_arena texts;      /* of the current row */
};

const char *muster_version(void)
{
    return MUSTER_VERSION;
}

muster_status muster_open(const char *path, muster **db, muster_error *err)
{
    muster *m = mu_mem_zalloc(sizeof *m);
    muster_status status;

    *db = NULL;
    if (!m) {
        return mu_fail_memory(err, "opening a database");
    }
    MU_TRY_GOTO(mu_db_open(path, &m->db, err));
    MU_TRY_GOTO(muster_set_threads(m, 0, err));
    *db = m;
    return MUSTER_OK;

fail:
    muster_close(m);
    return status;
}

void muster_close(muster *db)
{
    if (!db) {
        return;
    }
    assert(atomic_load(&db->statement_count) == 0);
    mu_pool_close(db->pool);
    mu_db_close(db->db);
    mu_zone_release(db->zone);
    mu_mem_free(db);
}

muster_status muster_check(const char *path, muster_problem_fn *problem, void *context,
                           muster_error *err)
{
    return mu_db_check_each(path, problem, context, err);
}

muster_status muster_set_threads(muster *db, uint32_t threads, muster_error *err)
{
    const unsigned open = atomic_load(&db->statement_count);
    mu_pool *pool = NULL;

    if (open > 0) {
        return mu_fail(err, MUSTER_INVALID,
                       "%u statements are open; finish them to change the number of threads", open);
    }
    if (threads == 0) {
        threads = mu_env_processors();
    }
    if (threads > 1) {
        MU_TRY(mu_pool_open(threads, &pool, err));
    }
    mu_pool_close(db->pool);
    db->pool = pool;
    return MUSTER_OK;
}

void muster_set_progress(muster *db, muster_progress_fn *report, void *context)
{
    db->report = report;
    db->report_context = context;
}

/* What storage and query tell, as muster.h promises it. */
static void report(void *context, const char *what, uint64_t done, uint64_t total, uint64_t rows)
{
    muster_statement *statement = context;
    const muster *db = statement->owner;
    const double now = mu_env_seconds();
    const muster_progress progress = {.what = what,
                                      .done = done,
                                      .total = total,
                                      .rows = rows,
                                      .seconds = now - statement->began};

    if (db->report && now - statement->reported >= REPORT_SECONDS) {
        statement->reported = now;
        db->report(db->report_context, &progress);
    }
}

/* Names and types of a statement that has been read. */
static muster_status bind_statement(muster_statement *s, muster_error *err)
{
    mu_relation relation;

    s->binder.scope = (mu_scope){
        .arena = &s->arena, .snapshot = s->snapshot, .now_us = mu_env_now_us(), .zone = s->zone};
    s->binder.catalog = mu_snapshot_catalog(s->snapshot);
    if (mu_act_is(s->tree)) {
        s->act = (mu_act){.db = s->owner->db,
                          .statement = s->tree,
                          .binder = &s->binder,
                          .pool = s->owner->pool,
                          .cancel = &s->cancel,
                          .progress = &s->progress,
                          .bytes_read = &s->bytes_read,
                          .zone = &s->owner->zone};
        return mu_act_prepare(&s->act, err);
    }
    if (s->tree->kind == MU_AST_SELECT) {
        MU_TRY(mu_bind_query(&s->binder, s->tree->query, &relation, err));
        MU_TRY(mu_plan_optimize(&s->binder.scope, relation.plan, &s->plan, err));
    } else {
        MU_TRY(mu_show(&s->binder, s->tree, &s->plan, err));
    }
    MU_ARENA_TRY(s->ids, &s->arena, s->plan->column_count, err);
    MU_ARENA_TRY(s->id_rooms, &s->arena, s->plan->column_count, err);
    return MUSTER_OK;
}

static muster_status prepare(muster_statement *s, const char *sql, const char **rest,
                             muster_error *err)
{
    const char *end = NULL, *text;

    const muster_status status = mu_parse(&s->arena, sql, &end, &s->tree, err);
    if (rest) {
        *rest = end;
    }
    MU_TRY(status);
    if (!s->tree) {
        return MUSTER_OK;
    }
    text = mu_arena_text(&s->arena, sql, (size_t)(end - sql));
    if (!text) {
        return mu_fail_memory(err, "reading a statement");
    }
    s->binder.text = text;
    MU_TRY(mu_db_snapshot(s->owner->db, &s->snapshot, err));
    return bind_statement(s, err);
}

muster_status muster_prepare(muster *db, const char *sql, const char **rest,
                             muster_statement **statement, muster_error *err)
{
    muster_statement *s = mu_mem_zalloc(sizeof *s);
    muster_status status;

    *statement = NULL;
    if (!s) {
        if (rest) {
            *rest = sql + strlen(sql);
        }
        return mu_fail_memory(err, "reading a statement");
    }
    s->owner = db;
    s->zone = mu_zone_retain(db->zone);
    s->progress = (mu_progress){.report = report, .context = s};
    atomic_fetch_add(&db->statement_count, 1);
    status = prepare(s, sql, rest, err);
    if (status != MUSTER_OK || !s->tree) {
        muster_finish(s);
        return status;
    }
    *statement = s;
    return MUSTER_OK;
}

/* Goes to the next live row of the batch, or of the batch after it. */
static muster_status next_row(muster_statement *s, bool *row, muster_error *err)
{
    uint32_t next = s->batch ? s->row + 1 : 0;

    for (;;) {
        while (s->batch && next < s->batch->rows) {
            const uint64_t left = s->batch->live[next / 64] >> (next % 64);
            if (left != 0) {
                s->row = next + mu_bits_lowest(left);
                *row = true;
                return MUSTER_OK;
            }
            next = (next / 64 + 1) * 64;
        }
        MU_TRY(mu_exec_next(s->exec, &s->batch, err));
        if (s->batch->rows == 0) {
            *row = false;
            return MUSTER_OK;
        }
        next = 0;
    }
}

/* Customers are ordinals inside; the ids of the current row are looked up here, so that a damaged
 * file is an error of the step. */
static muster_status find_ids(muster_statement *s, muster_error *err)
{
    for (uint32_t c = 0; c < s->plan->column_count; c++) {
        if (s->plan->columns[c].type.kind == MU_CUSTOMER && !muster_is_null(s, c)) {
            const mu_value value = mu_batch_value(s->batch, c, s->row);
            MU_TRY(mu_customers_id(mu_snapshot_customers(s->snapshot), value.ordinal,
                                   s->id_rooms[c].text, &s->ids[c], err));
        }
    }
    return MUSTER_OK;
}

static muster_status step(muster_statement *s, bool *row, muster_error *err)
{
    if (s->began <= 0) {
        s->began = s->reported = mu_env_seconds();
    }
    if (!s->plan) {
        s->done = true;
        return mu_act_run(&s->act, err);
    }
    if (!s->exec) {
        const mu_exec_options options = {.snapshot = s->snapshot,
                                         .pool = s->owner->pool,
                                         .cancel = &s->cancel,
                                         .progress = &s->progress,
                                         .bytes_read = &s->bytes_read,
                                         .now_us = s->binder.scope.now_us,
                                         .zone = s->zone};
        MU_TRY(mu_exec_open(&options, s->plan, &s->exec, err));
    }
    mu_arena_reset(&s->texts);
    MU_TRY(next_row(s, row, err));
    s->done = !*row;
    return *row ? find_ids(s, err) : MUSTER_OK;
}

muster_status muster_step(muster_statement *statement, bool *row, muster_error *err)
{
    muster_status status = MUSTER_OK;

    *row = false;
    if (!statement->done) {
        status = step(statement, row, err);
    }
    if (status != MUSTER_OK) {
        statement->done = true;
        *row = false;
    }
    if (!*row) {
        statement->batch = NULL;
    }
    return status;
}

uint32_t muster_column_count(const muster_statement *statement)
{
    return statement->plan ? statement->plan->column_count : 0;
}

const char *muster_column_name(const muster_statement *statement, uint32_t column)
{
    assert(column < muster_column_count(statement));
    return statement->plan->columns[column].name;
}

muster_type muster_column_type(const muster_statement *statement, uint32_t column)
{
    assert(column < muster_column_count(statement));
    switch (statement->plan->columns[column].type.kind) {
    case MU_BOOLEAN:
        return MUSTER_TYPE_BOOLEAN;
    case MU_BIGINT:
        return MUSTER_TYPE_BIGINT;
    case MU_DOUBLE:
        return MUSTER_TYPE_DOUBLE;
    case MU_DECIMAL:
        return MUSTER_TYPE_DECIMAL;
    case MU_DATE:
        return MUSTER_TYPE_DATE;
    case MU_TIMESTAMP:
        return MUSTER_TYPE_TIMESTAMP;
    case MU_INTERVAL:
        return MUSTER_TYPE_INTERVAL;
    case MU_CUSTOMER:
        return statement->binder.catalog->customer_kind == MU_BIGINT ? MUSTER_TYPE_BIGINT
                                                                     : MUSTER_TYPE_TEXT;
    case MU_TEXT:
    case MU_NULL:
        break;
    }
    return MUSTER_TYPE_TEXT;
}

uint32_t muster_column_scale(const muster_statement *statement, uint32_t column)
{
    assert(column < muster_column_count(statement));
    const mu_type type = statement->plan->columns[column].type;
    return type.kind == MU_DECIMAL ? type.scale : 0;
}

/* The value in the current row; NULL where there is no row. */
static mu_value current(const muster_statement *s, uint32_t column)
{
    assert(column < muster_column_count(s));
    if (!s->batch) {
        return (mu_value){.type = s->plan->columns[column].type, .null = true};
    }
    mu_value value = mu_batch_value(s->batch, column, s->row);
    if (value.type.kind == MU_CUSTOMER && value.ordinal == MU_NO_CUSTOMER) {
        value.null = true;
    }
    return value;
}

bool muster_is_null(const muster_statement *statement, uint32_t column)
{
    return current(statement, column).null;
}

int64_t muster_int64(const muster_statement *statement, uint32_t column)
{
    const mu_value value = current(statement, column);

    if (value.null || value.type.kind == MU_TEXT) {
        return 0;
    }
    if (value.type.kind == MU_CUSTOMER) {
        return statement->ids[column].number;
    }
    if (value.type.kind == MU_DOUBLE) { /* towards zero, and no further than an int64_t goes */
        return value.f64 >= 0x1p63      ? INT64_MAX
               : value.f64 < -0x1p63    ? INT64_MIN
               : value.f64 != value.f64 ? 0
                                        : (int64_t)value.f64;
    }
    return value.i64;
}

double muster_double(const muster_statement *statement, uint32_t column)
{
    const mu_value value = current(statement, column);
    double power = 1; /* exact: it is 10 to the 18 at most */

    if (value.null || value.type.kind == MU_TEXT) {
        return 0;
    }
    if (value.type.kind == MU_DOUBLE) {
        return value.f64;
    }
    for (uint32_t i = 0; value.type.kind == MU_DECIMAL && i < value.type.scale; i++) {
        power *= 10;
    }
    return (double)muster_int64(statement, column) / power;
}

/* The value as text in the arena of the row; NULL when out of memory. */
static const char *format_text(muster_statement *s, uint32_t column, mu_value value, size_t *size)
{
    mu_writer out = {0};
    char *text = NULL;

    if (value.type.kind == MU_CUSTOMER) {
        const mu_kind kind = mu_customers_kind(mu_snapshot_customers(s->snapshot));
        value.type = (mu_type){.kind = kind, .bits = 64};
        if (kind == MU_TEXT) {
            value.text = s->ids[column].text;
        } else {
            value.i64 = s->ids[column].number;
        }
    }
    mu_value_format_in(&value, s->zone, &out);
    if (!out.failed) {
        text = mu_arena_text(&s->texts, out.size > 0 ? (const char *)out.data : "", out.size);
        *size = text ? out.size : 0;
    }
    mu_writer_deinit(&out);
    return text;
}

const char *muster_text(muster_statement *statement, uint32_t column, size_t *size)
{
    const mu_value value = current(statement, column);
    size_t ignored;

    size = size ? size : &ignored;
    *size = 0;
    return value.null ? NULL : format_text(statement, column, value, size);
}

uint64_t muster_rows_changed(const muster_statement *statement)
{
    return statement->act.rows;
}

const char *muster_notes(const muster_statement *statement)
{
    return statement->act.notes ? statement->act.notes : "";
}

uint64_t muster_bytes_read(const muster_statement *statement)
{
    return atomic_load_explicit(&statement->bytes_read, memory_order_relaxed);
}

void muster_cancel(muster_statement *statement)
{
    atomic_store(&statement->cancel, true);
}

void muster_finish(muster_statement *statement)
{
    if (!statement) {
        return;
    }
    mu_exec_close(statement->exec);
    mu_snapshot_release(statement->snapshot);
    mu_arena_deinit(&statement->texts);
    mu_arena_deinit(&statement->arena);
    mu_zone_release(statement->zone);
    atomic_fetch_sub(&statement->owner->statement_count, 1);
    mu_mem_free(statement);
}
