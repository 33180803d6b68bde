/*
 * customer.h - the registry: customer ids to dense ordinals and back.
 *
 * The ids of ordinals [first, first + count) are one immutable file, a part. A part has the ids in
 * order of ordinal (each in as many bits as ids like these need, or offsets and bytes) and an
 * open-addressing table of (some bits of hash, ordinal) to find them: about two cache misses a
 * lookup, nothing decompressed, next to nothing read when it is opened. A commit that brings new
 * customers writes a part, together with the parts before it that are not larger than what is new
 * (like the runs of a log-structured merge), so that there are only about log2(n) of them.
 */
#ifndef MU_CUSTOMER_H
#define MU_CUSTOMER_H

#include "storage/base/env.h"
#include "storage/type.h"

enum {
    MU_PACKED_ID_BYTES = 64, /* ids of more bytes are stored as they are */
};

typedef struct mu_customer_id {
    mu_text text;   /* for TEXT ids */
    int64_t number; /* for BIGINT ids */
} mu_customer_id;

typedef struct mu_customer_part_info {
    uint64_t file; /* "customers-000003" */
    uint32_t first, count;
    uint64_t size_bytes;
} mu_customer_part_info;

/* Immutable; part of a snapshot. */
typedef struct mu_customers mu_customers;

mu_kind mu_customers_kind(const mu_customers *customers);
uint32_t mu_customers_count(const mu_customers *customers); /* ordinals 0 ... count - 1 exist */

/* *ordinal is MU_NO_CUSTOMER if there is no such customer; one who was erased is not. CORRUPT where
 * a checksum is wrong. */
muster_status mu_customers_find(const mu_customers *customers, mu_customer_id id, uint32_t *ordinal,
                                muster_error *err);

/* The id of an ordinal below the count; text points into `room` or into the mapped file. */
muster_status mu_customers_id(const mu_customers *customers, uint32_t ordinal,
                              char room[MU_PACKED_ID_BYTES], mu_customer_id *id, muster_error *err);

/* As mu_customers_id(), written as text (numbers in decimal). */
muster_status mu_customers_format(const mu_customers *customers, uint32_t ordinal, mu_writer *out,
                                  muster_error *err);

/* Gives ordinals to ids while rows are loaded: those that are there, then new ones. One thread.
 * Owned by a change (db.h). */
typedef struct mu_customer_adder mu_customer_adder;
muster_status mu_customer_adder_add(mu_customer_adder *adder, mu_customer_id id, uint32_t *ordinal,
                                    muster_error *err);
/* The same for many ids at once, in order, which is much faster where there are millions: memory is
 * asked for ahead. Whoever wants to know which id was refused adds one by one, or looks before
 * (only text past MU_MAX_ID_BYTES is). */
muster_status mu_customer_adder_add_many(mu_customer_adder *adder, uint32_t count,
                                         const mu_customer_id *ids, uint32_t *ordinals,
                                         muster_error *err);
uint32_t mu_customer_adder_count(const mu_customer_adder *adder); /* with the new ones */

#endif
