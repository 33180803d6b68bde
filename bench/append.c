/*
 * append.c - muster-append: a service that appends events while others ask.
 *
 * It loads the log of a shop, and then, in turn, asks two questions without end, each from a thread
 * of its own, and does the same while it appends events at a steady rate, a few to a commit. So a
 * slow minute of the machine is in both. All of it is done with commits that wait for the disk and
 * with some that do not. docs/benchmark.md says how to read what it prints.
 */
#include "bench/engine.h"
#include "bench/figures.h"
#include "bench/files.h"
#include "bench/stop.h"
#include "include/muster.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static const char help[] =
    "bench/run.sh --append has a service append events while others ask.\n"
    "\n"
    "  --size S      as of the benchmark: XS, S (if nothing is said) or M\n"
    "  --rate N      events per second (10000)\n"
    "  --batch N     events of a commit (100)\n"
    "  --seconds N   of each stretch with or without appends (5)\n"
    "  --rounds N    stretches of each kind (4)\n"
    "  --out DIR     log and database (build/bench/append-SIZE); the database is made anew\n";

static const struct {
    const char *name;
    uint32_t customers, events;
} sizes[] = {{"XS", 50000, 200000}, {"S", 200000, 1500000}, {"M", 8000000, 60000000}};

static const char *const questions[] = {"events_per_type", "funnel_quarter"};

enum {
    QUESTIONS = sizeof questions / sizeof questions[0],
    NEW_IN = 50, /* one event in so many is of someone new */
};

static const int64_t last_day_us = INT64_C(1672444800000000); /* 2022-12-31, of that quarter */

typedef struct samples {
    double *seconds; /* owned */
    size_t count, capacity;
} samples;

typedef enum phase {
    ALONE,
    BESIDE, /* what is appended */
    PHASES,
} phase;

typedef struct asker {
    struct append_run *run;
    char *sql; /* owned */
    pthread_t thread;
    samples took[PHASES];
} asker;

typedef struct append_run {
    uint32_t size, rate, batch, seconds, rounds;
    char *out;
    muster *db;
    asker askers[QUESTIONS];
    atomic_int phase; /* PHASES: the askers end */
    samples commits, behind;
    uint64_t appended; /* events */
    double appending;  /* seconds */
} append_run;

static void add_sample(samples *s, double seconds)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity == 0 ? 1024 : s->capacity * 2;
        s->seconds = mu_bench_need(realloc(s->seconds, s->capacity * sizeof *s->seconds));
    }
    s->seconds[s->count++] = seconds;
}

static void check(muster_status status, const muster_error *err)
{
    if (status != MUSTER_OK) {
        mu_bench_stop("%s", err->message);
    }
}

/* Runs a statement, and returns the first value of its last row, as a number. */
static uint64_t run_sql(muster *db, const char *sql)
{
    muster_connection *connection;
    muster_statement *statement;
    muster_error err = {0};
    bool row = true;
    uint64_t value = 0;

    check(muster_connect(db, &connection, &err), &err);
    check(muster_prepare(connection, sql, NULL, &statement, &err), &err);
    while (row) {
        check(muster_step(statement, &row, &err), &err);
        const char *text = row ? muster_text(statement, 0, NULL) : NULL;
        value = text ? strtoull(text, NULL, 10) : value;
    }
    muster_finish(statement);
    muster_disconnect(connection);
    return value;
}

/* Asking. */

static void *ask_on(void *context)
{
    asker *a = context;
    int now;

    while ((now = atomic_load(&a->run->phase)) != PHASES) {
        const double began = mu_bench_now();
        (void)run_sql(a->run->db, a->sql);
        if (atomic_load(&a->run->phase) == now) { /* else it is of both */
            add_sample(&a->took[now], mu_bench_now() - began);
        }
    }
    return NULL;
}

static void start_askers(append_run *run)
{
    atomic_store(&run->phase, ALONE);
    for (uint32_t q = 0; q < QUESTIONS; q++) {
        asker *a = &run->askers[q];
        char *path = mu_bench_text("bench/queries/%s/muster.sql", questions[q]);
        *a = (asker){.run = run, .sql = mu_bench_need(mu_bench_read(path))};
        free(path);
        (void)run_sql(run->db, a->sql); /* opens what is opened at its first use */
        if (pthread_create(&a->thread, NULL, ask_on, a) != 0) {
            mu_bench_stop("no thread can be started");
        }
    }
}

static void stop_askers(append_run *run)
{
    atomic_store(&run->phase, PHASES);
    for (uint32_t q = 0; q < QUESTIONS; q++) {
        (void)pthread_join(run->askers[q].thread, NULL);
        free(run->askers[q].sql);
    }
}

/* Appending. */

static uint64_t draw(uint64_t *state, uint64_t bound)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % bound;
}

static void append_text(muster_appender *a, const char *text)
{
    muster_error err = {0};

    check(muster_append_text(a, text, strlen(text), &err), &err);
}

