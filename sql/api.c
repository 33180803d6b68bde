/*
 * api.c - muster.h: handles, and rows handed out one by one. What statements mean is elsewhere.
 *
 * A statement is bound when it is prepared, and runs over the snapshot that was taken then. With
 * parameters that is a sketch only: what a statement stands for is known once they have values, as
 * constants, and planning anew over them costs little beside what the constants save. The same
 * happens after muster_reset(). Texts of the current row live in an arena emptied by each step.
 */
#include "sql/statement.h"

#include "sql/parse.h"
#include "sql/show.h"
#include "storage/base/env.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* Reports no more often than this: a few times a second is what the header promises. */
#define REPORT_SECONDS 0.1

/* What storage and query tell, as muster.h promises it. */
static void report(void *context, const char *what, uint64_t done, uint64_t total, uint64_t rows)
{
    muster_statement *statement = context;
    const muster_connection *connection = statement->connection;
    const double now = mu_env_seconds();
    const muster_progress progress = {.what = what,
                                      .done = done,
                                      .total = total,
                                      .rows = rows,
                                      .seconds = now - statement->began};

    if (connection->report && now - statement->reported >= REPORT_SECONDS) {
        statement->reported = now;
        connection->report(connection->report_context, &progress);
    }
}

/* The columns of the plan, whose names may be those of a snapshot that goes earlier. */
static muster_status keep_columns(muster_statement *s, muster_error *err)
{
    const uint32_t count = s->plan->column_count;
    mu_plan_column *columns;

    MU_ARENA_TRY(columns, &s->plans, count, err);
    for (uint32_t c = 0; c < count; c++) {
        const char *name = s->plan->columns[c].name;
        columns[c].type = s->plan->columns[c].type;
        columns[c].name = mu_arena_text(&s->plans, name, strlen(name));
        if (!columns[c].name) {
            return mu_fail_memory(err, "running a statement");
        }
    }
    MU_ARENA_TRY(s->vectors, &s->plans, count, err);
    MU_ARENA_TRY(s->ids, &s->plans, count, err);
    MU_ARENA_TRY(s->id_rooms, &s->plans, count, err);
    s->id_kind = s->binder.catalog->customer_kind;
    s->columns = columns;
    s->column_count = count;
    return MUSTER_OK;
}

/* The newest state. What is read for it stays for others. */
static muster_status take_snapshot(muster_statement *s, muster_error *err)
{
    mu_account *account = mu_account_enter(NULL);
    const muster_status status = mu_db_snapshot(s->connection->owner->db, &s->snapshot, err);

    mu_account_enter(account);
    return status;
}

/* Makes s->plan; of a statement that does something, s->act. */
static muster_status bind_tree(muster_statement *s, const mu_ast_statement *tree, muster_error *err)
{
    mu_relation relation = {0};

    if (mu_act_is(tree)) {
        s->act = (mu_act){.db = s->connection->owner->db,
                          .connection = s->connection,
                          .statement = tree,
                          .binder = &s->binder,
                          .pool = s->connection->owner->pool,
                          .cancel = &s->cancel,
                          .progress = &s->progress,
                          .bytes_read = &s->bytes_read};
        return mu_act_prepare(&s->act, err);
    }
    if (tree->kind == MU_AST_SELECT) {
        MU_TRY(mu_bind_query(&s->binder, tree->query, &relation, err));
    } else {
        MU_TRY(mu_show(&s->binder, tree, &relation.plan, err));
    }
    return mu_plan_optimize(&s->binder.scope, relation.plan, &s->plan, err);
}

/* The plan of the statement behind EXPLAIN, or of the query that it runs. */
static muster_status plan_explained(muster_statement *s, const mu_ast_statement *explained,
                                    const mu_plan **out, muster_error *err)
{
    MU_TRY(bind_tree(s, explained, err));
    if (!mu_act_is(explained)) {
        *out = s->plan;
        return MUSTER_OK;
    }
    if (!s->act.reads) {
        return mu_fail(err, MUSTER_INVALID,
                       "EXPLAIN shows how a query runs, and this statement has none");
    }
    if (s->tree->analyzes) {
        return mu_fail(err, MUSTER_INVALID,
                       "EXPLAIN ANALYZE runs what it explains, so it takes queries only; EXPLAIN "
                       "without ANALYZE shows the plan of this one and changes nothing");
    }
    return mu_plan_optimize(&s->binder.scope, s->act.reads, out, err);
}

