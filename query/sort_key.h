/*
 * sort_key.h - the key of a row, 64 bits at a time; shared by sort.c, which makes it, and
 * sort_run.c, which sorts by it.
 */
#ifndef MU_SORT_KEY_H
#define MU_SORT_KEY_H

#include "query/sort.h"

/* A column of the order. Its values are numbers from `least` to `most`. */
typedef struct mu_sort_column {
    mu_sort_key key;
    mu_form form;
    bool has_nulls;
    bool by_text;  /* not ranked: where the eight bytes are equal, the texts are looked at */
    uint32_t skip; /* bytes that all texts begin with */
    uint64_t least, most;
    uint32_t **ranks; /* set by set, code by code; NULL: not ranked */
} mu_sort_column;

/* Some bits of a key: whether the value is NULL, or the value less its lowest `drop` bits. */
typedef struct mu_sort_part {
    const mu_sort_column *column;
    bool null;
    unsigned width, drop;
} mu_sort_part;

/* A step of a comparison: a word of parts, or the texts of a column. */
typedef struct mu_sort_level {
    uint32_t first_part, part_count;
    const mu_sort_column *texts; /* NULL: a word */
} mu_sort_level;

struct mu_sort {
    mu_exec *exec;
    bool alone;
    mu_rowset *const *sets;
    uint32_t set_count;
    uint64_t *firsts; /* of each set's rows among all; and how many there are */
    uint32_t column_count;
    mu_sort_column *columns;
    mu_sort_part *parts;
    uint32_t part_count;
    mu_sort_level *levels;
    uint32_t level_count;
    mu_sort_item *items, *spare;
};

/* Sets places and words, of level 0, of rows first ... first + count - 1 among all. */
void mu_sort_fill(const mu_sort *sort, uint64_t first, uint64_t count, mu_sort_item *items);
/* The word of a level that is one. */
uint64_t mu_sort_word(const mu_sort *sort, uint32_t level, uint64_t place);
/* < 0, 0 or > 0: two rows from a level on. */
int mu_sort_compare(const mu_sort *sort, uint64_t a, uint64_t b, uint32_t level);

#endif
