/*
 * show.c - tables, columns and plans as rows of text and numbers.
 */
#include "sql/show.h"

#include "query/nearest.h"
#include "sql/options.h"
#include "sql/set_relations.h"
#include "sql/settings.h"
#include "sql/show_create.h"
#include "sql/summarize.h"
#include "sql/views.h"

#include <assert.h>
#include <string.h>

static const mu_type text_type = {.kind = MU_TEXT};
static const mu_type number_type = {.kind = MU_BIGINT, .bits = 64};
static const mu_type time_type = {.kind = MU_TIMESTAMP};

static mu_value text_value(const char *text)
{
    return (mu_value){.type = text_type, .text = mu_bind_text(text)};
}

static mu_value null_text(void)
{
    return (mu_value){.type = text_type, .null = true};
}

static mu_value number_value(uint64_t number)
{
    return (mu_value){.type = number_type, .i64 = (int64_t)number};
}

static mu_value time_value(bool known, int64_t time_us)
{
    return (mu_value){.type = time_type, .null = !known, .i64 = time_us};
}

static muster_status keep_text(mu_binder *binder, const char *text, size_t size, mu_value *out,
                               muster_error *err)
{
    const char *copy = mu_arena_text(binder->scope.arena, text, size);

    if (!copy) {
        return mu_fail_memory(err, "describing");
    }
    *out = (mu_value){.type = text_type, .text = {copy, (uint32_t)size}};
    return MUSTER_OK;
}

static muster_status keep_type(mu_binder *binder, mu_type type, mu_value *out, muster_error *err)
{
    char name[32];

    if (type.kind == MU_CUSTOMER) {
        type.kind = binder->catalog->customer_kind;
        type.bits = 64;
    }
    mu_type_name(type, name);
    return keep_text(binder, name, strlen(name), out, err);
}

/* How many columns the view has; NULL: its query is in order no more. */
static muster_status count_columns(mu_binder *binder, const mu_view *view, mu_value *out,
                                   muster_error *err)
{
    const mu_ast_name name = {view->name, 0};
    const uint32_t depth = binder->depth;
    muster_error reason;
    mu_relation relation;
    bool found;

    const muster_status status = mu_bind_view(binder, name, &relation, &found, &reason);
    binder->depth = depth; /* nobody leaves after a failure */
    *out = status == MUSTER_OK ? number_value(relation.column_count)
                               : (mu_value){.type = number_type, .null = true};
    if (status == MUSTER_OK || status == MUSTER_INVALID || status == MUSTER_SYNTAX) {
        return MUSTER_OK;
    }
    if (err) {
        *err = reason;
    }
    return status;
}

static muster_status show_tables(mu_binder *binder, const mu_plan **out, muster_error *err)
{
    static const mu_plan_column columns[] = {
        {"name", {.kind = MU_TEXT}},
        {"kind", {.kind = MU_TEXT}},
        {"rows", {.kind = MU_BIGINT, .bits = 64}},
        {"columns", {.kind = MU_BIGINT, .bits = 64}},
        {"first_time", {.kind = MU_TIMESTAMP}},
        {"last_time", {.kind = MU_TIMESTAMP}},
    };
    mu_snapshot *snapshot = binder->scope.snapshot;
    const mu_catalog *catalog = binder->catalog;
    mu_value *values, *row;

    const uint32_t count = catalog->table_count + catalog->view_count;
    MU_ARENA_TRY(values, binder->scope.arena, count * MU_COUNT(columns), err);
    row = values;
    for (uint32_t i = 0; i < catalog->table_count; i++, row += MU_COUNT(columns)) {
        const mu_table *table = &catalog->tables[i];
        const bool customers = table->id == MU_CUSTOMERS_TABLE;
        int64_t first = 0, last = 0;
        const bool known =
            mu_table_has_events(table) && mu_snapshot_times(snapshot, table->id, &first, &last);
        row[0] = text_value(table->name);
        row[1] = text_value(customers                    ? "customers"
                            : mu_table_has_events(table) ? "events"
                                                         : "lookup");
        row[2] = number_value(mu_snapshot_rows(snapshot, table->id));
        row[3] = number_value(table->column_count);
        row[4] = time_value(known, first);
        row[5] = time_value(known, last);
    }
    for (uint32_t i = 0; i < catalog->view_count; i++, row += MU_COUNT(columns)) {
        row[0] = text_value(catalog->views[i].name);
        row[1] = text_value("view");
        row[2] = (mu_value){.type = number_type, .null = true};
        MU_TRY(count_columns(binder, &catalog->views[i], &row[3], err));
        row[4] = row[5] = time_value(false, 0);
    }
    return mu_plan_values(&binder->scope, columns, MU_COUNT(columns), values, count, out, err);
}

