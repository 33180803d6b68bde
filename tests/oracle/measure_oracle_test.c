/*
 * measure_oracle_test.c - random measure() against a look at every event of every customer: as a
 * value in SELECT, over the events of all and of nobody, and in conditions, which may become sets.
 */
#include "tests/support/ask.h"
#include "tests/support/event_log.h"

enum {
    CASES = 250,
    QUESTIONS = 12
};

typedef enum what {
    COUNT,     /* count(*) */
    CHANNELS,  /* count(DISTINCT channel) */
    WEIGHT,    /* sum(length(channel) + 1): 2 for each event with a channel */
    NEWEST,    /* max(event) */
    PRESENCE,  /* coalesce(min(channel), 'none') */
    AGGREGATES /* how many there are */
} what;

static const char *const aggregates[] = {
    [COUNT] = "count(*)",
    [CHANNELS] = "count(DISTINCT channel)",
    [WEIGHT] = "sum(length(channel) + 1)",
    [NEWEST] = "max(event)",
    [PRESENCE] = "coalesce(min(channel), 'none')",
};

typedef struct measured {
    what what;
    unsigned names;
    bool bounded;
    int64_t since, until;
} measured;

/* A value; a text is its first letter. */
typedef struct value {
    bool null;
    int number;
} value;

typedef struct asked {
    event_log log;
    uint64_t *random;
    unsigned vips;
} asked;

static unsigned below(asked *a, unsigned bound)
{
    return (unsigned)test_random_below(a->random, bound);
}

static unsigned everyone(const event_log *log)
{
    unsigned all = 0;

    for (int i = 0; i < log->count; i++) {
        all |= log->events[i].customer >= 0 ? 1u << log->events[i].customer : 0;
    }
    return all;
}

static value look(const event_log *log, const measured *m, int customer)
{
    unsigned channels = 0;
    int count = 0, newest = -1;

    int weight = 0, least = 3;
    for (int i = 0; i < log->count; i++) {
        const log_event *e = &log->events[i];
        if (e->customer != customer || !(m->names >> e->event & 1) ||
            (m->bounded && (e->seconds < m->since || e->seconds >= m->until))) {
            continue;
        }
        count++;
        newest = e->event > newest ? e->event : newest;
        if (e->channel >= 0) {
            channels |= 1u << e->channel;
            weight += 2;
            least = e->channel < least ? e->channel : least;
        }
    }
    const value values[] = {
        [COUNT] = {false, count},
        [CHANNELS] = {false, __builtin_popcount(channels)},
        [WEIGHT] = {weight == 0, weight},
        [NEWEST] = {newest < 0, 'a' + newest},
        [PRESENCE] = {false, least < 3 ? 'x' + least : 'n'},
    };
    return values[m->what];
}

static bool is_text(const measured *m)
{
    return m->what == NEWEST || m->what == PRESENCE;
}

static void make_measured(asked *a, measured *m)
{
    *m = (measured){.what = (what)below(a, AGGREGATES),
                    .names = 1 + below(a, 15),
                    .bounded = below(a, 2) == 0,
                    .since = a->log.events[below(a, (unsigned)a->log.count)].seconds};
    m->until = m->since + a->log.grid_seconds * below(a, 15);
}

static void put_measured(const measured *m, log_text *sql)
{
    log_put(sql, "measure(%s, ", aggregates[m->what]);
    log_put_condition(sql, m->names);
    if (m->bounded) {
        log_put(sql, ", since => '");
        log_put_time(sql, m->since);
        log_put(sql, "', until => '");
        log_put_time(sql, m->until);
        log_put(sql, "'");
    }
    log_put(sql, ")");
}

static void put_value(const measured *m, value v, log_text *out)
{
    if (v.null) {
        log_put(out, "-");
    } else if (!is_text(m)) {
        log_put(out, "%d", v.number);
    } else if (v.number == 'n') {
        log_put(out, "none");
    } else {
        log_put(out, "%c", v.number);
    }
}

