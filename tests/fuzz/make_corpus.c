/*
 * make_corpus.c - writes the files from which the fuzz targets begin: those of a small database
 * with all types, and chunks in every encoding, all without checksums. Run it again when the format
 * changes:
 *
 *     make_corpus tests/fuzz/corpus
 */
#include "include/muster.h"
#include "storage/base/env.h"
#include "storage/base/mem.h"
#include "storage/enc.h"
#include "storage/manifest.h"
#include "storage/tag_set.h"
#include "storage/wal.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS = 300
};

static const char *corpus;

static void check(muster_status status, const muster_error *err)
{
    if (status != MUSTER_OK) {
        (void)fprintf(stderr, "%s\n", err->message);
        exit(1);
    }
}

static void save(const char *target, const char *name, const void *head, size_t head_size,
                 const void *data, size_t size)
{
    char path[1024];

    (void)snprintf(path, sizeof path, "%s/%s", corpus, target);
    check(mu_env_make_dir(path, NULL), &(muster_error){.message = "no directory for the corpus"});
    (void)snprintf(path, sizeof path, "%s/%s/%s", corpus, target, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(head, 1, head_size, file) != head_size ||
        fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        (void)fprintf(stderr, "%s cannot be written\n", path);
        exit(1);
    }
}

/* Chunks. */

static void save_chunk(const char *name, mu_writer *chunk, uint32_t rows)
{
    const uint8_t head[] = {(uint8_t)(rows - 1), (uint8_t)((rows - 1) >> 8), 0, 0};

    save("enc", name, head, sizeof head, chunk->data, chunk->size);
    mu_writer_reset(chunk);
}

static void save_chunks(void)
{
    int64_t i64[ROWS];
    double f64[ROWS];
    uint32_t u32[ROWS];
    mu_text texts[ROWS];
    char numbers[ROWS][32];
    mu_writer chunk = {0};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz, and so on, and so on";

    for (uint32_t i = 0; i < ROWS; i++) {
        i64[i] = (int64_t)i / 50;
        f64[i] = 1.0 / (i + 1);
        u32[i] = i / 3;
        texts[i] = (mu_text){letters, i % sizeof letters};
    }
    (void)mu_enc_i64(&chunk, i64, NULL, ROWS);
    save_chunk("runs", &chunk, ROWS);
    (void)mu_enc_i64(&chunk, i64, NULL, 40);
    save_chunk("constant", &chunk, 40);
    for (uint32_t i = 0; i < ROWS; i++) {
        i64[i] = 1700000000000000 + (int64_t)(i * 7919 % 4099) * 1000000;
    }
    (void)mu_enc_i64(&chunk, i64, NULL, ROWS);
    save_chunk("packed", &chunk, ROWS);
    (void)mu_enc_u32(&chunk, u32, NULL, ROWS);
    save_chunk("codes", &chunk, ROWS);
    (void)mu_enc_f64(&chunk, f64, NULL, ROWS);
    save_chunk("doubles", &chunk, ROWS);
    for (uint32_t i = 0; i < ROWS; i++) {
        f64[i] = i * 0.25;
    }
    (void)mu_enc_f64(&chunk, f64, NULL, ROWS);
    save_chunk("quarters", &chunk, ROWS);
    (void)mu_enc_text(&chunk, texts, NULL, ROWS);
    save_chunk("text", &chunk, ROWS);
    for (uint32_t i = 0; i < ROWS; i++) {
        (void)snprintf(numbers[i], sizeof numbers[i], "R-%u/%06x", i, i * 7919);
        texts[i] = (mu_text){numbers[i], (uint32_t)strlen(numbers[i])};
    }
    (void)mu_enc_text(&chunk, texts, NULL, ROWS);
    save_chunk("pattern", &chunk, ROWS);
    (void)mu_enc_customer(&chunk, u32, ROWS);
    save_chunk("customer", &chunk, ROWS);
    mu_writer_deinit(&chunk);
}

/* Sets. */

