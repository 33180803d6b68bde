/*
 * gen_tags.c - who bears which tag, as a CSV of customer, tag, value, by customer.
 *
 * Two tags have values that follow how loyal a customer is (the same rank that makes visits in
 * the log), one in English, one in Chinese; others are independent, and cover from 60 % of the
 * customers down to one in 10,000.
 */
#include "bench/gen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TAG_COUNT = 60,
    TAG_TRAIT = 64 /* the traits below are for the log */
};

static const struct {
    const char *name;
    double share;
} known_tags[] = {
    {"newsletter", 0.6}, {"app_user", 0.45},    {"birthday_known", 0.3}, {"wechat_fan", 0.22},
    {"parent", 0.15},    {"price_hunter", 0.1}, {"student", 0.06},       {"vip_event", 0.01},
    {"黑名单", 0.002},   {"employee", 0.0005},  {"press", 0.0001},
};
enum {
    KNOWN_COUNT = sizeof known_tags / sizeof known_tags[0],
    VALUE_TAGS = 3
};

static void write_tag(mu_gen_output *out, uint32_t customer, const char *tag, const char *value)
{
    char *const start = mu_gen_output_row(out);
    char *to = mu_gen_put_customer(start, customer);

    *to++ = ',';
    to = mu_gen_put_text(to, tag);
    *to++ = ',';
    to = mu_gen_put_text(to, value);
    *to++ = '\n';
    out->used += (size_t)(to - start);
}

/* The tags with values: how loyal, in two languages, and the month of birth of some. */
static void write_values(const mu_gen_options *o, mu_gen_output *out, uint32_t customer)
{
    static const struct {
        double below;
        const char *english, *chinese;
    } tiers[] = {{0.015, "platinum", "铂金"}, {0.065, "gold", "金卡"}, {0.2, "silver", "银卡"}};
    static const char *const months[] = {"01", "02", "03", "04", "05", "06",
                                         "07", "08", "09", "10", "11", "12"};
    const double rank = mu_gen_rank(o, customer);
    const uint64_t birth = mu_gen_trait(o, customer, TAG_TRAIT);

    for (size_t i = 0; i < sizeof tiers / sizeof tiers[0]; i++) {
        if (rank < tiers[i].below) {
            write_tag(out, customer, "tier", tiers[i].english);
            write_tag(out, customer, "会员等级", tiers[i].chinese);
            break;
        }
    }
    if (birth % 10 < 4) {
        write_tag(out, customer, "birth_month", months[(birth >> 32) % 12]);
    }
}

void mu_gen_write_tags(const mu_gen_options *options)
{
    mu_gen_output *out = mu_gen_need(malloc(sizeof *out));
    char names[TAG_COUNT - VALUE_TAGS][16];
    double shares[TAG_COUNT - VALUE_TAGS];

    for (uint32_t i = 0; i < TAG_COUNT - VALUE_TAGS; i++) {
        const bool known = i < KNOWN_COUNT;

        if (known) {
            (void)snprintf(names[i], sizeof names[i], "%s", known_tags[i].name);
        } else {
            (void)snprintf(names[i], sizeof names[i], "tag_%03u", i + VALUE_TAGS + 1);
        }
        /* From 10 % to 0.01 %, each by the same factor less than the one before. */
        shares[i] = known ? known_tags[i].share
                          : 0.1 * pow(0.001, (double)(i - KNOWN_COUNT) /
                                                 (TAG_COUNT - VALUE_TAGS - KNOWN_COUNT - 1));
    }
    mu_gen_output_open(out, options->tags);
    out->used = (size_t)(mu_gen_put_text(out->bytes, "customer,tag,value\n") - out->bytes);
    for (uint32_t customer = 0; customer < options->customers; customer++) {
        write_values(options, out, customer);
        for (uint32_t i = 0; i < TAG_COUNT - VALUE_TAGS; i++) {
            if (mu_gen_unit(mu_gen_trait(options, customer, TAG_TRAIT + 1 + i)) < shares[i]) {
                write_tag(out, customer, names[i], "");
            }
        }
    }
    mu_gen_output_close(out);
    free(out);
}
