/* parameters_test.c - parameters of statements: how they are written, bound, and bound again. */
#include "include/muster.h"

#include "tests/support/ask.h"
#include "tests/support/test.h"

#include <stdlib.h>

typedef struct opened {
    muster *db;
    muster_connection *c;
} opened;

static opened open_shop(void)
{
    const muster_options options = {.size = sizeof options, .threads = 1};
    opened s;

    assert_ok(muster_open(NULL, &options, &s.db, &test_error));
    s.c = ask_connect(s.db);
    ask_run(s.db,
            "CREATE TABLE e (id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, amount "
            "DECIMAL(12,2));"
            "INSERT INTO e VALUES ('ada', '2024-05-01', 'pay', 1.5), ('bob', '2024-05-02', 'view', "
            "NULL), ('ada', '2024-06-02', 'pay', 7);"
            "CREATE TAG vip AS SELECT id FROM e WHERE id = 'ada';"
            "CREATE AUDIENCE payers AS SELECT id FROM e WHERE event = 'pay'");
    return s;
}

static void close_shop(opened *s)
{
    muster_disconnect(s->c);
    muster_close(s->db);
}

static muster_statement *prepare(const opened *shop, const char *sql)
{
    muster_statement *s;

    assert_ok(muster_prepare(shop->c, sql, NULL, &s, &test_error));
    return s;
}

/* The value, by its first letter: "#" a number, "-" NULL, else a text. */
static void bind(muster_statement *s, uint32_t number, const char *value)
{
    if (value[0] == '#') {
        assert_ok(muster_bind_int64(s, number, strtoll(value + 1, NULL, 10), &test_error));
    } else if (value[0] == '-') {
        assert_ok(muster_bind_null(s, number, &test_error));
    } else {
        assert_ok(muster_bind_text(s, number, value, strlen(value), &test_error));
    }
}

/* All of its rows, as ask.h writes them. */
static void expect_rows(muster_statement *s, const char *wanted)
{
    char found[1024] = "";
    bool row;

    for (;;) {
        assert_ok(muster_step(s, &row, &test_error));
        if (!row) {
            break;
        }
        for (uint32_t c = 0; c < muster_column_count(s); c++) {
            const char *text = muster_text(s, c, NULL);
            const size_t used = strlen(found);
            (void)snprintf(found + used, sizeof found - used, "%s%s", c > 0 ? "|" : "",
                           text ? text : "-");
        }
        const size_t used = strlen(found);
        (void)snprintf(found + used, sizeof found - used, "\n");
    }
    assert_string_equal(found, wanted);
}

typedef struct asked {
    const char *sql, *values[8], *rows;
} asked;

static void ask_twice(const opened *shop, const asked *a)
{
    muster_statement *s = prepare(shop, a->sql);

    for (uint32_t v = 0; v < MU_COUNT(a->values) && a->values[v]; v++) {
        bind(s, v + 1, a->values[v]);
    }
    expect_rows(s, a->rows);
    muster_reset(s); /* and again, with the same values */
    expect_rows(s, a->rows);
    muster_finish(s);
}

