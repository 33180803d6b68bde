/*
 * stoppable.h - every kind of statement, over a database of any size, for tests of what becomes of
 * them when they are stopped, and of how soon they are.
 */
#ifndef MU_STOPPABLE_H
#define MU_STOPPABLE_H

#include <stdint.h>

#include "include/muster.h"

typedef struct stoppable {
    const char *name;
    const char *sql;
    const char *before; /* makes the database ready for it, anew where it ran to its end; or NULL */
} stoppable;

extern const stoppable stoppables[]; /* the last has no name */

/* Fills an empty database with `rows` events, and writes files beside it. The SQL of statements
 * names files as in `directory`. */
muster_status stoppable_fill(muster_connection *connection, const char *directory, uint64_t rows,
                             muster_error *err);
/* Runs the statements, one behind the other, to their last rows. */
muster_status stoppable_run(muster_connection *connection, const char *sql, muster_error *err);
/* The SQL with the directory in the place of each @, and `rows` in that of each #. */
void stoppable_write(const char *sql, const char *directory, uint64_t rows, char *out,
                     uint32_t size);

#endif
