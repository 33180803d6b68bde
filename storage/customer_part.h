/*
 * customer_part.h - the files of the registry, and what customer*.c share among themselves.
 */
#ifndef MU_CUSTOMER_PART_H
#define MU_CUSTOMER_PART_H

#include "storage/base/bits.h"
#include "storage/customer.h"
#include "storage/customer_pack.h"
#include "storage/erased.h"
#include "storage/held.h"
#include "storage/paged.h"

#include <assert.h>
#include <stdatomic.h>

#define MU_CUSTOMER_KIND "mustercu"

enum {
    /* One line of the table of hashes: a cache line of slots. A slot has an ordinal in its low
     * bits, as many as the part's need, and bits of the hash above them; all ones: it is free. */
    MU_LINE_BYTES = 64,
    MU_SLOT_BYTES = 4,
    MU_LARGE_SLOT_BYTES = 5, /* where ordinals would leave less than 8 bits for the hash */
    MU_SLOT_TAG_BITS = 8,    /* at least */

    MU_PART_META_BYTES = 64, /* at the end of the part */
};

#define MU_VARIED_WIDTH UINT32_MAX       /* ids of different sizes: their ends are stored */
#define MU_PACKED_WIDTH (UINT32_MAX - 1) /* ids as bits, as customer_pack.h says */

/* How the slots of a part with `count` customers are laid out. */
typedef struct mu_slots {
    uint32_t bytes; /* of a slot */
    uint32_t line;  /* slots of a line */
    uint32_t ordinal_bits;
    uint64_t free; /* what a free slot holds */
} mu_slots;

static inline mu_slots mu_slots_of(uint32_t count)
{
    const uint32_t ordinal_bits = mu_bits_width(count); /* no ordinal is all ones */
    const bool large = ordinal_bits + MU_SLOT_TAG_BITS > 8 * MU_SLOT_BYTES;
    const uint32_t bytes = large ? MU_LARGE_SLOT_BYTES : MU_SLOT_BYTES;

    return (mu_slots){.bytes = bytes,
                      .line = MU_LINE_BYTES / bytes,
                      .ordinal_bits = ordinal_bits,
                      .free = UINT64_MAX >> (64 - 8 * bytes)};
}

/* The slot of a customer. The hash's upper half chooses the line, so the tag is from the other. */
static inline uint64_t mu_slot_of(mu_slots slots, uint64_t hash, uint32_t i)
{
    return (hash << slots.ordinal_bits & slots.free) | i;
}

/* Customers a line is made for: 14 of 16, so that nine lookups of ten need no second line. */
static inline uint32_t mu_line_fill(mu_slots slots)
{
    return slots.line * 14 / 16;
}

/* One part, counted by the snapshots that use it. */
typedef struct mu_customer_part {
    atomic_uint references;
    mu_customer_part_info info;
    mu_kind kind;
    mu_paged *file;         /* owned */
    mu_id_packing *packing; /* owned; NULL: ids are stored as they are */
    mu_slots slots;
    uint32_t id_width;     /* bytes of every id, MU_VARIED_WIDTH or MU_PACKED_WIDTH */
    uint32_t offset_width; /* bytes of an offset: 0, 4 or 8 */
    uint64_t ids_at, ids_size, offsets_at, lines_at, line_count;
} mu_customer_part;

/* The hash of an id; part of the format. */
uint64_t mu_customer_hash(mu_kind kind, mu_customer_id id);

/* The line to look at first: by the upper half of the hash. */
static inline uint64_t mu_customer_line(uint64_t hash, uint64_t line_count)
{
    assert(line_count <= UINT32_MAX);
    return (hash >> 32) * line_count >> 32;
}

bool mu_customer_id_equal(mu_kind kind, mu_customer_id a, mu_customer_id b);

/* From `held` if the file is there (NULL: none is), else from the directory. */
muster_status mu_customer_part_open(const char *directory, const mu_held_files *held,
                                    const mu_customer_part_info *info, mu_kind kind,
                                    mu_customer_part **out, muster_error *err);
