/*
 * commit_crash_test.c - the power may fail before any operation on the disk.
 *
 * For each such operation in turn a child makes a database and changes it, until the power fails
 * there: the child leaves the disk as it might be then, and ends. Of what was not synced, bytes are
 * cut off, new names are gone, or the manifest's rename is undone, as a seed decides. Opened again,
 * every change that was acknowledged must be there, the one in flight whole or not at all, the
 * whole database must check, and it must take another change.
 *
 * There are large changes, each with all kinds of files, and small ones, which go to the log and
 * are merged there, in files and by checkpoints, while others are committed.
 */
#include "storage/base/env.h"

#include "sql/owner.h"
#include "tests/support/ask.h"
#include "tests/support/shop.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CHANGES = 4,
    SMALL_CHANGES = 60,
    FILES = 256,
    LOST_POWER = 7, /* how the child ends */
};

static const char create_small[] = "CREATE TABLE e (id TEXT CUSTOMER, at TIMESTAMP TIME, n BIGINT)";

typedef struct disk_file {
    char path[600];
    off_t synced; /* bytes */
    bool named;   /* the directory was synced since it got its name */
} disk_file;

typedef struct disk {
    char directory[512];
    char backup[600]; /* of the manifest before its rename, which a power loss may undo */
    uint64_t seed;
    uint32_t operations, last_operation;
    bool renamed; /* and the directory not synced since */
    disk_file files[FILES];
    uint32_t file_count;
    muster *intruded; /* NULL: no one commits while a merge writes a file */
    volatile uint32_t *acknowledged;
} disk;

static disk_file new_file(const char *path)
{
    disk_file file = {0};

    snprintf(file.path, sizeof file.path, "%s", path);
    return file;
}

static disk_file *file_of(disk *d, const char *path)
{
    for (uint32_t i = 0; i < d->file_count; i++) {
        if (strcmp(d->files[i].path, path) == 0) {
            return &d->files[i];
        }
    }
    assert_true(d->file_count < FILES);
    d->files[d->file_count] = new_file(path);
    return &d->files[d->file_count++];
}

static void copy_file(const char *from, const char *to)
{
    char bytes[16384];
    const int in = open(from, O_RDONLY);
    const int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ssize_t size = 0;

    while (in >= 0 && out >= 0 && (size = read(in, bytes, sizeof bytes)) > 0) {
        assert_int_equal(write(out, bytes, (size_t)size), size);
    }
    assert_int_equal(size, 0);
    close(in);
    close(out);
}

/* -1: there is no such file. */
static off_t size_of(const char *path)
{
    struct stat found;

    return stat(path, &found) == 0 ? found.st_size : -1;
}

/* Keeps, cuts or removes what was not synced. */
static void lose_power(disk *d)
{
    for (uint32_t i = 0; i < d->file_count; i++) {
        const disk_file *file = &d->files[i];
        const off_t end = size_of(file->path);
        if (end > file->synced && test_random_below(&d->seed, 3) > 0) {
            const uint64_t lost = test_random_below(&d->seed, (uint64_t)(end - file->synced) + 1);
            assert_int_equal(truncate(file->path, end - (off_t)lost), 0);
        }
        if (end >= 0 && !file->named && test_random_below(&d->seed, 2) == 0) {
            unlink(file->path);
        }
    }
    if (d->renamed && test_random_below(&d->seed, 2) == 0) {
        char manifest[600];
        snprintf(manifest, sizeof manifest, "%s/manifest", d->directory);
        if (mu_env_exists(d->backup)) {
            copy_file(d->backup, manifest);
        } else {
            unlink(manifest); /* it was the first */
        }
    }
    _exit(LOST_POWER);
}

static void sync_directory(disk *d)
{
    for (uint32_t i = 0; i < d->file_count; i++) {
        d->files[i].named = true;
    }
    d->renamed = false;
}

/* The bytes of manifest.tmp go by the name of the manifest from now on. */
static void rename_manifest(disk *d, const char *to)
{
    char from[600];

    snprintf(from, sizeof from, "%s.tmp", to);
    if (!d->renamed && mu_env_exists(to)) {
        copy_file(to, d->backup);
    }
    d->renamed = true;
    const off_t synced = file_of(d, from)->synced;
    disk_file *file = file_of(d, to);
    file->synced = synced;
    file->named = true; /* one manifest or the other always has the name */
    file_of(d, from)->named = true;
}

static bool add_row(muster *db, volatile uint32_t *acknowledged)
{
    char sql[200];

    snprintf(sql, sizeof sql, "INSERT INTO e VALUES ('c%u', '2024-01-%02u', %u)", *acknowledged / 3,
             1 + *acknowledged % 28, *acknowledged);
    if (ask_only(db, sql, &test_error) != MUSTER_OK) {
        return false;
    }
    ++*acknowledged;
    return true;
}

/* Another commits while a merge begins a file. */
static void intrude(disk *d, const char *path)
{
    muster *db = d->intruded;

    d->intruded = NULL;
    if (db && strstr(path, "events-")) {
        if (!add_row(db, d->acknowledged)) {
            _exit(1);
        }
    } else {
        d->intruded = db;
    }
}

static int before(void *context, const char *operation, const char *path)
{
    disk *d = context;

    if (d->operations++ == d->last_operation) {
        lose_power(d);
    }
    if (strcmp(operation, "create") == 0) {
        *file_of(d, path) = new_file(path);
        intrude(d, path);
    } else if (strcmp(operation, "sync") == 0 && strcmp(path, d->directory) == 0) {
        sync_directory(d);
    } else if (strcmp(operation, "sync") == 0) {
        file_of(d, path)->synced = size_of(path);
    } else if (strcmp(operation, "rename") == 0) {
        rename_manifest(d, path);
    }
    return 0;
}

