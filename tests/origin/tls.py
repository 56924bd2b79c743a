"""Certificates for https tests, made with the `openssl` program in a folder of the test's own."""

import pathlib
import ssl
import subprocess

_CONFIG = """\
[req]
distinguished_name = name
[name]
[ca]
default_ca = here
[here]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = anything
unique_subject = no
[anything]
commonName = supplied
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""

_LEAF = """\
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""

VALID = ("20200101000000Z", "20991231235959Z")
EXPIRED = ("20200101000000Z", "20210101000000Z")

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def server_context(cert, key):
    """The TLS context of a server with this certificate and key (paths)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


class Authority:
    """A certificate authority in `folder`; `ca` is the path of its certificate, for clients to trust."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "openssl.cnf").write_text(_CONFIG)
        (self.folder / "index.txt").write_text("")
        (self.folder / "serial").write_text("1000\n")
        self.ca = self.folder / "ca.pem"
        self._openssl("req", "-x509", *_NEW_KEY, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Origin test CA",
                      "-days", "36500", "-extensions", "root", "-config", "openssl.cnf")

    def issue(self, name, hosts=("localhost", "127.0.0.1", "127.0.0.2"), validity=VALID):
        """(certificate, key), as paths, of a leaf for these host names and addresses."""
        names = ",".join(("IP:" if host[0].isdigit() else "DNS:") + host for host in hosts)
        (self.folder / f"{name}.ext").write_text(_LEAF.format(names=names))
        self._openssl("req", "-new", *_NEW_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                      "-subj", f"/CN={hosts[0]}", "-config", "openssl.cnf")
        self._openssl("ca", "-batch", "-notext", "-config", "openssl.cnf", "-cert", "ca.pem", "-keyfile", "ca.key",
                      "-in", f"{name}.csr", "-out", f"{name}.pem", "-extfile", f"{name}.ext",
                      "-startdate", validity[0], "-enddate", validity[1])
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.strip()}")
