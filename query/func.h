/*
 * func.h - what a function is: a name, what it takes, what it gives, and how it is computed.
 *
 * Operators are functions with odd names. Each function is a const struct in the table of its
 * family (func_*.c); several structs of one name are overloads, of which the makers pick the one
 * that needs the fewest casts. `params` has one letter for each argument:
 *
 *     b BOOLEAN  i BIGINT  f DOUBLE  n DECIMAL  t TEXT  d DATE  s TIMESTAMP  v INTERVAL  m BITMAP
 *     c CUSTOMER  a any
 *
 * and a `*` behind the last one lets it repeat. Arguments are cast to what the letters say; then
 * `bind`, if there is one, may cast further and decides the type of the result.
 *
 * `scalar` computes one value, and defines the function: constants are folded by it, and batches
 * are run by it row by row. `vector` does the same for a batch, where that is worth the lines.
 * `filter` clears bits of `live` by a kernel, where one argument is constant.
 */
#ifndef MU_FUNC_H
#define MU_FUNC_H

#include "query/expr.h"

typedef struct mu_regex_cache mu_regex_cache;
typedef struct mu_exec mu_exec;

/* What a call may need besides its arguments. One thread. */
typedef struct mu_func_context {
    mu_snapshot *snapshot;   /* NULL: there is none */
    const mu_exec *exec;     /* of the statement that runs, to ask whether it still may; or NULL */
    mu_regex_cache *regexes; /* NULL at first, owned: see regex.h */
    int64_t now_us;
    const mu_zone *zone; /* that times are read, shown and cut in; NULL: UTC */
    mu_writer text;      /* where a function writes the text it returns; empty when it is called */
} mu_func_context;

enum {
    MU_FUNC_WORK = 1 << 14 /* steps between two looks */
};
muster_status mu_func_look(const mu_func_context *context, uint64_t steps, muster_error *err);
/* To be told of every `more` steps by what may take long: CANCELLED where the statement is to stop,
 * and INVALID of a constant that takes too long, which is then left to the statement. */
static inline muster_status mu_func_work(const mu_func_context *context, uint64_t *steps,
                                         uint64_t more, muster_error *err)
{
    const uint64_t before = *steps;

    *steps += more;
    return before / MU_FUNC_WORK == *steps / MU_FUNC_WORK ? MUSTER_OK
                                                          : mu_func_look(context, *steps, err);
}

/* Some rows of a batch, for MU_FOR_EACH_LIVE. */
typedef struct mu_rows {
    uint32_t rows;
    const uint64_t *live;
} mu_rows;

/* A call over a batch. */
typedef struct mu_func_call {
    mu_func_context *context;
    const mu_expr *expr;
    const mu_vector *args;
    const uint64_t *live; /* rows that count: reached, and (if the function is strict) not NULL */
    uint32_t rows;
    void *data;      /* room for MU_BATCH_ROWS values of the result; bits are all clear */
    uint64_t *valid; /* equal to live; functions clear the bits of rows that become NULL */
    void **state;    /* NULL at first; what is put here is kept for the next batch, and given to
                        mu_mem_free() at the end */
} mu_func_call;

enum {
    MU_FUNC_NULLS = 1,  /* sees NULL arguments; of others the result is NULL if an argument is */
    MU_FUNC_LAZY = 2,   /* evaluates an argument only where those before it were NULL */
    MU_FUNC_MONTHS = 4, /* takes constant intervals of calendar months */
    MU_FUNC_STRICT_FOLD = 8, /* constants it cannot take are an error even if no row is reached */
    /* Of whole numbers, days or times, with all other arguments constant, it gives the same, and
     * never less for more; where `rises` does not say otherwise. */
    MU_FUNC_RISES = 16,
    MU_FUNC_LIST = 32, /* its arguments but the first are constants, read from the expression */
};

typedef muster_status mu_func_bind(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                                   uint32_t arg_count, int32_t offset, mu_type *result,
                                   muster_error *err);

/* Makes something else of a call, whose arguments have been cast; leaves *out alone where the call
 * is to be made as it stands. */
typedef muster_status mu_func_make(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                                   uint32_t arg_count, int32_t offset, const mu_expr **out,
                                   muster_error *err);

struct mu_func {
    const char *name;
    const char *params;
    char result;     /* a letter, or '0': the type of the first argument; ' ': bind says */
    uint8_t flags;   /* MU_FUNC_... */
    uint8_t variant; /* tells apart the functions that share their code */
    mu_func_bind *bind;
    mu_func_make *make;
    /* out->type is set and out->null false. */
    muster_status (*scalar)(mu_func_context *context, const mu_expr *expr, const mu_value *args,
                            mu_value *out, muster_error *err);
    muster_status (*vector)(const mu_func_call *call, muster_error *err);
    /* Whether `vector` is for calls of these types; NULL: for all. */
    bool (*has_vector)(const mu_expr *expr);
    /* args[1] is a constant that is not NULL. NULLs are gone from `live` already. False: there is
     * no kernel for these types, and nothing was done. */
    bool (*filter)(const mu_expr *expr, const mu_vector *column, uint32_t rows, uint64_t *live);
    /* Whether this call is as MU_FUNC_RISES says in the scope's zone; NULL: always. */
    bool (*rises)(const mu_scope *scope, const mu_expr *expr);
};

