/*
 * set.c - sets of customers: how they are made, and how a thread runs one, stripe by stripe.
 */
#include "query/set.h"

#include "query/did.h"
#include "query/exec.h"
#include "query/nearest.h"
#include "query/then.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"

#include <stdlib.h>

enum {
    MOST_OPEN_SETS = 32, /* that a query is taken apart into */
};

static muster_status new_set(const mu_scope *scope, mu_set_kind kind, mu_set **out,
                             muster_error *err)
{
    MU_ARENA_TRY(*out, scope->arena, 1, err);
    (*out)->kind = kind;
    return MUSTER_OK;
}

static int compare_ordinals(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left;
    const uint32_t b = *(const uint32_t *)right;

    return (a > b) - (a < b);
}

muster_status mu_set_list(const mu_scope *scope, const uint32_t *ordinals, uint32_t count,
                          const mu_set **out, muster_error *err)
{
    mu_set *set;
    uint32_t *sorted;
    uint32_t kept = 0;

    MU_TRY(new_set(scope, MU_SET_LIST, &set, err));
    MU_ARENA_TRY(sorted, scope->arena, count, err);
    for (uint32_t i = 0; i < count; i++) {
        if (ordinals[i] != MU_NO_CUSTOMER) {
            sorted[kept++] = ordinals[i];
        }
    }
    qsort(sorted, kept, sizeof *sorted, compare_ordinals);
    set->list.ordinals = sorted;
    set->list.count = kept;
    *out = set;
    return MUSTER_OK;
}

muster_status mu_set_find_tag(const mu_scope *scope, mu_text name, int32_t offset,
                              const mu_tag **out, muster_error *err)
{
    const mu_tags *tags = mu_snapshot_tags(scope->snapshot);
    mu_nearest nearest = mu_nearest_of(name);
    uint32_t ignored;

    *out = mu_tags_find(tags, name);
    if (*out) {
        return MUSTER_OK;
    }
    if (mu_audiences_find(tags, name, &ignored) > 0) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "no tag \"%.*s\"; it is an audience: in_audience('%.*s')", (int)name.size,
                          name.data, (int)name.size, name.data);
    }
    for (uint32_t i = 0; i < mu_tags_count(tags); i++) {
        mu_nearest_try(&nearest, mu_tags_at(tags, i)->name);
    }
    if (nearest.found) {
        return mu_fail_at(err, MUSTER_INVALID, offset, "no tag \"%.*s\"; did you mean \"%.*s\"?",
                          (int)name.size, name.data, (int)nearest.best.size, nearest.best.data);
    }
    return mu_fail_at(err, MUSTER_INVALID, offset,
                      "no tag \"%.*s\"; SHOW TAGS lists those that there are", (int)name.size,
                      name.data);
}

static muster_status no_such_audience(const mu_tags *tags, mu_text name, int32_t offset,
                                      muster_error *err)
{
    mu_nearest nearest = mu_nearest_of(name);

    if (mu_tags_find(tags, name)) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "no audience \"%.*s\"; it is a tag: has_tag('%.*s')", (int)name.size,
                          name.data, (int)name.size, name.data);
    }
    for (uint32_t i = 0; i < mu_audiences_count(tags); i++) {
        mu_nearest_try(&nearest, mu_audiences_at(tags, i)->name);
    }
    if (nearest.found) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "no audience \"%.*s\"; did you mean \"%.*s\"?", (int)name.size, name.data,
                          (int)nearest.best.size, nearest.best.data);
    }
    return mu_fail_at(err, MUSTER_INVALID, offset,
                      "no audience \"%.*s\"; SHOW AUDIENCES lists those that there are",
                      (int)name.size, name.data);
}

muster_status mu_set_find_audience(const mu_scope *scope, mu_text name, uint32_t version,
                                   int32_t offset, const mu_tag **out, muster_error *err)
{
    const mu_tags *tags = mu_snapshot_tags(scope->snapshot);
    uint32_t first;
    const uint32_t count = mu_audiences_find(tags, name, &first);

    *out = NULL;
    if (count == 0) {
        return no_such_audience(tags, name, offset, err);
    }
    const mu_tag *last = mu_audiences_at(tags, first + count - 1);
    for (uint32_t i = 0; i < count && !*out; i++) {
        const mu_tag *tag = mu_audiences_at(tags, first + i);
        *out = tag->version == version ? tag : NULL;
    }
    *out = version == 0 ? last : *out;
    if (*out) {
        return MUSTER_OK;
    }
    if (count == 1) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "audience \"%.*s\" has no version %u, only version %u", (int)name.size,
                          name.data, version, last->version);
    }
    return mu_fail_at(err, MUSTER_INVALID, offset,
                      "audience \"%.*s\" has no version %u; it has %u versions, from %u to %u",
                      (int)name.size, name.data, version, count,
                      mu_audiences_at(tags, first)->version, last->version);
}

