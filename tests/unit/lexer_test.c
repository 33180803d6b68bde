/*
 * lexer_test.c - where tokens begin and end, whatever the text.
 */
#include "sql/lexer.h"

#include "storage/base/mem.h"
#include "tests/support/test.h"

/* The tokens of the text with a '|' between them, "!" for one that is refused. */
static void check_tokens(const char *text, const char *wanted)
{
    mu_lexer lexer = {.text = text};
    mu_token token = {.kind = 1};
    mu_writer out = {0};

    while (token.kind != 0) {
        const int32_t before = lexer.offset;
        if (mu_lexer_next(&lexer, &token, NULL) != MUSTER_OK) {
            assert_true(lexer.offset > before || text[before] == '\0');
            mu_write_bytes(&out, "!|", 2);
            token.kind = 1;
            continue;
        }
        mu_write_bytes(&out, text + token.offset, token.size);
        mu_write_bytes(&out, "|", token.kind != 0);
    }
    mu_write_u8(&out, 0);
    assert_string_equal((const char *)out.data, wanted);
    mu_writer_deinit(&out);
}

TEST(tokens_are_as_long_as_they_can_be)
{
    check_tokens("", "");
    check_tokens(" \t\r\n ", "");
    check_tokens("a<=b<>c=>d::e||f", "a|<=|b|<>|c|=>|d|::|e||||f|");
    check_tokens("1.5e-3+1.+.5 t.a 1e5", "1.5e-3|+|1.|+|.5|t|.|a|1e5|");
    check_tokens("x--y\nz/*a*/b/**/c", "x|z|b|c|");
    check_tokens("'a''b' '' \"c\"\"d\" '\"' \"'\"", "'a''b'|''|\"c\"\"d\"|'\"'|\"'\"|");
    check_tokens("客单价+größe_1$", "客单价|+|größe_1$|");
}

TEST(what_cannot_be_read_is_passed_over_and_reading_goes_on)
{
    check_tokens("a # b", "a|!|b|");
    check_tokens("12x 1e 3", "!|!|3|");
    check_tokens("a \xff\xfe b", "a|!|!|b|");
    check_tokens("a，b", "a|!|b|");
    check_tokens("'never", "!|");
    check_tokens("\"never", "!|");
    check_tokens("a /* never", "a|!|");
    check_tokens("\"\"", "!|");
    check_tokens("a \x01 b", "a|!|b|");
}

TEST(every_keyword_is_found_in_either_case)
{
    const char *word;
    int kind;

    for (uint32_t i = 0; (word = mu_keyword(i, &kind)) != NULL; i++) {
        char lower[16] = {0};
        for (size_t c = 0; word[c]; c++) {
            lower[c] = (char)(word[c] >= 'A' && word[c] <= 'Z' ? word[c] + 32 : word[c]);
        }
        mu_lexer lexers[] = {{.text = word}, {.text = lower}};
        for (size_t l = 0; l < MU_COUNT(lexers); l++) {
            mu_token token;
            assert_ok(mu_lexer_next(&lexers[l], &token, &test_error));
            assert_int_equal(token.kind, kind);
        }
    }
}

TEST(any_bytes_end_in_tokens_or_errors)
{
    uint64_t state = test_seed();

    for (int round = 0; round < 20000; round++) {
        static const char likely[] = "aA0'\"-*/.,;()[]<>=|: \n\xe5\xae\xa2\xff";
        char *text = mu_mem_alloc(24);
        const uint64_t size = test_random_below(&state, 24);
        for (uint64_t i = 0; i < size; i++) {
            text[i] = likely[test_random_below(&state, sizeof likely - 1)];
        }
        text[size] = '\0';
        mu_lexer lexer = {.text = text};
        mu_token token = {.kind = 1};
        for (int steps = 0; token.kind != 0; steps++) {
            assert_true(steps < 64);
            if (mu_lexer_next(&lexer, &token, NULL) != MUSTER_OK) {
                token.kind = 1;
            }
            assert_true(lexer.offset >= 0 && (uint64_t)lexer.offset <= size);
        }
        mu_mem_free(text);
    }
}
