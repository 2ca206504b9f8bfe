"""The HTTP server: HTTP/1.1 with connections kept open, one thread each.

moto's own (Werkzeug) closes the connection after every answer and stalls on small packets; this one reads requests
completely, undoes transfer codings and writes every answer in one piece.
"""

from __future__ import annotations

import select
import socket
import struct
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from . import chunked, clock
from .call import Drop, Reply, Request

MAX_HEADER_LINE = 65_537


class Connection:
    """What the filter may do with the client's connection while it works on an answer."""

    def __init__(self, connection: socket.socket):
        self._socket = connection

    def gone(self) -> bool:
        """Whether the client has closed its end."""
        try:
            readable, _, _ = select.select([self._socket], [], [], 0)
            return bool(readable) and self._socket.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True


class Handler(BaseHTTPRequestHandler):
    """Serves one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 0
    rbufsize = 65_536
    server: Server

    def handle_one_request(self) -> None:
        """Reads a request, has it answered, writes the answer."""
        try:
            self.raw_requestline = self.rfile.readline(MAX_HEADER_LINE)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            request = self._request()
            reply = self.server.application(request, Connection(self.connection))
            self._write(reply)
            if reply.sent is not None:
                reply.sent()
        except Drop:
            self._reset()
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except ValueError as error:
            self.close_connection = True
            self._write(Reply(400, {"content-type": "text/plain"}, f"{error}\n".encode()))

    def _request(self) -> Request:
        headers: dict[str, str] = {}
        spelling: dict[str, str] = {}
        for name, value in self.headers.items():
            lower = name.lower()
            spelling.setdefault(lower, name)
            headers[lower] = f"{headers[lower]},{value}" if lower in headers else value
        if "chunked" in headers.get("transfer-encoding", "").lower():
            body = chunked.read_transfer_coding(self.rfile)
            headers.pop("transfer-encoding")
        else:
            body = self.rfile.read(int(headers.get("content-length") or 0))
        target = self.path
        if "://" in target.split("?", 1)[0]:
            # https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2: what is there counts, not the Host header
            host, _, rest = target.split("://", 1)[1].partition("/")
            headers["host"], target = host, "/" + rest
        request = Request(self.command, target, headers, body, spelling)
        return chunked.without_aws_coding(request)

    def _write(self, reply: Reply) -> None:
        try:
            phrase = HTTPStatus(reply.status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [f"HTTP/1.1 {reply.status} {phrase}", f"Date: {clock.http_date()}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items() if name != "content-length"]
        if self.command == "HEAD":
            lines.append(f"Content-Length: {reply.headers.get('content-length', len(reply.body))}")
        elif reply.status not in (204, 304):
            lines.append(f"Content-Length: {len(reply.body)}")
        if self.close_connection:
            lines.append("Connection: close")
        head = "\r\n".join(lines) + "\r\n\r\n"
        empty = self.command == "HEAD" or reply.status in (204, 304)
        self.connection.sendall(head.encode("latin-1", "replace") + (b"" if empty else reply.body))

    def _reset(self) -> None:
        """Ends the connection with a TCP reset instead of an orderly close."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()

    def finish(self) -> None:
        if not self.rfile.closed:
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the log is at /_wharf/log."""


class Server(ThreadingHTTPServer):
    """Listens and starts a thread for every connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024
    allow_reuse_address = True

    def __init__(self, host: str, port: int, application: Any):
        self.application = application
        super().__init__((host, port), Handler)

    def shutdown_request(self, request: Any) -> None:
        """Closes a connection; one that was reset is closed already."""
        if request.fileno() >= 0:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        import sys

        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)
