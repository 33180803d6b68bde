/*
 * segment_posting.c - the postings of an open segment; their layout is on top of posting.c.
 *
 * The head is read at the first use of a column, the checksum of a set at the first use of its
 * value. A container is then read straight from the mapped file, by code that believes no size it
 * finds there.
 */
#include "storage/segment_format.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/tag_set.h"

#include <assert.h>
#include <inttypes.h>

/* Reads one entry of the head; its set begins at *end. */
static muster_status read_posting(mu_reader *in, mu_posting *posting, uint64_t *end, uint64_t limit,
                                  muster_error *err)
{
    posting->rows = mu_read_varint(in);
    posting->nobody_rows = mu_read_varint(in);
    posting->size = mu_read_varint(in);
    if (posting->size == 0) {
        return MUSTER_OK;
    }
    posting->customers = mu_read_varint(in);
    posting->checksum = mu_read_u64(in);
    posting->offset = *end;
    if (posting->size > limit - *end || mu_segment_padded(posting->size) > limit - *end ||
        posting->customers == 0 || posting->customers > posting->rows) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "%" PRIu64 " customers of %" PRIu64 " rows are not a set of %" PRIu64
                       " bytes with %" PRIu64 " left",
                       posting->customers, posting->rows, posting->size, limit - *end);
    }
    *end += mu_segment_padded(posting->size);
    return MUSTER_OK;
}

static muster_status read_head(const mu_segment *segment, const mu_segment_column_info *column,
                               mu_postings *out, muster_error *err)
{
    const mu_posting_place *place = &column->posting;
    mu_reader in = mu_reader_of(segment->map.data + place->offset, place->head_size);
    uint64_t end = place->offset + mu_segment_padded(place->head_size);
    const uint64_t limit = end + place->sets_size;
    uint64_t rows = 0, nobody_rows = 0;

    for (uint32_t i = 0; i < out->count; i++) {
        const muster_status status = read_posting(&in, &out->values[i], &end, limit, err);
        if (status != MUSTER_OK) {
            mu_where(err, "postings of value %" PRIu32 " of %" PRIu32, i + 1, out->count);
            return status;
        }
        rows += out->values[i].rows;
        nobody_rows += out->values[i].nobody_rows;
    }
    if (in.overrun || in.at != in.size || end != limit ||
        rows != segment->info.rows - segment->info.nobody_rows ||
        nobody_rows != segment->info.nobody_rows) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "postings count %" PRIu64 " rows and %" PRIu64
                       " of nobody, and end at offset %" PRIu64 " of %" PRIu64,
                       rows, nobody_rows, end, limit);
    }
    return MUSTER_OK;
}

void mu_segment_postings_free(mu_postings *postings)
{
    if (postings) {
        mu_mem_free(postings->values);
        mu_mem_free(postings);
    }
}

static muster_status read_postings(const mu_segment *segment, const mu_segment_column_info *column,
                                   mu_postings **out, muster_error *err)
{
    const mu_posting_place *place = &column->posting;
    muster_status status;
    mu_postings *postings = mu_mem_zalloc(sizeof *postings);

    *out = NULL;
    if (!postings) {
        return mu_fail_memory(err, "reading postings");
    }
    MU_TRY_GOTO(
        mu_segment_verify(segment, place->offset, place->head_size, place->head_checksum, err));
    postings->count = column->place.count + 1;
    postings->values = mu_mem_zalloc_array(postings->count, sizeof *postings->values);
    if (!postings->values) {
        status = mu_fail_memory(err, "reading postings");
        goto fail;
    }
    MU_TRY_GOTO(read_head(segment, column, postings, err));
    *out = postings;
    return MUSTER_OK;

fail:
    mu_segment_postings_free(postings);
    if (status == MUSTER_CORRUPT) {
        mu_where(err, "%s, column \"%s\", offset %" PRIu64, segment->name, column->name,
                 place->offset);
    }
    return status;
}

muster_status mu_segment_postings(mu_segment *segment, uint32_t column, const mu_postings **out,
                                  muster_error *err)
{
    assert(column < segment->column_count);
    mu_segment_column_info *info = &segment->columns[column];
    mu_postings *postings = atomic_load_explicit(&info->postings, memory_order_acquire);

    *out = NULL;
    if (!info->posting.there) {
        return MUSTER_OK;
    }
    if (!postings) {
        mu_postings *first = NULL;
        mu_account *account = mu_account_enter(NULL); /* they outlive who asks first */
        const muster_status status = read_postings(segment, info, &postings, err);
        mu_account_enter(account);
        MU_TRY(status);
        if (!atomic_compare_exchange_strong(&info->postings, &first, postings)) {
            mu_segment_postings_free(postings); /* another thread was faster */
            postings = first;
        }
    }
    *out = postings;
    return MUSTER_OK;
}

uint64_t mu_segment_posting_bytes(const mu_segment *segment, uint32_t column)
{
    const mu_posting_place *place = &segment->columns[column].posting;

    return place->there ? mu_segment_padded(place->head_size) + place->sets_size : 0;
}

/* Sets. */

static void where_set(const mu_segment *segment, uint32_t column, const mu_posting *posting,
                      muster_error *err)
{
    mu_where(err, "%s, column \"%s\", offset %" PRIu64, segment->name,
             segment->columns[column].name, posting->offset);
}

/* The bytes of a set, its checksum verified. */
static muster_status open_set(const mu_segment *segment, mu_posting *posting, mu_tag_set *set,
                              muster_error *err)
{
    assert(posting->size > 0);
    if (!atomic_load_explicit(&posting->verified, memory_order_relaxed)) {
        MU_TRY(mu_segment_verify(segment, posting->offset, posting->size, posting->checksum, err));
        atomic_store_explicit(&posting->verified, true, memory_order_relaxed);
    }
    *set = (mu_tag_set){.memory = segment->map.data + posting->offset, .size = posting->size};
    return MUSTER_OK;
}

muster_status mu_segment_posting_has(const mu_segment *segment, uint32_t column,
                                     mu_posting *posting, uint32_t stripe, bool *has,
                                     muster_error *err)
{
    mu_tag_set set;

    *has = false;
    if (posting->rows == 0) {
        return MUSTER_OK;
    }
    muster_status status = open_set(segment, posting, &set, err);
    if (status == MUSTER_OK) {
        status = mu_tag_set_has(&set, stripe, has, err);
    }
    if (status != MUSTER_OK) {
        where_set(segment, column, posting, err);
    }
    return status;
}

muster_status mu_segment_posting_read(const mu_segment *segment, uint32_t column,
                                      mu_posting *posting, uint32_t stripe,
                                      uint64_t into[MU_STRIPE_WORDS], uint64_t *bytes,
                                      muster_error *err)
{
    mu_tag_set set;

    *bytes = 0;
    if (posting->rows == 0) {
        return MUSTER_OK;
    }
    muster_status status = open_set(segment, posting, &set, err);
    if (status == MUSTER_OK) {
        status = mu_tag_set_read(&set, stripe, into, bytes, err);
    }
    if (status != MUSTER_OK) {
        where_set(segment, column, posting, err);
    }
    return status;
}
