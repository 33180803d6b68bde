/*
 * dict_memo.c - the codes of short texts lately added to a dictionary.
 *
 * A direct-mapped table: a text has one place, and pushes out what was there. It fits the L2 cache
 * beside the tables of other columns, so a hit costs a few nanoseconds; columns of a log are
 * mostly hits, and the others lose little.
 */
#include "storage/dict.h"

#include "storage/base/mem.h"

#include <string.h>

enum {
#ifdef MU_TINY
    ENTRY_BITS = 3,
#else
    ENTRY_BITS = 11, /* 64 KiB a column */
#endif
    MAX_BYTES = 16, /* head and tail hold no more */
};

/* All bytes of a text of at most MAX_BYTES, which with its size tell it from every other. */
static inline void pack(mu_text text, uint64_t *head, uint64_t *tail)
{
    uint32_t low = 0, high = 0;

    if (text.size >= 8) {
        memcpy(head, text.data, 8);
        memcpy(tail, text.data + text.size - 8, 8);
        return;
    }
    if (text.size >= 4) {
        memcpy(&low, text.data, 4);
        memcpy(&high, text.data + text.size - 4, 4);
    } else if (text.size > 0) { /* the first, the middle one, the last: all there are */
        low = (unsigned char)text.data[0] | (uint32_t)(unsigned char)text.data[text.size / 2] << 8;
        high = (unsigned char)text.data[text.size - 1];
    }
    *head = low;
    *tail = high;
}

static bool reserve(mu_dict_memo *memo, const mu_dict_builder *builder)
{
    const size_t count = (size_t)1 << ENTRY_BITS;

    if (!memo->entries) {
        memo->entries = mu_mem_zalloc_array(count, sizeof *memo->entries);
    } else if (memo->dict != builder->dict.id) {
        memset(memo->entries, 0, count * sizeof *memo->entries);
    }
    memo->dict = builder->dict.id;
    return memo->entries != NULL;
}

bool mu_dict_memo_add(mu_dict_memo *memo, mu_dict_builder *builder, mu_text text, uint32_t *code)
{
    uint64_t head, tail;

    if (text.size > MAX_BYTES || builder->dict.id == 0) {
        return mu_dict_builder_add(builder, text, code);
    }
    if (memo->dict != builder->dict.id && !reserve(memo, builder)) {
        return false;
    }
    pack(text, &head, &tail);
    const uint64_t mixed =
        (head ^ (tail << 23 | tail >> 41) ^ text.size) * UINT64_C(0x9e3779b97f4a7c15);
    mu_dict_memo_entry *entry = &memo->entries[mixed >> (64 - ENTRY_BITS)];
    if (entry->size == text.size + 1 && entry->head == head && entry->tail == tail) {
        *code = entry->code;
        return true;
    }
    if (!mu_dict_builder_add(builder, text, code)) {
        return false;
    }
    *entry = (mu_dict_memo_entry){head, tail, text.size + 1, *code};
    return true;
}

void mu_dict_memo_deinit(mu_dict_memo *memo)
{
    mu_mem_free(memo->entries);
    *memo = (mu_dict_memo){0};
}
