/*
 * gen_visit.c - what a customer does in a visit.
 *
 * A visit views goods; some views are followed by a cart with the same sku, some carts by a
 * payment, at once or up to three days later, and few payments by a refund. So for each cart
 * there is an earlier view, and for each payment a cart, of the same customer and sku. Coupons
 * are claimed, and used or not; people follow, and some unfollow within two months. Around that
 * lies the noise of a real log: some 300 names of events, by Zipf's law. City and usual channel
 * belong to the customer, and a visit seldom leaves them.
 */
#include "bench/gen.h"

#include <assert.h>
#include <stdlib.h>

/* The names that mean something here come first, in this order; the rest is noise. */
enum name {
    VIEW,
    ADD_TO_CART,
    PAY,
    REFUND,
    REGISTER,
    FOLLOW,
    UNFOLLOW,
    COUPON_CLAIM,
    COUPON_USE,
    SEARCH,
    STORE_VISIT,
    AD_CLICK,
    MESSAGE_OPEN,
    NAME_END
};
static const char *const known_names[] = {
    "view",         "add_to_cart",  "pay",          "refund",       "register",     "follow",
    "unfollow",     "coupon_claim", "coupon_use",   "search",       "store_visit",  "ad_click",
    "message_open", "app_open",     "page_view",    "login",        "share",        "like",
    "comment",      "review",       "video_play",   "live_watch",   "scan_code",    "invite_friend",
    "points_earn",  "points_spend", "service_chat", "wishlist_add", "profile_edit", "address_add",
};
enum {
    KNOWN_COUNT = sizeof known_names / sizeof known_names[0]
};
static_assert((int)NAME_END == (int)MU_GEN_FIRST_MISC, "the noise begins where the meaning ends");

enum {
    APP,
    WEB,
    WECHAT,
    STORE,
    TMALL,
    JD,
    EMAIL,
    SMS,
    CHANNEL_COUNT
};
static const char *const channel_names[CHANNEL_COUNT] = {"app",   "web", "wechat", "store",
                                                         "tmall", "jd",  "email",  "sms"};
static const uint32_t channel_share[CHANNEL_COUNT] = {34, 12, 22, 8, 14, 8, 1, 1};

const char *mu_gen_known_name(uint32_t name)
{
    return name < KNOWN_COUNT ? known_names[name] : NULL;
}

const char *mu_gen_channel_name(uint32_t channel)
{
    return channel_names[channel];
}

/* A visit on its way. */
typedef struct visit {
    uint32_t customer;
    uint32_t second; /* of its last mu_gen_event */
    uint16_t city;
    uint8_t channel;
    double loyalty; /* 0 to 1 */
    bool bought;
} visit;

void mu_gen_list_add(mu_gen_list *list, const mu_gen_event *e)
{
    if (list->count == list->room) {
        list->room = list->room ? list->room * 2 : 1024;
        list->events = mu_gen_need(realloc(list->events, list->room * sizeof *list->events));
    }
    list->events[list->count++] = *e;
}

/* Adds an event to the day it falls on. False if that is today and today is full: then the
 * visit ends here, so that nothing follows from an event that is not in the log. */
static bool happens(mu_gen *g, const mu_gen_event *e)
{
    const uint32_t day = e->second / MU_GEN_DAY_SECONDS;

    if (day == g->today) {
        if (g->now.count >= g->limit) {
            return false;
        }
        mu_gen_list_add(&g->now, e);
    } else if (day < g->day_count) {
        mu_gen_list_add(&g->later, e);
    }
    return true;
}

static mu_gen_event visit_event(visit *v, enum name name, uint32_t seconds_later)
{
    v->second += seconds_later;
    return (mu_gen_event){.second = v->second,
                          .customer = v->customer,
                          .sku = MU_GEN_NONE,
                          .name = (uint16_t)name,
                          .city = v->city,
                          .channel = v->channel};
}

static bool visit_adds(mu_gen *g, visit *v, enum name name, uint32_t seconds_later)
{
    const mu_gen_event e = visit_event(v, name, seconds_later);

    return happens(g, &e);
}

