/*
 * manifest.c - the manifest to bytes and back.
 *
 *   u8[8] "mustermf"   u64 checksum of all that follows
 *   u32 format   u32 size of the payload   payload
 *
 * The payload is numbers and texts one after the other, in the order of write_payload(). It is
 * small (80 bytes for a segment), so it is written anew with each commit, and read as a whole.
 */
#include "storage/manifest.h"

#include "storage/base/hash.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char magic[8] = {'m', 'u', 's', 't', 'e', 'r', 'm', 'f'};

enum {
    CHECKSUM_AT = 8,
    FORMAT_AT = 16,
    HEADER_BYTES = 24,

    /* The fewest bytes that one of each takes, by which a count is held against what is left. */
    TABLE_BYTES = 4 + 4 + 1 + 4 + 4,
    COLUMN_BYTES = 4 + 4 + 6,
    VIEW_BYTES = 4 + 4,

    REQUIRED = 1, /* flags of a column */
    PRESET = 2,
    KEY = 4,
    PART_BYTES = 8 + 4 + 4 + 8,
    SEGMENT_BYTES = 8 + 4 + 8 + 3 * 8 + 2 * 8 + 8,
    SETS_BYTES = 8 + 8,
};

bool mu_manifest_init(mu_manifest *manifest, mu_arena *arena)
{
    mu_table *customers = MU_NEW(arena, mu_table);
    mu_column *columns = MU_NEW_ARRAY(arena, mu_column, MU_CUSTOMERS_BUILT_IN);

    if (!customers || !columns) {
        return false;
    }
    columns[0] =
        (mu_column){.name = "customer", .type = {.kind = MU_CUSTOMER}, .role = MU_ROLE_CUSTOMER};
    columns[MU_FIRST_SEEN_COLUMN] = (mu_column){
        .name = "first_seen", .id = MU_FIRST_SEEN_COLUMN, .type = {.kind = MU_TIMESTAMP}};
    columns[MU_LAST_SEEN_COLUMN] =
        (mu_column){.name = "last_seen", .id = MU_LAST_SEEN_COLUMN, .type = {.kind = MU_TIMESTAMP}};
    *customers = (mu_table){.name = "customers",
                            .id = MU_CUSTOMERS_TABLE,
                            .period = MU_UNIT_MONTH,
                            .column_count = MU_CUSTOMERS_BUILT_IN,
                            .columns = columns,
                            .customer_column = 0,
                            .time_column = MU_NO_COLUMN,
                            .event_column = MU_NO_COLUMN,
                            .next_column_id = MU_CUSTOMERS_BUILT_IN};
    *manifest = (mu_manifest){.next_file = 1,
                              .catalog = {.customer_kind = MU_NULL,
                                          .table_count = 1,
                                          .tables = customers,
                                          .next_table_id = MU_CUSTOMERS_TABLE + 1}};
    return true;
}

bool mu_manifest_copy_table(const mu_table *table, mu_arena *arena, mu_table *out)
{
    mu_column *columns = MU_NEW_ARRAY(arena, mu_column, table->column_count);

    *out = *table;
    out->columns = columns;
    out->name = mu_arena_text(arena, table->name, strlen(table->name));
    if (!columns || !out->name) {
        return false;
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        const char *name = table->columns[i].name;
        columns[i] = table->columns[i];
        columns[i].name = mu_arena_text(arena, name, strlen(name));
        const char *preset = table->columns[i].preset;
        columns[i].preset = preset ? mu_arena_text(arena, preset, strlen(preset)) : NULL;
        if (!columns[i].name || (preset && !columns[i].preset)) {
            return false;
        }
    }
    return true;
}

int mu_manifest_compare_segments(const mu_segment_info *a, const mu_segment_info *b)
{
    if (a->table_id != b->table_id) {
        return a->table_id < b->table_id ? -1 : 1;
    }
    if (a->period != b->period) {
        return a->period < b->period ? -1 : 1;
    }
    return (a->file > b->file) - (a->file < b->file);
}

static int compare_pointers(const void *a, const void *b)
{
    return mu_manifest_compare_segments(a, b);
}

void mu_manifest_sort_segments(mu_segment_info *segments, size_t count)
{
    if (count > 1) {
        qsort(segments, count, sizeof *segments, compare_pointers);
    }
}

