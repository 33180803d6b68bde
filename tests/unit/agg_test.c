/*
 * agg_test.c - aggregates over random rows, spread over threads and merged in any order, against a
 * list of all values.
 */
#include "query/agg.h"

#include "storage/base/mem.h"
#include "tests/support/expr.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

enum {
    GROUPS = 5,
    THREADS = 3,
    MOST_ROWS = 2000
};

typedef struct event {
    mu_value value, key;
    uint32_t group;
    bool live;
} event;

static uint64_t seed;
static event events[MOST_ROWS];
static uint32_t event_count;

static uint32_t below(uint32_t bound)
{
    return (uint32_t)test_random_below(&seed, bound);
}

static mu_value random_value(mu_type type, uint32_t distinct)
{
    static char texts[64][8];
    mu_value value = {.type = type, .null = below(6) == 0};
    const uint32_t i = below(distinct);

    switch (mu_type_form(type)) {
    case MU_FORM_BITS:
        value.i64 = i % 2;
        break;
    case MU_FORM_I64:
        value.i64 = (int64_t)i * 7 - 20;
        break;
    case MU_FORM_F64:
        value.f64 = (double)i / 4 - 3;
        break;
    case MU_FORM_CODE:
        (void)snprintf(texts[i % 64], sizeof texts[0], "t%u", i % 64);
        value.text = (mu_text){texts[i % 64], (uint32_t)strlen(texts[i % 64])};
        break;
    case MU_FORM_ORDINAL:
        value.ordinal = i;
        break;
    }
    return value;
}

/* The oracle: values of a group that count, in order, and once each if distinct. */

static int compare(const void *a, const void *b)
{
    return mu_value_compare(a, b);
}

static uint32_t values_of(uint32_t group, bool distinct, mu_value *out)
{
    uint32_t count = 0, kept = 0;

    for (uint32_t i = 0; i < event_count; i++) {
        if (events[i].live && events[i].group == group && !events[i].value.null) {
            out[count++] = events[i].value;
        }
    }
    if (count > 0) {
        qsort(out, count, sizeof *out, compare);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!distinct || i == 0 || mu_value_compare(&out[i - 1], &out[i]) != 0) {
            out[kept++] = out[i];
        }
    }
    return kept;
}

static double number(const mu_value *value)
{
    return value->type.kind == MU_DOUBLE    ? value->f64
           : value->type.kind == MU_DECIMAL ? (double)value->i64 / 100
                                            : (double)value->i64;
}

static double sum_of(const mu_value *values, uint32_t count)
{
    double sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        sum += number(&values[i]);
    }
    return sum;
}

static double variance_of(const mu_value *values, uint32_t count, double divisor)
{
    const double mean = sum_of(values, count) / count;
    double squares = 0;

    for (uint32_t i = 0; i < count; i++) {
        squares += (number(&values[i]) - mean) * (number(&values[i]) - mean);
    }
    return squares / divisor;
}

static double quantile_of(const mu_value *values, uint32_t count, double fraction)
{
    const double place = fraction * (count - 1);
    const uint32_t at = (uint32_t)place;
    const double low = number(&values[at]);

    return at + 1 < count ? low + (number(&values[at + 1]) - low) * (place - at) : low;
}

/* The value with the smallest or largest key, of equals the smaller one. */
static mu_value picked(uint32_t group, bool largest)
{
    const event *best = NULL;

    for (uint32_t i = 0; i < event_count; i++) {
        const event *e = &events[i];
        if (!e->live || e->group != group || e->value.null || e->key.null) {
            continue;
        }
        const int order = best ? mu_value_compare(&e->key, &best->key) : 0;
        if (!best || (largest ? order > 0 : order < 0) ||
            (order == 0 && mu_value_compare(&e->value, &best->value) < 0)) {
            best = e;
        }
    }
    return best ? best->value : mu_value_null(events[0].value.type);
}

static mu_value bigint(int64_t number_)
{
    return (mu_value){.type = mu_type_of_letter('i'), .i64 = number_};
}

static mu_value as_double(double number_, bool null)
{
    return (mu_value){.type = mu_type_of_letter('f'), .f64 = number_, .null = null};
}

static mu_value sum_wanted(const mu_value *values, uint32_t count, mu_type type)
{
    mu_value wanted = {.type = type, .null = count == 0};

    for (uint32_t i = 0; i < count; i++) {
        if (type.kind == MU_DOUBLE) {
            wanted.f64 += values[i].f64;
        } else {
            wanted.i64 += values[i].i64;
        }
    }
    return wanted;
}

