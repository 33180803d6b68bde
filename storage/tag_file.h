/*
 * tag_file.h - the files of tags, and what tag*.c share with the rest of the database.
 */
#ifndef MU_TAG_FILE_H
#define MU_TAG_FILE_H

#include "storage/base/arena.h"
#include "storage/manifest.h"
#include "storage/tag.h"
#include "storage/tag_set.h"

#define MU_TAGS_KIND "mustertg"

/* The tags of a snapshot. */

/* Tags that `previous` (NULL: none) has open already are shared. */
muster_status mu_tags_open(const char *directory, const mu_tag_info *infos, uint32_t count,
                           const mu_tags *previous, mu_tags **out, muster_error *err);
void mu_tags_close(mu_tags *tags); /* NULL is fine */
const mu_tag_info *mu_tags_info(const mu_tags *tags, uint32_t i);

/* The bytes of the set of the i-th value. */
mu_tag_set mu_tag_value_set(const mu_tag *tag, uint32_t i);

/* Every byte: checksums, order of values, sets that hold as many customers as they say, all below
 * `customers`. */
muster_status mu_tags_check(const mu_tags *tags, uint32_t customers, muster_error *err);

/* Changes of tags, not committed yet. */

typedef struct mu_tag_edits mu_tag_edits;

mu_tag_edits *mu_tag_edits_new(const mu_tags *base); /* borrows the base; NULL: out of memory */
void mu_tag_edits_free(mu_tag_edits *edits);         /* NULL is fine */

/* Replaces the tag by the builder's sets, or adds them to those that are there. */
muster_status mu_tag_edits_put(mu_tag_edits *edits, mu_text name, const mu_tag_builder *builder,
                               bool keep_old, muster_error *err);
muster_status mu_tag_edits_drop(mu_tag_edits *edits, mu_text name, muster_error *err);
bool mu_tag_edits_any(const mu_tag_edits *edits);

/* Writes the tags that are new as the file of this number (none if none are), and gives all tags
 * there are then, sorted by name, in the arena. */
muster_status mu_tag_edits_write(const mu_tag_edits *edits, const char *directory, uint64_t file,
                                 mu_arena *arena, mu_tag_info **infos, uint32_t *count,
                                 muster_error *err);

#endif
