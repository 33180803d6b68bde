/*
 * json.c - JSON Lines into records, on top of yajl.
 *
 * yajl calls back for each value and hands out numbers as they are written, so that no decimal goes
 * through a double. It is given a line at a time; one handle serves all lines of a piece, for it
 * takes any number of values one after the other, and is made anew after a line that was not JSON.
 *
 * yajl does not look whether it got memory. So it gets it from a reserve that is there before the
 * line is parsed and suffices for any line up to a known size:
 *
 *   two buffers (unescaped text, a token that the end of the line cut) of less than twice the line,
 *   or 2 KiB, which grow by doubling: together less than 8 times the line, and 16 KiB
 *   a stack of MAX_DEPTH bytes, the handle, the lexer, a message: some hundred bytes each
 *
 * Keys mostly come in the same order in every line, so the column of each is first guessed by its
 * place.
 */
#include "storage/json.h"

#include "storage/base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <yajl/yajl_parse.h>

enum {
    MAX_DEPTH = 64,
    RESERVE_ALIGN = 16,
    RESERVE_FIXED = 32 << 10,
    RESERVE_PER_BYTE = 8,
#ifdef MU_TINY
    FIRST_LINE_BYTES = 64,
#else
    FIRST_LINE_BYTES = 4 << 10,
#endif
};

/* The reserve. */

typedef struct reserve {
    char *memory;
    size_t capacity, used;
    size_t line_bytes; /* of the longest line it suffices for */
} reserve;

static size_t aligned(size_t size)
{
    return (size + RESERVE_ALIGN - 1) / RESERVE_ALIGN * RESERVE_ALIGN;
}

/* Before each block stands its size. */
static void *reserve_alloc(void *context, size_t size)
{
    reserve *from = context;
    const size_t needed = RESERVE_ALIGN + aligned(size);

    assert(needed <= from->capacity - from->used);
    if (needed > from->capacity - from->used) {
        return NULL;
    }
    char *block = from->memory + from->used + RESERVE_ALIGN;
    memcpy(block - RESERVE_ALIGN, &size, sizeof size);
    from->used += needed;
    return block;
}

static void *reserve_realloc(void *context, void *memory, size_t size)
{
    size_t before = 0;
    void *grown = reserve_alloc(context, size);

    if (memory && grown) {
        memcpy(&before, (char *)memory - RESERVE_ALIGN, sizeof before);
        memcpy(grown, memory, before < size ? before : size);
    }
    return grown;
}

static void reserve_free(void *context, void *memory)
{
    (void)context; /* all of it goes at once */
    (void)memory;
}

/* The parser. */

struct mu_json_parser {
    mu_json_names *names;
    const char *at, *end;
    uint64_t line;
    reserve reserve;
    yajl_alloc_funcs functions;
    yajl_handle handle; /* in the reserve; NULL: to be made before the next line */

    /* The record being read. */
    const char *text, *text_end;
    uint32_t depth;               /* of objects and arrays that are open */
    bool ended;                   /* the object of the line was closed */
    bool inside;                  /* the key of the first level has an object that is taken apart */
    const char *nested;           /* where the value begins whose text is kept, or NULL */
    uint32_t nested_depth;        /* outside of it */
    size_t outer_size;            /* of the key of the first level, in `path` */
    size_t path_size;             /* of a.b; past MU_MAX_NAME_BYTES: it is no name */
    char path[MU_MAX_NAME_BYTES]; /* its beginning */
    uint32_t place;               /* of the key in the record */
    bool is_null;                 /* the value that is looked at */
    uint32_t column;              /* of the key; MU_NO_COLUMN: its value is left out */
    mu_csv_field *fields;         /* by column; data is NULL where the key has not come */
    size_t field_capacity;
    uint32_t *guesses; /* by place: the column that was there last time */
    size_t guess_capacity;
    mu_arena texts; /* with escapes taken out; of all records since the start */
    bool out_of_memory;
    char fault[200];
};

mu_json_parser *mu_json_parser_new(void)
{
    return mu_mem_zalloc(sizeof(mu_json_parser));
}

