"""A server that speaks OpenAI's protocol, on this machine or on one that is allowed by name.

No proxy is asked and no redirection followed: pages go to the address that was given and nowhere else. An
answer has a time and a size that it must keep to, as a whole.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from ocr_plugins.errors import CallError, OcrError

# An answer of more bytes is none that was asked for.
_MOST_BYTES = 4 << 20
_CHUNK = 1 << 16


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
        try:
            parts = urllib.parse.urlsplit(address)
            _ = parts.port
        except ValueError:
            parts = urllib.parse.urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CallError(f"{address!r} is no endpoint", "write it as in http://127.0.0.1:8000/v1")
        if parts.username or parts.password:
            raise CallError("an endpoint's address holds a password", "put the key into the environment")
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
            return content, choice.get("finish_reason") != "length"
        except (KeyError, IndexError, TypeError, AttributeError):
            raise EndpointError("the endpoint's answer holds no text", "look at the server") from None

    def _ask(self, path: str, request: Mapping[str, Any] | None, timeout: float) -> dict[str, Any]:
        data = None if request is None else json.dumps(request).encode()
        asked = urllib.request.Request(f"{self._address}/{path}", data, self._headers)  # noqa: S310 - http(s)
        end = time.monotonic() + timeout
        try:
            with self._opener.open(asked, timeout=timeout) as response:
                body = bytearray()
                while chunk := response.read1(_CHUNK):
                    body += chunk
                    if len(body) > _MOST_BYTES:
                        raise EndpointError(
                            "the endpoint answered more than was asked for", "look at the server"
                        )
                    if time.monotonic() > end:
                        raise TimeoutError
        except urllib.error.HTTPError as error:
            with error:
                raise EndpointError(
                    f"the endpoint answered with status {error.code}", "look at the server's log"
                ) from None
        except TimeoutError:
            self._too_late(timeout)
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                self._too_late(timeout)
            raise EndpointError(
                f"no endpoint answers at {self._address} ({type(reason).__name__})", "start the server"
            ) from None
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise EndpointError("the endpoint's answer is no JSON object", "is it OpenAI's protocol?")
        return answer

    def _too_late(self, timeout: float) -> NoReturn:
        raise EndpointError(
            f"the endpoint did not answer within {timeout:g} s", "give it longer with wait=", "timeout"
        ) from None


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
