/*
 * profile_oracle_test.c - random changes of attributes, events and people, against an array of
 * persons that is changed in the plainest way.
 *
 * There are customers of three stripes. Each turn changes something: attributes by INSERT, COPY or
 * UPDATE, events by INSERT or DELETE, people by erasing them, after which some come again under
 * their old id. Then random conditions, AND, OR and NOT over attributes, tags, deeds, times and
 * lists of ids, are counted and summed by SQL, with one thread and with four, and now and then
 * after opening the database again; the same tree is evaluated for each person of the array, in the
 * logic of three values.
 */
#include "storage/db.h"
#include "tests/support/ask.h"
#include "tests/support/event_log.h"
#include "tests/support/shop.h"

#include <stdlib.h>

enum {
    PEOPLE = 2 * 65536 + 300,
    TURNS = 60,
    QUESTIONS = 4,
    DEPTH_MOST = 3,
    EVENTS_MOST = 4,   /* of a person */
    NOT_KNOWN = -1,    /* the third value, and a NULL */
    FIRST_DAY = 19723, /* 2024-01-01 */
};

static const char *const cities[] = {"Bonn", "Rom", "上海", "", "a city with a long name"};

typedef struct person {
    bool there, vip, noted;
    int tier, city; /* NOT_KNOWN: NULL */
    int event_count;
    struct deed {
        char event;
        int day; /* since FIRST_DAY */
    } events[EVENTS_MOST];
} person;

typedef struct world {
    person people[PEOPLE];
    uint64_t random;
    const char *path;
    muster *db;
    log_text sql;
} world;

static unsigned below(world *w, unsigned bound)
{
    return (unsigned)test_random_below(&w->random, bound);
}

static void run(world *w, const char *sql)
{
    if (ask_only(w->db, sql, &test_error) != MUSTER_OK) {
        fail_msg("%s: %s", test_error.message, sql);
    }
}

/* The first or last day of a person's events; NOT_KNOWN without any. */
static int seen(const person *p, bool first)
{
    int day = NOT_KNOWN;

    for (int i = 0; i < p->event_count; i++) {
        const int at = p->events[i].day;
        day = day == NOT_KNOWN || (first ? at < day : at > day) ? at : day;
    }
    return day;
}

static bool did(const person *p, char event)
{
    for (int i = 0; i < p->event_count; i++) {
        if (p->events[i].event == event) {
            return true;
        }
    }
    return false;
}

/* Conditions: written as SQL, and kept as a tree in an array. */

typedef struct node {
    char kind; /* & | ! or a leaf's letter */
    int value;
    int left, right;
} node;

typedef struct tree {
    node nodes[64];
    int count;
} tree;

static int put_leaf(world *w, tree *t)
{
    static const char letters[] = "tcnvabflip";
    node *n = &t->nodes[t->count];

    *n = (node){.kind = letters[below(w, sizeof letters - 1)]};
    switch (n->kind) {
    case 't':
        n->value = (int)below(w, 8);
        log_put(&w->sql, "tier >= %d", n->value);
        break;
    case 'c':
        n->value = (int)below(w, MU_COUNT(cities));
        log_put(&w->sql, "city = '%s'", cities[n->value]);
        break;
    case 'n':
        log_put(&w->sql, "city IS NULL");
        break;
    case 'v':
        log_put(&w->sql, "has_tag('vip')");
        break;
    case 'a':
        log_put(&w->sql, "did(event = 'a')");
        break;
    case 'b':
        log_put(&w->sql, "did(event = 'b', at_most => 0)");
        break;
    case 'f':
    case 'l':
        n->value = (int)below(w, 100);
        log_put(&w->sql, "%s '", n->kind == 'f' ? "first_seen <" : "last_seen >=");
        log_put_time(&w->sql, (int64_t)(FIRST_DAY + n->value) * 86400);
        log_put(&w->sql, "'");
        break;
    case 'i':
        n->value = (int)below(w, PEOPLE - 2);
        log_put(&w->sql, "customer IN ('c%d', 'nobody', 'c%d')", n->value, n->value + 2);
        break;
    default:
        n->value = (int)below(w, 10);
        log_put(&w->sql, "note LIKE '%%%d'", n->value);
        break;
    }
    return t->count++;
}

static int put_tree(world *w, tree *t, int depth)
{
    static const char kinds[] = "&|!";

    if (depth == 0 || below(w, 4) == 0) {
        return put_leaf(w, t);
    }
    node n = {.kind = kinds[below(w, 3)]};
    log_put(&w->sql, n.kind == '!' ? "(NOT " : "(");
    n.left = put_tree(w, t, depth - 1);
    if (n.kind != '!') {
        log_put(&w->sql, n.kind == '&' ? " AND " : " OR ");
        n.right = put_tree(w, t, depth - 1);
    }
    log_put(&w->sql, ")");
    t->nodes[t->count] = n;
    return t->count++;
}

