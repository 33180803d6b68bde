/*
 * answer.c - answers as text, cell by cell.
 */
#include "bench/answer.h"

#include "bench/stop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void mu_bench_answer_write(FILE *out, const char *cell, bool last)
{
    if (!cell) {
        (void)fputs("\\N", out);
    }
    for (; cell && *cell; cell++) {
        static const char special[] = "\t\n\\", letters[] = "tn\\";
        const char *found = strchr(special, *cell);
        if (found) {
            (void)fputc('\\', out);
        }
        (void)fputc(found ? letters[found - special] : *cell, out);
    }
    (void)fputc(last ? '\n' : '\t', out);
}

unsigned long mu_bench_answer_rows(const char *answer)
{
    unsigned long rows = 0;

    for (; *answer; answer++) {
        rows += *answer == '\n';
    }
    return rows;
}

/* A number and nothing else; texts that strtod() also takes, as "nan" and "0x1", are none. */
static bool is_number(const char *cell, size_t size, double *value)
{
    char text[64];
    char *end;

    if (size == 0 || size >= sizeof text || strspn(cell, "0123456789+-.eE") < size) {
        return false;
    }
    memcpy(text, cell, size);
    text[size] = 0;
    *value = strtod(text, &end);
    return *end == 0;
}

static bool cells_equal(const char *a, size_t a_size, const char *b, size_t b_size)
{
    double x, y;

    if (a_size == b_size && memcmp(a, b, a_size) == 0) {
        return true;
    }
    /* Whole numbers that are written alike are equal above; else they may differ beyond what a
     * double holds. */
    if (!is_number(a, a_size, &x) || !is_number(b, b_size, &y) ||
        (!memchr(a, '.', a_size) && !memchr(b, '.', b_size))) {
        return false;
    }
    return fabs(x - y) <= 1e-9 * fmax(fabs(x), fabs(y));
}

bool mu_bench_answer_equal(const char *a, const char *b, char **difference)
{
    unsigned row = 1, column = 1;

    *difference = NULL;
    while (*a && *b) {
        const size_t a_size = strcspn(a, "\t\n"), b_size = strcspn(b, "\t\n");
        if (!cells_equal(a, a_size, b, b_size)) {
            *difference = mu_bench_text("row %u, column %u: \"%.*s\" and \"%.*s\"", row, column,
                                        (int)a_size, a, (int)b_size, b);
            return false;
        }
        if (a[a_size] != b[b_size]) {
            *difference = mu_bench_text("row %u has more columns in one of them", row);
            return false;
        }
        row += a[a_size] == '\n';
        column = a[a_size] == '\n' ? 1 : column + 1;
        a += a_size + (a[a_size] != 0);
        b += b_size + (b[b_size] != 0);
    }
    if (*a || *b) {
        *difference = mu_bench_text("one ends after %u rows, the other has %lu more", row - 1,
                                    mu_bench_answer_rows(*a ? a : b));
        return false;
    }
    return true;
}
