/* A web server that behaves like a network with chosen rates, delays and faults, for the benchmark.
 *
 * One thread and epoll; what the network does is in shaped.c. The first line that it prints is its
 * port. For each line that it reads it prints the counts since the one before, as JSON; it ends
 * with its input.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/shaped.h"

enum { SEND_BUFFER = 262144 }; /* what a late tick may have to send at once */

static int epoll_fd;

static void die(const char *what)
{
    fprintf(stderr, "shaper: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void print_counts(void)
{
    const struct counts counts = shaped_take_counts();
    printf("{\"connections\": %" PRIu64 ", \"requests\": %" PRIu64 ", \"refused\": %" PRIu64
           ", \"silenced\": %" PRIu64 ", \"dropped\": %" PRIu64 ", \"sent\": %" PRIu64
           ", \"most_open\": %" PRIu64 "}\n",
           counts.connections, counts.requests, counts.refused, counts.silenced, counts.dropped,
           counts.sent, counts.most_open);
    fflush(stdout);
}

/* Returns false at the end of the input. */
static bool read_input(void)
{
    char line[64];
    ssize_t n = read(STDIN_FILENO, line, sizeof line);
    if (n <= 0)
        return false;
    print_counts();
    return true;
}

static int listen_on(const char *host)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t length = sizeof address;
    const int buffer = SEND_BUFFER;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || inet_pton(AF_INET, host, &address.sin_addr) != 1)
        die(host);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer); /* connections inherit it */
    if (bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, SHAPED_MAX_PEERS) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        die("listening");
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void serve_file(const struct shape *shape, const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        die(path);
    const char *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        die(path);
    close(fd);
    shaped_init(shape, bytes, (uint64_t)status.st_size);
}

static void watch(int fd, void *who)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = who };
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll");
}

static void accept_peer(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct peer *peer = fd < 0 ? NULL : shaped_open(fd);
    if (peer != NULL)
        watch(fd, peer);
}

/* Handles what has arrived; returns false at the end of the input. */
static bool handle_events(const struct epoll_event *events, int n, int *listener, void *input)
{
    uint64_t at_us = now_us();
    for (int i = 0; i < n; i++) {
        void *who = events[i].data.ptr;
        if (who == input && !read_input())
            return false;
        if (who == listener)
            accept_peer(*listener);
        else if (who != input && shaped_is_open(who))
            shaped_read(who, at_us);
    }
    return true;
}

static void serve(int listener)
{
    struct epoll_event events[64];
    char input = 0;
    bool is_busy = false;
    uint64_t next_us = 0;
    watch(listener, &listener);
    watch(STDIN_FILENO, &input);
    for (;;) {
        uint64_t before_us = now_us();
        int wait_ms = before_us >= next_us ? 0 : (int)((next_us - before_us + 999) / 1000);
        int n = epoll_wait(epoll_fd, events, 64, is_busy ? wait_ms : -1);
        if (n > 0 && !handle_events(events, n, &listener, &input))
            return;
        uint64_t at_us = now_us();
        if (is_busy && at_us < next_us)
            continue;
        is_busy = shaped_tick(at_us);
        next_us = at_us - at_us % SHAPED_TICK_US + SHAPED_TICK_US;
    }
}

/* Reads numbers with colons between them; ends the program if there are not just as many. */
static void take_numbers(const char *text, uint64_t **numbers, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char *end = NULL;
        *numbers[i] = strtoull(text, &end, 10);
        if (end == text || *end != (i + 1 < n ? ':' : '\0')) {
            fprintf(stderr, "shaper: an option wants %u numbers, with ':' between them\n", n);
            exit(2);
        }
        text = end + 1;
    }
}

static void take_fault(const char *text, struct fault *fault)
{
    take_numbers(text, (uint64_t *[]){ &fault->every, &fault->after, &fault->most }, 3);
}

static void take_option(struct shape *shape, int letter, const char *value)
{
    switch (letter) {
    case 'd':
        take_numbers(value, (uint64_t *[]){ &shape->rtt_us }, 1);
        return;
    case 'r':
        take_numbers(value, (uint64_t *[]){ &shape->rate_bps }, 1);
        return;
    case 'l':
        take_numbers(value, (uint64_t *[]){ &shape->link_bps }, 1);
        return;
    case 't':
        take_numbers(value, (uint64_t *[]){ &shape->tolerated }, 1);
        return;
    case 's':
        take_numbers(value, (uint64_t *[]){ &shape->slow_slot, &shape->slow_bps }, 2);
        return;
    case 'q':
        take_fault(value, &shape->silence);
        return;
    case 'x':
        take_fault(value, &shape->drop);
        return;
    default:
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static const struct option names[] = {
        { "host", required_argument, NULL, 'h' },
        { "rtt-us", required_argument, NULL, 'd' },
        { "rate", required_argument, NULL, 'r' },
        { "link", required_argument, NULL, 'l' },
        { "tolerate", required_argument, NULL, 't' },
        { "slow", required_argument, NULL, 's' },
        { "silence", required_argument, NULL, 'q' },
        { "drop", required_argument, NULL, 'x' },
        { NULL, 0, NULL, 0 },
    };
    struct shape shape = { .rtt_us = 0 };
    const char *host = "127.0.0.1";
    int letter;
    while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (letter == 'h')
            host = optarg;
        else
            take_option(&shape, letter, optarg);
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "usage: shaper [OPTION...] FILE\n");
        return 2;
    }
    serve_file(&shape, argv[optind]);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    serve(listen_on(host));
    return 0;
}
