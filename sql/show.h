/*
 * show.h - what a database can say about itself: SHOW, DESCRIBE, SUMMARIZE, as plans.
 */
#ifndef MU_SHOW_H
#define MU_SHOW_H

#include "sql/bind.h"

/* The statement is one of MU_AST_DESCRIBE, SUMMARIZE, SHOW_TABLES, SHOW_TAGS, SHOW_AUDIENCES.
 * DESCRIBE 'file' reads the file's beginning. */
muster_status mu_show(mu_binder *binder, const mu_ast_statement *statement, const mu_plan **out,
                      muster_error *err);

#endif
