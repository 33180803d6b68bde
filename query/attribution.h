/*
 * attribution.h - which channels a conversion is owed to.
 *
 * Of a conversion at time t count the touches of the same customer in (t - lookback, t], but for
 * the event itself, where it is a touch as well, and those without a channel. They stand in the
 * order of time; those of the same time in the order of their channels, the largest first, so that
 * load order never matters. Touches of one channel that follow one another are a run, and count
 * once, with the time of the last of them. A model divides the conversion and its value among the
 * runs, and a channel gets what its runs get.
 */
#ifndef MU_ATTRIBUTION_H
#define MU_ATTRIBUTION_H

#include "query/behaviour.h"

/* Each gives every run a weight; the credit is in proportion. */
typedef enum mu_attribution_model {
    MU_MODEL_FIRST,      /* all to the first run */
    MU_MODEL_LAST,       /* all to the last */
    MU_MODEL_LINEAR,     /* each as much */
    MU_MODEL_POSITION,   /* 40 % to the first, 40 % to the last, 20 % to those between; half to
                            each of two */
    MU_MODEL_TIME_DECAY, /* half as much for every half-life between its time and the conversion */
    MU_ATTRIBUTION_MODELS
} mu_attribution_model;

/* The options of the class; its conditions: */
enum {
    MU_ATTRIBUTION_CONVERT,
    MU_ATTRIBUTION_TOUCH,
    MU_ATTRIBUTION_CONDITIONS
};

typedef struct mu_attribution {
    int64_t lookback_us;  /* more than 0 */
    int64_t half_life_us; /* likewise */
    uint32_t model_count;
    const mu_attribution_model *models; /* in the order of the labels of the column */
    mu_type value_type;
    /* Values of events: the channel, which is not a CUSTOMER, is number 0; the others may not be
     * there. */
    bool has_value, has_by;
} mu_attribution;

static inline uint32_t mu_attribution_by(const mu_attribution *options)
{
    return options->has_value ? 2 : 1;
}

/* A conversion is 10^6 units of credit, of a DECIMAL(18,6). */
enum {
    MU_CREDIT_DIGITS = 6,
    MU_CREDIT_UNITS = 1000000
};

/* Its columns. VALUE and BY are NULL where there are none. */
enum {
    MU_ATTRIBUTED_MODEL,
    MU_ATTRIBUTED_CHANNEL,
    MU_ATTRIBUTED_CONVERSIONS, /* the credit */
    MU_ATTRIBUTED_VALUE,       /* its share */
    MU_ATTRIBUTED_BY,
    MU_ATTRIBUTION_SUM_COLUMNS,
    MU_ATTRIBUTED_CUSTOMER = MU_ATTRIBUTION_SUM_COLUMNS,
    MU_ATTRIBUTED_TIME, /* of the conversion */
    MU_ATTRIBUTION_COLUMNS
};

/* Rows of every conversion, model and channel; or sums over all conversions of a stripe, without
 * the last columns. */
extern const mu_behaviour_class mu_attribution_customers_class, mu_attribution_class;

#endif