TEST(a_parameter_stands_wherever_a_value_may)
{
    static const asked cases[] = {
        {"SELECT count(*) FROM e WHERE ts >= ?", {"2024-05-02"}, "2\n"},
        {"SELECT count(*) FROM e WHERE ts + ? >= ?", {"1 day", "2024-05-03"}, "2\n"},
        {"SELECT count(*), $1 FROM e WHERE amount > $1", {"#2"}, "1|2\n"},
        {"SELECT :a, $b, :a", {"x", "#3"}, "x|3|x\n"},
        {"SELECT ? + 1, -?, ? || 'x', length(?)", {"#1", "#2", "a", "abc"}, "2|-2|ax|3\n"},
        {"SELECT count(*) FROM e WHERE event IN (?, ?)", {"pay", "view"}, "3\n"},
        {"SELECT count(*) FROM e WHERE event LIKE ? AND amount BETWEEN ? AND ?",
         {"p%", "#0", "#5"},
         "1\n"},
        {"SELECT CASE ? WHEN 1 THEN 'one' ELSE ? END, coalesce(?, 5)", {"#1", "x", "-"}, "one|5\n"},
        {"SELECT CAST(? AS DATE), ?::bigint", {"2024-02-29", "7"}, "2024-02-29|7\n"},
        {"SELECT date_trunc(?, ts) FROM e ORDER BY 1 LIMIT ? OFFSET ?",
         {"month", "#1", "#2"},
         "2024-06-01 00:00:00\n"},
        {"SELECT quantile(amount, ?) FROM e", {"0"}, "1.5\n"},
        {"SELECT sum(amount) OVER (ORDER BY amount ROWS ? PRECEDING), ntile(?) OVER (ORDER BY "
         "amount), lag(amount, ?) OVER (ORDER BY amount) FROM e ORDER BY 1 LIMIT 1",
         {"#0", "#2", "#1"},
         "1.50|1|-\n"},
        {"SELECT count(*) OVER (ORDER BY n RANGE ? PRECEDING) FROM (SELECT ? AS n)",
         {"#3", "#4"},
         "1\n"},
        {"SELECT count(*) FROM e WHERE customer = ?", {"ada"}, "2\n"},
        {"SELECT event, count(*) FROM e GROUP BY event HAVING count(*) > ?", {"#1"}, "pay|2\n"},
        {"SELECT count(*) FROM customers WHERE did(event = ?, at_least => ?) AND NOT did(event = "
         "?)",
         {"pay", "#2", "view"},
         "1\n"},
        {"SELECT count(*) FROM customers WHERE did(event = $1) OR did(event = $2)",
         {"pay", "view"},
         "2\n"},
        {"SELECT count(*) FROM customers WHERE did(event = ?, since => ?, until => ?)",
         {"pay", "2024-06-01", "2024-07-01"},
         "1\n"},
        {"SELECT count(*) FROM customers WHERE has_tag(?) AND NOT in_audience(?, ?)",
         {"vip", "payers", "#1"},
         "0\n"},
        {"SELECT count(*) FROM customers WHERE has_tag('vip', ?)", {"gold"}, "0\n"},
        {"SELECT count(*) FROM e WHERE ts >= DATE '2024-05-31' - INTERVAL ? DAYS", {"#29"}, "2\n"},
        {"SELECT DATE '2024-01-31' + INTERVAL $1 MONTHS, INTERVAL $2 hours",
         {"#1", "#36"},
         "2024-02-29 00:00:00|1 day 12:00:00\n"},
        {"SELECT count(*) FROM customers WHERE did(event = ?, last => INTERVAL ? DAYS)",
         {"pay", "#100000"},
         "1\n"},
    };
    opened shop = open_shop();

    for (size_t i = 0; i < MU_COUNT(cases); i++) {
        ask_twice(&shop, &cases[i]);
    }
    close_shop(&shop);
}

TEST(a_parameter_stands_in_a_behaviour)
{
    static const asked cases[] = {
        {"SELECT step, label, customers FROM funnel(e, steps => [step(event = ?, ?), step(event = "
         "?)], within => ?)",
         {"pay", "first", "pay", "100 days"},
         "1|first|1\n2|step 2|1\n"},
        {"SELECT count(*) FROM retention(e, start => event = ?, back => event = ?, unit => ?, "
         "periods => ?)",
         {"pay", "pay", "month", "#1"},
         "2\n"},
        {"SELECT period, bracket FROM retention(e, start => event = 'pay', back => event = 'pay', "
         "unit => 'day', brackets => [?, ?], mode => ?, clock => ?, cohort => ?, by => event, top "
         "=> ?)",
         {"#1", "#3", "streak", "elapsed", "every", "#2"},
         "0|0\n1|1\n3|2-3\n0|0\n"},
        {"SELECT \"to\", customers FROM paths(e, start => event = ?, node => coalesce(event, ?), "
         "steps => ?, top => ?, collapse => ?, within => ?)",
         {"pay", "none", "#1", "#1", "false", "100 days"},
         "pay|1\n"},
        {"SELECT recency_days, frequency, monetary, m FROM rfm(e, event = ?, value => amount * ?, "
         "as_of => ?, buckets => ?)",
         {"pay", "#2", "2024-07-01", "#3"},
         "29|2|17.00|1\n"},
    };
    opened shop = open_shop();

    for (size_t i = 0; i < MU_COUNT(cases); i++) {
        ask_twice(&shop, &cases[i]);
    }
    close_shop(&shop);
}

