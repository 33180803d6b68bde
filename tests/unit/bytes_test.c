/* bytes_test.c - what is written is read back, in the byte order of the format; no cut is read
 * past; both sides remember their failure. */
#include "storage/base/bytes.h"

#include "storage/base/mem.h"
#include "tests/support/test.h"

static const uint64_t borders[] = {0,
                                   1,
                                   0x7f,
                                   0x80,
                                   0x3fff,
                                   0x4000,
                                   0xffff,
                                   0x12345678u,
                                   (1u << 28) - 1,
                                   1u << 28,
                                   INT64_MAX,
                                   (uint64_t)INT64_MIN,
                                   0xffffffffu,
                                   UINT64_MAX - 1,
                                   UINT64_MAX};

TEST(the_bytes_are_little_endian)
{
    static const uint8_t expected[] = {
        0x01, 0x03, 0x02, 0x07, 0x06, 0x05, 0x04, 0x0f, 0x0e, 0x0d, 0x0c, 0x0b, 0x0a, 0x09,
        0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0,
        0,    0xf0, 0xbf, 0x80, 0x01, 2,    0,    0,    0,    'h',  'i',  0,    0};
    mu_writer out = {0};

    assert_int_equal(mu_write_u8(&out, 0x01), 0);
    assert_int_equal(mu_write_u16(&out, 0x0203), 1);
    assert_int_equal(mu_write_u32(&out, 0x04050607), 3);
    assert_int_equal(mu_write_u64(&out, UINT64_C(0x08090a0b0c0d0e0f)), 7);
    assert_int_equal(mu_write_i64(&out, -2), 15);
    assert_int_equal(mu_write_f64(&out, -1.0), 23);
    assert_int_equal(mu_write_varint(&out, 128), 31);
    assert_int_equal(mu_write_text(&out, "hi", 2), 33);
    assert_int_equal(mu_write_zeros(&out, 2), 39);
    assert_false(out.failed);
    assert_int_equal(out.size, sizeof expected);
    assert_memory_equal(out.data, expected, sizeof expected);
    assert_int_equal(mu_load_u32(out.data + 3), 0x04050607);
    assert_int_equal(mu_load_u64(out.data + 7), UINT64_C(0x08090a0b0c0d0e0f));
    mu_writer_deinit(&out);
}

static void write_all(mu_writer *out, uint64_t value)
{
    double number;

    memcpy(&number, &value, sizeof number);
    mu_write_u8(out, (uint8_t)value);
    mu_write_u16(out, (uint16_t)value);
    mu_write_u32(out, (uint32_t)value);
    mu_write_u64(out, value);
    mu_write_i64(out, (int64_t)value);
    mu_write_f64(out, number);
    mu_write_varint(out, value);
    mu_write_text(out, "text", 4);
    mu_write_bytes(out, "bytes", 5);
}

/* True if all was there and is what write_all() wrote. */
static bool read_all(mu_reader *in, uint64_t value)
{
    bool same = mu_read_u8(in) == (uint8_t)value;
    uint32_t size;

    same &= mu_read_u16(in) == (uint16_t)value;
    same &= mu_read_u32(in) == (uint32_t)value;
    same &= mu_read_u64(in) == value;
    same &= mu_read_i64(in) == (int64_t)value;
    const double number = mu_read_f64(in);
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    same &= bits == value;
    same &= mu_read_varint(in) == value;
    const char *text = mu_read_text(in, &size);
    same &= text && size == 4 && memcmp(text, "text", 4) == 0;
    assert_true(text || size == 0);
    const uint8_t *bytes = mu_read_bytes(in, 5);
    same &= bytes && memcmp(bytes, "bytes", 5) == 0;
    return same && !in->overrun;
}

TEST(reading_undoes_writing_and_no_cut_is_read_past)
{
    for (size_t i = 0; i < MU_COUNT(borders); i++) {
        mu_writer out = {0};

        write_all(&out, borders[i]);
        assert_false(out.failed);
        mu_reader in = test_reader_of_exact_copy(out.data, out.size);
        assert_true(read_all(&in, borders[i]));
        assert_int_equal(in.at, in.size);
        for (size_t cut = 0; cut < out.size; cut++) {
            in = test_reader_of_exact_copy(out.data, cut);
            assert_false(read_all(&in, borders[i]));
            assert_true(in.overrun);
            assert_int_equal(in.at, cut);
        }
        mu_writer_deinit(&out);
    }
}

