/*
 * attribution.c - conversions, and the touches before them that share the credit.
 *
 * The touches of a customer are listed once, in an order that does not depend on how they were
 * loaded. Then one pass goes over the conversions, and windows over the touches move along with it.
 * The first and the last touch are the ends of the window; for the other models a window knows what
 * each channel weighs (touch_window.h), so a conversion costs as many steps as there are channels
 * before it, not touches.
 *
 * Credit is whole units, and its shares add up exactly: channels are taken in the order of their
 * values, and each gets what the running total, rounded to units, grows by. The value of a
 * conversion is divided likewise, in units of its own type; a DOUBLE has none.
 */
#include "query/attribution.h"

#include "query/credit_tally.h"
#include "query/touch_window.h"
#include "storage/base/mem.h"

#include <stdlib.h>

enum {
    CONVERT = 1 << MU_ATTRIBUTION_CONVERT,
    TOUCH = 1 << MU_ATTRIBUTION_TOUCH,
    CHECKED = 1 << 12,            /* steps, between two looks at whether the statement is to stop */
    MOST_ROWS = 8 * MU_BATCH_ROWS /* that are made of a customer without being taken */
};

/* A conversion, and what is before it: touches [first, end) but for one. */
typedef struct conversion {
    uint32_t row;
    uint32_t first, end, left_out;
    uint32_t earliest, latest; /* touches that count; if there are any */
    int64_t value, by;         /* as gathered; MU_GATHER_NULL */
} conversion;

typedef struct met_channel {
    int64_t word;   /* as gathered */
    mu_text text;   /* of a TEXT */
    uint32_t found; /* its number in `numbers` */
} met_channel;

typedef struct attribution {
    mu_behaviour *b;
    const mu_attribution *options;
    bool divides;         /* a model needs what channels weigh */
    uint64_t steps;       /* since the beginning */
    mu_credit_tally sums; /* of the stripe, if rows are not given */
    /* Of the customer at hand: */
    uint32_t ordinal;
    uint32_t row; /* the next to look at */
    uint32_t first, end;
    mu_touch *touches;
    size_t touch_capacity;
    uint32_t touch_count;
    mu_touch_window runs; /* every run weighs the same */
    mu_touch_window recent;
    /* Their channels, by number: */
    mu_pair_numbers numbers; /* in the order in which they were met; a word alone */
    met_channel *channels;   /* in the order of their values, which is that of their numbers */
    size_t channel_capacity;
    uint32_t *number_of; /* of those of `numbers` */
    size_t number_capacity;
    uint32_t *places; /* channel by channel: the touch of it met last */
    size_t place_capacity;
} attribution;

static bool has_model(const mu_attribution *options, mu_attribution_model model)
{
    for (uint32_t m = 0; m < options->model_count; m++) {
        if (options->models[m] == model) {
            return true;
        }
    }
    return false;
}

/* Touches may come before the range. */
static void attribution_reading(const mu_behaviour_plan *plan, const mu_zone *zone,
                                int64_t as_of_us, mu_event_options *reading)
{
    const mu_attribution *options = plan->options;

    (void)zone;
    (void)as_of_us;
    reading->since_us = mu_time_subtract(reading->since_us, options->lookback_us);
}

static muster_status attribution_open(mu_behaviour *b, muster_error *err)
{
    attribution *a = b->state;

    (void)err;
    a->b = b;
    a->options = b->plan->options;
    a->divides = has_model(a->options, MU_MODEL_LINEAR) ||
                 has_model(a->options, MU_MODEL_POSITION) ||
                 has_model(a->options, MU_MODEL_TIME_DECAY);
    mu_touch_window_init(&a->runs, 0);
    mu_touch_window_init(&a->recent, a->options->half_life_us);
    mu_behaviour_require(b, MU_ATTRIBUTION_CONVERT);
    return MUSTER_OK;
}

static void attribution_close(mu_behaviour *b)
{
    attribution *a = b->state;

    mu_touch_window_deinit(&a->runs);
    mu_touch_window_deinit(&a->recent);
    mu_credit_tally_deinit(&a->sums);
    mu_pair_numbers_deinit(&a->numbers);
    mu_mem_free(a->touches);
    mu_mem_free(a->channels);
    mu_mem_free(a->number_of);
    mu_mem_free(a->places);
}

