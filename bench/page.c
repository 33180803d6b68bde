/*
 * page.c - the report as one page of HTML that needs nothing else: bars on a log scale, light and
 * dark.
 *
 * A bar chart is an SVG as wide as its column, with places in percent, so that bars follow the
 * width of the window and letters keep their size. All charts of one unit share a scale.
 */
#include "bench/bench.h"
#include "bench/figures.h"
#include "bench/report.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum {
    LINE = 22,      /* pixels of a bar with its space */
    BAR = 14,       /* of the bar alone */
    NAME_SPACE = 84 /* left of the bars */
};
static const double bars_share = 62; /* percent of the chart; the rest is for labels */

static const char style[] =
    ":root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#5c6670;--line:#dfe3e8;"
    "--muster:#0067b0;--before:#8a97a6;--duckdb:#c98500;--clickhouse:#00835f}\n"
    "@media(prefers-color-scheme:dark){:root{--paper:#14171b;--ink:#e6e9ed;--soft:#9aa4af;"
    "--line:#2c323a;--muster:#5cb3f5;--before:#7d8894;--duckdb:#e9b44c;--clickhouse:#4fc59d}}\n"
    "*{box-sizing:border-box}body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:68rem;"
    "background:var(--paper);color:var(--ink);"
    "font:15px/1.45 system-ui,\"Noto Sans CJK SC\",\"Microsoft YaHei\",sans-serif}\n"
    "h1{font-size:1.6rem;margin:0 0 .2rem}h2{font-size:1.15rem;margin:2.2rem 0 .6rem;"
    "border-bottom:1px solid var(--line);padding-bottom:.3rem}h3{font-size:1rem;margin:0}\n"
    "p{margin:.3rem 0}.soft,figcaption{color:var(--soft);font-size:.88rem}\n"
    "figure{margin:0;padding:.8rem 0;border-bottom:1px solid var(--line);break-inside:avoid}\n"
    ".head{display:flex;justify-content:space-between;gap:1rem;align-items:baseline}\n"
    ".ratio{font-variant-numeric:tabular-nums;white-space:nowrap;font-weight:600}\n"
    "svg{display:block;width:100%;margin:.35rem 0 .1rem;overflow:visible}\n"
    "svg text{fill:var(--ink);font-size:12.5px}svg .grid{stroke:var(--line)}"
    "svg .tick{fill:var(--soft);font-size:11.5px}\n"
    ".muster{fill:var(--muster)}.before{fill:var(--before)}.duckdb{fill:var(--duckdb)}"
    ".clickhouse{fill:var(--clickhouse)}\n"
    "details{font-size:.88rem;color:var(--soft)}summary{cursor:pointer}\n"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;"
    "font-size:.88rem}th,td{text-align:right;padding:.25rem .7rem;white-space:nowrap;"
    "border-bottom:1px solid var(--line)}th:first-child,td:first-child,td.text,th.text{"
    "text-align:left;padding-left:0}td.text{white-space:normal}\n"
    "@media print{body{max-width:none}}\n";

/* A scale of powers of ten that all rows of a unit share. */
typedef struct scale {
    const char *unit;
    int low, high; /* powers of ten */
} scale;

static void write_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        case '"':
            (void)fputs("&quot;", out);
            break;
        default:
            (void)fputc(*text, out);
        }
    }
}

static scale scale_of(const json_t *report, const char *unit)
{
    scale s = {.unit = unit, .low = INT_MAX, .high = INT_MIN};
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(report, "rows"), i, row) {
        const char *name;
        json_t *figure;
        json_object_foreach(json_object_get(row, "sides"), name, figure) {
            const double median = mu_bench_number_of(figure, "median");
            if (strcmp(mu_bench_text_of(row, "unit"), unit) == 0 && median > 0) {
                const int below = (int)floor(log10(median)), above = (int)ceil(log10(median));
                s.low = below < s.low ? below : s.low;
                s.high = above > s.high ? above : s.high;
            }
        }
    }
    if (s.low >= s.high) { /* one figure, or none */
        s.low = s.low == INT_MAX ? 0 : s.low;
        s.high = s.low + 1;
    }
    return s;
}