static mu_value oracle(const mu_agg_call *call, uint32_t group)
{
    static mu_value values[MOST_ROWS];
    const char *name = mu_agg_name(call->agg);
    const uint32_t count = values_of(group, call->distinct, values);
    const mu_value null = mu_value_null(call->type);

    if (strcmp(name, "count") == 0) {
        return bigint(count);
    }
    if (strcmp(name, "sum") == 0) {
        return sum_wanted(values, count, call->type);
    }
    if (strcmp(name, "avg") == 0) {
        return as_double(sum_of(values, count) / count, count == 0);
    }
    if (strcmp(name, "min") == 0 || strcmp(name, "any_value") == 0) {
        return count > 0 ? values[0] : null;
    }
    if (strcmp(name, "max") == 0) {
        return count > 0 ? values[count - 1] : null;
    }
    if (strcmp(name, "median") == 0 || strcmp(name, "quantile") == 0) {
        const double fraction = call->arg_count > 1 ? call->args[1]->value.f64 : 0.5;
        return as_double(count > 0 ? quantile_of(values, count, fraction) : 0, count == 0);
    }
    if (strcmp(name, "var_pop") == 0) {
        return as_double(variance_of(values, count, count), count == 0);
    }
    if (strcmp(name, "stddev") == 0) {
        return as_double(sqrt(variance_of(values, count, count - 1.0)), count < 2);
    }
    return picked(group, strcmp(name, "last") == 0 || strcmp(name, "arg_max") == 0);
}

/* What is tested. */

static bool close_to(const mu_value *a, const mu_value *b)
{
    if (a->null || b->null) {
        return a->null == b->null;
    }
    if (a->type.kind == MU_DOUBLE) {
        return fabs(a->f64 - b->f64) <= 1e-9 * (1 + fabs(b->f64));
    }
    return mu_value_compare(a, b) == 0;
}

/* Gives a thread some of the events, in batches. `groups`: its own numbers of the groups. */
static void update(mu_agg_states *states, const mu_agg_call *call, uint32_t thread,
                   const uint32_t *groups)
{
    for (uint32_t first = thread; first < event_count;) {
        test_vector values = test_vector_new(events[0].value.type);
        test_vector keys = test_vector_new(events[0].key.type);
        uint64_t live[MU_BATCH_WORDS] = {0};
        uint32_t numbers[MU_BATCH_ROWS];
        uint32_t rows = 0;
        const uint32_t most = 1 + below(MU_BATCH_ROWS);
        for (; first < event_count && rows < most; first += THREADS, rows++) {
            test_vector_set(&values, rows, &events[first].value);
            test_vector_set(&keys, rows, &events[first].key);
            numbers[rows] = groups ? groups[events[first].group] : 0;
            if (events[first].live) {
                mu_bits_set(live, rows);
            }
        }
        const mu_vector key_vector = test_vector_done(&keys, rows, true);
        const mu_vector args[2] = {test_vector_done(&values, rows, below(2)), key_vector};
        const mu_vector constant = {.type = mu_type_of_letter('f'), .data = events};
        const mu_vector with_constant[2] = {args[0], constant};
        const bool fraction = strcmp(mu_agg_name(call->agg), "quantile") == 0;
        assert_ok(mu_agg_update(states, fraction ? with_constant : args,
                                call->order ? &key_vector : NULL, live, rows,
                                groups ? numbers : NULL, &test_error));
    }
}

