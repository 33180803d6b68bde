/*
 * agg.c - the table of aggregates, the making of calls, and the states of groups.
 */
#include "query/agg.h"

#include "query/agg_states.h"
#include "query/nearest.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <string.h>

enum {
    GROUPS_PER_CHECK = 1 << 14
};

static const mu_agg_family *const families[] = {&mu_agg_number, &mu_agg_pick,   &mu_agg_list,
                                                &mu_agg_pair,   &mu_agg_spread, &mu_agg_survival,
                                                &mu_agg_bitmap};

static const mu_agg *agg_at(size_t i)
{
    for (size_t f = 0; f < MU_COUNT(families); f++) {
        if (i < families[f]->count) {
            return &families[f]->aggs[i];
        }
        i -= families[f]->count;
    }
    return NULL;
}

static const mu_agg *first_named(const char *name)
{
    const mu_agg *agg;

    for (size_t i = 0; (agg = agg_at(i)) != NULL; i++) {
        if (mu_name_equal(agg->name, name)) {
            return agg;
        }
    }
    return NULL;
}

bool mu_agg_is(const char *name)
{
    return first_named(name) != NULL;
}

const char *mu_agg_name(const mu_agg *agg)
{
    return agg->name;
}

const char *mu_agg_name_at(size_t i)
{
    const mu_agg *agg = agg_at(i);

    return agg ? agg->name : NULL;
}

bool mu_agg_needs_order(const char *name)
{
    const mu_agg *agg = first_named(name);

    return agg && agg->ordered;
}

bool mu_agg_may_order(const char *name)
{
    const mu_agg *agg = first_named(name);

    return agg && (agg->ordered || agg->may_order);
}

/* Making calls. */

static bool takes(char letter, mu_type type)
{
    return letter == 'a' || type.kind == MU_NULL || mu_type_of_letter(letter).kind == type.kind;
}

/* Whether the argument may be cast to what the letter says without a word. */
static bool takes_cast(char letter, mu_type type)
{
    return takes(letter, type) ||
           (letter == 'f' && (type.kind == MU_BIGINT || type.kind == MU_DECIMAL)) ||
           (letter == 't' && type.kind == MU_CUSTOMER);
}

/* How many arguments are of the types of the entry as they are; -1 if one cannot be cast. */
static int fit_of(const mu_agg *agg, const mu_expr *const *args, uint32_t arg_count)
{
    int exact = 0;

    if (strlen(agg->params) != arg_count) {
        return -1;
    }
    for (uint32_t i = 0; i < arg_count; i++) {
        /* A text that is written out may say how: so parameters come. */
        const bool read = i > 0 && agg->params[i] == 'f' && args[i]->kind == MU_EXPR_CONST &&
                          args[i]->type.kind == MU_TEXT;
        if (!read && !takes_cast(agg->params[i], args[i]->type)) {
            return -1;
        }
        exact += takes(agg->params[i], args[i]->type);
    }
    return exact;
}

/* The entry of that name that fits best; of equals the first. */
static const mu_agg *find_agg(const char *name, const mu_expr *const *args, uint32_t arg_count)
{
    const mu_agg *best = NULL;
    int best_fit = -1;
    const mu_agg *agg;

    for (size_t i = 0; (agg = agg_at(i)) != NULL; i++) {
        const int fit = mu_name_equal(agg->name, name) ? fit_of(agg, args, arg_count) : -1;
        if (fit > best_fit) {
            best = agg;
            best_fit = fit;
        }
    }
    return best;
}

static muster_status fail_arguments(const char *name, const mu_expr *const *args,
                                    uint32_t arg_count, int32_t offset, muster_error *err)
{
    char type[32];

    if (!mu_agg_is(name)) {
        const char *nearest = mu_expr_nearest_function(name);
        return nearest ? mu_fail_at(err, MUSTER_INVALID, offset,
                                    "no aggregate \"%s\"; did you mean \"%s\"?", name, nearest)
                       : mu_fail_at(err, MUSTER_INVALID, offset, "no aggregate \"%s\"", name);
    }
    if (arg_count > 0 && strlen(first_named(name)->params) == arg_count) {
        return mu_fail_at(err, MUSTER_INVALID, args[0]->offset, "there is no \"%s\" of %s%s", name,
                          mu_type_name(args[0]->type, type),
                          args[0]->type.kind == MU_TEXT && first_named(name)->params[0] != 'c'
                              ? "; CAST(x AS DOUBLE) makes a number of a text"
                              : "");
    }
    const size_t wanted = strlen(first_named(name)->params);
    return mu_fail_at(err, MUSTER_INVALID, offset, "\"%s\" takes %zu argument%s, not %u", name,
                      wanted, wanted == 1 ? "" : "s", arg_count);
}

