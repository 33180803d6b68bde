/*
 * files.c - trees of files, gone through with nftw().
 */
#include "bench/files.h"

#include "bench/stop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    OPEN_DIRECTORIES = 16 /* at once, while a tree is gone through */
};

char *mu_bench_read(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "r");

    if (!file) {
        return NULL;
    }
    /* Text files have no NUL, so that this is all of it; an empty file gives an empty text. */
    if (getdelim(&text, &size, 0, file) < 0) {
        free(text);
        text = mu_bench_text("%s", "");
    }
    (void)fclose(file);
    return text;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_wanted(const char *name, const char *ending)
{
    const char *dot = strrchr(name, '.');

    return name[0] != '.' && (!ending || (dot && strcmp(dot + 1, ending) == 0));
}

char **mu_bench_list(const char *directory, const char *ending)
{
    size_t count = 0, room = 16;
    char **names = mu_bench_need(malloc(room * sizeof *names));
    DIR *open = opendir(directory);

    for (struct dirent *entry = NULL; open && (entry = readdir(open));) {
        if (!is_wanted(entry->d_name, ending)) {
            continue;
        }
        if (count + 1 == room) {
            room *= 2;
            names = mu_bench_need(realloc(names, room * sizeof *names));
        }
        names[count++] = mu_bench_text("%s", entry->d_name);
    }
    if (open) {
        (void)closedir(open);
    }
    qsort(names, count, sizeof *names, compare_names);
    names[count] = NULL;
    return names;
}

void mu_bench_list_free(char **names)
{
    for (size_t i = 0; names[i]; i++) {
        free(names[i]);
    }
    free(names);
}

bool mu_bench_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

void mu_bench_make_directory(const char *path)
{
    char *part = mu_bench_text("%s", path);

    for (char *slash = part + 1; *slash; slash++) {
        if (*slash == '/') {
            *slash = 0;
            (void)mkdir(part, 0777);
            *slash = '/';
        }
    }
    if (mkdir(part, 0777) != 0 && errno != EEXIST) {
        mu_bench_stop("\"%s\" cannot be made: %s", part, strerror(errno));
    }
    free(part);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

void mu_bench_remove(const char *path)
{
    if (mu_bench_exists(path) && nftw(path, remove_one, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS)) {
        mu_bench_stop("\"%s\" cannot be removed: %s", path, strerror(errno));
    }
}

/* What a walk adds up; nftw() takes no argument of the caller's, and only one thread walks. */
static struct {
    uint64_t bytes, pages, resident;
    time_t changed;
} found;

static int weigh_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)path;
    (void)place;
    if (kind == FTW_F) {
        found.bytes += (uint64_t)about->st_blocks * 512;
        found.changed = about->st_mtime > found.changed ? about->st_mtime : found.changed;
    }
    return 0;
}

static void weigh(const char *path)
{
    memset(&found, 0, sizeof found);
    (void)nftw(path, weigh_one, OPEN_DIRECTORIES, FTW_PHYS);
}

uint64_t mu_bench_size(const char *path)
{
    weigh(path);
    return found.bytes;
}

time_t mu_bench_changed(const char *path)
{
    weigh(path);
    return found.changed;
}

static void count_resident(int file, size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (size + page - 1) / page;
    void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
    unsigned char *resident = mu_bench_need(malloc(pages));

    if (map != MAP_FAILED && mincore(map, size, resident) == 0) {
        found.pages += pages;
        for (size_t i = 0; i < pages; i++) {
            found.resident += resident[i] & 1;
        }
    }
    if (map != MAP_FAILED) {
        (void)munmap(map, size);
    }
    free(resident);
}

static int evict_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)place;
    const int file = kind == FTW_F && about->st_size > 0 ? open(path, O_RDONLY) : -1;

    if (file >= 0) {
        (void)fsync(file); /* only what is on the disk can be dropped */
        (void)posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
        count_resident(file, (size_t)about->st_size);
        (void)close(file);
    }
    return 0;
}

double mu_bench_evict(const char *path)
{
    memset(&found, 0, sizeof found);
    (void)nftw(path, evict_one, OPEN_DIRECTORIES, FTW_PHYS);
    return found.pages > 0 ? (double)found.resident / (double)found.pages : 0;
}
