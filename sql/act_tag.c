/*
 * act_tag.c - CREATE, REFRESH and DROP of tags and audiences.
 *
 * Both are made by a query, which is kept as it was written and run again by REFRESH: over the
 * tables as they are then, now() being the time of the refresh. A tag becomes what the query gives;
 * an audience gets a version more.
 */
#include "sql/act.h"

#include "sql/parse.h"

#include <string.h>

/* What a statement makes, and of what. */
typedef struct making {
    mu_tag_kind kind;
    mu_ast_name name;
    const char *text;           /* that the query is part of */
    const mu_ast_select *query; /* its definition */
} making;

/* The customers of a query, with the values they are to bear. */
typedef struct collection {
    mu_tag_builder *builder;
    bool valued;
    uint64_t rows;
} collection;

/* Nobody bears no tag, and neither does who has NULL for a value. */
static muster_status take_batch(void *context, const mu_batch *batch, muster_error *err)
{
    collection *c = context;

    MU_FOR_EACH_LIVE(row, batch) {
        const mu_value customer = mu_batch_value(batch, 0, row);
        mu_value value = {.text = {"", 0}};

        if (c->valued) {
            value = mu_batch_value(batch, 1, row);
        }
        if (customer.null || customer.ordinal == MU_NO_CUSTOMER || value.null) {
            continue;
        }
        if (!mu_tag_builder_add(c->builder, value.text, customer.ordinal)) {
            return mu_fail_memory(err, "collecting the customers of a query");
        }
        c->rows++;
    }
    return MUSTER_OK;
}

static muster_status check_columns(const making *m, const mu_relation *relation, muster_error *err)
{
    const bool tag = m->kind == MU_TAG;
    char type[32];

    if (relation->column_count > (tag ? 2 : 1)) {
        return mu_fail_at(err, MUSTER_INVALID, m->query->start,
                          tag ? "the query of a tag gives %u columns; a tag takes customers and, "
                                "if you like, a value for each"
                              : "the query of an audience gives %u columns; an audience takes "
                                "customers alone",
                          relation->column_count);
    }
    if (relation->plan->columns[0].type.kind != MU_CUSTOMER) {
        return mu_fail_at(err, MUSTER_INVALID, m->query->start,
                          "the first column of %s query is customers; \"%s\" is %s",
                          tag ? "a tag's" : "an audience's", relation->plan->columns[0].name,
                          mu_type_name(relation->plan->columns[0].type, type));
    }
    return MUSTER_OK;
}

/* The definition: customers, and values as text. */
static muster_status bind_definition(const mu_act *act, const making *m, const mu_plan **out,
                                     bool *valued, muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    const char *const names[] = {"customer", "value"};
    const int32_t start = m->query->start;
    const mu_expr **exprs;
    mu_relation relation;

    *out = NULL;
    MU_TRY(mu_bind_query(act->binder, m->query, &relation, err));
    MU_TRY(check_columns(m, &relation, err));
    *valued = relation.column_count == 2;
    if (relation.set) {
        MU_TRY(mu_bind_set_members(act->binder, relation.set, names[0], &relation.plan, err));
    }
    MU_ARENA_TRY(exprs, scope->arena, relation.column_count, err);
    for (uint32_t i = 0; i < relation.column_count; i++) {
        MU_TRY(mu_expr_column(scope, i, relation.plan->columns[i].type, start, &exprs[i], err));
    }
    if (*valued) {
        MU_TRY(mu_expr_cast(scope, exprs[1], (mu_type){.kind = MU_TEXT}, false, start, &exprs[1],
                            err));
    }
    return mu_plan_project(scope, relation.plan, exprs, names, relation.column_count, out, err);
}

static muster_status put_result(const mu_act *act, const making *m, const mu_tag_builder *builder,
                                muster_error *err)
{
    const mu_text name = mu_bind_text(m->name.text);
    const mu_text definition = {m->text + m->query->start,
                                (uint32_t)(m->query->end - m->query->start)};

    return m->kind == MU_TAG ? mu_change_put_tag(act->change, name, definition, builder, err)
                             : mu_change_put_audience(act->change, name, definition, builder, err);
}

static muster_status make(mu_act *act, const making *m, muster_error *err)
{
    collection c = {0};
    const mu_plan *plan;
    muster_status status;

    MU_TRY(bind_definition(act, m, &plan, &c.valued, err));
    act->reads = plan;
    if (!act->running) {
        return MUSTER_OK;
    }
    c.builder = mu_tag_builder_new();
    if (!c.builder) {
        return mu_fail_memory(err, "collecting the customers of a query");
    }
    MU_TRY_GOTO(mu_act_each_batch(act, plan, take_batch, &c, err));
    MU_TRY_GOTO(put_result(act, m, c.builder, err));
    act->rows = c.rows;

fail:
    mu_tag_builder_free(c.builder);
    return status;
}

/* CREATE. */

static muster_status create(mu_act *act, mu_tag_kind kind, bool there, muster_error *err)
{
    const mu_ast_statement *statement = act->statement;
    const making m = {kind, statement->name, act->binder->text, statement->query};

    if (there && statement->if_exists) {
        return MUSTER_OK;
    }
    if (there && !statement->replaces) {
        return mu_fail_at(err, MUSTER_INVALID, m.name.offset,
                          kind == MU_TAG
                              ? "there is a tag \"%s\" already; CREATE OR REPLACE TAG replaces it, "
                                "REFRESH TAG runs its query again"
                              : "there is an audience \"%s\" already; CREATE OR REPLACE AUDIENCE "
                                "gives it another query, REFRESH AUDIENCE runs its own again",
                          m.name.text);
    }
    return make(act, &m, err);
}