static void save_set(const char *name, uint32_t stripes, uint32_t step)
{
    uint64_t bits[MU_STRIPE_WORDS];
    mu_tag_set_writer set = {0};
    mu_writer out = {0};

    for (uint32_t stripe = 0; stripe < stripes; stripe++) {
        memset(bits, 0, sizeof bits);
        for (uint32_t i = stripe; i < 200 * step; i += i % 7 == 0 ? 1 : step) {
            bits[i / 64] |= UINT64_C(1) << i % 64;
        }
        mu_tag_set_add(&set, stripe * 3, bits);
    }
    if (!mu_tag_set_finish(&set, &out)) {
        abort();
    }
    save("set", name, NULL, 0, out.data, out.size);
    mu_tag_set_writer_deinit(&set);
    mu_writer_deinit(&out);
}

/* A database. */

static void run(muster *db, const char *sql)
{
    muster_error err = {0};
    muster_connection *connection;

    check(muster_connect(db, &connection, &err), &err);
    while (*sql) {
        muster_statement *statement;
        bool row = true;
        check(muster_prepare(connection, sql, &sql, &statement, &err), &err);
        while (statement && row) {
            check(muster_step(statement, &row, &err), &err);
        }
        muster_finish(statement);
    }
    muster_disconnect(connection);
}

static void save_file(const char *directory, const char *name, const char *target, const char *as,
                      const void *head, size_t head_size)
{
    char path[1024];
    mu_map map;
    muster_error err = {0};

    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    check(mu_env_map(path, &map, &err), &err);
    save(target, as, head, head_size, map.data, map.size);
    mu_env_unmap(&map);
}

static void save_customers(const char *directory, const mu_manifest *manifest)
{
    const uint8_t what = manifest->catalog.customer_kind == MU_TEXT ? 0 : 1;
    char name[MU_FILE_NAME_BYTES];
    mu_writer head = {0};

    mu_write_u8(&head, what);
    mu_write_u32(&head, manifest->parts[0].count);
    mu_file_name("customers", manifest->parts[0].file, name);
    save_file(directory, name, "paged", what == 0 ? "text_ids" : "number_ids", head.data,
              head.size);
    mu_writer_deinit(&head);
}

/* The directory of the tags, and the one file of sets. */
static void save_tags(const char *directory, const mu_tags_info *tags)
{
    char name[MU_FILE_NAME_BYTES], path[1024];
    mu_writer head = {0};
    mu_map map;
    muster_error err = {0};

    mu_file_name("tags", tags->file, name);
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    check(mu_env_map(path, &map, &err), &err);
    mu_write_u8(&head, 2);
    mu_write_u8(&head, (uint8_t)tags->sets[0].file);
    mu_write_u32(&head, (uint32_t)map.size);
    mu_write_bytes(&head, map.data, map.size);
    mu_env_unmap(&map);
    mu_file_name("sets", tags->sets[0].file, name);
    save_file(directory, name, "paged", "tags", head.data, head.size);
    mu_writer_deinit(&head);
}

static void save_database(const char *name, const char *sql)
{
    char directory[512], as[64];
    mu_arena arena = {0};
    mu_manifest manifest;
    mu_map mark;
    muster *db;
    muster_error err = {0};

    (void)snprintf(directory, sizeof directory, "%s/%s", mu_fuzz_directory(), name);
    check(muster_open(directory, NULL, &db, &err), &err);
    run(db, sql);
    muster_close(db);
    check(mu_manifest_read(directory, &arena, &manifest, &mark, &err), &err);
    save_file(directory, "manifest", "manifest", name, NULL, 0);
    for (uint32_t i = 0; i < manifest.segment_count; i++) {
        char file[MU_SEGMENT_NAME_BYTES];
        mu_segment_name(manifest.segments[i].file, file);
        (void)snprintf(as, sizeof as, "%s_%u", name, i);
        save_file(directory, file, "segment", as, NULL, 0);
    }
    save_customers(directory, &manifest);
    if (manifest.tags.sets_count > 0) {
        save_tags(directory, &manifest.tags);
    }
    mu_env_unmap(&mark);
    mu_arena_deinit(&arena);
}

