/*
 * copy_split_test.c - wherever blocks and pieces end, and whoever converts them, the same rows come
 * in the same order, and the same rejects with the same lines.
 *
 * A sink writes down what it is handed. What one thread makes of the whole file at once is held
 * against what several make of it in blocks of a few bytes.
 */
#include "storage/copy_rows.h"

#include "tests/support/test.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    COLUMNS = 3,
    TEXT_BYTES = 1 << 14,
};

static const mu_column columns[COLUMNS] = {
    {.name = "a", .type = {.kind = MU_TEXT}},
    {.name = "b", .type = {.kind = MU_BIGINT, .bits = 64}},
    {.name = "c", .type = {.kind = MU_TEXT}},
};
static const mu_table table = {.name = "t",
                               .column_count = COLUMNS,
                               .columns = columns,
                               .customer_column = MU_NO_COLUMN,
                               .time_column = MU_NO_COLUMN,
                               .event_column = MU_NO_COLUMN};

/* The sink. */

typedef struct dump {
    mu_writer out;
    uint32_t count;
    const mu_load_batch *batches;
} dump;

static muster_status begin(void *context, uint32_t count, const mu_load_batch *batches,
                           muster_error *err)
{
    dump *to = context;

    (void)err;
    to->count = count;
    to->batches = batches;
    return MUSTER_OK;
}

static void dump_text(dump *to, const mu_input_column *column, uint32_t row)
{
    if (!column->text || (column->valid && !(column->valid[row / 64] >> row % 64 & 1))) {
        mu_write_bytes(&to->out, "NULL|", 5);
        return;
    }
    mu_write_bytes(&to->out, column->text[row].data, column->text[row].size);
    mu_write_u8(&to->out, '|');
}

static muster_status item(void *context, uint32_t i, muster_error *err)
{
    dump *to = context;

    (void)i;
    (void)err;
    for (uint32_t b = 0; b < to->count; b++) {
        const mu_load_batch *batch = &to->batches[b];
        for (uint32_t row = 0; row < batch->rows; row++) {
            const mu_input_column *number = &batch->columns[1];
            char text[32] = "NULL";
            dump_text(to, &batch->columns[0], row);
            if (!number->valid || (number->valid[row / 64] >> row % 64 & 1)) {
                snprintf(text, sizeof text, "%" PRId64, number->i64[row]);
            }
            mu_write_bytes(&to->out, text, strlen(text));
            mu_write_u8(&to->out, '|');
            dump_text(to, &batch->columns[2], row);
            mu_write_u8(&to->out, '\n');
        }
    }
    return MUSTER_OK;
}

static muster_status end(void *context, muster_error *err)
{
    (void)context;
    (void)err;
    return MUSTER_OK;
}

/* Everything that is to be known of a load, in `to`: rows, rejects, counts, or the message. */
static void load(const char *path, mu_csv_format format, uint32_t block_bytes, mu_pool *pool,
                 dump *to)
{
    const char *rejects = test_path("rejects.csv");
    const mu_copy_options options = {
        .csv = {.format = format,
                .header = format == MU_CSV_TEXT ? 1 : 0,
                .delimiter = format == MU_CSV_TEXT ? ',' : 0},
        .rejects_path = rejects,
        .block_bytes = block_bytes,
        .load = {.pool = pool},
    };
    const mu_copy_sink sink = {to, 1, begin, item, end};
    mu_copy_result result;
    mu_copying *copy;
    mu_copy_plan plan;
    mu_arena arena = {0};

    assert_ok(mu_copy_open(path, &options, &result, &copy, &test_error));
    muster_status status = mu_copy_plan_make("t", &table, COLUMNS, MU_TEXT, &options,
                                             mu_copy_first_block(copy), &arena, &plan, &test_error);
    if (status == MUSTER_OK) {
        status = mu_copy_run(copy, &plan, &sink, &test_error);
    }
    mu_copy_close(copy);
    mu_arena_deinit(&arena);
    if (status == MUSTER_OK) {
        size_t size;
        char *text = test_read_file(rejects, &size);
        char counts[400];
        snprintf(counts, sizeof counts, "%" PRIu64 " + %" PRIu64 " %s\n", result.rows_loaded,
                 result.rows_rejected, result.first_reject);
        mu_write_bytes(&to->out, counts, strlen(counts));
        mu_write_bytes(&to->out, text, size);
    } else {
        mu_writer_reset(&to->out); /* how much was handed on before is no one's business */
        mu_write_bytes(&to->out, test_error.message, strlen(test_error.message));
    }
}

