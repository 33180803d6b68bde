/*
 * kernels_test.c - every kernel of every table that this processor can run, against a plain loop.
 *
 * Values sit at the end of their memory and begin off any alignment but their own, so that the
 * address sanitizer sees a kernel read too far, and aligned loads show.
 */
#include "storage/kernels/kernels.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

enum {
    WORDS = 5,
    ROWS = WORDS * 64,
};

static const char *const names[] = {"baseline", "avx2", "avx512"};

static const int64_t nasty[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, 7, 8, INT64_MAX - 1, INT64_MAX};

typedef struct data {
    int64_t *a, *b;
    double *x, *y;
    uint32_t *codes;
    uint64_t *live; /* words: random, none, all, one, random */
    uint64_t *other;
} data;

static double nasty_double(uint64_t random)
{
    static const double all[] = {-HUGE_VAL, -1.5, -0.0, 0.0, 1e-320, 1.5, HUGE_VAL, (double)NAN};

    return all[random % MU_COUNT(all)];
}

static data new_data(uint64_t *state)
{
    data d = {.a = mu_mem_alloc(ROWS * sizeof *d.a),
              .b = mu_mem_alloc(ROWS * sizeof *d.b),
              .x = mu_mem_alloc(ROWS * sizeof *d.x),
              .y = mu_mem_alloc(ROWS * sizeof *d.y),
              .codes = mu_mem_alloc(ROWS * sizeof *d.codes),
              .live = mu_mem_alloc(WORDS * sizeof *d.live),
              .other = mu_mem_alloc(WORDS * sizeof *d.other)};

    for (size_t i = 0; i < ROWS; i++) {
        d.a[i] = nasty[test_random_below(state, MU_COUNT(nasty))];
        d.b[i] = nasty[test_random_below(state, MU_COUNT(nasty))];
        d.x[i] = nasty_double(test_random(state));
        d.y[i] = nasty_double(test_random(state));
        d.codes[i] = (uint32_t)test_random_below(state, 5);
    }
    for (size_t w = 0; w < WORDS; w++) {
        d.live[w] = w == 1 ? 0 : w == 2 ? UINT64_MAX : w == 3 ? 1 : test_random(state);
        d.other[w] = test_random(state);
        d.other[w] &= test_random(state);
    }
    return d;
}

static void free_data(data *d)
{
    mu_mem_free(d->a);
    mu_mem_free(d->b);
    mu_mem_free(d->x);
    mu_mem_free(d->y);
    mu_mem_free(d->codes);
    mu_mem_free(d->live);
    mu_mem_free(d->other);
}

/* Runs `body` with each table, on new data a few times. */
static void with_tables(void (*body)(const mu_kernels *k, data *d, uint64_t *state))
{
    uint64_t state = test_seed();

    for (size_t i = 0; i < MU_COUNT(names); i++) {
        const mu_kernels *kernels = mu_kernels_for(names[i]);
        if (!kernels) {
            continue;
        }
        assert_string_equal(kernels->isa, names[i]);
        for (int time = 0; time < 50; time++) {
            data d = new_data(&state);
            body(kernels, &d, &state);
            free_data(&d);
        }
    }
}

