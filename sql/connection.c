/*
 * connection.c - databases and connections as muster.h gives them: opening, closing, limits.
 *
 * What a database has is set before connections are made of it, or atomic; what a connection has
 * belongs to the thread that uses it.
 */
#include "sql/statement.h"

#include "query/zone_find.h"
#include "storage/base/env.h"
#include "storage/base/mem.h"
#include "storage/paged.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

const char *muster_version(void)
{
    return MUSTER_VERSION;
}

const char *muster_error_hint(const muster_error *error)
{
    char quote = '\0', before = ' ';

    for (const char *at = error->message; *at; before = *at++) {
        if (quote) {
            quote = *at == quote ? '\0' : quote;
        } else if (*at == '"' || (*at == '\'' && before == ' ')) { /* no apostrophe */
            quote = *at;
        } else if (at[0] == ';' && at[1] == ' ') {
            return at + 2;
        }
    }
    return "";
}

const char *muster_status_name(muster_status status)
{
    switch (status) {
    case MUSTER_OK:
        return "OK";
    case MUSTER_NOMEM:
        return "NOMEM";
    case MUSTER_IO:
        return "IO";
    case MUSTER_CORRUPT:
        return "CORRUPT";
    case MUSTER_SYNTAX:
        return "SYNTAX";
    case MUSTER_INVALID:
        return "INVALID";
    case MUSTER_BUSY:
        return "BUSY";
    case MUSTER_CANCELLED:
        return "CANCELLED";
    case MUSTER_DEADLINE:
        return "DEADLINE";
    }
    return "?";
}

/* The options that there are, whichever the program was compiled with. */
static muster_status read_options(const muster_options *given, muster_options *out,
                                  muster_error *err)
{
    const char *bytes = (const char *)given;

    *out = (muster_options){.size = sizeof *out};
    if (!given) {
        return MUSTER_OK;
    }
    if (given->size < sizeof given->size) {
        return mu_fail(err, MUSTER_INVALID,
                       "muster_options.size is %zu; set it to sizeof(muster_options)", given->size);
    }
    for (size_t i = sizeof *out; i < given->size; i++) {
        if (bytes[i] != 0) {
            return mu_fail(err, MUSTER_INVALID,
                           "the program sets an option that muster %s does not know; use a newer "
                           "library",
                           MUSTER_VERSION);
        }
    }
    memcpy(out, given, given->size < sizeof *out ? given->size : sizeof *out);
    return MUSTER_OK;
}

/* What is opened only to be read must be there: opening it would make it. */
static muster_status check_is_there(const char *path, muster_error *err)
{
    char *manifest = path ? mu_file_path(path, "manifest") : NULL;

    if (path && !manifest) {
        return mu_fail_memory(err, "opening a database");
    }
    const bool there = manifest && mu_env_exists(manifest);
    mu_mem_free(manifest);
    if (!there) {
        return mu_fail(err, MUSTER_INVALID,
                       "there is no database \"%s\" to be read; without read_only it is made",
                       path ? path : "");
    }
    return MUSTER_OK;
}

static size_t limit_of(const muster_options *options)
{
    const uint64_t megabyte = 1000000;
    const uint64_t usual = mu_env_memory() / 4 * 3 / megabyte * megabyte;
    const uint64_t limit = options->memory_limit > 0 ? options->memory_limit : usual;

    return limit < SIZE_MAX ? (size_t)limit : SIZE_MAX;
}

static muster_status open_database(muster *m, const char *path, const muster_options *given,
                                   muster_error *err)
{
    muster_options options;

    MU_TRY(read_options(given, &options, err));
    m->read_only = options.read_only;
    if (m->read_only) {
        MU_TRY(check_is_there(path, err));
    }
    if (options.time_zone) {
        const mu_text name = {options.time_zone, (uint32_t)strlen(options.time_zone)};
        MU_TRY(mu_zone_find(name, &m->zone, err));
    }
    if (options.memory_limit > 0 && options.memory_limit < MU_LEAST_MEMORY) {
        return mu_fail(err, MUSTER_INVALID,
                       "muster_options.memory_limit is %" PRIu64
                       " bytes; it takes %d or more, or 0 "
                       "for three quarters of the machine's",
                       options.memory_limit, MU_LEAST_MEMORY);
    }
    m->memory_limit = limit_of(&options);
    m->account = mu_account_open(NULL, m->memory_limit);
    if (!m->account) {
        return mu_fail_memory(err, "opening a database");
    }
    MU_TRY(mu_db_open(path, &m->db, err));
    return muster_set_threads(m, options.threads, err);
}

