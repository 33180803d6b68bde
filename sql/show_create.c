/*
 * show_create.c - SHOW CREATE TABLE: the statement that would make the table, or the view, anew.
 */
#include "sql/show_create.h"

#include <string.h>

static void put(mu_writer *out, const char *text)
{
    mu_write_bytes(out, text, strlen(text));
}

/* Between quotes, of which one within is two. */
static void put_quoted(mu_writer *out, const char *text, char quote)
{
    mu_write_u8(out, (uint8_t)quote);
    for (const char *at = text; *at; at++) {
        mu_write_u8(out, (uint8_t)*at);
        if (*at == quote) {
            mu_write_u8(out, (uint8_t)quote);
        }
    }
    mu_write_u8(out, (uint8_t)quote);
}

static void put_column(mu_writer *out, const mu_catalog *catalog, const mu_column *column)
{
    static const char *const roles[] = {"", " CUSTOMER", " TIME", " EVENT", " INDEXED"};
    const mu_type id = {.kind = catalog->customer_kind, .bits = 64};
    char type[32];

    put_quoted(out, column->name, '"');
    put(out, " ");
    put(out, mu_type_name(column->type.kind == MU_CUSTOMER ? id : column->type, type));
    put(out, roles[column->role]);
    put(out, column->required && column->key == 0 ? " NOT NULL" : "");
    if (column->preset) {
        put(out, " DEFAULT ");
        put_quoted(out, column->preset, '\'');
    }
}

static void put_key(mu_writer *out, const mu_table *table)
{
    uint32_t place = 0;

    for (uint32_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].key == place + 1) { /* the next one, which may stand before it */
            put(out, place == 0 ? ", PRIMARY KEY (" : ", ");
            put_quoted(out, table->columns[i].name, '"');
            place++;
            i = UINT32_MAX;
        }
    }
    put(out, place > 0 ? ")" : "");
}

static void put_table(mu_writer *out, const mu_catalog *catalog, const mu_table *table)
{
    static const char *const periods[] = {"DAY", "WEEK", "MONTH", "QUARTER", "YEAR"};

    put(out, "CREATE TABLE ");
    put_quoted(out, table->name, '"');
    for (uint32_t i = 0; i < table->column_count; i++) {
        put(out, i == 0 ? " (" : ", ");
        put_column(out, catalog, &table->columns[i]);
    }
    put_key(out, table);
    put(out, ")");
    if (mu_table_has_events(table)) {
        put(out, " PARTITION BY ");
        put(out, periods[table->period - MU_UNIT_DAY]);
    }
}

muster_status mu_show_create(mu_binder *binder, mu_ast_name name, const mu_plan **out,
                             muster_error *err)
{
    static const mu_plan_column columns[] = {{"statement", {.kind = MU_TEXT}}};
    const mu_view *view = mu_catalog_find_view(binder->catalog, name.text);
    mu_writer text = {0};
    const mu_table *table;
    mu_value *value;

    if (view) {
        put(&text, "CREATE VIEW ");
        put(&text, view->definition);
    } else {
        MU_TRY(mu_bind_table(binder, name, &table, err));
        if (table->id == MU_CUSTOMERS_TABLE) {
            return mu_fail_at(err, MUSTER_INVALID, name.offset,
                              "\"customers\" is always there; ALTER TABLE customers ADD COLUMN "
                              "gives it attributes");
        }
        put_table(&text, binder->catalog, table);
    }
    value = text.failed ? NULL : MU_NEW(binder->scope.arena, mu_value);
    const char *kept =
        value ? mu_arena_text(binder->scope.arena, (const char *)text.data, text.size) : NULL;
    const uint32_t size = (uint32_t)text.size;
    mu_writer_deinit(&text);
    if (!kept) {
        return mu_fail_memory(err, "describing");
    }
    *value = (mu_value){.type = columns[0].type, .text = {kept, size}};
    return mu_plan_values(&binder->scope, columns, 1, value, 1, out, err);
}
