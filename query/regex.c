/*
 * regex.c - the patterns of a thread, and matching within limits.
 *
 * PCRE2 counts the steps of a match anew for each place that it may begin at. So the work for a
 * text is done in pieces of a few such places, together of no more than MOST_STEPS, which take some
 * tens of milliseconds at the very worst.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "query/regex.h"

#include "query/exec.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <pcre2.h>
#include <string.h>

enum {
    PATTERNS = 8,         /* kept at a time: more than a statement has, if they are constant */
    MOST_STEPS = 2000000, /* between two looks at the flag of a cancelled statement */
    FEWEST_STEPS = 10000, /* for a place: what no honest pattern comes near, on a short text */
    STEPS_OF_BYTE = 4,    /* and on a long one: several times to its end and back */
    MOST_HEAP_KIB = 64 << 10,
};

struct mu_regex {
    char *key; /* flags, a NUL, pattern; owned */
    size_t key_size;
    pcre2_code *code;
    pcre2_match_data *match;
};

struct mu_regex_cache {
    pcre2_general_context *memory;
    pcre2_match_context *limits;
    mu_regex patterns[PATTERNS];
    uint32_t next; /* to be replaced */
};

static void *take_memory(size_t size, void *context)
{
    (void)context;
    return mu_mem_alloc(size);
}

static void give_memory(void *memory, void *context)
{
    (void)context;
    mu_mem_free(memory);
}

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "matching a regular expression");
}

static void pattern_deinit(mu_regex *regex)
{
    pcre2_match_data_free(regex->match);
    pcre2_code_free(regex->code);
    mu_mem_free(regex->key);
    *regex = (mu_regex){0};
}

void mu_regex_cache_close(mu_regex_cache *cache)
{
    if (!cache) {
        return;
    }
    for (uint32_t i = 0; i < PATTERNS; i++) {
        pattern_deinit(&cache->patterns[i]);
    }
    pcre2_match_context_free(cache->limits);
    pcre2_general_context_free(cache->memory);
    mu_mem_free(cache);
}

static muster_status open_cache(mu_func_context *context, muster_error *err)
{
    mu_regex_cache *cache = context->regexes;

    if (cache) {
        return MUSTER_OK;
    }
    cache = mu_mem_zalloc(sizeof *cache);
    if (cache) {
        cache->memory = pcre2_general_context_create(take_memory, give_memory, NULL);
        cache->limits = cache->memory ? pcre2_match_context_create(cache->memory) : NULL;
    }
    if (!cache || !cache->limits) {
        mu_regex_cache_close(cache);
        return fail_memory(err);
    }
    pcre2_set_heap_limit(cache->limits, MOST_HEAP_KIB);
    context->regexes = cache;
    return MUSTER_OK;
}

/* Compiling. */

static muster_status options_of(mu_text flags, uint32_t *options, muster_error *err)
{
    *options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;
    for (uint32_t i = 0; i < flags.size; i++) {
        switch (flags.data[i]) {
        case 'i':
            *options |= PCRE2_CASELESS;
            break;
        case 'c':
            *options &= ~(uint32_t)PCRE2_CASELESS;
            break;
        case 'm':
            *options |= PCRE2_MULTILINE;
            break;
        case 's':
            *options |= PCRE2_DOTALL;
            break;
        case 'x':
            *options |= PCRE2_EXTENDED;
            break;
        case 'g':
            break;
        default:
            return mu_fail(
                err, MUSTER_INVALID,
                "the flags of a regular expression are i, c, m, s, x and g, not \"%.*s\"",
                (int)flags.size, flags.data);
        }
    }
    return MUSTER_OK;
}

static muster_status compile(mu_regex_cache *cache, mu_text pattern, mu_text flags, mu_regex *out,
                             muster_error *err)
{
    pcre2_compile_context *how;
    uint32_t options;
    PCRE2_SIZE place;
    int code;

    MU_TRY(options_of(flags, &options, err));
    how = pcre2_compile_context_create(cache->memory);
    if (!how) {
        return fail_memory(err);
    }
    out->code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.size, options, &code, &place, how);
    pcre2_compile_context_free(how);
    if (!out->code && code == PCRE2_ERROR_NOMEMORY) {
        return fail_memory(err);
    }
    if (!out->code && code == 121) { /* the same, while it compiles */
        return fail_memory(err);
    }
    if (!out->code) {
        char words[120];
        pcre2_get_error_message(code, (PCRE2_UCHAR *)words, sizeof words);
        return mu_fail(
            err, MUSTER_INVALID, "the regular expression \"%.*s\" is wrong at byte %zu: %s",
            pattern.size > 100 ? 100 : (int)pattern.size, pattern.data, (size_t)place, words);
    }
    out->match = pcre2_match_data_create_from_pattern(out->code, cache->memory);
    return out->match ? MUSTER_OK : fail_memory(err);
}

