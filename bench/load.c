/*
 * load.c - the log, and the databases made from it: a process for each layout, timed and weighed.
 *
 * A layout is a file bench/layouts/ENGINE/NN-NAME.sql; its statements end with a ';' at the end of
 * a line, {data} and {db} stand for directories, {threads} for their number. A comment "load ends
 * here" makes it a measure of loading: from the CSV to rows that are sorted by customer and time,
 * and durable. Where its first comment says "sorted by (customer, ts)", its size is one of those
 * that are compared.
 *
 * What was loaded stands in DB/loads.json, with a stamp: of which library, layouts and log, with
 * how many threads. A database is made again if loading is to be measured, or if another stamp is
 * due.
 */
#include "bench/bench.h"
#include "bench/figures.h"
#include "bench/files.h"
#include "bench/stop.h"

#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

/* The log. */

/* Starts muster-gen; `tags` may be NULL. */
static pid_t start_generator(const mu_bench_run *run, uint64_t events, const char *out,
                             const char *tags)
{
    char *generator = mu_bench_built("muster-gen");
    char *customers = mu_bench_text("--customers=%" PRIu64, run->options.customers);
    char *count = mu_bench_text("--events=%" PRIu64, events);
    char *out_file = mu_bench_text("--out=%s", out);
    char *tag_file = tags ? mu_bench_text("--tags=%s", tags) : NULL;
    char *arguments[] = {generator, customers, count, out_file, tag_file, NULL};
    pid_t process;

    const int failed = posix_spawn(&process, generator, NULL, NULL, arguments, environ);
    if (failed != 0) {
        mu_bench_stop("\"%s\" cannot be run: %s", generator, strerror(failed));
    }
    free(generator);
    free(customers);
    free(count);
    free(out_file);
    free(tag_file);
    return process;
}

static void wait_for_generator(pid_t process)
{
    int status;

    if (waitpid(process, &status, 0) != process || status != 0) {
        mu_bench_stop("muster-gen did not end well");
    }
}

/* events.csv and tags.csv below out/data. Where the log is streamed, events.csv is a pipe. */
static void make_data(const mu_bench_run *run)
{
    char *directory = mu_bench_text("%s/data", run->options.out);
    char *events = mu_bench_text("%s/events.csv", directory);
    char *tags = mu_bench_text("%s/tags.csv", directory);
    char *made = mu_bench_text("%s/made", directory);
    char *generator = mu_bench_built("muster-gen");

    char *wanted =
        mu_bench_text("%" PRIu64 " customers, %" PRIu64 " events%s\n", run->options.customers,
                      run->options.events, run->options.streamed ? ", streamed" : "");
    char *found = mu_bench_read(made);

    if (!found || strcmp(found, wanted) != 0 ||
        mu_bench_changed(made) < mu_bench_changed(generator)) {
        (void)fprintf(stderr, "making the log\n");
        mu_bench_remove(directory);
        mu_bench_make_directory(directory);
        if (run->options.streamed) {
            wait_for_generator(start_generator(run, 0, "/dev/null", tags));
            if (mkfifo(events, 0600) != 0) {
                mu_bench_stop("\"%s\" cannot be made: %s", events, strerror(errno));
            }
        } else {
            wait_for_generator(start_generator(run, run->options.events, events, tags));
        }
        FILE *mark = mu_bench_need(fopen(made, "w"));
        (void)fputs(wanted, mark);
        (void)fclose(mark);
    }
    free(wanted);
    free(found);
    free(directory);
    free(events);
    free(tags);
    free(made);
    free(generator);
}

/* A layout. */

typedef struct layout {
    mu_bench_run *run;
    const mu_bench_side *side;
    char *name, *text, *about; /* owned */
    json_t *loads;             /* of the side */
} layout;

static bool next_statement(char **rest, char **statement)
{
    *statement = *rest + strspn(*rest, " \t\n");
    char *end = strstr(*statement, ";\n");
    if (!end) {
        end = *statement + strcspn(*statement, ";");
    }
    *rest = end + strspn(end, ";\n");
    *end = 0;
    return **statement != 0;
}

/* Whether the log is made while it is loaded, by the engine's own process, in place of the
 * statement that would read its CSV. */
static bool fills(const layout *l, const char *statement)
{
    return l->run->options.streamed && strstr(statement, "events.csv") &&
           mu_bench_engine_find(l->side->place.engine)->fill;
}

