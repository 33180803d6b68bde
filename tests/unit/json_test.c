/*
 * json_test.c - lines of JSON into fields: what each value becomes, and what is said of lines that
 * are not objects.
 */
#include "storage/json.h"

#include "storage/base/mem.h"
#include "tests/support/test.h"

#include <stdlib.h>

enum {
    COLUMNS = 4,
    LINE_BYTES = 600,
};

static const char *const column_names[COLUMNS] = {"a", "b", "c.d", "Name"};

static mu_json_names names_of(mu_arena *arena, bool ignore_extra)
{
    mu_json_names names = {.arena = arena, .ignore_extra = ignore_extra};

    for (uint32_t i = 0; i < COLUMNS; i++) {
        assert_ok(mu_json_names_add(&names, column_names[i], &test_error));
    }
    return names;
}

/* One record as text: its fields, those in quotes marked, or why it is none. */
static void dump_record(const mu_csv_record *record, mu_writer *out)
{
    char line[300];

    if (record->fault) {
        snprintf(line, sizeof line, "%u: %s\n", (unsigned)record->line, record->fault);
        mu_write_bytes(out, line, strlen(line));
        return;
    }
    for (uint32_t i = 0; i < record->field_count; i++) {
        const mu_csv_field *field = &record->fields[i];
        const char *open = field->quoted ? "Q[" : field->data ? "[" : "-";
        mu_write_bytes(out, open, strlen(open));
        if (field->data) {
            mu_write_bytes(out, field->data, field->size);
            mu_write_u8(out, ']');
        }
    }
    mu_write_u8(out, '\n');
}

static void read_lines(mu_json_names *names, const char *data, size_t size, mu_writer *out)
{
    mu_json_parser *parser = mu_json_parser_new();
    mu_csv_record record;
    bool out_of_memory = false;

    assert_non_null(parser);
    mu_json_parser_start(parser, names, data, size);
    while (mu_json_parser_next(parser, &record, &out_of_memory)) {
        dump_record(&record, out);
    }
    assert_false(out_of_memory);
    mu_json_parser_free(parser);
}

static void assert_lines(const char *text, const char *wanted)
{
    mu_arena arena = {0};
    mu_json_names names = names_of(&arena, false);
    mu_writer out = {0};

    read_lines(&names, text, strlen(text), &out);
    mu_write_u8(&out, 0);
    assert_string_equal((const char *)out.data, wanted);
    mu_writer_deinit(&out);
    mu_arena_deinit(&arena);
}

TEST(values_become_fields)
{
    assert_lines("{\"a\":\"x\",\"b\":12.50,\"c\":{\"d\":true},\"Name\":null}",
                 "Q[x][12.50][true][]\n");
    assert_lines("{}\n{ }\n", "----\n----\n");
    assert_lines("{\"b\":\"\",\"a\":-1e5}", "[-1e5]Q[]--\n");
    assert_lines("{\"NAME\":1,\"A\":2}\n{\"nAmE\":3}", "[2]--[1]\n---[3]\n");
    assert_lines("{\"c.d\":5}\n{\"c\":{\"D\":6}}\n{\"c\":{}}\n", "--[5]-\n--[6]-\n----\n");
    assert_lines("{\"a\":[1, {\"x\":[]}],\"b\":{\"k\":\"v\"}}",
                 "[[1, {\"x\":[]}]][{\"k\":\"v\"}]--\n");
    assert_lines("{\"c\":{\"d\":{\"e\":[1]}}}", "--[{\"e\":[1]}]-\n");
    assert_lines("{\"a\":123456789012345678.000000000000000001}",
                 "[123456789012345678.000000000000000001]---\n");
    assert_lines("\n \r\n{\"a\":1}\r\n\t\n{\"a\":2}", "[1]---\n[2]---\n");
}

