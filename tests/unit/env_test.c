/*
 * env_test.c - files, directories, the lock and the clock, on a real file system; what the disk
 * refuses is injected through the hook.
 */
#include "storage/base/env.h"

#include "storage/base/mem.h"
#include "tests/support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Bytes that cross the buffer of a file in every build. */
enum {
    LONG_BYTES = 700001
};

static uint8_t *long_bytes(void)
{
    static uint8_t bytes[LONG_BYTES];

    for (size_t i = 0; i < LONG_BYTES; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    }
    return bytes;
}

/* The hook fails the operation `at` calls from the first, and notes what it saw. */
typedef struct fault {
    uint32_t calls, at;
    int error;
    char last[32];
} fault;

static int inject(void *context, const char *operation, const char *path)
{
    fault *f = context;

    assert_non_null(path);
    (void)snprintf(f->last, sizeof f->last, "%s", operation);
    return f->calls++ == f->at ? f->error : 0;
}

TEST(what_is_written_in_pieces_is_mapped_whole)
{
    static const size_t pieces[] = {1, 63, 64, 65, 4096, 262143, 262144, 262145, LONG_BYTES};
    const uint8_t *bytes = long_bytes();
    const char *path = test_path("file");

    for (size_t i = 0; i < MU_COUNT(pieces); i++) {
        mu_file *file;
        mu_map map;
        assert_ok(mu_env_create(path, &file, &test_error));
        for (size_t at = 0; at < LONG_BYTES; at += pieces[i]) {
            const size_t left = LONG_BYTES - at;
            assert_int_equal(mu_file_size(file), at);
            assert_ok(
                mu_file_write(file, bytes + at, left < pieces[i] ? left : pieces[i], &test_error));
        }
        assert_int_equal(mu_file_size(file), LONG_BYTES);
        assert_ok(i % 2 ? mu_file_commit(file, &test_error) : mu_file_close(file, &test_error));
        assert_ok(mu_env_map(path, &map, &test_error));
        assert_int_equal(map.size, LONG_BYTES);
        assert_memory_equal(map.data, bytes, LONG_BYTES);
        mu_env_unmap(&map);
        assert_null(map.data);
        mu_env_unmap(&map);
    }
}

TEST(an_empty_file_is_mapped_as_nothing)
{
    const char *path = test_path("empty");
    mu_file *file;
    mu_map map;

    assert_ok(mu_env_create(path, &file, &test_error));
    assert_ok(mu_file_write(file, NULL, 0, &test_error));
    assert_ok(mu_file_commit(file, &test_error));
    assert_ok(mu_env_map(path, &map, &test_error));
    assert_null(map.data);
    assert_int_equal(map.size, 0);
    mu_env_unmap(&map);
}

TEST(an_aborted_file_is_gone)
{
    const char *path = test_path("file");
    mu_file *file;

    assert_ok(mu_env_create(path, &file, &test_error));
    assert_ok(mu_file_write(file, "x", 1, &test_error));
    assert_true(mu_env_exists(path));
    mu_file_abort(file);
    assert_false(mu_env_exists(path));
    mu_file_abort(NULL);
}

static muster_status write_long_file(const char *path, muster_error *err)
{
    mu_file *file;
    muster_status status;

    MU_TRY(mu_env_create(path, &file, err));
    for (unsigned i = 0; i < 3; i++) {
        MU_TRY_GOTO(mu_file_write(file, long_bytes(), LONG_BYTES, err));
        MU_TRY_GOTO(mu_file_write(file, "x", 1, err));
    }
    return mu_file_commit(file, err);

fail:
    assert_int_not_equal(mu_file_write(file, "more", 4, NULL), MUSTER_OK);
    mu_file_abort(file);
    return status;
}

TEST(each_call_to_the_disk_may_fail_and_leaves_no_file)
{
    const char *path = test_path("file");
    fault f = {.error = ENOSPC};
    bool failed = true;

    mu_env_set_hook(inject, &f);
    for (f.at = 0; failed; f.at++) {
        f.calls = 0;
        test_error = (muster_error){0};
        const muster_status status = write_long_file(path, &test_error);
        failed = f.at < f.calls;
        assert_int_equal(status, failed ? MUSTER_IO : MUSTER_OK);
        assert_int_equal(mu_env_exists(path), !failed);
        if (failed) {
            assert_message_has("the disk is full");
            assert_message_has(path);
        }
    }
    assert_true(f.at >= 6); /* create, three writes at least, sync, and the run without failure */
}

