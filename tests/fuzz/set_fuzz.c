/* set_fuzz.c - a set of customers as Roaring bytes. */
#include "storage/tag_set.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t none[1];
    const mu_tag_set set = {.memory = size > 0 ? data : none, .size = size};
    uint64_t bits[MU_STRIPE_WORDS] = {0};
    uint64_t customers, bytes;
    uint32_t last, stripes = 0, stripe = 0;
    muster_error err = {0};
    bool has;

    mu_fuzz_told(mu_tag_set_check(&set, &customers, &last, &err), &err);
    if (mu_tag_set_stripes(&set, &stripes, &err) != MUSTER_OK) {
        stripes = 0;
    }
    for (uint32_t i = 0; i < stripes && i < 16; i++) {
        if (mu_tag_set_stripe(&set, i, &stripe, &err) == MUSTER_OK) {
            mu_fuzz_told(mu_tag_set_has(&set, stripe, &has, &err), &err);
            mu_fuzz_told(mu_tag_set_read(&set, stripe, bits, &bytes, &err), &err);
        }
    }
    return 0;
}
