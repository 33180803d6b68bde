/*
 * tag_commit.c - how what a change does to tags and audiences becomes files.
 *
 * The directory is written anew, whole. Sets that are new go into one file of sets; all others stay
 * in the files they are in, unless a file is to go. Then what is in use of it moves into the new
 * one. A file goes
 *
 *   - if less than half of it is in use;
 *   - together with the others that are about as large, once there are MERGE_AT of them, so that
 *     there are few files however many changes there were, and a set moves log(n) times;
 *   - if it has something to lose, on demand (mu_tag_edits_purge): a set with someone who was
 *     erased, or one that is in use no more and may have them.
 *
 * A set that moves is copied as it is, unless it has someone who was erased.
 */
#include "storage/tag_edit.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

enum {
#ifdef MU_TINY
    MERGE_AT = 3,
#else
    MERGE_AT = 8, /* files of a size, before they become one */
#endif
    LEVELS = 20,           /* more than a file has in 64 bits */
    SMALL_BYTES = 1 << 16, /* files up to this many are of one size: a write costs the same */
    SET_ALIGNMENT = 8,
};

typedef struct commit {
    const mu_tag_edits *edits;
    const mu_tags *base;
    const char *path;      /* of the database */
    uint64_t number;       /* of the new file of sets */
    uint64_t *going;       /* a bit for each of the base's files */
    mu_paged_writer *file; /* NULL before the first set */
    mu_writer directory;   /* its bytes */
    uint32_t entries;      /* in it */
    mu_tag last;           /* the last of them, for the texts that are alike */
} commit;

static muster_status out_of_memory(muster_error *err)
{
    return mu_fail_memory(err, "writing tags");
}

/* Which files go. */

static uint64_t padded(uint64_t size)
{
    return (size + SET_ALIGNMENT - 1) / SET_ALIGNMENT * SET_ALIGNMENT;
}

/* How many bytes of each of the base's files are in use; the caller's. NULL: out of memory. */
static uint64_t *count_used(const mu_tag_edits *edits)
{
    const mu_tags *base = edits->base;
    uint64_t *used = mu_mem_zalloc_array(base->file_count, sizeof *used);

    for (uint32_t t = 0; used && t < base->count; t++) {
        for (uint32_t i = 0; !mu_bits_test(edits->gone, t) && i < base->list[t].value_count; i++) {
            const mu_tag_value *value = &base->list[t].values[i];
            used[value->file] += padded(value->size);
        }
    }
    return used;
}

/* How many bytes of sets it has, in use or not. */
static uint64_t written_bytes(const mu_tags *base, uint32_t file)
{
    return mu_paged_size(base->files[file]->paged) - MU_SETS_HEAD_BYTES;
}

static uint32_t level_of(uint64_t bytes)
{
    uint32_t level = 0;

    for (bytes /= SMALL_BYTES; bytes > 0; bytes /= MERGE_AT) {
        level++;
    }
    return level < LEVELS ? level : LEVELS - 1;
}

