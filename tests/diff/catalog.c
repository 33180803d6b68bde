/*
 * catalog.c - random tables: of events and others, empty and large, with NULLs, with few values
 * and with many, with some that come up all the time, and with numbers at the ends of their range.
 */
#include "tests/diff/catalog.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_MOST 9.3e18 /* too much for any sum */

/* How a column is filled. */
typedef struct filling {
    unsigned null_percent;
    unsigned distinct;
    bool skewed; /* half of the rows have the first value */
    bool ends;   /* numbers at the ends of their range are among them */
} filling;

static const char *const words[] = {"view", "pay",  "cart", "VIEW", "支付",       "",
                                    "a_b",  "50%",  "it's", "x y",  "customer_1", "b",
                                    "a",    "abba", "10",   "0",    "_",          "null"};

static const char *text_of_days(mu_arena *arena, int64_t days)
{
    /* Civil from days, of the proleptic Gregorian calendar. */
    const int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    const int64_t doe = z - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    const int64_t month = mp < 10 ? mp + 3 : mp - 9;

    return diff_text(arena, "%04" PRId64 "-%02" PRId64 "-%02" PRId64,
                     yoe + era * 400 + (month <= 2), month, doy - (153 * mp + 2) / 5 + 1);
}

static const char *text_of_time(mu_arena *arena, int64_t seconds)
{
    const int64_t of_day = (seconds % 86400 + 86400) % 86400, days = (seconds - of_day) / 86400;

    return diff_text(arena, "%s %02" PRId64 ":%02" PRId64 ":%02" PRId64, text_of_days(arena, days),
                     of_day / 3600, of_day / 60 % 60, of_day % 60);
}

/* The n-th value of a type, from the most common on. */
static const char *value_at(mu_arena *arena, diff_type type, int scale, unsigned n)
{
    static const int64_t first_day = 19700; /* 2023-12-09 */
    /* 1969-12-31, 1970-03-01, 0004-02-29, 2400-02-29 */
    static const int64_t borders[] = {-1, 59, -718008, 157113};
    const int sign = n % 4 == 3 ? -1 : 1;

    switch (type) {
    case TYPE_BOOLEAN:
        return n % 2 ? "true" : "false";
    case TYPE_BIGINT:
        return diff_text(arena, "%d", sign * (int)n);
    case TYPE_DECIMAL:
        return diff_text(arena, "%s%u.%0*u", sign < 0 ? "-" : "", n / 3, scale,
                         n * 25 % (scale == 2 ? 100 : 10));
    case TYPE_DOUBLE:
        return diff_text(arena, "%.3f", sign * (double)n / 8);
    case TYPE_TEXT:
        return n < sizeof words / sizeof words[0] ? words[n] : diff_text(arena, "customer_%u", n);
    case TYPE_DATE:
        return n % 9 == 8 ? text_of_days(arena, borders[n / 9 % 4])
                          : text_of_days(arena, first_day + (int64_t)n * 7 % 500);
    case TYPE_TIMESTAMP:
        return n % 23 == 22 ? text_of_time(arena, borders[n / 23 % 4] * 86400 + 86399)
                            : text_of_time(arena, first_day * 86400 + (int64_t)n * 21600 +
                                                      (n % 3 == 0) * 59);
    case TYPE_COUNT:
        break;
    }
    abort();
}

const char *diff_value(mu_arena *arena, diff_random *random, diff_type type, int scale)
{
    const unsigned range = diff_chance(random, 70) ? 12 : 300;

    return value_at(arena, type, scale, diff_below(random, range));
}

const char *diff_catalog_value(const diff_column *column, diff_random *random)
{
    const diff_relation *relation = column->relation;

    if (!relation || !relation->rows || relation->row_count == 0) {
        return NULL;
    }
    return relation->rows[diff_below(random, (unsigned)relation->row_count)][column->index];
}

static void add_column(diff_relation *relation, const char *name, diff_type type, const char *role)
{
    diff_column *column = &relation->columns[relation->count];

    *column = (diff_column){.name = name, .type = type, .role = role, .relation = relation};
    column->index = relation->count++;
    column->scale = type == TYPE_DECIMAL ? 2 : type == TYPE_DOUBLE ? 3 : 0;
    if (role && type == TYPE_BIGINT) {
        column->most = ID_MOST; /* of customers: numbers, but none to reckon with */
        return;
    }
    column->most = type == TYPE_BOOLEAN ? 1 : type == TYPE_TEXT ? 20 : 10000;
}

/* The columns that a table has by itself; of those with no role any but the id may be missing. */
static void add_columns(diff_relation *relation, mu_arena *arena, diff_random *random, int letter)
{
    static const struct {
        const char *prefix;
        diff_type type;
    } columns[] = {{"n", TYPE_BIGINT},     {"d", TYPE_DECIMAL},  {"x", TYPE_DOUBLE},
                   {"t", TYPE_TEXT},       {"ok", TYPE_BOOLEAN}, {"day", TYPE_DATE},
                   {"at", TYPE_TIMESTAMP}, {"big", TYPE_BIGINT}, {"e", TYPE_DECIMAL}};

    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        if (diff_chance(random, 65)) {
            const char *role =
                columns[i].type == TYPE_TEXT && relation->partition && diff_chance(random, 50)
                    ? "INDEXED"
                    : NULL;
            add_column(relation, diff_text(arena, "%s_%c", columns[i].prefix, letter),
                       columns[i].type, role);
        }
    }
}