static bool has_key(const mu_regex *regex, mu_text pattern, mu_text flags)
{
    return regex->code && regex->key_size == (size_t)flags.size + 1 + pattern.size &&
           memcmp(regex->key, flags.data, flags.size) == 0 && regex->key[flags.size] == '\0' &&
           memcmp(regex->key + flags.size + 1, pattern.data, pattern.size) == 0;
}

muster_status mu_regex_find(mu_func_context *context, mu_text pattern, mu_text flags,
                            mu_regex **out, muster_error *err)
{
    mu_regex found = {.key_size = (size_t)flags.size + 1 + pattern.size};
    muster_status status;

    *out = NULL;
    MU_TRY(open_cache(context, err));
    mu_regex_cache *cache = context->regexes;
    for (uint32_t i = 0; i < PATTERNS; i++) {
        if (has_key(&cache->patterns[i], pattern, flags)) {
            *out = &cache->patterns[i];
            return MUSTER_OK;
        }
    }
    found.key = mu_mem_alloc(found.key_size);
    if (!found.key) {
        return fail_memory(err);
    }
    memcpy(found.key, flags.data, flags.size);
    found.key[flags.size] = '\0';
    memcpy(found.key + flags.size + 1, pattern.data, pattern.size);
    MU_TRY_GOTO(compile(cache, pattern, flags, &found, err));
    *out = &cache->patterns[cache->next];
    cache->next = (cache->next + 1) % PATTERNS;
    pattern_deinit(*out);
    **out = found;
    return MUSTER_OK;

fail:
    pattern_deinit(&found);
    return status;
}

/* Matching. */

static muster_status fail_match(int code, mu_text text, muster_error *err)
{
    char words[120];

    if (code == PCRE2_ERROR_NOMEMORY || code == PCRE2_ERROR_HEAPLIMIT) {
        return fail_memory(err);
    }
    if (code == PCRE2_ERROR_MATCHLIMIT || code == PCRE2_ERROR_DEPTHLIMIT) {
        return mu_fail(err, MUSTER_INVALID,
                       "the regular expression takes too many steps on a text of %u bytes; make it "
                       "simpler: nested repetitions such as (a+)+ are the usual reason",
                       text.size);
    }
    pcre2_get_error_message(code, (PCRE2_UCHAR *)words, sizeof words);
    return mu_fail(err, MUSTER_INVALID, "a regular expression cannot be matched: %s", words);
}

muster_status mu_regex_match(mu_func_context *context, mu_regex *regex, mu_text text, uint32_t from,
                             bool *found, muster_error *err)
{
    pcre2_match_context *limits = context->regexes->limits;
    uint64_t steps = (uint64_t)text.size * STEPS_OF_BYTE;

    steps = steps < FEWEST_STEPS ? FEWEST_STEPS : steps > MOST_STEPS ? MOST_STEPS : steps;
    pcre2_set_match_limit(limits, (uint32_t)steps);
    const uint32_t places = (uint32_t)(MOST_STEPS / steps);
    *found = false;
    for (uint64_t start = from; start <= text.size && !*found;) {
        if (context->exec) {
            MU_TRY(mu_exec_check(context->exec, err));
        }
        uint64_t last = start + places - 1;
        while (last + 1 < text.size && ((unsigned char)text.data[last + 1] & 0xc0) == 0x80) {
            last++; /* the next piece must begin with a character */
        }
        pcre2_set_offset_limit(limits, (PCRE2_SIZE)last);
        const int code = pcre2_match(regex->code, (PCRE2_SPTR)text.data, text.size, start,
                                     start > from ? PCRE2_NO_UTF_CHECK : 0, regex->match, limits);
        *found = code >= 0;
        if (code < 0 && code != PCRE2_ERROR_NOMATCH) {
            return fail_match(code, text, err);
        }
        start = last + 1;
    }
    return MUSTER_OK;
}

uint32_t mu_regex_group_count(const mu_regex *regex)
{
    return pcre2_get_ovector_count(regex->match) - 1;
}

mu_regex_group mu_regex_group_at(const mu_regex *regex, uint32_t number)
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(regex->match);

    assert(number <= mu_regex_group_count(regex));
    if (ends[2 * number] == PCRE2_UNSET || ends[2 * number] > ends[2 * number + 1]) {
        return (mu_regex_group){1, 0};
    }
    return (mu_regex_group){(uint32_t)ends[2 * number], (uint32_t)ends[2 * number + 1]};
}
