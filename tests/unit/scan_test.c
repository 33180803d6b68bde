/*
 * scan_test.c - scans against the rows of their segments, one by one.
 *
 * The snapshot is this test's own: a list of segments, so that nothing but the scan is tested.
 */
#include "storage/scan.h"

#include "storage/base/mem.h"
#include "tests/support/rows.h"
#include "tests/support/test.h"

enum {
    MOST_SEGMENTS = 6,
};

/* A snapshot of segments. */

struct mu_snapshot {
    mu_arena arena;
    const char *directory;
    uint32_t customers;
    uint32_t segment_count;
    mu_segment_info infos[MOST_SEGMENTS];
    mu_segment *segments[MOST_SEGMENTS];
    const test_row *rows[MOST_SEGMENTS];
    uint32_t column_counts[MOST_SEGMENTS];
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

/* No more of the registry is asked for than how many there are. */
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
    return table_id == test_table.id ? snapshot->segment_count : 0;
}

const mu_segment_info *mu_snapshot_segment_info(const mu_snapshot *snapshot, uint32_t table_id,
                                                uint32_t i)
{
    assert_int_equal(table_id, test_table.id);
    return &snapshot->infos[i];
}

muster_status mu_snapshot_segment(mu_snapshot *snapshot, uint32_t table_id, uint32_t i,
                                  mu_segment **out, muster_error *err)
{
    *out = snapshot->segments[i];
    if (!*out) {
        char name[MU_SEGMENT_NAME_BYTES];
        mu_segment_name(snapshot->infos[i].file, name);
        MU_TRY(mu_segment_open(snapshot->directory, name, out, err));
        snapshot->segments[i] = *out;
    }
    assert_int_equal(table_id, test_table.id);
    return MUSTER_OK;
}

static void add_segment(mu_snapshot *s, uint64_t *state, const test_shape *shape,
                        uint32_t column_count, uint32_t block_rows)
{
    const uint32_t i = s->segment_count++;

    assert_true(i < MOST_SEGMENTS);
    s->rows[i] = test_rows(&s->arena, state, shape);
    s->column_counts[i] = column_count;
    assert_ok(test_write_segment(s->directory, i, column_count, s->rows[i], shape->rows, block_rows,
                                 &s->infos[i], &test_error));
    s->customers = shape->customers > s->customers ? shape->customers : s->customers;
}

static void close_snapshot(mu_snapshot *s)
{
    for (uint32_t i = 0; i < s->segment_count; i++) {
        mu_segment_close(s->segments[i]);
    }
    mu_arena_deinit(&s->arena);
}

/* Which rows should come. */

static mu_value cell_of(const mu_snapshot *s, uint32_t segment, uint32_t row, uint32_t column)
{
    if (column >= s->column_counts[segment]) {
        return (mu_value){.type = test_table.columns[column].type, .null = true};
    }
    return s->rows[segment][row].cells[column];
}

static bool in_bounds(const mu_scan_options *options, int64_t time_us)
{
    return !options->bounded || (time_us >= options->since_us && time_us < options->until_us);
}

/* What minima and maxima tell of the rows [first, end) of a segment: some value of each ranged
 * column may be in its range. */
static bool may_matter(const mu_snapshot *s, const mu_scan_options *options, uint32_t segment,
                       uint32_t first, uint32_t end)
{
    for (uint32_t i = 0; i < options->range_count; i++) {
        bool above = false, below = false; /* a value not below the range, one not above it */
        for (uint32_t row = first; row < end; row++) {
            const mu_value cell = cell_of(s, segment, row, options->ranges[i].column);
            above = above || (!cell.null && cell.i64 >= options->ranges[i].min);
            below = below || (!cell.null && cell.i64 <= options->ranges[i].max);
        }
        if (!above || !below) {
            return false;
        }
    }
    return true;
}

/* A place among the rows of one unit, in the order in which they must come. */
typedef struct cursor {
    mu_snapshot *snapshot;
    const mu_scan_options *options;
    uint32_t stripe; /* MU_NOBODY: those of nobody in `segment` alone */
    uint32_t segment, segment_end, row;
    uint32_t block, block_end; /* the next block, and where the rows of the one before it end */
    bool block_matters;
} cursor;

