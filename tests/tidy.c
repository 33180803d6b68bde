/*
 * tidy.c - the house rules as a test: layers, names, lengths, calls that are banned, wording.
 *
 * A file is read into three texts of one length: as it is, its code alone and its comments alone,
 * the rest blank. Most rules are then a search in one of them. The layout that clang-format
 * enforces does the parsing: a '{' in the first column begins a function, a '}' there ends it.
 *
 * It prints path:line: message for each finding and fails if there is one. Before it looks at the
 * tree it looks at snippets that break each rule once, and fails if it does not see that.
 *
 * What a compiler can say is left to compilers: every header is compiled alone by the build, and
 * a forgotten case of a switch is a warning.
 */
#include "tests/tidy.h"

#include <ctype.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static unsigned findings;
static char last_finding[512];
static bool quiet;

void report(const source *file, const char *at, const char *format, ...)
{
    unsigned line = 1;
    va_list arguments;

    for (const char *c = file->text; c < at; c++) {
        line += *c == '\n';
    }
    va_start(arguments, format);
    (void)vsnprintf(last_finding, sizeof last_finding, format, arguments);
    va_end(arguments);
    findings++;
    if (!quiet) {
        printf("%s:%u: %s\n", file->path, line, last_finding);
    }
}

unsigned take_findings(const char **last)
{
    const unsigned count = findings;

    *last = last_finding;
    findings = 0;
    return count;
}

void set_quiet(bool wanted)
{
    quiet = wanted;
}

void *room(size_t size)
{
    void *memory = calloc(1, size);

    if (!memory) {
        (void)fprintf(stderr, "out of memory\n");
        exit(2);
    }
    return memory;
}

bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool ends(const char *text, const char *with)
{
    const size_t size = strlen(text), end = strlen(with);

    return size >= end && strcmp(text + size - end, with) == 0;
}

bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

size_t word_size(const char *text)
{
    size_t size = 0;

    while (is_word(text[size])) {
        size++;
    }
    return size;
}

/* The next place where `word` stands alone, or NULL. */
const char *find_word(const char *text, const char *word)
{
    const size_t size = strlen(word);

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
        if ((at == text || !is_word(at[-1])) && !is_word(at[size])) {
            return at;
        }
    }
    return NULL;
}

const char *line_end(const char *at)
{
    const char *end = strchr(at, '\n');

    return end ? end : at + strlen(at);
}

/* From the quote at `at` to the one that ends it. */
size_t quoted_size(const char *at)
{
    size_t size = 1;

    while (at[size] && at[size] != '\n' && at[size] != at[0]) {
        size += at[size] == '\\' && at[size + 1] ? 2 : 1;
    }
    return size + (at[size] == at[0]);
}

static void split(source *file)
{
    const size_t size = strlen(file->text);

    file->code = room(size + 1);
    file->comments = room(size + 1);
    for (size_t i = 0; i < size; i++) {
        file->code[i] = file->text[i] == '\n' ? '\n' : ' ';
        file->comments[i] = file->code[i];
    }
    for (size_t i = 0; i < size;) {
        const char *at = file->text + i;
        size_t length = 1;
        if (starts(at, "/*")) {
            const char *end = strstr(at + 2, "*/");
            length = end ? (size_t)(end - at) + 2 : strlen(at);
            memcpy(file->comments + i, at, length);
        } else if (starts(at, "//")) {
            length = (size_t)(line_end(at) - at);
            memcpy(file->comments + i, at, length);
        } else if (*at == '"' || *at == '\'') {
            length = quoted_size(at);
            file->code[i] = *at;
            file->code[i + length - 1] = *at;
        } else {
            file->code[i] = *at;
        }
        i += length;
    }
}

/* Lengths and layout, of any text. */