const mu_segment_info *mu_manifest_find_segment(const mu_manifest *manifest,
                                                const mu_segment_info *segment)
{
    return manifest->segment_count == 0
               ? NULL
               : bsearch(segment, manifest->segments, manifest->segment_count, sizeof *segment,
                         compare_pointers);
}

uint32_t mu_manifest_customers(const mu_manifest *manifest)
{
    const mu_customer_part_info *parts = manifest->parts;
    const uint32_t count = manifest->part_count;

    return count == 0 ? 0 : parts[count - 1].first + parts[count - 1].count;
}

/* The number in a name such as "events-000042.seg"; false if the name is another. */
static bool read_file_number(const char *name, const char *prefix, const char *suffix,
                             uint64_t *file)
{
    const size_t size = strlen(prefix);
    const char *digits = name + size + 1;
    const char *at = digits;

    if (strncmp(name, prefix, size) != 0 || name[size] != '-') {
        return false;
    }
    for (*file = 0; *at >= '0' && *at <= '9' && at - digits < 19; at++) {
        *file = *file * 10 + (uint64_t)(*at - '0');
    }
    return at - digits >= 6 && strcmp(at, suffix) == 0;
}

bool mu_manifest_is_leftover(const mu_manifest *manifest, const char *name)
{
    uint64_t file;
    bool named = false;

    if (read_file_number(name, "events", ".seg", &file)) {
        for (uint32_t i = 0; i < manifest->segment_count; i++) {
            named |= manifest->segments[i].file == file;
        }
    } else if (read_file_number(name, "customers", "", &file)) {
        for (uint32_t i = 0; i < manifest->part_count; i++) {
            named |= manifest->parts[i].file == file;
        }
    } else if (read_file_number(name, "wal", "", &file)) {
        named = manifest->wal == file;
    } else if (read_file_number(name, "tags", "", &file)) {
        named = manifest->tags.file == file;
    } else if (read_file_number(name, "sets", "", &file)) {
        for (uint32_t i = 0; i < manifest->tags.sets_count; i++) {
            named |= manifest->tags.sets[i].file == file;
        }
    } else if (read_file_number(name, "erased", "", &file)) {
        named = manifest->erased.file == file;
    } else {
        return strcmp(name, "manifest.tmp") == 0;
    }
    return !named;
}

/* Writing. */

static void write_table(mu_writer *out, const mu_table *table)
{
    mu_write_u32(out, table->id);
    mu_write_text(out, table->name, strlen(table->name));
    mu_write_u8(out, (uint8_t)table->period);
    mu_write_u32(out, table->next_column_id);
    mu_write_u32(out, table->column_count);
    for (uint32_t i = 0; i < table->column_count; i++) {
        const mu_column *column = &table->columns[i];
        mu_write_u32(out, column->id);
        mu_write_text(out, column->name, strlen(column->name));
        mu_write_u8(out, (uint8_t)column->type.kind);
        mu_write_u8(out, column->type.bits);
        mu_write_u8(out, column->type.precision);
        mu_write_u8(out, column->type.scale);
        mu_write_u32(out, column->type.length);
        mu_write_u8(out, (uint8_t)column->role);
        mu_write_u8(out, (uint8_t)((column->required ? REQUIRED : 0) |
                                   (column->preset ? PRESET : 0) | (column->key > 0 ? KEY : 0)));
        if (column->preset) {
            mu_write_text(out, column->preset, strlen(column->preset));
        }
        if (column->key > 0) {
            mu_write_u32(out, column->key);
        }
    }
}

void mu_manifest_write_part(mu_writer *out, const mu_customer_part_info *part)
{
    mu_write_u64(out, part->file);
    mu_write_u32(out, part->first);
    mu_write_u32(out, part->count);
    mu_write_u64(out, part->size_bytes);
}

void mu_manifest_write_segment(mu_writer *out, const mu_segment_info *segment)
{
    mu_write_u64(out, segment->file);
    mu_write_u32(out, segment->table_id);
    mu_write_i64(out, segment->period);
    mu_write_u64(out, segment->rows);
    mu_write_u64(out, segment->nobody_rows);
    mu_write_u64(out, segment->size_bytes);
    mu_write_i64(out, segment->min_time_us);
    mu_write_i64(out, segment->max_time_us);
    mu_write_u64(out, segment->masked_rows);
}

