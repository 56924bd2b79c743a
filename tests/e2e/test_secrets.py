"""Secrets: a canary in each kind of them must be nowhere but on the wire. The jobs end well and badly, the
daemon is stopped, killed, and given a damaged database; then everything is searched that anybody printed,
answered or wrote."""

import base64
import subprocess

import pytest
from daemon import Lines
from origin import File

MIB = 1 << 20
SIZE = 2 * MIB
COMMANDS = (["list"], ["status"], ["settings"], ["settings", "proxy"], ["hosts"])

CANARIES = {kind: f"canary{kind}7Q" for kind in
            ("header", "cookie", "user", "inurl", "proxy", "setting", "location", "refresh", "refused", "mirror",
             "newheader", "newcookie", "newuser", "newproxy")}


class Cage:
    """A daemon and everything that was heard of it."""

    def __init__(self, daemon, origin):
        self.daemon = daemon
        self.origin = origin
        self.heard = []
        self.listeners = []

    def seg(self, *arguments):
        done = self.daemon.run(*arguments)
        self.heard += [(arguments, done.stdout), (arguments, done.stderr)]
        return done

    def call(self, method, **params):
        answer = self.daemon.call(method, **params)
        self.heard.append((method, str(answer)))
        return answer

    def start(self):
        if self.daemon.process is None or self.daemon.process.poll() is not None:
            self.daemon.start()
        for command in (["events"], ["events", "--json"], ["watch", "--json"]):
            process = self.daemon.start_command(*command)
            self.listeners.append((command, process, Lines(process.stdout), Lines(process.stderr)))

    def end(self, by):
        by()
        self.heard.append(("segd", self.daemon.stderr.text()))
        for command, process, out, err in self.listeners:
            process.kill()
            process.wait()
            self.heard += [(command, out.text()), (command, err.text())]
            process.stdout.close()
            process.stderr.close()
        self.listeners = []

    def ask(self, jobs):
        """All that can be asked."""
        for command in (*COMMANDS, *(["show", job] for job in jobs)):
            self.seg(*command)
            self.seg(*command, "--json")
        for job in jobs:
            self.call("job.get", id=job)
        for method in ("job.list", "settings.get", "daemon.info", "daemon.stats", "daemon.hosts"):
            self.call(method)

    def check(self):
        """No canary was heard, and none is in a file."""
        words = needles()
        for who, text in self.heard:
            for word in words:
                assert word not in text, (who, text)
        for path in self.daemon.folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                for word in words:
                    assert word.encode() not in content, (path, word)
                    assert word.encode("utf-16-le") not in content, (path, word)


def needles():
    """The canaries, and as they are sent in a login or stand in hexadecimal."""
    logins = [base64.b64encode(f"me:{word}".encode()).decode() for word in CANARIES.values()]
    return [*CANARIES.values(), *logins, *(word.encode().hex() for word in CANARIES.values())]


def with_login(url, kind):
    return url.replace("//", f"//me:{CANARIES[kind]}@")


def serve(origin, name, **behaviour):
    origin.add(File(name, SIZE, behaviour=behaviour))
    return origin.url(name)


@pytest.fixture
def cage(daemon, origin):
    cage = Cage(daemon, origin)
    cage.start()
    yield cage
    for _, process, _, _ in cage.listeners:
        process.kill()
        process.wait()


