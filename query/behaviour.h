/*
 * behaviour.h - what lies in each customer's events, one customer after the other: the frame that
 * behaviours over time stand in.
 *
 * A behaviour names conditions on events and values to keep of them. The frame scans a stripe,
 * gathers by customer the events that meet any condition, and asks the behaviour about one customer
 * at a time; the rows that it gives stream on, a stripe after the other. So memory is that of a
 * stripe's matching events, and whatever is counted over all customers is a query over these rows
 * (sql/bind_report.c): a report and the people behind it agree because one is made of the other.
 *
 * A report that is asked for often need not make a row of each customer: a behaviour may count
 * within the stripe, and give what it counted at its end, which the query above adds up. Or it
 * counts through all stripes, each thread for itself, and gives what it counted when there are no
 * more: then it needs all of its input before the first row, and its rows are kept.
 */
#ifndef MU_BEHAVIOUR_H
#define MU_BEHAVIOUR_H

#include "query/events.h"
#include "query/exec.h"

/* One thread's. */
typedef struct mu_behaviour {
    mu_exec *exec;
    const mu_behaviour_plan *plan;
    int64_t as_of_us;         /* given, or the newest event of the table */
    mu_event_options reading; /* what is read, before `open`: mu_behaviour_reading() */
    mu_event_reader *reader;  /* opened after `open` */
    mu_set required;          /* who matters: mu_behaviour_require() */
    mu_events events;         /* of the stripe */
    void *state;              /* the class's; zeroed at first */
    /* Rows that were given and not taken: words as gather.h has them, an ordinal for a CUSTOMER, a
     * label's number or a value's code for a TEXT. */
    int64_t *words;
    size_t word_count, word_capacity;
    bool unfinished; /* the class says that it has more rows of the customer, and is to be asked
                        again; not so at first */
} mu_behaviour;

struct mu_behaviour_class {
    const char *name;  /* as in SQL, for EXPLAIN */
    size_t state_size; /* bytes */
    /* All but one of `customer`, `take` and `whole` may be NULL.
     *
     * Says where what is read is not just what the range admits: later events may follow the first.
     */
    void (*reading)(const mu_behaviour_plan *plan, const mu_zone *zone, int64_t as_of_us,
                    mu_event_options *reading);
    muster_status (*open)(mu_behaviour *b, muster_error *err);
    /* Looks at a stripe by itself, without its events; *done is false if it cannot, and then its
     * customers are asked about. */
    muster_status (*known)(mu_behaviour *b, uint32_t stripe, bool *done, muster_error *err);
    /* Instead of `customer`, where the order of events does not matter: takes those of a stripe as
     * they come, so that nothing is gathered; their rows are given by `stripe`. */
    muster_status (*take)(mu_behaviour *b, const mu_event_batch *batch, muster_error *err);
    /* Gives the rows of customer i of the stripe; each is asked about once, in order. One who may
     * have rows without end gives some at a time, and says that it is `unfinished`. */
    muster_status (*customer)(mu_behaviour *b, uint32_t i, muster_error *err);
    /* Gives the rows that come once all customers of a stripe were looked at. */
    muster_status (*stripe)(mu_behaviour *b, muster_error *err);
    /* Gives the rows that come once a thread has looked at all of its stripes; neither of the two
     * above gives any then. */
    muster_status (*finish)(mu_behaviour *b, muster_error *err);
    void (*close)(mu_behaviour *b); /* what `state` points to */
    /* Instead of all of these, for what is not about events: runs the conditions, which are sets of
     * customers, over `customers` as it likes, and makes all rows. */
    muster_status (*whole)(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err);
};

/* What a behaviour reads: the plan's conditions and values, of all events that its range admits, or
 * as its class says. */
mu_event_options mu_behaviour_reading(const mu_behaviour_plan *plan, const mu_zone *zone,
                                      int64_t as_of_us);

/* For `open`: no one matters who has not an event in the range that meets the condition, by its
 * number. Where postings know who has, no one else's events are gathered. */
void mu_behaviour_require(mu_behaviour *b, uint32_t condition);

/* A new row, whose first words, those of the class's own columns, are to be filled in; the others
 * are the values of `event`, by its number in the stripe, or NULL of MU_NO_EVENT. NULL when out of
 * memory. Good until the next. */
int64_t *mu_behaviour_add(mu_behaviour *b, uint32_t event);
#define MU_NO_EVENT UINT32_MAX

muster_status mu_behaviour_fail_memory(const mu_behaviour *b, muster_error *err);

/* Whether an event of that time may be the first of what is looked for: it lies in the range. */
static inline bool mu_behaviour_may_start(const mu_behaviour *b, int64_t time_us)
{
    const mu_event_source *source = &b->plan->source;

    return !source->bounded || (time_us >= source->since_us && time_us < source->until_us);
}

/* The ordinal of customer i of the stripe. */
static inline uint32_t mu_behaviour_ordinal(const mu_behaviour *b, uint32_t i)
{
    return b->events.first_ordinal + b->events.customers[i];
}

#endif