/* The i-th event: of the last day of the log, and mostly of those who are in it. */
static void append_event(const append_run *run, muster_appender *a, uint64_t i)
{
    static const char *const events[] = {"view", "view", "view", "search", "add_to_cart", "pay"};
    uint64_t state = i + 1;
    muster_error err = {0};
    char text[40];

    if (draw(&state, NEW_IN) == 0) {
        (void)snprintf(text, sizeof text, "n%08llu", (unsigned long long)i);
    } else {
        (void)snprintf(text, sizeof text, "c%08llu",
                       (unsigned long long)draw(&state, sizes[run->size].customers) + 1);
    }
    append_text(a, text);
    check(muster_append_int64(a, last_day_us + (int64_t)(i * 100 % UINT64_C(86400000000)), &err),
          &err);
    append_text(a, events[draw(&state, sizeof events / sizeof events[0])]);
    append_text(a, "web");
    (void)snprintf(text, sizeof text, "city_%llu", (unsigned long long)draw(&state, 300));
    append_text(a, text);
    (void)snprintf(text, sizeof text, "S%05llu", (unsigned long long)draw(&state, 50000));
    append_text(a, text);
    check(muster_append_int64(a, (int64_t)draw(&state, 100000), &err), &err);
    check(muster_append_int64(a, 1, &err), &err);
    check(muster_append_null(a, &err), &err);
    check(muster_append_row(a, &err), &err);
}

static void sleep_until(double then)
{
    const double left = then - mu_bench_now();

    if (left > 0) {
        const struct timespec wait = {.tv_sec = (time_t)left,
                                      .tv_nsec = (long)((left - (double)(time_t)left) * 1e9)};
        (void)nanosleep(&wait, NULL);
    }
}

/* Appends for a stretch: each commit when it is due, or at once if it is late. */
static void append_stretch(append_run *run)
{
    const uint64_t commits = (uint64_t)run->seconds * run->rate / run->batch;
    const double began = mu_bench_now();
    muster_connection *connection;
    muster_appender *a;
    muster_error err = {0};

    check(muster_connect(run->db, &connection, &err), &err);
    check(muster_appender_open(connection, "events", &a, &err), &err);
    for (uint64_t c = 0; c < commits; c++) {
        const double due = began + (double)c * run->batch / run->rate;
        sleep_until(due);
        for (uint32_t i = 0; i < run->batch; i++) {
            append_event(run, a, run->appended++);
        }
        const double ready = mu_bench_now();
        check(muster_appender_commit(a, &err), &err);
        const double done = mu_bench_now();
        add_sample(&run->commits, done - ready);
        add_sample(&run->behind, done - due);
    }
    muster_appender_close(a);
    muster_disconnect(connection);
    sleep_until(began + run->seconds);
    run->appending += mu_bench_now() - began;
}

/* What is printed. */

/* Prints the spread, and returns the median: 0 where there was no time for a single one. */
static double print_samples(const char *name, samples *s)
{
    static const double quantiles[] = {0.5, 0.95, 0.99, 1};

    (void)printf("  %-34s", name);
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
        (void)printf(" %10s",
                     s->count == 0
                         ? "-"
                         : mu_bench_seconds(mu_bench_quantile(s->seconds, s->count, quantiles[i])));
    }
    (void)printf(" %10s", mu_bench_count((double)s->count));
    const double median = s->count == 0 ? 0 : mu_bench_quantile(s->seconds, s->count, 0.5);
    free(s->seconds);
    *s = (samples){0};
    return median;
}

static void print_mode(append_run *run, bool synchronous)
{
    (void)printf("\nsynchronous %s: %s events per second\n  %-34s %10s %10s %10s %10s %10s\n",
                 synchronous ? "on" : "off",
                 mu_bench_count((double)(run->commits.count * run->batch) / run->appending), "",
                 "p50", "p95", "p99", "most", "count");
    (void)print_samples("commit", &run->commits);
    (void)printf("\n");
    (void)print_samples("since its events were due", &run->behind);
    (void)printf("\n");
    for (uint32_t q = 0; q < QUESTIONS; q++) {
        char *name = mu_bench_text("%s, alone", questions[q]);
        const double alone = print_samples(name, &run->askers[q].took[ALONE]);
        free(name);
        name = mu_bench_text("%s, beside", questions[q]);
        (void)printf("\n");
        const double beside = print_samples(name, &run->askers[q].took[BESIDE]);
        if (alone > 0 && beside > 0) {
            (void)printf("   %.2fx", beside / alone);
        }
        (void)printf("\n");
        free(name);
    }
}

/* A run. */

