/*
 * zone_find.c - the zone of that name, or of the name it is nearest to.
 *
 * Zones are called after places, so that someone who writes "Shanghai" or "Berlin" means the zone
 * whose name ends so.
 */
#include "query/zone_find.h"

#include "query/nearest.h"
#include "storage/value.h"

#include <string.h>

/* The best name so far; names do not stay where they were found. */
typedef struct search {
    mu_text wanted;
    char best[64];
    uint32_t distance;
    bool found;
} search;

static void try_part(search *s, const char *part, const char *name)
{
    mu_nearest nearest = mu_nearest_of(s->wanted);

    mu_nearest_try(&nearest, (mu_text){part, (uint32_t)strlen(part)});
    /* Folders list their entries in any order: of equally near ones the first by name. */
    const bool nearer = !s->found || nearest.distance < s->distance ||
                        (nearest.distance == s->distance && strcmp(name, s->best) < 0);
    if (nearest.found && nearer && strlen(name) < sizeof s->best) {
        memcpy(s->best, name, strlen(name) + 1);
        s->distance = nearest.distance;
        s->found = true;
    }
}

static bool try_name(void *context, const char *name)
{
    search *s = context;
    const char *city = strrchr(name, '/');

    try_part(s, name, name);
    if (city) {
        try_part(s, city + 1, name);
    }
    return true;
}

muster_status mu_zone_find(mu_text name, mu_zone **out, muster_error *err)
{
    search s = {.wanted = name};
    const muster_status status = mu_zone_open(name, out, err);

    if (status != MUSTER_INVALID) {
        return status;
    }
    MU_TRY(mu_zone_each(try_name, &s, err));
    if (s.found && s.distance == 0 && strlen(s.best) == name.size) { /* in another case */
        return mu_zone_open((mu_text){s.best, name.size}, out, err);
    }
    if (s.found) {
        return mu_fail(err, MUSTER_INVALID, "no time zone \"%.*s\"; did you mean \"%s\"?",
                       MU_SHOWN(name), s.best);
    }
    return mu_fail(err, MUSTER_INVALID,
                   "no time zone \"%.*s\"; write a name such as 'Europe/Berlin', 'UTC', or an "
                   "offset such as '+08:00'",
                   MU_SHOWN(name));
}
