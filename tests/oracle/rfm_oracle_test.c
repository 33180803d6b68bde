/*
 * rfm_oracle_test.c - rfm() against the definition: each customer's events counted one by one, and
 * the customers laid out from the worst to the best, bucket by bucket.
 */
#include "tests/support/ask.h"
#include "tests/support/event_log.h"

#include <inttypes.h>

enum {
    CASES = 200,
    QUESTIONS = 12
};

/* Of an event, in hundredths; of the last one unknown. */
static const int values[] = {150, -225, 1000};

typedef struct question {
    unsigned names, where; /* events that count, and that are looked at */
    int buckets;           /* 0: not said, which is 5 */
    bool whole;            /* values are whole numbers */
    bool bounded;
    int64_t since, until;
    bool as_of_given;
    int64_t as_of;
    unsigned among; /* customers; ~0: all */
} question;

/* A customer's figures, each of which is better the greater it is. */
typedef struct person {
    int customer;
    int64_t figures[3]; /* days, the other way round; how often; hundredths */
    bool known;         /* any value is */
} person;

static bool counts(const question *q, const log_event *e, int customer, int64_t as_of)
{
    return e->customer == customer && (q->names >> e->event & 1) && (q->where >> e->event & 1) &&
           e->seconds <= as_of &&
           (!q->bounded || (e->seconds >= q->since && e->seconds < q->until));
}

static bool look_at(const event_log *log, const question *q, int customer, int64_t as_of,
                    person *out)
{
    int64_t last = INT64_MIN;

    *out = (person){.customer = customer};
    for (int i = 0; i < log->count; i++) {
        const log_event *e = &log->events[i];
        if (!counts(q, e, customer, as_of)) {
            continue;
        }
        last = e->seconds > last ? e->seconds : last;
        out->figures[1]++;
        if (e->event < 3) {
            out->figures[2] += q->whole ? values[e->event] / 100 : values[e->event];
            out->known = true;
        }
    }
    out->figures[0] = last / 86400 - as_of / 86400;
    return out->figures[1] > 0;
}

static bool is_worse(const person *a, const person *b, int figure)
{
    if (figure == 2 && !(a->known && b->known)) {
        return !a->known && b->known;
    }
    return a->figures[figure] < b->figures[figure];
}

/* The bucket of the place that the first of the customer's equals has. */
static int bucket_of(const person *people, int count, const person *p, int figure, int buckets)
{
    int worse = 0, bucket = 1, left;

    for (int i = 0; i < count; i++) {
        worse += is_worse(&people[i], p, figure);
    }
    for (left = worse;; bucket++) {
        const int size = count / buckets + (bucket <= count % buckets);
        if (left < size) {
            return bucket;
        }
        left -= size;
    }
}

static int64_t newest_of(const event_log *log)
{
    int64_t newest = INT64_MIN;

    for (int i = 0; i < log->count; i++) {
        newest = log->events[i].seconds > newest ? log->events[i].seconds : newest;
    }
    return newest;
}

static void put_people(const event_log *log, const question *q, log_text *out)
{
    const int64_t as_of = q->as_of_given ? q->as_of : newest_of(log);
    const int buckets = q->buckets > 0 ? q->buckets : 5;
    person people[LOG_CUSTOMERS];
    int count = 0;

    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        count += (q->among >> c & 1) && look_at(log, q, c, as_of, &people[count]);
    }
    for (int i = 0; i < count; i++) {
        const person *p = &people[i];
        log_put(out, "c%d|%" PRId64 "|%" PRId64 "|", p->customer, -p->figures[0], p->figures[1]);
        if (p->known && q->whole) {
            log_put(out, "%" PRId64, p->figures[2]);
        } else if (p->known) {
            const int64_t sum = p->figures[2], positive = sum < 0 ? -sum : sum;
            log_put(out, "%s%" PRId64 ".%02" PRId64, sum < 0 ? "-" : "", positive / 100,
                    positive % 100);
        }
        log_put(out, "%s|%d|%d|%d\n", p->known ? "" : "-", bucket_of(people, count, p, 0, buckets),
                bucket_of(people, count, p, 1, buckets), bucket_of(people, count, p, 2, buckets));
    }
}

