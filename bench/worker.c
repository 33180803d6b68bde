/*
 * worker.c - an engine in a process of its own.
 *
 * A request is a request_head, and so many statements, each with its size (a size_t) before it. A
 * reply is a reply_head and a text, the answer or the message. Both ends are this program, so the
 * structs go through the pipes as they are. The pipes are not those of standard input and output,
 * which belong to the engine.
 */
#include "bench/worker.h"

#include "bench/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    REQUESTS = 3, /* file descriptors in the worker */
    REPLIES = 4,
};

typedef enum request_kind {
    OPEN,
    ASK,    /* one statement */
    STREAM, /* any number */
    FILL,   /* none */
} request_kind;

typedef struct request_head {
    request_kind kind;
    uint32_t count;             /* of statements */
    uint64_t customers, events; /* FILL */
} request_head;

typedef struct reply_head {
    bool failed;
    double seconds;
    uint64_t bytes_read, memory;
    size_t size; /* of the text */
} reply_head;

/* The parent's side. */

struct mu_bench_worker {
    const mu_bench_place *place;
    pid_t process;
    FILE *requests, *replies;
    uint64_t memory;
};

static _Noreturn void become_worker(const mu_bench_place *place, uint32_t threads, uint32_t clients,
                                    int requests, int replies)
{
    char *thread_text = mu_bench_text("%u", threads), *client_text = mu_bench_text("%u", clients);

    /* By way of high numbers, since either pipe may have the other's place. */
    requests = fcntl(requests, F_DUPFD, 10);
    replies = fcntl(replies, F_DUPFD, 10);
    if (dup2(requests, REQUESTS) >= 0 && dup2(replies, REPLIES) >= 0) {
        (void)close(requests);
        (void)close(replies);
        (void)execl("/proc/self/exe", "muster-bench", "--worker", place->engine, place->so,
                    place->db, thread_text, client_text, (char *)NULL);
    }
    mu_bench_stop("no worker could be started: %s", strerror(errno));
}

mu_bench_worker *mu_bench_worker_start(const mu_bench_place *place, uint32_t threads,
                                       uint32_t clients)
{
    int requests[2], replies[2];
    mu_bench_worker *worker = mu_bench_need(calloc(1, sizeof *worker));

    worker->place = place;
    (void)signal(SIGPIPE, SIG_IGN); /* a worker that is gone is an error of the request */
    if (pipe2(requests, O_CLOEXEC) || pipe2(replies, O_CLOEXEC)) {
        mu_bench_stop("no pipe could be made: %s", strerror(errno));
    }
    (void)fflush(NULL);
    worker->process = fork();
    if (worker->process < 0) {
        mu_bench_stop("no process could be started: %s", strerror(errno));
    }
    if (worker->process == 0) {
        become_worker(place, threads, clients, requests[0], replies[1]);
    }
    (void)close(requests[0]);
    (void)close(replies[1]);
    worker->requests = mu_bench_need(fdopen(requests[1], "w"));
    worker->replies = mu_bench_need(fdopen(replies[0], "r"));
    return worker;
}

void mu_bench_worker_stop(mu_bench_worker *worker)
{
    if (worker) {
        (void)fclose(worker->requests); /* which ends it */
        (void)fclose(worker->replies);
        (void)waitpid(worker->process, NULL, 0);
        free(worker);
    }
}

uint64_t mu_bench_worker_memory(const mu_bench_worker *worker)
{
    return worker->memory;
}

static bool lost(const mu_bench_worker *worker, mu_bench_reply *reply)
{
    reply->lost = true;
    return mu_bench_reply_fail(reply, "the process of %s ended", worker->place->engine);
}

static bool request(mu_bench_worker *worker, const request_head *request, char *const *statements,
                    mu_bench_reply *reply)
{
    reply_head head;

    *reply = (mu_bench_reply){0};
    (void)fwrite(request, sizeof *request, 1, worker->requests);
    for (uint32_t i = 0; i < request->count; i++) {
        const size_t size = strlen(statements[i]);
        (void)fwrite(&size, sizeof size, 1, worker->requests);
        (void)fwrite(statements[i], 1, size, worker->requests);
    }
    if (fflush(worker->requests) != 0 || fread(&head, sizeof head, 1, worker->replies) != 1) {
        return lost(worker, reply);
    }
    char *text = mu_bench_need(calloc(1, head.size + 1));
    if (fread(text, 1, head.size, worker->replies) != head.size) {
        free(text);
        return lost(worker, reply);
    }
    worker->memory = head.memory;
    reply->seconds = head.seconds;
    reply->bytes_read = head.bytes_read;
    *(head.failed ? &reply->error : &reply->answer) = text;
    return !head.failed;
}

bool mu_bench_worker_open(mu_bench_worker *worker, mu_bench_reply *reply)
{
    return request(worker, &(request_head){.kind = OPEN}, NULL, reply);
}

bool mu_bench_worker_ask(mu_bench_worker *worker, const char *sql, mu_bench_reply *reply)
{
    char *copy = mu_bench_text("%s", sql);
    const bool done = request(worker, &(request_head){.kind = ASK, .count = 1}, &copy, reply);

    free(copy);
    return done;
}

bool mu_bench_worker_stream(mu_bench_worker *worker, char *const *statements, uint32_t count,
                            mu_bench_reply *reply)
{
    return request(worker, &(request_head){.kind = STREAM, .count = count}, statements, reply);
}

