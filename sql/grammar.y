/*
 * grammar.y - the language, for lemon. docs/sql.md describes it; build.c makes the nodes.
 *
 * A keyword that is listed after %fallback is a name wherever it cannot be itself. Those that may
 * follow an optional name (FROM, WHERE, ...) are reserved, or they would be taken for that name;
 * the words listed after %token are reserved as well, so that the error of a query that uses them
 * names them. Roles and types: a column's roles are written without an empty rule between its
 * name and them, since lemon tries the fallback before it reduces an empty rule.
 */
%name mu_grammar
%token_prefix MU_TOKEN_
%token_type {mu_token}
%extra_context {mu_build *b}
%stack_size 0
%start_symbol input

%include {
#include "sql/build.h"
#include "sql/grammar_use.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <stdio.h>

#define malloc(size) mu_mem_alloc(size)
#define realloc(memory, size) mu_mem_realloc((memory), (size))
#define free(memory) mu_mem_free(memory)
#define YYNOERRORRECOVERY 1

static const mu_ast_name no_name;
}

%syntax_error {
    /* mu_parse() asks before it hands over a token, so that this is never reached. */
    b->status = mu_fail_at(b->err, MUSTER_SYNTAX, TOKEN.offset, "syntax error");
    (void)yymajor;
}

%stack_overflow {
    b->status = mu_fail_memory(b->err, "reading a statement");
}

%fallback ID ADD ALL ALTER ANY ASC AUDIENCE AUDIENCES BACKUP BEGIN BOTH BY CHECKPOINT COLUMN
  COMMIT COMPACT COPY CURRENT CUSTOMER DEFAULT DELETE DESC DESCRIBE DROP ESCAPE EVENT EXCLUDE
  EXISTS EXPLAIN FILTER FIRST FOLLOWING FOR GROUPS IF IGNORE INDEXED INSERT KEY LAST LEADING NEXT
  NO NULLS ONLY OTHERS OUTER PARTITION PLACING PRECEDING PRECISION PRIMARY RANGE RECURSIVE REFRESH
  RENAME REPLACE RESET RESPECT ROLLBACK ROW ROWS SET SHOW SOME STDIN STDOUT SUMMARIZE TABLE TABLES
  TAG TAGS TIES TIME TO TRAILING UNBOUNDED UNIT UNKNOWN UPDATE VALUES VARYING VERSION VIEW WITHIN
  WITHOUT.

%token FETCH SEMICOLON.

%nonassoc ENCLOSED. /* a query in parentheses, with more of them around it, stays a query */
%nonassoc RP.
%left UNION EXCEPT.
%left INTERSECT.
%left OR.
%left AND.
%right NOT.
%nonassoc IS.
%nonassoc EQ NE LT LE GT GE.
%nonassoc BETWEEN IN LIKE ILIKE.
%nonassoc ESCAPE.
%left CONCAT AMPERSAND BAR SHIFT_LEFT SHIFT_RIGHT TILDE NOT_TILDE TILDE_STAR NOT_TILDE_STAR.
%left PLUS MINUS.
%left STAR SLASH PERCENT.
%left AT_TIME_ZONE.
%right UNARY.
%left COLONS.

input ::= statement.

/* Statements. */

statement ::= whole(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_SELECT);
    if (s) { s->query = Q; }
}
statement ::= EXPLAIN whole(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_EXPLAIN);
    if (s) { s->query = Q; }
}
statement ::= create_table(S) LP columns(C) RP partition(P). {
    if (S) { S->columns = C; S->partition = P; }
}
statement ::= create_table(S) FROM STRING(F) file_columns(C) partition(P). {
    if (S) { S->columns = C; S->partition = P; S->path = mu_build_name(b, F); }
}
statement ::= create_table(S) FROM STRING(F) file_columns(C) WITH options(O) partition(P). {
    if (S) { S->columns = C; S->partition = P; S->path = mu_build_name(b, F); S->options = O; }
}
statement ::= create_table(S) partition(P) AS whole(Q). {
    if (S) { S->partition = P; S->query = Q; }
}
statement ::= create_table(S) LP columns(C) RP partition(P) AS whole(Q). {
    if (S) { S->columns = C; S->partition = P; S->query = Q; }
}
statement ::= DROP TABLE if_there(U) name(N). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DROP_TABLE);
    if (s) { s->if_exists = U; s->name = N; }
}
statement ::= ALTER TABLE name(N) ADD COLUMN unless(U) column(C). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_ADD_COLUMN);
    if (s) { s->name = N; s->if_exists = U;
             s->columns = mu_build_add_column(b, (mu_ast_columns){0}, C); }
}
statement ::= ALTER TABLE name(N) DROP COLUMN if_there(U) name(C). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DROP_COLUMN);
    if (s) { s->name = N; s->if_exists = U;
             s->names = mu_build_add_name(b, (mu_ast_names){0}, C); }
}
statement ::= ALTER TABLE name(N) RENAME COLUMN name(C) TO name(M). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_RENAME_COLUMN);
    if (s) { s->name = N;
             s->names = mu_build_add_name(b, mu_build_add_name(b, (mu_ast_names){0}, C), M); }
}
statement ::= ALTER TABLE name(N) RENAME TO name(M). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_RENAME_TABLE);
    if (s) { s->name = N; s->names = mu_build_add_name(b, (mu_ast_names){0}, M); }
}
statement ::= UPDATE name(N) SET assignments(L) where(W). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_UPDATE);
    if (s) { s->name = N; s->items = L; s->where = W; }
}
statement ::= DELETE FROM name(N) where(W). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DELETE);
    if (s) { s->name = N; s->where = W; }
}
statement ::= COPY name(N) FROM from_place(F) with_options(O). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_COPY_FROM);
    if (s) { s->name = N; s->path = F; s->options = O; }
}
statement ::= COPY parens(Q) TO to_place(F) with_options(O). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_COPY_TO);
    if (s) { s->query = Q; s->path = F; s->options = O; }
}
statement ::= COPY name(N) TO to_place(F) with_options(O). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_COPY_TO);
    if (s) { s->name = N; s->path = F; s->options = O; }
}
statement ::= INSERT INTO name(N) whole(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_INSERT);
    if (s) { s->name = N; mu_build_insert(s, Q); }
}
statement ::= INSERT INTO name(N) LP names(C) RP whole(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_INSERT);
    if (s) { s->name = N; s->names = C; mu_build_insert(s, Q); }
}
statement ::= CREATE TAG unless(U) name(N) AS whole(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_CREATE_TAG);
    if (s) { s->if_exists = U; s->name = N; s->query = Q; }
}
statement ::= CREATE OR REPLACE TAG name(N) AS whole(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_CREATE_TAG);
    if (s) { s->replaces = true; s->name = N; s->query = Q; }
}
statement ::= REFRESH TAG name(N). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_REFRESH_TAG);
    if (s) { s->name = N; }
}
statement ::= DROP TAG if_there(U) name(N). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DROP_TAG);
    if (s) { s->if_exists = U; s->name = N; }
}
statement ::= CREATE AUDIENCE unless(U) name(N) AS whole(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_CREATE_AUDIENCE);
    if (s) { s->if_exists = U; s->name = N; s->query = Q; }
}
statement ::= CREATE OR REPLACE AUDIENCE name(N) AS whole(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_CREATE_AUDIENCE);
    if (s) { s->replaces = true; s->name = N; s->query = Q; }
}
statement ::= REFRESH AUDIENCE name(N). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_REFRESH_AUDIENCE);
    if (s) { s->name = N; }
}
statement ::= DROP AUDIENCE if_there(U) name(N) version(V). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DROP_AUDIENCE);
    if (s) { s->if_exists = U; s->name = N; s->version = V; }
}
statement ::= CREATE VIEW unless(U) name(N) column_names(C) AS whole(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_CREATE_VIEW);
    if (s) { s->if_exists = U; s->name = N; s->names = C; s->query = Q; }
}
statement ::= CREATE OR REPLACE VIEW name(N) column_names(C) AS whole(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_CREATE_VIEW);
    if (s) { s->replaces = true; s->name = N; s->names = C; s->query = Q; }
}
statement ::= DROP VIEW if_there(U) name(N). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DROP_VIEW);
    if (s) { s->if_exists = U; s->name = N; }
}
statement ::= SUMMARIZE name(N). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_SUMMARIZE);
    if (s) { s->name = N; }
}
statement ::= SUMMARIZE whole(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_SUMMARIZE);
    if (s) { s->query = Q; }
}
statement ::= transaction. { mu_build_statement(b, MU_AST_SELECT); }
statement ::= DESCRIBE name(N). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DESCRIBE);
    if (s) { s->name = N; }
}
statement ::= DESCRIBE whole(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DESCRIBE);
    if (s) { s->query = Q; }
}
statement ::= DESCRIBE STRING(F) with_options(O). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DESCRIBE);
    if (s) { s->path = mu_build_name(b, F); s->options = O; }
}
statement ::= BACKUP TO STRING(F). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_BACKUP);
    if (s) { s->path = mu_build_name(b, F); }
}
statement ::= SHOW TABLES. { mu_build_statement(b, MU_AST_SHOW_TABLES); }
statement ::= SHOW CREATE TABLE name(N). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_SHOW_CREATE);
    if (s) { s->name = N; }
}
statement ::= SHOW TAGS. { mu_build_statement(b, MU_AST_SHOW_TAGS); }
statement ::= SHOW AUDIENCES. { mu_build_statement(b, MU_AST_SHOW_AUDIENCES); }
statement ::= CHECKPOINT. { mu_build_statement(b, MU_AST_CHECKPOINT); }
statement ::= COMPACT. { mu_build_statement(b, MU_AST_COMPACT); }
statement ::= SET name(N) set_to setting(V). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_SET);
    if (s) { s->name = N; s->path = V; }
}
statement ::= SET TIME_ZONE(T) setting(V). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_SET);
    if (s) { s->name = (mu_ast_name){"time_zone", T.offset}; s->path = V; }
}

