/*
 * customer.c - the registry that a snapshot sees: its parts, one after the other.
 *
 * An id is looked for in each part, the largest and oldest first. Ordinals ascend over the parts,
 * so the part of an ordinal is found by halving. Two snapshots share the parts that both have.
 */
#include "storage/customer.h"

#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/customer_part.h"

#include <assert.h>

struct mu_customers {
    mu_kind kind;
    uint32_t count;
    uint32_t part_count;
    const mu_erased *erased;  /* borrowed; NULL: no one */
    mu_customer_part **parts; /* a reference of each is owned, and the array */
};

/* The part that `previous` has open under this description, or NULL. */
static mu_customer_part *find_open(const mu_customers *previous, const mu_customer_part_info *info,
                                   mu_kind kind)
{
    for (uint32_t i = 0; previous && i < previous->part_count; i++) {
        mu_customer_part *part = previous->parts[i];
        if (part->info.file == info->file && part->info.first == info->first &&
            part->info.count == info->count && part->kind == kind) {
            return part;
        }
    }
    return NULL;
}

muster_status mu_customers_open(const char *directory, const mu_held_files *held,
                                const mu_customer_part_info *parts, uint32_t count, mu_kind kind,
                                mu_customers *previous, mu_customers **out, muster_error *err)
{
    muster_status status;
    mu_customers *customers = mu_mem_zalloc(sizeof *customers);

    *out = NULL;
    if (!customers) {
        return mu_fail_memory(err, "opening the customers");
    }
    customers->kind = kind;
    customers->parts = mu_mem_zalloc_array(count, sizeof(mu_customer_part *));
    if (!customers->parts) {
        status = mu_fail_memory(err, "opening the customers");
        goto fail;
    }
    for (uint32_t i = 0; i < count; i++) {
        mu_customer_part *part = find_open(previous, &parts[i], kind);
        if (part) {
            customers->parts[i] = mu_customer_part_retain(part);
        } else {
            MU_TRY_GOTO(
                mu_customer_part_open(directory, held, &parts[i], kind, &customers->parts[i], err));
        }
        customers->part_count++;
        customers->count = parts[i].first + parts[i].count;
    }
    *out = customers;
    return MUSTER_OK;

fail:
    mu_customers_close(customers);
    return status;
}

void mu_customers_hide(mu_customers *customers, const mu_erased *erased)
{
    customers->erased = erased;
}

const mu_erased *mu_customers_hidden(const mu_customers *customers)
{
    return customers->erased;
}

void mu_customers_close(mu_customers *customers)
{
    if (customers) {
        for (uint32_t i = 0; i < customers->part_count; i++) {
            mu_customer_part_release(customers->parts[i]);
        }
        mu_mem_free(customers->parts);
        mu_mem_free(customers);
    }
}

mu_kind mu_customers_kind(const mu_customers *customers)
{
    return customers->kind;
}

uint32_t mu_customers_count(const mu_customers *customers)
{
    return customers->count;
}

uint32_t mu_customers_part_count(const mu_customers *customers)
{
    return customers->part_count;
}

const mu_customer_part *mu_customers_part(const mu_customers *customers, uint32_t i)
{
    assert(i < customers->part_count);
    return customers->parts[i];
}

muster_status mu_customers_find(const mu_customers *customers, mu_customer_id id, uint32_t *ordinal,
                                muster_error *err)
{
    *ordinal = MU_NO_CUSTOMER;
    if (customers->part_count == 0) {
        return MUSTER_OK;
    }
    const uint64_t hash = mu_customer_hash(customers->kind, id);
    for (uint32_t i = 0; i < customers->part_count && *ordinal == MU_NO_CUSTOMER; i++) {
        MU_TRY(
            mu_customer_part_find(customers->parts[i], id, hash, customers->erased, ordinal, err));
    }
    return MUSTER_OK;
}

muster_status mu_customers_id(const mu_customers *customers, uint32_t ordinal,
                              char room[MU_PACKED_ID_BYTES], mu_customer_id *id, muster_error *err)
{
    uint32_t low = 0, high = customers->part_count;

    assert(ordinal < customers->count);
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (customers->parts[middle]->info.first <= ordinal) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return mu_customer_part_id(customers->parts[low], ordinal, room, id, err);
}

muster_status mu_customers_format(const mu_customers *customers, uint32_t ordinal, mu_writer *out,
                                  muster_error *err)
{
    char room[MU_PACKED_ID_BYTES];
    mu_customer_id id;

    MU_TRY(mu_customers_id(customers, ordinal, room, &id, err));
    const mu_value value =
        customers->kind == MU_TEXT
            ? (mu_value){.type = {.kind = MU_TEXT}, .text = id.text}
            : (mu_value){.type = {.kind = MU_BIGINT, .bits = 64}, .i64 = id.number};
    mu_value_format(&value, out);
    return MUSTER_OK;
}
