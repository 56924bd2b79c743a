/* The connections, their slots, rates and faults. Bytes are handed out on a tick, from a bucket for
 * each connection and one for the link that all share. Every path is the one file. It knows as much
 * HTTP/1.1 as downloads need: GET, HEAD, one range, connections that stay. It knows neither
 * epoll nor the clock.
 */

#include "tests/bench/shaped.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MAX_HEAD = 8192,
    BURST_US = 250000, /* of a rate, that a late tick or a slow reader may leave to be caught up */
    PACKET = 1460,     /* less is sent only at the end of an answer */
    US_PER_S = 1000000,
};

struct bucket {
    uint64_t earned;
    uint64_t last_us; /* up to when it has earned */
};

enum peer_state { PEER_FREE, PEER_IDLE, PEER_WAITING, PEER_SENDING, PEER_SILENT };

/* A connection. It keeps a slot from its beginning to its end: the lowest that was free. */
struct peer {
    enum peer_state state;
    int fd;
    unsigned slot;
    bool has_answered;
    bool will_be_silent;
    bool will_drop;
    uint64_t carried; /* bytes of bodies since it was numbered */
    uint64_t due_us;  /* when the answer begins */
    struct bucket bucket;
    uint64_t pos; /* the rest of the body: [pos, end) of the file */
    uint64_t end;
    bool is_counted; /* among the answers that are under way */
    char answer[512];
    size_t n_answer;
    char head[MAX_HEAD];
    size_t n_head;
    uint64_t grant; /* what this tick lets it send */
};

static struct shape shape;
static struct peer peers[SHAPED_MAX_PEERS];
static struct peer *peers_end = peers; /* behind the last one that was ever used */
static struct counts counts;
static struct bucket link_bucket;
static const char *file_bytes;
static uint64_t file_size;
static unsigned n_answering;
static uint64_t n_numbered; /* connections that were numbered since the counts were last taken */
static unsigned n_open;

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- rates ---- */

static void bucket_start(struct bucket *bucket, uint64_t at_us)
{
    bucket->earned = 0;
    bucket->last_us = at_us;
}

/* What is there for sending; a rate of 0 is no limit. */
static uint64_t bucket_fill(struct bucket *bucket, uint64_t rate_bps, uint64_t at_us)
{
    if (rate_bps == 0)
        return UINT64_MAX;
    uint64_t gained = (at_us - bucket->last_us) * rate_bps / US_PER_S;
    if (gained == 0)
        return bucket->earned;
    bucket->last_us += gained * US_PER_S / rate_bps;
    uint64_t most = rate_bps * BURST_US / US_PER_S;
    bucket->earned = least(bucket->earned + gained, most < PACKET ? PACKET : most);
    return bucket->earned;
}

static void bucket_take(struct bucket *bucket, uint64_t rate_bps, uint64_t n)
{
    if (rate_bps != 0)
        bucket->earned -= n;
}

static uint64_t rate_of(const struct peer *peer)
{
    if (shape.slow_bps != 0 && peer->slot == shape.slow_slot)
        return shape.slow_bps;
    return shape.rate_bps;
}

/* ---- connections ---- */

static void end_answer(struct peer *peer)
{
    if (peer->is_counted)
        n_answering--;
    peer->is_counted = false;
}

static void close_peer(struct peer *peer)
{
    end_answer(peer);
    close(peer->fd);
    peer->state = PEER_FREE;
    n_open--;
}

/* The other side gets a reset. */
static void drop_peer(struct peer *peer)
{
    const struct linger linger = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close_peer(peer);
    counts.dropped++;
}

/* Whether the connection of this number is one of those that fail. */
static bool fails(const struct fault *fault, uint64_t number)
{
    return fault->every != 0 && number % fault->every == 0 && number / fault->every <= fault->most;
}

/* Says which connection this is since the counts were last taken, and so what becomes of it. */
static void number_peer(struct peer *peer)
{
    n_numbered++;
    peer->carried = 0;
    peer->will_be_silent = fails(&shape.silence, n_numbered);
    peer->will_drop = fails(&shape.drop, n_numbered);
}

static void open_peer(struct peer *peer, int fd)
{
    *peer = (struct peer){ .state = PEER_IDLE, .fd = fd, .slot = (unsigned)(peer - peers) };
    counts.connections++;
    n_open++;
    if (n_open > counts.most_open)
        counts.most_open = n_open;
    number_peer(peer);
}

