/*
 * explain.c - EXPLAIN and EXPLAIN ANALYZE.
 *
 * What a plan does is worded in query/explain.h; here it is run, and its lines become rows.
 */
#include "sql/explain.h"

#include "query/bandwidth.h"
#include "query/explain.h"
#include "query/meter.h"
#include "storage/base/env.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum {
    COMPARED_LEAST = 1 << 20 /* bytes: less than that lies in caches, whatever memory can do */
};

static const mu_plan_column columns[] = {{"plan", {.kind = MU_TEXT}}};

static uint32_t count_lines(const mu_writer *lines)
{
    uint32_t count = 0;

    for (size_t i = 0; i < lines->size; i++) {
        count += lines->data[i] == '\n';
    }
    return count;
}

/* Each line ends with a line feed. */
static muster_status split_lines(const mu_binder *binder, const mu_writer *lines,
                                 const mu_plan **out, muster_error *err)
{
    const uint32_t count = count_lines(lines);
    const char *line;
    size_t left = lines->size;
    mu_value *values;

    if (lines->failed) {
        return mu_fail_memory(err, "explaining a plan");
    }
    MU_ARENA_TRY(values, binder->scope.arena, count, err);
    line = mu_arena_text(binder->scope.arena, (const char *)lines->data, lines->size);
    if (!line) {
        return mu_fail_memory(err, "explaining a plan");
    }
    for (uint32_t i = 0; i < count; i++) {
        const char *end = memchr(line, '\n', left);
        const size_t size = (size_t)(end - line);
        values[i] = (mu_value){.type = columns[0].type, .text = {line, (uint32_t)size}};
        line = end + 1;
        left -= size + 1;
    }
    return mu_plan_values(&binder->scope, columns, MU_COUNT(columns), values, count, out, err);
}

muster_status mu_explain(const mu_binder *binder, const mu_plan *plan, const mu_plan **out,
                         muster_error *err)
{
    mu_writer lines = {0};
    muster_status status;

    MU_TRY_GOTO(mu_plan_explain(&binder->scope, plan, NULL, &lines, err));
    status = split_lines(binder, &lines, out, err);
fail:
    mu_writer_deinit(&lines);
    return status;
}

muster_status mu_explain_nothing(const mu_binder *binder, const mu_plan **out, muster_error *err)
{
    return mu_plan_values(&binder->scope, columns, MU_COUNT(columns), NULL, 0, out, err);
}

/* Running it. */

typedef struct run {
    const mu_exec_options *options;
    mu_meters *meters;
    double planning, seconds;
    uint64_t rows, bytes;
} run;

static muster_status run_all(run *r, mu_exec *exec, muster_error *err)
{
    mu_batch *batch;

    for (;;) {
        MU_TRY(mu_exec_next(exec, &batch, err));
        if (batch->rows == 0) {
            return MUSTER_OK;
        }
        for (size_t w = 0; w < mu_bits_words(batch->rows); w++) {
            r->rows += (uint64_t)__builtin_popcountll(batch->live[w]);
        }
    }
}

static muster_status run_plan(run *r, const mu_plan *plan, muster_error *err)
{
    mu_exec_options options = *r->options;
    const double began = mu_env_seconds();
    muster_status status;
    mu_exec *exec = NULL;

    options.meters = r->meters;
    MU_TRY_GOTO(mu_exec_open(&options, plan, &exec, err));
    MU_TRY_GOTO(run_all(r, exec, err));
fail:
    mu_exec_close(exec);
    r->seconds = mu_env_seconds() - began;
    r->bytes = mu_meters_bytes(r->meters);
    if (options.bytes_read) {
        atomic_fetch_add(options.bytes_read, r->bytes);
    }
    return status;
}

/* What is said at the end. */

static void MU_PRINTF(2, 3) put_line(mu_writer *out, const char *format, ...)
{
    char line[256];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    mu_write_bytes(out, line, strlen(line));
    mu_write_u8(out, '\n');
}

static muster_status put_bandwidth(const run *r, atomic_uint_fast64_t *bandwidth, mu_writer *out,
                                   muster_error *err)
{
    uint64_t rate = atomic_load(bandwidth);

    if (r->bytes < COMPARED_LEAST) {
        return MUSTER_OK;
    }
    if (rate == 0) {
        muster_error reason;
        const muster_status status =
            mu_bandwidth_measure(r->options->pool, r->options->cancel, &rate, &reason);
        if (status == MUSTER_NOMEM) { /* which is no reason to fail after all that */
            put_line(out, "what memory alone would need was not measured, for want of memory");
            return MUSTER_OK;
        }
        if (status != MUSTER_OK && err) {
            *err = reason;
        }
        MU_TRY(status);
        atomic_store(bandwidth, rate);
    }
    const double needed = (double)r->bytes / (double)rate;
    put_line(out,
             "memory alone, at %.1f GB/s, would need %.2f ms for these bytes: %.1f%% of the time",
             (double)rate / 1e9, needed * 1e3, 100 * needed / r->seconds);
    return MUSTER_OK;
}

static muster_status put_totals(const run *r, atomic_uint_fast64_t *bandwidth, mu_writer *out,
                                muster_error *err)
{
    const uint32_t threads = r->options->pool ? mu_pool_threads(r->options->pool) : 1;
    char bytes[32], held[32];

    put_line(out, "%" PRIu64 " row%s in %.2f ms, %" PRIu32 " thread%s; planned in %.2f ms", r->rows,
             r->rows == 1 ? "" : "s", r->seconds * 1e3, threads, threads == 1 ? "" : "s",
             r->planning * 1e3);
    put_line(out, "%s read; %s of memory held at most", mu_mem_format(r->bytes, bytes),
             mu_mem_format(mu_account_peak(mu_account_entered()), held));
    return put_bandwidth(r, bandwidth, out, err);
}

muster_status mu_analyze(const mu_binder *binder, const mu_analysis *analysis,
                         const mu_exec_options *options, atomic_uint_fast64_t *bandwidth,
                         const mu_plan **out, muster_error *err)
{
    run r = {.options = options, .meters = mu_meters_open(), .planning = analysis->planning};
    mu_writer lines = {0};
    muster_status status;

    if (!r.meters) {
        return mu_fail_memory(err, "measuring a query");
    }
    MU_TRY_GOTO(run_plan(&r, analysis->plan, err));
    MU_TRY_GOTO(mu_plan_explain(&binder->scope, analysis->plan, r.meters, &lines, err));
    MU_TRY_GOTO(put_totals(&r, bandwidth, &lines, err));
    status = split_lines(binder, &lines, out, err);
fail:
    mu_writer_deinit(&lines);
    mu_meters_close(r.meters);
    return status;
}