static void make_columns(diff_relation *relation, mu_arena *arena, diff_random *random,
                         bool ids_are_text, int letter)
{
    const bool events = relation->partition != NULL;

    add_column(relation, "k", TYPE_BIGINT, events && !ids_are_text ? "CUSTOMER" : NULL);
    add_column(relation, "name", TYPE_TEXT, events && ids_are_text ? "CUSTOMER" : NULL);
    add_column(relation, diff_text(arena, "id_%c", letter), TYPE_BIGINT, NULL);
    relation->columns[relation->count - 1].unique = true;
    if (events) {
        add_column(relation, diff_text(arena, "ts_%c", letter), TYPE_TIMESTAMP, "TIME");
        add_column(relation, diff_text(arena, "event_%c", letter), TYPE_TEXT, "EVENT");
    }
    add_columns(relation, arena, random, letter);
}

static filling make_filling(diff_random *random, const diff_column *column)
{
    static const unsigned distinct[] = {2, 5, 12, 60, 1000};
    const bool key = strcmp(column->name, "k") == 0 || strcmp(column->name, "name") == 0;
    filling f = {.null_percent = diff_chance(random, 40) ? 0 : 5 + diff_below(random, 40),
                 .distinct = key ? 12 : distinct[diff_below(random, 5)],
                 .skewed = diff_chance(random, 25),
                 .ends = strncmp(column->name, "big", 3) == 0};

    if (column->role && strcmp(column->role, "TIME") == 0) {
        f.null_percent = 0;
    }
    return f;
}

static const char *make_value(mu_arena *arena, diff_random *random, const diff_column *column,
                              const filling *f, int row)
{
    static const char *const ends[] = {"9223372036854775807", "-9223372036854775807", "4294967296",
                                       "-2147483649"};

    if (column->unique) {
        return diff_text(arena, "%d", row * 7 % 10007);
    }
    if (diff_chance(random, f->null_percent)) {
        return NULL;
    }
    if (f->ends && diff_chance(random, 50)) {
        return ends[diff_below(random, 4)];
    }
    const unsigned n = f->skewed && diff_chance(random, 50) ? 0 : diff_below(random, f->distinct);
    return value_at(arena, column->type, column->scale, n);
}

static void fill(diff_relation *relation, mu_arena *arena, diff_random *random, int rows)
{
    filling fillings[CATALOG_COLUMNS];

    relation->row_count = rows;
    relation->rows = MU_NEW_ARRAY(arena, const char **, (size_t)rows);
    for (int c = 0; c < relation->count; c++) {
        fillings[c] = make_filling(random, &relation->columns[c]);
        if (fillings[c].ends) {
            relation->columns[c].most = ID_MOST;
        }
    }
    for (int i = 0; i < rows; i++) {
        relation->rows[i] = MU_NEW_ARRAY(arena, const char *, (size_t)relation->count);
        for (int c = 0; c < relation->count; c++) {
            relation->rows[i][c] =
                make_value(arena, random, &relation->columns[c], &fillings[c], i);
        }
    }
}

/* `customers`: everyone who is in a table of events, and since when. */
static diff_relation *make_customers(const diff_catalog *catalog, mu_arena *arena,
                                     bool ids_are_text)
{
    diff_relation *customers = MU_NEW(arena, diff_relation);
    const char *events = "";

    customers->name = "customers";
    customers->row_count = 12;
    add_column(customers, "customer", ids_are_text ? TYPE_TEXT : TYPE_BIGINT, "CUSTOMER");
    add_column(customers, "first_seen", TYPE_TIMESTAMP, NULL);
    add_column(customers, "last_seen", TYPE_TIMESTAMP, NULL);
    for (int i = 0; i < catalog->count; i++) {
        if (catalog->relations[i]->partition) {
            events = diff_text(arena, "%s%sSELECT %s AS customer, ts_%c AS ts FROM %s", events,
                               *events ? " UNION ALL " : "", ids_are_text ? "name" : "k", 'a' + i,
                               catalog->relations[i]->name);
        }
    }
    customers->elsewhere = diff_text(arena,
                                     "SELECT customer, min(ts) AS first_seen, max(ts) AS last_seen "
                                     "FROM (%s) AS e WHERE customer IS NOT NULL GROUP BY customer",
                                     events);
    return customers;
}

void diff_catalog_make(diff_catalog *catalog, mu_arena *arena, diff_random *random,
                       bool with_customers)
{
    static const char *const partitions[] = {"MONTH", "DAY", "WEEK", "QUARTER", "YEAR"};
    static const int sizes[] = {7, 30, 12, 0, 80, 1, 300, 40, 25, 60, 20, 50};
    const bool ids_are_text = diff_chance(random, 50);
    const bool one_large = diff_chance(random, 15);

    *catalog = (diff_catalog){.count = 1 + (int)diff_below(random, 5)};
    catalog->base = catalog->count;
    for (int i = 0; i < catalog->count; i++) {
        diff_relation *relation = MU_NEW(arena, diff_relation);
        const bool events = i == 0 || diff_chance(random, 35);
        relation->name = diff_text(arena, "%s_%c", events ? "events" : "table", 'a' + i);
        relation->partition = events ? partitions[diff_below(random, 5)] : NULL;
        relation->stored = true;
        make_columns(relation, arena, random, ids_are_text, 'a' + i);
        fill(relation, arena, random,
             one_large && i == 0 ? 2000 + (int)diff_below(random, 1500)
                                 : sizes[diff_below(random, 12)]);
        catalog->relations[i] = relation;
    }
    if (with_customers) {
        diff_relation *customers = make_customers(catalog, arena, ids_are_text);
        catalog->relations[catalog->count++] = customers;
    }
}
