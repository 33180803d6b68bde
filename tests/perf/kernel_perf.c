/*
 * kernel_perf.c - how many values a nanosecond every kernel of every table takes, in the L1 cache.
 *
 * Run by hand, on a quiet machine and a release build; the best of many rounds counts. The memcpy
 * line moves the decoded bytes: nothing that writes them can be faster.
 */
#include "storage/base/env.h"
#include "storage/base/hash.h"
#include "storage/base/status.h"
#include "storage/kernels/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 1024,
    WORDS = ROWS / 64,
    ROUNDS = 15,
    CALLS = 1000,
};

typedef struct data {
    int64_t a[ROWS], b[ROWS], out[ROWS];
    double x[ROWS];
    uint32_t codes[ROWS], ordinals[ROWS], listed[ROWS];
    uint64_t live[WORDS], map[WORDS], first[WORDS], tenth[WORDS], set[1024];
    uint8_t table[512], packed[ROWS * 8];
    uint32_t width;
    uint64_t divisor;
} data;

static data d;
static volatile uint64_t sink;

static void fill(void)
{
    uint64_t state = 1;

    for (size_t i = 0; i < ROWS; i++) {
        state += UINT64_C(0x9e3779b97f4a7c15);
        const uint64_t random = mu_hash_u64(state);
        d.a[i] = (int64_t)(random % 1000);
        d.b[i] = (int64_t)(random >> 32) % 1000;
        d.x[i] = (double)d.a[i];
        d.codes[i] = (uint32_t)(random >> 40) % 300;
        d.ordinals[i] = (uint32_t)(i * 60);
        d.set[i] = random;
        d.table[i % 512] = (uint8_t)(random >> 20 & 1);
        memcpy(&d.packed[i * 8], &random, sizeof random);
    }
    memcpy(d.map, d.set, sizeof d.map);
    memcpy(d.first, d.set, sizeof d.first);
    d.first[0] |= 1;
    for (size_t w = 0; w < WORDS; w++) {
        d.tenth[w] = d.set[w] & d.set[w + WORDS] & d.set[w + 2 * WORDS];
    }
}

/* Each call starts from rows that all live, so that no word is skipped. */
static void revive(void)
{
    memset(d.live, 0xff, sizeof d.live);
}

typedef void body(const mu_kernels *k);

static double values_per_ns(body *run, const mu_kernels *k)
{
    double best = 1e9;

    for (int round = 0; round < ROUNDS; round++) {
        const double start = mu_env_seconds();
        for (int call = 0; call < CALLS; call++) {
            run(k);
        }
        const double seconds = mu_env_seconds() - start;
        best = seconds < best ? seconds : best;
    }
    return (double)ROWS * CALLS / (best * 1e9);
}

static void run_eq_i64(const mu_kernels *k)
{
    revive();
    k->filter_eq_i64(d.a, 500, d.live, WORDS);
}

static void run_gt_i64(const mu_kernels *k)
{
    revive();
    k->filter_gt_i64(d.a, 500, d.live, WORDS);
}

static void run_range_i64(const mu_kernels *k)
{
    revive();
    k->filter_range_i64(d.a, 200, 500, d.live, WORDS);
}

static void run_eq_u32(const mu_kernels *k)
{
    revive();
    k->filter_eq_u32(d.codes, 7, d.live, WORDS);
}

static void run_lt_f64(const mu_kernels *k)
{
    revive();
    k->filter_lt_f64(d.x, 500, d.live, WORDS);
}

static void run_code_table(const mu_kernels *k)
{
    revive();
    k->filter_code_table(d.codes, d.table, d.live, WORDS);
}

static void run_stripe_set(const mu_kernels *k)
{
    revive();
    k->filter_stripe_set(d.ordinals, d.set, d.live, WORDS);
}

static void run_compare_lt_i64(const mu_kernels *k)
{
    k->compare_lt_i64(d.a, d.b, d.live, WORDS);
}

static void run_count_bits(const mu_kernels *k)
{
    sink += k->count_bits(d.map, WORDS);
}

static void run_and_bits(const mu_kernels *k)
{
    k->and_bits(d.live, d.map, WORDS);
}

static void run_sum_i64(const mu_kernels *k)
{
    int overflow = 0;
    sink += (uint64_t)k->sum_i64(d.a, d.map, WORDS, &overflow);
}

static void run_sum_f64(const mu_kernels *k)
{
    sink += (uint64_t)k->sum_f64(d.x, d.map, WORDS);
}

static void run_min_max_i64(const mu_kernels *k)
{
    int64_t min = INT64_MAX, max = INT64_MIN;
    k->min_max_i64(d.a, d.map, WORDS, &min, &max);
    sink += (uint64_t)min;
}

static void run_list_bits(const mu_kernels *k)
{
    sink += k->list_bits(d.map, WORDS, d.listed);
}

static void run_unpack_u32(const mu_kernels *k)
{
    k->unpack_u32(d.packed, d.width, 0, ROWS, d.listed);
}

static void run_unpack_i64(const mu_kernels *k)
{
    k->unpack_i64(d.packed, d.width, 0, ROWS, 1000, d.divisor, d.out);
}

