/*
 * commit_crash_test.c - the power may fail before any operation on the disk.
 *
 * For each such operation in turn a child makes a database and changes it, until the power fails
 * there: the child leaves the disk as it might be then, and ends. Of what was not synced, bytes are
 * cut off, new names are gone, or the manifest's rename is undone, as a seed decides. Opened again,
 * every change that was acknowledged must be there, the one in flight whole or not at all, the
 * whole database must check, and it must take another change.
 */
#include "storage/base/env.h"
#include "tests/support/shop.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CHANGES = 4,
    FILES = 64,
    LOST_POWER = 7, /* how the child ends */
};

typedef struct disk_file {
    char path[600];
    bool synced; /* its bytes */
    bool named;  /* the directory was synced since it got its name */
} disk_file;

typedef struct disk {
    char directory[512];
    char backup[600]; /* of the manifest before its rename, which a power loss may undo */
    uint64_t seed;
    uint32_t operations, last_operation;
    bool renamed; /* and the directory not synced since */
    disk_file files[FILES];
    uint32_t file_count;
} disk;

static disk_file *file_of(disk *d, const char *path)
{
    for (uint32_t i = 0; i < d->file_count; i++) {
        if (strcmp(d->files[i].path, path) == 0) {
            return &d->files[i];
        }
    }
    assert_true(d->file_count < FILES);
    disk_file *file = &d->files[d->file_count++];
    snprintf(file->path, sizeof file->path, "%s", path);
    return file;
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

/* Keeps, cuts or removes what was not synced. */
static void lose_power(disk *d)
{
    for (uint32_t i = 0; i < d->file_count; i++) {
        const disk_file *file = &d->files[i];
        const off_t size = (off_t)(mu_env_exists(file->path) ? 1 : 0);
        if (size > 0 && !file->synced && test_random_below(&d->seed, 3) > 0) {
            const int fd = open(file->path, O_WRONLY);
            const off_t end = lseek(fd, 0, SEEK_END);
            assert_int_equal(ftruncate(fd, (off_t)test_random_below(&d->seed, (uint64_t)end + 1)),
                             0);
            close(fd);
        }
        if (size > 0 && !file->named && test_random_below(&d->seed, 2) == 0) {
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
    const bool synced = file_of(d, from)->synced;
    disk_file *file = file_of(d, to);
    file->synced = synced;
    file->named = true; /* one manifest or the other always has the name */
    file_of(d, from)->named = true;
}

static int before(void *context, const char *operation, const char *path)
{
    disk *d = context;

    if (d->operations++ == d->last_operation) {
        lose_power(d);
    }
    if (strcmp(operation, "create") == 0 || strcmp(operation, "write") == 0) {
        disk_file *file = file_of(d, path);
        file->named &= strcmp(operation, "write") == 0;
        file->synced = false;
    } else if (strcmp(operation, "sync") == 0 && strcmp(path, d->directory) == 0) {
        sync_directory(d);
    } else if (strcmp(operation, "sync") == 0) {
        file_of(d, path)->synced = true;
    } else if (strcmp(operation, "rename") == 0) {
        rename_manifest(d, path);
    }
    return 0;
}

static void change_until_power_fails(disk *d, volatile uint32_t *acknowledged)
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
        *acknowledged = turn + 1;
    }
    mu_db_close(db);
    _exit(0);
}

/* Whether the power failed at all. */
static bool lose_power_at(uint32_t operation, uint64_t seed)
{
    disk d = {.seed = seed + operation, .last_operation = operation};
    volatile uint32_t *acknowledged =
        mmap(NULL, sizeof *acknowledged, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const char *directory = test_temp_dir();
    mu_db *db;
    int ended;

    assert_true(acknowledged != MAP_FAILED);
    snprintf(d.directory, sizeof d.directory, "%s/db", directory);
    snprintf(d.backup, sizeof d.backup, "%s/backup", directory);
    const pid_t child = fork();
    if (child == 0) {
        change_until_power_fails(&d, acknowledged);
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended));
    assert_true(WEXITSTATUS(ended) == 0 || WEXITSTATUS(ended) == LOST_POWER);

    assert_ok(mu_db_open(d.directory, &db, &test_error));
    const uint32_t turns = shop_turns(db);
    assert_in_range(turns, *acknowledged, *acknowledged + 1);
    mu_snapshot *snapshot;
    assert_ok(mu_db_snapshot(db, &snapshot, &test_error));
    const bool has_table = mu_catalog_find(mu_snapshot_catalog(snapshot), "events") != NULL;
    mu_snapshot_release(snapshot);
    if (!has_table) {
        assert_int_equal(*acknowledged, 0);
        assert_ok(shop_create(db, &test_error));
    }
    assert_ok(shop_change(db, turns, &test_error));
    assert_int_equal(shop_turns(db), turns + 1);
    mu_db_close(db);
    munmap((void *)(uintptr_t)acknowledged, sizeof *acknowledged);
    return WEXITSTATUS(ended) == LOST_POWER;
}

TEST(acknowledged_changes_survive_a_loss_of_power_at_any_operation)
{
    shop_use_fast_disk();
    for (uint64_t seed = 0; seed < 3; seed++) {
        uint32_t operation = 0;
        while (lose_power_at(operation, test_seed() + seed * 1000003)) {
            operation++;
        }
        assert_true(operation > 15 * CHANGES);
    }
}
