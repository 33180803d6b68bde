/*
 * bind_funnel_report.c - funnels as queries over rows of customers, or of attempts.
 *
 * The report counts all steps of a breakdown value as columns of one row, which it then takes
 * apart, so that a step that nobody came to has a row all the same, and so has a funnel without
 * customers.
 */
#include "sql/bind_funnel.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* What follows is text of limited length, but for labels and names, which are put as they are. */
static void put(mu_writer *sql, const char *text)
{
    mu_write_bytes(sql, text, strlen(text));
}

static void putf(mu_writer *sql, const char *format, ...) MU_PRINTF(2, 3);
static void putf(mu_writer *sql, const char *format, ...)
{
    char text[192];
    va_list args;

    va_start(args, format);
    const int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert(size >= 0 && (size_t)size < sizeof text);
    put(sql, text);
}

static void put_label(mu_writer *sql, const char *label)
{
    put(sql, "'");
    for (; *label; label++) {
        mu_write_bytes(sql, label, 1);
        if (*label == '\'') {
            put(sql, "'");
        }
    }
    put(sql, "'");
}

/* One row for each value of the breakdown: r1, r2, ... came to a step, o1, o2, ... are open there,
 * and the quantiles of the times they took, t1_0, t1_1, ... */
static void put_counts(const mu_funnel_call *funnel, mu_writer *sql)
{
    const char *column = mu_breakdown_column(&funnel->breakdown);
    const char *comma = "";

    put(sql, "(SELECT ");
    if (funnel->breakdown.by) {
        putf(sql, "it.%s, ", column);
    }
    for (uint32_t k = 1; k <= funnel->funnel.step_count; k++) {
        putf(sql, "%scount(*) FILTER (WHERE depth >= %" PRIu32 ") AS r%" PRIu32, comma, k, k);
        putf(sql, ", count(*) FILTER (WHERE still_open AND depth = %" PRIu32 ") AS o%" PRIu32, k,
             k);
        for (uint32_t q = 0; q < funnel->quantile_count; q++) {
            putf(sql,
                 ", quantile_disc(at_%" PRIu32 " - started, CAST('%.17g' AS DOUBLE)) AS t%" PRIu32
                 "_%" PRIu32,
                 k, funnel->quantiles[q].f64, k, q);
        }
        comma = ", ";
    }
    put(sql, " FROM it");
    if (funnel->breakdown.by) {
        putf(sql, " GROUP BY it.%s", column);
    }
    put(sql, ") AS counted");
}

/* A column of the row of a step: of each step, the column of the counts that it is. */
static void put_choice(const mu_funnel_call *funnel, const char *column, uint32_t first,
                       uint32_t behind, const char *suffix, const char *name, mu_writer *sql)
{
    put(sql, ", CASE step");
    for (uint32_t k = first; k <= funnel->funnel.step_count - behind; k++) {
        putf(sql, " WHEN %" PRIu32 " THEN %s%" PRIu32 "%s", k, column, k - first + 1 + behind,
             suffix);
    }
    putf(sql, " END AS %s", name);
}

/* Row by row of a step: `reached` it, were at the one `before`, came to the `next`. */
static void put_steps(const mu_funnel_call *funnel, mu_writer *sql)
{
    char suffix[16], name[16];

    put(sql, "(SELECT *");
    put_choice(funnel, "r", 1, 0, "", "reached", sql);
    if (funnel->funnel.step_count > 1) {
        put_choice(funnel, "r", 2, 0, "", "before", sql);
        put_choice(funnel, "r", 1, 1, "", "next", sql);
    } else {
        put(sql, ", r1 AS before, r1 AS next");
    }
    put_choice(funnel, "o", 1, 0, "", "open", sql);
    for (uint32_t q = 0; q < funnel->quantile_count; q++) {
        (void)snprintf(suffix, sizeof suffix, "_%" PRIu32, q);
        (void)snprintf(name, sizeof name, "t%" PRIu32, q);
        put_choice(funnel, "t", 1, 0, suffix, name, sql);
    }
    put(sql, " FROM ");
    put_counts(funnel, sql);
    put(sql, " CROSS JOIN (VALUES ");
    for (uint32_t k = 1; k <= funnel->funnel.step_count; k++) {
        putf(sql, "%s(%" PRIu32 ", ", k == 1 ? "" : ", ", k);
        put_label(sql, funnel->funnel.labels[k - 1]);
        put(sql, ")");
    }
    put(sql, ") AS steps(step, label)) AS rows");
}

static void put_report(const mu_funnel_call *funnel, const char *item, mu_writer *sql)
{
    put(sql, "SELECT ");
    put(sql, item);
    put(sql, "step, label, reached AS customers, ");
    put(sql, "CAST(reached AS DOUBLE) / nullif(r1, 0) AS of_start, "
             "CAST(reached AS DOUBLE) / nullif(coalesce(before, r1), 0) AS of_previous, ");
    putf(sql,
         "CASE WHEN step < %" PRIu32 " THEN reached - next - open ELSE 0 END AS dropped, "
         "open AS still_open",
         funnel->funnel.step_count);
    for (uint32_t q = 0; q < funnel->quantile_count; q++) {
        putf(sql, ", t%" PRIu32 " AS %s", q, funnel->quantile_names[q]);
    }
    put(sql, " FROM ");
    put_steps(funnel, sql);
    put(sql, " ORDER BY ");
    if (funnel->breakdown.by) {
        putf(sql, "rows.%s NULLS LAST, ", mu_breakdown_column(&funnel->breakdown));
    }
    put(sql, "step");
}

static void put_people(const mu_funnel_call *funnel, const char *item, mu_writer *sql)
{
    put(sql, "SELECT ");
    put(sql, item);
    put(sql, "customer, depth, still_open, started, last_step");
    for (uint32_t k = 1; funnel->options.times && k <= funnel->funnel.step_count; k++) {
        putf(sql, ", at_%" PRIu32, k);
    }
    put(sql, " FROM it");
}

typedef void put_text(const mu_funnel_call *funnel, const char *item, mu_writer *sql);

static muster_status bind_text(const mu_behaviour_call *call, const mu_funnel_call *funnel,
                               put_text *put_sql, const mu_plan *rows, const mu_plan **out,
                               muster_error *err)
{
    const char *item = mu_breakdown_item(call, &funnel->breakdown);
    const char *text = NULL;
    mu_writer sql = {0};

    if (item) {
        put_sql(funnel, item, &sql);
        text = sql.failed
                   ? NULL
                   : mu_arena_text(call->binder->scope.arena, (const char *)sql.data, sql.size);
    }
    mu_writer_deinit(&sql);
    if (!text) {
        return mu_fail_memory(err, "running a statement");
    }
    MU_TRY(mu_breakdown_keep(call, &funnel->breakdown, "count(*)", rows, &rows, err));
    return mu_bind_report(call, text, rows, out, err);
}

muster_status mu_funnel_report(const mu_behaviour_call *call, const mu_funnel_call *funnel,
                               const mu_plan *rows, const mu_plan **out, muster_error *err)
{
    return bind_text(call, funnel, put_report, rows, out, err);
}

muster_status mu_funnel_people(const mu_behaviour_call *call, const mu_funnel_call *funnel,
                               const mu_plan *rows, const mu_plan **out, muster_error *err)
{
    return bind_text(call, funnel, put_people, rows, out, err);
}
