/*
 * settings.h - what SET, RESET and SHOW know: one table, in settings.c.
 */
#ifndef MU_SETTINGS_H
#define MU_SETTINGS_H

#include "sql/ast.h"
#include "storage/base/bytes.h"
#include "storage/base/status.h"
#include "storage/zone.h"

enum {
    MU_LEAST_MEMORY = 1000000 /* bytes; with less nothing can be asked, not even for more */
};

/* Those of a connection. Others are of the database, and are kept where they have their effect. */
typedef struct mu_settings {
    uint32_t timeout_ms; /* of a statement; 0: none */
    mu_zone *zone;       /* counted; NULL: UTC. A statement keeps the one it was made in */
} mu_settings;

/* The i-th, in the order in which they are shown. `set` with a NULL value sets the default; it only
 * looks whether it could unless `apply`. */
typedef struct mu_setting {
    const char *name;
    const char *meaning; /* in a few words */
    muster_status (*set)(muster_connection *connection, const mu_ast_name *value, bool apply,
                         muster_error *err);
    void (*show)(const muster_connection *connection, mu_writer *out);
} mu_setting;

const mu_setting *mu_setting_at(uint32_t i); /* NULL past the last */
/* INVALID where there is none of that name; the message has the nearest. */
muster_status mu_setting_find(mu_ast_name name, const mu_setting **out, muster_error *err);

#endif
