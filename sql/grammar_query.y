/*
 * grammar_query.y - queries: a part of grammar.y.
 */

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
    if (A) { A->distinct = D.all; A->distinct_on = D.on; A->items = I; }
}
head(A) ::= SELECT(S) distinct(D) items(I) FROM sources(F). {
    A = mu_build_select(b, S.offset);
    if (A) { A->distinct = D.all; A->distinct_on = D.on; A->items = I; A->from = F; }
}
head(A) ::= FROM(S) sources(F). {
    A = mu_build_select(b, S.offset);
    if (A) { A->from = F; }
}
head(A) ::= FROM(S) sources(F) SELECT distinct(D) items(I). {
    A = mu_build_select(b, S.offset);
    if (A) { A->distinct = D.all; A->distinct_on = D.on; A->items = I; A->from = F; }
}

%type distinct {mu_build_distinct}
distinct(A) ::= . { A = (mu_build_distinct){0}; }
distinct(A) ::= DISTINCT. { A = (mu_build_distinct){.all = true}; }
distinct(A) ::= DISTINCT ON LP exprs(L) RP. { A = (mu_build_distinct){.on = L}; }

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
source(A) ::= lateral parens(Q) alias. { A = Q ? mu_build_source(b, Q->start) : NULL; }
source(A) ::= LP(P) sources(J) RP alias(S). {
    A = J;
    if (A && S.name.text) {
        A = mu_build_named(b, P.offset, J, S.name);
        if (A) { A->columns = S.columns; }
    }
}

lateral ::= LATERAL(T). {
    mu_build_refuse(b, T, "there is no LATERAL: a query in FROM sees nothing of those beside it; "
                          "join with what it has in common, or make it a subquery that stands for "
                          "a value");
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