static void write_tags(mu_writer *out, const mu_tags_info *tags)
{
    mu_write_u64(out, tags->file);
    mu_write_u64(out, tags->size_bytes);
    mu_write_u32(out, tags->sets_count);
    for (uint32_t i = 0; i < tags->sets_count; i++) {
        mu_write_u64(out, tags->sets[i].file);
        mu_write_u64(out, tags->sets[i].size_bytes);
    }
}

static void write_views(mu_writer *out, const mu_catalog *catalog)
{
    mu_write_u32(out, catalog->view_count);
    for (uint32_t i = 0; i < catalog->view_count; i++) {
        const mu_view *view = &catalog->views[i];
        mu_write_text(out, view->name, strlen(view->name));
        mu_write_text(out, view->definition, strlen(view->definition));
    }
}

static void write_payload(mu_writer *out, const mu_manifest *manifest)
{
    mu_write_u64(out, manifest->version);
    mu_write_u64(out, manifest->next_file);
    mu_write_u64(out, manifest->wal);
    mu_write_u8(out, (uint8_t)manifest->catalog.customer_kind);
    mu_write_u32(out, manifest->catalog.next_table_id);
    mu_write_u32(out, manifest->catalog.table_count);
    for (uint32_t i = 0; i < manifest->catalog.table_count; i++) {
        write_table(out, &manifest->catalog.tables[i]);
    }
    write_views(out, &manifest->catalog);
    mu_write_u32(out, manifest->part_count);
    for (uint32_t i = 0; i < manifest->part_count; i++) {
        mu_manifest_write_part(out, &manifest->parts[i]);
    }
    mu_write_u32(out, manifest->segment_count);
    for (uint32_t i = 0; i < manifest->segment_count; i++) {
        mu_manifest_write_segment(out, &manifest->segments[i]);
    }
    write_tags(out, &manifest->tags);
    mu_write_u64(out, manifest->erased.file);
    mu_write_u32(out, manifest->erased.size);
    mu_write_u64(out, manifest->erased.customers);
}

static bool encode(const mu_manifest *manifest, mu_writer *out)
{
    mu_write_bytes(out, magic, sizeof magic);
    mu_write_u64(out, 0); /* the checksum, below */
    mu_write_u32(out, MU_MANIFEST_FORMAT);
    mu_write_u32(out, 0); /* the size */
    write_payload(out, manifest);
    if (out->failed || out->size - HEADER_BYTES > UINT32_MAX) {
        return false;
    }
    mu_patch_u32(out, FORMAT_AT + 4, (uint32_t)(out->size - HEADER_BYTES));
    mu_patch_u64(out, CHECKSUM_AT, mu_checksum(out->data + FORMAT_AT, out->size - FORMAT_AT));
    return true;
}

muster_status mu_manifest_write(const char *directory, const mu_manifest *manifest,
                                muster_error *err)
{
    muster_status status;
    mu_writer bytes = {0};
    char *path = mu_file_path(directory, "manifest");
    char *temporary = mu_file_path(directory, "manifest.tmp");

    assert(mu_manifest_check(manifest, NULL) == MUSTER_OK);
    if (!path || !temporary || !encode(manifest, &bytes)) {
        status = mu_fail_memory(err, "writing the manifest");
        goto fail;
    }
    /* I3: its bytes are on the disk before it has its name */
    MU_TRY_GOTO(mu_env_write_file(temporary, bytes.data, bytes.size, err));
    MU_TRY_GOTO(mu_env_rename(temporary, path, err)); /* I4: the one commit point */

fail: /* and the end of a success: the same is to be freed */
    mu_mem_free(path);
    mu_mem_free(temporary);
    mu_writer_deinit(&bytes);
    return status;
}

/* Reading. */

typedef struct decoder {
    mu_reader in;
    mu_arena *arena;
    muster_error *err;
} decoder;

static muster_status fail_memory(const decoder *d)
{
    return mu_fail_memory(d->err, "reading the manifest");
}