static int compare(int value, bool holds)
{
    return value == NOT_KNOWN ? NOT_KNOWN : holds;
}

static int eval(const world *w, const tree *t, int at, int who)
{
    const node *n = &t->nodes[at];
    const person *p = &w->people[who];

    switch (n->kind) {
    case '&':
    case '|': {
        const int left = eval(w, t, n->left, who), right = eval(w, t, n->right, who);
        const int strong = n->kind == '|'; /* the value that decides alone */
        return left == strong || right == strong         ? strong
               : left == NOT_KNOWN || right == NOT_KNOWN ? NOT_KNOWN
                                                         : !strong;
    }
    case '!': {
        const int inner = eval(w, t, n->left, who);
        return inner == NOT_KNOWN ? NOT_KNOWN : !inner;
    }
    case 't':
        return compare(p->tier, p->tier >= n->value);
    case 'c':
        return compare(p->city, p->city == n->value);
    case 'n':
        return p->city == NOT_KNOWN;
    case 'v':
        return p->vip;
    case 'a':
        return did(p, 'a');
    case 'b':
        return !did(p, 'b');
    case 'f':
        return compare(seen(p, true), seen(p, true) < n->value);
    case 'l':
        return compare(seen(p, false), seen(p, false) >= n->value);
    case 'i':
        return who == n->value || who == n->value + 2;
    default:
        return p->noted ? who % 10 == n->value : NOT_KNOWN;
    }
}

/* Who is meant by " WHERE ...", which is put behind the SQL there is. */
static bool *put_where(world *w)
{
    bool *meant = malloc(PEOPLE * sizeof *meant);
    tree t = {.count = 0};

    log_put(&w->sql, " WHERE ");
    const int root = put_tree(w, &t, (int)below(w, DEPTH_MOST + 1));
    for (int who = 0; who < PEOPLE; who++) {
        meant[who] = w->people[who].there && eval(w, &t, root, who) == 1;
    }
    return meant;
}

/* Questions. */

static void expect(world *w, const char *sql, const char *wanted)
{
    char found[256];

    assert_ok(ask(w->db, sql, found, sizeof found, &test_error));
    if (strcmp(found, wanted) != 0) {
        fail_msg("%s\nfound:  %swanted: %s", sql, found, wanted);
    }
}

static void put_sum(char *out, size_t size, uint64_t count, int64_t sum)
{
    if (count == 0) {
        (void)snprintf(out, size, "-");
    } else {
        (void)snprintf(out, size, "%lld", (long long)sum);
    }
}

static void ask_people(world *w)
{
    uint64_t count = 0, tiers = 0, located = 0, notes = 0, ever = 0, events = 0, who_did = 0;
    int64_t sum = 0;
    char wanted[256], text[32];

    w->sql.size = 0;
    bool *meant = put_where(w);
    for (int who = 0; who < PEOPLE; who++) {
        const person *p = &w->people[who];
        if (meant[who]) {
            count++;
            tiers += p->tier != NOT_KNOWN;
            sum += p->tier != NOT_KNOWN ? p->tier : 0;
            located += p->city != NOT_KNOWN;
            notes += p->noted;
            ever += p->event_count > 0;
            events += (uint64_t)p->event_count;
            who_did += p->event_count > 0;
        }
    }
    free(meant);
    static log_text sql;
    put_sum(text, sizeof text, tiers, sum);
    (void)snprintf(wanted, sizeof wanted, "%llu|%s|%llu|%llu|%llu\n", (unsigned long long)count,
                   text, (unsigned long long)located, (unsigned long long)notes,
                   (unsigned long long)ever);
    sql.size = 0;
    log_put(&sql,
            "SELECT count(*), sum(tier), count(city), count(note), count(first_seen) FROM "
            "customers%s",
            w->sql.text);
    expect(w, sql.text, wanted);
    (void)snprintf(wanted, sizeof wanted, "%llu|%llu\n", (unsigned long long)events,
                   (unsigned long long)who_did);
    sql.size = 0;
    log_put(&sql,
            "SELECT count(*), count(DISTINCT customer) FROM events WHERE customer IN (SELECT "
            "customer FROM customers%s)",
            w->sql.text);
    expect(w, sql.text, wanted);
}

