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

/* WHERE and its like, while a query is read. */
typedef struct limits {
    mu_ast_expr *limit, *offset;
} limits;

typedef struct groups {
    bool all;
    mu_ast_items items;
} groups;

typedef struct orders {
    bool all;
    mu_ast_orders items;
} orders;

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

%fallback ID ADD ALL ALTER ASC AUDIENCE AUDIENCES BACKUP BY CHECKPOINT COLUMN COMPACT COPY CUSTOMER
  DELETE DESC DESCRIBE DROP EVENT EXCLUDE EXISTS EXPLAIN FILTER FIRST IF INDEXED INSERT LAST NULLS
  PARTITION PRECISION REFRESH RENAME REPLACE SET SHOW STDIN STDOUT TABLE TABLES TAG TAGS TIME TO
  UNIT UPDATE VALUES VERSION.

%token EXCEPT INTERSECT JOIN ON OVER UNION USING SEMI.

%left OR.
%left AND.
%right NOT.
%nonassoc IS.
%nonassoc EQ NE LT LE GT GE.
%nonassoc BETWEEN IN LIKE ILIKE.
%left CONCAT.
%left PLUS MINUS.
%left STAR SLASH PERCENT.
%left AT_TIME_ZONE.
%right UNARY.
%left COLONS.

input ::= statement.

/* Statements. */

