/*
 * op_probe.c - stands before an operator, and measures it: what happens behind it is entered in the
 * node's meter, and the rows that come out are counted.
 */
#include "query/op.h"

#include "query/meter.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"

typedef struct probe_op {
    mu_op op; /* first, so that a mu_op * is a probe_op *; its input is what it measures */
    mu_meter *meter;
    bool counts; /* rows that were kept are counted already */
} probe_op;

static void probe_close(mu_op *op)
{
    probe_op *p = (probe_op *)op;
    const mu_meter_before before = mu_meter_enter(p->meter);

    mu_op_close(op->input);
    mu_meter_leave(before);
    mu_mem_free(p);
}

static muster_status probe_start(mu_op *op, uint32_t unit, muster_error *err)
{
    const probe_op *p = (probe_op *)op;
    const mu_meter_before before = mu_meter_enter(p->meter);

    if (p->counts) {
        atomic_fetch_add_explicit(&p->meter->units, 1, memory_order_relaxed);
    }
    const muster_status status = mu_op_start(op->input, unit, err);
    mu_meter_leave(before);
    return status;
}

static muster_status probe_next(mu_op *op, mu_batch **batch, muster_error *err)
{
    const probe_op *p = (probe_op *)op;
    const mu_meter_before before = mu_meter_enter(p->meter);
    const muster_status status = mu_op_next(op->input, batch, err);

    if (status == MUSTER_OK && p->counts && (*batch)->rows > 0) {
        const size_t words = mu_bits_words((*batch)->rows);
        atomic_fetch_add_explicit(&p->meter->rows, mu_k()->count_bits((*batch)->live, words),
                                  memory_order_relaxed);
    }
    mu_meter_leave(before);
    return status;
}

static const mu_op_class probe_class = {"probe", probe_start, probe_next, probe_close};

mu_op *mu_op_behind(mu_op *op)
{
    return op->class == &probe_class ? op->input : op;
}

muster_status mu_op_probe_open(mu_exec *exec, const mu_plan *plan, mu_opener *opener, mu_op **out,
                               muster_error *err)
{
    mu_meter *meter = mu_exec_meter(exec, plan);
    probe_op *p = mu_mem_zalloc(sizeof *p);

    if (!p) {
        return mu_fail_memory(err, "measuring a query");
    }
    p->op = (mu_op){.class = &probe_class, .exec = exec, .plan = plan};
    p->meter = meter;
    p->counts = !mu_exec_has_rowset(exec, plan);
    const mu_meter_before before = mu_meter_enter(meter);
    const muster_status status = opener(exec, plan, &p->op.input, err);
    mu_meter_leave(before);
    if (status != MUSTER_OK) {
        mu_mem_free(p);
        return status;
    }
    p->op.unit_count = p->op.input->unit_count;
    p->op.stripe_count = p->op.input->stripe_count;
    if (p->counts) {
        atomic_store(&meter->all, p->op.unit_count);
    }
    *out = &p->op;
    return MUSTER_OK;
}
