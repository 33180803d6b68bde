/*
 * bind_call.c - calls: aggregates are put aside for the group node, predicates on people become
 * sets, the rest are functions of query/expr.h.
 */
#include "sql/bind.h"
#include "storage/zone.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Lists the names of arguments for an error: "steps, within, by". */
static void list_arguments(const mu_argument *wanted, uint32_t count, char *buffer, size_t size)
{
    size_t used = 0;

    buffer[0] = '\0';
    for (uint32_t i = 0; i < count && used < size; i++) {
        used +=
            (size_t)snprintf(buffer + used, size - used, "%s%s", i > 0 ? ", " : "", wanted[i].name);
    }
}

static muster_status fail_argument(const char *function, mu_ast_name name,
                                   const mu_argument *wanted, uint32_t count, muster_error *err)
{
    mu_nearest nearest = mu_nearest_of(mu_bind_text(name.text));
    char advice[160], list[256];

    if (count == 0) {
        return mu_fail_at(err, MUSTER_INVALID, name.offset,
                          "%s() has no argument \"%s\": its arguments have no names", function,
                          name.text);
    }
    for (uint32_t i = 0; i < count; i++) {
        mu_nearest_try(&nearest, mu_bind_text(wanted[i].name));
    }
    if (nearest.found) {
        return mu_fail_at(err, MUSTER_INVALID, name.offset, "%s() has no argument \"%s\"%s",
                          function, name.text, mu_bind_advice(&nearest, "", advice, sizeof advice));
    }
    list_arguments(wanted, count, list, sizeof list);
    return mu_fail_at(err, MUSTER_INVALID, name.offset, "%s() has no argument \"%s\"; it takes %s",
                      function, name.text, list);
}

/* An argument without a name, behind those that need none. */
static muster_status fail_position(const char *function, const mu_ast_item *operand,
                                   const mu_argument *wanted, uint32_t count, uint32_t positional,
                                   muster_error *err)
{
    char list[256];

    if (positional == count) {
        return mu_fail_at(err, MUSTER_INVALID, operand->expr->start,
                          "%s() takes %u arguments and no more", function, count);
    }
    list_arguments(wanted + positional, count - positional, list, sizeof list);
    return mu_fail_at(err, MUSTER_INVALID, operand->expr->start,
                      "argument %u of %s() needs its name before it, as in name => value; there "
                      "are %s",
                      positional + 1, function, list);
}

muster_status mu_bind_arguments(const char *function, const mu_ast_items *operands,
                                mu_argument *wanted, uint32_t count, uint32_t positional,
                                muster_error *err)
{
    for (uint32_t i = 0; i < operands->count; i++) {
        const mu_ast_item *operand = &operands->data[i];
        uint32_t found = 0;

        if (!operand->name.text && i < positional) {
            found = i;
        } else if (!operand->name.text) {
            return fail_position(function, operand, wanted, count, positional, err);
        } else {
            while (found < count && !mu_name_equal(wanted[found].name, operand->name.text)) {
                found++;
            }
            if (found == count) {
                return fail_argument(function, operand->name, wanted, count, err);
            }
        }
        if (wanted[found].value) {
            return mu_fail_at(err, MUSTER_INVALID, operand->expr->start,
                              "argument \"%s\" of %s() is given twice", wanted[found].name,
                              function);
        }
        wanted[found].value = operand->expr;
    }
    return MUSTER_OK;
}

/* The number of the call among those of the query; the same call is made once. */
static muster_status add_call(const mu_scope *scope, mu_calls *calls, const mu_agg_call *call,
                              uint32_t *index, muster_error *err)
{
    for (uint32_t i = 0; i < calls->count; i++) {
        if (mu_agg_call_equal(&calls->data[i], call)) {
            *index = i;
            return MUSTER_OK;
        }
    }
    if (calls->count == calls->capacity) {
        mu_agg_call *larger;
        const uint32_t capacity = calls->capacity == 0 ? 8 : calls->capacity * 2;
        MU_ARENA_TRY(larger, scope->arena, capacity, err);
        if (calls->count > 0) {
            memcpy(larger, calls->data, calls->count * sizeof *larger);
        }
        calls->data = larger;
        calls->capacity = capacity;
    }
    *index = calls->count;
    calls->data[calls->count++] = *call;
    return MUSTER_OK;
}