/* ---- requests ---- */

/* The number at the text, which moves on behind it; -1 if there is none. */
static int64_t take_number(const char **text)
{
    char *end = NULL;
    if (**text < '0' || **text > '9')
        return -1;
    int64_t number = strtoll(*text, &end, 10);
    *text = end;
    return number;
}

/* The range that a head asks for, in the peer; false if it asks for none that is understood. */
static bool take_range(struct peer *peer)
{
    static const char name[] = "\r\nrange: bytes=";
    const char *at = strcasestr(peer->head, name);
    if (at == NULL)
        return false;
    at += sizeof name - 1;
    int64_t first = take_number(&at);
    if (first < 0 || *at != '-')
        return false;
    at++;
    int64_t last = take_number(&at);
    peer->pos = (uint64_t)first;
    peer->end = last < 0 ? file_size : least((uint64_t)last + 1, file_size);
    return true;
}

static void write_answer(struct peer *peer, const char *status, const char *range, uint64_t length)
{
    peer->n_answer = (size_t)snprintf(
        peer->answer, sizeof peer->answer,
        "HTTP/1.1 %s\r\nServer: shaper\r\nAccept-Ranges: bytes\r\nETag: \"shaped\"\r\n"
        "Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT\r\nContent-Type: application/octet-stream\r\n"
        "%sContent-Length: %" PRIu64 "\r\n\r\n",
        status, range, length);
}

static void refuse(struct peer *peer, const char *status)
{
    peer->pos = peer->end = 0;
    write_answer(peer, status, "", 0);
    counts.refused++;
}

static void answer_file(struct peer *peer)
{
    char range[96] = "";
    bool has_range = take_range(peer);
    if (!has_range) {
        peer->pos = 0;
        peer->end = file_size;
    } else if (peer->pos >= peer->end) {
        refuse(peer, "416 Range Not Satisfiable");
        return;
    } else {
        snprintf(range, sizeof range,
                 "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n", peer->pos,
                 peer->end - 1, file_size);
    }
    write_answer(peer, has_range ? "206 Partial Content" : "200 OK", range, peer->end - peer->pos);
    if (strncmp(peer->head, "HEAD ", 5) == 0)
        peer->pos = peer->end;
}

/* Settles the answer to the request in `head`, and when it begins. */
static void begin_answer(struct peer *peer, uint64_t at_us)
{
    counts.requests++;
    if (shape.tolerated != 0 && n_answering >= shape.tolerated) {
        refuse(peer, "429 Too Many Requests");
    } else {
        answer_file(peer);
        peer->is_counted = true;
        n_answering++;
    }
    peer->due_us = at_us + shape.rtt_us * (peer->has_answered ? 1 : 2);
    peer->has_answered = true;
    peer->state = PEER_WAITING;
}

/* Looks whether a whole request has arrived, and if so takes it. */
static void take_request(struct peer *peer, uint64_t at_us)
{
    peer->head[peer->n_head] = '\0';
    char *end = strstr(peer->head, "\r\n\r\n");
    if (peer->state != PEER_IDLE || end == NULL)
        return;
    end[2] = '\0';
    begin_answer(peer, at_us);
    size_t taken = (size_t)(end + 4 - peer->head);
    peer->n_head -= taken;
    memmove(peer->head, end + 4, peer->n_head);
}

/* ---- answers ---- */

/* How much of the body may go before a fault of this connection happens. */
static uint64_t before_fault(const struct peer *peer)
{
    uint64_t left = peer->end - peer->pos;
    if (peer->will_be_silent)
        left = least(left, shape.silence.after - least(shape.silence.after, peer->carried));
    if (peer->will_drop)
        left = least(left, shape.drop.after - least(shape.drop.after, peer->carried));
    return left;
}

static void begin_sending(struct peer *peer)
{
    peer->state = PEER_SENDING;
    bucket_start(&peer->bucket, peer->due_us);
    if (send(peer->fd, peer->answer, peer->n_answer, MSG_NOSIGNAL) != (ssize_t)peer->n_answer)
        close_peer(peer);
}

/* What its own rate lets it send now; no small packets in mid-answer. */
static uint64_t offer_of(struct peer *peer, uint64_t at_us)
{
    uint64_t left = before_fault(peer);
    uint64_t offer = least(left, bucket_fill(&peer->bucket, rate_of(peer), at_us));
    return offer < PACKET && offer < left ? 0 : offer;
}

