/*
 * options.c - options of COPY, by name: what each takes, and what is said of those it does not.
 */
#include "sql/options.h"

#include "query/nearest.h"
#include "storage/value.h"

#include <stdio.h>
#include <string.h>

/* What reads an option; each has its part of the options. */
typedef struct reader {
    const mu_binder *binder;
    mu_copy_options *load;   /* NULL while writing */
    mu_write_options *write; /* NULL while loading */
} reader;

typedef struct option_kind {
    const char *name;
    bool loads, writes;
    muster_status (*read)(const reader *r, const mu_ast_option *option, muster_error *err);
} option_kind;

static muster_status fail_value(const mu_ast_option *option, const char *wanted, muster_error *err)
{
    return mu_fail_at(
        err, MUSTER_INVALID, option->value ? option->value_offset : option->name.offset,
        "option %s takes %s%s%s%s", option->name.text, wanted, option->value ? ", not \"" : "",
        option->value ? option->value : "", option->value ? "\"" : "");
}

static muster_status read_text(const mu_ast_option *option, const char *wanted, const char **out,
                               muster_error *err)
{
    if (!option->value) {
        return fail_value(option, wanted, err);
    }
    *out = option->value;
    return MUSTER_OK;
}

/* HEADER, HEADER true, HEADER false */
static muster_status read_flag(const mu_ast_option *option, bool *out, muster_error *err)
{
    *out = !option->value || mu_name_equal(option->value, "true");
    if (option->list.count > 0 || (!*out && !mu_name_equal(option->value, "false"))) {
        return fail_value(option, "true or false", err);
    }
    return MUSTER_OK;
}

static muster_status read_character(const mu_ast_option *option, char *out, muster_error *err)
{
    const char *value = option->value;

    if (value && (strcmp(value, "\\t") == 0 || mu_name_equal(value, "tab"))) {
        *out = '\t';
        return MUSTER_OK;
    }
    if (!value || strlen(value) != 1 || (unsigned char)*value >= 0x80) {
        return fail_value(option, "one character of ASCII, as in ';' or '\\t'", err);
    }
    *out = *value;
    return MUSTER_OK;
}

static muster_status read_format(const reader *r, const mu_ast_option *option, muster_error *err)
{
    const char *value = option->value ? option->value : "";
    const bool tsv = mu_name_equal(value, "tsv"), jsonl = mu_name_equal(value, "jsonl");

    if (!tsv && !mu_name_equal(value, "csv") && !jsonl) {
        return fail_value(option, "csv, tsv or jsonl", err);
    }
    if (r->write) {
        r->write->format = tsv ? MU_WRITE_TSV : jsonl ? MU_WRITE_JSONL : MU_WRITE_CSV;
    } else {
        r->load->csv.format = jsonl ? MU_CSV_JSONL : MU_CSV_TEXT;
        if (tsv && !r->load->csv.delimiter) { /* DELIMITER may stand before it */
            r->load->csv.delimiter = '\t';
        }
    }
    return MUSTER_OK;
}

static muster_status read_header(const reader *r, const mu_ast_option *option, muster_error *err)
{
    bool header;

    MU_TRY(read_flag(option, &header, err));
    if (r->write) {
        r->write->header = header;
    } else {
        r->load->csv.header = header ? 1 : -1;
    }
    return MUSTER_OK;
}

static muster_status read_delimiter(const reader *r, const mu_ast_option *option, muster_error *err)
{
    char *out = r->write ? &r->write->delimiter : &r->load->csv.delimiter;

    MU_TRY(read_character(option, out, err));
    return *out == '\n' || *out == '\r' || (r->write && *out == '"')
               ? fail_value(option, "a character that ends no line and quotes no field", err)
               : MUSTER_OK;
}

static muster_status read_quote(const reader *r, const mu_ast_option *option, muster_error *err)
{
    return read_character(option, &r->load->csv.quote, err);
}

static muster_status read_escape(const reader *r, const mu_ast_option *option, muster_error *err)
{
    return read_character(option, &r->load->csv.escape, err);
}

static muster_status read_null(const reader *r, const mu_ast_option *option, muster_error *err)
{
    return read_text(option, "the text that stands for NULL", &r->load->csv.null_text, err);
}

static muster_status read_pattern(const mu_ast_option *option, const char *what, const char **out,
                                  muster_error *err)
{
    MU_TRY(read_text(option, what, out, err));
    const muster_status status = mu_value_check_pattern(*out, err);
    if (status != MUSTER_OK && err) {
        err->offset = option->name.offset;
    }
    return status;
}

static muster_status read_timestamp(const reader *r, const mu_ast_option *option, muster_error *err)
{
    return read_pattern(option, "a format, as in '%Y-%m-%d %H:%M:%S', or 'epoch'",
                        &r->load->csv.formats.timestamp, err);
}

static muster_status read_date(const reader *r, const mu_ast_option *option, muster_error *err)
{
    return read_pattern(option, "a format, as in '%Y-%m-%d'", &r->load->csv.formats.date, err);
}

static muster_status read_rejects(const reader *r, const mu_ast_option *option, muster_error *err)
{
    return read_text(option, "the path of a file to write", &r->load->rejects_path, err);
}

static muster_status read_extra(const reader *r, const mu_ast_option *option, muster_error *err)
{
    return read_flag(option, &r->load->ignore_extra, err);
}

static muster_status read_columns(const reader *r, const mu_ast_option *option, muster_error *err)
{
    const char **names;

    if (option->list.count == 0) {
        return fail_value(option, "the names of the columns: COLUMNS (a, b, c)", err);
    }
    MU_ARENA_TRY(names, r->binder->scope.arena, option->list.count, err);
    for (uint32_t i = 0; i < option->list.count; i++) {
        names[i] = option->list.data[i].text;
    }
    r->load->csv.names = names;
    r->load->csv.name_count = option->list.count;
    return MUSTER_OK;
}

