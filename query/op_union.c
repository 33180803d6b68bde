/*
 * op_union.c - the rows of one input, then those of the other.
 *
 * Where the units of both are stripes of customers, a unit is the same stripe of one after the
 * other, so that what is above still finds all rows of a customer in one unit. All other units
 * follow, the left input's first.
 */
#include "query/op.h"

#include "storage/base/mem.h"

typedef struct union_op {
    mu_op op; /* first, so that a mu_op * is a union_op *; its input is the left one */
    mu_op *right;
    uint32_t unit;
    bool in_right; /* the batches come from there */
} union_op;

static void union_close(mu_op *op)
{
    union_op *u = (union_op *)op;

    mu_op_close(op->input);
    mu_op_close(u->right);
    mu_mem_free(u);
}

static muster_status union_start(mu_op *op, uint32_t unit, muster_error *err)
{
    union_op *u = (union_op *)op;
    const uint32_t left_count = op->input->unit_count;

    u->unit = unit;
    u->in_right = unit >= left_count;
    return u->in_right ? mu_op_start(u->right, unit - left_count + op->stripe_count, err)
                       : mu_op_start(op->input, unit, err);
}

static muster_status union_next(mu_op *op, mu_batch **batch, muster_error *err)
{
    union_op *u = (union_op *)op;

    MU_TRY(mu_op_next(u->in_right ? u->right : op->input, batch, err));
    if ((*batch)->rows == 0 && !u->in_right && u->unit < op->stripe_count) {
        u->in_right = true;
        MU_TRY(mu_op_start(u->right, u->unit, err));
        return mu_op_next(u->right, batch, err);
    }
    return MUSTER_OK;
}

static const mu_op_class union_class = {"union", union_start, union_next, union_close};

muster_status mu_op_union_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err)
{
    muster_status status;
    union_op *u = mu_mem_zalloc(sizeof *u);

    if (!u) {
        return mu_fail_memory(err, "putting rows together");
    }
    u->op = (mu_op){.class = &union_class, .exec = exec, .plan = plan};
    MU_TRY_GOTO(mu_op_open(exec, plan->input, &u->op.input, err));
    MU_TRY_GOTO(mu_op_open(exec, plan->other, &u->right, err));
    u->op.stripe_count = mu_exec_stripes(exec, plan);
    u->op.unit_count = u->op.input->unit_count + u->right->unit_count - u->op.stripe_count;
    *out = &u->op;
    return MUSTER_OK;

fail:
    union_close(&u->op);
    return status;
}
