/*
 * command.c - `muster info DB` and `muster check DB`: what a database takes on the disk, and
 * whether it is whole. Neither makes a database where there is none.
 */
#include "shell/shell.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char tables[] =
    "SELECT table, count(*) AS segments, sum(rows) AS rows, sum(nobody) AS nobody, "
    "sum(bytes) AS bytes, min(first_time) AS first_time, max(last_time) AS last_time "
    "FROM segments GROUP BY table ORDER BY table";
static const char columns[] = "SELECT table, column, type, encodings, nulls, bytes, "
                              "round(ratio, 1) AS ratio, dictionary_bytes, posting_bytes "
                              "FROM columns";
static const char files[] = "SELECT kind, count(*) AS files, sum(bytes) AS bytes FROM files "
                            "GROUP BY kind ORDER BY bytes DESC";

static bool is_database(const char *path)
{
    const size_t room = strlen(path) + sizeof "/manifest";
    char *manifest = mu_shell_need(malloc(room));
    struct stat about;

    (void)snprintf(manifest, room, "%s/manifest", path);
    const bool there = stat(manifest, &about) == 0;
    free(manifest);
    return there;
}

static bool inform(const char *path)
{
    const mu_shell_source source = {"info", 1};
    mu_shell shell = {.format = MU_SHELL_BOX};
    muster_error err = {.offset = -1};
    bool ok = false;

    if (muster_open(path, NULL, &shell.db, &err) == MUSTER_OK &&
        muster_connect(shell.db, &shell.connection, &err) == MUSTER_OK) {
        mu_shell_watch(&shell);
        ok = mu_shell_run(&shell, tables, &source) && mu_shell_run(&shell, columns, &source) &&
             mu_shell_run(&shell, files, &source);
    } else {
        (void)fprintf(stderr, "muster: %s\n", err.message);
    }
    muster_disconnect(shell.connection);
    muster_close(shell.db);
    return ok;
}

static void print_problem(void *context, const char *problem)
{
    uint64_t *problems = context;

    (*problems)++;
    (void)printf("%s\n", problem);
}

static bool check(const char *path)
{
    muster_error err = {.offset = -1};
    uint64_t problems = 0;

    if (muster_check(path, print_problem, &problems, &err) == MUSTER_OK) {
        (void)printf("\"%s\" is whole\n", path);
        return true;
    }
    if (problems == 0) {
        (void)fprintf(stderr, "muster: %s\n", err.message);
    }
    return false;
}

int mu_shell_command(int argc, char **argv)
{
    const char *path = argv[2];

    if (argc > 3) {
        (void)fprintf(stderr, "muster: %s takes one database, not also \"%s\"\n", argv[1], argv[3]);
        return 1;
    }
    if (!is_database(path)) {
        (void)fprintf(stderr, "muster: there is no database \"%s\"\n", path);
        return 1;
    }
    const bool ok = strcmp(argv[1], "info") == 0 ? inform(path) : check(path);
    return ok && fflush(stdout) == 0 ? 0 : 1;
}