static muster_status fail_memory(const attribution *a, muster_error *err)
{
    return mu_behaviour_fail_memory(a->b, err);
}

static muster_status take_step(attribution *a, muster_error *err)
{
    return a->steps++ % CHECKED == 0 ? mu_exec_check(a->b->exec, err) : MUSTER_OK;
}

/* The touches of a customer. */

/* Lists them as they come; *tied: some of one time have different channels. */
static muster_status list_touches(attribution *a, uint32_t begin, uint32_t end, bool *tied,
                                  muster_error *err)
{
    const mu_events *events = &a->b->events;
    const int64_t *words = events->columns[0];
    uint32_t count = 0;

    if (!mu_mem_reserve(&a->touches, &a->touch_capacity, end - begin, sizeof *a->touches)) {
        return fail_memory(a, err);
    }
    for (uint32_t row = begin; row < end; row++) {
        const mu_touch touch = {.time_us = events->time_us[row], .word = words[row]};
        if (mu_stopped_at(row)) {
            return fail_memory(a, err);
        }
        if (!(events->mask[row] & TOUCH) || touch.word == MU_GATHER_NULL) {
            continue;
        }
        if (count > 0 && a->touches[count - 1].time_us == touch.time_us) {
            if (a->touches[count - 1].word == touch.word) {
                a->touches[count - 1].several = true;
                continue;
            }
            *tied = true;
        }
        a->touches[count++] = touch;
    }
    a->touch_count = count;
    return MUSTER_OK;
}

/* A word of a DOUBLE, such that words are in the order of the values. */
static int64_t ordered_bits(int64_t word)
{
    return word < 0 ? word ^ INT64_MAX : word;
}

static int compare_words(const void *left, const void *right)
{
    const int64_t a = ((const met_channel *)left)->word, b = ((const met_channel *)right)->word;

    return (a > b) - (a < b);
}

static int compare_doubles(const void *left, const void *right)
{
    const int64_t a = ordered_bits(((const met_channel *)left)->word);
    const int64_t b = ordered_bits(((const met_channel *)right)->word);

    return (a > b) - (a < b);
}

static int compare_texts(const void *left, const void *right)
{
    return mu_text_compare(((const met_channel *)left)->text, ((const met_channel *)right)->text);
}

/* Puts the channels that were met in the order of their values. */
static muster_status order_channels(attribution *a, muster_error *err)
{
    const mu_form form = mu_type_form(a->b->plan->values[0]->type);
    const uint32_t count = a->numbers.count;

    if (!mu_mem_reserve(&a->channels, &a->channel_capacity, count, sizeof *a->channels) ||
        !mu_mem_reserve(&a->number_of, &a->number_capacity, count, sizeof *a->number_of) ||
        !mu_mem_reserve(&a->places, &a->place_capacity, count, sizeof *a->places)) {
        return fail_memory(a, err);
    }
    for (uint32_t i = 0; i < count; i++) {
        const int64_t word = a->numbers.pairs[i].a;
        a->channels[i] = (met_channel){.word = word, .found = i};
        if (form == MU_FORM_CODE) {
            a->channels[i].text = mu_dict_text(mu_event_dict(a->b->reader, 0), (uint32_t)word);
        }
    }
    qsort(a->channels, count, sizeof *a->channels,
          form == MU_FORM_CODE  ? compare_texts
          : form == MU_FORM_F64 ? compare_doubles
                                : compare_words);
    for (uint32_t i = 0; i < count; i++) {
        a->number_of[a->channels[i].found] = i;
        a->places[i] = MU_NO_TOUCH;
    }
    return MUSTER_OK;
}

/* Numbers the channels of the touches in the order of their values. */
static muster_status number_channels(attribution *a, muster_error *err)
{
    mu_pair_numbers_reset(&a->numbers);
    for (uint32_t i = 0; i < a->touch_count; i++) {
        if (mu_stopped_at(i) ||
            !mu_pair_numbers_find(&a->numbers, (mu_pair){a->touches[i].word, MU_NO_WORD},
                                  &a->touches[i].channel)) {
            return fail_memory(a, err);
        }
    }
    MU_TRY(order_channels(a, err));
    for (uint32_t i = 0; i < a->touch_count; i++) {
        a->touches[i].channel = a->number_of[a->touches[i].channel];
    }
    return MUSTER_OK;
}