/* Percent of the chart's width, from where bars begin. */
static double place_of(const scale *s, double value)
{
    const double place = (log10(value) - s->low) / (s->high - s->low);

    return bars_share * place;
}

/* Lines at the powers of ten; with their names if `named`. */
static void draw_grid(const scale *s, double height, bool named, FILE *out)
{
    for (int power = s->low; power <= s->high; power++) {
        const double place = place_of(s, pow(10, power));
        (void)fprintf(out, "<line class=grid x1=\"%.2f%%\" x2=\"%.2f%%\" y1=0 y2=%.0f />", place,
                      place, height);
        if (named) {
            const char *text = mu_bench_figure_text(s->unit, pow(10, power)); /* "10.0 ms" */
            (void)fprintf(out, "<text class=tick x=\"%.2f%%\" dx=3 y=11>%.*s%s</text>", place,
                          (int)strcspn(text, ". "), text, strchr(text, ' '));
        }
    }
}

static void draw_axis(const scale *s, FILE *out)
{
    (void)fprintf(out, "<svg height=16 role=presentation><svg x=%d height=16 width=\"100%%\">",
                  NAME_SPACE);
    draw_grid(s, 16, true, out);
    (void)fputs("</svg></svg>\n", out);
}

/* Least and most of what was measured, for whoever points at a bar. */
static void write_spread(const json_t *figure, const char *unit, FILE *out)
{
    const json_t *values = json_object_get(figure, "values"), *value;
    double least = HUGE_VAL, most = 0;
    size_t i;

    json_array_foreach(values, i, value) {
        least = fmin(least, json_number_value(value));
        most = fmax(most, json_number_value(value));
    }
    (void)fprintf(out, "median of %zu, from %s", json_array_size(values),
                  mu_bench_figure_text(unit, least));
    (void)fprintf(out, " to %s", mu_bench_figure_text(unit, most));
}

static void draw_bar(const json_t *row, const json_t *side, const scale *s, int line, FILE *out)
{
    const char *name = mu_bench_text_of(side, "name"), *form;
    const json_t *figure = json_object_get(json_object_get(row, "sides"), name);
    const bool not_yet = strcmp(name, "muster") == 0 && json_object_get(row, "not_yet");

    if (!figure) {
        (void)fprintf(out, "<text class=tick x=4 y=%d>%s</text>", line * LINE + BAR - 2,
                      not_yet ? "not yet" : "no figure");
        return;
    }
    const double median = mu_bench_number_of(figure, "median"), place = place_of(s, median);
    (void)fprintf(out, "<g><title>%s: ", name);
    write_spread(figure, s->unit, out);
    (void)fprintf(out,
                  "</title><rect class=%s x=0 y=%d width=\"%.2f%%\" height=%d rx=2 />"
                  "<text x=\"%.2f%%\" dx=6 y=%d>%s",
                  name, line * LINE, place, BAR, place, line * LINE + BAR - 2,
                  mu_bench_figure_text(s->unit, median));
    form = mu_bench_text_of(figure, "form");
    if (*form) {
        (void)fputs(" <tspan class=tick>", out);
        write_escaped(out, form);
        (void)fputs("</tspan>", out);
    }
    (void)fputs("</text></g>", out);
}

static void write_forms(const json_t *report, const json_t *row, FILE *out)
{
    const json_t *side;
    size_t i;

    json_array_foreach(json_object_get(report, "sides"), i, side) {
        const json_t *figure =
            json_object_get(json_object_get(row, "sides"), mu_bench_text_of(side, "name"));
        json_t *forms = json_object_get(figure, "forms"), *seconds;
        const char *form;
        if (json_object_size(forms) < 2) {
            continue;
        }
        (void)fprintf(out, "<p>%s, forms tried: ", mu_bench_text_of(side, "name"));
        const char *before = "";
        json_object_foreach(forms, form, seconds) {
            (void)fprintf(out, "%s", before);
            write_escaped(out, form);
            (void)fprintf(out, " %s", mu_bench_seconds(json_number_value(seconds)));
            before = ", ";
        }
        (void)fputs("</p>", out);
    }
}

