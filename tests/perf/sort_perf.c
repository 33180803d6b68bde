/*
 * sort_perf.c - how long sorting takes, beside what it is compared with: a qsort() of keys that are
 * made of bytes, one for each row, and rows copied value by value.
 *
 * Both give the same order, which is checked first. Each line is the best of some runs.
 */
#include "query/sort.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ROWS = 1 << 18,
    COLUMNS = 4,
    RUNS = 2,
    TEXT_BYTES = 24
};

static const mu_plan_column columns[COLUMNS] = {
    {"n", {.kind = MU_BIGINT, .bits = 64}},
    {"few", {.kind = MU_TEXT}},
    {"many", {.kind = MU_TEXT}},
    {"row", {.kind = MU_BIGINT, .bits = 64}},
};

static void check(muster_status status, const muster_error *err)
{
    if (status != MUSTER_OK) {
        (void)fprintf(stderr, "sort_perf: %s\n", err->message);
        exit(1);
    }
}

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t random_of(uint64_t row, uint64_t seed)
{
    return mu_hash_u64(row * 8 + seed);
}

static mu_rowset *make_rows(void)
{
    static const char *const words[] = {"app", "web", "store", "mail", "call"};
    muster_error err;
    mu_rowset *rows;
    char text[TEXT_BYTES];

    check(mu_rowset_open(columns, COLUMNS, &rows, &err), &err);
    for (uint64_t row = 0; row < ROWS; row++) {
        mu_value values[COLUMNS];
        for (int c = 0; c < COLUMNS; c++) {
            values[c] = (mu_value){.type = columns[c].type};
        }
        const char *word = words[random_of(row, 1) % MU_COUNT(words)];
        values[0].i64 = (int64_t)(random_of(row, 0) >> 20);
        values[1].text = (mu_text){word, (uint32_t)strlen(word)};
        values[2].text.size = (uint32_t)snprintf(text, sizeof text, "order-%07u",
                                                 (unsigned)(random_of(row, 2) % 1000000));
        values[2].text.data = text;
        values[3].i64 = (int64_t)row;
        check(mu_rowset_add(rows, values, &err), &err);
    }
    return rows;
}

/* What it is compared with. */

typedef struct keyed_row {
    const uint8_t *key;
    size_t size;
    uint64_t row;
} keyed_row;

static int compare_rows(const void *left, const void *right)
{
    const keyed_row *a = left;
    const keyed_row *b = right;
    const size_t shorter = a->size < b->size ? a->size : b->size;
    const int order = memcmp(a->key, b->key, shorter);

    return order ? order : (a->size > b->size) - (a->size < b->size);
}

static void put_key(const mu_value *value, mu_writer *out)
{
    mu_write_u8(out, value->null);
    if (value->type.kind == MU_TEXT) {
        mu_write_bytes(out, value->text.data, value->text.size);
        mu_write_u8(out, 0);
        return;
    }
    const uint64_t number = __builtin_bswap64(mu_sort_number(value->i64));
    mu_write_bytes(out, &number, sizeof number);
}

static mu_rowset *sort_by_qsort(mu_rowset *rows, uint32_t key)
{
    keyed_row *all = mu_mem_alloc_array(ROWS, sizeof *all);
    mu_writer keys = {0};
    muster_error err;
    mu_rowset *out;

    for (uint64_t row = 0; row < ROWS; row++) {
        const size_t begin = keys.size;
        mu_value value = mu_rowset_value(rows, row, key);
        put_key(&value, &keys);
        for (uint32_t c = 0; c < COLUMNS; c++) {
            value = mu_rowset_value(rows, row, c);
            if (c != key) {
                put_key(&value, &keys);
            }
        }
        all[row] = (keyed_row){.size = keys.size - begin, .row = row};
    }
    const uint8_t *at = keys.data;
    for (uint64_t row = 0; row < ROWS; row++) {
        all[row].key = at;
        at += all[row].size;
    }
    qsort(all, ROWS, sizeof *all, compare_rows);
    check(mu_rowset_open(columns, COLUMNS, &out, &err), &err);
    for (uint64_t row = 0; row < ROWS; row++) {
        mu_value values[COLUMNS];
        for (uint32_t c = 0; c < COLUMNS; c++) {
            values[c] = mu_rowset_value(rows, all[row].row, c);
        }
        check(mu_rowset_add(out, values, &err), &err);
    }
    mu_mem_free(all);
    mu_writer_deinit(&keys);
    return out;
}