bool mu_bench_worker_fill(mu_bench_worker *worker, uint64_t customers, uint64_t events,
                          mu_bench_reply *reply)
{
    const request_head head = {.kind = FILL, .customers = customers, .events = events};

    return request(worker, &head, NULL, reply);
}

/* The worker's side. */

static void send_reply(FILE *replies, const mu_bench_reply *reply)
{
    const char *text = reply->error ? reply->error : reply->answer ? reply->answer : "";
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    const reply_head head = {.failed = reply->error != NULL,
                             .seconds = reply->seconds,
                             .bytes_read = reply->bytes_read,
                             .memory = (uint64_t)usage.ru_maxrss * 1024,
                             .size = strlen(text)};
    (void)fwrite(&head, sizeof head, 1, replies);
    (void)fwrite(text, 1, head.size, replies);
    (void)fflush(replies);
}

typedef struct stream {
    mu_bench_engine *engine;
    char **statements;
    mu_bench_reply *replies; /* one for each */
    uint32_t count;
    atomic_uint next;
} stream;

typedef struct client {
    stream *stream;
    uint32_t number;
    pthread_t thread;
} client;

static void *run_client(void *context)
{
    const client *c = context;
    stream *s = c->stream;

    for (;;) {
        const uint32_t i = atomic_fetch_add(&s->next, 1);
        if (i >= s->count) {
            return NULL;
        }
        (void)s->engine->class->ask(s->engine, c->number, s->statements[i], &s->replies[i]);
    }
}

static void collect(const stream *s, mu_bench_reply *reply)
{
    size_t size;
    FILE *out = mu_bench_need(open_memstream(&reply->answer, &size));

    for (uint32_t i = 0; i < s->count && !reply->error; i++) {
        if (s->replies[i].error) {
            (void)fclose(out);
            (void)mu_bench_reply_fail(reply, "statement %u: %s", i + 1, s->replies[i].error);
            return;
        }
        const char *answer = s->replies[i].answer;
        (void)fprintf(out, "%.9f\t%.*s\n", s->replies[i].seconds, (int)strcspn(answer, "\n"),
                      answer);
        reply->bytes_read += s->replies[i].bytes_read;
    }
    (void)fclose(out);
}

static void run_stream(mu_bench_engine *engine, char **statements, uint32_t count,
                       mu_bench_reply *reply)
{
    client clients[MU_BENCH_CLIENTS];
    stream s = {.engine = engine, .statements = statements, .count = count};
    const double began = mu_bench_now();

    s.replies = mu_bench_need(calloc((size_t)count + 1, sizeof *s.replies));
    for (uint32_t i = 0; i < engine->clients; i++) {
        clients[i] = (client){.stream = &s, .number = i};
        if (pthread_create(&clients[i].thread, NULL, run_client, &clients[i]) != 0) {
            mu_bench_stop("no thread could be started");
        }
    }
    for (uint32_t i = 0; i < engine->clients; i++) {
        (void)pthread_join(clients[i].thread, NULL);
    }
    reply->seconds = mu_bench_now() - began;
    collect(&s, reply);
    for (uint32_t i = 0; i < count; i++) {
        mu_bench_reply_deinit(&s.replies[i]);
    }
    free(s.replies);
}

static char *read_statement(FILE *requests)
{
    size_t size;

    if (fread(&size, sizeof size, 1, requests) != 1) {
        mu_bench_stop("a request was cut off");
    }
    char *statement = mu_bench_need(calloc(1, size + 1));
    if (fread(statement, 1, size, requests) != size) {
        mu_bench_stop("a request was cut off");
    }
    return statement;
}

static void serve(mu_bench_engine *engine, const request_head *request, char **statements,
                  mu_bench_reply *reply)
{
    const double began = mu_bench_now();

    switch (request->kind) {
    case OPEN:
        (void)engine->class->open(engine, reply);
        reply->seconds = mu_bench_now() - began;
        return;
    case ASK:
        (void)engine->class->ask(engine, 0, statements[0], reply);
        return;
    case STREAM:
        run_stream(engine, statements, request->count, reply);
        return;
    case FILL:
        (void)engine->class->fill(engine, request->customers, request->events, reply);
    }
}

int mu_bench_worker_main(char **arguments)
{
    FILE *requests = mu_bench_need(fdopen(REQUESTS, "r"));
    FILE *replies = mu_bench_need(fdopen(REPLIES, "w"));
    mu_bench_reply unusable = {0};
    mu_bench_engine *engine = mu_bench_engine_new(arguments[0], arguments[1], &unusable);
    request_head request;
    bool open = false;

    if (engine) {
        engine->db = arguments[2];
        engine->threads = (uint32_t)strtoul(arguments[3], NULL, 10);
        engine->clients = (uint32_t)strtoul(arguments[4], NULL, 10);
    }
    while (fread(&request, sizeof request, 1, requests) == 1) {
        char **statements = mu_bench_need(calloc((size_t)request.count + 1, sizeof *statements));
        mu_bench_reply reply = {0};

        for (uint32_t i = 0; i < request.count; i++) {
            statements[i] = read_statement(requests);
        }
        if (engine) {
            serve(engine, &request, statements, &reply);
            open = open || request.kind == OPEN;
        }
        send_reply(replies, engine ? &reply : &unusable);
        mu_bench_reply_deinit(&reply);
        for (uint32_t i = 0; i < request.count; i++) {
            free(statements[i]);
        }
        free(statements);
    }
    if (open) {
        engine->class->close(engine);
    }
    free(engine);
    mu_bench_reply_deinit(&unusable);
    return 0;
}
