/* hash_test.c - the hashes that are part of the format, against published values. */
#include "storage/base/hash.h"

#include "tests/support/test.h"

/* xxHash's own test vectors: hashes of the first bytes of a fixed pseudo-random buffer. */
static const struct {
    size_t size;
    uint64_t hash;
} published[] = {
    {0, UINT64_C(0x2d06800538d394c2)},    {1, UINT64_C(0xc44bdff4074eecdb)},
    {6, UINT64_C(0x27b56a84cd2d7325)},    {12, UINT64_C(0xa713daf0dfbb77e7)},
    {24, UINT64_C(0xa3fe70bf9d3510eb)},   {48, UINT64_C(0x397da259ecba1f11)},
    {80, UINT64_C(0xbcdefbbb2c47c90a)},   {195, UINT64_C(0xcd94217ee362ec3a)},
    {403, UINT64_C(0xcdeb804d65c6dea4)},  {512, UINT64_C(0x617e49599013cb6b)},
    {2048, UINT64_C(0xdd59e2c3a5f038e0)}, {2240, UINT64_C(0x6e73a90539cf2948)},
    {2367, UINT64_C(0xcb37aeb9e5d361ed)},
};

TEST(checksums_are_the_published_xxh3)
{
    uint8_t bytes[2367];
    uint64_t generator = UINT64_C(2654435761);

    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(generator >> 56);
        generator *= UINT64_C(11400714785074694797);
    }
    for (size_t i = 0; i < MU_COUNT(published); i++) {
        assert_int_equal(mu_checksum(bytes, published[i].size), published[i].hash);
        assert_int_equal(mu_hash_bytes(bytes, published[i].size), published[i].hash);
    }
}

TEST(a_flipped_bit_changes_the_checksum)
{
    uint8_t bytes[97] = {1, 2, 3};
    const uint64_t before = mu_checksum(bytes, sizeof bytes);

    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(mu_checksum(bytes, sizeof bytes), before);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

TEST(the_mix_of_a_word_is_splitmix64)
{
    /* The first numbers of splitmix64 with seed 1234567, as its reference program prints them. */
    static const uint64_t expected[] = {
        UINT64_C(6457827717110365317),  UINT64_C(3203168211198807973),
        UINT64_C(9817491932198370423),  UINT64_C(4593380528125082431),
        UINT64_C(16408922859458223821),
    };
    uint64_t state = 1234567;

    for (size_t i = 0; i < MU_COUNT(expected); i++) {
        state += UINT64_C(0x9e3779b97f4a7c15);
        assert_int_equal(mu_hash_u64(state), expected[i]);
    }
}

TEST(combining_minds_the_order)
{
    assert_int_not_equal(mu_hash_combine(1, 2), mu_hash_combine(2, 1));
    assert_int_not_equal(mu_hash_combine(0, 0), mu_hash_combine(0, 1));
}
