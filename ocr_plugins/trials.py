"""What cascades would give on pages with ground truth: every plan is tried on what the engines have read.

A plan says whom a cascade asks, and up to which doubt it asks nobody else. Engines are known from cheap to
dear. Either pages are left as they are up to a doubt, or the cheap engines read all of them, and dear ones
the lines that are in doubt; each of the two dearest may be left out.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.corpus import Item
from ocr_plugins.ensemble.doubt import doubt_of
from ocr_plugins.ensemble.vote import Vote
from ocr_plugins.evaluation import PageScore
from ocr_plugins.polls import Held, Poll
from ocr_plugins.runs import EngineRun, Study, score_item
from ocr_plugins.vote_options import CascadeOptions, VoteOptions

Floats = NDArray[np.float64]
#: The errors of what a vote gives of a page.
ErrorsOf = Callable[[Item, Held], float]

_THRESHOLDS = 60
_LINE_DOUBTS = (0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
# So many of the dearest engines may be left out: each doubles the votes that are tried.
_OPTIONAL = 2
# Engines that read all pages while others read lines take at most this share of all seconds, and so many ways
# are tried to part them from the others.
_CHEAP, _PARTINGS = 0.5, 2

#: Engines that are heard, in the order they are asked.
Order = tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """Whom a cascade asks, and the doubt up to which it asks nobody else; see `CascadeOptions`.

    ``lines`` are the last of the ``engines`` that are asked for lines alone.
    """

    engines: Order
    doubt: float
    lines: Order = ()


def orders_of(labels: Sequence[str]) -> list[Order]:
    """Whom cascades may ask, of engines from cheap to dear: all, or without some of the dearest."""
    sure = max(len(labels) - _OPTIONAL, 1)
    return [*(tuple(labels[:count]) for count in range(1, sure)), *_with_some(labels, sure)]


def line_plans(labels: Sequence[str], parting: int) -> list[Plan]:
    """Plans in which so many of the engines, the cheap ones, read all pages, and others lines."""
    pages, others = tuple(labels[:parting]), labels[parting:]
    ways = [lines for lines in _with_some(others, max(len(others) - _OPTIONAL, 0)) if lines]
    return [Plan((*pages, *lines), doubt, lines) for doubt in _LINE_DOUBTS for lines in ways]


def _with_some(labels: Sequence[str], sure: int) -> Iterator[Order]:
    """So many of the engines, with any of the others."""
    for taken in itertools.product((False, True), repeat=len(labels) - sure):
        yield (*labels[:sure], *itertools.compress(labels[sure:], taken))


@dataclass(frozen=True, eq=False)
class Trial:
    """What was tried on each page.

    Page by page: ``errors``, ``doubts`` and ``seconds`` (pages, orders) of what each of ``orders`` gives; of
    an order all beginnings are among them. Line by line: ``line_errors`` and ``line_seconds`` (pages, plans)
    of ``line_plans``.

    ``labels`` is the order of all engines, and ``everyone`` (pages,) are the errors of their vote. ``best``
    (pages,) are those of the best engine, ``lengths`` (pages,) the ground truth's characters.
    """

    labels: Order
    orders: Sequence[Order]
    errors: Floats
    doubts: Floats
    seconds: Floats
    everyone: Floats
    best: Floats
    lengths: Floats
    line_plans: Sequence[Plan]
    line_errors: Floats
    line_seconds: Floats

    @classmethod
    def of(
        cls,
        study: Study,
        items: Sequence[Item],
        engines: Sequence[EngineRun],
        count: Callable[[PageScore], float],
        partings: Sequence[int],
    ) -> Trial:
        """Holds the votes.

        ``engines`` are in the order that they are to be asked, and ``partings`` how many of them may read all
        pages while others read lines, see `partings_of`.
        """
        labels = tuple(run.label for run in engines)
        orders = orders_of(labels)
        plans = {parting: line_plans(labels, parting) for parting in partings}

        def errors_of(item: Item, held: Held) -> float:
            page = held.found.page if isinstance(held.found, Vote) else held.found
            return count(score_item(item, page, study.convention))

        # As it is held without a cascade, whose order it has not.
        all_poll = Poll.of(study, VoteOptions(), [run for run in study.runs if run.label in labels])
        page_poll = Poll.of(study, CascadeOptions(doubt=0.0), engines)
        line_polls = {
            parting: Poll.of(study, CascadeOptions(lines="+".join(labels[parting:])), engines)
            for parting in plans
        }
        errors, doubts, seconds = _by_page(page_poll, items, orders, errors_of)
        line_errors, line_seconds = _by_line(line_polls, items, plans, errors_of)
        single = [np.array([count(run.scores[item.id]) for item in items]) for run in engines]
        return cls(
            labels,
            orders,
            errors,
            doubts,
            seconds,
            everyone=np.array([errors_of(item, all_poll.hold(item.id)) for item in items]),
            best=min(single, key=lambda one: float(one.sum())),
            lengths=np.array([float(engines[0].scores[item.id].char_length) for item in items]),
            line_plans=[plan for some in plans.values() for plan in some],
            line_errors=line_errors,
            line_seconds=line_seconds,
        )

    @classmethod
    def joined(cls, trials: Sequence[Trial]) -> Trial:
        """Trials of the same engines and plans on several corpora as one, in which each corpus counts alike.

        Errors are then shares of those that the best engine of the corpus makes, and seconds shares of those
        that all engines take.
        """
        made = [max(float(one.best.sum()), 1.0) for one in trials]
        spent = [max(float(one.seconds[:, one.all].sum()), 1e-9) for one in trials]

        def shares(name: str, wholes: Sequence[float]) -> Floats:
            return np.concatenate(
                [getattr(one, name) / whole for one, whole in zip(trials, wholes, strict=True)]
            )

        return replace(
            trials[0],
            errors=shares("errors", made),
            doubts=np.concatenate([one.doubts for one in trials]),
            seconds=shares("seconds", spent),
            everyone=shares("everyone", made),
            best=shares("best", made),
            lengths=shares("best", made),
            line_errors=shares("line_errors", made),
            line_seconds=shares("line_seconds", spent),
        )

    @functools.cached_property
    def all(self) -> int:
        """The place of the order of all engines."""
        return self.orders.index(self.labels)

    def plans(self) -> list[Plan]:
        """All that were tried."""
        levels = np.unique(np.quantile(self.doubts, np.linspace(0, 1, _THRESHOLDS)))
        by_page = [Plan(order, float(level)) for order in self.orders for level in (-1.0, *levels)]
        return [*by_page, *self.line_plans]

    def outcome(self, plan: Plan) -> tuple[Floats, Floats]:
        """(pages,) errors and seconds of a plan."""
        if plan.lines:
            column = self.line_plans.index(plan)
            return self.line_errors[:, column], self.line_seconds[:, column]
        rows, at = np.arange(len(self.best)), self.stops(plan.engines, plan.doubt)
        return self.errors[rows, at], self.seconds[rows, at]

    def stops(self, order: Order, doubt: float) -> NDArray[np.int64]:
        """(pages,) the order that each page has been through when it is left."""
        ways = np.array([self.orders.index(order[:count]) for count in range(1, len(order) + 1)])
        settled = self.doubts[:, ways] <= doubt
        settled[:, -1] = True
        return np.asarray(ways[settled.argmax(axis=1)], np.int64)


def partings_of(seconds: Sequence[float]) -> list[int]:
    """How many engines may read all pages while the others read lines; ``seconds`` go from cheap to dear."""
    shares = np.cumsum(seconds) / max(sum(seconds), 1e-9)
    cheap = [count for count in range(1, len(seconds)) if shares[count - 1] <= _CHEAP]
    return cheap[-_PARTINGS:] or list(range(1, len(seconds)))[:1]


def _by_page(poll: Poll, items: Sequence[Item], orders: Sequence[Order], errors_of: ErrorsOf) -> Floats:
    """(3, pages, orders) errors, doubt and seconds of what each order gives of each page."""
    made = np.zeros((3, len(items), len(orders)))
    for row, item in enumerate(items):
        readings = poll.readings_of(item.id)
        for column, order in enumerate(orders):
            held = poll.hold_all(item.id, {label: readings[label] for label in order if label in readings})
            doubt = doubt_of(held.found.page) if isinstance(held.found, Vote) else 1.0
            made[:, row, column] = errors_of(item, held), doubt, held.reading
    return made


def _by_line(
    polls: Mapping[int, Poll],
    items: Sequence[Item],
    plans: Mapping[int, Sequence[Plan]],
    errors_of: ErrorsOf,
) -> Floats:
    """(2, pages, plans) errors and seconds of what each plan gives of each page.

    ``polls`` and ``plans`` are by parting, one after the other.
    """
    made = np.zeros((2, len(items), sum(map(len, plans.values()))))
    for row, item in enumerate(items):
        tried = (_lines_held(polls[parting], item.id, some) for parting, some in plans.items())
        for column, held in enumerate(itertools.chain.from_iterable(tried)):
            made[:, row, column] = errors_of(item, held), held.reading
    return made


def _lines_held(poll: Poll, page: str, plans: Sequence[Plan]) -> Iterator[Held]:
    """What each plan gives of a page. Plans begin alike, which is held once."""
    readings = poll.readings_of(page)
    first = poll.hold_all(page, {label: one for label, one in readings.items() if label not in poll.lines})
    known: dict[tuple[float, Order], Held] = {}
    for plan in plans:
        at, held = replace(poll, doubt=plan.doubt), first
        for count, label in enumerate(plan.lines, 1):
            key = plan.doubt, plan.lines[:count]
            if key not in known:
                known[key] = at.ask_further(page, held, label, readings[label])
            held = known[key]
        yield held
