/*
 * report.c - what is read from a report wherever it is shown.
 */
#include "bench/report.h"

#include "bench/figures.h"

#include <string.h>

const char *mu_bench_text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

double mu_bench_number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

const char *mu_bench_figure_text(const char *unit, double value)
{
    return strcmp(unit, "s") == 0 ? mu_bench_seconds(value) : mu_bench_bytes(value);
}

bool mu_bench_is_peer(const char *side)
{
    return strcmp(side, "muster") != 0 && strcmp(side, "before") != 0;
}

double mu_bench_best_peer(const json_t *row)
{
    const char *name;
    json_t *figure;
    double best = 0;

    json_object_foreach(json_object_get(row, "sides"), name, figure) {
        const double median = mu_bench_number_of(figure, "median");
        if (mu_bench_is_peer(name) && (best <= 0 || median < best)) {
            best = median;
        }
    }
    return best;
}

double mu_bench_share_of_memory(const json_t *report, const json_t *row)
{
    const json_t *ours = json_object_get(json_object_get(row, "sides"), "muster");
    const double could = mu_bench_number_of(json_object_get(report, "machine"), "bandwidth") *
                         mu_bench_number_of(ours, "median");

    return could > 0 ? mu_bench_number_of(ours, "bytes") / could : 0;
}
