/*
 * test.h - what every unit test is written with: cmocka, and a little of our own.
 *
 *     TEST(decode_undoes_encode)
 *     {
 *         assert_ok(mu_enc_rle_decode(&in, after, rows, &test_error));
 *         assert_memory_equal(before, after, rows * sizeof before[0]);
 *     }
 *
 * A TEST registers itself; main() is in test_main.c and runs them in the order they are written,
 * or only those whose name contains one of the program's arguments. A test that returns must have
 * freed all memory of mem, or it fails. Temporary files, exact copies, the hook of env and
 * injected failures are cleared away after each test, whatever became of it.
 */
#ifndef MU_TEST_H
#define MU_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "storage/base/bytes.h"
#include "storage/base/status.h"

typedef struct test_case {
    const char *name;
    void (*body)(void);
    struct test_case *next;
} test_case;

void test_register(test_case *test);

#define TEST(name)                                                 \
    static void name(void);                                        \
    __attribute__((constructor)) static void register_##name(void) \
    {                                                              \
        static test_case test = {#name, name, NULL};               \
        test_register(&test);                                      \
    }                                                              \
    static void name(void)

/* Pass &test_error to what is tested, so that a test that fails can say why. */
extern muster_error test_error;

/* The call succeeds, or fails with the status wanted. */
#define assert_ok(call) assert_status(MUSTER_OK, call)
#define assert_status(wanted, call)                                     \
    do {                                                                \
        test_error = (muster_error){0};                                 \
        test_check_status((wanted), (call), #call, __FILE__, __LINE__); \
    } while (0)
void test_check_status(muster_status wanted, muster_status found, const char *call,
                       const char *file, int line);

/* test_error says exactly `wanted`, or at least the words of `part`. */
#define assert_message(wanted) assert_string_equal(test_error.message, (wanted))
#define assert_message_has(part) test_check_message((part), __FILE__, __LINE__)
void test_check_message(const char *part, const char *file, int line);

/* The seed of everything random: MUSTER_SEED, or a fixed one. Printed when a test fails. */
uint64_t test_seed(void);
uint64_t test_random(uint64_t *state);                       /* start the state with test_seed() */
uint64_t test_random_below(uint64_t *state, uint64_t bound); /* bound > 0 */

/* `rows` values drawn from `distinct` numbers of any size and sign. */
void test_fill_i64(int64_t *values, uint32_t rows, uint32_t distinct);

/* A reader of a copy on the heap that ends where the bytes end, so that the address sanitizer sees
 * the first byte read past them. */
mu_reader test_reader_of_exact_copy(const void *data, size_t size);

/* A new directory, removed after the test. A name in a directory of the test that all calls share;
 * both texts are good until the test ends. */
const char *test_temp_dir(void);
const char *test_path(const char *name);

void test_write_file(const char *path, const void *data, size_t size);
/* The whole file, with a NUL after it; good until the test ends. size may be NULL. */
char *test_read_file(const char *path, size_t *size);

/* A file of the published data sets, below MUSTER_DATA; the test is skipped where it is not. */
const char *test_data(const char *name);

#endif
