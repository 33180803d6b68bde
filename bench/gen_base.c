/*
 * gen_base.c - the tools of muster-gen: draws of a given distribution, dates, and a CSV writer
 * with number formatting of its own, since printf would take most of the time.
 */
#include "bench/gen.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void mu_gen_stop(const char *what, const char *which)
{
    (void)fprintf(stderr, "muster-gen: %s \"%s\"%s%s\n", what, which, errno ? ": " : "",
                  errno ? strerror(errno) : "");
    exit(1);
}

void *mu_gen_need(void *memory)
{
    if (!memory) {
        (void)fputs("muster-gen: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

void mu_gen_alias_fill(mu_gen_alias *table, uint32_t count, double power, double shift)
{
    double *weight = mu_gen_need(malloc(count * sizeof *weight));
    uint32_t *small = mu_gen_need(malloc(count * sizeof *small));
    uint32_t *large = mu_gen_need(malloc(count * sizeof *large));
    uint32_t small_count = 0, large_count = 0;
    double sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        weight[i] = pow(i + shift, -power);
        sum += weight[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        weight[i] *= count / sum;
        table[i] = (mu_gen_alias){UINT32_MAX, i};
        if (weight[i] < 1) {
            small[small_count++] = i;
        } else {
            large[large_count++] = i;
        }
    }
    while (small_count > 0 && large_count > 0) {
        const uint32_t low = small[--small_count], high = large[large_count - 1];

        table[low] = (mu_gen_alias){(uint32_t)(weight[low] * UINT32_MAX), high};
        weight[high] -= 1 - weight[low];
        if (weight[high] < 1) {
            small[small_count++] = high;
            large_count--;
        }
    }
    free(weight);
    free(small);
    free(large);
}

/* Howard Hinnant's algorithms: a year that begins in March has its odd day at the end. */
int64_t mu_gen_days(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    const int64_t era = year / 400, of_era = year - era * 400;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void mu_gen_date(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    const int64_t era = days / 146097, of_era = days - era * 146097;
    const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t shifted = (5 * of_year + 2) / 153;

    *day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

void mu_gen_output_open(mu_gen_output *out, const char *path)
{
    out->path = path ? path : "standard output";
    out->used = 0;
    out->file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : STDOUT_FILENO;
    if (out->file < 0) {
        mu_gen_stop("cannot create", out->path);
    }
}

static void write_out(mu_gen_output *out)
{
    size_t written = 0;

    while (written < out->used) {
        const ssize_t n = write(out->file, out->bytes + written, out->used - written);

        if (n < 0 && errno != EINTR) {
            mu_gen_stop("cannot write", out->path);
        }
        written += n > 0 ? (size_t)n : 0;
    }
    out->used = 0;
}

void mu_gen_output_close(mu_gen_output *out)
{
    write_out(out);
    if (close(out->file) != 0) {
        mu_gen_stop("cannot write", out->path);
    }
}

char *mu_gen_output_row(mu_gen_output *out)
{
    if (out->used > MU_GEN_OUT_BYTES - MU_GEN_ROW_BYTES) {
        write_out(out);
    }
    return out->bytes + out->used;
}

char *mu_gen_put_text(char *to, const char *text)
{
    while (*text) {
        *to++ = *text++;
    }
    return to;
}

char *mu_gen_put_number(char *to, uint64_t number, int width)
{
    char digits[20];
    int count = 0;

    while (number > 0 || count < width) {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    }
    while (count > 0) {
        *to++ = digits[--count];
    }
    return to;
}

char *mu_gen_put_customer(char *to, uint32_t customer)
{
    *to++ = 'c';
    return mu_gen_put_number(to, (uint64_t)customer + 1, 8);
}