/* The index of a value of a tag, or value_count. */
static uint32_t find_value(const mu_tag *tag, mu_text value)
{
    uint32_t first = 0;
    uint32_t end = tag->value_count;

    while (first < end) {
        const uint32_t middle = first + (end - first) / 2;
        const int order = mu_text_compare(tag->values[middle].value, value);
        if (order == 0) {
            return middle;
        }
        if (order < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return tag->value_count;
}

muster_status mu_set_tag(const mu_scope *scope, const mu_tag *tag, const mu_text *values,
                         uint32_t value_count, const mu_set **out, muster_error *err)
{
    mu_set *set;
    uint32_t *indexes;

    MU_TRY(new_set(scope, MU_SET_TAG, &set, err));
    const uint32_t most = value_count ? value_count : tag->value_count;
    MU_ARENA_TRY(indexes, scope->arena, most, err);
    for (uint32_t i = 0; i < most; i++) {
        const uint32_t index = value_count ? find_value(tag, values[i]) : i;
        if (index < tag->value_count) {
            indexes[set->tag.count++] = index;
        }
    }
    set->tag.tag = tag;
    set->tag.values = indexes;
    *out = set;
    return MUSTER_OK;
}

muster_status mu_set_did(const mu_scope *scope, const mu_event_source *source, uint64_t at_least,
                         uint64_t at_most, const mu_set **out, muster_error *err)
{
    mu_set *set;

    assert(!source->among);
    MU_TRY(new_set(scope, MU_SET_DID, &set, err));
    set->did.source = *source;
    set->did.at_least = at_least;
    set->did.at_most = at_most;
    *out = set;
    return MUSTER_OK;
}

muster_status mu_set_then(const mu_scope *scope, const mu_then_terms *terms, const mu_set **out,
                          muster_error *err)
{
    mu_set *set;

    assert(!terms->source.among && !terms->source.where && terms->within_us >= 0);
    MU_TRY(new_set(scope, MU_SET_THEN, &set, err));
    set->then = *terms;
    *out = set;
    return MUSTER_OK;
}

/* How many sets there are in it, counted up to a few more than `most`. */
static uint32_t count_sets(const mu_set *set, uint32_t most)
{
    uint32_t count = 1;

    for (uint32_t i = 0; i < set->arg_count && count <= most; i++) {
        count += count_sets(set->args[i], most - count);
    }
    return count;
}

/* The set whose members the plan gives, if it does no more than that; NULL otherwise, and where the
 * set is a large one: as a query it is found once, however often it is asked for. */
static const mu_set *find_members(const mu_plan *plan)
{
    while (plan->kind == MU_PLAN_PROJECT && plan->project.exprs[0]->kind == MU_EXPR_COLUMN &&
           plan->project.exprs[0]->column == 0) {
        plan = plan->input;
    }
    if (plan->kind != MU_PLAN_SCAN || plan->scan.table->id != MU_CUSTOMERS_TABLE ||
        plan->scan.filter || !plan->scan.set || plan->columns[0].type.kind != MU_CUSTOMER ||
        count_sets(plan->scan.set, MOST_OPEN_SETS) > MOST_OPEN_SETS) {
        return NULL;
    }
    return plan->scan.set;
}

muster_status mu_set_query(const mu_scope *scope, const mu_plan *plan, const mu_set **out,
                           muster_error *err)
{
    mu_set *set;

    assert(plan->column_count > 0 && plan->columns[0].type.kind == MU_CUSTOMER);
    MU_TRY(new_set(scope, MU_SET_QUERY, &set, err));
    set->query.given = plan;
    *out = set;
    MU_TRY(mu_plan_optimize(scope, plan, &set->query.plan, err));
    if (find_members(set->query.plan)) {
        *out = find_members(set->query.plan);
    }
    return MUSTER_OK;
}

/* Whether a stripe of the set is known without reading a single event. */
static bool is_cheap(const mu_set *set)
{
    bool cheap = set->kind != MU_SET_DID && set->kind != MU_SET_THEN && set->kind != MU_SET_QUERY;

    for (uint32_t i = 0; i < set->arg_count; i++) {
        cheap = cheap && is_cheap(set->args[i]);
    }
    return cheap;
}

static muster_status combine(const mu_scope *scope, mu_set_kind kind, const mu_set *const *args,
                             uint32_t arg_count, const mu_set **out, muster_error *err)
{
    mu_set *set;

    MU_TRY(new_set(scope, kind, &set, err));
    set->args = args;
    set->arg_count = arg_count;
    *out = set;
    return MUSTER_OK;
}

/* The set, where only its members that are in `within` matter too: a query then looks at no one
 * else. It is planned anew, and so are the queries in it. */
static muster_status narrow(const mu_scope *scope, const mu_set *set, const mu_set *within,
                            const mu_set **out, muster_error *err)
{
    const mu_expr *customer, *condition;
    const mu_plan *filtered;

    *out = set;
    if (set->kind == MU_SET_NOT && set->args[0]->kind == MU_SET_QUERY) { /* others do not matter */
        const mu_set **inner;
        MU_ARENA_TRY(inner, scope->arena, 1, err);
        MU_TRY(narrow(scope, set->args[0], within, inner, err));
        return combine(scope, MU_SET_NOT, inner, 1, out, err);
    }
    if (set->kind != MU_SET_QUERY) {
        return MUSTER_OK;
    }
    const mu_plan *given = set->query.given;
    MU_TRY(mu_expr_column(scope, 0, given->columns[0].type, -1, &customer, err));
    MU_TRY(mu_expr_in_set(scope, customer, within, -1, &condition, err));
    MU_TRY(mu_plan_filter(scope, given, condition, &filtered, err));
    return mu_set_query(scope, filtered, out, err);
}

static muster_status combine_and(const mu_scope *scope, const mu_set *const *args,
                                 uint32_t arg_count, const mu_set **out, muster_error *err)
{
    const mu_set **cheap, **all, *within;
    uint32_t count = 0;

    MU_ARENA_TRY(cheap, scope->arena, arg_count, err);
    MU_ARENA_TRY(all, scope->arena, arg_count, err);
    for (uint32_t i = 0; i < arg_count; i++) {
        all[i] = args[i];
        if (is_cheap(args[i])) {
            cheap[count++] = args[i];
        }
    }
    if (count > 0 && count < arg_count) {
        within = cheap[0];
        if (count > 1) {
            MU_TRY(combine(scope, MU_SET_AND, cheap, count, &within, err));
        }
        for (uint32_t i = 0; i < arg_count; i++) {
            MU_TRY(narrow(scope, args[i], within, &all[i], err));
        }
    }
    return combine(scope, MU_SET_AND, all, arg_count, out, err);
}

muster_status mu_set_combine(const mu_scope *scope, mu_set_kind kind, const mu_set *const *args,
                             uint32_t arg_count, const mu_set **out, muster_error *err)
{
    assert(kind == MU_SET_NOT ? arg_count == 1 : arg_count >= 2);
    return kind == MU_SET_AND ? combine_and(scope, args, arg_count, out, err)
                              : combine(scope, kind, args, arg_count, out, err);
}

/* Running. */

struct mu_set_runner {
    const mu_set *set;
    mu_exec *exec;
    uint32_t customers;   /* how many there are */
    mu_set_runner **args; /* of AND, OR, NOT */
    uint64_t *scratch;    /* AND and OR: one argument's bits */
    mu_did *did;
    mu_then *then;
};

void mu_set_close(mu_set_runner *runner)
{
    if (!runner) {
        return;
    }
    for (uint32_t i = 0; runner->args && i < runner->set->arg_count; i++) {
        mu_set_close(runner->args[i]);
    }
    mu_did_close(runner->did);
    mu_then_close(runner->then);
    mu_mem_free(runner->args);
    mu_mem_free(runner->scratch);
    mu_mem_free(runner);
}

static muster_status open_args(mu_set_runner *runner, muster_error *err)
{
    const mu_set *set = runner->set;

    runner->args = mu_mem_zalloc_array(set->arg_count, sizeof(mu_set_runner *));
    runner->scratch = mu_mem_alloc(MU_STRIPE_WORDS * sizeof(uint64_t));
    if (!runner->args || !runner->scratch) {
        return mu_fail_memory(err, "opening a set of customers");
    }
    for (uint32_t i = 0; i < set->arg_count; i++) {
        MU_TRY(mu_set_open(runner->exec, set->args[i], &runner->args[i], err));
    }
    return MUSTER_OK;
}

muster_status mu_set_open(mu_exec *exec, const mu_set *set, mu_set_runner **out, muster_error *err)
{
    muster_status status = MUSTER_OK;
    mu_set_runner *runner = mu_mem_zalloc(sizeof *runner);

    *out = NULL;
    if (!runner) {
        return mu_fail_memory(err, "opening a set of customers");
    }
    runner->set = set;
    runner->exec = exec;
    runner->customers = mu_customers_count(mu_snapshot_customers(mu_exec_snapshot(exec)));
    if (set->arg_count > 0) {
        MU_TRY_GOTO(open_args(runner, err));
    }
    if (set->kind == MU_SET_DID) {
        MU_TRY_GOTO(mu_did_open(exec, set, &runner->did, err));
    }
    if (set->kind == MU_SET_THEN) {
        MU_TRY_GOTO(mu_then_open(exec, set, &runner->then, err));
    }
    *out = runner;
    return status;

fail:
    mu_set_close(runner);
    return status;
}

/* Every customer there is, of the stripe. */
static void fill_all(const mu_set_runner *runner, uint32_t stripe, uint64_t *bits)
{
    const uint64_t first = (uint64_t)stripe * MU_STRIPE_ROWS;

    mu_bits_fill(bits, runner->customers > first ? (size_t)(runner->customers - first) : 0,
                 MU_STRIPE_WORDS);
}

static void fill_list(const mu_set *set, uint32_t stripe, uint64_t *bits)
{
    uint32_t first = 0;
    uint32_t end = set->list.count;

    while (first < end) { /* the first ordinal of the stripe */
        const uint32_t middle = first + (end - first) / 2;
        if (set->list.ordinals[middle] / MU_STRIPE_ROWS < stripe) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    for (uint32_t i = first; i < set->list.count; i++) {
        if (set->list.ordinals[i] / MU_STRIPE_ROWS != stripe) {
            break;
        }
        mu_bits_set(bits, set->list.ordinals[i] % MU_STRIPE_ROWS);
    }
}

/* Tags, postings, counts of no events and NOT know of everyone who ever had an ordinal. */
static void drop_erased(const mu_set_runner *runner, uint32_t stripe, uint64_t *bits)
{
    const uint64_t *erased =
        mu_erased_stripe(mu_snapshot_erased(mu_exec_snapshot(runner->exec)), stripe);

    if (erased) {
        mu_k()->and_not_bits(bits, erased, MU_STRIPE_WORDS);
    }
}

static muster_status fill_tag(const mu_set_runner *runner, uint32_t stripe, uint64_t *bits,
                              muster_error *err)
{
    const mu_tags *tags = mu_snapshot_tags(mu_exec_snapshot(runner->exec));
    const mu_set *set = runner->set;
    atomic_uint_fast64_t *counter = mu_exec_bytes_read(runner->exec);
    uint64_t size;

    for (uint32_t i = 0; i < set->tag.count; i++) {
        MU_TRY(
            mu_tag_read_stripe(tags, set->tag.tag, set->tag.values[i], stripe, bits, &size, err));
        if (counter) {
            atomic_fetch_add_explicit(counter, size, memory_order_relaxed);
        }
    }
    return MUSTER_OK;
}

static muster_status fill_logic(mu_set_runner *runner, uint32_t stripe, uint64_t *bits,
                                muster_error *err)
{
    const bool both = runner->set->kind == MU_SET_AND;

    MU_TRY(mu_set_run(runner->args[0], stripe, bits, err));
    for (uint32_t i = 1; i < runner->set->arg_count; i++) {
        if (both && mu_bits_none(bits, MU_STRIPE_WORDS)) {
            return MUSTER_OK;
        }
        MU_TRY(mu_set_run(runner->args[i], stripe, runner->scratch, err));
        if (both) {
            mu_k()->and_bits(bits, runner->scratch, MU_STRIPE_WORDS);
        } else {
            mu_k()->or_bits(bits, runner->scratch, MU_STRIPE_WORDS);
        }
    }
    return MUSTER_OK;
}

static muster_status fill_not(mu_set_runner *runner, uint32_t stripe, uint64_t *bits,
                              muster_error *err)
{
    MU_TRY(mu_set_run(runner->args[0], stripe, runner->scratch, err));
    fill_all(runner, stripe, bits);
    mu_k()->and_not_bits(bits, runner->scratch, MU_STRIPE_WORDS);
    drop_erased(runner, stripe, bits);
    return MUSTER_OK;
}

muster_status mu_set_run(mu_set_runner *runner, uint32_t stripe, uint64_t bits[MU_STRIPE_WORDS],
                         muster_error *err)
{
    const size_t size = MU_STRIPE_WORDS * sizeof *bits;

    memset(bits, 0, size);
    switch (runner->set->kind) {
    case MU_SET_LIST:
        fill_list(runner->set, stripe, bits);
        return MUSTER_OK;
    case MU_SET_TAG:
        MU_TRY(fill_tag(runner, stripe, bits, err));
        drop_erased(runner, stripe, bits);
        return MUSTER_OK;
    case MU_SET_DID:
        MU_TRY(mu_did_run(runner->did, stripe, bits, err));
        drop_erased(runner, stripe, bits);
        return MUSTER_OK;
    case MU_SET_THEN:
        return mu_then_run(runner->then, stripe, bits, err);
    case MU_SET_QUERY:
        memcpy(bits, mu_exec_query_set(runner->exec, runner->set, stripe), size);
        return MUSTER_OK;
    case MU_SET_AND:
    case MU_SET_OR:
        return fill_logic(runner, stripe, bits, err);
    case MU_SET_NOT:
        return fill_not(runner, stripe, bits, err);
    }
    assert(false && "a set that is not in the list");
    return MUSTER_OK;
}