/* Each of these is a child. */

static void change_until_power_fails(disk *d)
{
    mu_db *db;

    mu_env_set_hook(before, d);
    if (mu_db_open(d->directory, &db, &test_error) != MUSTER_OK ||
        shop_create(db, &test_error) != MUSTER_OK) {
        _exit(1);
    }
    for (uint32_t turn = 0; turn < CHANGES; turn++) {
        if (shop_change(db, turn, &test_error) != MUSTER_OK) {
            _exit(1);
        }
        *d->acknowledged = turn + 1;
    }
    mu_db_close(db);
    _exit(0);
}

static void merge_until_power_fails(disk *d)
{
    muster *db;

    mu_env_set_hook(before, d);
    if (muster_open(d->directory, &db, &test_error) != MUSTER_OK) {
        _exit(1);
    }
    mu_db_set_kept(db->db, false);
    bool fine = ask_only(db, create_small, &test_error) == MUSTER_OK;
    for (uint32_t i = 0; fine && i < SMALL_CHANGES; i++) {
        fine = add_row(db, d->acknowledged);
        if (i % 5 == 4) {
            d->intruded = db;
            fine = fine && mu_db_tend(db->db, &test_error) == MUSTER_OK &&
                   ask_only(db, i == 49 ? "COMPACT" : "CHECKPOINT", &test_error) == MUSTER_OK;
        }
    }
    if (!fine) {
        _exit(1);
    }
    muster_close(db);
    _exit(0);
}

static void check_changes(const disk *d)
{
    mu_db *db;

    assert_ok(mu_db_open(d->directory, &db, &test_error));
    const uint32_t turns = shop_turns(db);
    assert_in_range(turns, *d->acknowledged, *d->acknowledged + 1);
    mu_snapshot *snapshot;
    assert_ok(mu_db_snapshot(db, &snapshot, &test_error));
    const bool has_table = mu_catalog_find(mu_snapshot_catalog(snapshot), "events") != NULL;
    mu_snapshot_release(snapshot);
    if (!has_table) {
        assert_int_equal(*d->acknowledged, 0);
        assert_ok(shop_create(db, &test_error));
    }
    assert_ok(shop_change(db, turns, &test_error));
    assert_int_equal(shop_turns(db), turns + 1);
    mu_db_close(db);
}

/* Rows 0 ... n - 1 are there, n being what was acknowledged or one more. */
static void check_rows(const disk *d)
{
    const uint32_t acknowledged = *d->acknowledged;
    char answer[100], expected[2][100] = {"0|-|0\n", "1|0|1\n"};
    muster *db;

    for (uint32_t i = 0; i < 2 && acknowledged > 0; i++) {
        const uint32_t n = acknowledged + i;
        snprintf(expected[i], sizeof expected[i], "%u|%u|%u\n", n, n * (n - 1) / 2, (n + 2) / 3);
    }
    assert_ok(muster_open(d->directory, &db, &test_error));
    assert_ok(muster_check(d->directory, NULL, NULL, &test_error));
    if (acknowledged == 0) {
        assert_ok(ask_only(db, "DROP TABLE IF EXISTS e", &test_error));
        assert_ok(ask_only(db, create_small, &test_error));
    }
    assert_ok(ask(db, "SELECT count(*), sum(n), count(DISTINCT id) FROM e", answer, sizeof answer,
                  &test_error));
    if (strcmp(answer, expected[1]) != 0) {
        assert_string_equal(answer, expected[0]);
    }
    uint32_t more = acknowledged;
    assert_true(add_row(db, &more));
    muster_close(db);
    assert_ok(muster_check(d->directory, NULL, NULL, &test_error));
}

/* What a child does until the power fails, and what must be there then. */
typedef struct workload {
    void (*run)(disk *d);
    void (*check)(const disk *d);
} workload;

/* Whether the power failed at all. */
static bool lose_power_at(const workload *work, uint32_t operation, uint64_t seed)
{
    disk d = {.seed = seed + operation, .last_operation = operation};
    const char *directory = test_temp_dir();
    int ended;

    d.acknowledged = mmap(NULL, sizeof *d.acknowledged, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(d.acknowledged != MAP_FAILED);
    snprintf(d.directory, sizeof d.directory, "%s/db", directory);
    snprintf(d.backup, sizeof d.backup, "%s/backup", directory);
    const pid_t child = fork();
    if (child == 0) {
        work->run(&d);
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended));
    assert_true(WEXITSTATUS(ended) == 0 || WEXITSTATUS(ended) == LOST_POWER);
    work->check(&d);
    munmap((void *)(uintptr_t)d.acknowledged, sizeof *d.acknowledged);
    assert_ok(mu_env_remove_tree(directory, &test_error));
    return WEXITSTATUS(ended) == LOST_POWER;
}

TEST(acknowledged_changes_survive_a_loss_of_power_at_any_operation)
{
    const workload work = {change_until_power_fails, check_changes};

    shop_use_fast_disk();
    for (uint64_t seed = 0; seed < 3; seed++) {
        uint32_t operation = 0;
        while (lose_power_at(&work, operation, test_seed() + seed * 1000003)) {
            operation++;
        }
        assert_true(operation > 15 * CHANGES);
    }
}

TEST(acknowledged_rows_survive_a_loss_of_power_at_any_operation_of_a_merge)
{
    const workload work = {merge_until_power_fails, check_rows};
    uint32_t operation = 0;

    shop_use_fast_disk();
    while (lose_power_at(&work, operation, test_seed())) {
        operation++;
    }
    assert_true(operation > 5 * SMALL_CHANGES);
}