/* What an aggregate is called, once its ORDER BY and WITHIN GROUP are taken in. */
typedef struct ordering {
    const char *name;
    const mu_expr *key; /* or NULL */
    bool descending, nulls_first;
} ordering;

/* The TIME column, that first() and last() go by; no key for the others. */
static muster_status order_by_time(const mu_place *place, const mu_ast_expr *call, ordering *out,
                                   muster_error *err)
{
    const mu_relation *relation = place->relation;

    if (!mu_agg_needs_order(call->text)) {
        return MUSTER_OK;
    }
    if (relation->time_column == MU_NO_COLUMN) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset,
                          "%s() goes by the TIME column of a table, and there is none here; say "
                          "what it goes by, as in %s(x ORDER BY y)",
                          call->text, call->text);
    }
    return mu_expr_column(&place->binder->scope, relation->time_column,
                          relation->plan->columns[relation->time_column].type, call->offset,
                          &out->key, err);
}

/* What ORDER BY may not be there. */
static muster_status check_orders(const mu_ast_expr *call, muster_error *err)
{
    const mu_ast_order *orders = call->orders.data;
    const bool leaves_nulls = call->within || mu_agg_needs_order(call->text);

    if (!call->within && !mu_agg_may_order(call->text)) {
        return mu_fail_at(err, MUSTER_INVALID, orders->offset,
                          "%s() is the same in any order; ORDER BY belongs to first(), last() and "
                          "string_agg()",
                          call->text);
    }
    if (call->within && call->orders.count > 1) {
        return mu_fail_at(err, MUSTER_INVALID, orders[1].offset,
                          "%s() is ordered by one expression, not %u", call->text,
                          call->orders.count);
    }
    for (uint32_t i = 0; leaves_nulls && i < call->orders.count; i++) {
        if (orders[i].nulls != MU_AST_NULLS_DEFAULT) {
            return mu_fail_at(err, MUSTER_INVALID, orders[i].offset,
                              "%s() leaves NULLs out, so they are neither first nor last",
                              call->text);
        }
    }
    return MUSTER_OK;
}

/* f(x ORDER BY keys), or f(q) WITHIN GROUP (ORDER BY key). Several keys become one. */
static muster_status bind_ordering(const mu_place *inside, const mu_ast_expr *call, ordering *out,
                                   muster_error *err)
{
    const mu_scope *scope = &inside->binder->scope;
    const uint32_t count = call->orders.count;
    const bool picks = mu_agg_needs_order(call->text);
    mu_expr_key *keys;

    *out = (ordering){.name = call->text};
    if (count == 0) {
        return order_by_time(inside, call, out, err);
    }
    MU_TRY(check_orders(call, err));
    MU_ARENA_TRY(keys, scope->arena, count, err);
    for (uint32_t i = 0; i < count; i++) {
        const mu_ast_order *order = &call->orders.data[i];
        MU_TRY(mu_bind_expr(inside, order->expr, &keys[i].expr, err));
        keys[i].descending = order->descending;
        keys[i].nulls_first = order->nulls == MU_AST_NULLS_DEFAULT
                                  ? order->descending
                                  : order->nulls == MU_AST_NULLS_FIRST;
    }
    if (count > 1) {
        return mu_expr_order(scope, keys, count, picks, call->orders.data->offset, &out->key, err);
    }
    out->key = keys->expr;
    out->nulls_first = keys->nulls_first;
    if (picks && keys->descending) {
        out->name = mu_name_equal(call->text, "first") ? "last" : "first";
    } else {
        out->descending = keys->descending;
    }
    return MUSTER_OK;
}

