/*
 * csv_detect.c - finds out what a file looks like: what separates columns, whether there is a
 * header, and of which types the columns are.
 *
 * The delimiter is the candidate that cuts the first records into the same number of fields, more
 * than one, most often; blanks are tried last. A header is a first record that does not fit the
 * types of those below it; where all columns are text it is one if its fields look like names and
 * none of them comes again in its column.
 */
#include "storage/csv.h"

#include "storage/base/mem.h"
#include "storage/json.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

enum {
    SNIFF_RECORDS = 200, /* that the delimiter is judged by */
    HEAD_RECORDS = 1000, /* that the header is judged by */
#ifdef MU_TINY
    DETECT_ROWS = 100,
    DETECT_BYTES = 16 << 10,
#else
    /* Both must be passed to stop: a file of some 64 MB is read whole, so that an odd value near
     * its end does not come as a surprise; that takes a fraction of a second. */
    DETECT_ROWS = 10000,
    DETECT_BYTES = 64 << 20,
#endif
};

bool mu_csv_is_null_text(const mu_csv_options *options, const mu_csv_field *field)
{
    return field->size == strlen(options->null_text) &&
           memcmp(field->data, options->null_text, field->size) == 0;
}

void mu_csv_guess_record(const mu_csv_head *head, const mu_csv_record *record)
{
    for (uint32_t i = 0; i < record->field_count && i < head->column_count; i++) {
        const mu_csv_field *field = &record->fields[i];
        if (!mu_csv_is_null(&head->options, field)) {
            mu_csv_guess_add(&head->guesses[i], (mu_text){field->data, field->size}, field->quoted);
        }
    }
}

/* The records of a block that is not yet split; its last one is not whole, unless the file ends. */
typedef struct peek {
    mu_csv_parser parser;
    const mu_csv_block *block;
    uint32_t count;
    bool out_of_memory;
} peek;

static bool next_glance(peek *glance, mu_csv_record *record)
{
    const bool more = mu_csv_parser_next(&glance->parser, record, &glance->out_of_memory);
    const bool whole = glance->block->last || glance->parser.at < glance->parser.end;

    return more && (whole || glance->count == 0) && ++glance->count > 0;
}

/* How well a delimiter cuts the first records: how many of them have the most frequent number of
 * fields, which is *columns. */
static double judge(const mu_csv_block *block, mu_csv_dialect dialect, uint32_t *columns,
                    bool *out_of_memory)
{
    peek glance = {.block = block};
    mu_csv_record record;
    uint32_t counts[SNIFF_RECORDS];
    uint32_t n = 0, best = 0;

    mu_csv_parser_start(&glance.parser, dialect, block->data, block->size);
    while (n < SNIFF_RECORDS && next_glance(&glance, &record)) {
        counts[n++] = record.field_count;
    }
    *out_of_memory = glance.out_of_memory;
    mu_csv_parser_deinit(&glance.parser);
    *columns = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t same = 0;
        for (uint32_t k = 0; k < n; k++) {
            same += counts[k] == counts[i];
        }
        if (same > best) {
            best = same;
            *columns = counts[i];
        }
    }
    return n > 0 ? (double)best / n : 0;
}

static muster_status find_delimiter(const mu_csv_block *block, mu_csv_dialect dialect, char *out,
                                    muster_error *err)
{
    static const char candidates[] = {',', ';', '\t', '|', ' '};
    char found = 0;
    double best = 0;

    for (size_t i = 0; i < sizeof candidates; i++) {
        uint32_t columns;
        bool out_of_memory;
        dialect.delimiter = candidates[i];
        const double score = judge(block, dialect, &columns, &out_of_memory);
        if (out_of_memory) {
            return mu_fail_memory(err, "reading a file");
        }
        /* Text has blanks in it: they must cut perfectly where nothing else cuts. */
        if (columns > 1 && (candidates[i] == ' ' ? !found && score >= 1 : score > best)) {
            best = score;
            found = candidates[i];
        }
    }
    *out = found ? found : ',';
    return MUSTER_OK;
}

