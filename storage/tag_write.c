/*
 * tag_write.c - sets being collected: for each value an array of stripes, each of them a list of
 * customers until that would take as much as a bitmap, and then a bitmap. The lists are neither
 * sorted nor free of duplicates; setting bits puts both right when they are read.
 */
#include "storage/tag_write.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <string.h>

enum {
#ifdef MU_TINY
    LIST_MOST = 4,
#else
    LIST_MOST = 4096, /* of two bytes each: a bitmap takes as much */
#endif
    IS_BITMAP = UINT16_MAX,
};

typedef struct stripe_list {
    void *data;        /* uint16_t[capacity], or uint64_t[MU_STRIPE_WORDS]; owned */
    uint16_t count;    /* of the list */
    uint16_t capacity; /* of the list; IS_BITMAP if it is none */
} stripe_list;

typedef struct value_set {
    stripe_list *stripes; /* owned */
    size_t stripe_capacity;
    uint32_t stripe_count;
} value_set;

struct mu_tag_builder {
    mu_dict_builder values;
    value_set *sets; /* by code */
    size_t set_capacity;
    uint32_t set_count;
};

mu_tag_builder *mu_tag_builder_new(void)
{
    return mu_mem_zalloc(sizeof(mu_tag_builder));
}

void mu_tag_builder_free(mu_tag_builder *builder)
{
    if (!builder) {
        return;
    }
    for (uint32_t i = 0; i < builder->set_count; i++) {
        for (uint32_t stripe = 0; stripe < builder->sets[i].stripe_count; stripe++) {
            mu_mem_free(builder->sets[i].stripes[stripe].data);
        }
        mu_mem_free(builder->sets[i].stripes);
    }
    mu_mem_free(builder->sets);
    mu_dict_builder_deinit(&builder->values);
    mu_mem_free(builder);
}

static void add_list(const stripe_list *list, uint64_t *bits)
{
    const uint16_t *lows = list->data;

    for (uint32_t i = 0; i < list->count; i++) {
        mu_bits_set(bits, lows[i]);
    }
}

static bool become_bitmap(stripe_list *list)
{
    uint64_t *bits = mu_mem_zalloc_array(MU_STRIPE_WORDS, sizeof *bits);

    if (!bits) {
        return false;
    }
    add_list(list, bits);
    mu_mem_free(list->data);
    *list = (stripe_list){.data = bits, .capacity = IS_BITMAP};
    return true;
}

static bool grow_list(stripe_list *list)
{
    const uint32_t wanted = list->capacity == 0 ? 4 : 2 * (uint32_t)list->capacity;
    uint16_t *lows = mu_mem_realloc(list->data, wanted * sizeof *lows);

    if (!lows) {
        return false;
    }
    list->data = lows;
    list->capacity = (uint16_t)wanted;
    return true;
}

static bool add_low(stripe_list *list, uint16_t low)
{
    if (list->capacity != IS_BITMAP && list->count == list->capacity) {
        if (!(list->count == LIST_MOST ? become_bitmap(list) : grow_list(list))) {
            return false;
        }
    }
    if (list->capacity == IS_BITMAP) {
        mu_bits_set(list->data, low);
    } else {
        ((uint16_t *)list->data)[list->count++] = low;
    }
    return true;
}

bool mu_tag_builder_add(mu_tag_builder *builder, mu_text value, uint32_t ordinal)
{
    uint32_t code;
    const uint32_t stripe = ordinal / MU_STRIPE_ROWS;

    assert(ordinal != MU_NO_CUSTOMER);
    if (!mu_dict_builder_add(&builder->values, value, &code)) {
        return false;
    }
    while (code >= builder->set_count) {
        if (!mu_mem_reserve(&builder->sets, &builder->set_capacity, (size_t)code + 1,
                            sizeof *builder->sets)) {
            return false;
        }
        builder->sets[builder->set_count++] = (value_set){0};
    }
    value_set *set = &builder->sets[code];
    if (stripe >= set->stripe_count) {
        if (!mu_mem_reserve(&set->stripes, &set->stripe_capacity, (size_t)stripe + 1,
                            sizeof *set->stripes)) {
            return false;
        }
        memset(&set->stripes[set->stripe_count], 0,
               (stripe + 1 - set->stripe_count) * sizeof *set->stripes);
        set->stripe_count = stripe + 1;
    }
    return add_low(&set->stripes[stripe], (uint16_t)(ordinal % MU_STRIPE_ROWS));
}

const mu_dict_builder *mu_tag_builder_values(const mu_tag_builder *builder)
{
    return &builder->values;
}

uint32_t mu_tag_builder_stripes(const mu_tag_builder *builder, uint32_t code)
{
    /* A value whose set found no memory is in the dictionary, but has no set. */
    return code < builder->set_count ? builder->sets[code].stripe_count : 0;
}

void mu_tag_builder_read(const mu_tag_builder *builder, uint32_t code, uint32_t stripe,
                         uint64_t into[MU_STRIPE_WORDS])
{
    if (stripe >= mu_tag_builder_stripes(builder, code)) {
        return;
    }
    const stripe_list *list = &builder->sets[code].stripes[stripe];
    if (list->capacity != IS_BITMAP) {
        add_list(list, into);
        return;
    }
    const uint64_t *bits = list->data;
    for (uint32_t word = 0; word < MU_STRIPE_WORDS; word++) {
        into[word] |= bits[word];
    }
}
