"""Anything a user has becomes pages or, for each input, one clear error."""

from __future__ import annotations

import gc
import http.server
import io
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ocr_plugins import source as module
from ocr_plugins.decode import EXTENSIONS
from ocr_plugins.document import PageError
from ocr_plugins.errors import CallError, SourceError
from ocr_plugins.image import PageImage
from ocr_plugins.page_ranges import parse_pages, select_pages
from ocr_plugins.paths import natural_key
from ocr_plugins.remote import discard_downloads
from ocr_plugins.source import PageRef, enumerate_pages, load_or_error, page_ref

GREY = np.arange(600, dtype=np.uint16).reshape(20, 30).astype(np.uint8)


@pytest.fixture(autouse=True)
def _nothing_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def png() -> bytes:
    file = io.BytesIO()
    Image.fromarray(GREY).save(file, "PNG")
    return file.getvalue()


def pdf(pages: int = 1) -> bytes:
    file = io.BytesIO()
    document = pypdfium2.PdfDocument.new()
    for page in range(pages):
        document.new_page(72, 36 + 36 * page).close()
    document.save(file)
    document.close()
    return file.getvalue()


def refs(inputs: Any, **options: Any) -> list[PageRef]:
    found = list(enumerate_pages(inputs, **options))
    assert all(isinstance(one, PageRef) for one in found), found
    return found  # type: ignore[return-value]


def error(inputs: Any, **options: Any) -> PageError:
    """The one error of an input that yields no page."""
    (found,) = enumerate_pages(inputs, **options)
    if isinstance(found, PageRef):
        loaded = load_or_error(found)
        assert isinstance(loaded, PageError)
        found = loaded
    assert found.page is None
    assert found.message
    assert found.hint
    assert found.id
    assert "\n" not in str(found)
    return found