/* The header. */

/* Letters, digits and a few signs, beginning with none of the latter two; letters of any script. */
static bool looks_like_name(const mu_csv_field *field)
{
    if (field->size == 0 || field->size > MU_MAX_NAME_BYTES) {
        return false;
    }
    const unsigned char first = (unsigned char)field->data[0];
    if (!isalpha(first) && first != '_' && first < 0x80) {
        return false;
    }
    for (uint32_t i = 0; i < field->size; i++) {
        const unsigned char c = (unsigned char)field->data[i];
        if (!isalnum(c) && c < 0x80 && !strchr("_ -./()#%$&", c)) {
            return false;
        }
    }
    return true;
}

/* The field without the blanks around it. */
static mu_text trim(const mu_csv_field *field)
{
    mu_text text = {field->data, field->size};

    while (text.size > 0 && isspace((unsigned char)text.data[0])) {
        text = (mu_text){text.data + 1, text.size - 1};
    }
    while (text.size > 0 && isspace((unsigned char)text.data[text.size - 1])) {
        text.size--;
    }
    return text;
}

static bool names_column(const mu_table *table, const mu_csv_record *record)
{
    for (uint32_t i = 0; i < record->field_count; i++) {
        const mu_text text = trim(&record->fields[i]);
        char name[MU_MAX_NAME_BYTES + 1];
        if (text.size > 0 && text.size < sizeof name) {
            memcpy(name, text.data, text.size);
            name[text.size] = '\0';
            if (mu_table_column(table, name) != MU_NO_COLUMN) {
                return true;
            }
        }
    }
    return false;
}

static bool fits_type(mu_type type, const char *format, const mu_csv_field *field)
{
    const mu_value_formats formats = {.timestamp = format, .date = format};
    mu_value value;

    return mu_value_parse(type, (mu_text){field->data, field->size}, &formats, &value, NULL) ==
           MUSTER_OK;
}

/* Whether a first record stands out from those below, whose guesses are in the head. `repeats`: one
 * of its fields comes again in its column. */
static bool is_header(const mu_csv_head *head, const mu_csv_record *first, bool repeats)
{
    bool typed = false;

    for (uint32_t i = 0; i < first->field_count; i++) {
        const char *format;
        const mu_type type = mu_csv_guess_type(&head->guesses[i], "time", &format);
        if (type.kind != MU_TEXT && first->fields[i].size > 0) {
            typed = true;
            if (fits_type(type, format, &first->fields[i])) {
                return false; /* a number above numbers is a value */
            }
        }
    }
    if (typed) {
        return true;
    }
    for (uint32_t i = 0; i < first->field_count; i++) {
        if (!looks_like_name(&first->fields[i])) {
            return false;
        }
    }
    return !repeats;
}

static void restart_guesses(const mu_csv_head *head)
{
    for (uint32_t i = 0; i < head->column_count; i++) {
        mu_csv_guess_init(&head->guesses[i]);
    }
}

/* Keeps the first record, whose fields are the parser's only until the next. */
static bool keep_record(mu_arena *arena, mu_csv_record *record)
{
    mu_csv_field *fields = MU_NEW_ARRAY(arena, mu_csv_field, record->field_count);

    if (!fields) {
        return false;
    }
    memcpy(fields, record->fields, record->field_count * sizeof *fields);
    record->fields = fields;
    return true;
}

static bool repeats_field(const mu_csv_record *first, const mu_csv_record *record)
{
    for (uint32_t i = 0; i < first->field_count && i < record->field_count; i++) {
        const mu_csv_field *a = &first->fields[i], *b = &record->fields[i];
        if (a->size > 0 && a->size == b->size && memcmp(a->data, b->data, a->size) == 0) {
            return true;
        }
    }
    return false;
}

