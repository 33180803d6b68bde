/*
 * tag_edit.c - the tags a change creates, extends and drops, and their file.
 *
 * A tag that is created or extended becomes a draft: its sets as bytes, as they will be written.
 * Extending goes stripe by stripe through what is there (a draft, or the base's file) and what is
 * new, so that no more than one stripe is ever unpacked.
 */
#include "storage/tag_file.h"

#include "storage/base/mem.h"
#include "storage/tag_set.h"
#include "storage/tag_write.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef struct draft_set {
    mu_text value;
    uint64_t customers;
    mu_writer bytes;
} draft_set;

typedef struct tag_draft {
    struct tag_draft *next;
    mu_text name;
    bool dropped;
    int64_t refreshed_us;
    mu_arena arena; /* of the name, the values and the list of sets */
    draft_set *sets;
    uint32_t set_count;
} tag_draft;

struct mu_tag_edits {
    const mu_tags *base; /* borrowed */
    tag_draft *drafts;   /* at most one for each name */
};

/* The sets a tag has so far: of a draft, of the base, or none. */
typedef struct old_sets {
    const tag_draft *draft;
    const mu_tag *tag;
    uint32_t count;
} old_sets;

mu_tag_edits *mu_tag_edits_new(const mu_tags *base)
{
    mu_tag_edits *edits = mu_mem_zalloc(sizeof *edits);

    if (edits) {
        edits->base = base;
    }
    return edits;
}

static void free_draft(tag_draft *gone)
{
    if (gone) {
        for (uint32_t i = 0; i < gone->set_count; i++) {
            mu_writer_deinit(&gone->sets[i].bytes);
        }
        mu_arena_deinit(&gone->arena);
        mu_mem_free(gone);
    }
}

void mu_tag_edits_free(mu_tag_edits *edits)
{
    if (edits) {
        while (edits->drafts) {
            tag_draft *gone = edits->drafts;
            edits->drafts = gone->next;
            free_draft(gone);
        }
        mu_mem_free(edits);
    }
}

bool mu_tag_edits_any(const mu_tag_edits *edits)
{
    return edits->drafts != NULL;
}

/* The pointer that leads to the draft of this name, or to the end of the list. */
static tag_draft **find_draft(mu_tag_edits *edits, mu_text name)
{
    tag_draft **at = &edits->drafts;

    while (*at && !mu_text_equal((*at)->name, name)) {
        at = &(*at)->next;
    }
    return at;
}

static tag_draft *new_draft(mu_text name, muster_error *err)
{
    tag_draft *fresh = mu_mem_zalloc(sizeof *fresh);

    if (fresh) {
        fresh->name = (mu_text){mu_arena_text(&fresh->arena, name.data, name.size), name.size};
        if (fresh->name.data) {
            return fresh;
        }
    }
    free_draft(fresh);
    (void)mu_fail_memory(err, "changing a tag");
    return NULL;
}

/* Takes the place of the draft of the same name, if there is one. */
static void keep_draft(mu_tag_edits *edits, tag_draft *fresh)
{
    tag_draft **at = find_draft(edits, fresh->name);
    tag_draft *gone = *at;

    fresh->next = gone ? gone->next : NULL;
    *at = fresh;
    free_draft(gone);
}

static old_sets find_old(mu_tag_edits *edits, mu_text name)
{
    const tag_draft *draft = *find_draft(edits, name);

    if (draft) {
        return (old_sets){.draft = draft, .count = draft->set_count};
    }
    const mu_tag *tag = mu_tags_find(edits->base, name);
    return (old_sets){.tag = tag, .count = tag ? tag->value_count : 0};
}

static mu_text old_value(const old_sets *old, uint32_t i)
{
    return old->draft ? old->draft->sets[i].value : old->tag->values[i].value;
}

static mu_tag_set old_set(const old_sets *old, uint32_t i)
{
    if (old->draft) {
        const mu_writer *bytes = &old->draft->sets[i].bytes;
        return (mu_tag_set){.memory = bytes->data, .size = bytes->size};
    }
    return mu_tag_value_set(old->tag, i);
}

