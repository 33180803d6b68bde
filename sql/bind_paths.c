/*
 * bind_paths.c - paths(events, start => ..., node => ..., steps => n, ...), paths_customers(...).
 *
 * Both are queries over the same steps. A step is between two nodes, or one and the end of the
 * path; what stands for more than a node (`other`) or for none (`exit`, `entry`) says so in a
 * column of its own, since nodes may have these names too.
 *
 * With `top`, a node has a place among those that customers are at after so many steps. Whoever
 * came to a node by one step leaves it by the next, so the customers of a node, its place and its
 * name are the same wherever it is counted, as what a step leads to or as where the next begins.
 */
#include "sql/bind_behaviour.h"

#include "query/paths.h"

enum {
    EVENTS,
    START,
    GOAL,
    NODE,
    STEPS,
    COLLAPSE,
    TOP,
    WITHIN,
    COMMON
};

typedef struct path_call {
    mu_behaviour_call *call;
    mu_argument given[COMMON + MU_COMMON_ARGUMENTS];
    bool customers;
    mu_behaviour_plan plan;
    mu_paths *options;
    uint64_t top; /* 0: all nodes */
} path_call;

/* Where a path starts, or its goal. */
static muster_status bind_first(path_call *p, const mu_expr **out, muster_error *err)
{
    const mu_ast_expr *start = p->given[START].value, *goal = p->given[GOAL].value;

    if (start && goal) {
        return mu_fail_at(err, MUSTER_INVALID, goal->start,
                          "%s() goes on from a start or back from a goal; give one of them",
                          p->call->name);
    }
    if (!start && !goal) {
        return mu_behaviour_fail_missing(p->call,
                                         "start => event = 'view', or goal => event = 'pay'", err);
    }
    p->options->backward = goal != NULL;
    return mu_behaviour_condition(p->call, goal ? goal : start, goal ? "goal" : "start", out, err);
}

/* The node is a text, whatever it was. */
static muster_status bind_node(const path_call *p, const mu_expr **out, muster_error *err)
{
    const mu_type text = {.kind = MU_TEXT};
    const mu_ast_expr *node = p->given[NODE].value;

    if (!node) {
        return mu_behaviour_fail_missing(p->call, "node => event, or what else to follow", err);
    }
    MU_TRY(mu_bind_expr(&p->call->place, node, out, err));
    return mu_expr_cast(&p->call->binder->scope, *out, text, false, node->offset, out, err);
}

static muster_status bind_options(path_call *p, muster_error *err)
{
    mu_binder *binder = p->call->binder;
    const mu_ast_expr *const steps = p->given[STEPS].value;
    uint64_t count = 1;
    mu_value value;

    if (!steps) {
        return mu_behaviour_fail_missing(p->call, "steps => 3, how many to follow", err);
    }
    MU_TRY(mu_bind_count_of(binder, steps, "steps", 1, UINT32_MAX - 1, &count, err));
    p->options->steps = (uint32_t)count;
    if (p->given[COLLAPSE].value) {
        MU_TRY(mu_bind_constant(binder, p->given[COLLAPSE].value, (mu_type){.kind = MU_BOOLEAN},
                                "collapse", &value, err));
        if (value.null) {
            return mu_fail_at(err, MUSTER_INVALID, p->given[COLLAPSE].value->offset,
                              "collapse takes true or false, not NULL");
        }
        p->options->collapse = value.i64 != 0;
    }
    if (p->given[TOP].value) {
        MU_TRY(mu_bind_count_of(binder, p->given[TOP].value, "top", 1, INT64_MAX, &p->top, err));
    }
    return mu_behaviour_interval(p->call, p->given[WITHIN].value, "within", &p->options->within_us,
                                 err);
}

