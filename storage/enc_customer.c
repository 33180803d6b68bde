/*
 * enc_customer.c - the customer column: ordinals that rise, each once, with its number of rows.
 *
 *   u32   number of runs     } as in enc_rle.c
 *   list  their lengths      }
 *   u32   the first ordinal
 *   list  (enc_list.c) the distance of each following ordinal to the one before, none 0; absent for
 *         a single run
 *
 * Distances take a third of the bits that places within the stripe would.
 */
#include "storage/base/mem.h"
#include "storage/enc_decoder.h"
#include "storage/enc_list.h"

#include <assert.h>
#include <inttypes.h>

static uint32_t count_runs(const uint32_t *ordinals, uint32_t rows)
{
    uint32_t runs = 1;

    for (uint32_t i = 1; i < rows; i++) {
        runs += ordinals[i] != ordinals[i - 1];
    }
    return runs;
}

void mu_enc_customer_write(mu_writer *out, const uint32_t *ordinals, uint32_t rows)
{
    const uint32_t run_count = count_runs(ordinals, rows);
    int64_t *lengths = mu_mem_alloc_array(run_count, 2 * sizeof *lengths);
    uint32_t run = 0, start = 0;

    if (!lengths) {
        out->failed = true;
        return;
    }
    int64_t *distances = lengths + run_count; /* between neighbours: one less than runs */
    for (uint32_t i = 1; i < rows; i++) {
        assert(ordinals[i] >= ordinals[i - 1]);
        if (ordinals[i] != ordinals[i - 1]) {
            lengths[run] = i - start;
            distances[run] = ordinals[i] - ordinals[i - 1];
            start = i;
            run++;
        }
    }
    lengths[run] = rows - start;
    assert(run + 1 == run_count);
    mu_write_u8(out, MU_ENC_CUSTOMER);
    mu_runs_write(out, lengths, run_count);
    mu_write_u32(out, ordinals[0]);
    if (run_count > 1) {
        mu_enc_list_write(out, distances, run_count - 1);
    }
    mu_mem_free(lengths);
}

static muster_status customer_open(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    MU_TRY(mu_runs_open(decoder, in, err));
    const uint32_t run_count = decoder->run_count;
    uint64_t ordinal = mu_read_u32(in);
    uint32_t repeated = 0;

    if (in->overrun) {
        return mu_fail(err, MUSTER_CORRUPT, "ends before the first of %u ordinals", run_count);
    }
    /* 64 more: reading rounds up, and begins at [1]. */
    if (!mu_mem_reserve(&decoder->run_narrow, &decoder->run_narrow_capacity, (size_t)run_count + 64,
                        sizeof *decoder->run_narrow)) {
        return mu_fail_memory(err, "opening a chunk of customers");
    }
    decoder->run_narrow[0] = (uint32_t)ordinal;
    if (run_count == 1) {
        return MUSTER_OK;
    }
    MU_TRY(mu_enc_list_read_u32(in, run_count - 1, decoder->run_narrow + 1, err));
    for (uint32_t run = 1; run < run_count; run++) {
        const uint32_t distance = decoder->run_narrow[run];

        repeated += distance == 0;
        ordinal += distance;
        decoder->run_narrow[run] = (uint32_t)ordinal;
    }
    if (repeated > 0 || ordinal > UINT32_MAX) { /* else all ordinals before rise towards it */
        return mu_fail(err, MUSTER_CORRUPT,
                       "%u ordinals, %u of them like the one before, end at %" PRIu64, run_count,
                       repeated, ordinal);
    }
    return MUSTER_OK;
}

const mu_encoding mu_encoding_customer = {.enc = MU_ENC_CUSTOMER,
                                          .name = "customer runs",
                                          .open = customer_open,
                                          .read_u32 = mu_runs_read_u32};
