/*
 * load_test.c - what is loaded against the same rows sorted by hand: by (customer, time, arrival),
 * through budgets that force many runs and merges.
 */
#include "storage/load.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "tests/support/test.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    CUSTOMER = 0,
    TS = 1,
    EVENT = 2,
    NOTE = 3, /* a text that never repeats */
    AMOUNT = 4,
    RATE = 5,
    ARRIVAL = 6,
    COLUMNS = 7,
};

static const mu_column event_columns[COLUMNS] = {
    {.name = "who", .type = {.kind = MU_BIGINT, .bits = 64}, .role = MU_ROLE_CUSTOMER},
    {.name = "ts", .type = {.kind = MU_TIMESTAMP}, .role = MU_ROLE_TIME},
    {.name = "event", .type = {.kind = MU_TEXT}, .role = MU_ROLE_EVENT},
    {.name = "note", .type = {.kind = MU_TEXT}},
    {.name = "amount", .type = {.kind = MU_DECIMAL, .precision = 18, .scale = 2}},
    {.name = "rate", .type = {.kind = MU_DOUBLE}},
    {.name = "arrival", .type = {.kind = MU_BIGINT, .bits = 64}},
};

typedef struct row {
    bool nobody, no_event, no_note, no_amount;
    int64_t who, ts, amount, arrival;
    double rate;
    uint32_t ordinal;
    char event[16], note[32];
} row;

/* How the rows of a test come. */
typedef struct load_shape {
    uint32_t rows, customers, months, batch;
    size_t budget;
    bool ordered; /* by time */
    bool few_notes;
} load_shape;

static uint64_t random_state;

static uint64_t below(uint64_t bound)
{
    return test_random_below(&random_state, bound);
}

/* Customers are spread over stripes by giving each number below `customers` an ordinal in order of
 * appearance, as the registry does. */
static row *make_rows(const load_shape *shape)
{
    row *rows = mu_mem_zalloc_array(shape->rows + 1, sizeof *rows);
    uint32_t *ordinals = mu_mem_zalloc_array(shape->customers, sizeof *ordinals);
    uint32_t next = 0;

    for (uint32_t i = 0; i < shape->rows; i++) {
        row *r = &rows[i];
        const uint64_t who = below(shape->customers);
        const uint64_t span = shape->months * UINT64_C(30);
        const uint64_t day = shape->ordered ? i * span / shape->rows : below(span);
        r->nobody = below(8) == 0;
        r->who = (int64_t)who * 7 - 50;
        r->ts = (int64_t)day * MU_DAY_US + (shape->ordered ? 0 : (int64_t)below(3));
        r->no_event = below(10) == 0;
        r->no_note = below(3) == 0;
        r->no_amount = below(2) == 0;
        r->amount = (int64_t)below(10000) - 5000;
        r->rate = (double)below(100) / 8;
        r->arrival = i;
        snprintf(r->event, sizeof r->event, "event %u", (unsigned)below(5));
        snprintf(r->note, sizeof r->note, "note %u",
                 shape->few_notes ? (unsigned)below(20) : (unsigned)i);
        r->ordinal = MU_NO_CUSTOMER;
        if (!r->nobody) {
            if (ordinals[who] == 0) {
                ordinals[who] = ++next;
            }
            r->ordinal = ordinals[who] - 1;
        }
    }
    mu_mem_free(ordinals);
    return rows;
}

static int64_t period_of(const row *r, bool lookup)
{
    return lookup ? 0 : mu_unit_number(r->ts, MU_UNIT_MONTH);
}

static int compare_events(const void *a, const void *b)
{
    const row *x = a, *y = b;

    if (period_of(x, false) != period_of(y, false)) {
        return period_of(x, false) < period_of(y, false) ? -1 : 1;
    }
    if (x->ordinal != y->ordinal) {
        return x->ordinal < y->ordinal ? -1 : 1;
    }
    if (x->ts != y->ts) {
        return x->ts < y->ts ? -1 : 1;
    }
    return x->arrival < y->arrival ? -1 : x->arrival > y->arrival;
}

