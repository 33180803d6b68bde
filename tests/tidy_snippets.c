/*
 * tidy_snippets.c - the test of the test: snippets that break each rule once, and some that come
 * close without breaking any.
 */
#include "tests/tidy.h"

#include <stdio.h>
#include <string.h>

/* Each breaks the one rule whose finding has these words, and no other. */
static const struct {
    const char *path, *text, *finding;
} snippets[] = {
    {"storage/x.c", "/* x */\nint mu_x;\n", NULL},
    {"storage/x.c", "/* x */\nint mu_x; \n", "ends in a blank"},
    {"storage/x.c", "/* x */\n\tint mu_x;\n", "a tab"},
    {"storage/x.c", "/* x */\nint mu_x;", "no end"},
    {"storage/x.c", "int mu_x;\n", "opens with a comment"},
    {"storage/x.c",
     "/* x */\nint mu_x; /* TO"
     "DO */\n",
     "issue"},
    {"storage/x.c", "/* x */\nint mu_x; // x\n", "written /* so */"},
    {"storage/x.c", "/* x */\n/* --- y --- */\n", "banner"},
    {"storage/x.c", "/* x */\n#include \"query/op.h\"\n", "above"},
    {"storage/x.c", "/* x */\n#include \"query/op.h\" /* \" */\n", "above"},
    {"storage/base/x.c", "/* x */\n#include \"storage/dict.h\"\n", "above"},
    {"query/x.c", "/* x */\n#include \"storage/dict.h\"\n", NULL},
    {"shell/x.c", "/* x */\n#include \"storage/dict.h\"\n", "above"},
    {"shell/x.c", "/* x */\n#include \"include/muster.h\"\n#include \"shell/y.h\"\n", NULL},
    {"query/x.c", "/* x */\n#include \"dict.h\"\n", "root"},
    {"query/x.c", "/* x */\n#include <a.h>\n#include \"storage/dict.h\"\n", "before"},
    {"query/x.h", "/* x */\n#include <a.h>\n", "guard"},
    {"query/x.h", "/* x */\n#ifndef MU_X\n#define MU_X\n#endif\n", NULL},
    {"query/x.h", "/* x */\n#ifndef X\n#define X\n#endif\n", "begin with MU_"},
    {"query/x.c", "/* x */\nint mu_x(void)\n{\n    return strcpy(a, \"malloc(\");\n}\n", "strcpy"},
    {"query/x.c", "/* x */\nint mu_x(void)\n{\n    return malloc(1);\n}\n", "malloc"},
    {"query/x.c", "/* x */\nint mu_x(void)\n{\n    return x->free(1) + my_free(1);\n}\n", NULL},
    {"query/x.c", "/* x */\nint mu_x(void)\n{\n    return unlink(a);\n}\n", "env.h"},
    {"shell/x.c", "/* x */\nint x(void)\n{\n    return malloc(1);\n}\n", NULL},
    {"shell/x.c", "/* x */\nint x(void)\n{\n    assert(0);\n}\n", "should be true"},
    {"shell/x.c", "/* x */\nint x(void)\n{\n    assert(!\"x\");\n}\n", "should be true"},
    {"sql/x.c", "/* x */\nconst double mu_x = NAN, mu_y = (double)NAN;\n", "(double)NAN"},
    {"sql/x.c", "/* x */\nconst double mu_x = INFINITY;\n", "HUGE_VAL"},
    {"sql/x.c", "/* x */\nint x(void)\n{\n    return 1;\n}\n", "x: shared names"},
    {"sql/x.c", "/* x */\nconst int x[] = {1};\n", "x: shared names"},
    {"sql/x.c", "/* x */\nstatic int mu_x(void)\n{\n    return 1;\n}\n", "is static"},
    {"sql/x.c", "/* x */\nstatic const struct {\n    int a;\n} x[] = {{1}};\n", NULL},
    {"sql/x.c", "/* x */\ntypedef struct x {\n    int a;\n} x;\nstatic int y(x *z)\n{\n}\n", NULL},
    {"storage/x.c", "/* x */\nint muster_x(void);\n", "shared names"},
    {"sql/x.c", "/* x */\nint muster_x(void)\n{\n    return 1;\n}\n", NULL},
    {"sql/x.c", "/* x */\nint mu_x(int (*f)(void), int y)\n{\n    return 1;\n}\n", NULL},
    {"sql/x.c", "/* x */\nint f(void)\n{\n    return mu_fail(e, 1, \"x\");\n}\n", "f: shared"},
    {"sql/x.c", "/* x */\nstatic int f(void)\n{\n    mu_fail(e, 1, \"Was %d\", 1);\n}\n", "lower"},
    {"sql/x.c", "/* x */\nstatic int f(void)\n{\n    mu_fail(e, 1, \"bad x\");\n}\n", "\"bad\""},
    {"sql/x.c",
     "/* x */\nstatic int f(void)\n{\n    mu_fail(e, 1, \"x \"\n            \"y.\");\n}\n",
     "full stop"},
};