void mu_json_parser_free(mu_json_parser *parser)
{
    if (parser) {
        mu_mem_free(parser->reserve.memory);
        mu_mem_free(parser->fields);
        mu_mem_free(parser->guesses);
        mu_arena_deinit(&parser->texts);
        mu_mem_free(parser);
    }
}

void mu_json_parser_start(mu_json_parser *parser, mu_json_names *names, const char *data,
                          size_t size)
{
    parser->names = names;
    parser->at = data;
    parser->end = data + size;
    parser->line = 0;
    parser->handle = NULL;
    mu_arena_reset(&parser->texts);
}

const char *mu_json_parser_at(const mu_json_parser *parser)
{
    return parser->at;
}

uint64_t mu_json_parser_line(const mu_json_parser *parser)
{
    return parser->line;
}

/* What yajl calls: 1 goes on, 0 ends the line. */

static int fail_line(mu_json_parser *parser, const char *format, ...) MU_PRINTF(2, 3);

static int fail_line(mu_json_parser *parser, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(parser->fault, sizeof parser->fault, format, arguments);
    va_end(arguments);
    return 0;
}

static int fail_memory(mu_json_parser *parser)
{
    parser->out_of_memory = true;
    return 0;
}

/* The key as messages show it: cut where it is long. */
static int fail_key(mu_json_parser *parser, const char *what)
{
    size_t size = parser->path_size;

    if (size > 60) {
        size = 60;
        while (size > 0 && ((unsigned char)parser->path[size] & 0xc0) == 0x80) {
            size--; /* not within a character */
        }
    }
    return fail_line(parser, "key \"%.*s\"%s %s", (int)size, parser->path,
                     size < parser->path_size ? "..." : "", what);
}

static bool grow_fields(mu_json_parser *parser)
{
    const size_t before = parser->field_capacity, count = mu_json_names_count(parser->names);

    if (!mu_mem_reserve((void **)&parser->fields, &parser->field_capacity, count + 1,
                        sizeof *parser->fields)) {
        return false;
    }
    if (parser->field_capacity > before) {
        memset(&parser->fields[before], 0,
               (parser->field_capacity - before) * sizeof *parser->fields);
    }
    return true;
}

/* Makes a column of the key that is unknown, or, of one that is null, remembers it. */
static int add_key(mu_json_parser *parser)
{
    mu_json_names *names = parser->names;
    mu_json_names *to = parser->is_null ? names->nulls : names;
    const mu_text key = {parser->path, (uint32_t)parser->path_size};

    if (key.size == 0 || key.size > MU_MAX_NAME_BYTES) {
        return fail_key(parser, key.size == 0 ? "is empty" : "is too long for a name");
    }
    if (!to) {
        to = names->nulls = MU_NEW(names->arena, mu_json_names);
        if (!to) {
            return fail_memory(parser);
        }
        to->arena = names->arena;
    }
    if (parser->is_null && mu_json_names_find(to, key) != MU_NO_COLUMN) {
        return 1;
    }
    if (mu_json_names_count(to) == MU_MAX_COLUMNS) {
        names->full = true;
        return fail_key(parser, "is one too many; records have too many different ones");
    }
    const char *name = mu_arena_text(names->arena, key.data, key.size);
    if (!name || mu_json_names_add(to, name, NULL) != MUSTER_OK) {
        return fail_memory(parser);
    }
    if (!parser->is_null) {
        parser->column = mu_json_names_count(names) - 1;
    }
    return grow_fields(parser) || fail_memory(parser);
}

/* The column of the key is what will be guessed at its place from now on. */
static bool remember_place(mu_json_parser *parser, uint32_t place)
{
    const size_t before = parser->guess_capacity;

    if (!mu_mem_reserve((void **)&parser->guesses, &parser->guess_capacity, place + (size_t)1,
                        sizeof *parser->guesses)) {
        return false;
    }
    for (size_t i = before; i < parser->guess_capacity; i++) {
        parser->guesses[i] = MU_NO_COLUMN;
    }
    parser->guesses[place] = parser->column;
    return true;
}