muster_status mu_act_create_tag(mu_act *act, muster_error *err)
{
    const mu_tags *tags = mu_snapshot_tags(act->binder->scope.snapshot);
    const mu_text name = mu_bind_text(act->statement->name.text);

    return create(act, MU_TAG, mu_tags_find(tags, name) != NULL, err);
}

muster_status mu_act_create_audience(mu_act *act, muster_error *err)
{
    const mu_tags *tags = mu_snapshot_tags(act->binder->scope.snapshot);
    uint32_t ignored;
    const uint32_t versions =
        mu_audiences_find(tags, mu_bind_text(act->statement->name.text), &ignored);

    return create(act, MU_AUDIENCE, versions > 0, err);
}

/* REFRESH. */

/* The definition as a statement of its own, whose text takes the place of this one's for the
 * moment. */
static muster_status make_again(mu_act *act, const mu_tag *tag, const char *text, muster_error *err)
{
    mu_binder *binder = act->binder;
    const char *own = binder->text;
    mu_ast_statement *statement;

    MU_TRY(mu_parse(binder->scope.arena, text, NULL, &statement, err));
    if (!statement || statement->kind != MU_AST_SELECT) {
        return mu_fail(err, MUSTER_CORRUPT, "its definition is no query");
    }
    const making m = {tag->kind, act->statement->name, text, statement->query};
    binder->text = text;
    const muster_status status = make(act, &m, err);
    binder->text = own;
    return status;
}

static muster_status refresh(mu_act *act, const mu_tag *tag, muster_error *err)
{
    const mu_ast_name name = act->statement->name;
    const char *what = tag->kind == MU_TAG ? "tag" : "audience";
    const char *text =
        mu_arena_text(act->binder->scope.arena, tag->definition.data, tag->definition.size);

    if (!text) {
        return mu_fail_memory(err, "refreshing");
    }
    const muster_status status = make_again(act, tag, text, err);
    if (status != MUSTER_OK && err) {
        mu_where(err, "%s \"%s\" cannot be refreshed", what, name.text);
        err->offset = name.offset; /* what the error is about is not in this statement */
    }
    return status;
}

muster_status mu_act_refresh_tag(mu_act *act, muster_error *err)
{
    const mu_ast_name name = act->statement->name;
    const mu_tag *tag;

    MU_TRY(mu_set_find_tag(&act->binder->scope, mu_bind_text(name.text), name.offset, &tag, err));
    if (tag->definition.size == 0) {
        return mu_fail_at(err, MUSTER_INVALID, name.offset,
                          "tag \"%s\" was loaded, and has no query to run again; CREATE OR REPLACE "
                          "TAG \"%s\" AS SELECT ... gives it one",
                          name.text, name.text);
    }
    return refresh(act, tag, err);
}

muster_status mu_act_refresh_audience(mu_act *act, muster_error *err)
{
    const mu_ast_name name = act->statement->name;
    const mu_tag *audience;

    MU_TRY(mu_set_find_audience(&act->binder->scope, mu_bind_text(name.text), 0, name.offset,
                                &audience, err));
    return refresh(act, audience, err);
}

/* DROP. */

muster_status mu_act_drop_tag(mu_act *act, muster_error *err)
{
    const mu_ast_name name = act->statement->name;
    const mu_text text = mu_bind_text(name.text);
    const mu_tag *tag = mu_tags_find(mu_snapshot_tags(act->binder->scope.snapshot), text);

    if (!tag && act->statement->if_exists) {
        return MUSTER_OK;
    }
    MU_TRY(mu_set_find_tag(&act->binder->scope, text, name.offset, &tag, err));
    return act->running ? mu_change_drop_tag(act->change, text, err) : MUSTER_OK;
}

/* The version that is to go, as a number; 0: all of them. */
static muster_status bind_version(const mu_act *act, uint32_t *version, muster_error *err)
{
    const mu_ast_expr *given = act->statement->version;
    uint64_t number = 0;

    if (given) {
        MU_TRY(mu_bind_count_of(act->binder, given, "VERSION", 1, UINT32_MAX, &number, err));
    }
    *version = (uint32_t)number;
    return MUSTER_OK;
}

muster_status mu_act_drop_audience(mu_act *act, muster_error *err)
{
    const mu_ast_statement *statement = act->statement;
    const bool unknown = act->binder->scope.sketch; /* then nothing is given yet */
    const mu_ast_expr *given = unknown ? NULL : statement->version;
    const mu_scope *scope = &act->binder->scope;
    const mu_text name = mu_bind_text(statement->name.text);
    muster_error *const told = statement->if_exists ? NULL : err; /* that it is not there */
    const mu_tag *latest, *audience = NULL; /* the version that is given, if one is */
    uint32_t version;

    MU_TRY(bind_version(act, &version, err));
    muster_status status =
        mu_set_find_audience(scope, name, 0, statement->name.offset, &latest, told);
    if (status == MUSTER_OK && given) {
        status = mu_set_find_audience(scope, name, version, given->offset, &audience, told);
    }
    if (status == MUSTER_INVALID && statement->if_exists) {
        return MUSTER_OK;
    }
    MU_TRY(status);
    if (audience == latest) {
        return mu_fail_at(err, MUSTER_INVALID, given->offset,
                          "version %u is the latest of audience \"%s\", and stays as long as the "
                          "audience does; DROP AUDIENCE \"%s\" removes all of it",
                          version, statement->name.text, statement->name.text);
    }
    return act->running ? mu_change_drop_audience(act->change, name, version, err) : MUSTER_OK;
}