static int compare_touches(const void *left, const void *right)
{
    const uint32_t a = ((const mu_touch *)left)->channel, b = ((const mu_touch *)right)->channel;

    return (a < b) - (a > b);
}

/* Leaves one touch of a time and channel, and puts those of one time in order. */
static muster_status order_ties(attribution *a, muster_error *err)
{
    mu_touch *touches = a->touches;
    uint32_t count = 0, group = 0;

    for (uint32_t i = 0; i < a->touch_count; i++) {
        uint32_t *place = &a->places[touches[i].channel];
        if (mu_stopped_at(i)) {
            return fail_memory(a, err);
        }
        if (count > 0 && touches[count - 1].time_us != touches[i].time_us) {
            qsort(&touches[group], count - group, sizeof *touches, compare_touches);
            group = count;
        }
        if (*place != MU_NO_TOUCH && *place >= group) {
            touches[*place].several = true;
            continue;
        }
        *place = count;
        touches[count++] = touches[i];
    }
    qsort(&touches[group], count - group, sizeof *touches, compare_touches);
    a->touch_count = count;
    return MUSTER_OK;
}

static muster_status begin_customer(attribution *a, uint32_t begin, uint32_t end, muster_error *err)
{
    bool tied = false;

    a->first = 0;
    a->end = 0;
    MU_TRY(list_touches(a, begin, end, &tied, err));
    if (a->touch_count > 0 && (tied || a->divides)) {
        MU_TRY(number_channels(a, err));
    }
    if (tied) {
        MU_TRY(order_ties(a, err));
    }
    if (a->touch_count > 0 && a->divides) {
        const uint32_t touches = a->touch_count, channels = a->numbers.count;
        MU_TRY(mu_touch_window_start(&a->runs, a->touches, touches, channels, err));
        MU_TRY(mu_touch_window_start(&a->recent, a->touches, touches, channels, err));
    }
    return MUSTER_OK;
}

/* Conversions. */

/* Of touches of one time, which are the last before a.end, the one of this channel. */
static muster_status find_tied(attribution *a, int64_t time_us, int64_t word, uint32_t *out,
                               muster_error *err)
{
    uint32_t low = a->first, high = a->end - 1, met;

    if (!mu_pair_numbers_find(&a->numbers, (mu_pair){word, MU_NO_WORD}, &met)) {
        return fail_memory(a, err);
    }
    const uint32_t channel = a->number_of[met];
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (a->touches[middle].time_us < time_us || a->touches[middle].channel > channel) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out = low;
    return MUSTER_OK;
}

/* The touch that the event itself is, if there is no other of its time and channel. */
static muster_status find_own_touch(attribution *a, uint32_t row, uint32_t *out, muster_error *err)
{
    const mu_events *events = &a->b->events;
    const int64_t time_us = events->time_us[row], word = events->columns[0][row];
    uint32_t touch = a->end - 1;

    *out = MU_NO_TOUCH;
    if (!(events->mask[row] & TOUCH) || word == MU_GATHER_NULL) {
        return MUSTER_OK;
    }
    assert(a->end > a->first && a->touches[touch].time_us == time_us);
    if (a->touches[touch].word != word) {
        MU_TRY(find_tied(a, time_us, word, &touch, err));
    }
    assert(a->touches[touch].word == word && a->touches[touch].time_us == time_us);
    *out = a->touches[touch].several ? MU_NO_TOUCH : touch;
    return MUSTER_OK;
}

static inline bool is_conversion(const mu_behaviour *b, uint32_t row)
{
    return b->events.mask[row] & CONVERT && mu_behaviour_may_start(b, b->events.time_us[row]);
}

/* Without what is before it. */
static inline conversion conversion_at(const attribution *a, uint32_t row)
{
    const mu_events *events = &a->b->events;

    return (conversion){.row = row,
                        .value = a->options->has_value ? events->columns[1][row] : MU_GATHER_NULL,
                        .by = a->options->has_by
                                  ? events->columns[mu_attribution_by(a->options)][row]
                                  : MU_GATHER_NULL};
}