TEST(arguments_of_behaviours_may_be_parameters)
{
    static const asked cases[] = {
        {"SELECT step, customers, p50 FROM funnel(e, steps => [step(event = 'pay'), step(event = "
         "'pay')], order => ?, step_within => ?, without => [without(event = ?, ?, ?)], ties => ?, "
         "count => ?, quantiles => [0.5], by => event, top => ?)",
         {"strict", "100 days", "refund", "#1", "#2", "strict", "attempts", "#3"},
         "1|1|00:00:00\n2|1|32 days\n"},
        {"SELECT * FROM intervals(e, start => event = ?, quantiles => [?, ?], curve => [?, ?], "
         "by => event, top => ?)",
         {"pay", "#0", "#1", "#7", "#30", "#1"},
         "pay|1|1|1|32|32|0|0\n"},
        {"SELECT period, state, value FROM lifecycle(e, active => event = ?, unit => ?, lost_after "
         "=> ?, value => count(*) * ?, as_of => ?)",
         {"view", "month", "#1", "#10", "2024-06-10"},
         "2024-05-01|new|10\n2024-06-01|lost|0\n"},
        {"FROM attribution(e, convert => event = ?, touch => amount > ?, channel => event, "
         "value => amount * ?, lookback => ?, models => [?, ?], half_life => ?, by => event, top "
         "=> ?)",
         {"pay", "#0", "#2", "40 days", "time_decay", "last", "2 days", "#1"},
         "last|pay|pay|1.000000|14.00\nlast|-|pay|1.000000|3.00\n"
         "time_decay|pay|pay|1.000000|14.00\ntime_decay|-|pay|1.000000|3.00\n"},
        {"SELECT count(*) FROM attribution_customers(e, convert => true, touch => true, channel => "
         "?, lookback => ?, value => ?, by => ?)",
         {"x", "1 day", "#3", "-"},
         "15\n"},
        {"SELECT count(*) FROM profile(?, against => did(event = ?), top => ?)",
         {"payers", "pay", "#1"},
         "1\n"},
        {"SELECT count(*) FROM lookalike(did(event = ?), size => ?, exclude => ?)",
         {"nothing", "#100", "payers"},
         "1\n"},
    };
    opened shop = open_shop();

    for (size_t i = 0; i < MU_COUNT(cases); i++) {
        ask_twice(&shop, &cases[i]);
    }
    close_shop(&shop);
}

TEST(a_parameter_stands_in_what_is_asked_of_people)
{
    static const asked cases[] = {
        {"SELECT count(*) FROM customers WHERE did_then(event = ?, event = ?, within => ?, since "
         "=> "
         "?)",
         {"pay", "pay", "100 days", "2024-01-01"},
         "1\n"},
        {"SELECT count(*) FROM customers WHERE did_without(event = $1, event = $1, within => $2, "
         "as_of => $3)",
         {"pay", "100 days", "2030-01-01"},
         "1\n"},
        {"SELECT measure(count(*), event = ?), measure(sum(amount) * ?, event = ?) FROM customers "
         "WHERE measure(count(*), event = ?, last => ?) >= ? ORDER BY 1",
         {"pay", "#10", "pay", "pay", "100000 days", "#2"},
         "2|85.00\n"},
    };
    opened shop = open_shop();

    for (size_t i = 0; i < MU_COUNT(cases); i++) {
        ask_twice(&shop, &cases[i]);
    }
    close_shop(&shop);
}

TEST(a_value_is_of_the_type_that_was_bound)
{
    opened shop = open_shop();
    muster_statement *s = prepare(&shop, "SELECT ?, ?, ?, ?, ?, ?, ?, DATE '2024-01-31' + ?");
    bool row;

    assert_int_equal(muster_parameter_count(s), 8);
    assert_null(muster_parameter_name(s, 1));
    assert_ok(muster_bind_boolean(s, 1, true, &test_error));
    assert_ok(muster_bind_double(s, 2, 0.25, &test_error));
    assert_ok(muster_bind_decimal(s, 3, -5, 2, &test_error));
    assert_ok(muster_bind_date(s, 4, 1, &test_error));
    assert_ok(muster_bind_timestamp(s, 5, 1000000, &test_error));
    assert_ok(muster_bind_interval(s, 6, 0, 3600000000, &test_error));
    assert_ok(muster_bind_text(s, 7, "a\"'b", 4, &test_error));
    assert_ok(muster_bind_interval(s, 8, 1, 0, &test_error));
    assert_ok(muster_step(s, &row, &test_error));
    assert_int_equal(muster_column_type(s, 0), MUSTER_TYPE_BOOLEAN);
    assert_int_equal(muster_column_type(s, 1), MUSTER_TYPE_DOUBLE);
    assert_int_equal(muster_column_type(s, 2), MUSTER_TYPE_DECIMAL);
    assert_int_equal(muster_column_precision(s, 2), 2);
    assert_string_equal(muster_text(s, 2, NULL), "-0.05");
    assert_string_equal(muster_text(s, 3, NULL), "1970-01-02");
    assert_string_equal(muster_text(s, 4, NULL), "1970-01-01 00:00:01");
    assert_string_equal(muster_text(s, 5, NULL), "01:00:00");
    assert_string_equal(muster_text(s, 6, NULL), "a\"'b");
    assert_string_equal(muster_text(s, 7, NULL), "2024-02-29 00:00:00");
    muster_finish(s);
    close_shop(&shop);
}

