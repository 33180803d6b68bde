/*
 * main.c - muster, the shell: its arguments, and what is done in which order.
 *
 * -c and -f are run in the order they are given; then --import; then, if there was none of these,
 * a script from the standard input, or a session if that is a terminal. The exit status is 0 if
 * everything went well, else 1.
 */
#include "shell/shell.h"

#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "muster asks questions about customers and what they did.\n"
    "\n"
    "  muster [DB] [options]\n"
    "\n"
    "DB is a directory, made if there is none; without DB, or as :memory:, a temporary database.\n"
    "Without -c, -f and --import, statements come from the terminal, or from a pipe.\n"
    "\n"
    "  -c SQL               run SQL, one or more statements; may be repeated\n"
    "  -f FILE              run the statements of FILE; - is the standard input\n"
    "  --format FORMAT      box (default; shows 6 decimals of a DOUBLE), csv (with a header line) "
    "or\n"
    "                       json; with these two only results go to the standard output\n"
    "  --echo               show each statement before its result\n"
    "  --threads N          how many threads a statement may use (all processors)\n"
    "\n"
    "  --import FILE        load FILE into a new table and ask it some first questions; which "
    "column\n"
    "                       is which is found out, or said:\n"
    "  --customer COLUMN    whose event it is\n"
    "  --time COLUMN        when it happened\n"
    "  --event COLUMN       what happened; \"\" if no column says that\n"
    "  --time-format FORMAT how the times are written, such as %d.%m.%Y, if that is not found out\n"
    "  --rejects FILE       rows that do not fit go there; without, the first stops the load\n"
    "  --table NAME         the table to make (events)\n"
    "\n"
    "  --help, --version\n"
    "\n"
    "  muster info DB       what it takes on the disk: tables, columns, files\n"
    "  muster check DB      reads and verifies everything; exit status 1 if something is wrong\n"
    "\n"
    "  muster shop.muster -c \"CREATE TABLE events FROM 'log.csv' (user_id CUSTOMER, ts TIME, "
    "event "
    "EVENT)\"\n"
    "  muster shop.muster --format csv -c 'FROM events LIMIT 10' > first.csv\n";

enum {
    OUT_BYTES = 1 << 16
};

/* A -c or an -f. */
typedef struct task {
    bool is_file;
    const char *text;
} task;

typedef struct arguments {
    const char *path; /* of the database; NULL: a temporary one */
    task *tasks;
    size_t task_count;
    mu_shell_format format;
    bool echo;
    uint32_t threads;
    mu_shell_import import; /* if its path is not NULL */
} arguments;

static _Noreturn void refuse(const char *what, const char *value, const char *remedy)
{
    (void)fprintf(stderr, "muster: %s \"%s\"; %s\n", what, value, remedy);
    exit(1);
}

static uint32_t threads_of(const char *text)
{
    char *end;

    errno = 0;
    const unsigned long threads = strtoul(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || threads < 1 || threads > 1024) {
        refuse("--threads is", text, "it takes a number from 1 to 1024");
    }
    return (uint32_t)threads;
}

static void add_task(arguments *a, bool is_file, const char *text)
{
    a->tasks = mu_shell_need(realloc(a->tasks, (a->task_count + 1) * sizeof *a->tasks));
    a->tasks[a->task_count++] = (task){is_file, text};
}

enum option_code {
    OPTION_CUSTOMER = 256,
    OPTION_TIME,
    OPTION_EVENT,
    OPTION_TABLE,
    OPTION_IMPORT,
    OPTION_TIME_FORMAT,
    OPTION_REJECTS,
};

static void take_option(arguments *a, int option)
{
    switch (option) {
    case 'c':
    case 'f':
        add_task(a, option == 'f', optarg);
        break;
    case 'm':
        if (!mu_shell_format_of(optarg, &a->format)) {
            refuse("--format is", optarg, "it takes box, csv or json");
        }
        break;
    case 'e':
        a->echo = true;
        break;
    case 't':
        a->threads = threads_of(optarg);
        break;
    case 'h':
        (void)fputs(help, stdout);
        exit(0);
    case 'v':
        (void)printf("muster %s\n", muster_version());
        exit(0);
    case OPTION_IMPORT:
        a->import.path = optarg;
        break;
    case OPTION_CUSTOMER:
        a->import.customer = optarg;
        break;
    case OPTION_TIME:
        a->import.time = optarg;
        break;
    case OPTION_EVENT:
        a->import.event = optarg;
        break;
    case OPTION_TIME_FORMAT:
        a->import.time_format = optarg;
        break;
    case OPTION_REJECTS:
        a->import.rejects = optarg;
        break;
    case OPTION_TABLE:
        a->import.table = optarg;
        break;
    default:
        (void)fputs("muster --help lists the options\n", stderr); /* getopt_long has said more */
        exit(1);
    }
}

