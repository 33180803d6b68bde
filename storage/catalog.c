/*
 * catalog.c - finding tables and columns, and what may not be created.
 *
 * A database has few tables and a table few columns, so both are looked for one by one.
 */
#include "storage/catalog.h"

#include "storage/base/limits.h"
#include "storage/value.h"

#include <assert.h>
#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool mu_name_equal(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

uint32_t mu_table_key(const mu_table *table, uint32_t *columns)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].key > 0) {
            assert(table->columns[i].key <= table->column_count);
            columns[table->columns[i].key - 1] = i;
            count++;
        }
    }
    return count;
}

bool mu_table_has_key(const mu_table *table)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].key > 0) {
            return true;
        }
    }
    return false;
}

mu_text mu_column_preset(const mu_column *column)
{
    return (mu_text){column->preset, (uint32_t)strlen(column->preset)};
}

const mu_table *mu_catalog_find(const mu_catalog *catalog, const char *name)
{
    for (uint32_t i = 0; i < catalog->table_count; i++) {
        if (mu_name_equal(catalog->tables[i].name, name)) {
            return &catalog->tables[i];
        }
    }
    return NULL;
}

const mu_view *mu_catalog_find_view(const mu_catalog *catalog, const char *name)
{
    for (uint32_t i = 0; i < catalog->view_count; i++) {
        if (mu_name_equal(catalog->views[i].name, name)) {
            return &catalog->views[i];
        }
    }
    return NULL;
}

const mu_table *mu_catalog_table(const mu_catalog *catalog, uint32_t id)
{
    for (uint32_t i = 0; i < catalog->table_count; i++) {
        if (catalog->tables[i].id == id) {
            return &catalog->tables[i];
        }
    }
    return NULL;
}

uint32_t mu_table_column(const mu_table *table, const char *name)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (mu_name_equal(table->columns[i].name, name)) {
            return i;
        }
    }
    return mu_name_equal(name, MU_CUSTOMER_ALIAS) ? table->customer_column : MU_NO_COLUMN;
}

static const char *role_name(mu_role role)
{
    switch (role) {
    case MU_ROLE_NONE:
        return "";
    case MU_ROLE_CUSTOMER:
        return "CUSTOMER";
    case MU_ROLE_TIME:
        return "TIME";
    case MU_ROLE_EVENT:
        return "EVENT";
    case MU_ROLE_INDEXED:
        return "INDEXED";
    }
    return "";
}

static muster_status check_name(const char *what, const char *name, muster_error *err)
{
    const size_t size = strlen(name);

    if (size == 0) {
        return mu_fail(err, MUSTER_INVALID, "a %s needs a name", what);
    }
    if (size > MU_MAX_NAME_BYTES) {
        return mu_fail(err, MUSTER_INVALID,
                       "the name of a %s has %zu bytes, at most %d are possible: \"%.40s...\"",
                       what, size, (int)MU_MAX_NAME_BYTES, name);
    }
    return MUSTER_OK;
}

static muster_status check_type(const mu_column *column, muster_error *err)
{
    const mu_type type = column->type;

    if (type.kind == MU_DECIMAL &&
        (type.precision < 1 || type.precision > 18 || type.scale > type.precision)) {
        return mu_fail(err, MUSTER_INVALID,
                       "column \"%s\": DECIMAL(%d,%d) is not a type; 1 to 18 digits are possible, "
                       "and no more of them behind the point",
                       column->name, type.precision, type.scale);
    }
    if (type.kind == MU_BIGINT && type.bits != 16 && type.bits != 32 && type.bits != 64) {
        return mu_fail(err, MUSTER_INVALID, "column \"%s\": there is no number of %d bits",
                       column->name, type.bits);
    }
    if (type.kind == MU_BITMAP) {
        return mu_fail(err, MUSTER_INVALID,
                       "column \"%s\": a table holds no sets of customers; CREATE AUDIENCE keeps "
                       "one",
                       column->name);
    }
    if (type.kind == MU_NULL || (unsigned)type.kind > MU_NULL ||
        (type.kind == MU_CUSTOMER && column->role != MU_ROLE_CUSTOMER)) {
        return mu_fail(err, MUSTER_INVALID, "column \"%s\" needs a type, such as TEXT",
                       column->name);
    }
    return MUSTER_OK;
}

