/*
 * customer_write.c - writing a part of the registry; its layout is on top of customer_part.c.
 *
 * The ids are gone through two or three times: for the table of hashes, which is built in memory
 * (5 bytes a customer), and to see how they can be packed; for their bits or bytes; and, if they
 * are not packed and have different sizes, for their ends. Nothing else is held, so that old parts
 * can be merged that do not fit in memory.
 */
#include "storage/customer_part.h"

#include "storage/base/bytes.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

enum {
#ifdef MU_TINY
    TOGETHER = 3,
    PACKED_LOT = 8,
#else
    TOGETHER = 32,     /* as in customer_add.c */
    PACKED_LOT = 8192, /* ids that are packed in memory; a multiple of 8 */
#endif
};

typedef struct part_writer {
    mu_kind kind;
    mu_customer_source *source;
    void *context;
    const mu_erased *erased; /* borrowed; NULL: no one */
    uint32_t first, count;
    mu_paged_writer *file;
    mu_id_packing *packing; /* owned; NULL: ids are stored as they are */
    mu_slots slots;
    uint8_t *lines; /* line_count * MU_LINE_BYTES; owned */
    uint64_t line_count;
    bool any; /* ids, of someone who was not erased */
    uint64_t ids_size;
    uint32_t id_width, offset_width;
} part_writer;

/* All bytes of a free slot are 0xff. */
static bool is_free(mu_slots slots, const uint8_t *slot)
{
    uint8_t all = 0xff;

    for (uint32_t byte = 0; byte < slots.bytes; byte++) {
        all &= slot[byte];
    }
    return all == 0xff;
}

static void add_to_lines(part_writer *w, uint32_t i, uint64_t hash)
{
    uint64_t at = mu_customer_line(hash, w->line_count);
    const uint64_t held = htole64(mu_slot_of(w->slots, hash, i));

    for (;;) { /* there are more slots than customers, so this ends */
        for (uint32_t slot = 0; slot < w->slots.line; slot++) {
            uint8_t *to = &w->lines[at * MU_LINE_BYTES + (size_t)slot * w->slots.bytes];
            if (is_free(w->slots, to)) {
                memcpy(to, &held, w->slots.bytes);
                return;
            }
        }
        at = at + 1 == w->line_count ? 0 : at + 1;
    }
}

static uint32_t id_size(const part_writer *w, mu_customer_id id)
{
    return w->kind == MU_BIGINT ? 8 : id.text.size;
}

/* Whether nothing is to be kept of the i-th customer's id: its place is filled with zeros, and the
 * table does not have it. */
static bool is_gone(const part_writer *w, uint32_t i)
{
    return mu_erased_has(w->erased, w->first + i);
}

/* Reads the ids from `from` on, at most TOGETHER of them, and puts them into the table: first their
 * lines are fetched, all at once, then filled. */
static muster_status add_ids(part_writer *w, uint32_t from, uint32_t count, muster_error *err)
{
    uint64_t hashes[TOGETHER];

    for (uint32_t k = 0; k < count; k++) {
        mu_customer_id id;
        if (is_gone(w, from + k)) {
            continue;
        }
        MU_TRY(w->source(w->context, from + k, &id, err));
        hashes[k] = mu_customer_hash(w->kind, id);
        mu_id_packing_see(w->packing, id);
        __builtin_prefetch(&w->lines[mu_customer_line(hashes[k], w->line_count) * MU_LINE_BYTES],
                           1);
        const uint32_t size = id_size(w, id);
        w->id_width = !w->any || w->id_width == size ? size : MU_VARIED_WIDTH;
        w->any = true;
        w->ids_size += size;
    }
    for (uint32_t k = 0; k < count; k++) {
        if (!is_gone(w, from + k)) {
            add_to_lines(w, from + k, hashes[k]);
        }
    }
    return MUSTER_OK;
}

