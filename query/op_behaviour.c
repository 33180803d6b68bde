/*
 * op_behaviour.c - runs a behaviour: a stripe's events by customer, and its rows as batches.
 */
#include "query/behaviour.h"

#include "query/func.h"
#include "query/op.h"
#include "storage/base/mem.h"

#include <stdio.h>

enum {
    CHECKED = 1 << 12 /* customers, between two looks at whether the statement is to stop */
};

/* A column of a batch, in the form its type has. */
typedef struct out_column {
    mu_dict_builder labels; /* of a TEXT with labels */
    uint64_t valid[MU_BATCH_WORDS];
    union {
        uint64_t bits[MU_BATCH_WORDS];
        uint32_t codes[MU_BATCH_ROWS]; /* or ordinals */
        int64_t words[MU_BATCH_ROWS];  /* or the bits of doubles */
    };
} out_column;

typedef struct behaviour_op {
    mu_op op; /* first, so that a mu_op * is a behaviour_op * */
    mu_behaviour b;
    uint32_t next_customer; /* of the stripe */
    bool ended;             /* `stripe` was called */
    size_t taken;           /* words of b.words */
    mu_batch batch;
    uint64_t live[MU_BATCH_WORDS];
    mu_vector *vectors;
    out_column *columns;
} behaviour_op;

mu_event_options mu_behaviour_reading(const mu_behaviour_plan *plan, const mu_zone *zone,
                                      int64_t as_of_us)
{
    mu_event_options reading = {.source = &plan->source,
                                .condition_count = plan->condition_count,
                                .conditions = plan->conditions,
                                .value_count = plan->value_count,
                                .values = plan->values,
                                .bounded = plan->source.bounded,
                                .since_us = plan->source.since_us,
                                .until_us = plan->source.until_us};

    if (plan->class->reading) {
        plan->class->reading(plan, zone, as_of_us, &reading);
    }
    return reading;
}

void mu_behaviour_require(mu_behaviour *b, uint32_t condition)
{
    if (mu_event_starters(b->exec, &b->plan->source, b->plan->conditions[condition],
                          &b->required)) {
        b->reading.starters = &b->required;
    }
}

int64_t *mu_behaviour_add(mu_behaviour *b, uint32_t event)
{
    const mu_behaviour_plan *plan = b->plan;
    const uint32_t width = plan->column_count;

    if (!mu_mem_reserve(&b->words, &b->word_capacity, b->word_count + width, sizeof *b->words)) {
        return NULL;
    }
    int64_t *row = &b->words[b->word_count];
    b->word_count += width;
    for (uint32_t c = plan->own_columns; c < width; c++) {
        row[c] = event == MU_NO_EVENT ? MU_GATHER_NULL
                                      : b->events.columns[plan->columns[c].value][event];
    }
    return row;
}

muster_status mu_behaviour_fail_memory(const mu_behaviour *b, muster_error *err)
{
    char what[64];

    (void)snprintf(what, sizeof what, "running %s()", b->plan->class->name);
    return mu_fail_memory(err, what);
}

static void behaviour_close(mu_op *op)
{
    behaviour_op *o = (behaviour_op *)op;
    const mu_behaviour_plan *plan = o->b.plan;

    if (plan->class->close && o->b.state) {
        plan->class->close(&o->b);
    }
    for (uint32_t c = 0; o->columns && c < plan->column_count; c++) {
        mu_dict_builder_deinit(&o->columns[c].labels);
    }
    mu_event_close(o->b.reader);
    mu_mem_free(o->b.state);
    mu_mem_free(o->b.words);
    mu_mem_free(o->vectors);
    mu_mem_free(o->columns);
    mu_mem_free(o);
}

/* Hands on the stripe's events as they come. */
static muster_status take_events(mu_behaviour *b, uint32_t stripe, muster_error *err)
{
    mu_event_batch batch;

    b->events = (mu_events){.first_ordinal = stripe * MU_STRIPE_ROWS};
    MU_TRY(mu_event_start(b->reader, stripe, err));
    for (;;) {
        MU_TRY(mu_event_next(b->reader, true, &batch, err));
        if (batch.rows == 0) {
            return MUSTER_OK;
        }
        MU_TRY(b->plan->class->take(b, &batch, err));
    }
}

static muster_status behaviour_start(mu_op *op, uint32_t unit, muster_error *err)
{
    behaviour_op *o = (behaviour_op *)op;
    const mu_behaviour_class *class = o->b.plan->class;
    bool done = false;

    o->next_customer = 0;
    o->ended = false;
    o->b.unfinished = false;
    o->taken = 0;
    o->b.word_count = 0;
    o->b.events = (mu_events){0};
    if (class->known) {
        MU_TRY(class->known(&o->b, unit, &done, err));
    }
    return done          ? MUSTER_OK
           : class->take ? take_events(&o->b, unit, err)
                         : mu_event_gather(o->b.reader, unit, &o->b.events, err);
}