/* The log of a database that is open, and its manifest. */
static void save_log(const char *name, const char *sql)
{
    char directory[512], file[MU_FILE_NAME_BYTES];
    mu_arena arena = {0};
    mu_manifest manifest;
    mu_map mark;
    mu_writer head = {0};
    muster *db;
    muster_error err = {0};

    (void)snprintf(directory, sizeof directory, "%s/%s", mu_fuzz_directory(), name);
    check(muster_open(directory, NULL, &db, &err), &err);
    run(db, sql);
    check(mu_manifest_read(directory, &arena, &manifest, &mark, &err), &err);
    mu_write_u32(&head, (uint32_t)mark.size);
    mu_write_bytes(&head, mark.data, mark.size);
    mu_wal_name(manifest.wal, file);
    save_file(directory, file, "wal", name, head.data, head.size);
    mu_writer_deinit(&head);
    mu_env_unmap(&mark);
    mu_arena_deinit(&arena);
    muster_close(db);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fputs("make_corpus DIRECTORY\n", stderr);
        return 1;
    }
    corpus = argv[1];
    check(mu_env_make_dir(corpus, NULL), &(muster_error){.message = "no directory for the corpus"});
    (void)mu_fuzz_directory();
    save_chunks();
    save_set("array", 2, 60);
    save_set("runs", 5, 1);
    save_set("bitmap", 1, 300);
    save_database(
        "shop",
        "CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, channel "
        "TEXT INDEXED, amount DECIMAL(12,2), n BIGINT, x DOUBLE, ok BOOLEAN);"
        "INSERT INTO events VALUES ('ada', '2024-01-01', 'view', 'web', 1.5, 1, 0.5, true), "
        "('bob', '2024-01-02 10:00:00', 'pay', NULL, NULL, -3, NULL, false), "
        "('ada', '2024-01-03', 'pay', 'app', 20, NULL, 1e300, NULL), "
        "(NULL, '2024-01-04', NULL, 'web', -1, 7, -0.25, true);"
        "CREATE TAG vip AS SELECT customer FROM customers WHERE customer = 'ada';"
        "CREATE AUDIENCE payers AS SELECT customer FROM events WHERE event = 'pay';"
        "REFRESH AUDIENCE payers");
    save_database("numbers", "CREATE TABLE visits (id BIGINT CUSTOMER, ts TIMESTAMP TIME);"
                             "INSERT INTO visits VALUES (5, '2024-01-01'), (-9, '2024-02-01');"
                             "CREATE TABLE products (sku TEXT, price DOUBLE);"
                             "INSERT INTO products VALUES ('a', 0.1), ('', NULL), (NULL, 3)");
    save_log("visits",
             "CREATE TABLE visits (id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT);"
             "INSERT INTO visits VALUES ('ada', '2024-01-01', 'view'), (NULL, "
             "'2024-01-02', 'pay'), ('bob', '2024-02-01', NULL);"
             "INSERT INTO visits VALUES ('cyd', '2024-01-03', 'pay')");
    /* So many of a month that they become one. */
    save_log("merged", "CREATE TABLE visits (id BIGINT CUSTOMER, ts TIMESTAMP TIME);"
                       "INSERT INTO visits VALUES (1, '2024-01-01');"
                       "INSERT INTO visits VALUES (2, '2024-01-01');"
                       "INSERT INTO visits VALUES (3, '2024-01-01');"
                       "INSERT INTO visits VALUES (1, '2024-01-01');"
                       "INSERT INTO visits VALUES (1, '2024-01-01');"
                       "INSERT INTO visits VALUES (2, '2024-01-01');"
                       "INSERT INTO visits VALUES (5, '2024-01-01');"
                       "INSERT INTO visits VALUES (4, '2024-01-01');"
                       "CREATE TABLE products (sku TEXT);"
                       "INSERT INTO products VALUES ('a')");
    return 0;
}
