/*
 * shrink.c - see shrink.h.
 *
 * Every place of the tree is visited, and for each something smaller is put there: nothing, where
 * there may be nothing; a part of what stood there, of the same type; a constant. What comes of it
 * is kept if the engines still differ in the same way, so nothing here needs to know what makes
 * sense. It must only not make an answer depend on chance: what orders rows is left alone.
 */
#include "tests/diff/shrink.h"

#include <string.h>

enum {
    TRIALS_MOST = 4000,
    RELOADS_MOST = 150,
    PARTS_MOST = 64
};

typedef struct shrinker {
    diff_session *session;
    mu_arena *arena;
    diff_node *root; /* its only child is the tree */
    diff_finding *wanted;
    int trials, reloads;
    bool smaller; /* something was, since the last look */
} shrinker;

static diff_rule rule_of(const diff_finding *finding)
{
    int rule = 0;

    while (strcmp(finding->property, diff_rule_name((diff_rule)rule)) != 0) {
        rule++;
    }
    return (diff_rule)rule;
}

static bool differs(shrinker *s)
{
    diff_finding found;

    if (++s->trials > TRIALS_MOST) {
        return false;
    }
    if (s->wanted->property) {
        return !diff_rule_holds(s->session, s->wanted->one, rule_of(s->wanted), s->root->child[0],
                                &found);
    }
    if (diff_session_agree(s->session, s->root->child[0], &found) || found.one != s->wanted->one ||
        found.other != s->wanted->other || (found.row < 0) != (s->wanted->row < 0) ||
        strcmp(found.message, s->wanted->message) != 0) {
        return false;
    }
    s->wanted->row = found.row;
    return true;
}

/* Puts `with` there if the engines still differ then. */
static bool put(shrinker *s, diff_node **place, diff_node *with)
{
    diff_node *before = *place;

    *place = with;
    if (!differs(s)) {
        *place = before;
        return false;
    }
    s->smaller = true;
    return true;
}

static bool may_be_missing(const diff_node *parent, int at)
{
    switch ((int)parent->kind) {
    case NODE_SELECT:
        return at != SELECT_ITEMS && (at != SELECT_ORDER || (!parent->child[SELECT_LIMIT] &&
                                                             !parent->child[SELECT_OFFSET]));
    case NODE_SETOP:
        return at == SETOP_LIMIT || (at == SETOP_ORDER && !parent->child[SETOP_LIMIT]);
    case NODE_AGGREGATE:
        return at == parent->count - 1;
    case NODE_UPDATE:
        return at == 1;
    case NODE_DELETE:
        return true;
    default:
        return false;
    }
}

static bool needs_order(const diff_node *window)
{
    return window->child[WINDOW_CALL]->op->use == USE_POSITION ||
           (window->text && strncmp(window->text, "ROWS", 4) == 0);
}

/* The places whose nodes order rows. */
static bool orders(const diff_node *parent, int at)
{
    return (parent->kind == NODE_SELECT && at == SELECT_ORDER) ||
           (parent->kind == NODE_SETOP && at == SETOP_ORDER) ||
           (parent->kind == NODE_WINDOW && at == WINDOW_ORDER && needs_order(parent));
}

static bool same_class(const diff_node *a, const diff_node *b)
{
    return (diff_is_expression(a) && diff_is_expression(b) && a->type == b->type &&
            a->scale == b->scale && !b->inexact) ||
           (diff_is_query(a) && diff_is_query(b)) || (diff_is_source(a) && diff_is_source(b));
}

/* The parts of a node that could stand in its place, the outer ones first. */
static int collect(const diff_node *of, diff_node *node, diff_node **parts, int count)
{
    for (int i = 0; i < node->count; i++) {
        diff_node *child = node->child[i];
        if (child && count < PARTS_MOST && same_class(of, child)) {
            parts[count++] = child;
        }
    }
    for (int i = 0; i < node->count; i++) {
        if (node->child[i]) {
            count = collect(of, node->child[i], parts, count);
        }
    }
    return count;
}

static diff_node *constant_like(shrinker *s, const diff_node *node)
{
    static const char *const values[] = {
        "true", "1", "1.00", "1.000", "a", "2024-01-01", "2024-01-01 00:00:00"};
    diff_node *literal = diff_node_new(s->arena, NODE_LITERAL, 0);

    literal->type = node->type;
    literal->scale = node->scale;
    literal->text = values[node->type];
    return literal;
}

/* GROUP BY ALL: what is a key and what is not depends on the items, and engines differ about
 * constants. */
static bool has_all(const shrinker *s)
{
    return (diff_features_in(s->root->child[0]) & diff_bit(DIFF_GROUP_ALL)) != 0;
}