/* Moves what was not taken to the front, once that is less than what was. */
static void drop_taken(behaviour_op *o)
{
    const size_t left = o->b.word_count - o->taken;

    if (o->taken > 0 && o->taken >= left) {
        memcpy(o->b.words, &o->b.words[o->taken], left * sizeof *o->b.words);
        o->b.word_count = left;
        o->taken = 0;
    }
}

/* Makes rows until there is a batch of them, or no more in this stripe. */
static muster_status make_rows(behaviour_op *o, muster_error *err)
{
    const mu_behaviour_class *class = o->b.plan->class;
    const size_t wanted = (size_t)MU_BATCH_ROWS * o->b.plan->column_count;

    drop_taken(o);
    while (o->b.word_count - o->taken < wanted && o->next_customer < o->b.events.customer_count) {
        if (o->next_customer % CHECKED == 0) {
            MU_TRY(mu_exec_check(o->op.exec, err));
        }
        MU_TRY(class->customer(&o->b, o->next_customer, err));
        o->next_customer += !o->b.unfinished;
    }
    if (o->next_customer == o->b.events.customer_count && !o->ended) {
        o->ended = true;
        return class->stripe ? class->stripe(&o->b, err) : MUSTER_OK;
    }
    return MUSTER_OK;
}

/* Copies column c of the rows at hand into its vector. */
static void put_column(behaviour_op *o, uint32_t c, uint32_t rows)
{
    const mu_behaviour_column *made = &o->b.plan->columns[c];
    const uint32_t width = o->b.plan->column_count;
    const int64_t *words = rows > 0 ? &o->b.words[o->taken + c] : NULL;
    out_column *column = &o->columns[c];
    mu_vector *vector = &o->vectors[c];

    mu_bits_fill(column->valid, rows, MU_BATCH_WORDS);
    for (uint32_t r = 0; r < rows; r++) {
        if (words[(size_t)r * width] == MU_GATHER_NULL) {
            mu_bits_clear(column->valid, r);
        }
    }
    switch (mu_type_form(made->type)) {
    case MU_FORM_BITS:
        memset(column->bits, 0, sizeof column->bits);
        for (uint32_t r = 0; r < rows; r++) {
            if (words[(size_t)r * width] > 0) {
                mu_bits_set(column->bits, r);
            }
        }
        break;
    case MU_FORM_CODE:
        vector->dict =
            made->labels ? &column->labels.dict : mu_event_dict(o->b.reader, made->value);
        for (uint32_t r = 0; r < rows; r++) {
            const int64_t code = words[(size_t)r * width];
            column->codes[r] = code == MU_GATHER_NULL ? 0 : (uint32_t)code;
        }
        break;
    case MU_FORM_ORDINAL:
        for (uint32_t r = 0; r < rows; r++) {
            column->codes[r] = (uint32_t)words[(size_t)r * width];
        }
        break;
    case MU_FORM_I64:
    case MU_FORM_F64:
        for (uint32_t r = 0; r < rows; r++) {
            column->words[r] = words[(size_t)r * width];
        }
        break;
    }
}

/* A batch of the rows that were given. */
static void take_rows(behaviour_op *o, mu_batch **batch)
{
    const uint32_t width = o->b.plan->column_count;
    const size_t left = (o->b.word_count - o->taken) / width;
    const uint32_t rows = left < MU_BATCH_ROWS ? (uint32_t)left : MU_BATCH_ROWS;
    for (uint32_t c = 0; rows > 0 && c < width; c++) {
        put_column(o, c, rows);
    }
    o->taken += (size_t)rows * width;
    mu_bits_fill(o->live, rows, MU_BATCH_WORDS);
    o->batch.rows = rows;
    *batch = &o->batch;
}

static muster_status behaviour_next(mu_op *op, mu_batch **batch, muster_error *err)
{
    behaviour_op *o = (behaviour_op *)op;

    MU_TRY(mu_exec_check(op->exec, err));
    MU_TRY(make_rows(o, err));
    take_rows(o, batch);
    return MUSTER_OK;
}

static muster_status open_columns(behaviour_op *o, muster_error *err)
{
    const mu_behaviour_plan *plan = o->b.plan;
    uint32_t code;

    for (uint32_t c = 0; c < plan->column_count; c++) {
        const mu_behaviour_column *column = &plan->columns[c];
        for (uint32_t i = 0; column->labels && i < column->label_count; i++) {
            const mu_text label = {column->labels[i], (uint32_t)strlen(column->labels[i])};
            if (!mu_dict_builder_add(&o->columns[c].labels, label, &code)) {
                return mu_behaviour_fail_memory(&o->b, err);
            }
        }
        o->vectors[c] = (mu_vector){
            .type = column->type, .data = o->columns[c].words, .valid = o->columns[c].valid};
    }
    return MUSTER_OK;
}

