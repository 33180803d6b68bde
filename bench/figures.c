/*
 * figures.c - medians and other quantiles, and figures as people read them.
 */
#include "bench/figures.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

double mu_bench_quantile(double *values, size_t count, double q)
{
    assert(count > 0 && q >= 0 && q <= 1);
    qsort(values, count, sizeof *values, compare);
    if (q == 0.5 && count % 2 == 0) {
        return (values[count / 2 - 1] + values[count / 2]) / 2;
    }
    const double place = ceil(q * (double)count) - 1;
    return values[place > 0 ? (size_t)place : 0];
}

enum {
    TEXTS = 8,
    TEXT_BYTES = 32
};

static char *next_text(void)
{
    static char texts[TEXTS][TEXT_BYTES];
    static unsigned next;

    return texts[next++ % TEXTS];
}

/* Three digits that count, in the largest unit that is not above the figure. */
static const char *with_unit(double figure, const char *const units[], double step)
{
    char *text = next_text();
    size_t unit = 0;

    while (figure >= step * 0.9995 && units[unit + 1]) {
        figure /= step;
        unit++;
    }
    const int digits = figure < 9.995 ? 2 : figure < 99.95 ? 1 : 0;
    (void)snprintf(text, TEXT_BYTES, "%.*f %s", digits, figure, units[unit]);
    return text;
}

const char *mu_bench_seconds(double seconds)
{
    static const char *const units[] = {"µs", "ms", "s", NULL};

    return with_unit(seconds * 1e6, units, 1000);
}

const char *mu_bench_bytes(double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", NULL};

    return with_unit(bytes, units, 1000);
}

const char *mu_bench_count(double count)
{
    char *text = next_text(), digits[TEXT_BYTES];
    const int size = snprintf(digits, sizeof digits - 10, "%.0f", count);
    char *to = text;

    for (int i = 0; i < size && to < text + TEXT_BYTES - 2; i++) {
        if (i > 0 && (size - i) % 3 == 0) {
            *to++ = ',';
        }
        *to++ = digits[i];
    }
    *to = 0;
    return text;
}