def test_a_file_as_the_user_wrote_it(tmp_path: Path, png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(png)
    monkeypatch.chdir(tmp_path)
    for written in ("a.png", Path("a.png"), "./a.png", str(tmp_path / "a.png")):
        (ref,) = refs(written)
        assert (ref.id, ref.source, ref.page, ref.level) == (str(written), str(written), 1, "page")
        image = ref.load()
        assert (image.id, image.source, image.page, image.dpi) == (ref.id, ref.source, 1, None)
        np.testing.assert_array_equal(image.pixels, GREY)


def test_home_and_file_urls(tmp_path: Path, png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a b.png").write_bytes(png)
    monkeypatch.setenv("HOME", str(tmp_path))
    for written in ("~/a b.png", f"file://{tmp_path}/a b.png", f"file://{tmp_path}/a%20b.png"):
        (ref,) = refs(written)
        assert ref.source == written
        assert ref.load().size == (30, 20)


def test_content_decides_over_the_extension(tmp_path: Path) -> None:
    file = tmp_path / "photo.png"
    Image.fromarray(GREY).save(file, "JPEG")
    assert refs(file)[0].load().size == (30, 20)
    file.write_bytes(pdf())
    assert refs(file)[0].dpi == 300


def test_folder(tmp_path: Path, png: bytes) -> None:
    for name in ("p10.png", "p2.PNG", "p1.jpg", ".hidden.png", "notes.txt", "sub/p3.png", ".git/x.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(png)
    assert [ref.id for ref in refs(tmp_path)] == [str(tmp_path / n) for n in ("p1.jpg", "p2.PNG", "p10.png")]
    nested = [Path(ref.id).relative_to(tmp_path).as_posix() for ref in refs(tmp_path, recursive=True)]
    assert nested == ["p1.jpg", "p2.PNG", "p10.png", "sub/p3.png"]


def test_glob(tmp_path: Path, png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("p10.png", "p2.png", "sub/p3.png", "odd[1].png", "scan.dat"):
        (tmp_path / name).write_bytes(png)
    monkeypatch.chdir(tmp_path)
    assert [ref.id for ref in refs("p*.png")] == ["p2.png", "p10.png"]
    assert [ref.id for ref in refs("**/p*.png")] == ["p2.png", "p10.png", "sub/p3.png"]
    assert [ref.id for ref in refs(str(tmp_path / "*.dat"))] == [str(tmp_path / "scan.dat")]
    assert [ref.id for ref in refs("odd[1].png")] == ["odd[1].png"]
    missing = error("q*.png")
    assert missing.kind == "not_found"
    assert "q*.png" in missing.message


def test_pages_of_a_pdf(tmp_path: Path) -> None:
    file = tmp_path / "doc.pdf"
    file.write_bytes(pdf(4))
    found = refs(file, dpi=72)
    assert [ref.id for ref in found] == [f"{file}#page={n}" for n in (1, 2, 3, 4)]
    assert [ref.load().size for ref in found] == [(72, 36), (72, 72), (72, 108), (72, 144)]
    assert {ref.load().dpi for ref in found} == {72.0}
    assert [ref.page for ref in refs(file, pages="4,2-3,2")] == [2, 3, 4]
    assert [ref.page for ref in refs(file, pages="3-99")] == [3, 4]
    (single,) = refs(pdf(1))
    assert single.id == "bytes-1"


def test_a_page_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "doc.pdf"
    file.write_bytes(pdf(2))
    nothing = error(file, pages="7-9,8")
    assert (nothing.kind, nothing.id) == ("no_such_page", str(file))
    assert "doc.pdf has no page 7" in nothing.message
    some = list(enumerate_pages(file, pages="2,7"))
    assert [one.page for one in some] == [2, 7]
    assert isinstance(some[1], PageError)
    assert error(pdf(1), pages="2").kind == "no_such_page"


def test_page_ranges_leave_plain_images_alone(tmp_path: Path, png: bytes) -> None:
    file = tmp_path / "a.tiff"
    frames = [Image.fromarray(GREY) for _ in range(3)]
    frames[0].save(file, save_all=True, append_images=frames[1:])
    assert [ref.page for ref in refs([file, png], pages="2-")] == [2, 3, 1]


def test_one_bad_page_of_several(tmp_path: Path) -> None:
    document = pypdfium2.PdfDocument.new()
    for size in ((72, 72), (90_000, 72), (72, 72)):
        document.new_page(*size).close()
    document.save(tmp_path / "doc.pdf")
    document.close()
    loaded = [load_or_error(ref) for ref in enumerate_pages(tmp_path / "doc.pdf") if isinstance(ref, PageRef)]
    assert [type(one) for one in loaded] == [PageImage, PageError, PageImage]
    bad = loaded[1]
    assert isinstance(bad, PageError)
    assert (bad.page, bad.kind, bad.id) == (2, "too_large", f"{tmp_path / 'doc.pdf'}#page=2")
    assert "page 2 of doc.pdf" in bad.message


def test_things_in_memory(png: bytes) -> None:
    colour = np.dstack([GREY] * 3)
    page = PageImage(pixels=colour, source="camera", page=3, dpi=150, level="line")
    named = PageImage(pixels=GREY, id="mine")
    given_inputs = [GREY, colour, png, bytearray(png), memoryview(png), Image.fromarray(GREY), page, named]
    found = refs(given_inputs)
    assert [ref.id for ref in found] == [
        "array-1",
        "array-2",
        "bytes-3",
        "bytes-4",
        "bytes-5",
        "image-6",
        "camera#page=3",
        "mine",
    ]
    images = [ref.load() for ref in found]
    assert {image.size for image in images} == {(30, 20)}
    assert [image.id for image in images] == [ref.id for ref in found]
    assert (images[6].level, images[6].page, images[6].dpi, found[6].dpi) == ("line", 3, 150, 150)
    assert not np.shares_memory(images[0].pixels, GREY)
    assert refs(found) == found


def test_one_array_is_one_page_and_a_list_is_many() -> None:
    assert len(refs(np.zeros((20, 30, 3), np.uint8))) == 1
    assert len(refs(list(np.zeros((5, 20, 30), np.uint8)))) == 5
    assert error(np.zeros((5, 20, 30, 3), np.uint8)).kind == "unsupported_array"


def test_ids_are_unique(png: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png)
    file = str(tmp_path / "a.png")
    assert [ref.id for ref in refs([file, tmp_path, file])] == [file, f"{file}#2", f"{file}#3"]
    assert [ref.source for ref in refs([file, file])] == [file, file]


def test_level_and_dpi_are_passed_on(png: bytes) -> None:
    (ref,) = refs(png, level="word")
    assert ref.load().level == "word"
    assert page_ref("x.png", dpi=200).dpi == 200


def test_page_ref_does_not_look_at_the_file(tmp_path: Path, png: bytes) -> None:
    ref = page_ref(tmp_path / "late.png", id="7", level="line", dpi=200)
    gone = load_or_error(ref)
    assert isinstance(gone, PageError)
    assert (gone.kind, gone.id, gone.page, gone.level) == ("not_found", "7", None, "line")
    (tmp_path / "late.png").write_bytes(png)
    image = ref.load()
    assert (image.dpi, image.level, image.id) == (200, "line", "7")


def test_references_can_be_pickled(tmp_path: Path, png: bytes) -> None:
    (tmp_path / "a.png").write_bytes(png)
    for given_input in (tmp_path / "a.png", png, GREY):
        ref = refs(given_input)[0]
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(ref)).load().pixels, GREY)  # noqa: S301


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"", "empty_file", "scan.png is empty"),
        (b"hello", "not_an_image", "scan.png is text, not PNG"),
        (b"\0" * 99, "not_an_image", "unknown format"),
        (b"%PDF-1.4 no", "corrupt", "scan.png is a damaged PDF"),
    ],
)
def test_files_without_a_page(tmp_path: Path, content: bytes, kind: str, words: str) -> None:
    (tmp_path / "scan.png").write_bytes(content)
    found = error(tmp_path / "scan.png")
    assert (found.kind, found.source) == (kind, str(tmp_path / "scan.png"))
    assert words in found.message