/* The rows of the class: steps of customers, or how many customers took each. */
static muster_status plan_rows(path_call *p, const mu_plan **out, muster_error *err)
{
    static const mu_behaviour_column steps[MU_PATH_COLUMNS] = {
        [MU_PATH_STEP] = {.name = "step", .type = {.kind = MU_BIGINT, .bits = 64}},
        [MU_PATH_FROM] = {.name = "f", .type.kind = MU_TEXT},
        [MU_PATH_TO] = {.name = "t", .type.kind = MU_TEXT},
        [MU_PATH_ENTRY] = {.name = "entry", .type.kind = MU_BOOLEAN},
        [MU_PATH_EXIT] = {.name = "exit", .type.kind = MU_BOOLEAN},
        [MU_PATH_CUSTOMER] = {.name = "customer", .type.kind = MU_CUSTOMER},
        [MU_PATH_FROM_TIME] = {.name = "from_time", .type.kind = MU_TIMESTAMP},
        [MU_PATH_TO_TIME] = {.name = "to_time", .type.kind = MU_TIMESTAMP},
    };
    static const mu_behaviour_column counts[MU_PATH_COUNTED_COLUMNS] = {
        [MU_PATH_STEP] = {.name = "step", .type = {.kind = MU_BIGINT, .bits = 64}},
        [MU_PATH_FROM] = {.name = "f", .type.kind = MU_TEXT},
        [MU_PATH_TO] = {.name = "t", .type.kind = MU_TEXT},
        [MU_PATH_ENTRY] = {.name = "entry", .type.kind = MU_BOOLEAN},
        [MU_PATH_EXIT] = {.name = "exit", .type.kind = MU_BOOLEAN},
        [MU_PATH_CUSTOMERS] = {.name = "n", .type = {.kind = MU_BIGINT, .bits = 64}},
    };

    p->options->counted = !p->customers;
    p->plan.columns = p->customers ? steps : counts;
    p->plan.own_columns = p->customers ? MU_PATH_COLUMNS : MU_PATH_COUNTED_COLUMNS;
    p->plan.column_count = p->plan.own_columns;
    return mu_plan_behaviour(&p->call->binder->scope, &p->plan, out, err);
}

/* The queries: how many took each step; the places of its nodes among those at its side, which are
 * all the first unless `top` is given; and what they are called. */

#define COUNTS(n) \
    "WITH counts AS (SELECT step, f, t, entry, exit, " n " AS n FROM it GROUP BY ALL), "
#define SAME_PLACES(rows) "places AS (SELECT *, 1 AS fp, 1 AS tp FROM " rows "), "
#define PLACES                                                                               \
    "sums AS (SELECT *, sum(n) OVER (PARTITION BY step, f, entry) AS fn, "                   \
    "sum(n) OVER (PARTITION BY step, t, exit) AS tn FROM counts), "                          \
    "places AS (SELECT *, dense_rank() OVER (PARTITION BY step ORDER BY entry, fn DESC, f) " \
    "AS fp, dense_rank() OVER (PARTITION BY step ORDER BY exit, tn DESC, t) AS tp FROM sums), "
#define NAMES(places)                                                                        \
    "kinds AS (SELECT *, CASE WHEN entry THEN 'entry' WHEN fp > %llu THEN 'other' "          \
    "ELSE 'node' END AS from_kind, CASE WHEN exit THEN 'exit' WHEN tp > %llu THEN 'other' "  \
    "ELSE 'node' END AS to_kind FROM " places "), "                                          \
    "names AS (SELECT *, CASE from_kind WHEN 'node' THEN f ELSE from_kind END AS \"from\", " \
    "CASE to_kind WHEN 'node' THEN t ELSE to_kind END AS \"to\" FROM kinds) "
#define REPORT                                                                           \
    "SELECT step, \"from\", \"to\", sum(n) AS customers, from_kind, to_kind FROM names " \
    "GROUP BY ALL ORDER BY step, customers DESC, from_kind, \"from\", to_kind, \"to\""