/* live & what `claim` says of each row, then compares with what the kernel left in `found`. */
#define CHECK_FILTER(call, claim)                                                 \
    do {                                                                          \
        uint64_t found[WORDS];                                                    \
        memcpy(found, d->live, sizeof found);                                     \
        call;                                                                     \
        for (uint32_t i = 0; i < ROWS; i++) {                                     \
            const bool wanted = mu_bits_test(d->live, i) && (claim);              \
            if (mu_bits_test(found, i) != wanted) {                               \
                fail_msg("%s: row %u of %s is not %d", k->isa, i, #call, wanted); \
            }                                                                     \
        }                                                                         \
    } while (0)

static void check_integer_filters(const mu_kernels *k, data *d, uint64_t *state)
{
    const int64_t bound = nasty[test_random_below(state, MU_COUNT(nasty))];
    const int64_t last = nasty[test_random_below(state, MU_COUNT(nasty))];
    const int64_t *a = d->a;

    CHECK_FILTER(k->filter_eq_i64(a, bound, found, WORDS), a[i] == bound);
    CHECK_FILTER(k->filter_ne_i64(a, bound, found, WORDS), a[i] != bound);
    CHECK_FILTER(k->filter_lt_i64(a, bound, found, WORDS), a[i] < bound);
    CHECK_FILTER(k->filter_le_i64(a, bound, found, WORDS), a[i] <= bound);
    CHECK_FILTER(k->filter_gt_i64(a, bound, found, WORDS), a[i] > bound);
    CHECK_FILTER(k->filter_ge_i64(a, bound, found, WORDS), a[i] >= bound);
    CHECK_FILTER(k->filter_range_i64(a, bound, last, found, WORDS), bound <= a[i] && a[i] <= last);
    CHECK_FILTER(k->filter_eq_u32(d->codes, 3, found, WORDS), d->codes[i] == 3);
    d->codes[7] = UINT32_MAX;
    CHECK_FILTER(k->filter_eq_u32(d->codes, UINT32_MAX, found, WORDS), d->codes[i] == UINT32_MAX);
}

TEST(integer_filters_keep_what_a_plain_loop_keeps)
{
    with_tables(check_integer_filters);
}

static void check_double_filters(const mu_kernels *k, data *d, uint64_t *state)
{
    const double bound = nasty_double(test_random(state));
    const double *x = d->x;

    CHECK_FILTER(k->filter_eq_f64(x, bound, found, WORDS), x[i] == bound);
    CHECK_FILTER(k->filter_lt_f64(x, bound, found, WORDS), x[i] < bound);
    CHECK_FILTER(k->filter_le_f64(x, bound, found, WORDS), x[i] <= bound);
    CHECK_FILTER(k->filter_gt_f64(x, bound, found, WORDS), x[i] > bound);
    CHECK_FILTER(k->filter_ge_f64(x, bound, found, WORDS), x[i] >= bound);
}

TEST(double_filters_treat_nan_as_ieee_754_does)
{
    with_tables(check_double_filters);
}

static void check_lookups(const mu_kernels *k, data *d, uint64_t *state)
{
    uint8_t *table = mu_mem_alloc(5);
    uint64_t set[1024];

    for (size_t i = 0; i < 5; i++) {
        table[i] = (uint8_t)(test_random(state) % 2 * (1 + test_random_below(state, 255)));
    }
    CHECK_FILTER(k->filter_code_table(d->codes, table, found, WORDS), table[d->codes[i]] != 0);

    /* What lies behind the last live row of a word is no code, and is not looked up. */
    d->live[WORDS - 1] = test_random(state) >> 20;
    for (size_t i = ROWS - 20; i < ROWS; i++) {
        d->codes[i] = UINT32_MAX;
    }
    CHECK_FILTER(k->filter_code_table(d->codes, table, found, WORDS), table[d->codes[i]] != 0);
    mu_mem_free(table);

    for (size_t w = 0; w < MU_COUNT(set); w++) {
        set[w] = test_random(state);
    }
    for (size_t i = 0; i < ROWS; i++) {
        d->codes[i] = (uint32_t)test_random(state); /* in any stripe */
    }
    CHECK_FILTER(k->filter_stripe_set(d->codes, set, found, WORDS),
                 mu_bits_test(set, d->codes[i] % 65536));
}

TEST(lookups_keep_what_the_table_or_set_has)
{
    with_tables(check_lookups);
}

static void check_comparisons(const mu_kernels *k, data *d, uint64_t *state)
{
    (void)state;
    mu_bits_fill(d->live, ROWS, WORDS);
    CHECK_FILTER(k->compare_eq_i64(d->a, d->b, found, WORDS), d->a[i] == d->b[i]);
    CHECK_FILTER(k->compare_lt_i64(d->a, d->b, found, WORDS), d->a[i] < d->b[i]);
    CHECK_FILTER(k->compare_eq_f64(d->x, d->y, found, WORDS), d->x[i] == d->y[i]);
    CHECK_FILTER(k->compare_lt_f64(d->x, d->y, found, WORDS), d->x[i] < d->y[i]);
}

TEST(columns_compare_row_by_row)
{
    with_tables(check_comparisons);
}

static void check_bits(const mu_kernels *k, data *d, uint64_t *state)
{
    uint32_t listed[ROWS];
    uint32_t count = 0, both_count = 0;
    const uint64_t *other = d->other;

    (void)state;
    CHECK_FILTER(k->and_bits(found, other, WORDS), mu_bits_test(other, i));
    CHECK_FILTER(k->and_not_bits(found, other, WORDS), !mu_bits_test(other, i));
    for (size_t w = 0; w < WORDS; w++) {
        uint64_t both = d->live[w];
        k->or_bits(&both, &other[w], 1);
        assert_true(both == (d->live[w] | other[w]));
    }
    const uint32_t listed_count = k->list_bits(d->live, WORDS, listed);
    for (uint32_t i = 0; i < ROWS; i++) {
        if (mu_bits_test(d->live, i)) {
            assert_int_equal(listed[count], i);
            count++;
            both_count += mu_bits_test(other, i);
        }
    }
    assert_int_equal(k->count_both(d->live, other, WORDS), both_count);
    assert_int_equal(k->count_both(d->live, other, 0), 0);
    assert_int_equal(listed_count, count);
    assert_int_equal(k->count_bits(d->live, WORDS), count);
    assert_int_equal(k->count_bits(d->live, 0), 0);
    assert_int_equal(k->list_bits(d->live, 0, listed), 0);
}

TEST(words_of_bits_combine_count_and_list)
{
    with_tables(check_bits);
}

static void check_sums(const mu_kernels *k, data *d, uint64_t *state)
{
    __extension__ typedef __int128 wide;
    wide sum = 0;
    int64_t min = INT64_MAX, max = INT64_MIN, wanted_min = INT64_MAX, wanted_max = INT64_MIN;
    int overflow = 0;

    if (test_random(state) % 2 == 0) { /* small ones, whose sum fits */
        for (size_t i = 0; i < ROWS; i++) {
            d->a[i] = (int64_t)test_random(state) >> 20;
        }
    }
    for (uint32_t i = 0; i < ROWS; i++) {
        if (mu_bits_test(d->live, i)) {
            sum += d->a[i];
            wanted_min = d->a[i] < wanted_min ? d->a[i] : wanted_min;
            wanted_max = d->a[i] > wanted_max ? d->a[i] : wanted_max;
        }
    }
    const int64_t found = k->sum_i64(d->a, d->live, WORDS, &overflow);
    assert_int_equal(overflow, sum < INT64_MIN || sum > INT64_MAX);
    assert_true(found == (int64_t)(uint64_t)sum);
    k->min_max_i64(d->a, d->live, WORDS, &min, &max);
    assert_true(min == wanted_min);
    assert_true(max == wanted_max);
    min = max = 3; /* what was there before counts too */
    k->min_max_i64(d->a, d->live, WORDS, &min, &max);
    assert_true(min == (wanted_min < 3 ? wanted_min : 3));
    assert_true(max == (wanted_max > 3 ? wanted_max : 3));
}

TEST(integer_sums_are_exact_or_overflow)
{
    with_tables(check_sums);
}

TEST(integer_sums_overflow_one_past_the_border_and_not_on_it)
{
    for (size_t i = 0; i < MU_COUNT(names); i++) {
        const mu_kernels *k = mu_kernels_for(names[i]);
        int64_t values[64] = {INT64_MAX, 1, -1, INT64_MIN};
        uint64_t live = 5; /* INT64_MAX - 1 */
        int overflow = 0;

        if (!k) {
            continue;
        }
        assert_true(k->sum_i64(values, &live, 1, &overflow) == INT64_MAX - 1);
        live = 7;
        assert_true(k->sum_i64(values, &live, 1, &overflow) == INT64_MAX);
        assert_int_equal(overflow, 0);
        live = 3;
        assert_true(k->sum_i64(values, &live, 1, &overflow) == INT64_MIN);
        assert_int_equal(overflow, 1);
        overflow = 0;
        live = 12;
        assert_true(k->sum_i64(values, &live, 1, &overflow) == INT64_MAX);
        assert_int_equal(overflow, 1);
    }
}

TEST(double_sums_are_the_same_on_every_instruction_set)
{
    uint64_t state = test_seed();

    for (int time = 0; time < 50; time++) {
        data d = new_data(&state);
        double plain = 0, first = 0;

        for (uint32_t i = 0; i < ROWS; i++) {
            d.x[i] = mu_bits_test(d.live, i) ? (double)(int64_t)test_random(&state) * 1e-7
                                             : nasty_double(test_random(&state));
            plain += mu_bits_test(d.live, i) ? d.x[i] : 0;
        }
        for (size_t i = 0; i < MU_COUNT(names); i++) {
            const mu_kernels *k = mu_kernels_for(names[i]);
            if (k) {
                const double sum = k->sum_f64(d.x, d.live, WORDS);
                first = i == 0 ? sum : first;
                assert_memory_equal(&sum, &first, sizeof sum);
                assert_true(fabs(sum - plain) <= 1e-9 * 1e13);
            }
        }
        free_data(&d);
    }
}

/* The layout of docs/format.md, one bit at a time. */
static void pack(uint8_t *packed, uint32_t width, const uint64_t *numbers, uint32_t count)
{
    const uint32_t lanes = width <= 32 ? 32 : 16, word_bits = 1024 / lanes;

    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t b = 0; b < width; b++) {
            const uint32_t bit = i / lanes * width + b;
            const size_t at =
                ((size_t)(bit / word_bits) * lanes + i % lanes) * word_bits + bit % word_bits;
            packed[at / 8] |= (uint8_t)((numbers[i] >> b & 1) << at % 8);
        }
    }
}