TEST(statements_that_change_things_take_parameters_too)
{
    opened shop = open_shop();
    muster_statement *s = prepare(&shop, "INSERT INTO e VALUES (:id, :at, :event, :amount)");
    bool row;
    char id[20];

    assert_int_equal(muster_parameter_index(s, "event"), 3);
    assert_int_equal(muster_parameter_index(s, "Event"), 0);
    assert_string_equal(muster_parameter_name(s, 4), "amount");
    bind(s, 2, "2024-07-01 10:00:00");
    bind(s, 3, "call");
    bind(s, 4, "#3");
    for (int i = 0; i < 5; i++) {
        (void)snprintf(id, sizeof id, "n%d", i);
        bind(s, 1, id);
        assert_ok(muster_step(s, &row, &test_error));
        assert_false(row);
        assert_int_equal(muster_rows_changed(s), 1);
        muster_reset(s);
    }
    muster_finish(s);
    ask_expect(shop.db, "SELECT count(*), sum(amount), min(id) FROM e WHERE event = 'call'",
               "5|15.00|n0\n");
    s = prepare(&shop, "DELETE FROM e WHERE id = ?");
    bind(s, 1, "n3");
    assert_ok(muster_step(s, &row, &test_error));
    assert_int_equal(muster_rows_changed(s), 1);
    muster_finish(s);
    s = prepare(&shop, "COPY e TO '/dev/null' (HEADER ?, FORMAT ?)");
    bind(s, 1, "false");
    bind(s, 2, "tsv");
    assert_ok(muster_step(s, &row, &test_error));
    assert_int_equal(muster_rows_changed(s), 7);
    muster_reset(s);
    bind(s, 2, "cvs");
    assert_status(MUSTER_INVALID, muster_step(s, &row, &test_error));
    assert_message_has("option FORMAT takes csv, tsv or jsonl, not \"cvs\"");
    muster_finish(s);
    close_shop(&shop);
}

TEST(settings_and_versions_may_be_parameters)
{
    opened shop = open_shop();
    muster_statement *s = prepare(&shop, "SET time_zone = ?");
    char answer[64];
    bool row;

    bind(s, 1, "Asia/Tokyo");
    assert_ok(muster_step(s, &row, &test_error));
    muster_reset(s);
    bind(s, 1, "Nowhere/Land");
    assert_status(MUSTER_INVALID, muster_step(s, &row, &test_error));
    assert_message_has("Nowhere/Land");
    assert_int_equal(test_error.offset, 16);
    muster_finish(s);
    s = prepare(&shop, "SET TIME ZONE :zone");
    bind(s, 1, "Europe/Berlin");
    assert_ok(muster_step(s, &row, &test_error));
    muster_finish(s);
    s = prepare(&shop, "SET statement_timeout = $1");
    bind(s, 1, "#1500");
    assert_ok(muster_step(s, &row, &test_error));
    muster_finish(s);
    assert_ok(ask_on(shop.c, "SHOW time_zone; SHOW statement_timeout", answer, sizeof answer,
                     &test_error));
    assert_string_equal(answer, "Europe/Berlin\n1500 ms\n");

    ask_run(shop.db, "REFRESH AUDIENCE payers");
    s = prepare(&shop, "DROP AUDIENCE payers VERSION ?");
    bind(s, 1, "#1");
    assert_ok(muster_step(s, &row, &test_error));
    muster_reset(s);
    assert_status(MUSTER_INVALID, muster_step(s, &row, &test_error));
    muster_reset(s);
    bind(s, 1, "#0");
    assert_status(MUSTER_INVALID, muster_step(s, &row, &test_error));
    assert_message_has("VERSION takes a whole number");
    muster_finish(s);
    close_shop(&shop);
}

