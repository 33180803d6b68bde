/*
 * erased.c - the set of who was erased, in memory as bits of the stripes that have one, and in a
 * paged file as a Roaring bitmap, like a tag's.
 */
#include "storage/erased.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/paged.h"
#include "storage/tag_set.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>

#define KIND "musterer"

enum {
    STRIPES = 65536, /* ordinals have 32 bits */
};

struct mu_erased {
    atomic_uint references;
    mu_erased_info info;
    uint64_t *stripes[STRIPES]; /* owned; NULL: none of the stripe */
};

static mu_erased *new_set(void)
{
    mu_erased *erased = mu_mem_zalloc(sizeof *erased);

    if (erased) {
        atomic_init(&erased->references, 1);
    }
    return erased;
}

void mu_erased_release(mu_erased *erased)
{
    if (erased && atomic_fetch_sub_explicit(&erased->references, 1, memory_order_acq_rel) == 1) {
        for (uint32_t i = 0; i < STRIPES; i++) {
            mu_mem_free(erased->stripes[i]);
        }
        mu_mem_free(erased);
    }
}

uint64_t mu_erased_count(const mu_erased *erased)
{
    return erased ? erased->info.customers : 0;
}

const uint64_t *mu_erased_stripe(const mu_erased *erased, uint32_t stripe)
{
    return erased && stripe < STRIPES ? erased->stripes[stripe] : NULL;
}

bool mu_erased_has(const mu_erased *erased, uint32_t ordinal)
{
    const uint64_t *bits = mu_erased_stripe(erased, ordinal / MU_STRIPE_ROWS);

    return bits && mu_bits_test(bits, ordinal % MU_STRIPE_ROWS);
}

void mu_erased_clear(const mu_erased *erased, uint32_t stripe, uint64_t bits[MU_STRIPE_WORDS])
{
    const uint64_t *gone = mu_erased_stripe(erased, stripe);

    for (uint32_t word = 0; gone && word < MU_STRIPE_WORDS; word++) {
        bits[word] &= ~gone[word];
    }
}

/* The bits of a stripe, made if there are none; NULL when out of memory. */
static uint64_t *open_stripe(mu_erased *erased, uint32_t stripe)
{
    if (!erased->stripes[stripe]) {
        erased->stripes[stripe] = mu_mem_zalloc(MU_STRIPE_WORDS * sizeof(uint64_t));
    }
    return erased->stripes[stripe];
}

static muster_status out_of_memory(muster_error *err)
{
    return mu_fail_memory(err, "reading who was erased");
}

static muster_status read_set(mu_erased *erased, const mu_paged *file, uint32_t customer_count,
                              muster_error *err)
{
    const mu_tag_set set = {.file = file, .size = erased->info.size};
    uint64_t customers, size;
    uint32_t count, stripe, last;

    MU_TRY(mu_paged_check(file, err));
    MU_TRY(mu_tag_set_check(&set, &customers, &last, err));
    if (customers != erased->info.customers || customers == 0 || last >= customer_count) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "%" PRIu64 " customers, the last %u of %u; %" PRIu64 " were expected",
                       customers, last, customer_count, erased->info.customers);
    }
    MU_TRY(mu_tag_set_stripes(&set, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(mu_tag_set_stripe(&set, i, &stripe, err));
        uint64_t *bits = open_stripe(erased, stripe);
        if (!bits) {
            return out_of_memory(err);
        }
        MU_TRY(mu_tag_set_read(&set, stripe, bits, &size, err));
    }
    return MUSTER_OK;
}