/* A customer is counted as such; for anything else it is its id. */
static muster_status cast_args(const mu_scope *scope, const mu_agg *agg, const mu_expr **args,
                               muster_error *err)
{
    for (uint32_t i = 0; agg->params[i]; i++) {
        const char letter = agg->params[i];
        const bool counted = strcmp(agg->name, "count") == 0;

        if (letter == 'a' && (counted || args[i]->type.kind != MU_CUSTOMER)) {
            continue;
        }
        mu_type wanted = letter == 'a' ? mu_scope_id_type(scope) : mu_type_of_letter(letter);
        if (letter == 'n' && args[i]->type.kind == MU_DECIMAL) {
            wanted = args[i]->type;
        }
        MU_TRY(mu_expr_coerce(scope, args[i], wanted, &args[i], err));
    }
    return MUSTER_OK;
}

/* Only the first argument is looked at for what is DISTINCT; others say how. */
static bool can_be_distinct(const mu_agg *agg, const mu_expr *const *args, uint32_t arg_count)
{
    bool constant = arg_count > 0;

    for (uint32_t i = 1; i < arg_count; i++) {
        constant &= args[i]->kind == MU_EXPR_CONST;
    }
    return constant || agg->ignores_distinct;
}

/* The ORDER BY of what is DISTINCT is by the values themselves, which need no key. */
static muster_status bind_order(const mu_scope *scope, const mu_agg *agg, bool distinct,
                                const mu_expr *value, const mu_expr **order, muster_error *err)
{
    if (!*order || !(agg->ordered || agg->may_order)) {
        *order = NULL;
        return MUSTER_OK;
    }
    MU_TRY(mu_type_check_order((*order)->type, "ORDER BY", (*order)->offset, err));
    if (distinct && agg->may_order) {
        if (!mu_expr_equal(*order, value)) {
            return mu_fail_at(err, MUSTER_INVALID, (*order)->offset,
                              "the distinct values of \"%s\" are ordered by themselves, or not at "
                              "all",
                              agg->name);
        }
        *order = NULL;
        return MUSTER_OK;
    }
    return (*order)->type.kind == MU_CUSTOMER
               ? mu_expr_coerce(scope, *order, mu_scope_id_type(scope), order, err)
               : MUSTER_OK;
}

muster_status mu_agg_call_make(const mu_scope *scope, const char *name, const mu_expr *const *args,
                               uint32_t arg_count, bool distinct, const mu_expr *filter,
                               const mu_expr *order, int32_t offset, mu_agg_call *out,
                               muster_error *err)
{
    const mu_expr *tuple;
    const mu_expr **cast;

    if (distinct && arg_count > 1 && mu_name_equal(name, "count")) {
        MU_TRY(mu_expr_tuple(scope, args, arg_count, offset, &tuple, err));
        args = &tuple;
        arg_count = 1;
    }
    const mu_agg *agg = find_agg(name, args, arg_count);
    if (!agg) {
        return fail_arguments(name, args, arg_count, offset, err);
    }
    if (distinct && !can_be_distinct(agg, args, arg_count)) {
        return mu_fail_at(err, MUSTER_INVALID, offset, "\"%s\" of DISTINCT takes one argument",
                          name);
    }
    if (agg->ordered && !order) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "\"%s\" goes by time, and there is no TIME column here; use arg_min or "
                          "arg_max",
                          name);
    }
    MU_TRY(bind_order(scope, agg, distinct, arg_count > 0 ? args[0] : NULL, &order, err));
    MU_ARENA_TRY(cast, scope->arena, arg_count, err);
    if (arg_count > 0) {
        memcpy(cast, args, arg_count * sizeof(const mu_expr *));
    }
    MU_TRY(cast_args(scope, agg, cast, err));
    mu_type type = agg->result == '0' ? cast[0]->type : mu_type_of_letter(agg->result);
    if (agg->bind) {
        MU_TRY(agg->bind(scope, cast, offset, &type, err));
    }
    if (filter && filter->type.kind != MU_BOOLEAN) {
        return mu_fail_at(err, MUSTER_INVALID, filter->offset, "FILTER takes a condition");
    }
    *out = (mu_agg_call){.agg = agg,
                         .offset = mu_scope_place(scope, offset),
                         .type = type,
                         .distinct = distinct && !agg->ignores_distinct,
                         .arg_count = arg_count,
                         .args = cast,
                         .filter = filter,
                         .order = order};
    return MUSTER_OK;
}

void mu_agg_call_columns(const mu_agg_call *call, uint64_t *used)
{
    for (uint32_t i = 0; i < call->arg_count; i++) {
        mu_expr_columns(call->args[i], used);
    }
    if (call->filter) {
        mu_expr_columns(call->filter, used);
    }
    if (call->order) {
        mu_expr_columns(call->order, used);
    }
}