static arguments arguments_of(int argc, char **argv)
{
    static const struct option known[] = {
        {"format", required_argument, NULL, 'm'},
        {"echo", no_argument, NULL, 'e'},
        {"threads", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {"import", required_argument, NULL, OPTION_IMPORT},
        {"customer", required_argument, NULL, OPTION_CUSTOMER},
        {"time", required_argument, NULL, OPTION_TIME},
        {"event", required_argument, NULL, OPTION_EVENT},
        {"table", required_argument, NULL, OPTION_TABLE},
        {"time-format", required_argument, NULL, OPTION_TIME_FORMAT},
        {"rejects", required_argument, NULL, OPTION_REJECTS},
        {NULL, 0, NULL, 0},
    };
    arguments a = {.import.table = "events"};
    int option;

    while ((option = getopt_long(argc, argv, "c:f:h", known, NULL)) != -1) {
        take_option(&a, option);
    }
    if (optind < argc) {
        a.path = strcmp(argv[optind], ":memory:") == 0 ? NULL : argv[optind];
        optind++;
    }
    if (optind < argc) {
        refuse("there is one database already, not also", argv[optind],
               "a statement goes after -c, in quotes");
    }
    if (!a.import.path && (a.import.customer || a.import.time || a.import.event)) {
        refuse("a column is given, but no --import FILE:",
               a.import.customer ? a.import.customer
               : a.import.time   ? a.import.time
                                 : a.import.event,
               "see muster --help");
    }
    return a;
}

/* Three lines: where one is, what to type next, and how to find out more. */
static void greet(mu_shell *shell, const arguments *a, mu_shell_text *greeting)
{
    mu_shell_rows tables = {0};

    if (a->path) {
        mu_shell_text_format(greeting, "muster %s, database \"%s\"\n", muster_version(), a->path);
    } else {
        mu_shell_text_format(greeting,
                             "muster %s, a temporary database, gone when you leave "
                             "(muster DIR keeps one)\n",
                             muster_version());
    }
    /* There is always the table of customers. */
    if (mu_shell_query(shell, "SHOW TABLES", &tables) && tables.rows > 1) {
        mu_shell_text_format(greeting, "%zu tables; .tables lists them\n", tables.rows);
    } else {
        mu_shell_text_format(greeting,
                             "CREATE TABLE events FROM 'log.csv' (user CUSTOMER, ts TIME, "
                             "event EVENT); loads a log\n");
    }
    mu_shell_text_format(greeting, "Statements end with ;   .help says more, Ctrl-D leaves\n");
    mu_shell_rows_deinit(&tables);
}

static bool run_tasks(mu_shell *shell, const arguments *a)
{
    const mu_shell_source source = {"-c", 1};

    for (size_t i = 0; i < a->task_count && !shell->quit; i++) {
        const task *t = &a->tasks[i];
        const bool ok = t->is_file          ? mu_shell_read(shell, t->text)
                        : t->text[0] == '.' ? mu_shell_dot(shell, t->text)
                                            : mu_shell_run(shell, t->text, &source);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* What the arguments ask for, with an open database. */
static bool run_all(mu_shell *shell, const arguments *a)
{
    const bool at_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    mu_shell_text greeting = {0};

    mu_shell_watch(shell);
    if (!run_tasks(shell, a)) {
        return false;
    }
    shell->interactive = at_terminal && a->task_count == 0;
    if (a->import.path && !mu_shell_import_file(shell, &a->import)) {
        return false;
    }
    if (!at_terminal && !a->import.path && a->task_count == 0) {
        return mu_shell_script(shell, stdin, "stdin");
    }
    if (shell->interactive) {
        if (!a->import.path) {
            greet(shell, a, &greeting);
        }
        mu_shell_repl(shell, greeting.bytes ? greeting.bytes : "");
        mu_shell_text_deinit(&greeting);
    }
    return true;
}

/* Lines are edited in the locale's character set, and everything here is UTF-8. */
static void set_locale(void)
{
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
        (void)setlocale(LC_CTYPE, "C.UTF-8");
    }
}

int main(int argc, char **argv)
{
    if (argc > 2 && (strcmp(argv[1], "info") == 0 || strcmp(argv[1], "check") == 0)) {
        set_locale();
        return mu_shell_command(argc, argv);
    }
    arguments a = arguments_of(argc, argv);
    mu_shell shell = {.format = a.format, .timer = true, .echo = a.echo};
    muster_error err = {.offset = -1};
    bool ok = false;

    set_locale();
    (void)setvbuf(stdout, NULL, _IOFBF, OUT_BYTES); /* each statement flushes it */
    const muster_options options = {.size = sizeof options, .threads = a.threads};
    if (muster_open(a.path, &options, &shell.db, &err) == MUSTER_OK &&
        muster_connect(shell.db, &shell.connection, &err) == MUSTER_OK) {
        ok = run_all(&shell, &a);
    } else {
        (void)fprintf(stderr, "muster: %s\n", err.message);
    }
    muster_disconnect(shell.connection);
    muster_close(shell.db);
    free(a.tasks);
    return ok ? 0 : 1;
}
