/*
 * lookalike.c - who is most like an audience: naive Bayes over what people have.
 *
 * A value that `a` of the A people in the audience have, and `o` of the O outside, weighs
 *
 *     ln(((a + 1) / (A + 2)) / ((o + 1) / (O + 2)))
 *
 * which is the ratio of its shares, smoothed as if one more person on each side had it and one had
 * it not. A customer's score is the sum of the weights of the values that he has, always in the
 * order of the dimensions, so that it has the same bits whatever the threads do. What nobody knows
 * of him counts as nothing.
 *
 * A first pass counts, a second gives the scores, a stripe at a time. Each thread keeps the best,
 * and all who are as good as the last of them, whom the query above puts in order.
 */
#include "query/portrait.h"

#include "query/func.h"
#include "storage/base/mem.h"

#include <math.h>
#include <string.h>

typedef struct candidate {
    double score;
    uint32_t ordinal;
} candidate;

typedef struct candidates {
    candidate *list;
    size_t count, capacity;
    size_t kept;  /* how many were left the last time that others were thrown away */
    double worst; /* of them; no one who is worse than that need be added */
} candidates;

/* One thread's. */
typedef struct scorer {
    bool open;
    mu_trait_reader *reader;
    mu_set_runner *asked;
    double *scores; /* of the stripe */
    uint64_t bits[MU_STRIPE_WORDS];
    candidates best;
} scorer;

typedef struct scoring {
    mu_exec *exec;
    const mu_behaviour_plan *plan;
    const mu_traits *traits;
    uint64_t size;
    double **weights; /* by dimension and code */
    scorer *scorers;
} scoring;

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "running lookalike()");
}

static muster_status weigh(scoring *s, muster_error *err)
{
    const mu_traits *traits = s->traits;
    const double in = (double)traits->totals[0] + 2, out = (double)traits->totals[1] + 2;

    s->weights = mu_mem_zalloc_array(traits->count, sizeof *s->weights);
    if (!s->weights) {
        return fail_memory(err);
    }
    for (uint32_t d = 0; d < traits->count; d++) {
        const mu_trait_dimension *dimension = &traits->dimensions[d];
        s->weights[d] = mu_mem_alloc_array((size_t)dimension->count + 1, sizeof **s->weights);
        if (!s->weights[d]) {
            return fail_memory(err);
        }
        for (uint32_t code = 0; code < dimension->count; code++) {
            if (mu_stopped_at(code)) {
                return fail_memory(err);
            }
            const double inside = (double)dimension->counts[code][0] + 1;
            const double outside = (double)dimension->counts[code][1] + 1;
            s->weights[d][code] = log(inside / in / (outside / out));
        }
    }
    return MUSTER_OK;
}

/* Keeping the best. */

static void swap(candidate *a, candidate *b)
{
    const candidate kept = *a;

    *a = *b;
    *b = kept;
}

static double middle_of(double a, double b, double c)
{
    return a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
}

/* Puts those from `first` to `end` that are better than the pivot in front, and those that are
 * worse at the end; the equal ones are from *equal to *worse. */
static void split(candidate *list, size_t first, size_t end, double pivot, size_t *equal,
                  size_t *worse)
{
    *equal = first;
    *worse = end;
    for (size_t i = first; i < *worse;) {
        if (list[i].score > pivot) {
            swap(&list[i++], &list[(*equal)++]);
        } else if (list[i].score < pivot) {
            swap(&list[i], &list[--*worse]);
        } else {
            i++;
        }
    }
}

/* Leaves the best `size`, in no order, and those who are as good as the last of them. The part that
 * he is in is split until he is found, and not put in order. False if the statement is to stop. */
