/* Stands between the origin and the kernel (LD_PRELOAD) and plays a disk that fails. Linux only.
 *
 * DISK_FAULT  = call:file:action[:nth]   which call on which file, by the end of its path, and what happens:
 *   call      open (for writing), write, sync, truncate
 *   action    EIO, ENOSPC, EROFS: it fails so, from the nth on; KILL: the process dies at the nth;
 *             TORN: half of the nth write arrives, then the process dies
 * DISK_FAULT_WHEN = file                 nothing fails until this file exists
 * DISK_KEEP   = folder                   after each sync of a file a copy of it goes here: all that a disk without
 *                                        power would still have
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char call[16], file[64], action[16], when[PATH_MAX], keep[PATH_MAX];
static int nth = 1;
static atomic_int seen;

__attribute__((constructor)) static void start(void) {
    const char *fault = getenv("DISK_FAULT"), *after = getenv("DISK_FAULT_WHEN"), *copies = getenv("DISK_KEEP");
    if (fault) sscanf(fault, "%15[^:]:%63[^:]:%15[^:]:%d", call, file, action, &nth);
    if (after) snprintf(when, sizeof when, "%s", after);
    if (copies) snprintf(keep, sizeof keep, "%s", copies);
}

static int ends_with(const char *path, const char *end) {
    size_t length = strlen(path), tail = strlen(end);
    return length >= tail && strcmp(path + length - tail, end) == 0;
}

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return 1;
}

/* Whether this call is the one that fails; sets errno where it fails with an error. */
static int fails(const char *name, const char *path) {
    if (!*call || strcmp(call, name) || !ends_with(path, file)) return 0;
    if (*when && access(when, F_OK)) return 0;
    if (atomic_fetch_add(&seen, 1) + 1 < nth) return 0;
    if (!strcmp(action, "KILL")) kill(getpid(), SIGKILL);
    errno = !strcmp(action, "ENOSPC") ? ENOSPC : !strcmp(action, "EROFS") ? EROFS : EIO;
    return 1;
}

static int fails_on(const char *name, int fd) {
    char path[PATH_MAX];
    return *call && path_of(fd, path) && fails(name, path);
}

#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static int opens(const char *name, const char *path, int flags, mode_t mode) {
    REAL(int, "open64", const char *, int, ...);
    (void)name;
    if ((flags & O_ACCMODE) != O_RDONLY && fails("open", path)) return -1;
    return real(path, flags, mode);
}

static mode_t mode_of(int flags, va_list rest) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; }

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return opens("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return opens("open64", path, flags, mode);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    if (fails_on("write", fd)) {
        if (strcmp(action, "TORN")) return -1;
        real(fd, bytes, count / 2, at);
        kill(getpid(), SIGKILL);
    }
    return real(fd, bytes, count, at);
}

int ftruncate64(int fd, off64_t length) {
    REAL(int, "ftruncate64", int, off64_t);
    return fails_on("truncate", fd) ? -1 : real(fd, length);
}

/* Copies under another name first: a reader finds the whole copy or the one before. */
static void keep_copy(int fd) {
    char path[PATH_MAX], copy[2 * PATH_MAX], half[2 * PATH_MAX + 8], buffer[65536];
    if (!*keep || !path_of(fd, path) || !strstr(path, "sale.db")) return;
    snprintf(copy, sizeof copy, "%s%s", keep, strrchr(path, '/'));
    snprintf(half, sizeof half, "%s.half", copy);
    int to = open(half, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    off_t at = 0;
    ssize_t count;
    while ((count = pread(fd, buffer, sizeof buffer, at)) > 0) {
        if (write(to, buffer, count) != count) abort();
        at += count;
    }
    close(to);
    if (count < 0 || rename(half, copy)) abort();
}

int fsync(int fd) {
    REAL(int, "fsync", int);
    if (fails_on("sync", fd)) return -1;
    int result = real(fd);
    if (result == 0) keep_copy(fd);
    return result;
}

int fdatasync(int fd) { return fsync(fd); }