static void check_same(const char *path, mu_csv_format format, uint32_t block_bytes, mu_pool *pool,
                       const dump *wanted)
{
    dump found = {0};

    load(path, format, block_bytes, pool, &found);
    if (found.out.size != wanted->out.size ||
        memcmp(found.out.data, wanted->out.data, found.out.size) != 0) {
        fail_msg("blocks of %u bytes, %u threads:\n%.*s\nnot\n%.*s", block_bytes,
                 pool ? mu_pool_threads(pool) : 1, (int)found.out.size,
                 (const char *)found.out.data, (int)wanted->out.size,
                 (const char *)wanted->out.data);
    }
    mu_writer_deinit(&found.out);
}

/* Every size of block, so that each byte is once the last of one; but the first must hold a header,
 * of which the plan is made. */
static void check_every_border(const char *text, mu_csv_format format)
{
    const char *path = test_path("nasty");
    mu_pool *pool;
    dump wanted = {0};

    test_write_file(path, text, strlen(text));
    assert_ok(mu_pool_open(2, &pool, &test_error));
    load(path, format, 1 << 20, NULL, &wanted);
    for (uint32_t bytes = format == MU_CSV_TEXT ? 10 : 2; bytes <= strlen(text) + 2; bytes++) {
        check_same(path, format, bytes, bytes % 3 == 0 ? NULL : pool, &wanted);
    }
    mu_writer_deinit(&wanted.out);
    mu_pool_close(pool);
}

TEST(csv_may_be_cut_anywhere)
{
    static const char *const texts[] = {
        "a,b,c\nx,1,y\n\"q\nq\",2,\"\"\"\"\n\n\n,3,\n\"a,\"\"b\"\"\n,\",4,\"\n\n\"\nlast,5,z",
        "a,b,c\r\n\"x\r\n\r\n\"\"\r\n\",1,\r\n\r\nbad,row\r\n\"y\"z,2,\r\n,3,\"\"\r\n",
        "a,b,c\rx,1,\"\r\"\r\ry,nan,5\" disk\r",
        "a,b,c\n\xe4\xbb\xb6,1,\xff\n\"\xe4\xbb\n\xb6\",2,\"\xe4\xbb\xb6\"\n",
        "a,b,c\nx,1,\"never closed\ny,2,z\n",
        "a,b,c\n\"\",\"1\",\"\"\n\"\"\"\n\"\"\",2,\"\n\"\n",
        "a,b,c\n",
    };

    for (size_t i = 0; i < MU_COUNT(texts); i++) {
        check_every_border(texts[i], MU_CSV_TEXT);
    }
}

TEST(json_lines_may_be_cut_anywhere)
{
    static const char *const texts[] = {
        "{\"a\":\"x\\\"\\n\",\"b\":1}\n\n{\"c\":\"\\u00e4\",\"b\":-2,\"a\":null}\r\n \n[1]\n{",
        "{\"b\":3,\"b\":4}\n{\"a\":{\"x\":[1,{}]},\"c\":[ ]}\n{\"a\":\"y\"",
        "{}\n{\"b\":\"5\",\"c\":true}\n{\"a\":\"\xe4\xbb\xb6\"}\n{\"a\":\"\xe4\"}\n{\"b\":1.5}",
        "\n\n{\"b\":7}\n{\"b\":8}{\"b\":9}\n{\"b\":\n1}\n",
    };

    for (size_t i = 0; i < MU_COUNT(texts); i++) {
        check_every_border(texts[i], MU_CSV_JSONL);
    }
}

