/*
 * session.c - see session.h.
 */
#include "tests/diff/session.h"

#include "tests/diff/print.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_A_STATEMENT = 100
};

/* Errors of one engine that are no fault of another, each with its reason. */
static const struct {
    diff_dialect dialect;
    const char *part, *reason;
} known[] = {
    {DIALECT_DUCKDB, "Could not cast value", "its decimals lose their room sooner"},
    {DIALECT_DUCKDB, "Not implemented Error", "it says itself that it has not all joins"},
    {DIALECT_DUCKDB, "must appear in the GROUP BY clause",
     "it rewrites NOT (a = b) before it looks for the key a = b"},
    {DIALECT_DUCKDB, "not allowed in window definitions", "nor in a query that is in one"},
    {DIALECT_SQLITE, "misuse of aggregate", "one in ORDER BY alone makes no groups there"},
    {DIALECT_DUCKDB, "INTERNAL Error", "a bug of it"},
    {DIALECT_DUCKDB, "must appear in the argument list", "two equal queries are not to it"},
    {DIALECT_DUCKDB, "Cannot copy BoundSubqueryExpression", "another, of queries in windows"},
};

const char *diff_known(diff_dialect dialect, const char *message)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].dialect == dialect && strstr(message, known[i].part)) {
            return known[i].reason;
        }
    }
    return NULL;
}

static bool run(diff_session *s, int engine, const char *sql)
{
    diff_engine *e = &s->engines[engine];

    diff_answer_clear(&s->answers[engine], OUTCOME_ROWS);
    e->run(e, sql, NULL, 0, &s->answers[engine]);
    return s->answers[engine].outcome == OUTCOME_ROWS;
}

static bool load_relation(diff_session *s, int engine, const diff_relation *relation)
{
    const diff_dialect dialect = s->engines[engine].dialect;
    mu_arena arena = {0};
    const char *create = diff_print_create(&arena, dialect, relation);
    bool done = !create || run(s, engine, create);

    for (int i = 0; relation->rows && done && i < relation->row_count; i += ROWS_A_STATEMENT) {
        const int left = relation->row_count - i;
        done = run(s, engine,
                   diff_print_rows(&arena, dialect, relation, i,
                                   left < ROWS_A_STATEMENT ? left : ROWS_A_STATEMENT));
    }
    mu_arena_deinit(&arena);
    return done;
}

static bool load_engine(diff_session *s, int engine)
{
    mu_arena arena = {0};
    bool done = true;

    for (int i = 0; done && i < s->catalog->count; i++) {
        const diff_relation *relation = s->catalog->relations[i];
        done =
            (i >= s->catalog->base && !relation->elsewhere) || load_relation(s, engine, relation);
    }
    for (int i = 0; done && i < s->statement_count; i++) {
        const char *sql = diff_print(&arena, s->engines[engine].dialect, s->statements[i]);
        done = sql && run(s, engine, sql);
    }
    mu_arena_deinit(&arena);
    return done;
}

bool diff_session_load(diff_session *s)
{
    bool done = true;

    diff_session_unload(s);
    s->loaded = true;
    for (int i = 0; i < s->engine_count; i++) {
        diff_engine *e = &s->engines[i];
        diff_answer_clear(&s->answers[i], OUTCOME_ROWS);
        done = e->open(e, &s->answers[i]) && done;
    }
    for (int i = 0; done && i < s->engine_count; i++) {
        done = s->engines[i].shared || load_engine(s, i);
    }
    return done;
}

void diff_session_unload(diff_session *s)
{
    for (int i = s->engine_count; s->loaded && i-- > 0;) {
        s->engines[i].close(&s->engines[i]);
    }
    s->loaded = false;
}

bool diff_session_restart(diff_session *s)
{
    bool done = true;

    for (int i = 0; done && i < s->engine_count; i++) {
        diff_engine *e = &s->engines[i];
        diff_answer_clear(&s->answers[i], OUTCOME_ROWS);
        done = !e->restart || e->restart(e, &s->answers[i]);
    }
    return done;
}

static int columns_of(const diff_node *tree, const diff_node **columns)
{
    return diff_is_query(tree) ? diff_columns(tree, columns, ANSWER_COLUMNS) : 0;
}

void diff_session_ask(diff_session *s, int engine, const diff_node *tree)
{
    const diff_node *columns[ANSWER_COLUMNS];
    const int count = columns_of(tree, columns);
    diff_engine *e = &s->engines[engine];
    diff_answer *answer = &s->answers[engine];
    mu_arena arena = {0};

    diff_answer_clear(answer, OUTCOME_ROWS);
    const char *sql = diff_print(&arena, e->dialect, tree);
    if (!sql || (count == 0 && e->shared)) {
        answer->outcome = OUTCOME_NOT_ASKED;
    } else {
        e->run(e, sql, columns, count, answer);
    }
    mu_arena_deinit(&arena);
}

/* The words of a message, without what it quotes and counts. */
static void summarise(const char *message, char *out, size_t room)
{
    bool quoted = false;
    size_t used = 0;

    for (; *message && used + 1 < room; message++) {
        quoted ^= *message == '"';
        if (!quoted && !isdigit((unsigned char)*message)) {
            out[used++] = *message;
        }
    }
    out[used] = '\0';
}

