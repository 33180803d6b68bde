/*
 * credit_tally.c - credits added up.
 *
 * Units and values that are exact are added as whole numbers, doubles with what rounding loses
 * (Neumaier), so that the sums are those of the rows of every conversion.
 */
#include "query/credit_tally.h"

#include "query/func.h"

#include "storage/base/mem.h"
#include "storage/value.h"

#include <math.h>

void mu_credit_tally_deinit(mu_credit_tally *tally)
{
    mu_pair_numbers_deinit(&tally->keys);
    mu_mem_free(tally->sums);
}

static void add_double(mu_credit_sum *sum, double value)
{
    const double more = sum->sum + value;

    if (isfinite(more)) {
        sum->lost +=
            fabs(sum->sum) >= fabs(value) ? (sum->sum - more) + value : (value - more) + sum->sum;
    }
    sum->sum = more;
}

static void add_value(mu_credit_sum *sum, const mu_attribution *options, int64_t value)
{
    double real;

    sum->any_value = true;
    if (options->value_type.kind == MU_DOUBLE) {
        memcpy(&real, &value, sizeof real);
        add_double(sum, real);
    } else {
        sum->exact += value;
    }
}

bool mu_credit_tally_add(mu_credit_tally *tally, const mu_attribution *options,
                         const mu_credit *credit)
{
    const uint32_t before = tally->keys.count;
    uint32_t key;

    if (!mu_pair_numbers_find(&tally->keys, (mu_pair){credit->channel, credit->by}, &key)) {
        return false;
    }
    if (tally->keys.count > before) {
        const size_t wanted = (size_t)tally->keys.count * options->model_count;
        if (!mu_mem_reserve(&tally->sums, &tally->sum_capacity, wanted, sizeof *tally->sums)) {
            return false;
        }
        memset(&tally->sums[wanted - options->model_count], 0,
               options->model_count * sizeof *tally->sums);
    }
    mu_credit_sum *sum = &tally->sums[(size_t)key * options->model_count + credit->model];
    sum->any = true;
    sum->units += credit->units;
    if (credit->value != MU_GATHER_NULL) {
        add_value(sum, options, credit->value);
    }
    return true;
}

/* The value of a sum as a word. */
static muster_status value_of(const mu_credit_sum *sum, mu_type type, int64_t *out,
                              muster_error *err)
{
    const double real = sum->sum + sum->lost;
    char name[32];

    *out = MU_GATHER_NULL;
    if (!sum->any_value) {
        return MUSTER_OK;
    }
    if (type.kind == MU_DOUBLE) {
        memcpy(out, &real, sizeof real);
        return MUSTER_OK;
    }
    *out = (int64_t)sum->exact;
    if (*out != sum->exact || *out == MU_GATHER_NULL ||
        (type.kind == MU_DECIMAL && !mu_fits_decimal(*out, 18))) {
        return mu_fail(err, MUSTER_INVALID, "the sum does not fit %s", mu_type_name(type, name));
    }
    return MUSTER_OK;
}

muster_status mu_credit_tally_give(mu_credit_tally *tally, mu_behaviour *b, muster_error *err)
{
    const mu_attribution *options = b->plan->options;

    for (uint32_t key = 0; key < tally->keys.count; key++) {
        for (uint32_t model = 0; model < options->model_count; model++) {
            const mu_credit_sum *sum = &tally->sums[(size_t)key * options->model_count + model];
            if (!sum->any) {
                continue;
            }
            int64_t *words = mu_behaviour_add(b, 0);
            if (!words) {
                return mu_behaviour_fail_memory(b, err);
            }
            words[MU_ATTRIBUTED_MODEL] = model;
            words[MU_ATTRIBUTED_CHANNEL] = tally->keys.pairs[key].a;
            words[MU_ATTRIBUTED_CONVERSIONS] = sum->units;
            words[MU_ATTRIBUTED_BY] = tally->keys.pairs[key].b;
            MU_TRY(value_of(sum, options->value_type, &words[MU_ATTRIBUTED_VALUE], err));
        }
    }
    mu_pair_numbers_reset(&tally->keys);
    return MUSTER_OK;
}
