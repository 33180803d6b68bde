/*
 * replay.c - runs a fuzzing target on the files of a corpus, where there is no fuzzer.
 *
 * Usage: X_fuzz FILE... Every file is one input, and so are each of its beginnings, and the file
 * with each of some of its bits flipped.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MOST_BYTES = 1 << 20,
    BEGINNINGS = 200,
    FLIPS = 400,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t input[MOST_BYTES];

static void replay(size_t size)
{
    LLVMFuzzerTestOneInput(input, size);
    for (size_t i = 0; i < BEGINNINGS; i++) {
        LLVMFuzzerTestOneInput(input, size * i / BEGINNINGS);
    }
    for (size_t i = 0; i < FLIPS && size > 0; i++) {
        /* Most of what can be wrong is at the front. */
        const size_t at = i < FLIPS / 2 ? i / 2 % size : i * 7919 % size;
        const uint8_t bit = (uint8_t)(1 << i % 8);
        input[at] ^= bit;
        LLVMFuzzerTestOneInput(input, size);
        input[at] ^= bit;
    }
}

int main(int count, char **files)
{
    for (int i = 1; i < count; i++) {
        FILE *file = fopen(files[i], "rb");
        if (!file) {
            printf("cannot open %s\n", files[i]);
            return 1;
        }
        replay(fread(input, 1, sizeof input, file));
        (void)fclose(file);
    }
    return count > 1 ? 0 : 1;
}