muster_status muster_open(const char *path, const muster_options *options, muster **db,
                          muster_error *err)
{
    muster *m = mu_mem_zalloc(sizeof *m);

    *db = NULL;
    if (!m) {
        return mu_fail_memory(err, "opening a database");
    }
    mu_deadlines_init(&m->deadlines);
    const muster_status status = open_database(m, path, options, err);
    if (status != MUSTER_OK) {
        muster_close(m);
        return status;
    }
    *db = m;
    return MUSTER_OK;
}

void muster_close(muster *db)
{
    if (!db) {
        return;
    }
    assert(atomic_load(&db->connection_count) == 0);
    mu_deadlines_deinit(&db->deadlines);
    mu_pool_close(db->pool);
    mu_db_close(db->db);
    mu_account_close(db->account);
    mu_zone_release(db->zone);
    mu_mem_free(db);
}

muster_status muster_check(const char *path, muster_problem_fn *problem, void *context,
                           muster_error *err)
{
    return mu_db_check_each(path, problem, context, err);
}

muster_status muster_set_threads(muster *db, uint32_t threads, muster_error *err)
{
    const unsigned open = atomic_load(&db->statement_count);
    mu_pool *pool = NULL;

    if (open > 0) {
        return mu_fail(err, MUSTER_INVALID,
                       "%u statements are open; finish them to change the number of threads", open);
    }
    if (threads == 0) {
        threads = mu_env_processors();
    }
    if (threads > 1) {
        MU_TRY(mu_pool_open(threads, &pool, err));
    }
    mu_pool_close(db->pool);
    db->pool = pool;
    atomic_store(&db->bandwidth, 0);
    return MUSTER_OK;
}

muster_status muster_connect(muster *db, muster_connection **connection, muster_error *err)
{
    muster_connection *c = mu_mem_zalloc(sizeof *c);

    *connection = c;
    if (!c) {
        return mu_fail_memory(err, "opening a connection");
    }
    c->owner = db;
    c->settings.zone = mu_zone_retain(db->zone);
    pthread_mutex_init(&c->lock, NULL);
    atomic_fetch_add(&db->connection_count, 1);
    return MUSTER_OK;
}

void muster_disconnect(muster_connection *connection)
{
    if (connection) {
        assert(!connection->first && connection->appender_count == 0);
        mu_zone_release(connection->settings.zone);
        pthread_mutex_destroy(&connection->lock);
        atomic_fetch_sub(&connection->owner->connection_count, 1);
        mu_mem_free(connection);
    }
}

void muster_set_progress(muster_connection *connection, muster_progress_fn *report, void *context)
{
    connection->report = report;
    connection->report_context = context;
}

muster_status mu_connection_check_writable(const muster_connection *connection, muster_error *err)
{
    if (connection->owner->read_only) {
        return mu_fail(err, MUSTER_INVALID,
                       "the database was opened to be read only; open it without read_only to "
                       "change it");
    }
    return MUSTER_OK;
}

void mu_connection_take(muster_connection *connection)
{
    connection->appender_count++;
    atomic_fetch_add(&connection->owner->statement_count, 1);
}

void mu_connection_give(muster_connection *connection)
{
    connection->appender_count--;
    atomic_fetch_sub(&connection->owner->statement_count, 1);
}

void mu_connection_add(muster_connection *connection, muster_statement *statement)
{
    pthread_mutex_lock(&connection->lock);
    statement->next = connection->first;
    connection->first = statement;
    pthread_mutex_unlock(&connection->lock);
    atomic_fetch_add(&connection->owner->statement_count, 1);
}

void mu_connection_remove(muster_connection *connection, muster_statement *statement)
{
    muster_statement **at = &connection->first;

    pthread_mutex_lock(&connection->lock);
    while (*at != statement) {
        at = &(*at)->next;
    }
    *at = statement->next;
    pthread_mutex_unlock(&connection->lock);
    atomic_fetch_sub(&connection->owner->statement_count, 1);
}

void muster_interrupt(muster_connection *connection)
{
    pthread_mutex_lock(&connection->lock);
    for (muster_statement *s = connection->first; s; s = s->next) {
        if (atomic_load(&s->running)) {
            muster_cancel(s);
        }
    }
    pthread_mutex_unlock(&connection->lock);
}