/* Reads a count of things that take at least `bytes` each. */
static muster_status read_count(decoder *d, const char *what, uint32_t bytes, uint32_t *count)
{
    *count = mu_read_u32(&d->in);
    const size_t left = d->in.size - d->in.at;
    if (d->in.overrun || *count > left / bytes) {
        return mu_fail(d->err, MUSTER_CORRUPT, "%u %s do not fit the %zu bytes that are left",
                       *count, what, left);
    }
    return MUSTER_OK;
}

static muster_status read_name(decoder *d, mu_text *name)
{
    uint32_t size;
    const char *text = mu_read_text(&d->in, &size);

    if (!text || size > MU_MAX_NAME_BYTES || memchr(text, '\0', size)) {
        return mu_fail(d->err, MUSTER_CORRUPT, "what should be a name is none (%u bytes)", size);
    }
    name->data = mu_arena_text(d->arena, text, size);
    name->size = size;
    return name->data ? MUSTER_OK : fail_memory(d);
}

static muster_status read_preset(decoder *d, mu_column *column)
{
    uint32_t size;
    const char *text = mu_read_text(&d->in, &size);
    if (!text || memchr(text, '\0', size)) {
        return mu_fail(d->err, MUSTER_CORRUPT, "column \"%s\" has a DEFAULT that is none",
                       column->name);
    }
    column->preset = mu_arena_text(d->arena, text, size);
    return column->preset ? MUSTER_OK : fail_memory(d);
}

static muster_status read_constraints(decoder *d, mu_column *column)
{
    const uint8_t flags = mu_read_u8(&d->in);

    if (flags > (REQUIRED | PRESET | KEY)) {
        return mu_fail(d->err, MUSTER_CORRUPT, "column \"%s\" has flags %u", column->name, flags);
    }
    column->required = flags & REQUIRED;
    column->preset = NULL;
    if (flags & PRESET) {
        MU_TRY(read_preset(d, column));
    }
    column->key = flags & KEY ? mu_read_u32(&d->in) : 0;
    if (flags & KEY && (column->key == 0 || !column->required)) {
        return mu_fail(d->err, MUSTER_CORRUPT, "column \"%s\" has place %u in a key%s",
                       column->name, column->key, column->required ? "" : ", and may be NULL");
    }
    return MUSTER_OK;
}

/* The places of a key are 1, 2, ...: once each. */
static muster_status check_key(const decoder *d, const mu_table *table)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < table->column_count; i++) {
        count += table->columns[i].key > 0;
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        const uint32_t place = table->columns[i].key;
        bool fits = place <= count;
        for (uint32_t k = 0; k < i && place > 0; k++) {
            fits = fits && table->columns[k].key != place;
        }
        if (!fits) {
            return mu_fail(d->err, MUSTER_CORRUPT, "column \"%s\" has place %u in a key of %u",
                           table->columns[i].name, place, count);
        }
    }
    return MUSTER_OK;
}

static muster_status read_column(decoder *d, mu_column *column)
{
    mu_text name;

    column->id = mu_read_u32(&d->in);
    MU_TRY(read_name(d, &name));
    column->name = name.data;
    const uint8_t kind = mu_read_u8(&d->in);
    column->type.bits = mu_read_u8(&d->in);
    column->type.precision = mu_read_u8(&d->in);
    column->type.scale = mu_read_u8(&d->in);
    column->type.length = mu_read_u32(&d->in);
    const uint8_t role = mu_read_u8(&d->in);
    if (kind > MU_CUSTOMER || role > MU_ROLE_INDEXED) {
        return mu_fail(d->err, MUSTER_CORRUPT, "column \"%s\" has type %u and role %u", name.data,
                       kind, role);
    }
    column->type.kind = (mu_kind)kind;
    column->role = (mu_role)role;
    return read_constraints(d, column);
}

static muster_status read_table(decoder *d, mu_table *table)
{
    mu_text name;

    table->id = mu_read_u32(&d->in);
    MU_TRY(read_name(d, &name));
    table->name = name.data;
    const uint8_t period = mu_read_u8(&d->in);
    table->next_column_id = mu_read_u32(&d->in);
    if (period > MU_UNIT_YEAR) {
        return mu_fail(d->err, MUSTER_CORRUPT, "table \"%s\" has period %u", name.data, period);
    }
    table->period = (mu_unit)period;
    MU_TRY(read_count(d, "columns", COLUMN_BYTES, &table->column_count));
    mu_column *columns = MU_NEW_ARRAY(d->arena, mu_column, table->column_count);
    if (!columns) {
        return fail_memory(d);
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        MU_TRY(read_column(d, &columns[i]));
    }
    table->columns = columns;
    mu_table_find_roles(table);
    return check_key(d, table);
}