/* A quarter of what people look at is one of their four favourites. */
static uint32_t draw_sku(mu_gen *g, uint32_t customer)
{
    const uint64_t bits = mu_gen_chance(g, 0.25)
                              ? mu_gen_trait(&g->options, customer, 16 + mu_gen_draw_below(g, 4))
                              : mu_gen_draw(g);

    return mu_gen_alias_pick(g->sku_draw, MU_GEN_SKUS, bits);
}

/* Payment of what is in the cart: mostly within the hour, the rest within three days. */
static bool visit_pays(mu_gen *g, visit *v, uint32_t sku, uint32_t coupon)
{
    const bool soon = mu_gen_chance(g, 0.72);
    const double slow = mu_gen_unit(mu_gen_draw(g));
    const uint32_t wait =
        soon ? mu_gen_draw_between(g, 20, 1800) : 1800 + (uint32_t)(slow * slow * 257400);
    visit payer = *v; /* the visit itself goes on */
    mu_gen_event pay = visit_event(&payer, PAY, wait);
    const uint32_t quantity = mu_gen_chance(g, 0.8) ? 1 : mu_gen_draw_between(g, 2, 5);

    if (coupon > 0) {
        mu_gen_event use = visit_event(&payer, COUPON_USE, 0);

        use.coupon = (uint16_t)coupon;
        if (!happens(g, &use)) {
            return false;
        }
        pay.second += 1;
    }
    pay.sku = sku;
    pay.quantity = (uint8_t)quantity;
    pay.coupon = (uint16_t)coupon;
    pay.cents = g->price_cents[sku] * quantity * (coupon > 0 ? 85 : 100) / 100;
    if (!happens(g, &pay)) {
        return false;
    }
    v->bought = true;
    v->second = soon ? pay.second : v->second;
    if (mu_gen_chance(g, 0.035)) {
        mu_gen_event refund = pay;

        refund.name = REFUND;
        refund.coupon = 0;
        refund.second += mu_gen_draw_between(g, 3600, 14 * MU_GEN_DAY_SECONDS);
        return happens(g, &refund);
    }
    return true;
}

static bool visit_views(mu_gen *g, visit *v, uint32_t coupon)
{
    const double to_cart = 0.17 + 0.15 * v->loyalty;
    const double to_pay = coupon > 0 ? 0.8 : 0.38 + 0.25 * v->loyalty;
    mu_gen_event e = visit_event(v, VIEW, mu_gen_draw_between(g, 2, 120));

    e.sku = draw_sku(g, v->customer);
    if (!happens(g, &e)) {
        return false;
    }
    if (!mu_gen_chance(g, to_cart) && coupon == 0) {
        return true;
    }
    e.name = ADD_TO_CART;
    e.second += mu_gen_draw_between(g, 3, 400);
    e.quantity = 1;
    v->second = e.second;
    if (!happens(g, &e)) {
        return false;
    }
    return !mu_gen_chance(g, to_pay) || visit_pays(g, v, e.sku, coupon);
}

static bool visit_browses(mu_gen *g, visit *v, uint32_t coupon)
{
    if (mu_gen_chance(g, 0.3) && !visit_adds(g, v, SEARCH, mu_gen_draw_between(g, 1, 20))) {
        return false;
    }
    do {
        if (!visit_views(g, v, coupon)) {
            return false;
        }
        coupon = 0;
    } while (mu_gen_chance(g, 0.15 + 0.3 * v->loyalty));
    return true;
}

static bool visit_claims_coupon(mu_gen *g, visit *v)
{
    /* A coupon is given away for a while, and then no more. */
    const uint32_t of_today = (uint32_t)((uint64_t)g->today * MU_GEN_COUPONS / g->day_count);
    const uint32_t coupon = 1 + (of_today + mu_gen_draw_below(g, 8)) % MU_GEN_COUPONS;
    mu_gen_event claim = visit_event(v, COUPON_CLAIM, 1);

    claim.coupon = (uint16_t)coupon;
    if (!happens(g, &claim)) {
        return false;
    }
    if (!mu_gen_chance(g, 0.4)) {
        return true;
    }
    v->second += mu_gen_chance(g, 0.6) ? mu_gen_draw_below(g, 600)
                                       : mu_gen_draw_below(g, 9 * MU_GEN_DAY_SECONDS);
    return visit_browses(g, v, coupon);
}

