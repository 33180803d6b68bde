/* arrow_in_test.c - record batches of every layout go into a table, wholly or not at all. */
#include "include/muster_arrow.h"

#include "tests/support/ask.h"
#include "tests/support/test.h"

enum {
    MOST_COLUMNS = 4,
};

/* A record batch on the stack; `released` counts. */
typedef struct batch {
    struct ArrowArray array, arrays[MOST_COLUMNS], *children[MOST_COLUMNS];
    struct ArrowSchema schema, schemas[MOST_COLUMNS], *schema_children[MOST_COLUMNS];
    const void *no_buffer[1];
    int released;
} batch;

static void release_batch(struct ArrowArray *array)
{
    ((batch *)array->private_data)->released++;
    array->release = NULL;
}

static void begin_batch(batch *b, int64_t rows)
{
    *b = (batch){.array = {.length = rows, .n_buffers = 1, .release = release_batch},
                 .schema = {.format = "+s", .name = ""}};
    b->array.buffers = b->no_buffer;
    b->array.children = b->children;
    b->array.private_data = b;
    b->schema.children = b->schema_children;
}

static struct ArrowArray *add(batch *b, const char *name, const char *format, const void **buffers)
{
    const int64_t c = b->array.n_children++;

    b->schema.n_children++;
    b->children[c] = &b->arrays[c];
    b->schema_children[c] = &b->schemas[c];
    b->schemas[c] = (struct ArrowSchema){.format = format, .name = name};
    b->arrays[c] =
        (struct ArrowArray){.length = b->array.length + b->array.offset, .buffers = buffers};
    b->arrays[c].n_buffers = format[0] == 'u' || format[0] == 'U' ? 3
                             : format[0] == 'v'                   ? 5
                             : format[0] == 'n'                   ? 0
                                                                  : 2;
    return &b->arrays[c];
}

typedef struct table {
    muster *db;
    muster_connection *connection;
    muster_appender *appender;
} table;

/* A lookup table of these columns, and an appender to it. */
static void open_table(table *t, const char *set, const char *columns)
{
    char sql[512];

    assert_ok(muster_open(NULL, NULL, &t->db, &test_error));
    t->connection = ask_connect(t->db);
    (void)snprintf(sql, sizeof sql, "%s; CREATE TABLE t (%s)", set, columns);
    assert_ok(ask_on(t->connection, sql, (char[8]){0}, 8, &test_error));
    assert_ok(muster_appender_open(t->connection, "t", &t->appender, &test_error));
}

static void close_table(table *t)
{
    muster_appender_close(t->appender);
    muster_disconnect(t->connection);
    muster_close(t->db);
}

static void append(table *t, batch *b)
{
    assert_ok(muster_append_arrow(t->appender, &b->array, &b->schema, &test_error));
    assert_int_equal(b->released, 1);
}

static void refuse(table *t, batch *b, const char *message)
{
    assert_status(MUSTER_INVALID,
                  muster_append_arrow(t->appender, &b->array, &b->schema, &test_error));
    assert_message(message);
    assert_int_equal(b->released, 1);
}

static void expect(table *t, const char *sql, const char *answer)
{
    assert_ok(muster_appender_commit(t->appender, &test_error));
    ask_expect(t->db, sql, answer);
}

/* One column `x` of two rows, of a type, from values of a format. */
static void check_column(const char *set, const char *type, const char *format, const void *values,
                         const char *answer)
{
    char column[64];
    const void *buffers[] = {NULL, values};
    table t;
    batch b;

    (void)snprintf(column, sizeof column, "x %s", type);
    open_table(&t, set, column);
    begin_batch(&b, 2);
    add(&b, "x", format, buffers);
    append(&t, &b);
    expect(&t, "SELECT x FROM t", answer);
    close_table(&t);
}

static void refuse_column(const char *type, const char *format, const void *values,
                          const char *message)
{
    char column[64];
    const void *buffers[] = {NULL, values};
    table t;
    batch b;

    (void)snprintf(column, sizeof column, "x %s", type);
    open_table(&t, "SELECT 1", column);
    begin_batch(&b, 2);
    add(&b, "x", format, buffers);
    refuse(&t, &b, message);
    expect(&t, "SELECT count(*) FROM t", "0\n");
    close_table(&t);
}

#define SIX(type) ((type[6]){(type)-1, 2, 3, 4, 5, 6})