static muster_status read_view(decoder *d, mu_view *view)
{
    mu_text name;
    uint32_t size;

    MU_TRY(read_name(d, &name));
    view->name = name.data;
    const char *text = mu_read_text(&d->in, &size);
    if (!text || memchr(text, '\0', size)) {
        return mu_fail(d->err, MUSTER_CORRUPT, "view \"%s\" has no definition", view->name);
    }
    view->definition = mu_arena_text(d->arena, text, size);
    return view->definition ? MUSTER_OK : fail_memory(d);
}

static muster_status read_views(decoder *d, mu_catalog *catalog)
{
    MU_TRY(read_count(d, "views", VIEW_BYTES, &catalog->view_count));
    mu_view *views = MU_NEW_ARRAY(d->arena, mu_view, catalog->view_count);
    if (!views) {
        return fail_memory(d);
    }
    for (uint32_t i = 0; i < catalog->view_count; i++) {
        MU_TRY(read_view(d, &views[i]));
    }
    catalog->views = views;
    return MUSTER_OK;
}

static muster_status read_catalog(decoder *d, mu_catalog *catalog)
{
    const uint8_t kind = mu_read_u8(&d->in);

    if (kind != MU_TEXT && kind != MU_BIGINT && kind != MU_NULL) {
        return mu_fail(d->err, MUSTER_CORRUPT, "the ids of customers have type %u", kind);
    }
    catalog->customer_kind = (mu_kind)kind;
    catalog->next_table_id = mu_read_u32(&d->in);
    MU_TRY(read_count(d, "tables", TABLE_BYTES, &catalog->table_count));
    mu_table *tables = MU_NEW_ARRAY(d->arena, mu_table, catalog->table_count);
    if (!tables) {
        return fail_memory(d);
    }
    for (uint32_t i = 0; i < catalog->table_count; i++) {
        MU_TRY(read_table(d, &tables[i]));
    }
    catalog->tables = tables;
    return read_views(d, catalog);
}

void mu_manifest_read_part(mu_reader *in, mu_customer_part_info *part)
{
    part->file = mu_read_u64(in);
    part->first = mu_read_u32(in);
    part->count = mu_read_u32(in);
    part->size_bytes = mu_read_u64(in);
}

void mu_manifest_read_segment(mu_reader *in, mu_segment_info *segment)
{
    segment->file = mu_read_u64(in);
    segment->table_id = mu_read_u32(in);
    segment->period = mu_read_i64(in);
    segment->rows = mu_read_u64(in);
    segment->nobody_rows = mu_read_u64(in);
    segment->size_bytes = mu_read_u64(in);
    segment->min_time_us = mu_read_i64(in);
    segment->max_time_us = mu_read_i64(in);
    segment->masked_rows = mu_read_u64(in);
}

static muster_status read_parts(decoder *d, mu_manifest *out)
{
    MU_TRY(read_count(d, "parts of customers", PART_BYTES, &out->part_count));
    out->parts = MU_NEW_ARRAY(d->arena, mu_customer_part_info, out->part_count);
    if (!out->parts) {
        return fail_memory(d);
    }
    for (uint32_t i = 0; i < out->part_count; i++) {
        mu_manifest_read_part(&d->in, &out->parts[i]);
    }
    return MUSTER_OK;
}

static muster_status read_segments(decoder *d, mu_manifest *out)
{
    MU_TRY(read_count(d, "segments", SEGMENT_BYTES, &out->segment_count));
    out->segments = MU_NEW_ARRAY(d->arena, mu_segment_info, out->segment_count);
    if (!out->segments) {
        return fail_memory(d);
    }
    for (uint32_t i = 0; i < out->segment_count; i++) {
        mu_manifest_read_segment(&d->in, &out->segments[i]);
    }
    return MUSTER_OK;
}