/* Rows as the metadata has them. */
static void ask_tables(world *w)
{
    unsigned long long people = 0, events = 0, vips = 0;
    char wanted[64], found[512];

    for (int who = 0; who < PEOPLE; who++) {
        people += w->people[who].there;
        vips += w->people[who].vip;
        events += (unsigned long long)w->people[who].event_count;
    }
    assert_ok(ask(w->db, "SHOW TABLES", found, sizeof found, &test_error));
    (void)snprintf(wanted, sizeof wanted, "customers|customers|%llu|", people);
    assert_non_null(strstr(found, wanted));
    (void)snprintf(wanted, sizeof wanted, "events|events|%llu|", events);
    assert_non_null(strstr(found, wanted));
    assert_ok(ask(w->db, "SHOW TAGS", found, sizeof found, &test_error));
    (void)snprintf(wanted, sizeof wanted, "vip|-|%llu|", vips);
    assert_non_null(strstr(found, wanted));
}

/* Changes. */

static void add_event(person *p, char event, int day)
{
    assert_true(p->event_count < EVENTS_MOST);
    p->there = true;
    p->events[p->event_count++] = (struct deed){event, day};
}

static void insert_events(world *w)
{
    w->sql.size = 0;
    log_put(&w->sql, "INSERT INTO events VALUES ");
    for (unsigned i = 0; i < 5; i++) {
        const int who = (int)below(w, 20) == 0 ? 7 : (int)below(w, PEOPLE);
        const int day = (int)below(w, 90);
        const char event = (char)('a' + below(w, 2));
        log_put(&w->sql, i > 0 ? ", " : "");
        if (w->people[who].event_count == EVENTS_MOST) {
            log_put(&w->sql, "(NULL, '2023-12-31', 'a')");
            continue;
        }
        log_put(&w->sql, "('c%d', '", who);
        log_put_time(&w->sql, (int64_t)(FIRST_DAY + day) * 86400);
        log_put(&w->sql, "', '%c')", event);
        add_event(&w->people[who], event, day);
    }
    run(w, w->sql.text);
    run(w, "DELETE FROM events WHERE customer IS NULL");
}

static void insert_people(world *w)
{
    w->sql.size = 0;
    log_put(&w->sql, "INSERT INTO customers (city, customer, tier) VALUES ");
    for (unsigned i = 0; i < 4; i++) {
        const int who = (int)below(w, PEOPLE);
        person *p = &w->people[who];
        p->there = true;
        p->city = (int)below(w, MU_COUNT(cities));
        p->tier = below(w, 3) == 0 ? NOT_KNOWN : (int)below(w, 9);
        log_put(&w->sql, "%s('%s', 'c%d', ", i > 0 ? ", " : "", cities[p->city], who);
        log_put(&w->sql, p->tier == NOT_KNOWN ? "NULL)" : "%d)", p->tier);
    }
    run(w, w->sql.text);
}

static void copy_people(world *w)
{
    const unsigned rows = 1 + below(w, below(w, 2) == 0 ? 20 : 5000);
    const char *path = test_path("profiles.csv");
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    (void)fprintf(file, "note,customer,tier\n");
    for (unsigned i = 0; i < rows; i++) {
        const int who = (int)below(w, PEOPLE);
        person *p = &w->people[who];
        p->there = true;
        p->noted = below(w, 3) > 0;
        p->tier = below(w, 3) == 0 ? NOT_KNOWN : (int)below(w, 9);
        if (p->noted) {
            (void)fprintf(file, "note c%d", who);
        }
        (void)fprintf(file, ",c%d,", who);
        (void)fprintf(file, p->tier == NOT_KNOWN ? "\n" : "%d\n", p->tier);
    }
    assert_int_equal(fclose(file), 0);
    w->sql.size = 0;
    log_put(&w->sql, "COPY customers FROM '%s'", path);
    run(w, w->sql.text);
}

static void update_people(world *w)
{
    static const char *const sets[] = {"tier = tier + 1", "city = 'Rom', tier = 2",
                                       "note = 'note ' || customer", "note = NULL, city = NULL"};
    const unsigned which = below(w, MU_COUNT(sets));

    w->sql.size = 0;
    log_put(&w->sql, "UPDATE customers SET %s", sets[which]);
    bool *meant = put_where(w);
    run(w, w->sql.text);
    for (int who = 0; who < PEOPLE; who++) {
        person *p = &w->people[who];
        if (!meant[who]) {
            continue;
        }
        p->tier = which == 0 && p->tier != NOT_KNOWN ? p->tier + 1 : which == 1 ? 2 : p->tier;
        p->city = which == 1 ? 1 : which == 3 ? NOT_KNOWN : p->city;
        p->noted = which == 2 || (which != 3 && p->noted);
    }
    free(meant);
}

