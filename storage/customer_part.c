/*
 * customer_part.c - one file of the registry, as a paged file (paged.c).
 *
 *   ids        packed, in as many bits as they need (customer_pack.c), and 8 bytes of zeros; or
 *              BIGINT: i64 each; TEXT: their bytes, one after the other
 *   offsets    packed: how; TEXT of different sizes: where each id ends, u32 or u64; else nothing
 *   lines      the table of hashes, 64 bytes a line, at a multiple of 64: 16 slots of 4 bytes, or
 *              12 of 5 where there are 2^24 customers or more. A slot is ordinal less the part's
 *              first, in as many bits as their number needs, and above it the lowest bits of the
 *              hash; all ones if it is free; those that are taken come first
 *   meta       u32 kind   u32 first   u32 count   u32 width of an id   u32 width of an offset
 *              u32 bytes of a slot    u64 where the ids begin, their size, where the offsets begin,
 *              where the lines begin, how many lines  - together 64 bytes
 *
 * An id whose hash is h, of 64 bits, is looked for in line (h / 2^32) * lines / 2^32, and in the
 * lines after it as long as they are full. So a lookup touches one line, mostly, and one id.
 */
#include "storage/customer_part.h"

#include "storage/base/bytes.h"
#include "storage/base/hash.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

uint64_t mu_customer_hash(mu_kind kind, mu_customer_id id)
{
    assert(kind == MU_TEXT || kind == MU_BIGINT);
    return kind == MU_TEXT ? mu_checksum(id.text.data, id.text.size)
                           : mu_hash_u64((uint64_t)id.number);
}

bool mu_customer_id_equal(mu_kind kind, mu_customer_id a, mu_customer_id b)
{
    return kind == MU_TEXT ? mu_text_equal(a.text, b.text) : a.number == b.number;
}

/* Sizes and places that contradict one another are found here, so that lookups need not look. */
static bool meta_is_sane(const mu_customer_part *part, uint64_t end)
{
    const uint64_t count = part->info.count;
    const uint64_t offset_bytes = count * part->offset_width;

    const bool packed = part->id_width == MU_PACKED_WIDTH;

    if (part->offset_width != (part->id_width != MU_VARIED_WIDTH ? 0u : 4u) &&
        (part->offset_width != 8 || part->id_width != MU_VARIED_WIDTH)) {
        return false;
    }
    if (part->id_width != MU_VARIED_WIDTH && !packed &&
        (part->id_width > MU_MAX_ID_BYTES || part->ids_size != count * part->id_width)) {
        return false;
    }
    if (part->kind == MU_BIGINT && part->id_width != 8 && !packed) {
        return false;
    }
    return part->ids_at <= end && part->ids_size <= end - part->ids_at && part->offsets_at <= end &&
           offset_bytes <= end - part->offsets_at && part->lines_at <= end &&
           part->line_count > 0 && part->line_count <= UINT32_MAX &&
           part->line_count <= (end - part->lines_at) / MU_LINE_BYTES &&
           part->line_count > count / part->slots.line;
}

/* How the ids are packed, and whether there are as many bytes as they need. */
static muster_status read_packing(mu_customer_part *part, muster_error *err)
{
    const uint8_t *data;
    size_t size;

    MU_TRY(mu_paged_read(part->file, part->offsets_at, MU_ID_PACKING_HEAD, &data, err));
    if (!mu_id_packing_head(data, &size)) {
        return mu_fail(err, MUSTER_CORRUPT, "%s: packed ids are too long",
                       mu_paged_name(part->file));
    }
    MU_TRY(mu_paged_read(part->file, part->offsets_at, size, &data, err));
    MU_TRY(mu_id_packing_open(part->kind, data, size, &part->packing, err));
    if (part->ids_size != mu_id_packing_bytes(part->packing, part->info.count)) {
        return mu_fail(err, MUSTER_CORRUPT, "%s: packed ids take %" PRIu64 " bytes, not %" PRIu64,
                       mu_paged_name(part->file),
                       mu_id_packing_bytes(part->packing, part->info.count), part->ids_size);
    }
    return MUSTER_OK;
}

