/*
 * scan_perf.c - how many rows a nanosecond of one thread scans, filters and gathers.
 *
 * MUSTER_ISA chooses the kernels. The data is made first, in a temporary directory: four months of
 * eight stripes, about eight million events of three hundred kinds. Each line is the best of some
 * runs, over data in memory: what the loops cost, not the disk.
 */
#include "storage/base/hash.h"
#include "storage/base/mem.h"
#include "storage/gather.h"
#include "storage/kernels/kernels.h"
#include "storage/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MONTHS = 4,
    STRIPES = 8,
    MOST_EVENTS = 8, /* of a customer in a month: 4 on average, some have none */
    KINDS = 300,
    RUNS = 15,
    CUSTOMER = 0,
    TIME,
    EVENT,
    CHANNEL,
    AMOUNT,
    COLUMNS,
};

static const mu_column columns[COLUMNS] = {
    {"customer", 0, {.kind = MU_CUSTOMER}, MU_ROLE_CUSTOMER, false, 0, NULL},
    {"ts", 1, {.kind = MU_TIMESTAMP}, MU_ROLE_TIME, false, 0, NULL},
    {"event", 2, {.kind = MU_TEXT}, MU_ROLE_EVENT, false, 0, NULL},
    {"channel", 3, {.kind = MU_TEXT}, MU_ROLE_NONE, false, 0, NULL},
    {"amount", 4, {.kind = MU_DECIMAL, .precision = 12, .scale = 2}, MU_ROLE_NONE, false, 0, NULL},
};
static const mu_table table = {.name = "events",
                               .id = 1,
                               .period = MU_UNIT_MONTH,
                               .column_count = COLUMNS,
                               .columns = columns,
                               .customer_column = CUSTOMER,
                               .time_column = TIME,
                               .event_column = EVENT};

static void check(muster_status status, const muster_error *err)
{
    if (status != MUSTER_OK) {
        (void)fprintf(stderr, "scan_perf: %s\n", err->message);
        exit(1);
    }
}

/* A snapshot of our own: just segments. */

struct mu_snapshot {
    uint32_t customers;
    mu_segment_info infos[MONTHS];
    mu_segment *segments[MONTHS];
};

const mu_catalog *mu_snapshot_catalog(const mu_snapshot *snapshot)
{
    static const mu_catalog nothing; /* who was seen when is not asked here */

    (void)snapshot;
    return &nothing;
}

const mu_erased *mu_snapshot_erased(const mu_snapshot *snapshot)
{
    (void)snapshot;
    return NULL;
}

uint32_t mu_snapshot_stripes(const mu_snapshot *snapshot)
{
    return (snapshot->customers + MU_STRIPE_ROWS - 1) / MU_STRIPE_ROWS;
}

const mu_customers *mu_snapshot_customers(const mu_snapshot *snapshot)
{
    return (const mu_customers *)(const void *)&snapshot->customers;
}

uint32_t mu_customers_count(const mu_customers *customers)
{
    return *(const uint32_t *)(const void *)customers;
}

uint32_t mu_snapshot_segment_count(const mu_snapshot *snapshot, uint32_t table_id)
{
    (void)snapshot;
    return table_id == table.id ? MONTHS : 0;
}

const mu_segment_info *mu_snapshot_segment_info(const mu_snapshot *snapshot, uint32_t table_id,
                                                uint32_t i)
{
    (void)table_id;
    return &snapshot->infos[i];
}

muster_status mu_snapshot_segment(mu_snapshot *snapshot, uint32_t table_id, uint32_t i,
                                  mu_segment **out, muster_error *err)
{
    (void)table_id;
    (void)err;
    *out = snapshot->segments[i];
    return MUSTER_OK;
}

/* Data. */

static uint64_t random_state = 1;

static uint64_t next_random(void)
{
    random_state += UINT64_C(0x9e3779b97f4a7c15);
    return mu_hash_u64(random_state);
}

typedef struct block {
    uint32_t rows;
    uint32_t ordinals[MU_BLOCK_ROWS];
    int64_t times[MU_BLOCK_ROWS];
    uint32_t events[MU_BLOCK_ROWS];
    uint32_t channels[MU_BLOCK_ROWS];
    int64_t amounts[MU_BLOCK_ROWS];
} block;