TEST(a_failed_write_is_not_tried_again)
{
    const char *path = test_path("file");
    fault f = {.error = EIO, .at = 1};
    mu_file *file;

    mu_env_set_hook(inject, &f);
    assert_ok(mu_env_create(path, &file, &test_error));
    assert_status(MUSTER_IO, mu_file_write(file, long_bytes(), LONG_BYTES, &test_error));
    assert_status(MUSTER_IO, mu_file_write(file, long_bytes(), LONG_BYTES, &test_error));
    assert_int_equal(f.calls, 2); /* create, and the write that failed */
    assert_status(MUSTER_IO, mu_file_commit(file, &test_error));
    assert_message_has("input/output error");
    assert_string_equal(f.last, "remove"); /* and no sync before it */
    assert_false(mu_env_exists(path));
}

TEST(a_full_disk_is_told_in_words)
{
    mu_file *file;

    if (!mu_env_exists("/dev/full")) {
        skip();
    }
    const int link = symlink("/dev/full", test_path("full"));
    assert_int_equal(link, 0);
    assert_ok(mu_env_create(test_path("full"), &file, &test_error));
    assert_status(MUSTER_IO, mu_file_write(file, long_bytes(), LONG_BYTES, &test_error));
    assert_message_has("the disk is full");
    mu_file_abort(file);
}

TEST(files_need_memory)
{
    mu_file *file;
    mu_stream *stream;
    mu_lock *lock;

    for (uint64_t n = 0; n < 3; n++) {
        mu_mem_fail_at(n, false);
        assert_status(MUSTER_NOMEM, mu_env_create(test_path("file"), &file, &test_error));
        assert_null(file);
    }
    test_write_file(test_path("file"), "x", 1);
    for (uint64_t n = 0; n < 2; n++) {
        mu_mem_fail_at(n, false);
        assert_status(MUSTER_NOMEM, mu_env_open_stream(test_path("file"), &stream, &test_error));
        assert_null(stream);
    }
    mu_mem_fail_at(0, false);
    assert_status(MUSTER_NOMEM, mu_env_lock(test_path("lock"), &lock, &test_error));
    assert_null(lock);
    assert_ok(mu_env_lock(test_path("lock"), &lock, &test_error)); /* it was not left locked */
    mu_env_unlock(lock);
}

TEST(what_cannot_be_opened_is_named)
{
    mu_map map;
    mu_file *file;
    mu_stream *stream;

    assert_status(MUSTER_IO, mu_env_map(test_path("none"), &map, &test_error));
    assert_message_has("none\": no such file or directory");
    assert_status(MUSTER_IO, mu_env_map(test_temp_dir(), &map, &test_error));
    assert_message_has("is not a file but a directory");
    assert_status(MUSTER_IO, mu_env_open_stream(test_path("none"), &stream, &test_error));
    assert_null(stream);
    assert_message_has("none\": no such file or directory");
    assert_status(MUSTER_IO, mu_env_open_stream(test_temp_dir(), &stream, &test_error));
    assert_message_has("is a directory; name a file in it");
    assert_status(MUSTER_IO, mu_env_create(test_path("none/file"), &file, &test_error));
    assert_null(file);
    assert_message_has("cannot create");
}

static uint64_t count_stream(const char *path, size_t step)
{
    static uint8_t buffer[LONG_BYTES];
    const uint8_t *expected = long_bytes();
    mu_stream *stream;
    uint64_t total = 0;
    size_t got;

    assert_ok(mu_env_open_stream(path, &stream, &test_error));
    do {
        assert_ok(mu_stream_read(stream, buffer, step, &got, &test_error));
        assert_true(got <= step && total + got <= LONG_BYTES);
        assert_memory_equal(buffer, expected + total, got);
        total += got;
    } while (got > 0);
    mu_stream_close(stream);
    return total;
}

