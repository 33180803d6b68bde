/*
 * status.h - how a function says that it could not, and why.
 *
 * Who finds the fault words it, once, with mu_fail(); callers pass it up with MU_TRY() while they
 * own nothing, and the one that knows the place puts it in front with mu_where().
 */
#ifndef MU_STATUS_H
#define MU_STATUS_H

#include "include/muster.h"

#define MU_PRINTF(text, first) __attribute__((format(printf, text, first)))

/* Returns from the calling function if `call` fails. */
#define MU_TRY(call)                                \
    do {                                            \
        const muster_status mu_try_status = (call); \
        if (mu_try_status != MUSTER_OK) {           \
            return mu_try_status;                   \
        }                                           \
    } while (0)

/* Goes to `fail` with `status` set if `call` fails. */
#define MU_TRY_GOTO(call)          \
    do {                           \
        status = (call);           \
        if (status != MUSTER_OK) { \
            goto fail;             \
        }                          \
    } while (0)

#define MU_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Words the failure and returns `status`; err may be NULL. The offset becomes -1. */
muster_status mu_fail(muster_error *err, muster_status status, const char *format, ...)
    MU_PRINTF(3, 4);

/* The same, for a fault at byte `offset` of the SQL text. */
muster_status mu_fail_at(muster_error *err, muster_status status, int32_t offset,
                         const char *format, ...) MU_PRINTF(4, 5);

/* How many of the first `size` bytes of the text are whole characters of UTF-8. */
size_t mu_whole_characters(const char *text, size_t size);

/* The line and the column of the offset, if there is one. */
void mu_locate(muster_error *err, const char *sql);

/* Out of memory while doing what `what` says: "sorting 12 rows". Where it was the limit of an
 * account (mem.h) that refused, the message says how much was wanted, and what helps. */
muster_status mu_fail_memory(muster_error *err, const char *what);

/* Puts a place in front of the message that is there: "events-42.seg, column "plan": ...". */
void mu_where(muster_error *err, const char *format, ...) MU_PRINTF(2, 3);

#endif
