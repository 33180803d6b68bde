/*
 * import.c - --import: a file becomes a table, and the table is asked first questions.
 *
 *   1. DESCRIBE 'file' says what the columns are; they are shown.
 *   2. Which one is the customer, the time, the event: as the user says, else as roles.c guesses;
 *      where that is not clear, a person is asked, and without one it is an error.
 *   3. CREATE TABLE ... FROM 'file' loads it, shown as it would be typed.
 *   4. questions.c.
 */
#include "shell/import.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct importing {
    mu_shell *shell;
    const mu_shell_import *wanted;
    mu_shell_rows described;
    mu_shell_column *columns;
    size_t column_count;
    size_t roles[MU_SHELL_ROLES]; /* a column, or MU_SHELL_NO_COLUMN */
    const char *why[MU_SHELL_ROLES];
} importing;

/* SQL. */

void mu_shell_add_name(mu_shell_text *sql, const char *name)
{
    static const char *const reserved[] = {
        "and",       "as",     "between", "case",  "cast",  "create", "distinct", "else",
        "end",       "except", "false",   "from",  "group", "having", "ilike",    "in",
        "intersect", "into",   "is",      "join",  "like",  "limit",  "not",      "null",
        "offset",    "on",     "or",      "order", "over",  "select", "then",     "true",
        "union",     "using",  "when",    "where", "with",
    };
    bool plain = !(name[0] >= '0' && name[0] <= '9') && name[0];

    for (const char *c = name; *c; c++) {
        plain = plain && (*c == '_' || (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
                          (*c >= 'A' && *c <= 'Z'));
    }
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        plain = plain && strcasecmp(name, reserved[i]) != 0;
    }
    if (plain) {
        mu_shell_text_add(sql, name, strlen(name));
        return;
    }
    mu_shell_text_add(sql, "\"", 1);
    for (const char *c = name; *c; c++) {
        mu_shell_text_add(sql, "\"\"", *c == '"' ? 2 : 0);
        mu_shell_text_add(sql, c, *c != '"');
    }
    mu_shell_text_add(sql, "\"", 1);
}

void mu_shell_add_literal(mu_shell_text *sql, const char *text)
{
    mu_shell_text_add(sql, "'", 1);
    for (const char *c = text; *c; c++) {
        mu_shell_text_add(sql, "''", *c == '\'' ? 2 : 0);
        mu_shell_text_add(sql, c, *c != '\'');
    }
    mu_shell_text_add(sql, "'", 1);
}

static bool describe(importing *im)
{
    mu_shell_text sql = {0};

    mu_shell_text_format(&sql, "DESCRIBE ");
    mu_shell_add_literal(&sql, im->wanted->path);
    if (im->wanted->time_format) {
        mu_shell_text_format(&sql, " (TIMESTAMPFORMAT ");
        mu_shell_add_literal(&sql, im->wanted->time_format);
        mu_shell_text_format(&sql, ")");
    }
    const bool ok = mu_shell_query(im->shell, sql.bytes, &im->described);
    mu_shell_text_deinit(&sql);
    if (!ok) {
        return false;
    }
    im->column_count = im->described.rows;
    im->columns = mu_shell_need(calloc(im->column_count + 1, sizeof *im->columns));
    for (size_t i = 0; i < im->column_count; i++) {
        char **cells = &im->described.cells[i * im->described.columns];

        im->columns[i] = (mu_shell_column){cells[0], cells[1], cells[2]};
    }
    return true;
}

/* How much of an example is shown. */
static size_t example_size(const mu_shell_text *example)
{
    enum {
        EXAMPLE_COLUMNS = 28
    };

    return mu_shell_fit(example->bytes, example->size, EXAMPLE_COLUMNS);
}

/* What a column is taken for, behind its example; `blanks` make the arrows stand in line. */
static void show_role(const importing *im, size_t column, size_t blanks)
{
    FILE *const to = mu_shell_notes(im->shell);

    for (int role = 0; role < MU_SHELL_ROLES; role++) {
        if (im->roles[role] == column) {
            (void)fprintf(to, "%*s  <- the %s, %s", (int)blanks, "",
                          mu_shell_role_name((mu_shell_role)role), im->why[role]);
        }
    }
}

