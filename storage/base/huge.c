/*
 * huge.c - see huge.h.
 *
 * What is to be given back is a list, each piece of which begins with its link.
 */
#include "storage/base/huge.h"

#include "storage/base/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

typedef struct piece {
    struct piece *next;
    size_t size;
} piece;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_given = PTHREAD_COND_INITIALIZER;
static piece *first; /* by lock */
static bool giving;  /* there is a thread; by lock */

static void *give_all(void *context)
{
    (void)context;
    pthread_mutex_lock(&lock);
    while (first) {
        piece *given = first;
        first = given->next;
        pthread_mutex_unlock(&lock);
        (void)munmap(given, given->size);
        pthread_mutex_lock(&lock);
    }
    giving = false;
    pthread_cond_broadcast(&all_given);
    pthread_mutex_unlock(&lock);
    return NULL;
}

void mu_huge_unmap(void *memory, size_t size)
{
    piece *given = memory;
    pthread_t thread;

    *given = (piece){.size = size};
    pthread_mutex_lock(&lock);
    given->next = first;
    first = given;
    const bool start = !giving;
    giving = true;
    pthread_mutex_unlock(&lock);
    if (start && mu_thread_start(&thread, give_all, NULL) != 0) {
        (void)give_all(NULL); /* whoever waits, waits */
    } else if (start) {
        pthread_detach(thread);
    }
}

static void *map_now(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

void *mu_huge_map(size_t size)
{
    void *memory = map_now(size);

    if (!memory) { /* it may be there in a moment */
        pthread_mutex_lock(&lock);
        while (giving) {
            pthread_cond_wait(&all_given, &lock);
        }
        pthread_mutex_unlock(&lock);
        memory = map_now(size);
    }
    return memory;
}

void *mu_huge_resize(void *memory, size_t size, size_t wanted)
{
#ifdef __linux__
    void *resized = mremap(memory, size, wanted, MREMAP_MAYMOVE);

    return resized == MAP_FAILED ? NULL : resized;
#else
    void *resized = mu_huge_map(wanted);

    if (resized) {
        memcpy(resized, memory, size < wanted ? size : wanted);
        mu_huge_unmap(memory, size);
    }
    return resized;
#endif
}
