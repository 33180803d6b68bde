/*
 * show_create.h - SHOW CREATE TABLE, as a plan.
 */
#ifndef MU_SHOW_CREATE_H
#define MU_SHOW_CREATE_H

#include "sql/bind.h"

muster_status mu_show_create(mu_binder *binder, mu_ast_name name, const mu_plan **out,
                             muster_error *err);

#endif
