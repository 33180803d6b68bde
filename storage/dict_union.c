/*
 * dict_union.c - the codes of many dictionaries as the codes of one.
 *
 * Each dictionary gets an array from its codes to the union's, filled as codes turn up, so that a
 * text is hashed once for each dictionary that has it. Dictionaries of segments are sorted, and
 * come again with every stripe: their arrays stay. The others belong to one chunk of long text,
 * have an entry for every row and do not come again: they share one array, which the next of them
 * takes over.
 */
#include "storage/dict.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <string.h>

typedef struct code_map {
    uint64_t id;     /* of the dictionary; 0: of none yet */
    uint32_t *codes; /* the union's, or MU_NO_CODE where not asked for yet */
    uint32_t count;
    size_t capacity;
} code_map;

struct mu_dict_union {
    mu_dict_builder builder;
    code_map passing; /* of the last unsorted dictionary */
    code_map *maps;   /* of sorted ones */
    size_t map_count, map_capacity;
    size_t latest; /* in maps */
};

mu_dict_union *mu_dict_union_open(void)
{
    return mu_mem_zalloc(sizeof(mu_dict_union));
}

void mu_dict_union_close(mu_dict_union *all)
{
    if (!all) {
        return;
    }
    for (size_t i = 0; i < all->map_count; i++) {
        mu_mem_free(all->maps[i].codes);
    }
    mu_mem_free(all->maps);
    mu_mem_free(all->passing.codes);
    mu_dict_builder_deinit(&all->builder);
    mu_mem_free(all);
}

const mu_dict_builder *mu_dict_union_builder(const mu_dict_union *all)
{
    return &all->builder;
}

/* A dictionary still being built may have grown since it was last seen. */
static bool cover(code_map *map, const mu_dict *dict)
{
    if (map->id != dict->id) {
        map->id = dict->id;
        map->count = 0;
    }
    if (dict->count > map->count) {
        if (!mu_mem_reserve(&map->codes, &map->capacity, dict->count, sizeof *map->codes)) {
            return false;
        }
        memset(map->codes + map->count, 0xff, (dict->count - map->count) * sizeof *map->codes);
        map->count = dict->count;
    }
    return true;
}

/* The map of the dictionary, new and of no id yet if there is none; NULL when out of memory. */
static code_map *find_map(mu_dict_union *all, const mu_dict *dict)
{
    if (!dict->sorted) {
        return &all->passing;
    }
    if (all->latest < all->map_count && all->maps[all->latest].id == dict->id) {
        return &all->maps[all->latest];
    }
    for (size_t i = 0; i < all->map_count; i++) {
        if (all->maps[i].id == dict->id) {
            all->latest = i;
            return &all->maps[i];
        }
    }
    if (!mu_mem_reserve(&all->maps, &all->map_capacity, all->map_count + 1, sizeof *all->maps)) {
        return NULL;
    }
    all->latest = all->map_count++;
    all->maps[all->latest] = (code_map){0};
    return &all->maps[all->latest];
}

bool mu_dict_union_map(mu_dict_union *all, const mu_dict *dict, const uint32_t *codes,
                       const uint64_t *valid, const uint64_t *live, uint32_t rows, uint32_t *out)
{
    if (dict->count == 0) { /* no text, so no row is valid; it may have no id either */
        memset(out, 0xff, rows * sizeof *out);
        return true;
    }
    assert(dict->id != 0);
    code_map *map = find_map(all, dict);
    if (!map || !cover(map, dict)) {
        return false;
    }
    for (uint32_t first = 0; first < rows; first += 64) {
        const uint32_t count = rows - first < 64 ? rows - first : 64;
        const uint64_t wanted = UINT64_MAX >> (64 - count) &
                                (valid ? valid[first / 64] : UINT64_MAX) &
                                (live ? live[first / 64] : UINT64_MAX);
        uint32_t part[64]; /* `out` may be the same array */
        memcpy(part, &codes[first], count * sizeof *part);
        memset(&out[first], 0xff, count * sizeof *out);
        for (uint64_t left = wanted; left != 0; left &= left - 1) {
            const uint32_t i = mu_bits_lowest(left);
            assert(part[i] < dict->count);
            uint32_t *code = &map->codes[part[i]];
            if (*code == MU_NO_CODE &&
                !mu_dict_builder_add(&all->builder, mu_dict_text(dict, part[i]), code)) {
                return false;
            }
            out[first + i] = *code;
        }
    }
    return true;
}