/* A header's names, made unique: a, a_2, column3. */
static muster_status name_columns(const char *path, mu_csv_head *head, const mu_csv_record *first,
                                  mu_arena *arena, muster_error *err)
{
    const uint32_t given = head->options.name_count;

    for (uint32_t i = 0; i < head->column_count; i++) {
        const mu_text text = trim(&first->fields[i]);
        const char *name;
        if (i < given) {
            name = head->options.names[i];
        } else if (head->options.header > 0 && text.size > 0) {
            mu_value value;
            if (mu_value_parse((mu_type){.kind = MU_TEXT}, text, NULL, &value, err) != MUSTER_OK) {
                mu_where(err, "\"%s\": the name of column %" PRIu32, path, i + 1);
                return MUSTER_INVALID;
            }
            name = mu_arena_text(arena, text.data, text.size);
        } else {
            name = mu_arena_printf(arena, "column%" PRIu32, i + 1);
        }
        for (uint32_t k = 0, copy = 2; name && k < i && given == 0; k++) {
            if (mu_name_equal(head->names[k], name)) {
                name = mu_arena_printf(arena, "%s_%" PRIu32, head->names[k], copy++);
                k = UINT32_MAX; /* from the start: the new name could be taken too */
            }
        }
        if (!name) {
            return mu_fail_memory(err, "reading a file");
        }
        head->names[i] = name;
    }
    return MUSTER_OK;
}

/* `most`: how many columns the file may have. */
static muster_status read_columns(const char *path, peek *glance, const mu_table *table,
                                  uint32_t most, mu_arena *arena, mu_csv_head *head,
                                  muster_error *err)
{
    mu_csv_record first, record;
    bool repeats = false;

    if (!next_glance(glance, &first)) {
        return glance->out_of_memory ? mu_fail_memory(err, "reading a file") : MUSTER_OK;
    }
    if (!keep_record(arena, &first)) {
        return mu_fail_memory(err, "reading a file");
    }
    if (first.field_count > most) {
        return mu_fail(err, MUSTER_INVALID,
                       "\"%s\" has %" PRIu32 " columns; the most is %" PRIu32
                       ", unless IGNORE_EXTRA leaves out those that the table lacks",
                       path, first.field_count, most);
    }
    if (head->options.name_count > 0 && head->options.name_count != first.field_count) {
        return mu_fail(err, MUSTER_INVALID,
                       "\"%s\" has %" PRIu32 " columns, but COLUMNS names %" PRIu32, path,
                       first.field_count, head->options.name_count);
    }
    head->column_count = first.field_count;
    MU_ARENA_TRY(head->names, arena, head->column_count, err);
    MU_ARENA_TRY(head->guesses, arena, head->column_count, err);
    restart_guesses(head);
    for (uint32_t n = 0; n < HEAD_RECORDS && next_glance(glance, &record); n++) {
        repeats = repeats || repeats_field(&first, &record);
        mu_csv_guess_record(head, &record);
    }
    if (glance->out_of_memory) {
        return mu_fail_memory(err, "reading a file");
    }
    if (head->options.header == 0) {
        const bool header =
            (table && names_column(table, &first)) || is_header(head, &first, repeats);
        head->options.header = header ? 1 : -1;
    }
    if (head->options.header < 0) {
        mu_csv_guess_record(head, &first);
    }
    return name_columns(path, head, &first, arena, err);
}

static bool ends_in(const char *path, size_t size, const char *ending)
{
    const size_t wanted = strlen(ending);

    return size > wanted && strncasecmp(path + size - wanted, ending, wanted) == 0;
}

static mu_csv_format find_format(const char *path, const mu_csv_block *block)
{
    size_t size = strlen(path);

    size -= ends_in(path, size, ".gz") ? strlen(".gz") : 0;
    if (ends_in(path, size, ".jsonl") || ends_in(path, size, ".ndjson") ||
        ends_in(path, size, ".json") || mu_json_looks_like(block->data, block->size)) {
        return MU_CSV_JSONL;
    }
    return MU_CSV_TEXT;
}

