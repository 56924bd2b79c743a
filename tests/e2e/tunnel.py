"""A proxy for https on loopback: makes tunnels, all of them to one server, whatever is asked for."""

import shutil
import socket
import socketserver
import threading

IDLE_S = 60     # longer than any test needs; so no thread stays for good


class Tunnels(socketserver.ThreadingTCPServer):
    """Serves until the end of the `with` block. `asked`: what tunnels were asked for."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port, refuses_with=None):
        """Tunnels lead to `port` of this machine, or are refused with this status."""
        super().__init__(("127.0.0.1", 0), Tunnel)
        self.target = ("127.0.0.1", port)
        self.refuses_with = refuses_with
        self.asked = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception):
        self.shutdown()
        self.server_close()


class Tunnel(socketserver.StreamRequestHandler):
    """One connection of a client's."""

    timeout = IDLE_S

    def handle(self):
        method, target, _ = self.rfile.readline().decode("latin-1").split()
        while self.rfile.readline().strip():
            pass
        self.server.asked.append((method, target))
        if self.server.refuses_with:
            self.wfile.write(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n"
                             % self.server.refuses_with)
            return
        with socket.create_connection(self.server.target, IDLE_S) as server:
            self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            self.relay(server)

    def relay(self, server):
        back = threading.Thread(target=pour, args=(server, self.connection), daemon=True)
        back.start()
        pour(self.connection, server)
        back.join()


def pour(source, target):
    """Until either side ends."""
    try:
        with source.makefile("rb", 0) as reader, target.makefile("wb", 0) as writer:
            shutil.copyfileobj(reader, writer)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass            # the other side went away
