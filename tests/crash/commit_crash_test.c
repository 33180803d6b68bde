/*
 * commit_crash_test.c - the power may fail before any operation on the disk.
 *
 * For each such operation in turn a child makes a database and changes it, by manifests and by the
 * log, until the power fails there: the child leaves the disk as it might be then, and ends. Of
 * what was not synced, bytes are cut off or zero, new names are gone, or the manifest's rename is
 * undone, as a seed decides. Opened again, every change that was acknowledged must be there, those
 * in flight whole or not at all, the whole database must check, and it must take another change.
 *
 * Some changes are small, and are merged in the log, in files and by checkpoints while others are
 * committed.
 *
 * What the child goes on with may be what another has left that was killed before: the system has
 * all of it, but the disk only what was synced.
 */
#include "storage/base/env.h"

#include "sql/owner.h"
#include "tests/support/ask.h"
#include "tests/support/shop.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CHANGES = 6,
    FIRST_CHANGES = 3, /* of one that is killed */
    SMALL_CHANGES = 60,
    FILES = 256,
    STRIDE = 5,     /* of the operations where power is lost, after each where one was killed */
    LOST_POWER = 7, /* how a child ends */
    KILLED = 8,
};

static const char create_small[] = "CREATE TABLE e (id TEXT CUSTOMER, at TIMESTAMP TIME, n BIGINT)";

typedef struct disk_file {
    char path[600];
    off_t synced; /* so many of its bytes */
    bool named;   /* the directory was synced since it got its name */
} disk_file;