/* Packs the ids, or not, whatever takes fewer bytes. */
static void choose_layout(part_writer *w)
{
    if (w->id_width == MU_VARIED_WIDTH) {
        w->offset_width = w->ids_size <= UINT32_MAX ? 4 : 8;
    } else {
        w->ids_size = (uint64_t)w->count * w->id_width;
    }
    const uint64_t plain = w->ids_size + (uint64_t)w->count * w->offset_width;
    if (mu_id_packing_settle(w->packing)) {
        const uint64_t packed = mu_id_packing_bytes(w->packing, w->count);
        if (packed + mu_id_packing_size(w->packing) < plain) {
            w->id_width = MU_PACKED_WIDTH;
            w->offset_width = 0;
            w->ids_size = packed;
            return;
        }
    }
    mu_id_packing_free(w->packing);
    w->packing = NULL;
}

/* Fills the table, and finds out how the ids are to be laid out. */
static muster_status survey(part_writer *w, muster_error *err)
{
    w->slots = mu_slots_of(w->count);
    w->line_count = w->count / mu_line_fill(w->slots) + 1;
    w->lines = mu_mem_alloc_array((size_t)w->line_count, MU_LINE_BYTES);
    w->packing = mu_id_packing_new(w->kind);
    w->id_width = w->kind == MU_BIGINT ? 8 : 0; /* if there are none */
    if (!w->lines || !w->packing) {
        return mu_fail_memory(err, "writing the customers");
    }
    memset(w->lines, 0xff, (size_t)w->line_count * MU_LINE_BYTES);
    for (uint32_t i = 0; i < w->count; i += TOGETHER) {
        MU_TRY(add_ids(w, i, w->count - i < TOGETHER ? w->count - i : TOGETHER, err));
    }
    choose_layout(w);
    return MUSTER_OK;
}

/* So many at a time that each lot begins with a whole byte. */
static muster_status write_packed(part_writer *w, muster_error *err)
{
    const size_t lot_bytes = (size_t)mu_id_packing_bytes(w->packing, PACKED_LOT);
    uint8_t *lot = mu_mem_alloc(lot_bytes);
    muster_status status = MUSTER_OK;

    if (!lot) {
        return mu_fail_memory(err, "writing the customers");
    }
    for (uint32_t first = 0; first < w->count && status == MUSTER_OK; first += PACKED_LOT) {
        const uint32_t left = w->count - first, count = left < PACKED_LOT ? left : PACKED_LOT;
        const bool last = left <= PACKED_LOT;
        const size_t size = (size_t)mu_id_packing_bytes(w->packing, count);
        memset(lot, 0, lot_bytes);
        for (uint32_t i = 0; i < count && status == MUSTER_OK; i++) {
            mu_packed_id packed;
            mu_customer_id id;
            if (is_gone(w, first + i)) {
                continue;
            }
            status = w->source(w->context, first + i, &id, err);
            if (status == MUSTER_OK) {
                const bool fits = mu_id_pack(w->packing, id, &packed);
                assert(fits);
                (void)fits;
                mu_id_packing_put(w->packing, &packed, i, lot);
            }
        }
        if (status == MUSTER_OK) {
            status = mu_paged_write(w->file, lot, last ? size : size - MU_PACK_SLACK, err);
        }
        if (last) {
            break;
        }
    }
    mu_mem_free(lot);
    return status;
}

static muster_status write_packing(part_writer *w, muster_error *err)
{
    mu_writer how = {0};

    mu_id_packing_write(w->packing, &how);
    const muster_status status = how.failed ? mu_fail_memory(err, "writing the customers")
                                            : mu_paged_write(w->file, how.data, how.size, err);
    mu_writer_deinit(&how);
    return status;
}

