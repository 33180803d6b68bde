/*
 * tag.h - tags and audiences: sets of customers by name, stored as portable Roaring bytes in
 * checksummed pages.
 *
 * A tag has a set for each of its values; one without values has one value, the empty text. An
 * audience has versions, and each version one set, under the empty text as well. Only the directory
 * that says which there are is read when a snapshot is opened; a stripe's container is read
 * straight from the mapped bytes into 8 KiB of bits.
 */
#ifndef MU_TAG_H
#define MU_TAG_H

#include "storage/base/limits.h"
#include "storage/type.h"

typedef struct mu_tag_value {
    mu_text value;         /* "" where there are no values */
    uint64_t customers;    /* how many bear it */
    uint32_t file;         /* which one of the files of sets */
    uint64_t offset, size; /* of the set in it */
} mu_tag_value;

typedef enum mu_tag_kind {
    MU_TAG = 0, /* part of the format */
    MU_AUDIENCE = 1,
} mu_tag_kind;

/* A tag, or one version of an audience. */
typedef struct mu_tag {
    mu_tag_kind kind;
    mu_text name;
    uint32_t version;   /* of an audience, from 1 on, never given again as long as it is there; 0: a
                           tag */
    mu_text definition; /* the query that made it, as written; empty: rows were loaded */
    int64_t refreshed_us;
    uint32_t value_count;       /* 0 where nobody is in it */
    const mu_tag_value *values; /* sorted by value */
} mu_tag;

/* Immutable; part of a snapshot. */
typedef struct mu_tags mu_tags;
uint32_t mu_tags_count(const mu_tags *tags);                   /* of tags alone */
const mu_tag *mu_tags_at(const mu_tags *tags, uint32_t i);     /* sorted by name */
const mu_tag *mu_tags_find(const mu_tags *tags, mu_text name); /* NULL if there is none */

/* The versions of all audiences, sorted by name and version. */
uint32_t mu_audiences_count(const mu_tags *tags);
const mu_tag *mu_audiences_at(const mu_tags *tags, uint32_t i);
/* How many versions the audience has, from the *first on; 0: there is no such audience. */
uint32_t mu_audiences_find(const mu_tags *tags, mu_text name, uint32_t *first);

/* into |= the customers of `stripe` who bear value `i` of the tag; *size is of the bytes that
 * hold them. CORRUPT (file, tag, value named) if the page is damaged; checked on first use. */
muster_status mu_tag_read_stripe(const mu_tags *tags, const mu_tag *tag, uint32_t i,
                                 uint32_t stripe, uint64_t into[MU_STRIPE_WORDS], uint64_t *size,
                                 muster_error *err);

/* Sets being collected, to become a tag or an audience (db.h: mu_change_put_tag). One thread. */
typedef struct mu_tag_builder mu_tag_builder;
mu_tag_builder *mu_tag_builder_new(void); /* NULL when out of memory */
void mu_tag_builder_free(mu_tag_builder *builder);
bool mu_tag_builder_add(mu_tag_builder *builder, mu_text value,
                        uint32_t ordinal); /* false when out of memory */

#endif