def test_a_truncated_jpeg_is_found_when_it_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "scan.jpg"
    Image.effect_noise((90, 90), 80).save(file)
    file.write_bytes(file.read_bytes()[:-900])
    (ref,) = refs(file)
    with pytest.raises(SourceError, match=r"scan\.jpg is a truncated JPEG"):
        ref.load()
    assert error(file).kind == "truncated"


@pytest.mark.parametrize(
    ("size", "kind", "hint"),
    [((1, 1), "too_small", "4 px"), ((30_000, 10), "too_large", "OCR_PLUGINS_MAX_SIDE")],
)
def test_sizes(tmp_path: Path, size: tuple[int, int], kind: str, hint: str) -> None:
    Image.new("1", size).save(tmp_path / "strip.png")
    for given_input in (tmp_path / "strip.png", Image.new("1", size), np.zeros(size[::-1], np.uint8)):
        found = error(given_input)
        assert found.kind == kind
        assert hint in found.hint


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "dangling.png").symlink_to(tmp_path / "gone")
    for path in ("nope.png", "file/nope.png", "dangling.png", "n" * 300, "nul\0.png"):
        assert error(str(tmp_path / path)).kind == "not_found"
    assert error("nope.png").message == "nope.png does not exist"
    # It must not be taken for the working folder.
    assert (error("").kind, error("").source) == ("not_found", "input-1")


def test_a_folder_without_images(tmp_path: Path, png: bytes) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "sub").mkdir()
    found = error(tmp_path)
    assert found.kind == "empty_folder"
    assert all(extension in found.hint for extension in EXTENSIONS)
    assert "--recursive" in found.hint
    assert "--recursive" not in error(tmp_path, recursive=True).hint


def test_permission_denied(tmp_path: Path, png: bytes) -> None:
    inner = tmp_path / "closed"
    inner.mkdir()
    (tmp_path / "a.png").write_bytes(png)
    (inner / "b.png").write_bytes(png)
    (tmp_path / "a.png").chmod(0)
    inner.chmod(0)
    # Permissions bind root only while it acts as somebody else, who must get as far as here.
    root = os.geteuid() == 0
    ours = [tmp_path, *(parent for parent in tmp_path.parents if parent.name.startswith("pytest-"))]
    modes = [folder.stat().st_mode for folder in ours]
    for folder in ours:
        folder.chmod(0o755)
    if root:
        os.seteuid(65534)
    try:
        found = list(enumerate_pages(tmp_path, recursive=True))
        direct = error(inner / "b.png")
    finally:
        if root:
            os.seteuid(0)
        for folder, mode in zip(ours, modes, strict=True):
            folder.chmod(mode)
        inner.chmod(0o700)
    assert all(isinstance(one, PageError) and one.kind == "permission_denied" for one in found)
    assert [Path(one.source).name for one in found] == ["a.png", "closed"]
    assert direct.kind == "permission_denied"


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert error(tmp_path / "pipe.png").kind == "not_a_file"