static size_t packed_size(uint32_t width, uint32_t count)
{
    const uint32_t lanes = width <= 32 ? 32 : 16, word_bits = 1024 / lanes;
    const uint32_t positions = (count + lanes - 1) / lanes;

    return (size_t)((positions * width + word_bits - 1) / word_bits) * 128;
}

static void check_unpack(const mu_kernels *k, uint32_t width, uint32_t count, uint64_t *state)
{
    static const uint64_t divisors[] = {1, 3, 1000000, UINT64_C(1) << 33, UINT64_MAX};
    const size_t size = packed_size(width, count);
    uint8_t *memory = mu_mem_zalloc(size + 1);
    uint64_t numbers[1024] = {0};
    uint32_t narrow[1024];
    int64_t wide[1024] = {0};

    for (uint32_t i = 0; i < count; i++) {
        numbers[i] = width == 0 ? 0 : test_random(state) >> (64 - width);
    }
    pack(memory + 1, width, numbers, count); /* off any alignment */
    for (uint32_t first = 0; first < count;
         first += 64 * (1 + (uint32_t)test_random_below(state, 9))) {
        const uint32_t left = count - first;
        const uint32_t rows = 1 + (uint32_t)test_random_below(state, left);
        const uint32_t room = (rows + 63) / 64 * 64;
        const uint64_t divisor = divisors[test_random_below(state, MU_COUNT(divisors))];
        const int64_t base = nasty[test_random_below(state, MU_COUNT(nasty))];
        int64_t *exact = mu_mem_alloc(room * sizeof *exact);

        k->unpack_i64(memory + 1, width, first, rows, base, divisor, exact);
        memcpy(wide, exact, rows * sizeof *wide);
        mu_mem_free(exact);
        if (width <= 32) {
            uint32_t *exact_narrow = mu_mem_alloc(room * sizeof *exact_narrow);
            k->unpack_u32(memory + 1, width, first, rows, exact_narrow);
            memcpy(narrow, exact_narrow, rows * sizeof *narrow);
            mu_mem_free(exact_narrow);
        }
        for (uint32_t i = 0; i < rows; i++) {
            const uint64_t number = numbers[first + i];
            if ((uint64_t)wide[i] != (uint64_t)base + number * divisor ||
                (width <= 32 && narrow[i] != number)) {
                fail_msg("%s: width %u, row %u of %u from %u on", k->isa, width, i, rows, first);
            }
        }
    }
    mu_mem_free(memory);
}

