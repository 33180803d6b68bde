/*
 * funnel_oracle_test.c - funnels against the definition: try every chain of distinct events.
 *
 * For each customer, and each combination of values that is held, all ways to choose an event for
 * each step are gone through, and the rules are asked of the whole chain: nothing here knows of the
 * order in which events are best looked at.
 */
#include "tests/support/ask.h"
#include "tests/support/event_funnel.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

enum {
    CASES = 160,
    FUNNELS = 12,
    LINES_MOST = 400,
    NO_VALUE = 4 /* NULL, which is the largest */
};

/* The chain that counts, so far. */
typedef struct chain {
    int depth;
    int64_t first, last;
    int64_t times[FUNNEL_STEPS];
    int by; /* of the event of step 1 */
    bool open;
} chain;

/* What is looked at: events of a customer at [from, to), with the same values as the key. */
typedef struct search {
    const event_log *log;
    const event_funnel *f;
    int customer;
    const log_event *key; /* NULL: nothing is held */
    int64_t from, to;
    bool used[LOG_MOST];
    const log_event *chosen[FUNNEL_STEPS];
    chain best;
    bool open; /* a chain might still become full */
} search;

/* The last second that is near enough. */
static int64_t last_of(const funnel_limit *l, int64_t seconds)
{
    const time_t when = (time_t)seconds;
    struct tm civil;

    if (l->count == 0) {
        return l->seconds < 0 || seconds == INT64_MAX ? INT64_MAX : seconds + l->seconds;
    }
    if (seconds == INT64_MAX) {
        return INT64_MAX;
    }
    gmtime_r(&when, &civil);
    civil.tm_hour = civil.tm_min = civil.tm_sec = 0;
    if (l->unit == 0) {
        civil.tm_mday += l->count;
    } else if (l->unit == 1) {
        civil.tm_mday += 7 * l->count - (civil.tm_wday + 6) % 7;
    } else {
        civil.tm_mday = 1;
        civil.tm_mon += l->count;
    }
    return (int64_t)timegm(&civil) - 1;
}

static int value_of(const log_event *e, unsigned column)
{
    return column == FUNNEL_EVENT ? e->event : e->channel < 0 ? NO_VALUE : e->channel;
}

/* Whether it is one of the events that the funnel looks at: the table, for this customer. */
static bool is_looked_at(const search *s, const log_event *e)
{
    return e->customer == s->customer && (s->f->where >> e->event & 1);
}

static bool may_be_chosen(const search *s, const log_event *e)
{
    if (!is_looked_at(s, e) || e->seconds < s->from || e->seconds >= s->to) {
        return false;
    }
    for (unsigned column = FUNNEL_CHANNEL; s->key && column <= FUNNEL_EVENT; column++) {
        if ((s->f->hold & column) &&
            (value_of(e, column) == NO_VALUE || value_of(e, column) != value_of(s->key, column))) {
            return false;
        }
    }
    return true;
}

static bool in_range(const event_funnel *f, int64_t seconds)
{
    return !f->bounded || (seconds >= f->since && seconds < f->until);
}

/* Whether there is an event of those names at a time strictly between. */
static bool any_between(const search *s, unsigned names, int64_t after, int64_t before)
{
    for (int i = 0; i < s->log->count; i++) {
        const log_event *e = &s->log->events[i];
        if (is_looked_at(s, e) && (names >> e->event & 1) && e->seconds > after &&
            e->seconds < before) {
            return true;
        }
    }
    return false;
}

/* Whether the chain of chosen events keeps to all the rules, in order. */
static bool keeps_order(const search *s, int depth)
{
    const event_funnel *f = s->f;

    if (!in_range(f, s->chosen[0]->seconds)) {
        return false;
    }
    for (int k = 1; k < depth; k++) {
        const int64_t before = s->chosen[k - 1]->seconds;
        const int64_t here = s->chosen[k]->seconds;
        if (here < before || (f->strict_ties && here == before) ||
            here > last_of(&f->within, s->chosen[0]->seconds) ||
            here > last_of(&f->step_within, before) ||
            (f->order == FUNNEL_STRICT && any_between(s, ~0u, before, here))) {
            return false;
        }
    }
    for (int x = 0; x < f->exclusion_count; x++) {
        const funnel_exclusion *e = &f->exclusions[x];
        if (e->to <= depth && any_between(s, e->names, s->chosen[e->from - 1]->seconds,
                                          s->chosen[e->to - 1]->seconds)) {
            return false;
        }
    }
    return true;
}

