/*
 * csv_detect_test.c - what files look like to mu_csv_detect(): a table of small ones, and the
 * published ones.
 */
#include "storage/csv.h"

#include "tests/support/test.h"

#include <string.h>

/* The summary and the columns, as "name TYPE [format]", one a line. */
static const char *describe(const mu_csv_shape *shape, mu_arena *arena)
{
    const char *text = mu_arena_printf(arena, "%s\n", shape->summary);

    for (uint32_t i = 0; i < shape->column_count; i++) {
        const mu_csv_column *column = &shape->columns[i];
        char type[32];
        text =
            mu_arena_printf(arena, "%s%s %s%s%s\n", text, column->name,
                            mu_type_name(column->type, type), column->timestamp_format ? " " : "",
                            column->timestamp_format ? column->timestamp_format : "");
    }
    return text;
}

static void assert_looks(const char *file, const char *wanted)
{
    const char *path = test_path("file.csv");
    mu_arena arena = {0};
    mu_csv_shape shape;

    test_write_file(path, file, strlen(file));
    assert_ok(mu_csv_detect(path, NULL, &arena, &shape, &test_error));
    assert_string_equal(describe(&shape, &arena), wanted);
    mu_arena_deinit(&arena);
}

/* One column `name`, beside one that keeps the header apart. */
static void assert_type(const char *name, const char *values, const char *wanted)
{
    mu_arena arena = {0};
    char file[1000] = "", *at = file;
    const char *path = test_path("file.csv");
    mu_csv_shape shape;

    at += snprintf(at, 200, "%s,n\n", name);
    for (const char *value = values; *value;) {
        const char *end = strchr(value, ' ');
        const size_t size = end ? (size_t)(end - value) : strlen(value);
        at += snprintf(at, 100, "%.*s,1\n", (int)size, value);
        value += size + (end != NULL);
    }
    for (char *c = file; *c; c++) {
        *c = *c == '~' ? ' ' : *c; /* a blank within a value */
    }
    test_write_file(path, file, strlen(file));
    assert_ok(mu_csv_detect(path, NULL, &arena, &shape, &test_error));
    const mu_csv_column *column = &shape.columns[0];
    char type[32];
    const char *found = mu_arena_printf(&arena, "%s%s%s", mu_type_name(column->type, type),
                                        column->timestamp_format ? " " : "",
                                        column->timestamp_format ? column->timestamp_format : "");
    assert_string_equal(found, wanted);
    mu_arena_deinit(&arena);
}

TEST(values_tell_the_type)
{
    assert_type("x", "1 2 -3", "BIGINT");
    assert_type("x", "9223372036854775807 1", "BIGINT");
    assert_type("x", "9223372036854775808 1", "TEXT");
    assert_type("x", "00001 2", "TEXT");
    assert_type("x", "0 -0", "BIGINT");
    assert_type("x", "11.77 12 0.5", "DECIMAL(18,2)");
    assert_type("x", "1.123456", "DECIMAL(18,6)");
    assert_type("x", "1.1234567", "DOUBLE");
    assert_type("x", "1e5 2", "DOUBLE");
    assert_type("x", "12345678901234567.12", "DOUBLE");
    assert_type("x", "true False TRUE", "BOOLEAN");
    assert_type("x", "0 1", "BIGINT");
    assert_type("x", "t f", "TEXT");
    assert_type("x", "1 2 x", "TEXT");
    assert_type("x", "1 - 2", "TEXT");
    assert_type("x", "+1 2", "DOUBLE");
    assert_type("x", "1.2.3", "TEXT");
}

TEST(a_column_without_values_is_text)
{
    assert_looks("a,b\n,1\n,2\n", "comma-separated, with a header, 2 columns\na TEXT\nb BIGINT\n");
}

TEST(keys_that_went_through_a_spreadsheet_are_text)
{
    assert_type("CustomerID", "17850.0 13047.0", "TEXT");
    assert_type("customer_id", "17850.0 13047", "TEXT");
    assert_type("product_id", "941 9e+05", "TEXT");
    assert_type("quantity", "3.0 4.0", "DECIMAL(18,1)");
    assert_type("id", "17 18", "BIGINT");
}