static muster_status read_tags(decoder *d, mu_tags_info *tags)
{
    tags->file = mu_read_u64(&d->in);
    tags->size_bytes = mu_read_u64(&d->in);
    MU_TRY(read_count(d, "files of sets", SETS_BYTES, &tags->sets_count));
    mu_sets_file *sets = MU_NEW_ARRAY(d->arena, mu_sets_file, tags->sets_count);
    if (!sets) {
        return fail_memory(d);
    }
    for (uint32_t i = 0; i < tags->sets_count; i++) {
        sets[i].file = mu_read_u64(&d->in);
        sets[i].size_bytes = mu_read_u64(&d->in);
    }
    tags->sets = sets;
    return MUSTER_OK;
}

static muster_status read_payload(decoder *d, mu_manifest *out)
{
    out->version = mu_read_u64(&d->in);
    out->next_file = mu_read_u64(&d->in);
    out->wal = mu_read_u64(&d->in);
    MU_TRY(read_catalog(d, &out->catalog));
    MU_TRY(read_parts(d, out));
    MU_TRY(read_segments(d, out));
    MU_TRY(read_tags(d, &out->tags));
    out->erased.file = mu_read_u64(&d->in);
    out->erased.size = mu_read_u32(&d->in);
    out->erased.customers = mu_read_u64(&d->in);
    if (d->in.overrun || d->in.at != d->in.size) {
        return mu_fail(d->err, MUSTER_CORRUPT, "%zu bytes follow its end", d->in.size - d->in.at);
    }
    return mu_manifest_check(out, d->err);
}

/* The size and the checksum come before anything else is believed. */
static muster_status open_payload(const mu_map *map, mu_reader *payload, muster_error *err)
{
    mu_reader header = mu_reader_of(map->data, map->size);

    if (map->size < HEADER_BYTES) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "it was cut off: it has %zu bytes, and at least %d belong there; restore "
                       "the database from a copy",
                       map->size, (int)HEADER_BYTES);
    }
    if (memcmp(mu_read_bytes(&header, sizeof magic), magic, sizeof magic) != 0) {
        return mu_fail(err, MUSTER_CORRUPT, "it is not a manifest of muster");
    }
    const uint64_t checksum = mu_read_u64(&header);
    const uint32_t format = mu_read_u32(&header);
    const uint32_t size = mu_read_u32(&header);
    if (checksum != mu_checksum(map->data + FORMAT_AT, map->size - FORMAT_AT)) {
        if (size > map->size - HEADER_BYTES) {
            return mu_fail(err, MUSTER_CORRUPT,
                           "it was cut off: it has %zu bytes, and %" PRIu64
                           " belong there; restore the database from a copy",
                           map->size, (uint64_t)size + HEADER_BYTES);
        }
        return mu_fail(err, MUSTER_CORRUPT,
                       "its checksum is wrong; restore the database from a copy");
    }
    if (format > MU_MANIFEST_FORMAT || format == 0) {
        return mu_fail(err, MUSTER_INVALID, "it has format %u; this version reads up to %d", format,
                       (int)MU_MANIFEST_FORMAT);
    }
    *payload = mu_reader_of(map->data + HEADER_BYTES, map->size - HEADER_BYTES);
    return MUSTER_OK;
}

static muster_status read_mapped(const mu_map *map, mu_arena *arena, mu_manifest *out,
                                 muster_error *err)
{
    decoder d = {.arena = arena, .err = err};

    MU_TRY(open_payload(map, &d.in, err));
    return read_payload(&d, out);
}

muster_status mu_manifest_read(const char *directory, mu_arena *arena, mu_manifest *out,
                               mu_map *map, muster_error *err)
{
    char *path = mu_file_path(directory, "manifest");

    *out = (mu_manifest){0};
    *map = (mu_map){0};
    if (!path) {
        return mu_fail_memory(err, "reading the manifest");
    }
    muster_status status = mu_env_map(path, map, err);
    if (status == MUSTER_OK) {
        status = read_mapped(map, arena, out, err);
        if (status != MUSTER_OK) {
            mu_where(err, "\"%s\"", path);
            mu_env_unmap(map);
        }
    }
    mu_mem_free(path);
    return status;
}
