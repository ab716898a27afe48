"""What the browser is held against is what Python says today."""

from __future__ import annotations

from golden import FILE, golden


def test_the_golden_file_is_what_python_says() -> None:
    assert FILE.read_text(encoding="utf-8") == golden(), "run tests/widgets/golden.py"
