/*
 * kernels.c - which of the kernel tables to use.
 *
 * There is one table per instruction set (isa.c). The best one that this processor can run is
 * chosen at the first call; the environment variable MUSTER_ISA names another one, for tests and
 * comparisons. A name that is unknown, or that cannot run here, is passed over.
 */
#include "storage/kernels/kernels.h"

#include "storage/base/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

extern const mu_kernels mu_kernels_baseline;
#ifdef __x86_64__
extern const mu_kernels mu_kernels_avx2;
extern const mu_kernels mu_kernels_avx512;
#endif

/* The features are those that CMakeLists.txt compiles each table with. */
static bool runs_here(const mu_kernels *kernels)
{
#ifdef __x86_64__
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                      __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") &&
                      __builtin_cpu_supports("fma");

    if (kernels == &mu_kernels_avx2) {
        return avx2;
    }
    if (kernels == &mu_kernels_avx512) {
        return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
    }
#endif
    return kernels == &mu_kernels_baseline;
}

const mu_kernels *mu_kernels_for(const char *wanted)
{
    static const mu_kernels *const best_first[] = {
#ifdef __x86_64__
        &mu_kernels_avx512,
        &mu_kernels_avx2,
#endif
        &mu_kernels_baseline,
    };

    for (size_t i = 0; i < MU_COUNT(best_first); i++) {
        if ((!wanted || strcmp(wanted, best_first[i]->isa) == 0) && runs_here(best_first[i])) {
            return best_first[i];
        }
    }
    return NULL;
}

const mu_kernels *mu_k(void)
{
    static _Atomic(const mu_kernels *) chosen;
    const mu_kernels *kernels = atomic_load_explicit(&chosen, memory_order_acquire);

    if (!kernels) { /* threads that get here together choose the same */
        kernels = mu_kernels_for(getenv("MUSTER_ISA"));
        if (!kernels) {
            kernels = mu_kernels_for(NULL);
        }
        atomic_store_explicit(&chosen, kernels, memory_order_release);
    }
    return kernels;
}
