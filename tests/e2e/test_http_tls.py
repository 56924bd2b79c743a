"""Servers whose identity is in doubt, for all lanes or for some."""

import pytest

from origin import Authority, File, Origin
from origin.tls import EXPIRED
from stage import LANES, MIB, RATE_BPS, SEND_BUFFER

SIZE = MIB
NAMES = {lanes: f"{lanes}.bin" for lanes in LANES}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificates(authority):
    return {"good": authority.issue("good"), "expired": authority.issue("expired", validity=EXPIRED),
            "another's": authority.issue("other", hosts=("example.com",))}


@pytest.fixture
def secure(daemon, authority):
    """A daemon that trusts the authority."""
    daemon.call("settings.set", name="ca_file", value=daemon.system.path(authority.ca))
    return daemon


def serve(certificate=None, behaviour=None):
    """An origin with a file for each number of lanes."""
    files = [File(name, SIZE, lanes, behaviour=[{"rate_bps": RATE_BPS[lanes]}, behaviour or {}])
             for lanes, name in NAMES.items()]
    return Origin(files, tls=certificate, send_buffer=SEND_BUFFER)


def fetch(daemon, origin):
    """A job for each number of lanes, all at once; they ended."""
    jobs = [daemon.add(origin.url(name), connections=lanes, name=name)[0] for lanes, name in NAMES.items()]
    daemon.wait(*jobs)
    return [daemon.job(job) for job in jobs]


def check_all_done(daemon, jobs, is_right):
    assert [job["state"] for job in jobs] == ["done"] * len(LANES), jobs
    for lanes, name in NAMES.items():
        assert is_right(daemon.out / name, lanes, SIZE)


def check_all_failed(jobs, code):
    assert [(job["state"], job["error"] and job["error"]["code"]) for job in jobs] == [("failed", code)] * len(LANES)


def test_a_server_that_is_vouched_for_is_trusted(secure, certificates, is_right):
    with serve(certificates["good"]) as origin:
        check_all_done(secure, fetch(secure, origin), is_right)


@pytest.mark.parametrize("fault", ("expired", "another's"))
def test_a_certificate_that_is_not_good_ends_it(secure, certificates, fault):
    with serve(certificates[fault]) as origin:
        check_all_failed(fetch(secure, origin), "tls_failed")
        assert origin.stats().requests == 0, "nothing was asked, and no secret told"


def test_a_server_that_nobody_vouches_for_is_not_trusted(secure, tmp_path):
    stranger = Authority(tmp_path / "stranger")
    with serve(stranger.issue("good")) as origin:
        check_all_failed(fetch(secure, origin), "tls_failed")
        secure.call("settings.set", name="ca_file", value=secure.system.path(stranger.ca))
        ids = [job["id"] for job in secure.json("list")]
        secure.seg("resume", *ids)
        assert secure.wait(*ids) == 0, "the right authority mends it"


@pytest.mark.parametrize("how", ("reset", "close", "silence"))
def test_a_handshake_that_breaks_on_some_lanes_costs_only_them(secure, certificates, is_right, how):
    secure.call("settings.set", name="stall_timeout", value=2)
    with serve(certificates["good"]) as origin:
        origin.set("*", {"when": {"connection": {"from": 4, "every": 3}}, "accept": how})
        check_all_done(secure, fetch(secure, origin), is_right)


def test_one_node_that_cannot_be_trusted_costs_only_its_lanes(secure, certificates, is_right):
    with serve(certificates["expired"]) as bad, serve(certificates["good"]) as origin:
        for lanes, name in NAMES.items():
            origin.set("/" + name, [{"rate_bps": RATE_BPS[lanes]},
                                    {"when": {"request": [2, 3]}, "redirect": bad.url(name)}])
        check_all_done(secure, fetch(secure, origin), is_right)
        assert bad.stats().requests == 0


def test_lanes_that_break_under_tls_go_on(secure, certificates, is_right):
    with serve(certificates["good"], {"close_after": MIB // 3}) as origin:
        check_all_done(secure, fetch(secure, origin), is_right)


def test_a_redirect_from_https_to_http_is_refused(secure, certificates):
    with serve() as open_origin, serve(certificates["good"]) as origin:
        for name in NAMES.values():
            origin.set("/" + name, {"redirect": open_origin.url(name)})
        check_all_failed(fetch(secure, origin), "bad_redirect")
        assert open_origin.stats().requests == 0
