/*
 * tag.c - the tags that a snapshot sees.
 *
 * A file of tags (paged.c) holds the sets of one commit, and for each tag in it a directory:
 *
 *   u32 number of values, then for each, sorted:  text value   u64 customers
 *       u64 where its set begins in the file   u64 bytes of it
 *
 * The manifest says where the directories are. They are read when the tag is first seen, and the
 * tag then goes from snapshot to snapshot until it is replaced. Of the sets only what a query
 * touches is read and checked.
 */
#include "storage/tag.h"

#include "storage/base/mem.h"
#include "storage/tag_file.h"
#include "storage/tag_set.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

enum {
    VALUE_BYTES = 4 + 8 + 8 + 8 /* the fewest that a value takes in the directory */
};

/* A file that several tags are in. */
typedef struct shared_file {
    atomic_uint references;
    uint64_t number;
    mu_paged *paged; /* owned */
} shared_file;

typedef struct open_tag {
    mu_tag tag; /* first, so that a mu_tag * is an open_tag * */
    atomic_uint references;
    mu_tag_info info;
    mu_arena arena;    /* of names, values and the list of them */
    shared_file *file; /* a reference is owned */
} open_tag;

struct mu_tags {
    uint32_t count;
    open_tag **tags; /* sorted by name; the array is owned, and a reference of each */
};

static void release_file(shared_file *file)
{
    if (file && atomic_fetch_sub_explicit(&file->references, 1, memory_order_acq_rel) == 1) {
        mu_paged_close(file->paged);
        mu_mem_free(file);
    }
}

static void release_tag(open_tag *tag)
{
    if (tag && atomic_fetch_sub_explicit(&tag->references, 1, memory_order_acq_rel) == 1) {
        release_file(tag->file);
        mu_arena_deinit(&tag->arena);
        mu_mem_free(tag);
    }
}

void mu_tags_close(mu_tags *tags)
{
    if (tags) {
        for (uint32_t i = 0; i < tags->count; i++) {
            release_tag(tags->tags[i]);
        }
        mu_mem_free(tags->tags);
        mu_mem_free(tags);
    }
}

static shared_file *find_file(const mu_tags *tags, uint64_t number)
{
    for (uint32_t i = 0; tags && i < tags->count; i++) {
        if (tags->tags[i]->file->number == number) {
            return tags->tags[i]->file;
        }
    }
    return NULL;
}

/* The file of this number with a reference for the caller: one that is open, or opened now. */
static muster_status take_file(const char *directory, uint64_t number, const mu_tags *mine,
                               const mu_tags *previous, shared_file **out, muster_error *err)
{
    char name[MU_FILE_NAME_BYTES];

    *out = find_file(mine, number);
    *out = *out ? *out : find_file(previous, number);
    if (*out) {
        atomic_fetch_add_explicit(&(*out)->references, 1, memory_order_relaxed);
        return MUSTER_OK;
    }
    shared_file *file = mu_mem_zalloc(sizeof *file);
    if (!file) {
        return mu_fail_memory(err, "opening the tags");
    }
    atomic_init(&file->references, 1);
    file->number = number;
    mu_file_name("tags", number, name);
    const muster_status status = mu_paged_open(directory, name, MU_TAGS_KIND, 0, &file->paged, err);
    if (status != MUSTER_OK) {
        mu_mem_free(file);
        return status;
    }
    *out = file;
    return MUSTER_OK;
}

static muster_status read_value(open_tag *tag, mu_reader *in, mu_tag_value *value,
                                muster_error *err)
{
    uint32_t size;
    const char *text = mu_read_text(in, &size);

    value->customers = mu_read_u64(in);
    value->file = tag->info.file;
    value->offset = mu_read_u64(in);
    value->size = mu_read_u64(in);
    const uint64_t end = mu_paged_size(tag->file->paged);
    if (!text || in->overrun || value->offset > end || value->size > end - value->offset) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "a set of %" PRIu64 " bytes at offset %" PRIu64 " lies past the end",
                       value->size, value->offset);
    }
    value->value = (mu_text){mu_arena_text(&tag->arena, text, size), size};
    return value->value.data ? MUSTER_OK : mu_fail_memory(err, "opening the tags");
}

