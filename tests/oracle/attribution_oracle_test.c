/*
 * attribution_oracle_test.c - attribution against the definition: for each conversion all touches
 * are listed, put in order, made runs and weighed, one after the other.
 */
#include "tests/support/ask.h"
#include "tests/support/event_log.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

enum {
    CASES = 250,
    CALLS = 12,
    MODELS = 5,
    NO_CHANNEL = 3, /* after the others, as NULL is */
    EVENTS = 4,
    MOST_LINES = 1000,
    LINE = 120,
    NO_BY = 5 /* NULL is 4 */
};

static const char *const model_names[] = {"first", "last", "linear", "position", "time_decay"};

typedef enum value_kind {
    NO_VALUE,
    CENTS,
    WHOLE
} value_kind;

typedef struct call {
    unsigned convert, touch, where; /* event names */
    unsigned models;
    int64_t lookback, half_life; /* seconds; no half-life: 0 */
    bool bounded;
    int64_t since, until;
    unsigned among; /* customers; ~0: all */
    int channels;   /* which expression they are */
    value_kind value;
    bool by; /* the event's name; NULL for 'd' */
    int top; /* 0: all */
} call;

/* What channels are written as, in the order of their values, and in SQL. */
static const struct {
    const char *sql;
    const char *names[NO_CHANNEL + 1];
    int of[NO_CHANNEL]; /* the place that 'x', 'y', 'z' have in this order */
} channel_kinds[] = {
    {"channel", {"x", "y", "z", "-"}, {0, 1, 2}},
    {"CASE channel WHEN 'x' THEN 'q' WHEN 'y' THEN 'pp' ELSE upper(channel) END",
     {"Z", "pp", "q", "-"},
     {2, 1, 0}},
    {"CASE channel WHEN 'x' THEN -2 WHEN 'y' THEN 11 WHEN 'z' THEN -30 END",
     {"-30", "-2", "11", "-"},
     {1, 2, 0}},
    {"CASE channel WHEN 'x' THEN -1.5::DOUBLE WHEN 'y' THEN -20.25::DOUBLE WHEN 'z' THEN "
     "7.5::DOUBLE END",
     {"-20.25", "-1.5", "7.5", "-"},
     {1, 0, 2}},
    {"channel = 'y'", {"false", "true", NULL, "-"}, {0, 1, 0}},
};

static const char cents_sql[] = "CASE event WHEN 'a' THEN 100.00 WHEN 'b' THEN -7.01 WHEN 'd' THEN "
                                "12345.67 END + extract(day FROM ts)";
static const char whole_sql[] = "CASE event WHEN 'a' THEN 1 WHEN 'b' THEN -2 WHEN 'd' THEN 1000 "
                                "END * (extract(day FROM ts) % 4)";

/* The value of an event in its unit; false where it is NULL. */
static bool value_of(const log_event *e, value_kind kind, int64_t *out)
{
    static const int64_t cents[] = {10000, -701, 0, 1234567}, whole[] = {1, -2, 0, 1000};
    const int64_t days = e->seconds / 86400; /* 2024-01-28 and after, less than four months */
    const int64_t first = 19723;             /* 2024-01-01 */
    static const int lengths[] = {31, 29, 31, 30, 31, 30};
    int64_t day = days - first;

    for (int m = 0; day >= lengths[m]; m++) {
        day -= lengths[m];
    }
    *out = kind == CENTS ? cents[e->event] + 100 * (day + 1) : whole[e->event] * ((day + 1) % 4);
    return kind != NO_VALUE && e->event != 2;
}

/* A touch, or a run of them. */
typedef struct touch {
    int64_t seconds;
    int channel;
} touch;

/* Whether a is before b: by time, then the larger channel. */
static bool is_before(touch a, touch b)
{
    return a.seconds != b.seconds ? a.seconds < b.seconds : a.channel > b.channel;
}

static bool counts(const call *c, const log_event *e, unsigned names)
{
    return (names & c->where) >> e->event & 1;
}

/* The touches of the conversion number n, in order; how many. */
static int list_touches(const event_log *log, const call *c, int n, touch *out)
{
    const log_event *conversion = &log->events[n];
    int count = 0;

    for (int i = 0; i < log->count; i++) {
        const log_event *e = &log->events[i];
        if (i == n || e->customer != conversion->customer || !counts(c, e, c->touch) ||
            e->channel < 0 || e->seconds > conversion->seconds ||
            e->seconds <= conversion->seconds - c->lookback) {
            continue;
        }
        const touch t = {e->seconds, channel_kinds[c->channels].of[e->channel]};
        int at = count++;
        for (; at > 0 && is_before(t, out[at - 1]); at--) {
            out[at] = out[at - 1];
        }
        out[at] = t;
    }
    return count;
}

