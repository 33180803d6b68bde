/*
 * ask.c - the questions: every form a few times to find the fastest, then the fastest of each side
 * in turn, A B C A B C, and the median of that.
 *
 * Each answer, of each of these times, must equal the first one that came, muster's where muster
 * has one. One that differs fails the run, and both answers are printed.
 */
#include "bench/answer.h"
#include "bench/bench.h"
#include "bench/figures.h"
#include "bench/stop.h"

#include <stdlib.h>
#include <string.h>

enum {
    TRIALS = 3,   /* of a form, to find the fastest */
    SHOWN = 2000, /* bytes of an answer that differs */
};
static const double long_enough = 2; /* seconds; a form that takes longer is tried twice only */

/* A question being asked. */
typedef struct asking {
    mu_bench_run *run;
    const mu_bench_question *question;
    mu_bench_worker *const *workers; /* of the sides */
    json_t *row;
    char *answer; /* the first; owned; NULL before it */
    const char *answered_by;
    const mu_bench_form *best[MU_BENCH_SIDES]; /* NULL: the side has no answer */
    json_t *trials[MU_BENCH_SIDES];            /* form -> seconds; owned */
    uint64_t bytes[MU_BENCH_SIDES];
} asking;

static void check_answer(asking *a, const mu_bench_side *side, const mu_bench_form *form,
                         const char *answer)
{
    char *difference;

    if (!a->answer) {
        a->answer = mu_bench_text("%s", answer);
        a->answered_by = side->name;
        return;
    }
    if (!mu_bench_answer_equal(a->answer, answer, &difference)) {
        mu_bench_complain(a->run, "%s: %s and %s %s differ: %s\n--- %s\n%.*s\n--- %s %s\n%.*s",
                          a->question->name, a->answered_by, side->name, form->name, difference,
                          a->answered_by, SHOWN, a->answer, side->name, form->name, SHOWN, answer);
        json_object_set_new(a->row, "differs", json_string(difference));
    }
    free(difference);
}

/* Seconds of the best of a few trials, negative if the form does not run. */
static double try_form(asking *a, uint32_t s, const mu_bench_form *form)
{
    const mu_bench_side *side = &a->run->sides[s];
    double best = -1;

    for (uint32_t trial = 0; trial < TRIALS && (trial < 2 || best < long_enough); trial++) {
        mu_bench_reply reply;
        if (!mu_bench_worker_ask(a->workers[s], form->sql, &reply)) {
            mu_bench_complain(a->run, "%s: %s %s: %s", a->question->name, side->name, form->name,
                              reply.error);
            mu_bench_reply_deinit(&reply);
            return -1;
        }
        check_answer(a, side, form, reply.answer);
        best = best < 0 || reply.seconds < best ? reply.seconds : best;
        a->bytes[s] = reply.bytes_read;
        mu_bench_reply_deinit(&reply);
    }
    return best;
}

/* A question that muster cannot answer must be refused: if it no longer is, the mark has to go. */
static void expect_refusal(asking *a, uint32_t s, const mu_bench_form *form)
{
    mu_bench_reply reply;

    if (mu_bench_worker_ask(a->workers[s], form->sql, &reply)) {
        mu_bench_complain(a->run, "%s: %s answers, though its file says \"not yet\"",
                          a->question->name, a->run->sides[s].name);
    } else if (reply.lost) {
        mu_bench_complain(a->run, "%s: %s", a->question->name, reply.error);
    }
    mu_bench_reply_deinit(&reply);
}

static void choose_forms(asking *a)
{
    for (uint32_t s = 0; s < a->run->side_count; s++) {
        const char *engine = a->run->sides[s].place.engine;
        double best = -1;

        a->trials[s] = json_object();
        for (size_t f = 0; f < a->question->form_count; f++) {
            const mu_bench_form *form = &a->question->forms[f];
            if (strcmp(form->engine, engine) != 0) {
                continue;
            }
            if (a->question->not_yet && strcmp(engine, "muster") == 0) {
                expect_refusal(a, s, form);
                continue;
            }
            const double seconds = try_form(a, s, form);
            if (seconds >= 0) {
                json_object_set_new(a->trials[s], form->name, json_real(seconds));
                if (best < 0 || seconds < best) {
                    best = seconds;
                    a->best[s] = form;
                }
            }
        }
    }
}

static void measure(asking *a)
{
    const uint32_t repeat = a->run->options.repeat;
    double *values = mu_bench_need(calloc((size_t)repeat * MU_BENCH_SIDES, sizeof *values));

    for (uint32_t round = 0; round < repeat; round++) {
        for (uint32_t s = 0; s < a->run->side_count; s++) {
            mu_bench_reply reply;
            if (!a->best[s]) {
                continue;
            }
            if (mu_bench_worker_ask(a->workers[s], a->best[s]->sql, &reply)) {
                check_answer(a, &a->run->sides[s], a->best[s], reply.answer);
            } else {
                mu_bench_complain(a->run, "%s: %s: %s", a->question->name, a->run->sides[s].name,
                                  reply.error);
            }
            values[(size_t)s * repeat + round] = reply.seconds;
            a->bytes[s] = reply.bytes_read;
            mu_bench_reply_deinit(&reply);
        }
    }
    for (uint32_t s = 0; s < a->run->side_count; s++) {
        if (a->best[s]) {
            json_t *figure =
                mu_bench_figure(a->row, a->run->sides[s].name, values + (size_t)s * repeat, repeat);
            json_object_set_new(figure, "form", json_string(a->best[s]->name));
            json_object_set_new(figure, "bytes", json_integer((json_int_t)a->bytes[s]));
            json_object_set(figure, "forms", a->trials[s]);
        }
    }
    free(values);
}

static void ask_question(mu_bench_run *run, const mu_bench_question *question,
                         mu_bench_worker *const *workers)
{
    asking a = {.run = run, .question = question, .workers = workers};

    (void)fprintf(stderr, "%s\n", question->name);
    a.row = mu_bench_row(run, question->name, question->title, question->meaning, "s");
    if (question->not_yet) {
        json_object_set_new(a.row, "not_yet", json_string(question->not_yet));
    }
    choose_forms(&a);
    measure(&a);
    for (uint32_t s = 0; s < run->side_count; s++) {
        json_decref(a.trials[s]);
    }
    free(a.answer);
}

void mu_bench_ask(mu_bench_run *run)
{
    mu_bench_worker *workers[MU_BENCH_SIDES] = {0};

    for (uint32_t s = 0; s < run->side_count; s++) {
        workers[s] = mu_bench_side_open(&run->sides[s], run->options.threads, 1);
    }
    for (size_t i = 0; i < run->questions.count; i++) {
        if (mu_bench_is_wanted(run, run->questions.list[i].name)) {
            ask_question(run, &run->questions.list[i], workers);
        }
    }
    for (uint32_t s = 0; s < run->side_count; s++) {
        mu_bench_worker_stop(workers[s]);
    }
}
