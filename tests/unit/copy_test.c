/*
 * copy_test.c - files into tables: what is loaded, what is rejected, what is said.
 */
#include "storage/copy.h"

#include "storage/base/env.h"
#include "storage/base/mem.h"
#include "storage/copy_rows.h"
#include "tests/support/test.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    WHO = 0,
    TS = 1,
    EVENT = 2,
    AMOUNT = 3,
    QUANTITY = 4,
    COLUMNS = 5,
};

static const mu_column event_columns[COLUMNS] = {
    {.name = "who", .type = {.kind = MU_TEXT}, .role = MU_ROLE_CUSTOMER},
    {.name = "ts", .type = {.kind = MU_TIMESTAMP}, .role = MU_ROLE_TIME},
    {.name = "event", .type = {.kind = MU_TEXT}, .role = MU_ROLE_EVENT},
    {.name = "amount", .type = {.kind = MU_DECIMAL, .precision = 12, .scale = 2}},
    {.name = "quantity", .type = {.kind = MU_BIGINT, .bits = 16}},
};
static const mu_table event_table = {.name = "events",
                                     .period = MU_UNIT_MONTH,
                                     .column_count = COLUMNS,
                                     .columns = event_columns,
                                     .customer_column = WHO,
                                     .time_column = TS,
                                     .event_column = EVENT};

/* An empty database with the table in a change. */
typedef struct fixture {
    mu_db *db;
    mu_change *change;
    const mu_table *table;
    mu_copy_result result;
} fixture;

static fixture open_fixture(void)
{
    fixture f = {0};

    assert_ok(mu_db_open(NULL, &f.db, &test_error));
    assert_ok(mu_change_begin(f.db, &f.change, &test_error));
    assert_ok(mu_change_create_table(f.change, &event_table, &f.table, &test_error));
    return f;
}

static void close_fixture(fixture *f)
{
    mu_change_abort(f->change);
    mu_db_close(f->db);
}

static muster_status copy_text(fixture *f, const char *text, const mu_copy_options *options)
{
    static const mu_copy_options none = {0};
    const char *path = test_path("file.csv");

    test_write_file(path, text, strlen(text));
    return mu_copy_from(f->change, f->table, path, options ? options : &none, &f->result,
                        &test_error);
}

static void assert_loads(const char *text, uint64_t rows)
{
    fixture f = open_fixture();

    assert_ok(copy_text(&f, text, NULL));
    assert_int_equal(f.result.rows_loaded, rows);
    assert_int_equal(f.result.rows_rejected, 0);
    close_fixture(&f);
}

static void assert_refused(const char *text, const char *message)
{
    fixture f = open_fixture();

    assert_status(MUSTER_INVALID, copy_text(&f, text, NULL));
    assert_message_has(message);
    close_fixture(&f);
}

#define HEADER "who,ts,event,amount,quantity\n"
#define GOOD "ada,2024-05-01 09:00:00,buy,1.50,2\n"

TEST(rows_are_loaded_whatever_the_order_of_columns)
{
    assert_loads(HEADER GOOD GOOD, 2);
    assert_loads("quantity,ts,customer\n1,2024-05-01,ada\n", 1); /* the role names it, too */
    assert_loads("who,ts\n", 0);
    assert_loads(GOOD, 1); /* no header: by position */
    assert_loads(",2024-05-01,,,\n", 1);
    assert_loads("\xef\xbb\xbfwho;ts\r\nada;2024-05-01\r\n", 1);
    assert_loads("who,ts\nada,2024-05-01", 1);
    assert_loads("who,ts\nada,1465413032\nbob,1465412560\n", 2); /* epoch */
    assert_loads("who,ts\nada,19970101\nbob,19980630\n", 2);
}

