/*
 * settings.c - what can be set: how each is read, shown, and what it is if nothing is said.
 */
#include "sql/settings.h"

#include "query/nearest.h"
#include "query/zone_find.h"
#include "sql/owner.h"
#include "storage/base/mem.h"
#include "storage/catalog.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A unit behind a number. */
typedef struct unit {
    const char *name;
    double size;
} unit;

/* "1.5GB", "500 ms": a number and one of the units; without one, the first. False if it is not. */
static bool read_amount(const char *text, const unit *units, size_t count, double *out)
{
    char *end;

    if (*text < '0' || *text > '9') {
        return false;
    }
    *out = strtod(text, &end);
    end += strspn(end, " ");
    if (*end == '\0') {
        *out *= units[0].size;
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (mu_name_equal(units[i].name, end)) {
            *out *= units[i].size;
            return true;
        }
    }
    return false;
}

static bool is_none(const char *text)
{
    return mu_name_equal(text, "none") || mu_name_equal(text, "off");
}

/* memory_limit */

static const unit bytes_units[] = {{"B", 1},        {"KB", 1e3},     {"MB", 1e6},
                                   {"GB", 1e9},     {"TB", 1e12},    {"KiB", 0x1p10},
                                   {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}};

static muster_status set_memory(muster_connection *c, const mu_ast_name *value, bool apply,
                                muster_error *err)
{
    size_t limit = c->owner->memory_limit;
    double bytes = 0;

    if (value && is_none(value->text)) {
        limit = SIZE_MAX;
    } else if (value) {
        if (!read_amount(value->text, bytes_units, MU_COUNT(bytes_units), &bytes) ||
            bytes < MU_LEAST_MEMORY || bytes > 0x1p62) {
            return mu_fail_at(err, MUSTER_INVALID, value->offset,
                              "memory_limit takes a size of 1 MB or more, as in '4GB', or none; "
                              "\"%s\" is no such size",
                              value->text);
        }
        limit = (size_t)bytes;
    }
    if (apply) {
        mu_account_set_limit(c->owner->account, limit);
    }
    return MUSTER_OK;
}

/* The largest unit that it is a whole number of. */
static void show_memory(const muster_connection *c, mu_writer *out)
{
    const size_t limit = mu_account_limit(c->owner->account);
    const unit *best = &bytes_units[0];
    char text[32] = "none";

    for (size_t i = 0; i < MU_COUNT(bytes_units); i++) {
        if (limit % (size_t)bytes_units[i].size == 0 && bytes_units[i].size > best->size) {
            best = &bytes_units[i];
        }
    }
    if (limit != SIZE_MAX) {
        (void)snprintf(text, sizeof text, "%zu %s", limit / (size_t)best->size, best->name);
    }
    mu_write_bytes(out, text, strlen(text));
}

/* statement_timeout */

static const unit time_units[] = {{"ms", 1}, {"s", 1e3}, {"min", 6e4}, {"h", 3.6e6}};

static muster_status set_timeout(muster_connection *c, const mu_ast_name *value, bool apply,
                                 muster_error *err)
{
    double ms = 0;

    if (value && !is_none(value->text) &&
        (!read_amount(value->text, time_units, MU_COUNT(time_units), &ms) || ms > UINT32_MAX)) {
        return mu_fail_at(err, MUSTER_INVALID, value->offset,
                          "statement_timeout takes milliseconds, or a time as in '500ms', '30s' or "
                          "'5min', or none; \"%s\" is no such time",
                          value->text);
    }
    if (apply) {
        c->settings.timeout_ms = ms > 0 && ms < 1 ? 1 : (uint32_t)ms;
    }
    return MUSTER_OK;
}

static void show_timeout(const muster_connection *c, mu_writer *out)
{
    char text[32] = "none";

    if (c->settings.timeout_ms > 0) {
        (void)snprintf(text, sizeof text, "%" PRIu32 " ms", c->settings.timeout_ms);
    }
    mu_write_bytes(out, text, strlen(text));
}

/* synchronous */

static muster_status set_synchronous(muster_connection *c, const mu_ast_name *value, bool apply,
                                     muster_error *err)
{
    static const struct {
        const char *word;
        bool on;
    } words[] = {{"on", true}, {"true", true}, {"off", false}, {"false", false}};
    bool on = true, known = !value;

    for (size_t i = 0; value && i < MU_COUNT(words); i++) {
        if (mu_name_equal(words[i].word, value->text)) {
            on = words[i].on;
            known = true;
        }
    }
    if (!known) {
        return mu_fail_at(err, MUSTER_INVALID, value->offset, "\"%s\" is neither on nor off",
                          value->text);
    }
    if (apply) {
        mu_db_set_synchronous(c->owner->db, on);
    }
    return MUSTER_OK;
}

static void show_synchronous(const muster_connection *c, mu_writer *out)
{
    const char *text = mu_db_is_synchronous(c->owner->db) ? "on" : "off";

    mu_write_bytes(out, text, strlen(text));
}

/* time_zone */

static muster_status set_zone(muster_connection *c, const mu_ast_name *value, bool apply,
                              muster_error *err)
{
    mu_zone *zone = mu_zone_retain(c->owner->zone);

    if (value) {
        const mu_text name = {value->text, (uint32_t)strlen(value->text)};
        mu_zone_release(zone);
        const muster_status status = mu_zone_find(name, &zone, err);
        if (status != MUSTER_OK) {
            if (err && err->offset < 0) {
                err->offset = value->offset;
            }
            return status;
        }
    }
    if (apply) {
        mu_zone_release(c->settings.zone);
        c->settings.zone = mu_zone_retain(zone);
    }
    mu_zone_release(zone);
    return MUSTER_OK;
}

static void show_zone(const muster_connection *c, mu_writer *out)
{
    const char *name = c->settings.zone ? mu_zone_name(c->settings.zone) : "UTC";

    mu_write_bytes(out, name, strlen(name));
}

/* All of them. */

static const mu_setting settings[] = {
    {"memory_limit", "what all statements of the database may hold", set_memory, show_memory},
    {"statement_timeout", "how long a statement of the connection may take", set_timeout,
     show_timeout},
    {"synchronous", "whether a commit waits for the disk", set_synchronous, show_synchronous},
    {"time_zone", "by which times are read, shown and cut into days", set_zone, show_zone},
};

const mu_setting *mu_setting_at(uint32_t i)
{
    return i < MU_COUNT(settings) ? &settings[i] : NULL;
}

muster_status mu_setting_find(mu_ast_name name, const mu_setting **out, muster_error *err)
{
    mu_nearest nearest = mu_nearest_of((mu_text){name.text, (uint32_t)strlen(name.text)});
    char list[256] = "";
    size_t used = 0;

    for (size_t i = 0; i < MU_COUNT(settings); i++) {
        const char *known = settings[i].name;
        if (mu_name_equal(known, name.text)) {
            *out = &settings[i];
            return MUSTER_OK;
        }
        mu_nearest_try(&nearest, (mu_text){known, (uint32_t)strlen(known)});
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
                                 i == 0                        ? ""
                                 : i + 1 == MU_COUNT(settings) ? " and "
                                                               : ", ",
                                 known);
    }
    if (nearest.found) {
        return mu_fail_at(err, MUSTER_INVALID, name.offset,
                          "no setting \"%s\"; did you mean \"%.*s\"?", name.text,
                          (int)nearest.best.size, nearest.best.data);
    }
    return mu_fail_at(err, MUSTER_INVALID, name.offset, "no setting \"%s\"; there are %s",
                      name.text, list);
}
