/*
 * options.c - see options.h.
 */
#include "tests/diff/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "muster-diff - asks muster and other engines the same random questions\n\n"
    "  --queries N         so many (1000)\n"
    "  --seed S            other ones (1)\n"
    "  --only S:N          query N of seed S, and no other\n"
    "  --engines LIST      sqlite, duckdb, none (sqlite); DuckDB is the library that the variable\n"
    "                      MUSTER_DUCKDB names, or build/peers/libduckdb.so\n"
    "  --without-muster    the others among themselves\n"
    "  --errors            also shows queries that every engine says are wrong\n"
    "  --threads LIST      muster with so many (1,4)\n"
    "  --zone NAME         and muster in a time zone, such as +05:30: it must not show\n"
    "  --features LIST     what queries are made of: names, or all; -name leaves one out\n"
    "  --findings N        ends after so many differences (5)\n\n"
    "Features:";

static bool complain(const char *option, const char *value)
{
    if (strcmp(option, "--help") != 0) {
        (void)fprintf(stderr, "muster-diff: %s %s makes no sense\n", option, value ? value : "");
        return false;
    }
    (void)fputs(usage, stdout);
    for (int i = 0; i < DIFF_FEATURE_COUNT; i++) {
        (void)printf("%s %s", i % 8 ? "" : "\n ", diff_feature_name((diff_feature)i));
    }
    (void)printf("\n");
    return false;
}

static bool read_number(const char *text, uint64_t *out)
{
    char *end;

    *out = strtoull(text, &end, 10);
    return end != text && *end == '\0';
}

static bool read_threads(diff_options *o, const char *list)
{
    char *end;

    for (o->thread_count = 0; *list && o->thread_count < 4; list = *end ? end + 1 : end) {
        const unsigned long threads = strtoul(list, &end, 10);
        if (end == list || threads == 0 || threads > 256 || (*end && *end != ',')) {
            return false;
        }
        o->threads[o->thread_count++] = (unsigned)threads;
    }
    return *list == '\0' && o->thread_count > 0;
}

static bool read_only(diff_options *o, const char *text)
{
    char *end;

    o->seed = strtoull(text, &end, 10);
    o->only = true;
    o->queries = 1;
    return end != text && *end == ':' && read_number(end + 1, &o->first);
}

static bool read_engines(diff_options *o, const char *list)
{
    o->sqlite = strstr(list, "sqlite");
    o->duckdb = strstr(list, "duckdb");
    return o->sqlite || o->duckdb || strcmp(list, "none") == 0;
}

static bool read_option(diff_options *o, const char *name, const char *value)
{
    if (strcmp(name, "--queries") == 0) {
        return read_number(value, &o->queries);
    }
    if (strcmp(name, "--seed") == 0) {
        return read_number(value, &o->seed);
    }
    if (strcmp(name, "--findings") == 0) {
        return read_number(value, &o->findings);
    }
    if (strcmp(name, "--only") == 0) {
        return read_only(o, value);
    }
    if (strcmp(name, "--zone") == 0) {
        o->zone = value;
        return true;
    }
    if (strcmp(name, "--threads") == 0) {
        return read_threads(o, value);
    }
    if (strcmp(name, "--engines") == 0) {
        return read_engines(o, value);
    }
    return strcmp(name, "--features") == 0 && diff_features_read(value, &o->features);
}

bool diff_options_read(diff_options *o, int argc, char **argv)
{
    *o = (diff_options){.queries = 1000,
                        .seed = 1,
                        .muster = true,
                        .sqlite = true,
                        .threads = {1, 4},
                        .thread_count = 2,
                        .features = diff_features_all(),
                        .findings = 5};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--without-muster") == 0) {
            o->muster = false;
            continue;
        }
        if (strcmp(argv[i], "--errors") == 0) {
            o->errors = true;
            continue;
        }
        if (i + 1 == argc || !read_option(o, argv[i], argv[i + 1])) {
            return complain(argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        }
        i++;
    }
    return true;
}