TEST(a_file_that_does_not_suit_the_table_is_refused)
{
    assert_refused("", "file.csv\" is empty");
    assert_refused("who,event\nada,buy\n", "has no column \"ts\", the TIME of table \"events\"; "
                                           "it has \"who\", \"event\"");
    assert_refused("ts,event\n2024-05-01,buy\n", "has no column \"who\", the CUSTOMER");
    assert_refused("who,ts,evnt\n", "column \"evnt\" that table \"events\" does not have; did you "
                                    "mean \"event\"?");
    assert_refused("who,ts,zzzzzz\n", "\"zzzzzz\" that table \"events\" does not have; rename it");
    assert_refused("who,ts,customer\n", "has column \"who\" twice");
    assert_refused("1,2\n3,4\n", "has 2 columns and no header, table \"events\" has 5");
    assert_refused(HEADER "ada,\"2024\n", "file.csv:2: the quote opened here is never closed");
}

TEST(a_row_that_does_not_fit_stops_the_load_and_says_where)
{
    assert_refused(HEADER GOOD "ada,2024-02-30,buy,1,2\n", "file.csv:3: column \"ts\": ");
    assert_refused(HEADER GOOD "ada,,buy,1,2\n", "file.csv:3: column \"ts\" is empty");
    assert_refused(HEADER "ada,2024-02-03,buy,12x,2\n",
                   "file.csv:2: column \"amount\": \"12x\" is not a number");
    assert_refused(HEADER "ada,2024-02-03,buy,1,99999\n",
                   "file.csv:2: column \"quantity\": 99999 does not fit SMALLINT");
    assert_refused(HEADER "ada,2024-02-03,buy,99999999999999999999,2\n",
                   "file.csv:2: column \"amount\"");
    assert_refused(HEADER "ada,2024-02-03,b\xff,1,2\n",
                   "file.csv:2: column \"event\": text is not UTF-8 at byte");
    assert_refused(HEADER GOOD "\n\"a\nb\",2024-02-03,buy\n", "file.csv:4: 3 fields, expected 5");
    assert_refused(HEADER "\"ada\"x,2024-02-03,buy,1,2\n",
                   "file.csv:2: field 1: text after the closing quote");
}

TEST(rejects_keep_line_reason_and_record)
{
    fixture f = open_fixture();
    mu_copy_options options = {.rejects_path = test_path("rejects.csv")};

    assert_ok(copy_text(
        &f, HEADER GOOD "ada,soon,buy,1,2\n" GOOD "\"a \"\"b\"\"\nc\",2024-02-03,buy,1,x\n1,2\n",
        &options));
    assert_int_equal(f.result.rows_loaded, 2);
    assert_int_equal(f.result.rows_rejected, 3);
    assert_non_null(strstr(f.result.first_reject, "line 3: column \"ts\""));
    const char *file = test_read_file(options.rejects_path, NULL);
    assert_non_null(strstr(file, "line,reason,record\n3,\"column \"\"ts\"\": "));
    assert_non_null(strstr(file, ",\"ada,soon,buy,1,2\"\n5,"));
    assert_non_null(strstr(file, ",\"\"\"a \"\"\"\"b\"\"\"\"\nc\"\",2024-02-03,buy,1,x\"\n"));
    assert_non_null(strstr(file, "\n7,\"2 fields, expected 5\",\"1,2\"\n"));
    close_fixture(&f);
}

TEST(rejects_that_cannot_be_written_stop_the_load)
{
    fixture f = open_fixture();
    mu_copy_options options = {.rejects_path = test_path("nowhere/rejects.csv")};

    assert_status(MUSTER_IO, copy_text(&f, HEADER GOOD, &options));
    assert_message_has("nowhere/rejects.csv");
    options.rejects_path = test_path("file.csv");
    assert_status(MUSTER_INVALID, copy_text(&f, HEADER GOOD, &options));
    assert_message_has("REJECTS would overwrite");
    close_fixture(&f);
}

TEST(files_that_cannot_be_read_are_named)
{
    static const mu_copy_options none = {0};
    fixture f = open_fixture();

    assert_status(MUSTER_IO, mu_copy_from(f.change, f.table, test_path("no.csv"), &none, &f.result,
                                          &test_error));
    assert_message_has("no.csv");
    assert_true(mu_copy_from(f.change, f.table, test_temp_dir(), &none, &f.result, &test_error) !=
                MUSTER_OK);
    assert_message_has("directory");
    close_fixture(&f);
}