static void write_ratio(const json_t *row, FILE *out)
{
    const json_t *ours = json_object_get(json_object_get(row, "sides"), "muster");
    const double peer = mu_bench_best_peer(row);

    if (json_object_get(row, "differs")) {
        (void)fputs("answers differ", out);
    } else if (ours && peer > 0) {
        (void)fprintf(out, "%.2f×", peer / mu_bench_number_of(ours, "median"));
    }
}

static void write_bytes(const json_t *report, const json_t *row, FILE *out)
{
    const json_t *ours = json_object_get(json_object_get(row, "sides"), "muster");
    const double bytes = mu_bench_number_of(ours, "bytes"),
                 median = mu_bench_number_of(ours, "median");
    const double bandwidth = mu_bench_number_of(json_object_get(report, "machine"), "bandwidth");

    if (bytes > 0) {
        (void)fprintf(out, "muster read %s, ", mu_bench_bytes(bytes));
        (void)fprintf(out, "%.1f %% of what memory could have given in that time",
                      100 * bytes / median / bandwidth);
    }
}

static void draw_row(const json_t *report, const json_t *row, const scale *s, FILE *out)
{
    const json_t *sides = json_object_get(report, "sides"), *side;
    const int height = (int)json_array_size(sides) * LINE;
    size_t i;

    (void)fputs("<figure><div class=head><h3>", out);
    write_escaped(out, mu_bench_text_of(row, "title"));
    (void)fputs("</h3><span class=ratio>", out);
    write_ratio(row, out);
    (void)fprintf(out, "</span></div><svg height=%d role=img aria-label=\"", height);
    write_escaped(out, mu_bench_text_of(row, "title"));
    (void)fputs("\">", out);
    json_array_foreach(sides, i, side) {
        (void)fprintf(out, "<text x=0 y=%d>%s</text>", (int)i * LINE + BAR - 2,
                      mu_bench_text_of(side, "name"));
    }
    (void)fprintf(out, "<svg x=%d height=%d width=\"100%%\">", NAME_SPACE, height);
    draw_grid(s, height, false, out);
    json_array_foreach(sides, i, side) {
        draw_bar(row, side, s, (int)i, out);
    }
    (void)fputs("</svg></svg><figcaption>", out);
    write_bytes(report, row, out);
    (void)fputs("</figcaption><details><summary>", out);
    write_escaped(out, mu_bench_text_of(row, "name"));
    (void)fputs("</summary><p>", out);
    write_escaped(out, mu_bench_text_of(row, "meaning"));
    (void)fputs("</p>", out);
    if (json_object_get(row, "not_yet")) {
        (void)fputs("<p>muster, not yet: ", out);
        write_escaped(out, mu_bench_text_of(row, "not_yet"));
        (void)fputs("</p>", out);
    }
    write_forms(report, row, out);
    (void)fputs("</details></figure>\n", out);
}

static void draw_rows(const json_t *report, const char *unit, const char *title, FILE *out)
{
    const scale s = scale_of(report, unit);
    const json_t *row;
    size_t i;

    (void)fprintf(out, "<h2>%s</h2>\n", title);
    draw_axis(&s, out);
    json_array_foreach(json_object_get(report, "rows"), i, row) {
        if (strcmp(mu_bench_text_of(row, "unit"), unit) == 0) {
            draw_row(report, row, &s, out);
        }
    }
}