static muster_status bind_explain(muster_statement *s, muster_error *err)
{
    const double began = mu_env_seconds();
    const mu_plan *plan;

    MU_TRY(plan_explained(s, s->tree->explained, &plan, err));
    if (!s->tree->analyzes) {
        return mu_explain(&s->binder, plan, &s->plan, err);
    }
    s->analysis = (mu_analysis){.plan = plan, .planning = mu_env_seconds() - began};
    return mu_explain_nothing(&s->binder, &s->plan, err);
}

/* Names and types, over the snapshot. `values` of the parameters are NULL before there are any. */
static muster_status bind_statement(muster_statement *s, const mu_value *values, muster_error *err)
{
    s->binder = (mu_binder){.scope = {.arena = &s->plans,
                                      .snapshot = s->snapshot,
                                      .now_us = mu_env_now_us(),
                                      .zone = s->zone,
                                      .sketch = s->tree->parameters.count > 0 && !values},
                            .catalog = mu_snapshot_catalog(s->snapshot),
                            .text = s->text,
                            .connection = s->connection,
                            .parameters = {.values = values, .by_place = s->tree->by_place}};
    if (s->tree->kind == MU_AST_EXPLAIN) {
        MU_TRY(bind_explain(s, err));
    } else {
        MU_TRY(bind_tree(s, s->tree, err));
    }
    return s->plan ? keep_columns(s, err) : MUSTER_OK;
}

/* Forgets what an execution has made of the statement; its columns stay known. */
static void forget_execution(muster_statement *s)
{
    mu_exec_close(s->exec);
    mu_snapshot_release(s->snapshot);
    s->exec = NULL;
    s->snapshot = NULL;
    s->plan = NULL;
    s->batch = NULL;
}

/* A definition is kept as it was written, and run again when nobody is there to bind a value. */
static muster_status check_parameters(const mu_ast_statement *tree, muster_error *err)
{
    if (tree->parameters.count > 0 &&
        (tree->kind == MU_AST_CREATE_TAG || tree->kind == MU_AST_CREATE_AUDIENCE ||
         tree->kind == MU_AST_CREATE_VIEW)) {
        return mu_fail_at(err, MUSTER_INVALID, tree->parameters.data[0].offset,
                          "the definition of a view, a tag or an audience is kept as text, and can "
                          "have no parameters; write the value in their place");
    }
    return MUSTER_OK;
}

static muster_status prepare(muster_statement *s, const char *sql, const char **rest,
                             muster_error *err)
{
    const char *end = NULL;

    const muster_status status = mu_parse(&s->arena, sql, &end, &s->tree, err);
    if (rest) {
        *rest = end;
    }
    MU_TRY(status);
    if (!s->tree) {
        return MUSTER_OK;
    }
    s->text = mu_arena_text(&s->arena, sql, (size_t)(end - sql));
    if (!s->text) {
        return mu_fail_memory(err, "reading a statement");
    }
    if (mu_act_writes(s->tree)) {
        MU_TRY(mu_connection_check_writable(s->connection, err));
    }
    MU_TRY(check_parameters(s->tree, err));
    MU_ARENA_TRY(s->values, &s->arena, s->tree->parameters.count, err);
    MU_ARENA_TRY(s->given, &s->arena, s->tree->parameters.count, err);
    MU_TRY(take_snapshot(s, err));
    MU_TRY(bind_statement(s, NULL, err));
    if (s->tree->parameters.count > 0) {
        forget_execution(s); /* it was a sketch */
    }
    return MUSTER_OK;
}

static muster_status prepare_in_account(muster_statement *s, const char *sql, const char **rest,
                                        muster_error *err)
{
    s->account = mu_account_open(s->connection->owner->account, SIZE_MAX);
    if (s->account) {
        mu_account_watch(s->account, &s->cancel);
    }
    if (!s->account) {
        if (rest) {
            *rest = sql + strlen(sql);
        }
        return mu_fail_memory(err, "reading a statement");
    }
    mu_account *before = mu_account_enter(s->account);
    const muster_status status = prepare(s, sql, rest, err);
    mu_account_enter(before);
    return status;
}

muster_status muster_prepare(muster_connection *connection, const char *sql, const char **rest,
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
    s->connection = connection;
    s->holders = 1;
    s->zone = mu_zone_retain(connection->settings.zone);
    s->progress = (mu_progress){.report = report, .context = s};
    mu_connection_add(connection, s);
    status = prepare_in_account(s, sql, rest, err);
    if (status != MUSTER_OK) {
        mu_locate(err, sql);
    }
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
    for (uint32_t c = 0; c < s->column_count; c++) {
        if (s->columns[c].type.kind == MU_CUSTOMER && !muster_is_null(s, c)) {
            const mu_value value = mu_batch_value(s->batch, c, s->row);
            MU_TRY(mu_customers_id(mu_snapshot_customers(s->snapshot), value.ordinal,
                                   s->id_rooms[c].text, &s->ids[c], err));
        }
    }
    return MUSTER_OK;
}