TEST(extra_columns_are_left_out_when_asked)
{
    fixture f = open_fixture();
    const mu_copy_options options = {.ignore_extra = true};

    assert_ok(copy_text(&f, "who,more,ts\nada,x,2024-05-01\n", &options));
    assert_int_equal(f.result.rows_loaded, 1);
    close_fixture(&f);
}

#ifndef MU_TINY /* where a block does not hold the first line */
TEST(a_file_may_be_wider_than_any_table_where_the_rest_is_left_out)
{
    enum {
        MORE = 3000
    };
    static char text[MORE * 8 + 100];
    const mu_copy_options options = {.ignore_extra = true};
    size_t used = (size_t)snprintf(text, sizeof text, "who,ts");
    fixture f = open_fixture();

    for (int i = 0; i < MORE; i++) {
        used += (size_t)snprintf(&text[used], sizeof text - used, ",x%d", i);
    }
    used += (size_t)snprintf(&text[used], sizeof text - used, "\nada,2024-05-01");
    for (int i = 0; i < MORE; i++) {
        text[used++] = ',';
    }
    text[used] = 0;
    assert_status(MUSTER_INVALID, copy_text(&f, text, NULL));
    assert_message_has("IGNORE_EXTRA");
    assert_ok(copy_text(&f, text, &options));
    assert_int_equal(f.result.rows_loaded, 1);
    close_fixture(&f);
}
#endif

/* Also of any length and number: in the first rows, which say what there is, and behind them. */
TEST(extra_keys_are_left_out_when_asked)
{
    const mu_copy_options options = {.ignore_extra = true, .csv = {.format = MU_CSV_JSONL}};
    fixture f = open_fixture();
    mu_writer text = {0};
    char line[400], key[301];

    memset(key, 'k', 300);
    key[300] = '\0';
    for (int i = 0; i < 3 * MU_MAX_COLUMNS; i++) {
        const int size =
            snprintf(line, sizeof line,
                     "{\"who\":\"ada\",\"key%d\":1,\"%s\":2,\"ts\":\"2024-05-01\"}\n", i, key);
        mu_write_bytes(&text, line, (size_t)size);
    }
    mu_write_u8(&text, 0);
    assert_ok(copy_text(&f, (const char *)text.data, &options));
    assert_int_equal(f.result.rows_loaded, 3 * MU_MAX_COLUMNS);
    mu_writer_deinit(&text);
    close_fixture(&f);
}

TEST(a_line_at_fault_is_rejected_alone_where_the_table_has_all_columns_there_may_be)
{
    static mu_column columns[MU_MAX_COLUMNS];
    static char names[MU_MAX_COLUMNS][8];
    const mu_copy_options options = {.rejects_path = test_path("rejects.csv")};
    mu_table table = event_table;
    fixture f = open_fixture();

    for (int i = 0; i < MU_MAX_COLUMNS; i++) {
        snprintf(names[i], sizeof names[i], "c%d", i);
        columns[i] = (mu_column){.name = names[i], .type = {.kind = MU_BOOLEAN}};
    }
    columns[WHO] = event_columns[WHO];
    columns[TS] = event_columns[TS];
    table.name = "wide";
    table.columns = columns;
    table.column_count = MU_MAX_COLUMNS;
    table.event_column = MU_NO_COLUMN;
    assert_ok(mu_change_create_table(f.change, &table, &f.table, &test_error));
    assert_ok(copy_text(&f, "{\"ts\":\"2024-05-01\",\"who\":\"ada\"}\n{\"ts\":\n", &options));
    assert_int_equal(f.result.rows_loaded, 1);
    assert_int_equal(f.result.rows_rejected, 1);
    close_fixture(&f);
}

TEST(attributes_are_set_only_where_the_first_rows_say_which)
{
    static const char text[] = "{\"customer\":\"somebody with a long name\"}\n";
    const mu_copy_options options = {.block_bytes = 16, .csv = {.format = MU_CSV_JSONL}};
    const char *path = test_path("file.jsonl");
    fixture f = open_fixture();
    const mu_table *customers = mu_catalog_table(mu_change_catalog(f.change), MU_CUSTOMERS_TABLE);

    test_write_file(path, text, sizeof text - 1);
    assert_status(MUSTER_INVALID,
                  mu_copy_from(f.change, customers, path, &options, &f.result, &test_error));
    assert_message_has("no row among its first that says what is to be set; the first is too long");
    close_fixture(&f);
}