static bool same_expr(const mu_expr *a, const mu_expr *b)
{
    return a && b ? mu_expr_equal(a, b) : a == b;
}

bool mu_agg_call_equal(const mu_agg_call *a, const mu_agg_call *b)
{
    bool same = a->agg == b->agg && a->distinct == b->distinct && a->arg_count == b->arg_count &&
                a->descending == b->descending && a->nulls_first == b->nulls_first &&
                same_expr(a->filter, b->filter) && same_expr(a->order, b->order);

    for (uint32_t i = 0; same && i < a->arg_count; i++) {
        same = mu_expr_equal(a->args[i], b->args[i]);
    }
    return same;
}

/* States. */

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "aggregating");
}

muster_status mu_agg_open(const mu_agg_call *call, mu_agg_states **out, muster_error *err)
{
    mu_agg_states *states = mu_mem_zalloc(sizeof *states);
    const mu_type none = {.kind = MU_NULL};

    *out = NULL;
    if (!states) {
        return fail_memory(err);
    }
    states->call = call;
    states->arg_type = call->arg_count > 0 ? call->args[0]->type : none;
    states->key_type = call->order           ? call->order->type
                       : call->arg_count > 1 ? call->args[1]->type
                                             : none;
    if (call->distinct) {
        const muster_status status = mu_agg_distinct_open(states, err);
        if (status != MUSTER_OK) {
            mu_agg_close(states);
            return status;
        }
    }
    *out = states;
    return MUSTER_OK;
}

void mu_agg_close(mu_agg_states *states)
{
    if (!states) {
        return;
    }
    mu_agg_distinct_close(states->distinct);
    mu_dict_builder_deinit(&states->texts);
    mu_writer_deinit(&states->text);
    mu_mem_free(states->items);
    mu_agg_forget_order(states);
    mu_mem_free(states->data);
    mu_mem_free(states);
}

void mu_agg_reset(mu_agg_states *states)
{
    const size_t size = states->call->agg->state_size;

    if (size > 0 && states->groups > 0) {
        memset(states->data, 0, states->groups * size);
    }
    states->groups = 0;
    states->item_count = 0;
    mu_agg_forget_order(states);
    mu_dict_builder_reset(&states->texts);
    if (states->distinct) {
        mu_agg_distinct_reset(states->distinct);
    }
}

muster_status mu_agg_grow(mu_agg_states *states, uint32_t groups, muster_error *err)
{
    const size_t size = states->call->agg->state_size;

    if (groups <= states->groups) {
        return MUSTER_OK;
    }
    if (size > 0 && groups > states->capacity) {
        if (!mu_mem_reserve_zeros(&states->data, &states->capacity, groups, size)) {
            return fail_memory(err);
        }
    }
    states->groups = groups;
    return MUSTER_OK;
}

/* The rows that are live and have no NULL in an argument. */
static void find_counted(const mu_agg_states *states, const mu_vector *args, const mu_vector *order,
                         const uint64_t *live, uint32_t rows, uint64_t *counted)
{
    const size_t words = mu_bits_words(rows);

    assert(rows <= MU_BATCH_ROWS);
    memcpy(counted, live, words * sizeof *live);
    for (uint32_t i = 0; i < states->call->arg_count; i++) {
        if (args[i].valid) {
            mu_k()->and_bits(counted, args[i].valid, words);
        }
    }
    if (order && order->valid && !states->call->agg->may_order) {
        mu_k()->and_bits(counted, order->valid, words);
    }
}

/* What goes wrong with values is about the call. */
static muster_status located(const mu_agg_states *states, muster_status status, muster_error *err)
{
    if (status == MUSTER_INVALID && err && err->offset < 0) {
        err->offset = states->call->offset;
    }
    return status;
}

muster_status mu_agg_update(mu_agg_states *states, const mu_vector *args, const mu_vector *order,
                            const uint64_t *live, uint32_t rows, const uint32_t *groups,
                            muster_error *err)
{
    uint64_t counted[MU_BATCH_WORDS];
    const mu_agg_rows what = {rows, counted, args, order, groups};

    assert(groups || states->groups > 0);
    find_counted(states, args, order, live, rows, counted);
    return located(states,
                   states->distinct ? mu_agg_distinct_update(states, &what, err)
                                    : states->call->agg->update(states, &what, err),
                   err);
}

bool mu_agg_can_remove(const mu_agg_call *call)
{
    return call->agg->remove && !call->distinct;
}