/* The role needs a type that suits it. */
static muster_status check_role(const mu_catalog *catalog, const mu_column *column,
                                muster_error *err)
{
    const mu_kind kind = column->type.kind;
    char name[32];

    if (column->role == MU_ROLE_TIME && kind != MU_TIMESTAMP) {
        return mu_fail(err, MUSTER_INVALID,
                       "column \"%s\" is %s; the TIME column has to be a TIMESTAMP", column->name,
                       mu_type_name(column->type, name));
    }
    if (mu_role_is_indexed(column->role) && kind != MU_TEXT) {
        return mu_fail(err, MUSTER_INVALID, "column \"%s\" is %s; %s column has to be TEXT",
                       column->name, mu_type_name(column->type, name),
                       column->role == MU_ROLE_EVENT ? "the EVENT" : "an INDEXED");
    }
    if (column->role != MU_ROLE_CUSTOMER || kind == MU_CUSTOMER) {
        return MUSTER_OK;
    }
    if (kind != MU_TEXT && kind != MU_BIGINT) {
        return mu_fail(err, MUSTER_INVALID,
                       "column \"%s\" is %s; the CUSTOMER column has to be TEXT or BIGINT",
                       column->name, mu_type_name(column->type, name));
    }
    if (catalog->customer_kind != MU_NULL && catalog->customer_kind != kind) {
        return mu_fail(err, MUSTER_INVALID,
                       "column \"%s\" is %s, but the customers of this database have %s ids; all "
                       "event tables share them",
                       column->name, mu_type_name(column->type, name),
                       catalog->customer_kind == MU_TEXT ? "TEXT" : "BIGINT");
    }
    return MUSTER_OK;
}

/* What a row gets that says nothing has to be a value of the column. */
static muster_status check_preset(const mu_column *column, muster_error *err)
{
    mu_value value;

    if (!column->preset) {
        return MUSTER_OK;
    }
    if (column->role == MU_ROLE_CUSTOMER) {
        return mu_fail(err, MUSTER_INVALID, "column \"%s\" is CUSTOMER, and has no DEFAULT",
                       column->name);
    }
    const muster_status status =
        mu_value_parse(column->type, mu_column_preset(column), NULL, &value, err);
    if (status != MUSTER_OK) {
        mu_where(err, "DEFAULT of column \"%s\"", column->name);
    }
    return status;
}

static muster_status check_column(const mu_catalog *catalog, const mu_table *table, uint32_t i,
                                  muster_error *err)
{
    const mu_column *column = &table->columns[i];

    MU_TRY(check_name("column", column->name, err));
    for (uint32_t other = 0; other < i; other++) {
        if (mu_name_equal(table->columns[other].name, column->name)) {
            return mu_fail(err, MUSTER_INVALID,
                           "two columns are named \"%s\"; capital and small letters are the same",
                           column->name);
        }
        if (column->role != MU_ROLE_NONE && column->role != MU_ROLE_INDEXED &&
            table->columns[other].role == column->role) {
            return mu_fail(err, MUSTER_INVALID, "\"%s\" and \"%s\" are both %s; one column can be",
                           table->columns[other].name, column->name, role_name(column->role));
        }
    }
    MU_TRY(check_type(column, err));
    MU_TRY(check_preset(column, err));
    return check_role(catalog, column, err);
}

static const mu_column *column_of_role(const mu_table *table, mu_role role)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].role == role) {
            return &table->columns[i];
        }
    }
    return NULL;
}

/* CUSTOMER and TIME come together, EVENT only with them, and the name `customer` belongs to
 * CUSTOMER. */