/* Finds the column of the key whose value is about to come, other than an object to take apart. */
static int find_column(mu_json_parser *parser)
{
    const mu_json_names *names = parser->names;
    const mu_text key = {parser->path, (uint32_t)parser->path_size};
    const uint32_t place = parser->place++;

    if (place < parser->guess_capacity && parser->guesses[place] < mu_json_names_count(names)) {
        const uint32_t guess = parser->guesses[place];
        if (names->folded.texts[guess].size == key.size &&
            memcmp(names->names[guess], key.data, key.size) == 0) {
            parser->column = guess;
            return 1;
        }
    }
    parser->column = mu_json_names_find(names, key);
    if (parser->column == MU_NO_COLUMN && parser->is_null && mu_json_names_is_prefix(names, key)) {
        return 1; /* an object that is not there */
    }
    if (parser->column == MU_NO_COLUMN && names->growing) {
        return add_key(parser);
    }
    if (parser->column == MU_NO_COLUMN) {
        return names->ignore_extra ? 1 : fail_key(parser, "is no column of the table");
    }
    return remember_place(parser, place) || fail_memory(parser);
}

/* Whether a scalar, or a nested value that is kept as text, may come here. */
static int begin_value(mu_json_parser *parser)
{
    if (parser->depth == 0) {
        return fail_line(parser, parser->ended ? "text behind the object"
                                               : "a line must be an object, {...}");
    }
    return find_column(parser);
}

static int put_field(mu_json_parser *parser, mu_csv_field field)
{
    if (parser->column == MU_NO_COLUMN) {
        return 1;
    }
    if (parser->fields[parser->column].data) {
        return fail_line(parser, "column \"%s\" is there twice",
                         parser->names->names[parser->column]);
    }
    parser->fields[parser->column] = field;
    return 1;
}

static int put_word(mu_json_parser *parser, const char *word)
{
    const mu_csv_field field = {.data = word, .size = (uint32_t)strlen(word)};

    return parser->nested || (begin_value(parser) && put_field(parser, field));
}

static int on_null(void *context)
{
    mu_json_parser *parser = context;

    parser->is_null = true;
    const int more = put_word(parser, "");
    parser->is_null = false;
    return more;
}

static int on_boolean(void *context, int value)
{
    return put_word(context, value ? "true" : "false");
}

static int on_number(void *context, const char *text, size_t size)
{
    mu_json_parser *parser = context;
    const mu_csv_field field = {.data = text, .size = (uint32_t)size};

    return parser->nested || (begin_value(parser) && put_field(parser, field));
}

static int on_string(void *context, const unsigned char *bytes, size_t size)
{
    mu_json_parser *parser = context;
    const char *text = (const char *)bytes;

    if (parser->nested) {
        return 1;
    }
    if (!begin_value(parser)) {
        return 0;
    }
    if (parser->column == MU_NO_COLUMN) {
        return 1;
    }
    if (text < parser->text || text >= parser->text_end) { /* yajl's until the next */
        text = mu_arena_text(&parser->texts, text, size);
        if (!text) {
            return fail_memory(parser);
        }
    }
    return put_field(parser, (mu_csv_field){.data = text, .size = (uint32_t)size, .quoted = true});
}

static int on_key(void *context, const unsigned char *bytes, size_t size)
{
    mu_json_parser *parser = context;
    const size_t from = parser->inside ? parser->outer_size + 1 : 0;

    if (parser->nested) {
        return 1;
    }
    parser->path_size = from + size;
    if (from < sizeof parser->path) {
        const size_t room = sizeof parser->path - from;
        memcpy(&parser->path[from], bytes, size < room ? size : room);
    }
    if (!parser->inside) {
        parser->outer_size = size;
    }
    return 1;
}

/* An object below a key of the first level is taken apart, unless a column wants it whole. */
static bool is_taken_apart(const mu_json_parser *parser)
{
    const mu_text key = {parser->path, (uint32_t)parser->path_size};
    const mu_json_names *names = parser->names;

    return parser->depth == 1 &&
           (mu_json_names_is_prefix(names, key) || mu_json_names_find(names, key) == MU_NO_COLUMN);
}

