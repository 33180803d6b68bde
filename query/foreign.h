/*
 * foreign.h - words of other databases, and what is written for them here.
 *
 * People bring the SQL they know. Where a word cannot be supported under its name, the message that
 * it is not there says what to write instead. A line for each, in one table.
 */
#ifndef MU_FOREIGN_H
#define MU_FOREIGN_H

#include "storage/value.h"

typedef enum mu_foreign_kind {
    MU_FOREIGN_FUNCTION, /* before a parenthesis */
    MU_FOREIGN_NAME,     /* where a column or a table is looked for */
    MU_FOREIGN_TYPE,
    MU_FOREIGN_WORD, /* of the grammar: nothing else is known by then */
} mu_foreign_kind;

/* What to do in place of the word; NULL where nothing is known. Case does not count. */
const char *mu_foreign_advice(mu_foreign_kind kind, mu_text word);

/* The same as the end of a message: "; " and the advice, or "". */
const char *mu_foreign_hint(mu_foreign_kind kind, const char *word, char *buffer, size_t size);

#endif