TEST(packed_numbers_of_every_width_come_out)
{
    static const uint32_t counts[] = {1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 500, 1023, 1024};
    uint64_t state = test_seed();

    for (size_t i = 0; i < MU_COUNT(names); i++) {
        const mu_kernels *k = mu_kernels_for(names[i]);
        for (uint32_t width = 0; k && width <= 64; width++) {
            for (size_t c = 0; c < MU_COUNT(counts); c++) {
                check_unpack(k, width, counts[c], &state);
            }
        }
    }
}

static void check_runs(const mu_kernels *k, data *d, uint64_t *state)
{
    const uint32_t longest = 1 + (uint32_t)test_random_below(state, 70);
    const uint32_t rows = 1 + (uint32_t)test_random_below(state, ROWS),
                   room = (rows + 63) / 64 * 64;
    const uint32_t before = (uint32_t)test_random_below(state, 1000); /* rows read earlier */
    uint32_t *ends = mu_mem_alloc(ROWS * sizeof *ends);
    uint32_t *narrow = mu_mem_alloc(room * sizeof *narrow);
    int64_t *wide = mu_mem_alloc(room * sizeof *wide);
    uint32_t end = before, run = 0;

    for (uint32_t i = 0; i < ROWS; i++) { /* as many runs as there may be rows: enough */
        end += 1 + (uint32_t)test_random_below(state, longest);
        ends[i] = end;
        d->codes[i] = (uint32_t)test_random(state);
    }
    const uint32_t runs = k->expand_runs_i64(d->a, ends, before, rows, wide);
    assert_int_equal(k->expand_runs_u32(d->codes, ends, before, rows, narrow), runs);
    for (uint32_t i = 0; i < rows; i++) {
        run += before + i == ends[run];
        assert_true(wide[i] == d->a[run]);
        assert_int_equal(narrow[i], d->codes[run]);
        assert_int_equal(k->find_run_u32(ends, run + 1, run - run % 40, before + i), run);
    }
    assert_int_equal(runs, run + 1);
    mu_mem_free(ends);
    mu_mem_free(narrow);
    mu_mem_free(wide);
}

