/*
 * huge.h - memory by the many megabytes, from the system and back to it; for mem.c.
 *
 * What is mapped is zeros, and no page of it is touched before it is used. To grow, pages change
 * their addresses and are not copied. Giving gigabytes back takes the system long enough to be felt
 * by whoever waits, so a thread does it that lives as long as there is something to give.
 */
#ifndef MU_HUGE_H
#define MU_HUGE_H

#include <stddef.h>

void *mu_huge_map(size_t size); /* zeros, at the start of a page; NULL: the system has none */
/* The same memory with zeros behind it, or without its end; NULL: it is as it was. */
void *mu_huge_resize(void *memory, size_t size, size_t wanted);
void mu_huge_unmap(void *memory, size_t size);

#endif
