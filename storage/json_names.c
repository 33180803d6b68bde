/*
 * json_names.c - the columns that keys of JSON are looked up among.
 *
 * Names are found by their text in lower case, in a hash table. What stands before the point of a
 * name is kept too: it is the key of an object to be taken apart.
 */
#include "storage/json.h"

#include "storage/base/hash.h"

#include <assert.h>
#include <string.h>

/* Sets of texts. */

static uint32_t find_slot(const mu_json_set *set, mu_text text)
{
    uint32_t slot = (uint32_t)mu_hash_bytes(text.data, text.size) & (set->slot_count - 1);

    while (set->slots[slot] != 0 && !mu_text_equal(set->texts[set->slots[slot] - 1], text)) {
        slot = (slot + 1) & (set->slot_count - 1);
    }
    return slot;
}

static uint32_t set_find(const mu_json_set *set, mu_text text)
{
    return set->count == 0 ? MU_NO_COLUMN : set->slots[find_slot(set, text)] - 1; /* 0 - 1: none */
}
static_assert(MU_NO_COLUMN == UINT32_MAX, "an empty slot less one is no column");

/* Twice the room; what it held before stays in the arena until that goes. */
static bool set_grow(mu_json_set *set, mu_arena *arena)
{
    const uint32_t capacity = set->capacity == 0 ? 16 : set->capacity * 2;
    mu_text *texts = MU_NEW_ARRAY(arena, mu_text, capacity);
    uint32_t *slots = MU_NEW_ARRAY(arena, uint32_t, 2 * (size_t)capacity);

    if (!texts || !slots) {
        return false;
    }
    if (set->count > 0) {
        memcpy(texts, set->texts, set->count * sizeof *texts);
    }
    set->texts = texts;
    set->slots = slots;
    set->capacity = capacity;
    set->slot_count = 2 * capacity;
    for (uint32_t i = 0; i < set->count; i++) {
        set->slots[find_slot(set, texts[i])] = i + 1;
    }
    return true;
}

/* Adds the text, which is not there yet. */
static bool set_add(mu_json_set *set, mu_arena *arena, mu_text text)
{
    if (set->count == set->capacity && !set_grow(set, arena)) {
        return false;
    }
    const uint32_t slot = find_slot(set, text);
    assert(set->slots[slot] == 0);
    set->texts[set->count++] = text;
    set->slots[slot] = set->count;
    return true;
}

static void fold(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        text[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
    }
}

static bool add_name(mu_json_names *names, const char *name)
{
    const size_t size = strlen(name);
    char *folded = mu_arena_text(names->arena, name, size);
    const uint32_t i = names->folded.count;

    if (!folded) {
        return false;
    }
    fold(folded, size);
    const char *point = memchr(folded, '.', size);
    const mu_text prefix = {folded, point ? (uint32_t)(point - folded) : 0};
    if (i == names->name_capacity) {
        const uint32_t capacity = i == 0 ? 16 : i * 2;
        const char **grown = MU_NEW_ARRAY(names->arena, const char *, capacity);
        if (!grown) {
            return false;
        }
        for (uint32_t k = 0; k < i; k++) {
            grown[k] = names->names[k];
        }
        names->names = grown;
        names->name_capacity = capacity;
    }
    names->names[i] = name;
    return set_add(&names->folded, names->arena, (mu_text){folded, (uint32_t)size}) &&
           (!point || set_find(&names->prefixes, prefix) != MU_NO_COLUMN ||
            set_add(&names->prefixes, names->arena, prefix));
}

muster_status mu_json_names_add(mu_json_names *names, const char *name, muster_error *err)
{
    return add_name(names, name) ? MUSTER_OK : mu_fail_memory(err, "reading a file");
}

muster_status mu_json_names_settle(mu_json_names *names, muster_error *err)
{
    const mu_json_names *nulls = names->nulls;

    names->growing = false;
    for (uint32_t i = 0; nulls && i < nulls->folded.count; i++) {
        const mu_text key = nulls->folded.texts[i];
        if (set_find(&names->folded, key) == MU_NO_COLUMN &&
            set_find(&names->prefixes, key) == MU_NO_COLUMN &&
            names->folded.count < MU_MAX_COLUMNS) {
            MU_TRY(mu_json_names_add(names, nulls->names[i], err));
        }
    }
    return MUSTER_OK;
}

/* The key in lower case, in the buffer. False if it is too long for a name. */
static bool fold_key(mu_text key, char buffer[MU_MAX_NAME_BYTES], mu_text *out)
{
    *out = (mu_text){buffer, key.size};
    if (key.size > MU_MAX_NAME_BYTES) {
        return false;
    }
    memcpy(buffer, key.data, key.size);
    fold(buffer, key.size);
    return true;
}

bool mu_json_names_is_prefix(const mu_json_names *names, mu_text key)
{
    char buffer[MU_MAX_NAME_BYTES];
    mu_text folded;

    return fold_key(key, buffer, &folded) && set_find(&names->prefixes, folded) != MU_NO_COLUMN;
}

uint32_t mu_json_names_find(const mu_json_names *names, mu_text key)
{
    char buffer[MU_MAX_NAME_BYTES];
    mu_text folded;

    if (!fold_key(key, buffer, &folded)) {
        return MU_NO_COLUMN;
    }
    const uint32_t column = set_find(&names->folded, folded);
    const bool aliased = names->alias.size > 0 && mu_text_equal(folded, names->alias);
    return column == MU_NO_COLUMN && aliased ? names->alias_column : column;
}
