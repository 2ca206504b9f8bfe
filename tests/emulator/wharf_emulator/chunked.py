"""Undoes HTTP's chunked transfer coding and S3's ``aws-chunked`` content coding."""

from __future__ import annotations

import dataclasses
import io
from typing import BinaryIO

from .call import Request


def read_transfer_coding(stream: BinaryIO) -> bytes:
    """Reads a body sent with ``Transfer-Encoding: chunked``; trailers are dropped."""
    body, _ = _read_chunks(stream)
    return body


def without_aws_coding(request: Request) -> Request:
    """The request with its plain body; checksums sent as trailers become headers."""
    codings = [part.strip() for part in request.headers.get("content-encoding", "").split(",") if part.strip()]
    streaming = request.headers.get("x-amz-content-sha256", "").startswith("STREAMING-")
    if "aws-chunked" not in codings and not streaming:
        return request
    body, trailers = _read_chunks(io.BytesIO(request.body))
    expected = request.headers.get("x-amz-decoded-content-length")
    if expected is not None and int(expected) != len(body):
        raise ValueError(f"x-amz-decoded-content-length is {expected}, the body has {len(body)} bytes")
    dropped = ("content-encoding", "x-amz-decoded-content-length", "x-amz-trailer", "transfer-encoding")
    headers = {name: value for name, value in request.headers.items() if name not in dropped}
    kept = [coding for coding in codings if coding != "aws-chunked"]
    if kept:
        headers["content-encoding"] = ",".join(kept)
    headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"
    headers["content-length"] = str(len(body))
    for name, value in trailers.items():
        if name.startswith("x-amz-checksum-"):
            headers[name] = value
            headers.setdefault("x-amz-sdk-checksum-algorithm", name.removeprefix("x-amz-checksum-").upper())
    return dataclasses.replace(request, headers=headers, body=body)


def _read_chunks(stream: BinaryIO) -> tuple[bytes, dict[str, str]]:
    body = bytearray()
    while True:
        line = stream.readline()
        if not line.strip():
            if not line:
                raise ValueError("a chunked body ends before its last chunk")
            continue
        size = int(line.split(b";", 1)[0], 16)
        if size == 0:
            return bytes(body), _read_trailers(stream)
        data = stream.read(size)
        if len(data) != size:
            raise ValueError("a chunk is shorter than announced")
        body += data
        stream.readline()


def _read_trailers(stream: BinaryIO) -> dict[str, str]:
    trailers = {}
    while line := stream.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        trailers[name.strip().lower()] = value.strip()
    return trailers
