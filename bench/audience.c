/*
 * audience.c - a stream of audiences: how many per second, and how long one takes.
 *
 * All sides are asked for the same audiences, with one client and with two, chunk by chunk in turn,
 * so that a slow minute of the machine is everybody's. All answers must equal the first ones, of
 * each form tried and with each number of clients. Which form is fastest is found anew for each of
 * these.
 */
#include "bench/audience.h"
#include "bench/bench.h"
#include "bench/figures.h"
#include "bench/stop.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 20,
    TRIALS = 20,      /* audiences, to find the faster form */
    MOST_CLIENTS = 2, /* at once */
    SEED = 1,
};

static const uint64_t no_answer = UINT64_MAX;

/* The audiences as one side is asked for them. */
typedef struct questions_of {
    char **sql; /* owned */
    const char *form;
    double *seconds; /* of each, in the run at hand */
    double chunks;   /* seconds of all chunks */
} questions_of;

typedef struct audience_run {
    mu_bench_run *run;
    mu_bench_audience_definition *audiences;
    uint32_t count;
    uint64_t *answers; /* the first that came, muster's; no_answer before */
    questions_of sides[MU_BENCH_SIDES];
} audience_run;

static char **word_all(const audience_run *a, const char *engine, uint32_t form)
{
    char **sql = mu_bench_need(calloc(a->count + 1, sizeof *sql));

    for (uint32_t i = 0; i < a->count; i++) {
        sql[i] = mu_bench_audience_sql(&a->audiences[i], engine, form);
    }
    return sql;
}

static void free_all(char **sql, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        free(sql[i]);
    }
    free(sql);
}

/* Checks the answers of audiences `first` and after, asked as `sql`; rows of a stream are seconds,
 * which go to the side's, and answer. */
static void take_answers(audience_run *a, uint32_t s, char *const *sql, uint32_t first,
                         uint32_t count, const char *rows)
{
    for (uint32_t i = first; i < first + count; i++) {
        char *end;
        a->sides[s].seconds[i] = strtod(rows, &end);
        const uint64_t answer = strtoull(end, &end, 10);

        rows = end + (*end == '\n');
        if (a->answers[i] == no_answer) {
            a->answers[i] = answer;
        } else if (answer != a->answers[i]) {
            mu_bench_complain(a->run, "audience %u: %s says %llu, the first answer was %llu\n%s", i,
                              a->run->sides[s].name, (unsigned long long)answer,
                              (unsigned long long)a->answers[i], sql[i]);
        }
    }
}

/* Seconds; negative if a statement did not run. */
static double run_some(audience_run *a, mu_bench_worker *worker, uint32_t s, char *const *sql,
                       uint32_t first, uint32_t count)
{
    mu_bench_reply reply;
    double seconds = -1;

    if (mu_bench_worker_stream(worker, sql + first, count, &reply)) {
        seconds = reply.seconds;
        take_answers(a, s, sql, first, count, reply.answer);
    } else {
        mu_bench_complain(a->run, "audiences, %s: %s", a->run->sides[s].name, reply.error);
    }
    mu_bench_reply_deinit(&reply);
    return seconds;
}

static void forget_form(audience_run *a, uint32_t s)
{
    if (a->sides[s].sql) {
        free_all(a->sides[s].sql, a->count);
    }
    a->sides[s].sql = NULL;
}

/* The first audiences in each form, twice; the second time counts. */
static void choose_form(audience_run *a, mu_bench_worker *worker, uint32_t s)
{
    const char *engine = a->run->sides[s].place.engine;
    const uint32_t trials = a->count < TRIALS ? a->count : TRIALS;
    double best = 0;

    forget_form(a, s);
    for (uint32_t form = 0; form < MU_BENCH_AUDIENCE_FORMS; form++) {
        if (!mu_bench_audience_form(engine, form)) {
            continue;
        }
        char **sql = word_all(a, engine, form);
        double seconds = run_some(a, worker, s, sql, 0, trials);
        if (seconds >= 0) {
            seconds = run_some(a, worker, s, sql, 0, trials);
        }
        if (seconds >= 0 && (!a->sides[s].sql || seconds < best)) {
            forget_form(a, s);
            best = seconds;
            a->sides[s].sql = sql;
            a->sides[s].form = mu_bench_audience_form(engine, form);
        } else {
            free_all(sql, a->count);
        }
    }
    if (!a->sides[s].sql) {
        mu_bench_stop("no form of audiences runs on %s", a->run->sides[s].name);
    }
}

static void report_side(audience_run *a, uint32_t s, uint32_t clients, json_t *sides)
{
    const char *name = a->run->sides[s].name;
    questions_of *q = &a->sides[s];
    json_t *side = json_object_get(sides, name);

    if (!side) {
        side = mu_bench_need(json_array());
        json_object_set_new(sides, name, side);
    }
    json_t *figures = json_pack("{s:i, s:s, s:f, s:f, s:f, s:f}", "clients", (int)clients, "form",
                                q->form, "per_second", q->chunks > 0 ? a->count / q->chunks : 0,
                                "p50", mu_bench_quantile(q->seconds, a->count, 0.5), "p95",
                                mu_bench_quantile(q->seconds, a->count, 0.95), "p99",
                                mu_bench_quantile(q->seconds, a->count, 0.99));
    json_array_append_new(side, mu_bench_need(figures));
}

static void run_with_clients(audience_run *a, uint32_t clients, json_t *sides)
{
    mu_bench_worker *workers[MU_BENCH_SIDES] = {0};

    (void)fprintf(stderr, "audiences, clients: %u\n", clients);
    for (uint32_t s = 0; s < a->run->side_count; s++) {
        workers[s] = mu_bench_side_open(&a->run->sides[s], a->run->options.threads, clients);
        choose_form(a, workers[s], s); /* which also opens what is opened at its first use */
        a->sides[s].chunks = 0;
    }
    for (uint32_t first = 0; first < a->count; first += CHUNK) {
        const uint32_t count = a->count - first < CHUNK ? a->count - first : CHUNK;
        for (uint32_t s = 0; s < a->run->side_count; s++) {
            const double seconds = run_some(a, workers[s], s, a->sides[s].sql, first, count);
            a->sides[s].chunks += seconds > 0 ? seconds : 0;
        }
    }
    for (uint32_t s = 0; s < a->run->side_count; s++) {
        report_side(a, s, clients, sides);
        mu_bench_worker_stop(workers[s]);
    }
}

void mu_bench_audience(mu_bench_run *run)
{
    audience_run a = {.run = run, .count = run->options.audiences};
    uint64_t state = SEED;
    json_t *sides = json_object();

    a.audiences = mu_bench_need(calloc(a.count, sizeof *a.audiences));
    a.answers = mu_bench_need(calloc(a.count, sizeof *a.answers));
    for (uint32_t i = 0; i < a.count; i++) {
        a.audiences[i] = mu_bench_audience_draw(&state);
        a.answers[i] = no_answer;
    }
    for (uint32_t s = 0; s < MU_BENCH_SIDES; s++) {
        a.sides[s].seconds = mu_bench_need(calloc(a.count, sizeof(double)));
    }
    for (uint32_t clients = 1; clients <= MOST_CLIENTS; clients++) {
        run_with_clients(&a, clients, sides);
    }
    json_object_set_new(run->report, "audiences",
                        json_pack("{s:i, s:o}", "count", (int)a.count, "sides", sides));
    for (uint32_t s = 0; s < MU_BENCH_SIDES; s++) {
        forget_form(&a, s);
        free(a.sides[s].seconds);
    }
    free(a.audiences);
    free(a.answers);
}
