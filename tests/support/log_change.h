/*
 * log_change.h - what else may become of an event log: another time, a checkpoint, someone erased.
 */
#ifndef MU_LOG_CHANGE_H
#define MU_LOG_CHANGE_H

#include "tests/support/event_log.h"

/* Moves all events so that `from` lies among them, half of the time; the grid stays. */
void log_move(event_log *log, int64_t from, uint64_t *random);

/* Sometimes makes files of what was loaded, and sometimes erases a customer, whose events then
 * leave the log too. */
void log_settle(muster *db, event_log *log, uint64_t *random);

#endif