mu_customer_part *mu_customer_part_retain(mu_customer_part *part);
void mu_customer_part_release(mu_customer_part *part); /* NULL is fine */

/* *ordinal is MU_NO_CUSTOMER if the part does not have the id, but for those who were erased. */
muster_status mu_customer_part_find(const mu_customer_part *part, mu_customer_id id, uint64_t hash,
                                    const mu_erased *erased, uint32_t *ordinal, muster_error *err);
muster_status mu_customer_part_id(const mu_customer_part *part, uint32_t ordinal,
                                  char room[MU_PACKED_ID_BYTES], mu_customer_id *id,
                                  muster_error *err);
void mu_customer_part_prefetch(const mu_customer_part *part, uint64_t hash);

/* *has is whether the id of any of them is in the part: written before they were erased. */
muster_status mu_customer_part_has_any(const mu_customer_part *part, const mu_erased *erased,
                                       bool *has, muster_error *err);

/* Every page, and every id found under its ordinal, but for those who were erased. */
muster_status mu_customer_part_check(const mu_customer_part *part, const mu_erased *erased,
                                     muster_error *err);

/* The registry of a snapshot. */

/* Parts that `previous` (NULL: none) has open already are shared; those of `held` are in memory. */
muster_status mu_customers_open(const char *directory, const mu_held_files *held,
                                const mu_customer_part_info *parts, uint32_t count, mu_kind kind,
                                mu_customers *previous, mu_customers **out, muster_error *err);
/* From now on those are not found by their ids; borrowed, NULL is no one. */
void mu_customers_hide(mu_customers *customers, const mu_erased *erased);
const mu_erased *mu_customers_hidden(const mu_customers *customers);
void mu_customers_close(mu_customers *customers); /* NULL is fine */
uint32_t mu_customers_part_count(const mu_customers *customers);
const mu_customer_part *mu_customers_part(const mu_customers *customers, uint32_t i);

/* Writing. */

/* Gives the i-th of the ids to write; its text is good until the next call. */
typedef muster_status mu_customer_source(void *context, uint32_t i, mu_customer_id *id,
                                         muster_error *err);

/* Writes the part that `info` names (file, first, count) from a source that is asked several times
 * for each id, in order, but never for those of the erased (NULL: no one), of whom nothing is
 * written; fills in its size. Where the directory is NULL, the file is in memory, and *bytes is
 * it. */
muster_status mu_customer_part_write(const char *directory, mu_kind kind, const mu_erased *erased,
                                     mu_customer_source *source, void *context,
                                     mu_customer_part_info *info, mu_map *bytes, muster_error *err);

/* `kind` is read at each call, since a change may fix it when it creates its first event table. */
mu_customer_adder *mu_customer_adder_new(const mu_customers *base, const mu_kind *kind);
void mu_customer_adder_free(mu_customer_adder *adder); /* NULL is fine */

/* How new ids become a part. */
typedef struct mu_customer_writing {
    const char *directory; /* NULL: in memory */
    uint64_t file;         /* its number */
    uint32_t least, most;  /* of the base's parts the first `least` stay, whatever their size, and
                              those from `most` on do not */
    const atomic_bool *cancel; /* NULL: never */
} mu_customer_writing;

/* Writes the new ids as a part, together with the last parts of the base as customer.h says. There
 * is something to write: new ids, or parts from `most` on. *keep is how many of the base's parts
 * stay, before the new one; `bytes` is for one in memory. The adder is of no use afterwards. */
muster_status mu_customer_adder_write(mu_customer_adder *adder, const mu_customer_writing *how,
                                      uint32_t *keep, mu_customer_part_info *info, mu_map *bytes,
                                      muster_error *err);
uint32_t mu_customer_adder_new_count(const mu_customer_adder *adder);

#endif