static muster_status check_roles(const mu_table *table, muster_error *err)
{
    const mu_column *customer = column_of_role(table, MU_ROLE_CUSTOMER);
    const mu_column *time = column_of_role(table, MU_ROLE_TIME);
    const mu_column *event = column_of_role(table, MU_ROLE_EVENT);
    const mu_column *indexed = event ? event : column_of_role(table, MU_ROLE_INDEXED);

    if (!customer != !time) {
        return mu_fail(err, MUSTER_INVALID,
                       "column \"%s\" is %s, but no column of table \"%s\" is %s; an event table "
                       "has both",
                       customer ? customer->name : time->name, customer ? "CUSTOMER" : "TIME",
                       table->name, customer ? "TIME" : "CUSTOMER");
    }
    if (indexed && !customer) {
        return mu_fail(err, MUSTER_INVALID,
                       "column \"%s\" is %s, but no column of table \"%s\" is CUSTOMER and TIME",
                       indexed->name, role_name(indexed->role), table->name);
    }
    if (!customer) {
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].key > 0) {
            return mu_fail(err, MUSTER_INVALID,
                           "\"%s\" holds events, which have no key: any number of them may be "
                           "alike; leave PRIMARY KEY out",
                           table->name);
        }
        if (&table->columns[i] != customer &&
            mu_name_equal(table->columns[i].name, MU_CUSTOMER_ALIAS)) {
            return mu_fail(err, MUSTER_INVALID,
                           "column \"%s\" cannot have this name: \"customer\" is another name of "
                           "the CUSTOMER column, \"%s\"",
                           table->columns[i].name, customer->name);
        }
    }
    if (table->period < MU_UNIT_DAY || table->period > MU_UNIT_YEAR) {
        return mu_fail(err, MUSTER_INVALID,
                       "an event table is partitioned by DAY, WEEK, MONTH, QUARTER or YEAR");
    }
    return MUSTER_OK;
}

muster_status mu_table_check_name(const mu_catalog *catalog, const char *name, muster_error *err)
{
    /* Relations that every database has, or will have. */
    static const char *const taken[] = {"customers", "tags",    "audiences", "audience_versions",
                                        "segments",  "columns", "files",     "views"};

    MU_TRY(check_name("table", name, err));
    for (size_t i = 0; i < MU_COUNT(taken); i++) {
        if (mu_name_equal(name, taken[i])) {
            return mu_fail(err, MUSTER_INVALID,
                           "\"%s\" is always there and cannot be created; choose another name",
                           name);
        }
    }
    if (mu_catalog_find(catalog, name)) {
        return mu_fail(err, MUSTER_INVALID, "there is a table \"%s\" already", name);
    }
    if (mu_catalog_find_view(catalog, name)) {
        return mu_fail(err, MUSTER_INVALID, "there is a view \"%s\" already; DROP VIEW removes it",
                       name);
    }
    return MUSTER_OK;
}

muster_status mu_table_check_columns(const mu_catalog *catalog, const mu_table *table,
                                     muster_error *err)
{
    if (table->column_count == 0) {
        return mu_fail(err, MUSTER_INVALID, "table \"%s\" needs a column", table->name);
    }
    if (table->column_count > MU_MAX_COLUMNS) {
        return mu_fail(err, MUSTER_INVALID, "table \"%s\" has %u columns; at most %d are possible",
                       table->name, table->column_count, (int)MU_MAX_COLUMNS);
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        MU_TRY(check_column(catalog, table, i, err));
    }
    return MUSTER_OK;
}

muster_status mu_table_check(const mu_catalog *catalog, const mu_table *table, muster_error *err)
{
    MU_TRY(mu_table_check_name(catalog, table->name, err));
    return mu_table_check_shape(catalog, table, err);
}

muster_status mu_table_check_shape(const mu_catalog *catalog, const mu_table *table,
                                   muster_error *err)
{
    MU_TRY(mu_table_check_columns(catalog, table, err));
    return check_roles(table, err);
}

void mu_table_find_roles(mu_table *table)
{
    table->customer_column = table->time_column = table->event_column = MU_NO_COLUMN;
    for (uint32_t i = 0; i < table->column_count; i++) {
        switch (table->columns[i].role) {
        case MU_ROLE_CUSTOMER:
            table->customer_column = i;
            break;
        case MU_ROLE_TIME:
            table->time_column = i;
            break;
        case MU_ROLE_EVENT:
            table->event_column = i;
            break;
        case MU_ROLE_NONE:
        case MU_ROLE_INDEXED:
            break;
        }
    }
}