/* Values of all customers, and what a row of each event says of them. */
static void check_values(asked *a, muster *db, const measured *m)
{
    static log_text sql, expected;
    int missing = 0;

    sql.size = expected.size = 0;
    expected.text[0] = 0;
    log_put(&sql, "SELECT customer, ");
    put_measured(m, &sql);
    log_put(&sql, " FROM customers ORDER BY customer");
    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        if (everyone(&a->log) >> c & 1) {
            log_put(&expected, "c%d|", c);
            put_value(m, look(&a->log, m, c), &expected);
            log_put(&expected, "\n");
        }
    }
    log_expect(db, sql.text, expected.text);

    sql.size = expected.size = 0;
    log_put(&sql, "SELECT count(*) FROM events WHERE ");
    put_measured(m, &sql);
    log_put(&sql, " IS NULL");
    for (int i = 0; i < a->log.count; i++) {
        const int customer = a->log.events[i].customer;
        missing += customer < 0 || look(&a->log, m, customer).null;
    }
    log_put(&expected, "%d\n", missing);
    log_expect(db, sql.text, expected.text);
}

/* TRUE, FALSE or NULL (-1). */
typedef int truth;

static truth not(truth a)
{
    return a < 0 ? a : !a;
}

static truth both(truth a, truth b)
{
    return a == 0 || b == 0 ? 0 : a < 0 || b < 0 ? -1 : 1;
}

/* A condition on one measure: what it is of each customer goes to `out`. */
static void put_condition(asked *a, const measured *m, truth out[LOG_CUSTOMERS], log_text *sql)
{
    static const char *const operators[] = {"=", "<>", "<", ">="};
    const unsigned op = below(a, 4), form = below(a, 4);
    const value bound = {false, is_text(m) ? (int)('a' + below(a, 4)) : (int)below(a, 5)};

    log_put(sql, form == 1 ? "NOT " : form == 2 ? "coalesce(" : "(");
    put_measured(m, sql);
    log_put(sql, " %s ", operators[op]);
    log_put(sql, is_text(m) ? "'" : "");
    put_value(m, bound, sql);
    log_put(sql, is_text(m) ? "'" : "");
    if (form == 3) {
        log_put(sql, " AND ");
        put_measured(m, sql);
        log_put(sql, " IS NOT NULL");
    }
    log_put(sql, form == 1 ? "" : form == 2 ? ", true)" : ")");
    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        const value v = look(&a->log, m, c);
        const bool meets[] = {v.number == bound.number, v.number != bound.number,
                              v.number < bound.number, v.number >= bound.number};
        out[c] = v.null ? -1 : meets[op];
        out[c] = form == 1             ? not(out[c])
                 : form == 2 && v.null ? 1
                 : form == 3 && v.null ? 0
                                       : out[c];
    }
}

/* Two conditions, on one measure or two, beside a tag, under AND, OR and NOT. */
static void check_people(asked *a, muster *db, const measured *m)
{
    static log_text sql, expected;
    const unsigned form = below(a, 4);
    truth first[LOG_CUSTOMERS], second[LOG_CUSTOMERS];
    measured other;

    make_measured(a, &other);
    sql.size = expected.size = 0;
    expected.text[0] = 0;
    log_put(&sql, "SELECT customer FROM customers WHERE %s(", form == 2 ? "NOT " : "");
    put_condition(a, m, first, &sql);
    log_put(&sql, form == 0 ? " OR " : " AND ");
    put_condition(a, below(a, 2) == 0 ? m : &other, second, &sql);
    log_put(&sql, ")%s ORDER BY customer", form == 3 ? " AND has_tag('vip')" : "");
    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        truth t = form == 0 ? not(both(not(first[c]), not(second[c]))) : both(first[c], second[c]);
        t = form == 2 ? not(t) : form == 3 ? both(t, (int)(a->vips >> c & 1)) : t;
        if (t == 1 && (everyone(&a->log) >> c & 1)) {
            log_put(&expected, "c%d\n", c);
        }
    }
    log_expect(db, sql.text, expected.text);
}

TEST(measures_agree_with_a_look_at_every_event)
{
    uint64_t random = test_seed();
    asked a = {.random = &random};

    for (int i = 0; i < CASES; i++) {
        log_make(&a.log, &random);
        a.vips = below(&a, 1 << LOG_CUSTOMERS);
        muster *db = log_load(&a.log, a.vips, &random);
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        for (int n = 0; n < QUESTIONS; n++) {
            measured m;
            make_measured(&a, &m);
            check_values(&a, db, &m);
            check_people(&a, db, &m);
        }
        muster_close(db);
    }
}
