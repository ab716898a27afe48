"""A small server of OpenAI's protocol whose model is Tesseract, and which can be told to behave badly."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytesseract
from PIL import Image


class VlmServer(ThreadingHTTPServer):
    """``manner`` is how it answers, well or as one of `_Handler`'s others; ``asked`` what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.manner = "well"
        self.models = [{"id": "reader-1", "owned_by": "us"}]
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: VlmServer

    def do_GET(self) -> None:
        if self.path == "/v1/models" and self.server.manner != "no models":
            self._send({"object": "list", "data": self.server.models})
        else:
            self._send({"error": "nothing here"}, 404)

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(request)
        self.server.keys.append(self.headers.get("Authorization"))
        manner = self.server.manner
        if manner == "hangs":
            time.sleep(3)
        elif manner == "trickles":
            self._trickle()
        elif manner == "begins slowly":
            self._trickle(head=True)
        elif manner == "is filtered":
            self._answer("word", "content_filter")
        elif manner == "fails":
            self._send({"error": {"message": "out of memory"}}, 500)
        elif manner == "moves":
            self.send_response(307)
            self.send_header("Location", "http://127.0.0.1:1/v1/chat/completions")
            self.end_headers()
        elif manner == "no json":
            self._body(b"<html>hello</html>")
        elif manner == "no text":
            self._send({"choices": []})
        elif manner == "floods":
            self._body(b'{"choices": "' + b"x" * (6 << 20) + b'"}')
        elif manner == "rambles":
            self._answer("word " * 50, "length")
        elif manner == "breaks off":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"choices"')
        elif manner == "nests":
            self._body(b"[" * 200_000)
        elif manner == "fences":
            self._answer(f"```text\n{_read(request)}\n```")
        elif manner == "parts":
            self._answer([{"type": "text", "text": _read(request)}])
        else:
            self._answer(_read(request) if manner == "well" else manner)

    def _answer(self, content: Any, reason: str = "stop") -> None:
        message = {"role": "assistant", "content": content}
        self._send({"choices": [{"message": message, "finish_reason": reason}]})

    def _trickle(self, head: bool = False) -> None:
        """Says a little now and then, for three seconds: of the answer's head, or of the answer."""
        self.send_response(200)
        if head:
            self.flush_headers()
        else:
            self.end_headers()
        with contextlib.suppress(OSError):
            for number in range(30):
                self.wfile.write(b"X-%d: y\r\n" % number if head else b" ")
                self.wfile.flush()
                time.sleep(0.1)

    def _send(self, answer: Any, status: int = 200) -> None:
        self._body(json.dumps(answer).encode(), status)

    def _body(self, body: bytes, status: int = 200) -> None:
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def _read(request: dict[str, Any]) -> str:
    (picture,) = (part for part in request["messages"][0]["content"] if part["type"] == "image_url")
    kind, data = picture["image_url"]["url"].split(",", 1)
    assert kind == "data:image/png;base64"
    text: str = pytesseract.image_to_string(Image.open(io.BytesIO(base64.b64decode(data))), config="--psm 6")
    return text.strip()


@contextlib.contextmanager
def serving() -> Iterator[VlmServer]:
    with VlmServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
