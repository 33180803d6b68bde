/*
 * tag_write.h - what a builder of tags has collected, for tag_edit.c.
 */
#ifndef MU_TAG_WRITE_H
#define MU_TAG_WRITE_H

#include "storage/dict.h"
#include "storage/tag.h"

/* The values seen so far; their codes number the sets. */
const mu_dict_builder *mu_tag_builder_values(const mu_tag_builder *builder);

/* The stripes of a value's set are below this. */
uint32_t mu_tag_builder_stripes(const mu_tag_builder *builder, uint32_t code);

/* into |= the customers of the stripe who bear the value. */
void mu_tag_builder_read(const mu_tag_builder *builder, uint32_t code, uint32_t stripe,
                         uint64_t into[MU_STRIPE_WORDS]);

#endif
