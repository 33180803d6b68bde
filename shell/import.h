/*
 * import.h - what import.c and roles.c share: the columns of a file and what they may be.
 */
#ifndef MU_SHELL_IMPORT_H
#define MU_SHELL_IMPORT_H

#include "shell/shell.h"

#define MU_SHELL_NO_COLUMN SIZE_MAX

typedef enum mu_shell_role {
    MU_SHELL_CUSTOMER,
    MU_SHELL_TIME,
    MU_SHELL_EVENT,
} mu_shell_role;
enum {
    MU_SHELL_ROLES = 3
};

typedef struct mu_shell_column {
    char *name, *type, *example;
} mu_shell_column;

typedef struct mu_shell_guess {
    size_t column;   /* or MU_SHELL_NO_COLUMN */
    bool clear;      /* else someone must say */
    const char *why; /* in words */
} mu_shell_guess;

const char *mu_shell_role_name(mu_shell_role role);
mu_shell_guess mu_shell_guess_role(mu_shell_role role, const mu_shell_column *columns,
                                   size_t count);

/* questions.c: runs the first questions on a table with these columns; event may be NULL. */
bool mu_shell_ask(mu_shell *shell, const char *table, const char *time, const char *event);

/* Adds a name as SQL writes it, with quotes where it needs them, or a text in quotes. */
void mu_shell_add_name(mu_shell_text *sql, const char *name);
void mu_shell_add_literal(mu_shell_text *sql, const char *text);

#endif
