/*
 * pick.c - each form is copied by a loop of its own.
 */
#include "query/pick.h"

#include "storage/customer.h"

#include <assert.h>
#include <string.h>

static void pick_bits(const uint64_t *from, const uint32_t *list, uint32_t count, uint64_t *out)
{
    memset(out, 0, MU_BATCH_WORDS * sizeof *out);
    for (uint32_t i = 0; i < count; i++) {
        if (list[i] != MU_NO_ROW && mu_bits_test(from, list[i])) {
            mu_bits_set(out, i);
        }
    }
}

static void pick_words(const uint64_t *from, const uint32_t *list, uint32_t count, uint64_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        out[i] = list[i] == MU_NO_ROW ? 0 : from[list[i]];
    }
}

/* No kernel may follow a code that is none, so the rest of the room is cleared. */
static void pick_halves(const uint32_t *from, const uint32_t *list, uint32_t count, uint32_t none,
                        uint32_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        out[i] = list[i] == MU_NO_ROW ? none : from[list[i]];
    }
    memset(&out[count], 0, (MU_BATCH_ROWS - count) * sizeof *out);
}

/* False: there are no nulls. */
static bool pick_valid(const uint64_t *from, const uint32_t *list, uint32_t count, uint64_t *out)
{
    uint32_t nulls = 0;

    memset(out, 0, MU_BATCH_WORDS * sizeof *out);
    for (uint32_t i = 0; i < count; i++) {
        const bool is_valid = list[i] != MU_NO_ROW && (!from || mu_bits_test(from, list[i]));
        out[i / 64] |= (uint64_t)is_valid << i % 64;
        nulls += !is_valid;
    }
    return nulls > 0;
}

void mu_pick(const mu_vector *from, const uint32_t *list, uint32_t count, void *values,
             uint64_t *valid, mu_vector *out)
{
    assert(count <= MU_BATCH_ROWS);
    *out = (mu_vector){.type = from->type, .data = values, .dict = from->dict};
    out->valid = pick_valid(from->valid, list, count, valid) ? valid : NULL;
    switch (mu_type_form(from->type)) {
    case MU_FORM_BITS:
        pick_bits(from->data, list, count, values);
        break;
    case MU_FORM_I64:
    case MU_FORM_F64: /* a double is copied as it is */
        pick_words(from->data, list, count, values);
        break;
    case MU_FORM_CODE:
        pick_halves(from->data, list, count, 0, values);
        break;
    case MU_FORM_ORDINAL:
        pick_halves(from->data, list, count, MU_NO_CUSTOMER, values);
        break;
    }
}
