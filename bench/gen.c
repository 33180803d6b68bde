/*
 * gen.c - muster-gen: makes the event log of a shop, as a CSV in the order of time, and the tags
 * of its customers. The same options make the same bytes.
 *
 * gen_days.c says how the log is filled, gen_visit.c what happens in it.
 */
#include "bench/gen.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "muster-gen makes the event log of a shop, as a CSV in the order of time.\n"
    "\n"
    "  --customers N       how many customers (10000); each has an event if there are enough\n"
    "  --events N          how many events, exactly (100000)\n"
    "  --seed N            another seed makes another shop (1)\n"
    "  --start YYYY-MM-DD  the first day (2021-01-01)\n"
    "  --months N          how long the log is (24)\n"
    "  --out FILE          where the events go (standard output)\n"
    "  --tags FILE         where the tags of the customers go: customer, tag, value (nowhere)\n"
    "\n"
    "Columns: customer,ts,event,channel,city,sku,amount,quantity,coupon\n";

static _Noreturn void refuse(const char *option, const char *value, const char *expected)
{
    (void)fprintf(stderr, "muster-gen: --%s is \"%s\"; it takes %s\n", option, value, expected);
    exit(1);
}

static uint64_t number_of(const char *option, const char *text, uint64_t least, uint64_t most)
{
    char *end;
    char expected[80];

    errno = 0;
    const unsigned long long number = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || number < least || number > most) {
        (void)snprintf(expected, sizeof expected, "a number from %llu to %llu",
                       (unsigned long long)least, (unsigned long long)most);
        refuse(option, text, expected);
    }
    return number;
}

static void date_of(mu_gen_options *o, const char *text)
{
    char again[40];
    char *rest = NULL;
    const long year = strtol(text, &rest, 10), month = strtol(rest, &rest, 10);
    const long day = strtol(rest, &rest, 10); /* the hyphens read as signs */

    if (year < 1970 || year > 9999 || month < -12 || month > -1 || day < -31 || day > -1) {
        refuse("start", text, "a date such as 2021-01-01");
    }
    o->year = (int)year;
    o->month = (int)-month;
    o->day = (int)-day;
    /* A day that is not in the calendar, or was written otherwise, comes back as another text. */
    mu_gen_date(mu_gen_days(o->year, o->month, o->day), &o->year, &o->month, &o->day);
    (void)snprintf(again, sizeof again, "%04d-%02d-%02d", o->year, o->month, o->day);
    if (strcmp(again, text) != 0) {
        refuse("start", text, "a date such as 2021-01-01");
    }
}

static mu_gen_options options_of(int argc, char **argv)
{
    static const struct option known[] = {
        {"customers", required_argument, NULL, 'c'},
        {"events", required_argument, NULL, 'e'},
        {"seed", required_argument, NULL, 's'},
        {"start", required_argument, NULL, 'd'},
        {"months", required_argument, NULL, 'm'},
        {"out", required_argument, NULL, 'o'},
        {"tags", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    mu_gen_options o = mu_gen_usual(10000, 100000);
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'c':
            o.customers = number_of("customers", optarg, 1, 4000000000u);
            break;
        case 'e':
            o.events = number_of("events", optarg, 0, 1000000000000u);
            break;
        case 's':
            o.seed = number_of("seed", optarg, 0, UINT64_MAX);
            break;
        case 'd':
            date_of(&o, optarg);
            break;
        case 'm':
            o.months = number_of("months", optarg, 1, 1200);
            break;
        case 'o':
            o.out = optarg;
            break;
        case 't':
            o.tags = optarg;
            break;
        case 'h':
            (void)fputs(help, stdout);
            exit(0);
        default:
            exit(1); /* getopt_long has said why */
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "muster-gen: \"%s\" is not an option; see muster-gen --help\n",
                      argv[optind]);
        exit(1);
    }
    return o;
}

int main(int argc, char **argv)
{
    const mu_gen_options options = options_of(argc, argv);

    if (options.tags) {
        mu_gen_write_tags(&options);
    }
    mu_gen_write_log(&options);
    return 0;
}
