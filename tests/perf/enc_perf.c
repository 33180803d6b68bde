/*
 * enc_perf.c - every encoding on the kind of column it is for: bits a value, and how many values a
 * nanosecond are encoded and decoded, beside memcpy of the decoded bytes.
 *
 * Run by hand, on a quiet machine and a release build; MUSTER_ISA chooses the kernels. Decoding is
 * batch by batch, as scans do it, opening included; the best of many rounds counts.
 */
#include "storage/base/env.h"
#include "storage/base/hash.h"
#include "storage/base/limits.h"
#include "storage/enc.h"
#include "storage/kernels/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 65536,
    ROUNDS = 30,
};

typedef enum form {
    I64,
    U32,
    F64,
    ORDINALS,
    TEXT
} form;

static union {
    int64_t i64[ROWS];
    uint32_t u32[ROWS];
    double f64[ROWS];
    mu_text text[ROWS];
} values;
static char bytes[ROWS * 48];
static int64_t batch[MU_BATCH_ROWS];
static mu_decoder *decoder;

static uint64_t random_below(uint64_t bound)
{
    static uint64_t state;

    state += UINT64_C(0x9e3779b97f4a7c15);
    return mu_hash_u64(state) % bound;
}

static mu_enc encode(form kind, mu_writer *out)
{
    mu_writer_reset(out);
    switch (kind) {
    case I64:
        return mu_enc_i64(out, values.i64, NULL, ROWS);
    case U32:
        return mu_enc_u32(out, values.u32, NULL, ROWS);
    case F64:
        return mu_enc_f64(out, values.f64, NULL, ROWS);
    case ORDINALS:
        return mu_enc_customer(out, values.u32, ROWS);
    case TEXT:
        return mu_enc_text(out, values.text, NULL, ROWS);
    }
    return MU_ENC_CONST;
}

static void check(muster_status status, const muster_error *err)
{
    if (status != MUSTER_OK) {
        printf("%s\n", err->message);
        exit(1);
    }
}

static void decode(form kind, const mu_writer *chunk)
{
    muster_error err;
    const mu_dict *dict;
    muster_status status = MUSTER_OK;

    check(mu_decoder_open(decoder, chunk->data, chunk->size, ROWS, 0, &err), &err);
    for (uint32_t first = 0; first < ROWS; first += MU_BATCH_ROWS) {
        switch (kind) {
        case I64:
            status = mu_decode_i64(decoder, first, MU_BATCH_ROWS, batch, &err);
            break;
        case U32:
            status = mu_decode_u32(decoder, first, MU_BATCH_ROWS, (void *)batch, &err);
            break;
        case F64:
            status = mu_decode_f64(decoder, first, MU_BATCH_ROWS, (void *)batch, &err);
            break;
        case ORDINALS:
            status = mu_decode_customer(decoder, first, MU_BATCH_ROWS, (void *)batch, &err);
            break;
        case TEXT:
            status = mu_decode_text(decoder, &dict, &err);
            break;
        }
        check(status, &err);
    }
}

static void measure(const char *name, form kind)
{
    mu_writer chunk = {0};
    double encoding = 1e9, decoding = 1e9;
    mu_enc enc = MU_ENC_CONST;

    for (int round = 0; round < ROUNDS; round++) {
        const double start = mu_env_seconds();
        enc = encode(kind, &chunk);
        const double middle = mu_env_seconds();
        decode(kind, &chunk);
        const double end = mu_env_seconds();
        encoding = middle - start < encoding ? middle - start : encoding;
        decoding = end - middle < decoding ? end - middle : decoding;
    }
    printf("%-36s%-15s%8.2f%10.3f%10.2f\n", name, mu_enc_name(enc), (double)chunk.size * 8 / ROWS,
           ROWS / encoding / 1e9, ROWS / decoding / 1e9);
    mu_writer_deinit(&chunk);
}

/* Columns of an event log, and some of nothing but noise. */
static void measure_log(void)
{
    int64_t second = 0;

    for (uint32_t i = 0; i < ROWS; i++) { /* visits of customers, as muster-gen makes them */
        const uint64_t kind = random_below(1000);
        second = kind < 600   ? second + (int64_t)random_below(200)
                 : kind < 740 ? second + (int64_t)random_below(4000)
                              : (int64_t)random_below(2592000);
        values.i64[i] = INT64_C(1700000000000000) + second * 1000000;
    }
    measure("times of visits, in seconds", I64);
    for (uint32_t i = 0; i < ROWS; i++) {
        const uint32_t halvings = (uint32_t)__builtin_ctzll(random_below(UINT64_MAX) | 1 << 8);
        values.u32[i] = (uint32_t)mu_hash_u64((random_below(UINT64_MAX) & 1) + 2 * halvings) % 300;
        values.u32[i] = random_below(10) == 0 ? (uint32_t)random_below(300) : values.u32[i];
    }
    measure("codes of 300 event names, skewed", U32);
    for (uint32_t i = 0; i < ROWS; i++) {
        values.i64[i] = (int64_t)random_below(random_below(50) == 0 ? 1 << 30 : 1 << 12);
    }
    measure("integers with outliers", I64);
    for (uint32_t i = 0; i < ROWS; i++) {
        values.u32[i] = (uint32_t)random_below(random_below(50) == 0 ? 1 << 30 : 1 << 12);
    }
    measure("codes with outliers", U32);
}

