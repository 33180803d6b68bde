/*
 * diff.c - random queries over random tables, asked of muster, sqlite3 and DuckDB: who differs?
 *
 *     muster-diff --queries 100000 --seed 7 --engines sqlite,duckdb
 *     muster-diff --only 7:4711 --engines sqlite,duckdb
 *
 * Queries come in runs of QUERIES_A_RUN over tables of their own, which statements between them
 * change. Each has a stream of random numbers from its seed and its number, so that one can be
 * asked alone: only the statements before it are repeated. Read in this order: tree.h, op.h,
 * make.h, print.h, session.h, check.h, shrink.h.
 */
#include "tests/diff/check.h"
#include "tests/diff/make.h"
#include "tests/diff/options.h"
#include "tests/diff/print.h"
#include "tests/diff/shrink.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    QUERIES_A_RUN = 60, /* half of them after muster was closed and opened again */
    DEPTH = 3,
    BUDGET = 150,          /* nodes of a query, about */
    PORTABLE_PERCENT = 70, /* made of what sqlite3 has too */
    STATEMENT_PERCENT = 8,
    RULE_PERCENT = 25,
    TRIES_MOST = 3,
    EMPTY_PERCENT = 25, /* of queries without rows are asked */
    SKIPPED = 77
};

typedef struct run {
    diff_options options;
    diff_session session;
    diff_catalog catalog;
    mu_arena arena; /* of the tables and queries of this run */
    uint64_t number, findings;
    const diff_node *before; /* the query that was asked last */
} run;

static diff_maker maker_of(run *r, diff_random *random)
{
    return (diff_maker){.arena = &r->arena,
                        .random = random,
                        .catalog = &r->catalog,
                        .features = r->options.features,
                        .budget = BUDGET};
}

/* Shrinks it and shows what is left. The tables are then as they were, once they are loaded. */
static void report(run *r, diff_node *tree, diff_finding *finding)
{
    const diff_engine *engines = r->session.engines;
    const diff_session before = r->session;
    diff_relation relations[CATALOG_RELATIONS];

    for (int i = 0; i < r->catalog.base; i++) {
        relations[i] = *r->catalog.relations[i];
    }
    r->findings++;
    diff_shrink(&r->session, &r->arena, &tree, finding);
    if (finding->property) {
        printf("\n-- --only %" PRIu64 ":%" PRIu64 ": %s: it is not true that %s\n", r->options.seed,
               r->number, engines[finding->one].name, finding->property);
    } else {
        printf("\n-- --only %" PRIu64 ":%" PRIu64 ": %s and %s differ%s\n", r->options.seed,
               r->number, engines[finding->one].name, engines[finding->other].name,
               engines[finding->other].shared ? " by threads" : "");
    }
    diff_session_show(stdout, &r->session, tree, finding);
    (void)fflush(stdout);
    for (int i = 0; i < r->catalog.base; i++) {
        *r->catalog.relations[i] = relations[i];
    }
    memcpy(r->session.statements, before.statements, sizeof before.statements);
    r->session.statement_count = before.statement_count;
}

/* Tables of their own for the next queries. */
static bool begin_tables(run *r)
{
    diff_random random =
        diff_random_of(r->options.seed, UINT64_C(1) << 62 | r->number / QUERIES_A_RUN);

    diff_session_unload(&r->session);
    mu_arena_reset(&r->arena);
    diff_catalog_make(&r->catalog, &r->arena, &random,
                      r->options.features & diff_bit(DIFF_CUSTOMERS));
    r->session.catalog = &r->catalog;
    r->session.statement_count = 0;
    r->before = NULL;
    if (diff_session_load(&r->session)) {
        return true;
    }
    for (int i = 0; i < r->session.engine_count; i++) {
        diff_answer_show(stderr, r->session.engines[i].name, &r->session.answers[i], 0);
    }
    return false;
}

static bool has_words_everywhere(run *r, const diff_node *statement)
{
    for (int i = 0; i < r->session.engine_count; i++) {
        if (!diff_print(&r->arena, r->session.engines[i].dialect, statement)) {
            return false;
        }
    }
    return true;
}

static diff_node *all_of(run *r, const char *name)
{
    diff_random none = diff_random_of_bytes((const uint8_t *)"", 0);
    diff_maker m = maker_of(r, &none);
    diff_catalog one = {.count = 1, .base = 1};
    diff_node *select = diff_node_new(&r->arena, NODE_SELECT, SELECT_CHILDREN);
    diff_node *items = diff_list_new(&r->arena);
    diff_scope scope;

    for (int i = 0; i < r->catalog.count; i++) {
        if (strcmp(r->catalog.relations[i]->name, name) == 0) {
            one.relations[0] = r->catalog.relations[i];
        }
    }
    m.catalog = &one;
    select->child[SELECT_FROM] = diff_make_leaf_source(&m, 0, &scope);
    for (int i = 0; i < scope.count; i++) {
        diff_list_add(&r->arena, items, diff_make_item(&m, scope.columns[i]));
    }
    select->child[SELECT_ITEMS] = items;
    return select;
}

