/*
 * replay.c - calls a fuzz target with files: each as it is, cut off, and with bytes changed in a
 * few places, always the same ones. For builds without libFuzzer.
 *
 *     enc_fuzz FILE_OR_DIRECTORY ...
 */
#include "storage/base/env.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAMAGES = 200, /* of each file */
    MOST_PLACES = 4,
};

static uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Gives the bytes in memory that ends where they end. */
static void give(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size + (size == 0));

    if (!exact) {
        abort();
    }
    if (size > 0) {
        memcpy(exact, data, size);
    }
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static void give_damaged(uint8_t *data, size_t size)
{
    uint64_t state = size;
    uint8_t *copy = malloc(size + 1);

    for (int i = 0; copy && size > 0 && i < DAMAGES; i++) {
        const uint64_t places = 1 + next_random(&state) % MOST_PLACES;
        memcpy(copy, data, size);
        for (uint64_t p = 0; p < places; p++) {
            static const uint8_t borders[] = {0, 1, 0x7f, 0x80, 0xff};
            uint8_t *at = &copy[next_random(&state) % size];
            const uint64_t how = next_random(&state);
            *at = how % 2 ? borders[how / 2 % sizeof borders] : (uint8_t)(*at ^ 1u << how / 2 % 8);
        }
        give(copy, i % 10 == 0 ? next_random(&state) % size : size);
    }
    free(copy);
}

static muster_status replay(void *context, const char *name, muster_error *err)
{
    const char *directory = context;
    char path[1024];
    uint8_t *data = malloc(1 << 20);

    (void)err;
    (void)snprintf(path, sizeof path, "%s%s%s", directory, *directory ? "/" : "", name);
    FILE *file = fopen(path, "rb");
    if (!file || !data) {
        (void)fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    const size_t size = fread(data, 1, 1 << 20, file);
    (void)fclose(file);
    give(data, size);
    give_damaged(data, size);
    free(data);
    return MUSTER_OK;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char none[] = "";
        if (mu_env_is_dir(argv[i])) {
            if (mu_env_list(argv[i], replay, argv[i], NULL) != MUSTER_OK) {
                return 1;
            }
        } else {
            (void)replay(none, argv[i], NULL);
        }
    }
    return 0;
}
