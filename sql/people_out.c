/*
 * people_out.c - muster.h: tags and audiences as Roaring bitmaps.
 */
#include "query/set.h"
#include "sql/owner.h"
#include "storage/tag_set.h"

#include <string.h>

/* Those who bear the i-th value of the tag, or any with UINT32_MAX, by the stripe. */
static muster_status read_stripe(const mu_snapshot *snapshot, const mu_tag *tag, uint32_t i,
                                 uint32_t stripe, uint64_t bits[MU_STRIPE_WORDS], muster_error *err)
{
    uint64_t size;

    memset(bits, 0, MU_STRIPE_WORDS * sizeof *bits);
    for (uint32_t v = 0; v < tag->value_count; v++) {
        if (i == UINT32_MAX || v == i) {
            MU_TRY(
                mu_tag_read_stripe(mu_snapshot_tags(snapshot), tag, v, stripe, bits, &size, err));
        }
    }
    mu_erased_clear(mu_snapshot_erased(snapshot), stripe, bits);
    return MUSTER_OK;
}

static muster_status write_set(const mu_snapshot *snapshot, const mu_tag *tag, uint32_t i,
                               mu_writer *out, muster_error *err)
{
    mu_tag_set_writer set = {0};
    uint64_t bits[MU_STRIPE_WORDS];
    muster_status status = MUSTER_OK;

    for (uint32_t stripe = 0; stripe < mu_snapshot_stripes(snapshot) && status == MUSTER_OK;
         stripe++) {
        status = read_stripe(snapshot, tag, i, stripe, bits, err);
        if (status == MUSTER_OK) {
            mu_tag_set_add(&set, stripe, bits);
        }
    }
    if (status == MUSTER_OK && !mu_tag_set_finish(&set, out)) {
        status = mu_fail_memory(err, "writing a set of customers");
    }
    mu_tag_set_writer_deinit(&set);
    return status;
}

/* The index of the value; UINT32_MAX: any, where none is given. */
static muster_status find_value(const mu_tag *tag, const char *value, uint32_t *out,
                                muster_error *err)
{
    *out = UINT32_MAX;
    if (!value) {
        return MUSTER_OK;
    }
    const mu_text text = {value, (uint32_t)strlen(value)};
    for (uint32_t i = 0; i < tag->value_count; i++) {
        if (mu_text_equal(tag->values[i].value, text)) {
            *out = i;
            return MUSTER_OK;
        }
    }
    return mu_fail(err, MUSTER_INVALID,
                   "tag \"%.*s\" has no value \"%s\"; SHOW TAGS lists those there are",
                   (int)tag->name.size, tag->name.data, value);
}

/* What is asked for. */
typedef struct wanted {
    bool audience;
    const char *name, *value;
    uint32_t version;
} wanted;

static muster_status find(const mu_scope *scope, const wanted *w, const mu_tag **tag,
                          uint32_t *value, muster_error *err)
{
    const mu_text name = {w->name, (uint32_t)strlen(w->name)};

    *value = UINT32_MAX;
    if (w->audience) {
        return mu_set_find_audience(scope, name, w->version, -1, tag, err);
    }
    MU_TRY(mu_set_find_tag(scope, name, -1, tag, err));
    return find_value(*tag, w->value, value, err);
}

static muster_status give(const muster_connection *connection, const wanted *w, void **bytes,
                          size_t *size, muster_error *err)
{
    mu_arena arena = {0};
    mu_snapshot *snapshot = NULL;
    mu_writer out = {0};
    const mu_tag *tag;
    uint32_t value;

    *bytes = NULL;
    *size = 0;
    MU_TRY(mu_db_snapshot(connection->owner->db, &snapshot, err));
    const mu_scope scope = {.arena = &arena, .snapshot = snapshot};
    muster_status status = find(&scope, w, &tag, &value, err);
    if (status == MUSTER_OK) {
        status = write_set(snapshot, tag, value, &out, err);
    }
    if (status == MUSTER_OK) {
        *bytes = out.data; /* the caller's from now on */
        *size = out.size;
    } else {
        mu_writer_deinit(&out);
    }
    mu_snapshot_release(snapshot);
    mu_arena_deinit(&arena);
    return status;
}

muster_status muster_audience(muster_connection *connection, const char *name, uint32_t version,
                              void **bytes, size_t *size, muster_error *err)
{
    const wanted w = {.audience = true, .name = name, .version = version};

    return give(connection, &w, bytes, size, err);
}

muster_status muster_tag(muster_connection *connection, const char *name, const char *value,
                         void **bytes, size_t *size, muster_error *err)
{
    const wanted w = {.name = name, .value = value};

    return give(connection, &w, bytes, size, err);
}

void muster_free(void *bytes)
{
    mu_mem_free(bytes);
}
