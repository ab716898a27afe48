"""A server that speaks OpenAI's protocol, on this machine or on one that is allowed by name.

No proxy is asked and no redirection followed: pages go to the address that was given and nowhere else. An
answer has a time and a size that it must keep to, as a whole.
"""

from __future__ import annotations

import ipaddress
import json
import queue
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Collection, Mapping
from typing import Any

from ocr_plugins.errors import CallError, OcrError

# An answer of more bytes is none that was asked for.
_MOST_BYTES = 4 << 20
_CHUNK = 1 << 16
# Why an answer ends: by itself, as servers call it or do not, and because it was as long as it might be.
_ENDED, _TOO_LONG = (None, "stop", "eos", "eos_token", "stop_sequence", "end_turn"), "length"


class EndpointError(OcrError):
    """The server did not answer, or not what was asked for. Says nothing of what it answered."""

    kind = "endpoint_failed"


class Endpoint:
    """The server.

    Args:
        address: up to and with ``/v1``, as in ``http://127.0.0.1:8000/v1``.
        allowed: names of hosts beyond this machine that pages may be sent to.
        timeout: seconds for a whole answer.
        key: what the server wants to know its users by; "" for none.

    Raises:
        CallError: an address that is none, or of a host that is not allowed.
    """

    def __init__(self, address: str, allowed: Collection[str], timeout: float, key: str = "") -> None:
        if any(mark in address for mark in "@?#"):
            raise CallError(
                "an endpoint's address holds more than a host, a port and a path",
                "put the key into the environment",
            )
        try:
            parts = urllib.parse.urlsplit(address)
            _ = parts.port
        except ValueError:
            parts = urllib.parse.urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CallError(f"{address!r} is no endpoint", "write it as in http://127.0.0.1:8000/v1")
        if not _is_loopback(parts.hostname) and parts.hostname not in allowed:
            raise CallError(
                f"{parts.hostname} is not this machine, and pages would be sent to it",
                f"if they may be, say allow={parts.hostname}",
            )
        self._address = address.rstrip("/")
        self._timeout = timeout
        self._headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {key}"} if key else {}
        )
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())

    def models(self) -> list[dict[str, Any]]:
        """The models that are served, as the server describes them. Raises EndpointError."""
        answer = self._ask("models", None, min(self._timeout, 10.0))
        models = answer.get("data")
        if not isinstance(models, list) or not all(
            isinstance(one, dict) and isinstance(one.get("id"), str) for one in models
        ):
            raise EndpointError("the endpoint does not say which models it has", "is it OpenAI's protocol?")
        return models

    def answer(self, request: Mapping[str, Any]) -> tuple[str, bool]:
        """The text of a chat's completion, and whether it came to its end. Raises EndpointError."""
        found = self._ask("chat/completions", request, self._timeout)
        try:
            choice = found["choices"][0]
            content = choice["message"]["content"]
            if isinstance(content, list):
                content = "".join(part["text"] for part in content if part.get("type") == "text")
            if not isinstance(content, str):
                raise TypeError
            reason = choice.get("finish_reason")
        except (KeyError, IndexError, TypeError, AttributeError):
            raise EndpointError("the endpoint's answer holds no text", "look at the server") from None
        if reason not in (*_ENDED, _TOO_LONG):
            raise EndpointError("the server cut the model's answer off", "look at the server's log")
        return content, reason != _TOO_LONG

    def _ask(self, path: str, request: Mapping[str, Any] | None, timeout: float) -> dict[str, Any]:
        data = None if request is None else json.dumps(request).encode()
        asked = urllib.request.Request(f"{self._address}/{path}", data, self._headers)  # noqa: S310 - http(s)
        # The time that sockets keep is that of each of their steps, of which there may be any number.
        answers: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
        threading.Thread(
            target=lambda: answers.put(self._exchanged(asked, timeout)), name="endpoint", daemon=True
        ).start()
        try:
            body = answers.get(timeout=timeout)
        except queue.Empty:
            body = TimeoutError()
        if isinstance(body, TimeoutError):
            raise EndpointError(
                f"the endpoint did not answer within {timeout:g} s", "give it longer with wait=", "timeout"
            )
        if isinstance(body, Exception):
            raise body
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise EndpointError("the endpoint's answer is no JSON object", "is it OpenAI's protocol?")
        return answer

    def _exchanged(self, asked: urllib.request.Request, timeout: float) -> bytes | Exception:
        """What the server answers, or a TimeoutError or EndpointError."""
        end = time.monotonic() + timeout
        try:
            with self._opener.open(asked, timeout=timeout) as response:
                body = bytearray()
                while chunk := response.read1(_CHUNK):
                    body += chunk
                    if len(body) > _MOST_BYTES:
                        return EndpointError(
                            "the endpoint answered more than was asked for", "look at the server"
                        )
                    if time.monotonic() > end:
                        return TimeoutError()
                return bytes(body)
        except urllib.error.HTTPError as error:
            error.close()
            return EndpointError(
                f"the endpoint answered with status {error.code}", "look at the server's log"
            )
        except Exception as error:  # noqa: BLE001 - nothing may be lost in a thread
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                return reason
            return EndpointError(
                f"no endpoint answers at {self._address} ({type(reason).__name__})", "start the server"
            )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **named: Any) -> None:  # noqa: ARG002 - the interface
        return None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
