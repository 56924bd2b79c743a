/* What is remembered about a server from one download to the next: how many lanes were useful, how
 * many it tolerated, how fast it was. It is where a download begins, never a limit: one that is
 * wrong costs a moment. Plain data and pure functions; the store keeps it by scheme, host and port.
 */
#ifndef SEGUE_CORE_PROFILE_H
#define SEGUE_CORE_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

/* X(constant, word). The words are those of the store. */
#define PROFILE_RANGES_TABLE(X)          \
    X(PROFILE_RANGES_UNKNOWN, "unknown") \
    X(PROFILE_RANGES_SERVED, "served")   \
    X(PROFILE_RANGES_REFUSED, "refused")

#define X(code, word) code,
enum profile_ranges { PROFILE_RANGES_TABLE(X) PROFILE_RANGES_COUNT };
#undef X

/* Number fields, all int64_t: X(field, meaning). 0: not known. Columns of the store have the same
 * names. */
#define PROFILE_NUMBER_FIELDS(X)                                          \
    X(useful_lanes)    /* more did not make it faster */                  \
    X(tolerated_lanes) /* it refused more; 0: it refused none */          \
    X(lane_bps)        /* of one lane */                                  \
    X(total_bps)       /* of all lanes of a download */                   \
    X(setup_us)        /* from asking to the first byte */                \
    X(refused_ms)      /* wall clock: when `tolerated_lanes` was found */ \
    X(seen_ms)         /* wall clock: when something was learned last */

struct profile {
#define X(field) int64_t field;
    PROFILE_NUMBER_FIELDS(X)
#undef X
    enum profile_ranges ranges;
};

/* How memory fades, in days. */
enum {
    PROFILE_HALF_LIFE_DAYS = 7,  /* of the useful lanes, and of the weight of what was measured */
    PROFILE_TOLERANCE_DAYS = 1,  /* after that, more lanes are tried again */
    PROFILE_FORGOTTEN_DAYS = 30, /* then nothing is left */
};

/* What one download showed of a server, since it was last asked. 0: nothing. */
struct observation {
    int64_t useful_lanes;
    bool is_useful_capped; /* no more were allowed: they might be useful too */
    int64_t served_lanes;  /* the most that it served at once */
    bool was_refused;      /* it refused further ones */
    int64_t lane_bps;
    int64_t total_bps;
    int64_t setup_us;
    enum profile_ranges ranges;
};

/* Adds what was seen at `now_ms` to what was known. A refusal counts at once, and until it fades or
 * more lanes than that were served; numbers come half way from the old value, and further the older
 * that is. */
void profile_learn(struct profile *profile, const struct observation *seen, int64_t now_ms);

/* What may be believed of a profile at `now_ms`. */
struct profile profile_faded(const struct profile *profile, int64_t now_ms);

/* True when nothing of it may be believed any more. */
bool profile_is_forgotten(const struct profile *profile, int64_t now_ms);

/* False for numbers that no download gives, as a damaged file may have them. */
bool profile_is_plausible(const struct profile *profile);

/* Lanes to begin with, by a profile that was faded: the useful ones, but no more than are
 * tolerated; 0: not known. */
int profile_start_lanes(const struct profile *profile);

/* The word, and back; PROFILE_RANGES_COUNT for an unknown one. */
const char *profile_ranges_word(enum profile_ranges ranges);
enum profile_ranges profile_ranges_from_word(const char *word);

#endif
