/*
 * tag_file.h - the files of tags and audiences, and what tag*.c share with the rest of the
 * database.
 */
#ifndef MU_TAG_FILE_H
#define MU_TAG_FILE_H

#include "storage/base/arena.h"
#include "storage/manifest.h"
#include "storage/tag.h"
#include "storage/tag_set.h"

#include <stdatomic.h>

#define MU_TAGS_KIND "mustertg"
#define MU_SETS_KIND "musterst"

enum {
    MU_SETS_HEAD_BYTES = 8, /* its number, by which a file in the place of another is told */
};

/* A file of sets, which several directories may name. */
typedef struct mu_sets_open {
    atomic_uint references;
    uint64_t number;
    mu_paged *paged; /* owned */
} mu_sets_open;

struct mu_tags {
    atomic_uint references;
    mu_tags_info info;
    mu_arena arena;       /* of the lists */
    mu_paged *directory;  /* owned; NULL: there is nothing. The texts are in it */
    mu_sets_open **files; /* one for each of the info's, and a reference of each */
    uint32_t file_count;  /* that are filled in */
    uint32_t tag_count;   /* the first in the list; the others are audiences */
    uint32_t count;
    mu_tag *list; /* in the order of mu_tag_compare() */
};

/* Below 0, 0 or above 0: by kind, name, version. */
int mu_tag_compare(const mu_tag *a, const mu_tag *b);
/* The place of the first that is not before `key`. */
uint32_t mu_tags_place(const mu_tags *tags, const mu_tag *key);

/* `previous` (NULL: none) is shared if it is the same, and else the files that it has open. */
muster_status mu_tags_open(const char *directory, const mu_tags_info *info, mu_tags *previous,
                           mu_tags **out, muster_error *err);
void mu_tags_release(mu_tags *tags); /* NULL is fine */

mu_tag_set mu_tag_value_set(const mu_tags *tags, const mu_tag_value *value);

/* Puts the file, the name and the value into the message. */
void mu_tag_where(const mu_tags *tags, const mu_tag *tag, uint32_t i, muster_error *err);

/* Every set: it holds as many customers as the directory says, all below `customers`. */
muster_status mu_tags_check(const mu_tags *tags, uint32_t customers, muster_error *err);

#endif