TEST(a_stream_gives_the_bytes_of_a_file)
{
    const char *path = test_path("file");
    mu_stream *stream;

    test_write_file(path, long_bytes(), LONG_BYTES);
    assert_int_equal(count_stream(path, 1000), LONG_BYTES);
    assert_int_equal(count_stream(path, LONG_BYTES), LONG_BYTES);
    assert_ok(mu_env_open_stream(path, &stream, &test_error));
    assert_int_equal(mu_stream_size(stream), LONG_BYTES);
    mu_stream_close(stream);
    mu_stream_close(NULL);
}

TEST(a_dash_is_standard_input_also_as_a_pipe)
{
    int ends[2];
    mu_stream *stream;
    const int saved = dup(STDIN_FILENO);

    assert_int_equal(pipe(ends), 0);
    const pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        const uint8_t *bytes = long_bytes();
        size_t sent = 0;
        while (sent < LONG_BYTES) {
            const ssize_t written = write(ends[1], bytes + sent, LONG_BYTES - sent);
            if (written <= 0) {
                _exit(1);
            }
            sent += (size_t)written;
        }
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    assert_ok(mu_env_open_stream("-", &stream, &test_error));
    assert_int_equal(mu_stream_size(stream), 0); /* not known */
    mu_stream_close(stream);                     /* does not close standard input */
    assert_int_equal(count_stream("-", 5000), LONG_BYTES);
    assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    close(saved);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
}