static const mu_plan_column described[] = {
    {"column", {.kind = MU_TEXT}},
    {"type", {.kind = MU_TEXT}},
    {"role", {.kind = MU_TEXT}},
};

static mu_value role_value(mu_role role, bool required, bool key)
{
    switch (role) {
    case MU_ROLE_CUSTOMER:
        return text_value(required ? "CUSTOMER, NOT NULL" : "CUSTOMER");
    case MU_ROLE_TIME:
        return text_value("TIME");
    case MU_ROLE_EVENT:
        return text_value(required ? "EVENT, NOT NULL" : "EVENT");
    case MU_ROLE_INDEXED:
        return text_value(required ? "INDEXED, NOT NULL" : "INDEXED");
    case MU_ROLE_NONE:
        break;
    }
    return key ? text_value("PRIMARY KEY") : required ? text_value("NOT NULL") : null_text();
}

static muster_status describe_table(mu_binder *binder, mu_ast_name name, const mu_plan **out,
                                    muster_error *err)
{
    const mu_table *table;
    mu_value *values;

    MU_TRY(mu_bind_table(binder, name, &table, err));
    MU_ARENA_TRY(values, binder->scope.arena, table->column_count * MU_COUNT(described), err);
    for (uint32_t i = 0; i < table->column_count; i++) {
        mu_value *row = values + i * MU_COUNT(described);
        row[0] = text_value(table->columns[i].name);
        MU_TRY(keep_type(binder, table->columns[i].type, &row[1], err));
        row[2] = role_value(table->columns[i].role, table->columns[i].required,
                            table->columns[i].key > 0);
    }
    return mu_plan_values(&binder->scope, described, MU_COUNT(described), values,
                          table->column_count, out, err);
}

static muster_status describe_relation(mu_binder *binder, const mu_relation *relation,
                                       const mu_plan **out, muster_error *err)
{
    mu_value *values;

    MU_ARENA_TRY(values, binder->scope.arena, relation->column_count * MU_COUNT(described), err);
    for (uint32_t i = 0; i < relation->column_count; i++) {
        mu_value *row = values + i * MU_COUNT(described);
        row[0] = text_value(relation->plan->columns[i].name);
        MU_TRY(keep_type(binder, relation->plan->columns[i].type, &row[1], err));
        row[2] = i == relation->customer_column ? role_value(MU_ROLE_CUSTOMER, false, false)
                 : i == relation->time_column   ? role_value(MU_ROLE_TIME, false, false)
                                                : null_text();
    }
    return mu_plan_values(&binder->scope, described, MU_COUNT(described), values,
                          relation->column_count, out, err);
}

static muster_status describe_name(mu_binder *binder, mu_ast_name name, const mu_plan **out,
                                   muster_error *err)
{
    const mu_plan *plan;
    mu_relation relation;
    bool found;

    MU_TRY(mu_bind_own(binder, name.text, &plan, err));
    if (plan) {
        mu_bind_relation_of(plan, &relation);
    } else {
        MU_TRY(mu_bind_view(binder, name, &relation, &found, err));
        if (!found) {
            return describe_table(binder, name, out, err);
        }
    }
    return describe_relation(binder, &relation, out, err);
}

static muster_status describe_query(mu_binder *binder, const mu_ast_select *query,
                                    const mu_plan **out, muster_error *err)
{
    mu_relation relation;

    MU_TRY(mu_bind_query(binder, query, &relation, err));
    return describe_relation(binder, &relation, out, err);
}

static muster_status describe_file(mu_binder *binder, const mu_ast_statement *statement,
                                   const mu_plan **out, muster_error *err)
{
    static const mu_plan_column columns[] = {
        {"column", {.kind = MU_TEXT}},
        {"type", {.kind = MU_TEXT}},
        {"example", {.kind = MU_TEXT}},
    };
    mu_arena *arena = binder->scope.arena;
    mu_copy_options options;
    mu_csv_shape shape;
    mu_value *values;

    MU_TRY(mu_options_load(binder, &statement->options, &options, err));
    const muster_status status =
        mu_csv_detect(statement->path.text, &options.csv, arena, &shape, err);
    if (status != MUSTER_OK) {
        if (err && err->offset < 0) {
            err->offset = statement->path.offset;
        }
        return status;
    }
    MU_ARENA_TRY(values, arena, shape.column_count * MU_COUNT(columns), err);
    for (uint32_t i = 0; i < shape.column_count; i++) {
        mu_value *row = values + i * MU_COUNT(columns);
        row[0] = text_value(shape.columns[i].name);
        MU_TRY(keep_type(binder, shape.columns[i].type, &row[1], err));
        row[2] = text_value(shape.columns[i].example);
    }
    return mu_plan_values(&binder->scope, columns, MU_COUNT(columns), values, shape.column_count,
                          out, err);
}