static muster_status read_directory(open_tag *tag, muster_error *err)
{
    const uint8_t *data;

    MU_TRY(mu_paged_read(tag->file->paged, tag->info.offset, tag->info.size, &data, err));
    mu_reader in = mu_reader_of(data, tag->info.size);
    const uint32_t count = mu_read_u32(&in);
    if (count != tag->info.value_count || in.overrun || count > (in.size - in.at) / VALUE_BYTES) {
        return mu_fail(err, MUSTER_CORRUPT, "its directory of %u bytes has %u values, not %u",
                       tag->info.size, count, tag->info.value_count);
    }
    mu_tag_value *values = MU_NEW_ARRAY(&tag->arena, mu_tag_value, count);
    if (!values) {
        return mu_fail_memory(err, "opening the tags");
    }
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(read_value(tag, &in, &values[i], err));
        if (i > 0 && mu_text_compare(values[i - 1].value, values[i].value) >= 0) {
            return mu_fail(err, MUSTER_CORRUPT, "its values are not in order");
        }
    }
    tag->tag.values = values;
    tag->tag.value_count = count;
    return MUSTER_OK;
}

static muster_status open_one(const char *directory, const mu_tag_info *info, const mu_tags *mine,
                              const mu_tags *previous, open_tag **out, muster_error *err)
{
    muster_status status;
    open_tag *tag = mu_mem_zalloc(sizeof *tag);

    *out = NULL;
    if (!tag) {
        return mu_fail_memory(err, "opening the tags");
    }
    atomic_init(&tag->references, 1);
    tag->info = *info;
    tag->info.name.data = mu_arena_text(&tag->arena, info->name.data, info->name.size);
    if (!tag->info.name.data) {
        status = mu_fail_memory(err, "opening the tags");
        goto fail;
    }
    tag->tag.name = tag->info.name;
    tag->tag.refreshed_us = info->refreshed_us;
    MU_TRY_GOTO(take_file(directory, info->file, mine, previous, &tag->file, err));
    status = read_directory(tag, err);
    if (status != MUSTER_OK) {
        mu_where(err, "%s, tag \"%.*s\"", mu_paged_name(tag->file->paged), (int)info->name.size,
                 info->name.data);
        goto fail;
    }
    *out = tag;
    return MUSTER_OK;

fail:
    release_tag(tag);
    return status;
}