static void check_call(const mu_agg_call *call, bool grouped)
{
    const uint32_t groups = grouped ? GROUPS : 1;
    mu_agg_states *threads[THREADS], *all;
    uint32_t shift[THREADS];

    assert_ok(mu_agg_open(call, &all, &test_error));
    assert_ok(mu_agg_grow(all, groups, &test_error));
    for (uint32_t t = 0; t < THREADS; t++) {
        uint32_t numbers[GROUPS];
        shift[t] = below(groups);
        for (uint32_t g = 0; g < groups; g++) {
            numbers[g] = (g + shift[t]) % groups;
        }
        assert_ok(mu_agg_open(call, &threads[t], &test_error));
        assert_ok(mu_agg_grow(threads[t], groups, &test_error));
        update(threads[t], call, t, grouped ? numbers : NULL);
    }
    const uint32_t first = below(THREADS);
    for (uint32_t i = 0; i < THREADS; i++) {
        const uint32_t t = (first + i) % THREADS;
        uint32_t map[GROUPS];
        for (uint32_t g = 0; g < groups; g++) {
            map[(g + shift[t]) % groups] = g;
        }
        assert_ok(mu_agg_merge(all, threads[t], map, groups, &test_error));
    }
    for (uint32_t g = 0; g < groups; g++) {
        const mu_value wanted = oracle(call, g);
        mu_value found;
        assert_ok(mu_agg_result(all, g, &found, &test_error));
        if (!close_to(&found, &wanted)) {
            fail_msg("%s%s of group %u is %s, not %s", mu_agg_name(call->agg),
                     call->distinct ? " distinct" : "", g, test_show(&found), test_show(&wanted));
        }
    }
    for (uint32_t t = 0; t < THREADS; t++) {
        mu_agg_close(threads[t]);
    }
    mu_agg_close(all);
}

static void random_events(const char *value_type, uint32_t distinct, bool grouped)
{
    const mu_type type = value_type[0] == 'n'   ? mu_type_decimal(12, 2)
                         : value_type[0] == 'c' ? (mu_type){.kind = MU_CUSTOMER}
                                                : mu_type_of_letter(value_type[0]);

    event_count = below(4) == 0 ? below(8) : below(MOST_ROWS);
    events[0].value.type = type;
    events[0].key.type = mu_type_of_letter('s');
    for (uint32_t i = 0; i < event_count; i++) {
        events[i] = (event){.value = random_value(type, distinct),
                            .key = random_value(mu_type_of_letter('s'), 30),
                            .group = grouped ? below(GROUPS - 1) : 0, /* the last stays empty */
                            .live = below(5) > 0};
    }
}

static mu_agg_call make(const char *name, const mu_expr *const *args, uint32_t count, bool distinct)
{
    const mu_expr *time = test_column(1, mu_type_of_letter('s'));
    mu_agg_call call;

    assert_ok(mu_agg_call_make(test_scope(), name, args, count, distinct, NULL,
                               mu_agg_needs_order(name) ? time : NULL, 3, &call, &test_error));
    return call;
}

TEST(merged_states_give_what_a_list_of_all_values_gives)
{
    static const struct {
        const char *name;
        const char *types;
    } cases[] = {
        {"count", "infbtdsc"}, {"sum", "infv"},     {"avg", "inf"},    {"min", "infbtds"},
        {"max", "infbtds"},    {"any_value", "it"}, {"median", "inf"}, {"quantile", "inf"},
        {"var_pop", "f"},      {"stddev", "f"},     {"first", "itf"},  {"last", "itb"},
        {"arg_min", "it"},     {"arg_max", "ift"},
    };

    seed = test_seed();
    for (size_t i = 0; i < MU_COUNT(cases); i++) {
        for (const char *type = cases[i].types; *type; type++) {
            for (uint32_t turn = 0; turn < 8; turn++) {
                const bool pair = strncmp(cases[i].name, "arg", 3) == 0;
                const bool fraction = strcmp(cases[i].name, "quantile") == 0;
                random_events(type, turn < 4 ? 5 : 60, turn % 2);
                const mu_expr *const args[2] = {test_column(0, events[0].value.type),
                                                fraction ? test_const("f 0.3")
                                                         : test_column(1, mu_type_of_letter('s'))};
                mu_agg_call call =
                    make(cases[i].name, args, pair || fraction ? 2 : 1, turn % 4 > 1 && !fraction);
                check_call(&call, turn % 2);
                test_scope_end();
            }
        }
    }
}

TEST(sums_that_do_not_fit_are_errors)
{
    const mu_expr *const args[1] = {test_column(0, mu_type_of_letter('i'))};
    const mu_agg_call sum = make("sum", args, 1, false), average = make("avg", args, 1, false);
    const int64_t values[64] = {INT64_MAX, INT64_MAX, -1, 5};
    const mu_vector vector = {.type = mu_type_of_letter('i'), .data = values};
    const uint64_t two[MU_BATCH_WORDS] = {3};
    mu_agg_states *states;
    mu_value value;

    assert_ok(mu_agg_open(&sum, &states, &test_error));
    assert_ok(mu_agg_grow(states, 1, &test_error));
    assert_ok(mu_agg_update(states, &vector, NULL, two, 4, NULL, &test_error));
    assert_status(MUSTER_INVALID, mu_agg_result(states, 0, &value, &test_error));
    assert_message("the sum does not fit BIGINT");
    mu_agg_close(states);
    assert_ok(mu_agg_open(&average, &states, &test_error));
    assert_ok(mu_agg_grow(states, 1, &test_error));
    assert_ok(mu_agg_update(states, &vector, NULL, two, 4, NULL, &test_error));
    assert_ok(mu_agg_result(states, 0, &value, &test_error));
    assert_true(value.f64 == (double)INT64_MAX);
    mu_agg_close(states);
    test_scope_end();
}

