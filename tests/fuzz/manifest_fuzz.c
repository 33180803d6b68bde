/* manifest_fuzz.c - a manifest. */
#include "storage/manifest.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mu_arena arena = {0};
    mu_manifest manifest;
    mu_map map = {0};
    muster_error err = {0};

    mu_fuzz_write("manifest", data, size);
    mu_fuzz_told(mu_manifest_read(mu_fuzz_directory(), &arena, &manifest, &map, &err), &err);
    mu_env_unmap(&map);
    mu_arena_deinit(&arena);
    return 0;
}