static muster_status choose_files(commit *c, muster_error *err)
{
    const uint32_t count = c->base->file_count;
    uint64_t *used = count_used(c->edits);
    uint32_t at_level[LEVELS] = {0};

    c->going = mu_mem_zalloc_array(mu_bits_words(count), sizeof *c->going);
    if (!used || !c->going) {
        mu_mem_free(used);
        return out_of_memory(err);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (mu_bits_test(c->edits->stale, i) || used[i] < written_bytes(c->base, i) / 2) {
            mu_bits_set(c->going, i);
        } else {
            at_level[level_of(used[i])]++;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (at_level[level_of(used[i])] >= MERGE_AT) {
            mu_bits_set(c->going, i);
        }
    }
    mu_mem_free(used);
    return MUSTER_OK;
}

/* Sets. */

static muster_status find_erased(const mu_tag_set *set, const mu_erased *erased, bool *found,
                                 muster_error *err)
{
    uint32_t count, stripe;

    *found = false;
    MU_TRY(mu_tag_set_stripes(set, &count, err));
    for (uint32_t i = 0; i < count && !*found; i++) {
        MU_TRY(mu_tag_set_stripe(set, i, &stripe, err));
        const uint64_t *gone = mu_erased_stripe(erased, stripe);
        uint64_t bits[MU_STRIPE_WORDS] = {0}, size;
        if (gone) {
            MU_TRY(mu_tag_set_read(set, stripe, bits, &size, err));
        }
        for (uint32_t word = 0; gone && word < MU_STRIPE_WORDS; word++) {
            *found |= (bits[word] & gone[word]) != 0;
        }
    }
    return MUSTER_OK;
}

/* Marks files with bytes that are no longer in use. */
static muster_status mark_unused(mu_tag_edits *edits, muster_error *err)
{
    uint64_t *used = count_used(edits);

    if (!used) {
        return out_of_memory(err);
    }
    for (uint32_t i = 0; i < edits->base->file_count; i++) {
        if (used[i] < written_bytes(edits->base, i)) {
            mu_bits_set(edits->stale, i);
            edits->any_stale = true;
        }
    }
    mu_mem_free(used);
    return MUSTER_OK;
}

/* Marks the files of the tag's sets that have someone who was erased. */
static muster_status mark_erased(mu_tag_edits *edits, const mu_tag *tag, muster_error *err)
{
    bool found;

    for (uint32_t i = 0; i < tag->value_count; i++) {
        const mu_tag_set set = mu_tag_value_set(edits->base, &tag->values[i]);
        if (mu_bits_test(edits->stale, tag->values[i].file)) {
            continue;
        }
        const muster_status status = find_erased(&set, edits->erased, &found, err);
        if (status != MUSTER_OK) {
            mu_tag_where(edits->base, tag, i, err);
            return status;
        }
        if (found) {
            mu_bits_set(edits->stale, tag->values[i].file);
            edits->any_stale = true;
        }
    }
    return MUSTER_OK;
}

muster_status mu_tag_edits_purge(mu_tag_edits *edits, muster_error *err)
{
    MU_TRY(mark_unused(edits, err));
    for (uint32_t t = 0; edits->erased && t < edits->base->count; t++) {
        if (!mu_bits_test(edits->gone, t)) {
            MU_TRY(mark_erased(edits, &edits->base->list[t], err));
        }
    }
    return MUSTER_OK;
}

/* The bytes of a set without who was erased; none if nobody is left. */
static muster_status filter(const mu_tag_set *set, const mu_erased *erased, mu_writer *out,
                            uint64_t *customers, muster_error *err)
{
    mu_tag_set_writer writer = {0};
    muster_status status;
    uint32_t count, stripe;

    MU_TRY_GOTO(mu_tag_set_stripes(set, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bits[MU_STRIPE_WORDS] = {0}, size;
        MU_TRY_GOTO(mu_tag_set_stripe(set, i, &stripe, err));
        MU_TRY_GOTO(mu_tag_set_read(set, stripe, bits, &size, err));
        mu_erased_clear(erased, stripe, bits);
        mu_tag_set_add(&writer, stripe, bits);
    }
    *customers = writer.customers;
    if (writer.customers > 0 && !mu_tag_set_finish(&writer, out)) {
        status = out_of_memory(err);
    }

fail:
    mu_tag_set_writer_deinit(&writer);
    return status;
}

/* The bytes of a set that moves: in the old file, or, if it had someone who was erased, in `room`.
 * *customers becomes how many are in it. */
static muster_status fetch(const commit *c, const mu_tag_value *value, mu_writer *room,
                           const uint8_t **data, uint64_t *size, uint64_t *customers,
                           muster_error *err)
{
    const mu_tag_set set = mu_tag_value_set(c->base, value);
    bool has_erased;

    MU_TRY(find_erased(&set, c->edits->erased, &has_erased, err));
    if (has_erased) {
        MU_TRY(filter(&set, c->edits->erased, room, customers, err));
        *data = room->data;
        *size = room->size;
        return MUSTER_OK;
    }
    *customers = value->customers;
    *size = set.size;
    return mu_paged_read(set.file, set.offset, set.size, data, err);
}

static void add_value(commit *c, mu_text value, uint64_t customers, uint64_t file, uint64_t offset,
                      uint64_t size)
{
    mu_write_text(&c->directory, value.data, value.size);
    mu_write_u64(&c->directory, customers);
    mu_write_u64(&c->directory, file);
    mu_write_u64(&c->directory, offset);
    mu_write_u64(&c->directory, size);
}

static muster_status begin_sets(commit *c, muster_error *err)
{
    const uint64_t head = htole64(c->number);
    char name[MU_FILE_NAME_BYTES];

    static_assert(sizeof head == MU_SETS_HEAD_BYTES, "the number is all of the head");
    mu_file_name("sets", c->number, name);
    MU_TRY(mu_paged_create(c->path, name, MU_SETS_KIND, &c->file, err));
    return mu_paged_write(c->file, &head, sizeof head, err);
}

/* Writes a set, and its value into the directory. */
static muster_status add_bytes(commit *c, mu_text value, uint64_t customers, const uint8_t *data,
                               uint64_t size, muster_error *err)
{
    if (!c->file) {
        MU_TRY(begin_sets(c, err));
    }
    add_value(c, value, customers, c->number, mu_paged_offset(c->file), size);
    MU_TRY(mu_paged_write(c->file, data, size, err));
    return mu_paged_align(c->file, SET_ALIGNMENT, err);
}

/* The directory. */

/* Begins an entry. Returns where the number of its values is to be put. */
static size_t begin_entry(commit *c, const mu_tag *tag)
{
    const bool alike = c->entries > 0 && tag->kind == MU_AUDIENCE && c->last.kind == MU_AUDIENCE &&
                       mu_text_equal(c->last.name, tag->name) &&
                       mu_text_equal(c->last.definition, tag->definition);

    mu_write_u8(&c->directory, (uint8_t)tag->kind);
    mu_write_text(&c->directory, tag->name.data, tag->name.size);
    mu_write_u32(&c->directory, tag->version);
    mu_write_i64(&c->directory, tag->refreshed_us);
    mu_write_text(&c->directory, tag->definition.data, alike ? 0 : tag->definition.size);
    c->last = *tag;
    c->entries++;
    return mu_write_u32(&c->directory, 0);
}

static muster_status write_draft(commit *c, const mu_tag_draft *draft, muster_error *err)
{
    const size_t count_at = begin_entry(c, &draft->tag);

    for (uint32_t i = 0; i < draft->set_count; i++) {
        const mu_draft_set *set = &draft->sets[i];
        MU_TRY(add_bytes(c, set->value, set->customers, set->bytes.data, set->bytes.size, err));
    }
    mu_patch_u32(&c->directory, count_at, draft->set_count);
    return MUSTER_OK;
}

/* Writes the i-th set of the tag into the new file; *any is false if nobody is left in it. */
static muster_status move_set(commit *c, const mu_tag *tag, uint32_t i, bool *any,
                              muster_error *err)
{
    const mu_tag_value *value = &tag->values[i];
    mu_writer room = {0};
    const uint8_t *data;
    uint64_t size, customers;

    muster_status status = fetch(c, value, &room, &data, &size, &customers, err);
    if (status != MUSTER_OK) {
        mu_tag_where(c->base, tag, i, err);
    } else {
        *any = customers > 0;
        status = *any ? add_bytes(c, value->value, customers, data, size, err) : MUSTER_OK;
    }
    mu_writer_deinit(&room);
    return status;
}

static muster_status write_old(commit *c, const mu_tag *tag, muster_error *err)
{
    const size_t count_at = begin_entry(c, tag);
    uint32_t count = 0;

    for (uint32_t i = 0; i < tag->value_count; i++) {
        const mu_tag_value *value = &tag->values[i];
        bool any = true;
        if (mu_bits_test(c->going, value->file)) {
            MU_TRY(move_set(c, tag, i, &any, err));
        } else {
            add_value(c, value->value, value->customers, c->base->files[value->file]->number,
                      value->offset, value->size);
        }
        count += any;
    }
    mu_patch_u32(&c->directory, count_at, count);
    return MUSTER_OK;
}

/* Those of the base that stay, and the drafts, in order. */
static muster_status write_entries(commit *c, muster_error *err)
{
    const mu_tag_edits *edits = c->edits;
    size_t draft = 0;

    mu_write_u32(&c->directory, 0); /* how many, below */
    for (uint32_t t = 0; t <= c->base->count; t++) {
        const mu_tag *tag = t < c->base->count ? &c->base->list[t] : NULL;
        if (tag && mu_bits_test(edits->gone, t)) {
            continue;
        }
        while (draft < edits->draft_count &&
               (!tag || mu_tag_compare(&edits->drafts[draft]->tag, tag) < 0)) {
            MU_TRY(write_draft(c, edits->drafts[draft++], err));
        }
        if (tag) {
            MU_TRY(write_old(c, tag, err));
        }
    }
    mu_patch_u32(&c->directory, 0, c->entries);
    return c->directory.failed ? out_of_memory(err) : MUSTER_OK;
}

/* The files of sets that there are then. */
static muster_status end_sets(commit *c, mu_arena *arena, mu_tags_info *out, muster_error *err)
{
    mu_sets_file *sets = MU_NEW_ARRAY(arena, mu_sets_file, (size_t)c->base->file_count + 1);
    mu_paged_writer *file = c->file;

    if (!sets) {
        return out_of_memory(err);
    }
    for (uint32_t i = 0; i < c->base->file_count; i++) {
        if (!mu_bits_test(c->going, i)) {
            sets[out->sets_count++] = c->base->info.sets[i];
        }
    }
    if (file) {
        mu_sets_file *fresh = &sets[out->sets_count++];
        fresh->file = c->number;
        c->file = NULL; /* it is freed, whatever happens */
        MU_TRY(mu_paged_commit(file, &fresh->size_bytes, err));
    }
    out->sets = sets;
    return MUSTER_OK;
}

static muster_status write_directory(const commit *c, uint64_t number, mu_tags_info *out,
                                     muster_error *err)
{
    char name[MU_FILE_NAME_BYTES];
    mu_paged_writer *file;

    out->file = number;
    mu_file_name("tags", number, name);
    MU_TRY(mu_paged_create(c->path, name, MU_TAGS_KIND, &file, err));
    const muster_status status = mu_paged_write(file, c->directory.data, c->directory.size, err);
    if (status != MUSTER_OK) {
        mu_paged_abort(file);
        return status;
    }
    return mu_paged_commit(file, &out->size_bytes, err);
}

muster_status mu_tag_edits_write(const mu_tag_edits *edits, const char *directory,
                                 uint64_t sets_file, uint64_t directory_file, mu_arena *arena,
                                 mu_tags_info *out, muster_error *err)
{
    commit c = {.edits = edits, .base = edits->base, .path = directory, .number = sets_file};
    muster_status status;

    *out = (mu_tags_info){0};
    MU_TRY_GOTO(choose_files(&c, err));
    MU_TRY_GOTO(write_entries(&c, err));
    if (c.entries > 0) {
        MU_TRY_GOTO(end_sets(&c, arena, out, err));
        MU_TRY_GOTO(write_directory(&c, directory_file, out, err));
    }

fail:
    mu_paged_abort(c.file);
    mu_writer_deinit(&c.directory);
    mu_mem_free(c.going);
    return status;
}