TEST(after_an_overrun_all_is_zero)
{
    static const uint8_t ones[3] = {0xff, 0xff, 0xff};
    mu_reader in = test_reader_of_exact_copy(ones, sizeof ones);

    assert_int_equal(mu_read_u32(&in), 0);
    assert_true(in.overrun);
    assert_int_equal(mu_read_u8(&in), 0); /* though a byte would have been there */
    assert_int_equal(mu_read_varint(&in), 0);
    assert_null(mu_read_bytes(&in, 1));
    assert_true(in.overrun);
}

TEST(nothing_can_be_read_from_nothing)
{
    mu_reader in = mu_reader_of(NULL, 0);

    assert_non_null(mu_read_bytes(&in, 0));
    assert_false(in.overrun);
    assert_null(mu_read_bytes(&in, SIZE_MAX));
    assert_true(in.overrun);
}

TEST(varints_of_more_than_64_bits_are_refused)
{
    static const uint8_t largest[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
    static const uint8_t larger[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};
    static const uint8_t endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                      0x80, 0x80, 0x80, 0x80, 0x80, 0};
    mu_reader in = test_reader_of_exact_copy(largest, sizeof largest);

    assert_int_equal(mu_read_varint(&in), UINT64_MAX);
    assert_false(in.overrun);
    in = test_reader_of_exact_copy(larger, sizeof larger);
    assert_int_equal(mu_read_varint(&in), 0);
    assert_true(in.overrun);
    in = test_reader_of_exact_copy(endless, sizeof endless);
    assert_int_equal(mu_read_varint(&in), 0);
    assert_true(in.overrun);
}

TEST(alignment_pads_with_zeros)
{
    mu_writer out = {0};

    for (size_t start = 0; start <= 70; start++) {
        mu_writer_reset(&out);
        memset(mu_write_room(&out, start), 0xff, start);
        mu_write_align(&out, 64);
        assert_int_equal(out.size, (start + 63) / 64 * 64);
        for (size_t at = start; at < out.size; at++) {
            assert_int_equal(out.data[at], 0);
        }
        mu_write_align(&out, 1);
        assert_int_equal(out.size, (start + 63) / 64 * 64);
    }
    mu_writer_deinit(&out);
}

TEST(patches_overwrite_in_place)
{
    mu_writer out = {0};

    mu_write_zeros(&out, 20);
    mu_patch_u32(&out, 16, 0x01020304);
    mu_patch_u64(&out, 3, UINT64_MAX);
    mu_reader in = mu_reader_of(out.data, out.size);
    assert_memory_equal(mu_read_bytes(&in, 16), "\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0",
                        16);
    assert_int_equal(mu_read_u32(&in), 0x01020304);
    assert_int_equal(out.size, 20);
    mu_writer_deinit(&out);
}

TEST(a_writer_without_memory_fails_and_stays_failed)
{
    bool failed = true;

    for (uint64_t n = 0; failed; n++) {
        mu_writer out = {0};

        mu_mem_fail_at(n, false);
        for (unsigned i = 0; i < 100; i++) {
            write_all(&out, UINT64_MAX);
        }
        mu_mem_fail_at(UINT64_MAX, false);
        failed = out.failed;
        const size_t size = out.size;
        if (failed) {
            assert_int_equal(mu_write_u64(&out, 1), size);
            assert_null(mu_write_room(&out, 1));
            mu_patch_u32(&out, 0, 7); /* does nothing, where there may be nothing */
            mu_patch_u64(&out, 1000, 7);
            assert_int_equal(out.size, size);
            mu_writer_reset(&out);
            assert_int_equal(mu_write_u8(&out, 1), 0);
            assert_false(out.failed);
        }
        mu_writer_deinit(&out);
    }
    mu_writer huge = {0};
    mu_write_u8(&huge, 1);
    assert_null(mu_write_room(&huge, SIZE_MAX));
    assert_true(huge.failed);
    mu_writer_deinit(&huge);
}