static uint32_t deadline_of(const muster_statement *s)
{
    return s->deadline_set ? s->deadline_ms : s->connection->settings.timeout_ms;
}

/* The execution is at its end, well or not; what it held is freed, though not what it said. */
static void end(muster_statement *s)
{
    s->done = true;
    atomic_store(&s->running, false);
    mu_deadline_end(&s->connection->owner->deadlines, &s->deadline);
    forget_execution(s);
    mu_arena_deinit(&s->texts);
}

/* Binds it over what the parameters stand for, and the newest state; unless that was done when it
 * was prepared. */
static muster_status begin(muster_statement *s, muster_error *err)
{
    const uint32_t ms = deadline_of(s);

    s->begun = true;
    atomic_store(&s->running, true);
    s->began = s->reported = mu_env_seconds();
    if (ms > 0) {
        MU_TRY(mu_deadline_start(&s->connection->owner->deadlines, &s->deadline, ms / 1e3,
                                 &s->cancel, err));
    }
    if (s->snapshot) {
        return MUSTER_OK;
    }
    MU_TRY(mu_statement_check_given(s, err));
    mu_arena_reset(&s->plans);
    s->column_count = 0;
    MU_TRY(take_snapshot(s, err));
    return bind_statement(s, s->values, err);
}

muster_status mu_statement_begin_stream(muster_statement *statement, muster_error *err)
{
    if (statement->begun) {
        return mu_fail(err, MUSTER_INVALID,
                       "the statement has been stepped; call muster_reset() to run it anew");
    }
    mu_account *before = mu_account_enter(statement->account);
    const muster_status status = begin(statement, err);
    mu_account_enter(before);
    statement->reading = MU_READ_STREAM;
    if (status != MUSTER_OK) {
        end(statement);
        mu_locate(err, statement->text);
    }
    return status;
}

static muster_status step(muster_statement *s, bool *row, muster_error *err)
{
    if (!s->begun) {
        MU_TRY(begin(s, err));
    }
    if (!s->plan) {
        return mu_act_run(&s->act, err);
    }
    if (!s->exec) {
        const mu_exec_options options = {.snapshot = s->snapshot,
                                         .pool = s->connection->owner->pool,
                                         .cancel = &s->cancel,
                                         .progress = &s->progress,
                                         .bytes_read = &s->bytes_read,
                                         .now_us = s->binder.scope.now_us,
                                         .zone = s->zone};
        if (s->tree->kind == MU_AST_EXPLAIN && s->tree->analyzes) {
            MU_TRY(mu_analyze(&s->binder, &s->analysis, &options, &s->connection->owner->bandwidth,
                              &s->plan, err));
        }
        MU_TRY(mu_exec_open(&options, s->plan, &s->exec, err));
    }
    mu_arena_reset(&s->texts);
    if (s->reading != MU_READ_ROWS) {
        mu_batch *batch;
        MU_TRY(mu_exec_next(s->exec, &batch, err));
        *row = batch->rows > 0;
        return *row ? mu_statement_share_batch(s, batch, err) : MUSTER_OK;
    }
    MU_TRY(next_row(s, row, err));
    return *row ? find_ids(s, err) : MUSTER_OK;
}

/* Whoever stopped for the flag cannot know who raised it. */
static muster_status explain_stop(const muster_statement *s, muster_error *err)
{
    if (!atomic_load(&s->deadline.passed)) {
        return MUSTER_CANCELLED;
    }
    return mu_fail(err, MUSTER_DEADLINE,
                   "the statement took longer than the %" PRIu32
                   " ms it may; SET statement_timeout, or muster_set_deadline(), gives it more",
                   deadline_of(s));
}

static muster_status advance(muster_statement *s, mu_reading reading, bool *more, muster_error *err)
{
    static const char *const ways[] = {"one by one", "by the batch", "by an Arrow stream"};
    muster_status status = MUSTER_OK;

    *more = false;
    if (s->begun && !s->done && s->reading != reading) {
        return mu_fail(err, MUSTER_INVALID,
                       "rows of this execution are read %s; go on so, or call muster_reset()",
                       ways[s->reading]);
    }
    s->reading = reading;
    if (!s->done) {
        mu_account *before = mu_account_enter(s->account);
        status = step(s, more, err);
        mu_account_enter(before);
    }
    if (status == MUSTER_CANCELLED) {
        status = explain_stop(s, err);
    }
    *more = *more && status == MUSTER_OK;
    if (!*more) {
        end(s);
    }
    if (status != MUSTER_OK) {
        mu_locate(err, s->text);
    }
    return status;
}

