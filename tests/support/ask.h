/*
 * ask.h - statements run through muster.h, and what is answered, as one text.
 */
#ifndef MU_ASK_H
#define MU_ASK_H

#include "include/muster.h"

#include <stddef.h>

/* A connection, which must be had. */
muster_connection *ask_connect(muster *db);

/* Runs all statements of `sql` on a connection of their own and writes the rows of their answers,
 * columns separated by '|', each ended by '\n', NULL as "-"; what does not fit is left out. Stops
 * at the first that fails. */
muster_status ask(muster *db, const char *sql, char *answer, size_t size, muster_error *err);

/* The same on this connection. */
muster_status ask_on(muster_connection *connection, const char *sql, char *answer, size_t size,
                     muster_error *err);

/* The same, where only the status matters. */
muster_status ask_only(muster *db, const char *sql, muster_error *err);

/* The same for statements that must succeed, and with this answer. */
void ask_run(muster *db, const char *sql);
void ask_expect(muster *db, const char *sql, const char *answer);

#endif