/* The key of WITHIN GROUP is the first argument. */
static muster_status take_within(const mu_scope *scope, const mu_ast_expr *call,
                                 const mu_expr *const *args, uint32_t count, ordering *order,
                                 const mu_expr *const **out, muster_error *err)
{
    static const char *const names[] = {"percentile_cont", "percentile_disc", "mode"};
    const mu_expr **all;
    bool found = false;

    for (size_t i = 0; i < MU_COUNT(names); i++) {
        found |= mu_name_equal(call->text, names[i]);
    }
    if (!found) {
        return mu_fail_at(
            err, MUSTER_INVALID, call->offset,
            "WITHIN GROUP belongs to percentile_cont(), percentile_disc() and mode()");
    }
    MU_ARENA_TRY(all, scope->arena, count + 1, err);
    all[0] = order->key;
    if (count > 0) {
        memcpy(&all[1], args, count * sizeof *args);
    }
    order->key = NULL;
    *out = all;
    return MUSTER_OK;
}

muster_status mu_bind_aggregate(const mu_place *inside, const mu_ast_expr *call, mu_agg_call *out,
                                muster_error *err)
{
    const mu_scope *scope = &inside->binder->scope;
    const mu_ast_items *operands = &call->operands;
    const bool star = operands->count == 1 && operands->data[0].expr->kind == MU_AST_STAR;
    const mu_expr *const *args = NULL, *filter = NULL;
    uint32_t count = star ? 0 : operands->count;
    ordering order;

    if (star && !mu_name_equal(call->text, "count")) {
        return mu_fail_at(err, MUSTER_INVALID, operands->data[0].expr->offset,
                          "only count(*) takes \"*\"; %s() takes a column", call->text);
    }
    if (count > 0) {
        MU_TRY(mu_bind_operands(inside, operands, &args, err));
    }
    if (call->filter) {
        MU_TRY(mu_bind_condition(inside, call->filter, "FILTER", &filter, err));
    }
    MU_TRY(bind_ordering(inside, call, &order, err));
    if (call->within) {
        MU_TRY(take_within(scope, call, args, count++, &order, &args, err));
    }
    MU_TRY(mu_agg_call_make(scope, order.name, args, count, call->distinct, filter, order.key,
                            call->offset, out, err));
    out->descending = order.descending;
    out->nulls_first = order.nulls_first;
    return MUSTER_OK;
}

/* Why an aggregate may not stand there, and where it may. */
static const char *explain_clause(const char *clause)
{
    static const char *const reasons[][2] = {
        {"WHERE", "conditions on groups stand in HAVING"},
        {"GROUP BY", "groups are made before aggregates"},
        {"another aggregate", "make the inner one a column of a query in FROM"},
    };

    for (size_t i = 0; i < MU_COUNT(reasons); i++) {
        if (strcmp(clause, reasons[i][0]) == 0) {
            return reasons[i][1];
        }
    }
    return "aggregates stand in SELECT, HAVING and ORDER BY";
}

static muster_status bind_aggregate(const mu_place *place, const mu_ast_expr *call,
                                    const mu_expr **out, muster_error *err)
{
    const mu_scope *scope = &place->binder->scope;
    mu_place inside = *place;
    mu_agg_call bound;
    uint32_t index = 0;

    if (!place->calls) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset, "%s() may not stand in %s: %s",
                          call->text, place->clause, explain_clause(place->clause));
    }
    inside.calls = NULL;
    inside.windows = NULL;
    inside.clause = "another aggregate";
    MU_TRY(mu_bind_aggregate(&inside, call, &bound, err));
    MU_TRY(add_call(scope, place->calls, &bound, &index, err));
    return mu_expr_column(scope, place->relation->plan->column_count + index, bound.type,
                          call->offset, out, err);
}

/* Sets made of the same words are one set: it is run once, and a condition on it can be found among
 * the keys of a group. Nothing in it is about the row, so the words say all. So are measures. */

static mu_bound_set words_of(const mu_binder *binder, int32_t start, int32_t end)
{
    const mu_common_scope *common = binder->common;

    return (mu_bound_set){.text = {binder->text + start, (uint32_t)(end - start)},
                          .commons = common ? common->commons : NULL,
                          .visible = common ? common->visible : 0};
}

static const mu_bound_set *find_bound(const mu_binder *binder, const mu_bound_set *words)
{
    for (const mu_bound_set *s = binder->sets; s; s = s->next) {
        if (s->commons == words->commons && s->visible == words->visible &&
            mu_text_equal(s->text, words->text)) {
            return s;
        }
    }
    return NULL;
}