static void shrink_place(shrinker *s, diff_node *parent, int at)
{
    diff_node **place = &parent->child[at], *parts[PARTS_MOST];

    if (may_be_missing(parent, at) && put(s, place, NULL)) {
        return;
    }
    for (bool again = true; again;) {
        const int count = collect(*place, *place, parts, 0);
        again = false;
        for (int i = 0; i < count && !again; i++) {
            again = put(s, place, parts[i]);
        }
    }
    if (diff_is_expression(*place) && (*place)->count > 0 && parent->kind != NODE_KEY &&
        (parent->kind != NODE_ITEM || !has_all(s))) {
        (void)put(s, place, constant_like(s, *place));
    }
}

static void shrink_list(shrinker *s, diff_node *list)
{
    for (int i = list->count; i-- > 0 && list->count > 1;) {
        diff_node *out = list->child[i];
        memmove(&list->child[i], &list->child[i + 1], (size_t)(list->count - i - 1) * sizeof out);
        list->count--;
        if (differs(s)) {
            s->smaller = true;
            continue;
        }
        memmove(&list->child[i + 1], &list->child[i], (size_t)(list->count - i) * sizeof out);
        list->child[i] = out;
        list->count++;
    }
}

static void shrink_flags(shrinker *s, diff_node *node)
{
    const unsigned flags = node->flags;
    const char *text = node->text;

    if (flags && (node->kind == NODE_SELECT || node->kind == NODE_KEY ||
                  node->kind == NODE_EXISTS || node->kind == NODE_IN_QUERY)) {
        node->flags = 0;
        if (differs(s)) {
            s->smaller = true;
        } else {
            node->flags = flags;
        }
    }
    if (text && node->kind == NODE_WINDOW) {
        node->text = NULL;
        if (differs(s)) {
            s->smaller = true;
        } else {
            node->text = text;
        }
    }
}

static void shrink_node(shrinker *s, diff_node *node)
{
    shrink_flags(s, node);
    if (node->kind == NODE_LIST) {
        shrink_list(s, node);
    }
    for (int i = 0; i < node->count; i++) {
        if (!node->child[i] || node->kind == NODE_STAR) {
            continue;
        }
        if (!orders(node, i)) {
            if (node->kind != NODE_WINDOW || i != WINDOW_CALL) { /* nothing else has OVER */
                shrink_place(s, node, i);
            }
            if (node->child[i]) {
                shrink_node(s, node->child[i]);
            }
        } else if (may_be_missing(node, i)) {
            (void)put(s, &node->child[i], NULL);
        }
    }
}

/* Statements and rows. */

static bool still(shrinker *s)
{
    return ++s->reloads <= RELOADS_MOST && diff_session_load(s->session) && differs(s);
}

static void shrink_statements(shrinker *s)
{
    diff_session *session = s->session;

    for (int i = session->statement_count; i-- > 0;) {
        diff_node *out = session->statements[i];
        const size_t behind = (size_t)(session->statement_count - i - 1) * sizeof out;
        memmove(&session->statements[i], &session->statements[i + 1], behind);
        session->statement_count--;
        if (!still(s)) {
            memmove(&session->statements[i + 1], &session->statements[i], behind);
            session->statements[i] = out;
            session->statement_count++;
        }
    }
}

/* Takes out as many rows at once as it can, then fewer. */
static void shrink_rows(shrinker *s, diff_relation *relation)
{
    for (int size = relation->row_count; size > 0; size /= 2) {
        for (int at = 0; at + size <= relation->row_count;) {
            const char ***before = relation->rows;
            const int count = relation->row_count;
            relation->rows = MU_NEW_ARRAY(s->arena, const char **, (size_t)count);
            memcpy(relation->rows, before, (size_t)at * sizeof *before);
            memcpy(relation->rows + at, before + at + size,
                   (size_t)(count - at - size) * sizeof *before);
            relation->row_count -= size;
            if (!still(s)) {
                relation->rows = before;
                relation->row_count = count;
                at += size;
            }
        }
    }
}

void diff_shrink(diff_session *session, mu_arena *arena, diff_node **tree, diff_finding *finding)
{
    const diff_counts counts = session->counts;
    shrinker s = {.session = session, .arena = arena, .wanted = finding};
    diff_finding last;

    s.root = diff_node_new(arena, NODE_LIST, 1);
    s.root->child[0] = diff_clone(arena, *tree);
    do {
        s.smaller = false;
        shrink_node(&s, s.root);
    } while (s.smaller && s.trials < TRIALS_MOST);
    shrink_statements(&s);
    for (int i = 0; i < session->catalog->base; i++) {
        s.trials = 0;
        shrink_rows(&s, session->catalog->relations[i]);
    }
    if (diff_session_load(session) && !finding->property) {
        (void)diff_session_agree(session, s.root->child[0], &last);
    }
    *tree = s.root->child[0];
    session->counts = counts;
}
