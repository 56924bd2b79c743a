"""What people and scripts get wrong: each mistake has its own word, and changes nothing."""

import re

import pytest

from daemon import Daemon

URL = "http://127.0.0.1/file.bin"


@pytest.fixture(scope="module")
def daemon(system, tmp_path_factory):
    """One daemon for all of these tests: whatever they send, it has to live."""
    daemon = Daemon(system, tmp_path_factory.mktemp("bad")).start()
    daemon.add(URL, paused=True)
    yield daemon
    daemon.stop()


@pytest.fixture
def unchanged(daemon):
    """Jobs and settings are the same after the test."""
    def look():
        return daemon.call("job.list"), daemon.call("settings.get")
    before = look()
    yield
    assert look() == before


def calls(daemon, *requests):
    """What comes of several calls: the error's word of each, or its result."""
    messages = [{"jsonrpc": "2.0", "id": i, "method": method, "params": params}
                for i, (method, params) in enumerate(requests)]
    answers = daemon.talk(messages, len(messages))
    assert [answer["id"] for answer in answers] == list(range(len(messages)))
    for answer in answers:
        assert answer.get("error", {"message": "fine"})["message"]
    return [answer["error"]["data"]["code"] if "error" in answer else answer["result"]
            for answer in answers]


def added(daemon, *specs):
    """What comes of adding each of the specifications by itself."""
    folder = daemon.system.path(daemon.out)
    return calls(daemon, *(("job.add", {"jobs": [{"url": URL, "folder": folder, **spec}]})
                           for spec in specs))


def refused(daemon, code, *arguments, **options):
    done = daemon.run(*arguments, **options)
    assert done.returncode == code, (arguments, done)
    assert re.fullmatch(r"seg: .+: .+\n", done.stderr), (arguments, done.stderr)
    return done.stderr


pytestmark = pytest.mark.usefixtures("unchanged")


# ---- addresses ----

BAD_URLS = ("", "nonsense", "http://", "http:///x", "http://a b/", "http://[::1", "http://a:99999/",
            "http://a:b/", "//127.0.0.1/x", "http:127.0.0.1", "http://a/\n", "http://a/\x7f",
            " http://a/")
OTHER_SCHEMES = ("ftp://127.0.0.1/x", "file:///etc/passwd", "gopher://a/", "httpx://a/", "smb://a/b",
                 "javascript://a/")


def test_urls_that_are_none(daemon):
    assert added(daemon, *({"url": url} for url in BAD_URLS)) == ["invalid"] * len(BAD_URLS)
    assert added(daemon, *({"url": url} for url in OTHER_SCHEMES)) == \
        ["unsupported_scheme"] * len(OTHER_SCHEMES)
    assert added(daemon, {"url": None}, {"url": 3}, {"url": [URL]}, {"mirrors": ["nonsense"]},
                 {"mirrors": "http://a/"}, {"mirrors": [3]}) == ["invalid"] * 6
    refused(daemon, 2, "add", "nonsense")
    refused(daemon, 2, "add", "ftp://127.0.0.1/x")
    refused(daemon, 2, "add", "http://a:b/", "-d", daemon.system.path(daemon.out))
    refused(daemon, 2, "refresh", 1, "http://[::1")


def test_one_bad_url_among_good_ones_adds_nothing(daemon):
    refused(daemon, 2, "add", URL, "http://a:b/", URL, "-d", daemon.system.path(daemon.out))


# ---- folders and names ----

def test_folders_that_cannot_be_used(daemon):
    path = daemon.system.path
    a_file = daemon.folder / "a file"
    a_file.write_text("x")
    missing = daemon.folder / "missing"
    assert added(daemon, {"folder": path(missing)}, {"folder": path(missing / "below")},
                 {"folder": path(a_file)}, {"folder": path(a_file / "below")},
                 {"folder": daemon.system.forbidden}) == ["no_such_folder"] * 4 + ["denied"]
    assert added(daemon, {"folder": "relative"}, {"folder": ""}, {"folder": None},
                 {"folder": path(missing) + "\n"}) == ["invalid"] * 4

    message = refused(daemon, 1, "add", URL, "-d", path(missing))
    assert message == (f"seg: the folder {path(missing)} does not exist: create it, or name another "
                       "with -d\n")
    assert path(a_file) + " is not a folder: " in refused(daemon, 1, "add", URL, "-d", path(a_file))
    refused(daemon, 1, "add", URL, "-o", path(missing / "name.bin"))
    refused(daemon, 5, "add", URL, "-d", daemon.system.forbidden)
    assert not missing.exists() and a_file.read_text() == "x"