/* Its first and its last time. */
static void find_ends(const search *s, int depth, int64_t *first, int64_t *last)
{
    *first = *last = s->chosen[0]->seconds;
    for (int k = 1; k < depth; k++) {
        *first = s->chosen[k]->seconds < *first ? s->chosen[k]->seconds : *first;
        *last = s->chosen[k]->seconds > *last ? s->chosen[k]->seconds : *last;
    }
}

static int64_t present(const search *s)
{
    int64_t newest = INT64_MIN;

    for (int i = 0; i < s->log->count; i++) {
        newest = s->log->events[i].seconds > newest ? s->log->events[i].seconds : newest;
    }
    return s->f->as_of_given ? s->f->as_of : newest;
}

/* Whether events later than the present could make the chosen ones a full chain, in order. */
static bool could_go_on(const search *s, int depth)
{
    const event_funnel *f = s->f;
    const int64_t now = present(s);
    const int64_t last = s->chosen[depth - 1]->seconds;

    if (last_of(&f->within, s->chosen[0]->seconds) <= now ||
        last_of(&f->step_within, last) <= now ||
        (f->order == FUNNEL_STRICT && any_between(s, ~0u, last, now + 1))) {
        return false;
    }
    for (int x = 0; x < f->exclusion_count; x++) {
        const funnel_exclusion *e = &f->exclusions[x];
        if (e->from <= depth && depth < e->to &&
            any_between(s, e->names, s->chosen[e->from - 1]->seconds, now + 1)) {
            return false;
        }
    }
    return true;
}

/* By when steps step ... depth can be done by distinct events from `start` on, if those before were
 * by `latest`: the earliest there is. */
static int64_t done_by(search *s, int64_t start, int step, int depth, int64_t latest)
{
    int64_t best = INT64_MAX;

    if (step == depth) {
        return latest;
    }
    for (int i = 0; i < s->log->count; i++) {
        const log_event *e = &s->log->events[i];
        if (!s->used[i] && may_be_chosen(s, e) && (s->f->names[step] >> e->event & 1) &&
            e->seconds >= start) {
            s->used[i] = true;
            const int64_t at =
                done_by(s, start, step + 1, depth, e->seconds > latest ? e->seconds : latest);
            s->used[i] = false;
            best = at < best ? at : best;
        }
    }
    return best;
}

/* Whether chain a counts rather than b. */
static bool better(const chain *a, const chain *b)
{
    if (a->depth != b->depth) {
        return a->depth > b->depth;
    }
    if (a->last != b->last) {
        return a->last < b->last;
    }
    if (a->first != b->first) {
        return a->first > b->first;
    }
    for (int k = a->depth - 1; k >= 0; k--) {
        if (a->times[k] != b->times[k]) {
            return a->times[k] > b->times[k];
        }
    }
    return a->by < b->by;
}

/* The chosen events are a chain. */
static void consider(search *s, int depth)
{
    chain found = {.depth = depth, .by = value_of(s->chosen[0], s->f->by)};
    bool used[LOG_MOST];

    find_ends(s, depth, &found.first, &found.last);
    if (depth < s->best.depth || (depth == s->best.depth && found.last > s->best.last)) {
        return;
    }
    memcpy(used, s->used, sizeof used);
    for (int k = 0; k < depth; k++) {
        found.times[k] = s->chosen[k]->seconds;
        if (s->f->order == FUNNEL_ANY) {
            memset(s->used, 0, sizeof s->used);
            found.times[k] = done_by(s, found.first, 0, k + 1, INT64_MIN);
        }
    }
    memcpy(s->used, used, sizeof used);
    if (better(&found, &s->best)) {
        s->best = found;
    }
}

/* All ways to choose the next event. What cannot become a chain is left. */
static void extend(search *s, int depth)
{
    const event_funnel *f = s->f;
    int64_t first, last;

    if (depth > 0 && f->order != FUNNEL_ANY) {
        if (!keeps_order(s, depth)) {
            return;
        }
        consider(s, depth);
        s->open |= depth < f->steps && could_go_on(s, depth);
    } else if (depth > 0) {
        find_ends(s, depth, &first, &last);
        if (last > last_of(&f->within, first)) {
            return;
        }
        if (in_range(f, first)) {
            consider(s, depth);
        }
    }
    for (int i = 0; depth < f->steps && i < s->log->count; i++) {
        const log_event *e = &s->log->events[i];
        if (!s->used[i] && may_be_chosen(s, e) && (f->names[depth] >> e->event & 1)) {
            s->used[i] = true;
            s->chosen[depth] = e;
            extend(s, depth + 1);
            s->used[i] = false;
        }
    }
}