/* Does something to the tables, the same in all engines; what is in them then must be the same. */
static bool change_tables(run *r)
{
    diff_random random = diff_random_of(r->options.seed, UINT64_C(1) << 63 | r->number);
    diff_maker m = maker_of(r, &random);
    const diff_catalog before = r->catalog;
    diff_session *s = &r->session;
    diff_finding finding;

    if (!diff_chance(&random, STATEMENT_PERCENT) || s->statement_count == SESSION_STATEMENTS) {
        return true;
    }
    m.portable = r->options.sqlite;
    diff_node *statement = diff_make_statement(&m, &r->catalog);
    if (!statement || !has_words_everywhere(r, statement)) {
        r->catalog = before;
        return true;
    }
    if (!diff_session_agree(s, statement, &finding)) {
        report(r, statement, &finding);
        return false;
    }
    for (int i = 0; i < s->engine_count; i++) {
        if (s->answers[i].outcome == OUTCOME_ERROR) {
            r->catalog = before; /* not all of them could */
            return diff_session_load(s);
        }
    }
    s->counts.statements++;
    s->statements[s->statement_count++] = statement;
    if (statement->kind == NODE_SET) {
        return true; /* it is no table */
    }
    diff_node *query = all_of(r, statement->name);
    if (!diff_session_agree(s, query, &finding)) {
        report(r, query, &finding);
        return false;
    }
    return true;
}

static void show_tree(run *r, const diff_node *tree)
{
    for (int d = 0; d < DIALECT_COUNT; d++) {
        static const char *const names[] = {"muster", "sqlite", "duckdb"};
        const char *sql = diff_print(&r->arena, (diff_dialect)d, tree);
        printf("-- %s\n%s;\n", names[d], sql ? sql : "-- no words for it");
    }
}

static bool restart(run *r)
{
    diff_session *s = &r->session;
    const diff_node *columns[ANSWER_COLUMNS];
    int row;

    if (!r->before) {
        return diff_session_restart(s);
    }
    diff_session_ask(s, 0, r->before);
    diff_answer before = s->answers[0];
    s->answers[0] = (diff_answer){0};
    diff_columns(r->before, columns, ANSWER_COLUMNS);
    bool same = diff_session_restart(s);
    if (same) {
        diff_session_ask(s, 0, r->before);
        same = before.outcome == s->answers[0].outcome &&
               (before.outcome != OUTCOME_ROWS ||
                diff_answer_same(&before, &s->answers[0], columns, false, &row));
    }
    diff_answer_deinit(&before);
    return same;
}

static void check_rules(run *r, diff_random *random, diff_node *tree)
{
    diff_finding finding;

    for (int rule = 0; rule < RULE_COUNT_OF; rule++) {
        if (!diff_chance(random, RULE_PERCENT)) {
            continue;
        }
        r->session.counts.properties++;
        if (!diff_rule_holds(&r->session, 0, (diff_rule)rule, tree, &finding)) {
            report(r, tree, &finding);
        }
    }
}

/* What all engines agree is wrong: the generator should not make it. */
static void show_error(const run *r)
{
    for (int i = 0; i < r->session.engine_count; i++) {
        if (r->session.answers[i].outcome == OUTCOME_ERROR) {
            printf("%" PRIu64 ":%" PRIu64 ": %s: %.200s\n", r->options.seed, r->number,
                   r->session.engines[i].name, r->session.answers[i].message);
            return;
        }
    }
}

/* Rather one that has rows, as far as the first engine knows: the others say little. */
static diff_node *make_one(run *r, diff_random *random)
{
    diff_node *tree = NULL;
    bool again = true;

    for (int i = 0; i < TRIES_MOST && again; i++) {
        diff_maker m = maker_of(r, random);
        m.portable = diff_chance(random, PORTABLE_PERCENT);
        tree = diff_make_query(&m, 1 + (int)diff_below(random, DEPTH), true);
        diff_session_ask(&r->session, 0, tree);
        const diff_answer *answer = &r->session.answers[0];
        again = answer->outcome == OUTCOME_ROWS && answer->rows == 0 &&
                !diff_chance(random, EMPTY_PERCENT);
    }
    return tree;
}

