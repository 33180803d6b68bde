/*
 * enc_for.h - lists of integers, bit-packed: the FOR encoding, and a part of most others.
 *
 * A list is a header (width, base, divisor) and the numbers (value - base) / divisor in `width`
 * bits each; enc_for.c has the layout. How many there are is known from elsewhere. A list that is
 * open has been checked: no read of it leaves its bytes, whatever they are.
 */
#ifndef MU_ENC_FOR_H
#define MU_ENC_FOR_H

#include "storage/base/bytes.h"
#include "storage/base/status.h"

typedef struct mu_for {
    uint8_t width; /* bits a number, 0 to 64 */
    int64_t base;
    uint64_t divisor; /* never 0 */
    uint32_t count;
    const uint8_t *vectors; /* the packed numbers; NULL in a plan */
} mu_for;

/* How `count` >= 1 values between min and max, both among them, are packed best. */
mu_for mu_for_plan(const int64_t *values, uint32_t count, int64_t min, int64_t max);
mu_for mu_for_plan_list(const int64_t *values, uint32_t count); /* finds min and max itself */
size_t mu_for_bytes(const mu_for *plan);                        /* that it will take, header too */
void mu_for_numbers(const mu_for *plan, const int64_t *values, uint64_t *numbers); /* to pack */
void mu_for_write(mu_writer *out, const mu_for *plan, const int64_t *values);

muster_status mu_for_open(mu_for *list, mu_reader *in, uint32_t count, muster_error *err);

/* Values [first, first + count), first a multiple of 64; `out` has room for count rounded up to a
 * multiple of 64. What does not fit 32 bits is cut, but a list wider than that is CORRUPT. */
void mu_for_read_i64(const mu_for *list, uint32_t first, uint32_t count, int64_t *out);
muster_status mu_for_read_u32(const mu_for *list, uint32_t first, uint32_t count, uint32_t *out,
                              muster_error *err);

/* The same for any `first`: the values are somewhere in `room`, which has MU_FOR_ROOM(count)
 * values. */
#define MU_FOR_ROOM(count) ((count) + 128)
const int64_t *mu_for_slice_i64(const mu_for *list, uint32_t first, uint32_t count, int64_t *room);
muster_status mu_for_slice_u32(const mu_for *list, uint32_t first, uint32_t count, uint32_t *room,
                               const uint32_t **out, muster_error *err);

#endif