TEST(doubles_are_summed_with_what_rounding_lost)
{
    const mu_expr *const args[1] = {test_column(0, mu_type_of_letter('f'))};
    const mu_agg_call sum = make("sum", args, 1, false);
    const double values[64] = {1e16, 1, 1, -1e16};
    const mu_vector vector = {.type = mu_type_of_letter('f'), .data = values};
    const uint64_t live[MU_BATCH_WORDS] = {15};
    mu_agg_states *states;
    mu_value value;

    assert_ok(mu_agg_open(&sum, &states, &test_error));
    assert_ok(mu_agg_grow(states, 1, &test_error));
    assert_ok(mu_agg_update(states, &vector, NULL, live, 4, NULL, &test_error));
    assert_ok(mu_agg_result(states, 0, &value, &test_error));
    assert_true(value.f64 == 2);
    mu_agg_close(states);
    test_scope_end();
}

TEST(joined_texts_are_in_order)
{
    const mu_type text = mu_type_of_letter('t');
    const mu_value values[4] = {test_value("t pear"), test_value("t apple"), test_value("t NULL"),
                                test_value("t fig")};
    const mu_expr *const args[2] = {test_column(0, text), test_const("t , ")};
    const mu_agg_call call = make("string_agg", args, 2, false);
    test_vector vector = test_vector_new(text), separator = test_vector_new(text);
    const uint64_t live[MU_BATCH_WORDS] = {15};
    mu_agg_states *states;
    mu_value value;

    for (uint32_t i = 0; i < 4; i++) {
        test_vector_set(&vector, i, &values[i]);
        test_vector_set(&separator, i, &args[1]->value);
    }
    const mu_vector vectors[2] = {test_vector_done(&vector, 4, false),
                                  test_vector_done(&separator, 4, false)};
    assert_ok(mu_agg_open(&call, &states, &test_error));
    assert_ok(mu_agg_grow(states, 2, &test_error));
    assert_ok(mu_agg_update(states, vectors, NULL, live, 4, NULL, &test_error));
    assert_ok(mu_agg_result(states, 0, &value, &test_error));
    assert_string_equal(test_show(&value), "t apple, fig, pear");
    assert_ok(mu_agg_result(states, 1, &value, &test_error));
    assert_true(value.null);
    mu_agg_close(states);
    test_scope_end();
}

TEST(calls_that_cannot_be_say_why)
{
    const mu_expr *const text[2] = {test_column(0, mu_type_of_letter('t')),
                                    test_column(1, mu_type_of_letter('f'))};
    mu_agg_call call;

    assert_status(MUSTER_INVALID, mu_agg_call_make(test_scope(), "sum", text, 1, false, NULL, NULL,
                                                   3, &call, &test_error));
    assert_message("there is no \"sum\" of TEXT; CAST(x AS DOUBLE) makes a number of a text");
    assert_status(MUSTER_INVALID, mu_agg_call_make(test_scope(), "sum", text, 2, false, NULL, NULL,
                                                   3, &call, &test_error));
    assert_message("\"sum\" takes 1 argument, not 2");
    assert_status(MUSTER_INVALID, mu_agg_call_make(test_scope(), "meadian", text, 1, false, NULL,
                                                   NULL, 3, &call, &test_error));
    assert_message("no aggregate \"meadian\"; did you mean \"median\"?");
    assert_status(MUSTER_INVALID, mu_agg_call_make(test_scope(), "last", text, 1, false, NULL, NULL,
                                                   3, &call, &test_error));
    assert_message_has("goes by time");
    const mu_expr *const numbers[2] = {text[1], text[1]};
    assert_status(MUSTER_INVALID, mu_agg_call_make(test_scope(), "quantile", numbers, 2, false,
                                                   NULL, NULL, 3, &call, &test_error));
    assert_message_has("a constant from 0 to 1");
    test_scope_end();
}

