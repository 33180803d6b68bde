/*
 * tag.c - the tags and audiences that a snapshot sees.
 *
 * One paged file, "tags-000019", is the directory of all of them, written anew whenever one
 * changes:
 *
 *   u32 entries, then for each, by kind, name and version:
 *     u8 kind   text name   u32 version   i64 refreshed   text definition
 *     u32 values, then for each, sorted:  text value   u64 customers
 *         u64 file of its set   u64 where the set begins in it   u64 bytes of it
 *
 * The definition of a version is empty where it is that of the version before. Sets are in files of
 * their own, "sets-000018", which begin with their number as u64: those that stay are never copied
 * for one that changes, but for what tag_commit.c says. The directory is read when the snapshot is
 * opened, and goes from one to the next as long as it is the same; of the sets only what a query
 * touches is read and checked.
 */
#include "storage/tag.h"

#include "storage/base/mem.h"
#include "storage/tag_file.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum {
    /* The fewest bytes that one of each takes in the directory. */
    ENTRY_BYTES = 1 + 4 + 4 + 8 + 4 + 4,
    VALUE_BYTES = 4 + 8 + 8 + 8 + 8
};

static void release_file(mu_sets_open *file)
{
    if (file && atomic_fetch_sub_explicit(&file->references, 1, memory_order_acq_rel) == 1) {
        mu_paged_close(file->paged);
        mu_mem_free(file);
    }
}

void mu_tags_release(mu_tags *tags)
{
    if (tags && atomic_fetch_sub_explicit(&tags->references, 1, memory_order_acq_rel) == 1) {
        for (uint32_t i = 0; i < tags->file_count; i++) {
            release_file(tags->files[i]);
        }
        mu_paged_close(tags->directory);
        mu_arena_deinit(&tags->arena);
        mu_mem_free(tags);
    }
}

static muster_status out_of_memory(muster_error *err)
{
    return mu_fail_memory(err, "opening the tags");
}

/* Order. */

int mu_tag_compare(const mu_tag *a, const mu_tag *b)
{
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    const int order = mu_text_compare(a->name, b->name);
    return order != 0 ? order : (a->version > b->version) - (a->version < b->version);
}

