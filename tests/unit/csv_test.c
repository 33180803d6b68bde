/*
 * csv_test.c - the reader against a state machine that looks at one byte at a time.
 */
#include "tests/support/test.h"

#include "storage/base/mem.h"
#include "storage/csv.h"

#include <stdlib.h>

#include <zlib.h>

enum {
    MAX_FIELDS = 4096,
    TEXT_BYTES = 1 << 16,
};

/* What a file holds: for each record its line and fields, written as one text. */
typedef struct dump {
    mu_writer out;
} dump;

static void dump_record(dump *to, uint64_t line, uint32_t fault)
{
    char text[64];
    const int n = snprintf(text, sizeof text, "\n#%u fault %u", (unsigned)line, fault);
    mu_write_bytes(&to->out, text, (size_t)n);
}

static void dump_field(dump *to, const char *data, size_t size, bool quoted)
{
    mu_write_bytes(&to->out, quoted ? "\n Q[" : "\n [", quoted ? 4 : 3);
    mu_write_bytes(&to->out, data, size);
    mu_write_u8(&to->out, ']');
}

/* The simplest reader there is. */

typedef struct naive {
    mu_csv_dialect dialect;
    const char *data;
    size_t size, at;
    uint64_t line;
} naive;

static bool naive_line_end(const naive *n)
{
    return n->at == n->size || n->data[n->at] == '\n' || n->data[n->at] == '\r';
}

static bool naive_delimiter(const naive *n)
{
    return n->at < n->size && (n->data[n->at] == n->dialect.delimiter ||
                               (n->dialect.delimiter == ' ' && n->data[n->at] == '\t'));
}

/* One field into `text`; its size. */
static size_t naive_field(naive *n, char *text, bool *quoted, bool *fault, bool *unclosed)
{
    size_t size = 0;

    *quoted = n->at < n->size && n->data[n->at] == n->dialect.quote;
    *fault = false;
    if (*quoted) {
        bool closed = false;
        for (n->at++; n->at < n->size && !closed; n->at++) {
            const char c = n->data[n->at];
            const char next = n->at + 1 < n->size ? n->data[n->at + 1] : '\0';
            if (c == n->dialect.escape && n->at + 1 < n->size &&
                (next == n->dialect.quote || next == n->dialect.escape)) {
                text[size++] = next;
                n->line += next == '\n';
                n->at++;
            } else if (c == n->dialect.quote) {
                closed = true;
            } else {
                n->line += c == '\n';
                text[size++] = c;
            }
        }
        *unclosed = *unclosed || !closed;
    }
    while (!naive_line_end(n) && !naive_delimiter(n)) {
        *fault = *quoted;
        if (!*quoted) {
            text[size++] = n->data[n->at];
        }
        n->at++;
    }
    return size;
}

/* False where a quote is not closed. */
static bool naive_read(mu_csv_dialect dialect, const char *data, size_t size, dump *to)
{
    naive n = {dialect, data, size, 0, 1};
    char *text = mu_mem_alloc(size + 1);
    bool unclosed = false;

    while (n.at < size) {
        const uint64_t line = n.line;
        const size_t start = n.at;
        mu_writer fields = {0};
        uint32_t count = 0, fault_field = 0;
        bool more = true;
        while (more) {
            bool quoted, fault;
            while (dialect.delimiter == ' ' && naive_delimiter(&n)) {
                n.at++;
            }
            if (dialect.delimiter == ' ' && naive_line_end(&n)) {
                break;
            }
            const size_t n_bytes = naive_field(&n, text, &quoted, &fault, &unclosed);
            count++;
            dump one = {fields};
            dump_field(&one, text, n_bytes, quoted);
            fields = one.out;
            fault_field = fault && fault_field == 0 ? count : fault_field;
            more = naive_delimiter(&n);
            n.at += more;
        }
        if (n.at > start && count > 0) {
            dump_record(to, line, fault_field);
            mu_write_bytes(&to->out, fields.data, fields.size);
        }
        mu_writer_deinit(&fields);
        if (n.at < size) {
            n.line++;
            n.at += n.data[n.at] == '\r' && n.at + 1 < size && n.data[n.at + 1] == '\n' ? 2 : 1;
        }
    }
    mu_mem_free(text);
    return !unclosed;
}

/* Comparing. */