static void put_question(const question *q, log_text *sql)
{
    log_put(sql, "FROM rfm(events, ");
    log_put_condition(sql, q->names);
    log_put(sql, ", value => CASE event WHEN 'a' THEN %s WHEN 'b' THEN %s WHEN 'c' THEN %s END",
            q->whole ? "1" : "1.50", q->whole ? "-2" : "-2.25", q->whole ? "10" : "10.00");
    if (q->where != 15) {
        log_put(sql, ", where => ");
        log_put_condition(sql, q->where);
    }
    if (q->buckets > 0) {
        log_put(sql, ", buckets => %d", q->buckets);
    }
    if (q->bounded) {
        log_put(sql, ", since => '");
        log_put_time(sql, q->since);
        log_put(sql, "', until => TIMESTAMP '");
        log_put_time(sql, q->until);
        log_put(sql, "'");
    }
    if (q->as_of_given) {
        log_put(sql, ", as_of => '");
        log_put_time(sql, q->as_of);
        log_put(sql, "'");
    }
    log_put(sql, "%s) ORDER BY customer", q->among != ~0u ? ", among => has_tag('vip')" : "");
}

static void make_question(const event_log *log, unsigned vips, question *q, uint64_t *random)
{
    const int64_t grid = log->grid_seconds, first = log->events[0].seconds;

    *q = (question){
        .names = 1 + (unsigned)test_random_below(random, 15),
        .where = test_random_below(random, 3) ? 15 : 1 + (unsigned)test_random_below(random, 15),
        .buckets = (int)test_random_below(random, 9),
        .whole = test_random_below(random, 2) == 0,
        .bounded = test_random_below(random, 2) == 0,
        .since = first - (int64_t)test_random_below(random, 4) * grid,
        .until = first + (int64_t)test_random_below(random, 9) * grid,
        .as_of_given = test_random_below(random, 2) == 0,
        .as_of = first + (int64_t)test_random_below(random, 9) * grid,
        .among = test_random_below(random, 4) ? ~0u : vips,
    };
}

TEST(people_stand_where_laying_them_all_out_puts_them)
{
    static log_text sql, expected;
    uint64_t random = test_seed();
    event_log log;
    question q;

    for (int i = 0; i < CASES; i++) {
        const unsigned vips = (unsigned)test_random_below(&random, 1u << LOG_CUSTOMERS);
        log_make(&log, &random);
        muster *db = log_load(&log, vips, &random);
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        for (int n = 0; n < QUESTIONS; n++) {
            make_question(&log, vips, &q, &random);
            sql.size = expected.size = 0;
            expected.text[0] = 0;
            put_question(&q, &sql);
            put_people(&log, &q, &expected);
            log_expect(db, sql.text, expected.text);
        }
        muster_close(db);
    }
}

/* More rows, and values of every kind: a value's bucket is that of the place that rank() gives it.
 */
TEST(a_value_is_in_the_bucket_of_its_rank)
{
    static const char *const made[] = {
        "i * 7919 % 997",
        "i * i * i",
        "-(i % 3)",
        "CAST(i * 31 % 1009 AS DOUBLE) / 7 - 50",
        "CASE WHEN i % 4 > 0 THEN i * 17 % 101 END",
        "CASE WHEN i = 5 THEN 9000000000000000000 ELSE i % 1000 END",
        "CAST(i * 13 % 4001 AS DECIMAL(12,2)) * 1.25",
        "DATE '1969-12-01' + CAST(i * 7 % 90 AS BIGINT)",
        "exp(CAST(i % 600 AS DOUBLE)) * (CASE WHEN i % 2 = 0 THEN 1.0 ELSE -1.0 END)",
        "CAST(NULL AS BIGINT)",
    };
    static log_text sql;
    uint64_t random = test_seed();
    muster *db;

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    for (int i = 0; i < 20 * (int)MU_COUNT(made); i++) {
        const unsigned rows = 1 + (unsigned)test_random_below(&random, i % 2 ? 20 : 9000);
        const unsigned buckets = 1 + (unsigned)test_random_below(&random, i % 3 ? 12 : 3000);
        sql.size = 0;
        log_put(&sql, "WITH t AS (SELECT i %% %u AS g, ", 1 + i % 3);
        log_put(&sql, "%s", made[(size_t)i % MU_COUNT(made)]);
        log_put(&sql,
                " AS v FROM generate_series(1, %u) AS s(i)), "
                "ranks AS (SELECT value_bucket(v, %u) OVER (PARTITION BY g) AS b, "
                "ntile(%u) OVER (PARTITION BY g ORDER BY v NULLS FIRST) AS tile, "
                "rank() OVER (PARTITION BY g ORDER BY v NULLS FIRST) AS place, g, "
                "row_number() OVER (PARTITION BY g ORDER BY v NULLS FIRST) AS row FROM t) "
                "SELECT count(*) FROM ranks AS r JOIN ranks AS first ON first.g = r.g AND "
                "first.row = r.place WHERE r.b <> first.tile",
                rows, buckets, buckets);
        log_expect(db, sql.text, "0\n");
    }
    muster_close(db);
}