static muster_status keep_bound(mu_binder *binder, const mu_bound_set *bound, muster_error *err)
{
    mu_bound_set *kept;

    if (binder->parameters.by_place) {
        return MUSTER_OK; /* the same words again may be about other values */
    }
    MU_ARENA_TRY(kept, binder->scope.arena, 1, err);
    *kept = *bound;
    kept->next = binder->sets;
    binder->sets = kept;
    return MUSTER_OK;
}

/* The customer of the row, for a predicate on people. */
static muster_status bind_customer(const mu_place *place, const mu_ast_expr *call,
                                   const mu_expr **out, muster_error *err)
{
    const mu_relation *relation = place->relation;

    if (relation->customer_column == MU_NO_COLUMN) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset,
                          "%s() asks about customers, and %s%s%s has no column of them", call->text,
                          relation->name ? "\"" : "what is read here",
                          relation->name ? relation->name : "", relation->name ? "\"" : "");
    }
    return mu_expr_column(&place->binder->scope, relation->customer_column,
                          relation->plan->columns[relation->customer_column].type, call->offset,
                          out, err);
}

/* has_tag('name' [, 'value', ...]) */
static muster_status bind_has_tag(const mu_place *place, const mu_ast_expr *call,
                                  const mu_set **out, muster_error *err)
{
    mu_binder *binder = place->binder;
    const uint32_t count = call->operands.count, unknown = binder->unknown;
    mu_text *texts;

    if (count == 0) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset,
                          "has_tag() takes the name of a tag, and values of it if you like");
    }
    MU_ARENA_TRY(texts, binder->scope.arena, count, err);
    for (uint32_t i = 0; i < count; i++) {
        const mu_ast_item *operand = &call->operands.data[i];
        mu_value value;
        if (operand->name.text) {
            return mu_fail_at(err, MUSTER_INVALID, operand->name.offset,
                              "has_tag() takes the name of a tag and its values, no argument "
                              "\"%s\"",
                              operand->name.text);
        }
        MU_TRY(mu_bind_constant(binder, operand->expr, (mu_type){.kind = MU_TEXT}, "has_tag()",
                                &value, err));
        if (value.null) {
            return mu_fail_at(err, MUSTER_INVALID, operand->expr->offset,
                              "has_tag() takes texts, not NULL");
        }
        texts[i] = value.text;
        if (i == 0 && binder->unknown > unknown) {
            return mu_set_list(&binder->scope, NULL, 0, out, err);
        }
    }
    const mu_tag *tag;
    MU_TRY(
        mu_set_find_tag(&binder->scope, texts[0], call->operands.data[0].expr->offset, &tag, err));
    return mu_set_tag(&binder->scope, tag, texts + 1, count - 1, out, err);
}

/* in_audience('name' [, version]) */
static muster_status bind_in_audience(const mu_place *place, const mu_ast_expr *call,
                                      const mu_set **out, muster_error *err)
{
    mu_binder *binder = place->binder;
    mu_argument given[] = {{"name", NULL}, {"version", NULL}};
    const mu_type text = {.kind = MU_TEXT};
    const uint32_t unknown = binder->unknown;
    uint64_t version = 0;
    mu_value name = {.null = true};
    const mu_tag *audience;

    MU_TRY(mu_bind_arguments("in_audience", &call->operands, given, MU_COUNT(given),
                             MU_COUNT(given), err));
    if (given[0].value) {
        MU_TRY(mu_bind_constant(binder, given[0].value, text, "in_audience()", &name, err));
    }
    if (name.null) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset,
                          "in_audience() takes the name of an audience, and a version of it if "
                          "you like");
    }
    if (binder->unknown > unknown) {
        return mu_set_list(&binder->scope, NULL, 0, out, err);
    }
    const int32_t offset = given[0].value->offset;
    MU_TRY(mu_set_find_audience(&binder->scope, name.text, 0, offset, &audience, err));
    if (given[1].value) {
        MU_TRY(mu_bind_count_of(binder, given[1].value, "version", 1, UINT32_MAX, &version, err));
        if (binder->unknown == unknown) {
            MU_TRY(mu_set_find_audience(&binder->scope, name.text, (uint32_t)version,
                                        given[1].value->offset, &audience, err));
        }
    }
    return mu_set_tag(&binder->scope, audience, NULL, 0, out, err);
}