static void write_head(const json_t *report, FILE *out)
{
    const json_t *machine = json_object_get(report, "machine"), *side;
    size_t i;

    (void)fputs("<!doctype html>\n<html lang=en><meta charset=utf-8>"
                "<meta name=viewport content=\"width=device-width,initial-scale=1\">"
                "<title>muster beside its peers</title>\n<style>\n",
                out);
    (void)fputs(style, out);
    (void)fprintf(
        out,
        "</style>\n<h1>muster beside its peers</h1>\n<p>Size %s: %s customers, %s "
        "events. %.0f threads, median of %.0f, the engines in turn. %s.</p>\n<p>",
        mu_bench_text_of(report, "size"), mu_bench_count(mu_bench_number_of(report, "customers")),
        mu_bench_count(mu_bench_number_of(report, "events")), mu_bench_number_of(report, "threads"),
        mu_bench_number_of(report, "repeat"), mu_bench_text_of(machine, "date"));
    json_array_foreach(json_object_get(report, "sides"), i, side) {
        (void)fputs(i > 0 ? " · " : "", out);
        write_escaped(out, mu_bench_text_of(side, "title"));
    }
    (void)fputs("</p>\n<p class=soft>", out);
    write_escaped(out, mu_bench_text_of(machine, "cpu"));
    (void)fprintf(out, ", %.0f cores, %s of memory, ", mu_bench_number_of(machine, "cores"),
                  mu_bench_bytes(mu_bench_number_of(machine, "memory")));
    (void)fprintf(out, "read at %s/s; ", mu_bench_bytes(mu_bench_number_of(machine, "bandwidth")));
    write_escaped(out, mu_bench_text_of(machine, "system"));
    (void)fputs("</p>\n<p class=soft>The scale is logarithmic. Behind a bar stands the median and "
                "the form of the question that won; the factor on the right is the time of the "
                "best peer by that of muster. All answers were compared before times were.</p>\n",
                out);
}

static void write_audiences(const json_t *report, FILE *out)
{
    const json_t *audiences = json_object_get(report, "audiences");
    const char *name;
    json_t *side, *figures;
    size_t i;

    if (!audiences) {
        return;
    }
    (void)fprintf(
        out,
        "<h2>A stream of %.0f audiences</h2>\n<p class=soft>Random definitions of 2 to 12 "
        "conditions over tags, attributes and behaviour; the same for all, sizes "
        "compared.</p>\n<div class=wide><table><tr><th>engine<th class=text>form"
        "<th>clients<th>per second<th>p50<th>p95<th>p99\n",
        mu_bench_number_of(audiences, "count"));
    json_object_foreach(json_object_get(audiences, "sides"), name, side) {
        json_array_foreach(side, i, figures) {
            (void)fprintf(out, "<tr><td>%s<td class=text>", name);
            write_escaped(out, mu_bench_text_of(figures, "form"));
            (void)fprintf(out, "<td>%.0f<td>%.1f<td>%s", mu_bench_number_of(figures, "clients"),
                          mu_bench_number_of(figures, "per_second"),
                          mu_bench_seconds(mu_bench_number_of(figures, "p50")));
            (void)fprintf(out, "<td>%s<td>%s\n",
                          mu_bench_seconds(mu_bench_number_of(figures, "p95")),
                          mu_bench_seconds(mu_bench_number_of(figures, "p99")));
        }
    }
    (void)fputs("</table></div>\n", out);
}

static void write_loads(const json_t *report, FILE *out)
{
    const json_t *load;
    size_t i;

    (void)fputs("<h2>Layouts</h2>\n<p class=soft>What each engine keeps, how long it took to make "
                "and how large it is. A question may use any of them.</p>\n<div class=wide><table>"
                "<tr><th>engine<th class=text>layout<th>made in<th>on disk<th class=text>what\n",
                out);
    json_array_foreach(json_object_get(report, "loads"), i, load) {
        (void)fprintf(out, "<tr><td>%s<td class=text>", mu_bench_text_of(load, "side"));
        write_escaped(out, mu_bench_text_of(load, "layout"));
        (void)fprintf(out, "<td>%s<td>%s<td class=text>",
                      mu_bench_seconds(mu_bench_number_of(load, "seconds")),
                      mu_bench_bytes(mu_bench_number_of(load, "bytes")));
        write_escaped(out, mu_bench_text_of(load, "about"));
        (void)fputs("\n", out);
    }
    (void)fputs("</table></div>\n", out);
}

void mu_bench_draw(const json_t *report, FILE *out)
{
    write_head(report, out);
    draw_rows(report, "s", "Time", out);
    draw_rows(report, "bytes", "Memory and disk", out);
    write_audiences(report, out);
    write_loads(report, out);
    (void)fputs("</html>\n", out);
}