/* The head of a function that computes one value. */
#define MU_SCALAR(name)                                                                            \
    static muster_status name(mu_func_context *context, const mu_expr *expr, const mu_value *args, \
                              mu_value *out, muster_error *err)

/* A `bind` that makes all arguments, and the result, texts. */
muster_status mu_func_bind_texts(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                                 uint32_t arg_count, int32_t offset, mu_type *result,
                                 muster_error *err);

/* What comparisons are, as variants of their functions. */
typedef enum mu_comparison {
    MU_EQUAL,
    MU_UNEQUAL,
    MU_LESS,
    MU_LESS_EQUAL,
    MU_GREATER,
    MU_GREATER_EQUAL,
} mu_comparison;

/* The families. */
typedef struct mu_func_family {
    const mu_func *funcs;
    size_t count;
} mu_func_family;
extern const mu_func_family mu_func_arith, mu_func_math, mu_func_whole, mu_func_compare,
    mu_func_text, mu_func_string, mu_func_like, mu_func_regex, mu_func_time, mu_func_time_part,
    mu_func_time_text, mu_func_time_zone, mu_func_interval, mu_func_misc, mu_func_bitmap;

extern const mu_func mu_func_cast, mu_func_try_cast;      /* not called by name: mu_expr_cast() */
extern const mu_func mu_func_tuple;                       /* and neither is this: mu_expr_tuple() */
extern const mu_func mu_func_order, mu_func_order_strict; /* nor these: mu_expr_order() */

/* How the keys of mu_expr_order() go: of each the second argument, as bits. */
enum {
    MU_KEY_DESCENDING = 1,
    MU_KEY_NULLS_FIRST = 2
};

/* The i-th function of all families; NULL past the last. */
const mu_func *mu_func_at(size_t i);

/* The overload that fits the arguments best; INVALID, naming what there is, if none does. */
muster_status mu_func_find(const mu_scope *scope, const char *name, const mu_expr *const *args,
                           uint32_t arg_count, int32_t offset, const mu_func **out,
                           muster_error *err);
/* The letter of argument i. */
char mu_func_param(const mu_func *func, uint32_t i);

/* Types, for makers and bind. */

mu_type mu_type_of_letter(char letter);
/* The type a BIGINT takes among DECIMALs; other types as they are. */
mu_type mu_type_as_decimal(mu_type type);
mu_type mu_type_decimal(unsigned precision, unsigned scale); /* precision capped at 18 */
bool mu_cast_exists(mu_type from, mu_type to);
/* The expression as one of `type`, by a cast if that is more than a name; implicit casts only. */
muster_status mu_expr_coerce(const mu_scope *scope, const mu_expr *expr, mu_type type,
                             const mu_expr **out, muster_error *err);
/* Casts all to the one type that fits them; text constants become what the others are. `what`
 * names the function in the message. */
muster_status mu_expr_unify(const mu_scope *scope, const mu_expr **args, uint32_t arg_count,
                            const char *what, int32_t offset, mu_type *out, muster_error *err);
/* One of the snapshot's customers as a constant: MU_NO_CUSTOMER if no one has the id. */
muster_status mu_expr_find_customer(const mu_scope *scope, const mu_expr *id, const mu_expr **out,
                                    muster_error *err);
/* The type of customers' ids: TEXT or BIGINT. */
mu_type mu_scope_id_type(const mu_scope *scope);

/* Values. */

mu_value mu_value_null(mu_type type);
int mu_value_compare(const mu_value *a, const mu_value *b); /* of one type, not NULL; NaN last */

/* The bits of a double by which equal ones meet: there is one zero, and one NaN. */
uint64_t mu_double_word(double value);

/* value / 10^digits, ties away from zero; digits at most 18. */
int64_t mu_divide_rounded(int64_t value, unsigned digits);
/* OK if the number is below 10^18 in size, as every DECIMAL is. */
bool mu_fits_decimal(int64_t value, unsigned precision);

/* What was written to the context is the result. */
muster_status mu_func_written(mu_func_context *context, mu_value *out, muster_error *err);

/* UTF-8. */

/* Bytes of the character that begins at `at`; at least 1, and never past the end. */
uint32_t mu_text_step(mu_text text, uint32_t at);
uint32_t mu_text_length(mu_text text); /* in characters */
/* The byte where character number `character` begins; the size if there are fewer. */
uint32_t mu_text_at(mu_text text, int64_t character);
/* Appends the text in small or capital letters, each letter by itself, as Unicode maps it to one
 * other; those that have none stay as they are. */
void mu_text_fold(mu_text text, bool upper, mu_writer *out);

#endif
