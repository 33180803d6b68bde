/*
 * gen_rows.c - writes the events of a day, in the order of their seconds.
 */
#include "bench/gen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is printed for a code. */
typedef struct names {
    char events[MU_GEN_NAMES][16], cities[MU_GEN_CITIES][16], two_digits[100][2];
} names;

static const char *const known_cities[] = {
    "shanghai", "beijing",  "guangzhou", "shenzhen", "chengdu",   "hangzhou", "chongqing", "wuhan",
    "suzhou",   "xian",     "nanjing",   "tianjin",  "changsha",  "ningbo",   "qingdao",   "hefei",
    "dongguan", "foshan",   "wuxi",      "xiamen",   "zhengzhou", "jinan",    "shenyang",  "dalian",
    "fuzhou",   "nanchang", "kunming",   "guiyang",  "nanning",   "harbin",
};
enum {
    KNOWN_CITY_COUNT = sizeof known_cities / sizeof known_cities[0]
};

static names known;

void mu_gen_name_things(void)
{
    for (uint32_t i = 0; i < MU_GEN_NAMES; i++) {
        const char *name = mu_gen_known_name(i);

        (void)snprintf(known.events[i], sizeof known.events[i], "event_%03u", i + 1);
        if (name) {
            (void)snprintf(known.events[i], sizeof known.events[i], "%s", name);
        }
    }
    for (uint32_t i = 0; i < MU_GEN_CITIES; i++) {
        (void)snprintf(known.cities[i], sizeof known.cities[i], "city_%03u", i + 1);
        if (i < KNOWN_CITY_COUNT) {
            (void)snprintf(known.cities[i], sizeof known.cities[i], "%s", known_cities[i]);
        }
    }
    for (uint32_t i = 0; i < 100; i++) {
        known.two_digits[i][0] = (char)('0' + i / 10);
        known.two_digits[i][1] = (char)('0' + i % 10);
    }
}

static char *put_two(char *to, uint32_t number)
{
    memcpy(to, known.two_digits[number], 2);
    return to + 2;
}

static void write_event(mu_gen *g, const mu_gen_event *e, const char *date)
{
    const uint32_t second = e->second % MU_GEN_DAY_SECONDS;
    char *const start = mu_gen_output_row(&g->out);
    char *to = start;

    to = mu_gen_put_customer(to, e->customer);
    *to++ = ',';
    to = mu_gen_put_text(to, date);
    *to++ = ' ';
    to = put_two(to, second / 3600);
    *to++ = ':';
    to = put_two(to, second / 60 % 60);
    *to++ = ':';
    to = put_two(to, second % 60);
    *to++ = ',';
    to = mu_gen_put_text(to, known.events[e->name]);
    *to++ = ',';
    to = mu_gen_put_text(to, mu_gen_channel_name(e->channel));
    *to++ = ',';
    to = mu_gen_put_text(to, known.cities[e->city]);
    *to++ = ',';
    if (e->sku != MU_GEN_NONE) {
        *to++ = 'S';
        to = mu_gen_put_number(to, e->sku + 1, 5);
    }
    *to++ = ',';
    if (e->cents > 0) {
        to = mu_gen_put_number(to, e->cents / 100, 1);
        *to++ = '.';
        to = put_two(to, e->cents % 100);
    }
    *to++ = ',';
    if (e->quantity > 0) {
        to = mu_gen_put_number(to, e->quantity, 1);
    }
    *to++ = ',';
    if (e->coupon > 0) {
        to = mu_gen_put_text(to, "CP");
        to = mu_gen_put_number(to, e->coupon, 4);
    }
    *to++ = '\n';
    g->out.used += (size_t)(to - start);
}

/* Counting sort by second: stable, so what happened first within a second stays first. */
void mu_gen_write_day(mu_gen *g)
{
    static uint32_t place[MU_GEN_DAY_SECONDS + 1];
    const int64_t first = mu_gen_days(g->options.year, g->options.month, g->options.day);
    int year, month, day;
    char date[40];

    if (g->sorted.room < g->now.room) {
        g->sorted.room = g->now.room;
        g->sorted.events =
            mu_gen_need(realloc(g->sorted.events, g->sorted.room * sizeof *g->sorted.events));
    }
    memset(place, 0, sizeof place);
    for (size_t i = 0; i < g->now.count; i++) {
        place[g->now.events[i].second % MU_GEN_DAY_SECONDS + 1]++;
    }
    for (uint32_t second = 0; second < MU_GEN_DAY_SECONDS; second++) {
        place[second + 1] += place[second];
    }
    for (size_t i = 0; i < g->now.count; i++) {
        g->sorted.events[place[g->now.events[i].second % MU_GEN_DAY_SECONDS]++] = g->now.events[i];
    }
    mu_gen_date(first + g->today, &year, &month, &day);
    (void)snprintf(date, sizeof date, "%04d-%02d-%02d", year, month, day);
    for (size_t i = 0; i < g->now.count; i++) {
        write_event(g, &g->sorted.events[i], date);
    }
}
