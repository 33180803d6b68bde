/*
 * set_relations.c - `tags` has a row for each value that someone bears, and one for a tag that
 * nobody bears; `audiences` the latest version of each, `audience_versions` all of them. They are
 * made when a query that names them is bound: the snapshot it is bound in is the one they are
 * about. Their `members` are read when the query runs, and only if it asks for them.
 */
#include "sql/set_relations.h"

static const mu_type text_type = {.kind = MU_TEXT};
static const mu_type number_type = {.kind = MU_BIGINT, .bits = 64};
static const mu_type time_type = {.kind = MU_TIMESTAMP};

/* An empty text is none. */
static mu_value text_of(mu_text text)
{
    return (mu_value){.type = text_type, .null = text.size == 0, .text = text};
}

static mu_value number_of(uint64_t number)
{
    return (mu_value){.type = number_type, .i64 = (int64_t)number};
}

static mu_value time_of(int64_t time_us)
{
    return (mu_value){.type = time_type, .i64 = time_us};
}

/* `tags` */

enum {
    /* Behind what is shown as it stands, the two arguments of "members of". */
    TAG_COLUMNS = 7,
    VERSION_COLUMNS = 8,
    SIZE = 2 /* the column that `size` is as well */
};

static const mu_plan_column tag_columns[TAG_COLUMNS] = {
    {"name", {.kind = MU_TEXT}},
    {"value", {.kind = MU_TEXT}},
    {"customers", {.kind = MU_BIGINT, .bits = 64}},
    {"bytes", {.kind = MU_BIGINT, .bits = 64}},
    {"refreshed_at", {.kind = MU_TIMESTAMP}},
    {"tag", {.kind = MU_BIGINT, .bits = 64}},
    {"number", {.kind = MU_BIGINT, .bits = 64}},
};

/* Adds `members` and `size` to rows whose last two columns say which set it is. */
static muster_status add_members(mu_binder *binder, const mu_plan *rows, const mu_plan **out,
                                 muster_error *err)
{
    const mu_scope *scope = &binder->scope;
    const uint32_t shown = rows->column_count - 2;
    const char **names;
    const mu_expr **exprs, *which[2];

    MU_ARENA_TRY(names, scope->arena, shown + 2, err);
    MU_ARENA_TRY(exprs, scope->arena, shown + 2, err);
    for (uint32_t i = 0; i < shown; i++) {
        names[i] = rows->columns[i].name;
        MU_TRY(mu_expr_column(scope, i, rows->columns[i].type, -1, &exprs[i], err));
    }
    for (uint32_t i = 0; i < 2; i++) {
        MU_TRY(mu_expr_column(scope, shown + i, number_type, -1, &which[i], err));
    }
    names[shown] = "members";
    MU_TRY(mu_expr_call(scope, "members of", which, 2, -1, &exprs[shown], err));
    names[shown + 1] = "size";
    exprs[shown + 1] = exprs[SIZE];
    return mu_plan_project(scope, rows, exprs, names, shown + 2, out, err);
}

/* `value`: of so many values that the tag has; past them: nobody bears it. */
static void fill_tag(const mu_tag *tag, uint32_t number, uint32_t value, uint64_t customers,
                     mu_value *row)
{
    const bool borne = value < tag->value_count;

    row[0] = text_of(tag->name);
    row[1] = text_of(borne ? tag->values[value].value : (mu_text){0});
    row[2] = number_of(customers);
    row[3] = number_of(borne ? tag->values[value].size : 0);
    row[4] = time_of(tag->refreshed_us);
    row[5] = number_of(number);
    row[6] = number_of(value);
}

/* Appends the rows of a tag. Of who was erased nothing is shown, not even a value that only they
 * had. */
static muster_status add_tag(const mu_snapshot *snapshot, uint32_t number, mu_value *values,
                             uint32_t *rows, muster_error *err)
{
    const mu_tag *tag = mu_tags_at(mu_snapshot_tags(snapshot), number);
    const uint32_t before = *rows;
    uint64_t customers;

    for (uint32_t i = 0; i < tag->value_count; i++) {
        MU_TRY(mu_snapshot_tag_customers(snapshot, tag, i, &customers, err));
        if (customers > 0) {
            fill_tag(tag, number, i, customers, &values[(size_t)(*rows)++ * TAG_COLUMNS]);
        }
    }
    if (*rows == before) {
        fill_tag(tag, number, tag->value_count, 0, &values[(size_t)(*rows)++ * TAG_COLUMNS]);
    }
    return MUSTER_OK;
}

static muster_status make_tags(mu_binder *binder, const mu_plan **out, muster_error *err)
{
    const mu_snapshot *snapshot = binder->scope.snapshot;
    const mu_tags *tags = mu_snapshot_tags(snapshot);
    size_t most = 0;
    uint32_t rows = 0;
    mu_value *values;

    for (uint32_t i = 0; i < mu_tags_count(tags); i++) {
        most += (size_t)mu_tags_at(tags, i)->value_count + 1;
    }
    MU_ARENA_TRY(values, binder->scope.arena, most * TAG_COLUMNS, err);
    for (uint32_t i = 0; i < mu_tags_count(tags); i++) {
        MU_TRY(add_tag(snapshot, i, values, &rows, err));
    }
    MU_TRY(mu_plan_values(&binder->scope, tag_columns, TAG_COLUMNS, values, rows, out, err));
    return add_members(binder, *out, out, err);
}