static int open_nested(mu_json_parser *parser)
{
    if (!parser->nested) {
        if (!begin_value(parser)) {
            return 0;
        }
        parser->nested = parser->text + yajl_get_bytes_consumed(parser->handle) - 1;
        parser->nested_depth = parser->depth;
    }
    return ++parser->depth <= MAX_DEPTH || fail_line(parser, "nested too deeply");
}

static int close_nested(mu_json_parser *parser)
{
    const char *const end = parser->text + yajl_get_bytes_consumed(parser->handle);
    const char *const from = parser->nested;

    if (--parser->depth > parser->nested_depth) {
        return 1;
    }
    parser->nested = NULL;
    return put_field(parser, (mu_csv_field){.data = from, .size = (uint32_t)(end - from)});
}

static int on_open_object(void *context)
{
    mu_json_parser *parser = context;

    if (parser->depth == 0) {
        parser->depth = 1;
        return !parser->ended || fail_line(parser, "text behind the object");
    }
    if (!parser->nested && is_taken_apart(parser)) {
        parser->inside = true;
        parser->depth = 2;
        if (parser->path_size < sizeof parser->path) {
            parser->path[parser->path_size] = '.';
        }
        return 1;
    }
    return open_nested(parser);
}

static int on_close_object(void *context)
{
    mu_json_parser *parser = context;

    if (parser->nested) {
        return close_nested(parser);
    }
    parser->inside = false;
    parser->depth--;
    parser->ended = parser->depth == 0;
    return 1;
}

static int on_open_array(void *context)
{
    mu_json_parser *parser = context;

    if (parser->depth == 0 && !parser->ended) {
        return fail_line(parser, "a line must be an object, {...}, not an array; jq -c '.[]' makes "
                                 "lines of one");
    }
    return open_nested(parser);
}

static int on_close_array(void *context)
{
    return close_nested(context);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_open_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_close_object,
    .yajl_start_array = on_open_array,
    .yajl_end_array = on_close_array,
};

/* A line. */

/* Makes the handle, with memory for a line of this size. */
static bool make_handle(mu_json_parser *parser, size_t line_bytes)
{
    reserve *from = &parser->reserve;
    size_t wanted = from->line_bytes == 0 ? FIRST_LINE_BYTES : from->line_bytes;

    while (wanted < line_bytes) {
        wanted *= 2;
    }
    if (wanted > from->line_bytes) {
        const size_t capacity = RESERVE_FIXED + RESERVE_PER_BYTE * wanted;
        char *memory = mu_mem_alloc(capacity);
        if (!memory) {
            return false;
        }
        mu_mem_free(from->memory);
        *from = (reserve){.memory = memory, .capacity = capacity, .line_bytes = wanted};
    }
    from->used = 0;
    parser->functions = (yajl_alloc_funcs){reserve_alloc, reserve_realloc, reserve_free, from};
    parser->handle = yajl_alloc(&callbacks, &parser->functions, parser);
    assert(parser->handle);
    return yajl_config(parser->handle, yajl_allow_multiple_values, 1) == 1;
}

static bool read_hex(const char *at, const char *end, unsigned *out)
{
    *out = 0;
    for (unsigned i = 0; i < 4; i++) {
        const char c = (char)(at + i < end ? at[i] | 0x20 : 0); /* letters in lower case */
        const bool digit = c >= '0' && c <= '9';
        if (!digit && !(c >= 'a' && c <= 'f')) {
            return false;
        }
        *out = *out * 16 + (unsigned)(digit ? c - '0' : c - 'a' + 10);
    }
    return true;
}

/* yajl makes question marks of half a surrogate pair, and lets NULs pass: neither is text. Other
 * faults are left to yajl. */
static bool check_escapes(mu_json_parser *parser)
{
    const char *at = parser->text;
    unsigned code, low;

    while ((at = memchr(at, '\\', (size_t)(parser->text_end - at)))) {
        const bool unicode = at + 1 < parser->text_end && at[1] == 'u';
        if (!unicode || !read_hex(at + 2, parser->text_end, &code)) {
            at += at + 1 < parser->text_end ? 2 : 1;
            continue;
        }
        at += 6;
        if (code >= 0xd800 && code < 0xdc00 && at + 1 < parser->text_end && at[0] == '\\' &&
            at[1] == 'u' && read_hex(at + 2, parser->text_end, &low) && low >= 0xdc00 &&
            low < 0xe000) {
            at += 6;
        } else if (code == 0 || (code >= 0xd800 && code < 0xe000)) {
            return fail_line(parser, "the escape \\u%04x is %s", code,
                             code == 0 ? "a NUL character" : "half of a surrogate pair");
        }
    }
    return true;
}

