/*
 * fault.h - a disk on which operations fail: one of them, or all from one on until it is mended.
 */
#ifndef MU_FAULT_H
#define MU_FAULT_H

#include <stdbool.h>
#include <stdint.h>

typedef enum fault_extent {
    FAULT_ONCE, /* one operation */
    FAULT_FULL, /* and all that take space after it; what is written to a log is written in part */
    FAULT_ALL,  /* and all after it */
} fault_extent;

typedef struct fault {
    fault_extent extent;
    int error;          /* the errno of what fails */
    uint32_t failing;   /* the number of the first that fails, from 0 */
    const char *within; /* what else is on another disk, and not counted; NULL: there is no other */
    /* What came of it: */
    uint32_t operations;
    bool failed;
    bool unsure; /* what failed leaves it open what the disk has */
} fault;

void fault_begin(fault *f); /* borrowed until the end, or that of the test */
void fault_end(void);

#endif