static void print_row(mu_writer *out, const row *r)
{
    char text[200];
    const int n =
        snprintf(text, sizeof text, "%" PRIu32 " %" PRId64 " %s %s %" PRId64 " %g %" PRId64 "\n",
                 r->ordinal, r->ts, r->no_event ? "-" : r->event, r->no_note ? "-" : r->note,
                 r->no_amount ? -1 : r->amount, r->rate, r->arrival);
    mu_write_bytes(out, text, (size_t)n);
}

/* Loading. */

static void set_valid(uint64_t *valid, uint32_t i, bool value)
{
    if (value) {
        mu_bits_set(valid, i);
    } else {
        mu_bits_clear(valid, i);
    }
}

static void load_batch(mu_load *load, const row *rows, uint32_t count, bool lookup)
{
    int64_t *numbers[COLUMNS];
    uint64_t *valid[COLUMNS];
    mu_text *texts[2];
    double *rates = mu_mem_alloc_array(count, sizeof *rates);
    mu_input_column inputs[COLUMNS] = {0};
    const uint32_t first = lookup ? EVENT : CUSTOMER;

    for (uint32_t i = 0; i < COLUMNS; i++) {
        numbers[i] = mu_mem_alloc_array(count, sizeof(int64_t));
        valid[i] = mu_mem_zalloc_array(mu_bits_words(count), sizeof(uint64_t));
    }
    for (uint32_t i = 0; i < 2; i++) {
        texts[i] = mu_mem_alloc_array(count, sizeof(mu_text));
    }
    for (uint32_t i = 0; i < count; i++) {
        const row *r = &rows[i];
        numbers[CUSTOMER][i] = r->who;
        set_valid(valid[CUSTOMER], i, !r->nobody);
        numbers[TS][i] = r->ts;
        texts[0][i] = (mu_text){r->event, (uint32_t)strlen(r->event)};
        set_valid(valid[EVENT], i, !r->no_event);
        texts[1][i] = (mu_text){r->note, (uint32_t)strlen(r->note)};
        set_valid(valid[NOTE], i, !r->no_note);
        numbers[AMOUNT][i] = r->amount;
        set_valid(valid[AMOUNT], i, !r->no_amount);
        rates[i] = r->rate;
        numbers[ARRIVAL][i] = r->arrival;
    }
    inputs[CUSTOMER] = (mu_input_column){.i64 = numbers[CUSTOMER], .valid = valid[CUSTOMER]};
    inputs[TS] = (mu_input_column){.i64 = numbers[TS]};
    inputs[EVENT] = (mu_input_column){.text = texts[0], .valid = valid[EVENT]};
    inputs[NOTE] = (mu_input_column){.text = texts[1], .valid = valid[NOTE]};
    inputs[AMOUNT] = (mu_input_column){.i64 = numbers[AMOUNT], .valid = valid[AMOUNT]};
    inputs[RATE] = (mu_input_column){.f64 = rates};
    inputs[ARRIVAL] = (mu_input_column){.i64 = numbers[ARRIVAL]};
    assert_ok(mu_load_rows(load, count, &inputs[first], &test_error));
    for (uint32_t i = 0; i < COLUMNS; i++) {
        mu_mem_free(numbers[i]);
        mu_mem_free(valid[i]);
    }
    mu_mem_free(texts[0]);
    mu_mem_free(texts[1]);
    mu_mem_free(rates);
}

/* The whole table `t` of the columns from `first` on. */
static mu_table table_of(uint32_t first)
{
    return (mu_table){.name = "t",
                      .period = MU_UNIT_MONTH,
                      .column_count = COLUMNS - first,
                      .columns = &event_columns[first],
                      .customer_column = first == 0 ? CUSTOMER : MU_NO_COLUMN,
                      .time_column = first == 0 ? TS : MU_NO_COLUMN,
                      .event_column = first == 0 ? EVENT : MU_NO_COLUMN};
}

