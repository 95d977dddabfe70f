// Loaded before the C library, has its calls fail, stall, or do less than asked, as $FAULT says, for files whose paths hold $FAULT_AT.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_for(const char *fault, const char *path) {
    const char *wanted = getenv("FAULT"), *at = getenv("FAULT_AT");
    return wanted && at && strcmp(wanted, fault) == 0 && strstr(path, at);
}

static int is_for_open(const char *fault, int file) {
    char link[64], path[4096] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    return readlink(link, path, sizeof path - 1) > 0 && is_for(fault, path);
}

// Of every two calls the first is interrupted.
static int is_interrupted(void) {
    static __thread unsigned calls;
    return ++calls % 2;
}

static void hang(void) {
    for (;;) pause();
}

#define NEXT(name) (next ? next : (next = dlsym(RTLD_NEXT, name)))

ssize_t read(int file, void *buffer, size_t count) {
    static ssize_t (*next)(int, void *, size_t);
    if (is_for_open("broken", file)) return errno = EIO, -1;
    if (is_for_open("interrupted", file)) {
        if (is_interrupted()) return errno = EINTR, -1;
        if (count > 100) count = 100;
    }
    return NEXT("read")(file, buffer, count);
}

ssize_t write(int file, const void *buffer, size_t count) {
    static ssize_t (*next)(int, const void *, size_t);
    if (is_for_open("broken", file)) return errno = EIO, -1;
    if (is_for_open("hangs", file)) hang();
    if (is_for_open("interrupted", file)) {
        if (is_interrupted()) return errno = EINTR, -1;
        if (count > 100) count = 100;
    }
    return NEXT("write")(file, buffer, count);
}

int open64(const char *path, int flags, ...) {
    static int (*next)(const char *, int, mode_t);
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    if (is_for("interrupted", path) && is_interrupted()) return errno = EINTR, -1;
    return NEXT("open64")(path, flags, mode);
}

DIR *opendir(const char *path) {
    static DIR *(*next)(const char *);
    if (is_for("stalls", path)) hang();
    return NEXT("opendir")(path);
}
