"""Proxies: by the setting, by a job's own wish, and what is said of them. A name that only a proxy can make
something of shows that it was asked; the origin answers as one."""

import pytest
from tunnel import Tunnels

from origin import Authority, File, Origin

SIZE = 300_000
NOBODY = "http://127.0.0.1:1"


@pytest.fixture
def proxy(origin):
    """The origin as a proxy's URL; it has /f.bin of every host."""
    origin.add(File("f.bin", SIZE))
    return origin.url("").rstrip("/")


def applies(daemon):
    """What is said of the proxy: the word for scripts, and the line for people."""
    said = daemon.json("status")["info"]["proxy"]
    assert f"proxy     {said['text']}\n" in daemon.seg("status")
    return said["mode"], said["text"]


def fetch(daemon, url, **options):
    [job] = daemon.add(url, **options)
    code = daemon.wait(job)
    return code, daemon.call("job.get", id=job)


def test_setting__names_the_proxy_of_all_jobs(daemon, proxy, is_right):
    daemon.seg("settings", "proxy", proxy)
    assert applies(daemon) == ("explicit", f"explicit {proxy}")
    code, job = fetch(daemon, "http://files.test/f.bin")
    assert code == 0, job
    assert is_right(daemon.saved(job), 1, SIZE)


def test_setting__its_password_is_not_shown(daemon, proxy):
    daemon.seg("settings", "proxy", proxy.replace("//", "//me:canary@"))
    assert applies(daemon) == ("explicit", "explicit " + proxy.replace("//", "//me:***@"))


def test_job__its_own_wish_goes_before_the_setting(daemon, origin, proxy, is_right):
    daemon.seg("settings", "proxy", NOBODY)
    for options in ({"proxy": "none"}, {"proxy": "system"}, {"proxy": proxy}):
        code, job = fetch(daemon, origin.url("f.bin"), **options)
        assert code == 0, (options, job)
        assert is_right(daemon.saved(job), 1, SIZE)
    done = daemon.run("get", origin.url("f.bin"), "--proxy", "none", "-d", daemon.system.path(daemon.out))
    assert done.returncode == 0, done.stderr


def test_none__is_none(daemon, origin, proxy):
    for value in ("none", ""):
        daemon.seg("settings", "proxy", value)
        assert applies(daemon) == ("none", "none")
        assert fetch(daemon, origin.url("f.bin"))[0] == 0


def test_default__is_what_windows_says(daemon):
    assert daemon.call("settings.get", name="proxy")["settings"][0]["value"] == "system"
    mode, text = applies(daemon)
    assert mode == "system" and text.startswith("by Windows (") and text.endswith(")")


def test_login__that_a_proxy_wants_is_asked_of_the_user(daemon, origin, proxy, is_right):
    origin.set("/f.bin", {"proxy_auth": ["me", "secret"]})
    code, job = fetch(daemon, "http://files.test/f.bin", proxy=proxy)
    assert (code, job["state"], job["error"]["code"]) == (1, "failed", "auth_failed")
    assert "the proxy wants other credentials" in job["error"]["message"]
    code, job = fetch(daemon, "http://files.test/f.bin", proxy=proxy.replace("//", "//me:secret@"))
    assert code == 0 and is_right(daemon.saved(job), 1, SIZE)


def test_https__goes_through_tunnels(daemon, tmp_path, is_right):
    authority = Authority(tmp_path / "authority")
    daemon.seg("settings", "ca_file", daemon.system.path(authority.ca))
    with Origin([File("f.bin", 8 * SIZE)], tls=authority.issue("files", hosts=("files.test",))) as server, \
            Tunnels(server.port) as tunnels:
        code, job = fetch(daemon, "https://files.test/f.bin", proxy=tunnels.url, connections=4)
        assert code == 0, job
        assert is_right(daemon.saved(job), 1, 8 * SIZE)
        assert set(tunnels.asked) == {("CONNECT", "files.test:443")}


def test_https__login_that_a_proxy_wants_is_asked_of_the_user(daemon):
    with Tunnels(1, refuses_with=407) as tunnels:
        code, job = fetch(daemon, "https://files.test/f.bin", proxy=tunnels.url)
    assert (code, job["state"], job["error"]["code"]) == (1, "failed", "auth_failed"), job
    assert job["error"]["message"].startswith("the proxy wants other credentials: ")


@pytest.mark.parametrize("value", ["ftp://127.0.0.1", "http://", "http://a b", "system://", "none:x"])
def test_nonsense__is_refused_with_what_would_be_right(daemon, value):
    for arguments in (("settings", "proxy", value), ("add", "http://a/b", "--proxy", value)):
        done = daemon.run(*arguments)
        assert done.returncode == 2 and "not " in done.stderr, done.stderr
