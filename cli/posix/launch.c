/* Starting segd as a background process; for tests. */
#define _GNU_SOURCE
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/need.h"

struct launch_lock {
    int fd;
};

/* Waits as long as it takes: who holds it is done within the time that a launch may take. */
struct launch_lock *launch_lock_take(uint32_t timeout_ms)
{
    char path[64];
    (void)timeout_ms;
    snprintf(path, sizeof path, "/tmp/segue-launch-%u", (unsigned)geteuid());
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return NULL;
    flock(fd, LOCK_EX);
    struct launch_lock *lock = need(sg_alloc(sizeof *lock));
    lock->fd = fd;
    return lock;
}

void launch_lock_give(struct launch_lock *lock)
{
    if (lock == NULL)
        return;
    close(lock->fd);
    sg_free(lock);
}

/* The file "segd" in the folder of this program. */
static bool find_daemon(char out[4096])
{
    ssize_t length = readlink("/proc/self/exe", out, 4096 - sizeof "segd");
    if (length <= 0)
        return false;
    while (length > 0 && out[length - 1] != '/')
        length--;
    memcpy(out + length, "segd", sizeof "segd");
    return access(out, X_OK) == 0;
}

/* In the child: no terminal, no files but the pipe that tells when it is ready. */
_Noreturn static void become_daemon(const char *path, int ready_fd)
{
    char number[16];
    int null = open("/dev/null", O_RDWR);
    snprintf(number, sizeof number, "%d", ready_fd);
    setsid();
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
        dup2(null, STDERR_FILENO) >= 0)
        execl(path, path, "run", "--background", "--ready-fd", number, (char *)NULL);
    _exit(127);
}

static enum sg_status tell_death(pid_t child, const char *path, struct sg_err *err)
{
    int outcome = 0;
    waitpid(child, &outcome, 0);
    int code = WIFEXITED(outcome) ? WEXITSTATUS(outcome) : 128 + WTERMSIG(outcome);
    return sg_err_foreign(err, SG_E_NO_DAEMON, code,
                          "%s ended at once with exit code %d: 'segd run' shows why", path, code);
}

static enum sg_status await(pid_t child, int fd, const char *path, uint32_t timeout_ms,
                            struct sg_err *err)
{
    struct pollfd wanted = { .fd = fd, .events = POLLIN };
    char byte;
    if (poll(&wanted, 1, (int)timeout_ms) == 0)
        return sg_err_set(err, SG_E_TIMEOUT, "%s did not get ready", path);
    return read(fd, &byte, 1) == 1 ? SG_OK : tell_death(child, path, err);
}

enum sg_status launch_daemon(uint32_t timeout_ms, struct sg_err *err)
{
    char path[4096];
    int ends[2];
    if (!find_daemon(path))
        return sg_err_set(err, SG_E_NO_DAEMON,
                          "no daemon is running, and there is no segd beside seg to start: "
                          "install it, or name a pipe by SEGUE_PIPE");
    if (pipe2(ends, O_CLOEXEC) != 0)
        return sg_err_foreign(err, SG_E_SYSTEM, errno, "starting %s: %s", path, strerror(errno));
    pid_t child = fork();
    if (child == 0) {
        fcntl(ends[1], F_SETFD, 0);
        become_daemon(path, ends[1]);
    }
    close(ends[1]);
    enum sg_status status = child > 0 ? await(child, ends[0], path, timeout_ms, err)
                                      : sg_err_foreign(err, SG_E_SYSTEM, errno, "starting %s: %s",
                                                       path, strerror(errno));
    close(ends[0]);
    return status;
}
