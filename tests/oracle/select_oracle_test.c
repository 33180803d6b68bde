/*
 * select_oracle_test.c - random queries over a random table, asked of muster and of sqlite3.
 *
 * The rows must be the same: in the same order where the query gives one, else in any. A table is
 * inserted in several statements and out of order, over several months, with NULLs wherever they
 * may be and events of nobody, some with customers of two stripes; it is asked with one thread and
 * with four, before and after the database was closed and opened again. What fails is shown in both
 * dialects, with both answers.
 */
#include "include/muster.h"
#include "tests/support/ask.h"
#include "tests/support/event_log.h"
#include "tests/support/random_sql.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>

/* Sanitizers are slow, and the tiny build needs fewer rows to get into the corners. */
#if defined(__SANITIZE_ADDRESS__) || defined(MU_TINY)
#define FEWER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FEWER 1
#endif
#endif
#ifndef FEWER
#define FEWER 0
#endif

enum {
    TABLES = FEWER ? 24 : 40,
    QUERIES = 120,     /* of each table, half of them after it was opened again */
    STRANGERS = 65530, /* a few less than there are customers in a stripe */
    ROWS_MOST = 1 << 18,
    MOST_MILLIONS = 50, /* of sqlite3's steps for one query */
};

/* The rows of an answer, each as one text. */
typedef struct answer {
    int count;
    size_t used;
    char *rows[ROWS_MOST];
    char text[32 << 20];
} answer;

static void add_text(answer *a, const char *text)
{
    const size_t size = strlen(text);

    assert_true(a->used + size < sizeof a->text);
    memcpy(a->text + a->used, text, size);
    a->used += size;
}

static void add_row(answer *a)
{
    assert_true(a->count < ROWS_MOST);
    a->rows[a->count++] = a->text + a->used;
}

static void end_row(answer *a)
{
    assert_true(a->used < sizeof a->text);
    a->text[a->used++] = '\0';
}

/* The shortest way to write the decimal, so that 2.50 is 2.5. */
static void add_decimal(answer *a, int64_t value, uint32_t scale)
{
    char text[40];

    while (scale > 0 && value % 10 == 0) {
        value /= 10;
        scale--;
    }
    (void)snprintf(text, sizeof text, "%" PRId64 "e-%u", value, scale);
    add_text(a, text);
}

static void add_double(answer *a, double value)
{
    char text[40];

    (void)snprintf(text, sizeof text, "%.10g", value == 0 ? 0 : value); /* no -0 */
    add_text(a, text);
}

static void add_integer(answer *a, int64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRId64, value);
    add_text(a, text);
}

/* Asking. */

static void add_our_value(answer *a, muster_statement *statement, uint32_t column)
{
    if (muster_is_null(statement, column)) {
        add_text(a, "NULL");
        return;
    }
    switch (muster_column_type(statement, column)) {
    case MUSTER_TYPE_BOOLEAN:
    case MUSTER_TYPE_BIGINT:
        add_integer(a, muster_int64(statement, column));
        return;
    case MUSTER_TYPE_DOUBLE:
        add_double(a, muster_double(statement, column));
        return;
    case MUSTER_TYPE_DECIMAL:
        add_decimal(a, muster_int64(statement, column), muster_column_scale(statement, column));
        return;
    case MUSTER_TYPE_TEXT:
    case MUSTER_TYPE_DATE:
    case MUSTER_TYPE_TIMESTAMP:
    case MUSTER_TYPE_INTERVAL:
    case MUSTER_TYPE_BITMAP:
        add_text(a, muster_text(statement, column, NULL));
        return;
    }
    fail();
}

/* False if it fails; test_error says why. */
static bool ask_us(muster *db, const char *sql, answer *a)
{
    muster_connection *connection = ask_connect(db);
    muster_statement *statement;
    bool row = true;
    muster_status status = muster_prepare(connection, sql, NULL, &statement, &test_error);

    a->count = 0;
    a->used = 0;
    while (status == MUSTER_OK && row) {
        status = muster_step(statement, &row, &test_error);
        if (status != MUSTER_OK || !row) {
            break;
        }
        add_row(a);
        for (uint32_t c = 0; c < muster_column_count(statement); c++) {
            add_text(a, c > 0 ? "|" : "");
            add_our_value(a, statement, c);
        }
        end_row(a);
    }
    muster_finish(statement);
    muster_disconnect(connection);
    return status == MUSTER_OK;
}