def test_names_that_windows_forbids(daemon):
    names = ("a:b", "a:b:$DATA", "CON", "con.txt", "nul", "COM1", "lpt9.tar.gz", "com\u00b9",
             "CONIN$", "x.", "x ", " ", ".", "..", "../x", "..\\x", "a/b", "a\\b", "C:\\x", "C:x",
             "a*b", "a?b", "a<b", "a>b", "a|b", 'a"b', "a\nb", "a\x1fb", "a\x7fb",
             "a\u202eb", "", "x" * 256, "\u00fc" * 300, "\U0001f600" * 128)
    assert added(daemon, *({"name": name} for name in names)) == ["invalid"] * len(names)
    out = daemon.system.path(daemon.out)
    refused(daemon, 2, "add", URL, "-d", out, "-o", "CON")
    refused(daemon, 2, "add", URL, "-d", out, "-o", "a|b")
    refused(daemon, 2, "add", URL, "-o", out + daemon.system.path("/")[-1])
    refused(daemon, 2, "add", URL, "-d", out, "-o", daemon.system.path(daemon.out / "x.bin"))


# ---- the other values ----

def test_values_of_a_job_that_make_no_sense(daemon):
    bad = [{"connections": n} for n in (0, -1, 65, 1.5, "4", 1e300)]
    bad += [{"limit": n} for n in (-1, 0.5, "1M", 1e300, None)]
    bad += [{"priority": n} for n in (-1001, 1001, 0.5, "high")]
    bad += [{"checksum": text} for text in ("", "sha256", "sha256:", "sha256:12", "crc32:00000000",
                                            "sha256:" + "g" * 64, "sha256:" + "0" * 66, 5)]
    bad += [{"headers": value} for value in ("K: V", ["nonsense"], ["K V: x"], [": x"], ["K: a\nb"],
                                             ["Range: bytes=0-1"], ["host: a"], [3], {})]
    bad += [{"at": text} for text in ("", "now", "22:30", "2030-02-30T00:00:00Z", 1, None)]
    bad += [{"key": value} for value in ("", 1, None, "a\nb")]
    bad += [{"paused": value} for value in (1, "yes", None)]
    bad += [{"if_exists": value} for value in ("", "delete", 1, None)]
    bad += [{"on_change": value} for value in ("", "continue", 1, None)]
    bad += [{"metered": value} for value in ("", "yes", 1, True)]
    bad += [{"user": ""}, {"user": 1}, {"cookies": "a=b\nc"}, {"cookies": []}, {"proxy": 1},
            {"unknown": 1}, {"Folder": "x"}]
    for spec, word in zip(bad, added(daemon, *bad), strict=True):
        assert word == "invalid", spec


def test_values_that_are_too_long(daemon):
    long = "x" * 70000
    bad = [{"url": "http://a/" + long}, {"folder": daemon.system.path(daemon.out / long)},
           {"name": long}, {"key": long}, {"user": long}, {"cookies": long}, {"proxy": long},
           {"headers": ["K: " + long]}, {"headers": ["K: V"] * 257}, {"mirrors": [URL] * 257},
           {"checksum": "sha256:" + long}, {"at": long}, {"if_exists": long}]
    for spec, word in zip(bad, added(daemon, *bad), strict=True):
        assert word == "invalid", {name: str(value)[:20] for name, value in spec.items()}
    settings = [("settings.set", {"name": name, "value": long})
                for name in ("user_agent", "proxy", "max_active", "if_exists")]
    assert calls(daemon, *settings) == ["invalid"] * len(settings)
    assert calls(daemon, ("settings.get", {"name": long})) == ["not_found"]


