/*
 * views.c - binding a view where its name is used, and the relation `views`.
 *
 * A view is kept as the words after CREATE VIEW, and parsed anew at each use. It sees tables and
 * other views, and no queries of a WITH around. A view that is being defined cannot be used, so
 * none can come to read itself, however many others are between.
 */
#include "sql/views.h"

#include "sql/parse.h"

/* Binds the query of the view, whose text takes the place of the statement's for the moment. */
static muster_status bind_text(mu_binder *binder, const mu_view *view, mu_relation *out,
                               muster_error *err)
{
    mu_ast_statement *statement;
    const char *text = mu_arena_printf(binder->scope.arena, "CREATE VIEW %s", view->definition);

    if (!text) {
        return mu_fail_memory(err, "reading a view");
    }
    MU_TRY(mu_parse(binder->scope.arena, text, NULL, &statement, err));
    if (!statement || statement->kind != MU_AST_CREATE_VIEW) {
        return mu_fail(err, MUSTER_CORRUPT, "its definition is no query");
    }
    binder->text = text;
    MU_TRY(mu_bind_query(binder, statement->query, out, err));
    out->name = view->name;
    return mu_bind_rename(binder, &statement->names, out, err);
}

/* Says which view it was in. Of very many, one inside the other, the outer ones are not named, lest
 * the reason be cut off. */
static void name_view(const mu_view *view, int32_t offset, muster_error *err)
{
    if (!err) {
        return;
    }
    if (strlen(err->message) + strlen(view->name) + sizeof "view \"\": " <= sizeof err->message) {
        mu_where(err, "view \"%s\"", view->name);
    }
    err->offset = offset;
}

muster_status mu_bind_view(mu_binder *binder, mu_ast_name name, mu_relation *out, bool *found,
                           muster_error *err)
{
    const mu_view *view = mu_catalog_find_view(binder->catalog, name.text);
    const mu_common_scope *common = binder->common;
    const int32_t *place = binder->scope.place;
    const char *text = binder->text;

    *found = view != NULL;
    if (!view) {
        return MUSTER_OK;
    }
    if (binder->defined && mu_name_equal(binder->defined, name.text)) {
        return mu_fail_at(err, MUSTER_INVALID, name.offset,
                          "view \"%s\" cannot be part of its own query", name.text);
    }
    MU_TRY(mu_bind_enter(binder, name.offset, err));
    binder->common = NULL;
    binder->scope.place = place ? place : &name.offset;
    const muster_status status = bind_text(binder, view, out, err);
    binder->scope.place = place;
    binder->common = common;
    binder->text = text;
    if (status != MUSTER_OK) {
        name_view(view, name.offset, err);
        return status;
    }
    mu_bind_leave(binder);
    return MUSTER_OK;
}

muster_status mu_views_relation(mu_binder *binder, const mu_plan **out, muster_error *err)
{
    static const mu_plan_column columns[] = {
        {"name", {.kind = MU_TEXT}},
        {"definition", {.kind = MU_TEXT}},
    };
    const mu_catalog *catalog = binder->catalog;
    mu_value *values;

    MU_ARENA_TRY(values, binder->scope.arena, (size_t)catalog->view_count * MU_COUNT(columns), err);
    for (uint32_t i = 0; i < catalog->view_count; i++) {
        mu_value *row = &values[i * MU_COUNT(columns)];
        const char *words =
            mu_arena_printf(binder->scope.arena, "CREATE VIEW %s", catalog->views[i].definition);
        if (!words) {
            return mu_fail_memory(err, "listing views");
        }
        row[0] = (mu_value){.type = columns[0].type, .text = mu_bind_text(catalog->views[i].name)};
        row[1] = (mu_value){.type = columns[1].type, .text = mu_bind_text(words)};
    }
    return mu_plan_values(&binder->scope, columns, MU_COUNT(columns), values, catalog->view_count,
                          out, err);
}
