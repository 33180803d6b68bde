/*
 * bind_retention.c - retention(events, start => ..., back => ..., unit => 'month', periods => n),
 * and retention_customers(...).
 *
 * The report is a query over what the threads counted; that of customers is their rows, in order.
 */
#include "sql/bind_behaviour.h"

#include "query/retention.h"

enum {
    MOST_PERIODS = 100000 /* more days than there are in 270 years */
};

enum {
    EVENTS,
    START,
    BACK,
    UNIT,
    PERIODS,
    BRACKETS,
    MODE,
    CLOCK,
    COHORT,
    BY,
    TOP,
    AS_OF,
    COMMON
};

/* What the arguments come to. */
typedef struct bound {
    const mu_behaviour_call *call;
    const mu_argument *given;
    mu_retention *options;
    mu_behaviour_plan plan;
    const char *by_name;       /* NULL: there is none */
    uint64_t top;              /* UINT64_MAX: all values */
    const char *const *labels; /* of brackets; NULL: there are none */
} bound;

/* Cells. */

/* Cells that end with these periods; `last` and `cell_of` have room. */
static void set_cells(mu_retention *options, uint32_t *last, uint32_t *cell_of)
{
    uint32_t period = 0;

    for (uint32_t c = 0; c < options->cell_count; c++) {
        for (; period <= last[c]; period++) {
            cell_of[period] = c;
        }
    }
    options->last = last;
    options->cell_of = cell_of;
}

static muster_status bind_periods(bound *r, muster_error *err)
{
    mu_arena *arena = r->call->binder->scope.arena;
    uint32_t *last, *cell_of;
    uint64_t periods;

    MU_TRY(mu_bind_count_of(r->call->binder, r->given[PERIODS].value, "periods", 0, MOST_PERIODS,
                            &periods, err));
    r->options->cell_count = (uint32_t)periods + 1;
    MU_ARENA_TRY(last, arena, r->options->cell_count, err);
    MU_ARENA_TRY(cell_of, arena, r->options->cell_count, err);
    for (uint32_t p = 0; p <= periods; p++) {
        last[p] = p;
    }
    set_cells(r->options, last, cell_of);
    return MUSTER_OK;
}

/* "0", "1", "2-3", "4-7", ...: the periods of each cell. */
static muster_status name_brackets(bound *r, muster_error *err)
{
    mu_arena *arena = r->call->binder->scope.arena;
    const uint32_t *last = r->options->last;
    const char **labels;

    MU_ARENA_TRY(labels, arena, r->options->cell_count, err);
    for (uint32_t c = 0; c < r->options->cell_count; c++) {
        const uint32_t first = c == 0 ? 0 : last[c - 1] + 1;
        labels[c] = first == last[c] ? mu_arena_printf(arena, "%u", first)
                                     : mu_arena_printf(arena, "%u-%u", first, last[c]);
        if (!labels[c]) {
            return mu_fail_memory(err, "running a statement");
        }
    }
    r->labels = labels;
    return MUSTER_OK;
}

static muster_status bind_brackets(bound *r, muster_error *err)
{
    const mu_type bigint = {.kind = MU_BIGINT, .bits = 64};
    mu_binder *binder = r->call->binder;
    const mu_ast_expr *list = r->given[BRACKETS].value;
    const uint32_t unknown = binder->unknown;
    const mu_value *ends;
    uint32_t *last, *cell_of, count;

    MU_TRY(mu_behaviour_list(r->call, list, bigint, "brackets", &ends, &count, err));
    MU_ARENA_TRY(last, binder->scope.arena, count + 1, err);
    for (uint32_t i = 0; i < count; i++) {
        const bool known = binder->unknown == unknown; /* else there are parameters in it */
        if (known && (ends[i].i64 <= last[i] || ends[i].i64 > MOST_PERIODS)) {
            return mu_fail_at(err, MUSTER_INVALID, list->operands.data[i].expr->offset,
                              "brackets are the last periods of each, ascending from 1 to %d: [1, "
                              "3, 7] is period 1, periods 2 and 3, periods 4 to 7",
                              MOST_PERIODS);
        }
        last[i + 1] = known ? (uint32_t)ends[i].i64 : last[i] + 1;
    }
    r->options->cell_count = count + 1;
    MU_ARENA_TRY(cell_of, binder->scope.arena, last[count] + (size_t)1, err);
    set_cells(r->options, last, cell_of);
    return name_brackets(r, err);
}

