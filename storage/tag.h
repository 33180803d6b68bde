/*
 * tag.h - tags: name -> value -> set of customers, stored as portable Roaring bytes in checksummed
 * pages.
 *
 * A tag without values has one, the empty text. A tag is one file's section; only the directory of
 * names and values is read when a snapshot is opened; a stripe's container is read straight from
 * the mapped bytes into 8 KiB of bits.
 */
#ifndef MU_TAG_H
#define MU_TAG_H

#include "storage/base/limits.h"
#include "storage/type.h"

typedef struct mu_tag_value {
    mu_text value;         /* "" for a tag without values */
    uint64_t customers;    /* how many bear it */
    uint64_t file;         /* "tags-000019" */
    uint64_t offset, size; /* of the page in it */
} mu_tag_value;

typedef struct mu_tag {
    mu_text name;
    uint32_t value_count;
    const mu_tag_value *values; /* sorted by value */
    int64_t refreshed_us;
} mu_tag;

/* Immutable; part of a snapshot. */
typedef struct mu_tags mu_tags;
uint32_t mu_tags_count(const mu_tags *tags);
const mu_tag *mu_tags_at(const mu_tags *tags, uint32_t i);     /* sorted by name */
const mu_tag *mu_tags_find(const mu_tags *tags, mu_text name); /* NULL if there is none */

/* into |= the customers of `stripe` who bear value `i` of the tag; *size is of the bytes that
 * hold them. CORRUPT (file, tag, value named) if the page is damaged; checked on first use. */
muster_status mu_tag_read_stripe(const mu_tags *tags, const mu_tag *tag, uint32_t i,
                                 uint32_t stripe, uint64_t into[MU_STRIPE_WORDS], uint64_t *size,
                                 muster_error *err);

/* Sets being collected, to become a tag (db.h: mu_change_put_tag). One thread. */
typedef struct mu_tag_builder mu_tag_builder;
mu_tag_builder *mu_tag_builder_new(void); /* NULL when out of memory */
void mu_tag_builder_free(mu_tag_builder *builder);
bool mu_tag_builder_add(mu_tag_builder *builder, mu_text value,
                        uint32_t ordinal); /* false when out of memory */

#endif