uint32_t mu_tags_place(const mu_tags *tags, const mu_tag *key)
{
    uint32_t low = 0, high = tags->count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (mu_tag_compare(&tags->list[middle], key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The files of sets. */

/* Which of the files has the number; file_count if none has. */
static uint32_t find_file(const mu_tags *tags, uint64_t number)
{
    uint32_t i = 0;

    while (i < tags->file_count && tags->files[i]->number != number) {
        i++;
    }
    return i;
}

static muster_status check_number(const mu_sets_open *file, muster_error *err)
{
    const uint8_t *head;

    MU_TRY(mu_paged_read(file->paged, 0, MU_SETS_HEAD_BYTES, &head, err));
    if (mu_load_u64(head) != file->number) {
        return mu_fail(err, MUSTER_CORRUPT, "%s is another file, number %" PRIu64,
                       mu_paged_name(file->paged), mu_load_u64(head));
    }
    return MUSTER_OK;
}

static muster_status open_file(const char *directory, const mu_sets_file *info, mu_sets_open **out,
                               muster_error *err)
{
    char name[MU_FILE_NAME_BYTES];
    mu_sets_open *file = mu_mem_zalloc(sizeof *file);

    if (!file) {
        return out_of_memory(err);
    }
    atomic_init(&file->references, 1);
    file->number = info->file;
    mu_file_name("sets", info->file, name);
    muster_status status =
        mu_paged_open(directory, name, MU_SETS_KIND, info->size_bytes, &file->paged, err);
    if (status == MUSTER_OK) {
        status = check_number(file, err);
    }
    if (status != MUSTER_OK) {
        release_file(file);
        return status;
    }
    *out = file;
    return MUSTER_OK;
}

static muster_status open_files(mu_tags *tags, const char *directory, const mu_tags *previous,
                                muster_error *err)
{
    tags->files = MU_NEW_ARRAY(&tags->arena, mu_sets_open *, tags->info.sets_count);
    if (!tags->files) {
        return out_of_memory(err);
    }
    for (uint32_t i = 0; i < tags->info.sets_count; i++) {
        const uint32_t old = previous ? find_file(previous, tags->info.sets[i].file) : 0;
        if (previous && old < previous->file_count) {
            tags->files[i] = previous->files[old];
            atomic_fetch_add_explicit(&tags->files[i]->references, 1, memory_order_relaxed);
        } else {
            MU_TRY(open_file(directory, &tags->info.sets[i], &tags->files[i], err));
        }
        tags->file_count++;
    }
    return MUSTER_OK;
}

/* The directory. */

static muster_status read_text(mu_reader *in, mu_text *out, muster_error *err)
{
    out->data = mu_read_text(in, &out->size);
    return out->data ? MUSTER_OK
                     : mu_fail(err, MUSTER_CORRUPT, "a text at %zu goes past the end", in->at);
}

static muster_status read_value(const mu_tags *tags, mu_reader *in, mu_tag_value *value,
                                muster_error *err)
{
    MU_TRY(read_text(in, &value->value, err));
    value->customers = mu_read_u64(in);
    const uint64_t file = mu_read_u64(in);
    value->file = find_file(tags, file);
    value->offset = mu_read_u64(in);
    value->size = mu_read_u64(in);
    if (in->overrun || value->file == tags->file_count) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "a set is in file %" PRIu64 ", which the manifest does not name", file);
    }
    const uint64_t end = mu_paged_size(tags->files[value->file]->paged);
    if (value->offset > end || value->size > end - value->offset) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "a set of %" PRIu64 " bytes at offset %" PRIu64 " lies past the end of %s",
                       value->size, value->offset, mu_paged_name(tags->files[value->file]->paged));
    }
    return MUSTER_OK;
}

static muster_status read_values(mu_tags *tags, mu_reader *in, mu_tag *tag, muster_error *err)
{
    tag->value_count = mu_read_u32(in);
    if (in->overrun || tag->value_count > (in->size - in->at) / VALUE_BYTES) {
        return mu_fail(err, MUSTER_CORRUPT, "%u values do not fit the directory", tag->value_count);
    }
    mu_tag_value *values = MU_NEW_ARRAY(&tags->arena, mu_tag_value, tag->value_count);
    if (!values) {
        return out_of_memory(err);
    }
    for (uint32_t i = 0; i < tag->value_count; i++) {
        MU_TRY(read_value(tags, in, &values[i], err));
        if (i > 0 && mu_text_compare(values[i - 1].value, values[i].value) >= 0) {
            return mu_fail(err, MUSTER_CORRUPT, "its values are not in order");
        }
    }
    tag->values = values;
    return MUSTER_OK;
}

/* The entry after `before` (NULL: the first). */
static muster_status read_entry(mu_tags *tags, mu_reader *in, const mu_tag *before, mu_tag *tag,
                                muster_error *err)
{
    const uint8_t kind = mu_read_u8(in);

    MU_TRY(read_text(in, &tag->name, err));
    tag->kind = kind == MU_TAG ? MU_TAG : MU_AUDIENCE;
    tag->version = mu_read_u32(in);
    tag->refreshed_us = mu_read_i64(in);
    MU_TRY(read_text(in, &tag->definition, err));
    if (kind > MU_AUDIENCE || (kind == MU_TAG) != (tag->version == 0) || tag->name.size == 0 ||
        tag->name.size > MU_MAX_NAME_BYTES || (before && mu_tag_compare(before, tag) >= 0)) {
        return mu_fail(err, MUSTER_CORRUPT, "its version %u, of kind %u, is out of order",
                       tag->version, kind);
    }
    if (kind == MU_AUDIENCE && tag->definition.size == 0) {
        if (!before || before->kind != MU_AUDIENCE || !mu_text_equal(before->name, tag->name)) {
            return mu_fail(err, MUSTER_CORRUPT, "its version %u has no definition", tag->version);
        }
        tag->definition = before->definition;
    }
    return read_values(tags, in, tag, err);
}

