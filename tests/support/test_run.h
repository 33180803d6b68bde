/*
 * test_run.h - what test_main.c needs of test.c, and no test does.
 */
#ifndef MU_TEST_RUN_H
#define MU_TEST_RUN_H

void test_clear(void); /* removes and frees what the test was given */

#endif