static void check_lines(const source *file)
{
    /* Pages have tables, and scripts of tests quote SQL and what programs print as it is. */
    const bool may_be_wide =
        (file->layer == TESTS && ends(file->path, ".sh")) || ends(file->path, ".md");
    const char *start = file->text;
    unsigned lines = 0;

    for (; *start; lines++) {
        const char *end = line_end(start);
        unsigned columns = 0;
        for (const char *c = start; c < end; c++) {
            columns += ((unsigned char)*c & 0xc0) != 0x80;
            if (*c == '\t' || *c == '\r') {
                report(file, c, "a tab or a carriage return; lines are indented by blanks");
                break;
            }
        }
        if (columns > LINE_LIMIT && !may_be_wide) {
            report(file, start, "the line has %u columns, %d is the limit", columns, LINE_LIMIT);
        }
        if (end > start && end[-1] == ' ') {
            report(file, start, "the line ends in a blank");
        }
        if (*end == '\0') {
            report(file, start, "the last line has no end");
            break;
        }
        start = end + 1;
    }
    const bool is_readme = ends(file->path, "/README.md");
    const unsigned limit = is_readme ? README_LIMIT : FILE_LIMIT;
    if (lines > limit && (is_readme || !ends(file->path, ".md"))) {
        report(file, start, "the file has %u lines, %u is the limit", lines, limit);
    }
}

static void check_functions(const source *file)
{
    const char *start = NULL;
    unsigned lines = 0;

    for (const char *line = file->code; *line; line = *line_end(line) ? line_end(line) + 1 : "") {
        if (line[0] == '{') {
            start = line;
            lines = 0;
        }
        lines++;
        if (start && line[0] == '}') {
            if (lines > FUNCTION_LIMIT) {
                report(file, file->text + (start - file->code),
                       "the function has %u lines, %d is the limit", lines, FUNCTION_LIMIT);
            }
            start = NULL;
        }
    }
}

static void check_comments(const source *file)
{
    static const char *const marks[] = {"TO"
                                        "DO",
                                        "FIX"
                                        "ME",
                                        "XX"
                                        "X"};
    static const char *const banners[] = {"/***", "/*--", "/* --", "/* ==", "=====", "#####"};
    unsigned lines = 1;

    for (size_t i = 0; i < COUNT(marks); i++) {
        const char *at = find_word(file->comments, marks[i]);
        if (at) {
            report(file, file->text + (at - file->comments),
                   "\"%s\": do it, or file an issue and name its number in words", marks[i]);
        }
    }
    for (const char *at = file->comments; (at = strstr(at, "//")); at += 2) {
        if (at == file->comments || isspace((unsigned char)at[-1])) {
            report(file, file->text + (at - file->comments), "a comment is written /* so */");
        }
    }
    for (size_t i = 0; i < COUNT(banners); i++) {
        const char *at = strstr(file->comments, banners[i]);
        if (at) {
            report(file, file->text + (at - file->comments), "a banner; a heading is a sentence");
        }
    }
    if (!starts(file->text, "/*")) {
        report(file, file->text, "the file opens with a comment that says what it is");
        return;
    }
    const char *end = strstr(file->text, "*/");
    for (const char *c = file->text; end && c < end; c++) {
        lines += *c == '\n';
    }
    if (lines > OPENING) {
        report(file, file->text, "the opening comment has %u lines, %d is the limit", lines,
               OPENING);
    }
}

/* Layers. */

static layer layer_of(const char *path)
{
    static const struct {
        const char *folder;
        layer layer;
    } folders[] = {{"storage/base/", BASE}, {"storage/kernels/", KERNELS},
                   {"storage/", STORAGE},   {"query/", QUERY},
                   {"sql/", SQL},           {"include/", PUBLIC}};

    for (size_t i = 0; i < COUNT(folders); i++) {
        if (starts(path, folders[i].folder)) {
            return folders[i].layer;
        }
    }
    return starts(path, "tests/") ? TESTS : PROGRAM;
}