/* The columns with their types, an example, and what each is taken for, or else its number. */
static void show_columns(const importing *im, bool numbered)
{
    FILE *const to = mu_shell_notes(im->shell);
    mu_shell_text *examples = mu_shell_need(calloc(im->column_count + 1, sizeof *examples));
    size_t names = 0, types = 0, widest = 0;

    for (size_t i = 0; i < im->column_count; i++) {
        const mu_shell_column *c = &im->columns[i];
        const size_t name = mu_shell_width(c->name, strlen(c->name)), type = strlen(c->type);

        mu_shell_text_add_visible(&examples[i], c->example, strlen(c->example));
        const size_t example = mu_shell_width(examples[i].bytes, example_size(&examples[i]));
        names = name > names ? name : names;
        types = type > types ? type : types;
        widest = example > widest ? example : widest;
    }
    for (size_t i = 0; i < im->column_count; i++) {
        const mu_shell_column *c = &im->columns[i];
        const size_t fits = example_size(&examples[i]);

        if (numbered) {
            (void)fprintf(to, "%3zu", i + 1);
        }
        (void)fprintf(to, "  %s%*s  %-*s  %.*s", c->name,
                      (int)(names - mu_shell_width(c->name, strlen(c->name))), "", (int)types,
                      c->type, (int)fits, examples[i].bytes);
        if (!numbered) {
            show_role(im, i, widest - mu_shell_width(examples[i].bytes, fits));
        }
        (void)fputc('\n', to);
        mu_shell_text_deinit(&examples[i]);
    }
    free(examples);
}

static size_t column_named(const importing *im, const char *name)
{
    for (size_t i = 0; i < im->column_count; i++) {
        if (strcmp(im->columns[i].name, name) == 0) {
            return i;
        }
    }
    for (size_t i = 0; i < im->column_count; i++) {
        if (strcasecmp(im->columns[i].name, name) == 0) {
            return i;
        }
    }
    return MU_SHELL_NO_COLUMN;
}