/* Writes the union of an old set (NULL: none) and the builder's set `code` (MU_NO_CODE: none). */
static muster_status unite(mu_tag_set_writer *writer, const mu_tag_set *old,
                           const mu_tag_builder *builder, uint32_t code, muster_error *err)
{
    const uint32_t new_end = code == MU_NO_CODE ? 0 : mu_tag_builder_stripes(builder, code);
    uint32_t old_end = 0;

    if (old) {
        MU_TRY(mu_tag_set_stripes(old, &old_end, err));
        if (old_end > 0) {
            MU_TRY(mu_tag_set_stripe(old, old_end - 1, &old_end, err));
            old_end++;
        }
    }
    for (uint32_t stripe = 0; stripe < new_end || stripe < old_end; stripe++) {
        uint64_t bits[MU_STRIPE_WORDS] = {0}, size;
        if (stripe < old_end) {
            MU_TRY(mu_tag_set_read(old, stripe, bits, &size, err));
        }
        if (stripe < new_end) {
            mu_tag_builder_read(builder, code, stripe, bits);
        }
        mu_tag_set_add(writer, stripe, bits);
    }
    return MUSTER_OK;
}

static muster_status add_set(tag_draft *draft, mu_text value, const mu_tag_set *old,
                             const mu_tag_builder *builder, uint32_t code, muster_error *err)
{
    mu_tag_set_writer writer = {0};
    draft_set *set = &draft->sets[draft->set_count];

    set->value = (mu_text){mu_arena_text(&draft->arena, value.data, value.size), value.size};
    muster_status status = set->value.data ? unite(&writer, old, builder, code, err)
                                           : mu_fail_memory(err, "changing a tag");
    draft->set_count++; /* from here on its bytes are freed with the draft */
    if (status == MUSTER_OK && !mu_tag_set_finish(&writer, &set->bytes)) {
        status = mu_fail_memory(err, "changing a tag");
    }
    set->customers = writer.customers;
    mu_tag_set_writer_deinit(&writer);
    return status;
}

/* All values of both, in order; a value that both have once. */
static muster_status merge_sets(tag_draft *draft, const old_sets *old,
                                const mu_tag_builder *builder, const uint32_t *order,
                                muster_error *err)
{
    const mu_dict *values = &mu_tag_builder_values(builder)->dict;
    uint32_t new_at = 0, old_at = 0;

    draft->sets = MU_NEW_ARRAY(&draft->arena, draft_set, (size_t)values->count + old->count);
    if (!draft->sets) {
        return mu_fail_memory(err, "changing a tag");
    }
    while (new_at < values->count || old_at < old->count) {
        int order_of_both; /* below 0: the new value comes first */
        if (new_at == values->count) {
            order_of_both = 1;
        } else if (old_at == old->count) {
            order_of_both = -1;
        } else {
            order_of_both =
                mu_text_compare(mu_dict_text(values, order[new_at]), old_value(old, old_at));
        }
        const uint32_t code = order_of_both <= 0 ? order[new_at++] : MU_NO_CODE;
        mu_tag_set set;
        const bool has_old = order_of_both >= 0;
        const mu_text value = has_old ? old_value(old, old_at) : mu_dict_text(values, code);
        if (has_old) {
            set = old_set(old, old_at++);
        }
        MU_TRY(add_set(draft, value, has_old ? &set : NULL, builder, code, err));
    }
    return MUSTER_OK;
}

static muster_status check_name(mu_text name, muster_error *err)
{
    if (name.size == 0 || memchr(name.data, '\0', name.size)) {
        return mu_fail(err, MUSTER_INVALID, "a tag needs a name");
    }
    if (name.size > MU_MAX_NAME_BYTES) {
        return mu_fail(err, MUSTER_INVALID,
                       "the name of a tag has %u bytes, at most %d are possible: \"%.40s...\"",
                       name.size, (int)MU_MAX_NAME_BYTES, name.data);
    }
    return MUSTER_OK;
}

muster_status mu_tag_edits_put(mu_tag_edits *edits, mu_text name, const mu_tag_builder *builder,
                               bool keep_old, muster_error *err)
{
    const mu_dict_builder *values = mu_tag_builder_values(builder);
    const old_sets old = keep_old ? find_old(edits, name) : (old_sets){0};
    uint32_t *order = NULL, *rank = NULL;
    muster_status status;

    MU_TRY(check_name(name, err));
    tag_draft *fresh = new_draft(name, err);
    if (!fresh) {
        return MUSTER_NOMEM;
    }
    fresh->refreshed_us = mu_env_now_us();
    status = mu_dict_builder_sort(values, &order, &rank) ? MUSTER_OK
                                                         : mu_fail_memory(err, "changing a tag");
    if (status == MUSTER_OK) {
        status = merge_sets(fresh, &old, builder, order, err);
    }
    mu_mem_free(order);
    mu_mem_free(rank);
    if (status != MUSTER_OK) {
        free_draft(fresh);
        return status;
    }
    keep_draft(edits, fresh);
    return MUSTER_OK;
}

