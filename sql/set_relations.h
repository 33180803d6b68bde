/*
 * set_relations.h - `tags`, `audiences` and `audience_versions`: the sets of customers that have
 * names, as relations that any query can read.
 */
#ifndef MU_SET_RELATIONS_H
#define MU_SET_RELATIONS_H

#include "sql/bind.h"

/* Sets *out to the relation of that name, or to NULL if it is none of these. */
muster_status mu_set_relation(mu_binder *binder, const char *name, const mu_plan **out,
                              muster_error *err);

/* What SHOW TAGS and SHOW AUDIENCES give: some of the columns of the relation. */
muster_status mu_show_tags(mu_binder *binder, const mu_plan **out, muster_error *err);
muster_status mu_show_audiences(mu_binder *binder, const mu_plan **out, muster_error *err);

#endif
