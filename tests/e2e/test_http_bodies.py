"""Bodies whose length is not known, is a lie, or is told by their end alone."""

import pytest

from stage import MIB, Situation, each

WHOLE = {"ignore_ranges": True}

SITUATIONS = {
    "ranges in chunks": Situation({"chunked": True}),
    "ranges in chunks of 100 bytes": Situation({"rate_bps": None, "chunked": True, "chunk_bytes": 100}, size=MIB),
    "ranges in chunks without their end": Situation({"chunked": True, "chunked_end": False}),
    "ranges whose length is not told": Situation({"content_length": None}),
    "chunks without their end, once": Situation(
        [WHOLE | {"chunked": True}, {"when": {"request": 1}, "chunked_end": False}], size=MIB),
    "chunks that always lack their end": Situation(
        WHOLE | {"chunked": True, "chunked_end": False}, "failed short_body", size=MIB),
    "chunks that break off": Situation(
        WHOLE | {"chunked": True, "close_after": MIB // 2}, "failed short_body", size=MIB),
    "chunks that are none": Situation(
        {"headers": [["Transfer-Encoding", "chunked"]]}, "failed bad_server", size=MIB),
    "until the connection ends": Situation(WHOLE | {"content_length": None}, size=MIB),
    "less than promised, then the end": Situation(
        WHOLE | {"content_length_delta": 1000, "keep_alive": False}, "failed short_body", size=MIB),
    "less than promised, once": Situation(
        [WHOLE | {"keep_alive": False}, {"when": {"request": 1}, "content_length_delta": 1000}], size=MIB),
    "range and length contradict each other": Situation(
        {"when": {"ranged": True}, "content_length_delta": 1000}),
    "range shorter than its length on some lanes": Situation(
        {"when": {"connection": {"every": 2}}, "content_length_delta": 1000}),
    "range longer than its length on some lanes": Situation(
        {"when": {"connection": {"every": 2}}, "content_length_delta": -1000}),
    "rubbish behind ranges": Situation({"trailing": 1000}),
    "rubbish behind the whole": Situation(WHOLE | {"trailing": 1000}),
    "rubbish behind some": Situation({"when": {"request": {"every": 2}}, "trailing": 100_000}),
}


@pytest.mark.parametrize("title, lanes", each(SITUATIONS))
def test_a_file_is_whole_or_not_done(run):
    run.check_end()
