"""Serve the stand-in on loopback; the first line of its output is its URL.

`POST /_faults {"path": "/api/copy", "status": 500, "times": 1}` makes the next requests of a path fail.
"""

import argparse
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.ollama_standin.answers import chat, prompt_tokens
from tests.ollama_standin.store import HTTPError, Store, full

STORE: Store
FAULTS: dict[str, list[int]] = {}


class Handler(BaseHTTPRequestHandler):
    """One request of the API."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer("GET")

    def do_HEAD(self) -> None:
        self.answer("HEAD")

    def do_POST(self) -> None:
        self.answer("POST")

    def do_DELETE(self) -> None:
        self.answer("DELETE")

    def answer(self, method: str) -> None:
        content = self.body()
        try:
            if FAULTS.get(self.path):
                raise HTTPError(FAULTS[self.path].pop(), "the stand-in was told to fail")
            status, reply = self.route(method, self.path, content)
        except HTTPError as error:
            status, reply = error.status, {"error": str(error)}
        lines = reply if isinstance(reply, list) else [] if reply is None else [reply]
        out = b"" if method == "HEAD" else "".join(json.dumps(line) + "\n" for line in lines).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-ndjson" if len(lines) > 1 else "application/json")
        self.send_header("Content-Length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)

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

    def route(self, method: str, path: str, content: bytes) -> tuple[int, Any]:
        if path.startswith("/api/blobs/"):
            digest = path.rpartition("/")[2]
            if method == "HEAD":
                return (200 if STORE.blob(digest).exists() else 404), None
            return STORE.add_blob(digest, content), None
        match method, path:
            case "GET", "/api/version":
                return 200, {"version": "0.34.2"}
            case "GET", "/api/tags":
                return 200, {"models": STORE.rows(list(STORE.models))}
            case "GET", "/api/ps":
                return 200, {"models": STORE.rows(list(STORE.loaded.values()))}
        try:
            body = json.loads(content)
        except ValueError:
            raise HTTPError(400, "unexpected EOF") from None
        return self.carry_out(method, path, body)

    def carry_out(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        match method, path:
            case "POST", "/_faults":
                FAULTS.setdefault(body["path"], []).extend([body["status"]] * body.get("times", 1))
                return 200, {}
            case "POST", "/api/create":
                return self.create(body)
            case "POST", "/api/copy":
                STORE.copy(body["source"], body["destination"])
                return 200, None
            case "DELETE", "/api/delete":
                STORE.manifest(body["model"])
                STORE.models.pop(full(body["model"]))
                return 200, None
            case "POST", "/api/show":
                return 200, show(body["model"])
            case "POST", "/api/generate":
                reason = STORE.load(body["model"], body.get("keep_alive"))
                return 200, {"model": body["model"], "response": "", "done": True, "done_reason": reason}
            case "POST", "/api/chat":
                return 200, self.chat(body)
        raise HTTPError(404, "404 page not found")

    def create(self, body: dict[str, Any]) -> tuple[int, Any]:
        if body.get("stream") is False:
            STORE.create(body)
            return 200, {"status": "success"}
        try:
            return 200, STORE.create(body)
        except HTTPError as error:
            # A streamed creation has already said 200 when it fails.
            return 200, [{"status": "parsing GGUF"}, {"error": str(error)}]

    def chat(self, body: dict[str, Any]) -> dict[str, Any]:
        manifest = STORE.manifest(body["model"])
        STORE.load(body["model"], -1)
        prompt = " ".join(message["content"] for message in body["messages"])
        limit, count = manifest["parameters"].get("num_ctx", 2048), prompt_tokens(prompt)
        if count > limit:
            inner = {"code": 400, "type": "exceed_context_size_error", "n_prompt_tokens": count, "n_ctx": limit}
            inner["message"] = f"request ({count} tokens) exceeds the available context size ({limit} tokens)"
            raise HTTPError(400, json.dumps({"error": inner}))
        try:
            return chat(manifest, body)
        except ValueError as error:
            raise HTTPError(400, str(error)) from error

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def show(name: str) -> dict[str, Any]:
    """`/api/show`, as far as the driver reads it."""
    manifest = STORE.manifest(name)
    origin = f"<models>/blobs/{manifest['layer'].replace(':', '-')}"
    return {
        "modelfile": f'# Modelfile generated by "ollama show"\n# FROM {name}\n\nFROM {origin}\n',
        "system": manifest["system"],
        "parameters": "\n".join(f"{key} {value}" for key, value in manifest["parameters"].items()),
        "details": {"format": "gguf"},
        "model_info": {"general.architecture": "llama"},
    }


def main() -> None:
    global STORE
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    STORE = Store(options.folder)
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