static const option_kind kinds[] = {
    {"FORMAT", true, true, read_format},
    {"HEADER", true, true, read_header},
    {"DELIMITER", true, true, read_delimiter},
    {"QUOTE", true, false, read_quote},
    {"ESCAPE", true, false, read_escape},
    {"NULL", true, false, read_null},
    {"TIMESTAMPFORMAT", true, false, read_timestamp},
    {"DATEFORMAT", true, false, read_date},
    {"COLUMNS", true, false, read_columns},
    {"REJECTS", true, false, read_rejects},
    {"IGNORE_EXTRA", true, false, read_extra},
};

static bool applies(const reader *r, const option_kind *kind)
{
    return r->write ? kind->writes : kind->loads;
}

static muster_status fail_option(const reader *r, const mu_ast_option *option, muster_error *err)
{
    mu_nearest nearest =
        mu_nearest_of((mu_text){option->name.text, (uint32_t)strlen(option->name.text)});
    char list[256];
    size_t used = 0;

    for (size_t i = 0; i < MU_COUNT(kinds); i++) {
        if (applies(r, &kinds[i])) {
            mu_nearest_try(&nearest, (mu_text){kinds[i].name, (uint32_t)strlen(kinds[i].name)});
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "",
                                     kinds[i].name);
        }
    }
    if (nearest.found) {
        return mu_fail_at(err, MUSTER_INVALID, option->name.offset,
                          "no option \"%s\"; did you mean %.*s?", option->name.text,
                          (int)nearest.best.size, nearest.best.data);
    }
    return mu_fail_at(err, MUSTER_INVALID, option->name.offset, "no option \"%s\"; there are %s",
                      option->name.text, list);
}

/* The option with its value in the place of a parameter; *known is false where it has none yet. */
static muster_status fill_in(const reader *r, mu_ast_option *option, bool *known, muster_error *err)
{
    *known = true;
    if (!option->parameter) {
        return MUSTER_OK;
    }
    MU_TRY(mu_bind_parameter_text(r->binder, option->parameter, &option->value, err));
    option->value_offset = option->parameter->offset;
    *known = option->value != NULL;
    return MUSTER_OK;
}

static muster_status read_all(const reader *r, const mu_ast_options *options, muster_error *err)
{
    for (uint32_t i = 0; i < options->count; i++) {
        const mu_ast_option *option = &options->data[i];
        const option_kind *found = NULL;
        mu_ast_option filled = *option;
        bool known;

        for (size_t k = 0; k < MU_COUNT(kinds); k++) {
            if (applies(r, &kinds[k]) && mu_name_equal(kinds[k].name, option->name.text)) {
                found = &kinds[k];
            }
        }
        if (!found) {
            return fail_option(r, option, err);
        }
        for (uint32_t j = 0; j < i; j++) {
            if (mu_name_equal(options->data[j].name.text, option->name.text)) {
                return mu_fail_at(err, MUSTER_INVALID, option->name.offset,
                                  "option %s is given twice", option->name.text);
            }
        }
        if (option->list.count > 0 && found->read != read_columns) {
            return mu_fail_at(err, MUSTER_INVALID, option->name.offset,
                              "option %s takes one value, not a list", option->name.text);
        }
        MU_TRY(fill_in(r, &filled, &known, err));
        if (known) {
            MU_TRY(found->read(r, &filled, err));
        }
    }
    return MUSTER_OK;
}

muster_status mu_options_load(const mu_binder *binder, const mu_ast_options *options,
                              mu_copy_options *out, muster_error *err)
{
    const reader r = {.binder = binder, .load = out};

    *out = (mu_copy_options){0};
    return read_all(&r, options, err);
}

static bool ends_in(const char *path, const char *ending)
{
    const size_t size = strlen(path), wanted = strlen(ending);

    return size >= wanted && mu_name_equal(path + size - wanted, ending);
}

/* Lines of JSON are written in one way. */
static muster_status check_of_lines(const mu_ast_options *options, muster_error *err)
{
    for (uint32_t i = 0; i < options->count; i++) {
        const mu_ast_name name = options->data[i].name;
        if (!mu_name_equal(name.text, "FORMAT")) {
            return mu_fail_at(err, MUSTER_INVALID, name.offset,
                              "option %s means nothing for JSON Lines; FORMAT csv writes CSV",
                              name.text);
        }
    }
    return MUSTER_OK;
}

muster_status mu_options_write(const mu_binder *binder, const mu_ast_options *options,
                               const char *path, mu_write_options *out, muster_error *err)
{
    const reader r = {.binder = binder, .write = out};
    const bool gzip = ends_in(path, ".gz");
    const bool tsv = ends_in(path, gzip ? ".tsv.gz" : ".tsv");
    const bool jsonl = ends_in(path, gzip ? ".jsonl.gz" : ".jsonl") ||
                       ends_in(path, gzip ? ".ndjson.gz" : ".ndjson") ||
                       ends_in(path, gzip ? ".json.gz" : ".json");

    *out = (mu_write_options){.format = tsv     ? MU_WRITE_TSV
                                        : jsonl ? MU_WRITE_JSONL
                                                : MU_WRITE_CSV,
                              .header = true,
                              .gzip = gzip};
    MU_TRY(read_all(&r, options, err));
    if (out->format == MU_WRITE_JSONL) {
        return check_of_lines(options, err);
    }
    if (!out->delimiter) {
        out->delimiter = out->format == MU_WRITE_TSV ? '\t' : ',';
    }
    return MUSTER_OK;
}