/* Shared with the children. */
typedef struct disk {
    pthread_mutex_t mutex; /* a database has a thread of its own */
    char directory[512];
    char backup[600]; /* of the manifest before its rename, which a power loss may undo */
    uint64_t seed;
    uint32_t operations, last_operation; /* of this child */
    int ending;                          /* how the last one ends it */
    bool renamed;                        /* and the directory not synced since */
    disk_file
        *cut; /* the last operation cut it off, and synced that; NULL: it did something else */
    disk_file files[FILES];
    uint32_t file_count;
    uint32_t wanted;       /* changes that the child is to make of it */
    uint32_t acknowledged; /* changes */
    uint32_t seen;         /* when the child began */
    muster *intruded;      /* the child's; NULL: no one commits while a merge writes a file */
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

static off_t size_of(const char *path)
{
    struct stat found;

    return stat(path, &found) == 0 ? found.st_size : 0;
}

/* Keeps what was not synced, cuts it off somewhere, or loses some of it. */
static void tear(disk *d, const disk_file *file)
{
    static const char zeros[4096];
    const off_t size = size_of(file->path);
    const uint64_t choice = test_random_below(&d->seed, 3);

    if (choice == 0 || size <= file->synced) {
        return;
    }
    const off_t at =
        file->synced + (off_t)test_random_below(&d->seed, (uint64_t)(size - file->synced));
    if (choice == 1) {
        assert_int_equal(truncate(file->path, at), 0);
        return;
    }
    const size_t lost = size - at < (off_t)sizeof zeros ? (size_t)(size - at) : sizeof zeros;
    const int fd = open(file->path, O_WRONLY);
    assert_int_equal(pwrite(fd, zeros, 1 + test_random_below(&d->seed, lost), at) > 0, true);
    close(fd);
}

static void lose_power(disk *d)
{
    for (uint32_t i = 0; i < d->file_count; i++) {
        const disk_file *file = &d->files[i];
        if (mu_env_exists(file->path)) {
            tear(d, file);
            if (!file->named && test_random_below(&d->seed, 2) == 0) {
                unlink(file->path);
            }
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

static void note(disk *d, const char *operation, const char *path)
{
    if (d->cut) {
        d->cut->synced = size_of(d->cut->path);
        d->cut = NULL;
    }
    if (strcmp(operation, "create") == 0) {
        file_of(d, path)->synced = 0;
        file_of(d, path)->named = false;
    } else if (strcmp(operation, "sync") == 0 && strcmp(path, d->directory) == 0) {
        sync_directory(d);
    } else if (strcmp(operation, "sync") == 0) {
        file_of(d, path)->synced = size_of(path);
    } else if (strcmp(operation, "truncate") == 0) {
        d->cut = file_of(d, path);
    } else if (strcmp(operation, "rename") == 0) {
        rename_manifest(d, path);
    }
}

static bool add_row(muster *db, uint32_t *acknowledged)
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
        if (!add_row(db, &d->acknowledged)) {
            _exit(1);
        }
    } else {
        d->intruded = db;
    }
}

static int before(void *context, const char *operation, const char *path)
{
    disk *d = context;

    pthread_mutex_lock(&d->mutex);
    /* One is killed where the system has what the disk may not have yet. */
    const bool counts = d->ending == LOST_POWER || strcmp(operation, "sync") == 0;
    if (counts && d->operations++ == d->last_operation) {
        if (d->ending == LOST_POWER) {
            lose_power(d);
        }
        _exit(d->ending);
    }
    note(d, operation, path);
    pthread_mutex_unlock(&d->mutex);
    if (strcmp(operation, "create") == 0) {
        intrude(d, path);
    }
    return 0;
}

static bool has_table(mu_db *db)
{
    mu_snapshot *snapshot;

    assert_ok(mu_db_snapshot(db, &snapshot, &test_error));
    const bool found = mu_catalog_find(mu_snapshot_catalog(snapshot), "events") != NULL;
    mu_snapshot_release(snapshot);
    return found;
}

/* What a child does, which does not return. */
typedef void work_fn(disk *d);

/* Changes the database until it has had as many changes as are wanted. */
static void change_it(disk *d)
{
    mu_db *db;

    mu_env_set_hook(before, d);
    if (mu_db_open(d->directory, &db, &test_error) != MUSTER_OK ||
        (!has_table(db) && shop_create(db, &test_error) != MUSTER_OK)) {
        _exit(1);
    }
    d->seen = shop_turns(db);
    for (uint32_t turn = d->seen; turn < d->wanted; turn++) {
        if (shop_change(db, turn, &test_error) != MUSTER_OK) {
            _exit(1);
        }
        d->acknowledged = turn + 1;
    }
    if (d->ending == LOST_POWER) {
        mu_db_close(db); /* one that is to be killed has it open to the end */
    }
    _exit(0);
}

static void merge_it(disk *d)
{
    muster *db;

    mu_env_set_hook(before, d);
    if (muster_open(d->directory, NULL, &db, &test_error) != MUSTER_OK) {
        _exit(1);
    }
    mu_db_set_kept(db->db, false);
    bool fine = ask_only(db, create_small, &test_error) == MUSTER_OK;
    for (uint32_t i = 0; fine && i < SMALL_CHANGES; i++) {
        fine = add_row(db, &d->acknowledged);
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

/* Whether the child that ends so at the operation came to it. */
static bool run_child(disk *d, work_fn *work, int ending, uint32_t operation)
{
    int ended;

    d->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER; /* the one before may have ended in it */
    d->ending = ending;
    d->operations = 0;
    d->last_operation = operation;
    const pid_t child = fork();
    if (child == 0) {
        work(d);
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended));
    assert_true(WEXITSTATUS(ended) == 0 || WEXITSTATUS(ended) == ending);
    return WEXITSTATUS(ended) == ending;
}

/* After a loss of power. */
static void check_disk(const disk *d)
{
    const uint32_t known = d->acknowledged > d->seen ? d->acknowledged : d->seen;
    mu_db *db;

    assert_ok(mu_db_open(d->directory, &db, &test_error));
    const uint32_t turns = shop_turns(db);
    assert_in_range(turns, d->acknowledged, known + 1);
    if (!has_table(db)) {
        assert_int_equal(d->acknowledged, 0);
        assert_ok(shop_create(db, &test_error));
    }
    assert_ok(shop_change(db, turns, &test_error));
    assert_int_equal(shop_turns(db), turns + 1);
    mu_db_close(db);
}

/* Rows 0 ... n - 1 are there, n being what was acknowledged or one more. */
static void check_rows(const disk *d)
{
    const uint32_t acknowledged = d->acknowledged;
    char answer[100], expected[2][100] = {"0|-|0\n", "1|0|1\n"};
    muster *db;

    for (uint32_t i = 0; i < 2 && acknowledged > 0; i++) {
        const uint32_t n = acknowledged + i;
        snprintf(expected[i], sizeof expected[i], "%u|%u|%u\n", n, n * (n - 1) / 2, (n + 2) / 3);
    }
    assert_ok(muster_open(d->directory, NULL, &db, &test_error));
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

static disk *new_disk(uint64_t seed)
{
    const char *directory = test_temp_dir();
    disk *d = mmap(NULL, sizeof *d, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(d != MAP_FAILED);
    d->seed = seed;
    snprintf(d->directory, sizeof d->directory, "%s/db", directory);
    snprintf(d->backup, sizeof d->backup, "%s/backup", directory);
    return d;
}

static void free_disk(disk *d)
{
    assert_ok(mu_env_remove_tree(d->directory, &test_error));
    munmap(d, sizeof *d);
}

TEST(acknowledged_changes_survive_a_loss_of_power_at_any_operation)
{
    shop_use_fast_disk();
    for (uint64_t seed = 0; seed < 3; seed++) {
        uint32_t operation = 0;
        for (bool lost = true; lost; operation++) {
            disk *d = new_disk(test_seed() + seed * 1000003 + operation);
            d->wanted = CHANGES;
            lost = run_child(d, change_it, LOST_POWER, operation);
            check_disk(d);
            free_disk(d);
        }
        assert_true(operation > 12 * CHANGES);
    }
}

TEST(what_another_process_has_left_in_the_log_survives_a_loss_of_power)
{
    shop_use_fast_disk();
    bool killed = true;
    for (uint32_t kill_at = 0; killed; kill_at++) {
        bool lost = true;
        for (uint32_t operation = kill_at % STRIDE; lost; operation += STRIDE) {
            disk *d = new_disk(test_seed() + kill_at * 1009 + operation);
            d->wanted = FIRST_CHANGES;
            killed = run_child(d, change_it, KILLED, kill_at);
            d->wanted = CHANGES;
            lost = run_child(d, change_it, LOST_POWER, operation);
            check_disk(d);
            free_disk(d);
        }
    }
}

TEST(acknowledged_rows_survive_a_loss_of_power_at_any_operation_of_a_merge)
{
    uint32_t operation = 0;

    shop_use_fast_disk();
    for (bool lost = true; lost; operation++) {
        disk *d = new_disk(test_seed() + operation);
        lost = run_child(d, merge_it, LOST_POWER, operation);
        check_rows(d);
        free_disk(d);
    }
    assert_true(operation > 5 * SMALL_CHANGES);
}