/* Blocks are where the segment says they are: how they are cut is the writer's business. */
static bool in_block_that_matters(cursor *c)
{
    mu_segment *segment;

    assert_ok(mu_snapshot_segment(c->snapshot, test_table.id, c->segment, &segment, &test_error));
    while (c->row >= c->block_end) {
        const uint32_t first = c->block_end;
        c->block_end += mu_segment_block(segment, c->block++)->rows;
        c->block_matters = may_matter(c->snapshot, c->options, c->segment, first, c->block_end);
    }
    return c->block_matters;
}

/* Goes to the next row of the unit from where the cursor is. */
static bool settle(cursor *c)
{
    while (c->segment < c->segment_end) {
        for (; c->row < c->snapshot->infos[c->segment].rows; c->row++) {
            const test_row *row = &c->snapshot->rows[c->segment][c->row];
            const mu_value *customer = &row->cells[TEST_CUSTOMER];
            const uint32_t stripe = customer->null ? MU_NOBODY : customer->ordinal / MU_STRIPE_ROWS;
            if (stripe == c->stripe && in_bounds(c->options, row->cells[TEST_TS].i64) &&
                in_block_that_matters(c)) {
                return true;
            }
        }
        c->segment++;
        c->row = c->block = c->block_end = 0;
    }
    return false;
}

/* The row of the batch is the next one of the unit. */
static void expect_row(cursor *c, const mu_batch *batch, uint32_t row)
{
    assert_true(settle(c));
    for (uint32_t i = 0; i < batch->column_count; i++) {
        if (batch->columns[i].data) {
            const mu_value wanted =
                cell_of(c->snapshot, c->segment, c->row, c->options->columns[i]);
            const mu_value found = mu_batch_value(batch, i, row);
            assert_true(test_value_equal(&wanted, &found));
        }
    }
    c->row++;
}

/* Scans. */

static void scan_unit(mu_scan *scan, uint32_t unit, cursor *c, uint64_t *state)
{
    mu_batch *batch;

    assert_ok(mu_scan_start(scan, unit, &test_error));
    for (;;) {
        assert_ok(mu_scan_next(scan, &batch, &test_error));
        if (batch->rows == 0) {
            break;
        }
        for (uint32_t n = 0; n < 2 * batch->column_count; n++) {
            const uint32_t i = (uint32_t)test_random_below(state, batch->column_count);
            assert_ok(mu_scan_load(scan, i, &test_error));
        }
        assert_true(mu_batch_check(batch, &test_error));
        uint32_t live = 0;
        MU_FOR_EACH_LIVE(row, batch) {
            expect_row(c, batch, row);
            live++;
        }
        assert_true(live > 0);
        memset(batch->live, 0, MU_BATCH_WORDS * sizeof *batch->live); /* as a filter would */
    }
    assert_false(settle(c));
    assert_ok(mu_scan_next(scan, &batch, &test_error));
    assert_int_equal(batch->rows, 0); /* the end stays the end */
}

static void scan_all(mu_snapshot *s, const mu_scan_options *options, uint64_t *state)
{
    mu_scan *scan;
    uint32_t unit;

    assert_ok(mu_scan_open(s, options, &scan, &test_error));
    assert_int_equal(mu_scan_stripes(scan), mu_snapshot_stripes(s));
    /* Backwards: units are taken in any order. */
    for (uint32_t i = mu_scan_stripes(scan); i > 0; i--) {
        cursor c = {s, options, i - 1, 0, s->segment_count, 0, 0, 0, false};
        scan_unit(scan, i - 1, &c, state);
    }
    unit = mu_scan_stripes(scan);
    for (uint32_t i = 0; i < s->segment_count && !options->skip_nobody; i++) {
        cursor c = {s, options, MU_NOBODY, i, i + 1, 0, 0, 0, false};
        cursor any = c;
        const bool outside = options->bounded && (s->infos[i].max_time_us < options->since_us ||
                                                  s->infos[i].min_time_us >= options->until_us ||
                                                  options->since_us >= options->until_us);
        if (s->infos[i].nobody_rows > 0 && !outside) {
            scan_unit(scan, unit++, &c, state);
        } else {
            assert_false(settle(&any));
        }
    }
    assert_int_equal(mu_scan_units(scan), unit);
    mu_scan_close(scan);
}