static muster_status bind_cells(bound *r, muster_error *err)
{
    const mu_ast_expr *brackets = r->given[BRACKETS].value;

    if (r->given[PERIODS].value && brackets) {
        return mu_fail_at(err, MUSTER_INVALID, brackets->start,
                          "periods and brackets both say what to look at: give one of them");
    }
    if (brackets) {
        return bind_brackets(r, err);
    }
    if (!r->given[PERIODS].value) {
        return mu_behaviour_fail_missing(r->call,
                                         "periods => 12, how many to look at after the first", err);
    }
    return bind_periods(r, err);
}

/* Words. */

static muster_status bind_clock(bound *r, muster_error *err)
{
    static const char *const clocks[] = {"calendar", "elapsed"};
    const mu_ast_expr *clock = r->given[CLOCK].value;
    uint32_t number = 0;

    if (clock) {
        MU_TRY(mu_behaviour_word(r->call, clock, "clock", clocks, MU_COUNT(clocks), &number, err));
    }
    r->options->elapsed = number == 1;
    if (r->options->elapsed && mu_unit_width(r->options->unit) == 0) {
        return mu_fail_at(err, MUSTER_INVALID, r->given[UNIT].value->start,
                          "clock => 'elapsed' takes unit => 'day' or 'week': longer ones have no "
                          "fixed length, and go by the calendar");
    }
    return MUSTER_OK;
}

static muster_status bind_words(bound *r, muster_error *err)
{
    static const char *const modes[] = {"on", "on_or_after", "on_or_before", "streak"};
    static const char *const cohorts[] = {"first_ever", "first_in_range", "every"};
    const mu_ast_expr *mode = r->given[MODE].value, *cohort = r->given[COHORT].value;
    uint32_t number = 0;

    if (mode) {
        MU_TRY(mu_behaviour_word(r->call, mode, "mode", modes, MU_COUNT(modes), &number, err));
        r->options->mode = (mu_retention_mode)number;
    }
    if (cohort) {
        MU_TRY(
            mu_behaviour_word(r->call, cohort, "cohort", cohorts, MU_COUNT(cohorts), &number, err));
        r->options->cohort = (mu_retention_cohort)number;
    }
    MU_TRY(mu_behaviour_unit(r->call, r->given[UNIT].value, &r->options->unit, err));
    return bind_clock(r, err);
}

/* by => expr [, top => n]. A customer is told by their id. */
static muster_status bind_by(bound *r, muster_error *err)
{
    const mu_binder *binder = r->call->binder;
    const mu_ast_expr *by = r->given[BY].value, *top = r->given[TOP].value;
    const mu_table *table = r->call->events.table;
    const mu_expr **values;

    r->top = UINT64_MAX;
    if (top && !by) {
        return mu_fail_at(err, MUSTER_INVALID, top->start,
                          "top says how many values of by are kept, and there is no by");
    }
    if (!by) {
        return MUSTER_OK;
    }
    MU_ARENA_TRY(values, binder->scope.arena, 1, err);
    MU_TRY(mu_bind_expr(&r->call->place, by, &values[0], err));
    r->by_name =
        values[0]->kind == MU_EXPR_COLUMN ? table->columns[values[0]->column].name : "breakdown";
    if (values[0]->type.kind == MU_CUSTOMER) {
        MU_TRY(mu_expr_cast(&binder->scope, values[0], (mu_type){.kind = MU_TEXT}, false,
                            by->offset, &values[0], err));
    }
    r->options->by = true;
    r->plan.values = values;
    r->plan.value_count = r->plan.own_values = 1;
    return top ? mu_bind_count_of(r->call->binder, top, "top", 1, UINT32_MAX, &r->top, err)
               : MUSTER_OK;
}

static muster_status bind_conditions(bound *r, muster_error *err)
{
    static const char *const titles[] = {"start", "back"};
    static const char *const title[] = {"start and back"};
    const mu_expr **conditions;

    MU_ARENA_TRY(conditions, r->call->binder->scope.arena, 2, err);
    MU_TRY(mu_behaviour_condition(r->call, r->given[START].value, "start", &conditions[0], err));
    MU_TRY(mu_behaviour_condition(r->call, r->given[BACK].value, "back", &conditions[1], err));
    const bool same = mu_expr_equal(conditions[0], conditions[1]);
    r->plan.conditions = conditions;
    r->plan.condition_count = same ? 1 : 2;
    r->plan.titles = same ? title : titles;
    return MUSTER_OK;
}

