/*
 * answer.c - see answer.h.
 */
#include "tests/diff/answer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHOWN = 10
};

void diff_answer_clear(diff_answer *a, diff_outcome outcome)
{
    mu_arena_reset(&a->arena);
    *a = (diff_answer){.outcome = outcome, .arena = a->arena};
}

void diff_answer_deinit(diff_answer *a)
{
    mu_arena_deinit(&a->arena);
}

void diff_answer_fail(diff_answer *a, const char *message)
{
    a->outcome = OUTCOME_ERROR;
    a->message = mu_arena_text(&a->arena, message, strlen(message));
}

void diff_answer_add(diff_answer *a, const char *cell)
{
    if (a->used == a->room) {
        a->room = a->room * 2 + 64;
        const char **cells = MU_NEW_ARRAY(&a->arena, const char *, (size_t)a->room);
        if (!cells) {
            abort();
        }
        if (a->used > 0) {
            memcpy(cells, a->cells, (size_t)a->used * sizeof *cells);
        }
        a->cells = cells;
    }
    a->cells[a->used++] = cell ? mu_arena_text(&a->arena, cell, strlen(cell)) : NULL;
    a->rows = a->used / a->columns;
}

const char *diff_answer_normal(mu_arena *arena, const diff_node *column, const char *text)
{
    if (!text || column->type != TYPE_DECIMAL || !strchr(text, '.')) {
        return text;
    }
    size_t size = strlen(text);
    while (text[size - 1] == '0') {
        size--;
    }
    size -= text[size - 1] == '.';
    const char *normal = mu_arena_text(arena, text, size);
    return strcmp(normal, "-0") == 0 ? "0" : normal;
}

/* Comparing. */

typedef struct order {
    const diff_node *const *columns;
    int count;
} order;

static int compare_texts(const char *a, const char *b)
{
    return !a || !b ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

static int compare_doubles(const char *a, const char *b)
{
    if (!a || !b) {
        return (a != NULL) - (b != NULL);
    }
    const double x = strtod(a, NULL), y = strtod(b, NULL);
    return (x > y) - (x < y);
}

/* Exact columns first, so that two rows meet though their doubles are not quite the same. */
static int compare_rows(const void *a, const void *b, void *context)
{
    const char *const *one = *(const char *const *const *)a;
    const char *const *other = *(const char *const *const *)b;
    const order *o = context;
    int by = 0;

    for (int c = 0; c < o->count && by == 0; c++) {
        by = o->columns[c]->type == TYPE_DOUBLE ? 0 : compare_texts(one[c], other[c]);
    }
    for (int c = 0; c < o->count && by == 0; c++) {
        by = o->columns[c]->type == TYPE_DOUBLE ? compare_doubles(one[c], other[c]) : 0;
    }
    return by;
}

static void sort(diff_answer *a, const diff_node *const *columns)
{
    order o = {columns, a->columns};
    const size_t rows = (size_t)a->rows, width = (size_t)a->columns;
    const char ***pointers = MU_NEW_ARRAY(&a->arena, const char **, rows);
    const char **cells = MU_NEW_ARRAY(&a->arena, const char *, rows *width);

    if (!pointers || !cells) {
        abort();
    }
    for (size_t i = 0; i < rows; i++) {
        pointers[i] = a->cells + i * width;
    }
    qsort_r(pointers, rows, sizeof *pointers, compare_rows, &o);
    for (size_t i = 0; i < rows; i++) {
        memcpy(cells + i * width, pointers[i], width * sizeof *cells);
    }
    a->cells = cells;
    a->room = a->rows * a->columns;
}

static bool same_cell(const diff_node *column, const char *a, const char *b)
{
    if (!a || !b || column->type != TYPE_DOUBLE) {
        return compare_texts(a, b) == 0;
    }
    const double x = strtod(a, NULL), y = strtod(b, NULL);
    const double size = fmax(1, fmax(fabs(x), fabs(y)));
    return fabs(x - y) <= 1e-9 * size || strcmp(a, b) == 0;
}

static bool same_row(const diff_answer *a, const diff_answer *b, const diff_node *const *columns,
                     int row)
{
    for (int c = 0; c < a->columns; c++) {
        if (!same_cell(columns[c], a->cells[row * a->columns + c],
                       b->cells[row * a->columns + c])) {
            return false;
        }
    }
    return true;
}

bool diff_answer_same(diff_answer *a, diff_answer *b, const diff_node *const *columns, bool ordered,
                      int *first)
{
    *first = 0;
    if (a->columns != b->columns) {
        return false;
    }
    if (!ordered) {
        sort(a, columns);
        sort(b, columns);
    }
    while (*first < a->rows && *first < b->rows && same_row(a, b, columns, *first)) {
        ++*first;
    }
    return *first == a->rows && *first == b->rows;
}

void diff_answer_show(FILE *out, const char *who, const diff_answer *a, int from)
{
    if (a->outcome == OUTCOME_NOT_ASKED) {
        return;
    }
    if (a->outcome == OUTCOME_ERROR) {
        (void)fprintf(out, "--   %s: error: %s\n", who, a->message);
        return;
    }
    (void)fprintf(out, "--   %s: %d rows%s\n", who, a->rows,
                  from > 0 ? ", from a later one on" : "");
    for (int i = from; i < a->rows && i < from + SHOWN; i++) {
        (void)fprintf(out, "--     ");
        for (int c = 0; c < a->columns; c++) {
            const char *cell = a->cells[i * a->columns + c];
            (void)fprintf(out, "%s%s", c == 0 ? "" : " | ", cell ? cell : "NULL");
        }
        (void)fprintf(out, "\n");
    }
}