@pytest.mark.parametrize("thing", [None, 3, 2.5, object()])
def test_other_things(thing: Any) -> None:
    assert error([thing]).kind == "unsupported_input"
    assert type(thing).__name__ in error(thing).message


def test_arrays_that_cannot_be_pages() -> None:
    assert error(np.zeros((9, 9), np.int64)).kind == "unsupported_array"
    assert error(np.full((9, 9), 255.0)).kind == "unsupported_array"


def test_others_go_on(png: bytes) -> None:
    found = list(enumerate_pages([png, "nope.png", b"", GREY]))
    assert [type(one) for one in found] == [PageRef, PageError, PageError, PageRef]


@pytest.mark.parametrize("text", ["", "0", "3-1", "-3", "a", "1,,2", "1-2-3", "1.5", "1;2", "²", "9" * 40])
def test_bad_page_ranges_are_wrong_calls(text: str) -> None:
    with pytest.raises(CallError, match="not a list of pages"):
        enumerate_pages("nope.pdf", pages=text)


@pytest.mark.parametrize("dpi", [0, -300, float("nan"), float("inf"), "300", True])
def test_bad_dpi_is_a_wrong_call(dpi: Any) -> None:
    with pytest.raises(CallError, match="dpi"):
        enumerate_pages("nope.pdf", dpi=dpi)


def test_other_wrong_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CallError, match="level"):
        enumerate_pages("nope.pdf", level="char")  # type: ignore[arg-type]
    monkeypatch.setenv("OCR_PLUGINS_MAX_SIDE", "wide")
    with pytest.raises(CallError, match="OCR_PLUGINS_MAX_SIDE"):
        enumerate_pages("nope.pdf")


RANGE = st.tuples(st.integers(1, 40), st.one_of(st.none(), st.integers(0, 20)), st.booleans())


@given(st.lists(RANGE, min_size=1, max_size=6), st.integers(1, 30))
def test_page_ranges(parts: list[tuple[int, int | None, bool]], count: int) -> None:
    written, wanted, beyond = [], set(), set()
    for first, more, single in parts:
        last = first if single else 10**6 if more is None else first + more
        written.append(
            f"{first}" if single else f"{first}-" if more is None else f" {first} - {first + more}"
        )
        wanted |= {page for page in range(1, count + 1) if first <= page <= last}
        beyond |= {first} if first > count else set()
    taken, missing = select_pages(parse_pages(",".join(written)), count)
    assert taken == sorted(wanted)
    assert missing == sorted(beyond)


@given(st.text(alphabet="0123456789-, ab", max_size=12))
def test_any_page_ranges_are_taken_or_refused(text: str) -> None:
    try:
        ranges = parse_pages(text)
    except CallError:
        return
    assert all(first >= 1 and (last is None or last >= first) for first, last in ranges)


def test_natural_order() -> None:
    names = ["b/1.png", "a10.png", "a2.png", "A1.png", "10.png", "9.png", "a/2.png", "a/10.png"]
    wanted = ["9.png", "10.png", "a/2.png", "a/10.png", "A1.png", "a2.png", "a10.png", "b/1.png"]
    assert sorted(names, key=natural_key) == wanted


