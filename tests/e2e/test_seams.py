"""Content that changes under the same validators: only the bytes themselves can tell."""

import pytest

from stage import MIB, Situation, each

LATER = {"request": {"from": 2}}
CUT = {"when": {"request": 1}, "reset_after": MIB // 2}     # so that a lone lane asks again, too
HIDDEN = {"switch_to": {"seed": 9, "keep_validators": True}}
FAIL = {"on_change": "fail"}

SITUATIONS = {
    "another content under the same validators": Situation([CUT, {"when": LATER, **HIDDEN}], seed=9),
    "another content under the same validators and may not": Situation(
        [CUT, {"when": LATER, **HIDDEN}], "failed remote_changed", options=FAIL),
    "another content without validators": Situation(
        [CUT, {"etag": None, "last_modified": None}, {"when": LATER, **HIDDEN}], seed=9),
    "one node has another content": Situation({"when": {"connection": 2}, **HIDDEN}, "failed remote_changed",
                                              options=FAIL, lanes=(4, 16)),
    "one node is a byte off": Situation({"when": {"connection": 2}, "content_shift": 1}, "failed remote_changed",
                                        options=FAIL, lanes=(4, 16)),
    "the same content all the time": Situation({"reset_after": MIB // 2}),
}


@pytest.mark.parametrize("title, lanes", each(SITUATIONS))
def test_contents_are_not_mixed(run):
    run.check_end()


@pytest.mark.parametrize("title, lanes", each(SITUATIONS, "and may not"))
def test_what_is_kept_goes_on_when_the_old_content_is_back(run, mended_as_if_nothing_had_been):
    run.check_bytes(seed=1, size=run.situation.size)