muster_status muster_step(muster_statement *statement, bool *row, muster_error *err)
{
    return advance(statement, MU_READ_ROWS, row, err);
}

muster_status muster_step_batch(muster_statement *statement, const muster_batch **batch,
                                muster_error *err)
{
    bool more;

    const muster_status status = advance(statement, MU_READ_BATCHES, &more, err);
    *batch = more ? &statement->rows : NULL;
    return status;
}

muster_status mu_statement_stream(muster_statement *statement, const muster_batch **batch,
                                  muster_error *err)
{
    bool more;

    const muster_status status = advance(statement, MU_READ_STREAM, &more, err);
    *batch = more ? &statement->rows : NULL;
    return status;
}

void muster_reset(muster_statement *statement)
{
    end(statement);
    statement->reset_count++;
    statement->act.rows = 0;
    statement->act.notes = NULL;
    statement->begun = statement->done = false;
    atomic_store(&statement->deadline.passed, false);
    atomic_store(&statement->cancel, false);
    atomic_store(&statement->bytes_read, 0);
}

uint32_t muster_column_count(const muster_statement *statement)
{
    return statement->column_count;
}

const char *muster_column_name(const muster_statement *statement, uint32_t column)
{
    assert(column < muster_column_count(statement));
    return statement->columns[column].name;
}

muster_type muster_column_type(const muster_statement *statement, uint32_t column)
{
    assert(column < muster_column_count(statement));
    switch (statement->columns[column].type.kind) {
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
        return statement->id_kind == MU_BIGINT ? MUSTER_TYPE_BIGINT : MUSTER_TYPE_TEXT;
    case MU_BITMAP:
        return MUSTER_TYPE_BITMAP;
    case MU_TEXT:
    case MU_NULL:
        break;
    }
    return MUSTER_TYPE_TEXT;
}

bool muster_statement_writes(const muster_statement *statement)
{
    return mu_act_writes(statement->tree);
}

uint32_t muster_column_precision(const muster_statement *statement, uint32_t column)
{
    assert(column < muster_column_count(statement));
    const mu_type type = statement->columns[column].type;
    return type.kind == MU_DECIMAL ? type.precision : 0;
}

uint32_t muster_column_scale(const muster_statement *statement, uint32_t column)
{
    assert(column < muster_column_count(statement));
    const mu_type type = statement->columns[column].type;
    return type.kind == MU_DECIMAL ? type.scale : 0;
}

/* The value in the current row; NULL where there is no row. */
static mu_value current(const muster_statement *s, uint32_t column)
{
    assert(column < muster_column_count(s));
    if (!s->batch) {
        return (mu_value){.type = s->columns[column].type, .null = true};
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

    if (value.null || mu_type_form(value.type) == MU_FORM_CODE) {
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

    if (value.null || mu_type_form(value.type) == MU_FORM_CODE) {
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

const void *muster_bytes(const muster_statement *statement, uint32_t column, size_t *size)
{
    const mu_value value = current(statement, column);
    mu_text bytes = {0};

    if (value.null) {
        bytes = (mu_text){0};
    } else if (mu_type_form(value.type) == MU_FORM_CODE) {
        bytes = value.text;
    } else if (value.type.kind == MU_CUSTOMER &&
               muster_column_type(statement, column) == MUSTER_TYPE_TEXT) {
        bytes = statement->ids[column].text;
    }
    *size = bytes.size;
    return bytes.data;
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

void muster_set_deadline(muster_statement *statement, uint32_t milliseconds)
{
    statement->deadline_set = true;
    statement->deadline_ms = milliseconds;
}

uint64_t muster_memory_peak(const muster_statement *statement)
{
    return mu_account_peak(statement->account);
}

void muster_finish(muster_statement *statement)
{
    if (statement) {
        mu_statement_release(statement);
    }
}

void mu_statement_release(muster_statement *statement)
{
    if (--statement->holders > 0) {
        return;
    }
    muster_reset(statement);
    if (statement->given) {
        muster_clear_bindings(statement);
    }
    mu_arena_deinit(&statement->plans);
    mu_arena_deinit(&statement->arena);
    mu_zone_release(statement->zone);
    mu_connection_remove(statement->connection, statement);
    mu_account_close(statement->account);
    mu_mem_free(statement);
}
