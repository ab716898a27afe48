"""Errors a user can act on: each names the thing that is wrong and the way out."""

from __future__ import annotations


class OcrError(Exception):
    """Base of every error this package raises on purpose.

    Args:
        message: what is wrong, naming the thing.
        hint: what to do about it; may be empty.
        kind: a stable identifier that ends up in error records.
    """

    kind = "error"

    def __init__(self, message: str, hint: str = "", kind: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.kind = kind or type(self).kind

    def __str__(self) -> str:
        text = f"{self.message}: {self.hint}" if self.hint else self.message
        return " ".join(text.split())


class CallError(OcrError):
    """The call itself is wrong: an unknown engine, option, format or convention."""

    kind = "wrong_call"


class EngineUnavailableError(OcrError):
    """A known engine cannot run here: not installed, weights missing or altered."""

    kind = "engine_unavailable"


class SourceError(OcrError):
    """An input that cannot be turned into page images."""

    kind = "unreadable_source"


class ManifestError(OcrError):
    """A manifest, or one of its rows, that cannot be used."""

    kind = "bad_manifest"