muster_status mu_bind_events(const mu_binder *binder, const mu_ast_expr *given, int32_t offset,
                             const mu_table **out, muster_error *err)
{
    const mu_catalog *catalog = binder->catalog;

    *out = NULL;
    if (given && given->kind != MU_AST_COLUMN) {
        return mu_fail_at(err, MUSTER_INVALID, given->offset, "table => takes the name of a table");
    }
    if (given) {
        MU_TRY(mu_bind_table(binder, (mu_ast_name){given->text, given->offset}, out, err));
        if (!mu_table_has_events(*out)) {
            return mu_fail_at(err, MUSTER_INVALID, given->offset,
                              "\"%s\" is not a table of events: it has no CUSTOMER and TIME column",
                              (*out)->name);
        }
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < catalog->table_count; i++) {
        if (!mu_table_has_events(&catalog->tables[i])) {
            continue;
        }
        if (*out) {
            return mu_fail_at(
                err, MUSTER_INVALID, offset,
                "there are several tables of events; say which, as in table => \"%s\"",
                (*out)->name);
        }
        *out = &catalog->tables[i];
    }
    if (!*out) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "there is no table of events yet; CREATE TABLE makes one");
    }
    return MUSTER_OK;
}

/* time - interval, which may have months, and reach back beyond all times. */
static int64_t before(const mu_zone *zone, int64_t time_us, const mu_value *interval)
{
    const int64_t month_us = mu_zone_add_months(zone, time_us, -interval->months);
    int64_t before_us;

    return __builtin_sub_overflow(month_us, interval->i64, &before_us) ? MU_TIME_MIN : before_us;
}

/* A time that is given, as one end of a range. */
static muster_status bind_time(mu_binder *binder, const mu_ast_expr *given, const char *what,
                               int64_t *out, muster_error *err)
{
    mu_value value;

    MU_TRY(mu_bind_constant(binder, given, (mu_type){.kind = MU_TIMESTAMP}, what, &value, err));
    if (value.null) {
        return mu_fail_at(err, MUSTER_INVALID, given->offset,
                          "since and until take a time, not NULL");
    }
    *out = value.i64;
    return MUSTER_OK;
}

muster_status mu_bind_range(mu_binder *binder, const mu_ast_expr *since, const mu_ast_expr *until,
                            const mu_ast_expr *last, mu_event_source *source, muster_error *err)
{
    const mu_type interval = {.kind = MU_INTERVAL};
    mu_value value;

    source->bounded = since || until || last;
    source->since_us = MU_TIME_MIN;
    source->until_us = MU_TIME_MAX + 1;
    if (last && since) {
        return mu_fail_at(err, MUSTER_INVALID, since->offset,
                          "since and last both say where the time begins; give one of them");
    }
    if (since) {
        MU_TRY(bind_time(binder, since, "since", &source->since_us, err));
    }
    if (until) {
        MU_TRY(bind_time(binder, until, "until", &source->until_us, err));
    }
    if (last) {
        MU_TRY(mu_bind_constant(binder, last, interval, "last", &value, err));
        if (value.null || value.i64 < 0 || value.months < 0 || (value.i64 | value.months) == 0) {
            return mu_fail_at(err, MUSTER_INVALID, last->offset,
                              "last takes an interval that is longer than nothing");
        }
        source->since_us =
            before(binder->scope.zone, until ? source->until_us : binder->scope.now_us, &value);
    }
    return MUSTER_OK;
}

enum {
    DID_CONDITION,
    DID_AT_LEAST,
    DID_AT_MOST,
    DID_EXACTLY,
    DID_LAST,
    DID_SINCE,
    DID_UNTIL,
    DID_TABLE
};