TEST(integers_of_every_width_are_taken)
{
    check_column("SELECT 1", "BIGINT", "c", SIX(int8_t), "-1\n2\n");
    check_column("SELECT 1", "BIGINT", "C", SIX(uint8_t), "255\n2\n");
    check_column("SELECT 1", "BIGINT", "s", SIX(int16_t), "-1\n2\n");
    check_column("SELECT 1", "BIGINT", "S", SIX(uint16_t), "65535\n2\n");
    check_column("SELECT 1", "SMALLINT", "i", SIX(int32_t), "-1\n2\n");
    check_column("SELECT 1", "BIGINT", "I", SIX(uint32_t), "4294967295\n2\n");
    check_column("SELECT 1", "INTEGER", "l", SIX(int64_t), "-1\n2\n");
    check_column("SELECT 1", "BIGINT", "L", ((uint64_t[]){1, INT64_MAX}),
                 "1\n9223372036854775807\n");
    refuse_column("BIGINT", "L", SIX(uint64_t),
                  "row 1: column \"x\": the value does not fit BIGINT");
    refuse_column("SMALLINT", "i", ((int32_t[]){1, 40000}),
                  "row 2: column \"x\": 40000 is not between -32768 and 32767");
    check_column("SELECT 1", "DOUBLE", "c", SIX(int8_t), "-1\n2\n");
    check_column("SELECT 1", "DECIMAL(9,2)", "s", SIX(int16_t), "-1.00\n2.00\n");
}

TEST(fractions_are_taken_where_nothing_is_lost)
{
    check_column("SELECT 1", "DOUBLE", "f", ((float[]){0.5F, -2}), "0.5\n-2\n");
    check_column("SELECT 1", "DOUBLE", "g", ((double[]){0.1, 1e300}), "0.1\n1e+300\n");
    check_column("SELECT 1", "BIGINT", "g", ((double[]){7, -3}), "7\n-3\n");
    refuse_column("BIGINT", "g", ((double[]){7, 7.5}),
                  "row 2: column \"x\": the value does not fit BIGINT");
    refuse_column("BIGINT", "g", ((double[]){0x1p63, 1}),
                  "row 1: column \"x\": the value does not fit BIGINT");
    check_column("SELECT 1", "DECIMAL(9,2)", "d:38,3", ((int64_t[]){1230, 0, -10, -1}),
                 "1.23\n-0.01\n");
    check_column("SELECT 1", "DECIMAL(9,2)", "d:9,1,32", ((int32_t[]){15, -7}), "1.50\n-0.70\n");
    check_column("SELECT 1", "DOUBLE", "d:9,1,64", ((int64_t[]){15, -7}), "1.5\n-0.7\n");
    refuse_column("DECIMAL(9,2)", "d:38,3", ((int64_t[]){1235, 0, 0, 0}),
                  "row 1: column \"x\": the value does not fit DECIMAL(9,2)");
    refuse_column("DECIMAL(9,2)", "d:38,0", ((int64_t[]){0, 0, 0, 5}),
                  "row 2: column \"x\": the value does not fit DECIMAL(9,2)");
    refuse_column("DECIMAL(9,2)", "g", ((double[]){7, 7.5}),
                  "column \"x\" is DECIMAL(9,2), and takes no values of the Arrow format \"g\"; "
                  "cast them, to strings if to nothing else");
    refuse_column("BIGINT", "d:76,0,256", SIX(int64_t),
                  "column \"x\" has the Arrow format \"d:76,0,256\", which is not taken; cast it, "
                  "to a string if to nothing else");
}