%type create_table {mu_ast_statement *}
create_table(A) ::= CREATE TABLE unless(U) name(N). {
    A = mu_build_statement(b, MU_AST_CREATE_TABLE);
    if (A) { A->if_exists = U; A->name = N; }
}
create_table(A) ::= CREATE OR REPLACE TABLE name(N). {
    A = mu_build_statement(b, MU_AST_CREATE_TABLE);
    if (A) { A->replaces = true; A->name = N; }
}

transaction ::= transaction_word.
transaction ::= transaction_word name.
transaction_word ::= BEGIN|COMMIT|ROLLBACK(T). {
    mu_build_refuse(b, T, "each statement is a transaction of its own; there is no BEGIN, COMMIT "
                          "or ROLLBACK");
}
statement ::= RESET name(N). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_RESET);
    if (s) { s->name = N; }
}
statement ::= SHOW name(N). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_SHOW_SETTING);
    if (s) { s->name = N; }
}

set_to ::= EQ.
set_to ::= TO.

%type setting {mu_ast_name}
setting(A) ::= name(N). { A = N; }
setting(A) ::= ON(T). { A = mu_build_name(b, T); }
setting(A) ::= TRUE(T). { A = mu_build_name(b, T); }
setting(A) ::= FALSE(T). { A = mu_build_name(b, T); }
setting(A) ::= INTEGER(T). { A = mu_build_name(b, T); }
setting(A) ::= STRING(T). { A = mu_build_name(b, T); }

%type unless {bool}
unless(A) ::= . { A = false; }
unless(A) ::= IF NOT EXISTS. { A = true; }

%type if_there {bool}
if_there(A) ::= . { A = false; }
if_there(A) ::= IF EXISTS. { A = true; }

%type version {mu_ast_expr *}
version(A) ::= . { A = NULL; }
version(A) ::= VERSION INTEGER(T). { A = mu_build_literal(b, MU_AST_INTEGER, T); }

%type partition {mu_ast_name}
partition(A) ::= . { A = no_name; }
partition(A) ::= PARTITION BY name(N). { A = N; }

%type columns {mu_ast_columns}
columns(A) ::= column(C). { A = mu_build_add_column(b, (mu_ast_columns){0}, C); }
columns(A) ::= columns(L) COMMA column(C). { A = mu_build_add_column(b, L, C); }

%type column {mu_ast_column}
column(A) ::= name(N) type(T). { A = (mu_ast_column){.name = N, .type = T}; }
column(A) ::= name(N) type(T) roles(R). { A = R; A.name = N; A.type = T; }

column(A) ::= name(N) roles(R). { A = R; A.name = N; }

%type file_columns {mu_ast_columns}
file_columns(A) ::= . { A = (mu_ast_columns){0}; }
file_columns(A) ::= LP columns(L) RP. { A = L; }

/* What may be said of a column after its type: roles, and what its values may be. */
%type roles {mu_ast_column}
roles(A) ::= role(R). { A = R; }
roles(A) ::= roles(L) role(R). {
    A = L;
    A.roles |= R.roles;
    A.preset = R.preset ? R.preset : L.preset;
}

%type role {mu_ast_column}
role(A) ::= CUSTOMER. { A = (mu_ast_column){.roles = MU_AST_ROLE_CUSTOMER}; }
role(A) ::= TIME. { A = (mu_ast_column){.roles = MU_AST_ROLE_TIME}; }
role(A) ::= EVENT. { A = (mu_ast_column){.roles = MU_AST_ROLE_EVENT}; }
role(A) ::= INDEXED. { A = (mu_ast_column){.roles = MU_AST_ROLE_INDEXED}; }
role(A) ::= NOT NULL. { A = (mu_ast_column){.roles = MU_AST_NOT_NULL}; }
role(A) ::= DEFAULT preset(E). { A = (mu_ast_column){.preset = E}; }
role(A) ::= PRIMARY(T) KEY. {
    mu_build_refuse(b, T, "tables have no keys yet; leave PRIMARY KEY out, or say NOT NULL");
    A = (mu_ast_column){0};
}

