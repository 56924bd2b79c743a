/* What the system says about this process. Any thread. Implemented by daemon/win and, for tests,
 * daemon/posix. */
#ifndef SEGUE_DAEMON_PROCESS_H
#define SEGUE_DAEMON_PROCESS_H

#include <stdint.h>

struct process_usage {
    uint32_t pid;
    uint32_t threads;
    uint32_t handles;      /* open handles, or file descriptors */
    uint64_t memory_bytes; /* working set now */
    uint64_t peak_bytes;   /* and at most */
    uint64_t cpu_ms;       /* user and kernel */
};

/* Fills what can be found out; the rest is 0. */
void process_usage(struct process_usage *out);

/* Enables the right to reserve room without filling it with zeros, where the process holds it:
 * SeManageVolumePrivilege. Before files are opened. */
void process_enable_fast_room(void);

#endif