TEST(times_are_taken_in_every_unit)
{
    const char *berlin = "SET time_zone = 'Europe/Berlin'";

    check_column(berlin, "DATE", "tdD", ((int32_t[]){0, -1}), "1970-01-01\n1969-12-31\n");
    check_column(berlin, "DATE", "tdm", ((int64_t[]){0, -86400000}), "1970-01-01\n1969-12-31\n");
    refuse_column("DATE", "tdm", ((int64_t[]){0, 1}),
                  "row 2: column \"x\": the value does not fit DATE");
    check_column(berlin, "TIMESTAMP", "tss:UTC", ((int64_t[]){0, -1}),
                 "1970-01-01 00:00:00\n1969-12-31 23:59:59\n");
    check_column(berlin, "TIMESTAMP", "tsm:Asia/Tokyo", ((int64_t[]){1, -1}),
                 "1970-01-01 00:00:00.001\n1969-12-31 23:59:59.999\n");
    check_column(berlin, "TIMESTAMP", "tsu:UTC", ((int64_t[]){1, -1}),
                 "1970-01-01 00:00:00.000001\n1969-12-31 23:59:59.999999\n");
    check_column(berlin, "TIMESTAMP", "tsn:UTC", ((int64_t[]){1999, -1}),
                 "1970-01-01 00:00:00.000001\n1969-12-31 23:59:59.999999\n");
    /* Without a zone, and days: the clocks of the connection. */
    check_column(berlin, "TIMESTAMP", "tss:", ((int64_t[]){3600, 0}),
                 "1970-01-01 00:00:00\n1969-12-31 23:00:00\n");
    check_column(berlin, "TIMESTAMP", "tdD", ((int32_t[]){0, 1}),
                 "1969-12-31 23:00:00\n1970-01-01 23:00:00\n");
    refuse_column("TIMESTAMP", "tss:", ((int64_t[]){INT64_MAX, 0}),
                  "row 1: column \"x\": the value does not fit TIMESTAMP");
    check_column(berlin, "INTERVAL", "tDs", ((int64_t[]){1, 60}), "00:00:01\n00:01:00\n");
    check_column(berlin, "INTERVAL", "tDn", ((int64_t[]){1000000, 0}), "00:00:00.001\n00:00:00\n");
    check_column(berlin, "BOOLEAN", "b", ((uint8_t[]){2}), "false\ntrue\n");
}

TEST(texts_of_every_layout_are_taken_by_any_column)
{
    static const char bytes[] = "onetwo2024-05-011.5this is no short text";
    char views[2][16] = {{3, 0, 0, 0, 'o', 'n', 'e'}, {21, 0, 0, 0, 't', 'h', 'i', 's'}};
    const int32_t far[] = {1, 1};
    const void *small[] = {NULL, (int32_t[]){0, 3, 6}, bytes};
    const void *large[] = {NULL, (int64_t[]){3, 6, 6}, bytes};
    const void *view[] = {NULL, views, "", bytes + 18, (int64_t[]){0, 22}};
    const void *number[] = {NULL, (int32_t[]){16, 19, 19}, bytes};
    table t;
    batch b;

    memcpy(&views[1][8], far, sizeof far);
    open_table(&t, "SELECT 1", "a TEXT, b TEXT, c TEXT, d DECIMAL(5,2)");
    begin_batch(&b, 2);
    add(&b, "D", "u", (const void *[]){(uint8_t[]){1}, number[1], number[2]});
    add(&b, "a", "u", small);
    add(&b, "b", "U", large);
    add(&b, "c", "vu", view);
    append(&t, &b);
    expect(&t, "SELECT a, b, c, d FROM t", "one|two|one|1.50\ntwo||this is no short text|-\n");
    close_table(&t);
}

TEST(slices_nulls_and_dictionaries_are_taken)
{
    const uint8_t valid[] = {0x2d}; /* rows 0, 2, 3, 5 */
    const void *numbers[] = {valid, (int32_t[]){10, 11, 12, 13, 14, 15}};
    const void *codes[] = {NULL, (uint8_t[]){0, 0, 2, 1, 3, 0}};
    const void *texts[] = {(uint8_t[]){0x1d}, (int32_t[]){0, 1, 2, 3, 5, 7}, "abccdee"};
    struct ArrowArray dictionary = {.length = 4, .offset = 1, .n_buffers = 3, .buffers = texts};
    struct ArrowSchema text = {.format = "u"};
    table t;
    batch b;

    open_table(&t, "SELECT 1", "x INTEGER, y TEXT, z INTEGER DEFAULT 7, nothing DATE");
    begin_batch(&b, 3);
    b.array.offset = 1; /* rows 1 to 3 of the columns, which begin at 1 themselves */
    add(&b, "x", "i", numbers)->offset = 1;
    add(&b, "y", "C", codes)->offset = 1;
    b.arrays[1].dictionary = &dictionary;
    b.schemas[1].dictionary = &text;
    add(&b, "nothing", "n", NULL);
    append(&t, &b);
    expect(&t, "SELECT * FROM t", "12|cd|7|-\n13|c|7|-\n-|ee|7|-\n");
    close_table(&t);
}

