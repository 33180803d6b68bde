/*
 * isa.c - all kernels, for one instruction set.
 *
 * The build compiles this file once per set with -DMU_ISA=NAME and the compiler's flags for it;
 * each time it becomes one table, mu_kernels_NAME. Everything in here is static: a function that
 * other files could link to might be code that the processor at hand cannot run.
 */
#include "storage/kernels/kernels.h"

#include <stdbool.h>
#include <string.h>

#include <simde/x86/avx2.h>

#ifndef MU_ISA
#error "compile with -DMU_ISA=NAME: baseline, avx2 or avx512"
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "packed words are read as they lie in memory, which must be little-endian"
#endif

#define INLINE static inline __attribute__((always_inline))

#include "storage/kernels/bits.inc" /* first: others count bits */

#include "storage/kernels/agg.inc"
#include "storage/kernels/filter.inc"
#include "storage/kernels/runs.inc"
#include "storage/kernels/unpack.inc"

#include "storage/kernels/place.inc" /* multiplies as unpack.inc does */

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
#define ENTRY(result, name, parameters) .name = (name),

extern const mu_kernels JOIN(mu_kernels_, MU_ISA);
const mu_kernels JOIN(mu_kernels_, MU_ISA) = {.isa = TEXT(MU_ISA), MU_KERNELS(ENTRY)};