def test_options_that_make_no_sense(daemon):
    for arguments in (("-x", "0"), ("-x", "many"), ("-x", "65"), ("--limit", "fast"),
                      ("--priority", "high"), ("--priority", "5000"), ("--at", "soon"),
                      ("--checksum", "md5"), ("-H", "nonsense"), ("--if-exists", "delete"),
                      ("--on-change", "x"), ("--metered", "x"), ("--key", ""), ("--nonsense",), ("-z",), ("--paused=1",),
                      ("--limit",), ("--cookie-file", "/does/not/exist"), ("-i", "/does/not/exist")):
        refused(daemon, 2, "add", URL, *arguments, cwd=daemon.out)
    for arguments in (("add",), ("get",), ("show",), ("show", "x"), ("show", "0"), ("show", "-1"),
                      ("show", "1.5"), ("show", "99999999999999999999"), ("pause",),
                      ("pause", 1, "--all"), ("pause", "1x"), ("remove",), ("move", 1),
                      ("move", 1, "--first", "--last"), ("move", 1, "--before", "x"), ("set", 1),
                      ("set", 1, "colour=red"), ("set", 1, "priority"), ("set", 1, "priority=x"),
                      ("set", 1, "priority=5000"), ("set", 1, "connections=-1"),
                      ("set", 1, "limit=-5"), ("limit", "fast"), ("limit", "-1"), ("refresh", 1),
                      ("list", "--state", "good"), ("events", "--progress", "5"),
                      ("completion", "zsh"), ("help", "nonsense"), ("wait",)):
        refused(daemon, 2, *arguments)


def test_settings_that_make_no_sense(daemon):
    numbers = {"max_active": (1, 64), "max_connections": (1, 64), "retries": (0, 1000),
               "stall_timeout": (1, 600), "checkpoint_interval": (100, 60000)}
    requests = []
    for name, (low, high) in numbers.items():
        known = daemon.call("settings.get", name=name)["settings"][0]
        assert (known["min"], known["max"]) == (low, high)
        for value in (low - 1, high + 1, low + 0.5, "", "x", "1 ", "0x2", True, [1], {}, 1e300):
            requests.append(("settings.set", {"name": name, "value": value}))
    requests += [("settings.set", {"name": "if_exists", "value": value})
                 for value in ("", "delete", "Rename", 1)]
    requests += [("settings.set", {"name": "user_agent", "value": "a\nb"}),
                 ("settings.set", {"name": "max_active"}), ("settings.set", {"value": 1}),
                 ("settings.set", {}), ("settings.set", {"name": 1, "value": 1}),
                 ("settings.set", {"name": "max_active", "value": 1, "more": 1}),
                 ("settings.get", {"name": 1}), ("settings.get", {"nom": "max_active"})]
    for request, word in zip(requests, calls(daemon, *requests), strict=True):
        assert word == "invalid", request
    assert calls(daemon, ("settings.set", {"name": "nonsense", "value": 1})) == ["not_found"]
    for arguments in (("max_active", "0"), ("max_active", "x"), ("if_exists", "delete"),
                      ("nonsense",), ("nonsense", "1"), ("max_active", "1", "2")):
        refused(daemon, 2, "settings", *arguments)


def test_the_download_folder_is_a_whole_path(daemon):
    requests = [("settings.set", {"name": "download_dir", "value": value})
                for value in ("relative", "..", "a\nb", 5)]
    assert calls(daemon, *requests) == ["invalid"] * len(requests)
    refused(daemon, 2, "settings", "download_dir", "relative")


def test_jobs_that_are_not_there(daemon):
    requests = [("job.get", {"id": 99}), ("job.pause", {"ids": [1, 99]}),
                ("job.resume", {"ids": [99, 1]}), ("job.cancel", {"ids": [1, 99]}),
                ("job.remove", {"ids": [1, 99]}), ("job.set", {"id": 99, "priority": 1}),
                ("job.move", {"id": 99, "to": "first"}), ("job.move", {"id": 1, "before": 99}),
                ("job.refresh", {"id": 99, "url": URL}), ("job.get", {"id": 9 * 10 ** 15})]
    assert calls(daemon, *requests) == ["not_found"] * len(requests)
    for command in ("show", "pause", "resume", "cancel", "remove", "wait", "watch"):
        assert "99" in refused(daemon, 4, command, 99)
    refused(daemon, 4, "pause", 1, 99)
    refused(daemon, 4, "move", 1, "--before", 99)
    refused(daemon, 4, "refresh", 99, URL)


def test_a_pipe_where_nobody_listens(daemon, tmp_path):
    other = Daemon(daemon.system, tmp_path)
    for arguments in (("list",), ("get", URL), ("status", "--json"), ("wait", 1), ("events",)):
        message = refused(other, 3, *arguments)
        assert other.pipe in message and "segd run" in message
    other.pipe = "\\\\.\\pipe\\" + "x" * 300 if daemon.system.name == "wine" else "/tmp/" + "x" * 300
    assert refused(other, 2, "list")
