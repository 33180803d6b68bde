/*
 * events.h - the events a behaviour looks at, a stripe at a time, with the conditions each of them
 * meets.
 *
 * A behaviour names some conditions over the events of a table (the steps of a funnel, the
 * start and the return of a cohort). A reader scans a stripe, finds for each row which conditions
 * hold, as a mask of bits, and hands on the rows where any does. Conditions of people (`among`) and
 * `where` are sieved out before.
 */
#ifndef MU_EVENTS_H
#define MU_EVENTS_H

#include "query/set.h"
#include "storage/gather.h"

typedef struct mu_event_options {
    const mu_event_source *source;
    uint32_t condition_count; /* 1 to MU_MAX_STEPS */
    const mu_expr *const *conditions;
    uint32_t value_count; /* expressions whose values are kept with the rows */
    const mu_expr *const *values;
    /* Only events in [since_us, until_us). A behaviour widens the source's range by what may follow
     * the first event. */
    bool bounded;
    int64_t since_us, until_us;
    /* A set of MU_SET_DID: where it is known without reading events, those of others do not matter;
     * NULL: all do. */
    const mu_set *starters;
    const uint64_t *left_out; /* bits of the table's segments that are not read; NULL: none */
} mu_event_options;

typedef struct mu_event_reader mu_event_reader;

/* For one thread. The options, and what they point to, must stay. */
muster_status mu_event_open(mu_exec *exec, const mu_event_options *options, mu_event_reader **out,
                            muster_error *err);
void mu_event_close(mu_event_reader *reader); /* NULL is fine */

/* Makes the set of who has an event that meets `where` in the range of the source, or in what else
 * the files have that it meets: for `starters`. False if postings do not know it. */
bool mu_event_starters(mu_exec *exec, const mu_event_source *source, const mu_expr *where,
                       mu_set *out);

/* Begins a stripe; then batches with, for every live row, the conditions it meets (at least one);
 * rows == 0 at the end. Everything is good until the next call. `ordinals` and `time_us` are
 * columns of the batch; time is loaded only `with_time`. */
typedef struct mu_event_batch {
    uint32_t rows;
    const uint64_t *live;
    const uint32_t *ordinals;
    const int64_t *time_us;  /* NULL unless it was asked for */
    const uint64_t *masks;   /* a word a row; only where live */
    const mu_vector *values; /* value_count of them */
} mu_event_batch;
muster_status mu_event_start(mu_event_reader *reader, uint32_t stripe, muster_error *err);
muster_status mu_event_next(mu_event_reader *reader, bool with_time, mu_event_batch *batch,
                            muster_error *err);

/* Marks the customers of a stripe who have an event that meets a condition: faster than going
 * through the events, since only the customers of those are looked at. */
muster_status mu_event_mark(mu_event_reader *reader, uint32_t stripe,
                            uint64_t bits[MU_STRIPE_WORDS], muster_error *err);

/* The same where who is marked in which bits is a matter of time: `choose` gives the bits, of the
 * stripe, for all events of a file, when it is told the time of one. */
typedef uint64_t *mu_event_choose(void *context, int64_t time_us);
muster_status mu_event_mark_by(mu_event_reader *reader, uint32_t stripe, mu_event_choose *choose,
                               void *context, muster_error *err);

/* Reads a whole stripe into the layout of gather.h: by customer, in time order; columns are the
 * values. */
muster_status mu_event_gather(mu_event_reader *reader, uint32_t stripe, mu_events *out,
                              muster_error *err);
const mu_dict *mu_event_dict(const mu_event_reader *reader,
                             uint32_t value); /* of a text value's codes */

/* What a word of a gathered value stands for; text is good as long as the reader is. */
mu_value mu_event_value(const mu_event_reader *reader, uint32_t value, int64_t word);
/* Whether it comes before another, as SQL orders them, NULL behind all: below 0, 0, above. Equal
 * words are equal also where there is no such value. */
int mu_event_compare(const mu_event_reader *reader, uint32_t value, int64_t x, int64_t y);

/* The newest event of the source's table: what `as_of` is when it is not given. False where there
 * is none. */
bool mu_event_newest(mu_exec *exec, const mu_event_source *source, int64_t *time_us);

/* a + b, at most INT64_MAX; b >= 0. */
static inline int64_t mu_time_add(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* a - b, at least INT64_MIN; b >= 0. */
static inline int64_t mu_time_subtract(int64_t a, int64_t b)
{
    return a < INT64_MIN + b ? INT64_MIN : a - b;
}

#endif
