/*
 * bind_retention.c - retention(events, start => ..., back => ..., unit => 'month', periods => n),
 * and retention_customers(...).
 *
 * The report is a query over what the threads counted; that of customers is their rows, in order.
 */
#include "sql/bind_breakdown.h"
#include "sql/bind_period_value.h"

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
    VALUE,
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
    mu_breakdown breakdown;
    mu_period_value value;
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

/* A customer is told by their id: the rows' own customers are those of the stripe at hand. */
static muster_status bind_by(bound *r, muster_error *err)
{
    const mu_scope *scope = &r->call->binder->scope;
    const mu_type text = {.kind = MU_TEXT};
    const mu_expr **by;

    MU_TRY(mu_breakdown_bind(r->call, r->given[BY].value, r->given[TOP].value, &r->breakdown, err));
    if (!r->breakdown.by) {
        return MUSTER_OK;
    }
    MU_ARENA_TRY(by, scope->arena, 1, err);
    by[0] = r->breakdown.by;
    if (by[0]->type.kind == MU_CUSTOMER) {
        MU_TRY(mu_expr_cast(scope, by[0], text, false, r->call->offset, &by[0], err));
    }
    r->breakdown.by = by[0];
    r->options->by = true;
    r->plan.values = by;
    r->plan.value_count = r->plan.own_values = 1;
    return MUSTER_OK;
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

/* The rows of the class: the first columns are the same, those behind `special`, its own. */
static muster_status plan_rows(bound *r, const mu_behaviour_column *special, uint32_t count,
                               const mu_plan **out, muster_error *err)
{
    const mu_scope *scope = &r->call->binder->scope;
    const mu_type bigint = {.kind = MU_BIGINT, .bits = 64};
    const mu_type text = {.kind = MU_TEXT};
    mu_behaviour_column *columns;

    MU_ARENA_TRY(columns, scope->arena, count + 1, err);
    columns[MU_RETENTION_COHORT] = (mu_behaviour_column){"cohort", .type.kind = MU_DATE};
    columns[MU_RETENTION_PERIOD] = (mu_behaviour_column){"period", .type = bigint};
    columns[MU_RETENTION_CELL] =
        (mu_behaviour_column){.name = "bracket",
                              .type = r->labels ? text : bigint,
                              .label_count = r->labels ? r->options->cell_count : 0,
                              .labels = r->labels};
    columns[MU_RETENTION_IS_EVENT] = (mu_behaviour_column){"is_event", .type.kind = MU_BOOLEAN};
    for (uint32_t c = MU_RETENTION_OWN; c < count; c++) {
        columns[c] = special[c];
    }
    if (r->options->by) {
        columns[count++] = (mu_behaviour_column){"part", .type = r->breakdown.by->type};
    }
    r->plan.options = r->options;
    r->plan.columns = columns;
    r->plan.column_count = r->plan.own_columns = count;
    MU_TRY(mu_period_value_add(scope, &r->value, &r->plan, err));
    return mu_plan_behaviour(scope, &r->plan, out, err);
}

/* Groups the rows by these columns, the breakdown, period and cell. */
static muster_status group_rows(const bound *r, const mu_plan *rows, mu_period_group *group,
                                uint32_t *keys, const mu_plan **out, muster_error *err)
{
    keys[group->key_count++] = MU_RETENTION_COHORT;
    keys[group->key_count++] = MU_RETENTION_PERIOD;
    keys[group->key_count++] = MU_RETENTION_CELL;
    if (r->options->by) { /* what is shown stands last */
        keys[group->key_count++] =
            r->breakdown.top > 0 ? rows->column_count - 1 : r->plan.own_columns - 1;
    }
    group->keys = keys;
    group->first = r->plan.own_columns;
    group->is_event = MU_RETENTION_IS_EVENT;
    return mu_period_value_group(&r->call->binder->scope, &r->value, rows, group, out, err);
}

/* The sums of the columns that count. */
static muster_status sum_counts(const bound *r, const mu_plan *rows, mu_agg_call *sums,
                                const char **names, muster_error *err)
{
    const mu_scope *scope = &r->call->binder->scope;
    const mu_expr *count;

    for (uint32_t c = MU_RETENTION_SIZE; c < MU_RETENTION_COUNTS; c++) {
        names[c - MU_RETENTION_SIZE] = rows->columns[c].name;
        MU_TRY(mu_expr_column(scope, c, rows->columns[c].type, r->call->offset, &count, err));
        MU_TRY(mu_agg_call_make(scope, "sum", &count, 1, false, NULL, NULL, r->call->offset,
                                &sums[c - MU_RETENTION_SIZE], err));
    }
    return MUSTER_OK;
}

/* SQL with what is there only if it was asked for: the breakdown, the bracket, the value. */
static muster_status show(const bound *r, const char *start, const char *middle, const char *end,
                          const mu_plan *it, const mu_plan **out, muster_error *err)
{
    const char *item = mu_breakdown_item(r->call, &r->breakdown);
    const char *sql =
        item ? mu_arena_printf(r->call->binder->scope.arena, "SELECT %s%speriod, %s%s%s%s", start,
                               item, r->labels ? "bracket, " : "", middle,
                               r->value.expr ? "value, " : "", end)
             : NULL;

    return sql ? mu_bind_report(r->call, sql, it, out, err)
               : mu_fail_memory(err, "running a statement");
}

static muster_status report_counts(bound *r, const mu_plan **out, muster_error *err)
{
    enum {
        SUMS = MU_RETENTION_COUNTS - MU_RETENTION_SIZE
    };
    const mu_type bigint = {.kind = MU_BIGINT, .bits = 64};
    const mu_behaviour_column special[MU_RETENTION_COUNTS] = {
        [MU_RETENTION_SIZE] = {"size", .type = bigint},
        [MU_RETENTION_CAME] = {"came", .type = bigint},
        [MU_RETENTION_BEGUN] = {"begun", .type = bigint},
        [MU_RETENTION_ENDED] = {"ended", .type = bigint}};
    mu_arena *arena = r->call->binder->scope.arena;
    mu_period_group group = {.more_count = SUMS};
    uint32_t keys[4];
    const char **names;
    mu_agg_call *sums;
    const mu_plan *rows;

    r->plan.class = r->options->events ? &mu_retention_values_class : &mu_retention_class;
    MU_ARENA_TRY(sums, arena, SUMS, err);
    MU_ARENA_TRY(names, arena, SUMS, err);
    MU_TRY(plan_rows(r, special, MU_RETENTION_COUNTS, &rows, err));
    MU_TRY(mu_breakdown_keep(r->call, &r->breakdown, "sum(size) FILTER (WHERE period = 0)", rows,
                             &rows, err));
    MU_TRY(sum_counts(r, rows, sums, names, err));
    group.more = sums;
    group.more_names = names;
    MU_TRY(group_rows(r, rows, &group, keys, &rows, err));
    const char *end =
        mu_arena_printf(arena,
                        "ended AS eligible, ended = size AS complete FROM it WHERE begun > 0 "
                        "ORDER BY it.cohort, %s%sit.period",
                        r->options->by ? mu_breakdown_column(&r->breakdown) : "",
                        r->options->by ? " NULLS LAST, " : "");
    return end ? show(r, "cohort, ",
                      "size AS cohort_size, came AS customers, CAST(came AS DOUBLE) / size AS "
                      "rate, ",
                      end, rows, out, err)
               : mu_fail_memory(err, "running a statement");
}

static muster_status report_customers(bound *r, const mu_plan **out, muster_error *err)
{
    const mu_behaviour_column special[MU_RETENTION_FACTS] = {
        [MU_RETENTION_CUSTOMER] = {"customer", .type.kind = MU_CUSTOMER},
        [MU_RETENTION_STARTED] = {"started", .type.kind = MU_TIMESTAMP},
        [MU_RETENTION_HERE] = {"came", .type.kind = MU_BOOLEAN},
        [MU_RETENTION_COMPLETE] = {"complete", .type.kind = MU_BOOLEAN}};
    uint32_t keys[8] = {MU_RETENTION_CUSTOMER, MU_RETENTION_STARTED, MU_RETENTION_HERE,
                        MU_RETENTION_COMPLETE};
    mu_period_group group = {.key_count = 4};
    const mu_plan *rows;

    r->plan.class = &mu_retention_customers_class;
    MU_TRY(plan_rows(r, special, MU_RETENTION_FACTS, &rows, err));
    MU_TRY(mu_breakdown_keep(r->call, &r->breakdown,
                             "count(*) FILTER (WHERE period = 0 AND NOT is_event)", rows, &rows,
                             err));
    if (r->value.expr) {
        MU_TRY(group_rows(r, rows, &group, keys, &rows, err));
    }
    return show(r, "customer, cohort, started, ", "came, ", "complete FROM it", rows, out, err);
}

static muster_status bind_retention(mu_behaviour_call *call, const mu_ast_items *operands,
                                    bool customers, const mu_plan **out, muster_error *err)
{
    mu_argument given[COMMON + MU_COMMON_ARGUMENTS] = {
        {"events", NULL},   {"start", NULL}, {"back", NULL},  {"unit", NULL},   {"periods", NULL},
        {"brackets", NULL}, {"mode", NULL},  {"clock", NULL}, {"cohort", NULL}, {"value", NULL},
        {"by", NULL},       {"top", NULL},   {"as_of", NULL}, MU_COMMON_NAMES};
    bound r = {.call = call, .given = given};

    MU_ARENA_TRY(r.options, call->binder->scope.arena, 1, err);
    MU_TRY(mu_bind_arguments(call->name, operands, given, MU_COUNT(given), 1, err));
    MU_TRY(mu_behaviour_events(call, given[EVENTS].value, err));
    MU_TRY(bind_conditions(&r, err));
    MU_TRY(bind_words(&r, err));
    MU_TRY(bind_cells(&r, err));
    MU_TRY(bind_by(&r, err));
    MU_TRY(mu_period_value_bind(call, given[VALUE].value, &r.value, err));
    r.options->events = r.value.expr != NULL;
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
