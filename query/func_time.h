/*
 * func_time.h - what the files of time functions share.
 *
 *   func_time.c       date_trunc, date_diff, time_bucket; times made of numbers
 *   func_time_part.c  date_part and its like
 *   func_time_text.c  times as text by a pattern, and back; names of days and months
 *   func_time_zone.c  times as the clocks of another zone show them
 *   func_interval.c   sums of times and intervals
 */
#ifndef MU_FUNC_TIME_H
#define MU_FUNC_TIME_H

#include "query/func.h"
#include "storage/zone.h"

/* `name`, or `name` with an "s", in any case. */
bool mu_time_word(mu_text text, const char *name);
/* Fails with the units there are. */
muster_status mu_time_unit(mu_text text, mu_unit *out, muster_error *err);

/* A DATE or TIMESTAMP on the clock of the session's zone. */
int64_t mu_time_local(const mu_func_context *context, const mu_value *time);
/* The same for an argument of a batch: in the room of the result, which may then be computed in
 * place, or the argument itself where nothing has to be done. */
const int64_t *mu_time_locals(const mu_func_call *call, uint32_t arg);

/* a / b, b > 0, towards the past. */
static inline int64_t mu_floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Is it now(), or its day? */
bool mu_time_is_now(const mu_func *func);

/* The maker of parts of an interval. */
mu_func_make mu_interval_part;

/* Fails if the time is not in the years 1 to 9999. */
muster_status mu_time_check(int64_t time_us, muster_error *err);

#endif
