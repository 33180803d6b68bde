/* enc_fuzz.c - u16 rows, less one, and a chunk. */
#include "storage/base/limits.h"
#include "storage/enc.h"
#include "tests/fuzz/fuzz.h"

static void read_values(mu_decoder *decoder, uint32_t rows)
{
    int64_t i64[MU_BATCH_ROWS];
    double f64[MU_BATCH_ROWS];
    uint32_t u32[MU_BATCH_ROWS];

    for (uint32_t first = 0; first < rows; first += MU_BATCH_ROWS) {
        const uint32_t count = rows - first < MU_BATCH_ROWS ? rows - first : MU_BATCH_ROWS;
        muster_error err = {0};
        mu_fuzz_told(mu_decode_i64(decoder, first, count, i64, &err), &err);
        mu_fuzz_told(mu_decode_u32(decoder, first, count, u32, &err), &err);
        mu_fuzz_told(mu_decode_f64(decoder, first, count, f64, &err), &err);
        mu_fuzz_told(mu_decode_customer(decoder, first, count, u32, &err), &err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mu_decoder *decoder = mu_decoder_new();
    const mu_dict *texts;
    const uint32_t *ordinals, *ends;
    uint32_t runs;
    int64_t constant;
    muster_error err = {0};

    if (decoder && size >= 2) {
        const uint32_t rows = (uint32_t)(data[0] | data[1] << 8) + 1;
        const muster_status status = mu_decoder_open(decoder, data + 2, size - 2, rows, &err);
        mu_fuzz_told(status, &err);
        if (status == MUSTER_OK) {
            read_values(decoder, rows);
            mu_fuzz_told(mu_decode_text(decoder, &texts, &err), &err);
            mu_fuzz_told(mu_decode_runs(decoder, &runs, &ordinals, &ends, &err), &err);
            (void)mu_decoder_constant(decoder, &constant);
        }
    }
    mu_decoder_free(decoder);
    return 0;
}