static void load_all(mu_db *db, const row *rows, const load_shape *shape, bool lookup,
                     mu_pool *pool)
{
    const mu_load_options options = {.memory_bytes = shape->budget, .pool = pool};
    mu_column columns[COLUMNS];
    mu_table table = table_of(lookup ? EVENT : CUSTOMER);
    const mu_table *created;
    mu_change *change;
    mu_load *load;

    memcpy(columns, table.columns, table.column_count * sizeof *columns);
    if (lookup) {
        columns[0].role = MU_ROLE_NONE;
    }
    table.columns = columns;
    assert_ok(mu_change_begin(db, &change, &test_error));
    assert_ok(mu_change_create_table(change, &table, &created, &test_error));
    assert_ok(mu_load_open(change, created, &options, &load, &test_error));
    for (uint32_t at = 0; at < shape->rows; at += shape->batch) {
        const uint32_t left = shape->rows - at;
        load_batch(load, &rows[at], left < shape->batch ? left : shape->batch, lookup);
    }
    assert_ok(mu_load_finish(load, &test_error));
    mu_load_close(load);
    assert_ok(mu_change_commit(change, &test_error));
}

/* Reading back. */

/* One block of one column, decoded. */
typedef struct chunk {
    bool by_code;
    const uint64_t *valid; /* NULL: no nulls */
    bool absent;
    int64_t *numbers;
    double *doubles;
    uint32_t *codes;
    const mu_dict *dict;
} chunk;

static void decode_chunk(mu_segment *segment, uint32_t block, uint32_t column, mu_kind kind,
                         mu_decoder *decoder, chunk *out)
{
    const mu_chunk_info *info = mu_segment_chunk(segment, block, column);
    const uint32_t n = mu_segment_block(segment, block)->rows;

    out->absent = info->size == 0;
    out->by_code = info->by_code;
    out->valid = NULL;
    if (out->absent) {
        return;
    }
    assert_ok(mu_segment_read(segment, block, column, decoder, &out->valid, &test_error));
    if (kind == MU_TEXT && info->by_code) {
        assert_ok(mu_decode_u32(decoder, 0, n, out->codes, &test_error));
        assert_ok(mu_segment_dict(segment, column, &out->dict, &test_error));
    } else if (kind == MU_TEXT) {
        assert_ok(mu_decode_text(decoder, &out->dict, &test_error));
    } else if (kind != MU_DOUBLE && kind != MU_CUSTOMER) {
        assert_ok(mu_decode_i64(decoder, 0, n, out->numbers, &test_error));
    }
    for (uint32_t first = 0; first < n; first += MU_BATCH_ROWS) {
        const uint32_t some = n - first < MU_BATCH_ROWS ? n - first : MU_BATCH_ROWS;
        if (kind == MU_DOUBLE) {
            assert_ok(mu_decode_f64(decoder, first, some, &out->doubles[first], &test_error));
        } else if (kind == MU_CUSTOMER) {
            assert_ok(mu_decode_customer(decoder, first, some, &out->codes[first], &test_error));
        }
    }
}

static void take_text(const chunk *from, uint32_t i, char *to)
{
    const mu_text text = mu_dict_text(from->dict, from->by_code ? from->codes[i] : i);

    memcpy(to, text.data, text.size);
    to[text.size] = '\0';
}

static void take_values(const chunk *from, uint32_t which, uint32_t n, row *rows)
{
    for (uint32_t i = 0; i < n; i++) {
        row *r = &rows[i];
        const bool null = from->absent || (from->valid && !mu_bits_test(from->valid, i));
        if (which == CUSTOMER) {
            r->ordinal = null ? MU_NO_CUSTOMER : from->codes[i];
        } else if (which == TS) {
            r->ts = from->numbers[i];
        } else if (which == RATE) {
            r->rate = from->doubles[i];
        } else if (which == AMOUNT) {
            r->amount = from->numbers[i];
            r->no_amount = null;
        } else if (which == ARRIVAL) {
            r->arrival = from->numbers[i];
        } else if (which == EVENT) {
            r->no_event = null;
        } else {
            r->no_note = null;
        }
        if ((which == EVENT || which == NOTE) && !null) {
            take_text(from, i, which == EVENT ? r->event : r->note);
        }
    }
}

