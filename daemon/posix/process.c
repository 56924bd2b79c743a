/* The process in numbers, from /proc; for tests only. */
#define _GNU_SOURCE
#include "daemon/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static uint32_t count_entries(const char *path)
{
    uint32_t n = 0;
    DIR *folder = opendir(path);
    if (folder == NULL)
        return 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        n += entry->d_name[0] != '.';
    closedir(folder);
    return n;
}

static uint64_t resident_bytes(void)
{
    unsigned long long total = 0;
    unsigned long long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL)
        return 0;
    int n = fscanf(file, "%llu %llu", &total, &resident);
    fclose(file);
    return n == 2 ? (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

void process_usage(struct process_usage *out)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    *out = (struct process_usage){
        .pid = (uint32_t)getpid(),
        .threads = count_entries("/proc/self/task"),
        .handles = count_entries("/proc/self/fd"),
        .memory_bytes = resident_bytes(),
        .peak_bytes = (uint64_t)usage.ru_maxrss * 1024,
        .cpu_ms = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                  (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000,
    };
}

void process_enable_fast_room(void)
{
}