/* Whether `path`, as it stands behind the quote, may be included. */
static bool may_include(const source *file, const char *path)
{
    const layer other = layer_of(path);
    const char *slash = strchr(file->path, '/');

    if (file->layer == TESTS || other == PUBLIC) {
        return true;
    }
    if (file->layer == PROGRAM) {
        return other == PROGRAM && slash &&
               strncmp(file->path, path, (size_t)(slash - file->path) + 1) == 0;
    }
    return file->layer != PUBLIC && other <= file->layer;
}

/* "storage/segment.h" for storage/segment.c, or "" where there is no such header. */
static void own_header(const source *file, const char *root, char *header, size_t size)
{
    char path[4096];
    struct stat status;

    (void)snprintf(header, size, "%.*s.h", (int)(strlen(file->path) - 2), file->path);
    (void)snprintf(path, sizeof path, "%s/%s", root, header);
    if (!root[0] || stat(path, &status) != 0) {
        header[0] = '\0';
    }
}

static void check_includes(const source *file, const char *root)
{
    char own[1024] = "";
    bool first = true, system_seen = false;

    if (ends(file->path, ".c")) {
        own_header(file, root, own, sizeof own);
    }
    for (const char *at = file->code; (at = strstr(at, "#include ")); at++) {
        const char *name = file->text + (at - file->code) + strlen("#include ");
        if (*name == '"') {
            name++;
            if (!memchr(name, '/', (size_t)(strchr(name, '"') - name))) {
                report(file, name, "includes are written from the root of the tree");
            } else if (!may_include(file, name)) {
                report(file, name, "%.*s is above this layer, or not for this program",
                       (int)(strchr(name, '"') - name), name);
            }
            const bool is_part = starts(strchr(name, '"') - strlen(".inc"), ".inc");
            if (system_seen && ends(file->path, ".c") && !is_part) {
                report(file, name, "our headers come before the system's");
            }
        } else {
            system_seen = true;
        }
        if (first && own[0] && (!starts(name, own) || name[strlen(own)] != '"')) {
            report(file, name, "the first include of this file is its own \"%s\"", own);
        }
        first = false;
    }
}

static void check_guard(const source *file)
{
    const char *guard = strstr(file->code, "#ifndef ");
    const char *include = strstr(file->code, "#include");
    const char *define = guard ? strstr(line_end(guard), "#define ") : NULL;

    if (!define || (include && include < guard) || define > line_end(line_end(guard) + 1) ||
        word_size(guard + 8) == 0 || strncmp(guard + 8, define + 8, word_size(guard + 8)) != 0) {
        report(file, file->text, "the header has no include guard");
    }
}

/* Calls. */

static void check_calls(const source *file)
{
    static const char *const banned_anywhere[] = {"strcpy", "strcat", "sprintf", "vsprintf",
                                                  "gets",   "atoi",   "atol",    "atof",
                                                  "strtok", "alloca"};
    static const char *const banned_in_library[] = {
        "malloc",  "calloc", "realloc", "free",  "strdup", "strndup", "printf", "fprintf",  "puts",
        "putchar", "perror", "exit",    "abort", "system", "rand",    "time",   "setlocale"};
    static const char *const banned_above_env[] = {
        "fopen",  "open",          "mmap",  "munmap", "unlink",       "mkdir",          "opendir",
        "fsync",  "clock_gettime", "flock", "usleep", "nanosleep",    "pthread_create", "getpid",
        "rename", "remove",        "fork",  "rmdir",  "gettimeofday", "lseek",          "fcntl"};
    const bool in_library = file->layer <= SQL;
    const struct {
        const char *const *names;
        size_t count;
        bool applies;
        const char *instead;
    } lists[] = {
        {banned_anywhere, COUNT(banned_anywhere), true, "use what knows the size"},
        {banned_in_library, COUNT(banned_in_library),
         in_library && strcmp(file->path, "storage/base/mem.c") != 0,
         "memory is storage/base/mem.h, and a library neither prints nor exits"},
        {banned_above_env, COUNT(banned_above_env), in_library && file->layer != BASE,
         "the system is reached through storage/base/env.h and pool.h"},
    };

    for (size_t l = 0; l < COUNT(lists); l++) {
        for (size_t i = 0; lists[l].applies && i < lists[l].count; i++) {
            const char *name = lists[l].names[i];
            for (const char *at = file->code; (at = find_word(at, name)); at++) {
                const bool is_member = at > file->code && (at[-1] == '.' || at[-1] == '>');
                if (at[strlen(name)] == '(' && !is_member) {
                    report(file, file->text + (at - file->code), "%s(): %s", name,
                           lists[l].instead);
                }
            }
        }
    }
    for (const char *at = file->code; (at = find_word(at, "assert")); at++) {
        if (starts(at, "assert(0)") || starts(at, "assert(!\"") || starts(at, "assert(false)")) {
            report(file, file->text + (at - file->code), "an assert says what should be true");
        }
    }
}

