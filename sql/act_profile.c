/*
 * act_profile.c - the table `customers` as something to write to: an id, and attributes of it.
 */
#include "sql/act.h"

/* What the tables of events call their customers, if that is no attribute's name. COPY and INSERT
 * take it as well as `customer`. */
static const char *id_name(const mu_catalog *catalog, const mu_table *customers)
{
    for (uint32_t i = 0; i < catalog->table_count; i++) {
        const mu_table *table = &catalog->tables[i];
        if (table->id != MU_CUSTOMERS_TABLE && mu_table_has_events(table)) {
            const char *name = table->columns[table->customer_column].name;
            if (mu_table_column(customers, name) == MU_NO_COLUMN) {
                return name;
            }
        }
    }
    return customers->columns[customers->customer_column].name;
}

/* The id and all attributes. */
static muster_status writable(const mu_act *act, mu_table *out, muster_error *err)
{
    const mu_catalog *catalog = act->binder->catalog;
    const mu_table *customers = mu_catalog_table(catalog, MU_CUSTOMERS_TABLE);
    mu_column *columns;

    MU_ARENA_TRY(columns, act->binder->scope.arena, customers->column_count, err);
    *out = *customers;
    out->columns = columns;
    out->column_count = 1;
    columns[0] = customers->columns[customers->customer_column];
    columns[0].name = id_name(catalog, customers);
    for (uint32_t i = MU_CUSTOMERS_BUILT_IN; i < customers->column_count; i++) {
        columns[out->column_count++] = customers->columns[i];
    }
    mu_table_find_roles(out);
    return MUSTER_OK;
}

static muster_status refuse_seen(const mu_table *customers, mu_ast_name name, muster_error *err)
{
    const uint32_t i = mu_table_column(customers, name.text);

    if (i == MU_FIRST_SEEN_COLUMN || i == MU_LAST_SEEN_COLUMN) {
        return mu_fail_at(
            err, MUSTER_INVALID, name.offset,
            "\"%s\" follows from the events there are, and cannot be set; ALTER TABLE "
            "customers ADD COLUMN makes an attribute that can",
            customers->columns[i].name);
    }
    return MUSTER_OK;
}

muster_status mu_act_profile_table(const mu_act *act, const mu_ast_names *names,
                                   const mu_table **out, muster_error *err)
{
    const mu_table *customers = mu_catalog_table(act->binder->catalog, MU_CUSTOMERS_TABLE);
    mu_relation relation;
    mu_column *columns;
    mu_table *table;
    mu_table all;
    bool identified = false;

    MU_ARENA_TRY(table, act->binder->scope.arena, 1, err);
    MU_TRY(writable(act, &all, err));
    *table = all;
    *out = table;
    if (!names || names->count == 0) {
        return MUSTER_OK;
    }
    MU_ARENA_TRY(columns, act->binder->scope.arena, names->count, err);
    MU_TRY(mu_bind_scan(act->binder, &all, &relation, err));
    for (uint32_t i = 0; i < names->count; i++) {
        uint32_t column = 0;
        MU_TRY(refuse_seen(customers, names->data[i], err));
        MU_TRY(mu_bind_column(&relation, (mu_ast_name){0}, names->data[i].text,
                              names->data[i].offset, &column, err));
        columns[i] = all.columns[column];
        identified = identified || column == all.customer_column;
    }
    if (!identified) {
        return mu_fail_at(err, MUSTER_INVALID, names->data[0].offset,
                          "an attribute needs to know whose it is; name \"%s\" too",
                          all.columns[all.customer_column].name);
    }
    table->columns = columns;
    table->column_count = names->count;
    mu_table_find_roles(table);
    return MUSTER_OK;
}
