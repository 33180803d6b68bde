/*
 * act_keep.c - statements about how the database is kept: CHECKPOINT, COMPACT, SET.
 */
#include "sql/act.h"

#include "query/zone_find.h"
#include "storage/db.h"

#include <strings.h>

muster_status mu_act_checkpoint(mu_act *act, muster_error *err)
{
    return act->running ? mu_db_checkpoint(act->db, err) : MUSTER_OK;
}

muster_status mu_act_compact(mu_act *act, muster_error *err)
{
    return act->running ? mu_db_compact(act->db, act->cancel, err) : MUSTER_OK;
}

static muster_status read_switch(const mu_ast_name *value, bool *on, muster_error *err)
{
    static const struct {
        const char *word;
        bool on;
    } words[] = {{"on", true}, {"true", true}, {"off", false}, {"false", false}};

    for (size_t i = 0; i < MU_COUNT(words); i++) {
        if (strcasecmp(words[i].word, value->text) == 0) {
            *on = words[i].on;
            return MUSTER_OK;
        }
    }
    return mu_fail_at(err, MUSTER_INVALID, value->offset, "\"%s\" is neither on nor off",
                      value->text);
}

/* Statements that are prepared already keep the zone they were made in. */
static muster_status set_zone(mu_act *act, muster_error *err)
{
    const mu_ast_name *value = &act->statement->path;
    mu_zone *zone;

    const muster_status status = mu_zone_find(mu_bind_text(value->text), &zone, err);
    if (status != MUSTER_OK) {
        if (err && err->offset < 0) {
            err->offset = value->offset;
        }
        return status;
    }
    if (!act->running) {
        mu_zone_release(zone);
        return MUSTER_OK;
    }
    mu_zone_release(*act->zone);
    *act->zone = zone;
    return MUSTER_OK;
}

muster_status mu_act_set(mu_act *act, muster_error *err)
{
    const mu_ast_statement *statement = act->statement;
    bool on = true;

    if (strcasecmp(statement->name.text, "time_zone") == 0 ||
        strcasecmp(statement->name.text, "timezone") == 0) {
        return set_zone(act, err);
    }
    if (strcasecmp(statement->name.text, "synchronous") != 0) {
        return mu_fail_at(err, MUSTER_INVALID, statement->name.offset,
                          "there is no setting \"%s\"; there are synchronous and time_zone",
                          statement->name.text);
    }
    MU_TRY(read_switch(&statement->path, &on, err));
    if (act->running) {
        mu_db_set_synchronous(act->db, on);
    }
    return MUSTER_OK;
}