/* Constants of type float, which clang warns of where they become doubles. */
static void check_constants(const source *file)
{
    for (const char *at = file->code; (at = find_word(at, "NAN")); at++) {
        if (at - file->code < 8 || !starts(at - 8, "(double)")) {
            report(file, file->text + (at - file->code), "write (double)NAN");
        }
    }
    const char *at = find_word(file->code, "INFINITY");
    if (at) {
        report(file, file->text + (at - file->code), "write HUGE_VAL");
    }
}

void check_source(source *file, const char *root)
{
    check_lines(file);
    if (file->is_c) {
        split(file);
        check_functions(file);
        check_comments(file);
        check_calls(file);
        check_constants(file);
        check_includes(file, root);
        if (file->is_header) {
            check_guard(file);
        }
        if (file->layer <= PUBLIC) {
            check_names(file);
            check_wording(file);
        }
        free(file->code);
        free(file->comments);
    }
}

source source_of(const char *path, char *text)
{
    return (source){.path = path,
                    .text = text,
                    .layer = layer_of(path),
                    .is_header = ends(path, ".h"),
                    .is_c = ends(path, ".c") || ends(path, ".h") || ends(path, ".inc")};
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (!file || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(2);
    }
    const size_t size = (size_t)ftell(file);
    char *text = room(size + 1);
    rewind(file);
    text[fread(text, 1, size, file)] = '\0';
    (void)fclose(file);
    return text;
}

static bool is_ours(const char *name)
{
    static const char *const kinds[] = {".c", ".h", ".inc", ".y", ".re", ".sh", "/README.md"};

    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (ends(name, kinds[i])) {
            return true;
        }
    }
    return false;
}

/* All files of `folder` and below. Returns how many were looked at. */
static unsigned check_folder(const char *root, const char *folder)
{
    char path[4096], name[1024];
    unsigned count = 0;

    (void)snprintf(path, sizeof path, "%s/%s", root, folder);
    DIR *dir = opendir(path);
    if (!dir) {
        return 0;
    }
    for (const struct dirent *entry; (entry = readdir(dir));) {
        struct stat status;
        (void)snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        (void)snprintf(path, sizeof path, "%s/%s", root, name);
        if (entry->d_name[0] == '.' || stat(path, &status) != 0) {
            continue;
        }
        if (S_ISDIR(status.st_mode)) {
            count += check_folder(root, name);
        } else if (is_ours(name)) {
            source file = source_of(name, read_file(path));
            check_source(&file, root);
            free(file.text);
            count++;
        }
    }
    closedir(dir);
    return count;
}

int main(int argument_count, char **arguments)
{
    static const char *const folders[] = {"include", "storage", "query", "sql",
                                          "shell",   "bench",   "tests"};
    const char *root = argument_count > 1 ? arguments[1] : ".";
    unsigned files = 0;

    if (!rules_are_awake()) {
        return 1;
    }
    for (size_t i = 0; i < COUNT(folders); i++) {
        files += check_folder(root, folders[i]);
    }
    printf("%u files, %u findings\n", files, findings);
    return findings == 0 && files > 0 ? 0 : 1;
}
