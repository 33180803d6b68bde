/*
 * questions.c - the first questions one asks of a log, with the names and values of this log: how
 * much there is, what happened, how it went from month to month, who did it again, where people
 * drop out, who comes back, and what one customer did.
 *
 * They are run for real and shown as they would be typed, so that the next question is a change
 * of one of them.
 */
#include "shell/import.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_STEPS = 3,
    VALUES_SEEN = 200
};

/* Words in the names of events that tell what a customer is hoped to do, and what comes before. */
static const char *const goal_words[] = {"pay",  "purchase", "buy",  "order", "subscri",
                                         "支付", "购买",     "下单", "成交",  NULL};
static const char *const middle_words[] = {"cart", "basket", "checkout", "加购", "购物车", NULL};

typedef struct asking {
    mu_shell *shell;
    mu_shell_text table, event; /* as SQL writes them; event is empty if there is none */
    mu_shell_text time;
    mu_shell_rows values;     /* of the event, those of most customers first */
    size_t steps[MOST_STEPS]; /* of a funnel, among them; the last is what to come back for */
    size_t step_count;
    const char *unit; /* that divides the log in some, but not too many, periods */
} asking;

/* 2024-05-01 ... in days since some day, near enough to tell weeks from months. */
static long about_days(const char *date)
{
    char *rest = NULL;
    const long year = strtol(date, &rest, 10), month = strtol(rest, &rest, 10);

    return year * 365 - month * 30 - strtol(rest, &rest, 10); /* the hyphens read as signs */
}

/* The first value that has one of the words in it, or none. */
static size_t value_with(const asking *a, const char *const *words)
{
    for (size_t i = 0; i < a->values.rows; i++) {
        for (size_t w = 0; words[w]; w++) {
            if (strcasestr(a->values.cells[i * a->values.columns], words[w])) {
                return i;
            }
        }
    }
    return MU_SHELL_NO_COLUMN;
}

/* From what most customers did to the goal, by the words above; else the three most common. */
static void choose_steps(asking *a)
{
    const size_t goal = value_with(a, goal_words), middle = value_with(a, middle_words);
    const bool has_goal = goal != MU_SHELL_NO_COLUMN;
    const bool has_middle = middle != MU_SHELL_NO_COLUMN && middle != goal;
    const size_t before = MOST_STEPS - has_goal - (has_goal && has_middle);

    for (size_t i = 0; i < a->values.rows && a->step_count < before; i++) {
        if (!has_goal || (i != goal && i != middle)) {
            a->steps[a->step_count++] = i;
        }
    }
    if (has_goal && has_middle) {
        a->steps[a->step_count++] = middle;
    }
    if (has_goal) {
        a->steps[a->step_count++] = goal;
    }
}

/* What the questions depend on: how long the log is, and its most common events. */
static bool look(asking *a)
{
    mu_shell_text sql = {0};
    mu_shell_rows span = {0};

    mu_shell_text_format(&sql, "SELECT min(%s), max(%s) FROM %s", a->time.bytes, a->time.bytes,
                         a->table.bytes);
    bool ok = mu_shell_query(a->shell, sql.bytes, &span);
    if (ok && span.rows == 1) {
        const long days = about_days(span.cells[1]) - about_days(span.cells[0]);

        a->unit = days > 100 ? "month" : days > 21 ? "week" : "day";
    }
    mu_shell_rows_deinit(&span);
    sql.size = 0;
    if (ok && a->event.size > 0) {
        mu_shell_text_format(&sql,
                             "SELECT %s, count(DISTINCT customer) AS customers FROM %s "
                             "WHERE %s IS NOT NULL GROUP BY ALL ORDER BY customers DESC, %s "
                             "LIMIT %d",
                             a->event.bytes, a->table.bytes, a->event.bytes, a->event.bytes,
                             VALUES_SEEN);
        ok = mu_shell_query(a->shell, sql.bytes, &a->values);
        choose_steps(a);
    }
    mu_shell_text_deinit(&sql);
    return ok;
}

static bool run(asking *a, mu_shell_text *sql)
{
    static const mu_shell_source typed = {NULL, 1};
    const bool ok = mu_shell_run(a->shell, sql->bytes, &typed);

    sql->size = 0;
    return ok;
}

static const char *step_value(const asking *a, size_t step)
{
    return a->values.cells[a->steps[step] * a->values.columns];
}

/* "event = 'pay'" of a step, or what is true of all events. */
static void add_condition(mu_shell_text *sql, const asking *a, size_t step)
{
    if (step < a->step_count) {
        mu_shell_text_format(sql, "%s = ", a->event.bytes);
        mu_shell_add_literal(sql, step_value(a, step));
    } else {
        mu_shell_text_format(sql, "%s IS NOT NULL", a->time.bytes);
    }
}

/* The last step: what one hopes for. */
static void add_goal(mu_shell_text *sql, const asking *a)
{
    add_condition(sql, a, a->step_count > 0 ? a->step_count - 1 : 0);
}