static muster_status read_file(const char *path, mu_csv_dialect dialect, dump *to)
{
    mu_csv_reader *reader;
    mu_csv_record record;
    bool more = true;
    muster_status status = mu_csv_reader_open(path, &reader, &test_error);

    if (status != MUSTER_OK) {
        return status;
    }
    mu_csv_reader_start(reader, dialect);
    while (status == MUSTER_OK && more) {
        status = mu_csv_reader_next(reader, &record, &more, &test_error);
        if (status == MUSTER_OK && more) {
            dump_record(to, record.line, record.fault_field);
            for (uint32_t i = 0; i < record.field_count; i++) {
                dump_field(to, record.fields[i].data, record.fields[i].size,
                           record.fields[i].quoted);
            }
        }
    }
    mu_csv_reader_close(reader);
    return status;
}

static void check_same(mu_csv_dialect dialect, const char *data, size_t size)
{
    const char *path = test_path("random.csv");
    dump wanted = {0}, found = {0};

    test_write_file(path, data, size);
    const bool closed = naive_read(dialect, data, size, &wanted);
    const muster_status status = read_file(path, dialect, &found);
    if (closed) {
        assert_int_equal(status, MUSTER_OK);
        assert_int_equal(found.out.size, wanted.out.size);
        if (wanted.out.size > 0) {
            assert_memory_equal(found.out.data, wanted.out.data, wanted.out.size);
        }
    } else {
        assert_int_equal(status, MUSTER_INVALID);
        assert_message_has("never closed");
    }
    mu_writer_deinit(&wanted.out);
    mu_writer_deinit(&found.out);
}

static const mu_csv_dialect dialects[] = {
    {',', '"', '"', NULL},   {';', '\'', '\\', NULL}, {' ', '"', '"', NULL},
    {'\t', '"', '\\', NULL}, {'|', '"', '\'', NULL},
};

TEST(any_bytes_are_read_as_the_grammar_says)
{
    uint64_t random = test_seed();

    for (unsigned round = 0; round < 600; round++) {
        const mu_csv_dialect dialect = dialects[round % MU_COUNT(dialects)];
        const char alphabet[] = {
            dialect.delimiter, dialect.quote, dialect.escape, '\n', '\r', 'a', ' ', 'b', '\t',
            dialect.quote};
        const size_t letters = 4 + test_random_below(&random, sizeof alphabet - 3);
        const size_t size = test_random_below(&random, round % 8 == 0 ? 5000 : 300);
        char *data = mu_mem_alloc(size + 1);

        for (size_t i = 0; i < size; i++) {
            data[i] = alphabet[test_random_below(&random, letters)];
        }
        check_same(dialect, data, size);
        mu_mem_free(data);
    }
}

/* Records as programs write them, so that most quotes close; long enough for several blocks. */
static size_t write_records(char *data, size_t limit, mu_csv_dialect dialect, uint64_t *random)
{
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    const char *const end = ends[test_random_below(random, 3)];
    size_t at = 0;

    while (at + 400 < limit) {
        const uint64_t fields = 1 + test_random_below(random, 4);
        for (uint64_t i = 0; i < fields; i++) {
            const bool quoted = test_random_below(random, 2) == 0;
            uint64_t n = test_random_below(random, 20);
            if (i > 0) {
                data[at++] = dialect.delimiter;
            }
            if (quoted) {
                data[at++] = dialect.quote;
            }
            for (; n > 0; n--) {
                const uint64_t dice = test_random_below(random, 12);
                if (quoted && dice == 0) {
                    data[at++] = dialect.escape;
                    data[at++] = dialect.quote;
                } else {
                    data[at++] = quoted && dice == 1   ? '\n'
                                 : quoted && dice == 2 ? '\r'
                                 : quoted && dice == 3 ? dialect.delimiter
                                                       : (char)('a' + dice);
                }
            }
            if (quoted) {
                data[at++] = dialect.quote;
            }
        }
        memcpy(&data[at], end, strlen(end));
        at += strlen(end);
    }
    return at;
}

TEST(records_are_the_same_wherever_a_buffer_ends)
{
    uint64_t random = test_seed();
    char *data = mu_mem_alloc(TEXT_BYTES);

    for (unsigned round = 0; round < 60; round++) {
        const mu_csv_dialect dialect = dialects[round % MU_COUNT(dialects)];
        const size_t limit = 500 + test_random_below(&random, TEXT_BYTES - 500);
        check_same(dialect, data, write_records(data, limit, dialect, &random));
    }
    mu_mem_free(data);
}

