/*
 * dict_test.c - dictionaries against the simplest thing that does the same: a list of texts.
 */
#include "storage/dict.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "tests/support/test.h"

enum {
    TEXTS = 3000,
    LONGEST = 20,
};

/* Texts that share beginnings, end in zeros and bytes above 127, and are often the same. */
static mu_text random_text(uint64_t *state, char room[LONGEST])
{
    static const char letters[] = {'a', 'a', 'a', 'b', '\0', '\xff'};
    const uint32_t size = (uint32_t)test_random_below(state, test_random(state) % 2 ? 5 : LONGEST);

    for (uint32_t i = 0; i < size; i++) {
        room[i] = letters[test_random_below(state, sizeof letters)];
        if (i < 7 && size > 8) {
            room[i] = 'x';
        }
    }
    return (mu_text){room, size};
}

static uint32_t find_plainly(const mu_dict *dict, mu_text text)
{
    for (uint32_t code = 0; code < dict->count; code++) {
        if (mu_text_equal(mu_dict_text(dict, code), text)) {
            return code;
        }
    }
    return MU_NO_CODE;
}

static void fill(mu_dict_builder *builder, uint64_t *state, uint32_t texts)
{
    char room[LONGEST];

    for (uint32_t i = 0; i < texts; i++) {
        const mu_text text = random_text(state, room);
        const uint32_t before = builder->dict.count;
        const uint32_t wanted = find_plainly(&builder->dict, text);
        uint32_t code;

        assert_int_equal(mu_dict_builder_find(builder, text), wanted);
        assert_true(mu_dict_builder_add(builder, text, &code));
        assert_int_equal(code, wanted == MU_NO_CODE ? before : wanted);
        assert_int_equal(builder->dict.count, before + (wanted == MU_NO_CODE));
        assert_true(mu_text_equal(mu_dict_text(&builder->dict, code), text));
    }
}

TEST(a_builder_gives_each_text_one_code)
{
    mu_dict_builder builder = {0};
    uint64_t state = test_seed();

    assert_int_equal(mu_dict_builder_find(&builder, MU_TEXT_OF("nothing yet")), MU_NO_CODE);
    fill(&builder, &state, TEXTS);
    assert_true(builder.dict.count > 300);
    const uint64_t id = builder.dict.id;
    const size_t bytes = mu_dict_builder_bytes(&builder);
    mu_dict_builder_reset(&builder);
    assert_int_equal(mu_dict_builder_find(&builder, MU_TEXT_OF("a")), MU_NO_CODE);
    assert_int_equal(mu_dict_builder_bytes(&builder), bytes);
    fill(&builder, &state, 100);
    assert_true(builder.dict.id != id);
    mu_dict_builder_deinit(&builder);
}

TEST(empty_text_is_a_text)
{
    mu_dict_builder builder = {0};
    uint32_t code = 7;

    assert_true(mu_dict_builder_add(&builder, (mu_text){NULL, 0}, &code));
    assert_int_equal(code, 0);
    assert_int_equal(mu_dict_text(&builder.dict, 0).size, 0);
    assert_int_equal(mu_dict_builder_find(&builder, MU_TEXT_OF("")), 0);
    mu_dict_builder_deinit(&builder);
}

TEST(sorting_orders_by_bytes_and_finding_bisects)
{
    static const uint32_t counts[] = {0, 1, 2, 3, 5, 100, TEXTS};
    uint64_t state = test_seed();

    for (size_t c = 0; c < MU_COUNT(counts); c++) {
        mu_dict_builder builder = {0}, sorted = {0};
        uint32_t *order, *rank, code;
        char room[LONGEST];

        fill(&builder, &state, counts[c]);
        assert_true(mu_dict_builder_sort(&builder, &order, &rank));
        for (uint32_t i = 0; i < builder.dict.count; i++) {
            const mu_text text = mu_dict_text(&builder.dict, order[i]);
            assert_int_equal(rank[order[i]], i);
            if (i > 0) {
                const mu_text before = mu_dict_text(&builder.dict, order[i - 1]);
                assert_true(mu_text_compare(before, text) < 0);
            }
            assert_true(mu_dict_builder_add(&sorted, text, &code));
        }
        sorted.dict.sorted = true;
        for (int i = 0; i < 500; i++) {
            const mu_text text = random_text(&state, room);
            assert_int_equal(mu_dict_find(&sorted.dict, text), find_plainly(&sorted.dict, text));
        }
        mu_mem_free(order);
        mu_mem_free(rank);
        mu_dict_builder_deinit(&builder);
        mu_dict_builder_deinit(&sorted);
    }
}

