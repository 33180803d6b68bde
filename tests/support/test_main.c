/*
 * test_main.c - runs the tests of a program: all, or those whose names contain an argument.
 */
#include "tests/support/test.h"

#include "storage/base/env.h"
#include "storage/base/mem.h"
#include "tests/support/test_run.h"

#include <inttypes.h>
#include <stdlib.h>

static test_case *first_test, **last_link = &first_test;

void test_register(test_case *test)
{
    *last_link = test;
    last_link = &test->next;
}

static void run_body(void **state)
{
    const test_case *test = *state;
    const size_t used = mu_mem_used();

    test->body();
    if (mu_mem_used() != used) {
        fail_msg("%zu bytes were in use before the test, %zu are after it", used, mu_mem_used());
    }
}

static int clean_up(void **state)
{
    (void)state;
    mu_mem_fail_at(UINT64_MAX, false);
    mu_env_set_hook(NULL, NULL);
    test_clear();
    return 0;
}

static bool is_wanted(const test_case *test, int argument_count, char **arguments)
{
    for (int i = 1; i < argument_count; i++) {
        if (strstr(test->name, arguments[i])) {
            return true;
        }
    }
    return argument_count <= 1;
}

int main(int argument_count, char **arguments)
{
    const char *slash = strrchr(arguments[0], '/');
    size_t count = 0;
    int failures = 1;

    for (test_case *test = first_test; test; test = test->next) {
        count += is_wanted(test, argument_count, arguments);
    }
    struct CMUnitTest *tests = calloc(count + 1, sizeof *tests);
    if (!tests || count == 0) {
        (void)fprintf(stderr, "no test has such a name\n");
        goto done;
    }
    count = 0;
    for (test_case *test = first_test; test; test = test->next) {
        if (is_wanted(test, argument_count, arguments)) {
            tests[count++] = (struct CMUnitTest){.name = test->name,
                                                 .test_func = run_body,
                                                 .teardown_func = clean_up,
                                                 .initial_state = test};
        }
    }
    failures = _cmocka_run_group_tests(slash ? slash + 1 : arguments[0], tests, count, NULL, NULL);
    if (failures != 0) {
        (void)fprintf(stderr,
                      "the seed was %" PRIu64 "; MUSTER_SEED=%" PRIu64 " runs the same again\n",
                      test_seed(), test_seed());
    }
done:
    free(tests);
    return failures == 0 ? 0 : 1;
}
