/*
 * print.c - the report as a table in the terminal.
 */
#include "bench/bench.h"
#include "bench/figures.h"

#include <string.h>

enum {
    NAME_WIDTH = 26,
    FIGURE_WIDTH = 11,
    FORM_WIDTH = 16,
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static const char *figure_text(const json_t *row, double value)
{
    return strcmp(text_of(row, "unit"), "s") == 0 ? mu_bench_seconds(value) : mu_bench_bytes(value);
}

/* Cells are padded by characters, not by bytes: "µs" has three of the latter. */
static void print_right(FILE *out, const char *text, int width)
{
    int characters = 0;

    for (const char *at = text; *at; at++) {
        characters += (*at & 0xc0) != 0x80;
    }
    (void)fprintf(out, "%*s%s", width > characters ? width - characters : 0, "", text);
}

/* The best of the peers: the median of the first side that is neither muster nor an earlier one and
 * has no better beside it; 0 if none has one. */
double mu_bench_best_peer(const json_t *row)
{
    const char *name;
    json_t *figure;
    double best = 0;

    json_object_foreach(json_object_get(row, "sides"), name, figure) {
        const double median = number_of(figure, "median");
        if (strcmp(name, "muster") != 0 && strcmp(name, "before") != 0 &&
            (best <= 0 || median < best)) {
            best = median;
        }
    }
    return best;
}

static void print_row(const json_t *report, const json_t *row, FILE *out)
{
    const json_t *sides = json_object_get(row, "sides"), *ours = json_object_get(sides, "muster");
    const double peer = mu_bench_best_peer(row), median = number_of(ours, "median");
    const double bytes = number_of(ours, "bytes");
    const json_t *side;
    size_t i;

    (void)fprintf(out, "%-*s", NAME_WIDTH, text_of(row, "name"));
    json_array_foreach(json_object_get(report, "sides"), i, side) {
        const json_t *figure = json_object_get(sides, text_of(side, "name"));
        const bool is_ours = strcmp(text_of(side, "name"), "muster") == 0;
        const char *none = is_ours && json_object_get(row, "not_yet") ? "not yet" : "-";
        print_right(out, figure ? figure_text(row, number_of(figure, "median")) : none,
                    FIGURE_WIDTH);
        if (strcmp(text_of(side, "name"), "muster") != 0 &&
            strcmp(text_of(side, "name"), "before") != 0) {
            (void)fprintf(out, "  %-*.*s", FORM_WIDTH, FORM_WIDTH, text_of(figure, "form"));
        }
    }
    if (ours && peer > 0) {
        (void)fprintf(out, "%8.2fx", peer / median);
    } else {
        (void)fprintf(out, "%9s", "");
    }
    if (ours && bytes > 0) {
        const double bandwidth = number_of(json_object_get(report, "machine"), "bandwidth");
        print_right(out, mu_bench_bytes(bytes), FIGURE_WIDTH);
        (void)fprintf(out, "%9.1f %%", 100 * bytes / median / bandwidth);
    }
    (void)fputs(json_object_get(row, "differs") ? "  ANSWERS DIFFER\n" : "\n", out);
}

static void print_head(const json_t *report, FILE *out)
{
    const json_t *machine = json_object_get(report, "machine"), *side;
    size_t i;

    (void)fprintf(out, "\nsize %s: %s customers, %s events; %.0f threads, median of %.0f; %s\n",
                  text_of(report, "size"), mu_bench_count(number_of(report, "customers")),
                  mu_bench_count(number_of(report, "events")), number_of(report, "threads"),
                  number_of(report, "repeat"), text_of(machine, "date"));
    (void)fprintf(out, "%s, %.0f cores, %s of memory, read at %s/s; %s\n", text_of(machine, "cpu"),
                  number_of(machine, "cores"), mu_bench_bytes(number_of(machine, "memory")),
                  mu_bench_bytes(number_of(machine, "bandwidth")), text_of(machine, "system"));
    json_array_foreach(json_object_get(report, "sides"), i, side) {
        (void)fprintf(out, "%s%s", i > 0 ? ", " : "", text_of(side, "title"));
    }
    (void)fprintf(out, "\n\n%-*s", NAME_WIDTH, "");
    json_array_foreach(json_object_get(report, "sides"), i, side) {
        const bool is_peer = strcmp(text_of(side, "name"), "muster") != 0 &&
                             strcmp(text_of(side, "name"), "before") != 0;
        print_right(out, text_of(side, "name"), FIGURE_WIDTH);
        (void)fprintf(out, "%*s", is_peer ? -(FORM_WIDTH + 2) : 0, is_peer ? "  form" : "");
    }
    (void)fprintf(out, "%9s%*s  of memory\n", "peer/us", FIGURE_WIDTH, "read");
}

static void print_loads(const json_t *report, FILE *out)
{
    const json_t *load;
    size_t i;

    (void)fputs("\nlayouts\n", out);
    json_array_foreach(json_object_get(report, "loads"), i, load) {
        (void)fprintf(out, "%-12s%-14s", text_of(load, "side"), text_of(load, "layout"));
        print_right(out, mu_bench_seconds(number_of(load, "seconds")), FIGURE_WIDTH);
        print_right(out, mu_bench_bytes(number_of(load, "bytes")), FIGURE_WIDTH);
        (void)fprintf(out, "  %s\n", text_of(load, "about"));
    }
}

static void print_audiences(const json_t *report, FILE *out)
{
    const json_t *audiences = json_object_get(report, "audiences");
    const char *name;
    json_t *side, *figures;
    size_t i;

    if (!audiences) {
        return;
    }
    (void)fprintf(out, "\n%.0f audiences%27s%9s%9s%9s\n", number_of(audiences, "count"),
                  "per second", "p50", "p95", "p99");
    json_object_foreach(json_object_get(audiences, "sides"), name, side) {
        json_array_foreach(json_object_get(side, "clients"), i, figures) {
            (void)fprintf(out, "%-12s%-8s%2.0f client%s%11.1f", name, text_of(side, "form"),
                          number_of(figures, "clients"),
                          number_of(figures, "clients") > 1 ? "s" : " ",
                          number_of(figures, "per_second"));
            print_right(out, mu_bench_seconds(number_of(figures, "p50")), 9);
            print_right(out, mu_bench_seconds(number_of(figures, "p95")), 9);
            print_right(out, mu_bench_seconds(number_of(figures, "p99")), 9);
            (void)fputc('\n', out);
        }
    }
}

void mu_bench_print(const json_t *report, FILE *out)
{
    const json_t *row;
    size_t i;

    print_head(report, out);
    json_array_foreach(json_object_get(report, "rows"), i, row) {
        print_row(report, row, out);
    }
    print_audiences(report, out);
    print_loads(report, out);
}