TEST(an_empty_group_counts_nothing_and_has_no_sum)
{
    const mu_expr *const args[1] = {test_column(0, mu_type_of_letter('i'))};
    const mu_agg_call count = make("count", NULL, 0, false), sum = make("sum", args, 1, true);
    mu_agg_states *states;
    mu_value value;

    assert_ok(mu_agg_open(&count, &states, &test_error));
    assert_ok(mu_agg_grow(states, 1, &test_error));
    assert_ok(mu_agg_result(states, 0, &value, &test_error));
    assert_false(value.null);
    assert_int_equal(value.i64, 0);
    mu_agg_close(states);
    assert_ok(mu_agg_open(&sum, &states, &test_error));
    assert_ok(mu_agg_grow(states, 1, &test_error));
    assert_ok(mu_agg_result(states, 0, &value, &test_error));
    assert_true(value.null);
    mu_agg_close(states);
    test_scope_end();
}

TEST(states_can_be_used_again)
{
    const mu_type text = mu_type_of_letter('t');
    const mu_expr *const args[1] = {test_column(0, text)};
    const mu_agg_call call = make("count", args, 1, true);
    const uint64_t live[MU_BATCH_WORDS] = {3};
    mu_agg_states *states;
    mu_value value;

    assert_ok(mu_agg_open(&call, &states, &test_error));
    for (uint32_t turn = 0; turn < 3; turn++) {
        const mu_value values[2] = {test_value("t a"), test_value("t b")};
        test_vector vector = test_vector_new(text);
        test_vector_set(&vector, 0, &values[turn % 2]);
        test_vector_set(&vector, 1, &values[turn == 0]);
        const mu_vector column = test_vector_done(&vector, 2, true);
        assert_ok(mu_agg_grow(states, 1, &test_error));
        assert_ok(mu_agg_update(states, &column, NULL, live, 2, NULL, &test_error));
        assert_ok(mu_agg_result(states, 0, &value, &test_error));
        assert_int_equal(value.i64, turn < 2 ? 2 : 1);
        mu_agg_reset(states);
    }
    mu_agg_close(states);
    test_scope_end();
}

/* Every allocation in turn fails while two threads aggregate and are merged. */
static muster_status aggregate(const mu_agg_call *call, const mu_vector *column,
                               const uint64_t *live)
{
    const uint32_t map[2] = {1, 0};
    mu_agg_states *a = NULL, *b = NULL;
    muster_status status;
    mu_value value;

    MU_TRY_GOTO(mu_agg_open(call, &a, &test_error));
    MU_TRY_GOTO(mu_agg_open(call, &b, &test_error));
    MU_TRY_GOTO(mu_agg_grow(a, 2, &test_error));
    MU_TRY_GOTO(mu_agg_grow(b, 2, &test_error));
    MU_TRY_GOTO(mu_agg_update(a, column, NULL, live, 2, NULL, &test_error));
    MU_TRY_GOTO(mu_agg_merge(b, a, map, 2, &test_error));
    MU_TRY_GOTO(mu_agg_result(b, 1, &value, &test_error));
fail:
    mu_agg_close(a);
    mu_agg_close(b);
    return status;
}

TEST(running_out_of_memory_is_an_error_and_no_leak)
{
    static const char *const aggregates[] = {"count", "max", "min"};
    const mu_type text = mu_type_of_letter('t');
    const mu_value values[2] = {test_value("t a"), test_value("t b")};
    const mu_expr *const args[1] = {test_column(0, text)};
    const uint64_t live[MU_BATCH_WORDS] = {3};
    test_vector vector = test_vector_new(text);

    test_vector_set(&vector, 0, &values[0]);
    test_vector_set(&vector, 1, &values[1]);
    const mu_vector column = test_vector_done(&vector, 2, true);
    for (size_t i = 0; i < MU_COUNT(aggregates); i++) {
        const mu_agg_call call = make(aggregates[i], args, 1, true);
        muster_status status = MUSTER_NOMEM;
        for (uint64_t n = 0; status == MUSTER_NOMEM; n++) {
            mu_mem_fail_at(n, true);
            status = aggregate(&call, &column, live);
            mu_mem_fail_at(UINT64_MAX, false);
            assert_true(n < 1000);
        }
        assert_ok(status);
    }
    test_scope_end();
}
