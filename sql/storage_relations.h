/*
 * storage_relations.h - `segments`, `columns` and `files`: what a database takes on the disk, as
 * relations that any query can read.
 */
#ifndef MU_STORAGE_RELATIONS_H
#define MU_STORAGE_RELATIONS_H

#include "sql/bind.h"

/* Sets *out to the relation of that name, or to NULL if it is none of these. */
muster_status mu_storage_relation(mu_binder *binder, const char *name, const mu_plan **out,
                                  muster_error *err);

#endif