muster_status mu_erased_open(const char *directory, const mu_erased_info *info,
                             uint32_t customer_count, mu_erased *previous, mu_erased **out,
                             muster_error *err)
{
    char name[MU_FILE_NAME_BYTES];
    mu_paged *file = NULL;
    muster_status status;

    *out = NULL;
    if (info->file == 0) {
        return MUSTER_OK;
    }
    if (previous && previous->info.file == info->file) {
        atomic_fetch_add_explicit(&previous->references, 1, memory_order_relaxed);
        *out = previous;
        return MUSTER_OK;
    }
    mu_erased *erased = new_set();
    if (!erased) {
        return out_of_memory(err);
    }
    erased->info = *info;
    mu_file_name("erased", info->file, name);
    MU_TRY_GOTO(mu_paged_open(directory, name, KIND, 0, &file, err));
    status = read_set(erased, file, customer_count, err);
    if (status != MUSTER_OK) {
        mu_where(err, "%s", name);
        goto fail;
    }
    mu_paged_close(file);
    *out = erased;
    return MUSTER_OK;

fail:
    mu_paged_close(file);
    mu_erased_release(erased);
    return status;
}

/* Making the next one. */

static muster_status copy_set(mu_erasing *erasing, const mu_erased *base, muster_error *err)
{
    erasing->set = new_set();
    if (!erasing->set) {
        return out_of_memory(err);
    }
    for (uint32_t i = 0; base && i < STRIPES; i++) {
        if (!base->stripes[i]) {
            continue;
        }
        uint64_t *bits = open_stripe(erasing->set, i);
        if (!bits) {
            return out_of_memory(err);
        }
        memcpy(bits, base->stripes[i], MU_STRIPE_WORDS * sizeof *bits);
    }
    erasing->set->info.customers = mu_erased_count(base);
    return MUSTER_OK;
}

muster_status mu_erasing_add(mu_erasing *erasing, const mu_erased *base, uint32_t ordinal,
                             muster_error *err)
{
    assert(ordinal != MU_NO_CUSTOMER);
    if (!erasing->set) {
        MU_TRY(copy_set(erasing, base, err));
    }
    uint64_t *bits = open_stripe(erasing->set, ordinal / MU_STRIPE_ROWS);
    if (!bits) {
        return out_of_memory(err);
    }
    if (!mu_bits_test(bits, ordinal % MU_STRIPE_ROWS)) {
        mu_bits_set(bits, ordinal % MU_STRIPE_ROWS);
        erasing->set->info.customers++;
        erasing->added++;
    }
    return MUSTER_OK;
}

void mu_erasing_deinit(mu_erasing *erasing)
{
    mu_erased_release(erasing->set);
    *erasing = (mu_erasing){0};
}

static muster_status write_bytes(const mu_writer *bytes, const char *directory, uint64_t file,
                                 muster_error *err)
{
    char name[MU_FILE_NAME_BYTES];
    mu_paged_writer *out;
    uint64_t ignored;

    mu_file_name("erased", file, name);
    MU_TRY(mu_paged_create(directory, name, KIND, &out, err));
    const muster_status status = mu_paged_write(out, bytes->data, bytes->size, err);
    if (status != MUSTER_OK) {
        mu_paged_abort(out);
        return status;
    }
    return mu_paged_commit(out, &ignored, err);
}

muster_status mu_erasing_write(const mu_erasing *erasing, const char *directory, uint64_t file,
                               mu_erased_info *out, muster_error *err)
{
    mu_tag_set_writer set = {0};
    mu_writer bytes = {0};
    muster_status status;

    for (uint32_t i = 0; i < STRIPES; i++) {
        if (erasing->set->stripes[i]) {
            mu_tag_set_add(&set, i, erasing->set->stripes[i]);
        }
    }
    if (!mu_tag_set_finish(&set, &bytes) || bytes.size > UINT32_MAX) {
        status = mu_fail_memory(err, "writing who was erased");
    } else {
        *out = (mu_erased_info){
            .file = file, .size = (uint32_t)bytes.size, .customers = erasing->set->info.customers};
        assert(set.customers == out->customers);
        status = write_bytes(&bytes, directory, file, err);
    }
    mu_tag_set_writer_deinit(&set);
    mu_writer_deinit(&bytes);
    return status;
}