static void add_their_value(answer *a, sqlite3_stmt *statement, int column, const sql_expr *type)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL) {
        add_text(a, "NULL");
        return;
    }
    switch (type->kind) {
    case SQL_BOOLEAN:
    case SQL_BIGINT:
        add_integer(a, sqlite3_column_int64(statement, column));
        return;
    case SQL_DECIMAL:
        add_decimal(a, sqlite3_column_int64(statement, column), (uint32_t)type->scale);
        return;
    case SQL_DOUBLE:
        add_double(a, sqlite3_column_double(statement, column));
        return;
    case SQL_TEXT:
    case SQL_DATE:
    case SQL_TIMESTAMP:
    case SQL_CUSTOMER:
    case SQL_KINDS:
        add_text(a, (const char *)sqlite3_column_text(statement, column));
        return;
    }
}

/* sqlite3 looks up by going through all rows again: some queries would take it minutes. */
static int give_up(void *context)
{
    int *millions = context;

    return ++*millions > MOST_MILLIONS;
}

/* False: it would take too long. */
static bool ask_them(sqlite3 *db, const sql_query *query, answer *a)
{
    sqlite3_stmt *statement;
    int status, millions = 0;

    if (sqlite3_prepare_v2(db, query->theirs, -1, &statement, NULL) != SQLITE_OK) {
        print_error("%s\n", sqlite3_errmsg(db));
        (void)fprintf(stderr, "%s\n%s\n", query->ours, query->theirs);
        fail();
    }
    a->count = 0;
    a->used = 0;
    sqlite3_progress_handler(db, 1000000, give_up, &millions);
    while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
        add_row(a);
        for (int c = 0; c < query->result.count; c++) {
            add_text(a, c > 0 ? "|" : "");
            add_their_value(a, statement, c, &query->result.columns[c]);
        }
        end_row(a);
    }
    sqlite3_progress_handler(db, 0, NULL, NULL);
    assert_true(status == SQLITE_DONE || status == SQLITE_INTERRUPT);
    (void)sqlite3_finalize(statement);
    return status == SQLITE_DONE;
}

/* Comparing. */

