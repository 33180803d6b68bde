/*
 * bind_funnel.h - what bind_funnel.c reads of a funnel, for bind_funnel_report.c, which makes its
 * relations of the rows of customers or attempts.
 */
#ifndef MU_BIND_FUNNEL_H
#define MU_BIND_FUNNEL_H

#include "query/journeys.h"
#include "sql/bind_breakdown.h"

typedef struct mu_funnel_call {
    mu_funnel_plan funnel; /* what all funnels have */
    mu_journeys options;   /* and what else may be asked */
    mu_breakdown breakdown;
    const mu_expr *const *conditions; /* of the steps, then of the exclusions */
    const char *const *titles;        /* of these */
    const mu_expr *const *held;       /* options.hold_count of them */
    uint32_t quantile_count;
    const mu_value *quantiles;
    const char *const *quantile_names; /* p50 */
} mu_funnel_call;

/* The relations over `rows`, whose breakdown is called `part`. */
muster_status mu_funnel_report(const mu_behaviour_call *call, const mu_funnel_call *funnel,
                               const mu_plan *rows, const mu_plan **out, muster_error *err);
muster_status mu_funnel_people(const mu_behaviour_call *call, const mu_funnel_call *funnel,
                               const mu_plan *rows, const mu_plan **out, muster_error *err);

#endif