/* Touches of one channel that follow one another are one, at the time of the last. */
static int join_runs(touch *touches, int count)
{
    int runs = 0;

    for (int i = 0; i < count; i++) {
        if (runs > 0 && touches[runs - 1].channel == touches[i].channel) {
            runs--;
        }
        touches[runs++] = touches[i];
    }
    return runs;
}

/* What run number r of `count` weighs. */
static long double weight_of(const call *c, int model, const touch *runs, int count, int r)
{
    const int64_t half_life = c->half_life > 0 ? c->half_life : INT64_C(7) * 86400;
    const int64_t age = runs[count - 1].seconds - runs[r].seconds;

    switch (model) {
    case 0:
        return r == 0;
    case 1:
        return r == count - 1;
    case 2:
        return 1;
    case 3:
        return count <= 2                 ? 1
               : r == 0 || r == count - 1 ? 2.0L * (count - 2) /* 40 to 20 / (count - 2) */
                                          : 1;
    default:
        return age > 40 * half_life ? 0 : exp2l(-(long double)age / (long double)half_life);
    }
}

/* whole * done / total to the nearest, halves up; what is a half but for the last bits is one. */
static int64_t share_of(int64_t whole, long double done, long double total)
{
    const long double x = (long double)whole * done / total + 0.5L;

    return fabsl(x - roundl(x)) < x * 1e-17L ? (int64_t)roundl(x) : (int64_t)floorl(x);
}

/* Sums of the report. */
typedef struct sums {
    bool any, any_value;
    int64_t units, value;
} sums;

typedef struct answer {
    int lines;
    char text[MOST_LINES][LINE];
    sums report[MODELS][NO_CHANNEL + 1][NO_BY + 1];
} answer;

static const char *const by_names[] = {"a", "b", "c", "other", "-", ""};

static const char *number(int64_t value, int digits, char text[32])
{
    const int64_t ten = digits == 6 ? 1000000 : 100;

    if (digits == 0) {
        (void)snprintf(text, 32, "%" PRId64, value);
    } else {
        (void)snprintf(text, 32, "%s%" PRId64 ".%0*" PRId64, value < 0 ? "-" : "",
                       imaxabs(value) / ten, digits, imaxabs(value) % ten);
    }
    return text;
}

/* Appends to a line. */
static void put(char line[LINE], const char *format, ...) MU_PRINTF(2, 3);
static void put(char line[LINE], const char *format, ...)
{
    const size_t used = strlen(line);
    va_list args;

    va_start(args, format);
    const int size = vsnprintf(line + used, LINE - used, format, args);
    va_end(args);
    assert_true(size >= 0 && used + (size_t)size < LINE);
}

/* Appends what all lines end in. */
static void put_amounts(const call *c, int64_t units, const int64_t *value, char line[LINE])
{
    char a[32], b[32];

    put(line, "|%s", number(units, 6, a));
    if (c->value != NO_VALUE) {
        put(line, "|%s", value ? number(*value, c->value == CENTS ? 2 : 0, b) : "-");
    }
}

static void credit(const call *c, const log_event *e, int model, int channel, int by, int64_t units,
                   const int64_t *value, answer *out)
{
    static log_text time;
    sums *sum = &out->report[model][channel][by];
    char *line = out->text[out->lines++];

    assert_true(out->lines < MOST_LINES);
    time.size = 0;
    log_put_time(&time, e->seconds);
    put(line, "c%d|%s|%s|%s%s%s", e->customer, time.text, model_names[model],
        channel_kinds[c->channels].names[channel], c->by ? "|" : "", c->by ? by_names[by] : "");
    put_amounts(c, units, value, line);
    sum->any = true;
    sum->units += units;
    if (value) {
        sum->any_value = true;
        sum->value += *value;
    }
}

/* The breakdown of a conversion: its name, but NULL for 'd', or 'other'. */
static int by_of(const call *c, const log_event *e, unsigned kept)
{
    return !c->by ? NO_BY : e->event == 3 ? 4 : kept >> e->event & 1 ? e->event : 3;
}

/* Divides a conversion among the runs before it. */
static void divide(const call *c, const log_event *e, int model, int by, const touch *runs,
                   int count, answer *out)
{
    long double weights[NO_CHANNEL] = {0}, total = 0, done = 0;
    bool present[NO_CHANNEL] = {false};
    int64_t value = 0, units_done = 0, value_done = 0;
    const bool valued = value_of(e, c->value, &value);

    for (int r = 0; r < count; r++) {
        const long double weight = weight_of(c, model, runs, count, r);
        weights[runs[r].channel] += weight;
        present[runs[r].channel] |= weight > 0;
        total += weight;
    }
    for (int channel = 0; channel < NO_CHANNEL; channel++) {
        if (!present[channel]) {
            continue;
        }
        done += weights[channel];
        const int64_t units = share_of(1000000, done, total);
        const int64_t amount = share_of(imaxabs(value), done, total);
        const int64_t share = value < 0 ? value_done - amount : amount - value_done;
        credit(c, e, model, channel, by, units - units_done, valued ? &share : NULL, out);
        units_done = units;
        value_done = amount;
    }
}

