/*
 * open.c - how long it takes to open a database and answer a first question, when its files are in
 * the page cache of the system and when they are not.
 *
 * Each time a new process; its libraries are loaded before the clock starts. The first question is
 * buyers_90_days, in the form that a first round of all forms finds the fastest.
 */
#include "bench/answer.h"
#include "bench/bench.h"
#include "bench/files.h"
#include "bench/stop.h"

#include <stdlib.h>
#include <string.h>

static const char first_question[] = "buyers_90_days";

/* Something to open, and to ask first. */
typedef struct opening {
    mu_bench_run *run;
    char *answer; /* the first that came, which all must equal; owned */
} opening;

static void check_answer(opening *o, const mu_bench_side *side, const char *answer)
{
    char *difference = NULL;

    if (!o->answer) {
        o->answer = mu_bench_text("%s", answer);
    } else if (!mu_bench_answer_equal(o->answer, answer, &difference)) {
        mu_bench_complain(o->run, "opening %s: its answer differs from the first: %s\n%s\n%s",
                          side->name, difference, o->answer, answer);
    }
    free(difference);
}

static double open_once(opening *o, const mu_bench_side *side, const char *sql)
{
    mu_bench_run *run = o->run;
    mu_bench_worker *worker = mu_bench_worker_start(&side->place, run->options.threads, 1);
    mu_bench_reply reply;
    double seconds = -1;

    if (mu_bench_worker_open(worker, &reply)) {
        seconds = reply.seconds;
        mu_bench_reply_deinit(&reply);
        if (mu_bench_worker_ask(worker, sql, &reply)) {
            seconds += reply.seconds;
            check_answer(o, side, reply.answer);
        }
    }
    if (reply.error) {
        mu_bench_complain(run, "opening %s: %s", side->name, reply.error);
    }
    mu_bench_reply_deinit(&reply);
    mu_bench_worker_stop(worker);
    return seconds;
}

static const mu_bench_question *find_first(const mu_bench_run *run)
{
    for (size_t i = 0; i < run->questions.count; i++) {
        if (strcmp(run->questions.list[i].name, first_question) == 0) {
            return &run->questions.list[i];
        }
    }
    mu_bench_stop("there is no question \"%s\" to ask first", first_question);
}

/* The quickest form, opened warm twice. */
static const mu_bench_form *choose(opening *o, const mu_bench_side *side,
                                   const mu_bench_question *question)
{
    const mu_bench_form *best = NULL;
    double best_seconds = 0;

    for (size_t i = 0; i < question->form_count; i++) {
        const mu_bench_form *form = &question->forms[i];
        if (strcmp(form->engine, side->place.engine) != 0) {
            continue;
        }
        (void)open_once(o, side, form->sql);
        const double seconds = open_once(o, side, form->sql);
        if (!best || seconds < best_seconds) {
            best = form;
            best_seconds = seconds;
        }
    }
    if (!best) {
        mu_bench_stop("%s has no form of \"%s\"", side->name, first_question);
    }
    return best;
}

/* Values have a line for each side. */
static void measure(opening *o, const mu_bench_form *const *forms, bool cold, double *values)
{
    mu_bench_run *run = o->run;

    for (uint32_t round = 0; round < run->options.repeat; round++) {
        for (uint32_t s = 0; forms[s]; s++) {
            const mu_bench_side *side = &run->sides[s];
            if (cold && mu_bench_evict(side->place.db) > 0.02) {
                mu_bench_complain(run, "the files of %s cannot be dropped from memory", side->name);
            }
            values[(size_t)s * run->options.repeat + round] = open_once(o, side, forms[s]->sql);
        }
    }
}

void mu_bench_open(mu_bench_run *run)
{
    const mu_bench_form *forms[MU_BENCH_SIDES + 1] = {0}; /* ends with a NULL */
    const mu_bench_question *question = find_first(run);
    const uint32_t repeat = run->options.repeat;
    opening o = {.run = run};
    double *values = mu_bench_need(calloc((size_t)repeat * MU_BENCH_SIDES, sizeof *values));

    for (uint32_t s = 0; s < run->side_count; s++) {
        forms[s] = choose(&o, &run->sides[s], question);
    }
    for (int cold = 0; cold < 2; cold++) {
        measure(&o, forms, cold, values);
        json_t *row = mu_bench_row(
            run, cold ? "open_cold" : "open_warm",
            cold ? "Open and first answer, cold" : "Open and first answer, warm",
            cold
                ? "A new process opens the database, whose files are not in memory, and counts the "
                  "buyers of 90 days."
                : "A new process opens the database, whose files the system has in memory, and "
                  "counts the buyers of 90 days.",
            "s");
        for (uint32_t s = 0; forms[s]; s++) {
            json_t *figure =
                mu_bench_figure(row, run->sides[s].name, values + (size_t)s * repeat, repeat);
            json_object_set_new(figure, "form", json_string(forms[s]->name));
        }
    }
    free(o.answer);
    free(values);
}