TEST(null_text_takes_the_place_of_the_empty_field)
{
    fixture f = open_fixture();
    const mu_copy_options options = {.csv = {.null_text = "NA"}};

    assert_ok(copy_text(&f, HEADER "NA,2024-05-01,NA,NA,NA\n,2024-05-01,,1,2\n", &options));
    assert_status(MUSTER_INVALID, copy_text(&f, HEADER "ada,2024-05-01,,,2\n", &options));
    assert_message_has("column \"amount\"");
    close_fixture(&f);
}

TEST(a_field_of_ten_megabytes_is_a_text)
{
    const size_t size = 10 << 20;
    char *text = mu_mem_alloc(size + (7 << 20) + 100);
    fixture f = open_fixture();

    memcpy(text, "who,ts,event\nada,2024-05-01,\"", 29);
    memset(text + 29, 'x', size);
    memcpy(text + 29 + size, "\"\n", 3);
    assert_ok(copy_text(&f, text, NULL));
    assert_int_equal(f.result.rows_loaded, 1);
    memset(text + 29, 'x', size + (7 << 20));
    memcpy(text + 29 + size + (7 << 20), "\"\n", 3);
    assert_status(MUSTER_INVALID, copy_text(&f, text, NULL));
    assert_message_has("file.csv:2: column \"event\"");
    close_fixture(&f);
    mu_mem_free(text);
}

static int disk_full(void *context, const char *operation, const char *path)
{
    uint32_t *left = context;

    (void)path;
    return strcmp(operation, "write") == 0 && (*left)-- == 0 ? 28 /* ENOSPC */ : 0;
}

/* The n-th write finds the disk full, for every n there is. */
TEST(a_full_disk_changes_nothing)
{
    const mu_copy_options options = {.load = {.memory_bytes = 1},
                                     .rejects_path = test_path("rejects.csv")};
    muster_status status = MUSTER_IO;
    uint32_t n = 0;

    for (; status != MUSTER_OK; n++) {
        fixture f = open_fixture();
        uint32_t left = n;
        mu_env_set_hook(disk_full, &left);
        status = copy_text(&f, HEADER GOOD "x,y\n" GOOD, &options);
        mu_env_set_hook(NULL, NULL);
        if (status != MUSTER_OK) {
            assert_int_equal(status, MUSTER_IO);
            assert_message_has("the disk is full");
        }
        close_fixture(&f);
    }
    assert_true(n > 2);
}

/* The n-th allocation fails, for every n there is. */
TEST(without_memory_nothing_is_loaded)
{
    const mu_copy_options options = {.load = {.memory_bytes = 1},
                                     .rejects_path = test_path("rejects.csv")};
    muster_status status = MUSTER_NOMEM;
    uint32_t refused = 0;

    for (uint64_t n = 0; n < 400; n++) {
        fixture f = open_fixture();
        const char *path = test_path("file.csv");
        const char text[] = HEADER GOOD "x,y\n\"a\"\"b\",2024-05-01,,,\n";
        test_write_file(path, text, sizeof text - 1);
        mu_mem_fail_at(n, false);
        status = mu_copy_from(f.change, f.table, path, &options, &f.result, &test_error);
        mu_mem_fail_at(UINT64_MAX, false);
        if (status != MUSTER_OK) { /* but for the words of a summary, which may be cut short */
            assert_int_equal(status, MUSTER_NOMEM);
            refused++;
        }
        close_fixture(&f);
    }
    assert_int_equal(status, MUSTER_OK); /* n is past the last */
    assert_true(refused > 50);
}