/* Finds what is before a conversion. */
static muster_status find_touches(attribution *a, conversion *c, muster_error *err)
{
    const int64_t time_us = a->b->events.time_us[c->row];
    const int64_t oldest_us = mu_time_subtract(time_us, a->options->lookback_us);

    while (a->end < a->touch_count && a->touches[a->end].time_us <= time_us) {
        a->end++;
    }
    while (a->first < a->end && a->touches[a->first].time_us <= oldest_us) {
        a->first++;
    }
    c->first = a->first;
    c->end = a->end;
    MU_TRY(find_own_touch(a, c->row, &c->left_out, err));
    c->earliest = c->first + (c->first == c->left_out);
    c->latest = c->end - 1 - (c->end - 1 == c->left_out);
    return MUSTER_OK;
}

/* A row, or a part of a sum. */
static muster_status give(attribution *a, const conversion *c, const mu_credit *credit,
                          muster_error *err)
{
    mu_behaviour *b = a->b;

    if (b->plan->class->stripe) {
        return mu_credit_tally_add(&a->sums, a->options, credit) ? MUSTER_OK : fail_memory(a, err);
    }
    int64_t *words = mu_behaviour_add(b, c->row);
    if (!words) {
        return fail_memory(a, err);
    }
    words[MU_ATTRIBUTED_MODEL] = credit->model;
    words[MU_ATTRIBUTED_CHANNEL] = credit->channel;
    words[MU_ATTRIBUTED_CONVERSIONS] = credit->units;
    words[MU_ATTRIBUTED_VALUE] = credit->value;
    words[MU_ATTRIBUTED_BY] = credit->by;
    words[MU_ATTRIBUTED_CUSTOMER] = a->ordinal;
    words[MU_ATTRIBUTED_TIME] = b->events.time_us[c->row];
    return MUSTER_OK;
}

static muster_status give_all(attribution *a, const conversion *c, uint32_t model, int64_t channel,
                              muster_error *err)
{
    const mu_credit credit = {.model = model,
                              .channel = channel,
                              .by = c->by,
                              .units = MU_CREDIT_UNITS,
                              .value = c->value};

    return give(a, c, &credit, err);
}

/* Dividing. */

/* What is divided among channels, as far as it is done. */
typedef struct division {
    mu_u128 total; /* of the weights */
    mu_u128 done;
    uint64_t units_done;
    uint64_t value_done; /* of its magnitude */
} division;

/* whole * done / total; *rest is what is left over. The product may have 190 bits, so then it is
 * made and divided bit by bit. */
static uint64_t multiply_divide(uint64_t whole, mu_u128 done, mu_u128 total, mu_u128 *rest)
{
    uint64_t quotient = 0;

    assert(done <= total && total < (mu_u128)1 << 127);
    if (total <= UINT64_MAX) {
        const mu_u128 product = whole * done;
        quotient = product <= UINT64_MAX ? (uint64_t)product / (uint64_t)total
                                         : (uint64_t)(product / total);
        *rest = product - quotient * total;
        return quotient;
    }
    *rest = 0;
    for (unsigned bit = mu_bits_width(whole); bit-- > 0;) {
        quotient *= 2;
        *rest *= 2;
        if (*rest >= total) {
            *rest -= total;
            quotient++;
        }
        *rest += whole >> bit & 1 ? done : 0;
        if (*rest >= total) {
            *rest -= total;
            quotient++;
        }
    }
    return quotient;
}

/* What is done of the whole, to the nearest unit; halves up. */
static uint64_t share_of(const division *d, uint64_t whole)
{
    mu_u128 rest;
    const uint64_t share = multiply_divide(whole, d->done, d->total, &rest);

    return share + (rest >= d->total - rest ? 1 : 0);
}

/* The share of the value that a weight gets, which has been added to what is done. */
static int64_t next_value(division *d, const conversion *c, mu_type type, mu_u128 weight)
{
    int64_t share = c->value;
    double real;

    if (c->value == MU_GATHER_NULL) {
        return c->value;
    }
    if (type.kind == MU_DOUBLE) {
        memcpy(&real, &c->value, sizeof real);
        real = real * (double)weight / (double)d->total + 0.0; /* never -0.0 */
        memcpy(&share, &real, sizeof share);
        return share;
    }
    const uint64_t done = share_of(d, c->value < 0 ? 0 - (uint64_t)c->value : (uint64_t)c->value);
    share = (int64_t)(done - d->value_done);
    d->value_done = done;
    return c->value < 0 ? -share : share;
}