static void flush(mu_segment_writer *writer, uint32_t stripe, block *b)
{
    const mu_block_column values[COLUMNS] = {
        [TIME] = {.i64 = b->times},
        [EVENT] = {.codes = b->events},
        [CHANNEL] = {.codes = b->channels},
        [AMOUNT] = {.i64 = b->amounts},
    };
    muster_error err;

    if (b->rows > 0) {
        check(mu_segment_writer_add(writer, stripe, b->rows, b->ordinals, values, &err), &err);
        b->rows = 0;
    }
}

/* A customer's events of a month, in order of time; the square makes some kinds common. */
static void add_customer(mu_segment_writer *writer, uint32_t stripe, uint32_t ordinal,
                         uint32_t month, block *b)
{
    const uint64_t count = next_random() % (MOST_EVENTS + 1);
    int64_t second = (int64_t)month * 30 * 86400;

    for (uint64_t i = 0; i < count; i++) {
        const uint64_t draw = next_random() % KINDS;
        second += (int64_t)(next_random() % (30 * 86400 / MOST_EVENTS));
        b->ordinals[b->rows] = ordinal;
        b->times[b->rows] = second * MU_SECOND_US;
        b->events[b->rows] = (uint32_t)(draw * (next_random() % KINDS) / KINDS);
        b->channels[b->rows] = (uint32_t)(next_random() % 6);
        b->amounts[b->rows] = (int64_t)(next_random() % 100000);
        if (++b->rows == MU_BLOCK_ROWS) {
            flush(writer, stripe, b);
        }
    }
}

static void make_dict(mu_dict_builder *builder, uint32_t count)
{
    uint32_t code;

    for (uint32_t i = 0; i < count; i++) {
        char text[32];
        const int size = snprintf(text, sizeof text, "value %03u", i);
        if (!mu_dict_builder_add(builder, (mu_text){text, (uint32_t)size}, &code)) {
            exit(1);
        }
    }
    builder->dict.sorted = true;
}

static void make_month(mu_snapshot *s, const char *directory, uint32_t month, block *b)
{
    mu_dict_builder events = {0}, channels = {0};
    const mu_dict *dicts[COLUMNS] = {[EVENT] = &events.dict, [CHANNEL] = &channels.dict};
    char name[MU_SEGMENT_NAME_BYTES];
    mu_segment_writer *writer;
    muster_error err;

    make_dict(&events, KINDS);
    make_dict(&channels, 6);
    check(mu_segment_writer_open(directory, month, &table, month, dicts, &writer, &err), &err);
    for (uint32_t ordinal = 0; ordinal < s->customers; ordinal++) {
        add_customer(writer, ordinal / MU_STRIPE_ROWS, ordinal, month, b);
        if ((ordinal + 1) % MU_STRIPE_ROWS == 0) {
            flush(writer, ordinal / MU_STRIPE_ROWS, b);
        }
    }
    check(mu_segment_writer_finish(writer, true, &s->infos[month], &err), &err);
    mu_segment_name(month, name);
    check(mu_segment_open(directory, name, &s->segments[month], &err), &err);
    mu_dict_builder_deinit(&events);
    mu_dict_builder_deinit(&channels);
}

/* What is timed. */

typedef struct task {
    const char *name;
    uint32_t kinds;  /* events of code 0 up to this pass the filter; 0: no filter at all */
    uint32_t extras; /* columns gathered beside time: channel, amount */
    uint32_t months; /* of the data, from the first on */
    bool customers;  /* load them for what is left */
    bool gather;
    bool cut; /* half of the last month only, so that its blocks are decoded for times */
} task;

/* With the square above few kinds make up a tenth of the events. */
static const task tasks[] = {
    {"filter on codes, 10% pass", 7, 0, MONTHS, false, false, false},
    {"filter on codes, 10% pass, their customers", 7, 0, MONTHS, true, false, false},
    {"gather 2%", 1, 0, MONTHS, true, true, false},
    {"gather 10%", 7, 0, MONTHS, true, true, false},
    {"gather 10% of one month", 7, 0, 1, true, true, false},
    {"gather 10%, last month cut in half", 7, 0, MONTHS, true, true, true},
    {"gather 10% with channel and amount", 7, 2, MONTHS, true, true, false},
    {"gather all", 0, 0, MONTHS, true, true, false},
    {"gather all with channel and amount", 0, 2, MONTHS, true, true, false},
};

typedef struct result {
    uint64_t rows, passed, customers;
} result;

