"""Lines with ground truth from manifests at any place, and those among them that are held out for a test."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePath

from ocr_plugins.airflow.listing import read_manifest
from ocr_plugins.airflow.places import filesystem_of
from ocr_plugins.crnn.contest import FEWEST_GROUPS, group_of
from ocr_plugins.crnn.sources import TrueLine, true_lines
from ocr_plugins.errors import CallError, SourceError
from ocr_plugins.manifest import Manifest, ManifestRow, load_manifest
from ocr_plugins.paths import is_remote, shown
from ocr_plugins.weights import sha256_of

Say = Callable[[str], None]

# Of the groups, where no lines are named to test on.
_SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)
_FETCHERS = 8


@dataclass(frozen=True, slots=True)
class Lines:
    """What is learnt, and what is held out: no image is in both.

    ``manifests`` are files that hold what is learnt alone, and ``hashes`` those of all images by their paths.
    """

    manifests: tuple[Path, ...]
    learnt: list[TrueLine]
    held: list[TrueLine]
    hashes: dict[str, str]

    @property
    def groups(self) -> int:
        """Of how many groups the lines are that are held out."""
        return count_groups(self.held)


def count_groups(lines: Iterable[TrueLine]) -> int:
    """How many groups lines are of, see `group_of`."""
    return len({group_of(line) for line in lines})


def can_test(held: Sequence[TrueLine], least: int) -> bool:
    """Whether lines are enough to tell which weights read better."""
    return len(held) >= least and count_groups(held) >= FEWEST_GROUPS


def lines_at(
    data: Sequence[str], held_out: Sequence[str], folder: Path, *, seed: int, least: int, say: Say
) -> Lines:
    """Lines to learn, and lines to test on, with their images on this machine.

    Whatever image has a line that is held out is not learnt: by its content, for the same scan may be named
    twice, its text corrected, and its boxes drawn anew.

    Args:
        data, held_out: manifests, paths or URLs. Where none are held out, a tenth of the groups of ``data``
            are, or as many more, up to a half, as a test needs; none where that is not enough.
        folder: of what is fetched.
        least: how many lines a test takes.
        say: is told how many lines there are.

    Raises:
        ManifestError: a manifest cannot be read, or tells no lines.
        SourceError: an image cannot be fetched; those that are not there are left out.
        CallError: nothing is left to learn.
    """
    files = [_copy(url, folder / "data" / str(number), say) for number, url in enumerate(data)]
    apart = [_copy(url, folder / "held" / str(number), say) for number, url in enumerate(held_out)]
    lines = true_lines(files)
    held = true_lines(apart)
    hashes = {path: sha256_of(Path(path)) for path in {line.row.path for line in (*lines, *held)}}
    learnt, held = (lines, held) if apart else _parted(lines, hashes, seed, least)
    images = {hashes[line.row.path] for line in held}
    left = [line for line in learnt if hashes[line.row.path] not in images]
    if not left:
        raise CallError("no line is left to learn", "name data= with other images than held_out= has")
    say(
        f"{len(left)} lines to learn, {len(held)} of {count_groups(held)} groups held out; "
        f"{len(learnt) - len(left)} left out of both, whose images are among those held out"
    )
    paths = {line.row.path for line in left}
    return Lines(tuple(file for file in files if _cut(file, paths)), left, held, hashes)


def _parted(
    lines: list[TrueLine], hashes: Mapping[str, str], seed: int, least: int
) -> tuple[list[TrueLine], list[TrueLine]]:
    """What to learn, and what to hold out, by a hash of each group.

    As a collection grows, groups go from what is held out to what is learnt, never back: the weights of an
    earlier training, which a later one begins with, have not learnt what it is tested on.
    """
    draws = [_draw(seed, line.row.group or hashes[line.row.path]) for line in lines]
    for share in _SHARES:
        held = [line for line, draw in zip(lines, draws, strict=True) if draw < share]
        if len(held) < len(lines) and can_test(held, least):
            return [line for line, draw in zip(lines, draws, strict=True) if draw >= share], held
    return lines, []


def _draw(seed: int, name: str) -> float:
    """A number from 0 to 1 that is always the same for a name."""
    digest = hashlib.sha256(f"{seed} {name}".encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _copy(url: str, folder: Path, say: Say) -> Path:
    """A manifest of images that lie here, under the name of the one at ``url``."""
    manifest = read_manifest(url)
    folder.mkdir(parents=True)
    here = _fetched({row.path for row in manifest.rows if is_remote(row.path)}, folder)
    rows = [(row, here.get(row.path, row.path)) for row in manifest.rows]
    rows = [(row, path) for row, path in rows if not is_remote(path)]
    if bad := len(manifest.errors) + len(manifest.rows) - len(rows):
        say(f"{shown(url)}: {bad} rows are wrong, or their images are not there")
    file = folder / f"{_name(url, manifest)}.jsonl"
    _write(file, rows)
    return file


def _name(url: str, manifest: Manifest) -> str:
    """As `Manifest.name`, which for one that was fetched tells where it lay here."""
    path = PurePath(url)
    if not is_remote(url):
        return manifest.name
    return path.parent.name if path.name == "manifest.jsonl" else path.stem


def _fetched(urls: Iterable[str], folder: Path) -> dict[str, str]:
    """Files by their URLs; those that are not there are left out."""
    # Connections are asked for here: Airflow answers one question at a time.
    places = [(url, *filesystem_of(url)) for url in sorted(urls)]

    def fetch(number: int) -> tuple[str, str] | None:
        url, filesystem, path = places[number]
        copy = folder / f"{number}{PurePath(path).suffix}"
        try:
            filesystem.get_file(path, str(copy))
        except FileNotFoundError:
            return None
        except Exception as error:  # each file system has exceptions of its own
            # Half of the lines must not be taken for all of them.
            message = f"{shown(url)} cannot be fetched ({type(error).__name__})"
            raise SourceError(message, "check rights and network", "unreachable") from error
        return url, str(copy)

    with ThreadPoolExecutor(_FETCHERS) as pool:
        return dict(filter(None, pool.map(fetch, range(len(places)))))


def _cut(file: Path, paths: set[str]) -> bool:
    """Leaves in a manifest the rows of these images; whether there are any."""
    rows = [(row, row.path) for row in load_manifest(file).rows if row.path in paths]
    _write(file, rows)
    return bool(rows)


def _write(file: Path, rows: Iterable[tuple[ManifestRow, str]]) -> None:
    with file.open("w", encoding="utf-8") as out:
        for row, path in rows:
            out.write(json.dumps(_record(row, path)) + "\n")


def _record(row: ManifestRow, path: str) -> dict[str, object]:
    """What of a row a training looks at."""
    image = {"image": str(Path(path).absolute())} if row.image else {}
    about = {"id": row.id, "text": row.text, "level": row.level, "group": row.group, "dpi": row.dpi}
    return {**about, **image, "lines": list(row.lines)}
