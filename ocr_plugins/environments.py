"""Environments of engines that cannot share this one: where they lie, how they are built and removed.

They lie under one folder, `engines_home`, which the variable OCR_PLUGINS_HOME moves:

    NAME                link to the engine's finished environment
    .built/NAME/KEY     the environment itself; KEY stands for its lock, its Python and its installer
    .built/NAME/busy    held by whoever installs or removes the engine

An environment takes another's place by a rename of the link, so there is always a whole one, and
none has to work in another place than it was built in. One that was interrupted is gone on with
where lock, Python and installer are the same, else thrown away.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from ocr_plugins.errors import CallError, EngineUnavailableError, OcrError
from ocr_plugins.installers import Builder, BuildError, IndexUnreachableError, Step, Tell, drop_halves
from ocr_plugins.interpreters import Interpreter, find_interpreter, find_uv
from ocr_plugins.registry import find_engine
from ocr_plugins.weights import fetch_weights, sha256_of, weights_folder

_BUILT = ".built"
_LOCK_COPY = "lock.txt"
_BUSY = "busy"
_CREATED = "created.txt"

Say = Callable[[str], None]


def engines_home() -> Path:
    """The folder that holds engines' environments."""
    import platformdirs

    home = os.environ.get("OCR_PLUGINS_HOME")
    return (Path(home) if home else platformdirs.user_data_path("ocr-plugins")).absolute() / "engines"


def environment_python(name: str) -> str | None:
    """The Python of an engine's environment, or None where it has none."""
    # Through the link, a worker would go on in another environment once that has taken its place.
    python = (engines_home() / name).resolve() / "bin" / "python"
    return str(python) if python.exists() else None


def lock_file(name: str) -> Path | None:
    """The hashed requirements that an engine's adapter ships in ``locks/NAME.txt`` beside it."""
    module = find_engine(name).engine_class.__module__
    file = sys.modules[module].__file__
    lock = Path(file or "").parent / "locks" / f"{name}.txt"
    return lock if lock.exists() else None


def install_engine(
    name: str, say: Say = lambda _: None, tell: Tell = lambda _: None, *, force: bool = False
) -> Path:
    """Builds the environment of an engine from its lock, beside the old one, then takes its place.

    Does nothing where the environment was built from the same lock. While another process
    installs the same engine, it waits.

    Args:
        name: the engine.
        say: hears what the user should know, in lines.
        tell: hears of each step of the building.
        force: builds it from fresh downloads, also where it is there.

    Raises:
        CallError: an unknown engine, or one that needs no environment of its own.
        OcrError: the installation failed; the old environment, if any, is as it was.
    """
    lock = lock_file(name)
    if lock is None:
        hint = find_engine(name).engine_class.install_hint
        raise CallError(f"engine {name!r} has no environment of its own", hint or "it needs none")
    link = engines_home() / name
    try:
        with _alone(name, say) as (built, held):
            if force or environment_python(name) is None or not _same(lock, link / _LOCK_COPY):
                say(f"installing {name} into {link}")
                _replace(link, _built_by_either(name, lock, built, held, tell, force), built)
            _sweep(built, link.resolve())
    except BuildError as error:
        raise _failed(name, error.reason, error.hint) from None
    except OSError as error:
        raise _failed(
            name, _reason(error), "check rights and space there, or move it with OCR_PLUGINS_HOME"
        ) from None
    say(f"{name} is installed in {link}")
    return link


def install_weights(name: str, say: Say = lambda _: None) -> None:
    """Downloads the weights that an engine's adapter names, to where the engine looks for them.

    Raises:
        CallError: an unknown engine, or one whose adapter names none.
        EngineUnavailableError: the engine is not installed, or a file could not be fetched or is
            not the known one.
    """
    registered = find_engine(name)
    files = getattr(registered.engine_class, "downloads", ())
    if not files:
        raise CallError(f"engine {name!r} has no weights to download", "leave --weights out")
    if registered.importable():
        folder = weights_folder(name)
    elif (python := environment_python(name)) is not None:
        folder = weights_folder(name, Path(python).parents[1])
    else:
        raise EngineUnavailableError(
            f"engine {name!r} is not installed", f"ocr-plugins engines install {name}", kind="not_installed"
        )
    fetch_weights(files, folder, say)


def remove_engine(name: str, say: Say = lambda _: None) -> None:
    """Removes the environment of an engine, and what is left of interrupted installations.

    Nothing is wrong where there is none.

    Raises:
        CallError: an unknown engine, or one without an environment of its own.
        OcrError: something could not be deleted.
    """
    link = engines_home() / name
    # Also where the adapter is gone: its environment would be left for ever.
    is_there = re.fullmatch(r"\w[\w.-]*", name) and os.path.lexists(link)
    if not is_there and lock_file(name) is None:
        raise CallError(
            f"engine {name!r} has no environment of its own", "remove its packages as they were installed"
        )
    if not is_there and not any(_contents(_built(name))):
        say(f"{name} is not installed")
        return
    try:
        with _alone(name, say) as (built, _):
            _adopt(link, built)
            link.unlink(missing_ok=True)
            before, shared = _disk_usage(built)
            _sweep(built)
            left_over, _ = _disk_usage(built)
    except OSError as error:
        raise OcrError(
            f"engine {name!r} could not be removed ({_reason(error)})",
            "check the rights there",
            kind="remove_failed",
        ) from None
    say(f"{name} is removed, {_size(before - left_over)} freed")
    if left_over:
        say(f"a worker still runs in it: run it again after that to free {_size(left_over)} more")
    elif shared:
        say(f"{_size(shared)} of it lie in uv's cache too: uv cache clean frees them")


