"""Python and TypeScript name the same things."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NotRequired, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from ocr_plugins.widgets import state
from ocr_plugins.widgets.shared import SharedState

SOURCE = (Path(__file__).parents[2] / "widgets/frontend/src/state.ts").read_text(encoding="utf-8")
INTERFACES = {
    name: dict(re.findall(r"^  (\w+)(\??):", body, re.MULTILINE))
    for name, body in re.findall(r"export interface (\w+) \{\n(.*?)\n\}", SOURCE, re.DOTALL)
}
TYPED = {name: one for name, one in vars(state).items() if is_typeddict(one)}


def test_all_shared_types_stand_on_both_sides() -> None:
    assert set(INTERFACES) - {"State"} == set(TYPED)


@pytest.mark.parametrize("name", sorted(TYPED))
def test_a_type_has_the_same_fields_on_both_sides(name: str) -> None:
    fields = INTERFACES[name]
    hints = get_type_hints(TYPED[name], include_extras=True)
    assert set(fields) == set(hints)
    left_out = {field for field, hint in hints.items() if get_origin(hint) is NotRequired}
    assert {field for field, optional in fields.items() if optional} == left_out


def test_the_widgets_traits_are_the_state() -> None:
    ours = {name for name in SharedState.class_own_traits() if not name.startswith("_")}
    assert ours == set(INTERFACES["State"])


def test_the_methods_are_the_same() -> None:
    (told,) = re.findall(r"export type Method = (.*);", SOURCE)
    assert {method.strip('" ') for method in told.split("|")} == set(get_args(state.Method))
