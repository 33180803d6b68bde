/*
 * act_copy.c - COPY FROM: rows of a file into a table or into tags, and what is said of them.
 */
#include "sql/act.h"
#include "sql/options.h"

#include <inttypes.h>

muster_status mu_act_check_loadable(const mu_act *act, const mu_table *table, muster_error *err)
{
    if (table->id == MU_CUSTOMERS_TABLE && act->binder->catalog->customer_kind == MU_NULL) {
        return mu_fail_at(err, MUSTER_INVALID, act->statement->name.offset,
                          "it is not known yet whether ids of customers are TEXT or BIGINT; CREATE "
                          "TABLE with a CUSTOMER column says so");
    }
    return MUSTER_OK;
}

/* What was found out about the file, and what became of its rows. */
static muster_status note_result(mu_act *act, const mu_copy_result *result,
                                 const mu_copy_options *options, muster_error *err)
{
    const mu_load_conflicts *conflicts = &result->conflicts;
    muster_status status = MUSTER_OK;

    act->rows = result->rows_loaded - conflicts->left_out;
    if (result->summary[0]) {
        status = mu_act_note(act, "%s", result->summary);
    }
    if (status == MUSTER_OK && result->rows_rejected > 0) {
        status = mu_act_note(act, "%" PRIu64 " row%s rejected, see \"%s\"; the first: %s",
                             result->rows_rejected, result->rows_rejected == 1 ? "" : "s",
                             options->rejects_path, result->first_reject);
    } else if (status == MUSTER_OK && result->rows_loaded == 0) {
        status = mu_act_note(act, "there are no rows in the file; none were loaded");
    }
    if (status == MUSTER_OK && conflicts->replaced > 0) {
        status = mu_act_note(act, "%" PRIu64 " row%s took the place of %s of the same key",
                             conflicts->replaced, conflicts->replaced == 1 ? "" : "s",
                             conflicts->replaced == 1 ? "one" : "those");
    }
    if (status == MUSTER_OK && conflicts->left_out > 0) {
        status =
            mu_act_note(act, "%" PRIu64 " row%s left out, as the file has %s of the same key later",
                        conflicts->left_out, conflicts->left_out == 1 ? " was" : "s were",
                        conflicts->left_out == 1 ? "one" : "others");
    }
    return status == MUSTER_OK ? status : mu_fail_memory(err, "telling what was loaded");
}

static void share_out(const mu_act *act, mu_copy_options *options)
{
    options->csv.formats.zone = act->binder->scope.zone;
    options->load.pool = act->pool;
    options->load.cancel = act->cancel;
    options->load.progress = act->progress;
}

muster_status mu_act_load_file(mu_act *act, const mu_table *table, mu_copy_options *options,
                               muster_error *err)
{
    mu_copy_result result = {0};

    share_out(act, options);
    MU_TRY(mu_copy_from(act->change, table, act->statement->path.text, options, &result, err));
    return note_result(act, &result, options, err);
}

muster_status mu_act_copy_from(mu_act *act, muster_error *err)
{
    const mu_ast_statement *statement = act->statement;
    const bool tags = mu_name_equal(statement->name.text, "tags") &&
                      !mu_catalog_find(act->binder->catalog, statement->name.text);
    mu_copy_options options;
    const mu_table *table;
    mu_copy_result result = {0};

    MU_TRY(mu_options_load(act->binder, &statement->options, &options, err));
    if (!tags) {
        MU_TRY(mu_bind_table(act->binder, statement->name, &table, err));
        MU_TRY(mu_act_check_loadable(act, table, err));
        if (table->id == MU_CUSTOMERS_TABLE) {
            MU_TRY(mu_act_profile_table(act, NULL, &table, err));
        }
        options.load.conflict = MU_CONFLICT_REPLACE;
        return act->running ? mu_act_load_file(act, table, &options, err) : MUSTER_OK;
    }
    if (!act->running) {
        return MUSTER_OK;
    }
    share_out(act, &options);
    MU_TRY(mu_copy_tags(act->change, statement->path.text, &options, &result, err));
    return note_result(act, &result, &options, err);
}
