"""seg grant: the user's word to the service. That the entry is kept is to be seen on Windows only."""


def test_a_folder_is_granted_and_revoked_without_a_daemon(idle_daemon, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    path = idle_daemon.system.path(folder)
    assert idle_daemon.seg("grant", path) == f"the service may write to {path}\n"
    assert idle_daemon.seg("grant", path, "--revoke") == \
        f"the service has no right to {path} of its own any more\n"
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_not_there_and_a_whole_drive_are_refused(idle_daemon, tmp_path):
    missing = idle_daemon.system.path(tmp_path / "missing")
    done = idle_daemon.run("grant", missing)
    assert done.stderr == f"seg: {missing} is no folder: name one that exists\n"
    assert done.returncode != 0
    done = idle_daemon.run("grant", "C:\\")
    assert (done.returncode, done.stderr) == \
        (2, "seg: C:\\ is all of a drive or share: name a folder on it\n")