#define PEOPLE \
    "SELECT customer, step, \"from\", \"to\", from_time, to_time, from_kind, to_kind FROM names"
/* A step of a customer, with the places of its nodes. */
#define WITH_PLACES                                                                  \
    "steps AS (SELECT it.*, fp, tp FROM it JOIN places p ON p.step = it.step AND "   \
    "p.entry = it.entry AND p.exit = it.exit AND "                                   \
    "coalesce(p.f, '') = coalesce(it.f, '') AND (p.f IS NULL) = (it.f IS NULL) AND " \
    "coalesce(p.t, '') = coalesce(it.t, '') AND (p.t IS NULL) = (it.t IS NULL)), "

static const char *write_query(const path_call *p)
{
    mu_arena *arena = p->call->binder->scope.arena;
    const unsigned long long top = p->top;

    if (p->customers) {
        return top > 0
                   ? mu_arena_printf(arena,
                                     COUNTS("count(*)") PLACES WITH_PLACES NAMES("steps") PEOPLE,
                                     top, top)
                   : mu_arena_printf(arena, "WITH " SAME_PLACES("it") NAMES("places") PEOPLE, 1ull,
                                     1ull);
    }
    return top > 0
               ? mu_arena_printf(arena, COUNTS("sum(n)") PLACES NAMES("places") REPORT, top, top)
               : mu_arena_printf(arena,
                                 COUNTS("sum(n)") SAME_PLACES("counts") NAMES("places") REPORT,
                                 1ull, 1ull);
}

static muster_status bind_paths(mu_behaviour_call *call, const mu_ast_items *operands,
                                bool customers, const mu_plan **out, muster_error *err)
{
    static const char *const titles[][2] = {{"start", "all"}, {"goal", "all"}};
    const mu_value truth = {.type.kind = MU_BOOLEAN, .i64 = 1};
    path_call p = {
        .call = call,
        .given = {{"events", NULL},
                  {"start", NULL},
                  {"goal", NULL},
                  {"node", NULL},
                  {"steps", NULL},
                  {"collapse", NULL},
                  {"top", NULL},
                  {"within", NULL},
                  MU_COMMON_NAMES},
        .customers = customers,
        .plan = {
            .class = &mu_paths_class, .condition_count = 2, .value_count = 1, .own_values = 1}};
    const mu_expr **exprs;
    const mu_plan *rows;

    MU_TRY(mu_bind_arguments(call->name, operands, p.given, MU_COUNT(p.given), 1, err));
    MU_TRY(mu_behaviour_events(call, p.given[EVENTS].value, err));
    MU_ARENA_TRY(p.options, call->binder->scope.arena, 1, err);
    MU_ARENA_TRY(exprs, call->binder->scope.arena, 3, err);
    MU_TRY(bind_first(&p, &exprs[0], err));
    MU_TRY(mu_expr_const(&call->binder->scope, truth, call->offset, &exprs[1], err));
    MU_TRY(bind_node(&p, &exprs[2], err));
    MU_TRY(bind_options(&p, err));
    p.plan.conditions = exprs;
    p.plan.values = exprs + 2;
    p.plan.titles = titles[p.options->backward];
    p.plan.options = p.options;
    MU_TRY(mu_behaviour_common(call, p.given + COMMON, &p.plan.source, err));
    MU_TRY(plan_rows(&p, &rows, err));
    const char *sql = write_query(&p);
    return sql ? mu_bind_report(call, sql, rows, out, err)
               : mu_fail_memory(err, "running a statement");
}

muster_status mu_bind_paths(mu_behaviour_call *call, const mu_ast_items *operands,
                            const mu_plan **out, muster_error *err)
{
    return bind_paths(call, operands, false, out, err);
}

muster_status mu_bind_paths_customers(mu_behaviour_call *call, const mu_ast_items *operands,
                                      const mu_plan **out, muster_error *err)
{
    return bind_paths(call, operands, true, out, err);
}
