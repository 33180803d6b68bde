/*
 * act_keep.c - statements about how the database is kept: CHECKPOINT, COMPACT, SET, RESET.
 */
#include "sql/act.h"
#include "sql/settings.h"

#include "storage/db.h"

muster_status mu_act_checkpoint(mu_act *act, muster_error *err)
{
    return act->running ? mu_db_checkpoint(act->db, err) : MUSTER_OK;
}

muster_status mu_act_compact(mu_act *act, muster_error *err)
{
    return act->running ? mu_db_compact(act->db, act->cancel, err) : MUSTER_OK;
}

muster_status mu_act_set(mu_act *act, muster_error *err)
{
    const mu_setting *setting;

    const mu_ast_expr *parameter = act->statement->value;
    mu_ast_name value = act->statement->path;

    MU_TRY(mu_setting_find(act->statement->name, &setting, err));
    if (parameter) {
        MU_TRY(mu_bind_parameter_text(act->binder, parameter, &value.text, err));
        value.offset = parameter->offset;
    }
    return value.text ? setting->set(act->connection, &value, act->running, err) : MUSTER_OK;
}

muster_status mu_act_reset(mu_act *act, muster_error *err)
{
    const mu_setting *setting;

    if (!mu_name_equal(act->statement->name.text, "all")) {
        MU_TRY(mu_setting_find(act->statement->name, &setting, err));
        return setting->set(act->connection, NULL, act->running, err);
    }
    for (uint32_t i = 0; (setting = mu_setting_at(i)) != NULL; i++) {
        MU_TRY(setting->set(act->connection, NULL, act->running, err));
    }
    return MUSTER_OK;
}
