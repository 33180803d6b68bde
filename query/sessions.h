/*
 * sessions.h - events in sessions.
 */
#ifndef MU_SESSIONS_H
#define MU_SESSIONS_H

#include "query/behaviour.h"

/* The options of the class. Its one condition is met by all events. */
typedef struct mu_sessions {
    int64_t gap_us; /* of silence, more than which ends a session */
} mu_sessions;

/* Its own columns. */
enum {
    MU_SESSION_CUSTOMER,
    MU_SESSION_TIME,
    MU_SESSION_NUMBER,
    MU_SESSION_COLUMNS
};

extern const mu_behaviour_class mu_sessions_class;

#endif