TEST(without_memory_no_json_and_no_tags_are_loaded)
{
    static const char text[] = "{\"who\":\"a\\nb\",\"ts\":\"2024-05-01\",\"x\":1}\n[5]\n"
                               "{\"ts\":\"2024-05-02\",\"who\":null,\"event\":[1]}\n";
    static const char tag_text[] = "{\"customer\":\"ada\",\"tag\":\"vip\"}\n{\"tag\":1}\n";
    const mu_copy_options options = {
        .rejects_path = test_path("rejects.csv"), .ignore_extra = true, .block_bytes = 40};
    const char *path = test_path("file.jsonl"), *tag_path = test_path("tags.json");
    uint32_t refused = 0;
    bool loaded = false;

    test_write_file(path, text, sizeof text - 1);
    test_write_file(tag_path, tag_text, sizeof tag_text - 1);
    for (uint64_t n = 0; n < 600; n++) {
        fixture f = open_fixture();
        mu_mem_fail_at(n, false);
        muster_status status =
            mu_copy_from(f.change, f.table, path, &options, &f.result, &test_error);
        if (status == MUSTER_OK) {
            status = mu_copy_tags(f.change, tag_path, &options, &f.result, &test_error);
        }
        mu_mem_fail_at(UINT64_MAX, false);
        loaded = status == MUSTER_OK;
        if (!loaded) {
            assert_int_equal(status, MUSTER_NOMEM);
            refused++;
        }
        close_fixture(&f);
    }
    assert_true(loaded); /* n is past the last */
    assert_true(refused > 80);
}

TEST(a_cancelled_copy_says_so)
{
    fixture f = open_fixture();
    const atomic_bool cancel = true;
    const mu_copy_options options = {.load = {.cancel = &cancel}};

    assert_status(MUSTER_CANCELLED, copy_text(&f, HEADER GOOD, &options));
    close_fixture(&f);
}

/* The short ways of reading a field, against mu_value_parse(), which says what is meant. */
static void check_field(mu_type type, const char *text)
{
    const mu_type kinds[1] = {type};
    mu_copy_column column = {.name = "c", .type = kinds[0], .field = 0};
    mu_copy_plan plan = {.dialect = {',', '"', '"', NULL}, .column_count = 1, .columns = &column};
    mu_copy_piece piece = {0};
    char data[200] = {0};
    mu_value wanted;

    plan.head.column_count = 1;
    const int size = snprintf(data, 100, "%s", text);
    assert_ok(mu_copy_convert(&plan, &piece, data, (size_t)size, false, NULL, &test_error));
    const bool fits =
        mu_value_parse(type, (mu_text){text, (uint32_t)size}, NULL, &wanted, NULL) == MUSTER_OK;
    if (piece.rows != (fits ? 1u : 0u)) {
        fail_msg("\"%s\": %u rows", text, piece.rows);
    }
    if (fits && ((const int64_t *)piece.values[0])[0] != wanted.i64) {
        fail_msg("\"%s\": %" PRId64 ", not %" PRId64, text, ((const int64_t *)piece.values[0])[0],
                 wanted.i64);
    }
    mu_copy_piece_deinit(&piece, 1);
}

TEST(fields_mean_what_values_mean)
{
    static const mu_type types[] = {{.kind = MU_BIGINT, .bits = 64},
                                    {.kind = MU_DECIMAL, .precision = 5, .scale = 2},
                                    {.kind = MU_DECIMAL, .precision = 18, .scale = 6},
                                    {.kind = MU_TIMESTAMP},
                                    {.kind = MU_DATE}};
    static const char *const starts[] = {"-12.5",
                                         "999.99",
                                         "9223372036854775807",
                                         "2024-02-29 23:59:59",
                                         "2023-02-28T00:00:00",
                                         "0001-01-01",
                                         "123456789012345678",
                                         ".5",
                                         "1."};
    uint64_t random = test_seed();

    for (uint32_t round = 0; round < 20000; round++) {
        static const char letters[] = "0123456789-.: T9";
        char text[40];
        snprintf(text, sizeof text, "%s", starts[test_random_below(&random, MU_COUNT(starts))]);
        for (uint64_t edits = test_random_below(&random, 4); edits > 0; edits--) {
            text[test_random_below(&random, strlen(text))] =
                letters[test_random_below(&random, sizeof letters - 1)];
        }
        if (test_random_below(&random, 5) == 0) {
            text[1 + test_random_below(&random, strlen(text) - 1)] = '\0';
        }
        check_field(types[round % MU_COUNT(types)], text);
    }
}

