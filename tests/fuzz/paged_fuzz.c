/*
 * paged_fuzz.c - a file of customers, or the two of tags; what the manifest would say of it comes
 * first:
 *
 *   u8 what: 0 customers with TEXT ids, 1 with BIGINT ids, else tags
 *   customers: u32 how many
 *   tags:      u8 number of the file of sets, u32 bytes of the directory; this, then the sets
 */
#include "storage/customer_part.h"
#include "storage/tag_file.h"
#include "tests/fuzz/fuzz.h"

static void read_customers(mu_reader *in, mu_kind kind)
{
    mu_customer_part_info info = {.file = 1, .count = mu_read_u32(in)};
    mu_customers *customers;
    mu_customer_id id;
    char room[MU_PACKED_ID_BYTES];
    uint32_t ordinal;
    muster_error err = {0};

    if (info.count == 0) {
        return;
    }
    info.size_bytes = in->size - in->at;
    mu_fuzz_write("customers-000001", in->data + in->at, in->size - in->at);
    if (mu_customers_open(mu_fuzz_directory(), NULL, &info, 1, kind, NULL, &customers, &err) !=
        MUSTER_OK) {
        mu_fuzz_told(MUSTER_CORRUPT, &err);
        return;
    }
    for (uint32_t i = 0; i < info.count && i < 100; i++) {
        if (mu_customers_id(customers, i, room, &id, &err) == MUSTER_OK) {
            mu_fuzz_told(mu_customers_find(customers, id, &ordinal, &err), &err);
        }
    }
    mu_fuzz_told(mu_customer_part_check(mu_customers_part(customers, 0), NULL, &err), &err);
    mu_customers_close(customers);
}

static void read_tags(mu_reader *in)
{
    char name[MU_FILE_NAME_BYTES];
    const uint8_t number = mu_read_u8(in) % 16;
    const uint32_t size = mu_read_u32(in);
    const uint8_t *directory = mu_read_bytes(in, size);
    const mu_sets_file sets = {.file = number, .size_bytes = in->size - in->at};
    const mu_tags_info info = {.file = 1, .size_bytes = size, .sets_count = 1, .sets = &sets};
    uint64_t bits[MU_STRIPE_WORDS], bytes;
    mu_tags *tags;
    muster_error err = {0};

    if (!directory) {
        return;
    }
    mu_fuzz_write("tags-000001", directory, size);
    mu_file_name("sets", number, name);
    mu_fuzz_write(name, in->data + in->at, in->size - in->at);
    if (mu_tags_open(mu_fuzz_directory(), &info, NULL, &tags, &err) != MUSTER_OK) {
        mu_fuzz_told(MUSTER_CORRUPT, &err);
        return;
    }
    for (uint32_t t = 0; t < tags->count && t < 16; t++) {
        for (uint32_t i = 0; i < tags->list[t].value_count && i < 16; i++) {
            mu_fuzz_told(mu_tag_read_stripe(tags, &tags->list[t], i, 0, bits, &bytes, &err), &err);
        }
    }
    mu_fuzz_told(mu_tags_check(tags, 1 << 20, &err), &err);
    mu_tags_release(tags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mu_reader in = mu_reader_of(data, size);
    const uint8_t what = mu_read_u8(&in);

    if (size < 32) {
        return 0;
    }
    if (what < 2) {
        read_customers(&in, what == 0 ? MU_TEXT : MU_BIGINT);
    } else {
        read_tags(&in);
    }
    return 0;
}
