/*
 * stop.c - giving up with a message, and memory that is there or ends the program.
 */
#include "bench/stop.h"

#include <stdio.h>
#include <stdlib.h>

void mu_bench_stop(const char *format, ...)
{
    va_list args;

    (void)fputs("muster-bench: ", stderr);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    exit(2);
}

void *mu_bench_need(void *memory)
{
    if (!memory) {
        mu_bench_stop("out of memory");
    }
    return memory;
}

char *mu_bench_text(const char *format, ...)
{
    va_list args;
    char *text = NULL;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        mu_bench_stop("out of memory");
    }
    va_end(args);
    return text;
}
