/*
 * test.c - the helpers of test.h.
 *
 * What a test is given lives in a list of pieces from malloc, not from mem: tests of mem and of
 * injected failures must not see it.
 */
#include "tests/support/test.h"

#include "storage/base/env.h"
#include "storage/base/hash.h"
#include "tests/support/test_run.h"

#include <errno.h>
#include <stdlib.h>

typedef struct piece {
    struct piece *next;
    char *memory;
    bool is_directory; /* memory is the path of a directory to remove */
} piece;

muster_error test_error;
static piece *pieces;
static const char *shared_dir;

static char *keep(size_t size, bool is_directory)
{
    piece *new_piece = malloc(sizeof *new_piece);
    char *memory = malloc(size);

    if (!new_piece || !memory) {
        fail_msg("out of memory for %zu bytes of a test", size);
        abort(); /* the analyzer does not know that fail_msg() never returns */
    }
    *new_piece = (piece){.next = pieces, .memory = memory, .is_directory = is_directory};
    pieces = new_piece;
    return memory;
}

void test_clear(void)
{
    muster_error error;

    while (pieces) {
        piece *gone = pieces;
        pieces = gone->next;
        if (gone->is_directory && mu_env_remove_tree(gone->memory, &error) != MUSTER_OK) {
            print_error("%s\n", error.message);
        }
        free(gone->memory);
        free(gone);
    }
    shared_dir = NULL;
}

void test_check_status(muster_status wanted, muster_status found, const char *call,
                       const char *file, int line)
{
    const size_t size = strlen(test_error.message);

    if (wanted != found) {
        print_error("%s: status %d, not %d%s%s\n", call, (int)found, (int)wanted,
                    size > 0 ? ": " : "", test_error.message);
        _fail(file, line);
    }
    if (found != MUSTER_OK && test_error.status != MUSTER_OK) {
        if (test_error.status != found) {
            print_error("%s: returns %d, but its error says %d: %s\n", call, (int)found,
                        (int)test_error.status, test_error.message);
            _fail(file, line);
        }
        if (size == 0 || test_error.message[size - 1] == '.' || strchr(test_error.message, '\n')) {
            print_error("%s: not a message: \"%s\"\n", call, test_error.message);
            _fail(file, line);
        }
    }
}

void test_check_message(const char *part, const char *file, int line)
{
    if (!strstr(test_error.message, part)) {
        print_error("no \"%s\" in the message: %s\n", part, test_error.message);
        _fail(file, line);
    }
}

uint64_t test_seed(void)
{
    const char *text = getenv("MUSTER_SEED");

    return text ? strtoull(text, NULL, 0) : 20240501;
}

uint64_t test_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return mu_hash_u64(*state);
}

uint64_t test_random_below(uint64_t *state, uint64_t bound)
{
    assert_true(bound > 0);
    return test_random(state) % bound; /* the small bias is of no matter here */
}

void test_fill_i64(int64_t *values, uint32_t rows, uint32_t distinct)
{
    uint64_t state = test_seed();
    const uint64_t first = test_random(&state);

    for (uint32_t row = 0; row < rows; row++) {
        const uint64_t which = test_random_below(&state, distinct == 0 ? 1 : distinct);
        values[row] = (int64_t)mu_hash_combine(first, which);
    }
}

mu_reader test_reader_of_exact_copy(const void *data, size_t size)
{
    char *copy = keep(size, false);

    if (size > 0) {
        memcpy(copy, data, size);
    }
    return mu_reader_of(copy, size);
}

const char *test_temp_dir(void)
{
    enum {
        ROOM = 4096
    };
    muster_error error;
    char *path = keep(ROOM, false);

    if (mu_env_make_temp_dir(path, ROOM, &error) != MUSTER_OK) {
        fail_msg("%s", error.message);
    }
    pieces->is_directory = true; /* it is there now */
    return path;
}

const char *test_path(const char *name)
{
    if (!shared_dir) {
        shared_dir = test_temp_dir();
    }
    const size_t size = strlen(shared_dir) + strlen(name) + 2;
    char *path = keep(size, false);
    (void)snprintf(path, size, "%s/%s", shared_dir, name);
    return path;
}

void test_write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");

    if (!file || (size > 0 && fwrite(data, 1, size, file) != size) || fclose(file) != 0) {
        fail_msg("cannot write \"%s\": %s", path, strerror(errno));
    }
}

char *test_read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");

    if (!file || fseek(file, 0, SEEK_END) != 0) {
        fail_msg("cannot read \"%s\": %s", path, strerror(errno));
        abort();
    }
    const size_t bytes = (size_t)ftell(file);
    char *text = keep(bytes + 1, false);
    rewind(file);
    assert_int_equal(fread(text, 1, bytes, file), bytes);
    (void)fclose(file);
    text[bytes] = '\0';
    if (size) {
        *size = bytes;
    }
    return text;
}

const char *test_data(const char *name)
{
    const char *root = getenv("MUSTER_DATA");

    if (!root || root[0] == '\0') {
        print_message("skipped: MUSTER_DATA does not say where the data sets are\n");
        skip();
        abort();
    }
    const size_t size = strlen(root) + strlen(name) + 2;
    char *path = keep(size, false);
    (void)snprintf(path, size, "%s/%s", root, name);
    if (!mu_env_exists(path)) {
        print_message("skipped: there is no \"%s\"\n", path);
        skip();
    }
    return path;
}
