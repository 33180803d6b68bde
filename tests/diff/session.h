/*
 * session.h - a set of tables in every engine, and what they answer to the same question.
 */
#ifndef MU_DIFF_SESSION_H
#define MU_DIFF_SESSION_H

#include "tests/diff/catalog.h"
#include "tests/diff/engine.h"

enum {
    SESSION_ENGINES = 6,
    SESSION_STATEMENTS = 64
};

/* What was asked and answered, for the end. */
typedef struct diff_counts {
    uint64_t queries, compared, empty, rows, explained, too_long, statements, properties;
    uint64_t of_engine[SESSION_ENGINES];
    uint64_t of_feature[SESSION_ENGINES][DIFF_FEATURE_COUNT];
    uint64_t errors[SESSION_ENGINES];
} diff_counts;

typedef struct diff_session {
    diff_engine engines[SESSION_ENGINES];
    diff_answer answers[SESSION_ENGINES]; /* to what was asked last */
    int engine_count;
    diff_catalog *catalog;
    diff_node *statements[SESSION_STATEMENTS]; /* what happened to the tables since */
    int statement_count;
    bool loaded;
    diff_counts counts;
} diff_session;

/* What two engines do not agree on. */
typedef struct diff_finding {
    int one, other;       /* indexes of engines; the same twice: one does not agree with itself */
    int row;              /* the first that differs, or -1: one has an error */
    char message[64];     /* that error, as far as it does not depend on names and numbers */
    const char *property; /* the rule that does not hold, or NULL: the two engines differ */
} diff_finding;

/* Makes the tables, and does what happened to them; false, with the answers, if one cannot. */
bool diff_session_load(diff_session *session);
void diff_session_unload(diff_session *session);
bool diff_session_restart(diff_session *session);

/* Asks all engines; false and *finding if they differ. */
bool diff_session_agree(diff_session *session, const diff_node *tree, diff_finding *finding);

/* Asks one. The answer is in session->answers. */
void diff_session_ask(diff_session *session, int engine, const diff_node *tree);

/* Prints the tables, what happened to them and the query as a script of each dialect, and the
 * answers. */
void diff_session_show(FILE *out, diff_session *session, const diff_node *tree,
                       const diff_finding *finding);

/* Why an engine may fail where others answer; NULL if there is no reason. */
const char *diff_known(diff_dialect dialect, const char *message);

#endif