statement ::= select(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_SELECT);
    if (s) { s->query = Q; }
}
statement ::= EXPLAIN select(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_EXPLAIN);
    if (s) { s->query = Q; }
}
statement ::= CREATE TABLE unless(U) name(N) LP columns(C) RP partition(P). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_CREATE_TABLE);
    if (s) { s->if_exists = U; s->name = N; s->columns = C; s->partition = P; }
}
statement ::= CREATE TABLE unless(U) name(N) FROM STRING(F) file_columns(C) partition(P). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_CREATE_TABLE);
    if (s) { s->if_exists = U; s->name = N; s->columns = C; s->partition = P;
             s->path = mu_build_name(b, F); }
}
statement ::= CREATE TABLE unless(U) name(N) FROM STRING(F) file_columns(C) WITH options(O)
              partition(P). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_CREATE_TABLE);
    if (s) { s->if_exists = U; s->name = N; s->columns = C; s->partition = P;
             s->path = mu_build_name(b, F); s->options = O; }
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
statement ::= COPY LP select(Q) RP TO to_place(F) with_options(O). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_COPY_TO);
    if (s) { s->query = Q; s->path = F; s->options = O; }
}
statement ::= COPY name(N) TO to_place(F) with_options(O). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_COPY_TO);
    if (s) { s->name = N; s->path = F; s->options = O; }
}
statement ::= INSERT INTO name(N) column_names(C) VALUES rows(R). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_INSERT);
    if (s) { s->name = N; s->names = C; s->rows = R; }
}
statement ::= CREATE TAG unless(U) name(N) AS select(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_CREATE_TAG);
    if (s) { s->if_exists = U; s->name = N; s->query = Q; }
}
statement ::= CREATE OR REPLACE TAG name(N) AS select(Q). {
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
statement ::= CREATE AUDIENCE unless(U) name(N) AS select(Q). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_CREATE_AUDIENCE);
    if (s) { s->if_exists = U; s->name = N; s->query = Q; }
}
statement ::= CREATE OR REPLACE AUDIENCE name(N) AS select(Q). {
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
statement ::= DESCRIBE name(N). {
    mu_ast_statement *s = mu_build_statement(b, MU_AST_DESCRIBE);
    if (s) { s->name = N; }
}
statement ::= DESCRIBE select(Q). {
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

set_to ::= EQ.
set_to ::= TO.

%type setting {mu_ast_name}
setting(A) ::= name(N). { A = N; }
setting(A) ::= ON(T). { A = mu_build_name(b, T); }
setting(A) ::= TRUE(T). { A = mu_build_name(b, T); }
setting(A) ::= FALSE(T). { A = mu_build_name(b, T); }
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
column(A) ::= name(N) type(T). { A = (mu_ast_column){N, T, 0}; }
column(A) ::= name(N) type(T) roles(R). { A = (mu_ast_column){N, T, R}; }

%type file_columns {mu_ast_columns}
file_columns(A) ::= . { A = (mu_ast_columns){0}; }
file_columns(A) ::= LP file_column_list(L) RP. { A = L; }

%type file_column_list {mu_ast_columns}
file_column_list(A) ::= file_column(C). { A = mu_build_add_column(b, (mu_ast_columns){0}, C); }
file_column_list(A) ::= file_column_list(L) COMMA file_column(C). {
    A = mu_build_add_column(b, L, C);
}

%type file_column {mu_ast_column}
file_column(A) ::= column(C). { A = C; }
file_column(A) ::= name(N) roles(R). { A = (mu_ast_column){N, {{0}, 0, {0}}, R}; }

%type roles {unsigned}
roles(A) ::= role(R). { A = R; }
roles(A) ::= roles(L) role(R). { A = L | R; }

%type role {unsigned}
role(A) ::= CUSTOMER. { A = MU_AST_ROLE_CUSTOMER; }
role(A) ::= TIME. { A = MU_AST_ROLE_TIME; }
role(A) ::= EVENT. { A = MU_AST_ROLE_EVENT; }
role(A) ::= INDEXED. { A = MU_AST_ROLE_INDEXED; }

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
type_name(A) ::= name(N) PRECISION. { A = mu_build_precision(b, N); }

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
select(A) ::= query(Q). { A = mu_build_finish_select(b, Q); }
select(A) ::= WITH(W) commons(C) query(Q). {
    if (Q) { Q->commons = C; Q->start = W.offset; }
    A = mu_build_finish_select(b, Q);
}

%type commons {mu_ast_commons}
commons(A) ::= common(C). { A = mu_build_add_common(b, (mu_ast_commons){0}, C); }
commons(A) ::= commons(L) COMMA common(C). { A = mu_build_add_common(b, L, C); }

%type common {mu_ast_common}
common(A) ::= name(N) AS LP select(Q) RP. { A = (mu_ast_common){N, Q}; }

%type query {mu_ast_select *}
query(A) ::= head(Q) where(W) group(G) having(H) order(O) limit(L). {
    A = Q;
    if (A) {
        A->where = W;
        A->group_all = G.all;
        A->groups = G.items;
        A->having = H;
        A->order_all = O.all;
        A->orders = O.items;
        A->limit = L.limit;
        A->offset = L.offset;
    }
}

%type head {mu_ast_select *}
head(A) ::= SELECT(S) distinct(D) items(I). {
    A = mu_build_select(b, S.offset);
    if (A) { A->distinct = D; A->items = I; }
}
head(A) ::= SELECT(S) distinct(D) items(I) FROM source(F). {
    A = mu_build_select(b, S.offset);
    if (A) { A->distinct = D; A->items = I; A->from = F; }
}
head(A) ::= FROM(S) source(F). {
    A = mu_build_select(b, S.offset);
    if (A) { A->from = F; }
}
head(A) ::= FROM(S) source(F) SELECT distinct(D) items(I). {
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
item(A) ::= STAR(S) exclude(X). {
    A = (mu_ast_item){mu_build_star(b, no_name, S, X), no_name};
}
item(A) ::= name(N) DOT STAR(S) exclude(X). {
    A = (mu_ast_item){mu_build_star(b, N, S, X), no_name};
}

%type exclude {mu_ast_names}
exclude(A) ::= . { A = (mu_ast_names){0}; }
exclude(A) ::= EXCLUDE LP names(L) RP. { A = L; }
exclude(A) ::= EXCLUDE name(N). { A = mu_build_add_name(b, (mu_ast_names){0}, N); }

%type source {mu_ast_source *}
source(A) ::= name(N) alias(S). {
    A = mu_build_source(b, N.offset);
    if (A) { A->name = N; A->alias = S; }
}
source(A) ::= name(N) LP arguments(L) RP alias(S). {
    A = mu_build_source(b, N.offset);
    if (A) { A->name = N; A->called = true; A->operands = L; A->alias = S; }
}
source(A) ::= LP(P) select(Q) RP alias(S). {
    A = mu_build_source(b, P.offset);
    if (A) { A->query = Q; A->alias = S; }
}

%type alias {mu_ast_name}
alias(A) ::= . { A = no_name; }
alias(A) ::= name(N). { A = N; }
alias(A) ::= AS name(N). { A = N; }

%type where {mu_ast_expr *}
where(A) ::= . { A = NULL; }
where(A) ::= WHERE expr(E). { A = E; }

%type group {groups}
group(A) ::= . { A = (groups){0}; }
group(A) ::= GROUP BY ALL. { A = (groups){.all = true}; }
group(A) ::= GROUP BY exprs(L). { A = (groups){.items = L}; }

%type having {mu_ast_expr *}
having(A) ::= . { A = NULL; }
having(A) ::= HAVING expr(E). { A = E; }

%type order {orders}
order(A) ::= . { A = (orders){0}; }
order(A) ::= ORDER BY order_items(L). { A = (orders){.items = L}; }
order(A) ::= ORDER BY ALL(T) direction(D) nulls(N). {
    A = (orders){.all = true,
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

%type limit {limits}
limit(A) ::= . { A = (limits){0}; }
limit(A) ::= LIMIT expr(L). { A = (limits){L, NULL}; }
limit(A) ::= OFFSET expr(O). { A = (limits){NULL, O}; }
limit(A) ::= LIMIT expr(L) OFFSET expr(O). { A = (limits){L, O}; }
limit(A) ::= OFFSET expr(O) LIMIT expr(L). { A = (limits){L, O}; }

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

expr(A) ::= name(N) LP arguments(L) RP filter(F). { A = mu_build_call(b, N, false, L, F); }
expr(A) ::= name(N) LP DISTINCT argument_list(L) RP filter(F). {
    A = mu_build_call(b, N, true, L, F);
}
expr(A) ::= name(N) LP STAR(S) RP filter(F). {
    mu_ast_expr *star = mu_build_star(b, no_name, S, (mu_ast_names){0});
    A = mu_build_call(b, N, false, mu_build_add_item(b, (mu_ast_items){0}, star, no_name), F);
}

%type filter {mu_ast_expr *}
filter(A) ::= . { A = NULL; }
filter(A) ::= FILTER LP WHERE expr(E) RP. { A = E; }

expr(A) ::= MINUS(T) expr(E). [UNARY] { A = mu_build_unary(b, MU_AST_UNARY, T, E); }
expr(A) ::= PLUS(T) expr(E). [UNARY] { A = mu_build_parenthesis(b, T, E); }
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
expr(A) ::= expr(L) IN(T) LP select(Q) RP. { A = mu_build_in_query(b, T, false, L, Q); }
expr(A) ::= expr(L) NOT IN(T) LP select(Q) RP. [IN] { A = mu_build_in_query(b, T, true, L, Q); }
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
