"""The contract of extractors: what takes fields out of a page that was read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from ocr_plugins.document import Page
from ocr_plugins.fields.field import Field
from ocr_plugins.fields.rows import Row
from ocr_plugins.options import check_options


@dataclass(frozen=True, kw_only=True)
class ExtractorOptions:
    """What an extractor takes: nothing. Those that take options add fields in a subclass.

    Raises:
        CallError: a value outside its field's choices or range.
    """

    def __post_init__(self) -> None:
        check_options(self)


OptionsT = TypeVar("OptionsT", bound=ExtractorOptions)


class Extractor(ABC, Generic[OptionsT]):
    """Takes the fields of one kind out of pages: registered under the group ``ocr_plugins.extractors``.

    Args:
        options: as the user gave them.
    """

    #: What users call it by.
    name: ClassVar[str]
    #: One line for ``ocr-plugins fields``.
    help: ClassVar[str]
    #: The names of its fields, which are columns of a table in this order; none for its own name alone.
    columns: ClassVar[tuple[str, ...]] = ()
    options_type: type[OptionsT]

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    @abstractmethod
    def extract(self, page: Page, rows: Sequence[Row]) -> Iterable[Field]:
        """The fields of a page, in the order in which they stand on it.

        Args:
            page: as an engine or a vote has read it.
            rows: the same, as visual rows in which every word has its place.
        """
