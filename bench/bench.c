/*
 * bench.c - muster-bench: muster beside DuckDB and ClickHouse on the same log, the same machine,
 * the same questions. bench/run.sh installs and builds what it needs, and runs it.
 *
 * This file has the options and the order of things; docs/benchmark.md says what is measured.
 */
#include "bench/bench.h"
#include "bench/figures.h"
#include "bench/files.h"
#include "bench/stop.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "bench/run.sh compares muster with DuckDB and ClickHouse, and checks that answers are equal.\n"
    "\n"
    "  --size S         XS 50,000 customers, 200,000 events; S 200,000, 1.5 million (if nothing\n"
    "                   is said); M 8 million, 60 million; L 20 million, 1 billion\n"
    "  --queries LIST   names with commas between: of questions (the folders in bench/queries), "
    "or\n"
    "                   load, open, audience; everything if nothing is said\n"
    "  --peers LIST     duckdb,clickhouse (both if nothing is said), or none\n"
    "  --before FILE    an earlier libmuster.so, measured beside the present one\n"
    "  --threads N      for every engine; the machine's processors if nothing is said\n"
    "  --repeat N       how often each thing is measured; the median counts (5)\n"
    "  --audiences N    how many are in the stream of audiences (200)\n"
    "  --out DIR        data, databases, report.json, report.html (build/bench/SIZE)\n"
    "  --stream         the log is made while it is loaded, as it always is in size L\n"
    "  --draw FILE      prints and draws a report.json that is there, and measures nothing\n";

static const struct {
    const char *name;
    uint64_t customers, events;
    bool streamed;
} sizes[] = {
    {"XS", 50000, 200000, false},
    {"S", 200000, 1500000, false},
    {"M", 8000000, 60000000, false},
    {"L", 20000000, 1000000000, true},
};

/* Parts of a run that are no questions. */
static const char *const parts[] = {"load", "open", "audience"};

/* Options. */

static uint32_t number_of(const char *option, const char *text, uint32_t most)
{
    char *end;

    errno = 0;
    const unsigned long number = strtoul(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || number < 1 || number > most) {
        mu_bench_stop("--%s is \"%s\"; it takes a number from 1 to %u", option, text, most);
    }
    return (uint32_t)number;
}

static void take_size(mu_bench_options *o, const char *name)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (strcmp(sizes[i].name, name) == 0) {
            o->size = sizes[i].name;
            o->customers = sizes[i].customers;
            o->events = sizes[i].events;
            o->streamed = sizes[i].streamed;
            return;
        }
    }
    mu_bench_stop("--size is \"%s\"; it takes XS, S, M or L", name);
}

/* Whether `name` is in `list`, where commas stand between names. */
static bool is_in_list(const char *name, const char *list)
{
    const size_t size = strlen(name);

    for (;; list++) {
        if (strncmp(list, name, size) == 0 && (list[size] == 0 || list[size] == ',')) {
            return true;
        }
        list += strcspn(list, ",");
        if (!*list) {
            return false;
        }
    }
}

static void take_peers(mu_bench_options *o, const char *list)
{
    o->duckdb = is_in_list("duckdb", list);
    o->clickhouse = is_in_list("clickhouse", list);
    const size_t known = (o->duckdb ? strlen("duckdb") : 0) +
                         (o->clickhouse ? strlen("clickhouse") : 0) +
                         (o->duckdb && o->clickhouse ? 1 : 0);
    if (strlen(list) != known && strcmp(list, "none") != 0) {
        mu_bench_stop("--peers is \"%s\"; it takes none, duckdb, clickhouse or duckdb,clickhouse",
                      list);
    }
}

