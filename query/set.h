/*
 * set.h - sets of customers: every predicate on people becomes the 8 KiB of bits of one stripe.
 *
 * AND, OR, NOT are word operations on the bits, whatever they came from. A set is part of a plan,
 * read-only; a runner is its state in one thread. Sets that are queries are run once, when the
 * execution begins (exec.h), into bits for all stripes.
 */
#ifndef MU_SET_H
#define MU_SET_H

#include "query/eval.h"
#include "query/plan.h"

typedef enum mu_set_kind {
    MU_SET_LIST,  /* these ordinals */
    MU_SET_TAG,   /* bearers of one of these values of a tag; members of an audience */
    MU_SET_DID,   /* did such events, so often */
    MU_SET_THEN,  /* did something, and then, or then not, another thing */
    MU_SET_QUERY, /* the first column, a CUSTOMER, of a query */
    MU_SET_AND,
    MU_SET_OR,
    MU_SET_NOT,
} mu_set_kind;

/* Who has an event that meets `first`, and another that meets `second`, at the same time or up to
 * `within_us` later. */
typedef struct mu_then_terms {
    mu_event_source source; /* `among` and `where` are NULL; the range is that of the first */
    const mu_expr *first, *second;
    const mu_expr *same; /* is equal for both; NULL: nothing has to be */
    int64_t within_us;   /* not negative */
    bool without;        /* who has a first event without such a second, and the time for that was
                            over at `as_of` */
    bool as_of_given;
    int64_t as_of_us; /* else the newest event of the table */
} mu_then_terms;

struct mu_set {
    mu_set_kind kind;
    uint32_t arg_count;
    const mu_set *const *args; /* AND, OR: two or more; NOT: one */
    union {
        struct {
            uint32_t count;
            const uint32_t *ordinals; /* ascending */
        } list;
        struct {
            const mu_tag *tag;
            uint32_t count;
            const uint32_t *values; /* indexes into the tag's values; count may be 0 */
        } tag;
        struct {
            mu_event_source source;     /* `among` is NULL; the condition is source.where */
            uint64_t at_least, at_most; /* how many such events; at_least may be 0 */
        } did;
        mu_then_terms then;
        struct {
            const mu_plan *given; /* before it was optimized */
            const mu_plan *plan;
        } query;
    };
};

/* Each makes a set in the scope's arena. */
muster_status mu_set_list(const mu_scope *scope, const uint32_t *ordinals, uint32_t count,
                          const mu_set **out, muster_error *err); /* any order */
/* The tag, or the version of the audience (0: the latest), of that name. INVALID if there is none;
 * the message says which there are. */
muster_status mu_set_find_tag(const mu_scope *scope, mu_text name, int32_t offset,
                              const mu_tag **out, muster_error *err);
muster_status mu_set_find_audience(const mu_scope *scope, mu_text name, uint32_t version,
                                   int32_t offset, const mu_tag **out, muster_error *err);
/* No values: any value, and what an audience has. A value that no one has is an empty set. */
muster_status mu_set_tag(const mu_scope *scope, const mu_tag *tag, const mu_text *values,
                         uint32_t value_count, const mu_set **out, muster_error *err);
muster_status mu_set_did(const mu_scope *scope, const mu_event_source *source, uint64_t at_least,
                         uint64_t at_most, const mu_set **out, muster_error *err);
muster_status mu_set_then(const mu_scope *scope, const mu_then_terms *terms, const mu_set **out,
                          muster_error *err);
/* Optimizes the plan. */
muster_status mu_set_query(const mu_scope *scope, const mu_plan *plan, const mu_set **out,
                           muster_error *err);
/* A query beside sets that are known without reading events looks at their members only: it is
 * planned anew for that, so an AND takes all of its sets at once, not two and two. */
muster_status mu_set_combine(const mu_scope *scope, mu_set_kind kind, const mu_set *const *args,
                             uint32_t arg_count, const mu_set **out, muster_error *err);

void mu_set_print(const mu_set *set, const mu_zone *zone, mu_writer *out); /* for EXPLAIN */

typedef struct mu_set_runner mu_set_runner;
muster_status mu_set_open(mu_exec *exec, const mu_set *set, mu_set_runner **out, muster_error *err);
void mu_set_close(mu_set_runner *runner); /* NULL is fine */
/* bits = the set's members in the stripe; none at or past the number of customers. */
muster_status mu_set_run(mu_set_runner *runner, uint32_t stripe, uint64_t bits[MU_STRIPE_WORDS],
                         muster_error *err);

#endif
