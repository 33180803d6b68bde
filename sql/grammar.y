/*
 * grammar.y - the language, for lemon: words, and statements. docs/sql.md describes it; build.c and
 * build_query.c make the nodes. The build puts grammar_query.y (queries) and grammar_expr.y
 * (expressions) behind this file.
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

%fallback ID ADD ALL ALTER ANALYZE ANY ASC AUDIENCE AUDIENCES BACKUP BEGIN BOTH BY CHECKPOINT
  COLUMN COMMIT COMPACT CONFLICT COPY CURRENT CUSTOMER DEFAULT DELETE DESC DESCRIBE DO DROP ESCAPE
  EVENT EXCLUDE EXISTS EXPLAIN FILTER FIRST FOLLOWING FOR GROUPS IF IGNORE INDEXED INSERT KEY LAST
  LATERAL LEADING NEXT NO NOTHING NULLS ONLY OTHERS OUTER PARTITION PIVOT PLACING PRECEDING
  PRECISION PRIMARY RANGE RECURSIVE REFRESH RENAME REPLACE RESET RESPECT ROLLBACK ROW ROWS SET
  SHOW SOME STDIN STDOUT SUMMARIZE TABLE TABLES TAG TAGS TEMP TEMPORARY TIES TIME TO TRAILING
  TRUNCATE UNBOUNDED UNIT UNKNOWN UNPIVOT UPDATE VALUES VARYING VERSION VIEW WITHIN WITHOUT.

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
%left CONCAT AMPERSAND BAR CARET SHIFT_LEFT SHIFT_RIGHT TILDE NOT_TILDE TILDE_STAR NOT_TILDE_STAR.
%left PLUS MINUS.
%left STAR SLASH PERCENT.
%left AT_TIME_ZONE.
%right UNARY.
%left COLONS.

input ::= statement.
input ::= EXPLAIN statement. { mu_build_explain(b, false); }
input ::= EXPLAIN ANALYZE statement. { mu_build_explain(b, true); }

/* Statements. */

statement ::= whole(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_SELECT);
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
statement ::= DROP TABLE if_there(U) names(L). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DROP_TABLE);
    if (s) { s->if_exists = U; s->names = L; }
}
statement ::= ALTER TABLE name(N) ADD column_word unless(U) column(C). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_ADD_COLUMN);
    if (s) { s->name = N; s->if_exists = U;
             s->columns = mu_build_add_column(b, (mu_ast_columns){0}, C); }
}
statement ::= ALTER TABLE name(N) DROP column_word if_there(U) name(C). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DROP_COLUMN);
    if (s) { s->name = N; s->if_exists = U;
             s->names = mu_build_add_name(b, (mu_ast_names){0}, C); }
}
statement ::= ALTER TABLE name(N) RENAME column_word name(C) TO name(M). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_RENAME_COLUMN);
    if (s) { s->name = N;
             s->names = mu_build_add_name(b, mu_build_add_name(b, (mu_ast_names){0}, C), M); }
}
statement ::= ALTER TABLE name(N) RENAME TO name(M). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_RENAME_TABLE);
    if (s) { s->name = N; s->names = mu_build_add_name(b, (mu_ast_names){0}, M); }
}
statement ::= update(S) assignments(L) where(W). {
    if (S) { S->items = L; S->where = W; }
}
statement ::= update(S) assignments(L) FROM sources(F) where(W). {
    if (S) { S->items = L; S->from = F; S->where = W; }
}
statement ::= DELETE FROM name(N) where(W). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DELETE);
    if (s) { s->name = N; s->where = W; }
}
statement ::= DELETE FROM name(N) as name(M) where(W). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DELETE);
    if (s) { s->name = N; s->alias = M; s->where = W; }
}
statement ::= TRUNCATE table name(N). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DELETE);
    if (s) { s->name = N; }
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
statement ::= insert.
statement ::= insert(S) ON CONFLICT conflict_key(K) DO NOTHING. {
    if (S) { S->conflict = MU_AST_CONFLICT_NOTHING; S->conflict_key = K; }
}
statement ::= insert(S) ON CONFLICT conflict_key(K) DO UPDATE SET assignments(L) where(W). {
    if (S) { S->conflict = MU_AST_CONFLICT_UPDATE; S->conflict_key = K; S->items = L;
             S->where = W; }
}