%type preset {mu_ast_expr *}
preset(A) ::= NULL(T). { A = mu_build_literal(b, MU_AST_NULL, T); }
preset(A) ::= TRUE|FALSE(T). { A = mu_build_literal(b, MU_AST_BOOLEAN, T); }
preset(A) ::= STRING(T). { A = mu_build_literal(b, MU_AST_TEXT, T); }
preset(A) ::= TYPED(T) STRING(S). { A = mu_build_typed(b, T, S); }
preset(A) ::= number(N). { A = N; }
preset(A) ::= MINUS(T) number(N). { A = mu_build_unary(b, MU_AST_UNARY, T, N); }
preset(A) ::= LP(T) expr(E) RP. { A = mu_build_parenthesis(b, T, E); }

%type number {mu_ast_expr *}
number(A) ::= INTEGER(T). { A = mu_build_literal(b, MU_AST_INTEGER, T); }
number(A) ::= DECIMAL(T). { A = mu_build_literal(b, MU_AST_DECIMAL, T); }
number(A) ::= DOUBLE(T). { A = mu_build_literal(b, MU_AST_DOUBLE, T); }

%type type {mu_ast_type}
type(A) ::= type_name(N). { A = (mu_ast_type){N, 0, {0}}; }
type(A) ::= type_name(N) LP INTEGER(P) RP. {
    A = (mu_ast_type){N, 1, {mu_build_text(b, P), NULL}};
}
type(A) ::= type_name(N) LP INTEGER(P) COMMA INTEGER(S) RP. {
    A = (mu_ast_type){N, 2, {mu_build_text(b, P), mu_build_text(b, S)}};
}

%type type_name {mu_ast_name}
type_name(A) ::= name(N). { A = N; }
type_name(A) ::= name(N) PRECISION. { A = mu_build_two_words(b, N, "DOUBLE", "PRECISION"); }
type_name(A) ::= name(N) VARYING. { A = mu_build_two_words(b, N, "CHARACTER", "VARYING"); }
type_name(A) ::= name(N) WITH TIME_ZONE. {
    A = mu_build_two_words(b, N, "TIMESTAMP", "WITH TIME ZONE");
}
type_name(A) ::= name(N) WITHOUT TIME_ZONE. {
    A = mu_build_two_words(b, N, "TIMESTAMP", "WITHOUT TIME ZONE");
}

%type from_place {mu_ast_name}
from_place(A) ::= STRING(F). { A = mu_build_name(b, F); }
from_place(A) ::= STDIN(T). { A = (mu_ast_name){"-", T.offset}; }

%type to_place {mu_ast_name}
to_place(A) ::= STRING(F). { A = mu_build_name(b, F); }
to_place(A) ::= STDOUT(T). { A = (mu_ast_name){"-", T.offset}; }

%type with_options {mu_ast_options}
with_options(A) ::= . { A = (mu_ast_options){0}; }
with_options(A) ::= options(O). { A = O; }
with_options(A) ::= WITH options(O). { A = O; }

%type options {mu_ast_options}
options(A) ::= LP option_list(L) RP. { A = L; }

%type option_list {mu_ast_options}
option_list(A) ::= option(O). { A = mu_build_add_option(b, (mu_ast_options){0}, O); }
option_list(A) ::= option_list(L) COMMA option(O). { A = mu_build_add_option(b, L, O); }

%type option {mu_ast_option}
option(A) ::= option_name(N). { A = (mu_ast_option){.name = N}; }
option(A) ::= option_name(N) option_value(V). {
    A = (mu_ast_option){.name = N, .value = V.text, .value_offset = V.offset};
}
option(A) ::= option_name(N) PARAMETER(P). {
    A = (mu_ast_option){.name = N, .parameter = mu_build_parameter(b, P)};
}
option(A) ::= option_name(N) LP names(L) RP. { A = (mu_ast_option){.name = N, .list = L}; }

%type option_name {mu_ast_name}
option_name(A) ::= name(N). { A = N; }
option_name(A) ::= NULL(T). { A = mu_build_name(b, T); }

%type option_value {mu_ast_name}
option_value(A) ::= name(N). { A = N; }
option_value(A) ::= STRING|INTEGER|DECIMAL|TRUE|FALSE(T). { A = mu_build_name(b, T); }

%type column_names {mu_ast_names}
column_names(A) ::= . { A = (mu_ast_names){0}; }
column_names(A) ::= LP names(L) RP. { A = L; }

%type assignments {mu_ast_items}
assignments(A) ::= name(N) EQ expr(E). { A = mu_build_add_item(b, (mu_ast_items){0}, E, N); }
assignments(A) ::= assignments(L) COMMA name(N) EQ expr(E). { A = mu_build_add_item(b, L, E, N); }

%type rows {mu_ast_rows}
rows(A) ::= LP exprs(R) RP. { A = mu_build_add_row(b, (mu_ast_rows){0}, R); }
rows(A) ::= rows(L) COMMA LP exprs(R) RP. { A = mu_build_add_row(b, L, R); }

/* Queries. */

%type select {mu_ast_select *}
select(A) ::= simple(Q). { A = Q; }
select(A) ::= clause(Q) tail(T). { A = mu_build_tail_of(b, Q, &T); }
select(A) ::= WITH(W) commons(C) clause(Q). { A = mu_build_with(b, W, C, Q, NULL); }
select(A) ::= WITH(W) commons(C) clause(Q) tail(T). { A = mu_build_with(b, W, C, Q, &T); }
select(A) ::= WITH recursive commons clause(Q). { A = Q; }

recursive ::= RECURSIVE(R). {
    mu_build_refuse(b, R, "WITH RECURSIVE is not possible: a query of WITH sees those before it");
}

/* A query in parentheses. Those around it are always its own, so that it is clear to whom they
 * belong. */
%type parens {mu_ast_select *}
parens(A) ::= LP(P) select(Q) RP. { A = mu_build_closed_select(b, P, Q); }
parens(A) ::= LP(P) parens(Q) RP. { A = mu_build_closed_select(b, P, Q); }

/* What is a query by itself. */
%type whole {mu_ast_select *}
whole(A) ::= select(Q). { A = Q; }
whole(A) ::= parens(Q). { A = Q; }

%type clause {mu_ast_select *}
clause(A) ::= simple(Q). { A = Q; }
clause(A) ::= parens(Q). { A = Q; }

%type simple {mu_ast_select *}
simple(A) ::= query(Q). { A = mu_build_finish_select(b, Q); }
simple(A) ::= VALUES(V) rows(R). {
    A = mu_build_finish_select(b, mu_build_values(b, V.offset, R));
}
simple(A) ::= clause(L) UNION all(D) clause(R). {
    A = mu_build_members(b, MU_AST_UNION, D, L, R);
}
simple(A) ::= clause(L) EXCEPT all(D) clause(R). {
    A = mu_build_members(b, MU_AST_EXCEPT, D, L, R);
}
simple(A) ::= clause(L) INTERSECT all(D) clause(R). {
    A = mu_build_members(b, MU_AST_INTERSECT, D, L, R);
}