static void erase_people(world *w)
{
    w->sql.size = 0;
    log_put(&w->sql, "DELETE FROM customers");
    bool *meant = put_where(w);
    const unsigned ending = below(w, 10);
    log_put(&w->sql, " AND customer LIKE '%%%u%u'", ending, ending); /* one in a hundred of them */
    /* The condition before may end in an OR; erase who it means and no one else. */
    char *where = strstr(w->sql.text, " WHERE ") + 7;
    char *and = strstr(where, " AND customer LIKE");
    static log_text sql;
    sql.size = 0;
    log_put(&sql, "DELETE FROM customers WHERE (%.*s)%s", (int)(and-where), where, and);
    run(w, sql.text);
    for (int who = 0; who < PEOPLE; who++) {
        if (meant[who] && who % 100 == (int)(ending * 11) && who >= 10) {
            w->people[who] = (person){.tier = NOT_KNOWN, .city = NOT_KNOWN};
        }
    }
    free(meant);
}

static void delete_events(world *w)
{
    const int day = (int)below(w, 40);

    w->sql.size = 0;
    log_put(&w->sql, "DELETE FROM events WHERE ts < '");
    log_put_time(&w->sql, (int64_t)(FIRST_DAY + day) * 86400);
    log_put(&w->sql, "'%s", below(w, 2) == 0 ? "" : " AND event = 'b'");
    const bool only_b = w->sql.text[w->sql.size - 2] == 'b';
    run(w, w->sql.text);
    for (int who = 0; who < PEOPLE; who++) {
        person *p = &w->people[who];
        int kept = 0;
        for (int i = 0; i < p->event_count; i++) {
            if (p->events[i].day >= day || (only_b && p->events[i].event != 'b')) {
                p->events[kept++] = p->events[i];
            }
        }
        p->event_count = kept;
    }
}

static void change(world *w)
{
    switch (below(w, 8)) {
    case 0:
        insert_events(w);
        break;
    case 1:
        insert_people(w);
        break;
    case 2:
        copy_people(w);
        break;
    case 3:
    case 4:
        update_people(w);
        break;
    case 5:
    case 6:
        erase_people(w);
        break;
    default:
        delete_events(w);
        break;
    }
}

/* Makes files of the log, or one of all; what is left then has no rows of who was erased. */
static void tidy_up(world *w)
{
    char rows[64];

    if (below(w, 2) == 0) {
        run(w, "CHECKPOINT");
        return;
    }
    run(w, "COMPACT");
    assert_ok(ask(w->db, "SELECT count(*) FROM events", rows, sizeof rows, &test_error));
    expect(w, "SELECT coalesce(sum(rows), 0) FROM segments WHERE table = 'events'", rows);
}

static void load_log(world *w)
{
    const char *path = test_path("log.csv");
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    (void)fprintf(file, "customer,ts,event\n");
    for (int who = 0; who < PEOPLE; who++) {
        person *p = &w->people[who];
        *p = (person){.tier = NOT_KNOWN, .city = NOT_KNOWN, .vip = who % 3 == 0};
        add_event(p, 'a', who % 60);
        if (who % 3 == 0) {
            add_event(p, 'b', who * 7 % 90);
        }
        for (int i = 0; i < p->event_count; i++) {
            w->sql.size = 0;
            log_put_time(&w->sql, (int64_t)(FIRST_DAY + p->events[i].day) * 86400);
            (void)fprintf(file, "c%d,%s,%c\n", who, w->sql.text, p->events[i].event);
        }
    }
    assert_int_equal(fclose(file), 0);
    w->sql.size = 0;
    log_put(&w->sql,
            "CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT);"
            "COPY events FROM '%s';"
            "CREATE TAG vip AS SELECT customer FROM events WHERE event = 'b';"
            "ALTER TABLE customers ADD COLUMN tier BIGINT;"
            "ALTER TABLE customers ADD COLUMN city TEXT;"
            "ALTER TABLE customers ADD COLUMN note TEXT",
            path);
    run(w, w->sql.text);
}

static void open_again(world *w)
{
    mu_db *db;

    muster_close(w->db);
    assert_ok(mu_db_open(w->path, &db, &test_error));
    assert_ok(mu_db_check(db, &test_error));
    mu_db_close(db);
    assert_ok(muster_open(w->path, NULL, &w->db, &test_error));
}

TEST(attributes_sets_and_erasure_agree_with_an_array_of_persons)
{
    world *w = malloc(sizeof *w);

    shop_use_fast_disk();
    w->random = test_seed();
    w->path = test_path("db");
    assert_ok(muster_open(w->path, NULL, &w->db, &test_error));
    load_log(w);
    for (int turn = 0; turn < TURNS; turn++) {
        change(w);
        if (below(w, 4) == 0) {
            tidy_up(w);
        }
        for (int i = 0; i < QUESTIONS; i++) {
            assert_ok(muster_set_threads(w->db, i % 2 ? 4 : 1, &test_error));
            ask_people(w);
        }
        ask_tables(w);
        if (turn % 5 == 4) {
            open_again(w);
        }
    }
    muster_close(w->db);
    free(w);
}
