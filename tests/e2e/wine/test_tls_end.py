"""Schannel tells how TLS ended. OpenSSL, of the native twin, is told by libcurl not to mind."""

from origin import Authority, File, Origin

MIB = 1 << 20


def test_an_end_without_a_goodbye_is_no_end_of_a_file(daemon, tmp_path):
    """Anybody on the way can close a TCP connection; only the server can end TLS."""
    authority = Authority(tmp_path / "authority")
    daemon.call("settings.set", name="ca_file", value=daemon.system.path(authority.ca))
    daemon.call("settings.set", name="retries", value=0)
    behaviour = {"ignore_ranges": True, "content_length": None, "close_after": MIB}
    with Origin([File("cut.bin", 2 * MIB, behaviour=behaviour)], tls=authority.issue("good")) as origin:
        [job] = daemon.add(origin.url("/cut.bin"))
        assert daemon.wait(job) == 1
        assert daemon.job(job)["error"]["code"] == "connection_reset"
