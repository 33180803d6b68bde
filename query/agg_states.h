/*
 * agg_states.h - what an aggregate is, and the states of its groups; shared by agg_*.c.
 *
 * A state is `state_size` bytes, zero for a group that has seen nothing. What a state cannot hold
 * itself, the texts it names and the lists of those aggregates that need all values, is in arrays
 * beside.
 */
#ifndef MU_AGG_STATES_H
#define MU_AGG_STATES_H

#include "query/agg.h"
#include "query/func.h"

/* Values of a group, by the bits of mu_agg_bits(). */
typedef struct mu_agg_item {
    int64_t bits; /* in the lists of agg_list.c as numbers that rise with the value; string_agg: of
                     what the texts are ordered by */
    uint32_t group;
    uint32_t code : 31;  /* string_agg: of the text; kaplan_meier: 1 if it has ended */
    uint32_t no_key : 1; /* string_agg: what it is to be ordered by is NULL */
} mu_agg_item;

typedef struct mu_agg_distinct mu_agg_distinct;
typedef struct mu_agg_buckets mu_agg_buckets;

/* The rows of an update: those that are live and have no NULL in an argument. */
typedef struct mu_agg_rows {
    uint32_t rows;
    const uint64_t *live;
    const mu_vector *args;
    const mu_vector *order;
    const uint32_t *groups; /* NULL: all in group 0 */
} mu_agg_rows;

struct mu_agg {
    const char *name;
    const char *params; /* letters, as in func.h */
    char result;        /* a letter, or '0': the type of the first argument */
    uint8_t variant;
    bool ordered;          /* first, last */
    bool may_order;        /* string_agg */
    bool ignores_distinct; /* it makes no difference */
    uint8_t listed; /* it has items, of so many first arguments; the others are constants for the
                       result */
    size_t state_size;
    /* May look at the arguments and set the type of the result. NULL: nothing to do. */
    muster_status (*bind)(const mu_scope *scope, const mu_expr **args, int32_t offset,
                          mu_type *result, muster_error *err);
    muster_status (*update)(mu_agg_states *states, const mu_agg_rows *rows, muster_error *err);
    /* Undoes an update of rows that group 0 was given. NULL: there is no way. */
    void (*remove)(mu_agg_states *states, const mu_agg_rows *rows);
    /* Group i of `from` is added to group map[i]. */
    muster_status (*merge)(mu_agg_states *states, const mu_agg_states *from, const uint32_t *map,
                           uint32_t groups, muster_error *err);
    /* out->type is set, out->null false. */
    muster_status (*result_of)(mu_agg_states *states, uint32_t group, mu_value *out,
                               muster_error *err);
};

struct mu_agg_states {
    const mu_agg_call *call;
    mu_type arg_type; /* of the first argument; NULL without one */
    mu_type key_type; /* of what first, last, arg_min and arg_max go by */
    uint32_t groups;
    size_t capacity;
    void *data;
    mu_dict_builder texts; /* that states and items name by code */
    mu_agg_item *items;    /* of median and the like */
    size_t item_count, item_capacity;
    size_t *starts;          /* of the groups in the arranged items; NULL while they are not */
    mu_agg_buckets *buckets; /* of these items; NULL: they are in order */
    mu_writer text;          /* of the last result */
    mu_agg_distinct *distinct;
};

typedef struct mu_agg_family {
    const mu_agg *aggs;
    size_t count;
} mu_agg_family;
extern const mu_agg_family mu_agg_number, mu_agg_pick, mu_agg_list, mu_agg_pair, mu_agg_spread,
    mu_agg_survival, mu_agg_bitmap;

static inline uint32_t mu_agg_group(const mu_agg_rows *rows, uint32_t row)
{
    return rows->groups ? rows->groups[row] : 0;
}

/* A value as 64 bits: of a double its word (func.h), of a text its code in `texts`. */
muster_status mu_agg_bits(mu_agg_states *states, const mu_value *value, int64_t *out,
                          muster_error *err);
mu_value mu_agg_value(const mu_agg_states *states, mu_type type, int64_t bits);
/* An item's or state's bits as bits of other states. */
muster_status mu_agg_move(mu_agg_states *states, const mu_agg_states *from, mu_type type,
                          int64_t bits, int64_t *out, muster_error *err);

/* The items of all groups; arranged, those of group g are at the places starts[g] to starts[g + 1].
 */
mu_value mu_agg_item_value(const mu_agg_states *states, const mu_agg_item *item);
/* An item of the first argument for each row; `marks` are bits of rows that become their codes. */
muster_status mu_agg_list_items(mu_agg_states *states, const mu_agg_rows *rows,
                                const uint64_t *marks, muster_error *err);
muster_status mu_agg_merge_items(mu_agg_states *states, const mu_agg_states *from,
                                 const uint32_t *map, uint32_t groups, muster_error *err);
muster_status mu_agg_arrange(mu_agg_states *states, muster_error *err);

/* agg_sort.c: what stands at places `first` to `end` of the arranged items is in the order of
 * (group, value) from now on, as if all were. Equal values have equal bits. */
muster_status mu_agg_sort_between(mu_agg_states *states, size_t first, size_t end,
                                  muster_error *err);
/* For mu_agg_arrange(); false when out of memory, or stopped. */
bool mu_agg_make_buckets(mu_agg_states *states);
/* The items are neither arranged nor sorted any more. */
void mu_agg_forget_order(mu_agg_states *states);

/* The set of a DISTINCT. */
muster_status mu_agg_distinct_open(mu_agg_states *states, muster_error *err);
void mu_agg_distinct_reset(mu_agg_distinct *distinct);
void mu_agg_distinct_close(mu_agg_distinct *distinct);
muster_status mu_agg_distinct_update(mu_agg_states *states, const mu_agg_rows *rows,
                                     muster_error *err);
muster_status mu_agg_distinct_merge(mu_agg_states *states, const mu_agg_states *from,
                                    const uint32_t *map, muster_error *err);
/* Gives the values, each once, to the aggregate itself. */
muster_status mu_agg_distinct_finish(mu_agg_states *states, muster_error *err);

#endif