muster_status mu_agg_remove(mu_agg_states *states, const mu_vector *args, const mu_vector *order,
                            const uint64_t *live, uint32_t rows, muster_error *err)
{
    uint64_t counted[MU_BATCH_WORDS];
    const mu_agg_rows what = {rows, counted, args, order, NULL};

    (void)err;
    find_counted(states, args, order, live, rows, counted);
    states->call->agg->remove(states, &what);
    return MUSTER_OK;
}

bool mu_agg_is_small(const mu_agg_call *call)
{
    return call->agg->state_size > 0 && !call->distinct;
}

muster_status mu_agg_merge_group(mu_agg_states *states, uint32_t group, const mu_agg_states *from,
                                 uint32_t from_group, muster_error *err)
{
    mu_agg_states one = *from; /* as if it had that group alone */

    one.data = (char *)from->data + from_group * from->call->agg->state_size;
    one.groups = 1;
    return states->call->agg->merge(states, &one, &group, 1, err);
}

muster_status mu_agg_merge(mu_agg_states *states, mu_agg_states *from, const uint32_t *map,
                           uint32_t groups, muster_error *err)
{
    assert(groups <= from->groups);
    if (states->distinct) {
        return mu_agg_distinct_merge(states, from, map, err);
    }
    if (from->call->agg->state_size == 0) {
        return states->call->agg->merge(states, from, map, groups, err);
    }
    for (uint32_t first = 0; first < groups; first += GROUPS_PER_CHECK) {
        mu_agg_states some = *from;
        const uint32_t left = groups - first;
        const uint32_t count = left < GROUPS_PER_CHECK ? left : GROUPS_PER_CHECK;
        if (mu_stopped()) {
            return fail_memory(err);
        }
        some.data = (char *)from->data + first * from->call->agg->state_size;
        some.groups = count;
        MU_TRY(states->call->agg->merge(states, &some, map + first, count, err));
    }
    return MUSTER_OK;
}

muster_status mu_agg_result(mu_agg_states *states, uint32_t group, mu_value *out, muster_error *err)
{
    assert(group < states->groups);
    if (states->distinct) {
        MU_TRY(mu_agg_distinct_finish(states, err));
    }
    *out = (mu_value){.type = states->call->type};
    return located(states, states->call->agg->result_of(states, group, out, err), err);
}

bool mu_agg_alike(const mu_agg_call *a, const mu_agg_call *b)
{
    if (a->agg->listed == 0 || a->agg->listed != b->agg->listed || a->distinct || b->distinct ||
        !same_expr(a->filter, b->filter)) {
        return false;
    }
    for (uint32_t i = 0; i < a->agg->listed; i++) {
        if (!mu_expr_equal(a->args[i], b->args[i])) {
            return false;
        }
    }
    return true;
}

muster_status mu_agg_result_of(mu_agg_states *states, const mu_agg_call *call, uint32_t group,
                               mu_value *out, muster_error *err)
{
    const mu_agg_call *own = states->call;

    assert(call == own || mu_agg_alike(own, call));
    states->call = call;
    const muster_status status = mu_agg_result(states, group, out, err);
    states->call = own;
    return status;
}

/* Values as 64 bits. */

muster_status mu_agg_bits(mu_agg_states *states, const mu_value *value, int64_t *out,
                          muster_error *err)
{
    uint32_t code;

    assert(!value->null);
    switch (mu_type_form(value->type)) {
    case MU_FORM_BITS:
    case MU_FORM_I64:
        *out = value->i64;
        break;
    case MU_FORM_F64:
        *out = (int64_t)mu_double_word(value->f64);
        break;
    case MU_FORM_CODE:
        if (!mu_dict_builder_add(&states->texts, value->text, &code)) {
            return fail_memory(err);
        }
        *out = code;
        break;
    case MU_FORM_ORDINAL:
        *out = value->ordinal;
        break;
    }
    return MUSTER_OK;
}

mu_value mu_agg_value(const mu_agg_states *states, mu_type type, int64_t bits)
{
    mu_value value = {.type = type};

    switch (mu_type_form(type)) {
    case MU_FORM_BITS:
    case MU_FORM_I64:
        value.i64 = bits;
        break;
    case MU_FORM_F64:
        memcpy(&value.f64, &bits, sizeof bits);
        break;
    case MU_FORM_CODE:
        value.text = mu_dict_text(&states->texts.dict, (uint32_t)bits);
        break;
    case MU_FORM_ORDINAL:
        value.ordinal = (uint32_t)bits;
        break;
    }
    return value;
}

muster_status mu_agg_move(mu_agg_states *states, const mu_agg_states *from, mu_type type,
                          int64_t bits, int64_t *out, muster_error *err)
{
    const mu_value value = mu_agg_value(from, type, bits);

    return mu_agg_bits(states, &value, out, err);
}