static bool visit_follows(mu_gen *g, visit *v)
{
    if (!visit_adds(g, v, FOLLOW, 1)) {
        return false;
    }
    if (mu_gen_chance(g, 0.35)) {
        visit leaving = *v;

        return visit_adds(g, &leaving, UNFOLLOW,
                          mu_gen_draw_between(g, 600, 60 * MU_GEN_DAY_SECONDS));
    }
    return true;
}

/* What nobody asks about: a name without a meaning here. */
static bool visit_adds_misc(mu_gen *g, visit *v)
{
    const uint32_t misc =
        mu_gen_alias_pick(g->misc_draw, MU_GEN_NAMES - MU_GEN_FIRST_MISC, mu_gen_draw(g));

    return visit_adds(g, v, (enum name)(MU_GEN_FIRST_MISC + misc), mu_gen_draw_between(g, 1, 90));
}

/* Some of that, or none, before and after what matters. */
static bool visit_murmurs(mu_gen *g, visit *v)
{
    while (mu_gen_chance(g, 0.33)) {
        if (!visit_adds_misc(g, v)) {
            return false;
        }
    }
    return true;
}

static bool visit_runs(mu_gen *g, visit *v)
{
    const uint32_t kind = mu_gen_draw_below(g, 100);

    if (!visit_murmurs(g, v)) {
        return false;
    }
    if (kind < 4) {
        return visit_follows(g, v);
    }
    if (kind < 11) {
        return visit_claims_coupon(g, v);
    }
    if (kind < 21) {
        v->channel = (uint8_t)(EMAIL + mu_gen_draw_below(g, 2));
        if (!visit_adds(g, v, MESSAGE_OPEN, 1) || mu_gen_chance(g, 0.7)) {
            return true;
        }
    } else if (kind < 31) {
        if (!visit_adds(g, v, AD_CLICK, 1)) {
            return false;
        }
    } else if (kind < 41) {
        v->channel = STORE;
        if (!visit_adds(g, v, STORE_VISIT, 1) || mu_gen_chance(g, 0.4)) {
            return true;
        }
    } else if (kind < 60) {
        return visit_adds_misc(g, v) && visit_murmurs(g, v);
    }
    return visit_browses(g, v, 0) && visit_murmurs(g, v);
}

static uint8_t channel_of(uint64_t bits)
{
    uint32_t share = (uint32_t)((bits >> 32) * 100 >> 32);
    uint8_t channel = 0;

    while (share >= channel_share[channel]) {
        share -= channel_share[channel++];
    }
    return channel;
}

bool mu_gen_visit(mu_gen *g, uint32_t customer, bool registers)
{
    const uint64_t place =
        mu_gen_chance(g, 0.04) ? mu_gen_draw(g) : mu_gen_trait(&g->options, customer, 1);
    const uint64_t channel =
        mu_gen_chance(g, 0.22) ? mu_gen_draw(g) : mu_gen_trait(&g->options, customer, 2);
    const uint32_t hour = g->hour_draw[mu_gen_draw_below(g, 256)];
    visit v = {.customer = customer,
               .second = g->today * MU_GEN_DAY_SECONDS + hour * 3600 + mu_gen_draw_below(g, 3600),
               .city = (uint16_t)mu_gen_alias_pick(g->city_draw, MU_GEN_CITIES, place),
               .channel = channel_of(channel),
               .loyalty = 1 - mu_gen_rank(&g->options, customer)};

    g->recent[g->visit_count++ % MU_GEN_RECENT] = customer;
    if (!registers || visit_adds(g, &v, REGISTER, 0)) {
        (void)visit_runs(g, &v);
    }
    return v.bought;
}