/* That a delimiter was given says that there is one. */
static muster_status choose_format(const char *path, const mu_csv_options *options,
                                   const mu_csv_block *block, mu_csv_format *out, muster_error *err)
{
    const char *delimited = options->delimiter     ? "DELIMITER"
                            : options->quote       ? "QUOTE"
                            : options->escape      ? "ESCAPE"
                            : options->header != 0 ? "HEADER"
                            : options->null_text   ? "NULL"
                            : options->names       ? "COLUMNS"
                                                   : NULL;

    *out = options->format;
    if (*out == MU_CSV_ANY) {
        *out = find_format(path, block);
    }
    if (*out == MU_CSV_JSONL && delimited) {
        return mu_fail(
            err, MUSTER_INVALID,
            "\"%s\" holds JSON Lines, where option %s means nothing; FORMAT csv reads it "
            "as CSV all the same",
            path, delimited);
    }
    return MUSTER_OK;
}

mu_csv_dialect mu_csv_head_dialect(const mu_csv_head *head)
{
    mu_csv_dialect dialect = mu_csv_dialect_of(&head->options);

    dialect.names = head->keys;
    return dialect;
}

muster_status mu_csv_read_head(const char *path, const mu_csv_options *options,
                               const mu_csv_block *block, const mu_table *table, bool ignore_extra,
                               mu_arena *arena, mu_csv_head *out, muster_error *err)
{
    mu_csv_dialect dialect = mu_csv_dialect_of(options);
    peek glance = {.block = block};
    const uint32_t most = table && ignore_extra ? UINT32_MAX : MU_MAX_COLUMNS;

    *out = (mu_csv_head){.options = *options};
    MU_TRY(choose_format(path, options, block, &out->options.format, err));
    if (out->options.format == MU_CSV_JSONL) {
        return mu_json_read_head(path, block, table, ignore_extra, arena, out, err);
    }
    if (options->delimiter == 0) {
        MU_TRY(find_delimiter(block, dialect, &dialect.delimiter, err));
    }
    out->options.delimiter = dialect.delimiter;
    out->options.quote = dialect.quote;
    out->options.escape = dialect.escape;
    mu_csv_parser_start(&glance.parser, dialect, block->data, block->size);
    const muster_status status = read_columns(path, &glance, table, most, arena, out, err);
    mu_csv_parser_deinit(&glance.parser);
    return status;
}

static const char *summarize_keys(const mu_csv_head *head, mu_arena *arena)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < head->column_count; i++) {
        count += head->present[i];
    }
    const char *summary =
        mu_arena_printf(arena, "JSON Lines, %" PRIu32 " key%s", count, count == 1 ? "" : "s");
    return summary ? summary : "";
}

const char *mu_csv_summary(const mu_csv_head *head, mu_arena *arena)
{
    const char delimiter = head->options.delimiter;
    const char *separated = delimiter == ','    ? "comma-separated"
                            : delimiter == ';'  ? "semicolon-separated"
                            : delimiter == '\t' ? "tab-separated"
                            : delimiter == ' '  ? "separated by blanks"
                                                : NULL;

    if (head->keys) {
        return summarize_keys(head, arena);
    }
    if (!separated) {
        separated = mu_arena_printf(arena, "separated by \"%c\"", delimiter);
    }
    const char *summary =
        mu_arena_printf(arena, "%s, %s, %" PRIu32 " column%s", separated ? separated : "",
                        head->options.header > 0 ? "with a header" : "without a header",
                        head->column_count, head->column_count == 1 ? "" : "s");
    return summary ? summary : "";
}

/* Types. */

/* Numbers in quotes are meant as text if the file's writer left quotes off other numbers, or dates.
 * JSON says so by itself. */