%type all {bool}
all(A) ::= . { A = false; }
all(A) ::= DISTINCT. { A = false; }
all(A) ::= ALL. { A = true; }

%type commons {mu_ast_commons}
commons(A) ::= common(C). { A = mu_build_add_common(b, (mu_ast_commons){0}, C); }
commons(A) ::= commons(L) COMMA common(C). { A = mu_build_add_common(b, L, C); }

%type common {mu_ast_common}
common(A) ::= name(N) column_names(C) AS parens(Q). { A = (mu_ast_common){N, C, Q}; }

%type query {mu_ast_select *}
query(A) ::= head(Q) where(W) group(G) having(H) windows(V) qualify(K). {
    A = Q;
    if (A) {
        A->where = W;
        A->group_all = G.all;
        A->groups = G.items;
        A->having = H;
        A->windows = V;
        A->qualify = K;
    }
}

%type head {mu_ast_select *}
head(A) ::= SELECT(S) distinct(D) items(I). {
    A = mu_build_select(b, S.offset);
    if (A) { A->distinct = D; A->items = I; }
}
head(A) ::= SELECT(S) distinct(D) items(I) FROM sources(F). {
    A = mu_build_select(b, S.offset);
    if (A) { A->distinct = D; A->items = I; A->from = F; }
}
head(A) ::= FROM(S) sources(F). {
    A = mu_build_select(b, S.offset);
    if (A) { A->from = F; }
}
head(A) ::= FROM(S) sources(F) SELECT distinct(D) items(I). {
    A = mu_build_select(b, S.offset);
    if (A) { A->distinct = D; A->items = I; A->from = F; }
}

%type distinct {bool}
distinct(A) ::= . { A = false; }
distinct(A) ::= DISTINCT. { A = true; }

%type items {mu_ast_items}
items(A) ::= item(I). { A = mu_build_add_item(b, (mu_ast_items){0}, I.expr, I.name); }
items(A) ::= items(L) COMMA item(I). { A = mu_build_add_item(b, L, I.expr, I.name); }

%type item {mu_ast_item}
item(A) ::= expr(E). { A = (mu_ast_item){E, no_name}; }
item(A) ::= expr(E) AS name(N). { A = (mu_ast_item){E, N}; }
item(A) ::= expr(E) name(N). { A = (mu_ast_item){E, N}; }
item(A) ::= STAR(S) exclude(X) replace(R). {
    A = (mu_ast_item){mu_build_star(b, no_name, S, X, R), no_name};
}
item(A) ::= name(N) DOT STAR(S) exclude(X) replace(R). {
    A = (mu_ast_item){mu_build_star(b, N, S, X, R), no_name};
}

%type replace {mu_ast_items}
replace(A) ::= . { A = (mu_ast_items){0}; }
replace(A) ::= REPLACE LP replacements(L) RP. { A = L; }

%type replacements {mu_ast_items}
replacements(A) ::= expr(E) AS name(N). { A = mu_build_add_item(b, (mu_ast_items){0}, E, N); }
replacements(A) ::= replacements(L) COMMA expr(E) AS name(N). {
    A = mu_build_add_item(b, L, E, N);
}

%type exclude {mu_ast_names}
exclude(A) ::= . { A = (mu_ast_names){0}; }
exclude(A) ::= EXCLUDE LP names(L) RP. { A = L; }
exclude(A) ::= EXCLUDE name(N). { A = mu_build_add_name(b, (mu_ast_names){0}, N); }

/* A comma is a CROSS JOIN that binds looser than JOIN. */
%type sources {mu_ast_source *}
sources(A) ::= joined(J). { A = J; }
sources(A) ::= sources(L) COMMA(T) joined(R). {
    A = mu_build_join(b, MU_AST_CROSS, T, L, R);
}

%type joined {mu_ast_source *}
joined(A) ::= source(S). { A = S; }
joined(A) ::= joined(L) CROSS JOIN(T) source(R). {
    A = mu_build_join(b, MU_AST_CROSS, T, L, R);
}
joined(A) ::= joined(L) join_kind(K) JOIN(T) source(R) ON expr(E). {
    A = mu_build_join(b, K, T, L, R);
    if (A) { A->on = E; A->end = b->end; }
}
joined(A) ::= joined(L) join_kind(K) JOIN(T) source(R) USING LP names(N) RP. {
    A = mu_build_join(b, K, T, L, R);
    if (A) { A->names = N; A->end = b->end; }
}
joined(A) ::= joined(L) NATURAL join_kind(K) JOIN(T) source(R). {
    A = mu_build_join(b, K, T, L, R);
    if (A) { A->natural = true; }
}

%type join_kind {mu_ast_join_kind}
join_kind(A) ::= . { A = MU_AST_INNER; }
join_kind(A) ::= INNER. { A = MU_AST_INNER; }
join_kind(A) ::= LEFT outer. { A = MU_AST_LEFT; }
join_kind(A) ::= RIGHT outer. { A = MU_AST_RIGHT; }
join_kind(A) ::= FULL outer. { A = MU_AST_FULL; }
join_kind(A) ::= SEMI. { A = MU_AST_SEMI; }
join_kind(A) ::= ANTI. { A = MU_AST_ANTI; }

outer ::= .
outer ::= OUTER.

%type source {mu_ast_source *}
source(A) ::= name(N) alias(S). {
    A = mu_build_source(b, N.offset);
    if (A) { A->name = N; A->alias = S.name; A->columns = S.columns; }
}
source(A) ::= name(N) LP arguments(L) RP alias(S). {
    A = mu_build_source(b, N.offset);
    if (A) { A->name = N; A->called = true; A->operands = L; A->alias = S.name;
             A->columns = S.columns; }
}
source(A) ::= parens(Q) alias(S). {
    A = Q ? mu_build_source(b, Q->start) : NULL;
    if (A) { A->query = Q; A->alias = S.name; A->columns = S.columns; }
}
source(A) ::= LP(P) sources(J) RP alias(S). {
    A = J;
    if (A && S.name.text) {
        A = mu_build_named(b, P.offset, J, S.name);
        if (A) { A->columns = S.columns; }
    }
}

%type alias {mu_build_alias}
alias(A) ::= . [ENCLOSED] { A = (mu_build_alias){0}; }
alias(A) ::= name(N) column_names(C). { A = (mu_build_alias){N, C}; }
alias(A) ::= AS name(N) column_names(C). { A = (mu_build_alias){N, C}; }

%type where {mu_ast_expr *}
where(A) ::= . { A = NULL; }
where(A) ::= WHERE expr(E). { A = E; }

%type group {mu_build_groups}
group(A) ::= . { A = (mu_build_groups){0}; }
group(A) ::= GROUP BY ALL. { A = (mu_build_groups){.all = true}; }
group(A) ::= GROUP BY exprs(L). { A = (mu_build_groups){.items = L}; }