static int compare_rows(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void show(const char *title, const answer *a, int from)
{
    (void)fprintf(stderr, "--- %s: %d rows\n", title, a->count);
    for (int i = from; i < a->count && i < from + 10; i++) {
        (void)fprintf(stderr, "%s\n", a->rows[i]);
    }
}

static int given_up; /* queries */

static void check_query(muster *db, sqlite3 *oracle, const sql_query *query, const char *when)
{
    static answer ours, theirs;
    int same = 0;

    if (!ask_them(oracle, query, &theirs)) {
        assert_in_range(++given_up, 0, TABLES * QUERIES / 100); /* few are let go */
        return;
    }
    const bool answered = ask_us(db, query->ours, &ours);
    if (!query->ordered) {
        qsort(ours.rows, (size_t)ours.count, sizeof *ours.rows, compare_rows);
        qsort(theirs.rows, (size_t)theirs.count, sizeof *theirs.rows, compare_rows);
    }
    while (same < ours.count && same < theirs.count &&
           strcmp(ours.rows[same], theirs.rows[same]) == 0) {
        same++;
    }
    if (answered && same == ours.count && same == theirs.count) {
        return;
    }
    (void)fprintf(stderr, "%s\n%s;\n--- of sqlite3\n%s;\n", when, query->ours, query->theirs);
    if (!answered) {
        (void)fprintf(stderr, "error at %d: %s\n", test_error.offset, test_error.message);
    } else {
        (void)fprintf(stderr, "the first %d rows are the same; then\n", same);
        show("muster", &ours, same);
        show("sqlite3", &theirs, same);
    }
    fail();
}

/* Tables. */

static void run_ours(muster *db, const char *sql)
{
    static answer ignored;

    if (!ask_us(db, sql, &ignored)) {
        fail_msg("%s: %s", sql, test_error.message);
    }
}

static void run_theirs(sqlite3 *db, const char *sql)
{
    char *message = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
}

typedef struct table_shape {
    int rows;
    unsigned customers;
    unsigned null_percent;
    unsigned days; /* from first to last */
    unsigned numbers;
    bool strangers; /* people of another table came first */
} table_shape;

static void put_text(sql_maker *m, const table_shape *shape, const char *const *list,
                     unsigned count, log_text *out)
{
    if (sql_chance(m, shape->null_percent)) {
        log_put(out, ", NULL");
    } else {
        log_put(out, ", '%s'", list[sql_below(m, count)]);
    }
}

/* The number in units of 1/divisor, in both dialects: theirs is without its point if `whole`. */
static int64_t put_number(sql_maker *m, const table_shape *shape, log_text *ours, log_text *theirs)
{
    const int64_t sign = sql_chance(m, 25) ? -1 : 1;

    if (sql_chance(m, shape->null_percent)) {
        log_put(ours, ", NULL");
        log_put(theirs, ", NULL");
        return INT64_MIN;
    }
    return sign * (int64_t)sql_below(m, shape->numbers);
}

static void put_numbers(sql_maker *m, const table_shape *shape, log_text *ours, log_text *theirs)
{
    int64_t value = put_number(m, shape, ours, theirs);
    if (value != INT64_MIN) {
        value *= sql_chance(m, 50) ? 25 : 1;
        log_put(ours, ", %s%d.%02d", value < 0 ? "-" : "", abs((int)value) / 100,
                abs((int)value) % 100);
        log_put(theirs, ", %" PRId64, value);
    }
    value = put_number(m, shape, ours, theirs);
    if (value != INT64_MIN) {
        value = sql_chance(m, 3) ? value * 1000000 % 2000000000 : value;
        log_put(ours, ", %" PRId64, value);
        log_put(theirs, ", %" PRId64, value);
    }
    value = put_number(m, shape, ours, theirs);
    if (value != INT64_MIN) {
        log_put(ours, ", %.3fe0", (double)value / 8);
        log_put(theirs, ", %.3f", (double)value / 8);
    }
}

static void put_row(sql_maker *m, const table_shape *shape, log_text *ours, log_text *theirs)
{
    static const char *const events[] = {"view", "pay", "cart", "VIEW", "支付", ""};
    static const char *const channels[] = {"web", "app", "a_b", "50%", "store 1"};
    const int64_t start = INT64_C(1703030400); /* 2023-12-20 */
    const int64_t ts = start + (int64_t)sql_below(m, shape->days * 4) * 21600 +
                       (sql_chance(m, 30) ? (int64_t)sql_below(m, 7200) : 0);
    log_text *const both[] = {ours, theirs};
    const size_t before = ours->size;
    const char *flags[] = {"true", "false", "NULL"};

    log_put(ours, "(");
    if (sql_chance(m, shape->null_percent)) {
        log_put(ours, "NULL, '");
    } else {
        log_put(ours, m->id_kind == SQL_BIGINT ? "%u, '" : "'c%u', '",
                sql_below(m, shape->customers));
    }
    log_put_time(ours, ts);
    log_put(ours, "'");
    put_text(m, shape, events, MU_COUNT(events), ours);
    put_text(m, shape, channels, MU_COUNT(channels), ours);
    log_put(theirs, "%s", ours->text + before);
    put_numbers(m, shape, ours, theirs);
    const char *flag = flags[sql_below(m, shape->null_percent ? 3 : 2)];
    const int64_t day = start + 86400 * (int64_t)sql_below(m, shape->days);
    const bool no_day = sql_chance(m, shape->null_percent);
    for (int i = 0; i < 2; i++) {
        log_put(both[i], ", %s, ", flag);
        if (no_day) {
            log_put(both[i], "NULL)");
        } else {
            log_put(both[i], "'");
            log_put_time(both[i], day);
            both[i]->size -= strlen(" 00:00:00");
            log_put(both[i], "')");
        }
    }
}

static void fill(sql_maker *m, const table_shape *shape, muster *db, sqlite3 *oracle)
{
    static log_text ours, theirs;
    const unsigned statement_rows = 1 + (unsigned)shape->rows / 4;

    ours.size = theirs.size = 0;
    for (int i = 0; i < shape->rows; i++) {
        const char *start = ours.size == 0 ? "INSERT INTO events VALUES " : ", ";
        log_put(&ours, "%s", start);
        log_put(&theirs, "%s", start);
        put_row(m, shape, &ours, &theirs);
        if (i + 1 == shape->rows || ours.size > 50000 || sql_below(m, statement_rows) == 0) {
            run_ours(db, ours.text);
            run_theirs(oracle, theirs.text);
            ours.size = theirs.size = 0;
        }
    }
}

/* So many customers of another table that those of `events` are in two stripes. */
static void add_strangers(sql_maker *m, muster *db, sqlite3 *oracle)
{
    static log_text lines;
    const char *path = test_path("strangers.csv");
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    for (int i = 0; i < STRANGERS; i++) {
        (void)fprintf(file, m->id_kind == SQL_BIGINT ? "%d,2024-01-01\n" : "s%d,2024-01-01\n",
                      1000 + i);
    }
    assert_int_equal(fclose(file), 0);
    run_ours(db, m->id_kind == SQL_BIGINT
                     ? "CREATE TABLE others (customer BIGINT CUSTOMER, at TIMESTAMP TIME)"
                     : "CREATE TABLE others (customer TEXT CUSTOMER, at TIMESTAMP TIME)");
    lines.size = 0;
    log_put(&lines, "COPY others FROM '%s' (FORMAT csv, HEADER false)", path);
    run_ours(db, lines.text);
    lines.size = 0;
    log_put(&lines,
            "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d) "
            "INSERT INTO seen SELECT %s, '2024-01-01 00:00:00' FROM n",
            1000 + STRANGERS, m->id_kind == SQL_BIGINT ? "i" : "'s' || i");
    run_theirs(oracle, lines.text);
}

/* A few rows to join with. */
static void fill_items(sql_maker *m, const table_shape *shape, muster *db, sqlite3 *oracle)
{
    static const char *const channels[] = {"'web'", "'app'", "'none'", "NULL", "''"};
    static const char *const flags[] = {"true", "false", "NULL"};
    static log_text ours, theirs;
    const unsigned rows = sql_chance(m, 10) ? 0 : 1 + sql_below(m, 8);

    run_ours(db, "CREATE TABLE items (channel TEXT, quantity INTEGER, amount DECIMAL(9,2), day "
                 "DATE, flag BOOLEAN)");
    run_theirs(oracle, "CREATE TABLE items (channel TEXT, quantity INTEGER, amount INTEGER, day "
                       "TEXT, flag INTEGER)");
    for (unsigned i = 0; i < rows; i++) {
        const char *channel = channels[sql_below(m, MU_COUNT(channels))];
        const char *flag = flags[sql_below(m, MU_COUNT(flags))];
        const int day = 20 + (int)sql_below(m, 10);
        ours.size = theirs.size = 0;
        log_put(&ours, "INSERT INTO items VALUES (%s", channel);
        log_put(&theirs, "INSERT INTO items VALUES (%s", channel);
        int64_t value = put_number(m, shape, &ours, &theirs);
        if (value != INT64_MIN) {
            log_put(&ours, ", %" PRId64, value);
            log_put(&theirs, ", %" PRId64, value);
        }
        value = put_number(m, shape, &ours, &theirs);
        if (value != INT64_MIN) {
            log_put(&ours, ", %" PRId64 "e-2", value);
            log_put(&theirs, ", %" PRId64, value);
        }
        log_put(&ours, ", '2023-12-%d', %s)", day, flag);
        log_put(&theirs, ", '2023-12-%d', %s)", day, flag);
        run_ours(db, ours.text);
        run_theirs(oracle, theirs.text);
    }
}

static sqlite3 *open_oracle(sql_maker *m)
{
    sqlite3 *oracle;

    assert_int_equal(sqlite3_open(":memory:", &oracle), SQLITE_OK);
    run_theirs(oracle, "PRAGMA case_sensitive_like = ON");
    run_theirs(oracle,
               sql_text(m,
                        "CREATE TABLE events (customer %s, ts TEXT, event TEXT, channel TEXT, "
                        "amount INTEGER, quantity INTEGER, ratio REAL, flag INTEGER, day TEXT)",
                        m->id_kind == SQL_BIGINT ? "INTEGER" : "TEXT"));
    run_theirs(oracle, sql_text(m, "CREATE TABLE seen (customer %s, ts TEXT)",
                                m->id_kind == SQL_BIGINT ? "INTEGER" : "TEXT"));
    run_theirs(oracle, "CREATE TABLE customers (customer, first_seen, last_seen)");
    return oracle;
}

static void make_shape(sql_maker *m, int table, table_shape *shape)
{
    static const int rows[] = {30, 0, 400, 5, 150, 3000, 1, 70};
    static const unsigned customers[] = {3, 10, 100};
    static const unsigned days_of[] = {1, 20, 90};

    *shape = (table_shape){.rows = rows[table % 8],
                           .customers = customers[sql_below(m, 3)],
                           .null_percent = sql_chance(m, 25) ? 0 : 5 + sql_below(m, 30),
                           .days = days_of[sql_below(m, 3)],
                           .numbers = sql_chance(m, 50) ? 10 : 1000,
                           .strangers = table % 8 == 4};
}

static void check_table(sql_maker *m, int table)
{
    static const char *const periods[] = {"MONTH", "MONTH", "DAY", "WEEK", "YEAR"};
    const char *path = test_path(sql_text(m, "table-%d", table));
    sqlite3 *oracle = open_oracle(m);
    table_shape shape;
    sql_query query;
    muster *db;
    char when[64];

    make_shape(m, table, &shape);
    m->nested = shape.rows <= 150;
    assert_ok(muster_open(path, NULL, &db, &test_error));
    run_ours(db,
             sql_text(m,
                      "CREATE TABLE events (customer %s CUSTOMER, ts TIMESTAMP TIME, event TEXT "
                      "EVENT, channel TEXT, amount DECIMAL(12,2), quantity BIGINT, ratio DOUBLE, "
                      "flag BOOLEAN, day DATE) PARTITION BY %s",
                      m->id_kind == SQL_BIGINT ? "BIGINT" : "TEXT",
                      periods[sql_below(m, MU_COUNT(periods))]));
    if (shape.strangers) {
        add_strangers(m, db, oracle);
    }
    fill(m, &shape, db, oracle);
    fill_items(m, &shape, db, oracle);
    m->few_rows = shape.rows <= 150;
    m->many_customers = shape.strangers;
    run_theirs(oracle, "INSERT INTO seen SELECT customer, ts FROM events "
                       "WHERE customer IS NOT NULL");
    run_theirs(oracle, "INSERT INTO customers SELECT customer, min(ts), max(ts) FROM seen "
                       "GROUP BY customer");
    for (int i = 0; i < QUERIES; i++) {
        if (i == QUERIES / 2) {
            muster_close(db);
            assert_ok(muster_open(path, NULL, &db, &test_error));
        }
        const uint32_t threads = i % 2 ? 1 : 4;
        assert_ok(muster_set_threads(db, threads, &test_error));
        (void)snprintf(when, sizeof when, "table %d of %d rows, query %d, %u threads:", table,
                       shape.rows, i, threads);
        sql_start(m);
        sql_make_query(m, (int)sql_below(m, 4), true, &query);
        check_query(db, oracle, &query, when);
    }
    muster_close(db);
    (void)sqlite3_close(oracle);
}

TEST(queries_agree_with_sqlite)
{
    static sql_maker maker;
    uint64_t random = test_seed();

    maker.random = &random;
    for (int table = 0; table < TABLES; table++) {
        sql_start(&maker);
        maker.id_kind = table % 3 == 2 ? SQL_BIGINT : SQL_TEXT;
        check_table(&maker, table);
    }
}
