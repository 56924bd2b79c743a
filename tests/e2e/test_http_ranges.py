"""Answers to range requests that are not what was asked for: nothing of them is written where it does not
belong."""

import pytest

from stage import MIB, Situation, each

LATER = {"request": {"from": 2}}
RANGED = {"ranged": True}

SITUATIONS = {
    "ranges ignored from the second request on": Situation({"when": LATER, "ignore_ranges": True}),
    "ranges ignored once the first lane is gone": Situation(
        [{"when": LATER, "ignore_ranges": True}, {"when": {"request": 1}, "reset_after": MIB}]),
    "ranges ignored by some nodes": Situation(
        {"when": {"connection": {"every": 3}}, "ignore_ranges": True}),
    "no range is ever satisfiable": Situation({"when": RANGED, "status": 416}),
    "later ranges are not satisfiable": Situation({"when": LATER, "status": 416}),
    "a range not satisfiable for another total": Situation(
        {"when": {"request": 2}, "status": 416, "content_range": "bytes */12345"}),
    "shifted on every lane": Situation({"when": RANGED, "range_shift": 1000}),
    "shifted on some lanes": Situation({"when": {"connection": {"every": 2}}, "range_shift": 1000}),
    "longer than asked": Situation({"range_extra": 1000}),
    "shorter than asked for a while": Situation({"when": {"request": {"to": 4}}, "range_extra": -1000}),
    "starts one byte late, says the header": Situation({"content_range_delta": {"start": 1}}),
    "ends one byte late, says the header": Situation({"content_range_delta": {"end": 1}}),
    "ends one byte early, says the header": Situation({"content_range_delta": {"end": -1}}),
    "the total is a byte more, says the header": Situation({"content_range_delta": {"total": 1}}),
    "the total is not told": Situation({"content_range": "bytes {start}-{end}/*"}),
    "no Content-Range": Situation({"content_range": None}),
    "Content-Range in lines": Situation({"content_range": "lines {start}-{end}/{total}"}),
    "Content-Range backwards": Situation({"content_range": "bytes {end}-{start}/{total}"}),
    "Content-Range is negative": Situation({"content_range": "bytes -1-{end}/{total}"}),
    "Content-Range overflows": Situation({"content_range": "bytes 0-18446744073709551616/18446744073709551617"}),
    "Content-Range is rubbish": Situation({"content_range": "bytes"}),
    "two Content-Ranges": Situation({"when": RANGED, "headers": [["Content-Range", "bytes 5-9/10"]]}),
    "several ranges at once": Situation({"when": RANGED, "content_range": None,
                                         "content_type": "multipart/byteranges; boundary=x"}),
    "a range though the whole was asked for": Situation(
        [{"when": RANGED, "range_shift": 1000},
         {"when": {"ranged": False}, "status": 206, "headers": [["Content-Range", "bytes 0-9/4194304"]]}],
        "failed bad_server"),
    "compressed": Situation({"gzip": True}, "failed bad_server", size=MIB),
    "compressed from the second request on": Situation({"when": LATER, "gzip": True}, size=MIB),
    "neither a range nor the whole as it is": Situation(
        [{"when": RANGED, "range_shift": 1000}, {"when": {"ranged": False}, "gzip": True}],
        "failed bad_server", size=MIB),
    "wrong on every lane after some bytes": Situation(
        [{"when": {"request": 1}, "reset_after": MIB},
         {"when": LATER, "range_shift": 1000}, {"when": {"ranged": False}, "gzip": True}],
        "failed bad_server", size=2 * MIB),
}


@pytest.mark.parametrize("title, lanes", each(SITUATIONS))
def test_only_what_was_asked_for_is_written(run):
    run.check_end()