static void after_sending(struct peer *peer, uint64_t at_us)
{
    if (peer->pos == peer->end) {
        end_answer(peer);
        peer->state = PEER_IDLE;
        take_request(peer, at_us);
    } else if (before_fault(peer) == 0 && peer->will_drop) {
        drop_peer(peer);
    } else if (before_fault(peer) == 0) {
        peer->state = PEER_SILENT;
        counts.silenced++;
    }
}

static void send_grant(struct peer *peer, uint64_t at_us)
{
    ssize_t n = 0;
    if (peer->grant > 0)
        n = send(peer->fd, file_bytes + peer->pos, peer->grant, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) {
        close_peer(peer);
        return;
    }
    if (n > 0) {
        uint64_t sent = (uint64_t)n;
        bucket_take(&peer->bucket, rate_of(peer), sent);
        bucket_take(&link_bucket, shape.link_bps, sent);
        peer->pos += sent;
        peer->carried += sent;
        counts.sent += sent;
    }
    after_sending(peer, at_us);
}

/* ---- the tick ---- */

static unsigned collect_senders(struct peer **senders, uint64_t at_us)
{
    unsigned n = 0;
    for (struct peer *peer = peers; peer < peers_end; peer++) {
        if (peer->state == PEER_WAITING && peer->due_us <= at_us)
            begin_sending(peer);
        if (peer->state != PEER_SENDING)
            continue;
        peer->grant = offer_of(peer, at_us);
        senders[n++] = peer;
    }
    return n;
}

static int by_grant(const void *left, const void *right)
{
    const struct peer *a = *(struct peer *const *)left;
    const struct peer *b = *(struct peer *const *)right;
    return (a->grant > b->grant) - (a->grant < b->grant);
}

/* Cuts the offers to fair shares of the link: who wants less than a share leaves the rest. */
static void share_link(struct peer **senders, unsigned n, uint64_t at_us)
{
    if (shape.link_bps == 0)
        return;
    uint64_t left = bucket_fill(&link_bucket, shape.link_bps, at_us);
    qsort(senders, n, sizeof *senders, by_grant);
    for (unsigned i = 0; i < n; i++) {
        senders[i]->grant = least(senders[i]->grant, left / (n - i));
        left -= senders[i]->grant;
    }
}

/* ---- for the loop ---- */

void shaped_init(const struct shape *network, const char *bytes, uint64_t size)
{
    shape = *network;
    file_bytes = bytes;
    file_size = size;
}

struct peer *shaped_open(int fd)
{
    struct peer *peer = peers;
    while (peer < peers + SHAPED_MAX_PEERS && peer->state != PEER_FREE)
        peer++;
    if (peer == peers + SHAPED_MAX_PEERS) {
        close(fd);
        return NULL;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    open_peer(peer, fd);
    if (peer == peers_end)
        peers_end++;
    return peer;
}

bool shaped_is_open(const struct peer *peer)
{
    return peer->state != PEER_FREE;
}

void shaped_read(struct peer *peer, uint64_t at_us)
{
    size_t room = MAX_HEAD - 1 - peer->n_head;
    ssize_t n = room == 0 ? 0 : recv(peer->fd, peer->head + peer->n_head, room, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        close_peer(peer);
        return;
    }
    peer->n_head += (size_t)n;
    take_request(peer, at_us);
}

bool shaped_tick(uint64_t at_us)
{
    static struct peer *senders[SHAPED_MAX_PEERS];
    static bool was_sending;
    if (!was_sending)
        bucket_start(&link_bucket, at_us); /* an idle link has earned nothing */
    unsigned n = collect_senders(senders, at_us);
    share_link(senders, n, at_us);
    for (unsigned i = 0; i < n; i++)
        send_grant(senders[i], at_us);
    was_sending = n > 0;
    for (const struct peer *peer = peers; peer < peers_end; peer++)
        if (peer->state == PEER_WAITING || peer->state == PEER_SENDING)
            return true;
    return false;
}

struct counts shaped_take_counts(void)
{
    struct counts taken = counts;
    counts = (struct counts){ .most_open = n_open };
    n_numbered = 0;
    for (struct peer *peer = peers; peer < peers_end; peer++) {
        if (peer->state != PEER_FREE)
            number_peer(peer);
    }
    return taken;
}