%type having {mu_ast_expr *}
having(A) ::= . { A = NULL; }
having(A) ::= HAVING expr(E). { A = E; }

%type tail {mu_build_tail}
tail(A) ::= order(O). { A = (mu_build_tail){.order = O}; }
tail(A) ::= order(O) limit(L). { A = (mu_build_tail){O, L}; }
tail(A) ::= limit(L). { A = (mu_build_tail){.limit = L}; }

%type windows {mu_ast_windows}
windows(A) ::= . { A = (mu_ast_windows){0}; }
windows(A) ::= WINDOW window_list(L). { A = L; }

%type window_list {mu_ast_windows}
window_list(A) ::= named_window(W). { A = mu_build_add_window(b, (mu_ast_windows){0}, W); }
window_list(A) ::= window_list(L) COMMA named_window(W). { A = mu_build_add_window(b, L, W); }

%type named_window {mu_ast_named_window}
named_window(A) ::= name(N) AS window(W). { A = (mu_ast_named_window){N, W}; }

/* None of its parts is an empty rule: each may begin with a keyword that is also a name. */
%type window {mu_ast_window *}
window(A) ::= LP(T) RP. { A = mu_build_finish_window(b, mu_build_window(b, T.offset)); }
window(A) ::= LP(T) name(N) RP. {
    A = mu_build_window(b, T.offset);
    if (A) { A->name = N; }
    A = mu_build_finish_window(b, A);
}
window(A) ::= LP window_parts(W) RP. { A = mu_build_finish_window(b, W); }
window(A) ::= LP name(N) window_parts(W) RP. {
    if (W) { W->name = N; }
    A = mu_build_finish_window(b, W);
}

%type window_parts {mu_ast_window *}
window_parts(A) ::= window_tail(W). { A = W; }
window_parts(A) ::= PARTITION(T) BY exprs(P). {
    A = mu_build_window(b, T.offset);
    if (A) { A->partitions = P; }
}
window_parts(A) ::= PARTITION(T) BY exprs(P) window_tail(W). {
    A = W;
    if (A) { A->partitions = P; A->offset = T.offset; }
}

%type window_tail {mu_ast_window *}
window_tail(A) ::= frame(W). { A = W; }
window_tail(A) ::= ORDER(T) BY order_items(O). {
    A = mu_build_window(b, T.offset);
    if (A) { A->orders = O; }
}
window_tail(A) ::= ORDER(T) BY order_items(O) frame(W). {
    A = W;
    if (A) { A->orders = O; A->offset = T.offset; }
}

%type frame {mu_ast_window *}
frame(A) ::= frame_unit(U) bound(F) exclusion(X). {
    A = U;
    if (A) { A->from = F; A->to.edge = MU_AST_CURRENT_ROW; A->exclusion = X; }
}
frame(A) ::= frame_unit(U) BETWEEN bound(F) AND bound(T) exclusion(X). {
    A = U;
    if (A) { A->from = F; A->to = T; A->exclusion = X; }
}

%type frame_unit {mu_ast_window *}
frame_unit(A) ::= ROWS(T). {
    A = mu_build_window(b, T.offset);
    if (A) { A->unit = MU_AST_FRAME_ROWS; }
}
frame_unit(A) ::= RANGE(T). {
    A = mu_build_window(b, T.offset);
    if (A) { A->unit = MU_AST_FRAME_RANGE; }
}
frame_unit(A) ::= GROUPS(T). {
    A = mu_build_window(b, T.offset);
    if (A) { A->unit = MU_AST_FRAME_GROUPS; }
}

%type bound {mu_ast_bound}
bound(A) ::= UNBOUNDED PRECEDING. { A = (mu_ast_bound){MU_AST_UNBOUNDED_PRECEDING, NULL}; }
bound(A) ::= UNBOUNDED FOLLOWING. { A = (mu_ast_bound){MU_AST_UNBOUNDED_FOLLOWING, NULL}; }
bound(A) ::= CURRENT ROW. { A = (mu_ast_bound){MU_AST_CURRENT_ROW, NULL}; }
bound(A) ::= expr(E) PRECEDING. { A = (mu_ast_bound){MU_AST_PRECEDING, E}; }
bound(A) ::= expr(E) FOLLOWING. { A = (mu_ast_bound){MU_AST_FOLLOWING, E}; }

%type exclusion {mu_ast_exclusion}
exclusion(A) ::= . { A = MU_AST_EXCLUDE_NOTHING; }
exclusion(A) ::= EXCLUDE NO OTHERS. { A = MU_AST_EXCLUDE_NOTHING; }
exclusion(A) ::= EXCLUDE CURRENT ROW. { A = MU_AST_EXCLUDE_ROW; }
exclusion(A) ::= EXCLUDE GROUP. { A = MU_AST_EXCLUDE_GROUP; }
exclusion(A) ::= EXCLUDE TIES. { A = MU_AST_EXCLUDE_TIES; }

%type qualify {mu_ast_expr *}
qualify(A) ::= . { A = NULL; }
qualify(A) ::= QUALIFY expr(E). { A = E; }

%type order {mu_build_orders}
order(A) ::= ORDER BY order_items(L). { A = (mu_build_orders){.items = L}; }
order(A) ::= ORDER BY ALL(T) direction(D) nulls(N). {
    A = (mu_build_orders){.all = true,
                 .items = mu_build_add_order(b, (mu_ast_orders){0},
                                             (mu_ast_order){NULL, D, N, T.offset})};
}

%type order_items {mu_ast_orders}
order_items(A) ::= order_item(O). { A = mu_build_add_order(b, (mu_ast_orders){0}, O); }
order_items(A) ::= order_items(L) COMMA order_item(O). { A = mu_build_add_order(b, L, O); }

%type order_item {mu_ast_order}
order_item(A) ::= expr(E) direction(D) nulls(N). {
    A = (mu_ast_order){E, D, N, E ? E->start : 0};
}

%type direction {bool}
direction(A) ::= . { A = false; }
direction(A) ::= ASC. { A = false; }
direction(A) ::= DESC. { A = true; }

%type nulls {mu_ast_nulls}
nulls(A) ::= . { A = MU_AST_NULLS_DEFAULT; }
nulls(A) ::= NULLS FIRST. { A = MU_AST_NULLS_FIRST; }
nulls(A) ::= NULLS LAST. { A = MU_AST_NULLS_LAST; }

%type limit {mu_build_limits}
limit(A) ::= most(L). { A = (mu_build_limits){L, NULL}; }
limit(A) ::= after(O). { A = (mu_build_limits){NULL, O}; }
limit(A) ::= most(L) after(O). { A = (mu_build_limits){L, O}; }
limit(A) ::= after(O) most(L). { A = (mu_build_limits){L, O}; }

%type most {mu_ast_expr *}
most(A) ::= LIMIT expr(L). { A = L; }
most(A) ::= LIMIT ALL. { A = NULL; }
most(A) ::= FETCH first expr(L) rows_word ONLY. { A = L; }
most(A) ::= FETCH(T) first rows_word ONLY. {
    A = mu_build_node(b, MU_AST_INTEGER, T.offset, T.offset);
    if (A) { A->text = "1"; }
}