/* Reports. */

/* The rows of the class: the first columns are the same, those behind `special` its own. */
static muster_status plan_rows(bound *r, const mu_behaviour_column *special, uint32_t count,
                               const mu_plan **out, muster_error *err)
{
    const mu_type bigint = {.kind = MU_BIGINT, .bits = 64};
    const mu_type text = {.kind = MU_TEXT};
    mu_behaviour_column *columns;

    MU_ARENA_TRY(columns, r->call->binder->scope.arena, count + 1, err);
    columns[MU_RETENTION_COHORT] = (mu_behaviour_column){"cohort", .type.kind = MU_DATE};
    columns[MU_RETENTION_PERIOD] = (mu_behaviour_column){"period", .type = bigint};
    columns[MU_RETENTION_CELL] =
        (mu_behaviour_column){.name = "bracket",
                              .type = r->labels ? text : bigint,
                              .label_count = r->labels ? r->options->cell_count : 0,
                              .labels = r->labels};
    for (uint32_t c = MU_RETENTION_CELL + 1; c < count; c++) {
        columns[c] = special[c];
    }
    if (r->options->by) {
        columns[count++] =
            (mu_behaviour_column){.name = "breakdown", .type = r->plan.values[0]->type};
    }
    r->plan.options = r->options;
    r->plan.columns = columns;
    r->plan.column_count = r->plan.own_columns = count;
    return mu_plan_behaviour(&r->call->binder->scope, &r->plan, out, err);
}

/* Gives the column called "breakdown" the name that it has outside. */
static muster_status name_by(const bound *r, const mu_plan *plan, const mu_plan **out,
                             muster_error *err)
{
    const mu_scope *scope = &r->call->binder->scope;
    const mu_expr **exprs;
    const char **names;

    *out = plan;
    if (!r->by_name) {
        return MUSTER_OK;
    }
    MU_ARENA_TRY(exprs, scope->arena, plan->column_count, err);
    MU_ARENA_TRY(names, scope->arena, plan->column_count, err);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        const mu_plan_column *column = &plan->columns[c];
        names[c] = mu_name_equal(column->name, "breakdown") ? r->by_name : column->name;
        MU_TRY(mu_expr_column(scope, c, column->type, r->call->offset, &exprs[c], err));
    }
    return mu_plan_project(scope, plan, exprs, names, plan->column_count, out, err);
}

static muster_status report(const bound *r, const char *sql, const mu_plan *rows,
                            const mu_plan **out, muster_error *err)
{
    const mu_plan *plan;

    if (!sql) {
        return mu_fail_memory(err, "running a statement");
    }
    MU_TRY(mu_bind_report(r->call, sql, rows, &plan, err));
    return name_by(r, plan, out, err);
}

/* Counts of all threads; of breakdown values those that most members have, the rest put together.
 */
static muster_status report_counts(bound *r, const mu_plan **out, muster_error *err)
{
    const mu_type bigint = {.kind = MU_BIGINT, .bits = 64};
    const mu_behaviour_column special[MU_RETENTION_COUNTS] = {
        [MU_RETENTION_SIZE] = {"size", .type = bigint},
        [MU_RETENTION_CAME] = {"came", .type = bigint},
        [MU_RETENTION_BEGUN] = {"begun", .type = bigint},
        [MU_RETENTION_ENDED] = {"ended", .type = bigint}};
    mu_arena *arena = r->call->binder->scope.arena;
    const char *by = r->by_name ? "breakdown, " : "", *bracket = r->labels ? "bracket, " : "";
    const char *from = "it";
    const mu_plan *rows;

    MU_TRY(plan_rows(r, special, MU_RETENTION_COUNTS, &rows, err));
    if (r->top != UINT64_MAX) {
        from = mu_arena_printf(
            arena,
            "(SELECT * REPLACE (CASE WHEN place <= %llu THEN CAST(breakdown AS TEXT) ELSE 'other' "
            "END AS breakdown) FROM (SELECT *, dense_rank() OVER (ORDER BY total DESC, breakdown) "
            "AS place FROM (SELECT *, sum(CASE WHEN period = 0 THEN size ELSE 0 END) OVER "
            "(PARTITION BY breakdown) AS total FROM it)))",
            (unsigned long long)r->top);
    }
    const char *sql = mu_arena_printf(
        arena,
        "SELECT cohort, %speriod, %ssize AS cohort_size, came AS customers, CAST(came AS DOUBLE) / "
        "size AS rate, "
        "ended AS eligible, ended = size AS complete FROM (SELECT cohort, %speriod, %s"
        "sum(size) AS size, sum(came) AS came, sum(begun) AS begun, sum(ended) AS ended "
        "FROM %s GROUP BY cohort, %s%speriod) WHERE begun > 0 ORDER BY cohort, %speriod",
        by, bracket, by, bracket, from ? from : "it", by, bracket, by);
    return report(r, from ? sql : NULL, rows, out, err);
}

