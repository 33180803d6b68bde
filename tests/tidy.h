/*
 * tidy.h - what the files of tidy share: a source file in three texts, and how one is looked at.
 */
#ifndef MU_TIDY_H
#define MU_TIDY_H

#include <stdbool.h>
#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
    LINE_LIMIT = 100,
    FUNCTION_LIMIT = 70,
    FILE_LIMIT = 800,
    README_LIMIT = 60,
    OPENING = 25
};

/* What may know what: a file includes its own layer and lower ones. */
typedef enum layer {
    BASE,
    KERNELS,
    STORAGE,
    QUERY,
    SQL,
    PUBLIC,
    PROGRAM,
    TESTS
} layer;

typedef struct source {
    const char *path; /* from the root */
    char *text;
    char *code;     /* comments and the insides of strings blanked */
    char *comments; /* all else blanked */
    layer layer;
    bool is_header;
    bool is_c; /* .c, .h or .inc, rather than a grammar, a script or a page */
} source;

__attribute__((format(printf, 3, 4))) void report(const source *file, const char *at,
                                                  const char *format, ...);

void *room(size_t size); /* zeroed; ends the program when out of memory */
bool starts(const char *text, const char *with);
bool ends(const char *text, const char *with);
bool is_word(char c);
size_t word_size(const char *text);
const char *find_word(const char *text, const char *word); /* where it stands alone, or NULL */
const char *line_end(const char *at);
size_t quoted_size(const char *at); /* from the quote at `at` to the one that ends it */

source source_of(const char *path, char *text);
void check_source(source *file, const char *root); /* root "": there is no tree around it */

void check_names(const source *file);   /* tidy_names.c */
void check_wording(const source *file); /* tidy_names.c */

/* tidy_snippets.c: whether every rule is at work. */
bool rules_are_awake(void);

/* How many findings there were since the last call, and what the last one said. */
unsigned take_findings(const char **last);
void set_quiet(bool wanted);

#endif
