"""What the system says of proxies, natively: the environment. That a list of it goes on, and what a dead proxy
means, is for the native tests of net; Windows' own settings are for ../wine/test_windows_proxy.py."""

import pytest
from origin import File

SIZE = 300_000


@pytest.fixture
def proxy(origin, monkeypatch):
    """The origin, which the environment names as the proxy for http."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    origin.add(File("f.bin", SIZE))
    monkeypatch.setenv("http_proxy", origin.url(""))
    return origin


def said(daemon):
    return daemon.json("status")["info"]["proxy"]["text"]


def test_environment__names_the_proxy(proxy, idle_daemon, is_right):
    daemon = idle_daemon.start()
    assert said(daemon) == f"by Windows (http=http://127.0.0.1:{proxy.port}/)"
    [job] = daemon.add("http://files.test/f.bin")
    assert daemon.wait(job) == 0
    assert is_right(daemon.out / "f.bin", 1, SIZE)


def test_environment__exceptions_hold(proxy, idle_daemon, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "<-loopback>, 127.0.0.2")
    daemon = idle_daemon.start()
    daemon.seg("settings", "retries", 0)
    assert said(daemon).endswith(", not for <-loopback>;*.<-loopback>;127.0.0.2;*.127.0.0.2)")
    excepted, other = daemon.add(proxy.url("f.bin", host="127.0.0.2"), proxy.url("f.bin"))
    assert daemon.wait(excepted) == 0
    assert daemon.wait(other) == 1
    assert daemon.call("job.get", id=other)["error"]["code"] == "connect_failed"


def test_environment__this_machine_is_asked_without_a_proxy(proxy, idle_daemon, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    daemon = idle_daemon.start()
    assert daemon.wait(*daemon.add(proxy.url("f.bin"))) == 0
