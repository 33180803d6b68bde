/*
 * load_merge.c - one segment of each period.
 */
#include "storage/load_rows.h"

muster_status mu_load_merge(mu_load *load, muster_error *err)
{
    (void)load;
    (void)err;
    return MUSTER_OK;
}
