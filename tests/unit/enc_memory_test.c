/*
 * enc_memory_test.c - every encoding without memory: said while reading, remembered while writing.
 */
#include "storage/base/hash.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/enc_decoder.h"
#include "tests/support/test.h"

enum {
    MOST_ROWS = 3000,
};

/* Noise that comes again, which only LZ4 can see. */
static double noise_of(uint32_t row)
{
    const uint64_t bits = mu_hash_u64(row % 53);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

typedef muster_status reader(mu_decoder *decoder, uint32_t rows, void *room);

static muster_status read_codes(mu_decoder *decoder, uint32_t rows, void *room)
{
    return mu_decode_u32(decoder, 0, rows, room, &test_error);
}

static muster_status read_doubles(mu_decoder *decoder, uint32_t rows, void *room)
{
    return mu_decode_f64(decoder, 0, rows, room, &test_error);
}

static muster_status read_customers(mu_decoder *decoder, uint32_t rows, void *room)
{
    return mu_decode_customer(decoder, 0, rows, room, &test_error);
}

static muster_status read_text(mu_decoder *decoder, uint32_t rows, void *room)
{
    const mu_dict *dict;

    (void)rows;
    (void)room;
    return mu_decode_text(decoder, &dict, &test_error);
}

/* Fails the n-th allocation of opening and reading, for every n there is. */
static void fail_each_allocation(const mu_writer *chunk, uint32_t rows, reader *read)
{
    muster_status status = MUSTER_NOMEM;
    void *room = mu_mem_alloc_array(MOST_ROWS + 64, sizeof(int64_t));
    uint64_t n = 0;

    for (; status == MUSTER_NOMEM; n++) {
        mu_decoder *decoder = mu_decoder_new();

        mu_mem_fail_at(n, true);
        status = mu_decoder_open(decoder, chunk->data, chunk->size, rows, 0, &test_error);
        if (status == MUSTER_OK) {
            status = read(decoder, rows, room);
        }
        mu_mem_fail_at(UINT64_MAX, false);
        mu_decoder_free(decoder);
    }
    assert_ok(status);
    assert_true(n > 1); /* it allocates, so it failed at least once */
    mu_mem_free(room);
}

TEST(opening_out_of_memory_is_said_for_every_encoding)
{
    uint32_t codes[3000];
    double doubles[300];
    const mu_text texts[2] = {MU_TEXT_OF("one"), MU_TEXT_OF("two")};
    const mu_text alike[2] = {MU_TEXT_OF("number 12"), MU_TEXT_OF("number 34")};
    mu_writer chunk = {0};

    for (uint32_t i = 0; i < 300; i++) {
        doubles[i] = noise_of(i);
    }
    for (uint32_t i = 0; i < 3000; i++) {
        codes[i] = i / 500;
    }
    assert_int_equal(mu_enc_u32(&chunk, codes, NULL, 3000), MU_ENC_RLE);
    fail_each_allocation(&chunk, 3000, read_codes);
    mu_writer_reset(&chunk);
    assert_int_equal(mu_enc_customer(&chunk, codes, 3000), MU_ENC_CUSTOMER);
    fail_each_allocation(&chunk, 3000, read_customers);
    mu_writer_reset(&chunk);
    assert_int_equal(mu_enc_text(&chunk, texts, NULL, 2), MU_ENC_TEXT);
    fail_each_allocation(&chunk, 2, read_text);
    mu_writer_reset(&chunk);
    assert_true(mu_enc_pattern_write(&chunk, alike, NULL, 2));
    fail_each_allocation(&chunk, 2, read_text);
    mu_writer_reset(&chunk);
    assert_int_equal(mu_enc_f64(&chunk, doubles, NULL, 300), MU_ENC_LZ4);
    fail_each_allocation(&chunk, 300, read_doubles);
    mu_writer_deinit(&chunk);
}

TEST(encoding_out_of_memory_is_remembered_by_the_writer)
{
    int64_t values[200];
    double doubles[200];
    const mu_text alike[3] = {MU_TEXT_OF("A1"), MU_TEXT_OF("A20"), MU_TEXT_OF("A3")};
    uint32_t ordinals[200];
    bool failed = true;

    for (uint32_t i = 0; i < 200; i++) {
        values[i] = i / 40;
        doubles[i] = i % 3 == 0 ? 0.1 : 0.2;
        ordinals[i] = i / 3;
    }
    for (uint64_t n = 0; failed; n++) {
        mu_writer chunk = {0};

        mu_mem_fail_at(n, false);
        mu_enc_i64(&chunk, values, NULL, 200);
        mu_enc_u32(&chunk, ordinals, NULL, 200);
        mu_enc_f64(&chunk, doubles, NULL, 200);
        mu_enc_customer(&chunk, ordinals, 200);
        mu_enc_text(&chunk, &MU_TEXT_OF("some text"), NULL, 1);
        mu_enc_text(&chunk, alike, NULL, 3);
        mu_mem_fail_at(UINT64_MAX, false);
        failed = chunk.failed;
        assert_true(failed || n > 5);
        mu_writer_deinit(&chunk);
        assert_true(n < 1000);
    }
}
