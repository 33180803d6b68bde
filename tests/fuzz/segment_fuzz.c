/* segment_fuzz.c - a segment. */
#include "storage/segment.h"
#include "tests/fuzz/fuzz.h"

/* What a reader may ask that has not checked everything before. */
static void use(mu_segment *segment)
{
    muster_error err = {0};

    for (uint32_t i = 0; mu_segment_block_count(segment) > 0 && i < 8; i++) {
        mu_segment_usage usage = {0};
        const uint32_t column = mu_segment_column(segment, i);
        if (column != MU_NO_COLUMN) {
            mu_fuzz_told(mu_segment_use(segment, column, &usage, &err), &err);
        }
    }
}

static void read_postings(mu_segment *segment, uint32_t column)
{
    const mu_postings *postings = NULL;
    uint64_t bits[MU_STRIPE_WORDS], bytes;
    muster_error err = {0};
    bool has;

    const muster_status status = mu_segment_postings(segment, column, &postings, &err);
    mu_fuzz_told(status, &err);
    for (uint32_t v = 0; status == MUSTER_OK && postings && v < postings->count; v++) {
        mu_posting *posting = &postings->values[v];
        if (mu_posting_known(posting)) {
            mu_fuzz_told(mu_segment_posting_has(segment, column, posting, 0, &has, &err), &err);
            mu_fuzz_told(mu_segment_posting_read(segment, column, posting, 0, bits, &bytes, &err),
                         &err);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    muster_error err = {0};
    mu_segment *segment;

    mu_fuzz_write("events-000001.seg", data, size);
    const muster_status status =
        mu_segment_open(mu_fuzz_directory(), "events-000001.seg", &segment, &err);
    mu_fuzz_told(status, &err);
    if (status == MUSTER_OK) {
        for (uint32_t id = 0; id < 8; id++) {
            const uint32_t column = mu_segment_column(segment, id);
            if (column != MU_NO_COLUMN) {
                read_postings(segment, column);
            }
        }
        use(segment);
        mu_fuzz_told(mu_segment_check(segment, &err), &err);
        mu_segment_close(segment);
    }
    return 0;
}
