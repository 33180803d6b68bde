/*
 * sort_run.c - sorts rows by their keys: pieces by themselves, then pieces merged to larger ones.
 *
 * A piece is sorted by the bytes of its words, the last first, and what is equal then by the next
 * word, and so on. Of each merge, every thread writes a stretch of the result: where it begins in
 * the two that are merged is found by halving.
 */
#include "query/sort_key.h"

#include "storage/base/mem.h"

#ifdef MU_TINY
enum {
    STRETCH_ROWS = 64
};
#else
enum {
    STRETCH_ROWS = 1 << 16 /* of a merge, by one thread at a time */
};
#endif

enum {
    PIECE_ROWS = 4 * STRETCH_ROWS,
    FEW_ROWS = 200, /* of which 2,048 counters would cost more than comparing */
    INSERTED_ROWS = 12,
    ROWS_PER_CHECK = 4096,
    MERGED_PER_CHECK = 64 /* a comparison may go through thousands of columns */
};

/* Whether a comes before b; their words of a level are known, `level` is the next. */
static bool comes_before(const mu_sort *sort, const mu_sort_item *a, const mu_sort_item *b,
                         uint32_t level)
{
    return a->word != b->word ? a->word < b->word
                              : mu_sort_compare(sort, a->place, b->place, level) < 0;
}

static void insert_each(const mu_sort *sort, mu_sort_item *items, size_t count, uint32_t level)
{
    for (size_t i = 1; i < count; i++) {
        const mu_sort_item item = items[i];
        size_t at = i;
        for (; at > 0 && comes_before(sort, &item, &items[at - 1], level); at--) {
            items[at] = items[at - 1];
        }
        items[at] = item;
    }
}

static muster_status sort_halves(const mu_sort *sort, mu_sort_item *items, mu_sort_item *spare,
                                 size_t count, uint32_t level, muster_error *err)
{
    const size_t half = count / 2;
    size_t left = 0, right = half, at = 0;

    if (count <= INSERTED_ROWS) {
        insert_each(sort, items, count, level);
        return MUSTER_OK;
    }
    MU_TRY(mu_exec_check(sort->exec, err));
    MU_TRY(sort_halves(sort, items, spare, half, level, err));
    MU_TRY(sort_halves(sort, items + half, spare, count - half, level, err));
    if (!comes_before(sort, &items[half], &items[half - 1], level)) {
        return MUSTER_OK;
    }
    memcpy(spare, items, half * sizeof *items);
    while (left < half) {
        if (at % MERGED_PER_CHECK == 0) {
            MU_TRY(mu_exec_check(sort->exec, err));
        }
        const bool from_right =
            right < count && comes_before(sort, &items[right], &spare[left], level);
        items[at++] = from_right ? items[right++] : spare[left++];
    }
    return MUSTER_OK;
}

/* By words alone. */
static void sort_by_bytes(mu_sort_item *items, mu_sort_item *spare, size_t count)
{
    uint32_t counts[8][256] = {0};
    mu_sort_item *from = items, *to = spare;
    bool sorted = true;

    for (size_t i = 0; i < count; i++) {
        sorted &= i == 0 || items[i - 1].word <= items[i].word;
        for (int byte = 0; byte < 8; byte++) {
            counts[byte][items[i].word >> (8 * byte) & 255]++;
        }
    }
    for (int byte = 0; byte < 8 && !sorted && !mu_stopped(); byte++) {
        uint32_t *places = counts[byte];
        uint32_t at = 0;
        if (places[items[0].word >> (8 * byte) & 255] == count) {
            continue; /* the same in all of them */
        }
        for (int value = 0; value < 256; value++) {
            const uint32_t rows = places[value];
            places[value] = at;
            at += rows;
        }
        for (size_t i = 0; i < count; i++) {
            to[places[from[i].word >> (8 * byte) & 255]++] = from[i];
        }
        mu_sort_item *const swapped = from;
        from = to;
        to = swapped;
    }
    if (from != items) {
        memcpy(items, from, count * sizeof *items);
    }
}

static muster_status sort_equal(const mu_sort *sort, mu_sort_item *items, mu_sort_item *spare,
                                size_t count, uint32_t level, muster_error *err);

/* Rows whose words of the level before `next` are known. */
static muster_status sort_words(const mu_sort *sort, mu_sort_item *items, mu_sort_item *spare,
                                size_t count, uint32_t next, muster_error *err)
{
    if (count <= FEW_ROWS) {
        return sort_halves(sort, items, spare, count, next, err);
    }
    sort_by_bytes(items, spare, count);
    for (size_t first = 0, end; next < sort->level_count && first < count; first = end) {
        for (end = first + 1; end < count && items[end].word == items[first].word; end++) {
        }
        if (end - first > 1) {
            MU_TRY(sort_equal(sort, items + first, spare + first, end - first, next, err));
        }
    }
    return MUSTER_OK;
}

