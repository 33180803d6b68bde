/*
 * catalog_edit.c - a catalog in which a table has one column more, one less, or another name.
 *
 * No file is touched: a segment names its columns by number, so one that was added reads as NULL
 * where a segment is older, and one that was dropped is asked for no more. Its number is not given
 * again, so a new column of the same name starts empty.
 */
#include "storage/catalog.h"

#include "storage/base/limits.h"

#include <assert.h>
#include <string.h>

/* The columns every `customers` has, which are not the user's to change. */
static bool is_built_in(const mu_table *table, uint32_t column)
{
    return table->id == MU_CUSTOMERS_TABLE && column < MU_CUSTOMERS_BUILT_IN;
}

static muster_status check_free(const mu_table *table, const char *name, uint32_t except,
                                muster_error *err)
{
    const uint32_t taken = mu_table_column(table, name);

    if (taken == MU_NO_COLUMN || taken == except) {
        return MUSTER_OK;
    }
    if (!mu_name_equal(table->columns[taken].name, name)) {
        return mu_fail(err, MUSTER_INVALID,
                       "\"%s\" is another name of the CUSTOMER column, \"%s\"; choose another name",
                       name, table->columns[taken].name);
    }
    return mu_fail(err, MUSTER_INVALID,
                   "table \"%s\" has a column \"%s\" already; choose another name", table->name,
                   table->columns[taken].name);
}

static muster_status check_add(const mu_table *table, const mu_column *column, muster_error *err)
{
    if (column->role != MU_ROLE_NONE) {
        return mu_fail(err, MUSTER_INVALID,
                       "a column that is added has no role; the roles of \"%s\" were given when it "
                       "was created: leave the role out, or create a table with it",
                       table->name);
    }
    if (column->key > 0) {
        return mu_fail(err, MUSTER_INVALID,
                       "a column that is added is in no PRIMARY KEY; the key of \"%s\" is given "
                       "when it is created",
                       table->name);
    }
    return check_free(table, column->name, MU_NO_COLUMN, err);
}

static muster_status check_drop(const mu_table *table, uint32_t i, muster_error *err)
{
    const mu_column *column = &table->columns[i];

    if (is_built_in(table, i)) {
        return mu_fail(err, MUSTER_INVALID,
                       "column \"%s\" belongs to every \"%s\" and cannot be dropped; leave it out "
                       "of a query with * EXCLUDE (%s)",
                       column->name, table->name, column->name);
    }
    if (column->role == MU_ROLE_CUSTOMER || column->role == MU_ROLE_TIME) {
        return mu_fail(err, MUSTER_INVALID,
                       "column \"%s\" is the %s of \"%s\", which is no table of events without it; "
                       "DROP TABLE removes the whole table",
                       column->name, column->role == MU_ROLE_TIME ? "TIME" : "CUSTOMER",
                       table->name);
    }
    if (column->key > 0) {
        return mu_fail(err, MUSTER_INVALID,
                       "column \"%s\" is part of the PRIMARY KEY of \"%s\", by which its rows "
                       "differ, and cannot be dropped",
                       column->name, table->name);
    }
    if (table->column_count == 1) {
        return mu_fail(
            err, MUSTER_INVALID,
            "column \"%s\" is the only one of \"%s\"; DROP TABLE removes the whole table",
            column->name, table->name);
    }
    return MUSTER_OK;
}

static muster_status check_rename(const mu_table *table, uint32_t i, const char *name,
                                  muster_error *err)
{
    if (is_built_in(table, i)) {
        return mu_fail(err, MUSTER_INVALID,
                       "column \"%s\" belongs to every \"%s\" and keeps its name; a query can name "
                       "it with AS",
                       table->columns[i].name, table->name);
    }
    return check_free(table, name, i, err);
}

static muster_status check_rename_table(const mu_catalog *catalog, const mu_table *table,
                                        const char *name, muster_error *err)
{
    if (table->id == MU_CUSTOMERS_TABLE) {
        return mu_fail(err, MUSTER_INVALID, "\"%s\" belongs to every database and keeps its name",
                       table->name);
    }
    if (mu_catalog_find(catalog, name) == table) {
        return MUSTER_OK; /* its own name, in other letters */
    }
    return mu_table_check_name(catalog, name, err);
}

static muster_status check_edit(const mu_catalog *catalog, const mu_table *table,
                                const mu_table_edit *edit, muster_error *err)
{
    switch (edit->kind) {
    case MU_EDIT_ADD_COLUMN:
        return check_add(table, &edit->column, err);
    case MU_EDIT_DROP_COLUMN:
        return check_drop(table, edit->index, err);
    case MU_EDIT_RENAME_COLUMN:
        return check_rename(table, edit->index, edit->column.name, err);
    case MU_EDIT_RENAME_TABLE:
        return check_rename_table(catalog, table, edit->column.name, err);
    }
    return MUSTER_OK;
}

/* Changes the copy of the table, which has room for a column more. */
static void apply(mu_table *table, mu_column *columns, const mu_table_edit *edit, const char *name,
                  const char *preset)
{
    switch (edit->kind) {
    case MU_EDIT_ADD_COLUMN:
        columns[table->column_count] = edit->column;
        columns[table->column_count].name = name;
        columns[table->column_count].preset = preset;
        columns[table->column_count++].id = table->next_column_id++;
        break;
    case MU_EDIT_DROP_COLUMN:
        table->column_count--;
        memmove(&columns[edit->index], &columns[edit->index + 1],
                (table->column_count - edit->index) * sizeof *columns);
        break;
    case MU_EDIT_RENAME_COLUMN:
        columns[edit->index].name = name;
        break;
    case MU_EDIT_RENAME_TABLE:
        table->name = name;
        break;
    }
    table->columns = columns;
    mu_table_find_roles(table);
}

muster_status mu_catalog_edit(const mu_catalog *catalog, const mu_table *table,
                              const mu_table_edit *edit, mu_arena *arena, mu_catalog *out,
                              muster_error *err)
{
    const size_t place = (size_t)(table - catalog->tables);
    const char *name = edit->column.name;

    assert(place < catalog->table_count);
    assert(edit->kind == MU_EDIT_DROP_COLUMN ? edit->index < table->column_count : name != NULL);
    MU_TRY(check_edit(catalog, table, edit, err));
    mu_table *tables = MU_NEW_ARRAY(arena, mu_table, catalog->table_count);
    mu_column *columns = MU_NEW_ARRAY(arena, mu_column, (size_t)table->column_count + 1);
    const char *preset = edit->column.preset;
    name = name ? mu_arena_text(arena, name, strlen(name)) : "";
    preset = preset ? mu_arena_text(arena, preset, strlen(preset)) : NULL;
    if (!tables || !columns || !name || (edit->column.preset && !preset)) {
        return mu_fail_memory(err, "changing a table");
    }
    memcpy(tables, catalog->tables, catalog->table_count * sizeof *tables);
    memcpy(columns, table->columns, table->column_count * sizeof *columns);
    apply(&tables[place], columns, edit, name, preset);
    MU_TRY(mu_table_check_columns(catalog, &tables[place], err));
    *out = *catalog;
    out->tables = tables;
    return MUSTER_OK;
}