/* A setting, or the slip of something else that SHOW knows. */
static muster_status find_shown(mu_ast_name name, const mu_setting **out, muster_error *err)
{
    static const char *const others[] = {"TABLES", "TAGS", "AUDIENCES", "SETTINGS"};
    mu_nearest nearest = mu_nearest_of(mu_bind_text(name.text));

    if (mu_setting_find(name, out, NULL) == MUSTER_OK) {
        return MUSTER_OK;
    }
    for (size_t i = 0; i < MU_COUNT(others); i++) {
        mu_nearest_try(&nearest, mu_bind_text(others[i]));
    }
    for (uint32_t i = 0; mu_setting_at(i); i++) {
        mu_nearest_try(&nearest, mu_bind_text(mu_setting_at(i)->name));
    }
    if (!nearest.found) {
        return mu_fail_at(err, MUSTER_INVALID, name.offset,
                          "SHOW knows no \"%s\"; it takes TABLES (views are among them), TAGS, "
                          "AUDIENCES, SETTINGS, CREATE TABLE t or the name of a setting",
                          name.text);
    }
    return mu_fail_at(err, MUSTER_INVALID, name.offset, "SHOW knows no \"%s\"; did you mean %.*s?",
                      name.text, (int)nearest.best.size, nearest.best.data);
}

static muster_status setting_value(mu_binder *binder, const mu_setting *setting, mu_value *out,
                                   muster_error *err)
{
    mu_writer text = {0};

    setting->show(binder->connection, &text);
    const muster_status status =
        text.failed ? mu_fail_memory(err, "describing")
                    : keep_text(binder, (const char *)text.data, text.size, out, err);
    mu_writer_deinit(&text);
    return status;
}

static muster_status show_settings(mu_binder *binder, const mu_plan **out, muster_error *err)
{
    static const mu_plan_column columns[] = {
        {"setting", {.kind = MU_TEXT}},
        {"value", {.kind = MU_TEXT}},
        {"meaning", {.kind = MU_TEXT}},
    };
    const mu_setting *setting;
    mu_value *values;
    uint32_t count = 0;

    while (mu_setting_at(count)) {
        count++;
    }
    MU_ARENA_TRY(values, binder->scope.arena, count * MU_COUNT(columns), err);
    for (uint32_t i = 0; (setting = mu_setting_at(i)) != NULL; i++) {
        mu_value *row = values + i * MU_COUNT(columns);
        row[0] = text_value(setting->name);
        MU_TRY(setting_value(binder, setting, &row[1], err));
        row[2] = text_value(setting->meaning);
    }
    return mu_plan_values(&binder->scope, columns, MU_COUNT(columns), values, count, out, err);
}

/* One of them, under its name; or all. */
static muster_status show_setting(mu_binder *binder, mu_ast_name name, const mu_plan **out,
                                  muster_error *err)
{
    const mu_setting *setting;
    mu_value *value;

    if (mu_name_equal(name.text, "settings")) {
        return show_settings(binder, out, err);
    }
    MU_TRY(find_shown(name, &setting, err));
    const mu_plan_column column = {setting->name, text_type};
    MU_ARENA_TRY(value, binder->scope.arena, 1, err);
    MU_TRY(setting_value(binder, setting, value, err));
    return mu_plan_values(&binder->scope, &column, 1, value, 1, out, err);
}

muster_status mu_show(mu_binder *binder, const mu_ast_statement *statement, const mu_plan **out,
                      muster_error *err)
{
    if (statement->kind == MU_AST_SHOW_TABLES) {
        return show_tables(binder, out, err);
    }
    if (statement->kind == MU_AST_SHOW_TAGS) {
        return mu_show_tags(binder, out, err);
    }
    if (statement->kind == MU_AST_SHOW_AUDIENCES) {
        return mu_show_audiences(binder, out, err);
    }
    if (statement->kind == MU_AST_SHOW_CREATE) {
        return mu_show_create(binder, statement->name, out, err);
    }
    if (statement->kind == MU_AST_SUMMARIZE) {
        return mu_summarize(binder, statement, out, err);
    }
    if (statement->kind == MU_AST_SHOW_SETTING) {
        return show_setting(binder, statement->name, out, err);
    }
    assert(statement->kind == MU_AST_DESCRIBE);
    if (statement->query) {
        return describe_query(binder, statement->query, out, err);
    }
    return statement->path.text ? describe_file(binder, statement, out, err)
                                : describe_name(binder, statement->name, out, err);
}