/* The kernels of place.inc, each from values that end where they must. */
static void check_places(const mu_kernels *k, data *d, uint64_t *state)
{
    const uint32_t ones = (uint32_t)k->count_bits(d->live, WORDS);
    uint32_t *narrow = mu_mem_alloc((ones + 8) * sizeof *narrow), out32[ROWS], seen = 0;
    int64_t *wide = mu_mem_alloc((ones + 8) * sizeof *wide), out64[ROWS];

    for (uint32_t i = 0; i < ones + 8; i++) {
        narrow[i] = (uint32_t)test_random(state);
        wide[i] = (int64_t)test_random(state);
    }
    for (uint32_t i = 0; i < ROWS; i++) {
        out32[i] = i;
        out64[i] = i;
    }
    k->place_u32(d->live, WORDS, narrow, out32);
    k->place_i64(d->live, WORDS, wide, out64);
    for (uint32_t i = 0; i < ROWS; i++) {
        const bool here = mu_bits_test(d->live, i);
        assert_int_equal(out32[i], here ? narrow[seen] : i);
        assert_true(out64[i] == (here ? wide[seen] : i));
        seen += here;
    }
    assert_int_equal(seen, ones);
    const uint64_t first = d->live[0];
    d->live[0] |= 1;
    k->repeat_u32(d->live, WORDS, narrow, out32);
    k->repeat_i64(d->live, WORDS, wide, out64);
    seen = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        seen += mu_bits_test(d->live, i);
        assert_int_equal(out32[i], narrow[seen - 1]);
        assert_true(out64[i] == wide[seen - 1]);
    }
    d->live[0] = first;
    mu_mem_free(narrow);
    mu_mem_free(wide);
}

TEST(values_go_to_the_rows_whose_bits_are_set)
{
    with_tables(check_places);
}