static void complain_of_name(const importing *im, const char *name)
{
    const char **names = mu_shell_need(calloc(im->column_count + 1, sizeof *names));

    for (size_t i = 0; i < im->column_count; i++) {
        names[i] = im->columns[i].name;
    }
    const char *nearest = mu_shell_nearest(name, names, im->column_count);
    (void)fprintf(stderr, "muster: no column \"%s\" in \"%s\"%s%s%s\n", name, im->wanted->path,
                  nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    free(names);
}

/* Which is which. */

/* Asks the person at the terminal until the answer is a column; nothing typed means the guess. */
static bool ask_person(importing *im, mu_shell_role role, size_t guess)
{
    FILE *const to = mu_shell_notes(im->shell);
    char *line = NULL;
    size_t room = 0;
    bool known = false;

    show_columns(im, true);
    while (!known) {
        (void)fprintf(to, "Which column is the %s? Its name or number%s%s%s: ",
                      mu_shell_role_name(role), guess != MU_SHELL_NO_COLUMN ? " [" : "",
                      guess != MU_SHELL_NO_COLUMN ? im->columns[guess].name : "",
                      guess != MU_SHELL_NO_COLUMN ? "]" : "");
        (void)fflush(to);
        if (getline(&line, &room, stdin) < 0) {
            (void)fputs("\nmuster: no answer, nothing is loaded\n", stderr);
            break;
        }
        line[strcspn(line, "\r\n")] = '\0';
        const unsigned long number = strtoul(line, NULL, 10);
        im->roles[role] = line[0] == '\0'                             ? guess
                          : number >= 1 && number <= im->column_count ? number - 1
                                                                      : column_named(im, line);
        known = im->roles[role] != MU_SHELL_NO_COLUMN;
        if (!known && line[0]) {
            complain_of_name(im, line);
        }
    }
    im->why[role] = "as you say";
    free(line);
    return known;
}

static bool find_role(importing *im, mu_shell_role role, const char *said)
{
    const mu_shell_guess guess = mu_shell_guess_role(role, im->columns, im->column_count);

    im->roles[role] = guess.column;
    im->why[role] = guess.why;
    if (said) {
        im->roles[role] = column_named(im, said);
        im->why[role] = "as you say";
        if (im->roles[role] == MU_SHELL_NO_COLUMN && (*said || role != MU_SHELL_EVENT)) {
            complain_of_name(im, said);
            return false;
        }
        return true;
    }
    if (guess.clear) {
        return true;
    }
    if (im->shell->interactive) {
        return ask_person(im, role, guess.column);
    }
    im->roles[role] = MU_SHELL_NO_COLUMN;
    show_columns(im, false);
    (void)fprintf(stderr,
                  "muster: it is not clear which column of \"%s\" is the %s; say --%s COLUMN\n",
                  im->wanted->path, mu_shell_role_name(role), mu_shell_role_name(role));
    return false;
}

static bool find_roles(importing *im)
{
    for (int role = 0; role < MU_SHELL_ROLES; role++) {
        im->roles[role] = MU_SHELL_NO_COLUMN;
    }
    return find_role(im, MU_SHELL_CUSTOMER, im->wanted->customer) &&
           find_role(im, MU_SHELL_TIME, im->wanted->time) &&
           find_role(im, MU_SHELL_EVENT, im->wanted->event);
}

/* Loading. */

static const char *role_column(const importing *im, mu_shell_role role)
{
    return im->roles[role] == MU_SHELL_NO_COLUMN ? NULL : im->columns[im->roles[role]].name;
}

static void add_column(mu_shell_text *sql, const importing *im, mu_shell_role role,
                       const char *words)
{
    if (role_column(im, role)) {
        mu_shell_text_add(sql, ", ", role == MU_SHELL_CUSTOMER ? 0 : 2);
        mu_shell_add_name(sql, role_column(im, role));
        mu_shell_text_add(sql, words, strlen(words));
    }
}

static bool load(importing *im)
{
    static const mu_shell_source typed = {NULL, 1};
    const char *const rejects = im->wanted->rejects;
    mu_shell_text sql = {0};

    mu_shell_text_format(&sql, "CREATE TABLE ");
    mu_shell_add_name(&sql, im->wanted->table);
    mu_shell_text_format(&sql, " FROM ");
    mu_shell_add_literal(&sql, im->wanted->path);
    mu_shell_text_format(&sql, " (");
    add_column(&sql, im, MU_SHELL_CUSTOMER, " CUSTOMER");
    add_column(&sql, im, MU_SHELL_TIME, " TIME");
    add_column(&sql, im, MU_SHELL_EVENT, " EVENT");
    mu_shell_text_format(&sql, ")");
    if (im->wanted->time_format || rejects) {
        mu_shell_text_format(&sql, " WITH (");
        if (im->wanted->time_format) {
            mu_shell_text_format(&sql, "TIMESTAMPFORMAT ");
            mu_shell_add_literal(&sql, im->wanted->time_format);
        }
        if (rejects) {
            mu_shell_text_format(&sql, im->wanted->time_format ? ", REJECTS " : "REJECTS ");
            mu_shell_add_literal(&sql, rejects);
        }
        mu_shell_text_format(&sql, ")");
    }
    mu_shell_text_format(&sql, ";");
    const bool ok = mu_shell_run(im->shell, sql.bytes, &typed);
    mu_shell_text_deinit(&sql);
    if (!ok && !rejects) {
        (void)fputs("If that is one row of many: --rejects FILE puts such rows there and loads the "
                    "others.\n",
                    stderr);
    }
    return ok;
}

bool mu_shell_import_file(mu_shell *shell, const mu_shell_import *wanted)
{
    FILE *const to = mu_shell_notes(shell);
    importing im = {.shell = shell, .wanted = wanted};
    const bool echo = shell->echo;
    bool ok = describe(&im) && find_roles(&im);

    if (ok) {
        (void)fprintf(to, "%s: %zu columns\n", wanted->path, im.column_count);
        show_columns(&im, false);
        if (!role_column(&im, MU_SHELL_EVENT)) {
            (void)fputs("  There is no column that says what happened; every row is one kind of "
                        "event. (--event COLUMN says otherwise)\n",
                        to);
        }
        (void)fputc('\n', to);
        shell->echo = true;
        ok = load(&im) && mu_shell_ask(shell, wanted->table, role_column(&im, MU_SHELL_TIME),
                                       role_column(&im, MU_SHELL_EVENT));
        shell->echo = echo;
    }
    free(im.columns);
    mu_shell_rows_deinit(&im.described);
    return ok;
}