static void generate(const append_run *run, const char *file)
{
    char *program = mu_bench_need(realpath("/proc/self/exe", NULL));
    char *generator =
        mu_bench_text("%.*s/muster-gen", (int)(strrchr(program, '/') - program), program);
    char *customers = mu_bench_text("--customers=%u", sizes[run->size].customers);
    char *events = mu_bench_text("--events=%u", sizes[run->size].events);
    char *out = mu_bench_text("--out=%s", file);
    char *arguments[] = {generator, customers, events, out, NULL};
    pid_t process;
    int ended = 0;

    const int failed = posix_spawn(&process, generator, NULL, NULL, arguments, environ);
    if (failed != 0 || waitpid(process, &ended, 0) < 0 || ended != 0) {
        mu_bench_stop("\"%s\" did not end well", generator);
    }
    free(program);
    free(generator);
    free(customers);
    free(events);
    free(out);
}

static void load(append_run *run)
{
    char *file = mu_bench_text("%s/events.csv", run->out);
    char *place = mu_bench_text("%s/shop.muster", run->out);
    char *sql = mu_bench_text("COPY events FROM '%s'", file);
    muster_error err = {0};

    mu_bench_make_directory(run->out);
    if (!mu_bench_exists(file)) {
        generate(run, file);
    }
    mu_bench_remove(place);
    check(muster_open(place, NULL, &run->db, &err), &err);
    (void)run_sql(run->db,
                  "CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT "
                  "EVENT, channel TEXT, city TEXT, sku TEXT, amount DECIMAL(12,2), quantity "
                  "INTEGER, coupon TEXT)");
    (void)run_sql(run->db, sql);
    check(muster_set_threads(run->db, 1, &err), &err); /* the askers are several */
    free(file);
    free(place);
    free(sql);
}

static void run_mode(append_run *run, bool synchronous)
{
    (void)run_sql(run->db, synchronous ? "SET synchronous = on" : "SET synchronous = off");
    run->appending = 0;
    start_askers(run);
    for (uint32_t round = 0; round < run->rounds; round++) {
        const double began = mu_bench_now();
        atomic_store(&run->phase, ALONE);
        sleep_until(began + run->seconds);
        atomic_store(&run->phase, BESIDE);
        append_stretch(run);
    }
    stop_askers(run);
    print_mode(run, synchronous);
}

static uint32_t number_of(const char *option, const char *text)
{
    char *end;

    errno = 0;
    const unsigned long number = strtoul(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || number < 1 || number > 1000000) {
        mu_bench_stop("--%s is \"%s\"; it takes a number from 1 to 1000000", option, text);
    }
    return (uint32_t)number;
}

static uint32_t size_of(const char *name)
{
    for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (strcmp(sizes[i].name, name) == 0) {
            return i;
        }
    }
    mu_bench_stop("--size is \"%s\"; it takes XS, S or M", name);
}

static append_run options_of(int argc, char **argv)
{
    static const struct option known[] = {
        {"size", required_argument, NULL, 's'},   {"rate", required_argument, NULL, 'r'},
        {"batch", required_argument, NULL, 'b'},  {"seconds", required_argument, NULL, 't'},
        {"rounds", required_argument, NULL, 'n'}, {"out", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    append_run run = {.size = size_of("S"), .rate = 10000, .batch = 100, .seconds = 5, .rounds = 4};
    int option, index = 0;

    while ((option = getopt_long(argc, argv, "", known, &index)) != -1) {
        switch (option) {
        case 's':
            run.size = size_of(optarg);
            break;
        case 'o':
            run.out = mu_bench_text("%s", optarg);
            break;
        case 'r':
            run.rate = number_of(known[index].name, optarg);
            break;
        case 'b':
            run.batch = number_of(known[index].name, optarg);
            break;
        case 't':
            run.seconds = number_of(known[index].name, optarg);
            break;
        case 'n':
            run.rounds = number_of(known[index].name, optarg);
            break;
        case 'h':
            (void)fputs(help, stdout);
            exit(0);
        default:
            exit(2); /* getopt_long has said why */
        }
    }
    if (optind < argc) {
        mu_bench_stop("\"%s\" is not an option; see --help", argv[optind]);
    }
    run.out = run.out ? run.out : mu_bench_text("build/bench/append-%s", sizes[run.size].name);
    return run;
}

int main(int argc, char **argv)
{
    append_run run = options_of(argc, argv);

    (void)fprintf(stderr, "loading\n");
    load(&run);
    (void)printf("size %s: %s customers, %s events; then %s events per second, %u to a commit; %u "
                 "times %u s alone and beside\n",
                 sizes[run.size].name, mu_bench_count(sizes[run.size].customers),
                 mu_bench_count(sizes[run.size].events), mu_bench_count(run.rate), run.batch,
                 run.rounds, run.seconds);
    run_mode(&run, true);
    run_mode(&run, false);
    const uint64_t wanted = sizes[run.size].events + run.appended;
    const uint64_t found = run_sql(run.db, "SELECT count(*) FROM events");
    if (found != wanted) {
        mu_bench_stop("there are %llu events; %llu were loaded and appended",
                      (unsigned long long)found, (unsigned long long)wanted);
    }
    muster_close(run.db);
    free(run.out);
    return 0;
}