static bool is_explained(diff_session *s, int engine)
{
    const diff_answer *answer = &s->answers[engine];
    const bool explained =
        answer->outcome == OUTCOME_ERROR && diff_known(s->engines[engine].dialect, answer->message);

    s->counts.explained += explained;
    return explained;
}

static bool agree(diff_session *s, int one, int other, const diff_node *tree, diff_finding *finding)
{
    const diff_node *columns[ANSWER_COLUMNS];
    diff_answer *a = &s->answers[one], *b = &s->answers[other];

    columns_of(tree, columns);
    *finding = (diff_finding){.one = one, .other = other, .row = -1};
    if (a->outcome != b->outcome) {
        summarise(a->outcome == OUTCOME_ERROR ? a->message : b->message, finding->message,
                  sizeof finding->message);
        return is_explained(s, one) || is_explained(s, other);
    }
    if (a->outcome == OUTCOME_ERROR) {
        return true;
    }
    s->counts.compared++;
    return diff_answer_same(a, b, columns, diff_is_ordered(tree), &finding->row);
}

static void count(diff_session *s, int engine, diff_features features)
{
    s->counts.of_engine[engine]++;
    s->counts.errors[engine] += s->answers[engine].outcome == OUTCOME_ERROR;
    for (int f = 0; f < DIFF_FEATURE_COUNT; f++) {
        s->counts.of_feature[engine][f] += (features & diff_bit((diff_feature)f)) != 0;
    }
}

bool diff_session_agree(diff_session *s, const diff_node *tree, diff_finding *finding)
{
    const diff_features features = diff_features_in(tree);
    int first = -1;

    for (int i = 0; i < s->engine_count; i++) {
        diff_session_ask(s, i, tree);
        const diff_outcome outcome = s->answers[i].outcome;
        s->counts.too_long += outcome == OUTCOME_TOO_LONG;
        if (outcome == OUTCOME_TOO_LONG) {
            return true; /* nor are the others asked */
        }
        if (outcome == OUTCOME_NOT_ASKED) {
            continue;
        }
        count(s, i, features);
        if (first < 0) {
            first = i;
            s->counts.rows += (uint64_t)s->answers[i].rows;
            s->counts.empty += s->answers[i].rows == 0;
        } else if (!agree(s, first, i, tree, finding)) {
            return false;
        }
    }
    return true;
}

/* Whether a table is spoken of: only those that are need to be shown. */
static bool is_in(const diff_node *node, const char *name)
{
    if (!node) {
        return false;
    }
    if (node->name && strcmp(node->name, name) == 0) {
        return true;
    }
    for (int i = 0; i < node->count; i++) {
        if (is_in(node->child[i], name)) {
            return true;
        }
    }
    return false;
}

static bool is_needed(const diff_session *s, const diff_node *tree, const char *name)
{
    bool needed = is_in(tree, name);

    for (int i = 0; i < s->statement_count; i++) {
        needed = needed || is_in(s->statements[i], name);
    }
    return needed;
}

static void show_script(FILE *out, diff_session *s, diff_dialect dialect, const diff_node *tree)
{
    mu_arena arena = {0};

    for (int i = 0; i < s->catalog->count; i++) {
        const diff_relation *relation = s->catalog->relations[i];
        const bool events = relation->partition && is_needed(s, tree, "customers");
        if ((i >= s->catalog->base && !relation->elsewhere) ||
            (!events && !is_needed(s, tree, relation->name))) {
            continue;
        }
        const char *create = diff_print_create(&arena, dialect, relation);
        if (create) {
            (void)fprintf(out, "%s;\n", create);
        }
        if (relation->rows && relation->row_count > 0) {
            (void)fprintf(out, "%s;\n",
                          diff_print_rows(&arena, dialect, relation, 0, relation->row_count));
        }
    }
    for (int i = 0; i < s->statement_count; i++) {
        const char *sql = diff_print(&arena, dialect, s->statements[i]);
        (void)fprintf(out, "%s;\n", sql ? sql : "-- no words for a statement");
    }
    const char *sql = diff_print(&arena, dialect, tree);
    (void)fprintf(out, "%s;\n", sql ? sql : "-- no words for the query");
    mu_arena_deinit(&arena);
}

void diff_session_show(FILE *out, diff_session *s, const diff_node *tree,
                       const diff_finding *finding)
{
    bool shown[DIALECT_COUNT] = {false};

    for (int i = 0; i < s->engine_count; i++) {
        const diff_engine *e = &s->engines[i];
        if (shown[e->dialect] || s->answers[i].outcome == OUTCOME_NOT_ASKED) {
            continue;
        }
        shown[e->dialect] = true;
        (void)fprintf(out, "-- in the dialect of %s\n", e->name);
        show_script(out, s, e->dialect, tree);
    }
    for (int i = 0; i < s->engine_count; i++) {
        char who[80];
        (void)snprintf(who, sizeof who, "%s%s", s->engines[i].name,
                       s->engines[i].shared ? ", with other threads" : "");
        diff_answer_show(out, who, &s->answers[i], finding->row > 0 ? finding->row : 0);
    }
}
