/*
 * tag_edit.h - what a change does to tags and audiences: tag_edit.c collects it, tag_commit.c
 * writes it.
 */
#ifndef MU_TAG_EDIT_H
#define MU_TAG_EDIT_H

#include "storage/erased.h"
#include "storage/tag_file.h"

/* A set as it will be written. */
typedef struct mu_draft_set {
    mu_text value;
    uint64_t customers;
    mu_writer bytes;
} mu_draft_set;

/* A tag or a version of an audience that is new, or takes the place of the base's. */
typedef struct mu_tag_draft {
    mu_tag tag;     /* its values are below */
    mu_arena arena; /* of the texts and the list of sets */
    mu_draft_set *sets;
    uint32_t set_count;
} mu_tag_draft;

typedef struct mu_tag_edits {
    const mu_tags *base;     /* borrowed */
    const mu_erased *erased; /* borrowed: who is in no set that is written */
    mu_tag_draft **drafts;   /* in order; owned, and each of them */
    size_t draft_count, draft_capacity;
    uint64_t *gone; /* a bit for each of the base's: dropped, or replaced by a draft; owned */
    uint32_t gone_count;
    uint64_t *stale; /* a bit for each of the base's files: it is to be written anew; owned */
    bool any_stale;
} mu_tag_edits;

mu_tag_edits *mu_tag_edits_new(const mu_tags *base, const mu_erased *erased); /* NULL: no memory */
void mu_tag_edits_free(mu_tag_edits *edits);                                  /* NULL is fine */
bool mu_tag_edits_any(const mu_tag_edits *edits);

/* See db.h, mu_change_put_tag() and so on. */
muster_status mu_tag_edits_put(mu_tag_edits *edits, mu_text name, mu_text definition,
                               const mu_tag_builder *builder, muster_error *err);
muster_status mu_tag_edits_extend(mu_tag_edits *edits, mu_text name, const mu_tag_builder *builder,
                                  muster_error *err);
muster_status mu_tag_edits_drop(mu_tag_edits *edits, mu_text name, muster_error *err);
muster_status mu_tag_edits_put_audience(mu_tag_edits *edits, mu_text name, mu_text definition,
                                        const mu_tag_builder *builder, muster_error *err);
muster_status mu_tag_edits_drop_audience(mu_tag_edits *edits, mu_text name, uint32_t version,
                                         muster_error *err);
/* Marks the files that have something to lose. */
muster_status mu_tag_edits_purge(mu_tag_edits *edits, muster_error *err);

/* Writes sets that are new or move as one file, and the directory of all that is there then as
 * another (neither, where it would be empty). *out and its list are in the arena. */
muster_status mu_tag_edits_write(const mu_tag_edits *edits, const char *directory,
                                 uint64_t sets_file, uint64_t directory_file, mu_arena *arena,
                                 mu_tags_info *out, muster_error *err);

#endif
