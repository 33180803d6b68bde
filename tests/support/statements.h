/*
 * statements.h - a database with something of everything, and each kind of statement that changes
 * one, for tests of what becomes of them where the disk or the process fails.
 */
#ifndef MU_STATEMENTS_H
#define MU_STATEMENTS_H

#include "include/muster.h"

#include <stddef.h>
#include <stdint.h>

enum {
    STATE_ROOM = 8192
};

extern const char statements_set_up[]; /* SQL that fills an empty database */

/* The i-th kind of statement; NULL after the last. Good until the next call. */
const char *statements_change(size_t i);
void statements_write_files(uint32_t rows); /* that some of them load; before the first is asked */

muster *statements_open(const char *path); /* the work of one thread */

/* All that can be seen of a database: answers, and why there are none. */
void statements_describe(muster *db, char state[STATE_ROOM]);

/* Makes one more change, with all that the log has in files, and closes the database; it is whole
 * then, and there are no other files. */
void statements_close(muster *db, const char *path);

#endif
