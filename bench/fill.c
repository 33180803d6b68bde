/*
 * fill.c - the events of the log as columns of a batch, for muster's appender.
 */
#include "bench/fill.h"

#include "bench/gen.h"
#include "bench/stop.h"

#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 16384, /* rows, a multiple of 64 */
    ID_BYTES = 16, /* of a customer, a sku, a coupon; at most */
};

typedef enum column {
    CUSTOMER,
    TS,
    EVENT,
    CHANNEL,
    CITY,
    SKU,
    AMOUNT,
    QUANTITY,
    COUPON,
    COLUMNS,
} column;

/* Columns that are text have their bytes in `ids`, or in the names of the generator. */
typedef struct text_column {
    const char *texts[BATCH];
    uint32_t sizes[BATCH];
    char ids[BATCH][ID_BYTES];
} text_column;

typedef struct filler {
    const mu_bench_appending *appending;
    muster_appender *appender;
    muster_error err;
    bool failed;
    uint32_t rows; /* of the batch at hand */
    text_column texts[COLUMNS];
    int64_t numbers[COLUMNS][BATCH];
    uint64_t valid[COLUMNS][BATCH / 64];
} filler;

static void hand_over(filler *f)
{
    muster_values values[COLUMNS] = {{0}};

    for (int c = 0; c < COLUMNS; c++) {
        if (c == TS || c == AMOUNT || c == QUANTITY) {
            values[c].int64 = f->numbers[c];
        } else {
            values[c].text = f->texts[c].texts;
            values[c].text_sizes = f->texts[c].sizes;
        }
        values[c].valid = f->valid[c];
    }
    if (f->rows > 0 && !f->failed) {
        f->failed = f->appending->columns(f->appender, f->rows, values, &f->err) != MUSTER_OK;
    }
    f->rows = 0;
    memset(f->valid, 0, sizeof f->valid);
}

static void set_valid(filler *f, column c)
{
    f->valid[c][f->rows / 64] |= UINT64_C(1) << f->rows % 64;
}

static void put_number(filler *f, column c, int64_t number)
{
    f->numbers[c][f->rows] = number;
    set_valid(f, c);
}

static void put_text(filler *f, column c, const char *text, size_t size)
{
    f->texts[c].texts[f->rows] = text;
    f->texts[c].sizes[f->rows] = (uint32_t)size;
    set_valid(f, c);
}

static void put_name(filler *f, column c, const char *name)
{
    put_text(f, c, name, strlen(name));
}

/* A letter or two and a number, as the CSV has it. */
static void put_id(filler *f, column c, const char *letters, uint32_t number, int width)
{
    char *id = f->texts[c].ids[f->rows];
    const char *end = mu_gen_put_number(mu_gen_put_text(id, letters), number, width);

    put_text(f, c, id, (size_t)(end - id));
}

static void put_customer(filler *f, uint32_t customer)
{
    char *id = f->texts[CUSTOMER].ids[f->rows];
    const char *end = mu_gen_put_customer(id, customer);

    put_text(f, CUSTOMER, id, (size_t)(end - id));
}

static void take_day(void *context, const mu_gen_day *day)
{
    filler *f = context;

    for (size_t i = 0; i < day->count && !f->failed; i++) {
        const mu_gen_event *e = &day->events[i];
        put_customer(f, e->customer);
        put_number(f, TS,
                   (day->date * MU_GEN_DAY_SECONDS + e->second % MU_GEN_DAY_SECONDS) * 1000000);
        put_name(f, EVENT, mu_gen_event_name(e->name));
        put_name(f, CHANNEL, mu_gen_channel_name(e->channel));
        put_name(f, CITY, mu_gen_city_name(e->city));
        if (e->sku != MU_GEN_NONE) {
            put_id(f, SKU, "S", e->sku + 1, 5);
        }
        if (e->cents > 0) {
            put_number(f, AMOUNT, e->cents);
        }
        if (e->quantity > 0) {
            put_number(f, QUANTITY, e->quantity);
        }
        if (e->coupon > 0) {
            put_id(f, COUPON, "CP", e->coupon, 4);
        }
        if (++f->rows == BATCH) {
            hand_over(f);
        }
    }
}

bool mu_bench_fill(const mu_bench_appending *appending, muster_connection *connection,
                   uint64_t customers, uint64_t events, mu_bench_reply *reply)
{
    const mu_gen_options options = mu_gen_usual(customers, events);
    filler *f = mu_bench_need(calloc(1, sizeof *f));

    f->appending = appending;
    f->failed = appending->open(connection, "events", &f->appender, &f->err) != MUSTER_OK;
    if (!f->failed) {
        mu_gen_name_things();
        mu_gen_log(&options, take_day, f);
        hand_over(f);
    }
    if (!f->failed) {
        f->failed = appending->commit(f->appender, &f->err) != MUSTER_OK;
    }
    appending->close(f->appender);
    const bool done = !f->failed || mu_bench_reply_fail(reply, "%s", f->err.message);
    free(f);
    return done;
}