static muster_status read_meta(mu_customer_part *part, muster_error *err)
{
    const uint64_t size = mu_paged_size(part->file);
    const uint8_t *data;

    if (size < MU_PART_META_BYTES) {
        return mu_fail(err, MUSTER_CORRUPT, "%s: it is too short", mu_paged_name(part->file));
    }
    MU_TRY(mu_paged_read(part->file, size - MU_PART_META_BYTES, MU_PART_META_BYTES, &data, err));
    mu_reader meta = mu_reader_of(data, MU_PART_META_BYTES);
    const uint32_t kind = mu_read_u32(&meta);
    const uint32_t first = mu_read_u32(&meta);
    const uint32_t count = mu_read_u32(&meta);
    part->id_width = mu_read_u32(&meta);
    part->offset_width = mu_read_u32(&meta);
    const uint32_t slot_bytes = mu_read_u32(&meta);
    part->ids_at = mu_read_u64(&meta);
    part->ids_size = mu_read_u64(&meta);
    part->offsets_at = mu_read_u64(&meta);
    part->lines_at = mu_read_u64(&meta);
    part->line_count = mu_read_u64(&meta);
    if (kind != (uint32_t)part->kind || first != part->info.first || count != part->info.count) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "%s: it has customers %u to %u of type %u, not %u to %u of type %d",
                       mu_paged_name(part->file), first, first + count, kind, part->info.first,
                       part->info.first + part->info.count, (int)part->kind);
    }
    part->slots = mu_slots_of(count);
    if (slot_bytes != part->slots.bytes || !meta_is_sane(part, size - MU_PART_META_BYTES)) {
        return mu_fail(err, MUSTER_CORRUPT, "%s: its parts do not fit one another",
                       mu_paged_name(part->file));
    }
    return part->id_width == MU_PACKED_WIDTH ? read_packing(part, err) : MUSTER_OK;
}

static muster_status open_file(const char *directory, const mu_held_files *held,
                               const mu_customer_part_info *info, mu_paged **out, muster_error *err)
{
    const mu_map *bytes = mu_held_find(held, info->file);
    char name[MU_FILE_NAME_BYTES];

    mu_file_name("customers", info->file, name);
    if (bytes) {
        mu_map map = mu_env_map_part(bytes, 0, bytes->size);
        return mu_paged_open_map(&map, name, MU_CUSTOMER_KIND, out, err);
    }
    return mu_paged_open(directory, name, MU_CUSTOMER_KIND, info->size_bytes, out, err);
}

muster_status mu_customer_part_open(const char *directory, const mu_held_files *held,
                                    const mu_customer_part_info *info, mu_kind kind,
                                    mu_customer_part **out, muster_error *err)
{
    muster_status status;
    mu_customer_part *part = mu_mem_zalloc(sizeof *part);

    *out = NULL;
    if (!part) {
        return mu_fail_memory(err, "opening the customers");
    }
    atomic_init(&part->references, 1);
    part->info = *info;
    part->kind = kind;
    MU_TRY_GOTO(open_file(directory, held, info, &part->file, err));
    MU_TRY_GOTO(read_meta(part, err));
    *out = part;
    return MUSTER_OK;

fail:
    mu_customer_part_release(part);
    return status;
}

mu_customer_part *mu_customer_part_retain(mu_customer_part *part)
{
    atomic_fetch_add_explicit(&part->references, 1, memory_order_relaxed);
    return part;
}

void mu_customer_part_release(mu_customer_part *part)
{
    if (part && atomic_fetch_sub_explicit(&part->references, 1, memory_order_acq_rel) == 1) {
        mu_id_packing_free(part->packing);
        mu_paged_close(part->file);
        mu_mem_free(part);
    }
}

static muster_status read_offset(const mu_customer_part *part, uint32_t i, uint64_t *offset,
                                 muster_error *err)
{
    const uint8_t *data;

    MU_TRY(mu_paged_read(part->file, part->offsets_at + (uint64_t)i * part->offset_width,
                         part->offset_width, &data, err));
    *offset = part->offset_width == 4 ? mu_load_u32(data) : mu_load_u64(data);
    return MUSTER_OK;
}

