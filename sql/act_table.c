/*
 * act_table.c - CREATE TABLE, from its columns, from a file or from a query, and DROP TABLE.
 */
#include "query/nearest.h"
#include "sql/act_rows.h"
#include "sql/options.h"

static muster_status refuse_customers(const mu_table *table, mu_ast_name name, muster_error *err)
{
    return table->id != MU_CUSTOMERS_TABLE
               ? MUSTER_OK
               : mu_fail_at(err, MUSTER_INVALID, name.offset,
                            "\"%s\" belongs to every database and cannot be dropped", table->name);
}

muster_status mu_act_check_new(const mu_act *act, bool *skip, muster_error *err)
{
    const mu_ast_name name = act->statement->name;

    *skip = mu_catalog_find(act->binder->catalog, name.text) != NULL;
    if (*skip && act->statement->replaces) {
        *skip = false;
        return refuse_customers(mu_catalog_find(act->binder->catalog, name.text), name, err);
    }
    if (*skip && !act->statement->if_exists) {
        return mu_fail_at(err, MUSTER_INVALID, name.offset, "there is a table \"%s\" already; %s",
                          name.text,
                          mu_name_equal(name.text, "customers") ? "choose another name"
                                                                : "DROP TABLE removes it");
    }
    return MUSTER_OK;
}

static muster_status bind_role(const mu_ast_column *column, mu_role *out, muster_error *err)
{
    unsigned roles = column->roles & ~(unsigned)(MU_AST_NOT_NULL | MU_AST_KEY);

    if (roles & MU_AST_ROLE_EVENT) {
        roles &= ~(unsigned)MU_AST_ROLE_INDEXED; /* which EVENT is by itself */
    }
    *out = roles == MU_AST_ROLE_CUSTOMER  ? MU_ROLE_CUSTOMER
           : roles == MU_AST_ROLE_TIME    ? MU_ROLE_TIME
           : roles == MU_AST_ROLE_EVENT   ? MU_ROLE_EVENT
           : roles == MU_AST_ROLE_INDEXED ? MU_ROLE_INDEXED
                                          : MU_ROLE_NONE;
    if (roles != 0 && *out == MU_ROLE_NONE) {
        return mu_fail_at(err, MUSTER_INVALID, column->name.offset,
                          "column \"%s\" has several roles; a column has one at most",
                          column->name.text);
    }
    return MUSTER_OK;
}

muster_status mu_act_bind_column(const mu_act *act, const mu_ast_column *written, mu_column *column,
                                 muster_error *err)
{
    mu_writer text = {0};
    mu_value value;

    MU_TRY(bind_role(written, &column->role, err));
    column->required = (written->roles & MU_AST_NOT_NULL) != 0;
    if (!written->preset) {
        return MUSTER_OK;
    }
    act->binder->scope.lasting = true;
    MU_TRY(mu_bind_constant(act->binder, written->preset, column->type, "DEFAULT", &value, err));
    act->binder->scope.lasting = false;
    if (value.null) {
        return MUSTER_OK;
    }
    mu_value_format(&value, &text);
    if (!text.failed) {
        column->preset =
            mu_arena_text(act->binder->scope.arena, (const char *)text.data, text.size);
    }
    mu_writer_deinit(&text);
    return column->preset ? MUSTER_OK : mu_fail_memory(err, "creating a table");
}

static muster_status add_to_key(mu_column *columns, uint32_t count, mu_ast_name name,
                                uint32_t place, muster_error *err)
{
    mu_nearest nearest = mu_nearest_of(mu_bind_text(name.text));
    char advice[160];

    for (uint32_t i = 0; i < count; i++) {
        if (!mu_name_equal(columns[i].name, name.text)) {
            mu_nearest_try(&nearest, mu_bind_text(columns[i].name));
            continue;
        }
        if (columns[i].key > 0) {
            return mu_fail_at(err, MUSTER_INVALID, name.offset, "column \"%s\" is in the key twice",
                              columns[i].name);
        }
        columns[i].key = place;
        columns[i].required = true;
        return MUSTER_OK;
    }
    return mu_fail_at(err, MUSTER_INVALID, name.offset, "no column \"%s\" to be in the key%s",
                      name.text, mu_bind_advice(&nearest, "", advice, sizeof advice));
}

