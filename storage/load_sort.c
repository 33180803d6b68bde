/*
 * load_sort.c - the order of a run: customer, time, arrival.
 *
 * Logs mostly come in order of time. So rows are sorted by customer alone, with a radix sort that
 * keeps arrival, and then each customer's few rows are looked at: nearly always they are in order
 * of time already. Where they are not, a stable sort puts them so.
 */
#include "storage/load_rows.h"

#include <assert.h>
#include <string.h>

enum {
    DIGIT_BITS = 11, /* three passes for any ordinal; the counts fit the L1 cache */
    DIGITS = 1 << DIGIT_BITS,
    SHORT_RUN = 16, /* rows that an insertion sort is best at */
};

/* One stable pass by the digit at `shift` (of the ordinal); false if the load is cancelled. */
static bool sort_digit(const mu_load *load, const mu_load_key *from, mu_load_key *to,
                       uint32_t count, unsigned shift)
{
    uint32_t starts[DIGITS] = {0};
    uint32_t sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        starts[from[i] >> (32 + shift) & (DIGITS - 1)]++;
    }
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        const uint32_t n = starts[digit];
        starts[digit] = sum;
        sum += n;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (mu_load_cancelled_at(load, i)) {
            return false;
        }
        to[starts[from[i] >> (32 + shift) & (DIGITS - 1)]++] = from[i];
    }
    assert(sum == count);
    return true;
}

static bool sorted_by_customer(const mu_load_key *keys, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (keys[i - 1] > keys[i]) {
            return false;
        }
    }
    return true;
}

static void insertion_sort(mu_load_key *keys, uint32_t count, const mu_load_column *times)
{
    for (uint32_t i = 1; i < count; i++) {
        const mu_load_key key = keys[i];
        const int64_t time = mu_load_i64_at(times, mu_load_key_row(key));
        uint32_t at = i;

        while (at > 0 && mu_load_i64_at(times, mu_load_key_row(keys[at - 1])) > time) {
            keys[at] = keys[at - 1];
            at--;
        }
        keys[at] = key;
    }
}

/* Merges [0, middle) and [middle, count) of keys; equal times keep their order. */
static void merge(mu_load_key *keys, mu_load_key *spare, uint32_t middle, uint32_t count,
                  const mu_load_column *times)
{
    uint32_t left = 0, right = middle, out = 0;

    if (mu_load_i64_at(times, mu_load_key_row(keys[middle - 1])) <=
        mu_load_i64_at(times, mu_load_key_row(keys[middle]))) {
        return;
    }
    memcpy(spare, keys, middle * sizeof *keys);
    while (left < middle && right < count) {
        const int64_t left_time = mu_load_i64_at(times, mu_load_key_row(spare[left]));
        const int64_t right_time = mu_load_i64_at(times, mu_load_key_row(keys[right]));
        keys[out++] = left_time <= right_time ? spare[left++] : keys[right++];
    }
    memcpy(&keys[out], &spare[left], (middle - left) * sizeof *keys);
}

/* Puts the rows of one customer in order of time; false if the load is cancelled. */
static bool sort_times(const mu_load *load, mu_load_key *keys, mu_load_key *spare, uint32_t count,
                       const mu_load_column *times)
{
    for (uint32_t start = 0; start < count; start += SHORT_RUN) {
        const uint32_t left = count - start;
        insertion_sort(&keys[start], left < SHORT_RUN ? left : SHORT_RUN, times);
    }
    for (uint64_t width = SHORT_RUN; width < count; width *= 2) {
        for (uint64_t start = 0; start + width < count; start += 2 * width) {
            const uint64_t left = count - start;
            if (mu_load_cancelled(load)) {
                return false;
            }
            merge(&keys[start], spare, (uint32_t)width,
                  (uint32_t)(left < 2 * width ? left : 2 * width), times);
        }
    }
    return true;
}

static bool repair_times(const mu_load *load, mu_load_key *keys, mu_load_key *spare, uint32_t count,
                         const mu_load_column *times)
{
    for (uint32_t start = 0; start < count;) {
        const uint32_t ordinal = mu_load_key_ordinal(keys[start]);
        int64_t last = mu_load_i64_at(times, mu_load_key_row(keys[start]));
        bool ordered = true;
        uint32_t end = start + 1;

        for (; end < count && mu_load_key_ordinal(keys[end]) == ordinal; end++) {
            if (mu_load_cancelled_at(load, end)) {
                return false;
            }
            const int64_t time = mu_load_i64_at(times, mu_load_key_row(keys[end]));
            ordered = ordered && last <= time;
            last = time;
        }
        if (!ordered && !sort_times(load, &keys[start], spare, end - start, times)) {
            return false;
        }
        start = end;
    }
    return true;
}

muster_status mu_load_sort(const mu_load *load, mu_load_key *keys, mu_load_key *spare,
                           uint32_t count, const mu_load_column *times, muster_error *err)
{
    mu_load_key *from = keys;
    mu_load_key *to = spare;

    if (!sorted_by_customer(keys, count)) {
        for (unsigned shift = 0; shift < 32; shift += DIGIT_BITS) {
            if (!sort_digit(load, from, to, count, shift)) {
                return mu_load_cancel(err);
            }
            mu_load_key *const swap = from;
            from = to;
            to = swap;
        }
        if (from != keys) {
            memcpy(keys, from, count * sizeof *keys);
        }
    }
    return !times || repair_times(load, keys, spare, count, times) ? MUSTER_OK
                                                                   : mu_load_cancel(err);
}