static const struct {
    const char *body, *finding; /* of a header, between guards */
} header_snippets[] = {
    {"typedef struct mu_x {\n    int a;\n} mu_x;\n", NULL},
    {"typedef struct x {\n    int a;\n} mu_x;\n", "type x"},
    {"typedef struct mu_x {\n    int a;\n} x;\n", "type x"},
    {"typedef struct mu_x x;\n", "type x"},
    {"struct x;\n", NULL},
    {"typedef int mu_f(void *x);\n", NULL},
    {"typedef int f(void *x);\n", "type f"},
    {"typedef int (*f)(void *x);\n", "type f"},
    {"enum { MU_A = F(1, 2), MU_B };\n", NULL},
    {"enum { MU_A, B };\n", "B: shared"},
    {"typedef enum mu_e { MU_A, B } mu_e;\n", "B: shared"},
    {"int f(void);\n", "f: shared"},
    {"const char *mu_f(int a,\n                 int b) MU_PRINTF(1, 2);\n", NULL},
    {"extern const int mu_x[];\n", NULL},
    {"extern const int x[];\n", "x: shared"},
    {"static inline int f(void)\n{\n    return 1;\n}\n", "f: shared"},
    {"#define F(x) \\\n    (x)\n", "F: shared"},
    {"static_assert(1 == 1, \"x\");\n", NULL},
};

static bool sees(const char *path, const char *body, const char *finding)
{
    char text[1024];
    const char *last;

    (void)snprintf(text, sizeof text, "%s", body);
    source file = source_of(path, text);
    check_source(&file, "");
    const unsigned findings = take_findings(&last);
    if (findings != (finding ? 1 : 0) || (finding && !strstr(last, finding))) {
        printf("tidy: %u findings (the last: %s), not \"%s\", in %s:\n%s", findings,
               findings > 0 ? last : "none", finding ? finding : "none", path, body);
        return false;
    }
    return true;
}

static bool sees_a_long_function(int lines)
{
    char text[4096] = "/* x */\nstatic int f(void)\n{\n";
    const char *last;

    for (int i = 0; i < lines - 2; i++) {
        strncat(text, "    f();\n", sizeof text - strlen(text) - 1);
    }
    strncat(text, "}\n", sizeof text - strlen(text) - 1);
    source file = source_of("sql/x.c", text);
    check_source(&file, "");
    return take_findings(&last) == 1 && strstr(last, "the function has");
}

bool rules_are_awake(void)
{
    bool awake = true;

    set_quiet(true);
    for (size_t i = 0; i < COUNT(snippets); i++) {
        awake &= sees(snippets[i].path, snippets[i].text, snippets[i].finding);
    }
    for (size_t i = 0; i < COUNT(header_snippets); i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "/* x */\n#ifndef MU_X\n#define MU_X\n%s#endif\n",
                       header_snippets[i].body);
        awake &= sees("query/x.h", text, header_snippets[i].finding);
    }
    awake &= sees_a_long_function(FUNCTION_LIMIT + 1);
    awake &= !sees_a_long_function(FUNCTION_LIMIT);
    set_quiet(false);
    return awake;
}
