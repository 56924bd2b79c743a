"""A password is asked for on the terminal, and stays unseen."""

import subprocess

import pytest

from origin import File
from terminal import SHELL, Terminal

SECRET = "canary 7Q:x"


@pytest.fixture
def url(origin):
    origin.add(File("f.bin", 1000, behaviour={"auth": ["me", SECRET]}))
    return origin.url("/f.bin")


def answer(terminal, text):
    terminal.read_until(b"Password of me: ")
    assert not terminal.shows_what_is_typed()
    terminal.type(text)


@pytest.mark.parametrize("option", [("--user", "me"), ("--user=me",), ("-ume",)])
def test_a_login_without_a_password_asks_for_it(daemon, url, option):
    terminal = Terminal(daemon, "add", url, *option, "-d", daemon.out, "--wait")
    answer(terminal, SECRET.encode() + b"\n")
    assert terminal.end() == 0, terminal.seen
    assert SECRET.encode() not in terminal.seen
    assert b"added 1" in terminal.seen


def test_it_is_asked_once_for_many_addresses_and_after_all_else_is_known(daemon, url):
    terminal = Terminal(daemon, "add", url, url, "--user", "me", "-d", daemon.out, "--wait")
    answer(terminal, SECRET.encode() + b"\n")
    assert terminal.end() == 0, terminal.seen
    assert terminal.seen.count(b"Password") == 1
    wrong = Terminal(daemon, "add", url, "--user", "me", "--limit", "often")
    assert wrong.end() == 2
    assert b"Password" not in wrong.seen


def test_a_job_that_is_there_gets_a_password_too(daemon, url):
    [job] = daemon.add(url, user="me:old")
    assert daemon.wait(job) == 1
    assert daemon.job(job)["error"]["code"] == "auth_failed"
    terminal = Terminal(daemon, "refresh", job, "--user", "me")
    answer(terminal, SECRET.encode() + b"\n")
    assert terminal.end() == 0, terminal.seen
    assert daemon.wait(job) == 0


def test_an_empty_line_is_an_empty_password_and_a_colon_asks_nothing(daemon, origin, url):
    origin.set("/f.bin", {"auth": ["me", ""]})
    terminal = Terminal(daemon, "add", url, "--user", "me", "-d", daemon.out, "--wait")
    answer(terminal, b"\n")
    assert terminal.end() == 0, terminal.seen
    daemon.seg("add", url, "--user", "me:", "-d", daemon.out, "--wait")


@pytest.mark.parametrize("keys, code", [(b"\x03", 130), (b"\x04", 2), (b"half\x04\x04", 2)])
def test_who_does_not_answer_adds_nothing_and_gets_the_terminal_back(daemon, url, keys, code):
    terminal = Terminal(daemon, "add", url, "--user", "me", "-d", daemon.out, before=SHELL)
    answer(terminal, keys)
    terminal.read_until(b"exit code %d" % code)
    assert terminal.shows_what_is_typed()
    terminal.type(b"\n")
    terminal.end()
    assert daemon.json("list") == []


def test_a_script_is_told_what_to_do_instead(daemon, url):
    done = daemon.run("add", url, "--user", "me", stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert done.stderr == ("seg: the password of me cannot be asked for: stdin is no terminal: give the login in a list "
                           "(-i LIST) or a header (--header @FILE)\n")
    done = daemon.run("add", url, "--user", "me", input=SECRET + "\n")
    assert done.returncode == 2 and SECRET not in done.stderr
    done = daemon.run("add", url, "--user", "", stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and "needs a name" in done.stderr
    assert daemon.json("list") == []
