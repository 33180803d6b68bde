/*
 * act_view.c - CREATE VIEW and DROP VIEW. The query is bound once, to see that it can be; what is
 * kept is its text.
 */
#include "sql/act.h"

/* Fails where the name is taken; *skip: it is, and IF NOT EXISTS was said. */
static muster_status check_free(const mu_act *act, bool *skip, muster_error *err)
{
    const mu_catalog *catalog = act->binder->catalog;
    const mu_ast_statement *s = act->statement;
    const bool there = mu_catalog_find_view(catalog, s->name.text) != NULL;
    muster_status status = MUSTER_OK;

    *skip = there && s->if_exists;
    if (there && !s->if_exists && !s->replaces) {
        return mu_fail_at(err, MUSTER_INVALID, s->name.offset,
                          "there is a view \"%s\" already; CREATE OR REPLACE VIEW gives it another "
                          "query",
                          s->name.text);
    }
    if (!there) {
        status = mu_table_check_name(catalog, s->name.text, err);
    }
    if (status == MUSTER_INVALID && err) {
        err->offset = s->name.offset;
    }
    return status;
}

/* No two columns have the same name, and there are no more than a table may have. */
static muster_status check_columns(const mu_act *act, const mu_relation *query, muster_error *err)
{
    const mu_plan_column *columns = query->plan->columns;

    if (query->column_count > MU_MAX_COLUMNS) {
        return mu_fail_at(err, MUSTER_INVALID, act->statement->name.offset,
                          "view \"%s\" has %u columns; at most %d are possible",
                          act->statement->name.text, query->column_count, MU_MAX_COLUMNS);
    }
    for (uint32_t i = 0; i < query->column_count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (mu_name_equal(columns[i].name, columns[j].name)) {
                return mu_fail_at(err, MUSTER_INVALID, act->statement->query->start,
                                  "two columns are named \"%s\"; AS gives them other names",
                                  columns[i].name);
            }
        }
    }
    return MUSTER_OK;
}

muster_status mu_act_create_view(mu_act *act, muster_error *err)
{
    const mu_ast_statement *s = act->statement;
    mu_binder *binder = act->binder;
    mu_relation query;
    bool skip;

    MU_TRY(check_free(act, &skip, err));
    if (skip) {
        return MUSTER_OK;
    }
    binder->defined = s->name.text;
    MU_TRY(mu_bind_query(binder, s->query, &query, err));
    MU_TRY(mu_bind_rename(binder, &s->names, &query, err));
    binder->defined = NULL;
    MU_TRY(check_columns(act, &query, err));
    const char *definition = mu_arena_text(binder->scope.arena, binder->text + s->name.offset,
                                           (size_t)(s->query->end - s->name.offset));
    if (!definition) {
        return mu_fail_memory(err, "creating a view");
    }
    return act->running ? mu_change_put_view(act->change, s->name.text, definition, err)
                        : MUSTER_OK;
}

static muster_status drop_view(mu_act *act, mu_ast_name name, muster_error *err)
{
    const mu_catalog *catalog = act->binder->catalog;
    mu_nearest nearest = mu_nearest_of(mu_bind_text(name.text));
    char advice[160];

    if (mu_catalog_find_view(catalog, name.text)) {
        return act->running ? mu_change_drop_view(act->change, name.text, err) : MUSTER_OK;
    }
    if (mu_catalog_find(catalog, name.text)) {
        return mu_fail_at(err, MUSTER_INVALID, name.offset,
                          "\"%s\" is a table; DROP TABLE removes it", name.text);
    }
    if (act->statement->if_exists) {
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < catalog->view_count; i++) {
        mu_nearest_try(&nearest, mu_bind_text(catalog->views[i].name));
    }
    return mu_fail_at(err, MUSTER_INVALID, name.offset, "no view \"%s\"%s", name.text,
                      mu_bind_advice(&nearest, "; SHOW TABLES lists those that there are", advice,
                                     sizeof advice));
}

muster_status mu_act_drop_view(mu_act *act, muster_error *err)
{
    for (uint32_t i = 0; i < act->statement->names.count; i++) {
        MU_TRY(drop_view(act, act->statement->names.data[i], err));
    }
    return MUSTER_OK;
}