/* SET stands here, and not in the rules above, or it would be taken for the alias. */
%type update {mu_ast_statement *}
update(A) ::= UPDATE name(N) SET. {
    A = mu_build_statement(b, MU_AST_UPDATE);
    if (A) { A->name = N; }
}
update(A) ::= UPDATE name(N) as name(M) SET. {
    A = mu_build_statement(b, MU_AST_UPDATE);
    if (A) { A->name = N; A->alias = M; }
}

as ::= .
as ::= AS.

%type insert {mu_ast_statement *}
insert(A) ::= INSERT INTO name(N) whole(Q). {
    A = mu_build_statement(b, MU_AST_INSERT);
    if (A) { A->name = N; mu_build_insert(A, Q); }
}
insert(A) ::= INSERT INTO name(N) LP names(C) RP whole(Q). {
    A = mu_build_statement(b, MU_AST_INSERT);
    if (A) { A->name = N; A->names = C; mu_build_insert(A, Q); }
}
insert(A) ::= INSERT INTO name(N) DEFAULT VALUES. {
    A = mu_build_statement(b, MU_AST_INSERT);
    if (A) { A->name = N; A->rows = mu_build_add_row(b, (mu_ast_rows){0}, (mu_ast_items){0}); }
}

%type conflict_key {mu_ast_names}
conflict_key(A) ::= . { A = (mu_ast_names){0}; }
conflict_key(A) ::= LP names(K) RP. { A = K; }

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
statement ::= DROP VIEW if_there(U) names(L). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DROP_VIEW);
    if (s) { s->if_exists = U; s->names = L; }
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
statement ::= DESCRIBE|DESC name(N). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DESCRIBE);
    if (s) { s->name = N; }
}
statement ::= DESCRIBE|DESC whole(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DESCRIBE);
    if (s) { s->query = Q; }
}
statement ::= DESCRIBE|DESC STRING(F) with_options(O). {
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
statement ::= SET name(N) set_to PARAMETER(P). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_SET);
    if (s) { s->name = N; s->value = mu_build_parameter(b, P); }
}
statement ::= SET TIME_ZONE(T) PARAMETER(P). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_SET);
    if (s) { s->name = (mu_ast_name){"time_zone", T.offset}; s->value = mu_build_parameter(b, P); }
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

table ::= .
table ::= TABLE.

column_word ::= .
column_word ::= COLUMN.

statement ::= pivot name. { mu_build_statement(b, MU_AST_SELECT); }
pivot ::= PIVOT|UNPIVOT(T). {
    mu_build_refuse(b, T, "there is no PIVOT: write a column for each value, as in sum(x) FILTER "
                          "(WHERE kind = 'a') AS a");
}
create_table(A) ::= create_temporary TABLE name. {
    A = mu_build_statement(b, MU_AST_CREATE_TABLE);
}
create_temporary ::= CREATE TEMP|TEMPORARY(T). {
    mu_build_refuse(b, T, "there are no temporary tables: a query can have parts of its own in "
                          "WITH, and CREATE TABLE makes one that DROP TABLE removes");
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
version(A) ::= VERSION PARAMETER(T). { A = mu_build_parameter(b, T); }

%type partition {mu_ast_name}
partition(A) ::= . { A = no_name; }
partition(A) ::= PARTITION BY name(N). { A = N; }

%type columns {mu_ast_columns}
columns(A) ::= column(C). { A = mu_build_add_column(b, (mu_ast_columns){0}, C); }
columns(A) ::= columns(L) COMMA column(C). { A = mu_build_add_column(b, L, C); }
columns(A) ::= PRIMARY(T) KEY LP names(K) RP. {
    A = mu_build_key(b, (mu_ast_columns){0}, T, K);
}
columns(A) ::= columns(L) COMMA PRIMARY(T) KEY LP names(K) RP. { A = mu_build_key(b, L, T, K); }

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
role(A) ::= NULL. { A = (mu_ast_column){0}; }
role(A) ::= DEFAULT preset(E). { A = (mu_ast_column){.preset = E}; }
role(A) ::= PRIMARY KEY. { A = (mu_ast_column){.roles = MU_AST_KEY}; }

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