def _built_by_either(name: str, lock: Path, built: Path, held: int, tell: Tell, force: bool) -> Path:
    """As `_build`, by uv where it is there, and by pip where that reaches no index."""
    uv = find_uv()
    try:
        return _build(name, lock, built, held, tell, force, uv)
    except IndexUnreachableError:
        if uv is None:
            raise
        # Mirrors, proxies and certificates are often told to pip alone.
        tell(Step("uv reaches no package index: trying pip, which has settings of its own"))
        return _build(name, lock, built, held, tell, force, None)


def _build(name: str, lock: Path, built: Path, held: int, tell: Tell, force: bool, uv: str | None) -> Path:
    """A whole environment in ``built``, made or gone on with. Raises BuildError, OcrError, OSError."""
    engine_class = find_engine(name).engine_class
    interpreter = find_interpreter(name, engine_class.pythons, with_pip=uv is None)
    old = (engines_home() / name).resolve()
    folder = built / _key(lock, interpreter, uv)
    if folder.resolve() == old:
        folder = folder.with_name(f"{folder.name}-again")
    # What was begun otherwise goes before anything is fetched: it takes space.
    _sweep(built, old, *([] if force else [folder]))
    builder = Builder(folder=folder, uv=uv, tell=tell, held=held)
    created = folder / _CREATED
    if created.exists() and builder.python.exists():
        drop_halves(folder)
    else:
        shutil.rmtree(folder, ignore_errors=True)
        tell(Step(f"creating an environment of Python {interpreter}"))
        builder.create(interpreter.path)
        created.touch()
    builder.install(lock, afresh=force)
    builder.check_imports(engine_class.modules)
    # Downloaded weights are no part of the lock.
    weights = weights_folder(name, old)
    if weights.exists():
        shutil.copytree(weights, weights_folder(name, folder), dirs_exist_ok=True)
    shutil.copy(lock, folder / _LOCK_COPY)
    return folder


def _replace(link: Path, folder: Path, built: Path) -> None:
    """Lets the link point to another environment, with none of it missing at any time."""
    fresh = built / "link"
    fresh.unlink(missing_ok=True)
    # Relative, so that the whole of engines_home can be moved.
    fresh.symlink_to(os.path.relpath(folder, link.parent))
    _adopt(link, built)
    fresh.replace(link)


def _adopt(link: Path, built: Path) -> None:
    """An environment of version 0.1.0, which lies where the link is to be, goes where the others are."""
    if link.is_dir() and not link.is_symlink():
        link.rename(built / "adopted")


def _sweep(built: Path, *kept: Path) -> None:
    """Deletes all in ``built`` but what is kept, and what workers still run in."""
    whole = {path.resolve() for path in kept}
    for path in _contents(built):
        if path.is_symlink() or not path.is_dir():
            path.unlink()
        elif path.resolve() not in whole and not _in_use(path.resolve()):
            shutil.rmtree(path)


def _contents(built: Path) -> list[Path]:
    return [path for path in built.glob("*") if path.name != _BUSY]


def _in_use(folder: Path) -> bool:
    import psutil

    commands = (process.info["cmdline"] for process in psutil.process_iter(["cmdline"]))
    return any(command and command[0].startswith(f"{folder}{os.sep}") for command in commands)


def _built(name: str) -> Path:
    return engines_home() / _BUILT / name


@contextlib.contextmanager
def _alone(name: str, say: Say) -> Iterator[tuple[Path, int]]:
    """The folder of an engine's environments, and a descriptor that holds it for this process alone."""
    built = _built(name)
    built.mkdir(parents=True, exist_ok=True)
    busy = os.open(built / _BUSY, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(busy, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another process installs or removes {name}: waiting for it")
            fcntl.flock(busy, fcntl.LOCK_EX)
        yield built, busy
    finally:
        os.close(busy)


def _key(lock: Path, interpreter: Interpreter, uv: str | None) -> str:
    """Equal for environments that one can go on with as with the other."""
    parts = [sha256_of(lock), interpreter.path, str(interpreter), "uv" if uv else "pip"]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _disk_usage(folder: Path) -> tuple[int, int]:
    """Bytes that deleting a folder frees, and bytes that other links keep, as uv's cache does."""
    links: dict[tuple[int, int], list[int]] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            about = os.lstat(os.path.join(parent, name))  # noqa: PTH118 - tens of thousands of files
            seen = links.setdefault((about.st_dev, about.st_ino), [about.st_blocks * 512, about.st_nlink, 0])
            seen[2] += 1
    freed = sum(size for size, all_links, ours in links.values() if all_links == ours)
    return freed, sum(size for size, *_ in links.values()) - freed


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _failed(name: str, reason: str, hint: str) -> OcrError:
    return OcrError(f"engine {name!r} could not be installed ({reason})", hint, kind="install_failed")


def _reason(error: OSError) -> str:
    where = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{where}"


def _same(one: Path, other: Path) -> bool:
    return other.exists() and sha256_of(one) == sha256_of(other)