static muster_status read_directory(mu_tags *tags, muster_error *err)
{
    const uint64_t size = mu_paged_size(tags->directory);
    const uint8_t *data;

    MU_TRY(mu_paged_read(tags->directory, 0, size, &data, err));
    mu_reader in = mu_reader_of(data, size);
    const uint32_t count = mu_read_u32(&in);
    muster_status status = MUSTER_OK;
    if (in.overrun || count > (in.size - in.at) / ENTRY_BYTES) {
        status = mu_fail(err, MUSTER_CORRUPT, "%u tags do not fit %" PRIu64 " bytes", count, size);
    } else {
        tags->list = MU_NEW_ARRAY(&tags->arena, mu_tag, count);
        status = tags->list ? MUSTER_OK : out_of_memory(err);
    }
    for (; status == MUSTER_OK && tags->count < count; tags->count++) {
        mu_tag *tag = &tags->list[tags->count];
        status = read_entry(tags, &in, tags->count > 0 ? tag - 1 : NULL, tag, err);
        if (status != MUSTER_OK) {
            mu_where(err, "tag \"%.*s\"", (int)(tag->name.size < 100 ? tag->name.size : 100),
                     tag->name.data ? tag->name.data : "");
            break;
        }
        tags->tag_count += tag->kind == MU_TAG;
    }
    if (status == MUSTER_OK && in.at != in.size) {
        status = mu_fail(err, MUSTER_CORRUPT, "%zu bytes follow the last tag", in.size - in.at);
    }
    if (status != MUSTER_OK) {
        mu_where(err, "%s", mu_paged_name(tags->directory));
    }
    return status;
}

static muster_status fill(mu_tags *tags, const char *directory, const mu_tags_info *info,
                          const mu_tags *previous, muster_error *err)
{
    char name[MU_FILE_NAME_BYTES];

    tags->info = *info;
    if (info->file == 0) {
        return MUSTER_OK;
    }
    mu_sets_file *sets = MU_NEW_ARRAY(&tags->arena, mu_sets_file, info->sets_count);
    if (!sets) {
        return out_of_memory(err);
    }
    if (info->sets_count > 0) {
        memcpy(sets, info->sets, info->sets_count * sizeof *sets);
    }
    tags->info.sets = sets;
    mu_file_name("tags", info->file, name);
    MU_TRY(mu_paged_open(directory, name, MU_TAGS_KIND, info->size_bytes, &tags->directory, err));
    MU_TRY(open_files(tags, directory, previous, err));
    return read_directory(tags, err);
}

muster_status mu_tags_open(const char *directory, const mu_tags_info *info, mu_tags *previous,
                           mu_tags **out, muster_error *err)
{
    *out = NULL;
    if (previous && previous->info.file == info->file) {
        atomic_fetch_add_explicit(&previous->references, 1, memory_order_relaxed);
        *out = previous;
        return MUSTER_OK;
    }
    mu_tags *tags = mu_mem_zalloc(sizeof *tags);
    if (!tags) {
        return out_of_memory(err);
    }
    atomic_init(&tags->references, 1);
    const muster_status status = fill(tags, directory, info, previous, err);
    if (status != MUSTER_OK) {
        mu_tags_release(tags);
        return status;
    }
    *out = tags;
    return MUSTER_OK;
}

/* Looking at it. */

uint32_t mu_tags_count(const mu_tags *tags)
{
    return tags->tag_count;
}

const mu_tag *mu_tags_at(const mu_tags *tags, uint32_t i)
{
    assert(i < tags->tag_count);
    return &tags->list[i];
}