TEST(days_and_moments_are_known_by_how_they_are_written)
{
    assert_type("x", "2024-05-01 2024-02-29", "DATE");
    assert_type("x", "2024-02-30", "TEXT");
    assert_type("x", "2024-01", "TEXT");
    assert_type("x", "2024-05-01~09:00:00 2024-05-02~10:00", "TIMESTAMP");
    assert_type("x", "2018-01-16T14:04:38.124Z", "TIMESTAMP");
    assert_type("x", "2024-05-01 2024-05-01~09:00:00", "TIMESTAMP");
    assert_type("x", "31/12/2023 01/02/2023", "DATE %d/%m/%Y");
    assert_type("x", "12/31/2023 01/02/2023", "DATE %m/%d/%Y");
    assert_type("x", "01/02/2023 03/04/2023", "TEXT"); /* which is the month? */
    assert_type("x", "12/31/2023~23:59", "TIMESTAMP %m/%d/%Y %H:%M");
    assert_type("x", "31.12.2023", "DATE %d.%m.%Y");
}

TEST(whole_numbers_are_times_only_if_the_name_says_so)
{
    assert_type("date", "19970101 19980630", "DATE %Y%m%d");
    assert_type("amount", "19970101 19980630", "BIGINT");
    assert_type("date", "19970101 19970631", "BIGINT");
    assert_type("ts", "1465413032 1465412560", "TIMESTAMP epoch");
    assert_type("createdAt", "1659304800025", "TIMESTAMP epoch_ms");
    assert_type("events", "1465413032", "BIGINT"); /* not everything that ends in "ts" */
    assert_type("ts", "1465413032 17", "BIGINT");
}

TEST(delimiters_are_those_that_cut_evenly)
{
    assert_looks("a;b\n1;2,5\n3;4,5\n",
                 "semicolon-separated, with a header, 2 columns\na BIGINT\nb TEXT\n");
    assert_looks("a\tb c\n1\tx y\n",
                 "tab-separated, with a header, 2 columns\na BIGINT\nb c TEXT\n");
    assert_looks("a|b\n1|2\n",
                 "separated by \"|\", with a header, 2 columns\na BIGINT\nb BIGINT\n");
    assert_looks(" id  date n   v\r\n 00001 19970101  1   11.77\r\n 00002 19970112  1   12.00\r\n",
                 "separated by blanks, with a header, 4 columns\nid TEXT\ndate DATE %Y%m%d\n"
                 "n BIGINT\nv DECIMAL(18,2)\n");
    assert_looks("a b\nc d e\n", "comma-separated, with a header, 1 column\na b TEXT\n");
}

TEST(headers_are_told_from_values)
{
    assert_looks("1,2\n3,4\n", "comma-separated, without a header, 2 columns\ncolumn1 BIGINT\n"
                               "column2 BIGINT\n");
    assert_looks("customer,ts,event\n", "comma-separated, with a header, 3 columns\ncustomer TEXT\n"
                                        "ts TEXT\nevent TEXT\n");
    assert_looks("user,tag\nada,vip\nbob,vip\n",
                 "comma-separated, with a header, 2 columns\nuser TEXT\ntag TEXT\n");
    assert_looks("ada,vip\nbob,vip\n",
                 "comma-separated, without a header, 2 columns\ncolumn1 TEXT\ncolumn2 TEXT\n");
    assert_looks("ada,2024-01-01,view\n", "comma-separated, without a header, 3 columns\n"
                                          "column1 TEXT\ncolumn2 DATE\ncolumn3 TEXT\n");
    assert_looks("a,,a\n1,2,3\n", "comma-separated, with a header, 3 columns\na BIGINT\n"
                                  "column2 BIGINT\na_2 BIGINT\n");
    assert_looks("\xef\xbb\xbf\"\xe4\xbc\x9a\xe5\x91\x98\",n\nx,1\n",
                 "comma-separated, with a header, 2 columns\n\xe4\xbc\x9a\xe5\x91\x98 TEXT\n"
                 "n BIGINT\n");
}

TEST(quoted_numbers_are_text_where_other_values_are_not_quoted)
{
    assert_looks("\"a\",\"b\"\n\"1\",2\n",
                 "comma-separated, with a header, 2 columns\na TEXT\nb BIGINT\n");
    assert_looks("\"a\",\"b\"\n\"1\",\"2\"\n",
                 "comma-separated, with a header, 2 columns\na BIGINT\nb BIGINT\n");
    assert_looks("\"a\",\"b\"\n\"1\",2024-05-01\n",
                 "comma-separated, with a header, 2 columns\na TEXT\nb DATE\n");
    assert_looks("\"a\",\"b\"\n\"1\",x\n\"2\",x\n",
                 "comma-separated, with a header, 2 columns\na BIGINT\nb TEXT\n");
}