def test_enumeration_is_lazy_and_decodes_nothing(
    tmp_path: Path, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def inputs() -> Iterator[bytes]:
        for number in range(3):
            asked.append(number)
            yield png

    def never(*args: Any) -> None:
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr(module, "decode", never)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", never)
    monkeypatch.setattr("pypdfium2.PdfPage.render", never)
    pages = enumerate_pages(inputs())
    assert asked == []
    next(pages)
    assert asked == [0]
    assert len(list(pages)) == 2
    assert len(refs(pdf(3))) == 3


class Handler(http.server.BaseHTTPRequestHandler):
    files: dict[str, bytes] = {}  # noqa: RUF012 - set by the fixture
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append(self.path)
        data = self.files.get(self.path.split("?")[0])
        self.send_response(500 if self.path == "/broken.png" else 200 if data is not None else 404)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server(png: bytes) -> Iterator[str]:
    Handler.files = {"/a.png": png, "/page": b"<!doctype html><p>log in", "/doc.pdf": pdf(2)}
    Handler.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def test_http(server: str) -> None:
    url = f"{server}/a.png?size=full"
    (ref,) = refs(url)
    assert (ref.id, ref.source) == (url, url)
    for _ in range(3):
        np.testing.assert_array_equal(ref.load().pixels, GREY)
    assert Handler.asked == ["/a.png?size=full"]
    assert [ref.id for ref in refs(f"{server}/doc.pdf")] == [f"{server}/doc.pdf#page={n}" for n in (1, 2)]


def test_a_fetched_file_goes_with_its_last_reference(server: str) -> None:
    found = refs(f"{server}/doc.pdf")
    path = found[0].origin.path()
    assert path.exists()
    copy = pickle.loads(pickle.dumps(found[1]))  # noqa: S301
    del found[0]
    gc.collect()
    assert path.exists()
    found.clear()
    gc.collect()
    assert not path.exists()
    assert copy.load().page == 2


def test_all_fetched_files_can_be_discarded_and_are_fetched_again(server: str) -> None:
    (ref,) = refs(f"{server}/a.png")
    path = ref.origin.path()
    ref.origin.discard()
    discard_downloads()
    assert not path.exists()
    assert ref.load().size == ref.load().size
    assert Handler.asked == ["/a.png", "/a.png"]
    again = ref.origin.path()
    discard_downloads()
    assert not again.exists()


def test_errors_over_http(server: str) -> None:
    gone = error(f"{server}/gone.png")
    assert (gone.kind, gone.source) == ("not_found", f"{server}/gone.png")
    broken = error(f"{server}/broken.png")
    assert broken.kind == "unreachable"
    assert "HTTP status 500" in broken.message
    login = error(f"{server}/page")
    assert login.kind == "not_an_image"
    assert "browser" in login.hint
    assert error("http://127.0.0.1:9/a.png").kind == "unreachable"


def test_passwords_in_urls_are_not_shown() -> None:
    found = error("http://me:secret@127.0.0.1:9/a.png")
    assert "secret" not in repr(found)
    assert "secret" not in repr(page_ref("http://me:secret@127.0.0.1:9/a.png"))
    assert page_ref("http://me:at@secret@127.0.0.1:9/a.png").source == "http://me:***@127.0.0.1:9/a.png"


def test_other_file_systems(png: bytes) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    for name in ("/scans/p10.png", "/scans/p2.png", "/scans/sub/p3.png", "/scans/notes.txt"):
        memory.pipe(name, png)
    try:
        assert refs("memory://scans/p2.png")[0].load().size == (30, 20)
        assert [ref.id for ref in refs("memory://scans")] == [
            "memory:///scans/p2.png",
            "memory:///scans/p10.png",
        ]
        assert len(refs("memory://scans/", recursive=True)) == 3
        assert [ref.load().size for ref in refs("memory://scans/p*.png")] == [(30, 20)] * 2
        assert error("memory://scans/q*.png").kind == "not_found"
        assert error("memory://scans/gone.png").kind == "not_found"
        memory.pipe("/texts/notes.txt", b"x")
        assert error("memory://texts").kind == "empty_folder"
    finally:
        memory.store.clear()
        memory.pseudo_dirs[:] = [""]
    assert error("nosuchscheme://x/y.png").kind == "unknown_scheme"


def test_names_that_are_no_unicode(tmp_path: Path, png: bytes) -> None:
    file = Path(str(tmp_path / "scan\udce9.png"))
    file.write_bytes(png)
    (ref,) = refs(tmp_path)
    ref.id.encode()
    assert ref.load().size == (30, 20)


def test_threads_can_load_at_the_same_time(png: bytes) -> None:
    found = refs([png, pdf(3), GREY]) * 4
    sizes: list[Any] = []
    threads = [threading.Thread(target=lambda ref=ref: sizes.append(ref.load().size)) for ref in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sizes) == len(found)


def test_the_import_is_light() -> None:
    code = (
        "import sys, ocr_plugins.source, ocr_plugins.manifest;"
        "heavy = {'pandas', 'cv2', 'torch', 'pypdfium2', 'fsspec', 'PIL'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