static bool keep_best(candidates *c, uint64_t size)
{
    size_t first = 0, end = c->count, equal = 0, worse = 0;

    if (c->count <= size) {
        return true;
    }
    const size_t last = (size_t)size - 1;
    while (last < equal || last >= worse) {
        if (mu_stopped()) {
            return false;
        }
        c->worst = middle_of(c->list[first].score, c->list[first + (end - first) / 2].score,
                             c->list[end - 1].score);
        split(c->list, first, end, c->worst, &equal, &worse);
        if (last < equal) {
            end = equal;
        } else if (last >= worse) {
            first = worse;
        }
    }
    c->count = worse;
    c->kept = worse;
    return true;
}

/* Scores. */

static muster_status add_attribute(const scoring *s, scorer *own, uint32_t d, uint32_t rows,
                                   muster_error *err)
{
    uint64_t known[MU_BATCH_WORDS];
    uint32_t codes[MU_BATCH_ROWS];

    for (uint32_t first = 0; first < rows; first += MU_BATCH_ROWS) {
        const uint32_t left = rows - first, count = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
        const mu_batch batch = {.rows = count, .live = known};
        memcpy(known, &own->bits[first / 64], mu_bits_words(count) * sizeof *known);
        MU_TRY(mu_trait_codes(own->reader, d, first, count, known, codes, err));
        MU_FOR_EACH_LIVE(row, &batch) {
            own->scores[first + row] += s->weights[d][codes[row]];
        }
    }
    return MUSTER_OK;
}

static muster_status add_tag(const scoring *s, scorer *own, uint32_t d, muster_error *err)
{
    uint64_t bits[MU_STRIPE_WORDS];

    for (uint32_t code = 0; code < s->traits->dimensions[d].count; code++) {
        MU_TRY(mu_exec_check(s->exec, err));
        MU_TRY(mu_trait_bits(own->reader, d, code, bits, err));
        for (uint32_t w = 0; w < MU_STRIPE_WORDS; w++) {
            for (uint64_t left = bits[w] & own->bits[w]; left != 0; left &= left - 1) {
                own->scores[w * 64 + mu_bits_lowest(left)] += s->weights[d][code];
            }
        }
    }
    return MUSTER_OK;
}

static muster_status keep_stripe(const scoring *s, scorer *own, uint32_t stripe, muster_error *err)
{
    candidates *c = &own->best;

    if (!mu_mem_reserve(&c->list, &c->capacity, c->count + MU_STRIPE_ROWS, sizeof *c->list)) {
        return fail_memory(err);
    }
    for (uint32_t w = 0; w < MU_STRIPE_WORDS; w++) {
        for (uint64_t left = own->bits[w]; left != 0; left &= left - 1) {
            const uint32_t low = w * 64 + mu_bits_lowest(left);
            if (own->scores[low] >= c->worst) {
                c->list[c->count++] = (candidate){own->scores[low], stripe * MU_STRIPE_ROWS + low};
            }
        }
    }
    if (c->count > 2 * c->kept + MU_STRIPE_ROWS && /* not too often, however many are equal */
        !keep_best(c, s->size)) {
        return fail_memory(err);
    }
    return MUSTER_OK;
}

static muster_status open_scorer(const scoring *s, scorer *own, muster_error *err)
{
    own->best.worst = -HUGE_VAL;
    own->scores = mu_mem_alloc_array(MU_STRIPE_ROWS, sizeof *own->scores);
    if (!own->scores) {
        return fail_memory(err);
    }
    MU_TRY(mu_trait_reader_open(s->exec, s->traits, &own->reader, err));
    MU_TRY(mu_set_open(s->exec, s->plan->conditions[MU_LOOKALIKE_ASKED]->set, &own->asked, err));
    own->open = true;
    return MUSTER_OK;
}

