"""Redirects: as many as are sensible, for each lane its own, and nothing secret to another host."""

import base64

import pytest

from origin import File, Origin
from stage import MIB, Situation, each

LOGIN = "Basic " + base64.b64encode(b"me:word").decode()

SITUATIONS = {
    "20 redirects": Situation({"redirect_hops": 20}, size=MIB),
    "21 redirects": Situation({"redirect_hops": 21}, "failed bad_redirect", size=MIB),
    "a loop": Situation({"redirect_loop": True}, "failed bad_redirect", size=MIB),
    "a redirect to another scheme on some lanes": Situation(
        {"when": {"request": [2, 3]}, "redirect": "ftp://127.0.0.1/f"}, lanes=(4, 16)),
    "a redirect to another scheme": Situation({"redirect": "ftp://127.0.0.1/f"}, "failed bad_redirect", size=MIB),
    "a loop on all lanes but one": Situation({"when": {"request": {"from": 2}}, "redirect_loop": True,
                                              "delay_ms": 150}, size=MIB, lanes=(4, 16)),
    "a redirect to nonsense": Situation({"redirect": "http://[::/"}, "failed bad_redirect", size=MIB),
    "permanent, see other, temporary": Situation({"redirect_hops": 3, "redirect_status": 308}, size=MIB),
}


@pytest.mark.parametrize("title, lanes", each(SITUATIONS))
def test_redirects_end(run):
    run.check_end()


@pytest.mark.parametrize("lanes", (1, 4, 16))
def test_each_lane_may_be_sent_elsewhere(daemon, origin, is_right, lanes):
    names = [f"node-{i}.bin" for i in range(5)]
    for name in names:
        origin.add(File(name, 2 * MIB, 3, behaviour={"rate_bps": 2 * MIB // lanes}))
    nodes = [origin.url(name) for name in names]
    with Origin([File("a.bin", behaviour={"redirect": nodes, "keep_alive": False})]) as front:
        [job] = daemon.add(front.url("/a.bin"), connections=lanes, name="a.bin")
        assert daemon.wait(job) == 0
        assert is_right(daemon.out / "a.bin", 3, 2 * MIB)
    used = origin.stats().files
    assert len(used) > 1 or lanes == 1, used
    assert daemon.job(job)["final_url"].startswith(origin.url("/node-"))


@pytest.mark.parametrize("lanes", (1, 4, 16))
def test_secrets_stay_with_their_host(daemon, origin, is_right, lanes):
    origin.add(File("far.bin", 2 * MIB, 4, behaviour={"rate_bps": 2 * MIB // lanes}))
    origin.add(File("near.bin", behaviour={"auth": ["me", "word"], "require": {"X-Token": "t", "Cookie": "a=b"},
                                           "redirect": "http://127.0.0.2:{port}/far.bin"}))
    [job] = daemon.add(origin.url("/near.bin"), connections=lanes, name="near.bin", user="me:word",
                       headers=["X-Token: t"], cookies="a=b")
    assert daemon.wait(job) == 0
    assert is_right(daemon.out / "near.bin", 4, 2 * MIB)
    stats = origin.stats()
    for entry in stats.of("/far.bin"):
        assert not {"authorization", "x-token", "cookie"} & {name.lower() for name, _ in entry["headers"]}
    assert any(["Authorization", LOGIN] in entry["headers"] for entry in stats.of("/near.bin"))
