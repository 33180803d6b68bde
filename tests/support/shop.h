/*
 * shop.h - a small database for tests of what changes one: an event table, and changes of a known
 * size, by a manifest and by the log in turn.
 */
#ifndef MU_SHOP_H
#define MU_SHOP_H

#include "storage/db.h"
#include "tests/support/test.h"

enum {
    SHOP_CUSTOMERS = 5, /* that a change adds, each with one event */
};

/* Puts the directories of the test on a disk in memory, where the system has one, so that thousands
 * of syncs take no time. */
void shop_use_fast_disk(void);

/* Creates the table `events` (user_id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT). */
muster_status shop_create(mu_db *db, muster_error *err);

/* One change: customers "c<turn>-0" ... and their events in a segment of month `turn`. If the turn
 * is odd, that is all, and a commit of the log; if it is even, also a value of tag "seen" and of
 * attribute "turn", and the first customer of the change before is erased. */
muster_status shop_change(mu_db *db, uint32_t turn, muster_error *err);

/* How many changes the database holds, from 0; fails the test unless they are there whole and
 * nothing else is. */
uint32_t shop_turns(mu_db *db);

#endif