static void read_segment(const mu_table *table, mu_segment *segment, mu_writer *out)
{
    const uint32_t first = COLUMNS - table->column_count;
    const size_t room = MU_BLOCK_ROWS;
    mu_decoder *decoder = mu_decoder_new();
    row *rows = mu_mem_zalloc_array(room, sizeof *rows);
    chunk one = {.numbers = mu_mem_zalloc_array(room, sizeof(int64_t)),
                 .doubles = mu_mem_zalloc_array(room, sizeof(double)),
                 .codes = mu_mem_zalloc_array(room, sizeof(uint32_t))};

    assert_ok(mu_segment_check(segment, &test_error));
    for (uint32_t block = 0; block < mu_segment_block_count(segment); block++) {
        const uint32_t n = mu_segment_block(segment, block)->rows;
        for (uint32_t i = 0; i < n; i++) {
            rows[i] = (row){.ordinal = MU_NO_CUSTOMER};
        }
        for (uint32_t i = 0; i < table->column_count; i++) {
            const uint32_t column = mu_segment_column(segment, table->columns[i].id);
            decode_chunk(segment, block, column, table->columns[i].type.kind, decoder, &one);
            take_values(&one, first + i, n, rows);
        }
        for (uint32_t i = 0; i < n; i++) {
            print_row(out, &rows[i]);
        }
    }
    mu_decoder_free(decoder);
    mu_mem_free(rows);
    mu_mem_free(one.numbers);
    mu_mem_free(one.doubles);
    mu_mem_free(one.codes);
}

static void read_all(mu_db *db, mu_writer *out, bool one_each)
{
    mu_snapshot *snapshot;

    assert_ok(mu_db_snapshot(db, &snapshot, &test_error));
    const mu_table *table = mu_catalog_find(mu_snapshot_catalog(snapshot), "t");
    const uint32_t count = mu_snapshot_segment_count(snapshot, table->id);
    for (uint32_t i = 0; i < count; i++) {
        mu_segment *segment;
        if (one_each && i > 0) { /* everything of a period was merged */
            assert_true(mu_snapshot_segment_info(snapshot, table->id, i - 1)->period <
                        mu_snapshot_segment_info(snapshot, table->id, i)->period);
        }
        assert_ok(mu_snapshot_segment(snapshot, table->id, i, &segment, &test_error));
        read_segment(table, segment, out);
    }
    mu_snapshot_release(snapshot);
}

static void check_load(const load_shape *shape, bool lookup, uint32_t threads)
{
    row *rows = make_rows(shape);
    mu_writer wanted = {0}, found = {0};
    mu_pool *pool = NULL;
    mu_db *db;

    assert_ok(mu_db_open(NULL, &db, &test_error));
    assert_ok(mu_pool_open(threads, &pool, &test_error));
    load_all(db, rows, shape, lookup, pool);
    if (lookup) {
        for (uint32_t i = 0; i < shape->rows; i++) {
            rows[i].ordinal = MU_NO_CUSTOMER;
            rows[i].ts = 0;
        }
    } else {
        qsort(rows, shape->rows, sizeof *rows, compare_events);
    }
    for (uint32_t i = 0; i < shape->rows; i++) {
        print_row(&wanted, &rows[i]);
    }
    read_all(db, &found, true);
    assert_int_equal(found.size, wanted.size);
    if (wanted.size > 0) {
        assert_memory_equal(found.data, wanted.data, wanted.size);
    }
    mu_writer_deinit(&wanted);
    mu_writer_deinit(&found);
    mu_mem_free(rows);
    mu_pool_close(pool);
    mu_db_close(db);
}

TEST(rows_are_sorted_by_customer_time_and_arrival)
{
    static const load_shape shapes[] = {
        {.rows = 1, .customers = 1, .months = 1, .batch = 1},
        {.rows = 1000, .customers = 3, .months = 1, .batch = 1000},
        {.rows = 3000, .customers = 500, .months = 5, .batch = 100},
        {.rows = 3000, .customers = 500, .months = 5, .batch = 100, .ordered = true},
        {.rows = 20000, .customers = 9, .months = 30, .batch = 777, .few_notes = true},
    };

    random_state = test_seed();
    for (size_t i = 0; i < MU_COUNT(shapes); i++) {
        check_load(&shapes[i], false, 1);
        check_load(&shapes[i], false, 3);
    }
}