static bool quoting_means_text(const mu_csv_head *head)
{
    assert(head->guesses);
    if (head->keys) {
        return true;
    }
    for (uint32_t i = 0; i < head->column_count; i++) {
        const char *format;
        const mu_csv_guess *guess = &head->guesses[i];
        if (guess->values > 0 && guess->quoted == 0 &&
            mu_csv_guess_type(guess, "", &format).kind != MU_TEXT) {
            return true;
        }
    }
    return false;
}

static muster_status fill_shape(const mu_csv_head *head, mu_arena *arena, mu_csv_shape *out,
                                muster_error *err)
{
    const bool quoted_text = quoting_means_text(head);

    *out = (mu_csv_shape){.options = head->options, .column_count = head->column_count};
    out->summary = mu_csv_summary(head, arena);
    MU_ARENA_TRY(out->columns, arena, head->column_count, err);
    for (uint32_t i = 0; i < head->column_count; i++) {
        const mu_csv_guess *guess = &head->guesses[i];
        mu_csv_column *column = &out->columns[i];
        column->name = head->names[i];
        column->type = mu_csv_guess_type(guess, column->name, &column->timestamp_format);
        column->example = mu_arena_text(arena, guess->example, strlen(guess->example));
        const mu_kind kind = column->type.kind;
        if (quoted_text && guess->quoted == guess->values &&
            (kind == MU_BIGINT || kind == MU_DECIMAL || kind == MU_DOUBLE ||
             (kind == MU_BOOLEAN && head->keys))) {
            column->type = (mu_type){.kind = MU_TEXT};
        }
        if (!column->example) {
            return mu_fail_memory(err, "reading a file");
        }
    }
    return MUSTER_OK;
}

static muster_status guess_types(mu_csv_reader *reader, mu_csv_head *head, muster_error *err)
{
    mu_csv_record record;
    bool more;
    uint64_t bytes = 0;

    restart_guesses(head);
    mu_csv_reader_start(reader, mu_csv_head_dialect(head));
    if (head->options.header > 0) {
        MU_TRY(mu_csv_reader_next(reader, &record, &more, err));
    }
    for (uint64_t rows = 0; rows < DETECT_ROWS || bytes < DETECT_BYTES; rows++) {
        MU_TRY(mu_csv_reader_next(reader, &record, &more, err));
        if (!more) {
            break;
        }
        bytes += record.size + 1;
        if (head->keys) {
            const char *path = mu_csv_source_path(mu_csv_reader_source(reader));
            MU_TRY(mu_json_guess_record(path, head, &record, err));
        } else if (record.field_count == head->column_count) {
            mu_csv_guess_record(head, &record);
        }
    }
    return head->keys ? mu_json_end_head(head, err) : MUSTER_OK;
}

muster_status mu_csv_detect(const char *path, const mu_csv_options *options, mu_arena *arena,
                            mu_csv_shape *out, muster_error *err)
{
    static const mu_csv_options none = {0};
    mu_csv_reader *reader = NULL;
    mu_csv_head head;
    muster_status status;

    if (strcmp(path, "-") == 0) {
        return mu_fail(err, MUSTER_INVALID,
                       "standard input cannot be looked at twice; create the table first");
    }
    MU_TRY(mu_csv_reader_open(path, &reader, err));
    MU_TRY_GOTO(mu_csv_read_head(path, options ? options : &none, mu_csv_reader_block(reader), NULL,
                                 false, arena, &head, err));
    if (head.column_count > 0 || head.keys) {
        MU_TRY_GOTO(guess_types(reader, &head, err));
    }
    if (head.column_count == 0) {
        status = mu_fail(err, MUSTER_INVALID, "\"%s\" is empty", path);
        goto fail;
    }
    status = fill_shape(&head, arena, out, err);
fail:
    mu_csv_reader_close(reader);
    return status;
}
