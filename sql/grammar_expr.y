/*
 * grammar_expr.y - expressions: a part of grammar.y; and what the parser is asked about tokens.
 */

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
argument(A) ::= ORDER(T) ARROW expr(E). { A = (mu_ast_item){E, mu_build_name(b, T)}; }
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
expr(A) ::= TYPED(T) PARAMETER(P) name(N). { A = mu_build_intervals(b, T, P, N); }
expr(A) ::= name(N). { A = mu_build_column(b, no_name, N); }
expr(A) ::= name(Q) DOT name(N). { A = mu_build_column(b, Q, N); }
expr(A) ::= LP(T) expr(E) RP. { A = mu_build_parenthesis(b, T, E); }
expr(A) ::= LP(T) expr(E) COMMA exprs(L) RP. {
    A = mu_build_operand(b, mu_build_node(b, MU_AST_ROW, T.offset, T.offset), E);
    A = mu_build_operands(b, A, L);
}
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
expr(A) ::= expr(L) CARET(T) expr(R). { A = mu_build_binary(b, MU_AST_BIT_XOR, T, L, R); }
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
