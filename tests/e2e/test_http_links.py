"""Links that stop to work, work once, or want a login: what is there is kept, and a better link goes on."""

import pytest

from origin import File
from stage import MIB, SEAMS, Situation, each

SIZE = 2 * MIB


def once_gone(**answer):
    """Every lane is cut in mid-download, and from then on there is this answer."""
    return {"when": {"sent_bytes": {"from": MIB}}, "reset_after": 0, **answer}


def expired(**answer):
    return Situation(once_gone(**answer), "waiting link link_expired")


def locked(**answer):
    return Situation(once_gone(**answer), "failed auth_failed")


def surplus(**answer):
    """Some lanes flow, more are refused."""
    return Situation({"when": {"active": {"from": 3}}, **answer})


def works_once(**answer):
    return Situation({"when": {"request": {"from": 2}}, **answer}, size=MIB)


SITUATIONS = {
    "403 in mid-download": expired(status=403),
    "404 in mid-download": expired(status=404),
    "410 in mid-download": expired(status=410),
    "a web page in mid-download": expired(html=True),
    "401 in mid-download": locked(auth=["a", "b"]),
    "407 in mid-download": locked(proxy_auth=["a", "b"]),
    "403 from the start": Situation({"status": 403}, "failed http_error"),
    "404 from the start": Situation({"status": 404}, "failed http_error"),
    "401 from the start": Situation({"auth": ["a", "b"]}, "failed auth_failed"),
    "407 from the start": Situation({"proxy_auth": ["a", "b"]}, "failed auth_failed"),
    "401 with a wrong login": Situation({"auth": ["a", "b"]}, "failed auth_failed", options={"user": "a:c"}),
    "401 with the right login": Situation({"auth": ["a", "b"]}, options={"user": "a:b"}),
    "works once, then 403": works_once(status=403),
    "works once, then 404": works_once(status=404),
    "works once, then 410": works_once(status=410),
    "works once, then 401": works_once(status=401),
    "works once, then a web page": works_once(html=True),
    "works once, then a reset": works_once(break_head=[0, "reset"]),
    "works once, then a late 403": Situation(
        {"when": {"request": {"from": 2}}, "status": 403, "delay_ms": 3000}, size=MIB, lanes=(4, 16)),
    "more than two lanes get 403": surplus(status=403),
    "more than two lanes get 404": surplus(status=404),
    "more than two lanes get 401": surplus(status=401),
    "more than two lanes get a web page": surplus(html=True),
}


@pytest.mark.parametrize("title, lanes", each(SITUATIONS))
def test_what_is_there_is_kept(run):
    run.check_end()


@pytest.fixture(scope="module")
def mended(stage):
    """What the downloads that broke had when they got a better link; they are done."""
    def refresh(run):
        stage.origin.add(File(better(run), SIZE))
        stage.daemon.seg("refresh", run.id, stage.origin.url(better(run)))
    had = stage.mend(each(SITUATIONS, "mid-download"), refresh)
    assert any(have > 0 for have, _ in had.values())
    return had


def better(run):
    return "better-" + run.name


@pytest.mark.parametrize("title, lanes", each(SITUATIONS, "mid-download"))
def test_a_better_link_fetches_only_the_rest(stage, run, mended):
    run.check_file()
    have, _ = mended[run]
    rest = SIZE - have
    assert rest <= stage.origin.stats().files["/" + better(run)]["sent"] <= rest + SEAMS, run.story()