/* What yajl has to say of the bytes it was given last, without its kind of error and its line feed,
 * and where; `before` is the size of what it was given before. */
static void word_error(mu_json_parser *parser, const unsigned char *bytes, size_t size,
                       size_t before)
{
    const size_t at = before + yajl_get_bytes_consumed(parser->handle);
    unsigned char *message = yajl_get_error(parser->handle, 0, bytes, size);
    const char *text = message ? (const char *)message : "";
    const char *colon = strstr(text, ": ");

    text = colon ? colon + 2 : text;
    size_t length = strcspn(text, "\n");
    length -= length > 0 && text[length - 1] == '.';
    (void)fail_line(parser, "not JSON at byte %zu of the line: %.*s", at, (int)length, text);
}

/* False with the reason in parser->fault, or when out of memory. */
static bool parse_line(mu_json_parser *parser)
{
    static const unsigned char line_feed[] = "\n";
    const unsigned char *text = (const unsigned char *)parser->text;
    const size_t size = (size_t)(parser->text_end - parser->text);

    if ((!parser->handle || size > parser->reserve.line_bytes) && !make_handle(parser, size)) {
        return fail_memory(parser);
    }
    if (!check_escapes(parser)) {
        return false;
    }
    yajl_status status = yajl_parse(parser->handle, text, size);
    if (status == yajl_status_ok) { /* tokens may end at the end of the line only */
        text = line_feed;
        status = yajl_parse(parser->handle, line_feed, 1);
    }
    if (status == yajl_status_error && !parser->fault[0]) {
        const bool at_end = text == line_feed;
        word_error(parser, text, at_end ? 1 : size, at_end ? size : 0);
    } else if (status == yajl_status_ok && !parser->ended) {
        (void)fail_line(parser, "the object does not end on its line; jq -c . puts it on one");
    }
    return status == yajl_status_ok && parser->ended && !parser->out_of_memory;
}

static bool is_blank_line(const char *from, const char *end)
{
    while (from < end && (*from == ' ' || *from == '\t' || *from == '\r')) {
        from++;
    }
    return from == end;
}

static bool begin_record(mu_json_parser *parser)
{
    parser->depth = 0;
    parser->ended = false;
    parser->inside = false;
    parser->nested = NULL;
    parser->place = 0;
    parser->is_null = false;
    parser->column = MU_NO_COLUMN;
    parser->fault[0] = '\0';
    parser->out_of_memory = !grow_fields(parser);
    if (!parser->out_of_memory) {
        memset(parser->fields, 0, mu_json_names_count(parser->names) * sizeof *parser->fields);
    }
    return !parser->out_of_memory;
}

bool mu_json_parser_next(mu_json_parser *parser, mu_csv_record *record, bool *out_of_memory)
{
    *out_of_memory = false;
    while (parser->at < parser->end) {
        const char *const from = parser->at;
        const char *feed = memchr(from, '\n', (size_t)(parser->end - from));
        const char *end = feed ? feed : parser->end;
        const uint64_t line = parser->line;

        parser->at = feed ? feed + 1 : parser->end;
        parser->line += feed != NULL;
        if (is_blank_line(from, end)) {
            continue;
        }
        end -= end > from && end[-1] == '\r';
        parser->text = from;
        parser->text_end = end;
        const bool whole = begin_record(parser) && parse_line(parser);
        if (parser->out_of_memory) {
            *out_of_memory = true;
            return false;
        }
        if (!whole) {
            parser->handle = NULL; /* it is in the middle of something */
        }
        *record = (mu_csv_record){.line = line,
                                  .text = from,
                                  .size = (size_t)(end - from),
                                  .field_count = mu_json_names_count(parser->names),
                                  .fault = whole ? NULL : parser->fault,
                                  .fields = parser->fields};
        return true;
    }
    return false;
}
