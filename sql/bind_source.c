/*
 * bind_source.c - what stands after FROM: a table, a query, a query of WITH by its name, a
 * behaviour, or a relation about what the database has.
 */
#include "sql/bind.h"

#include "query/foreign.h"
#include "sql/set_relations.h"
#include "sql/storage_relations.h"
#include "sql/views.h"
#include "storage/tag.h"

#include <stdio.h>

/* What the name is where it is no table. */
static const char *advise_table(const mu_binder *binder, const char *name, char *advice,
                                size_t size)
{
    const mu_tags *tags = mu_snapshot_tags(binder->scope.snapshot);
    uint32_t first;

    if (mu_tags_find(tags, mu_bind_text(name))) {
        (void)snprintf(advice, size, "; it is a tag: WHERE has_tag('%s')", name);
    } else if (mu_audiences_find(tags, mu_bind_text(name), &first) > 0) {
        (void)snprintf(advice, size, "; it is an audience: WHERE in_audience('%s')", name);
    } else {
        return mu_foreign_hint(MU_FOREIGN_NAME, name, advice, size);
    }
    return advice;
}

static muster_status fail_table(const mu_binder *binder, mu_ast_name name, muster_error *err)
{
    mu_nearest nearest = mu_nearest_of(mu_bind_text(name.text));
    char advice[200];

    if (*advise_table(binder, name.text, advice, sizeof advice)) {
        return mu_fail_at(err, MUSTER_INVALID, name.offset, "no table \"%s\"%s", name.text, advice);
    }

    for (uint32_t i = 0; i < binder->catalog->table_count; i++) {
        mu_nearest_try(&nearest, mu_bind_text(binder->catalog->tables[i].name));
    }
    for (uint32_t i = 0; i < binder->catalog->view_count; i++) {
        mu_nearest_try(&nearest, mu_bind_text(binder->catalog->views[i].name));
    }
    for (const mu_common_scope *scope = binder->common; scope; scope = scope->outer) {
        for (uint32_t i = 0; i < scope->visible; i++) {
            mu_nearest_try(&nearest, mu_bind_text(scope->commons->data[i].name.text));
        }
    }
    return mu_fail_at(err, MUSTER_INVALID, name.offset, "no table \"%s\"%s", name.text,
                      mu_bind_advice(&nearest, "; SHOW TABLES lists those that there are", advice,
                                     sizeof advice));
}

muster_status mu_bind_table(const mu_binder *binder, mu_ast_name name, const mu_table **out,
                            muster_error *err)
{
    *out = mu_catalog_find(binder->catalog, name.text);
    if (!*out && mu_catalog_find_view(binder->catalog, name.text)) {
        return mu_fail_at(
            err, MUSTER_INVALID, name.offset,
            "\"%s\" is a view, and has no rows of its own; it can stand where a query "
            "reads from",
            name.text);
    }
    return *out ? MUSTER_OK : fail_table(binder, name, err);
}

muster_status mu_bind_scan(const mu_binder *binder, const mu_table *table, mu_relation *out,
                           muster_error *err)
{
    *out = (mu_relation){.name = table->name,
                         .table = table,
                         .column_count = table->column_count,
                         .customer_column = table->customer_column,
                         .time_column = table->time_column};
    return mu_plan_scan(&binder->scope, table, &out->plan, err);
}

/* A query of WITH, bound anew at each of its uses. It sees those before it in its list. */
static muster_status bind_common(mu_binder *binder, const mu_ast_source *source, mu_relation *out,
                                 bool *found, muster_error *err)
{
    const mu_common_scope *here = binder->common;

    *found = false;
    for (const mu_common_scope *scope = here; scope; scope = scope->outer) {
        for (uint32_t i = scope->visible; i > 0; i--) {
            const mu_ast_common *common = &scope->commons->data[i - 1];
            if (!mu_name_equal(common->name.text, source->name.text)) {
                continue;
            }
            const mu_common_scope inside = {scope->commons, i - 1, scope->outer};
            binder->common = &inside;
            MU_TRY(mu_bind_query(binder, common->query, out, err));
            binder->common = here;
            out->name = common->name.text;
            *found = true;
            return mu_bind_rename(binder, &common->columns, out, err);
        }
    }
    return MUSTER_OK;
}

/* The column that `customer` means where no table says so: the first that holds customers. */
static uint32_t find_customers(const mu_plan *plan)
{
    for (uint32_t i = 0; i < plan->column_count; i++) {
        if (plan->columns[i].type.kind == MU_CUSTOMER) {
            return i;
        }
    }
    return MU_NO_COLUMN;
}

void mu_bind_relation_of(const mu_plan *plan, mu_relation *out)
{
    *out = (mu_relation){.plan = plan,
                         .column_count = plan->column_count,
                         .customer_column = find_customers(plan),
                         .time_column = MU_NO_COLUMN};
}

