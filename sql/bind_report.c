/*
 * bind_report.c - reports as queries over the rows of a behaviour.
 *
 * What a report counts, sums and puts in order is said in SQL, over a relation of rows for each
 * customer (query/behaviour.h). The text is the program's own, and has no errors in it: what fails
 * while it is bound or run, such as a sum that overflows, is said of the call.
 */
#include "sql/bind_behaviour.h"

#include "sql/parse.h"

static muster_status bind_text(mu_binder *binder, const char *sql, const mu_plan **out,
                               muster_error *err)
{
    mu_ast_statement *statement;
    mu_relation relation;

    MU_TRY(mu_parse(binder->scope.arena, sql, NULL, &statement, err));
    assert(statement && statement->kind == MU_AST_SELECT);
    MU_TRY(mu_bind_query(binder, statement->query, &relation, err));
    *out = relation.plan;
    return MUSTER_OK;
}

muster_status mu_bind_report(const mu_behaviour_call *call, const char *sql, const mu_plan *it,
                             const mu_plan **out, muster_error *err)
{
    mu_binder *binder = call->binder;
    const mu_binder saved = *binder;
    mu_relation given;

    mu_bind_relation_of(it, &given);
    given.name = "it";
    binder->it = &given;
    binder->text = sql;
    binder->common = NULL;
    binder->parameters = (mu_parameters){0};
    binder->scope.place = saved.scope.place ? saved.scope.place : &call->offset;
    const muster_status status = bind_text(binder, sql, out, err);
    binder->it = saved.it;
    binder->text = saved.text;
    binder->common = saved.common;
    binder->parameters = saved.parameters;
    binder->scope.place = saved.scope.place;
    if (status != MUSTER_OK && err) {
        err->offset = call->offset;
    }
    return status;
}