TEST(a_union_gives_the_same_code_to_the_same_text_of_any_dictionary)
{
    enum {
        DICTS = 5,
        ROWS = 200,
    };
    mu_dict_union *all = mu_dict_union_open();
    mu_dict_builder dicts[DICTS] = {0};
    uint64_t state = test_seed();
    uint32_t codes[ROWS], out[ROWS];
    uint64_t valid[4], live[4];

    for (uint32_t time = 0; time < 200; time++) {
        mu_dict_builder *builder = &dicts[test_random_below(&state, DICTS)];
        builder->dict.sorted = builder < &dicts[3]; /* said only; the union believes it */
        if (time < 30 || !builder->dict.sorted) {
            fill(builder, &state, 20); /* some grow after they were seen */
        }
        for (uint32_t i = 0; i < ROWS; i++) {
            codes[i] = builder->dict.count == 0
                           ? 0
                           : (uint32_t)test_random_below(&state, builder->dict.count);
        }
        for (size_t w = 0; w < 4; w++) {
            valid[w] = builder->dict.count == 0 ? 0 : test_random(&state);
            live[w] = test_random(&state);
        }
        const bool some_null = time % 3 != 0 || builder->dict.count == 0, some_dead = time % 2 != 0;
        assert_true(mu_dict_union_map(all, &builder->dict, codes, some_null ? valid : NULL,
                                      some_dead ? live : NULL, ROWS, out));
        const mu_dict *joined = &mu_dict_union_builder(all)->dict;
        for (uint32_t i = 0; i < ROWS; i++) {
            if ((some_null && !mu_bits_test(valid, i)) || (some_dead && !mu_bits_test(live, i))) {
                assert_int_equal(out[i], MU_NO_CODE);
                continue;
            }
            assert_true(out[i] < joined->count);
            assert_true(mu_text_equal(mu_dict_text(joined, out[i]),
                                      mu_dict_text(&builder->dict, codes[i])));
            assert_int_equal(find_plainly(joined, mu_dict_text(joined, out[i])), out[i]);
        }
    }
    for (size_t i = 0; i < DICTS; i++) {
        mu_dict_builder_deinit(&dicts[i]);
    }
    mu_dict_union_close(all);
}

TEST(a_dictionary_out_of_memory_stays_whole)
{
    for (uint64_t n = 0; n < 12; n++) {
        mu_dict_builder builder = {0};
        uint32_t *order, *rank, code;

        mu_mem_fail_at(n, true);
        for (uint32_t i = 0; i < 100; i++) {
            char text[4] = {(char)i};
            if (!mu_dict_builder_add(&builder, (mu_text){text, sizeof text}, &code)) {
                break;
            }
        }
        assert_false(mu_dict_builder_sort(&builder, &order, &rank) && n == 0);
        mu_mem_fail_at(UINT64_MAX, false);
        mu_mem_free(order);
        mu_mem_free(rank);
        const uint32_t count = builder.dict.count;
        for (uint32_t i = 0; i < 100; i++) {
            char text[4] = {(char)i};
            assert_true(mu_dict_builder_add(&builder, (mu_text){text, sizeof text}, &code));
            assert_int_equal(code, i);
        }
        assert_true(count <= 100);
        mu_dict_builder_deinit(&builder);
    }
}