static muster_status open_behaviour(mu_behaviour *b, muster_error *err)
{
    const mu_behaviour_plan *plan = b->plan;

    b->as_of_us = plan->as_of_us;
    if (!plan->as_of_given && !mu_event_newest(b->exec, &plan->source, &b->as_of_us)) {
        b->as_of_us = 0; /* there are no events: nobody is asked */
    }
    b->reading = mu_behaviour_reading(plan, mu_exec_zone(b->exec), b->as_of_us);
    if (plan->class->open) {
        MU_TRY(plan->class->open(b, err));
    }
    return mu_event_open(b->exec, &b->reading, &b->reader, err);
}

static const mu_op_class behaviour_class = {"behaviour", behaviour_start, behaviour_next,
                                            behaviour_close};

static muster_status open_op(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err)
{
    const mu_behaviour_plan *behaviour = plan->behaviour;
    muster_status status = MUSTER_OK;
    behaviour_op *o = mu_mem_zalloc(sizeof *o);

    if (!o) {
        return mu_fail_memory(err, "running a behaviour");
    }
    o->op = (mu_op){.class = &behaviour_class, .exec = exec, .plan = plan};
    o->op.unit_count = mu_exec_stripes(exec, plan);
    o->op.stripe_count = o->op.unit_count;
    o->b.exec = exec;
    o->b.plan = behaviour;
    o->b.state = mu_mem_zalloc(behaviour->class->state_size + 1);
    o->columns = mu_mem_zalloc_array(behaviour->column_count, sizeof *o->columns);
    o->vectors = mu_mem_zalloc_array(behaviour->column_count, sizeof *o->vectors);
    if (!o->b.state || !o->columns || !o->vectors) {
        status = mu_behaviour_fail_memory(&o->b, err);
        goto fail;
    }
    MU_TRY_GOTO(open_columns(o, err));
    o->batch =
        (mu_batch){.column_count = plan->column_count, .live = o->live, .columns = o->vectors};
    MU_TRY_GOTO(open_behaviour(&o->b, err));
    *out = &o->op;
    return MUSTER_OK;

fail:
    behaviour_close(&o->op);
    return status;
}

muster_status mu_op_behaviour_open(mu_exec *exec, const mu_plan *plan, mu_op **out,
                                   muster_error *err)
{
    return mu_exec_has_rowset(exec, plan) ? mu_op_rowset_open(exec, plan, out, err)
                                          : open_op(exec, plan, out, err);
}

/* Behaviours that count through all stripes. */

typedef struct counting {
    mu_exec *exec;
    const mu_plan *plan;
    mu_op **ops; /* worker by worker; opened at its first stripe */
} counting;

static muster_status count_stripe(void *context, uint32_t worker, uint64_t stripe,
                                  muster_error *err)
{
    const counting *c = context;
    mu_op **op = &c->ops[worker];
    mu_batch *batch;

    if (!*op) {
        MU_TRY(open_op(c->exec, c->plan, op, err));
    }
    MU_TRY(behaviour_start(*op, (uint32_t)stripe, err));
    MU_TRY(behaviour_next(*op, &batch, err));
    assert(batch->rows == 0);
    return MUSTER_OK;
}

static muster_status keep_counts(const counting *c, mu_op *op, mu_rowset *out, muster_error *err)
{
    behaviour_op *o = (behaviour_op *)op;
    mu_batch *batch;

    o->taken = 0;
    o->b.word_count = 0;
    MU_TRY(c->plan->behaviour->class->finish(&o->b, err));
    for (;;) {
        MU_TRY(mu_exec_check(c->exec, err));
        take_rows(o, &batch);
        if (batch->rows == 0) {
            return MUSTER_OK;
        }
        MU_TRY(mu_rowset_add_batch(out, batch, err));
    }
}

muster_status mu_run_behaviour(mu_exec *exec, const mu_plan *plan, mu_rowset *out,
                               muster_error *err)
{
    const uint32_t workers = mu_exec_workers(exec);
    counting c = {.exec = exec, .plan = plan};
    muster_status status;

    c.ops = mu_mem_zalloc_array(workers, sizeof(mu_op *));
    if (!c.ops) {
        return mu_fail_memory(err, "running a behaviour");
    }
    MU_TRY_GOTO(mu_exec_stripes_each(exec, count_stripe, &c, err));
    for (uint32_t w = 0; w < workers; w++) {
        if (c.ops[w]) {
            MU_TRY_GOTO(keep_counts(&c, c.ops[w], out, err));
        }
    }
fail:
    for (uint32_t w = 0; w < workers; w++) {
        mu_op_close(c.ops[w]);
    }
    mu_mem_free(c.ops);
    return status;
}