TEST(options_overrule_what_would_be_found)
{
    static const char *const names[] = {"who", "what"};
    const char *path = test_path("file.csv");
    mu_arena arena = {0};
    mu_csv_shape shape;

    test_write_file(path, "a,b\n1,2\n", 8);
    const mu_csv_options given = {.header = -1, .name_count = 2, .names = names};
    assert_ok(mu_csv_detect(path, &given, &arena, &shape, &test_error));
    assert_string_equal(describe(&shape, &arena), "comma-separated, without a header, 2 columns\n"
                                                  "who TEXT\nwhat TEXT\n");
    const mu_csv_options wrong = {.name_count = 1, .names = names};
    assert_status(MUSTER_INVALID, mu_csv_detect(path, &wrong, &arena, &shape, &test_error));
    assert_message_has("has 2 columns, but COLUMNS names 1");
    mu_arena_deinit(&arena);
}

TEST(what_cannot_be_looked_at_is_refused)
{
    const char *path = test_path("file.csv");
    mu_arena arena = {0};
    mu_csv_shape shape;

    test_write_file(path, "", 0);
    assert_status(MUSTER_INVALID, mu_csv_detect(path, NULL, &arena, &shape, &test_error));
    assert_message_has("is empty");
    test_write_file(path, "a,b\xe9\n1,2\n", 9);
    assert_status(MUSTER_INVALID, mu_csv_detect(path, NULL, &arena, &shape, &test_error));
    assert_message_has("the name of column 2: text is not UTF-8");
    assert_status(MUSTER_INVALID, mu_csv_detect("-", NULL, &arena, &shape, &test_error));
    assert_status(MUSTER_IO, mu_csv_detect(test_path("none"), NULL, &arena, &shape, &test_error));
    assert_message_has("none");
    assert_true(mu_csv_detect(test_temp_dir(), NULL, &arena, &shape, &test_error) != MUSTER_OK);
    assert_message_has("directory");
    mu_arena_deinit(&arena);
}

static void assert_data_looks(const char *name, const char *wanted)
{
    mu_arena arena = {0};
    mu_csv_shape shape;

    assert_ok(mu_csv_detect(test_data(name), NULL, &arena, &shape, &test_error));
    assert_string_equal(describe(&shape, &arena), wanted);
    mu_arena_deinit(&arena);
}

TEST(the_cd_shop_is_understood)
{
    assert_data_looks("cdnow/CDNOW_master.txt",
                      "separated by blanks, with a header, 4 columns\ncustomer_id TEXT\n"
                      "date DATE %Y%m%d\nnumber_of_cds BIGINT\ndollar_value DECIMAL(18,2)\n");
}

TEST(the_cd_shop_without_a_header_is_understood)
{
    assert_data_looks("cdnow/CDNOW_sample.txt",
                      "separated by blanks, without a header, 5 columns\ncolumn1 TEXT\n"
                      "column2 TEXT\ncolumn3 DATE %Y%m%d\ncolumn4 BIGINT\n"
                      "column5 DECIMAL(18,2)\n");
}

/* The prices with three decimals are far behind the first 10,000 rows. */
TEST(the_gift_shop_is_understood)
{
#ifndef MU_TINY
    assert_data_looks("online-retail/online-retail.csv.gz",
                      "comma-separated, with a header, 8 columns\nInvoiceNo TEXT\nStockCode TEXT\n"
                      "Description TEXT\nQuantity BIGINT\nInvoiceDate TIMESTAMP\n"
                      "UnitPrice DECIMAL(18,3)\nCustomerID TEXT\nCountry TEXT\n");
#endif
}

TEST(the_reading_log_is_understood)
{
    assert_data_looks("deskdrop/users_interactions.csv.gz",
                      "comma-separated, with a header, 8 columns\ntimestamp TIMESTAMP epoch\n"
                      "eventType TEXT\ncontentId BIGINT\npersonId BIGINT\nsessionId BIGINT\n"
                      "userAgent TEXT\nuserRegion TEXT\nuserCountry TEXT\n");
}