%type after {mu_ast_expr *}
after(A) ::= OFFSET expr(O). { A = O; }
after(A) ::= OFFSET expr(O) rows_word. { A = O; }

first ::= FIRST.
first ::= NEXT.

rows_word ::= ROW.
rows_word ::= ROWS.

/* Expressions. */

%type name {mu_ast_name}
name(A) ::= ID|QUOTED(T). { A = mu_build_name(b, T); }

%type names {mu_ast_names}
names(A) ::= name(N). { A = mu_build_add_name(b, (mu_ast_names){0}, N); }
names(A) ::= names(L) COMMA name(N). { A = mu_build_add_name(b, L, N); }

%type exprs {mu_ast_items}
exprs(A) ::= expr(E). { A = mu_build_add_item(b, (mu_ast_items){0}, E, no_name); }
exprs(A) ::= exprs(L) COMMA expr(E). { A = mu_build_add_item(b, L, E, no_name); }

%type arguments {mu_ast_items}
arguments(A) ::= . { A = (mu_ast_items){0}; }
arguments(A) ::= argument_list(L). { A = L; }

%type argument_list {mu_ast_items}
argument_list(A) ::= argument(I). { A = mu_build_add_item(b, (mu_ast_items){0}, I.expr, I.name); }
argument_list(A) ::= argument_list(L) COMMA argument(I). {
    A = mu_build_add_item(b, L, I.expr, I.name);
}

%type argument {mu_ast_item}
argument(A) ::= expr(E). { A = (mu_ast_item){E, no_name}; }
argument(A) ::= name(N) ARROW expr(E). { A = (mu_ast_item){E, N}; }
argument(A) ::= WHERE(T) ARROW expr(E). { A = (mu_ast_item){E, mu_build_name(b, T)}; }

%type expr {mu_ast_expr *}
expr(A) ::= NULL(T). { A = mu_build_literal(b, MU_AST_NULL, T); }
expr(A) ::= TRUE|FALSE(T). { A = mu_build_literal(b, MU_AST_BOOLEAN, T); }
expr(A) ::= INTEGER(T). { A = mu_build_literal(b, MU_AST_INTEGER, T); }
expr(A) ::= DECIMAL(T). { A = mu_build_literal(b, MU_AST_DECIMAL, T); }
expr(A) ::= DOUBLE(T). { A = mu_build_literal(b, MU_AST_DOUBLE, T); }
expr(A) ::= STRING(T). { A = mu_build_literal(b, MU_AST_TEXT, T); }
expr(A) ::= PARAMETER(T). { A = mu_build_parameter(b, T); }
expr(A) ::= TYPED(T) STRING(S). { A = mu_build_typed(b, T, S); }
expr(A) ::= TYPED(T) STRING(S) UNIT(U). {
    A = mu_build_interval(b, T, S, mu_build_name(b, U));
}
expr(A) ::= TYPED(T) INTEGER|DECIMAL(I) name(N). { A = mu_build_interval(b, T, I, N); }
expr(A) ::= name(N). { A = mu_build_column(b, no_name, N); }
expr(A) ::= name(Q) DOT name(N). { A = mu_build_column(b, Q, N); }
expr(A) ::= LP(T) expr(E) RP. { A = mu_build_parenthesis(b, T, E); }
expr(A) ::= LB(T) RB. { A = mu_build_node(b, MU_AST_LIST, T.offset, T.offset); }
expr(A) ::= LB(T) exprs(L) RB. {
    A = mu_build_operands(b, mu_build_node(b, MU_AST_LIST, T.offset, T.offset), L);
}

/* left('abc', 2) */
expr(A) ::= LEFT|RIGHT(T) LP arguments(L) RP. {
    A = mu_build_call(b, mu_build_name(b, T), false, L, NULL);
}
expr(A) ::= name(N) LP arguments(L) RP filter(F) treatment(I) over(W). {
    A = mu_build_over(b, mu_build_call(b, N, false, L, F), I, W);
}
expr(A) ::= name(N) LP DISTINCT argument_list(L) RP filter(F) treatment(I) over(W). {
    A = mu_build_over(b, mu_build_call(b, N, true, L, F), I, W);
}
expr(A) ::= name(N) LP STAR(S) RP filter(F) treatment(I) over(W). {
    mu_ast_expr *star = mu_build_star(b, no_name, S, (mu_ast_names){0}, (mu_ast_items){0});
    A = mu_build_call(b, N, false, mu_build_add_item(b, (mu_ast_items){0}, star, no_name), F);
    A = mu_build_over(b, A, I, W);
}

%type treatment {bool}
treatment(A) ::= . { A = false; }
treatment(A) ::= IGNORE NULLS. { A = true; }
treatment(A) ::= RESPECT NULLS. { A = false; }

%type over {mu_ast_window *}
over(A) ::= . { A = NULL; }
over(A) ::= OVER window(W). { A = W; }
over(A) ::= OVER name(N). {
    A = mu_build_window(b, N.offset);
    if (A) { A->name = N; }
}

expr(A) ::= name(N) LP argument_list(L) ORDER BY order_items(O) RP filter(F) over(W). {
    mu_ast_expr *call = mu_build_ordered(b, mu_build_call(b, N, false, L, F), O, false);
    A = mu_build_over(b, call, false, W);
}
expr(A) ::= name(N) LP DISTINCT argument_list(L) ORDER BY order_items(O) RP filter(F) over(W). {
    mu_ast_expr *call = mu_build_ordered(b, mu_build_call(b, N, true, L, F), O, false);
    A = mu_build_over(b, call, false, W);
}
expr(A) ::= name(N) LP arguments(L) RP WITHIN GROUP LP ORDER BY order_items(O) RP filter(F)
            over(W). {
    mu_ast_expr *call = mu_build_ordered(b, mu_build_call(b, N, false, L, F), O, true);
    A = mu_build_over(b, call, false, W);
}

/* What standard SQL writes with words between the arguments. */
expr(A) ::= name(N) LP expr(X) FROM expr(Y) RP. {
    A = mu_build_worded(b, N, "substring trim", X, Y, NULL, NULL);
}
expr(A) ::= name(N) LP expr(X) FROM expr(Y) FOR expr(Z) RP. {
    A = mu_build_worded(b, N, "substring", X, Y, Z, NULL);
}
expr(A) ::= name(N) LP expr(X) FOR(T) expr(Z) RP. {
    A = mu_build_worded(b, N, "substring", X, mu_build_number(b, T, "1"), Z, NULL);
}
expr(A) ::= name(N) LP expr(X) PLACING expr(P) FROM expr(Y) RP. {
    A = mu_build_worded(b, N, "overlay", X, P, Y, NULL);
}
expr(A) ::= name(N) LP expr(X) PLACING expr(P) FROM expr(Y) FOR expr(Z) RP. {
    A = mu_build_worded(b, N, "overlay", X, P, Y, Z);
}
expr(A) ::= name(N) LP expr(X) IN(T) operand(Y) RP. {
    A = mu_build_worded(b, N, "position", mu_build_test(b, MU_AST_IN_LIST, T, false, X, Y), NULL,
                        NULL, NULL);
}
expr(A) ::= name(N) LP side(S) FROM expr(Y) RP. {
    A = mu_build_worded(b, mu_build_side(b, N, S), NULL, Y, NULL, NULL, NULL);
}
expr(A) ::= name(N) LP side(S) expr(X) FROM expr(Y) RP. {
    A = mu_build_worded(b, mu_build_side(b, N, S), NULL, Y, X, NULL, NULL);
}