static void ask_one(run *r)
{
    diff_random random = diff_random_of(r->options.seed, r->number);
    diff_finding finding;
    diff_node *tree = make_one(r, &random);

    if (r->options.only) {
        show_tree(r, tree);
    }
    r->session.counts.queries++;
    r->before = tree;
    if (!diff_session_agree(&r->session, tree, &finding)) {
        report(r, tree, &finding);
        return;
    }
    if (r->options.errors) {
        show_error(r);
    }
    check_rules(r, &random, tree);
}

/* One query, and what comes before it. False if it makes no sense to go on. */
static bool step(run *r, bool ask)
{
    const uint64_t in_run = r->number % QUERIES_A_RUN;

    if (in_run == 0 && !begin_tables(r)) {
        return false;
    }
    if (in_run == QUERIES_A_RUN / 2 && !restart(r)) {
        printf("\n-- before %" PRIu64 ":%" PRIu64 ": a restart changed the answer to\n",
               r->options.seed, r->number);
        if (r->before) {
            show_tree(r, r->before);
        }
        r->findings++;
        return false;
    }
    const uint64_t findings = r->findings;
    if (!change_tables(r)) {
        return r->findings == findings || begin_tables(r);
    }
    if (ask) {
        ask_one(r);
    }
    if (r->findings > findings && diff_session_load(&r->session) == false) {
        return begin_tables(r);
    }
    return true;
}

static void add_engine(run *r, diff_engine engine)
{
    r->session.engines[r->session.engine_count++] = engine;
}

static bool add_engines(run *r)
{
    const diff_options *o = &r->options;
    const char *path = getenv("MUSTER_DUCKDB");

    for (int i = 0; o->muster && i < o->thread_count; i++) {
        diff_engine engine = diff_engine_muster(o->threads[i], NULL);
        engine.shared = i > 0 ? &r->session.engines[0] : NULL;
        add_engine(r, engine);
    }
    if (o->muster && o->zone) {
        add_engine(r, diff_engine_muster(1, o->zone));
    }
    if (o->sqlite) {
        add_engine(r, diff_engine_sqlite());
    }
    if (o->duckdb) {
        add_engine(r, diff_engine_duckdb(path ? path : "build/peers/libduckdb.so"));
    }
    for (int i = 0; i < r->session.engine_count; i++) {
        if (!r->session.engines[i].name) {
            printf("skipped: no libduckdb.so; MUSTER_DUCKDB says where it is\n");
            return false;
        }
    }
    return r->session.engine_count > 0;
}

static void show_counts(const run *r)
{
    const diff_counts *c = &r->session.counts;
    const diff_session *s = &r->session;

    printf("%" PRIu64 " queries, %" PRIu64 " statements, %" PRIu64 " rules; %" PRIu64
           " answers compared, %" PRIu64 " rows, %.0f%% empty; %" PRIu64 " too long, %" PRIu64
           " errors explained\n",
           c->queries, c->statements, c->properties, c->compared, c->rows,
           c->queries ? 100.0 * (double)c->empty / (double)c->queries : 0, c->too_long,
           c->explained);
    printf("%-16s", "");
    for (int i = 0; i < s->engine_count; i++) {
        printf("%10s%s", s->engines[i].name, s->engines[i].shared ? "*" : " ");
    }
    printf("\n%-16s", "asked");
    for (int i = 0; i < s->engine_count; i++) {
        printf("%10" PRIu64 " ", c->of_engine[i]);
    }
    printf("\n%-16s", "errors");
    for (int i = 0; i < s->engine_count; i++) {
        printf("%10" PRIu64 " ", c->errors[i]);
    }
    for (int f = 0; f < DIFF_FEATURE_COUNT; f++) {
        printf("\n%-16s", diff_feature_name((diff_feature)f));
        for (int i = 0; i < s->engine_count; i++) {
            printf("%10" PRIu64 " ", c->of_feature[i][f]);
        }
    }
    printf("\n%" PRIu64 " differences\n", r->findings);
}

int main(int argc, char **argv)
{
    static run r;

    if (!diff_options_read(&r.options, argc, argv)) {
        return 2;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (!add_engines(&r)) {
        return SKIPPED;
    }
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 0); /* tables are made by the thousand */
    }
    const uint64_t end = r.options.first + r.options.queries;
    bool going = true;
    for (r.number = r.options.first / QUERIES_A_RUN * QUERIES_A_RUN;
         going && r.number < end && r.findings < r.options.findings; r.number++) {
        going = step(&r, r.number >= r.options.first);
    }
    diff_session_unload(&r.session);
    show_counts(&r);
    for (int i = 0; i < r.session.engine_count; i++) {
        diff_answer_deinit(&r.session.answers[i]);
    }
    mu_arena_deinit(&r.arena);
    return r.findings > 0 || !going;
}