static const mu_tag *find_tag(const mu_tags *tags, mu_text name)
{
    uint32_t low = 0, high = tags ? tags->count : 0;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int order = mu_text_compare(tags->tags[middle]->tag.name, name);
        if (order == 0) {
            return &tags->tags[middle]->tag;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static const open_tag *opened(const mu_tag *tag)
{
    return (const open_tag *)(const void *)tag;
}

/* The tag that `previous` has open under this description, with a reference more; or NULL. */
static open_tag *take_tag(const mu_tags *previous, const mu_tag_info *info)
{
    for (uint32_t i = 0; previous && i < previous->count; i++) {
        open_tag *tag = previous->tags[i];
        if (tag->info.file == info->file && tag->info.offset == info->offset &&
            mu_text_equal(tag->info.name, info->name)) {
            atomic_fetch_add_explicit(&tag->references, 1, memory_order_relaxed);
            return tag;
        }
    }
    return NULL;
}

muster_status mu_tags_open(const char *directory, const mu_tag_info *infos, uint32_t count,
                           const mu_tags *previous, mu_tags **out, muster_error *err)
{
    muster_status status;
    mu_tags *tags = mu_mem_zalloc(sizeof *tags);

    *out = NULL;
    if (!tags) {
        return mu_fail_memory(err, "opening the tags");
    }
    tags->tags = mu_mem_zalloc_array(count, sizeof(open_tag *));
    if (!tags->tags) {
        status = mu_fail_memory(err, "opening the tags");
        goto fail;
    }
    for (uint32_t i = 0; i < count; i++) {
        open_tag *tag = take_tag(previous, &infos[i]);
        if (!tag) {
            MU_TRY_GOTO(open_one(directory, &infos[i], tags, previous, &tag, err));
        }
        tags->tags[tags->count++] = tag;
    }
    *out = tags;
    return MUSTER_OK;

fail:
    mu_tags_close(tags);
    return status;
}

uint32_t mu_tags_count(const mu_tags *tags)
{
    return tags->count;
}

const mu_tag *mu_tags_at(const mu_tags *tags, uint32_t i)
{
    assert(i < tags->count);
    return &tags->tags[i]->tag;
}

const mu_tag_info *mu_tags_info(const mu_tags *tags, uint32_t i)
{
    assert(i < tags->count);
    return &tags->tags[i]->info;
}

const mu_tag *mu_tags_find(const mu_tags *tags, mu_text name)
{
    return find_tag(tags, name);
}

mu_tag_set mu_tag_value_set(const mu_tag *tag, uint32_t i)
{
    assert(i < tag->value_count);
    return (mu_tag_set){.file = opened(tag)->file->paged,
                        .offset = tag->values[i].offset,
                        .size = tag->values[i].size};
}

static void say_where(const mu_tag *tag, uint32_t i, muster_error *err)
{
    const mu_text value = tag->values[i].value;

    mu_where(err, "%s, tag \"%.*s\", value \"%.*s\"", mu_paged_name(opened(tag)->file->paged),
             (int)tag->name.size, tag->name.data, value.size < 100 ? (int)value.size : 100,
             value.data);
}

muster_status mu_tag_read_stripe(const mu_tags *tags, const mu_tag *tag, uint32_t i,
                                 uint32_t stripe, uint64_t into[MU_STRIPE_WORDS], uint64_t *size,
                                 muster_error *err)
{
    const mu_tag_set set = mu_tag_value_set(tag, i);

    assert(find_tag(tags, tag->name) == tag);
    (void)tags; /* it keeps the tag; in a release nothing else is wanted of it */
    const muster_status status = mu_tag_set_read(&set, stripe, into, size, err);
    if (status != MUSTER_OK) {
        say_where(tag, i, err);
    }
    return status;
}

static muster_status check_value(const mu_tag *tag, uint32_t i, uint32_t customers,
                                 muster_error *err)
{
    const mu_tag_set set = mu_tag_value_set(tag, i);
    uint64_t found;
    uint32_t last;

    muster_status status = mu_tag_set_check(&set, &found, &last, err);
    if (status == MUSTER_OK && found != tag->values[i].customers) {
        status = mu_fail(err, MUSTER_CORRUPT,
                         "it has %" PRIu64 " customers, its directory says %" PRIu64, found,
                         tag->values[i].customers);
    }
    if (status == MUSTER_OK && found > 0 && last >= customers) {
        status =
            mu_fail(err, MUSTER_CORRUPT, "it has customer %u, but there are %u", last, customers);
    }
    if (status != MUSTER_OK) {
        say_where(tag, i, err);
    }
    return status;
}

muster_status mu_tags_check(const mu_tags *tags, uint32_t customers, muster_error *err)
{
    for (uint32_t t = 0; t < tags->count; t++) {
        const open_tag *tag = tags->tags[t];
        MU_TRY(mu_paged_check(tag->file->paged, err));
        for (uint32_t i = 0; i < tag->tag.value_count; i++) {
            MU_TRY(check_value(&tag->tag, i, customers, err));
        }
    }
    return MUSTER_OK;
}