/* How many events are wanted: once or more, unless it is said otherwise. */
static muster_status bind_times(mu_binder *binder, const mu_argument *given, uint64_t *at_least,
                                uint64_t *at_most, muster_error *err)
{
    const mu_ast_expr *least = given[DID_AT_LEAST].value, *most = given[DID_AT_MOST].value;
    const mu_ast_expr *exactly = given[DID_EXACTLY].value;

    *at_least = 1;
    *at_most = UINT64_MAX;
    if (exactly && (least || most)) {
        return mu_fail_at(err, MUSTER_INVALID, exactly->offset,
                          "exactly => says all; leave out at_least and at_most");
    }
    if (exactly) {
        MU_TRY(mu_bind_count_of(binder, exactly, "exactly", 0, INT64_MAX, at_least, err));
        *at_most = *at_least;
    }
    if (most) { /* "at most 3" is true for those who never did */
        MU_TRY(mu_bind_count_of(binder, most, "at_most", 0, INT64_MAX, at_most, err));
        *at_least = 0;
    }
    if (least) {
        MU_TRY(mu_bind_count_of(binder, least, "at_least", 0, INT64_MAX, at_least, err));
    }
    return MUSTER_OK;
}

/* did(condition [, at_least => n] [, at_most => n] [, exactly => n] [, last => i] ...) */
static muster_status bind_did(const mu_place *place, const mu_ast_expr *call, const mu_set **out,
                              muster_error *err)
{
    mu_binder *binder = place->binder;
    mu_argument given[] = {{"condition", NULL}, {"at_least", NULL}, {"at_most", NULL},
                           {"exactly", NULL},   {"last", NULL},     {"since", NULL},
                           {"until", NULL},     {"table", NULL}};
    mu_event_source source = {0};
    uint64_t at_least, at_most;
    mu_relation events;

    MU_TRY(mu_bind_arguments("did", &call->operands, given, MU_COUNT(given), 1, err));
    if (!given[DID_CONDITION].value) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset,
                          "did() takes a condition on events first, as in did(event = 'pay')");
    }
    MU_TRY(mu_bind_events(binder, given[DID_TABLE].value, call->offset, &source.table, err));
    MU_TRY(mu_bind_scan(binder, source.table, &events, err));
    const mu_place inside = {.binder = binder, .relation = &events, .clause = "did()"};
    MU_TRY(mu_bind_condition(&inside, given[DID_CONDITION].value, "did()", &source.where, err));
    MU_TRY(bind_times(binder, given, &at_least, &at_most, err));
    MU_TRY(mu_bind_range(binder, given[DID_SINCE].value, given[DID_UNTIL].value,
                         given[DID_LAST].value, &source, err));
    return mu_set_did(&binder->scope, &source, at_least, at_most, out, err);
}

static const struct {
    const char *name;
    mu_people_binder *bind;
} predicates[] = {
    {"has_tag", bind_has_tag},      {"in_audience", bind_in_audience},    {"did", bind_did},
    {"did_then", mu_bind_did_then}, {"did_without", mu_bind_did_without},
};

/* What binds the predicate on people of that name; NULL: there is none. */
static mu_people_binder *find_people(const char *name)
{
    for (size_t i = 0; i < MU_COUNT(predicates); i++) {
        if (mu_name_equal(name, predicates[i].name)) {
            return predicates[i].bind;
        }
    }
    return NULL;
}

/* A name that no function has, and perhaps a word about people was meant. */
static muster_status fail_function(const mu_place *place, const mu_ast_expr *call,
                                   const mu_expr **out, muster_error *err)
{
    mu_nearest nearest = mu_nearest_of(mu_bind_text(call->text));

    mu_nearest_try(&nearest, mu_bind_text("measure"));
    for (size_t i = 0; i < MU_COUNT(predicates); i++) {
        mu_nearest_try(&nearest, mu_bind_text(predicates[i].name));
    }
    if (nearest.found && !mu_expr_nearest_function(call->text)) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset,
                          "no function \"%s\"; did you mean \"%.*s\"?", call->text,
                          (int)nearest.best.size, nearest.best.data);
    }
    return mu_expr_call(&place->binder->scope, call->text, NULL, 0, call->offset, out, err);
}