static mu_rowset *sort_by_words(mu_exec *exec, mu_rowset *rows, uint32_t column)
{
    const mu_sort_key key = {.column = column};
    const mu_sort_item *items;
    muster_error err;
    uint64_t count;
    mu_rowset *out;
    mu_sort *sort;

    check(mu_sort_open(exec, false, &key, 1, &rows, 1, &sort, &err), &err);
    check(mu_sort_run(sort, &items, &count, &err), &err);
    check(mu_rowset_open(columns, COLUMNS, &out, &err), &err);
    check(mu_rowset_gather(exec, false, &rows, 1, items, count, out, &err), &err);
    mu_sort_close(sort);
    return out;
}

static mu_exec *open_exec(mu_pool *pool)
{
    static const mu_value zero = {.type = {.kind = MU_BIGINT, .bits = 64}};
    static const mu_plan values = {.kind = MU_PLAN_VALUES,
                                   .column_count = 1,
                                   .columns = columns,
                                   .values = {.row_count = 1, .values = &zero}};
    const mu_exec_options options = {.pool = pool};
    muster_error err;
    mu_exec *exec;

    check(mu_exec_open(&options, &values, &exec, &err), &err);
    return exec;
}

static void check_same(const mu_rowset *a, const mu_rowset *b)
{
    for (uint64_t row = 0; row < ROWS; row++) {
        if (mu_rowset_value(a, row, COLUMNS - 1).i64 != mu_rowset_value(b, row, COLUMNS - 1).i64) {
            (void)fprintf(stderr, "sort_perf: the orders differ in row %llu\n",
                          (unsigned long long)row);
            exit(1);
        }
    }
}

static void measure(mu_exec *one, mu_exec *two, uint32_t column)
{
    double best[3] = {1e9, 1e9, 1e9};

    for (int run = 0; run < RUNS; run++) {
        mu_rowset *sorted[3];
        for (int way = 0; way < 3; way++) {
            mu_rowset *rows = make_rows();
            const double start = now();
            sorted[way] = way == 0 ? sort_by_qsort(rows, column)
                                   : sort_by_words(way == 1 ? one : two, rows, column);
            const double took = now() - start;
            best[way] = took < best[way] ? took : best[way];
            mu_rowset_close(rows);
        }
        check_same(sorted[0], sorted[1]);
        check_same(sorted[0], sorted[2]);
        for (int way = 0; way < 3; way++) {
            mu_rowset_close(sorted[way]);
        }
    }
    (void)printf("%-5s qsort %7.1f ms   words %7.1f ms (%.1f times)   two threads %7.1f ms (%.1f "
                 "times)\n",
                 columns[column].name, best[0] * 1e3, best[1] * 1e3, best[0] / best[1],
                 best[2] * 1e3, best[0] / best[2]);
}

int main(void)
{
    muster_error err;
    mu_pool *pool;

    check(mu_pool_open(2, &pool, &err), &err);
    mu_exec *one = open_exec(NULL);
    mu_exec *two = open_exec(pool);
    (void)printf("%d rows by\n", ROWS);
    for (uint32_t column = 0; column < COLUMNS - 1; column++) {
        measure(one, two, column);
    }
    mu_exec_close(one);
    mu_exec_close(two);
    mu_pool_close(pool);
    return 0;
}
