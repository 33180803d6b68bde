/*
 * load_merge.c - one segment of each period, where a load wrote several runs of one.
 *
 * Where there are too many runs to be merged at once, neighbours are merged into longer runs first,
 * in as many passes as it takes (merge.h). Runs are in order of arrival.
 */
#include "storage/load_rows.h"

#include "storage/base/mem.h"
#include "storage/merge.h"

#include <stdlib.h>

enum {
#ifdef MU_TINY
    MAX_FAN_IN = 3,
#else
    MAX_FAN_IN = 64,
#endif
};

static muster_status out_of_memory(muster_error *err)
{
    return mu_fail_memory(err, "merging runs");
}

/* Which runs. */

/* Neighbouring runs of one period that become one. */
typedef struct run_group {
    uint32_t first, count;
    uint64_t file;  /* of what they become */
    bool temporary; /* it will be merged again */
    mu_segment_info info;
} run_group;

typedef struct merge_job {
    mu_load *load;
    run_group *groups;
    uint32_t group_count;
} merge_job;

static muster_status sync_run(const mu_load *load, mu_load_run *run, muster_error *err)
{
    char name[MU_SEGMENT_NAME_BYTES];
    mu_arena arena = {0};

    mu_segment_name(run->info.file, name);
    const char *path = mu_arena_printf(&arena, "%s/%s", mu_change_directory(load->change), name);
    const muster_status status = path ? mu_env_sync_file(path, err) : out_of_memory(err);
    mu_arena_deinit(&arena);
    run->synced = status == MUSTER_OK;
    return status;
}

static muster_status open_runs(const mu_load *load, const mu_load_run *runs, uint32_t count,
                               mu_segment **segments, muster_error *err)
{
    char name[MU_SEGMENT_NAME_BYTES];

    for (uint32_t i = 0; i < count; i++) {
        mu_segment_name(runs[i].info.file, name);
        MU_TRY(mu_segment_open(mu_change_directory(load->change), name, &segments[i], err));
    }
    return MUSTER_OK;
}

static muster_status merge_group(void *context, uint32_t worker, uint64_t item, muster_error *err)
{
    const merge_job *job = context;
    mu_load *load = job->load;
    run_group *group = &job->groups[item];
    mu_load_run *runs = &load->runs[group->first];

    (void)worker;
    if (group->count == 1) {
        return group->temporary || runs->synced ? MUSTER_OK : sync_run(load, runs, err);
    }
    mu_segment **segments = mu_mem_zalloc_array(group->count, sizeof(mu_segment *));
    if (!segments) {
        return out_of_memory(err);
    }
    const mu_merge merge = {.table = load->table,
                            .period = runs->info.period,
                            .segments = segments,
                            .segment_count = group->count,
                            .block_rows = load->block_rows,
                            .directory = mu_change_directory(load->change),
                            .file = group->file,
                            .temporary = group->temporary,
                            .cancel = load->options.cancel};
    muster_status status = open_runs(load, runs, group->count, segments, err);
    if (status == MUSTER_OK) {
        status = mu_merge_segments(&merge, &group->info, NULL, err);
    }
    for (uint32_t i = 0; i < group->count; i++) {
        mu_segment_close(segments[i]);
    }
    mu_mem_free(segments);
    return status;
}

static int compare_runs(const void *a, const void *b)
{
    const mu_segment_info *x = &((const mu_load_run *)a)->info;
    const mu_segment_info *y = &((const mu_load_run *)b)->info;

    if (x->period != y->period) {
        return x->period < y->period ? -1 : 1;
    }
    return (x->file > y->file) - (x->file < y->file); /* files are numbered as they arrive */
}

/* How many runs may be merged at once: a block of each must fit half of the budget. */
static uint32_t fan_in(const mu_load *load)
{
    const size_t row_bytes = (size_t)load->table->column_count * (sizeof(mu_text) + 1) + 4;
    const size_t fitting = load->budget / 2 / load->threads / (row_bytes * load->block_rows);

    return fitting < 2 ? 2 : fitting > MAX_FAN_IN ? MAX_FAN_IN : (uint32_t)fitting;
}

/* The next pass: neighbours of a period in groups of at most `limit`. True if none is left to merge
 * after it. */
static bool plan_pass(const mu_load *load, merge_job *job, uint32_t limit)
{
    bool last = true;

    job->group_count = 0;
    for (uint32_t i = 0; i < load->run_count;) {
        uint32_t end = i + 1;
        while (end < load->run_count && load->runs[end].info.period == load->runs[i].info.period) {
            end++;
        }
        const bool again = end - i > limit;
        last = last && !again;
        while (i < end) {
            const uint32_t count = end - i < limit ? end - i : limit;
            job->groups[job->group_count++] = (run_group){
                .first = i,
                .count = count,
                .temporary = again,
                .file = count > 1 ? mu_change_next_file(load->change) : load->runs[i].info.file};
            i += count;
        }
    }
    return last;
}

/* Puts what the groups became in the place of their runs, whose files go. If the pass failed, all
 * stay listed, and are removed with the load. */
static void replace_runs(mu_load *load, const merge_job *job)
{
    for (uint32_t i = 0; i < job->group_count; i++) {
        const run_group *group = &job->groups[i];
        mu_load_run run = load->runs[group->first];
        if (group->count > 1) {
            for (uint32_t k = 0; k < group->count; k++) {
                mu_load_remove_run(load, load->runs[group->first + k].info.file);
            }
            run = (mu_load_run){.info = group->info, .synced = !group->temporary};
        }
        load->runs[i] = run; /* i <= first: groups come in order and none is empty */
    }
    load->run_count = job->group_count;
}

muster_status mu_load_merge(mu_load *load, muster_error *err)
{
    merge_job job = {.load = load};
    muster_status status = MUSTER_OK;
    bool last = load->run_count == 0;

    if (load->run_count == 0) {
        return MUSTER_OK;
    }
    qsort(load->runs, load->run_count, sizeof *load->runs, compare_runs);
    job.groups = mu_mem_alloc_array(load->run_count, sizeof *job.groups);
    if (!job.groups) {
        return out_of_memory(err);
    }
    mu_load_report(load, "writing");
    while (!last && status == MUSTER_OK) {
        last = plan_pass(load, &job, fan_in(load));
        status = mu_pool_run(load->options.pool, job.group_count, merge_group, &job,
                             load->options.cancel, err);
        if (status == MUSTER_OK) {
            replace_runs(load, &job);
        } else { /* those that were finished */
            for (uint32_t i = 0; i < job.group_count; i++) {
                if (job.groups[i].count > 1) {
                    mu_load_remove_run(load, job.groups[i].file);
                }
            }
        }
    }
    mu_mem_free(job.groups);
    return status;
}