static mu_bench_options options_of(int argc, char **argv)
{
    static const struct option known[] = {
        {"size", required_argument, NULL, 's'},    {"queries", required_argument, NULL, 'q'},
        {"peers", required_argument, NULL, 'p'},   {"before", required_argument, NULL, 'b'},
        {"threads", required_argument, NULL, 't'}, {"repeat", required_argument, NULL, 'r'},
        {"out", required_argument, NULL, 'o'},     {"audiences", required_argument, NULL, 'a'},
        {"draw", required_argument, NULL, 'd'},    {"stream", no_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    mu_bench_options o = {.threads = processors > 0 ? (uint32_t)processors : 1,
                          .repeat = 5,
                          .audiences = 200,
                          .duckdb = true,
                          .clickhouse = true};
    bool streamed = false;
    int option;

    take_size(&o, "S");
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 's':
            take_size(&o, optarg);
            break;
        case 'q':
            o.queries = optarg;
            break;
        case 'p':
            take_peers(&o, optarg);
            break;
        case 'b':
            o.before = optarg;
            break;
        case 't':
            o.threads = number_of("threads", optarg, 1024);
            break;
        case 'r':
            o.repeat = number_of("repeat", optarg, 1000);
            break;
        case 'a':
            o.audiences = number_of("audiences", optarg, 1000000);
            break;
        case 'o':
            o.out = optarg;
            break;
        case 'd':
            o.draw = optarg;
            break;
        case 'f':
            streamed = true;
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
    o.streamed |= streamed;
    return o;
}

/* A name that is neither a question nor a part is a mistake. */
static void check_queries(const mu_bench_run *run)
{
    const char *list = run->options.queries;

    while (list && *list) {
        char *name = mu_bench_text("%.*s", (int)strcspn(list, ","), list);
        bool known = false;
        for (size_t i = 0; i < run->questions.count; i++) {
            known = known || strcmp(name, run->questions.list[i].name) == 0;
        }
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            known = known || strcmp(name, parts[i]) == 0;
        }
        if (!known) {
            mu_bench_stop("no question is called \"%s\"; there are load, open, audience and the "
                          "folders of bench/queries",
                          name);
        }
        list += strlen(name) + (list[strlen(name)] == ',');
        free(name);
    }
}

/* What bench.h promises to the parts. */

bool mu_bench_is_wanted(const mu_bench_run *run, const char *name)
{
    return !run->options.queries || is_in_list(name, run->options.queries);
}

void mu_bench_complain(mu_bench_run *run, const char *format, ...)
{
    va_list args;

    (void)fputs("WRONG: ", stderr);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    run->failed = true;
}

json_t *mu_bench_row(mu_bench_run *run, const char *name, const char *title, const char *meaning,
                     const char *unit)
{
    json_t *row = mu_bench_need(json_pack("{s:s, s:s, s:s, s:s, s:{}}", "name", name, "title",
                                          title, "meaning", meaning, "unit", unit, "sides"));

    json_array_append_new(json_object_get(run->report, "rows"), row);
    return row;
}

json_t *mu_bench_figure(json_t *row, const char *side, const double *values, uint32_t count)
{
    double *sorted = mu_bench_need(calloc(count, sizeof *sorted));
    json_t *list = json_array();

    for (uint32_t i = 0; i < count; i++) {
        json_array_append_new(list, json_real(values[i]));
    }
    memcpy(sorted, values, count * sizeof *sorted);
    json_t *figure =
        json_pack("{s:f, s:o}", "median", mu_bench_quantile(sorted, count, 0.5), "values", list);
    json_object_set_new(json_object_get(row, "sides"), side, mu_bench_need(figure));
    free(sorted);
    return figure;
}

mu_bench_worker *mu_bench_side_open(const mu_bench_side *side, uint32_t threads, uint32_t clients)
{
    mu_bench_worker *worker = mu_bench_worker_start(&side->place, threads, clients);
    mu_bench_reply reply;

    if (!mu_bench_worker_open(worker, &reply)) {
        mu_bench_stop("%s does not open: %s", side->name, reply.error);
    }
    mu_bench_reply_deinit(&reply);
    return worker;
}

char *mu_bench_built(const char *name)
{
    char *program = mu_bench_need(realpath("/proc/self/exe", NULL));
    char *path = mu_bench_text("%.*s/%s", (int)(strrchr(program, '/') - program), program, name);

    free(program);
    return path;
}

/* The directory of a run: it must be new, empty or marked by an earlier run, since things in it are
 * removed. */
static void claim_directory(const char *path)
{
    char *mark = mu_bench_text("%s/made-by-the-benchmark", path);
    char **names = mu_bench_list(path, NULL);

    if (names[0] && !mu_bench_exists(mark)) {
        mu_bench_stop("\"%s\" is not empty and not from a run of the benchmark, which would remove "
                      "what it holds; name another with --out",
                      path);
    }
    mu_bench_make_directory(path);
    FILE *file = fopen(mark, "w");
    if (!file ||
        fputs("Made by bench/run.sh, which removes what is here as it likes.\n", file) < 0 ||
        fclose(file) != 0) {
        mu_bench_stop("\"%s\" cannot be written: %s", mark, strerror(errno));
    }
    mu_bench_list_free(names);
    free(mark);
}

/* The sides. */

/* Takes over `so`. */
static void add_side(mu_bench_run *run, const char *name, const char *engine, char *so)
{
    mu_bench_side *side = &run->sides[run->side_count++];

    if (!mu_bench_exists(so)) {
        mu_bench_stop("there is no \"%s\"; sh bench/run.sh gets what is missing", so);
    }
    side->name = name;
    side->place = (mu_bench_place){
        .engine = engine, .so = so, .db = mu_bench_text("%s/%s", run->options.out, name)};
}

static void add_sides(mu_bench_run *run)
{
    add_side(run, "muster", "muster", mu_bench_built("libmuster.so"));
    if (run->options.before) {
        add_side(run, "before", "muster", mu_bench_text("%s", run->options.before));
    }
    if (run->options.duckdb) {
        add_side(run, "duckdb", "duckdb", mu_bench_built("../peers/libduckdb.so"));
    }
    if (run->options.clickhouse) {
        add_side(run, "clickhouse", "clickhouse", mu_bench_built("../peers/libchdb.so"));
    }
}

/* Titles with versions. muster has no SQL for its own; it is the version of this program. */
static void name_sides(mu_bench_run *run)
{
    json_t *sides = json_array();

    for (uint32_t s = 0; s < run->side_count; s++) {
        const mu_bench_side *side = &run->sides[s];
        char *title = NULL;
        if (strcmp(side->place.engine, "muster") == 0) {
            title =
                s == 0 ? mu_bench_text("muster " MUSTER_VERSION) : mu_bench_text("muster, before");
        } else {
            mu_bench_worker *worker = mu_bench_side_open(side, 1, 1);
            mu_bench_reply reply;
            if (!mu_bench_worker_ask(worker, "SELECT version()", &reply)) {
                mu_bench_stop("%s: %s", side->name, reply.error);
            }
            title = mu_bench_text("%s %.*s",
                                  strcmp(side->name, "duckdb") == 0 ? "DuckDB" : "ClickHouse",
                                  (int)strcspn(reply.answer, "\n"), reply.answer);
            mu_bench_reply_deinit(&reply);
            mu_bench_worker_stop(worker);
        }
        json_array_append_new(sides, json_pack("{s:s, s:s}", "name", side->name, "title", title));
        free(title);
    }
    json_object_set_new(run->report, "sides", sides);
}

/* The report. */

static void write_page(const json_t *report, const char *path)
{
    FILE *page = fopen(path, "w");

    if (!page) {
        mu_bench_stop("\"%s\" cannot be written: %s", path, strerror(errno));
    }
    mu_bench_draw(report, page);
    if (fclose(page) != 0) {
        mu_bench_stop("\"%s\" cannot be written: %s", path, strerror(errno));
    }
}

static void draw(const char *path)
{
    json_error_t why;
    json_t *report = json_load_file(path, 0, &why);
    char *page = mu_bench_text("%.*s.html", (int)(strlen(path) - strlen(".json")), path);

    if (!report || strcmp(path + strlen(page) - strlen(".html"), ".json") != 0) {
        mu_bench_stop("\"%s\" is no report.json: %s", path, report ? "its name" : why.text);
    }
    mu_bench_print(report, stdout);
    write_page(report, page);
    json_decref(report);
    free(page);
}

static void write_report(const mu_bench_run *run)
{
    char *path = mu_bench_text("%s/report.json", run->options.out);
    char *page = mu_bench_text("%s/report.html", run->options.out);

    mu_bench_print(run->report, stdout);
    if (json_dump_file(run->report, path, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) != 0) {
        mu_bench_stop("\"%s\" cannot be written", path);
    }
    write_page(run->report, page);
    (void)printf("\n%s\n%s\n", path, page);
    free(path);
    free(page);
}

static bool asks_questions(const mu_bench_run *run)
{
    for (size_t i = 0; i < run->questions.count; i++) {
        if (mu_bench_is_wanted(run, run->questions.list[i].name)) {
            return true;
        }
    }
    return false;
}

static void run_parts(mu_bench_run *run)
{
    mu_bench_machine(run);
    mu_bench_load(run);
    name_sides(run);
    if (asks_questions(run)) {
        mu_bench_ask(run);
    }
    if (mu_bench_is_wanted(run, "open")) {
        mu_bench_open(run);
    }
    if (mu_bench_is_wanted(run, "audience")) {
        mu_bench_audience(run);
    }
    write_report(run);
}

int main(int argc, char **argv)
{
    if (argc == 7 && strcmp(argv[1], "--worker") == 0) {
        return mu_bench_worker_main(argv + 2);
    }
    mu_bench_run run = {.options = options_of(argc, argv)};
    if (run.options.draw) {
        draw(run.options.draw);
        return 0;
    }
    char *out = mu_bench_text("build/bench/%s", run.options.size);

    run.options.out = run.options.out ? run.options.out : out;
    run.questions = mu_bench_questions_read("bench/queries");
    check_queries(&run);
    run.report =
        json_pack("{s:s, s:I, s:I, s:i, s:i, s:[]}", "size", run.options.size, "customers",
                  (json_int_t)run.options.customers, "events", (json_int_t)run.options.events,
                  "threads", (int)run.options.threads, "repeat", (int)run.options.repeat, "rows");
    claim_directory(run.options.out);
    char *place =
        mu_bench_need(realpath(run.options.out, NULL)); /* engines have ideas of their own */
    run.options.out = place;
    add_sides(&run);
    run_parts(&run);
    if (run.failed) {
        (void)fputs("muster-bench: what is WRONG is told above\n", stderr);
    }
    for (uint32_t s = 0; s < run.side_count; s++) {
        free(run.sides[s].place.db);
        free(run.sides[s].place.so);
    }
    mu_bench_questions_free(&run.questions);
    json_decref(run.report);
    free(place);
    free(out);
    return run.failed ? 1 : 0;
}