static void run_place_u32(const mu_kernels *k)
{
    k->place_u32(d.map, WORDS, d.ordinals, d.listed);
}

static void run_place_few(const mu_kernels *k)
{
    k->place_u32(d.tenth, WORDS, d.ordinals, d.listed);
}

static void run_place_i64(const mu_kernels *k)
{
    k->place_i64(d.map, WORDS, d.a, d.out);
}

static void run_repeat_u32(const mu_kernels *k)
{
    k->repeat_u32(d.first, WORDS, d.ordinals, d.listed);
}

static void run_repeat_i64(const mu_kernels *k)
{
    k->repeat_i64(d.first, WORDS, d.a, d.out);
}

static void run_sum_narrow(const mu_kernels *k)
{
    k->sum_u32_differences(d.map, WORDS, d.ordinals, d.codes, 5, UINT32_MAX, 1000, 1000000, d.out);
}

static void run_sum_wide(const mu_kernels *k)
{
    k->sum_i64_differences(d.map, WORDS, d.a, d.b, 5, d.out);
}

static void lookup(const mu_kernels *k, uint32_t entries)
{
    for (size_t i = 0; i < ROWS; i++) {
        d.listed[i] = d.codes[i] & (entries - 1);
    }
    k->lookup_u32(d.ordinals, entries, d.listed, ROWS);
}

static void run_lookup_16(const mu_kernels *k)
{
    lookup(k, 16);
}

static void run_lookup_32(const mu_kernels *k)
{
    lookup(k, 32);
}

static void run_lookup_256(const mu_kernels *k)
{
    lookup(k, 256);
}

static void run_divide_f64(const mu_kernels *k)
{
    k->divide_f64(d.a, 100, d.out, ROWS);
}

static void run_memcpy_u32(const mu_kernels *k)
{
    (void)k;
    memcpy(d.listed, d.codes, sizeof d.listed);
    sink += d.listed[sink % ROWS];
}

static void run_memcpy_i64(const mu_kernels *k)
{
    (void)k;
    memcpy(d.out, d.a, sizeof d.out);
    sink += (uint64_t)d.out[sink % ROWS];
}

static const mu_kernels *tables[3];
static size_t table_count;

static void print_line(const char *name, body *run)
{
    printf("%-24s", name);
    for (size_t i = 0; i < table_count; i++) {
        printf("%10.2f", values_per_ns(run, tables[i]));
    }
    printf("\n");
}

int main(void)
{
    static const struct {
        const char *name;
        body *run;
    } all[] = {
        {"filter_eq_i64", run_eq_i64},
        {"filter_gt_i64", run_gt_i64},
        {"filter_range_i64", run_range_i64},
        {"filter_eq_u32", run_eq_u32},
        {"filter_lt_f64", run_lt_f64},
        {"filter_code_table", run_code_table},
        {"filter_stripe_set", run_stripe_set},
        {"compare_lt_i64", run_compare_lt_i64},
        {"count_bits", run_count_bits},
        {"and_bits", run_and_bits},
        {"sum_i64", run_sum_i64},
        {"sum_f64", run_sum_f64},
        {"min_max_i64", run_min_max_i64},
        {"list_bits, half set", run_list_bits},
        {"place_u32, half", run_place_u32},
        {"place_u32, a tenth", run_place_few},
        {"place_i64, half", run_place_i64},
        {"repeat_u32, half", run_repeat_u32},
        {"repeat_i64, half", run_repeat_i64},
        {"sum_u32_differences", run_sum_narrow},
        {"sum_i64_differences", run_sum_wide},
        {"lookup_u32, 16 entries", run_lookup_16},
        {"lookup_u32, 32 entries", run_lookup_32},
        {"lookup_u32, 256 entries", run_lookup_256},
        {"divide_f64", run_divide_f64},
        {"memcpy of u32", run_memcpy_u32},
        {"memcpy of i64", run_memcpy_i64},
    };
    static const uint32_t widths[] = {0, 1, 4, 7, 8, 9, 11, 16, 17, 22, 31, 32, 33, 40, 63, 64};
    char name[40];

    fill();
    printf("values per nanosecond   ");
    for (size_t i = 0; i < 3; i++) {
        static const char *const names[] = {"baseline", "avx2", "avx512"};
        const mu_kernels *kernels = mu_kernels_for(names[i]);
        if (kernels) {
            tables[table_count++] = kernels;
            printf("%10s", kernels->isa);
        }
    }
    printf("\n");
    for (size_t i = 0; i < MU_COUNT(all); i++) {
        print_line(all[i].name, all[i].run);
    }
    for (size_t i = 0; i < MU_COUNT(widths); i++) {
        d.width = widths[i];
        if (d.width <= 32) {
            (void)snprintf(name, sizeof name, "unpack_u32, %u bits", d.width);
            print_line(name, run_unpack_u32);
        }
        d.divisor = 1;
        (void)snprintf(name, sizeof name, "unpack_i64, %u bits", d.width);
        print_line(name, run_unpack_i64);
        d.divisor = 1000000;
        (void)snprintf(name, sizeof name, "  and times a million");
        print_line(name, run_unpack_i64);
    }
    return 0;
}