static bool converts(const event_log *log, const call *c, int n)
{
    const log_event *e = &log->events[n];

    return e->customer >= 0 && (c->among >> e->customer & 1) && counts(c, e, c->convert) &&
           (!c->bounded || (e->seconds >= c->since && e->seconds < c->until));
}

/* The names of most customers that convert by them. */
static unsigned keep_top(const event_log *log, const call *c)
{
    unsigned customers[EVENTS] = {0}, kept = 0;

    for (int i = 0; i < log->count; i++) {
        if (converts(log, c, i) && log->events[i].event != 3) {
            customers[log->events[i].event] |= 1u << log->events[i].customer;
        }
    }
    for (int n = 0; n < c->top; n++) {
        int best = -1;
        for (int e = 0; e < EVENTS; e++) {
            if (customers[e] != 0 && !(kept >> e & 1) &&
                (best < 0 ||
                 __builtin_popcount(customers[e]) > __builtin_popcount(customers[best]))) {
                best = e;
            }
        }
        kept |= best < 0 ? 0 : 1u << best;
    }
    return kept;
}

static void answer_call(const event_log *log, const call *c, answer *out)
{
    const unsigned kept = c->top > 0 ? keep_top(log, c) : ~0u;
    touch runs[LOG_MOST];

    memset(out, 0, sizeof *out);
    for (int i = 0; i < log->count; i++) {
        const log_event *e = &log->events[i];
        int64_t value;
        if (!converts(log, c, i)) {
            continue;
        }
        const int count = join_runs(runs, list_touches(log, c, i, runs));
        const bool valued = value_of(e, c->value, &value);
        for (int m = 0; m < MODELS; m++) {
            if (!(c->models >> m & 1)) {
                continue;
            }
            if (count > 0) {
                divide(c, e, m, by_of(c, e, kept), runs, count, out);
            } else {
                credit(c, e, m, NO_CHANNEL, by_of(c, e, kept), 1000000, valued ? &value : NULL,
                       out);
            }
        }
    }
}

/* The calls in SQL. */

