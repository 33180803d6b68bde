/*
 * enc_text_test.c - chunks of text: whatever goes in comes out, and what looks alike takes the bits
 * of what differs.
 */
#include "storage/enc.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "tests/support/chunks.h"
#include "tests/support/test.h"

#include <string.h>

static const uint32_t shapes[] = {1, 2, 31, 32, 33, 63, 64, 65, 1023, 1024, 1025, 2048, 65536};

enum {
    ROOM = 65536,
};

/* Returns the bytes that the texts took; `valid` may be NULL. */
static size_t check_text(mu_enc enc, const mu_text *texts, const uint64_t *valid, uint32_t rows,
                         uint64_t *state)
{
    mu_decoder *decoder = mu_decoder_new();
    mu_writer chunk = {0};
    const mu_dict *dict;
    uint32_t nulls = 0;

    for (uint32_t i = 0; valid && i < rows; i++) {
        nulls += !mu_bits_test(valid, i);
    }
    assert_int_equal(mu_enc_text(&chunk, texts, valid, rows), enc);
    assert_ok(mu_decoder_open(decoder, chunk.data, chunk.size, rows, nulls, &test_error));
    assert_int_equal(mu_decoder_enc(decoder), enc);
    assert_ok(mu_decode_text(decoder, &dict, &test_error));
    assert_int_equal(dict->count, rows);
    for (uint32_t i = 0; i < rows; i++) {
        const bool there = !valid || mu_bits_test(valid, i);
        assert_true(mu_text_equal(mu_dict_text(dict, i), there ? texts[i] : MU_TEXT_OF("")));
    }
    mu_decoder_free(decoder);
    test_cut_chunk(&chunk, rows, nulls);
    for (int i = 0; i < 20; i++) {
        test_damaged_chunk(&chunk, rows, nulls, state);
    }
    const size_t bytes = chunk.size;
    mu_writer_deinit(&chunk);
    return bytes;
}

TEST(texts_of_any_length_come_back)
{
    enum {
        BYTES = 1 << 20
    };
    mu_text *texts = mu_mem_zalloc_array(ROOM, sizeof *texts);
    char *bytes = mu_mem_alloc(BYTES);
    uint64_t state = test_seed();

    for (unsigned kind = 0; kind < 4; kind++) {
        for (size_t i = 0; i < BYTES; i++) { /* kinds 0 and 1 do not compress, 2 and 3 do */
            bytes[i] = (char)(kind < 2 ? test_random(&state) : 'a' + i % 7);
        }
        for (size_t shape = 0; shape < MU_COUNT(shapes); shape++) {
            const uint32_t longest = kind % 2 == 0 ? 30 : shapes[shape] < 100 ? 300000 : 3;
            for (uint32_t i = 0; i < shapes[shape]; i++) {
                const uint32_t size = (uint32_t)test_random_below(&state, longest);
                texts[i] = (mu_text){bytes + test_random_below(&state, BYTES - size), size};
            }
            (void)check_text(MU_ENC_TEXT, texts, NULL, shapes[shape], &state);
        }
    }
    for (uint32_t i = 0; i < 100; i++) {
        texts[i] = (mu_text){NULL, 0};
    }
    (void)check_text(MU_ENC_TEXT, texts, NULL, 100, &state); /* nothing at all */
    mu_mem_free(texts);
    mu_mem_free(bytes);
}

/* Texts that look alike. */

enum {
    ALIKE = 3000,
    ALIKE_BYTES = 64,
};

typedef void make_text(uint64_t *state, uint32_t i, char text[ALIKE_BYTES]);

static void make_order(uint64_t *state, uint32_t i, char text[ALIKE_BYTES])
{
    (void)i;
    (void)snprintf(text, ALIKE_BYTES, "ORD-2024-%010u-SHOP",
                   (unsigned)test_random_below(state, 1000000));
}

static void make_count(uint64_t *state, uint32_t i, char text[ALIKE_BYTES])
{
    (void)state;
    (void)snprintf(text, ALIKE_BYTES, "O%u", i + 8); /* O8, O10, O1000: no zeros in front */
}

static void put_random(uint64_t *state, const char *characters, uint32_t count, char *text)
{
    for (uint32_t i = 0; i < count; i++) {
        text[i] = characters[test_random_below(state, (uint32_t)strlen(characters))];
    }
    text[count] = '\0';
}

