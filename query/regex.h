/*
 * regex.h - regular expressions, as PCRE2 knows them, compiled once for each pattern of a thread.
 *
 * No pattern hangs: after so many steps a match is an error, and every few thousand of them it is
 * asked whether the statement was cancelled.
 */
#ifndef MU_REGEX_H
#define MU_REGEX_H

#include "query/func.h"

/* The last patterns that were used; in mu_func_context, NULL at first. */
void mu_regex_cache_close(mu_regex_cache *cache);

typedef struct mu_regex mu_regex;

/* The compiled pattern. Flags are letters: i, m, s, x of Perl, c for the opposite of i, and g,
 * which is for the caller. It is good until the next call. */
muster_status mu_regex_find(mu_func_context *context, mu_text pattern, mu_text flags,
                            mu_regex **out, muster_error *err);

typedef struct mu_regex_group {
    uint32_t start, end; /* bytes; start > end where it took no part in the match */
} mu_regex_group;

/* Looks for a match that begins at `from` or behind it. *found: there is one, and its groups, of
 * which number 0 is all of it, can be asked for. */
muster_status mu_regex_match(mu_func_context *context, mu_regex *regex, mu_text text, uint32_t from,
                             bool *found, muster_error *err);
uint32_t mu_regex_group_count(const mu_regex *regex); /* without number 0 */
mu_regex_group mu_regex_group_at(const mu_regex *regex, uint32_t number);

#endif