/* Mutations of a file, each of which must load, or be refused with a message. */
TEST(mutated_files_are_loaded_or_refused)
{
    static const char seed_text[] =
        HEADER GOOD "\"b\"\"ob\",2024-05-02 10:00:00,\"multi\nline\",-3.00,\n"
                    ",2024-06-01,\xe4\xbb\xb6,0,7\r\n" GOOD GOOD;
    static const char pieces[] = "\"\n\r,;\t|-.:0 9\xe4\xff\\";
    uint64_t random = test_seed();

    for (uint32_t round = 0; round < 300; round++) {
        char text[sizeof seed_text + 8];
        fixture f = open_fixture();
        const mu_copy_options options = {.rejects_path =
                                             round % 2 == 0 ? test_path("rejects.csv") : NULL};
        memcpy(text, seed_text, sizeof seed_text);
        for (uint64_t edits = 1 + test_random_below(&random, 6); edits > 0; edits--) {
            const size_t at = test_random_below(&random, strlen(text));
            const char with = pieces[test_random_below(&random, sizeof pieces - 1)];
            if (test_random_below(&random, 3) == 0) {
                memmove(&text[at], &text[at + 1], strlen(&text[at]));
            } else {
                text[at] = with;
            }
        }
        test_error.message[0] = '\0';
        const muster_status status = copy_text(&f, text, &options);
        assert_true(status == MUSTER_OK || (status == MUSTER_INVALID && test_error.message[0]));
        close_fixture(&f);
    }
}

/* Tags. */
static muster_status copy_tags(fixture *f, const char *text, const mu_copy_options *options)
{
    static const mu_copy_options none = {0};
    const char *path = test_path("tags.csv");

    test_write_file(path, text, strlen(text));
    return mu_copy_tags(f->change, path, options ? options : &none, &f->result, &test_error);
}

static uint64_t bearers(mu_db *db, const char *name, const char *value)
{
    mu_snapshot *snapshot;
    uint64_t count = UINT64_MAX;

    assert_ok(mu_db_snapshot(db, &snapshot, &test_error));
    const mu_tag *tag =
        mu_tags_find(mu_snapshot_tags(snapshot), (mu_text){name, (uint32_t)strlen(name)});
    for (uint32_t i = 0; tag && i < tag->value_count; i++) {
        const mu_text text = {value, (uint32_t)strlen(value)};
        if (mu_text_equal(tag->values[i].value, text)) {
            count = tag->values[i].customers;
        }
    }
    mu_snapshot_release(snapshot);
    return count;
}

TEST(tags_are_added_to_those_that_are_there)
{
    fixture f = open_fixture();

    assert_ok(
        copy_tags(&f, "customer,tag,value\nada,tier,gold\nbob,tier,silver\nada,vip,\n", NULL));
    assert_int_equal(f.result.rows_loaded, 3);
    assert_ok(mu_change_commit(f.change, &test_error));
    assert_int_equal(bearers(f.db, "tier", "gold"), 1);
    assert_int_equal(bearers(f.db, "vip", ""), 1);
    assert_ok(mu_change_begin(f.db, &f.change, &test_error));
    assert_ok(copy_tags(&f, "eve,tier,gold\nada,tier,gold\nbob,vip,\n", NULL)); /* no header */
    assert_ok(mu_change_commit(f.change, &test_error));
    f.change = NULL;
    assert_int_equal(bearers(f.db, "tier", "gold"), 2);
    assert_int_equal(bearers(f.db, "tier", "silver"), 1);
    assert_int_equal(bearers(f.db, "vip", ""), 2);
    close_fixture(&f);
}

