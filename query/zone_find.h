/*
 * zone_find.h - a time zone by the name someone wrote: in any case, and with advice.
 */
#ifndef MU_ZONE_FIND_H
#define MU_ZONE_FIND_H

#include "storage/zone.h"

/* As mu_zone_open(); the error names the nearest zone there is. */
muster_status mu_zone_find(mu_text name, mu_zone **out, muster_error *err);

#endif