TEST(runs_of_a_small_budget_are_merged)
{
    static const load_shape shapes[] = {
        {.rows = 3000, .customers = 50, .months = 2, .batch = 100, .budget = 1},
        {.rows = 3000, .customers = 500, .months = 3, .batch = 200, .budget = 1, .ordered = true},
        {.rows = 9000, .customers = 300, .months = 1, .batch = 50, .budget = 1, .few_notes = true},
        {.rows = 20000, .customers = 70, .months = 12, .batch = 300, .budget = 4 << 20},
    };

    random_state = test_seed();
    for (size_t i = 0; i < MU_COUNT(shapes); i++) {
        check_load(&shapes[i], false, 1 + (uint32_t)i % 2);
    }
}

/* Where rows come in order of time, those of the newest period stay until it is over. */
TEST(a_period_that_goes_on_is_not_cut)
{
    static const load_shape shapes[] = {
        {.rows = 60000,
         .customers = 300,
         .months = 12,
         .batch = 500,
         .budget = 4 << 20,
         .ordered = true,
         .few_notes = true},
        {.rows = 60000,
         .customers = 3000,
         .months = 4,
         .batch = 700,
         .budget = 4 << 20,
         .ordered = true},
        {.rows = 60000, .customers = 70, .months = 12, .batch = 300, .budget = 4 << 20},
    };

    random_state = test_seed();
    for (size_t i = 0; i < MU_COUNT(shapes); i++) {
        check_load(&shapes[i], false, 1 + (uint32_t)i % 2);
    }
}

/* Ordinals past the first stripe, and blocks that are full. */
TEST(stripes_are_kept_apart)
{
    static const load_shape wide = {
        .rows = 150000, .customers = 200000, .months = 2, .batch = 10000, .budget = 8 << 20};

    random_state = test_seed();
    check_load(&wide, false, 2);
}

TEST(a_lookup_table_keeps_the_order_of_arrival)
{
    static const load_shape shapes[] = {
        {.rows = 5000, .customers = 1, .months = 1, .batch = 500},
        {.rows = 5000, .customers = 1, .months = 1, .batch = 50, .budget = 1},
    };

    random_state = test_seed();
    for (size_t i = 0; i < MU_COUNT(shapes); i++) {
        check_load(&shapes[i], true, 2);
    }
}

TEST(an_event_without_a_time_is_refused)
{
    const int64_t who = 1, ts = 1;
    const uint64_t null = 0;
    mu_table table = table_of(CUSTOMER);
    const mu_table *created;
    mu_change *change;
    mu_load *load;
    mu_db *db;
    mu_input_column inputs[COLUMNS] = {
        [CUSTOMER] = {.i64 = &who}, [TS] = {.i64 = &ts, .valid = &null}};

    assert_ok(mu_db_open(NULL, &db, &test_error));
    assert_ok(mu_change_begin(db, &change, &test_error));
    assert_ok(mu_change_create_table(change, &table, &created, &test_error));
    assert_ok(mu_load_open(change, created, NULL, &load, &test_error));
    assert_status(MUSTER_INVALID, mu_load_rows(load, 1, inputs, &test_error));
    assert_message("row 1: column \"ts\" is NULL; an event needs a time");
    mu_load_close(load);
    mu_change_abort(change);
    mu_db_close(db);
}

TEST(a_cancelled_load_leaves_nothing)
{
    static const load_shape some = {.rows = 3000, .customers = 50, .months = 2, .batch = 100};
    atomic_bool cancel = false;
    const mu_load_options options = {.memory_bytes = 1, .cancel = &cancel};
    mu_table table = table_of(CUSTOMER);
    const mu_table *created;
    mu_change *change;
    mu_load *load;
    mu_db *db;

    random_state = test_seed();
    row *rows = make_rows(&some);
    assert_ok(mu_db_open(NULL, &db, &test_error));
    assert_ok(mu_change_begin(db, &change, &test_error));
    assert_ok(mu_change_create_table(change, &table, &created, &test_error));
    assert_ok(mu_load_open(change, created, &options, &load, &test_error));
    load_batch(load, rows, 100, false);
    load_batch(load, &rows[100], 100, false);
    atomic_store(&cancel, true);
    assert_status(MUSTER_CANCELLED, mu_load_finish(load, &test_error));
    mu_load_close(load);
    mu_change_abort(change);
    mu_mem_free(rows);
    mu_db_close(db);
}