static muster_status bind_predicate(const mu_place *place, const mu_ast_expr *call,
                                    mu_people_binder *bind, const mu_expr **out, muster_error *err)
{
    mu_binder *binder = place->binder;
    mu_bound_set bound = words_of(binder, call->start, call->end);
    const mu_bound_set *found = find_bound(binder, &bound);
    const mu_expr *customer = NULL;

    MU_TRY(bind_customer(place, call, &customer, err));
    if (!found) {
        MU_TRY(bind(place, call, &bound.set, err));
        MU_TRY(keep_bound(binder, &bound, err));
    }
    return mu_expr_in_set(&binder->scope, customer, found ? found->set : bound.set, call->offset,
                          out, err);
}

/* A value of the row's customer. */
static muster_status bind_measure(const mu_place *place, const mu_ast_expr *call,
                                  const mu_expr **out, muster_error *err)
{
    mu_binder *binder = place->binder;
    mu_bound_set bound = words_of(binder, call->start, call->end);
    const mu_bound_set *found = find_bound(binder, &bound);
    const mu_expr *customer = NULL;

    MU_TRY(bind_customer(place, call, &customer, err));
    if (!found) {
        MU_TRY(mu_bind_measure(place, call, &bound.lookup, err));
        MU_TRY(keep_bound(binder, &bound, err));
    }
    return mu_expr_lookup(&binder->scope, found ? found->lookup : bound.lookup, &customer, 1, 0,
                          call->offset, out, err);
}

muster_status mu_bind_call(const mu_place *place, const mu_ast_expr *call, const mu_expr **out,
                           muster_error *err)
{
    const mu_expr *const *args;

    if (call->over || mu_window_is(call->text)) {
        return mu_bind_over(place, call, out, err);
    }
    if (mu_agg_is(call->text)) {
        for (uint32_t i = 0; i < call->operands.count; i++) {
            if (call->operands.data[i].name.text) {
                return fail_argument(call->text, call->operands.data[i].name, NULL, 0, err);
            }
        }
        if (call->ignore_nulls) {
            return mu_fail_at(err, MUSTER_INVALID, call->offset,
                              "\"%s\" ignores NULLs by itself; leave out IGNORE NULLS", call->text);
        }
        return bind_aggregate(place, call, out, err);
    }
    if (call->filter || call->distinct || call->orders.count > 0) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset,
                          "%s belongs to aggregates; \"%s\" is none",
                          call->filter     ? "FILTER"
                          : call->distinct ? "DISTINCT"
                                           : "ORDER BY",
                          call->text);
    }
    if (call->ignore_nulls) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset,
                          "IGNORE NULLS belongs to calls over a window, and \"%s\" is none",
                          call->text);
    }
    mu_people_binder *people = find_people(call->text);
    if (people) {
        return bind_predicate(place, call, people, out, err);
    }
    if (mu_name_equal(call->text, "measure")) {
        return bind_measure(place, call, out, err);
    }
    for (uint32_t i = 0; i < call->operands.count; i++) {
        if (call->operands.data[i].name.text) {
            return fail_argument(call->text, call->operands.data[i].name, NULL, 0, err);
        }
    }
    if (!mu_expr_is_function(call->text)) { /* whatever its arguments are */
        return fail_function(place, call, out, err);
    }
    MU_TRY(mu_bind_operands(place, &call->operands, &args, err));
    return mu_expr_call(&place->binder->scope, call->text, args, call->operands.count, call->offset,
                        out, err);
}

muster_status mu_bind_set(mu_binder *binder, const mu_ast_expr *expr, const mu_set **out,
                          muster_error *err)
{
    const mu_table *customers = mu_catalog_table(binder->catalog, MU_CUSTOMERS_TABLE);
    const mu_expr *condition;
    const mu_plan *plan;
    mu_relation relation;

    MU_TRY(mu_bind_scan(binder, customers, &relation, err));
    const mu_place place = {.binder = binder, .relation = &relation, .clause = "among"};
    MU_TRY(mu_bind_condition(&place, expr, "among", &condition, err));
    if (condition->kind == MU_EXPR_IN_SET) {
        *out = condition->set;
        return MUSTER_OK;
    }
    MU_TRY(mu_plan_filter(&binder->scope, relation.plan, condition, &plan, err));
    return mu_set_query(&binder->scope, plan, out, err);
}