static bool ask_totals(asking *a, mu_shell_text *sql)
{
    mu_shell_text_format(sql,
                         "-- How much is there?\n"
                         "SELECT count(*) AS events, count(DISTINCT customer) AS customers,\n"
                         "  min(%s) AS first, max(%s) AS last\nFROM %s;",
                         a->time.bytes, a->time.bytes, a->table.bytes);
    if (!run(a, sql)) {
        return false;
    }
    if (a->event.size > 0) {
        mu_shell_text_format(
            sql,
            "-- What happened?\n"
            "SELECT %s, count(*) AS events, count(DISTINCT customer) AS customers\n"
            "FROM %s GROUP BY ALL ORDER BY events DESC LIMIT 10;",
            a->event.bytes, a->table.bytes);
        if (!run(a, sql)) {
            return false;
        }
    }
    mu_shell_text_format(sql,
                         "-- How many were active in each %s?\n"
                         "SELECT date_trunc('%s', %s)::DATE AS %s, count(*) AS events,\n"
                         "  count(DISTINCT customer) AS customers\n"
                         "FROM %s GROUP BY ALL ORDER BY ALL LIMIT 36;",
                         a->unit, a->unit, a->time.bytes, a->unit, a->table.bytes);
    return run(a, sql);
}

static bool ask_audience(asking *a, mu_shell_text *sql)
{
    const char *goal = a->step_count > 0 ? step_value(a, a->step_count - 1) : "anything";

    mu_shell_text_format(sql, "-- An audience: how many customers did ");
    mu_shell_text_add_visible(sql, goal, strlen(goal));
    mu_shell_text_format(sql, " at least twice?\n"
                              "SELECT count(*) AS customers FROM customers WHERE did(");
    add_goal(sql, a);
    mu_shell_text_format(sql, ", at_least => 2);");
    return run(a, sql);
}

static bool ask_funnel(asking *a, mu_shell_text *sql)
{
    if (a->step_count < 2) {
        return true;
    }
    mu_shell_text_format(sql,
                         "-- How many went from one to the next, within 7 days?\nFROM funnel(%s,\n"
                         "  steps => [",
                         a->table.bytes);
    for (size_t i = 0; i < a->step_count; i++) {
        mu_shell_text_format(sql, i == 0 ? "step(" : ",\n            step(");
        add_condition(sql, a, i);
        mu_shell_text_format(sql, ", ");
        mu_shell_add_literal(sql, step_value(a, i));
        mu_shell_text_format(sql, ")");
    }
    mu_shell_text_format(sql, "],\n  within => INTERVAL '7 days');");
    return run(a, sql);
}

static bool ask_retention(asking *a, mu_shell_text *sql)
{
    mu_shell_text_format(sql,
                         "-- Who comes back? By the %s of the first time, how many did it again "
                         "in the %ss after.\nFROM retention(%s,\n  start => ",
                         a->unit, a->unit, a->table.bytes);
    add_goal(sql, a);
    mu_shell_text_format(sql, ",\n  back => ");
    add_goal(sql, a);
    mu_shell_text_format(sql, ",\n  unit => '%s', periods => 3) LIMIT 12;", a->unit);
    return run(a, sql);
}

static bool ask_customer(asking *a, mu_shell_text *sql)
{
    mu_shell_rows busiest = {0};

    mu_shell_text_format(sql,
                         "SELECT customer, count(*) AS events FROM %s WHERE customer IS NOT NULL "
                         "GROUP BY ALL ORDER BY events DESC, customer LIMIT 1",
                         a->table.bytes);
    bool ok = mu_shell_query(a->shell, sql->bytes, &busiest);
    sql->size = 0;
    if (ok && busiest.rows == 1) {
        mu_shell_text_format(
            sql,
            "-- What did one customer do?\nSELECT * FROM %s WHERE customer = ", a->table.bytes);
        mu_shell_add_literal(sql, busiest.cells[0]);
        mu_shell_text_format(sql, " ORDER BY %s LIMIT 10;", a->time.bytes);
        ok = run(a, sql);
    }
    mu_shell_rows_deinit(&busiest);
    return ok;
}

bool mu_shell_ask(mu_shell *shell, const char *table, const char *time, const char *event)
{
    asking a = {.shell = shell, .unit = "month"};
    mu_shell_text sql = {0};

    mu_shell_add_name(&a.table, table);
    mu_shell_add_name(&a.time, time);
    if (event) {
        mu_shell_add_name(&a.event, event);
    }
    const bool ok = look(&a) && ask_totals(&a, &sql) && ask_audience(&a, &sql) &&
                    ask_funnel(&a, &sql) && ask_retention(&a, &sql) && ask_customer(&a, &sql);
    mu_shell_text_deinit(&a.table);
    mu_shell_text_deinit(&a.time);
    mu_shell_text_deinit(&a.event);
    mu_shell_text_deinit(&sql);
    mu_shell_rows_deinit(&a.values);
    return ok;
}