static void run_batch(const task *t, mu_scan *scan, mu_gather *gather, const uint8_t *wanted,
                      mu_batch *batch, result *r)
{
    static const uint32_t extras[] = {3, 4};
    const size_t words = mu_bits_words(batch->rows);
    muster_error err;

    r->rows += batch->rows;
    if (t->kinds > 0) {
        check(mu_scan_load(scan, EVENT, &err), &err);
        mu_k()->filter_code_table(batch->columns[EVENT].data, wanted, batch->live, words);
    }
    const uint64_t passed = mu_k()->count_bits(batch->live, words);
    r->passed += passed;
    if (passed == 0) {
        return;
    }
    if (t->customers) {
        check(mu_scan_load(scan, CUSTOMER, &err), &err);
    }
    if (t->gather) {
        check(mu_scan_load(scan, TIME, &err), &err);
        for (uint32_t i = 0; i < t->extras && i < MU_COUNT(extras); i++) {
            check(mu_scan_load(scan, extras[i], &err), &err);
        }
        check(mu_gather_add(gather, batch, CUSTOMER, TIME, NULL, extras, &err), &err);
    }
}

static result run(const task *t, mu_snapshot *snapshot, mu_gather *gather, const uint8_t *wanted)
{
    static const uint32_t all[] = {CUSTOMER, TIME, EVENT, CHANNEL, AMOUNT};
    const int64_t month_us = INT64_C(30) * 86400 * MU_SECOND_US;
    const mu_scan_options options = {
        .table = &table,
        .columns = all,
        .column_count = COLUMNS,
        .bounded = true,
        .until_us = t->months * month_us - (t->cut ? month_us / 2 : 0),
        .skip_nobody = true,
    };
    result r = {0};
    mu_scan *scan;
    mu_batch *batch;
    mu_events events;
    muster_error err;

    check(mu_scan_open(snapshot, &options, &scan, &err), &err);
    for (uint32_t unit = 0; unit < mu_scan_units(scan); unit++) {
        mu_gather_start(gather, unit);
        check(mu_scan_start(scan, unit, &err), &err);
        for (;;) {
            check(mu_scan_next(scan, &batch, &err), &err);
            if (batch->rows == 0) {
                break;
            }
            run_batch(t, scan, gather, wanted, batch, &r);
        }
        if (t->gather) {
            check(mu_gather_finish(gather, &events, &err), &err);
            r.customers += events.customer_count;
        }
    }
    mu_scan_close(scan);
    return r;
}

static void time_task(const task *t, mu_snapshot *snapshot)
{
    uint8_t wanted[KINDS] = {0};
    double best = 0;
    result r = {0};
    mu_gather *gather;
    muster_error err;

    memset(wanted, 1, t->kinds);
    const mu_type types[] = {columns[CHANNEL].type, columns[AMOUNT].type};
    check(mu_gather_open(types, t->extras, &gather, &err), &err);
    for (int i = 0; i < RUNS; i++) {
        const clock_t start = clock(); /* of this process, whoever else is busy */
        r = run(t, snapshot, gather, wanted);
        const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        best = i == 0 || seconds < best ? seconds : best;
    }
    printf("%-45s %6.0f million rows/s  %5.2f ns a row  %6.2f ns a row passed (%4.1f%%)\n", t->name,
           (double)r.rows / best / 1e6, best * 1e9 / (double)r.rows, best * 1e9 / (double)r.passed,
           100.0 * (double)r.passed / (double)r.rows);
    mu_gather_close(gather);
}

int main(int argc, char **argv)
{
    static mu_snapshot snapshot = {.customers = STRIPES * MU_STRIPE_ROWS};
    static block b;
    char directory[4096];
    muster_error err;

    check(mu_env_make_temp_dir(directory, sizeof directory, &err), &err);
    for (uint32_t month = 0; month < MONTHS; month++) {
        make_month(&snapshot, directory, month, &b);
    }
    printf("kernels: %s\n", mu_k()->isa);
    for (size_t i = 0; i < MU_COUNT(tasks); i++) {
        if (argc < 2 || strstr(tasks[i].name, argv[1])) {
            time_task(&tasks[i], &snapshot);
        }
    }
    for (uint32_t month = 0; month < MONTHS; month++) {
        mu_segment_close(snapshot.segments[month]);
    }
    check(mu_env_remove_tree(directory, &err), &err);
    return 0;
}