muster_status mu_bind_rename(mu_binder *binder, const mu_ast_names *names, mu_relation *relation,
                             muster_error *err)
{
    const mu_scope *scope = &binder->scope;
    const mu_plan *plan = relation->plan;
    const uint32_t count = relation->column_count;
    const mu_expr **exprs;
    const char **all;

    if (names->count == 0) {
        return MUSTER_OK;
    }
    if (names->count > count) {
        return mu_fail_at(err, MUSTER_INVALID, names->data[count].offset,
                          "there is no column to be named \"%s\": %s%s%s has %u",
                          names->data[count].text, relation->name ? "\"" : "",
                          relation->name ? relation->name : "the query", relation->name ? "\"" : "",
                          count);
    }
    MU_ARENA_TRY(exprs, scope->arena, count, err);
    MU_ARENA_TRY(all, scope->arena, count, err);
    for (uint32_t i = 0; i < count; i++) {
        all[i] = i < names->count ? names->data[i].text : plan->columns[i].name;
        MU_TRY(mu_expr_column(scope, i, plan->columns[i].type, -1, &exprs[i], err));
    }
    relation->table = NULL;
    return mu_plan_project(scope, plan, exprs, all, count, &relation->plan, err);
}

/* Where column `wanted` is among those listed. */
static uint32_t place_of(const uint32_t *columns, uint32_t count, uint32_t wanted)
{
    for (uint32_t i = 0; i < count; i++) {
        if (columns[i] == wanted) {
            return i;
        }
    }
    return MU_NO_COLUMN;
}

/* A join with an alias, by which alone its columns go: those of its "*". */
static muster_status bind_named_join(mu_binder *binder, const mu_ast_source *source,
                                     mu_relation *out, muster_error *err)
{
    const mu_scope *scope = &binder->scope;
    const mu_plan *plan;
    const mu_expr **exprs;
    const char **names;
    uint32_t *columns, count;
    mu_relation join;

    MU_TRY(mu_bind_source(binder, source, &join, err));
    MU_ARENA_TRY(columns, scope->arena, join.plan->column_count, err);
    MU_ARENA_TRY(exprs, scope->arena, join.plan->column_count, err);
    MU_ARENA_TRY(names, scope->arena, join.plan->column_count, err);
    MU_TRY(mu_bind_star(&join, (mu_ast_name){0}, columns, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        const mu_plan_column *column = &join.plan->columns[columns[i]];
        names[i] = column->name;
        MU_TRY(mu_expr_column(scope, columns[i], column->type, -1, &exprs[i], err));
    }
    MU_TRY(mu_plan_project(scope, join.plan, exprs, names, count, &plan, err));
    mu_bind_relation_of(plan, out);
    out->customer_column = place_of(columns, count, join.customer_column);
    out->time_column = place_of(columns, count, join.time_column);
    return MUSTER_OK;
}

muster_status mu_bind_own(mu_binder *binder, const char *name, const mu_plan **out,
                          muster_error *err)
{
    if (mu_name_equal(name, "views")) {
        return mu_views_relation(binder, out, err);
    }
    MU_TRY(mu_storage_relation(binder, name, out, err));
    return *out ? MUSTER_OK : mu_set_relation(binder, name, out, err);
}

muster_status mu_bind_source(mu_binder *binder, const mu_ast_source *source, mu_relation *out,
                             muster_error *err)
{
    bool found = false;

    if (source->join) {
        return mu_bind_join(binder, source, out, err);
    }
    if (source->left) {
        MU_TRY(bind_named_join(binder, source->left, out, err));
    } else if (source->query) {
        MU_TRY(mu_bind_query(binder, source->query, out, err));
    } else if (source->called) {
        const mu_plan *plan;
        MU_TRY(mu_bind_series(binder, source, &plan, err));
        if (plan) {
            mu_bind_relation_of(plan, out);
        } else {
            MU_TRY(mu_bind_behaviour(binder, source, out, err));
        }
        out->name = source->name.text;
    } else if (binder->it && mu_name_equal(source->name.text, binder->it->name)) {
        *out = *binder->it;
    } else {
        MU_TRY(bind_common(binder, source, out, &found, err));
        const mu_plan *plan = NULL;
        if (!found) {
            MU_TRY(mu_bind_own(binder, source->name.text, &plan, err));
        }
        if (!found && !plan) {
            MU_TRY(mu_bind_view(binder, source->name, out, &found, err));
        }
        if (plan) {
            mu_bind_relation_of(plan, out);
            out->name = source->name.text;
        } else if (!found) {
            const mu_table *table;
            MU_TRY(mu_bind_table(binder, source->name, &table, err));
            MU_TRY(mu_bind_scan(binder, table, out, err));
        }
    }
    if (source->alias.text) {
        out->name = source->alias.text;
    }
    if (out->name) {
        MU_TRY(mu_plan_call(&binder->scope, out->plan, out->name, &out->plan, err));
    }
    return mu_bind_rename(binder, &source->columns, out, err);
}
