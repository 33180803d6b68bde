/*
 * act_backup.c - BACKUP TO 'directory': the last committed state as a database of its own.
 */
#include "sql/act.h"

#include <inttypes.h>

muster_status mu_act_backup(mu_act *act, muster_error *err)
{
    const mu_ast_name path = act->statement->path;
    mu_backup_info info;

    if (!act->running) {
        return MUSTER_OK;
    }
    const muster_status status = mu_db_backup(act->db, path.text, &info, err);
    if (status == MUSTER_INVALID && err && err->offset < 0) {
        err->offset = path.offset;
    }
    MU_TRY(status);
    return mu_act_note(act, "%" PRIu64 " files, %" PRIu64 " bytes", info.files, info.bytes) ==
                   MUSTER_OK
               ? MUSTER_OK
               : mu_fail_memory(err, "telling what was written");
}
