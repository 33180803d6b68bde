/*
 * manifest_check.c - what must hold in every manifest, written or read.
 *
 *   1. `customers` is table 0 and has the columns it always has; ids of tables and columns ascend
 *      and lie below the next one to give.
 *   2. Names are there, and differ; each column has a type and at most one has each role.
 *   3. The parts of customers follow one another from ordinal 0, and none is empty.
 *   4. Segments are in order, belong to tables, and have rows; files of sets are in order, and
 *      there are none without a directory of tags.
 *   5. No number of a file is 0, or at or past the next one to give.
 *   6. As many were erased as there are customers at most; if none were, there is no file, and no
 *      row is masked. No segment has masked rows alone.
 */
#include "storage/manifest.h"

#include "storage/base/limits.h"

#include <inttypes.h>
#include <string.h>

static muster_status check_column(const mu_table *table, uint32_t i, muster_error *err)
{
    const mu_column *column = &table->columns[i];
    const mu_type type = column->type;

    if (column->name[0] == '\0' || column->id >= table->next_column_id ||
        (i > 0 && column->id <= table->columns[i - 1].id)) {
        return mu_fail(err, MUSTER_CORRUPT, "table \"%s\": column %u is \"%s\" with id %u",
                       table->name, i + 1, column->name, column->id);
    }
    if ((type.kind == MU_BIGINT && type.bits != 16 && type.bits != 32 && type.bits != 64) ||
        (type.kind == MU_DECIMAL &&
         (type.precision < 1 || type.precision > 18 || type.scale > type.precision)) ||
        (type.length > 0 && type.kind != MU_TEXT && type.kind != MU_CUSTOMER) ||
        (type.kind == MU_CUSTOMER) != (column->role == MU_ROLE_CUSTOMER) ||
        (column->role == MU_ROLE_TIME && type.kind != MU_TIMESTAMP) ||
        (mu_role_is_indexed(column->role) && type.kind != MU_TEXT)) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "table \"%s\": column \"%s\" has kind %d (%u, %u, %u, %u) and role %d",
                       table->name, column->name, (int)type.kind, type.bits, type.precision,
                       type.scale, type.length, (int)column->role);
    }
    for (uint32_t other = 0; other < i; other++) {
        if (mu_name_equal(table->columns[other].name, column->name) ||
            (column->role != MU_ROLE_NONE && column->role != MU_ROLE_INDEXED &&
             table->columns[other].role == column->role)) {
            return mu_fail(err, MUSTER_CORRUPT, "table \"%s\": columns \"%s\" and \"%s\" are alike",
                           table->name, table->columns[other].name, column->name);
        }
    }
    return MUSTER_OK;
}

static muster_status check_built_in(const mu_table *customers, muster_error *err)
{
    for (uint32_t i = 0; i < MU_CUSTOMERS_BUILT_IN; i++) {
        const mu_column *column = &customers->columns[i];
        if (i >= customers->column_count || column->id != i ||
            (i > 0 && column->type.kind != MU_TIMESTAMP) ||
            customers->time_column != MU_NO_COLUMN) {
            return mu_fail(err, MUSTER_CORRUPT,
                           "table \"customers\" lacks a column that it always has");
        }
    }
    return MUSTER_OK;
}

static muster_status check_tables(const mu_catalog *catalog, muster_error *err)
{
    if (catalog->table_count == 0 || catalog->tables[0].id != MU_CUSTOMERS_TABLE ||
        catalog->tables[0].customer_column != 0 ||
        !mu_name_equal(catalog->tables[0].name, "customers")) {
        return mu_fail(err, MUSTER_CORRUPT, "its first table is not \"customers\"");
    }
    MU_TRY(check_built_in(&catalog->tables[0], err));
    for (uint32_t i = 0; i < catalog->table_count; i++) {
        const mu_table *table = &catalog->tables[i];
        if (table->name[0] == '\0' || table->id >= catalog->next_table_id ||
            (i > 0 && table->id <= catalog->tables[i - 1].id) ||
            mu_catalog_find(catalog, table->name) != table) {
            return mu_fail(err, MUSTER_CORRUPT, "table %u is \"%s\" with id %u", i + 1, table->name,
                           table->id);
        }
        if (table->column_count == 0 || table->column_count > MU_MAX_COLUMNS ||
            (mu_table_has_events(table) && table->period < MU_UNIT_DAY)) {
            return mu_fail(err, MUSTER_CORRUPT, "table \"%s\" has %u columns and period %d",
                           table->name, table->column_count, (int)table->period);
        }
        if (mu_table_has_events(table) && catalog->customer_kind == MU_NULL) {
            return mu_fail(err, MUSTER_CORRUPT, "table \"%s\" has customers, but of no type",
                           table->name);
        }
        for (uint32_t column = 0; column < table->column_count; column++) {
            MU_TRY(check_column(table, column, err));
        }
    }
    return MUSTER_OK;
}