/* A file of records as they come, some of them at fault. */

static void put(mu_writer *out, const char *text)
{
    mu_write_bytes(out, text, strlen(text));
}

static void put_csv_field(mu_writer *out, uint64_t *random)
{
    static const char *const plain[] = {"",     "1",        "23",           "-4",
                                        "word", "5\" disk", "\xe4\xbb\xb6", " "};
    static const char *const quoted[] = {"", "\n", "\r\n", ",", "\"\"", "x", "\n\n", "7"};

    if (test_random_below(random, 3) > 0) {
        put(out, plain[test_random_below(random, MU_COUNT(plain))]);
        return;
    }
    put(out, "\"");
    for (uint64_t n = test_random_below(random, 5); n > 0; n--) {
        put(out, quoted[test_random_below(random, MU_COUNT(quoted))]);
    }
    put(out, "\"");
}

static void put_csv_record(mu_writer *out, uint64_t *random, const char *line_end)
{
    const uint64_t fields = test_random_below(random, 12) == 0 ? test_random_below(random, 6) : 3;

    for (uint64_t i = 0; i < fields; i++) {
        put(out, i > 0 ? "," : "");
        put_csv_field(out, random);
    }
    put(out, line_end);
    put(out, test_random_below(random, 9) == 0 ? line_end : "");
}

static void put_json_record(mu_writer *out, uint64_t *random, const char *line_end)
{
    static const char *const values[] = {"1",           "-23",   "\"x\"",     "null",
                                         "\"\\n\\\"\"", "true",  "[1,\"a\"]", "{\"k\":[]}",
                                         "\"\"",        "\"4\"", "oops",      "\"\xe4\xbb\xb6\""};
    const uint64_t first = test_random_below(random, COLUMNS);

    put(out, "{");
    for (uint64_t i = 0, n = test_random_below(random, 4); i < n; i++) {
        put(out, i > 0 ? ", \"" : "\"");
        put(out, columns[(first + i) % COLUMNS].name);
        put(out, "\": ");
        put(out, values[test_random_below(random, MU_COUNT(values))]);
    }
    put(out, test_random_below(random, 12) == 0 ? "" : "}");
    put(out, line_end);
}

static void check_random(mu_csv_format format, mu_pool *const *pools, size_t pool_count,
                         uint64_t *random)
{
    static const char *const line_ends[] = {"\n", "\r\n", "\r"};
    const bool csv = format == MU_CSV_TEXT;
    const char *line_end = line_ends[test_random_below(random, csv ? 3 : 2)];
    const char *path = test_path("random");
    mu_writer text = {0};
    dump wanted = {0};

    put(&text, csv ? "a,b,c" : "{\"a\":null,\"b\":null,\"c\":null}");
    put(&text, line_end);
    const size_t size = test_random_below(random, TEXT_BYTES);
    while (text.size < size) {
        if (csv) {
            put_csv_record(&text, random, line_end);
        } else {
            put_json_record(&text, random, line_end);
        }
    }
    test_write_file(path, text.data, text.size);
    load(path, format, 1 << 20, NULL, &wanted);
    for (size_t i = 0; i < pool_count; i++) {
        check_same(path, format, 10 + (uint32_t)test_random_below(random, 2000), pools[i], &wanted);
    }
    mu_writer_deinit(&text);
    mu_writer_deinit(&wanted.out);
}

TEST(threads_and_blocks_change_nothing)
{
    mu_pool *pools[3] = {NULL};
    uint64_t random = test_seed();

    assert_ok(mu_pool_open(2, &pools[1], &test_error));
    assert_ok(mu_pool_open(4, &pools[2], &test_error));
    for (unsigned round = 0; round < 120; round++) {
        check_random(round % 2 == 0 ? MU_CSV_TEXT : MU_CSV_JSONL, pools, 3, &random);
    }
    mu_pool_close(pools[1]);
    mu_pool_close(pools[2]);
}
