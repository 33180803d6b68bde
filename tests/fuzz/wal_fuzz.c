/*
 * wal_fuzz.c - a log, and the segments and customers in it; the manifest that names it comes first:
 *
 *   u32 bytes of the manifest, and these; then the log
 */
#include "storage/db.h"
#include "storage/wal.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

/* The number of the log that the manifest in the directory names; 0: none. */
static uint64_t log_number(void)
{
    mu_arena arena = {0};
    mu_manifest manifest;
    mu_map map = {0};
    muster_error err = {0};

    const muster_status status =
        mu_manifest_read(mu_fuzz_directory(), &arena, &manifest, &map, &err);
    mu_fuzz_told(status, &err);
    const uint64_t number = status == MUSTER_OK ? manifest.wal : 0;
    mu_env_unmap(&map);
    mu_arena_deinit(&arena);
    return number;
}

static void read_database(void)
{
    muster_error err = {0};
    mu_db *db;

    const muster_status status = mu_db_open(mu_fuzz_directory(), &db, &err);
    mu_fuzz_told(status, &err);
    if (status == MUSTER_OK) {
        mu_fuzz_told(mu_db_check(db, &err), &err);
        mu_db_close(db);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mu_reader in = mu_reader_of(data, size);
    const uint32_t manifest_size = mu_read_u32(&in);
    char name[MU_FILE_NAME_BYTES], path[512];

    if (in.overrun || manifest_size > in.size - in.at) {
        return 0;
    }
    mu_fuzz_write("manifest", in.data + in.at, manifest_size);
    const uint64_t number = log_number();
    if (number != 0) {
        mu_wal_name(number, name);
        mu_fuzz_write(name, in.data + in.at + manifest_size, in.size - in.at - manifest_size);
        read_database();
        (void)snprintf(path, sizeof path, "%s/%s", mu_fuzz_directory(), name);
        (void)mu_env_remove(path, NULL);
    }
    return 0;
}