static muster_status check_views(const mu_catalog *catalog, muster_error *err)
{
    for (uint32_t i = 0; i < catalog->view_count; i++) {
        const mu_view *view = &catalog->views[i];
        if (view->name[0] == '\0' || view->definition[0] == '\0' ||
            mu_catalog_find_view(catalog, view->name) != view ||
            mu_catalog_find(catalog, view->name)) {
            return mu_fail(err, MUSTER_CORRUPT, "view %u is \"%s\"", i + 1, view->name);
        }
    }
    return MUSTER_OK;
}

static muster_status check_parts(const mu_manifest *manifest, muster_error *err)
{
    uint32_t next = 0;

    for (uint32_t i = 0; i < manifest->part_count; i++) {
        const mu_customer_part_info *part = &manifest->parts[i];
        if (part->first != next || part->count == 0 || part->count > MU_NO_CUSTOMER - next ||
            part->file == 0 || part->file >= manifest->next_file) {
            return mu_fail(err, MUSTER_CORRUPT,
                           "part %u of the customers begins at %u with %u of them, in file %" PRIu64
                           "; %u was expected",
                           i + 1, part->first, part->count, part->file, next);
        }
        next += part->count;
    }
    if (next > 0 && manifest->catalog.customer_kind == MU_NULL) {
        return mu_fail(err, MUSTER_CORRUPT, "there are customers, but of no type");
    }
    return MUSTER_OK;
}

static muster_status check_segments(const mu_manifest *manifest, muster_error *err)
{
    for (uint32_t i = 0; i < manifest->segment_count; i++) {
        const mu_segment_info *segment = &manifest->segments[i];
        if (i > 0 && mu_manifest_compare_segments(segment - 1, segment) >= 0) {
            return mu_fail(err, MUSTER_CORRUPT, "segment %" PRIu64 " is out of order",
                           segment->file);
        }
        if (!mu_catalog_table(&manifest->catalog, segment->table_id)) {
            return mu_fail(err, MUSTER_CORRUPT, "segment %" PRIu64 " is of table %u, which is not",
                           segment->file, segment->table_id);
        }
        if (segment->table_id == MU_CUSTOMERS_TABLE &&
            (segment->period != 0 || segment->nobody_rows != 0)) {
            return mu_fail(err, MUSTER_CORRUPT,
                           "segment %" PRIu64 " of customers is of period %" PRId64
                           " and has %" PRIu64 " rows of nobody",
                           segment->file, segment->period, segment->nobody_rows);
        }
        if (segment->file == 0 || segment->file >= manifest->next_file || segment->rows == 0 ||
            segment->nobody_rows > segment->rows || segment->masked_rows >= segment->rows ||
            (segment->masked_rows > 0 && manifest->erased.file == 0) ||
            segment->min_time_us > segment->max_time_us) {
            return mu_fail(err, MUSTER_CORRUPT,
                           "segment %" PRIu64 " has %" PRIu64 " rows, %" PRIu64
                           " of nobody, between %" PRId64 " and %" PRId64,
                           segment->file, segment->rows, segment->nobody_rows, segment->min_time_us,
                           segment->max_time_us);
        }
    }
    return MUSTER_OK;
}

static muster_status check_tags(const mu_manifest *manifest, muster_error *err)
{
    const mu_tags_info *tags = &manifest->tags;

    if (tags->file >= manifest->next_file || (tags->size_bytes == 0) != (tags->file == 0) ||
        (tags->file == 0 && tags->sets_count > 0)) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "the tags are %" PRIu64 " bytes of file %" PRIu64 ", with %u files of sets",
                       tags->size_bytes, tags->file, tags->sets_count);
    }
    for (uint32_t i = 0; i < tags->sets_count; i++) {
        const uint64_t file = tags->sets[i].file;
        if (file == 0 || file >= manifest->next_file || (i > 0 && file <= tags->sets[i - 1].file)) {
            return mu_fail(err, MUSTER_CORRUPT, "file %" PRIu64 " of sets is out of order", file);
        }
    }
    return MUSTER_OK;
}

static muster_status check_erased(const mu_manifest *manifest, muster_error *err)
{
    const mu_erased_info *erased = &manifest->erased;
    const bool none = erased->file == 0;

    if (erased->file >= manifest->next_file || (erased->customers == 0) != none ||
        (erased->size == 0) != none || erased->customers > mu_manifest_customers(manifest)) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "%" PRIu64 " customers of %u were erased, in %u bytes of file %" PRIu64,
                       erased->customers, mu_manifest_customers(manifest), erased->size,
                       erased->file);
    }
    return MUSTER_OK;
}

muster_status mu_manifest_check(const mu_manifest *manifest, muster_error *err)
{
    MU_TRY(check_tables(&manifest->catalog, err));
    MU_TRY(check_views(&manifest->catalog, err));
    MU_TRY(check_parts(manifest, err));
    MU_TRY(check_segments(manifest, err));
    if (manifest->wal >= manifest->next_file) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "its log is wal-%06" PRIu64 ", and no file has that "
                       "number",
                       manifest->wal);
    }
    MU_TRY(check_tags(manifest, err));
    return check_erased(manifest, err);
}
