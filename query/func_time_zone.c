/*
 * func_time_zone.c - timezone(zone, time), which `time AT TIME ZONE zone` stands for.
 *
 * A TIMESTAMP is shown in the session's zone, and has none of its own: what another zone's clocks
 * show at that moment is the TIMESTAMP that the session's zone shows so.
 */
#include "query/func_time.h"
#include "query/zone_find.h"

static int64_t seen_from(const mu_func_context *context, const mu_zone *zone, int64_t time_us)
{
    return mu_zone_to_utc(context->zone, mu_zone_to_local(zone, time_us));
}

MU_SCALAR(zone_scalar)
{
    mu_zone *zone;

    (void)expr;
    MU_TRY(mu_zone_find(args[0].text, &zone, err));
    out->i64 = seen_from(context, zone, args[1].i64);
    mu_zone_release(zone);
    return mu_time_check(out->i64, err);
}

/* Rows with the zone of the row before need no other look at it. */
static muster_status zone_vector(const mu_func_call *call, muster_error *err)
{
    const mu_rows reached = {call->rows, call->live};
    const int64_t *times = call->args[1].data;
    const uint32_t *codes = call->args[0].data;
    int64_t *out = call->data;
    uint32_t code = 0;
    bool opened = false;
    mu_zone *zone = NULL;
    muster_status status = MUSTER_OK;

    MU_FOR_EACH_LIVE(row, &reached) {
        if (!opened || codes[row] != code) {
            code = codes[row];
            mu_zone_release(zone);
            zone = NULL;
            MU_TRY_GOTO(mu_zone_find(mu_dict_text(call->args[0].dict, code), &zone, err));
            opened = true;
        }
        out[row] = seen_from(call->context, zone, times[row]);
        MU_TRY_GOTO(mu_time_check(out[row], err));
    }

fail:
    mu_zone_release(zone);
    return status;
}

static const mu_func funcs[] = {
    {.name = "timezone",
     .params = "ts",
     .result = 's',
     .scalar = zone_scalar,
     .vector = zone_vector},
};

const mu_func_family mu_func_time_zone = {funcs, MU_COUNT(funcs)};