const mu_tag *mu_tags_find(const mu_tags *tags, mu_text name)
{
    const mu_tag key = {.kind = MU_TAG, .name = name};
    const uint32_t place = mu_tags_place(tags, &key);

    return place < tags->count && mu_tag_compare(&tags->list[place], &key) == 0 ? &tags->list[place]
                                                                                : NULL;
}

uint32_t mu_audiences_count(const mu_tags *tags)
{
    return tags->count - tags->tag_count;
}

const mu_tag *mu_audiences_at(const mu_tags *tags, uint32_t i)
{
    assert(i < mu_audiences_count(tags));
    return &tags->list[tags->tag_count + i];
}

uint32_t mu_audiences_find(const mu_tags *tags, mu_text name, uint32_t *first)
{
    const mu_tag low = {.kind = MU_AUDIENCE, .name = name, .version = 0};
    const mu_tag high = {.kind = MU_AUDIENCE, .name = name, .version = UINT32_MAX};
    const uint32_t place = mu_tags_place(tags, &low);

    *first = place - tags->tag_count;
    return mu_tags_place(tags, &high) - place;
}

mu_tag_set mu_tag_value_set(const mu_tags *tags, const mu_tag_value *value)
{
    assert(value->file < tags->file_count);
    return (mu_tag_set){
        .file = tags->files[value->file]->paged, .offset = value->offset, .size = value->size};
}

void mu_tag_where(const mu_tags *tags, const mu_tag *tag, uint32_t i, muster_error *err)
{
    const mu_text value = tag->values[i].value;
    const char *file = mu_paged_name(tags->files[tag->values[i].file]->paged);

    if (tag->kind == MU_AUDIENCE) {
        mu_where(err, "%s, audience \"%.*s\", version %u", file, (int)tag->name.size,
                 tag->name.data, tag->version);
        return;
    }
    mu_where(err, "%s, tag \"%.*s\", value \"%.*s\"", file, (int)tag->name.size, tag->name.data,
             value.size < 100 ? (int)value.size : 100, value.data);
}

muster_status mu_tag_read_stripe(const mu_tags *tags, const mu_tag *tag, uint32_t i,
                                 uint32_t stripe, uint64_t into[MU_STRIPE_WORDS], uint64_t *size,
                                 muster_error *err)
{
    assert(tag >= tags->list && tag < tags->list + tags->count && i < tag->value_count);
    const mu_tag_set set = mu_tag_value_set(tags, &tag->values[i]);
    const muster_status status = mu_tag_set_read(&set, stripe, into, size, err);
    if (status != MUSTER_OK) {
        mu_tag_where(tags, tag, i, err);
    }
    return status;
}

/* Checking. */

static muster_status check_value(const mu_tags *tags, const mu_tag *tag, uint32_t i,
                                 uint32_t customers, muster_error *err)
{
    const mu_tag_set set = mu_tag_value_set(tags, &tag->values[i]);
    uint64_t found;
    uint32_t last;

    muster_status status = mu_tag_set_check(&set, &found, &last, err);
    if (status == MUSTER_OK && (found == 0 || found != tag->values[i].customers)) {
        status = mu_fail(err, MUSTER_CORRUPT,
                         "it has %" PRIu64 " customers, its directory says %" PRIu64, found,
                         tag->values[i].customers);
    }
    if (status == MUSTER_OK && last >= customers) {
        status =
            mu_fail(err, MUSTER_CORRUPT, "it has customer %u, but there are %u", last, customers);
    }
    if (status != MUSTER_OK) {
        mu_tag_where(tags, tag, i, err);
    }
    return status;
}

muster_status mu_tags_check(const mu_tags *tags, uint32_t customers, muster_error *err)
{
    for (uint32_t t = 0; t < tags->count; t++) {
        for (uint32_t i = 0; i < tags->list[t].value_count; i++) {
            MU_TRY(check_value(tags, &tags->list[t], i, customers, err));
        }
    }
    return MUSTER_OK;
}
