/*
 * fuzz.c - see fuzz.h.
 */
#include "tests/fuzz/fuzz.h"

#include "storage/base/env.h"
#include "storage/base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char directory[256];

static void remove_directory(void)
{
    (void)mu_env_remove_tree(directory, NULL);
}

const char *mu_fuzz_directory(void)
{
    if (!directory[0]) {
        if (mu_env_is_dir("/dev/shm")) {
            (void)setenv("TMPDIR", "/dev/shm", 1); /* files are written by the thousand */
        }
        if (mu_env_make_temp_dir(directory, sizeof directory, NULL) != MUSTER_OK) {
            abort();
        }
        (void)atexit(remove_directory);
        mu_checksum_turn_off();
    }
    return directory;
}

void mu_fuzz_write(const char *name, const void *data, size_t size)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", mu_fuzz_directory(), name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        abort();
    }
}

void mu_fuzz_told(muster_status status, const muster_error *err)
{
    if (status != MUSTER_OK && err->message[0] == '\0') {
        abort();
    }
}