/* Runs the statements of `text` (which is cut up) and returns their seconds. */
static double run_statements(const layout *l, mu_bench_worker *worker, char *text)
{
    double seconds = 0;
    char *statement;

    while (next_statement(&text, &statement)) {
        mu_bench_reply reply;
        const bool done = fills(l, statement)
                              ? mu_bench_worker_fill(worker, l->run->options.customers,
                                                     l->run->options.events, &reply)
                              : mu_bench_worker_ask(worker, statement, &reply);
        if (!done) {
            mu_bench_stop("layout %s of %s: %s\n%s", l->name, l->side->name, reply.error,
                          statement);
        }
        seconds += reply.seconds;
        mu_bench_reply_deinit(&reply);
    }
    return seconds;
}

/* Bytes of the layout. One of DuckDB is a file. ClickHouse keeps files that it no longer needs for
 * a while, so it is asked. Of muster it is what the directory grew by. */
static uint64_t weigh(const layout *l, mu_bench_worker *worker, uint64_t before)
{
    mu_bench_reply reply;
    uint64_t bytes;

    if (strcmp(l->side->place.engine, "muster") == 0) {
        return mu_bench_size(l->side->place.db) - before;
    }
    if (strcmp(l->side->place.engine, "duckdb") == 0) {
        char *file = mu_bench_text("%s/%s.duckdb", l->side->place.db, l->name);
        bytes = mu_bench_size(file);
        free(file);
        return bytes;
    }
    char *sql = mu_bench_text("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND "
                              "database = 'default' AND table = '%s'",
                              l->name);
    if (!mu_bench_worker_ask(worker, sql, &reply)) {
        mu_bench_stop("layout %s: %s", l->name, reply.error);
    }
    bytes = strtoull(reply.answer, NULL, 10);
    mu_bench_reply_deinit(&reply);
    free(sql);
    return bytes;
}

static void build_layout(layout *l)
{
    const char *mark = strstr(l->text, "-- load ends here");
    const uint64_t before = mu_bench_size(l->side->place.db);
    char *timed = mu_bench_text("%.*s", (int)(mark ? mark - l->text : 0), l->text);
    char *first = mu_bench_without_comments(timed);
    char *rest = mu_bench_without_comments(mark ? mark : l->text);
    mu_bench_worker *worker = mu_bench_side_open(l->side, l->run->options.threads, 1);
    json_t *load = json_object();
    char *events = mu_bench_text("%s/data/events.csv", l->run->options.out);

    (void)fprintf(stderr, "%s: %s\n", l->side->name, l->about);
    const pid_t generating =
        l->run->options.streamed && strstr(l->text, "events.csv") && !fills(l, l->text)
            ? start_generator(l->run, l->run->options.events, events, NULL)
            : 0;
    double seconds = run_statements(l, worker, first);
    if (mark) {
        json_object_set_new(load, "load", json_real(seconds));
        json_object_set_new(load, "load_memory",
                            json_integer((json_int_t)mu_bench_worker_memory(worker)));
    }
    seconds += run_statements(l, worker, rest);
    if (generating > 0) {
        wait_for_generator(generating);
    }
    json_object_set_new(load, "side", json_string(l->side->name));
    json_object_set_new(load, "layout", json_string(l->name));
    json_object_set_new(load, "about", json_string(l->about));
    json_object_set_new(load, "seconds", json_real(seconds));
    json_object_set_new(load, "bytes", json_integer((json_int_t)weigh(l, worker, before)));
    json_array_append_new(l->loads, load);
    mu_bench_worker_stop(worker);
    free(events);
    free(timed);
    free(first);
    free(rest);
}

static void add_layout(mu_bench_run *run, const mu_bench_side *side, const char *file,
                       json_t *loads)
{
    char *path = mu_bench_text("bench/layouts/%s/%s", side->place.engine, file);
    char *data = mu_bench_text("%s/data", run->options.out);
    char *text = mu_bench_read(path);
    char *threads = mu_bench_text("%u", run->options.threads);
    const char *const names[] = {"data", "db", "threads", NULL};
    const char *const values[] = {data, side->place.db, threads, NULL};
    layout l = {.run = run, .side = side, .loads = loads};

    if (!text) {
        mu_bench_stop("\"%s\" cannot be read", path);
    }
    l.text = mu_bench_fill_in(text, names, values);
    l.about = mu_bench_comments(text);
    l.about[strcspn(l.about, "\n")] = 0;
    l.name = mu_bench_text("%s", file + strspn(file, "0123456789-"));
    *strrchr(l.name, '.') = 0;
    build_layout(&l);
    free(path);
    free(data);
    free(threads);
    free(text);
    free(l.text);
    free(l.about);
    free(l.name);
}

