/*
 * regex.c - the patterns of a thread, and matching within limits.
 *
 * A short text is matched with a limit on the steps of PCRE2, which no honest pattern comes near,
 * and without any look at the clock. Where that is not enough, and on longer texts, the pattern is
 * matched once more as one that calls back before each of its items: so the steps of the whole
 * match are counted, which PCRE2 does for each place it may begin at, and a statement can be
 * cancelled within.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "query/regex.h"

#include "query/exec.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <pcre2.h>
#include <string.h>

enum {
    PATTERNS = 8,        /* kept at a time: more than a statement has, if they are constant */
    SHORT_TEXT = 256,    /* bytes; times SHORT_STEPS, some tens of milliseconds at the worst */
    SHORT_STEPS = 10000, /* for each place of a short text */
    MOST_STEPS = 10 * 1000 * 1000, /* of a watched match, and STEPS_OF_BYTE more for each byte */
    STEPS_OF_BYTE = 16,
    STEPS_UNSEEN = 4096, /* between two looks at the flag of a cancelled statement */
    MOST_HEAP_KIB = 64 << 10,
};

struct mu_regex {
    char *key; /* flags, a NUL, pattern; owned */
    size_t key_size;
    uint32_t options;
    mu_text pattern; /* within the key */
    pcre2_code *code;
    pcre2_code *watched; /* with callouts; NULL until it is needed */
    pcre2_match_data *match;
};

struct mu_regex_cache {
    pcre2_general_context *memory;
    pcre2_match_context *limits;
    mu_regex patterns[PATTERNS];
    uint32_t next;  /* to be replaced */
    uint64_t steps; /* of all watched matches outside of a statement that runs */
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
    pcre2_code_free(regex->watched);
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
    *options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
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

static muster_status compile(mu_regex_cache *cache, const mu_regex *regex, uint32_t more_options,
                             pcre2_code **out, muster_error *err)
{
    pcre2_compile_context *how = pcre2_compile_context_create(cache->memory);
    const mu_text pattern = regex->pattern;
    char words[120];
    PCRE2_SIZE place;
    int code;

    if (!how) {
        return fail_memory(err);
    }
    *out = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.size, regex->options | more_options,
                         &code, &place, how);
    pcre2_compile_context_free(how);
    if (*out) {
        return MUSTER_OK;
    }
    if (code == PCRE2_ERROR_HEAP_FAILED) {
        return fail_memory(err);
    }
    pcre2_get_error_message(code, (PCRE2_UCHAR *)words, sizeof words);
    return mu_fail(err, MUSTER_INVALID, "the regular expression \"%.*s\" is wrong at byte %zu: %s",
                   pattern.size > 100 ? 100 : (int)pattern.size, pattern.data, (size_t)place,
                   words);
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
    found.pattern = (mu_text){found.key + flags.size + 1, pattern.size};
    MU_TRY_GOTO(options_of(flags, &found.options, err));
    MU_TRY_GOTO(compile(cache, &found, 0, &found.code, err));
    found.match = pcre2_match_data_create_from_pattern(found.code, cache->memory);
    if (!found.match) {
        MU_TRY_GOTO(fail_memory(err));
    }
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

static bool is_too_much(int code)
{
    return code == PCRE2_ERROR_MATCHLIMIT || code == PCRE2_ERROR_DEPTHLIMIT ||
           code == PCRE2_ERROR_HEAPLIMIT;
}

static muster_status fail_match(int code, mu_text text, muster_error *err)
{
    char words[120];

    if (code == PCRE2_ERROR_NOMEMORY) {
        return fail_memory(err);
    }
    if (is_too_much(code)) {
        return mu_fail(err, MUSTER_INVALID,
                       "the regular expression takes too many steps on a text of %u bytes; make it "
                       "simpler: nested repetitions such as (a+)+ are the usual reason",
                       text.size);
    }
    pcre2_get_error_message(code, (PCRE2_UCHAR *)words, sizeof words);
    return mu_fail(err, MUSTER_INVALID, "a regular expression cannot be matched: %s", words);
}

/* What a match goes on in was found to be UTF-8 when it began. */
static uint32_t check_of(uint32_t from)
{
    return from > 0 ? PCRE2_NO_UTF_CHECK : 0;
}

/* A match that is watched. */
typedef struct watch {
    const mu_exec *exec;
    uint64_t *steps, most;
    muster_status status; /* of the statement */
    muster_error *err;
} watch;

static int look(pcre2_callout_block *block, void *data)
{
    watch *w = data;

    (void)block;
    if (++*w->steps > w->most) {
        return PCRE2_ERROR_MATCHLIMIT;
    }
    if (w->exec && *w->steps % STEPS_UNSEEN == 0) {
        w->status = mu_exec_check(w->exec, w->err);
    }
    return w->status == MUSTER_OK ? 0 : PCRE2_ERROR_CALLOUT;
}

static muster_status match_watched(mu_func_context *context, mu_regex *regex, mu_text text,
                                   uint32_t from, int *code, muster_error *err)
{
    mu_regex_cache *cache = context->regexes;
    const uint64_t most = MOST_STEPS + (uint64_t)text.size * STEPS_OF_BYTE;
    uint64_t steps = 0;
    /* A constant that takes long is left to the statement, which can be cancelled. */
    watch w = {.exec = context->exec,
               .steps = context->exec ? &steps : &cache->steps,
               .most = context->exec ? most : MOST_STEPS,
               .err = err};

    if (!regex->watched) {
        MU_TRY(compile(cache, regex, PCRE2_AUTO_CALLOUT, &regex->watched, err));
    }
    pcre2_set_match_limit(cache->limits, UINT32_MAX);
    pcre2_set_callout(cache->limits, look, &w);
    *code = pcre2_match(regex->watched, (PCRE2_SPTR)text.data, text.size, from, check_of(from),
                        regex->match, cache->limits);
    pcre2_set_callout(cache->limits, NULL, NULL);
    return w.status;
}

muster_status mu_regex_match(mu_func_context *context, mu_regex *regex, mu_text text, uint32_t from,
                             bool *found, muster_error *err)
{
    pcre2_match_context *limits = context->regexes->limits;
    int code = PCRE2_ERROR_MATCHLIMIT;

    *found = false;
    if (context->exec) {
        MU_TRY(mu_exec_check(context->exec, err));
    }
    if (text.size <= SHORT_TEXT) {
        pcre2_set_match_limit(limits, SHORT_STEPS);
        code = pcre2_match(regex->code, (PCRE2_SPTR)text.data, text.size, from, check_of(from),
                           regex->match, limits);
    }
    if (is_too_much(code)) {
        MU_TRY(match_watched(context, regex, text, from, &code, err));
    }
    *found = code >= 0;
    return code >= 0 || code == PCRE2_ERROR_NOMATCH ? MUSTER_OK : fail_match(code, text, err);
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