/* Bounds and ranges are drawn from values that are there, so that borders are hit exactly. */
static int64_t some_value(const mu_snapshot *s, uint64_t *state, uint32_t column)
{
    for (uint32_t tries = 0; tries < 20; tries++) {
        const uint32_t i = (uint32_t)test_random_below(state, s->segment_count);
        if (column == TEST_TS && test_random(state) % 2) {
            const int64_t ends[] = {s->infos[i].min_time_us, s->infos[i].max_time_us};
            return ends[test_random(state) % 2] + (int64_t)test_random_below(state, 3) - 1;
        }
        const uint32_t row = (uint32_t)test_random_below(state, s->infos[i].rows);
        const mu_value cell = cell_of(s, i, row, column);
        if (!cell.null) {
            return cell.i64 + (int64_t)test_random_below(state, 3) - 1;
        }
    }
    return 0;
}

static void random_scan(mu_snapshot *s, uint64_t *state)
{
    static const uint32_t ranged[] = {TEST_TS, TEST_AMOUNT, TEST_QUANTITY, TEST_DAY, TEST_PAID};
    uint32_t columns[TEST_COLUMNS];
    mu_scan_range ranges[2];
    mu_scan_options options = {.table = &test_table, .columns = columns, .ranges = ranges};

    options.column_count = 1 + (uint32_t)test_random_below(state, TEST_COLUMNS);
    for (uint32_t i = 0; i < options.column_count; i++) {
        columns[i] = (uint32_t)test_random_below(state, TEST_COLUMNS); /* some of them twice */
    }
    options.bounded = test_random(state) % 2;
    options.since_us = some_value(s, state, TEST_TS);
    options.until_us = test_random(state) % 4 ? some_value(s, state, TEST_TS) : INT64_MAX;
    options.skip_nobody = test_random(state) % 3 == 0;
    options.range_count = (uint32_t)test_random_below(state, 3);
    for (uint32_t i = 0; i < options.range_count; i++) {
        ranges[i].column = ranged[test_random_below(state, MU_COUNT(ranged))];
        ranges[i].min = some_value(s, state, ranges[i].column);
        ranges[i].max =
            test_random(state) % 2 ? ranges[i].min : some_value(s, state, ranges[i].column);
    }
    scan_all(s, &options, state);
}

TEST(a_scan_gives_the_rows_of_its_segments_in_order)
{
    static const test_shape shapes[] = {
        {.rows = 1200, .customers = 30, .nobody_percent = 10, .null_percent = 10, .times = 40},
        {.rows = 300, .customers = 200000, .null_percent = 3, .min_us = 30000, .times = 50000},
        {.rows = 70, .customers = 4, .nobody_percent = 100, .min_us = 90000, .times = 10},
        {.rows = 2200, .customers = 3, .nobody_percent = 50, .null_percent = 60, .times = 999999},
        {.rows = 500, .customers = 140000, .nobody_percent = 5, .min_us = -90000, .times = 99},
    };
    const uint32_t block_rows[] = {MU_BLOCK_ROWS, 64, 200, MU_BLOCK_ROWS, 17};
    const uint32_t column_counts[] = {TEST_COLUMNS, TEST_PAID, TEST_COLUMNS, TEST_COUPON, 2};
    mu_snapshot s = {.directory = test_temp_dir()};
    uint64_t state = test_seed();

    for (uint32_t i = 0; i < MU_COUNT(shapes); i++) {
        add_segment(&s, &state, &shapes[i], column_counts[i], block_rows[i]);
        for (uint32_t n = 0; n < 30; n++) {
            random_scan(&s, &state);
        }
    }
    close_snapshot(&s);
}