/* What a database is made from, and by what. */
static char *stamp_of(const mu_bench_run *run, const mu_bench_side *side)
{
    char *layouts = mu_bench_text("bench/layouts/%s", side->place.engine);
    char *made = mu_bench_text("%s/data/made", run->options.out);
    char **files = mu_bench_list(layouts, "sql");
    size_t count = 0;

    while (files[count]) {
        count++;
    }
    char *stamp = mu_bench_text(
        "%s of %" PRIu64 " bytes, changed at %lld; %zu layouts, the last changed at %lld; the log "
        "made at %lld; %u threads",
        side->place.so, mu_bench_size(side->place.so), (long long)mu_bench_changed(side->place.so),
        count, (long long)mu_bench_changed(layouts), (long long)mu_bench_changed(made),
        run->options.threads);
    mu_bench_list_free(files);
    free(layouts);
    free(made);
    return stamp;
}

static json_t *build_database(mu_bench_run *run, const mu_bench_side *side)
{
    char *directory = mu_bench_text("bench/layouts/%s", side->place.engine);
    char **files = mu_bench_list(directory, "sql");
    json_t *loads = json_array();

    mu_bench_remove(side->place.db);
    mu_bench_make_directory(side->place.db);
    for (size_t i = 0; files[i]; i++) {
        add_layout(run, side, files[i], loads);
    }
    mu_bench_list_free(files);
    free(directory);
    return loads;
}

/* The loads of a database that is up to date, made now or before. */
static json_t *update_database(mu_bench_run *run, const mu_bench_side *side)
{
    char *path = mu_bench_text("%s/loads.json", side->place.db);
    char *stamp = stamp_of(run, side);
    json_t *known = json_load_file(path, 0, NULL);
    const char *made = json_string_value(json_object_get(known, "stamp"));
    json_t *loads;

    if (mu_bench_is_wanted(run, "load") || !made || strcmp(made, stamp) != 0) {
        json_decref(known);
        loads = build_database(run, side);
        known = mu_bench_need(json_pack("{s:s, s:O}", "stamp", stamp, "loads", loads));
        if (json_dump_file(known, path, JSON_INDENT(2)) != 0) {
            mu_bench_stop("\"%s\" cannot be written", path);
        }
    } else {
        loads = json_incref(json_object_get(known, "loads"));
    }
    json_decref(known);
    free(stamp);
    free(path);
    return loads;
}

/* The figures that are compared. */

/* The least of `key` among the loads of the side that have it. */
static void add_least(const json_t *loads, const mu_bench_side *side, const char *key, json_t *row)
{
    const json_t *best = NULL, *load;
    size_t i;

    json_array_foreach(loads, i, load) {
        const bool is_bytes = strcmp(key, "bytes") == 0;
        const bool counts = !is_bytes || strstr(json_string_value(json_object_get(load, "about")),
                                                "sorted by (customer, ts)");
        const double value = json_number_value(json_object_get(load, key));
        if (counts && json_object_get(load, key) &&
            (!best || value < json_number_value(json_object_get(best, key)))) {
            best = load;
        }
    }
    if (best) {
        const double value = json_number_value(json_object_get(best, key));
        json_t *figure = mu_bench_figure(row, side->name, &value, 1);
        json_object_set(figure, "form", json_object_get(best, "layout"));
    }
}

void mu_bench_load(mu_bench_run *run)
{
    json_t *all = json_array(), *of_side[MU_BENCH_SIDES] = {0};
    static const char *const rows[][5] = {
        {"load", "Load", "Rows from the CSV to a table sorted by customer and time, and durable.",
         "s", "load"},
        {"load_memory", "Peak memory of the load", "The most memory the loading process had.",
         "bytes", "load_memory"},
        {"disk", "Bytes on disk", "A table sorted by customer and time, with the ids as texts.",
         "bytes", "bytes"},
    };

    make_data(run);
    for (uint32_t s = 0; s < run->side_count; s++) {
        of_side[s] = update_database(run, &run->sides[s]);
        json_array_extend(all, of_side[s]);
    }
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        json_t *row = mu_bench_row(run, rows[r][0], rows[r][1], rows[r][2], rows[r][3]);
        for (uint32_t s = 0; s < run->side_count; s++) {
            add_least(of_side[s], &run->sides[s], rows[r][4], row);
        }
    }
    for (uint32_t s = 0; s < run->side_count; s++) {
        json_decref(of_side[s]);
    }
    json_object_set_new(run->report, "loads", all);
}