%type side {const char *}
side(A) ::= BOTH. { A = "trim"; }
side(A) ::= LEADING. { A = "ltrim"; }
side(A) ::= TRAILING. { A = "rtrim"; }

/* What may stand after the IN of position(), where a list would begin with a parenthesis. */
%type operand {mu_ast_expr *}
operand(A) ::= STRING(T). { A = mu_build_literal(b, MU_AST_TEXT, T); }
operand(A) ::= name(N). { A = mu_build_column(b, no_name, N); }
operand(A) ::= name(Q) DOT name(N). { A = mu_build_column(b, Q, N); }
operand(A) ::= name(N) LP arguments(L) RP. { A = mu_build_call(b, N, false, L, NULL); }

%type filter {mu_ast_expr *}
filter(A) ::= . { A = NULL; }
filter(A) ::= FILTER LP WHERE expr(E) RP. { A = E; }

expr(A) ::= MINUS(T) expr(E). [UNARY] { A = mu_build_unary(b, MU_AST_UNARY, T, E); }
expr(A) ::= PLUS(T) expr(E). [UNARY] { A = mu_build_parenthesis(b, T, E); }
expr(A) ::= TILDE(T) expr(E). {
    A = mu_build_operand(b, mu_build_node(b, MU_AST_UNARY, T.offset, T.offset), E);
    if (A) { A->op = MU_AST_BIT_NOT; }
}
expr(A) ::= NOT(T) expr(E). { A = mu_build_unary(b, MU_AST_NOT, T, E); }
expr(A) ::= expr(L) OR(T) expr(R). { A = mu_build_logic(b, MU_AST_OR, T, L, R); }
expr(A) ::= expr(L) AND(T) expr(R). { A = mu_build_logic(b, MU_AST_AND, T, L, R); }
expr(A) ::= expr(L) PLUS(T) expr(R). { A = mu_build_binary(b, MU_AST_ADD, T, L, R); }
expr(A) ::= expr(L) MINUS(T) expr(R). { A = mu_build_binary(b, MU_AST_SUBTRACT, T, L, R); }
expr(A) ::= expr(L) STAR(T) expr(R). { A = mu_build_binary(b, MU_AST_MULTIPLY, T, L, R); }
expr(A) ::= expr(L) SLASH(T) expr(R). { A = mu_build_binary(b, MU_AST_DIVIDE, T, L, R); }
expr(A) ::= expr(L) PERCENT(T) expr(R). { A = mu_build_binary(b, MU_AST_REMAINDER, T, L, R); }
expr(A) ::= expr(L) AT_TIME_ZONE(T) expr(R). { A = mu_build_at_zone(b, T, L, R); }
expr(A) ::= expr(L) CONCAT(T) expr(R). { A = mu_build_binary(b, MU_AST_CONCATENATE, T, L, R); }
expr(A) ::= expr(L) AMPERSAND(T) expr(R). { A = mu_build_binary(b, MU_AST_BIT_AND, T, L, R); }
expr(A) ::= expr(L) BAR(T) expr(R). { A = mu_build_binary(b, MU_AST_BIT_OR, T, L, R); }
expr(A) ::= expr(L) SHIFT_LEFT(T) expr(R). { A = mu_build_binary(b, MU_AST_SHIFT_LEFT, T, L, R); }
expr(A) ::= expr(L) SHIFT_RIGHT(T) expr(R). { A = mu_build_binary(b, MU_AST_SHIFT_RIGHT, T, L, R); }
expr(A) ::= expr(L) TILDE(T) expr(R). { A = mu_build_binary(b, MU_AST_MATCHES, T, L, R); }
expr(A) ::= expr(L) NOT_TILDE(T) expr(R). {
    A = mu_build_binary(b, MU_AST_MATCHES, T, L, R);
    if (A) { A->negated = true; }
}
expr(A) ::= expr(L) TILDE_STAR(T) expr(R). { A = mu_build_binary(b, MU_AST_MATCHES_CASE, T, L, R); }
expr(A) ::= expr(L) NOT_TILDE_STAR(T) expr(R). {
    A = mu_build_binary(b, MU_AST_MATCHES_CASE, T, L, R);
    if (A) { A->negated = true; }
}
expr(A) ::= expr(L) EQ(T) expr(R). { A = mu_build_binary(b, MU_AST_EQ, T, L, R); }
expr(A) ::= expr(L) NE(T) expr(R). { A = mu_build_binary(b, MU_AST_NE, T, L, R); }
expr(A) ::= expr(L) LT(T) expr(R). { A = mu_build_binary(b, MU_AST_LT, T, L, R); }
expr(A) ::= expr(L) LE(T) expr(R). { A = mu_build_binary(b, MU_AST_LE, T, L, R); }
expr(A) ::= expr(L) GT(T) expr(R). { A = mu_build_binary(b, MU_AST_GT, T, L, R); }
expr(A) ::= expr(L) GE(T) expr(R). { A = mu_build_binary(b, MU_AST_GE, T, L, R); }

%type not {bool}
not(A) ::= . { A = false; }
not(A) ::= NOT. { A = true; }

expr(A) ::= expr(L) IS(T) not(N) NULL. {
    A = mu_build_test(b, MU_AST_IS_NULL, T, N, L, NULL);
}
expr(A) ::= expr(L) IS(T) not(N) TRUE|FALSE(V). {
    mu_ast_expr *value = mu_build_literal(b, MU_AST_BOOLEAN, V);
    A = mu_build_test(b, MU_AST_DISTINCT, T, !N, L, value);
}
expr(A) ::= expr(L) IS(T) not(N) UNKNOWN. {
    A = mu_build_test(b, MU_AST_IS_NULL, T, N, L, NULL);
    if (A) { A->truth = true; }
}
expr(A) ::= expr(L) IS(T) not(N) DISTINCT FROM expr(R). [IS] {
    A = mu_build_test(b, MU_AST_DISTINCT, T, N, L, R);
}
expr(A) ::= expr(L) BETWEEN(T) expr(X) AND expr(Y). [BETWEEN] {
    A = mu_build_between(b, T, false, L, X, Y);
}
expr(A) ::= expr(L) NOT BETWEEN(T) expr(X) AND expr(Y). [BETWEEN] {
    A = mu_build_between(b, T, true, L, X, Y);
}
expr(A) ::= expr(L) IN(T) LP exprs(I) RP. {
    A = mu_build_operands(b, mu_build_test(b, MU_AST_IN_LIST, T, false, L, NULL), I);
}
expr(A) ::= expr(L) NOT IN(T) LP exprs(I) RP. [IN] {
    A = mu_build_operands(b, mu_build_test(b, MU_AST_IN_LIST, T, true, L, NULL), I);
}
expr(A) ::= expr(L) IN(T) parens(Q). { A = mu_build_in_query(b, T, false, L, Q); }
expr(A) ::= expr(L) NOT IN(T) parens(Q). [IN] { A = mu_build_in_query(b, T, true, L, Q); }
expr(A) ::= parens(Q). [ENCLOSED] { A = mu_build_scalar(b, Q); }
expr(A) ::= EXISTS(T) parens(Q). { A = mu_build_subquery(b, MU_AST_EXISTS, T, Q); }