/* PRIMARY KEY, with a column or by itself. */
static muster_status bind_key(const mu_ast_columns *written, mu_column *columns, uint32_t count,
                              muster_error *err)
{
    uint32_t places = 0;

    for (uint32_t i = 0; i < written->key.count; i++) {
        MU_TRY(add_to_key(columns, count, written->key.data[i], ++places, err));
    }
    for (uint32_t i = 0; i < written->count; i++) {
        if (!(written->data[i].roles & MU_AST_KEY)) {
            continue;
        }
        if (places > 0) {
            return mu_fail_at(err, MUSTER_INVALID, written->data[i].name.offset,
                              "a table has one key; write PRIMARY KEY (a, b) for one of several "
                              "columns");
        }
        MU_TRY(add_to_key(columns, count, written->data[i].name, ++places, err));
    }
    return MUSTER_OK;
}

static muster_status bind_period(mu_ast_name partition, mu_unit *out, muster_error *err)
{
    *out = MU_UNIT_MONTH;
    if (partition.text && !mu_bind_unit(partition.text, out)) {
        return mu_fail_at(err, MUSTER_INVALID, partition.offset,
                          "PARTITION BY takes DAY, WEEK, MONTH, QUARTER or YEAR, not \"%s\"",
                          partition.text);
    }
    return MUSTER_OK;
}

/* Points an error about the table as a whole at its name. */
static muster_status at_name(const mu_act *act, muster_status status, muster_error *err)
{
    if (status == MUSTER_INVALID && err && err->offset < 0) {
        err->offset = act->statement->name.offset;
    }
    return status;
}

/* Creates the table, in place of one that is there if it may replace it, or checks whether it could
 * be. */
static muster_status create(mu_act *act, mu_table *table, const mu_table **out, muster_error *err)
{
    const mu_table *there = mu_catalog_find(act->binder->catalog, table->name);

    *out = NULL;
    if (!act->running) {
        MU_TRY(at_name(
            act, there ? MUSTER_OK : mu_table_check_name(act->binder->catalog, table->name, err),
            err));
        return at_name(act, mu_table_check_shape(act->binder->catalog, table, err), err);
    }
    if (there) {
        MU_TRY(mu_change_drop_table(act->change, there->id, err));
    }
    return at_name(act, mu_change_create_table(act->change, table, out, err), err);
}

/* CREATE TABLE name (column type role, ...) */
static muster_status create_as_written(mu_act *act, mu_unit period, muster_error *err)
{
    const mu_ast_columns *written = &act->statement->columns;
    mu_table table = {.name = act->statement->name.text,
                      .period = period,
                      .column_count = written->count,
                      .customer_column = MU_NO_COLUMN,
                      .time_column = MU_NO_COLUMN,
                      .event_column = MU_NO_COLUMN};
    const mu_table *created;
    mu_column *columns;

    MU_ARENA_TRY(columns, act->binder->scope.arena, written->count, err);
    table.columns = columns;
    for (uint32_t i = 0; i < written->count; i++) {
        columns[i].name = written->data[i].name.text;
        if (!written->data[i].type.name.text) {
            return mu_fail_at(err, MUSTER_INVALID, written->data[i].name.offset,
                              "column \"%s\" needs a type, such as TEXT", columns[i].name);
        }
        MU_TRY(mu_bind_type(&written->data[i].type, &columns[i].type, err));
        MU_TRY(mu_act_bind_column(act, &written->data[i], &columns[i], err));
    }
    MU_TRY(bind_key(written, columns, table.column_count, err));
    mu_table_find_roles(&table);
    return create(act, &table, &created, err);
}

/* What follows makes a table of a file: CREATE TABLE name FROM 'file'. */

/* The column of the file that a column of the statement names. */
static muster_status find_shape(const mu_csv_shape *shape, const mu_ast_column *column,
                                uint32_t *out, muster_error *err)
{
    mu_nearest nearest = mu_nearest_of(mu_bind_text(column->name.text));
    char advice[160];

    for (uint32_t i = 0; i < shape->column_count; i++) {
        if (mu_name_equal(shape->columns[i].name, column->name.text)) {
            *out = i;
            return MUSTER_OK;
        }
        mu_nearest_try(&nearest, mu_bind_text(shape->columns[i].name));
    }
    return mu_fail_at(err, MUSTER_INVALID, column->name.offset, "the file has no column \"%s\"%s",
                      column->name.text,
                      mu_bind_advice(&nearest, "; DESCRIBE 'file' lists those that it has", advice,
                                     sizeof advice));
}