static muster_status score_stripe(void *context, uint32_t worker, uint64_t stripe,
                                  muster_error *err)
{
    const scoring *s = context;
    scorer *own = &s->scorers[worker];

    if (!own->open) {
        MU_TRY(open_scorer(s, own, err));
    }
    MU_TRY(mu_set_run(own->asked, (uint32_t)stripe, own->bits, err));
    memset(own->scores, 0, MU_STRIPE_ROWS * sizeof *own->scores);
    mu_trait_reader_start(own->reader, (uint32_t)stripe);
    for (uint32_t d = 0; d < s->traits->count; d++) {
        MU_TRY(mu_exec_check(s->exec, err));
        if (s->traits->dimensions[d].tag) {
            MU_TRY(add_tag(s, own, d, err));
        } else {
            MU_TRY(add_attribute(s, own, d, mu_trait_rows(s->traits, (uint32_t)stripe), err));
        }
    }
    return keep_stripe(s, own, (uint32_t)stripe, err);
}

/* The best of all threads; what is left of them are rows. */
static muster_status give_best(const scoring *s, mu_rowset *out, muster_error *err)
{
    candidates *all = &s->scorers[0].best;

    for (uint32_t w = 1; w < mu_exec_workers(s->exec); w++) {
        const candidates *more = &s->scorers[w].best;
        if (!mu_mem_reserve(&all->list, &all->capacity, all->count + more->count,
                            sizeof *all->list)) {
            return fail_memory(err);
        }
        if (more->count > 0) {
            memcpy(all->list + all->count, more->list, more->count * sizeof *all->list);
            all->count += more->count;
        }
    }
    if (!keep_best(all, s->size)) {
        return fail_memory(err);
    }
    for (size_t i = 0; i < all->count; i++) {
        const mu_value row[MU_LOOKALIKE_COLUMNS] = {
            [MU_LOOKALIKE_CUSTOMER] = {.type = mu_type_of_letter('c'),
                                       .ordinal = all->list[i].ordinal},
            [MU_LOOKALIKE_SCORE] = {.type = mu_type_of_letter('f'), .f64 = all->list[i].score}};
        if (i % MU_BATCH_ROWS == 0) {
            MU_TRY(mu_exec_check(s->exec, err));
        }
        MU_TRY(mu_rowset_add(out, row, err));
    }
    return MUSTER_OK;
}

static void close_scoring(scoring *s)
{
    for (uint32_t w = 0; s->scorers && w < mu_exec_workers(s->exec); w++) {
        mu_trait_reader_close(s->scorers[w].reader);
        mu_set_close(s->scorers[w].asked);
        mu_mem_free(s->scorers[w].scores);
        mu_mem_free(s->scorers[w].best.list);
    }
    mu_mem_free(s->scorers);
    for (uint32_t d = 0; s->weights && d < s->traits->count; d++) {
        mu_mem_free(s->weights[d]);
    }
    mu_mem_free(s->weights);
}

static muster_status find_alike(mu_exec *exec, const mu_plan *plan, mu_rowset *out,
                                muster_error *err)
{
    const mu_behaviour_plan *b = plan->behaviour;
    const mu_lookalike *options = b->options;
    const mu_set *const sets[] = {b->conditions[MU_LOOKALIKE_AUDIENCE]->set,
                                  b->conditions[MU_LOOKALIKE_OUTSIDE]->set};
    mu_traits traits;
    scoring s = {.exec = exec, .plan = b, .traits = &traits, .size = options->size};
    muster_status status;

    MU_TRY(mu_traits_count(exec, b->source.table, sets, &traits, err));
    s.scorers = mu_mem_zalloc_array(mu_exec_workers(exec), sizeof *s.scorers);
    if (!s.scorers) {
        status = fail_memory(err);
        goto fail;
    }
    MU_TRY_GOTO(weigh(&s, err));
    MU_TRY_GOTO(mu_exec_stripes_each(exec, score_stripe, &s, err));
    MU_TRY_GOTO(give_best(&s, out, err));
fail:
    close_scoring(&s);
    mu_traits_deinit(&traits);
    return status;
}

const mu_behaviour_class mu_lookalike_class = {.name = "lookalike", .whole = find_alike};
