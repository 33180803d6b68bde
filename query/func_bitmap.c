/*
 * func_bitmap.c - sets of customers as values: & | - ^, bitmap_count, bitmap_contains.
 *
 * A set is the bytes of a Roaring bitmap, and all is done a stripe at a time, on 8 KiB of bits of
 * each side; nothing is unpacked as a whole. What is written has one form, so equal sets are equal
 * bytes. A count of two sets combined never writes the combination: bitmap_count(a & b) becomes
 * bitmap_and_count(a, b).
 */
#include "query/func.h"
#include "storage/kernels/kernels.h"
#include "storage/tag_set.h"

#include <assert.h>
#include <string.h>

typedef enum combination {
    AND,
    OR,
    WITHOUT,
    EITHER
} combination;

/* Two sets that are gone through side by side. */
typedef struct walk {
    combination how;
    mu_tag_set sets[2];
    uint32_t counts[2], at[2], stripes[2]; /* MU_STRIPE_ROWS, past all: there is no more */
    uint64_t bits[2][MU_STRIPE_WORDS];
} walk;

static muster_status look_at(walk *w, unsigned side, muster_error *err)
{
    w->stripes[side] = MU_STRIPE_ROWS;
    return w->at[side] < w->counts[side]
               ? mu_tag_set_stripe(&w->sets[side], w->at[side], &w->stripes[side], err)
               : MUSTER_OK;
}

static muster_status walk_init(walk *w, combination how, const mu_value *args, muster_error *err)
{
    w->how = how;
    for (unsigned side = 0; side < 2; side++) {
        w->sets[side] = mu_tag_set_of(args[side].text);
        w->at[side] = 0;
        MU_TRY(mu_tag_set_stripes(&w->sets[side], &w->counts[side], err));
        MU_TRY(look_at(w, side, err));
    }
    return MUSTER_OK;
}

static bool is_needed(combination how, bool in_first, bool in_second)
{
    switch (how) {
    case AND:
        return in_first && in_second;
    case WITHOUT:
        return in_first;
    case OR:
    case EITHER:
        break;
    }
    return true;
}

static void combine(combination how, uint64_t *into, const uint64_t *other)
{
    switch (how) {
    case AND:
        mu_k()->and_bits(into, other, MU_STRIPE_WORDS);
        break;
    case OR:
        mu_k()->or_bits(into, other, MU_STRIPE_WORDS);
        break;
    case WITHOUT:
        mu_k()->and_not_bits(into, other, MU_STRIPE_WORDS);
        break;
    case EITHER:
        for (size_t w = 0; w < MU_STRIPE_WORDS; w++) {
            into[w] ^= other[w];
        }
        break;
    }
}

/* The next stripe in which anyone may be, combined in bits[0]; *stripe is MU_STRIPE_ROWS at the
 * end. */
static muster_status walk_next(walk *w, uint32_t *stripe, muster_error *err)
{
    uint64_t ignored;

    for (;;) {
        *stripe = w->stripes[0] < w->stripes[1] ? w->stripes[0] : w->stripes[1];
        const bool in[2] = {w->stripes[0] == *stripe, w->stripes[1] == *stripe};
        const bool needed = *stripe < MU_STRIPE_ROWS && is_needed(w->how, in[0], in[1]);
        if (*stripe == MU_STRIPE_ROWS) {
            return MUSTER_OK;
        }
        for (unsigned side = 0; side < 2; side++) {
            if (needed) {
                memset(w->bits[side], 0, sizeof w->bits[side]);
                MU_TRY(mu_tag_set_read(&w->sets[side], *stripe, w->bits[side], &ignored, err));
            }
            if (in[side]) {
                w->at[side]++;
                MU_TRY(look_at(w, side, err));
            }
        }
        if (needed) {
            combine(w->how, w->bits[0], w->bits[1]);
            return MUSTER_OK;
        }
    }
}

/* Hands the finished set out as the function's text. */
static muster_status give_set(mu_func_context *context, mu_tag_set_writer *writer, mu_value *out,
                              muster_error *err)
{
    if (!mu_tag_set_finish(writer, &context->text)) {
        return mu_fail_memory(err, "writing a set of customers");
    }
    assert(context->text.size <= UINT32_MAX);
    out->text = (mu_text){(const char *)context->text.data, (uint32_t)context->text.size};
    return MUSTER_OK;
}

static muster_status write_combined(mu_func_context *context, combination how, const mu_value *args,
                                    mu_tag_set_writer *writer, muster_error *err)
{
    uint64_t steps = 0;
    uint32_t stripe;
    walk w;

    MU_TRY(walk_init(&w, how, args, err));
    for (;;) {
        MU_TRY(walk_next(&w, &stripe, err));
        if (stripe == MU_STRIPE_ROWS) {
            return MUSTER_OK;
        }
        mu_tag_set_add(writer, stripe, w.bits[0]);
        MU_TRY(mu_func_work(context, &steps, MU_STRIPE_WORDS, err));
    }
}

MU_SCALAR(combine_scalar)
{
    mu_tag_set_writer writer = {0};
    muster_status status =
        write_combined(context, (combination)expr->func->variant, args, &writer, err);

    if (status == MUSTER_OK) {
        status = give_set(context, &writer, out, err);
    }
    mu_tag_set_writer_deinit(&writer);
    return status;
}

