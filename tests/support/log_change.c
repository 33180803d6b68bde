/*
 * log_change.c - what else may become of an event log.
 */
#include "tests/support/log_change.h"

#include "tests/support/ask.h"

void log_move(event_log *log, int64_t from, uint64_t *random)
{
    const int64_t slots = (int64_t)test_random_below(random, 20);

    if (test_random_below(random, 2) == 0) {
        return;
    }
    const int64_t by = from - slots * log->grid_seconds - 1706400000;
    for (int i = 0; i < log->count; i++) {
        log->events[i].seconds += by;
    }
}

static void erase(muster *db, event_log *log, int customer)
{
    static log_text sql;
    int kept = 0;

    sql.size = 0;
    log_put(&sql, "DELETE FROM customers WHERE customer = 'c%d'", customer);
    ask_run(db, sql.text);
    for (int i = 0; i < log->count; i++) {
        if (log->events[i].customer != customer) {
            log->events[kept++] = log->events[i];
        }
    }
    log->count = kept;
}

void log_settle(muster *db, event_log *log, uint64_t *random)
{
    if (test_random_below(random, 8) == 0) {
        ask_run(db, "CHECKPOINT");
    }
    if (test_random_below(random, 8) == 0) {
        erase(db, log, (int)test_random_below(random, LOG_CUSTOMERS));
    }
}
