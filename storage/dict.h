/*
 * dict.h - text as numbers. A dictionary says what the codes of a text column stand for.
 *
 * A mu_dict is read-only and borrowed. A mu_dict_builder makes one: it gives the next code to
 * each text it has not seen. A mu_dict_union maps the codes of many dictionaries (one per
 * segment, say) to the codes of one builder, touching each distinct text once.
 */
#ifndef MU_DICT_H
#define MU_DICT_H

#include "storage/type.h"

#define MU_NO_CODE UINT32_MAX

typedef struct mu_dict {
    uint64_t id; /* unlike any other dictionary's in this process; a key for caches */
    uint32_t count;
    bool sorted;             /* by bytes, without duplicates */
    const uint64_t *offsets; /* count + 1 of them */
    const char *bytes;
} mu_dict;

static inline mu_text mu_dict_text(const mu_dict *dict, uint32_t code)
{
    return (mu_text){&dict->bytes[dict->offsets[code]],
                     (uint32_t)(dict->offsets[code + 1] - dict->offsets[code])};
}

uint64_t mu_dict_next_id(void);

/* The code of `text` in a sorted dictionary, or MU_NO_CODE. */
uint32_t mu_dict_find(const mu_dict *dict, mu_text text);

typedef struct mu_dict_builder {
    mu_dict dict;      /* what has been added so far, unsorted; its pointers move as it grows */
    uint64_t *offsets; /* what `dict` points to */
    char *bytes;
    size_t offset_capacity, byte_capacity;
    uint32_t *slots; /* open addressing: code + 1, or 0 */
    uint32_t slot_count;
    uint32_t *hashes; /* by code */
    size_t hash_capacity;
} mu_dict_builder; /* zeroed: empty */

/* False when out of memory (or past 2^30 texts). */
bool mu_dict_builder_add(mu_dict_builder *builder, mu_text text, uint32_t *code);
uint32_t mu_dict_builder_find(const mu_dict_builder *builder,
                              mu_text text);                  /* MU_NO_CODE if absent */
size_t mu_dict_builder_bytes(const mu_dict_builder *builder); /* memory it holds */
void mu_dict_builder_reset(mu_dict_builder *builder);         /* empty, memory kept */
void mu_dict_builder_deinit(mu_dict_builder *builder);

/* The builder's texts as a sorted dictionary: *order[rank] is the builder's code of the rank-th
 * text, *rank[code] the reverse. Both are count long and owned by the caller (mu_mem_free). False
 * when out of memory. */
bool mu_dict_builder_sort(const mu_dict_builder *builder, uint32_t **order, uint32_t **rank);

/* Remembers the codes of short texts lately added to a builder, where most come again and again:
 * two loads instead of a hash, a probe and a comparison. */
typedef struct mu_dict_memo_entry {
    uint64_t head, tail; /* all bytes of the text, twice where they overlap */
    uint32_t size;       /* one more than the text's; 0: free */
    uint32_t code;
} mu_dict_memo_entry;

typedef struct mu_dict_memo {
    mu_dict_memo_entry *entries;
    uint64_t dict; /* the id of the dictionary whose codes they are */
} mu_dict_memo;    /* zeroed: empty */

/* mu_dict_builder_add(), by way of the memo. */
bool mu_dict_memo_add(mu_dict_memo *memo, mu_dict_builder *builder, mu_text text, uint32_t *code);
void mu_dict_memo_deinit(mu_dict_memo *memo);

typedef struct mu_dict_union mu_dict_union;
mu_dict_union *mu_dict_union_open(void); /* NULL when out of memory */
void mu_dict_union_close(mu_dict_union *all);
const mu_dict_builder *mu_dict_union_builder(const mu_dict_union *all);
/* out[i] = the union's code of the text that codes[i] stands for in `dict`, MU_NO_CODE where
 * `valid` (NULL: all valid) or `live` (NULL: all live) has a 0. The dictionary may be gone
 * afterwards: it is remembered by its id. False when out of memory. */
bool mu_dict_union_map(mu_dict_union *all, const mu_dict *dict, const uint32_t *codes,
                       const uint64_t *valid, const uint64_t *live, uint32_t rows, uint32_t *out);

#endif
