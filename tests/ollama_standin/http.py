"""One request of the API: its bytes, its faults, the check of its `Host`."""

import ipaddress
import json
import os
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.ollama_standin.api import Answer, Api
from tests.ollama_standin.errors import JSON, HTTPError


def handler_for(api: Api) -> type[BaseHTTPRequestHandler]:
    """The class of requests to this API."""
    return type("Handler", (Handler,), {"api": api})


class Handler(BaseHTTPRequestHandler):
    """`api` is set by `handler_for`."""

    api: Api
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: without it the second waits 40 ms for the client's word that the first has come.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.answer("GET")

    def do_HEAD(self) -> None:
        self.answer("HEAD")

    def do_POST(self) -> None:
        self.answer("POST")

    def do_DELETE(self) -> None:
        self.answer("DELETE")

    def answer(self, method: str) -> None:
        fault = self.api.faults.next(method, self.path)
        if fault.get("die"):
            os._exit(1)
        if fault.get("cut") and method == "POST" and self.path.startswith("/api/blobs/"):
            self.rfile.read1(1000)  # type: ignore[attr-defined]  # a BufferedReader, though typed as BinaryIO
            self.close_connection = True
            return
        content = self.body()
        time.sleep(fault.get("slow", 0))
        try:
            if "status" in fault:
                raise HTTPError(fault["status"], fault.get("error", "the stand-in was told to fail"))
            if not _own_host(self.headers.get("Host", "")):
                found = Answer(status=403)
            else:
                found = self.api.route(method, self.path, content)
        except HTTPError as error:
            found = Answer([{"error": str(error)}], error.status, error.content_type)
        if fault.get("garbage"):
            found = Answer(["<html>This is not the server that you are looking for.</html>"], 200, JSON)
        self.send(found, with_body=method != "HEAD", cut=bool(fault.get("cut")))

    def body(self) -> bytes:
        """The request's body, chunked or not."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().strip() or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def send(self, answer: Answer, *, with_body: bool, cut: bool) -> None:
        self.send_response(answer.status)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        if isinstance(answer.lines, Iterator):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.stream(answer.lines, cut)
            return
        out = b"".join(_line(line) for line in answer.lines or ())
        self.send_header("Content-Length", str(len(out)))
        self.end_headers()
        if with_body:
            self.wfile.write(out[: len(out) // 2] if cut else out)
        self.close_connection = self.close_connection or cut

    def stream(self, lines: Iterator[Any], cut: bool) -> None:
        """Line by line; a client that goes away ends it."""
        try:
            for line in lines:
                out = _line(line)
                self.wfile.write(f"{len(out):x}\r\n".encode() + out + b"\r\n")
                self.wfile.flush()
                if cut:
                    self.close_connection = True
                    return
            self.wfile.write(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def _line(line: Any) -> bytes:
    return line.encode() if isinstance(line, str) else (json.dumps(line) + "\n").encode()


def _own_host(host: str) -> bool:
    """Ollama answers to its own name, IP addresses and localhost; a proxy's name is refused."""
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    if name in ("", "localhost"):
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
