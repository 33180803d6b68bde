/*
 * engine.c - what all engines share: the list of them, their libraries, their replies.
 */
#include "bench/engine.h"

#include "bench/stop.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const mu_bench_engine_class *const classes[] = {
    &mu_bench_engine_muster,
    &mu_bench_engine_duckdb,
    &mu_bench_engine_clickhouse,
};

void mu_bench_reply_deinit(mu_bench_reply *reply)
{
    free(reply->answer);
    free(reply->error);
    *reply = (mu_bench_reply){0};
}

bool mu_bench_reply_fail(mu_bench_reply *reply, const char *format, ...)
{
    va_list args;

    free(reply->answer);
    free(reply->error);
    reply->answer = NULL;
    va_start(args, format);
    if (vasprintf(&reply->error, format, args) < 0) {
        mu_bench_stop("out of memory");
    }
    va_end(args);
    return false;
}

double mu_bench_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

bool mu_bench_engine_functions(const mu_bench_engine *engine, const mu_bench_function *wanted,
                               size_t count, mu_bench_reply *reply)
{
    for (size_t i = 0; i < count; i++) {
        void *function = dlsym(engine->library, wanted[i].name);
        if (!function) {
            return mu_bench_reply_fail(reply, "the library of %s has no function %s",
                                       engine->class->name, wanted[i].name);
        }
        *(void **)wanted[i].place = function; /* POSIX has pointers to functions fit in there */
    }
    return true;
}

const mu_bench_engine_class *mu_bench_engine_find(const char *name)
{
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (strcmp(classes[i]->name, name) == 0) {
            return classes[i];
        }
    }
    return NULL;
}

mu_bench_engine *mu_bench_engine_new(const char *name, const char *path, mu_bench_reply *reply)
{
    const mu_bench_engine_class *class = mu_bench_engine_find(name);

    if (!class) {
        (void)mu_bench_reply_fail(reply, "no engine is called \"%s\"", name);
        return NULL;
    }
    mu_bench_engine *engine = mu_bench_need(calloc(1, class->size));
    engine->class = class;
    engine->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!engine->library) {
        (void)mu_bench_reply_fail(reply, "%s", dlerror());
    } else if (class->load(engine, reply)) {
        return engine;
    }
    free(engine);
    return NULL;
}
