/* chunks.c - chunks that are cut or damaged. */
#include "tests/support/chunks.h"

#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "tests/support/test.h"

#include <string.h>

/* The copies end where the bytes end. */
void test_cut_chunk(const mu_writer *chunk, uint32_t rows, uint32_t nulls)
{
    mu_decoder *decoder = mu_decoder_new();

    for (size_t cut = 0; cut<chunk->size; cut += chunk->size> 3000 ? 1 + chunk->size / 100 : 1) {
        uint8_t *copy = mu_mem_alloc(cut);
        memcpy(copy, chunk->data, cut);
        assert_status(MUSTER_CORRUPT,
                      mu_decoder_open(decoder, copy, cut, rows, nulls, &test_error));
        mu_mem_free(copy);
    }
    uint8_t *copy = mu_mem_zalloc(chunk->size + 1);
    memcpy(copy, chunk->data, chunk->size);
    assert_status(MUSTER_CORRUPT,
                  mu_decoder_open(decoder, copy, chunk->size + 1, rows, nulls, &test_error));
    mu_mem_free(copy);
    mu_decoder_free(decoder);
}

void test_damaged_chunk(const mu_writer *chunk, uint32_t rows, uint32_t nulls, uint64_t *state)
{
    mu_decoder *decoder = mu_decoder_new();
    uint8_t *copy = mu_mem_alloc(chunk->size);
    void *room = mu_mem_alloc_array((size_t)rows + 64, sizeof(int64_t));
    const mu_dict *dict;
    int64_t constant;

    memcpy(copy, chunk->data, chunk->size);
    for (uint64_t flips = 1 + test_random_below(state, 3); flips > 0; flips--) {
        /* Half of them in the headers, which are at the front. */
        const uint64_t within =
            test_random_below(state, 2) == 0 && chunk->size > 40 ? 40 : chunk->size;
        copy[test_random_below(state, within)] ^= (uint8_t)(1u << test_random_below(state, 8));
    }
    if (mu_decoder_open(decoder, copy, chunk->size, rows, nulls, &test_error) == MUSTER_OK) {
        const uint32_t first = rows > MU_BATCH_ROWS ? MU_BATCH_ROWS : 0;
        (void)mu_decode_i64(decoder, first, rows - first, room, NULL);
        (void)mu_decode_u32(decoder, first, rows - first, room, NULL);
        (void)mu_decode_f64(decoder, 0, rows, room, NULL);
        (void)mu_decode_customer(decoder, 0, rows, room, NULL);
        (void)mu_decoder_constant(decoder, &constant);
        if (mu_decode_text(decoder, &dict, NULL) == MUSTER_OK) {
            assert_true(dict->offsets[dict->count] >= dict->offsets[0]);
        }
    }
    mu_mem_free(room);
    mu_mem_free(copy);
    mu_decoder_free(decoder);
}