/* A pipe is also what a shell puts behind >(...), and a device what stands at /dev/null. */
TEST(a_pipe_is_written_to_but_never_removed)
{
    const char *path = test_path("pipe");
    char text[8] = "";
    mu_file *file;

    assert_int_equal(mkfifo(path, 0600), 0);
    const int reader = open(path, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_ok(mu_env_create(path, &file, &test_error));
    assert_ok(mu_file_write(file, "hello", 5, &test_error));
    assert_ok(mu_file_commit(file, &test_error));
    assert_int_equal(read(reader, text, sizeof text), 5);
    assert_string_equal(text, "hello");
    assert_ok(mu_env_create(path, &file, &test_error));
    mu_file_abort(file);
    assert_true(mu_env_exists(path));
    close(reader);
}

TEST(a_file_in_a_directory_that_is_not_there_names_the_directory)
{
    mu_file *file;
    char message[4096];

    assert_status(MUSTER_IO, mu_env_create(test_path("no/where/file"), &file, &test_error));
    (void)snprintf(message, sizeof message, "there is no directory \"%s\"; create it first",
                   test_path("no/where"));
    assert_message_has(message);
}

TEST(directories_are_made_once_and_removed_whole)
{
    const char *directory = test_path("tree");
    const char *outside = test_path("outside");

    test_write_file(outside, "kept", 4);
    assert_ok(mu_env_make_dir(directory, &test_error));
    assert_ok(mu_env_make_dir(directory, &test_error));
    assert_ok(mu_env_make_dir(test_path("tree/below"), &test_error));
    assert_ok(mu_env_make_dir(test_path("tree/below/further"), &test_error));
    test_write_file(test_path("tree/below/further/file"), "x", 1);
    assert_int_equal(symlink(test_temp_dir(), test_path("tree/link")), 0);
    assert_int_equal(symlink("nowhere", test_path("tree/broken")), 0);
    assert_true(mu_env_is_dir(directory));
    assert_false(mu_env_is_dir(outside));
    assert_status(MUSTER_IO, mu_env_make_dir(outside, &test_error));
    assert_message_has("is a file, not a directory");
    assert_status(MUSTER_IO, mu_env_make_dir(test_path("no/such"), &test_error));
    assert_ok(mu_env_sync_dir(directory, &test_error));
    assert_ok(mu_env_sync_file(outside, &test_error));
    assert_status(MUSTER_IO, mu_env_sync_file(test_path("no-such"), &test_error));
    assert_message_has("no-such");
    assert_ok(mu_env_remove_tree(directory, &test_error));
    assert_false(mu_env_exists(directory));
    assert_true(mu_env_exists(outside));
    assert_ok(mu_env_remove_tree(directory, &test_error));
}

TEST(files_are_renamed_and_removed)
{
    const char *from = test_path("from"), *to = test_path("to");

    test_write_file(from, "new", 3);
    test_write_file(to, "old", 3);
    assert_ok(mu_env_rename(from, to, &test_error));
    assert_false(mu_env_exists(from));
    assert_string_equal(test_read_file(to, NULL), "new");
    assert_status(MUSTER_IO, mu_env_rename(from, to, &test_error));
    assert_ok(mu_env_remove(to, &test_error));
    assert_false(mu_env_exists(to));
    assert_ok(mu_env_remove(to, &test_error));
    assert_status(MUSTER_IO, mu_env_remove(test_temp_dir(), &test_error));
}

TEST(the_hook_is_asked_before_every_change)
{
    const char *path = test_path("x");
    static const char *const expected[] = {"mkdir", "sync", "rename", "remove", "lock", "mkdir"};
    mu_lock *lock;
    char temporary[4096];
    fault f = {.error = EACCES};

    mu_env_set_hook(inject, &f);
    for (unsigned i = 0; i < MU_COUNT(expected); i++) {
        f.calls = 0;
        muster_status status = MUSTER_OK;
        switch (i) {
        case 0:
            status = mu_env_make_dir(path, &test_error);
            break;
        case 1:
            status = mu_env_sync_dir(path, &test_error);
            break;
        case 2:
            status = mu_env_rename(path, path, &test_error);
            break;
        case 3:
            status = mu_env_remove(path, &test_error);
            break;
        case 4:
            status = mu_env_lock(path, &lock, &test_error);
            break;
        default:
            status = mu_env_make_temp_dir(temporary, sizeof temporary, &test_error);
            break;
        }
        assert_int_equal(status, MUSTER_IO);
        assert_message_has("permission denied");
        assert_int_equal(f.calls, 1);
        assert_string_equal(f.last, expected[i]);
    }
    assert_false(mu_env_exists(path));
}

typedef struct listing {
    unsigned seen, stop_at;
    bool first, second, other;
} listing;

static muster_status note_name(void *context, const char *name, muster_error *err)
{
    listing *l = context;

    l->seen++;
    l->first |= strcmp(name, "first") == 0;
    l->second |= strcmp(name, ".second") == 0;
    l->other |= strcmp(name, "first") != 0 && strcmp(name, ".second") != 0;
    return l->seen == l->stop_at ? mu_fail(err, MUSTER_INVALID, "enough") : MUSTER_OK;
}

TEST(a_list_names_every_entry_and_stops_when_told)
{
    listing l = {0};

    assert_ok(mu_env_make_dir(test_path("d"), &test_error));
    assert_ok(mu_env_list(test_path("d"), note_name, &l, &test_error));
    assert_int_equal(l.seen, 0);
    test_write_file(test_path("d/first"), "", 0);
    assert_ok(mu_env_make_dir(test_path("d/.second"), &test_error));
    assert_ok(mu_env_list(test_path("d"), note_name, &l, &test_error));
    assert_true(l.first && l.second && !l.other);
    assert_int_equal(l.seen, 2);
    l = (listing){.stop_at = 1};
    assert_status(MUSTER_INVALID, mu_env_list(test_path("d"), note_name, &l, &test_error));
    assert_int_equal(l.seen, 1);
    assert_message("enough");
    assert_status(MUSTER_IO, mu_env_list(test_path("none"), note_name, &l, &test_error));
}

TEST(a_second_lock_is_refused_in_the_same_process)
{
    mu_lock *lock, *second;

    assert_ok(mu_env_lock(test_path("lock"), &lock, &test_error));
    for (unsigned turn = 0; turn < 2; turn++) {
        assert_status(MUSTER_BUSY, mu_env_lock(test_path("lock"), &second, &test_error));
        assert_null(second);
        assert_message_has("another connection of this process");
    }
    mu_env_unlock(lock);
    assert_ok(mu_env_lock(test_path("lock"), &second, &test_error));
    mu_env_unlock(second);
    mu_env_unlock(NULL);
}

TEST(a_lock_names_the_process_that_holds_it_and_ends_with_it)
{
    int ready[2], done[2];
    mu_lock *lock;
    char byte = 0, expected[64];

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(done), 0);
    const char *path = test_path("lock");
    const pid_t other = fork();
    assert_true(other >= 0);
    if (other == 0) {
        close(done[1]);
        const bool locked = mu_env_lock(path, &lock, NULL) == MUSTER_OK;
        const bool told = write(ready[1], "x", 1) == 1;
        /* Ends without an unlock, as a killed process does. */
        _exit(locked && told && read(done[0], &byte, 1) == 0 ? 0 : 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_status(MUSTER_BUSY, mu_env_lock(path, &lock, &test_error));
    (void)snprintf(expected, sizeof expected, "\" is being written by another process (pid %ld); ",
                   (long)other);
    assert_message_has(expected);
    close(done[1]);
    int result = 1;
    assert_int_equal(waitpid(other, &result, 0), other);
    assert_int_equal(result, 0);
    assert_ok(mu_env_lock(path, &lock, &test_error));
    mu_env_unlock(lock);
    close(done[0]);
    close(ready[0]);
    close(ready[1]);
}

TEST(temporary_directories_are_new_and_in_tmpdir)
{
    const char *parent = test_temp_dir();
    const char *before = getenv("TMPDIR");
    char *kept = before ? strdup(before) : NULL;
    char one[4096], two[4096];

    assert_int_equal(setenv("TMPDIR", parent, 1), 0);
    assert_ok(mu_env_make_temp_dir(one, sizeof one, &test_error));
    assert_ok(mu_env_make_temp_dir(two, sizeof two, &test_error));
    assert_memory_equal(one, parent, strlen(parent));
    assert_string_not_equal(one, two);
    assert_true(mu_env_is_dir(one) && mu_env_is_dir(two));
    assert_status(MUSTER_IO, mu_env_make_temp_dir(one, 10, &test_error));
    assert_message_has("TMPDIR");
    assert_int_equal(kept ? setenv("TMPDIR", kept, 1) : unsetenv("TMPDIR"), 0);
    free(kept);
}

TEST(the_clock_can_be_pinned)
{
    assert_int_equal(setenv("MUSTER_NOW", "2024-05-01 09:00:00", 1), 0);
    assert_int_equal(mu_env_now_us(), INT64_C(1714554000000000));
    assert_int_equal(setenv("MUSTER_NOW", "1969-12-31 23:59:59", 1), 0);
    assert_int_equal(mu_env_now_us(), -1000000);
    assert_int_equal(setenv("MUSTER_NOW", "yesterday", 1), 0);
    assert_true(mu_env_now_us() > INT64_C(1714554000000000));
    assert_int_equal(unsetenv("MUSTER_NOW"), 0);
    assert_true(mu_env_now_us() > INT64_C(1714554000000000));
    const double start = mu_env_seconds();
    assert_true(mu_env_seconds() >= start);
}

TEST(random_numbers_differ_and_there_is_a_processor)
{
    assert_int_not_equal(mu_env_random(), mu_env_random());
    assert_true(mu_env_processors() >= 1);
}

TEST(a_file_that_replaces_another_takes_its_name_when_it_is_whole)
{
    const char *path = test_path("out.csv");
    mu_file *file;

    test_write_file(path, "old", 3);
    assert_ok(mu_env_replace(path, &file, &test_error));
    assert_ok(mu_file_write(file, "new", 3, &test_error));
    assert_string_equal(test_read_file(path, NULL), "old");
    mu_file_abort(file);
    assert_string_equal(test_read_file(path, NULL), "old");

    assert_ok(mu_env_replace(path, &file, &test_error));
    assert_ok(mu_file_write(file, "new", 3, &test_error));
    assert_ok(mu_file_commit(file, &test_error));
    assert_string_equal(test_read_file(path, NULL), "new");
    assert_false(mu_env_exists(test_path("out.csv.part")));
}

TEST(a_link_is_written_through_not_replaced)
{
    const char *path = test_path("real.csv"), *link = test_path("link.csv");
    mu_file *file;

    test_write_file(path, "old", 3);
    assert_int_equal(symlink(path, link), 0);
    assert_ok(mu_env_replace(link, &file, &test_error));
    assert_ok(mu_file_write(file, "new", 3, &test_error));
    assert_ok(mu_file_commit(file, &test_error));
    assert_string_equal(test_read_file(path, NULL), "new");
}
