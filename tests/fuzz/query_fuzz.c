/*
 * query_fuzz.c - queries that are SQL, or nearly. The bytes are the decisions of the generator of
 * tests/diff, after a few that say what becomes of its text: tokens dropped, doubled and exchanged,
 * values of other types, parentheses by the hundred.
 *
 *   u8     how many changes, of which so many are made as there is room for
 *   u8[8]  how: the decisions of the changes
 *   then those of the query
 */
#include "tests/diff/make.h"
#include "tests/diff/print.h"
#include "tests/fuzz/fuzz.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAD = 9,
    MOST_CHANGES = 4,
    MOST_TOKENS = 4000,
    MOST_ROWS = 20, /* of a table */
    DEEP = 300,
    TABLES_SEED = 3,
    BUDGET = 120
};

typedef struct tokens {
    mu_arena *arena;
    const char *token[MOST_TOKENS];
    int count;
} tokens;

/* How many bytes the token has that the text begins with. */
static size_t size_of(const char *sql)
{
    static const char *const signs[] = {"<>", "<=", ">=", "||", "::"};
    size_t size = 0;

    if (*sql == '\'') {
        size = strcspn(sql + 1, "'") + 1;
        return size + (sql[size] == '\'');
    }
    while (isalnum((unsigned char)sql[size]) || sql[size] == '_' || sql[size] == '.') {
        size++;
    }
    for (size_t i = 0; size == 0 && i < sizeof signs / sizeof signs[0]; i++) {
        size = strncmp(sql, signs[i], 2) == 0 ? 2 : 0;
    }
    return size > 0 ? size : 1;
}

/* Words, numbers, texts in quotes, signs; what is past the last that fits is left out. */
static void split(tokens *t, const char *sql)
{
    while (*sql && t->count < MOST_TOKENS) {
        if (isspace((unsigned char)*sql)) {
            sql++;
            continue;
        }
        const size_t size = size_of(sql);
        t->token[t->count++] = mu_arena_text(t->arena, sql, size);
        sql += size;
    }
}

static const char *join(const tokens *t)
{
    diff_out out = {.arena = t->arena};

    for (int i = 0; i < t->count; i++) {
        diff_put(&out, "%s ", t->token[i] ? t->token[i] : "");
    }
    return out.text ? out.text : "";
}

static const char *in_parentheses(mu_arena *arena, const char *token, unsigned depth)
{
    diff_out out = {.arena = arena};

    for (unsigned i = 0; i < depth; i++) {
        diff_put(&out, "(");
    }
    diff_put(&out, "%s", token ? token : "1");
    for (unsigned i = 0; i < depth; i++) {
        diff_put(&out, ")");
    }
    return out.text ? out.text : "";
}

static void change(tokens *t, diff_random *random)
{
    static const char *const values[] = {"NULL",
                                         "''",
                                         "1e308",
                                         "-9223372036854775808",
                                         "DATE '0001-01-01'",
                                         "INTERVAL '9999 years'",
                                         "0.000000000000000001",
                                         "true",
                                         "*",
                                         "(SELECT 1)"};
    const int at = (int)diff_below(random, (unsigned)t->count);
    const int other = (int)diff_below(random, (unsigned)t->count);
    const char *token = t->token[at];

    switch (diff_below(random, 6)) {
    case 0:
        t->token[at] = NULL;
        break;
    case 1:
        t->token[at] = t->token[other];
        t->token[other] = token;
        break;
    case 2:
        t->token[at] = t->token[other];
        break;
    case 3:
        t->token[at] = values[diff_below(random, sizeof values / sizeof values[0])];
        break;
    case 4:
        t->token[at] = in_parentheses(t->arena, token, 1 + diff_below(random, DEEP));
        break;
    default:
        t->count = at + 1;
        break;
    }
}

/* The database, the same for all calls. */

static struct {
    mu_arena arena;
    diff_catalog catalog;
    muster *db;
    muster_connection *connection;
} state;

static void close_database(void)
{
    muster_disconnect(state.connection);
    muster_close(state.db);
    mu_arena_deinit(&state.arena);
}

static void open_database(void)
{
    diff_random random = diff_random_of(TABLES_SEED, 0);
    muster_error err = {0};

    (void)mu_fuzz_directory();
    const muster_options options = {
        .size = sizeof options, .threads = 1, .memory_limit = UINT64_C(1) << 30};
    if (muster_open(NULL, &options, &state.db, &err) != MUSTER_OK ||
        muster_connect(state.db, &state.connection, &err) != MUSTER_OK) {
        abort();
    }
    (void)atexit(close_database);
    diff_catalog_make(&state.catalog, &state.arena, &random, true);
    for (int i = 0; i < state.catalog.base; i++) {
        diff_relation *relation = state.catalog.relations[i];
        mu_fuzz_run_sql(state.connection, diff_print_create(&state.arena, DIALECT_MUSTER, relation),
                        true);
        if (relation->row_count > MOST_ROWS) {
            relation->row_count = MOST_ROWS;
        }
        if (relation->row_count > 0) {
            mu_fuzz_run_sql(
                state.connection,
                diff_print_rows(&state.arena, DIALECT_MUSTER, relation, 0, relation->row_count),
                true);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mu_arena arena = {0};

    if (!state.db) {
        open_database();
    }
    if (size <= HEAD) {
        return 0;
    }
    diff_random decisions = diff_random_of_bytes(data + HEAD, size - HEAD);
    diff_random changes = diff_random_of_bytes(data + 1, HEAD - 1);
    diff_maker maker = {.arena = &arena,
                        .random = &decisions,
                        .catalog = &state.catalog,
                        .features = diff_features_all(),
                        .budget = BUDGET};
    tokens t = {.arena = &arena};
    split(&t, diff_print(&arena, DIALECT_MUSTER, diff_make_query(&maker, 3, true)));
    for (unsigned i = data[0] % (MOST_CHANGES + 1); i > 0; i--) {
        change(&t, &changes);
    }
    mu_fuzz_run_sql(state.connection, join(&t), false);
    mu_arena_deinit(&arena);
    return 0;
}