/* Whether a chain might begin with the event; in any order, with any step. */
static bool begins(const search *s, const log_event *e)
{
    bool meets = false;

    for (int k = 0; k < (s->f->order == FUNNEL_ANY ? s->f->steps : 1); k++) {
        meets |= s->f->names[k] >> e->event & 1;
    }
    return meets && may_be_chosen(s, e) && in_range(s->f, e->seconds);
}

/* The chain that counts of events at [from, to). */
static chain find(search *s, int64_t from, int64_t to)
{
    const event_funnel *f = s->f;

    s->from = from;
    s->to = to;
    s->best = (chain){0};
    s->open = false;
    extend(s, 0);
    for (int i = 0; f->order == FUNNEL_ANY && i < s->log->count; i++) {
        const log_event *e = &s->log->events[i];
        s->open |= begins(s, e) && last_of(&f->within, e->seconds) > present(s);
    }
    s->best.open = s->open && s->best.depth > 0 && s->best.depth < f->steps;
    return s->best;
}

/* Lines of the answer. */

typedef struct line {
    int customer;
    chain chain;
} line;

typedef struct answer {
    line lines[LINES_MOST];
    int count;
} answer;

static void add(answer *out, int customer, const chain *found)
{
    if (found->depth > 0) {
        assert_true(out->count < LINES_MOST);
        out->lines[out->count++] = (line){customer, *found};
    }
}

/* The first time after another that a chain might begin; INT64_MAX if there is none. */
static int64_t next_beginning(search *s, int64_t after)
{
    int64_t next = INT64_MAX;

    s->from = INT64_MIN;
    s->to = INT64_MAX;
    for (int i = 0; i < s->log->count; i++) {
        const log_event *e = &s->log->events[i];
        if (begins(s, e) && e->seconds > after && e->seconds < next) {
            next = e->seconds;
        }
    }
    return next;
}

/* The end of a window: the last second that a chain may have. */
static int64_t window_end(const event_funnel *f, int64_t begins)
{
    const int64_t whole = last_of(&f->within, begins);

    for (int k = 1; k < f->steps; k++) {
        begins = last_of(&f->step_within, begins);
    }
    return begins < whole ? begins : whole;
}

static void find_attempts(search *s, answer *out)
{
    int64_t done = INT64_MIN;

    for (;;) {
        const int64_t first = next_beginning(s, done);
        if (first == INT64_MAX) {
            return;
        }
        const chain full = find(s, first, INT64_MAX);
        const int64_t over = window_end(s->f, first);
        if (full.depth == s->f->steps && over >= full.first) {
            add(out, s->customer, &full);
            done = full.last;
            continue;
        }
        const int64_t next = next_beginning(s, over);
        chain failed = find(s, first, next);
        assert_true(failed.depth < s->f->steps);
        failed.open &= next == INT64_MAX;
        add(out, s->customer, &failed);
        if (next == INT64_MAX) {
            return;
        }
        done = over;
    }
}

static void look_at(search *s, answer *out, chain *best, bool *open)
{
    if (s->f->attempts) {
        find_attempts(s, out);
        return;
    }
    const chain found = find(s, INT64_MIN, INT64_MAX);
    *open |= found.open;
    if (better(&found, best)) {
        *best = found;
    }
}

/* Whether an event is the first one with its values, and has all of them. */
static bool is_key(const search *s, int at)
{
    search same = *s;

    same.from = INT64_MIN;
    same.to = INT64_MAX;
    same.key = &s->log->events[at];
    for (int i = 0; i < at; i++) {
        if (may_be_chosen(&same, &s->log->events[i])) {
            return false;
        }
    }
    return may_be_chosen(&same, same.key);
}

static void look_at_customer(const event_log *log, const event_funnel *f, int customer, answer *out)
{
    search s = {.log = log, .f = f, .customer = customer};
    chain best = {0};
    bool open = false;

    if (!(f->among >> customer & 1)) {
        return;
    }
    if (f->hold == 0) {
        look_at(&s, out, &best, &open);
    }
    for (int i = 0; f->hold != 0 && i < log->count; i++) {
        if (is_key(&s, i)) {
            s.key = &log->events[i];
            look_at(&s, out, &best, &open);
        }
    }
    best.open = open && best.depth < f->steps;
    add(out, customer, &best);
}

