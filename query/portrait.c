/*
 * portrait.c - the rows of profile(): how many of an audience have a value, and how many of those
 * it is held against.
 */
#include "query/portrait.h"

#include "query/func.h"

static muster_status add_value(mu_exec *exec, const mu_traits *traits, uint32_t d, uint32_t code,
                               mu_writer *text, mu_rowset *out, muster_error *err)
{
    const mu_trait_dimension *dimension = &traits->dimensions[d];
    const mu_type bigint = mu_type_of_letter('i');
    const mu_value found = mu_trait_value(dimension, code);
    const uint64_t counted[] = {
        [MU_PORTRAIT_CUSTOMERS] = dimension->counts[code][0],
        [MU_PORTRAIT_TOTAL] = traits->totals[0],
        [MU_PORTRAIT_OTHERS] = dimension->counts[code][1],
        [MU_PORTRAIT_OTHERS_TOTAL] = traits->totals[1],
    };
    mu_value row[MU_PORTRAIT_COLUMNS];

    mu_writer_reset(text);
    mu_value_format_in(&found, mu_exec_zone(exec), text);
    if (text->failed) {
        return mu_fail_memory(err, "writing a value as text");
    }
    for (uint32_t c = MU_PORTRAIT_CUSTOMERS; c < MU_PORTRAIT_COLUMNS; c++) {
        row[c] = (mu_value){.type = bigint, .i64 = (int64_t)counted[c]};
    }
    row[MU_PORTRAIT_NUMBER] = (mu_value){.type = bigint, .i64 = d};
    row[MU_PORTRAIT_DIMENSION] =
        (mu_value){.type = mu_type_of_letter('t'), .text = dimension->name};
    row[MU_PORTRAIT_VALUE] =
        (mu_value){.type = mu_type_of_letter('t'),
                   .null = found.null,
                   .text = {text->size > 0 ? (const char *)text->data : "", (uint32_t)text->size}};
    return mu_rowset_add(out, row, err);
}

static muster_status add_values(mu_exec *exec, const mu_traits *traits, mu_rowset *out,
                                muster_error *err)
{
    muster_status status = MUSTER_OK;
    mu_writer text = {0};

    for (uint32_t d = 0; d < traits->count && status == MUSTER_OK; d++) {
        const mu_trait_dimension *dimension = &traits->dimensions[d];
        for (uint32_t code = 0; code < dimension->count && status == MUSTER_OK; code++) {
            if (code % MU_BATCH_ROWS == 0) {
                status = mu_exec_check(exec, err);
            }
            if (status == MUSTER_OK && (dimension->counts[code][0] | dimension->counts[code][1])) {
                status = add_value(exec, traits, d, code, &text, out, err);
            }
        }
    }
    mu_writer_deinit(&text);
    return status;
}

static muster_status draw(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err)
{
    const mu_behaviour_plan *b = plan->behaviour;
    const mu_set *const sets[] = {b->conditions[MU_PORTRAIT_AUDIENCE]->set,
                                  b->conditions[MU_PORTRAIT_AGAINST]->set};
    mu_traits traits;

    MU_TRY(mu_traits_count(exec, b->source.table, sets, &traits, err));
    const muster_status status = add_values(exec, &traits, out, err);
    mu_traits_deinit(&traits);
    return status;
}

const mu_behaviour_class mu_portrait_class = {.name = "profile", .whole = draw};