static void measure_integers(void)
{
    char name[64];

    for (uint32_t i = 0; i < ROWS; i++) {
        values.i64[i] = INT64_C(1700000000000000) + (int64_t)random_below(2592000) * 1000000;
    }
    measure("times of a month, in seconds", I64);
    for (uint32_t i = 0; i < ROWS; i++) {
        values.i64[i] =
            i > 0 && random_below(100) < 96 ? values.i64[i - 1] : (int64_t)random_below(40);
    }
    measure("repeats the one before in 96 %", I64);
    for (uint32_t i = 0; i < ROWS; i++) {
        values.i64[i] = 5;
    }
    measure("one value", I64);
    for (unsigned width = 8; width <= 64; width += 14) {
        for (uint32_t i = 0; i < ROWS; i++) {
            values.i64[i] = (int64_t)(random_below(UINT64_MAX) >> (64 - width));
        }
        (void)snprintf(name, sizeof name, "integers of %u bits", width);
        measure(name, I64);
    }
    for (uint32_t i = 0; i < ROWS; i++) {
        values.u32[i] = (uint32_t)random_below(300);
    }
    measure("codes of 300 event names", U32);
    for (uint32_t i = 0; i < ROWS; i++) {
        values.u32[i] =
            i > 0 && random_below(100) < 77 ? values.u32[i - 1] : (uint32_t)random_below(9);
    }
    measure("codes that repeat in 77 %", U32);
    for (uint32_t i = 0; i < ROWS; i++) {
        values.u32[i] =
            i == 0 ? 70000
                   : values.u32[i - 1] + (random_below(3) == 0 ? (uint32_t)random_below(20) : 0);
    }
    measure("customers", ORDINALS);
}

static void measure_others(void)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        values.f64[i] = (double)random_below(1000) / 4;
    }
    measure("doubles: quarters", F64);
    for (uint32_t i = 0; i < ROWS; i++) {
        values.f64[i] = (double)random_below(100000) / 100;
    }
    measure("doubles: cents", F64);
    for (uint32_t i = 0; i < ROWS; i++) {
        const uint64_t bits = random_below(UINT64_MAX);
        memcpy(&values.f64[i], &bits, sizeof bits);
    }
    measure("doubles: noise", F64);
    for (uint32_t i = 0; i < ROWS; i++) {
        char *at = &bytes[(size_t)i * 16];
        const int size = snprintf(at, 16, "order-%u", (uint32_t)random_below(10000000));
        values.text[i] = (mu_text){at, (uint32_t)size};
    }
    measure("order numbers", TEXT);
    for (uint32_t i = 0; i < ROWS; i++) {
        char *at = &bytes[(size_t)i * 48];
        const int size =
            snprintf(at, 48, "%08x-%04x-4%03x-8%03x-%012llx", (uint32_t)random_below(1ull << 32),
                     (uint32_t)random_below(1 << 16), (uint32_t)random_below(1 << 12),
                     (uint32_t)random_below(1 << 12), (unsigned long long)random_below(1ull << 48));
        values.text[i] = (mu_text){at, (uint32_t)size};
    }
    measure("UUIDs", TEXT);
    for (uint32_t i = 0; i < ROWS; i++) {
        char *at = &bytes[(size_t)i * 48];
        const int size = snprintf(at, 48, "/item/%u?from=%s", (uint32_t)random_below(10000000),
                                  random_below(2) ? "mail" : "search");
        values.text[i] = (mu_text){at, (uint32_t)size};
    }
    measure("paths", TEXT);
}

static void measure_memcpy(void)
{
    double best = 1e9;

    for (int round = 0; round < ROUNDS; round++) {
        const double start = mu_env_seconds();
        for (uint32_t first = 0; first < ROWS; first += MU_BATCH_ROWS) {
            memcpy(batch, &values.i64[first], sizeof batch);
            __asm__ volatile(""
                             :
                             : "r"(batch)
                             : "memory"); /* it is read, for all the compiler knows */
        }
        const double seconds = mu_env_seconds() - start;
        best = seconds < best ? seconds : best;
    }
    printf("%-69s%10.2f\n", "memcpy of 8-byte values", ROWS / best / 1e9);
}

int main(void)
{
    decoder = mu_decoder_new();
    if (!decoder) {
        return 1;
    }
    printf("%-36s%-15s%8s%10s%10s   (values per nanosecond, %s)\n", "column", "encoding", "bits",
           "encoded", "decoded", mu_k()->isa);
    measure_log();
    measure_integers();
    measure_others();
    measure_memcpy();
    mu_decoder_free(decoder);
    return 0;
}
