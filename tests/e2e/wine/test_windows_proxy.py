"""Windows' own settings for proxies, as the registry has them, and scripts (PAC), which Wine runs. A name that only
a proxy can make something of shows that it was asked. The prefix is this file's own: the settings are everybody's."""

import struct

import pytest
from daemon import Daemon
from origin import File
from system import OwnWine

SIZE = 300_000
KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
DIRECT, MANUAL, SCRIPT = 1, 2, 4
NOBODY = "127.0.0.1:1"
URL = "http://files.test/f.bin"


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    system = OwnWine(tmp_path_factory.mktemp("proxy"))
    system.make()
    with system.awake():
        yield system
    system.stop()


@pytest.fixture
def daemon(system, tmp_path):
    daemon = Daemon(system, tmp_path).start()
    daemon.seg("settings", "retries", 0)
    yield daemon
    daemon.stop()


@pytest.fixture
def proxy(origin):
    """The origin as a proxy's address; it has /f.bin of every host."""
    origin.add(File("f.bin", SIZE))
    return f"127.0.0.1:{origin.port}"


def choose(system, servers="", bypass="", script=""):
    """What the dialogue of the Internet options writes."""
    flags = DIRECT | (MANUAL if servers else 0) | (SCRIPT if script else 0)
    value = struct.pack("<III", 0x46, 1, flags)
    for text in (servers, bypass, script):
        value += struct.pack("<I", len(text)) + text.encode()
    done = system.run("reg", "add", KEY, "/v", "DefaultConnectionSettings", "/t", "REG_BINARY",
                      "/d", (value + bytes(32)).hex(), "/f")
    assert done.returncode == 0, done


def serve_script(origin, text):
    origin.add(File("x.pac", data=text.encode(), behaviour={"content_type": "application/x-ns-proxy-autoconfig"}))
    return origin.url("x.pac")


def said(daemon):
    return daemon.json("status")["info"]["proxy"]["text"]


def fetch(daemon, url):
    [job] = daemon.add(url)
    daemon.wait(job)
    return daemon.call("job.get", id=job)


def test_named_proxy__is_used_and_said(system, daemon, proxy, is_right):
    choose(system, servers=f"http={proxy};https={NOBODY}", bypass="*.corp;<local>")
    assert said(daemon) == f"by Windows (http={proxy};https={NOBODY}, not for *.corp;<local>)"
    job = fetch(daemon, URL)
    assert job["state"] == "done", job
    assert is_right(daemon.saved(job), 1, SIZE)


def test_bypass_list__is_asked_without_it(system, daemon, origin, proxy):
    choose(system, servers=NOBODY, bypass="127.0.0.1;<-loopback>")
    assert fetch(daemon, origin.url("f.bin"))["state"] == "done"
    other = fetch(daemon, origin.url("f.bin", host="127.0.0.2"))
    assert other["error"]["code"] == "connect_failed", other


def test_this_machine__is_asked_without_it(system, daemon, origin, proxy):
    choose(system, servers=NOBODY)
    assert fetch(daemon, origin.url("f.bin"))["state"] == "done"


def test_proxy_that_refuses__gives_way_to_the_next(system, daemon, proxy):
    choose(system, servers=f"{NOBODY};{proxy}")
    assert fetch(daemon, URL)["state"] == "done"


def test_script__says_which_proxy(system, daemon, origin, proxy):
    script = serve_script(origin, f"""
        function FindProxyForURL(url, host) {{
            return dnsDomainIs(host, ".test") ? "PROXY {proxy}; DIRECT" : "PROXY {NOBODY}";
        }}""")
    choose(system, script=script)
    assert said(daemon) == f"by Windows (PAC {script}, else none)"
    assert fetch(daemon, URL)["state"] == "done"
    assert fetch(daemon, "http://other.example/f.bin")["error"]["code"] == "connect_failed"
    assert fetch(daemon, origin.url("f.bin"))["state"] == "done"    # this machine, which it is not asked about


@pytest.mark.parametrize("broken", ["not there", "nobody there", "nonsense"])
def test_script_that_is_no_good__is_passed_over_and_logged(system, daemon, origin, proxy, broken):
    scripts = {"not there": origin.url("none.pac"), "nobody there": f"http://{NOBODY}/x.pac",
               "nonsense": serve_script(origin, "function FindProxyForURL(")}
    choose(system, servers=proxy, script=scripts[broken])
    assert fetch(daemon, URL)["state"] == "done"
    assert f"the proxy script {scripts[broken]}: it " in daemon.seg("log")
