/*
 * appender.h - what arrow_in.c wants to know of an appender.
 */
#ifndef MU_APPENDER_H
#define MU_APPENDER_H

#include "include/muster.h"
#include "storage/catalog.h"
#include "storage/zone.h"

/* The table, as it was when the appender was opened. */
const mu_table *mu_appender_table(const muster_appender *appender);
/* Of its column; ids have their own type. */
mu_type mu_appender_type(const muster_appender *appender, uint32_t column);
/* That texts are read in. */
const mu_zone *mu_appender_zone(const muster_appender *appender);

#endif
