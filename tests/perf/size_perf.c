/*
 * size_perf.c - what each column of a database takes on disk, by encoding.
 *
 * Usage: size_perf DIRECTORY. Every segment of the directory is read, whatever table it is of;
 * columns of the same name are added up. Bits are per row, NULLs included.
 */
#include "storage/enc.h"
#include "storage/segment_format.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    MOST_COLUMNS = 100,
    ENCODINGS = 16,
};

typedef struct sum {
    char name[64];
    uint64_t bytes, dict_bytes, rows, nulls, chunks;
    uint64_t by_encoding[ENCODINGS]; /* 0: all NULL */
} sum;

static sum sums[MOST_COLUMNS];
static size_t sum_count;
static uint64_t directory_bytes;

static sum *sum_of(const char *name)
{
    for (size_t i = 0; i < sum_count; i++) {
        if (strcmp(sums[i].name, name) == 0) {
            return &sums[i];
        }
    }
    if (sum_count == MOST_COLUMNS) {
        printf("more than %d columns\n", MOST_COLUMNS);
        exit(1);
    }
    (void)snprintf(sums[sum_count].name, sizeof sums[0].name, "%s", name);
    return &sums[sum_count++];
}

static void add_chunk(sum *to, const mu_segment *segment, uint32_t block, uint32_t column,
                      mu_decoder *decoder)
{
    const mu_chunk_info *chunk = mu_segment_chunk(segment, block, column);
    const uint32_t rows = mu_segment_block(segment, block)->rows;
    const uint64_t bytes = mu_segment_padded(chunk->size);
    const uint64_t *valid;
    muster_error err;
    unsigned enc = 0;

    if (chunk->size > 0) {
        if (mu_segment_read(segment, block, column, decoder, &valid, &err) != MUSTER_OK) {
            printf("%s\n", err.message);
            exit(1);
        }
        enc = (unsigned)mu_decoder_enc(decoder);
    }
    to->rows += rows;
    to->nulls += chunk->null_count;
    to->bytes += bytes;
    to->chunks++;
    to->by_encoding[enc] += bytes;
}

static uint64_t add_segment(const char *directory, const char *name, mu_decoder *decoder)
{
    mu_segment *segment;
    muster_error err;

    if (mu_segment_open(directory, name, &segment, &err) != MUSTER_OK) {
        printf("%s\n", err.message);
        exit(1);
    }
    for (uint32_t c = 0; c < segment->column_count; c++) {
        sum *to = sum_of(segment->columns[c].name);
        for (uint32_t block = 0; block < segment->block_count; block++) {
            add_chunk(to, segment, block, c, decoder);
        }
        if (segment->columns[c].has_dict) {
            to->dict_bytes += mu_segment_padded(segment->columns[c].place.stored_size);
        }
    }
    const uint64_t size = segment->map.size;
    directory_bytes += size - segment->directory_offset;
    mu_segment_close(segment);
    return size;
}

static void print_sum(const sum *s)
{
    const double rows = (double)s->rows;

    printf("%-16s%12" PRIu64 "%10" PRIu64 "%8.2f%8.1f %%%9" PRIu64 "  ", s->name, s->bytes,
           s->dict_bytes, (double)s->bytes * 8 / rows, (double)s->nulls * 100 / rows, s->chunks);
    for (unsigned enc = 1; enc < ENCODINGS; enc++) {
        if (s->by_encoding[enc] > 0) {
            printf(" %s %" PRIu64, mu_enc_name((mu_enc)enc), s->by_encoding[enc]);
        }
    }
    printf("\n");
}

int main(int count, char **arguments)
{
    uint64_t segments = 0, others = 0;
    mu_decoder *decoder = mu_decoder_new();
    DIR *directory = count == 2 ? opendir(arguments[1]) : NULL;

    if (!directory || !decoder) {
        printf("usage: size_perf DIRECTORY\n");
        return 1;
    }
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        const char *dot = strrchr(entry->d_name, '.');
        char path[1024];
        struct stat info;
        (void)snprintf(path, sizeof path, "%s/%s", arguments[1], entry->d_name);
        if (dot && strcmp(dot, ".seg") == 0) {
            segments += add_segment(arguments[1], entry->d_name, decoder);
        } else if (stat(path, &info) == 0 && S_ISREG(info.st_mode)) {
            others += (uint64_t)info.st_size;
            printf("%s: %" PRIu64 "\n", entry->d_name, (uint64_t)info.st_size);
        }
    }
    (void)closedir(directory);
    printf("%-16s%12s%10s%8s%10s%9s   bytes by encoding\n", "column", "bytes", "dict", "bits",
           "NULL", "chunks");
    for (size_t i = 0; i < sum_count; i++) {
        print_sum(&sums[i]);
    }
    printf("directories %" PRIu64 ", segments %" PRIu64 ", other files %" PRIu64
           ", together %" PRIu64 "\n",
           directory_bytes, segments, others, segments + others);
    mu_decoder_free(decoder);
    return 0;
}