/* What is expected. */

enum {
    OTHER = NO_VALUE + 1,
    VALUES
};

/* Which values keep their own with `top`: those with most lines, the smallest first. */
static void find_kept(const event_funnel *f, const answer *lines, bool *kept)
{
    int count[VALUES] = {0};

    for (int i = 0; i < lines->count; i++) {
        count[lines->lines[i].chain.by]++;
    }
    for (int n = 0; n < VALUES; n++) {
        kept[n] = f->top == 0;
    }
    for (int n = 0; n < f->top; n++) {
        int most = -1;
        for (int v = 0; v <= NO_VALUE; v++) {
            most = !kept[v] && count[v] > 0 && (most < 0 || count[v] > count[most]) ? v : most;
        }
        if (most >= 0) {
            kept[most] = true;
        }
    }
}

static const char *name_of(const event_funnel *f, int by)
{
    static const char *const names[][VALUES] = {
        {"all", "all", "all", "all", "all", "all"},
        {"x", "y", "z", "", "~", "other"},
        {"a", "b", "c", "d", "~", "other"},
    };

    return names[f->by][by];
}

static void put_line(const event_funnel *f, const line *l, log_text *out)
{
    log_put(out, "c%d|%d|%s|", l->customer, l->chain.depth, l->chain.open ? "true" : "false");
    log_put_time(out, l->chain.first);
    log_put(out, "|");
    log_put_time(out, l->chain.last);
    log_put(out, "|%s", name_of(f, l->chain.by));
    for (int k = 0; f->times && k < f->steps; k++) {
        log_put(out, "|");
        if (k < l->chain.depth) {
            log_put_time(out, l->chain.times[k]);
        } else {
            log_put(out, "~");
        }
    }
    log_put(out, "\n");
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* What the oracle says of each customer, or attempt. */
static void check_people(const event_funnel *f, const answer *lines, muster *db)
{
    static char sorted[LINES_MOST][160];
    static log_text sql, text;

    sql.size = text.size = 0;
    log_put(&sql, "SELECT CAST(customer AS TEXT) AS c, depth, still_open, started, last_step, ");
    log_put(&sql, f->by ? "coalesce(%s, '~') AS part" : "'%s' AS part",
            f->by == 0                ? "all"
            : f->by == FUNNEL_CHANNEL ? "channel"
                                      : "event");
    for (int k = 0; f->times && k < f->steps; k++) {
        log_put(&sql, ", coalesce(CAST(at_%d AS TEXT), '~') AS t%d", k + 1, k + 1);
    }
    log_put(&sql, " FROM funnel_customers");
    funnel_put(f, &sql);
    log_put(&sql, " ORDER BY ALL");
    for (int i = 0; i < lines->count; i++) {
        text.size = 0;
        put_line(f, &lines->lines[i], &text);
        assert_true(text.size < sizeof sorted[i]);
        memcpy(sorted[i], text.text, text.size + 1);
    }
    qsort(sorted, (size_t)lines->count, sizeof sorted[0], compare_texts);
    text.size = 0;
    text.text[0] = 0;
    for (int i = 0; i < lines->count; i++) {
        log_put(&text, "%s", sorted[i]);
    }
    log_expect(db, sql.text, text.text);
}

static int compare_seconds(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The seconds from the start to a step, of those in a group who came there. */
static void put_quantiles(const answer *lines, int by, int step, log_text *out)
{
    static const int percents[] = {0, 50, 90, 100};
    int64_t seconds[LINES_MOST];
    int count = 0;

    for (int i = 0; i < lines->count; i++) {
        const chain *c = &lines->lines[i].chain;
        if (c->by == by && c->depth >= step) {
            seconds[count++] = c->times[step - 1] - c->first;
        }
    }
    qsort(seconds, (size_t)count, sizeof seconds[0], compare_seconds);
    for (int q = 0; q < 4; q++) {
        const int rank = (percents[q] * count + 99) / 100;
        if (count == 0) {
            log_put(out, "|-");
        } else {
            log_put(out, "|%" PRId64, seconds[rank > 0 ? rank - 1 : 0]);
        }
    }
}

/* What it says of the steps: for each value, or all together. */
static void put_steps(const event_funnel *f, const answer *lines, int by, log_text *out)
{
    int reached[FUNNEL_STEPS + 2] = {0};
    int open[FUNNEL_STEPS + 2] = {0};

    for (int i = 0; i < lines->count; i++) {
        const chain *c = &lines->lines[i].chain;
        for (int s = 1; c->by == by && s <= c->depth; s++) {
            reached[s]++;
        }
        open[c->depth] += c->by == by && c->open;
    }
    for (int s = 1; s <= f->steps && (!f->by || reached[1] > 0); s++) {
        const bool last = s == f->steps;
        log_put(out, "%s|%d|step %d|%d|%d|%d", name_of(f, by), s, s, reached[s],
                last ? 0 : reached[s] - reached[s + 1] - open[s], last ? 0 : open[s]);
        if (f->times) {
            put_quantiles(lines, by, s, out);
        }
        log_put(out, "\n");
    }
}

static void check_report(const event_funnel *f, const answer *lines, muster *db)
{
    static const char *const quantiles[] = {"p0", "p50", "p90", "p100"};
    static const int orders[][VALUES] = {{0, 1, 2, NO_VALUE, OTHER, 3},
                                         {OTHER, 0, 1, 2, NO_VALUE, 3},
                                         {0, 1, 2, 3, OTHER, NO_VALUE}};
    static log_text sql, expected;

    sql.size = expected.size = 0;
    expected.text[0] = 0;
    log_put(&sql, f->by ? "SELECT coalesce(%s, '~') AS g" : "SELECT '%s' AS g",
            f->by == 0                ? "all"
            : f->by == FUNNEL_CHANNEL ? "channel"
                                      : "event");
    log_put(&sql, ", step, label, customers, dropped, still_open");
    for (int q = 0; f->times && q < 4; q++) {
        log_put(&sql, ", CAST(extract(epoch FROM %s) AS BIGINT)", quantiles[q]);
    }
    log_put(&sql, " FROM funnel");
    funnel_put(f, &sql);
    log_put(&sql, " ORDER BY g, step");
    for (int v = 0; v < (f->by ? VALUES : 1); v++) {
        put_steps(f, lines, f->by == 0 ? 0 : orders[f->by][v], &expected);
    }
    log_expect(db, sql.text, expected.text);
}

static void check_funnel(const event_log *log, muster *db, const event_funnel *f)
{
    static answer lines;
    bool kept[VALUES];

    lines.count = 0;
    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        look_at_customer(log, f, c, &lines);
    }
    for (int i = 0; i < lines.count; i++) {
        lines.lines[i].chain.by = f->by ? lines.lines[i].chain.by : 0;
    }
    find_kept(f, &lines, kept);
    for (int i = 0; i < lines.count; i++) {
        int *by = &lines.lines[i].chain.by;
        *by = kept[*by] ? *by : OTHER;
    }
    check_people(f, &lines, db);
    check_report(f, &lines, db);
}

/* Some logs are in segments, or in part; of some a customer is erased, as long as others are left.
 */
static void change_log(event_log *log, muster *db, uint64_t *random)
{
    const int erased = (int)test_random_below(random, LOG_CUSTOMERS);
    int left = 0;

    if (test_random_below(random, 3) == 0) {
        ask_run(db, "CHECKPOINT");
    }
    if (test_random_below(random, 4) > 0 || log->count < 2 * LOG_CUSTOMERS) {
        return;
    }
    for (int i = 0; i < log->count; i++) {
        if (log->events[i].customer != erased) {
            log->events[left++] = log->events[i];
        }
    }
    if (left > 0) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "DELETE FROM customers WHERE customer = 'c%d'", erased);
        ask_run(db, sql);
        log->count = left;
    }
}

TEST(funnels_agree_with_trying_every_chain)
{
    uint64_t random = test_seed();
    event_log log;
    event_funnel f;

    for (int i = 0; i < CASES; i++) {
        log_make(&log, &random);
        const unsigned vips = (unsigned)test_random_below(&random, 1 << LOG_CUSTOMERS);
        muster *db = log_load(&log, vips, &random);
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        change_log(&log, db, &random);
        for (int n = 0; n < FUNNELS; n++) {
            funnel_make(&log, &f, &random);
            f.among = n % 3 == 0 ? vips : ~0u;
            check_funnel(&log, db, &f);
        }
        muster_close(db);
    }
}
