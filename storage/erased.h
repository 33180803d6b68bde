/*
 * erased.h - the customers who were erased: a set of ordinals, which every answer leaves out.
 *
 * From the commit of an erasure on the person is in no answer, while the bytes are still in the
 * files: events, attributes, tags and ids stay under the ordinal, and whoever reads them asks here.
 * An ordinal is never given again: the same id, loaded later, is someone new.
 *
 * Where files are written anew, what is dropped is
 *
 *   - the rows of their events: a merge of segments (COMPACT) passes over them, and over the texts
 *     that only they had; what is loaded from a scan has none. The new segment has no masked rows;
 *   - their bits in the sets of tags and audiences, with them the counts in the directory, and the
 *     values that only they had;
 *   - their values in segments of `customers`: profile_write.c leaves them out of every stripe it
 *     writes, and its dictionaries have only texts that are in use;
 *   - their ids in the parts of the registry. The ordinal stays, without an id: zeros or nothing
 *     stand in its place, and the table of hashes does not have it.
 *
 * COMPACT writes everything anew that has any of this; whether it has is found by looking.
 *
 * The set itself stays, once no other file has anything of theirs: the ordinals exist, as no one.
 */
#ifndef MU_ERASED_H
#define MU_ERASED_H

#include "storage/base/bytes.h"
#include "storage/base/limits.h"
#include "storage/base/status.h"

/* Where the set is; what the manifest says. */
typedef struct mu_erased_info {
    uint64_t file;      /* "erased-000021"; 0: no one was erased */
    uint32_t size;      /* bytes of the set, from the start of the file on */
    uint64_t customers; /* how many */
} mu_erased_info;

/* Immutable, counted, part of a snapshot; NULL is the set of no one. It is read whole when it is
 * opened: without it nothing can be answered, and it is small. */
typedef struct mu_erased mu_erased;

/* *out is NULL if info names no file; `previous` (NULL: none) is shared if it is the same. */
muster_status mu_erased_open(const char *directory, const mu_erased_info *info,
                             uint32_t customer_count, mu_erased *previous, mu_erased **out,
                             muster_error *err);
void mu_erased_release(mu_erased *erased); /* NULL is fine */

uint64_t mu_erased_count(const mu_erased *erased);
bool mu_erased_has(const mu_erased *erased, uint32_t ordinal);
/* The erased of a stripe, MU_STRIPE_WORDS words; NULL if there are none. */
const uint64_t *mu_erased_stripe(const mu_erased *erased, uint32_t stripe);
/* Takes them out of the bits of the stripe. */
void mu_erased_clear(const mu_erased *erased, uint32_t stripe, uint64_t bits[MU_STRIPE_WORDS]);

/* Sets of ordinals in memory, to become the next one. Zeroed: empty. */
typedef struct mu_erasing {
    mu_erased *set; /* what is erased already, and what is new; NULL: nothing is new */
    uint64_t added;
} mu_erasing;

/* `base` is what was erased before. An ordinal that is there already changes nothing. */
muster_status mu_erasing_add(mu_erasing *erasing, const mu_erased *base, uint32_t ordinal,
                             muster_error *err);
void mu_erasing_deinit(mu_erasing *erasing);
/* Writes the set as the file of this number. */
muster_status mu_erasing_write(const mu_erasing *erasing, const char *directory, uint64_t file,
                               mu_erased_info *out, muster_error *err);

#endif