static void make_uuid(uint64_t *state, uint32_t i, char text[ALIKE_BYTES])
{
    static const char hex[] = "0123456789abcdef";

    (void)i;
    put_random(state, hex, 36, text);
    text[8] = text[13] = text[18] = text[23] = '-';
    text[14] = '4';
}

static void make_ulid(uint64_t *state, uint32_t i, char text[ALIKE_BYTES])
{
    (void)i;
    put_random(state, "0123456789ABCDEFGHJKMNPQRSTVWXYZ", 26, text);
}

static void make_charge(uint64_t *state, uint32_t i, char text[ALIKE_BYTES])
{
    (void)i;
    memcpy(text, "ch_", 3);
    put_random(state, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 24,
               text + 3);
}

static void make_digits(uint64_t *state, uint32_t i, char text[ALIKE_BYTES])
{
    (void)i;
    put_random(state, "0123456789", 40, text); /* more than one number holds */
}

static const struct {
    make_text *make;
    double bytes; /* of each, at most */
} alike[] = {
    {make_order, 2.6}, /* 20 bits of 24 characters */
    {make_count, 1.6}, /* 12 bits */
    {make_uuid, 16},   /* 122 bits of 36 characters */
    {make_ulid, 16.5}, /* 130 bits of 26 */
    {make_charge, 18.2}, {make_digits, 17.2},
};

TEST(texts_that_look_alike_are_stored_as_their_numbers)
{
    char(*bytes)[ALIKE_BYTES] = mu_mem_alloc_array(ALIKE, sizeof *bytes);
    mu_text *texts = mu_mem_zalloc_array(ALIKE, sizeof *texts);
    uint64_t valid[ALIKE / 64 + 1] = {0}, state = test_seed();

    for (size_t kind = 0; kind < MU_COUNT(alike); kind++) {
        for (uint32_t i = 0; i < ALIKE; i++) {
            alike[kind].make(&state, i, bytes[i]);
            texts[i] = (mu_text){bytes[i], (uint32_t)strlen(bytes[i])};
        }
        const size_t size = check_text(MU_ENC_PATTERN, texts, NULL, ALIKE, &state);
        assert_true((double)size < alike[kind].bytes * ALIKE);
        for (uint32_t i = 0; i < ALIKE; i++) { /* what is not there may be anything */
            const bool there = test_random_below(&state, 3) > 0;
            mu_bits_clear(valid, i);
            if (there) {
                mu_bits_set(valid, i);
            } else {
                texts[i] = (mu_text){NULL, 0};
            }
        }
        (void)check_text(MU_ENC_PATTERN, texts, valid, ALIKE, &state);
    }
    mu_mem_free(bytes);
    mu_mem_free(texts);
}

/* One text that does not fit makes the others what they are: texts. */
TEST(a_text_that_does_not_look_alike_is_not_lost)
{
    static const char *const others[] = {
        "",
        "ORD-2024-0000000001-SHO",
        "ORD-2024-0000000001-SHOPS",
        "ORD-2024-00000000001-SHOP",
        "ORD-2024-0000000001-SHOP-",
        "ORD-2024-0000000001",
        "-ORD-2024-0000000001-SHOP",
        "ORD-2024--0000000001-SHOP",
        "ORD 2024-0000000001-SHOP",
        "ORD-2024-0000000001-SHOP 2",
        "ORD-2024-000000000\xc3\xa9-SHOP",
    };
    char(*bytes)[ALIKE_BYTES] = mu_mem_alloc_array(ALIKE, sizeof *bytes);
    mu_text *texts = mu_mem_zalloc_array(ALIKE, sizeof *texts);
    uint64_t state = test_seed();

    for (size_t other = 0; other < MU_COUNT(others); other++) {
        for (uint32_t i = 0; i < ALIKE; i++) {
            make_order(&state, i, bytes[i]);
            texts[i] = (mu_text){bytes[i], (uint32_t)strlen(bytes[i])};
        }
        texts[other % 2 == 0 ? 0 : 1234] =
            (mu_text){others[other], (uint32_t)strlen(others[other])};
        (void)check_text(MU_ENC_TEXT, texts, NULL, ALIKE, &state);
    }
    mu_mem_free(bytes);
    mu_mem_free(texts);
}
