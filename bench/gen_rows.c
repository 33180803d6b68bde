/*
 * gen_rows.c - writes the events as a CSV, and knows the names of things.
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

const char *mu_gen_event_name(uint32_t name)
{
    return known.events[name];
}

const char *mu_gen_city_name(uint32_t city)
{
    return known.cities[city];
}

static void write_event(mu_gen_output *out, const mu_gen_event *e, const char *date)
{
    const uint32_t second = e->second % MU_GEN_DAY_SECONDS;
    char *const start = mu_gen_output_row(out);
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
    out->used += (size_t)(to - start);
}

static void write_day(void *context, const mu_gen_day *day)
{
    mu_gen_output *out = context;
    int year, month, date;
    char text[40];

    mu_gen_date(day->date, &year, &month, &date);
    (void)snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, date);
    for (size_t i = 0; i < day->count; i++) {
        write_event(out, &day->events[i], text);
    }
}

void mu_gen_write_log(const mu_gen_options *options)
{
    mu_gen_output *out = mu_gen_need(calloc(1, sizeof *out));

    mu_gen_name_things();
    mu_gen_output_open(out, options->out);
    char *const end = mu_gen_put_text(
        mu_gen_output_row(out), "customer,ts,event,channel,city,sku,amount,quantity,coupon\n");
    out->used = (size_t)(end - out->bytes);
    mu_gen_log(options, write_day, out);
    mu_gen_output_close(out);
    free(out);
}