muster_status mu_tag_edits_drop(mu_tag_edits *edits, mu_text name, muster_error *err)
{
    const tag_draft *there = *find_draft(edits, name);

    if (there ? there->dropped : !mu_tags_find(edits->base, name)) {
        return mu_fail(err, MUSTER_INVALID, "no tag \"%.*s\"",
                       name.size < 100 ? (int)name.size : 100, name.data);
    }
    tag_draft *fresh = new_draft(name, err);
    if (!fresh) {
        return MUSTER_NOMEM;
    }
    fresh->dropped = true;
    keep_draft(edits, fresh);
    return MUSTER_OK;
}

/* Writing. */

static muster_status write_draft(mu_paged_writer *file, const tag_draft *draft, mu_tag_info *info,
                                 muster_error *err)
{
    mu_writer directory = {0};
    muster_status status = MUSTER_OK;

    mu_write_u32(&directory, draft->set_count);
    for (uint32_t i = 0; i < draft->set_count && status == MUSTER_OK; i++) {
        const draft_set *set = &draft->sets[i];
        status = mu_paged_align(file, 8, err);
        mu_write_text(&directory, set->value.data, set->value.size);
        mu_write_u64(&directory, set->customers);
        mu_write_u64(&directory, mu_paged_offset(file));
        mu_write_u64(&directory, set->bytes.size);
        if (status == MUSTER_OK) {
            status = mu_paged_write(file, set->bytes.data, set->bytes.size, err);
        }
    }
    info->offset = mu_paged_offset(file);
    info->size = (uint32_t)directory.size;
    info->value_count = draft->set_count;
    if (status == MUSTER_OK && (directory.failed || directory.size > UINT32_MAX)) {
        status = mu_fail_memory(err, "writing tags");
    }
    if (status == MUSTER_OK) {
        status = mu_paged_write(file, directory.data, directory.size, err);
    }
    mu_writer_deinit(&directory);
    return status;
}

/* Writes the drafts that are not dropped; their descriptions are appended. */
static muster_status write_drafts(const mu_tag_edits *edits, const char *directory, uint64_t file,
                                  mu_tag_info *infos, uint32_t *count, muster_error *err)
{
    char name[MU_FILE_NAME_BYTES];
    mu_paged_writer *writer;
    muster_status status = MUSTER_OK;
    uint64_t size_bytes;

    mu_file_name("tags", file, name);
    MU_TRY(mu_paged_create(directory, name, MU_TAGS_KIND, &writer, err));
    for (const tag_draft *draft = edits->drafts; draft && status == MUSTER_OK;
         draft = draft->next) {
        if (!draft->dropped) {
            mu_tag_info *info = &infos[(*count)++];
            *info = (mu_tag_info){
                .name = draft->name, .file = file, .refreshed_us = draft->refreshed_us};
            status = write_draft(writer, draft, info, err);
        }
    }
    if (status != MUSTER_OK) {
        mu_paged_abort(writer);
        return status;
    }
    return mu_paged_commit(writer, &size_bytes, err);
}

static int compare_infos(const void *a, const void *b)
{
    const mu_tag_info *left = a, *right = b;

    return mu_text_compare(left->name, right->name);
}

muster_status mu_tag_edits_write(const mu_tag_edits *edits, const char *directory, uint64_t file,
                                 mu_arena *arena, mu_tag_info **infos, uint32_t *count,
                                 muster_error *err)
{
    const uint32_t base_count = mu_tags_count(edits->base);
    size_t most = base_count;
    bool any_new = false;

    *count = 0;
    for (const tag_draft *draft = edits->drafts; draft; draft = draft->next) {
        most++;
        any_new |= !draft->dropped;
    }
    *infos = MU_NEW_ARRAY(arena, mu_tag_info, most);
    if (!*infos) {
        return mu_fail_memory(err, "writing tags");
    }
    for (uint32_t i = 0; i < base_count; i++) {
        const mu_tag_info *info = mu_tags_info(edits->base, i);
        const tag_draft *draft = edits->drafts;
        while (draft && !mu_text_equal(draft->name, info->name)) {
            draft = draft->next;
        }
        if (!draft) {
            (*infos)[(*count)++] = *info;
        }
    }
    if (any_new) {
        MU_TRY(write_drafts(edits, directory, file, *infos, count, err));
    }
    qsort(*infos, *count, sizeof **infos, compare_infos);
    return MUSTER_OK;
}
