/*
 * traits.h - what people have, counted: the values of each attribute and of each tag, within two
 * sets of customers at once.
 *
 * A dimension is an attribute or a tag; attributes come first, in the order of the columns of
 * `customers`, then tags by name. Its values have codes. A stripe is counted by itself: tags by
 * words of bits, attributes by the codes of a chunk, of those alone who are in either set; nobody
 * becomes a row. Every thread counts for itself, and the counts are added up.
 */
#ifndef MU_TRAITS_H
#define MU_TRAITS_H

#include "query/behaviour.h"
#include "query/set.h"

typedef struct mu_trait_dimension {
    mu_text name;
    const mu_tag *tag;     /* NULL: an attribute */
    mu_type type;          /* of the attribute */
    mu_dict_builder words; /* of an attribute, by code: texts; of other types the value's 64 bits,
                              as text */
    uint32_t count;        /* of codes; of a tag the number of its values */
    size_t capacity;
    uint64_t (*counts)[2]; /* by code: in the one set, and in the other */
} mu_trait_dimension;

typedef struct mu_traits {
    mu_snapshot *snapshot;
    const mu_table *customers;
    uint32_t count, attribute_count;
    mu_trait_dimension *dimensions;
    uint64_t totals[2]; /* customers of the sets */
} mu_traits;            /* zeroed: closed */

/* Counts over all stripes and threads; `sets` are two. */
muster_status mu_traits_count(mu_exec *exec, const mu_table *customers, const mu_set *const sets[2],
                              mu_traits *out, muster_error *err);
void mu_traits_deinit(mu_traits *traits);

/* The value of a code; NULL of a tag without values. Good as long as the traits are. */
mu_value mu_trait_value(const mu_trait_dimension *dimension, uint32_t code);

/* Reads which codes people have; one thread's. */
typedef struct mu_trait_reader mu_trait_reader;
muster_status mu_trait_reader_open(mu_exec *exec, const mu_traits *traits, mu_trait_reader **out,
                                   muster_error *err);
void mu_trait_reader_close(mu_trait_reader *reader); /* NULL is fine */
void mu_trait_reader_start(mu_trait_reader *reader, uint32_t stripe);
/* An attribute's codes of customers [first, first + rows) of the stripe, which is at most a batch:
 * of those in `known`, from which who has no value is taken out. */
muster_status mu_trait_codes(mu_trait_reader *reader, uint32_t attribute, uint32_t first,
                             uint32_t rows, uint64_t *known, uint32_t *codes, muster_error *err);
/* bits = who of the stripe bears a value of the tag; erased ones may be among them. */
muster_status mu_trait_bits(mu_trait_reader *reader, uint32_t tag, uint32_t code,
                            uint64_t bits[MU_STRIPE_WORDS], muster_error *err);
/* How many customers the stripe has at most. */
uint32_t mu_trait_rows(const mu_traits *traits, uint32_t stripe);

#endif