static muster_status read_packed(const mu_customer_part *part, uint32_t i, mu_packed_id *id,
                                 muster_error *err)
{
    uint64_t offset;
    uint32_t size;
    const uint8_t *data;

    assert(i < part->info.count);
    mu_id_packing_place(part->packing, i, &offset, &size);
    MU_TRY(mu_paged_read(part->file, part->ids_at + offset, size, &data, err));
    mu_id_packing_take(part->packing, i, data, id);
    return MUSTER_OK;
}

/* The id of the i-th customer of the part. */
static muster_status read_id(const mu_customer_part *part, uint32_t i,
                             char room[MU_PACKED_ID_BYTES], mu_customer_id *id, muster_error *err)
{
    uint64_t start = 0, end;
    const uint8_t *data;

    assert(i < part->info.count);
    if (part->packing) {
        mu_packed_id packed;
        MU_TRY(read_packed(part, i, &packed, err));
        *id = mu_id_unpack(part->packing, &packed, room);
        return MUSTER_OK;
    }
    if (part->id_width != MU_VARIED_WIDTH) {
        start = (uint64_t)i * part->id_width;
        end = start + part->id_width;
    } else {
        if (i > 0) {
            MU_TRY(read_offset(part, i - 1, &start, err));
        }
        MU_TRY(read_offset(part, i, &end, err));
        if (start > end || end > part->ids_size || end - start > MU_MAX_ID_BYTES) {
            return mu_fail(err, MUSTER_CORRUPT,
                           "%s: the id of customer %u lies from %" PRIu64 " to %" PRIu64,
                           mu_paged_name(part->file), part->info.first + i, start, end);
        }
    }
    MU_TRY(mu_paged_read(part->file, part->ids_at + start, end - start, &data, err));
    if (part->kind == MU_BIGINT) {
        *id = (mu_customer_id){.number = (int64_t)mu_load_u64(data)};
    } else {
        *id = (mu_customer_id){.text = {(const char *)data, (uint32_t)(end - start)}};
    }
    return MUSTER_OK;
}

muster_status mu_customer_part_id(const mu_customer_part *part, uint32_t ordinal,
                                  char room[MU_PACKED_ID_BYTES], mu_customer_id *id,
                                  muster_error *err)
{
    assert(ordinal >= part->info.first);
    return read_id(part, ordinal - part->info.first, room, id, err);
}

void mu_customer_part_prefetch(const mu_customer_part *part, uint64_t hash)
{
    mu_paged_prefetch(part->file,
                      part->lines_at + mu_customer_line(hash, part->line_count) * MU_LINE_BYTES);
}

/* An id that is looked for. */
typedef struct wanted {
    mu_customer_id id;
    mu_packed_id packed;     /* if the part's are */
    uint64_t tag;            /* what its slot has above the ordinal */
    const mu_erased *erased; /* none of these is it */
    uint32_t only;           /* this customer's, whoever else has it; MU_NO_CUSTOMER: anyone's */
} wanted;

static muster_status is_wanted(const mu_customer_part *part, uint32_t i, const wanted *w, bool *is,
                               muster_error *err)
{
    *is = i == w->only;
    if (w->only != MU_NO_CUSTOMER || mu_erased_has(w->erased, part->info.first + i)) {
        return MUSTER_OK;
    }
    if (part->packing) {
        mu_packed_id packed;
        MU_TRY(read_packed(part, i, &packed, err));
        *is = mu_packed_id_equal(part->packing, &packed, &w->packed);
    } else {
        mu_customer_id found;
        MU_TRY(read_id(part, i, NULL, &found, err));
        *is = mu_customer_id_equal(part->kind, found, w->id);
    }
    return MUSTER_OK;
}

static uint64_t load_slot(mu_slots slots, const uint8_t *line, uint32_t slot)
{
    const uint8_t *at = line + (size_t)slot * slots.bytes;
    const uint64_t low = mu_load_u32(at);

    return slots.bytes == MU_SLOT_BYTES ? low : low | (uint64_t)at[MU_SLOT_BYTES] << 32;
}

