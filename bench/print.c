/*
 * print.c - the report as a table in the terminal.
 */
#include "bench/bench.h"
#include "bench/figures.h"
#include "bench/report.h"

#include <string.h>

enum {
    NAME_WIDTH = 26,
    FIGURE_WIDTH = 11,
    FORM_WIDTH = 16,
};

/* Cells are padded by characters, not by bytes: "µs" has three of the latter. */
static void print_right(FILE *out, const char *text, int width)
{
    int characters = 0;

    for (const char *at = text; *at; at++) {
        characters += (*at & 0xc0) != 0x80;
    }
    (void)fprintf(out, "%*s%s", width > characters ? width - characters : 0, "", text);
}

static void print_row(const json_t *report, const json_t *row, FILE *out)
{
    const json_t *sides = json_object_get(row, "sides"), *ours = json_object_get(sides, "muster");
    const double peer = mu_bench_best_peer(row), median = mu_bench_number_of(ours, "median");
    const double bytes = mu_bench_number_of(ours, "bytes");
    const json_t *side;
    size_t i;

    (void)fprintf(out, "%-*s", NAME_WIDTH, mu_bench_text_of(row, "name"));
    json_array_foreach(json_object_get(report, "sides"), i, side) {
        const json_t *figure = json_object_get(sides, mu_bench_text_of(side, "name"));
        const bool is_ours = strcmp(mu_bench_text_of(side, "name"), "muster") == 0;
        const char *none = is_ours && json_object_get(row, "not_yet") ? "not yet" : "-";
        print_right(out,
                    figure ? mu_bench_figure_text(mu_bench_text_of(row, "unit"),
                                                  mu_bench_number_of(figure, "median"))
                           : none,
                    FIGURE_WIDTH);
        if (mu_bench_is_peer(mu_bench_text_of(side, "name"))) {
            (void)fprintf(out, "  %-*.*s", FORM_WIDTH, FORM_WIDTH,
                          mu_bench_text_of(figure, "form"));
        }
    }
    if (ours && peer > 0) {
        (void)fprintf(out, "%8.2fx", peer / median);
    } else {
        (void)fprintf(out, "%9s", "");
    }
    if (ours && bytes > 0) {
        print_right(out, mu_bench_bytes(bytes), FIGURE_WIDTH);
        (void)fprintf(out, "%9.1f %%", 100 * mu_bench_share_of_memory(report, row));
    }
    (void)fputs(json_object_get(row, "differs") ? "  ANSWERS DIFFER\n" : "\n", out);
}

static void print_head(const json_t *report, FILE *out)
{
    const json_t *machine = json_object_get(report, "machine"), *side;
    size_t i;

    (void)fprintf(
        out, "\nsize %s: %s customers, %s events; %.0f threads, median of %.0f; %s\n",
        mu_bench_text_of(report, "size"), mu_bench_count(mu_bench_number_of(report, "customers")),
        mu_bench_count(mu_bench_number_of(report, "events")), mu_bench_number_of(report, "threads"),
        mu_bench_number_of(report, "repeat"), mu_bench_text_of(machine, "date"));
    (void)fprintf(out, "%s, %.0f cores, %s of memory, read at %s/s; %s\n",
                  mu_bench_text_of(machine, "cpu"), mu_bench_number_of(machine, "cores"),
                  mu_bench_bytes(mu_bench_number_of(machine, "memory")),
                  mu_bench_bytes(mu_bench_number_of(machine, "bandwidth")),
                  mu_bench_text_of(machine, "system"));
    json_array_foreach(json_object_get(report, "sides"), i, side) {
        (void)fprintf(out, "%s%s", i > 0 ? ", " : "", mu_bench_text_of(side, "title"));
    }
    (void)fprintf(out, "\n\n%-*s", NAME_WIDTH, "");
    json_array_foreach(json_object_get(report, "sides"), i, side) {
        const bool is_peer = mu_bench_is_peer(mu_bench_text_of(side, "name"));
        print_right(out, mu_bench_text_of(side, "name"), FIGURE_WIDTH);
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
        (void)fprintf(out, "%-12s%-14s", mu_bench_text_of(load, "side"),
                      mu_bench_text_of(load, "layout"));
        print_right(out, mu_bench_seconds(mu_bench_number_of(load, "seconds")), FIGURE_WIDTH);
        print_right(out, mu_bench_bytes(mu_bench_number_of(load, "bytes")), FIGURE_WIDTH);
        (void)fprintf(out, "  %s\n", mu_bench_text_of(load, "about"));
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
    (void)fprintf(out, "\n%.0f audiences%27s%9s%9s%9s\n", mu_bench_number_of(audiences, "count"),
                  "per second", "p50", "p95", "p99");
    json_object_foreach(json_object_get(audiences, "sides"), name, side) {
        json_array_foreach(side, i, figures) {
            (void)fprintf(out, "%-12s%-8s%2.0f client%s%11.1f", name,
                          mu_bench_text_of(figures, "form"), mu_bench_number_of(figures, "clients"),
                          mu_bench_number_of(figures, "clients") > 1 ? "s" : " ",
                          mu_bench_number_of(figures, "per_second"));
            print_right(out, mu_bench_seconds(mu_bench_number_of(figures, "p50")), 9);
            print_right(out, mu_bench_seconds(mu_bench_number_of(figures, "p95")), 9);
            print_right(out, mu_bench_seconds(mu_bench_number_of(figures, "p99")), 9);
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