def add_jobs(cage, folder):
    """One of each kind; each is asked for with every secret there is."""
    origin = cage.origin
    cookies = folder / "c.txt"
    cookies.write_text(f"127.0.0.1\tFALSE\t/\tFALSE\t0\tid\t{CANARIES['cookie']}\n")
    headers = folder / "h.txt"
    headers.write_text(f"X-Token: {CANARIES['header']}\r\n\nX-More: {CANARIES['header']}")
    secrets = ["-H", "@" + cage.daemon.system.path(headers), "--cookie-file", cage.daemon.system.path(cookies),
               "-d", cage.daemon.system.path(cage.daemon.out)]
    elsewhere = f"http://me:{CANARIES['location']}@127.0.0.2:{{port}}/far.bin"
    serve(origin, "far.bin")
    urls = {
        "right": with_login(serve(origin, "right.bin", auth=["me", CANARIES["inurl"]],
                                  require={"X-Token": CANARIES["header"], "X-More": CANARIES["header"]}), "inurl"),
        "wrong": with_login(serve(origin, "wrong.bin", auth=["me", "other"]), "inurl"),
        "missing": with_login(origin.url("none.bin"), "inurl"),
        "moved": with_login(serve(origin, "moved.bin", redirect=elsewhere), "inurl"),
        "slow": with_login(serve(origin, "slow.bin", rate_bps=MIB // 32), "inurl"),
    }
    for url in urls.values():
        cage.seg("add", url, *secrets)
    cage.seg("add", origin.url("right.bin"), "--user", f"me:{CANARIES['user']}", *secrets)
    cage.seg("add", origin.url("right.bin"), "--proxy", with_login("http://127.0.0.1:1", "proxy"), *secrets)
    cookies.unlink()
    headers.unlink()
    return list(range(1, 8))


def give_nonsense(cage):
    """What is refused is not repeated."""
    word = CANARIES["refused"]
    url = cage.origin.url("right.bin")
    for arguments in (["-H", word], ["--proxy", f"ftp://me:{word}@host"], ["--proxy", f"http://me:{word}@[::"],
                      ["--proxy", "http://me:***@host"], [f"--pass={word}"], [f"-z{word}"],
                      ["--mirror", with_login(url, "mirror")]):
        assert cage.seg("add", url, *arguments).returncode != 0, arguments
    for bad in (f"http://me:{word}@exa mple/", f"ftp://me:{word}@host/", f"http://me:{word}@[::"):
        assert cage.seg("add", bad).returncode != 0, bad
    assert cage.seg("settings", "proxy", f"ftp://me:{word}@host").returncode != 0
    for key, value in (("headers", [word]), ("proxy", f"ftp://me:{word}@h"), ("mirrors", [f"ftp://me:{word}@h"])):
        cage.call("job.add", jobs=[{"url": url, key: value}])


def refresh(cage, job, folder):
    """A job gets all its secrets anew, and some that are refused."""
    cookies = folder / "new.txt"
    cookies.write_text(f"127.0.0.1\tFALSE\t/\tFALSE\t0\tid\t{CANARIES['newcookie']}\n")
    url = cage.origin.url("none.bin")
    secrets = ["-H", f"X-Token: {CANARIES['newheader']}", "--user", f"me:{CANARIES['newuser']}",
               "--cookie-file", cage.daemon.system.path(cookies)]
    assert cage.seg("refresh", job, with_login(url, "refresh")).returncode == 0
    assert cage.seg("refresh", job, *secrets).returncode == 0
    assert cage.seg("refresh", job, "--proxy", with_login("http://127.0.0.1:1", "newproxy")).returncode == 0
    cookies.unlink()
    word = CANARIES["refused"]
    for arguments in (["-H", word], ["--proxy", f"ftp://me:{word}@host"], [f"ftp://me:{word}@host/"],
                      [url, "--user", f"me:{word}\t"]):
        assert cage.seg("refresh", job, *arguments).returncode != 0, arguments
    for key, value in (("headers", [word]), ("user", [word]), ("cookies", f"id={word}\t"), ("url", f"ftp://me:{word}@h")):
        cage.call("job.refresh", id=job, **{key: value})


def test_no_secret_is_anywhere(cage, tmp_path):
    daemon = cage.daemon
    cage.seg("settings", "retries", "1")
    jobs = add_jobs(cage, tmp_path)
    give_nonsense(cage)
    daemon.wait_until(1, lambda job: job["state"] == "done")
    daemon.wait_until(2, lambda job: job["error"] and job["error"]["code"] == "auth_failed")
    daemon.wait_until(4, lambda job: job["state"] == "done")
    assert cage.call("job.get", id=4)["final_url"] == cage.origin.url("far.bin").replace("127.0.0.1", "127.0.0.2")
    daemon.wait_until(5, lambda job: job["extents"])
    daemon.wait_until(7, lambda job: job["error"])
    refresh(cage, 3, tmp_path)
    cage.ask(jobs)
    cage.seg("settings", "proxy", with_login("http://127.0.0.1:1", "setting"))
    assert "http://me:***@127.0.0.1:1" in cage.seg("settings", "proxy").stdout

    cage.end(daemon.kill)
    cage.check()
    cage.start()
    cage.ask(jobs)
    assert "http://me:***@127.0.0.1:1" in cage.seg("settings", "proxy").stdout
    cage.seg("settings", "proxy", "")
    cage.origin.set("/slow.bin", {})
    cage.seg("resume", 5)   # it may have given up by that proxy
    daemon.wait_until(5, lambda job: job["state"] == "done")
    cage.end(daemon.stop)
    cage.check()

    database = daemon.data / "segue.db"
    content = bytearray(database.read_bytes())
    content[0:4096] = bytes(4096)
    database.write_bytes(content)
    cage.start()
    cage.ask(jobs)
    assert len(cage.call("job.list")["jobs"]) >= 1
    cage.end(daemon.stop)
    cage.check()


def test_secrets_survive_the_daemon(daemon, origin, is_right):
    url = serve(origin, "f.bin", auth=["me", CANARIES["user"]], require={"X-Token": CANARIES["header"]})
    [job] = daemon.add(url, user=f"me:{CANARIES['user']}", headers=[f"X-Token: {CANARIES['header']}"], paused=True)
    daemon.kill()
    daemon.start()
    daemon.seg("resume", job)
    assert daemon.wait(job) == 0, daemon.seg("show", job)
    assert is_right(daemon.out / "f.bin", 1, SIZE)


def test_secrets_of_another_account_stop_the_job_and_nothing_is_asked(daemon, origin):
    """A database that came from elsewhere: its rows cannot be read here."""
    url = serve(origin, "f.bin")
    [job] = daemon.add(url, headers=[f"X-Token: {CANARIES['header']}"], paused=True)
    daemon.stop()
    script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);" \
             " c.execute(\"UPDATE secret SET value = CAST(x'01ff' || substr(value, 2) AS BLOB)\"); c.commit()"
    subprocess.run(["/usr/bin/python3", "-c", script, str(daemon.data / "segue.db")], check=True)
    daemon.start()
    shown = daemon.job(job)
    assert (shown["state"], shown["error"]["code"]) == ("failed", "secrets_lost")
    assert "seg refresh" in shown["error"]["message"]
    assert origin.stats().requests == 0
    daemon.seg("resume", job)
    assert daemon.wait(job) == 0, "without them, as the user said"