TEST(a_scan_that_needs_little_reads_little)
{
    const test_shape shape = {.rows = 5000, .customers = 900, .times = 100000};
    const uint32_t columns[] = {TEST_NOTE, TEST_DAY};
    atomic_uint_fast64_t bytes = 0;
    const mu_scan_options options = {
        .table = &test_table, .columns = columns, .column_count = 2, .bytes_read = &bytes};
    mu_snapshot s = {.directory = test_temp_dir()};
    uint64_t state = test_seed();
    mu_scan *scan;
    mu_batch *batch;

    add_segment(&s, &state, &shape, TEST_COLUMNS, MU_BLOCK_ROWS);
    assert_ok(mu_scan_open(&s, &options, &scan, &test_error));
    assert_ok(mu_scan_start(scan, 0, &test_error));
    assert_ok(mu_scan_next(scan, &batch, &test_error));
    assert_int_equal(atomic_load(&bytes), 0);
    assert_ok(mu_scan_load(scan, 1, &test_error));
    const uint64_t size = atomic_load(&bytes);
    assert_int_equal(size, mu_segment_chunk(s.segments[0], 0, TEST_DAY)->size);
    assert_ok(mu_scan_load(scan, 1, &test_error));
    assert_int_equal(atomic_load(&bytes), size);
    mu_scan_close(scan);
    close_snapshot(&s);
}

TEST(segments_outside_the_bounds_are_not_even_opened)
{
    const test_shape shape = {.rows = 50, .customers = 9, .nobody_percent = 20, .times = 100};
    const uint32_t columns[] = {TEST_DAY};
    const mu_scan_options options = {.table = &test_table,
                                     .columns = columns,
                                     .column_count = 1,
                                     .bounded = true,
                                     .since_us = 100000,
                                     .until_us = INT64_MAX};
    mu_snapshot s = {.directory = test_temp_dir()};
    uint64_t state = test_seed();
    mu_scan *scan;

    add_segment(&s, &state, &shape, TEST_COLUMNS, MU_BLOCK_ROWS);
    assert_ok(mu_scan_open(&s, &options, &scan, &test_error));
    assert_null(s.segments[0]);
    assert_int_equal(mu_scan_units(scan), 1);
    mu_scan_close(scan);
    close_snapshot(&s);
}

TEST(customers_are_counted_up)
{
    static const mu_column columns[] = {
        {"customer", 0, {.kind = MU_CUSTOMER}, MU_ROLE_CUSTOMER, false, 0, NULL}};
    const mu_table table = {.name = "customers",
                            .id = MU_CUSTOMERS_TABLE,
                            .column_count = 1,
                            .columns = columns,
                            .customer_column = 0,
                            .time_column = MU_NO_COLUMN,
                            .event_column = MU_NO_COLUMN};
    const uint32_t column = 0;
    const mu_scan_options options = {.table = &table, .columns = &column, .column_count = 1};
    mu_snapshot s = {.customers = 2 * MU_STRIPE_ROWS + 1500};
    uint32_t next = 0;
    mu_scan *scan;
    mu_batch *batch;

    assert_ok(mu_scan_open(&s, &options, &scan, &test_error));
    assert_int_equal(mu_scan_units(scan), 3);
    for (uint32_t unit = 0; unit < 3; unit++) {
        assert_ok(mu_scan_start(scan, unit, &test_error));
        for (;;) {
            assert_ok(mu_scan_next(scan, &batch, &test_error));
            if (batch->rows == 0) {
                break;
            }
            assert_ok(mu_scan_load(scan, 0, &test_error));
            assert_true(mu_batch_check(batch, &test_error));
            MU_FOR_EACH_LIVE(row, batch) {
                assert_int_equal(mu_batch_value(batch, 0, row).ordinal, next);
                next++;
            }
        }
    }
    assert_int_equal(next, s.customers);
    mu_scan_close(scan);
}

TEST(a_customer_that_is_not_registered_is_corruption)
{
    const test_shape shape = {.rows = 500, .customers = 100, .times = 100};
    const uint32_t column = TEST_DAY;
    const mu_scan_options options = {.table = &test_table, .columns = &column, .column_count = 1};
    mu_snapshot s = {.directory = test_temp_dir()};
    uint64_t state = test_seed();
    mu_scan *scan;
    mu_batch *batch;

    add_segment(&s, &state, &shape, TEST_COLUMNS, MU_BLOCK_ROWS);
    s.customers = 50;
    assert_ok(mu_scan_open(&s, &options, &scan, &test_error));
    assert_ok(mu_scan_start(scan, 0, &test_error));
    muster_status status;
    do {
        status = mu_scan_next(scan, &batch, &test_error);
    } while (status == MUSTER_OK && batch->rows > 0);
    assert_int_equal(status, MUSTER_CORRUPT);
    assert_message_has("events-000000.seg");
    mu_scan_close(scan);
    close_snapshot(&s);
}