/* It is no attribute of a customer. */
TEST(a_value_of_a_tag_may_be_long)
{
    fixture f = open_fixture();
    mu_writer text = {0};

    mu_write_bytes(&text, "customer,tag,value\nada,note,", 28);
    for (uint32_t i = 0; i <= MU_MAX_ATTRIBUTE_BYTES; i++) {
        mu_write_u8(&text, 'x');
    }
    mu_write_u8(&text, 0);
    assert_ok(copy_tags(&f, (const char *)text.data, NULL));
    assert_ok(mu_change_commit(f.change, &test_error));
    f.change = NULL;
    assert_int_equal(bearers(f.db, "note", (const char *)&text.data[28]), 1);
    mu_writer_deinit(&text);
    close_fixture(&f);
}

TEST(tags_that_do_not_fit_are_refused)
{
    fixture f = open_fixture();
    const mu_copy_options options = {.rejects_path = test_path("rejects.csv")};

    assert_status(MUSTER_INVALID, copy_tags(&f, "customer,color\nada,red\n", NULL));
    assert_message_has("column \"color\"");
    assert_status(MUSTER_INVALID, copy_tags(&f, "customer,tag\nada,\n", NULL));
    assert_message_has("tags.csv:2: column \"tag\" is empty");
    assert_ok(copy_tags(&f, "customer,tag\n,vip\nada,vip\n", &options));
    assert_int_equal(f.result.rows_loaded, 1);
    assert_int_equal(f.result.rows_rejected, 1);
    assert_string_equal(f.result.first_reject, "line 2: column \"customer\" is empty");
    close_fixture(&f);
}

/* Published files, where they are. */
static void check_data(const char *name, const mu_column *columns, uint32_t column_count,
                       uint64_t rows, uint64_t rejected, uint32_t customers)
{
    const char *path = test_data(name);
    fixture f = {0};
    mu_copy_options options = {.rejects_path = test_path("rejects.csv"), .ignore_extra = true};
    mu_table table = event_table;

    table.columns = columns;
    table.column_count = column_count;
    table.event_column = MU_NO_COLUMN;
    assert_ok(mu_db_open(NULL, &f.db, &test_error));
    assert_ok(mu_change_begin(f.db, &f.change, &test_error));
    assert_ok(mu_change_create_table(f.change, &table, &f.table, &test_error));
    assert_ok(mu_copy_from(f.change, f.table, path, &options, &f.result, &test_error));
    assert_int_equal(f.result.rows_loaded, rows);
    assert_int_equal(f.result.rows_rejected, rejected);
    assert_int_equal(mu_customer_adder_count(mu_change_customers(f.change)), customers);
    close_fixture(&f);
}

TEST(the_cd_shop_loads)
{
    static const mu_column columns[] = {
        {.name = "customer_id", .type = {.kind = MU_TEXT}, .role = MU_ROLE_CUSTOMER},
        {.name = "date", .type = {.kind = MU_TIMESTAMP}, .role = MU_ROLE_TIME},
        {.name = "dollar_value", .type = {.kind = MU_DECIMAL, .precision = 18, .scale = 2}}};

    check_data("cdnow/CDNOW_master.txt", columns, 3, 69659, 0, 23570);
}

TEST(the_gift_shop_loads_with_events_of_nobody)
{
    static const mu_column columns[] = {
        {.name = "CustomerID", .type = {.kind = MU_TEXT}, .role = MU_ROLE_CUSTOMER},
        {.name = "InvoiceDate", .type = {.kind = MU_TIMESTAMP}, .role = MU_ROLE_TIME},
        {.name = "Description", .type = {.kind = MU_TEXT}}};

    check_data("online-retail/online-retail.csv.gz", columns, 3, 541909, 0, 4372);
}

TEST(the_fact_checkers_load_but_for_rows_without_a_time)
{
    static const mu_column columns[] = {
        {.name = "userIdsha256", .type = {.kind = MU_TEXT}, .role = MU_ROLE_CUSTOMER},
        {.name = "createdAt", .type = {.kind = MU_TIMESTAMP}, .role = MU_ROLE_TIME},
        {.name = "text", .type = {.kind = MU_TEXT}}};

    check_data("cofacts/replies.csv.gz", columns, 3, 24067, 30, 397);
}
