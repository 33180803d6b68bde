/*
 * audience.c - a stream of audiences: how many per second, and how long one takes.
 *
 * All sides are asked for the same audiences, with one client and with two, chunk by chunk in turn,
 * so that a slow minute of the machine is everybody's. The answers must be equal.
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
    uint64_t *answers; /* of muster, the first side */
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

/* Checks the answers of audiences `first` and after; rows of a stream are seconds and answer. */
static void take_answers(audience_run *a, uint32_t s, uint32_t first, uint32_t count,
                         const char *rows)
{
    for (uint32_t i = first; i < first + count; i++) {
        char *end;
        const double seconds = strtod(rows, &end);
        const uint64_t answer = strtoull(end, &end, 10);
        const char *name = a->run->sides[s].name;

        rows = end + (*end == '\n');
        if (s == 0) {
            a->answers[i] = answer;
        } else if (answer != a->answers[i]) {
            mu_bench_complain(a->run, "audience %u: muster %llu, %s %llu\n%s\n%s", i,
                              (unsigned long long)a->answers[i], name, (unsigned long long)answer,
                              a->sides[0].sql[i], a->sides[s].sql[i]);
        }
        a->sides[s].seconds[i] = seconds;
    }
}

static double run_chunk(audience_run *a, mu_bench_worker *worker, uint32_t s, uint32_t first)
{
    const uint32_t count = a->count - first < CHUNK ? a->count - first : CHUNK;
    mu_bench_reply reply;
    const double seconds =
        mu_bench_worker_stream(worker, a->sides[s].sql + first, count, &reply) ? reply.seconds : 0;

    if (reply.error) {
        mu_bench_complain(a->run, "audiences, %s: %s", a->run->sides[s].name, reply.error);
    } else {
        take_answers(a, s, first, count, reply.answer);
    }
    mu_bench_reply_deinit(&reply);
    return seconds;
}

/* The first audiences in each form, twice; the second time counts. */
static void choose_form(audience_run *a, mu_bench_worker *worker, uint32_t s)
{
    const char *engine = a->run->sides[s].place.engine;
    const uint32_t trials = a->count < TRIALS ? a->count : TRIALS;
    double best = -1;

    for (uint32_t form = 0; form < MU_BENCH_AUDIENCE_FORMS; form++) {
        double seconds = 0;
        if (!mu_bench_audience_form(engine, form)) {
            continue;
        }
        char **sql = word_all(a, engine, form);
        for (int round = 0; round < 2; round++) {
            mu_bench_reply reply;
            if (!mu_bench_worker_stream(worker, sql, trials, &reply)) {
                mu_bench_complain(a->run, "audiences, %s %s: %s", a->run->sides[s].name,
                                  mu_bench_audience_form(engine, form), reply.error);
            }
            seconds = reply.error ? 1e9 : reply.seconds;
            mu_bench_reply_deinit(&reply);
        }
        if (best < 0 || seconds < best) {
            if (a->sides[s].sql) {
                free_all(a->sides[s].sql, a->count);
            }
            best = seconds;
            a->sides[s].sql = sql;
            a->sides[s].form = mu_bench_audience_form(engine, form);
        } else {
            free_all(sql, a->count);
        }
    }
    if (!a->sides[s].sql) {
        mu_bench_stop("there is no form of audiences for %s", engine);
    }
}

static void report_side(audience_run *a, uint32_t s, uint32_t clients, json_t *sides)
{
    const char *name = a->run->sides[s].name;
    questions_of *q = &a->sides[s];
    json_t *side = json_object_get(sides, name);

    if (!side) {
        side = json_pack("{s:s, s:[]}", "form", q->form, "clients");
        json_object_set_new(sides, name, mu_bench_need(side));
    }
    json_t *figures = json_pack("{s:i, s:f, s:f, s:f, s:f}", "clients", (int)clients, "per_second",
                                q->chunks > 0 ? a->count / q->chunks : 0, "p50",
                                mu_bench_quantile(q->seconds, a->count, 0.5), "p95",
                                mu_bench_quantile(q->seconds, a->count, 0.95), "p99",
                                mu_bench_quantile(q->seconds, a->count, 0.99));
    json_array_append_new(json_object_get(side, "clients"), mu_bench_need(figures));
}

static void run_with_clients(audience_run *a, uint32_t clients, json_t *sides)
{
    mu_bench_worker *workers[MU_BENCH_SIDES] = {0};

    (void)fprintf(stderr, "audiences, clients: %u\n", clients);
    for (uint32_t s = 0; s < a->run->side_count; s++) {
        workers[s] = mu_bench_side_open(&a->run->sides[s], a->run->options.threads, clients);
        if (!a->sides[s].sql) {
            choose_form(a, workers[s], s);
        }
        /* What is opened at a first use is opened before the clock starts; with several clients
         * DuckDB's files must be. */
        mu_bench_reply reply;
        (void)mu_bench_worker_ask(workers[s], a->sides[s].sql[0], &reply);
        mu_bench_reply_deinit(&reply);
        a->sides[s].chunks = 0;
    }
    for (uint32_t first = 0; first < a->count; first += CHUNK) {
        for (uint32_t s = 0; s < a->run->side_count; s++) {
            a->sides[s].chunks += run_chunk(a, workers[s], s, first);
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
        if (a.sides[s].sql) {
            free_all(a.sides[s].sql, a.count);
        }
        free(a.sides[s].seconds);
    }
    free(a.audiences);
    free(a.answers);
}
