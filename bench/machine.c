/*
 * machine.c - what the figures were measured on, and how fast its memory can be read.
 */
#include "bench/bench.h"
#include "bench/stop.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum {
    BYTES = 1 << 29, /* many times what caches hold */
    ROUNDS = 7,
    THREADS = 64,
};

/* A share of the memory, read by one thread. */
typedef struct reader {
    const uint64_t *words;
    size_t count;
    uint64_t sum; /* so that the reads are not left out */
    pthread_t thread;
} reader;

static void *read_words(void *context)
{
    reader *r = context;
    uint64_t sums[8] = {0};

    for (size_t i = 0; i + 8 <= r->count; i += 8) {
        for (size_t lane = 0; lane < 8; lane++) {
            sums[lane] += r->words[i + lane];
        }
    }
    for (size_t lane = 0; lane < 8; lane++) {
        r->sum += sums[lane];
    }
    return NULL;
}

/* Bytes per second that `threads` threads read together, at best. */
static double bandwidth(uint32_t threads)
{
    reader readers[THREADS] = {{0}};
    uint64_t *words = mu_bench_need(malloc(BYTES));
    double best = 0;

    threads = threads < THREADS ? threads : THREADS;
    memset(words, 1, BYTES);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const size_t share = BYTES / sizeof *words / threads;
        const double began = mu_bench_now();
        for (uint32_t i = 0; i < threads; i++) {
            readers[i] = (reader){.words = words + i * share, .count = share};
            if (pthread_create(&readers[i].thread, NULL, read_words, &readers[i]) != 0) {
                mu_bench_stop("no thread could be started");
            }
        }
        for (uint32_t i = 0; i < threads; i++) {
            (void)pthread_join(readers[i].thread, NULL);
        }
        const double rate = (double)(share * threads * sizeof *words) / (mu_bench_now() - began);
        best = rate > best ? rate : best;
    }
    free(words);
    return best;
}

static char *processor(void)
{
    char line[512];
    char *name = NULL;
    FILE *file = fopen("/proc/cpuinfo", "r");

    while (file && !name && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (colon && strncmp(line, "model name", 10) == 0) {
            name = mu_bench_text("%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        }
    }
    if (file) {
        (void)fclose(file);
    }
    return name ? name : mu_bench_text("unknown processor");
}

void mu_bench_machine(mu_bench_run *run)
{
    struct utsname system;
    char date[32];
    const time_t now = time(NULL);
    const double pages = (double)sysconf(_SC_PHYS_PAGES), page = (double)sysconf(_SC_PAGESIZE);
    char *cpu = processor();

    (void)uname(&system);
    (void)strftime(date, sizeof date, "%Y-%m-%d", localtime(&now));
    char *name = mu_bench_text("%s %s %s", system.sysname, system.release, system.machine);
    json_t *machine =
        json_pack("{s:s, s:i, s:f, s:s, s:s, s:f}", "cpu", cpu, "cores",
                  (int)sysconf(_SC_NPROCESSORS_ONLN), "memory", pages * page, "system", name,
                  "date", date, "bandwidth", bandwidth(run->options.threads));
    json_object_set_new(run->report, "machine", mu_bench_need(machine));
    free(cpu);
    free(name);
}