TEST(escapes_are_taken_out)
{
    assert_lines("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "Q[\"\\/\b\f\n\r\t]---\n");
    assert_lines("{\"a\":\"\\u00e4\\u4ef6\\uD83D\\ude00!\"}",
                 "Q[\xc3\xa4\xe4\xbb\xb6\xf0\x9f\x98\x80!]---\n");
    assert_lines("{\"\\u0061\":1,\"N\\u0061me\":\"x\\ny\"}", "[1]--Q[x\ny]\n");
    assert_lines("{\"a\":\"\\\\u0000 \\\\ud800\"}", "Q[\\u0000 \\ud800]---\n");
    assert_lines("{\"a\":\"\\u0000\"}", "0: the escape \\u0000 is a NUL character\n");
    assert_lines("{\"a\":\"\\ud83d\"}", "0: the escape \\ud83d is half of a surrogate pair\n");
    assert_lines("{\"a\":\"\\ud83dx\"}", "0: the escape \\ud83d is half of a surrogate pair\n");
    assert_lines("{\"a\":\"\\ude00\"}", "0: the escape \\ude00 is half of a surrogate pair\n");
}

TEST(lines_that_are_not_objects_say_why)
{
    assert_lines(
        "[1]\n{\"a\":1}\n5\n\"x\"\n{\"a\":2}",
        "0: a line must be an object, {...}, not an array; jq -c '.[]' makes lines of one\n"
        "[1]---\n"
        "2: a line must be an object, {...}\n3: a line must be an object, {...}\n[2]---\n");
    assert_lines("{\"a\":1\n,\"b\":2}\n{\"a\":3}",
                 "0: the object does not end on its line; jq -c . puts it on one\n"
                 "1: not JSON at byte 1 of the line: unallowed token at this point in JSON text\n"
                 "[3]---\n");
    assert_lines("{\"a\":1}{\"a\":2}\n{\"a\":3} x\n{\"a\":4} 5\n{\"b\":5}",
                 "0: text behind the object\n"
                 "1: not JSON at byte 9 of the line: invalid char in json text\n"
                 "2: text behind the object\n-[5]--\n");
    assert_lines("{\"a\":1,\"a\":2}\n{\"a\":1,\"A\":2}\n{\"c.d\":1,\"c\":{\"d\":2}}",
                 "0: column \"a\" is there twice\n1: column \"a\" is there twice\n"
                 "2: column \"c.d\" is there twice\n");
    assert_lines(
        "{\"x\":1}\n{\"c\":{\"x\":[]}}\n{\"x\":{\"y\":1}}",
        "0: key \"x\" is no column of the table\n1: key \"c.x\" is no column of the table\n"
        "2: key \"x.y\" is no column of the table\n");
    assert_lines("{\"a\":\"\xe4\xbb\"}",
                 "0: not JSON at byte 9 of the line: invalid bytes in UTF8 string\n");
    assert_lines("{\"a\":\"x\n",
                 "0: not JSON at byte 7 of the line: invalid character inside string\n");
}

TEST(nesting_is_bounded)
{
    char text[400] = "{\"a\":";

    memset(&text[5], '[', 200);
    memset(&text[205], ']', 150);
    text[355] = '\0';
    assert_lines(text, "0: nested too deeply\n");
}

TEST(extra_keys_are_left_out_when_asked)
{
    static const char text[] = "{\"x\":1,\"a\":2,\"y\":{\"z\":[3],\"z\":4},\"x\":[5,{}],\"b\":6}";
    mu_arena arena = {0};
    mu_json_names names = names_of(&arena, true);
    mu_writer out = {0};

    read_lines(&names, text, strlen(text), &out);
    assert_memory_equal(out.data, "[2][6]--\n", 9);
    mu_writer_deinit(&out);
    mu_arena_deinit(&arena);
}

TEST(extra_keys_may_be_of_any_length)
{
    char text[2000], key[501];

    for (size_t size = 100; size <= 500; size++) {
        mu_arena arena = {0};
        mu_json_names names = names_of(&arena, true);
        mu_writer out = {0};
        memset(key, 'k', size);
        key[size] = '\0';
        const int length = snprintf(
            text, sizeof text, "{\"%s\":[1],\"c\":{\"%s\":2,\"d\":3},\"%s\":{\"a\":4},\"b\":5}",
            key, key, key);
        read_lines(&names, text, (size_t)length, &out);
        assert_memory_equal(out.data, "-[5][3]-\n", 9);
        mu_writer_deinit(&out);
        mu_arena_deinit(&arena);
    }
    memset(text, 'k', 300);
    memcpy(text, "{\"", 2);
    memcpy(&text[300], "\":1}", 5);
    assert_lines(text,
                 "0: key \"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\"... is "
                 "no column of the table\n");
}

TEST(new_keys_become_columns)
{
    static const char text[] =
        "{\"t\":1,\"u\":{\"v\":2,\"w\":[3]}}\n{\"U\":{\"V\":4},\"x\":5}\n{\"\":6}\n";
    mu_arena arena = {0};
    mu_json_names names = {.arena = &arena, .growing = true};
    mu_writer out = {0};

    read_lines(&names, text, strlen(text), &out);
    mu_write_u8(&out, 0);
    assert_string_equal((const char *)out.data, "[1][2][[3]]\n-[4]-[5]\n2: key \"\" is empty\n");
    assert_int_equal(mu_json_names_count(&names), 4);
    assert_string_equal(names.names[1], "u.v");
    assert_int_equal(mu_json_names_find(&names, MU_TEXT_OF("X")), 3);
    mu_writer_deinit(&out);
    mu_arena_deinit(&arena);
}

TEST(a_key_that_is_null_may_be_an_object)
{
    static const char text[] = "{\"a\":null,\"b\":null,\"c\":null}\n{\"a\":{\"x\":1,\"y\":null}}\n"
                               "{\"a\":null,\"b\":2}\n";
    mu_arena arena = {0};
    mu_json_names names = {.arena = &arena, .growing = true};
    mu_writer out = {0};

    read_lines(&names, text, strlen(text), &out);
    mu_write_u8(&out, 0);
    assert_string_equal((const char *)out.data, "\n[1]\n-[2]\n");
    assert_ok(mu_json_names_settle(&names, &test_error));
    assert_int_equal(mu_json_names_count(&names), 4);
    assert_string_equal(names.names[0], "a.x");
    assert_string_equal(names.names[1], "b");
    assert_string_equal(names.names[2], "c");
    assert_string_equal(names.names[3], "a.y");
    mu_writer_reset(&out);
    read_lines(&names, "{\"a\":null,\"c\":null}", 19, &out);
    mu_write_u8(&out, 0);
    assert_string_equal((const char *)out.data, "--[]-\n");
    mu_writer_deinit(&out);
    mu_arena_deinit(&arena);
}

/* Lines of any length: the memory that yajl gets is always enough. */
TEST(long_lines_are_read)
{
    static const size_t sizes[] = {1, 60, 4000, 5000, 70000, 3000000};
    mu_arena arena = {0};
    mu_json_names names = names_of(&arena, false);

    for (size_t i = 0; i < MU_COUNT(sizes); i++) {
        mu_writer text = {0}, out = {0};
        mu_write_bytes(&text, "{\"a\":\"", 6);
        for (size_t k = 0; k < sizes[i]; k++) {
            mu_write_bytes(&text, "\\nx", 3);
        }
        const size_t cut = text.size; /* and the same line again, without its end */
        mu_write_bytes(&text, "\",\"b\":1}\n", 9);
        if (!mu_write_room(&text, 0)) {
            fail();
        }
        char *again = mu_mem_alloc(cut + 1);
        memcpy(again, text.data, cut);
        mu_write_bytes(&text, again, cut);
        mu_mem_free(again);
        read_lines(&names, (const char *)text.data, text.size, &out);
        assert_true(out.size > 2 * sizes[i] + 10);
        assert_memory_equal(&out.data[2 * sizes[i] + 2], "][1]--\n", 7);
        assert_memory_equal(&out.data[2 * sizes[i] + 9], "1: not JSON", 11);
        mu_writer_deinit(&text);
        mu_writer_deinit(&out);
    }
    mu_arena_deinit(&arena);
}

/* A line cut anywhere, or with any bit turned over, is a record or says why it is none. */
TEST(damaged_lines_are_read_or_refused)
{
    static const char whole[] =
        "{\"a\":\"x\\u00e4\\\"\",\"b\":-12.5e3,\"c\":{\"d\":[1,{\"e\":null}]},"
        "\"Name\":\"\xe4\xbb\xb6\", \"b2\":false}";
    const size_t size = sizeof whole - 1;
    mu_arena arena = {0};
    mu_json_names names = names_of(&arena, true);
    uint64_t random = test_seed();

    for (size_t cut = 1; cut < size; cut++) {
        char *exact = mu_mem_alloc(cut);
        mu_writer out = {0};
        memcpy(exact, whole, cut);
        read_lines(&names, exact, cut, &out);
        mu_write_u8(&out, 0);
        assert_non_null(strstr((const char *)out.data, "0: "));
        mu_writer_deinit(&out);
        mu_mem_free(exact);
    }
    for (unsigned round = 0; round < 20000; round++) {
        char *exact = mu_mem_alloc(2 * size);
        mu_writer out = {0};
        memcpy(exact, whole, size);
        memcpy(exact + size, whole, size);
        for (uint64_t n = 1 + test_random_below(&random, 4); n > 0; n--) {
            exact[test_random_below(&random, 2 * size)] ^=
                (char)(1 << test_random_below(&random, 8));
        }
        exact[size - 1] = round % 2 == 0 ? '\n' : '}';
        read_lines(&names, exact, 2 * size, &out);
        assert_true(out.size > 0);
        mu_writer_deinit(&out);
        mu_mem_free(exact);
    }
    mu_arena_deinit(&arena);
}

TEST(without_memory_a_parser_says_so)
{
    static const char text[] = "{\"a\":\"\\n\",\"b\":[1]}\n{\"a\":1}x\n{\"new\":\"\\t\"}\n";
    bool finished = false;

    for (uint64_t n = 0; !finished; n++) {
        mu_arena arena = {0};
        mu_json_names names = {.arena = &arena, .growing = true};
        mu_csv_record record;
        bool out_of_memory = false;
        mu_mem_fail_at(n, false);
        mu_json_parser *parser = mu_json_parser_new();
        if (parser) {
            mu_json_parser_start(parser, &names, text, sizeof text - 1);
            while (mu_json_parser_next(parser, &record, &out_of_memory)) {
            }
        }
        mu_mem_fail_at(UINT64_MAX, false);
        finished = parser && !out_of_memory;
        assert_true(!finished || n > 3);
        mu_json_parser_free(parser);
        mu_arena_deinit(&arena);
    }
}

TEST(objects_are_known_by_how_they_begin)
{
    static const struct {
        const char *text;
        bool json;
    } cases[] = {
        {"{\"a\":1}", true},    {" \n { \"a\"", true}, {"{}", true},         {"[{\"a\":1}]", true},
        {"[\n {\n\"a\"", true}, {"a,b\n", false},      {"{a},{b}\n", false}, {"", false},
        {"[1,2]", false},       {"{", false},          {"\"a\",1\n", false}, {"[[", false},
    };

    for (size_t i = 0; i < MU_COUNT(cases); i++) {
        if (mu_json_looks_like(cases[i].text, strlen(cases[i].text)) != cases[i].json) {
            fail_msg("%s", cases[i].text);
        }
    }
}
