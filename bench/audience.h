/*
 * audience.h - random audiences: conditions over tags, attributes and behaviour, and how each
 * engine is asked for their size.
 *
 * An audience is an AND of groups; a group is an OR of one to three conditions, each of which may
 * be negated. The same seed gives the same stream everywhere.
 */
#ifndef MU_BENCH_AUDIENCE_H
#define MU_BENCH_AUDIENCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MU_BENCH_CONDITIONS = 12,    /* at most; 2 at the least */
    MU_BENCH_AUDIENCE_FORMS = 4, /* at most, of an engine */
};

typedef enum mu_bench_condition_kind {
    MU_BENCH_TAG,   /* bears a tag */
    MU_BENCH_VALUE, /* an attribute (tier, month of birth) has one of some values */
    MU_BENCH_DID,   /* has so many events of a name in a range of days */
} mu_bench_condition_kind;

typedef struct mu_bench_condition {
    mu_bench_condition_kind kind;
    bool negated;
    bool begins_group;
    uint32_t tag;          /* TAG: which, by its place among the names in byte order */
    bool is_tier;          /* VALUE: else it is the month of birth */
    uint32_t values;       /* VALUE: bit v: value v + 1 */
    const char *event;     /* DID */
    uint32_t at_least;     /* DID */
    uint32_t since, until; /* DID: days since 2021-01-01, the second not included */
} mu_bench_condition;

typedef struct mu_bench_audience_definition {
    uint32_t count;
    mu_bench_condition conditions[MU_BENCH_CONDITIONS];
} mu_bench_audience_definition;

/* The next audience of the stream that `state` is at; any number begins one. */
mu_bench_audience_definition mu_bench_audience_draw(uint64_t *state);

/* The question for its size as `engine` is asked in form `form`; NULL if the engine has no such
 * form. The caller frees it. */
char *mu_bench_audience_sql(const mu_bench_audience_definition *audience, const char *engine,
                            uint32_t form);
const char *mu_bench_audience_form(const char *engine, uint32_t form); /* its name, or NULL */

#endif