/* What a channel weighs by the model; `runs` are all those of the window. */
static mu_u128 weight_of(attribution *a, const conversion *c, mu_attribution_model model,
                         mu_u128 runs, uint32_t channel)
{
    if (model == MU_MODEL_TIME_DECAY) {
        return mu_touch_window_weight(&a->recent, channel);
    }
    const mu_u128 weight = mu_touch_window_weight(&a->runs, channel);
    if (model == MU_MODEL_LINEAR || runs <= 2) {
        return weight;
    }
    /* Those between weigh 1 each, and either end twice as much as they together. */
    const mu_u128 ends = (a->touches[c->earliest].channel == channel ? 1u : 0u) +
                         (a->touches[c->latest].channel == channel ? 1u : 0u);
    return weight - ends + ends * 2 * (runs - 2);
}

/* The sum of the weights of all channels in the window. */
static muster_status weigh_all(attribution *a, mu_touch_window *window, mu_u128 *out,
                               muster_error *err)
{
    *out = 0;
    for (size_t w = 0; w < mu_bits_words(window->channel_count); w++) {
        MU_TRY(take_step(a, err));
        for (uint64_t bits = window->present[w]; bits != 0; bits &= bits - 1) {
            *out += mu_touch_window_weight(window, (uint32_t)w * 64 + mu_bits_lowest(bits));
        }
    }
    return MUSTER_OK;
}

/* Gives a channel what its weight is worth. */
static muster_status give_share(attribution *a, const conversion *c, uint32_t model,
                                uint32_t channel, mu_u128 weight, division *d, muster_error *err)
{
    mu_credit credit = {.model = model, .channel = a->channels[channel].word, .by = c->by};

    d->done += weight;
    const uint64_t units = share_of(d, MU_CREDIT_UNITS);
    credit.units = (int64_t)(units - d->units_done);
    d->units_done = units;
    credit.value = next_value(d, c, a->options->value_type, weight);
    return give(a, c, &credit, err);
}

static muster_status divide(attribution *a, const conversion *c, uint32_t m, muster_error *err)
{
    const mu_attribution_model model = a->options->models[m];
    mu_touch_window *window = model == MU_MODEL_TIME_DECAY ? &a->recent : &a->runs;
    division d = {0};
    mu_u128 all;

    MU_TRY(mu_touch_window_move(window, c->first, c->end, c->left_out, err));
    MU_TRY(weigh_all(a, window, &all, err));
    d.total = model == MU_MODEL_POSITION && all > 2 ? 5 * (all - 2) : all;
    for (size_t w = 0; w < mu_bits_words(window->channel_count); w++) {
        MU_TRY(take_step(a, err));
        for (uint64_t bits = window->present[w]; bits != 0; bits &= bits - 1) {
            const uint32_t channel = (uint32_t)w * 64 + mu_bits_lowest(bits);
            const mu_u128 weight = weight_of(a, c, model, all, channel);
            MU_TRY(give_share(a, c, m, channel, weight, &d, err));
        }
    }
    assert(d.done == d.total && d.units_done == MU_CREDIT_UNITS);
    return MUSTER_OK;
}

static muster_status credit_conversion(attribution *a, uint32_t row, muster_error *err)
{
    conversion c = conversion_at(a, row);

    MU_TRY(find_touches(a, &c, err));
    const bool touched = c.end - c.first > (c.left_out == MU_NO_TOUCH ? 0 : 1);
    for (uint32_t m = 0; m < a->options->model_count; m++) {
        const mu_attribution_model model = a->options->models[m];
        if (!touched) {
            MU_TRY(give_all(a, &c, m, MU_GATHER_NULL, err));
        } else if (model == MU_MODEL_FIRST || model == MU_MODEL_LAST) {
            const uint32_t touch = model == MU_MODEL_FIRST ? c.earliest : c.latest;
            MU_TRY(give_all(a, &c, m, a->touches[touch].word, err));
        } else {
            MU_TRY(divide(a, &c, m, err));
        }
    }
    return MUSTER_OK;
}