static muster_status report_customers(bound *r, const mu_plan **out, muster_error *err)
{
    const mu_behaviour_column special[MU_RETENTION_FACTS] = {
        [MU_RETENTION_CUSTOMER] = {"customer", .type.kind = MU_CUSTOMER},
        [MU_RETENTION_STARTED] = {"started", .type.kind = MU_TIMESTAMP},
        [MU_RETENTION_HERE] = {"came", .type.kind = MU_BOOLEAN},
        [MU_RETENTION_COMPLETE] = {"complete", .type.kind = MU_BOOLEAN}};
    mu_arena *arena = r->call->binder->scope.arena;
    const char *by = r->by_name ? "breakdown, " : "", *bracket = r->labels ? "bracket, " : "";
    const mu_plan *rows;

    MU_TRY(plan_rows(r, special, MU_RETENTION_FACTS, &rows, err));
    if (r->top != UINT64_MAX) {
        by = mu_arena_printf(
            arena,
            "CASE WHEN (breakdown IS NULL, coalesce(CAST(breakdown AS TEXT), '')) IN (SELECT "
            "breakdown IS NULL, coalesce(CAST(breakdown AS TEXT), '') FROM (SELECT breakdown FROM "
            "it WHERE period = 0 GROUP BY breakdown ORDER BY count(*) DESC, breakdown LIMIT %llu)) "
            "THEN CAST(breakdown AS TEXT) ELSE 'other' END AS breakdown, ",
            (unsigned long long)r->top);
    }
    const char *sql = mu_arena_printf(
        arena, "SELECT customer, cohort, %sstarted, period, %scame, complete FROM it", by ? by : "",
        bracket);
    return report(r, by ? sql : NULL, rows, out, err);
}

static muster_status bind_retention(mu_behaviour_call *call, const mu_ast_items *operands,
                                    bool customers, const mu_plan **out, muster_error *err)
{
    mu_argument given[COMMON + MU_COMMON_ARGUMENTS] = {
        {"events", NULL},   {"start", NULL}, {"back", NULL},  {"unit", NULL},   {"periods", NULL},
        {"brackets", NULL}, {"mode", NULL},  {"clock", NULL}, {"cohort", NULL}, {"by", NULL},
        {"top", NULL},      {"as_of", NULL}, MU_COMMON_NAMES};
    bound r = {.call = call, .given = given};

    r.plan.class = customers ? &mu_retention_customers_class : &mu_retention_class;
    MU_ARENA_TRY(r.options, call->binder->scope.arena, 1, err);
    MU_TRY(mu_bind_arguments(call->name, operands, given, MU_COUNT(given), 1, err));
    MU_TRY(mu_behaviour_events(call, given[EVENTS].value, err));
    MU_TRY(bind_conditions(&r, err));
    MU_TRY(bind_words(&r, err));
    MU_TRY(bind_cells(&r, err));
    MU_TRY(bind_by(&r, err));
    MU_TRY(mu_behaviour_common(call, given + COMMON, &r.plan.source, err));
    MU_TRY(
        mu_behaviour_as_of(call, given[AS_OF].value, &r.plan.as_of_given, &r.plan.as_of_us, err));
    return customers ? report_customers(&r, out, err) : report_counts(&r, out, err);
}

muster_status mu_bind_retention(mu_behaviour_call *call, const mu_ast_items *operands,
                                const mu_plan **out, muster_error *err)
{
    return bind_retention(call, operands, false, out, err);
}

muster_status mu_bind_retention_customers(mu_behaviour_call *call, const mu_ast_items *operands,
                                          const mu_plan **out, muster_error *err)
{
    return bind_retention(call, operands, true, out, err);
}
