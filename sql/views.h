/*
 * views.h - queries with names: what CREATE VIEW keeps, and what stands for it where it is used.
 */
#ifndef MU_VIEWS_H
#define MU_VIEWS_H

#include "sql/bind.h"

/* The view of that name, bound as if its query stood there; *found is false if there is none. What
 * is wrong with it is said to be in the view, and to be at `name`. */
muster_status mu_bind_view(mu_binder *binder, mu_ast_name name, mu_relation *out, bool *found,
                           muster_error *err);
/* The relation `views`. */
muster_status mu_views_relation(mu_binder *binder, const mu_plan **out, muster_error *err);

#endif