/* Whole customers whose events have a time each, where only the ends of what is before a conversion
 * matter: nothing is listed for them. */

static bool have_own_times(const mu_events *events, uint32_t begin, uint32_t end)
{
    bool own = true;

    for (uint32_t row = begin + 1; row < end; row++) {
        own &= events->time_us[row] != events->time_us[row - 1];
    }
    return own;
}

/* Without a branch: which events are touches cannot be foreseen. */
static inline bool is_touch(uint64_t mask, int64_t channel)
{
    return ((mask & TOUCH) != 0) & (channel != MU_GATHER_NULL);
}

/* The first touch after a time; there is one. */
static uint32_t find_first(const mu_events *events, uint32_t row, int64_t oldest_us)
{
    while (events->time_us[row] <= oldest_us ||
           !is_touch(events->mask[row], events->columns[0][row])) {
        row++;
    }
    return row;
}

static muster_status credit_ends(attribution *a, uint32_t begin, uint32_t end, muster_error *err)
{
    const mu_events *events = &a->b->events;
    const int64_t *time_us = events->time_us, *channels = events->columns[0];
    const uint64_t *masks = events->mask;
    uint32_t first = begin, last = end; /* touches; `end` is none */

    for (uint32_t row = begin; row < end; row++) {
        const uint64_t mask = masks[row];
        if (mask & CONVERT && mu_behaviour_may_start(a->b, time_us[row])) {
            const int64_t oldest_us = mu_time_subtract(time_us[row], a->options->lookback_us);
            const bool touched = last < end && time_us[last] > oldest_us;
            const conversion c = conversion_at(a, row);
            for (uint32_t m = 0; m < a->options->model_count; m++) {
                int64_t channel = MU_GATHER_NULL;
                if (touched && a->options->models[m] == MU_MODEL_FIRST) {
                    first = find_first(events, first, oldest_us);
                    channel = channels[first];
                } else if (touched) {
                    channel = channels[last];
                }
                MU_TRY(give_all(a, &c, m, channel, err));
            }
        }
        last = is_touch(mask, channels[row]) ? row : last;
    }
    return MUSTER_OK;
}

/* The first conversion at or after `row`, or `end`. */
static uint32_t find_conversion(const mu_behaviour *b, uint32_t row, uint32_t end)
{
    while (row < end && !is_conversion(b, row)) {
        row++;
    }
    return row;
}

static muster_status credit_customer(mu_behaviour *b, uint32_t i, muster_error *err)
{
    attribution *a = b->state;
    const uint32_t begin = b->events.starts[i], end = b->events.starts[i + 1];
    const size_t most = b->word_count + (size_t)MOST_ROWS * b->plan->column_count;

    if (!b->unfinished) {
        a->ordinal = mu_behaviour_ordinal(b, i);
        if (!a->divides && end - begin <= MOST_ROWS && have_own_times(&b->events, begin, end)) {
            return credit_ends(a, begin, end, err);
        }
        a->row = find_conversion(b, begin, end);
        if (a->row == end) {
            return MUSTER_OK;
        }
        MU_TRY(begin_customer(a, begin, end, err));
    }
    while (a->row < end && b->word_count <= most) {
        MU_TRY(take_step(a, err));
        MU_TRY(credit_conversion(a, a->row, err));
        a->row = find_conversion(b, a->row + 1, end);
    }
    b->unfinished = a->row < end;
    return MUSTER_OK;
}

static muster_status give_sums(mu_behaviour *b, muster_error *err)
{
    attribution *a = b->state;

    return mu_credit_tally_give(&a->sums, b, err);
}

const mu_behaviour_class mu_attribution_customers_class = {.name = "attribution_customers",
                                                           .state_size = sizeof(attribution),
                                                           .reading = attribution_reading,
                                                           .open = attribution_open,
                                                           .customer = credit_customer,
                                                           .close = attribution_close};
const mu_behaviour_class mu_attribution_class = {.name = "attribution",
                                                 .state_size = sizeof(attribution),
                                                 .reading = attribution_reading,
                                                 .open = attribution_open,
                                                 .customer = credit_customer,
                                                 .stripe = give_sums,
                                                 .close = attribution_close};
