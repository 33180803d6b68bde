/*
 * meter.c - what running a plan takes, node by node.
 */
#include "query/meter.h"

#include "storage/base/env.h"

struct mu_meters {
    mu_meter **data; /* each stays where it is */
    size_t count, capacity;
};

static _Thread_local mu_meter *entered;
static _Thread_local uint64_t since_ns; /* it was entered */

mu_meters *mu_meters_open(void)
{
    return mu_mem_zalloc(sizeof(mu_meters));
}

void mu_meters_close(mu_meters *meters)
{
    if (!meters) {
        return;
    }
    for (size_t i = 0; i < meters->count; i++) {
        mu_account_close(meters->data[i]->account);
        mu_mem_free(meters->data[i]);
    }
    mu_mem_free(meters->data);
    mu_mem_free(meters);
}

muster_status mu_meters_add(mu_meters *meters, const mu_plan *plan, muster_error *err)
{
    mu_meter *meter;

    if (mu_meters_find(meters, plan)) {
        return MUSTER_OK;
    }
    meter = mu_mem_zalloc(sizeof *meter);
    if (!meter || !mu_mem_reserve(&meters->data, &meters->capacity, meters->count + 1,
                                  sizeof *meters->data)) {
        mu_mem_free(meter);
        return mu_fail_memory(err, "measuring a query");
    }
    meters->data[meters->count++] = meter;
    meter->plan = plan;
    meter->account = mu_account_open(mu_account_entered(), SIZE_MAX);
    return meter->account ? MUSTER_OK : mu_fail_memory(err, "measuring a query");
}

mu_meter *mu_meters_find(const mu_meters *meters, const mu_plan *plan)
{
    for (size_t i = 0; i < meters->count; i++) {
        if (meters->data[i]->plan == plan) {
            return meters->data[i];
        }
    }
    return NULL;
}

uint64_t mu_meters_bytes(const mu_meters *meters)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < meters->count; i++) {
        bytes += atomic_load(&meters->data[i]->bytes);
    }
    return bytes;
}

/* The time since then goes to whom it belongs. */
static void change_to(mu_meter *meter)
{
    const uint64_t now_ns = (uint64_t)(mu_env_seconds() * 1e9);

    if (entered) {
        atomic_fetch_add_explicit(&entered->time_ns, now_ns - since_ns, memory_order_relaxed);
    }
    entered = meter;
    since_ns = now_ns;
}

mu_meter_before mu_meter_enter(mu_meter *meter)
{
    const mu_meter_before before = {entered, mu_account_entered()};

    change_to(meter);
    if (meter) {
        mu_account_enter(meter->account);
    }
    return before;
}

void mu_meter_leave(mu_meter_before before)
{
    change_to(before.meter);
    mu_account_enter(before.account);
}

mu_meter *mu_meter_entered(void)
{
    return entered;
}

mu_scan_seen *mu_meter_seen(void)
{
    return entered ? &entered->seen : NULL;
}