/* Looks through one line; *full is false if the search ends with it. */
static muster_status search_line(const mu_customer_part *part, uint64_t at, const wanted *w,
                                 uint32_t *ordinal, bool *full, muster_error *err)
{
    const mu_slots slots = part->slots;
    const uint8_t *line;

    *full = false;
    MU_TRY(
        mu_paged_read(part->file, part->lines_at + at * MU_LINE_BYTES, MU_LINE_BYTES, &line, err));
    for (uint32_t slot = 0; slot < slots.line; slot++) {
        const uint64_t held = load_slot(slots, line, slot);
        const uint32_t i = (uint32_t)(held & ((UINT64_C(1) << slots.ordinal_bits) - 1));
        bool is;
        if (held == slots.free) {
            return MUSTER_OK;
        }
        if (held >> slots.ordinal_bits != w->tag) {
            continue;
        }
        if (i >= part->info.count) {
            return mu_fail(err, MUSTER_CORRUPT, "%s: line %" PRIu64 " names customer %u of %u",
                           mu_paged_name(part->file), at, i, part->info.count);
        }
        MU_TRY(is_wanted(part, i, w, &is, err));
        if (is) {
            *ordinal = part->info.first + i;
            return MUSTER_OK;
        }
    }
    *full = true;
    return MUSTER_OK;
}

static muster_status search_lines(const mu_customer_part *part, wanted w, uint64_t hash,
                                  uint32_t *ordinal, muster_error *err)
{
    uint64_t at = mu_customer_line(hash, part->line_count);
    bool full = true;

    w.tag = mu_slot_of(part->slots, hash, 0) >> part->slots.ordinal_bits;
    *ordinal = MU_NO_CUSTOMER;
    for (uint64_t seen = 0; seen < part->line_count && full; seen++) {
        MU_TRY(search_line(part, at, &w, ordinal, &full, err));
        at = at + 1 == part->line_count ? 0 : at + 1;
    }
    return MUSTER_OK;
}

muster_status mu_customer_part_find(const mu_customer_part *part, mu_customer_id id, uint64_t hash,
                                    const mu_erased *erased, uint32_t *ordinal, muster_error *err)
{
    wanted w = {.id = id, .erased = erased, .only = MU_NO_CUSTOMER};

    *ordinal = MU_NO_CUSTOMER;
    if (part->packing && !mu_id_pack(part->packing, id, &w.packed)) {
        return MUSTER_OK;
    }
    return search_lines(part, w, hash, ordinal, err);
}

/* Whether the table has the i-th customer, under the id that is in its place. */
static muster_status has_slot(const mu_customer_part *part, uint32_t i, bool *has,
                              muster_error *err)
{
    const wanted w = {.only = i};
    char room[MU_PACKED_ID_BYTES];
    mu_customer_id id;
    uint32_t found;

    MU_TRY(read_id(part, i, room, &id, err));
    MU_TRY(search_lines(part, w, mu_customer_hash(part->kind, id), &found, err));
    *has = found != MU_NO_CUSTOMER;
    return MUSTER_OK;
}

muster_status mu_customer_part_has_any(const mu_customer_part *part, const mu_erased *erased,
                                       bool *has, muster_error *err)
{
    *has = false;
    for (uint64_t i = 0; i < part->info.count && !*has; i++) {
        const uint32_t ordinal = part->info.first + (uint32_t)i, at = ordinal % MU_STRIPE_ROWS;
        const uint64_t *bits = mu_erased_stripe(erased, ordinal / MU_STRIPE_ROWS);
        if (!bits) {
            i += MU_STRIPE_ROWS - 1 - at; /* to the next stripe */
        } else if (mu_bits_test(bits, at)) {
            MU_TRY(has_slot(part, (uint32_t)i, has, err));
        }
    }
    return MUSTER_OK;
}

muster_status mu_customer_part_check(const mu_customer_part *part, const mu_erased *erased,
                                     muster_error *err)
{
    MU_TRY(mu_paged_check(part->file, err));
    for (uint32_t i = 0; i < part->info.count; i++) {
        char room[MU_PACKED_ID_BYTES];
        mu_customer_id id;
        uint32_t found;
        MU_TRY(read_id(part, i, room, &id, err));
        if (mu_erased_has(erased, part->info.first + i)) {
            continue;
        }
        MU_TRY(
            mu_customer_part_find(part, id, mu_customer_hash(part->kind, id), erased, &found, err));
        if (found != part->info.first + i) {
            return mu_fail(err, MUSTER_CORRUPT, "%s: the id of customer %u is found as %u",
                           mu_paged_name(part->file), part->info.first + i, found);
        }
    }
    return MUSTER_OK;
}
