"""Downloads that have mirrors: each an origin of its own."""

import pytest

from origin import File, Origin

MIB = 1 << 20
SIZE = 8 * MIB
SLOW = {"rate_bps": 2 * MIB}


@pytest.fixture
def mirror():
    with Origin([], send_buffer=65536) as server:
        yield server


def serve(server, seed=1, size=SIZE, behaviour=SLOW):
    server.add(File("f.bin", size, seed, behaviour=behaviour))
    return server.url("/f.bin")


def sent(server):
    return server.stats().sent


def finish(daemon, job):
    assert daemon.wait(job) == 0, daemon.job(job)
    return daemon.job(job)


@pytest.mark.parametrize("lanes", [4, 16])
def test_mirrors_share_the_work(daemon, origin, mirror, is_right, lanes):
    url, other = serve(origin), serve(mirror)
    [job] = daemon.add(url, mirrors=[other], connections=lanes)
    job = finish(daemon, job)
    assert is_right(daemon.saved(job), 1, SIZE)
    assert sent(origin) > MIB
    assert sent(mirror) > 128 * 1024, "more than what it was judged by"


@pytest.mark.parametrize("lanes", [1, 4, 16])
def test_a_mirror_with_other_content_gives_no_byte(daemon, origin, mirror, is_right, lanes):
    url, other = serve(origin), serve(mirror, seed=2)
    [job] = daemon.add(url, mirrors=[other], connections=lanes)
    job = finish(daemon, job)
    assert is_right(daemon.saved(job), 1, SIZE)
    assert sent(mirror) <= 64 * 1024, "nothing but what it was judged by"


def test_jobs_share_the_connections_to_a_server_that_is_the_mirror_of_one(daemon, origin, mirror,
                                                                          is_right):
    """Four connections to a server: two for the job that has it as its URL, two for the other."""
    daemon.seg("settings", "max_connections_per_host", 4)
    first = serve(mirror)
    ids = daemon.add(first, connections=8) + daemon.add(serve(origin), mirrors=[first],
                                                        connections=8)
    for job in ids:
        assert is_right(daemon.saved(finish(daemon, job)), 1, SIZE)
    assert sent(mirror) > SIZE, "both were there"
    assert mirror.stats().max_open <= 4 + 1, "and the one that asks for these numbers"


def test_a_mirror_of_another_length_is_left_out(daemon, origin, mirror, is_right):
    url, other = serve(origin), serve(mirror, size=SIZE + 1)
    [job] = daemon.add(url, mirrors=[other], connections=4)
    assert is_right(daemon.saved(finish(daemon, job)), 1, SIZE)


def test_a_dead_url_is_replaced_by_its_mirror(daemon, origin, mirror, is_right):
    url, other = serve(origin, behaviour={"status": 404}), serve(mirror)
    [job] = daemon.add(url, mirrors=[other], connections=4)
    assert is_right(daemon.saved(finish(daemon, job)), 1, SIZE)


def test_a_url_that_dies_in_mid_download_costs_nothing_that_was_fetched(daemon, origin, mirror,
                                                                        is_right):
    url, other = serve(origin), serve(mirror)
    [job] = daemon.add(url, mirrors=[other], connections=4)
    daemon.wait_until(job, lambda _: sent(origin) > 2 * MIB)
    origin.set("/f.bin", {"status": 410, "reset_after": 0})
    assert is_right(daemon.saved(finish(daemon, job)), 1, SIZE)
    assert sent(origin) + sent(mirror) < SIZE + 4 * MIB


def test_secrets_for_the_url_do_not_go_to_a_mirror(daemon, origin, mirror):
    url, other = serve(origin), serve(mirror)
    [job] = daemon.add(url, mirrors=[other], connections=4, user="me:canary",
                       headers=["X-Secret: canary"], cookies="id=canary")
    finish(daemon, job)
    requests = mirror.stats().of("/f.bin")
    assert requests
    for request in requests:
        assert "canary" not in str(request["headers"])


@pytest.mark.parametrize("refusal", [{"status": 503}, {"status": 429, "retry_after": 1}, {"status": 404},
                                     {"break_head": [0, "reset"]}])
def test_a_url_that_refuses_while_its_mirror_delivers_is_not_asked_all_the_time(daemon, origin, mirror, is_right,
                                                                                refusal):
    half = {"when": {"sent_bytes": {"from": MIB}}}
    url = serve(origin, behaviour=[SLOW, {**half, "reset_after": 0, **refusal}])
    [job] = daemon.add(url, mirrors=[serve(mirror)], connections=4)
    assert is_right(daemon.saved(finish(daemon, job)), 1, SIZE)
    assert len(origin.stats().of("/f.bin")) < 40