TEST(what_is_wrong_is_told_when_it_is_known)
{
    static const char *const prepared[][2] = {
        {"SELECT x FROM e WHERE ts >= ?", "no column \"x\""},
        {"SELECT ts FROM e WHERE did(evnt = ?)", "did you mean \"event\"?"},
        {"SELECT count(*) FROM customers WHERE has_tag('vop', ?)", "did you mean \"vip\"?"},
        {"SELECT ?, :a", "write all of a statement as ?, or as $1, or as :name"},
        {"CREATE TAG t AS SELECT id FROM e WHERE id = ?", "can have no parameters"},
        {"CREATE VIEW v AS SELECT id FROM e WHERE id = ?", "can have no parameters"},
        {"COPY e TO '/dev/null' (HEADR ?)", "did you mean HEADER?"},
    };
    static const struct {
        const char *sql, *value, *message;
        int column;
    } stepped[] = {
        {"SELECT count(*) FROM e WHERE ts >= ?", "soon", "\"soon\" is not a timestamp", 36},
        {"SELECT count(*) FROM customers\nWHERE has_tag(?)", "vop", "did you mean \"vip\"?", 15},
        {"FROM e LIMIT ?", "-", "LIMIT takes a whole number", 14},
        {"FROM e LIMIT ?", NULL, "parameter 1 has no value; bind one", 14},
        {"FROM e LIMIT :most", NULL, "parameter :most has no value; bind one", 14},
        {"SELECT quantile(amount, ?) FROM e", "#2", "takes a constant from 0 to 1", 25},
    };
    opened shop = open_shop();
    muster_statement *s;
    bool row;

    for (size_t i = 0; i < MU_COUNT(prepared); i++) {
        assert_true(muster_prepare(shop.c, prepared[i][0], NULL, &s, &test_error) != MUSTER_OK);
        assert_message_has(prepared[i][1]);
    }
    for (size_t i = 0; i < MU_COUNT(stepped); i++) {
        s = prepare(&shop, stepped[i].sql);
        if (stepped[i].value) {
            bind(s, 1, stepped[i].value);
        }
        assert_status(MUSTER_INVALID, muster_step(s, &row, &test_error));
        assert_message_has(stepped[i].message);
        assert_int_equal(test_error.column, stepped[i].column);
        muster_finish(s);
    }
    close_shop(&shop);
}

TEST(a_value_that_cannot_be_is_refused_when_it_is_bound)
{
    opened shop = open_shop();
    muster_statement *s = prepare(&shop, "SELECT $1, $3");
    bool row;

    assert_int_equal(muster_parameter_count(s), 3);
    assert_status(MUSTER_INVALID, muster_bind_int64(s, 0, 1, &test_error));
    assert_status(MUSTER_INVALID, muster_bind_int64(s, 4, 1, &test_error));
    assert_message_has("there is no parameter 4; the statement has 3");
    assert_status(MUSTER_INVALID, muster_bind_text(s, 1, "\xff", 1, &test_error));
    assert_status(MUSTER_INVALID, muster_bind_decimal(s, 1, 1, 19, &test_error));
    assert_status(MUSTER_INVALID, muster_bind_decimal(s, 1, INT64_MIN, 0, &test_error));
    assert_status(MUSTER_INVALID, muster_bind_date(s, 1, INT64_MAX, &test_error));
    assert_status(MUSTER_INVALID, muster_bind_timestamp(s, 1, INT64_MIN, &test_error));
    bind(s, 1, "a");
    bind(s, 3, "c"); /* number 2 stands nowhere, and needs none */
    expect_rows(s, "a|c\n");
    assert_status(MUSTER_INVALID, muster_bind_int64(s, 1, 1, &test_error));
    assert_message_has("call muster_reset()");
    muster_clear_bindings(s);
    assert_status(MUSTER_INVALID, muster_step(s, &row, &test_error));
    assert_message_has("parameter 1 has no value");
    muster_finish(s);
    close_shop(&shop);
}

TEST(a_statement_that_is_reset_sees_what_has_come_since)
{
    opened shop = open_shop();
    muster_statement *plain = prepare(&shop, "SELECT count(*) FROM e");
    muster_statement *bound = prepare(&shop, "SELECT count(*) FROM e WHERE id <> ?");
    bool row;

    bind(bound, 1, "bob");
    expect_rows(plain, "3\n");
    ask_run(shop.db, "INSERT INTO e VALUES ('cyd', '2024-06-03', 'pay', 9)");
    expect_rows(bound, "3\n");
    muster_reset(plain);
    expect_rows(plain, "4\n");
    ask_run(shop.db, "DROP TABLE e");
    muster_reset(bound);
    assert_status(MUSTER_INVALID, muster_step(bound, &row, &test_error));
    assert_message_has("no table \"e\"");
    assert_int_equal(muster_column_count(bound), 0);
    muster_reset(bound);
    ask_run(shop.db, "CREATE TABLE e (id TEXT)");
    expect_rows(bound, "0\n");
    muster_finish(bound);
    muster_finish(plain);
    close_shop(&shop);
}
