/*
 * tag_edit.c - the tags and audiences a change creates, extends and drops.
 *
 * What is created or extended becomes a draft: its sets as bytes, as they will be written.
 * Extending goes stripe by stripe through what is there (a draft, or the base's file) and what is
 * new, so that no more than one stripe is ever unpacked. What a draft takes the place of, and what
 * is dropped, is marked as gone.
 */
#include "storage/tag_edit.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/tag_set.h"
#include "storage/tag_write.h"

#include <assert.h>
#include <string.h>

/* The sets a tag has so far: of a draft, of the base, or none. */
typedef struct old_sets {
    const mu_tags *base;
    const mu_erased *erased; /* are left out of them */
    const mu_tag_draft *draft;
    const mu_tag *tag;
    uint32_t count;
} old_sets;

mu_tag_edits *mu_tag_edits_new(const mu_tags *base, const mu_erased *erased)
{
    mu_tag_edits *edits = mu_mem_zalloc(sizeof *edits);

    if (!edits) {
        return NULL;
    }
    edits->base = base;
    edits->erased = erased;
    edits->gone = mu_mem_zalloc_array(mu_bits_words(base->count), sizeof *edits->gone);
    edits->stale = mu_mem_zalloc_array(mu_bits_words(base->file_count), sizeof *edits->stale);
    if (!edits->gone || !edits->stale) {
        mu_tag_edits_free(edits);
        return NULL;
    }
    return edits;
}

static void free_draft(mu_tag_draft *draft)
{
    if (draft) {
        for (uint32_t i = 0; i < draft->set_count; i++) {
            mu_writer_deinit(&draft->sets[i].bytes);
        }
        mu_arena_deinit(&draft->arena);
        mu_mem_free(draft);
    }
}

void mu_tag_edits_free(mu_tag_edits *edits)
{
    if (edits) {
        for (size_t i = 0; i < edits->draft_count; i++) {
            free_draft(edits->drafts[i]);
        }
        mu_mem_free(edits->drafts);
        mu_mem_free(edits->gone);
        mu_mem_free(edits->stale);
        mu_mem_free(edits);
    }
}

bool mu_tag_edits_any(const mu_tag_edits *edits)
{
    return edits->draft_count > 0 || edits->gone_count > 0 || edits->any_stale;
}

static muster_status out_of_memory(muster_error *err)
{
    return mu_fail_memory(err, "changing tags");
}

/* Drafts and what is gone. */

