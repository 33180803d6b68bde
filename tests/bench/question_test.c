/* question_test.c - folders of SQL read back: forms, comments, the mark of what is not yet. */
#include "bench/question.h"

#include "tests/support/test.h"

#include <stdlib.h>
#include <sys/stat.h>

static void put(const char *directory, const char *name, const char *text)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

TEST(a_question_is_read_from_its_folder)
{
    const char *directory = test_temp_dir();
    char folder[512];

    (void)snprintf(folder, sizeof folder, "%s/first", directory);
    assert_int_equal(mkdir(folder, 0700), 0);
    (void)snprintf(folder, sizeof folder, "%s/second", directory);
    assert_int_equal(mkdir(folder, 0700), 0);
    put(directory, "list", "second\nfirst\n");
    put(directory, "first/muster.sql", "-- One\n-- the meaning,\n-- in two lines\nSELECT 1;\n");
    put(directory, "first/duckdb-asof-ect.sql", "-- how\nSELECT 2 -- not cut\n  + 1\n;\n\n");
    put(directory, "second/muster.sql", "-- Two\n-- means 2\n-- not yet: sums\nSELECT sum(2)");
    put(directory, "second/clickhouse.sql", "SELECT 3");
    mu_bench_questions questions = mu_bench_questions_read(directory);

    assert_int_equal(questions.count, 2);
    const mu_bench_question *two = &questions.list[0], *one = &questions.list[1];
    assert_string_equal(two->name, "second");
    assert_string_equal(two->title, "Two");
    assert_string_equal(two->meaning, "means 2");
    assert_string_equal(two->not_yet, "sums");
    assert_int_equal(two->form_count, 2);
    assert_string_equal(two->forms[0].engine, "clickhouse");
    assert_string_equal(two->forms[0].name, "");
    assert_string_equal(two->forms[0].sql, "SELECT 3");
    assert_null(one->not_yet);
    assert_string_equal(one->meaning, "the meaning, in two lines");
    assert_string_equal(one->forms[0].engine, "duckdb");
    assert_string_equal(one->forms[0].name, "asof-ect");
    assert_string_equal(one->forms[0].sql, "SELECT 2 -- not cut\n  + 1");
    assert_string_equal(one->forms[1].sql, "SELECT 1");
    mu_bench_questions_free(&questions);
}

TEST(placeholders_are_filled_in)
{
    static const char *const names[] = {"db", "data", NULL}, *const values[] = {"/d", "/x", NULL};
    char *text = mu_bench_fill_in("{data}/{db} {other} {db", names, values);

    assert_string_equal(text, "/x//d {other} {db");
    free(text);
}