static void put_call(const call *c, log_text *sql)
{
    log_put(sql, "(events, convert => ");
    log_put_condition(sql, c->convert);
    log_put(sql, ", touch => ");
    log_put_condition(sql, c->touch);
    log_put(sql, ", channel => %s, lookback => INTERVAL '%" PRId64 " seconds'",
            channel_kinds[c->channels].sql, c->lookback);
    if (c->value != NO_VALUE) {
        log_put(sql, ", value => %s", c->value == CENTS ? cents_sql : whole_sql);
    }
    if (c->models != (1 << MODELS) - 1) {
        const char *between = ", models => [";
        for (int m = MODELS - 1; m >= 0; m--) {
            if (c->models >> m & 1) {
                log_put(sql, "%s'%s'", between, model_names[m]);
                between = ", ";
            }
        }
        log_put(sql, "]");
    }
    if (c->half_life > 0 && (c->models >> 4 & 1)) {
        log_put(sql, ", half_life => INTERVAL '%" PRId64 " seconds'", c->half_life);
    }
    if (c->where != 15) {
        log_put(sql, ", where => ");
        log_put_condition(sql, c->where);
    }
    if (c->bounded) {
        log_put(sql, ", since => TIMESTAMP '");
        log_put_time(sql, c->since);
        log_put(sql, "', until => '");
        log_put_time(sql, c->until);
        log_put(sql, "'");
    }
    log_put(sql, c->among != ~0u ? ", among => has_tag('vip')" : "");
    log_put(sql, c->by ? ", by => nullif(event, 'd')" : "");
    if (c->top > 0) {
        log_put(sql, ", top => %d", c->top);
    }
    log_put(sql, ")");
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Asks, and compares the lines of both, in any order. */
static void expect_lines(muster *db, const char *sql, char (*lines)[LINE], int count)
{
    static char found[65536], sorted[MOST_LINES][LINE];
    int n = 0;

    test_error = (muster_error){0};
    if (ask(db, sql, found, sizeof found, &test_error) != MUSTER_OK) {
        fail_msg("%s\n  at %d: %s", sql, test_error.offset, test_error.message);
    }
    for (char *at = found; *at && n < MOST_LINES; n++) {
        const size_t size = strcspn(at, "\n");
        assert_true(size < sizeof sorted[n]);
        memcpy(sorted[n], at, size);
        sorted[n][size] = 0;
        at += size + 1;
    }
    qsort(sorted, (size_t)n, sizeof *sorted, compare_lines);
    qsort(lines, (size_t)count, sizeof *lines, compare_lines);
    for (int i = 0; i < n || i < count; i++) {
        if (i == n || i == count || strcmp(sorted[i], lines[i]) != 0) {
            fail_msg("%s\n--- expected\n%s\n--- found\n%s", sql, i < count ? lines[i] : "(no more)",
                     i < n ? sorted[i] : "(no more)");
        }
    }
}

static void put_report(const call *c, answer *a)
{
    a->lines = 0;
    for (int m = 0; m < MODELS; m++) {
        for (int channel = 0; channel <= NO_CHANNEL; channel++) {
            for (int by = 0; by <= NO_BY; by++) {
                const sums *sum = &a->report[m][channel][by];
                if (!sum->any) {
                    continue;
                }
                char *line = a->text[a->lines++];
                *line = 0;
                put(line, "%s|%s%s%s", model_names[m], channel_kinds[c->channels].names[channel],
                    c->by ? "|" : "", c->by ? by_names[by] : "");
                put_amounts(c, sum->units, sum->any_value ? &sum->value : NULL, line);
            }
        }
    }
}

static void check_call(const event_log *log, muster *db, const call *c)
{
    static log_text sql;
    static answer expected;

    answer_call(log, c, &expected);
    sql.size = 0;
    log_put(&sql, "FROM attribution_customers");
    put_call(c, &sql);
    expect_lines(db, sql.text, expected.text, expected.lines);

    put_report(c, &expected);
    sql.size = 0;
    log_put(&sql, "FROM attribution");
    put_call(c, &sql);
    expect_lines(db, sql.text, expected.text, expected.lines);
}

static void make_call(const event_log *log, call *c, unsigned vips, uint64_t *random)
{
    const int64_t grid = log->grid_seconds;
    const int64_t half_lives[] = {0, grid, grid / 2, 5 * grid, grid / 40, grid / 90, 1, 7777777};

    *c = (call){
        .convert = 1 + (unsigned)test_random_below(random, 15),
        .touch = 1 + (unsigned)test_random_below(random, 15),
        .where = test_random_below(random, 4) ? 15 : 1 + (unsigned)test_random_below(random, 15),
        .models = 1 + (unsigned)test_random_below(random, (1 << MODELS) - 1),
        .lookback = 1 + grid * (int64_t)test_random_below(random, 12) -
                    (int64_t)test_random_below(random, 2),
        .half_life = half_lives[test_random_below(random, MU_COUNT(half_lives))],
        .bounded = test_random_below(random, 2) == 0,
        .since = log->events[test_random_below(random, (uint64_t)log->count)].seconds,
        .among = test_random_below(random, 3) ? ~0u : vips,
        .channels = (int)test_random_below(random, MU_COUNT(channel_kinds)),
        .value = (value_kind)test_random_below(random, 3),
        .by = test_random_below(random, 2) == 0,
    };
    c->lookback = c->lookback < 1 ? 1 : c->lookback;
    c->until = c->since + grid * (int64_t)test_random_below(random, 12);
    c->top = c->by && test_random_below(random, 3) == 0 ? 1 + (int)test_random_below(random, 3) : 0;
}

/* Files, or none yet; and perhaps someone is erased, and is in no answer. */
static void stir(event_log *log, muster *db, uint64_t *random)
{
    static const char *const statements[] = {"SELECT 1", "CHECKPOINT", "COMPACT"};
    const int erased = (int)test_random_below(random, UINT64_C(3) * LOG_CUSTOMERS);
    char sql[80];

    ask_run(db, statements[test_random_below(random, MU_COUNT(statements))]);
    if (erased >= LOG_CUSTOMERS) {
        return;
    }
    (void)snprintf(sql, sizeof sql, "DELETE FROM customers WHERE customer = 'c%d'", erased);
    ask_run(db, sql);
    for (int i = 0; i < log->count; i++) {
        if (log->events[i].customer == erased) {
            log->events[i].customer = -1;
        }
    }
}

TEST(credits_agree_with_listing_every_touch)
{
    uint64_t random = test_seed();
    event_log log;
    call c;

    for (int i = 0; i < CASES; i++) {
        log_make(&log, &random);
        const unsigned vips = (unsigned)test_random_below(&random, 1 << LOG_CUSTOMERS);
        muster *db = log_load(&log, vips, &random);
        stir(&log, db, &random);
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        for (int n = 0; n < CALLS; n++) {
            make_call(&log, &c, vips, &random);
            check_call(&log, db, &c);
        }
        muster_close(db);
    }
}
