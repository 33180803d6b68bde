/*
 * summarize.h - SUMMARIZE, as a plan.
 */
#ifndef MU_SUMMARIZE_H
#define MU_SUMMARIZE_H

#include "sql/bind.h"

muster_status mu_summarize(mu_binder *binder, const mu_ast_statement *statement,
                           const mu_plan **out, muster_error *err);

#endif