static void check_differences(const mu_kernels *k, data *d, uint64_t *state)
{
    static const uint64_t divisors[] = {1, 1000000, UINT64_C(1) << 40};
    const uint64_t divisor = divisors[test_random_below(state, MU_COUNT(divisors))];
    const uint32_t far_count = (uint32_t)k->count_bits(d->live, WORDS),
                   near_count = ROWS - far_count;
    int64_t *wide = mu_mem_alloc((ROWS + 16) * sizeof *wide), out[ROWS], narrow_out[ROWS];
    uint32_t *narrow = mu_mem_alloc((ROWS + 16) * sizeof *narrow);
    const int64_t before = (int64_t)test_random(state);
    uint64_t sum = (uint64_t)before;
    const uint32_t mask = UINT32_MAX >> test_random_below(state, 32);
    uint32_t fars = 0, narrow_sum = (uint32_t)before;

    for (uint32_t i = 0; i < ROWS + 16; i++) { /* the far ones from place near_count + 8 on */
        wide[i] = (int64_t)test_random(state);
        narrow[i] = (uint32_t)wide[i];
    }
    k->sum_i64_differences(d->live, WORDS, wide, wide + near_count + 8, before, out);
    k->sum_u32_differences(d->live, WORDS, narrow, narrow + near_count + 8, (uint32_t)before, mask,
                           77, divisor, narrow_out);
    for (uint32_t i = 0; i < ROWS; i++) {
        const bool is_far = mu_bits_test(d->live, i);
        const size_t place = is_far ? near_count + 8 + fars : i - fars;
        sum += (uint64_t)wide[place];
        narrow_sum += narrow[place];
        fars += is_far;
        assert_true(out[i] == (int64_t)sum);
        assert_true((uint64_t)narrow_out[i] == 77 + (narrow_sum & mask) * divisor);
    }
    mu_mem_free(wide);
    mu_mem_free(narrow);
}

TEST(differences_add_up)
{
    with_tables(check_differences);
}

static void check_unrank(const mu_kernels *k, const uint32_t *table, uint32_t entries,
                         const uint32_t *before, uint32_t rows)
{
    uint32_t *codes = mu_mem_alloc(rows * sizeof *codes), *rare, count = 0, taken = 0;

    for (uint32_t i = 0; i < rows; i++) {
        codes[i] = before[i];
        count += before[i] == entries - 1;
    }
    rare = mu_mem_alloc((count + 8) * sizeof *rare);
    for (uint32_t i = 0; i < count + 8; i++) {
        rare[i] = 1000000 + i;
    }
    assert_int_equal(k->unrank_u32(table, entries, rare, codes, rows), count);
    for (uint32_t i = 0; i < rows; i++) {
        const bool is_rare = before[i] == entries - 1;
        assert_int_equal(codes[i], is_rare ? rare[taken] : table[before[i]]);
        taken += is_rare;
    }
    mu_mem_free(codes);
    mu_mem_free(rare);
}

static void check_tables(const mu_kernels *k, data *d, uint64_t *state)
{
    static const uint32_t sizes[] = {1, 2, 8, 16, 32, 64, 4096};
    const uint32_t entries = sizes[test_random_below(state, MU_COUNT(sizes))];
    const uint32_t rows = 1 + (uint32_t)test_random_below(state, ROWS);
    uint32_t *codes = mu_mem_alloc(rows * sizeof *codes), before[ROWS], scaled[ROWS];
    uint32_t *table = mu_mem_alloc((entries < 32 ? 32 : entries) * sizeof *table);
    int64_t out[ROWS];

    for (size_t i = 0; i < entries || i < 32; i++) {
        table[i] = (uint32_t)test_random(state);
    }
    for (uint32_t i = 0; i < rows; i++) {
        codes[i] = before[i] = scaled[i] = (uint32_t)test_random_below(state, entries);
    }
    k->lookup_u32(table, entries, codes, rows);
    check_unrank(k, table, entries, before, rows);
    k->divide_f64(d->a, 1000, out, rows);
    k->scale_u32(table[0], entries, scaled, rows);
    for (uint32_t i = 0; i < rows; i++) {
        const double quotient = (double)d->a[i] / 1000;
        assert_int_equal(codes[i], table[before[i]]);
        assert_int_equal(scaled[i], table[0] + before[i] * entries);
        assert_memory_equal(&out[i], &quotient, sizeof quotient);
    }
    mu_mem_free(codes);
    mu_mem_free(table);
}

TEST(codes_are_looked_up_and_decimals_divided)
{
    with_tables(check_tables);
}

TEST(runs_expand_to_their_rows_and_no_further)
{
    with_tables(check_runs);
}

TEST(a_table_is_found_by_name_and_one_is_in_use)
{
    const char *wanted = getenv("MUSTER_ISA");

    assert_non_null(mu_kernels_for("baseline"));
    assert_null(mu_kernels_for("avx1024"));
    assert_non_null(mu_k());
    if (wanted && mu_kernels_for(wanted)) {
        assert_string_equal(mu_k()->isa, wanted);
    }
}
