"""moto itself, called in-process with one request at a time."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes

from .call import Reply, Request

PRESERVED = "moto.preserved_header_names"


def environ_of(request: Request) -> dict[str, Any]:
    """The WSGI environment moto reads a request from."""
    host = request.headers.get("host", "127.0.0.1")
    name, _, port = host.partition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "QUERY_STRING": request.query,
        "RAW_URI": request.target,
        "REQUEST_URI": request.target,
        "SERVER_NAME": name,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(request.body)),
    }
    preserved = {}
    for header, value in request.headers.items():
        key = header.upper().replace("-", "_")
        if key == "CONTENT_LENGTH" or key == "TRANSFER_ENCODING":
            continue
        if key != "CONTENT_TYPE":
            key = f"HTTP_{key}"
        environ[key] = value
        if "_" in header and header.startswith("x-amz-meta-"):
            preserved[key] = request.original_names.get(header, header)
    if preserved:
        environ[PRESERVED] = preserved
    return environ


class Moto:
    """moto's server application."""

    def __init__(self) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app

        self._app = DomainDispatcherApplication(create_backend_app)

    def call(self, request: Request) -> Reply:
        """Asks moto. Exceptions of its implementation come through as they are."""
        started: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started.update(status=int(status.split()[0]), headers=headers)

        chunks = self._app(environ_of(request), start_response)
        try:
            body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        headers = {
            name.lower(): value
            for name, value in started["headers"]
            if name.lower() not in ("content-length", "connection", "date", "server", "status")
            and not name.lower().startswith("access-control-")
        }
        if request.method == "HEAD":
            lengths = [value for name, value in started["headers"] if name.lower() == "content-length"]
            if lengths:
                headers["content-length"] = lengths[-1]
        return Reply(started["status"] or HTTPStatus.OK, headers, body)

    def reset(self) -> None:
        """Forgets everything."""
        from moto.core.base_backend import BackendDict
        from moto.core.model_instances import reset_model_data

        BackendDict.reset()
        reset_model_data()