TEST(what_does_not_fit_the_table_is_told_by_its_name)
{
    const void *numbers[] = {NULL, (int32_t[]){1, 2}};
    const void *codes[] = {NULL, (int8_t[]){0, 5}};
    struct ArrowArray dictionary = {.length = 1, .n_buffers = 2, .buffers = numbers};
    struct ArrowSchema integer = {.format = "i"};
    table t;
    batch b;

    open_table(&t, "SELECT 1", "price INTEGER, name TEXT");
    begin_batch(&b, 2);
    add(&b, "prize", "i", numbers);
    refuse(&t, &b, "no column \"prize\" in table \"t\"; did you mean \"price\"?");
    begin_batch(&b, 2);
    add(&b, "elsewhere", "i", numbers);
    refuse(&t, &b, "no column \"elsewhere\" in table \"t\"; leave it out of the batch");
    begin_batch(&b, 2);
    add(&b, "price", "i", numbers);
    add(&b, "PRICE", "i", numbers);
    refuse(&t, &b, "the batch has two columns \"PRICE\"");
    begin_batch(&b, 2);
    add(&b, "name", "i", numbers);
    refuse(&t, &b,
           "column \"name\" is TEXT, and takes no values of the Arrow format \"i\"; cast them, to "
           "strings if to nothing else");
    begin_batch(&b, 2);
    add(&b, "price", "+l", numbers);
    refuse(&t, &b,
           "column \"price\" has the Arrow format \"+l\", which is not taken; cast it, to a string "
           "if to nothing else");
    begin_batch(&b, 2);
    add(&b, "price", "c", codes);
    b.arrays[0].dictionary = &dictionary;
    b.schemas[0].dictionary = &integer;
    refuse(&t, &b, "row 2: column \"price\": code 5 is not in the dictionary, which has 1 values");
    begin_batch(&b, 2);
    add(&b, "price", "i", numbers)->length = 1;
    refuse(&t, &b, "column \"price\" of the batch has fewer rows or buffers than it needs");
    begin_batch(&b, 2);
    b.schema.format = "i";
    refuse(&t, &b, "not a record batch, which is a struct array (\"+s\") of columns");
    begin_batch(&b, 2);
    b.no_buffer[0] = (uint8_t[]){1};
    refuse(&t, &b, "row 2 of the batch is NULL as a whole");
    begin_batch(&b, 2);
    b.array.length = -1;
    refuse(&t, &b, "-1 rows are too many at once; append fewer");
    assert_status(MUSTER_INVALID,
                  muster_append_arrow(t.appender, &b.array, &b.schema, &test_error));
    assert_message("the batch is released, which is how a stream tells its end");
    expect(&t, "SELECT count(*) FROM t", "0\n");
    close_table(&t);
}

TEST(texts_are_looked_at_before_they_are_read)
{
    const void *backwards[] = {NULL, (int32_t[]){0, 3, 1}, "abc"};
    const void *not_utf8[] = {NULL, (int32_t[]){0, 1, 2}, "a\xff"};
    const void *outside[] = {NULL, (int32_t[]){13, 0, 0, 9, 13, 0, 0, 9}, "", "0123456789",
                             (int64_t[]){0, 10}};
    const void *nowhere[] = {NULL, (int32_t[]){13, 0, 7, 0, 13, 0, 0, 9}, "", "0123456789",
                             (int64_t[]){0, 10}};
    table t;
    batch b;

    open_table(&t, "SELECT 1", "x TEXT");
    begin_batch(&b, 2);
    add(&b, "x", "u", backwards);
    refuse(&t, &b, "row 2: column \"x\": a text has at most 16777216 bytes");
    begin_batch(&b, 2);
    add(&b, "x", "u", not_utf8);
    refuse(&t, &b,
           "row 2: column \"x\": text is not UTF-8 at byte 1 (value 0xff); if the file has another "
           "encoding, convert it first, as with iconv -f GBK -t UTF-8");
    begin_batch(&b, 2);
    add(&b, "x", "vu", outside);
    refuse(&t, &b, "row 1: column \"x\": a text lies outside of its buffer");
    begin_batch(&b, 2);
    add(&b, "x", "vu", nowhere);
    refuse(&t, &b, "row 1: column \"x\": a text lies outside of its buffer");
    expect(&t, "SELECT count(*) FROM t", "0\n");
    close_table(&t);
}
