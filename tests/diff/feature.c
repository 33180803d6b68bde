/*
 * feature.c - see feature.h.
 */
#include "tests/diff/feature.h"

#include <assert.h>
#include <string.h>

#define NAME(id, name) name,

static const char *const names[] = {DIFF_FEATURES(NAME)};

static_assert(DIFF_FEATURE_COUNT < 64, "a set of features is one word");

const char *diff_feature_name(diff_feature feature)
{
    return names[feature];
}

diff_features diff_features_all(void)
{
    return diff_bit(DIFF_FEATURE_COUNT) - 1;
}

static bool find(const char *name, size_t size, diff_features *out)
{
    if (size == 3 && strncmp(name, "all", size) == 0) {
        *out = diff_features_all();
        return true;
    }
    for (int i = 0; i < DIFF_FEATURE_COUNT; i++) {
        if (strlen(names[i]) == size && strncmp(names[i], name, size) == 0) {
            *out = diff_bit((diff_feature)i);
            return true;
        }
    }
    return false;
}

bool diff_features_read(const char *list, diff_features *out)
{
    *out = 0;
    while (*list) {
        const bool without = *list == '-';
        list += without;
        const size_t size = strcspn(list, ",");
        diff_features named;
        if (!find(list, size, &named)) {
            return false;
        }
        *out = without ? *out & ~named : *out | named;
        list += size;
        list += *list == ',';
    }
    *out |= diff_bit(DIFF_CORE);
    return true;
}
