/*
 * enc_fuzz.c - any bytes as a chunk: they are refused or read as something, but never past their
 * end.
 *
 * The first four bytes are the rows and how many of them are NULL, 16 bits each, as a directory
 * would say; the rest is the chunk. Everything is asked of it that can be asked.
 */
#include "storage/base/bytes.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/enc.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

enum {
    ROOM = 65536 + 64,
};

static void read_all(mu_decoder *decoder, uint32_t rows, void *room)
{
    const mu_dict *dict;
    const uint32_t *ordinals, *ends;
    uint32_t runs;
    int64_t constant;

    for (uint32_t first = 0; first < rows; first += MU_BATCH_ROWS) {
        const uint32_t left = rows - first, count = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
        (void)mu_decode_i64(decoder, first, count, room, NULL);
        (void)mu_decode_u32(decoder, first, count, room, NULL);
        (void)mu_decode_f64(decoder, first, count, room, NULL);
        (void)mu_decode_customer(decoder, first, count, room, NULL);
    }
    (void)mu_decode_i64(decoder, 0, rows, room, NULL);
    (void)mu_decoder_constant(decoder, &constant);
    if (mu_decode_text(decoder, &dict, NULL) == MUSTER_OK) {
        assert(dict->count == rows && dict->offsets[rows] >= dict->offsets[0]);
    }
    if (mu_decode_runs(decoder, &runs, &ordinals, &ends, NULL) == MUSTER_OK) {
        assert(runs > 0 && ends[runs - 1] == rows);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mu_reader head = mu_reader_of(data, size);
    const uint32_t rows = mu_read_u16(&head) + 1u, nulls = mu_read_u16(&head);

    if (head.overrun) {
        return 0;
    }
    /* A copy that ends where the chunk does, so that the sanitizer sees a read past it. */
    const size_t left = size - head.at;
    uint8_t *chunk = mu_mem_alloc(left);
    void *room = mu_mem_alloc_array(ROOM, sizeof(int64_t));
    mu_decoder *decoder = mu_decoder_new();
    if (chunk && room && decoder) {
        memcpy(chunk, data + head.at, left);
        if (mu_decoder_open(decoder, chunk, left, rows, nulls, NULL) == MUSTER_OK) {
            read_all(decoder, rows, room);
        }
    }
    mu_decoder_free(decoder);
    mu_mem_free(room);
    mu_mem_free(chunk);
    return 0;
}
