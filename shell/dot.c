/*
 * dot.c - the commands of the shell itself. To add one: a function and a line in the table.
 */
#include "shell/shell.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct command {
    const char *name, *argument, *help;
    bool (*run)(mu_shell *shell, const char *argument); /* "" where there is none */
} command;

static bool show_help(mu_shell *shell, const char *argument);

static bool complain_of(const char *what, const char *argument, const char *expected)
{
    (void)fprintf(stderr, "error: %s takes %s, not \"%s\"\n", what, expected, argument);
    return false;
}

static bool list_tables(mu_shell *shell, const char *argument)
{
    static const mu_shell_source here = {NULL, 1};

    if (argument[0]) {
        return complain_of(".tables", argument, "nothing");
    }
    return mu_shell_run(shell, "SHOW TABLES", &here);
}

static bool describe_table(mu_shell *shell, const char *argument)
{
    static const mu_shell_source here = {NULL, 1};
    mu_shell_text sql = {0};

    if (!argument[0]) {
        return complain_of(".schema", argument, "the name of a table");
    }
    mu_shell_text_format(&sql, "DESCRIBE %s", argument);
    const bool ok = mu_shell_run(shell, sql.bytes, &here);
    mu_shell_text_deinit(&sql);
    return ok;
}

static bool leave(mu_shell *shell, const char *argument)
{
    (void)argument;
    shell->quit = true;
    return true;
}

static bool read_script(mu_shell *shell, const char *argument)
{
    if (!argument[0]) {
        return complain_of(".read", argument, "the name of a file with statements");
    }
    return mu_shell_read(shell, argument);
}

static bool set_timer(mu_shell *shell, const char *argument)
{
    if (strcmp(argument, "on") != 0 && strcmp(argument, "off") != 0) {
        return complain_of(".timer", argument, "on or off");
    }
    shell->timer = strcmp(argument, "on") == 0;
    return true;
}

static bool set_format(mu_shell *shell, const char *argument)
{
    if (!mu_shell_format_of(argument, &shell->format)) {
        return complain_of(".format", argument, "box, csv or json");
    }
    return true;
}

static const command commands[] = {
    {".help", "", "this list", show_help},
    {".tables", "", "the tables of the database (SHOW TABLES)", list_tables},
    {".schema", "TABLE", "the columns of a table (DESCRIBE TABLE)", describe_table},
    {".read", "FILE", "run the statements of a file", read_script},
    {".format", "box|csv|json", "how results are printed", set_format},
    {".timer", "on|off", "rows and time below each result", set_timer},
    {".quit", "", "leave; so does Ctrl-D", leave},
};
enum {
    COMMAND_COUNT = sizeof commands / sizeof commands[0]
};

static bool show_help(mu_shell *shell, const char *argument)
{
    (void)shell;
    (void)argument;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        (void)printf("  %-8s %-14s %s\n", commands[i].name, commands[i].argument, commands[i].help);
    }
    (void)puts("\nEverything else is SQL, and ends with ;  Ctrl-C stops a statement. For example:\n"
               "  CREATE TABLE events FROM 'events.csv' (user_id CUSTOMER, ts TIME, event EVENT);\n"
               "  FROM events LIMIT 5;\n"
               "  SELECT count(*) FROM customers WHERE did(event = 'pay', at_least => 2);");
    return true;
}

bool mu_shell_dot(mu_shell *shell, const char *line)
{
    const char *names[COMMAND_COUNT];
    char *words = mu_shell_need(strdup(line));
    char *end = words + strlen(words);
    bool ok = false, known = false;

    while (end > words && (isspace((unsigned char)end[-1]) || end[-1] == ';')) {
        *--end = '\0';
    }
    char *argument = words + strcspn(words, " \t");
    if (*argument) {
        *argument++ = '\0';
        argument += strspn(argument, " \t");
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        names[i] = commands[i].name;
        if (strcmp(words, commands[i].name) == 0) {
            known = true;
            ok = commands[i].run(shell, argument);
        }
    }
    if (!known) {
        const char *nearest = mu_shell_nearest(words, names, COMMAND_COUNT);

        (void)fprintf(stderr, "error: no command \"%s\"; ", words);
        (void)fprintf(stderr, nearest ? "did you mean \"%s\"?\n" : "%s lists them\n",
                      nearest ? nearest : ".help");
    }
    free(words);
    return ok;
}