MU_SCALAR(combine_count_scalar)
{
    uint64_t steps = 0;
    uint32_t stripe;
    walk w;

    out->i64 = 0;
    MU_TRY(walk_init(&w, (combination)expr->func->variant, args, err));
    for (;;) {
        MU_TRY(walk_next(&w, &stripe, err));
        if (stripe == MU_STRIPE_ROWS) {
            return MUSTER_OK;
        }
        out->i64 += (int64_t)mu_k()->count_bits(w.bits[0], MU_STRIPE_WORDS);
        MU_TRY(mu_func_work(context, &steps, MU_STRIPE_WORDS, err));
    }
}

MU_SCALAR(count_scalar)
{
    const mu_tag_set set = mu_tag_set_of(args[0].text);
    uint64_t customers;

    (void)context;
    (void)expr;
    MU_TRY(mu_tag_set_count(&set, &customers, err));
    out->i64 = (int64_t)customers;
    return MUSTER_OK;
}

MU_SCALAR(contains_scalar)
{
    const mu_tag_set set = mu_tag_set_of(args[0].text);
    bool found = false;

    (void)context;
    if (args[1].ordinal == MU_NO_CUSTOMER) { /* nobody; or an id that no one has */
        out->null = expr->args[1]->kind != MU_EXPR_CONST;
        return MUSTER_OK;
    }
    MU_TRY(mu_tag_set_contains(&set, args[1].ordinal, &found, err));
    out->i64 = found;
    return MUSTER_OK;
}

/* "members of": who bears a value of a tag, or is in a version of an audience, given by their
 * numbers in the snapshot, audiences counted on from the tags. Relations that show sets compute
 * them by this, so that sets which no one asks for are not read. */
static muster_status write_members(const mu_func_context *context, uint32_t number, uint32_t value,
                                   mu_tag_set_writer *writer, muster_error *err)
{
    const mu_snapshot *snapshot = context->snapshot;
    const mu_tags *tags = mu_snapshot_tags(snapshot);
    const uint32_t count = mu_tags_count(tags);
    const mu_tag *tag =
        number < count ? mu_tags_at(tags, number) : mu_audiences_at(tags, number - count);
    uint64_t bits[MU_STRIPE_WORDS], ignored, steps = 0;

    for (uint32_t stripe = 0; stripe < mu_snapshot_stripes(snapshot) && value < tag->value_count;
         stripe++) {
        const uint64_t *erased = mu_erased_stripe(mu_snapshot_erased(snapshot), stripe);
        memset(bits, 0, sizeof bits);
        MU_TRY(mu_tag_read_stripe(tags, tag, value, stripe, bits, &ignored, err));
        if (erased) {
            combine(WITHOUT, bits, erased);
        }
        mu_tag_set_add(writer, stripe, bits);
        MU_TRY(mu_func_work(context, &steps, MU_STRIPE_WORDS, err));
    }
    return MUSTER_OK;
}

MU_SCALAR(members_scalar)
{
    mu_tag_set_writer writer = {0};
    muster_status status =
        write_members(context, (uint32_t)args[0].i64, (uint32_t)args[1].i64, &writer, err);

    (void)expr;
    if (status == MUSTER_OK) {
        status = give_set(context, &writer, out, err);
    }
    mu_tag_set_writer_deinit(&writer);
    return status;
}

static muster_status make_count(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                                uint32_t arg_count, int32_t offset, const mu_expr **out,
                                muster_error *err);

#define COMBINED(text, counted, how)                                                             \
    {.name = (text), .params = "mm", .result = 'm', .variant = (how), .scalar = combine_scalar}, \
    {                                                                                            \
        .name = (counted), .params = "mm", .result = 'i', .variant = (how),                      \
        .scalar = combine_count_scalar                                                           \
    }

static const mu_func funcs[] = {
    COMBINED("&", "bitmap_and_count", AND),
    COMBINED("|", "bitmap_or_count", OR),
    COMBINED("-", "bitmap_without_count", WITHOUT),
    COMBINED("^", "bitmap_either_count", EITHER),
    {.name = "bitmap_count",
     .params = "m",
     .result = 'i',
     .make = make_count,
     .scalar = count_scalar},
    {.name = "bitmap_contains", .params = "mc", .result = 'b', .scalar = contains_scalar},
    {.name = "members of", .params = "ii", .result = 'm', .scalar = members_scalar},
};

static muster_status make_count(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                                uint32_t arg_count, int32_t offset, const mu_expr **out,
                                muster_error *err)
{
    const mu_expr *set = args[0];

    (void)func;
    (void)arg_count;
    for (size_t i = 0; i + 1 < MU_COUNT(funcs) && set->kind == MU_EXPR_CALL; i++) {
        if (set->func == &funcs[i] && set->func->scalar == combine_scalar) {
            return mu_expr_call(scope, funcs[i + 1].name, set->args, set->arg_count, offset, out,
                                err);
        }
    }
    return MUSTER_OK;
}

const mu_func_family mu_func_bitmap = {funcs, MU_COUNT(funcs)};
