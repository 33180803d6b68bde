/*
 * op_funnel_customers.c - the relation `funnel_customers`: a row for each customer who did step 1.
 */
#include "query/op.h"

#include "query/funnel.h"
#include "storage/base/mem.h"

/* Columns after the breakdown column, if there is one. */
enum {
    CUSTOMER,
    DEPTH,
    STILL_OPEN,
    STARTED,
    LAST_STEP,
    COLUMN_COUNT
};

typedef struct funnel_op {
    mu_op op; /* first, so that a mu_op * is a funnel_op * */
    mu_funnel *funnel;
    const mu_events *events; /* of the stripe */
    uint32_t next_customer;  /* among them */
    mu_batch batch;
    uint64_t live[MU_BATCH_WORDS];
    mu_vector columns[1 + COLUMN_COUNT];
    uint32_t ordinals[MU_BATCH_ROWS];
    int64_t depths[MU_BATCH_ROWS];
    uint64_t open[MU_BATCH_WORDS];
    int64_t started[MU_BATCH_ROWS];
    int64_t last[MU_BATCH_ROWS];
    uint64_t by_valid[MU_BATCH_WORDS];
    uint64_t by_bits[MU_BATCH_WORDS];
    uint32_t by_codes[MU_BATCH_ROWS];
    int64_t by_words[MU_BATCH_ROWS]; /* i64 or the bits of a double */
} funnel_op;

static void funnel_close(mu_op *op)
{
    funnel_op *f = (funnel_op *)op;

    mu_funnel_close(f->funnel);
    mu_mem_free(f);
}

static muster_status funnel_start(mu_op *op, uint32_t unit, muster_error *err)
{
    funnel_op *f = (funnel_op *)op;

    f->next_customer = 0;
    return mu_funnel_start(f->funnel, unit, &f->events, err);
}

static void put_by(funnel_op *f, uint32_t row, int64_t by)
{
    if (by == MU_GATHER_NULL) {
        f->by_codes[row] = 0;
        return;
    }
    mu_bits_set(f->by_valid, row);
    f->by_codes[row] = (uint32_t)by;
    f->by_words[row] = by;
    if (by != 0) {
        mu_bits_set(f->by_bits, row);
    }
}

static void put(funnel_op *f, uint32_t row, uint32_t customer, const mu_chain *chain)
{
    f->ordinals[row] = f->events->first_ordinal + f->events->customers[customer];
    f->depths[row] = chain->depth;
    f->started[row] = chain->start_us;
    f->last[row] = chain->last_us;
    if (chain->still_open) {
        mu_bits_set(f->open, row);
    }
    if (f->op.plan->funnel->by) {
        put_by(f, row, chain->by);
    }
}

/* What the breakdown column points to, which depends on its type. */
static const void *by_data(const funnel_op *f, mu_type type)
{
    switch (mu_type_form(type)) {
    case MU_FORM_BITS:
        return f->by_bits;
    case MU_FORM_CODE:
    case MU_FORM_ORDINAL:
        return f->by_codes;
    case MU_FORM_I64:
    case MU_FORM_F64:
        return f->by_words;
    }
    assert(false && "a form that is not in the list");
    return NULL;
}

static muster_status funnel_next(mu_op *op, mu_batch **batch, muster_error *err)
{
    funnel_op *f = (funnel_op *)op;
    uint32_t rows = 0;
    mu_chain chain;

    MU_TRY(mu_exec_check(op->exec, err));
    memset(f->open, 0, sizeof f->open);
    memset(f->by_valid, 0, sizeof f->by_valid);
    memset(f->by_bits, 0, sizeof f->by_bits);
    while (rows < MU_BATCH_ROWS && f->next_customer < f->events->customer_count) {
        const uint32_t customer = f->next_customer++;
        MU_TRY(mu_funnel_chain(f->funnel, customer, &chain, err));
        if (chain.depth > 0) {
            put(f, rows++, customer, &chain);
        }
    }
    if (op->plan->funnel->by && mu_type_form(f->columns[0].type) == MU_FORM_CODE) {
        f->columns[0].dict = mu_event_dict(mu_funnel_reader(f->funnel), 0);
    }
    mu_bits_fill(f->live, rows, MU_BATCH_WORDS);
    f->batch.rows = rows;
    *batch = &f->batch;
    return MUSTER_OK;
}

static const mu_op_class funnel_class = {"funnel_customers", funnel_start, funnel_next,
                                         funnel_close};

muster_status mu_op_funnel_customers_open(mu_exec *exec, const mu_plan *plan, mu_op **out,
                                          muster_error *err)
{
    const uint32_t before = plan->funnel->by ? 1 : 0;
    funnel_op *f = mu_mem_zalloc(sizeof *f);

    if (!f) {
        return mu_fail_memory(err, "running a funnel");
    }
    f->op = (mu_op){.class = &funnel_class, .exec = exec, .plan = plan};
    f->op.unit_count = mu_exec_stripes(exec, plan);
    f->op.stripe_count = f->op.unit_count;
    assert(plan->column_count == before + COLUMN_COUNT);
    const void *const data[COLUMN_COUNT] = {f->ordinals, f->depths, f->open, f->started, f->last};
    for (uint32_t c = 0; c < COLUMN_COUNT; c++) {
        f->columns[before + c] =
            (mu_vector){.type = plan->columns[before + c].type, .data = data[c]};
    }
    if (plan->funnel->by) {
        const mu_type type = plan->columns[0].type;
        f->columns[0] = (mu_vector){.type = type, .data = by_data(f, type), .valid = f->by_valid};
    }
    f->batch =
        (mu_batch){.column_count = plan->column_count, .live = f->live, .columns = f->columns};
    const muster_status status = mu_funnel_open(exec, plan->funnel, &f->funnel, err);
    if (status != MUSTER_OK) {
        funnel_close(&f->op);
        return status;
    }
    *out = &f->op;
    return MUSTER_OK;
}