/* What a role makes of the type found in the file: times that look like numbers need a format,
 * ids are of the type that the database's ids have. */
static muster_status fit_role(const mu_act *act, const mu_ast_column *written, mu_column *column,
                              const char *format, mu_copy_options *options, muster_error *err)
{
    const mu_kind ids = act->binder->catalog->customer_kind;
    const bool dated = column->type.kind == MU_DATE || column->type.kind == MU_TIMESTAMP;

    if (column->role == MU_ROLE_CUSTOMER && column->type.kind == MU_BIGINT && ids == MU_TEXT) {
        column->type = (mu_type){.kind = MU_TEXT};
    }
    if (column->role != MU_ROLE_TIME) {
        return MUSTER_OK;
    }
    if (!dated && column->type.kind != MU_TEXT && !options->csv.formats.timestamp) {
        char name[32];
        return mu_fail_at(err, MUSTER_INVALID, written->name.offset,
                          "column \"%s\" looks like %s; say how its times are written, as in WITH "
                          "(TIMESTAMPFORMAT '%%Y%%m%%d') or 'epoch'",
                          column->name, mu_type_name(column->type, name));
    }
    if (column->type.kind == MU_DATE && format && !options->csv.formats.timestamp) {
        options->csv.formats.timestamp = format;
    }
    column->type = (mu_type){.kind = MU_TIMESTAMP};
    return MUSTER_OK;
}

/* Formats are for a whole file; those found out stand in for those not given. */
static void take_formats(const mu_csv_shape *shape, mu_copy_options *options)
{
    for (uint32_t i = 0; i < shape->column_count; i++) {
        const mu_csv_column *column = &shape->columns[i];
        const char **format = column->type.kind == MU_DATE        ? &options->csv.formats.date
                              : column->type.kind == MU_TIMESTAMP ? &options->csv.formats.timestamp
                                                                  : NULL;
        if (format && !*format && column->timestamp_format) {
            *format = column->timestamp_format;
        }
    }
}

static muster_status create_from_file(mu_act *act, mu_unit period, muster_error *err)
{
    const mu_ast_columns *written = &act->statement->columns;
    mu_arena *arena = act->binder->scope.arena;
    mu_table table = {.name = act->statement->name.text,
                      .period = period,
                      .customer_column = MU_NO_COLUMN,
                      .time_column = MU_NO_COLUMN,
                      .event_column = MU_NO_COLUMN};
    const mu_table *created;
    mu_copy_options options;
    mu_csv_shape shape;
    mu_column *columns;

    MU_TRY(mu_options_load(act->binder, &act->statement->options, &options, err));
    if (!act->running) {
        return MUSTER_OK; /* the file is looked at when the statement runs */
    }
    MU_TRY(mu_csv_detect(act->statement->path.text, &options.csv, arena, &shape, err));
    MU_ARENA_TRY(columns, arena, shape.column_count, err);
    table.columns = columns;
    table.column_count = shape.column_count;
    take_formats(&shape, &options);
    for (uint32_t i = 0; i < shape.column_count; i++) {
        columns[i].name = shape.columns[i].name;
        columns[i].type = shape.columns[i].type;
    }
    for (uint32_t i = 0; i < written->count; i++) {
        uint32_t c = 0;
        MU_TRY(find_shape(&shape, &written->data[i], &c, err));
        MU_TRY(bind_role(&written->data[i], &columns[c].role, err));
        if (written->data[i].type.name.text) {
            MU_TRY(mu_bind_type(&written->data[i].type, &columns[c].type, err));
        } else {
            MU_TRY(fit_role(act, &written->data[i], &columns[c], shape.columns[c].timestamp_format,
                            &options, err));
        }
        MU_TRY(mu_act_bind_column(act, &written->data[i], &columns[c], err));
    }
    MU_TRY(bind_key(written, columns, table.column_count, err));
    mu_table_find_roles(&table);
    MU_TRY(create(act, &table, &created, err));
    return mu_act_load_file(act, created, &options, err);
}

/* What follows makes a table of a query: CREATE TABLE name (roles) AS SELECT ... */