/* A block of several pieces, in every build. */
TEST(pieces_begin_where_records_do)
{
    const size_t size = 3 * (size_t)MU_CSV_BLOCK_BYTES / 2;
    char *data = mu_mem_alloc(size);
    uint64_t random = test_seed();

    check_same(dialects[0], data, write_records(data, size, dialects[0], &random));
    mu_mem_free(data);
}

static void assert_reads(const char *text, const char *wanted)
{
    const char *path = test_path("small.csv");
    dump found = {0};

    test_write_file(path, text, strlen(text));
    assert_ok(read_file(path, dialects[0], &found));
    mu_write_u8(&found.out, 0);
    assert_string_equal((const char *)found.out.data, wanted);
    mu_writer_deinit(&found.out);
}

TEST(fields_are_those_of_rfc_4180)
{
    assert_reads("a,b\n", "\n#1 fault 0\n [a]\n [b]");
    assert_reads("\xef\xbb\xbf"
                 "a,\"b\"\"c\"",
                 "\n#1 fault 0\n [a]\n Q[b\"c]");
    assert_reads("a,\r\n\r\n,b\r\n", "\n#1 fault 0\n [a]\n []\n#3 fault 0\n []\n [b]");
    assert_reads("\"x\ny\",5\" disk\nz", "\n#1 fault 0\n Q[x\ny]\n [5\" disk]\n#3 fault 0\n [z]");
    assert_reads("\"a\"b,c\n", "\n#1 fault 1\n Q[a]\n [c]");
    assert_reads("a\rb\r", "\n#1 fault 0\n [a]\n#2 fault 0\n [b]");
    assert_reads("\"\"\n", "\n#1 fault 0\n Q[]");
    assert_reads("", "");
}

TEST(a_quote_that_is_never_closed_is_reported_where_it_opens)
{
    const char text[] = "a,b\n1,2\n3,\"4\n5,6\n7,8\n";
    const char *path = test_path("open.csv");
    dump found = {0};

    test_write_file(path, text, sizeof text - 1);
    assert_status(MUSTER_INVALID, read_file(path, dialects[0], &found));
    assert_message_has("open.csv:3: the quote opened here is never closed");
    mu_writer_deinit(&found.out);
}

TEST(what_is_no_text_is_refused)
{
    const char *path = test_path("binary.csv");
    dump found = {0};

    test_write_file(path, "a,b\n1,\0\n", 8);
    assert_status(MUSTER_INVALID, read_file(path, dialects[0], &found));
    assert_message_has("binary.csv:2: a NUL byte");
    test_write_file(path,
                    "\xff\xfe"
                    "a\0",
                    4);
    assert_status(MUSTER_INVALID, read_file(path, dialects[0], &found));
    assert_message_has("UTF-16");
    assert_status(MUSTER_IO, read_file(test_path("nothing.csv"), dialects[0], &found));
    mu_writer_deinit(&found.out);
}

static size_t compress_member(const char *text, uint8_t *out, size_t room)
{
    z_stream z = {0};
    union {
        const char *text;
        Bytef *bytes;
    } in = {text};

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = in.bytes;
    z.avail_in = (uInt)strlen(text);
    z.next_out = out;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&z);
    return room - z.avail_out;
}

TEST(gzip_is_known_by_its_bytes_and_may_have_members)
{
    const char *path = test_path("packed");
    uint8_t data[1000];
    size_t size = compress_member("a,b\n1,", data, sizeof data);
    dump found = {0};

    size += compress_member("2\n", data + size, sizeof data - size);
    memset(&data[size], 0, 10);
    test_write_file(path, data, size + 10);
    assert_ok(read_file(path, dialects[0], &found));
    mu_write_u8(&found.out, 0);
    assert_string_equal((const char *)found.out.data,
                        "\n#1 fault 0\n [a]\n [b]\n#2 fault 0\n [1]\n [2]");
    for (size_t cut = 2; cut < size; cut++) { /* wherever it is cut, but between members */
        mu_writer_reset(&found.out);
        test_write_file(path, data, cut);
        const muster_status status = read_file(path, dialects[0], &found);
        assert_true(status == MUSTER_INVALID || found.out.size < 60);
    }
    mu_writer_deinit(&found.out);
}