static muster_status write_ids(part_writer *w, muster_error *err)
{
    static const uint8_t zeros[MU_MAX_ID_BYTES];

    for (uint32_t i = 0; i < w->count; i++) {
        mu_customer_id id;
        if (is_gone(w, i)) {
            MU_TRY(mu_paged_write(w->file, zeros, w->offset_width > 0 ? 0 : w->id_width, err));
            continue;
        }
        MU_TRY(w->source(w->context, i, &id, err));
        if (w->kind == MU_BIGINT) {
            const uint64_t little = htole64((uint64_t)id.number);
            MU_TRY(mu_paged_write(w->file, &little, sizeof little, err));
        } else {
            MU_TRY(mu_paged_write(w->file, id.text.data, id.text.size, err));
        }
    }
    return MUSTER_OK;
}

static muster_status write_offsets(part_writer *w, muster_error *err)
{
    uint64_t end = 0;

    for (uint32_t i = 0; i < w->count && w->offset_width > 0; i++) {
        mu_customer_id id;
        if (!is_gone(w, i)) {
            MU_TRY(w->source(w->context, i, &id, err));
            end += id_size(w, id);
        }
        /* Little-endian, so that the first four bytes are the number as well. */
        const uint64_t little = htole64(end);
        MU_TRY(mu_paged_write(w->file, &little, w->offset_width, err));
    }
    return MUSTER_OK;
}

static muster_status write_meta(part_writer *w, uint64_t offsets_at, uint64_t lines_at,
                                muster_error *err)
{
    mu_writer meta = {0};

    mu_write_u32(&meta, (uint32_t)w->kind);
    mu_write_u32(&meta, w->first);
    mu_write_u32(&meta, w->count);
    mu_write_u32(&meta, w->id_width);
    mu_write_u32(&meta, w->offset_width);
    mu_write_u32(&meta, w->slots.bytes);
    mu_write_u64(&meta, 0);
    mu_write_u64(&meta, w->ids_size);
    mu_write_u64(&meta, offsets_at);
    mu_write_u64(&meta, lines_at);
    mu_write_u64(&meta, w->line_count);
    assert(meta.failed || meta.size == MU_PART_META_BYTES);
    const muster_status status = meta.failed ? mu_fail_memory(err, "writing the customers")
                                             : mu_paged_write(w->file, meta.data, meta.size, err);
    mu_writer_deinit(&meta);
    return status;
}

static muster_status write_body(part_writer *w, muster_error *err)
{
    MU_TRY(survey(w, err));
    MU_TRY(w->packing ? write_packed(w, err) : write_ids(w, err));
    MU_TRY(mu_paged_align(w->file, 8, err));
    const uint64_t offsets_at = mu_paged_offset(w->file);
    MU_TRY(w->packing ? write_packing(w, err) : write_offsets(w, err));
    MU_TRY(mu_paged_align(w->file, MU_LINE_BYTES, err));
    const uint64_t lines_at = mu_paged_offset(w->file);
    MU_TRY(mu_paged_write(w->file, w->lines, (size_t)w->line_count * MU_LINE_BYTES, err));
    return write_meta(w, offsets_at, lines_at, err);
}

muster_status mu_customer_part_write(const char *directory, mu_kind kind, const mu_erased *erased,
                                     mu_customer_source *source, void *context,
                                     mu_customer_part_info *info, mu_map *bytes, muster_error *err)
{
    char name[MU_FILE_NAME_BYTES];
    part_writer w = {.kind = kind,
                     .source = source,
                     .context = context,
                     .erased = erased,
                     .first = info->first,
                     .count = info->count};

    assert(info->count > 0);
    mu_file_name("customers", info->file, name);
    MU_TRY(mu_paged_create(directory, name, MU_CUSTOMER_KIND, &w.file, err));
    const muster_status status = write_body(&w, err);
    mu_id_packing_free(w.packing);
    mu_mem_free(w.lines);
    if (status != MUSTER_OK) {
        mu_paged_abort(w.file);
        return status;
    }
    if (!directory) {
        MU_TRY(mu_paged_take(w.file, bytes, err));
        info->size_bytes = bytes->size;
        return MUSTER_OK;
    }
    return mu_paged_commit(w.file, &info->size_bytes, err);
}
