/*
 * act_tag.c - CREATE TAG name AS SELECT customer [, value], DROP TAG.
 */
#include "sql/act.h"

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
            return mu_fail_memory(err, "collecting the customers of a tag");
        }
        c->rows++;
    }
    return MUSTER_OK;
}

/* The query of a tag: customers, and values as text. */
static muster_status bind_tag(const mu_act *act, const mu_plan **out, bool *valued,
                              muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    const mu_ast_select *query = act->statement->query;
    const char *const names[] = {"customer", "value"};
    const mu_expr **exprs;
    mu_relation relation;
    char type[32];

    *out = NULL;
    MU_TRY(mu_bind_query(act->binder, query, &relation, err));
    if (relation.column_count > 2) {
        return mu_fail_at(err, MUSTER_INVALID, query->start,
                          "the query of a tag gives %u columns; a tag takes customers and, if you "
                          "like, a value for each",
                          relation.column_count);
    }
    if (relation.plan->columns[0].type.kind != MU_CUSTOMER) {
        return mu_fail_at(err, MUSTER_INVALID, query->start,
                          "the first column of a tag's query is customers; \"%s\" is %s",
                          relation.plan->columns[0].name,
                          mu_type_name(relation.plan->columns[0].type, type));
    }
    *valued = relation.column_count == 2;
    MU_ARENA_TRY(exprs, scope->arena, relation.column_count, err);
    for (uint32_t i = 0; i < relation.column_count; i++) {
        MU_TRY(
            mu_expr_column(scope, i, relation.plan->columns[i].type, query->start, &exprs[i], err));
    }
    if (*valued) {
        MU_TRY(mu_expr_cast(scope, exprs[1], (mu_type){.kind = MU_TEXT}, false, query->start,
                            &exprs[1], err));
    }
    return mu_plan_project(scope, relation.plan, exprs, names, relation.column_count, out, err);
}

muster_status mu_act_create_tag(mu_act *act, muster_error *err)
{
    const mu_ast_name name = act->statement->name;
    const mu_text text = mu_bind_text(name.text);
    collection c = {0};
    const mu_plan *plan;
    muster_status status;

    if (mu_tags_find(mu_snapshot_tags(act->binder->scope.snapshot), text)) {
        return mu_fail_at(err, MUSTER_INVALID, name.offset,
                          "there is a tag \"%s\" already; DROP TAG removes it", name.text);
    }
    MU_TRY(bind_tag(act, &plan, &c.valued, err));
    if (!act->running) {
        return MUSTER_OK;
    }
    c.builder = mu_tag_builder_new();
    if (!c.builder) {
        return mu_fail_memory(err, "collecting the customers of a tag");
    }
    MU_TRY_GOTO(mu_act_each_batch(act, plan, take_batch, &c, err));
    MU_TRY_GOTO(mu_change_put_tag(act->change, text, c.builder, err));
    act->rows = c.rows;

fail:
    mu_tag_builder_free(c.builder);
    return status;
}

muster_status mu_act_drop_tag(mu_act *act, muster_error *err)
{
    const mu_ast_name name = act->statement->name;
    const mu_tags *tags = mu_snapshot_tags(act->binder->scope.snapshot);
    const bool there = mu_tags_find(tags, mu_bind_text(name.text)) != NULL;
    const mu_set *ignored;

    if (!there && act->statement->if_exists) {
        return MUSTER_OK;
    }
    if (!there) { /* a set of it is asked for, because that words the error */
        return mu_set_tag(&act->binder->scope, mu_bind_text(name.text), NULL, 0, name.offset,
                          &ignored, err);
    }
    return act->running ? mu_change_drop_tag(act->change, mu_bind_text(name.text), err) : MUSTER_OK;
}
