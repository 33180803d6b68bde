/*
 * service.c - a service: names of events in, a line each; who had them out, as JSON.
 *
 *     cc service.c $(pkg-config --cflags --libs muster) -pthread -o service
 *     echo pay | ./service shop.muster
 *
 * Four threads share the database; each has a connection, and a statement that it runs again and
 * again. A question that takes longer than a second is given up.
 */
#include <muster.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(call)                               \
    do {                                          \
        if ((call) != MUSTER_OK) {                \
            fprintf(stderr, "%s\n", err.message); \
            exit(1);                              \
        }                                         \
    } while (0)

/* A text between quotes; what JSON must not have there is left out. */
static void print_text(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            putchar('\\');
        }
        if ((unsigned char)*text >= ' ') {
            putchar(*text);
        }
    }
    putchar('"');
}

static void answer(muster_statement *statement, const char *event)
{
    muster_error err = {0};
    bool row;

    muster_reset(statement);
    CHECK(muster_bind_text(statement, 1, event, strlen(event), &err));
    const muster_status status = muster_step(statement, &row, &err);
    flockfile(stdout);
    printf("{\"event\": ");
    print_text(event);
    if (status == MUSTER_OK) {
        printf(", \"customers\": %lld", (long long)muster_int64(statement, 0));
    } else {
        printf(", \"error\": ");
        print_text(err.message);
    }
    printf("}\n");
    funlockfile(stdout);
}

static void *serve(void *db)
{
    static const char sql[] = "SELECT count(DISTINCT customer) FROM events WHERE event = ?";
    muster_connection *connection;
    muster_statement *statement;
    muster_error err;
    char *line = NULL;
    size_t room = 0;

    CHECK(muster_connect(db, &connection, &err));
    CHECK(muster_prepare(connection, sql, NULL, &statement, &err));
    muster_set_deadline(statement, 1000);
    while (getline(&line, &room, stdin) > 0) { /* stdio hands out whole lines to threads */
        line[strcspn(line, "\n")] = '\0';
        answer(statement, line);
    }
    free(line);
    muster_finish(statement);
    muster_disconnect(connection);
    return NULL;
}

int main(int argc, char **argv)
{
    const muster_options options = {.size = sizeof options, .read_only = true};
    pthread_t threads[4];
    muster_error err;
    muster *db;

    CHECK(muster_open(argc > 1 ? argv[1] : "shop.muster", &options, &db, &err));
    for (int i = 0; i < 4; i++) {
        pthread_create(&threads[i], NULL, serve, db);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    muster_close(db);
    return 0;
}