/* The place of the first draft that is not before `key`. */
static size_t place_of(const mu_tag_edits *edits, const mu_tag *key)
{
    size_t low = 0, high = edits->draft_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (mu_tag_compare(&edits->drafts[middle]->tag, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static mu_tag_draft *find_draft(const mu_tag_edits *edits, const mu_tag *key)
{
    const size_t place = place_of(edits, key);

    return place < edits->draft_count && mu_tag_compare(&edits->drafts[place]->tag, key) == 0
               ? edits->drafts[place]
               : NULL;
}

/* The base's, unless it is gone; NULL: there is none. */
static const mu_tag *find_base(const mu_tag_edits *edits, const mu_tag *key)
{
    const uint32_t place = mu_tags_place(edits->base, key);

    return place < edits->base->count && !mu_bits_test(edits->gone, place) &&
                   mu_tag_compare(&edits->base->list[place], key) == 0
               ? &edits->base->list[place]
               : NULL;
}

/* Takes away what is there under the key; false if nothing is. */
static bool remove_one(mu_tag_edits *edits, const mu_tag *key)
{
    const size_t place = place_of(edits, key);
    mu_tag_draft *draft = find_draft(edits, key);
    const mu_tag *tag = find_base(edits, key);

    if (draft) {
        edits->draft_count--;
        memmove(&edits->drafts[place], &edits->drafts[place + 1],
                (edits->draft_count - place) * sizeof(mu_tag_draft *));
        free_draft(draft);
    }
    if (tag) {
        mu_bits_set(edits->gone, (size_t)(tag - edits->base->list));
        edits->gone_count++;
    }
    return draft || tag;
}

/* Takes the draft over, in the place of what is there under its key. */
static muster_status keep_draft(mu_tag_edits *edits, mu_tag_draft *draft, muster_error *err)
{
    if (!mu_mem_reserve(&edits->drafts, &edits->draft_capacity, edits->draft_count + 1,
                        sizeof(mu_tag_draft *))) {
        free_draft(draft);
        return out_of_memory(err);
    }
    (void)remove_one(edits, &draft->tag);
    const size_t place = place_of(edits, &draft->tag);
    memmove(&edits->drafts[place + 1], &edits->drafts[place],
            (edits->draft_count - place) * sizeof(mu_tag_draft *));
    edits->drafts[place] = draft;
    edits->draft_count++;
    return MUSTER_OK;
}

/* Copies a text into the draft; false when out of memory. */
static bool keep_text(mu_tag_draft *draft, mu_text text, mu_text *out)
{
    *out =
        (mu_text){mu_arena_text(&draft->arena, text.data ? text.data : "", text.size), text.size};
    return out->data != NULL;
}

static mu_tag_draft *new_draft(const mu_tag *key, mu_text definition)
{
    mu_tag_draft *draft = mu_mem_zalloc(sizeof *draft);

    if (draft) {
        draft->tag = *key;
        draft->tag.refreshed_us = mu_env_now_us();
        if (keep_text(draft, key->name, &draft->tag.name) &&
            keep_text(draft, definition, &draft->tag.definition)) {
            return draft;
        }
    }
    free_draft(draft);
    return NULL;
}

/* Sets. */

static old_sets find_old(const mu_tag_edits *edits, const mu_tag *key)
{
    const mu_tag_draft *draft = find_draft(edits, key);
    const mu_tag *tag = find_base(edits, key);

    return (old_sets){.base = edits->base,
                      .erased = edits->erased,
                      .draft = draft,
                      .tag = tag,
                      .count = draft ? draft->set_count
                               : tag ? tag->value_count
                                     : 0};
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
    return mu_tag_value_set(old->base, &old->tag->values[i]);
}

/* What one set is made of. */
typedef struct sources {
    const mu_tag_set *old;         /* NULL: none */
    const mu_erased *erased;       /* are left out of it */
    const mu_tag_builder *builder; /* and its set `code`; MU_NO_CODE: none */
    uint32_t code;
} sources;

static muster_status unite(mu_tag_set_writer *writer, const sources *from, muster_error *err)
{
    const uint32_t new_end =
        from->code == MU_NO_CODE ? 0 : mu_tag_builder_stripes(from->builder, from->code);
    uint32_t old_end = 0;

    if (from->old) {
        MU_TRY(mu_tag_set_stripes(from->old, &old_end, err));
        if (old_end > 0) {
            MU_TRY(mu_tag_set_stripe(from->old, old_end - 1, &old_end, err));
            old_end++;
        }
    }
    for (uint32_t stripe = 0; stripe < new_end || stripe < old_end; stripe++) {
        uint64_t bits[MU_STRIPE_WORDS] = {0}, size;
        if (stripe < old_end) {
            MU_TRY(mu_tag_set_read(from->old, stripe, bits, &size, err));
            mu_erased_clear(from->erased, stripe, bits);
        }
        if (stripe < new_end) {
            mu_tag_builder_read(from->builder, from->code, stripe, bits);
        }
        mu_tag_set_add(writer, stripe, bits);
    }
    return MUSTER_OK;
}

/* Adds a set to the draft, unless it is empty: all who were in it may be erased. */
static muster_status add_set(mu_tag_draft *draft, mu_text value, const sources *from,
                             muster_error *err)
{
    mu_tag_set_writer writer = {0};
    mu_draft_set *set = &draft->sets[draft->set_count];

    muster_status status =
        keep_text(draft, value, &set->value) ? unite(&writer, from, err) : out_of_memory(err);
    set->customers = writer.customers;
    if (status == MUSTER_OK && set->customers > 0) {
        draft->set_count++; /* from here on its bytes are freed with the draft */
        status = mu_tag_set_finish(&writer, &set->bytes) ? MUSTER_OK : out_of_memory(err);
    }
    mu_tag_set_writer_deinit(&writer);
    return status;
}

/* All values of both, in order; a value that both have once. */
static muster_status merge_sets(mu_tag_draft *draft, const old_sets *old,
                                const mu_tag_builder *builder, const uint32_t *order,
                                muster_error *err)
{
    const mu_dict *values = &mu_tag_builder_values(builder)->dict;
    uint32_t new_at = 0, old_at = 0;

    draft->sets = MU_NEW_ARRAY(&draft->arena, mu_draft_set, (size_t)values->count + old->count);
    if (!draft->sets) {
        return out_of_memory(err);
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
        sources from = {.erased = old->erased, .builder = builder, .code = MU_NO_CODE};
        mu_text value;
        mu_tag_set set;
        if (order_of_both <= 0) {
            from.code = order[new_at++];
            value = mu_dict_text(values, from.code);
        }
        if (order_of_both >= 0) {
            value = old_value(old, old_at);
            set = old_set(old, old_at++);
            from.old = &set;
        }
        MU_TRY(add_set(draft, value, &from, err));
    }
    return MUSTER_OK;
}

static muster_status check_name(const char *what, mu_text name, muster_error *err)
{
    if (name.size == 0 || memchr(name.data, '\0', name.size)) {
        return mu_fail(err, MUSTER_INVALID, "%s needs a name", what);
    }
    if (name.size > MU_MAX_NAME_BYTES) {
        return mu_fail(err, MUSTER_INVALID,
                       "the name of %s has %u bytes, at most %d are possible: \"%.40s...\"", what,
                       name.size, (int)MU_MAX_NAME_BYTES, name.data);
    }
    return MUSTER_OK;
}

/* A draft of the builder's sets and the old ones, in the place of what is there. */
static muster_status put(mu_tag_edits *edits, const mu_tag *key, mu_text definition,
                         const mu_tag_builder *builder, const old_sets *old, muster_error *err)
{
    uint32_t *order = NULL, *rank = NULL;
    mu_tag_draft *draft = new_draft(key, definition);
    muster_status status = MUSTER_OK;

    if (!draft || !mu_dict_builder_sort(mu_tag_builder_values(builder), &order, &rank)) {
        status = out_of_memory(err);
    }
    if (status == MUSTER_OK) {
        status = merge_sets(draft, old, builder, order, err);
    }
    mu_mem_free(order);
    mu_mem_free(rank);
    if (status != MUSTER_OK) {
        free_draft(draft);
        return status;
    }
    return keep_draft(edits, draft, err);
}

/* Tags. */

muster_status mu_tag_edits_put(mu_tag_edits *edits, mu_text name, mu_text definition,
                               const mu_tag_builder *builder, muster_error *err)
{
    const mu_tag key = {.kind = MU_TAG, .name = name};
    const old_sets none = {0};

    MU_TRY(check_name("a tag", name, err));
    return put(edits, &key, definition, builder, &none, err);
}

muster_status mu_tag_edits_extend(mu_tag_edits *edits, mu_text name, const mu_tag_builder *builder,
                                  muster_error *err)
{
    const mu_tag key = {.kind = MU_TAG, .name = name};

    MU_TRY(check_name("a tag", name, err));
    const old_sets old = find_old(edits, &key);
    return put(edits, &key, (mu_text){0}, builder, &old, err);
}

muster_status mu_tag_edits_drop(mu_tag_edits *edits, mu_text name, muster_error *err)
{
    const mu_tag key = {.kind = MU_TAG, .name = name};

    return remove_one(edits, &key) ? MUSTER_OK
                                   : mu_fail(err, MUSTER_INVALID, "no tag \"%.*s\"",
                                             name.size < 100 ? (int)name.size : 100, name.data);
}

/* Audiences. */

/* The number of the newest version; 0: there is no such audience. */
static uint32_t newest(const mu_tag_edits *edits, mu_text name)
{
    const mu_tag end = {.kind = MU_AUDIENCE, .name = name, .version = UINT32_MAX};
    const size_t draft = place_of(edits, &end);
    uint32_t place = mu_tags_place(edits->base, &end), version = 0;
    const mu_tag *tag;

    while (place > 0 && mu_bits_test(edits->gone, place - 1)) {
        place--;
    }
    tag = place > 0 ? &edits->base->list[place - 1] : NULL;
    if (tag && tag->kind == MU_AUDIENCE && mu_text_equal(tag->name, name)) {
        version = tag->version;
    }
    tag = draft > 0 ? &edits->drafts[draft - 1]->tag : NULL;
    if (tag && tag->kind == MU_AUDIENCE && mu_text_equal(tag->name, name) &&
        tag->version > version) {
        version = tag->version;
    }
    return version;
}

muster_status mu_tag_edits_put_audience(mu_tag_edits *edits, mu_text name, mu_text definition,
                                        const mu_tag_builder *builder, muster_error *err)
{
    const mu_tag key = {.kind = MU_AUDIENCE, .name = name, .version = newest(edits, name) + 1};
    const old_sets none = {0};

    assert(definition.size > 0);
    MU_TRY(check_name("an audience", name, err));
    if (key.version == UINT32_MAX) {
        return mu_fail(err, MUSTER_INVALID, "audience \"%.*s\" has had all versions there can be",
                       (int)name.size, name.data);
    }
    return put(edits, &key, definition, builder, &none, err);
}

/* All versions. */
static void remove_audience(mu_tag_edits *edits, mu_text name)
{
    for (mu_tag key = {.kind = MU_AUDIENCE, .name = name, .version = newest(edits, name)};
         key.version > 0; key.version = newest(edits, name)) {
        (void)remove_one(edits, &key);
    }
}

muster_status mu_tag_edits_drop_audience(mu_tag_edits *edits, mu_text name, uint32_t version,
                                         muster_error *err)
{
    const mu_tag key = {.kind = MU_AUDIENCE, .name = name, .version = version};
    const uint32_t last = newest(edits, name);
    const int shown = name.size < 100 ? (int)name.size : 100;

    if (last == 0) {
        return mu_fail(err, MUSTER_INVALID, "no audience \"%.*s\"", shown, name.data);
    }
    if (version == 0) {
        remove_audience(edits, name);
        return MUSTER_OK;
    }
    if (version == last) {
        return mu_fail(err, MUSTER_INVALID,
                       "version %u is the newest of audience \"%.*s\", and stays", version, shown,
                       name.data);
    }
    return remove_one(edits, &key)
               ? MUSTER_OK
               : mu_fail(err, MUSTER_INVALID, "no version %u of audience \"%.*s\"", version, shown,
                         name.data);
}