/* `audiences` and `audience_versions` */

static const mu_plan_column version_columns[VERSION_COLUMNS] = {
    {"name", {.kind = MU_TEXT}},
    {"version", {.kind = MU_BIGINT, .bits = 64}},
    {"customers", {.kind = MU_BIGINT, .bits = 64}},
    {"bytes", {.kind = MU_BIGINT, .bits = 64}},
    {"definition", {.kind = MU_TEXT}},
    {"refreshed_at", {.kind = MU_TIMESTAMP}},
    {"tag", {.kind = MU_BIGINT, .bits = 64}},
    {"number", {.kind = MU_BIGINT, .bits = 64}},
};

static muster_status fill_version(const mu_snapshot *snapshot, uint32_t number, mu_value *row,
                                  muster_error *err)
{
    const mu_tags *tags = mu_snapshot_tags(snapshot);
    const mu_tag *audience = mu_audiences_at(tags, number);
    uint64_t customers = 0, bytes = 0;

    if (audience->value_count > 0) {
        MU_TRY(mu_snapshot_tag_customers(snapshot, audience, 0, &customers, err));
        bytes = audience->values[0].size;
    }
    row[0] = text_of(audience->name);
    row[1] = number_of(audience->version);
    row[2] = number_of(customers);
    row[3] = number_of(bytes);
    row[4] = text_of(audience->definition);
    row[5] = time_of(audience->refreshed_us);
    row[6] = number_of((uint64_t)mu_tags_count(tags) + number);
    row[7] = number_of(0);
    return MUSTER_OK;
}

static bool is_latest(const mu_tags *tags, uint32_t i)
{
    return i + 1 == mu_audiences_count(tags) ||
           !mu_text_equal(mu_audiences_at(tags, i)->name, mu_audiences_at(tags, i + 1)->name);
}

static muster_status make_audiences(mu_binder *binder, bool all, const mu_plan **out,
                                    muster_error *err)
{
    const mu_snapshot *snapshot = binder->scope.snapshot;
    const mu_tags *tags = mu_snapshot_tags(snapshot);
    const uint32_t count = mu_audiences_count(tags);
    uint32_t rows = 0;
    mu_value *values;

    MU_ARENA_TRY(values, binder->scope.arena, (size_t)count * VERSION_COLUMNS, err);
    for (uint32_t i = 0; i < count; i++) {
        if (all || is_latest(tags, i)) {
            MU_TRY(fill_version(snapshot, i, &values[(size_t)rows++ * VERSION_COLUMNS], err));
        }
    }
    MU_TRY(
        mu_plan_values(&binder->scope, version_columns, VERSION_COLUMNS, values, rows, out, err));
    return add_members(binder, *out, out, err);
}

muster_status mu_set_relation(mu_binder *binder, const char *name, const mu_plan **out,
                              muster_error *err)
{
    *out = NULL;
    if (mu_name_equal(name, "tags")) {
        return make_tags(binder, out, err);
    }
    if (mu_name_equal(name, "audiences")) {
        return make_audiences(binder, false, out, err);
    }
    return mu_name_equal(name, "audience_versions") ? make_audiences(binder, true, out, err)
                                                    : MUSTER_OK;
}

/* SHOW. */

static muster_status pick(mu_binder *binder, const mu_plan *plan, const uint32_t *picked,
                          uint32_t count, const mu_plan **out, muster_error *err)
{
    const char **names;
    const mu_expr **exprs;

    MU_ARENA_TRY(names, binder->scope.arena, count, err);
    MU_ARENA_TRY(exprs, binder->scope.arena, count, err);
    for (uint32_t i = 0; i < count; i++) {
        const mu_plan_column *column = &plan->columns[picked[i]];
        names[i] = column->name;
        MU_TRY(mu_expr_column(&binder->scope, picked[i], column->type, 0, &exprs[i], err));
    }
    return mu_plan_project(&binder->scope, plan, exprs, names, count, out, err);
}

muster_status mu_show_tags(mu_binder *binder, const mu_plan **out, muster_error *err)
{
    static const uint32_t shown[] = {0, 1, 2, 4};
    const mu_plan *tags;

    MU_TRY(make_tags(binder, &tags, err));
    return pick(binder, tags, shown, MU_COUNT(shown), out, err);
}

muster_status mu_show_audiences(mu_binder *binder, const mu_plan **out, muster_error *err)
{
    static const uint32_t shown[] = {0, 1, 2, 5, 4};
    const mu_plan *audiences;

    MU_TRY(make_audiences(binder, false, &audiences, err));
    return pick(binder, audiences, shown, MU_COUNT(shown), out, err);
}
