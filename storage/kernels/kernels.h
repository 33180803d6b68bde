/*
 * kernels.h - the list of kernels: plain loops over values, compiled once per instruction set.
 *
 * To add one: a line here, a function in an .inc file. Kernels take pointers and counts, allocate
 * nothing and cannot fail. Values come in whole words of 64, as batch.h promises.
 */
#ifndef MU_KERNELS_H
#define MU_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* X(result, name, parameters) */
#define MU_KERNELS(X)                                                                              \
    /* live &= value OP bound; `words` words of 64 values */                                       \
    X(void, filter_eq_i64, (const int64_t *values, int64_t bound, uint64_t *live, size_t words))   \
    X(void, filter_ne_i64, (const int64_t *values, int64_t bound, uint64_t *live, size_t words))   \
    X(void, filter_lt_i64, (const int64_t *values, int64_t bound, uint64_t *live, size_t words))   \
    X(void, filter_le_i64, (const int64_t *values, int64_t bound, uint64_t *live, size_t words))   \
    X(void, filter_gt_i64, (const int64_t *values, int64_t bound, uint64_t *live, size_t words))   \
    X(void, filter_ge_i64, (const int64_t *values, int64_t bound, uint64_t *live, size_t words))   \
    X(void, filter_range_i64,                                                                      \
      (const int64_t *values, int64_t first, int64_t last, uint64_t *live, size_t words))          \
    X(void, filter_eq_u32, (const uint32_t *values, uint32_t bound, uint64_t *live, size_t words)) \
    X(void, filter_eq_f64, (const double *values, double bound, uint64_t *live, size_t words))     \
    X(void, filter_lt_f64, (const double *values, double bound, uint64_t *live, size_t words))     \
    X(void, filter_le_f64, (const double *values, double bound, uint64_t *live, size_t words))     \
    X(void, filter_gt_f64, (const double *values, double bound, uint64_t *live, size_t words))     \
    X(void, filter_ge_f64, (const double *values, double bound, uint64_t *live, size_t words))     \
    /* live &= table[code] != 0; a code that is not live may be anything below the table's size */ \
    X(void, filter_code_table,                                                                     \
      (const uint32_t *codes, const uint8_t *table, uint64_t *live, size_t words))                 \
    /* live &= ordinal's bit in a stripe's set */                                                  \
    X(void, filter_stripe_set,                                                                     \
      (const uint32_t *ordinals, const uint64_t *set, uint64_t *live, size_t words))               \
    /* out = comparison of two columns, as bits */                                                 \
    X(void, compare_eq_i64, (const int64_t *a, const int64_t *b, uint64_t *out, size_t words))     \
    X(void, compare_lt_i64, (const int64_t *a, const int64_t *b, uint64_t *out, size_t words))     \
    X(void, compare_eq_f64, (const double *a, const double *b, uint64_t *out, size_t words))       \
    X(void, compare_lt_f64, (const double *a, const double *b, uint64_t *out, size_t words))       \
    /* words of bits */                                                                            \
    X(uint64_t, count_bits, (const uint64_t *map, size_t words))                                   \
    X(uint64_t, count_both, (const uint64_t *a, const uint64_t *b, size_t words))                  \
    X(void, and_bits, (uint64_t * into, const uint64_t *map, size_t words))                        \
    X(void, or_bits, (uint64_t * into, const uint64_t *map, size_t words))                         \
    X(void, and_not_bits, (uint64_t * into, const uint64_t *map, size_t words))                    \
    /* over live values; sum_i64 sets *overflow if the exact sum does not fit, and gives its low   \
     * 64 bits; min_max_i64 lowers *min and raises *max, which the caller has set before */        \
    X(int64_t, sum_i64,                                                                            \
      (const int64_t *values, const uint64_t *live, size_t words, int *overflow))                  \
    X(double, sum_f64, (const double *values, const uint64_t *live, size_t words))                 \
    X(void, min_max_i64,                                                                           \
      (const int64_t *values, const uint64_t *live, size_t words, int64_t *min, int64_t *max))     \
    /* `rows` values of `width` bits from the one vector at `packed` (docs/format.md: at most      \
     * 1,024 values), from its row `first` on, a multiple of 64. Writes `rows` rounded up to 64    \
     * at most. unpack_u32: width <= 32. unpack_i64: base + number * divisor, modulo 2^64 */       \
    X(void, unpack_u32,                                                                            \
      (const uint8_t *packed, uint32_t width, uint32_t first, uint32_t rows, uint32_t *out))       \
    X(void, unpack_i64,                                                                            \
      (const uint8_t *packed, uint32_t width, uint32_t first, uint32_t rows, int64_t base,         \
       uint64_t divisor, int64_t *out))                                                            \
    /* value = base + value * divisor, modulo 2^32 */                                              \
    X(void, scale_u32, (uint32_t base, uint32_t divisor, uint32_t * values, size_t rows))          \
    /* `rows` values from row `first` of the first run on; ends[i] is the row behind run i,        \
     * rising. Writes `rows` rounded up to 64 at most; returns how many runs it looked at */       \
    X(uint32_t, expand_runs_u32,                                                                   \
      (const uint32_t *values, const uint32_t *ends, uint32_t first, uint32_t rows,                \
       uint32_t *out))                                                                             \
    X(uint32_t, expand_runs_i64,                                                                   \
      (const int64_t *values, const uint32_t *ends, uint32_t first, uint32_t rows, int64_t *out))  \
    /* out = the next of the values where the map has a bit; other rows stay as they are. Reads 8  \
     * more values than there are */                                                               \
    X(void, place_u32, (const uint64_t *map, size_t words, const uint32_t *values, uint32_t *out)) \
    X(void, place_i64, (const uint64_t *map, size_t words, const int64_t *values, int64_t *out))   \
    /* out = the next of the values where the map has a bit, else that of the row before; the      \
     * first row has a bit. Reads 7 more values than there are */                                  \
    X(void, repeat_u32,                                                                            \
      (const uint64_t *map, size_t words, const uint32_t *values, uint32_t *out))                  \
    X(void, repeat_i64, (const uint64_t *map, size_t words, const int64_t *values, int64_t *out))  \
    /* out = the row before + the next of `far` where the map has a bit, else the next of `near`,  \
     * modulo 2^64; or the same of 32-bit numbers, modulo mask + 1, a power of 2, and then         \
     * base + number * divisor. At most 16 words; reads 8 more of both than there are */           \
    X(void, sum_i64_differences,                                                                   \
      (const uint64_t *map, size_t words, const int64_t *near, const int64_t *far, int64_t before, \
       int64_t *out))                                                                              \
    X(void, sum_u32_differences,                                                                   \
      (const uint64_t *map, size_t words, const uint32_t *near, const uint32_t *far,               \
       uint32_t before, uint32_t mask, int64_t base, uint64_t divisor, int64_t *out))              \
    /* code = table[code], which is one of its entries; 32 can be read, even if it has fewer */    \
    X(void, lookup_u32, (const uint32_t *table, uint32_t entries, uint32_t *codes, size_t rows))   \
    /* the same, but where the code is the largest of the table, the next of the rare values;      \
     * reads 8 of them more than there are such codes, whose number it returns */                  \
    X(size_t, unrank_u32,                                                                          \
      (const uint32_t *table, uint32_t entries, const uint32_t *rare, uint32_t *codes,             \
       size_t rows))                                                                               \
    /* out = the bits of the double nearest to number / divisor; may be the same array */          \
    X(void, divide_f64, (const int64_t *numbers, double divisor, int64_t *out, size_t rows))       \
    /* the first run from `run` on that ends behind `row`, which is below the last of the `count`  \
     * ends */                                                                                     \
    X(uint32_t, find_run_u32, (const uint32_t *ends, uint32_t count, uint32_t run, uint32_t row))  \
    /* the numbers of the set bits, ascending; returns how many. `out` has room for 64 a word */   \
    X(uint32_t, list_bits, (const uint64_t *map, size_t words, uint32_t *out))

typedef struct mu_kernels {
    const char *isa; /* "baseline", "avx2", "avx512" */
#define MU_KERNEL_FIELD(result, name, parameters) result(*name) parameters;
    MU_KERNELS(MU_KERNEL_FIELD)
#undef MU_KERNEL_FIELD
} mu_kernels;

/* The best table this processor can run, or the one named; NULL if it cannot run that. */
const mu_kernels *mu_kernels_for(const char *wanted);

/* The table in use: chosen at the first call, by MUSTER_ISA if that is set and can run here. */
const mu_kernels *mu_k(void);

#endif
