// Loaded before the C library, has its calls fail, stall, or do less than asked, as $FAULT says, for files whose paths hold $FAULT_AT;
// or crash where so many bytes are allocated as an image of a certain size has.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_wanted(const char *fault) {
    const char *wanted = getenv("FAULT");
    return wanted && strcmp(wanted, fault) == 0;
}

static int is_for(const char *fault, const char *path) {
    const char *at = getenv("FAULT_AT");
    return is_wanted(fault) && at && strstr(path, at);
}

static int is_for_open(const char *fault, int file) {
    // Not on the stack, of which a handler of signals has little.
    static __thread char link[64], path[4096];
    if (!is_wanted(fault)) return 0;
    memset(path, 0, sizeof path);
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
    if (is_for_open("quota", file)) return errno = EDQUOT, -1;
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

char *realpath(const char *path, char *resolved) {
    static char *(*next)(const char *, char *);
    if (is_for("stalls", path)) hang();
    return NEXT("realpath")(path, resolved);
}

int mkdir(const char *path, mode_t mode) {
    static int (*next)(const char *, mode_t);
    if (is_for("stalls at mkdir", path)) hang();
    return NEXT("mkdir")(path, mode);
}

static volatile char sink;

static int overflow(int depth) {
    volatile char frame[4096];
    frame[depth % 4096] = sink = (char)depth;
    return overflow(depth + 1) + frame[0];
}

// The bytes of RGB images of those widths and 97 rows.
static void crash_at(size_t bytes) {
    if (bytes < 101 * 97 * 3 || bytes > 113 * 97 * 3 || !is_wanted("crashes")) return;
    if (bytes == 101 * 97 * 3) overflow(0);
    if (bytes == 103 * 97 * 3) *(volatile char *)16 = 1;
    if (bytes == 107 * 97 * 3) abort();
    if (bytes == 111 * 97 * 3) sleep(2), abort();
    if (bytes == 109 * 97 * 3) __builtin_trap();
    if (bytes == 113 * 97 * 3) raise(SIGBUS);
}

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);

void *malloc(size_t bytes) {
    crash_at(bytes);
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes) {
    crash_at(count * bytes);
    return __libc_calloc(count, bytes);
}

// Becoming a fresh process after a crash: another crash there; or tells how much of the handler's stack was used, whose fresh pages
// were zero.
int execve(const char *program, char *const arguments[], char *const environment[]) {
    if (is_for("crashes", "again")) *(volatile char *)16 = 1;
    stack_t stack;
    if (is_for("crashes", "measured") && sigaltstack(NULL, &stack) == 0 && stack.ss_flags & SS_ONSTACK) {
        const char *deepest = stack.ss_sp, *top = deepest + stack.ss_size;
        while (deepest < top && !*deepest) deepest++;
        static char text[80];
        snprintf(text, sizeof text, "handler's stack: %zu of %zu bytes\n", (size_t)(top - deepest), stack.ss_size);
        syscall(SYS_write, 2, text, strlen(text));
    }
    return (int)syscall(SYS_execve, program, arguments, environment);
}