static muster_status find_column(const mu_relation *query, const mu_ast_column *column,
                                 uint32_t *out, muster_error *err)
{
    mu_nearest nearest = mu_nearest_of(mu_bind_text(column->name.text));
    char advice[160];

    for (uint32_t i = 0; i < query->column_count; i++) {
        const char *name = query->plan->columns[i].name;
        if (mu_name_equal(name, column->name.text)) {
            *out = i;
            return MUSTER_OK;
        }
        mu_nearest_try(&nearest, mu_bind_text(name));
    }
    return mu_fail_at(err, MUSTER_INVALID, column->name.offset, "the query has no column \"%s\"%s",
                      column->name.text, mu_bind_advice(&nearest, "", advice, sizeof advice));
}

/* The type that a column of a table has if the query's is of this one. */
static mu_type type_in_table(const mu_act *act, mu_type type)
{
    if (type.kind == MU_NULL) {
        return (mu_type){.kind = MU_TEXT};
    }
    return type.kind == MU_CUSTOMER
               ? (mu_type){.kind = act->binder->catalog->customer_kind, .bits = 64}
               : type;
}

/* The columns of the query with the roles and types that were written. */
static muster_status take_columns(const mu_act *act, const mu_relation *query, mu_column *columns,
                                  muster_error *err)
{
    const mu_ast_columns *written = &act->statement->columns;

    for (uint32_t i = 0; i < query->column_count; i++) {
        columns[i].name = query->plan->columns[i].name;
        columns[i].type = type_in_table(act, query->plan->columns[i].type);
    }
    for (uint32_t i = 0; i < written->count; i++) {
        uint32_t c = 0;
        MU_TRY(find_column(query, &written->data[i], &c, err));
        MU_TRY(bind_role(&written->data[i], &columns[c].role, err));
        if (written->data[i].type.name.text) {
            MU_TRY(mu_bind_type(&written->data[i].type, &columns[c].type, err));
        } else if (columns[c].role == MU_ROLE_TIME && columns[c].type.kind == MU_DATE) {
            columns[c].type = (mu_type){.kind = MU_TIMESTAMP};
        }
        MU_TRY(mu_act_bind_column(act, &written->data[i], &columns[c], err));
    }
    return bind_key(written, columns, query->column_count, err);
}

static muster_status create_from_query(mu_act *act, mu_unit period, muster_error *err)
{
    mu_arena *arena = act->binder->scope.arena;
    mu_table table = {.name = act->statement->name.text, .period = period};
    const mu_table *created;
    mu_column *columns;
    uint32_t *targets;
    mu_relation query;

    MU_TRY(mu_bind_query(act->binder, act->statement->query, &query, err));
    MU_ARENA_TRY(columns, arena, query.column_count, err);
    MU_ARENA_TRY(targets, arena, query.column_count, err);
    MU_TRY(take_columns(act, &query, columns, err));
    table.columns = columns;
    table.column_count = query.column_count;
    mu_table_find_roles(&table);
    MU_TRY(create(act, &table, &created, err));
    for (uint32_t i = 0; i < query.column_count; i++) {
        targets[i] = i;
    }
    return mu_act_fill(act, act->running ? created : &table, targets, query.column_count,
                       query.plan, act->statement->query->start, err);
}

muster_status mu_act_create_table(mu_act *act, muster_error *err)
{
    mu_unit period;
    bool skip;

    MU_TRY(mu_act_check_new(act, &skip, err));
    MU_TRY(bind_period(act->statement->partition, &period, err));
    if (skip) {
        return MUSTER_OK;
    }
    if (act->statement->query) {
        return create_from_query(act, period, err);
    }
    return act->statement->path.text ? create_from_file(act, period, err)
                                     : create_as_written(act, period, err);
}

static muster_status drop_table(mu_act *act, mu_ast_name name, muster_error *err)
{
    const mu_table *table = mu_catalog_find(act->binder->catalog, name.text);

    if (!table && act->statement->if_exists) {
        return MUSTER_OK;
    }
    if (!table && mu_catalog_find_view(act->binder->catalog, name.text)) {
        return mu_fail_at(err, MUSTER_INVALID, name.offset,
                          "\"%s\" is a view; DROP VIEW removes it", name.text);
    }
    MU_TRY(mu_bind_table(act->binder, name, &table, err));
    MU_TRY(refuse_customers(table, name, err));
    return act->running ? mu_change_drop_table(act->change, table->id, err) : MUSTER_OK;
}

muster_status mu_act_drop_table(mu_act *act, muster_error *err)
{
    for (uint32_t i = 0; i < act->statement->names.count; i++) {
        MU_TRY(drop_table(act, act->statement->names.data[i], err));
    }
    return MUSTER_OK;
}