/* Rows that are equal in all levels before. Their words are the same afterwards. */
static muster_status sort_equal(const mu_sort *sort, mu_sort_item *items, mu_sort_item *spare,
                                size_t count, uint32_t level, muster_error *err)
{
    const uint64_t word = items[0].word;

    if (level == sort->level_count) {
        return MUSTER_OK;
    }
    if (count <= FEW_ROWS || sort->levels[level].texts) {
        return sort_halves(sort, items, spare, count, level, err);
    }
    for (size_t i = 0; i < count; i++) {
        if (i % ROWS_PER_CHECK == 0) {
            MU_TRY(mu_exec_check(sort->exec, err));
        }
        items[i].word = mu_sort_word(sort, level, items[i].place);
    }
    MU_TRY(sort_words(sort, items, spare, count, level + 1, err));
    for (size_t i = 0; i < count; i++) {
        items[i].word = word;
    }
    return MUSTER_OK;
}

static muster_status sort_piece(void *context, uint32_t worker, uint64_t piece, muster_error *err)
{
    mu_sort *sort = context;
    const uint64_t first = piece * PIECE_ROWS;
    const uint64_t left = sort->firsts[sort->set_count] - first;
    const uint64_t count = left < PIECE_ROWS ? left : PIECE_ROWS;

    (void)worker;
    mu_sort_fill(sort, first, count, sort->items + first);
    return sort_words(sort, sort->items + first, sort->spare + first, count, 1, err);
}

/* Merging. */

typedef struct merging {
    const mu_sort *sort;
    const mu_sort_item *from;
    mu_sort_item *to;
    uint64_t count;
    uint64_t run; /* rows that are sorted already, from each multiple on */
} merging;

/* How many of the first `rows` of the two together are of the first. */
static uint64_t split(const mu_sort *sort, const mu_sort_item *a, uint64_t a_rows,
                      const mu_sort_item *b, uint64_t b_rows, uint64_t rows)
{
    uint64_t low = rows > b_rows ? rows - b_rows : 0;
    uint64_t high = rows < a_rows ? rows : a_rows;

    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (comes_before(sort, &b[rows - middle - 1], &a[middle], 1)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static muster_status merge_stretch(void *context, uint32_t worker, uint64_t stretch,
                                   muster_error *err)
{
    const merging *m = context;
    const uint64_t first = stretch * STRETCH_ROWS;
    const uint64_t left = m->count - first;
    const uint64_t rows = left < STRETCH_ROWS ? left : STRETCH_ROWS;
    const uint64_t start = first / (2 * m->run) * (2 * m->run);
    const uint64_t all = m->count - start < 2 * m->run ? m->count - start : 2 * m->run;
    const uint64_t a_rows = all < m->run ? all : m->run, b_rows = all - a_rows;
    const mu_sort_item *a = m->from + start, *b = a + a_rows;
    mu_sort_item *to = m->to + first;

    (void)worker;
    uint64_t i = split(m->sort, a, a_rows, b, b_rows, first - start);
    uint64_t j = first - start - i;
    for (uint64_t row = 0; row < rows; row++) {
        if (row % MERGED_PER_CHECK == 0) {
            MU_TRY(mu_exec_check(m->sort->exec, err));
        }
        const bool second = i == a_rows || (j < b_rows && comes_before(m->sort, &b[j], &a[i], 1));
        to[row] = second ? b[j++] : a[i++];
    }
    return MUSTER_OK;
}

muster_status mu_sort_run(mu_sort *sort, const mu_sort_item **items, uint64_t *count,
                          muster_error *err)
{
    const uint64_t rows = sort->firsts[sort->set_count];

    *items = NULL;
    *count = rows;
    sort->items = mu_mem_alloc_array(rows, sizeof *sort->items);
    sort->spare = mu_mem_alloc_array(rows, sizeof *sort->spare);
    if (!sort->items || !sort->spare) {
        return mu_fail_memory(err, "sorting");
    }
    MU_TRY(mu_exec_run(sort->exec, sort->alone, (rows + PIECE_ROWS - 1) / PIECE_ROWS, sort_piece,
                       sort, err));
    for (uint64_t run = PIECE_ROWS; run < rows; run *= 2) {
        merging m = {
            .sort = sort, .from = sort->items, .to = sort->spare, .count = rows, .run = run};
        MU_TRY(mu_exec_run(sort->exec, sort->alone, (rows + STRETCH_ROWS - 1) / STRETCH_ROWS,
                           merge_stretch, &m, err));
        sort->spare = sort->items;
        sort->items = m.to;
    }
    *items = sort->items;
    mu_mem_free(sort->spare); /* what follows needs the room */
    sort->spare = NULL;
    return MUSTER_OK;
}