%type quantifier {mu_ast_kind}
quantifier(A) ::= ANY|SOME. { A = MU_AST_ANY; }
quantifier(A) ::= ALL. { A = MU_AST_ALL; }

expr(A) ::= expr(L) EQ(T) quantifier(K) parens(Q). {
    A = mu_build_quantified(b, MU_AST_EQ, T, K, L, Q);
}
expr(A) ::= expr(L) NE(T) quantifier(K) parens(Q). {
    A = mu_build_quantified(b, MU_AST_NE, T, K, L, Q);
}
expr(A) ::= expr(L) LT(T) quantifier(K) parens(Q). {
    A = mu_build_quantified(b, MU_AST_LT, T, K, L, Q);
}
expr(A) ::= expr(L) LE(T) quantifier(K) parens(Q). {
    A = mu_build_quantified(b, MU_AST_LE, T, K, L, Q);
}
expr(A) ::= expr(L) GT(T) quantifier(K) parens(Q). {
    A = mu_build_quantified(b, MU_AST_GT, T, K, L, Q);
}
expr(A) ::= expr(L) GE(T) quantifier(K) parens(Q). {
    A = mu_build_quantified(b, MU_AST_GE, T, K, L, Q);
}

expr(A) ::= expr(L) LIKE(T) expr(R). { A = mu_build_test(b, MU_AST_LIKE, T, false, L, R); }
expr(A) ::= expr(L) NOT LIKE(T) expr(R). [LIKE] {
    A = mu_build_test(b, MU_AST_LIKE, T, true, L, R);
}
expr(A) ::= expr(L) ILIKE(T) expr(R). {
    A = mu_build_test(b, MU_AST_LIKE, T, false, L, R);
    if (A) { A->fold_case = true; }
}
expr(A) ::= expr(L) NOT ILIKE(T) expr(R). [ILIKE] {
    A = mu_build_test(b, MU_AST_LIKE, T, true, L, R);
    if (A) { A->fold_case = true; }
}

expr(A) ::= expr(L) LIKE(T) expr(R) ESCAPE expr(X). [ESCAPE] {
    A = mu_build_operand(b, mu_build_test(b, MU_AST_LIKE, T, false, L, R), X);
}
expr(A) ::= expr(L) NOT LIKE(T) expr(R) ESCAPE expr(X). [ESCAPE] {
    A = mu_build_operand(b, mu_build_test(b, MU_AST_LIKE, T, true, L, R), X);
}
expr(A) ::= expr(L) ILIKE(T) expr(R) ESCAPE expr(X). [ESCAPE] {
    A = mu_build_operand(b, mu_build_test(b, MU_AST_LIKE, T, false, L, R), X);
    if (A) { A->fold_case = true; }
}
expr(A) ::= expr(L) NOT ILIKE(T) expr(R) ESCAPE expr(X). [ESCAPE] {
    A = mu_build_operand(b, mu_build_test(b, MU_AST_LIKE, T, true, L, R), X);
    if (A) { A->fold_case = true; }
}

expr(A) ::= CASE(T) branches(B) otherwise(E) END. { A = mu_build_case(b, T, NULL, B, E); }
expr(A) ::= CASE(T) expr(O) branches(B) otherwise(E) END. { A = mu_build_case(b, T, O, B, E); }

%type branches {mu_ast_items}
branches(A) ::= WHEN expr(W) THEN expr(V). {
    A = mu_build_add_item(b, (mu_ast_items){0}, W, no_name);
    A = mu_build_add_item(b, A, V, no_name);
}
branches(A) ::= branches(L) WHEN expr(W) THEN expr(V). {
    A = mu_build_add_item(b, L, W, no_name);
    A = mu_build_add_item(b, A, V, no_name);
}

%type otherwise {mu_ast_expr *}
otherwise(A) ::= . { A = NULL; }
otherwise(A) ::= ELSE expr(E). { A = E; }

expr(A) ::= CAST(C) LP expr(E) AS type(T) RP. {
    A = mu_build_cast(b, C.offset, C.offset, E, T);
}
expr(A) ::= TRY_CAST(C) LP expr(E) AS type(T) RP. {
    A = mu_build_cast(b, C.offset, C.offset, E, T);
    if (A) { A->attempt = true; }
}
expr(A) ::= EXTRACT(T) LP name(N) FROM expr(E) RP. { A = mu_build_extract(b, T, N, E); }
expr(A) ::= expr(E) COLONS(C) type(T). { A = mu_build_cast(b, E ? E->start : 0, C.offset, E, T); }

%code {
/*
 * Would the parser take this token now? It walks the tables as the parser would, on states of
 * its own in place of the part of the stack that would be replaced. With `itself` a keyword
 * counts only as a keyword, not as the name it may also be.
 */
static YYACTIONTYPE action_of(YYACTIONTYPE state, YYCODETYPE token, bool itself)
{
    if (state > YY_MAX_SHIFT) {
        return state;
    }
    if (!itself) {
        return yy_find_shift_action(token, state);
    }
    const int i = yy_shift_ofst[state] + token;
    return yy_lookahead[i] == token ? yy_action[i] : yy_default[state];
}

bool mu_grammar_accepts(const void *parser, int token, bool itself)
{
    const yyParser *p = parser;
    const yyStackEntry *below = p->yytos; /* the part of the stack that is as it is */
    YYACTIONTYPE above[64];               /* and the states on top of it */
    int height = 0;
    YYACTIONTYPE state = p->yytos->stateno;

    for (;;) {
        const YYACTIONTYPE action = action_of(state, (YYCODETYPE)token, itself);
        if (action < YY_MIN_REDUCE) {
            return action <= YY_MAX_SHIFTREDUCE || action == YY_ACCEPT_ACTION;
        }
        const int rule = action - YY_MIN_REDUCE;
        int size = -yyRuleInfoNRhs[rule];
        const int from_above = size < height ? size : height;
        height -= from_above;
        below -= size - from_above;
        state = yy_find_reduce_action(height > 0 ? above[height - 1] : below->stateno,
                                      (YYCODETYPE)yyRuleInfoLhs[rule]);
        assert(height < (int)(sizeof above / sizeof above[0]));
        above[height++] = state;
    }
}
}
