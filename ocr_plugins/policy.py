"""When to ask a dearer engine: the policy of a cascade, fitted to pages with ground truth.

Cheap engines are asked first. Two things make a policy: which engines may be asked, and up to which doubt a
page is left as it is (`ensemble.doubt`). Every policy is tried on what the engines have read; each of the
two dearest may be left out.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.corpus import Item
from ocr_plugins.ensemble.doubt import doubt_of
from ocr_plugins.ensemble.vote import Vote
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import PageScore
from ocr_plugins.recommended import error_count, scored
from ocr_plugins.runs import EngineRun, Study, score_item
from ocr_plugins.spec import CASCADE, EngineSpec
from ocr_plugins.vote_options import CascadeOptions
from ocr_plugins.voted import Poll, seconds_of

Floats = NDArray[np.float64]

#: A policy is to keep so much of what the vote of all engines gains on the best one.
ENOUGH = 0.95
# Pages are worth a second look at as many; more tell little about two numbers.
_MOST_PAGES = 200
_THRESHOLDS = 60
# So many of the dearest engines may be left out: each doubles the votes that are tried.
_OPTIONAL = 2

#: Engines that are heard, in the order they are asked.
Order = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a page may cost: ``seconds``, or a ``share`` of what all engines cost, 0 to 1."""

    seconds: float | None = None
    share: float | None = None

    @classmethod
    def parse(cls, text: str) -> Budget:
        """From "12" (seconds a page) or "30%". Raises CallError."""
        try:
            value = float(text.removesuffix("%"))
        except ValueError:
            value = math.nan
        if not 0 < value < math.inf or (text.endswith("%") and value > 100):
            raise CallError(f"{text!r} is no budget", "give seconds a page, as in 12, or a share, as in 30%")
        return cls(share=value / 100) if text.endswith("%") else cls(seconds=value)

    def of(self, whole: float) -> float:
        """In seconds a page, of what all engines cost."""
        return self.seconds if self.seconds is not None else (self.share or 1.0) * whole


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A policy with what it does: the engines in their order, the doubt, seconds a page, and the error rate.

    ``cost`` is its share of what all engines cost, ``gain`` its share of what their vote gains on the best
    engine; None where that gains nothing.
    """

    engines: tuple[str, ...]
    doubt: float
    seconds: float
    cer: float
    cost: float
    gain: float | None

    @property
    def gives(self) -> str:
        """What it is worth, in words."""
        rate = f"CER {100 * self.cer:.2f} %"
        if self.gain is None:
            return rate
        if self.gain < 0:
            return f"{rate}, more than the best engine's"
        return f"{rate}, {100 * self.gain:.0f} % of what the vote of all gains"

    @property
    def spec(self) -> EngineSpec:
        """The cascade, as it is written behind its engines in their order."""
        # Rounded up, so that the page that set the doubt is left as it is.
        return EngineSpec(CASCADE, (("doubt", f"{math.ceil(self.doubt * 1e4) / 1e4:.4f}"),), CASCADE)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The policy that was chosen, and others from cheap to dear.

    ``held_out`` is the same choice made on one half of the documents and tried on the other, both ways round;
    None for fewer than four documents.
    """

    chosen: Tried
    held_out: Tried | None
    others: tuple[Tried, ...]

    @property
    def text(self) -> str:
        """What it does, in words."""
        one = self.chosen
        doubt, cost = f"{100 * one.doubt:.1f} %", f"{100 * one.cost:.0f} %"
        said = [
            f"The cascade asks {', then '.join(one.engines)}, while over {doubt} of a page is in doubt.",
            f"Here that takes {one.seconds:.2f} s a page, {cost} of what all engines take: {one.gives}.",
        ]
        if self.held_out is not None:
            cost = f"{100 * self.held_out.cost:.0f} %"
            said.append(
                f"Fitted on half of the documents it takes {cost} on the others: {self.held_out.gives}."
            )
        return " ".join(said)


def fit_policy(
    study: Study, budget: Budget | None = None, count: Callable[[PageScore], float] = error_count
) -> Policy | None:
    """The cheapest policy that keeps nearly all of the vote's gain, or the best one within a budget.

    ``count`` gives a page's errors.

    None without ground truth, with fewer than two engines that read all of it, where times are not known, or
    where a vote of all gains nothing and no budget asks for less.
    """
    items, runs = scored(study)
    engines = [run for run in runs if not run.spec.is_vote and run.seconds_per_page]
    if not items or len(engines) < 2:
        return None
    items = items[:: -(-len(items) // _MOST_PAGES)]
    trial = Trial.of(study, items, sorted(engines, key=lambda run: run.seconds_per_page or 0.0), count)
    return policy_of(trial, [item.document for item in items], budget)


def policy_of(trial: Trial, documents: Sequence[str], budget: Budget | None = None) -> Policy | None:
    """The same of a trial; ``documents`` are those that its pages are of."""
    everything = np.ones(len(documents), np.bool_)
    chosen = trial.choose(everything, budget)
    if chosen is None:
        return None
    return Policy(
        chosen=trial.told(*chosen, everything),
        held_out=_held_out(trial, documents, budget),
        others=tuple(_front(trial.told(order, doubt, everything) for order, doubt in trial.policies())),
    )


def orders_of(labels: Sequence[str]) -> list[Order]:
    """Whom cascades may ask, of engines from cheap to dear: all, or without some of the dearest."""
    sure = max(len(labels) - _OPTIONAL, 1)
    choices = itertools.product((False, True), repeat=len(labels) - sure)
    return [
        *(tuple(labels[:count]) for count in range(1, sure)),
        *((*labels[:sure], *itertools.compress(labels[sure:], taken)) for taken in choices),
    ]


@dataclass(frozen=True, eq=False)
class Trial:
    """What each of ``orders`` gives on each page, (pages, orders): errors, doubt, and seconds.

    Of an order all beginnings are among the orders; ``labels`` is that of all engines. ``best`` (pages,) are
    the best engine's errors, ``lengths`` (pages,) the ground truth's characters.
    """

    labels: Order
    orders: Sequence[Order]
    errors: Floats
    doubts: Floats
    seconds: Floats
    best: Floats
    lengths: Floats

    @classmethod
    def of(
        cls,
        study: Study,
        items: Sequence[Item],
        engines: Sequence[EngineRun],
        count: Callable[[PageScore], float],
    ) -> Trial:
        """Holds the votes. ``engines`` are in the order that they are to be asked."""
        labels = tuple(run.label for run in engines)
        orders = orders_of(labels)
        poll = Poll.of(study, CascadeOptions(doubt=0.0), engines)
        errors, doubts, seconds = np.zeros((3, len(items), len(orders)))
        for row, item in enumerate(items):
            readings = poll.asked(item.id)
            spent = {run.label: seconds_of(run.results[item.id]) for run in engines}
            for column, order in enumerate(orders):
                found = poll.vote({label: readings[label] for label in order if label in readings})
                page = found.page if isinstance(found, Vote) else found
                errors[row, column] = count(score_item(item, page, study.convention))
                doubts[row, column] = doubt_of(found.page) if isinstance(found, Vote) else 1.0
                seconds[row, column] = sum(spent[label] for label in order)
        pages = [item.id for item in items]
        single = [np.array([count(run.scores[page]) for page in pages]) for run in engines]
        lengths = np.array([float(engines[0].scores[page].char_length) for page in pages])
        return cls(
            labels,
            orders,
            errors,
            doubts,
            seconds,
            min(single, key=lambda one: float(one.sum())),
            lengths,
        )

    @classmethod
    def joined(cls, trials: Sequence[Trial]) -> Trial:
        """Trials of the same engines on several corpora as one, in which each corpus counts alike.

        Errors are then shares of those that the best engine of the corpus makes, and seconds shares of those
        that all engines take.
        """
        made = [max(float(one.best.sum()), 1.0) for one in trials]
        spent = [max(float(one.seconds[:, one.all].sum()), 1e-9) for one in trials]
        best = np.concatenate([one.best / count for one, count in zip(trials, made, strict=True)])
        return cls(
            trials[0].labels,
            trials[0].orders,
            np.concatenate([one.errors / count for one, count in zip(trials, made, strict=True)]),
            np.concatenate([one.doubts for one in trials]),
            np.concatenate([one.seconds / count for one, count in zip(trials, spent, strict=True)]),
            best,
            best,
        )

    @functools.cached_property
    def all(self) -> int:
        """The place of the order of all engines."""
        return self.orders.index(self.labels)

    def policies(self) -> list[tuple[Order, float]]:
        """Whom to ask, and the doubt up to which a page is left."""
        levels = np.unique(np.quantile(self.doubts, np.linspace(0, 1, _THRESHOLDS)))
        return [(order, float(level)) for order in self.orders for level in (-1.0, *levels)]

    def stops(self, order: Order, doubt: float) -> NDArray[np.int64]:
        """(pages,) the order that each page has been through when it is left."""
        ways = np.array([self.orders.index(order[:count]) for count in range(1, len(order) + 1)])
        settled = self.doubts[:, ways] <= doubt
        settled[:, -1] = True
        return np.asarray(ways[settled.argmax(axis=1)], np.int64)

    def choose(self, pages: NDArray[np.bool_], budget: Budget | None) -> tuple[Order, float] | None:
        """The policy for these pages."""
        tried = [(self.told(order, doubt, pages), order, doubt) for order, doubt in self.policies()]
        if budget is not None:
            most = budget.of(float(self.seconds[pages, self.all].mean()))
            within = [one for one in tried if one[0].seconds <= most] or [
                min(tried, key=lambda o: o[0].seconds)
            ]
            _, order, doubt = min(within, key=lambda one: (one[0].cer, one[0].seconds))
            return order, doubt
        enough = [one for one in tried if one[0].gain is not None and one[0].gain >= ENOUGH]
        if not enough:
            return None
        _, order, doubt = min(enough, key=lambda one: one[0].seconds)
        return order, doubt

    def told(self, order: Order, doubt: float, pages: NDArray[np.bool_]) -> Tried:
        """What a policy does on these pages."""
        at = self.stops(order, doubt)[pages]
        rows = np.flatnonzero(pages)
        return self.summed(order, doubt, self.errors[rows, at], self.seconds[rows, at], pages)

    def summed(
        self, order: Order, doubt: float, errors: Floats, seconds: Floats, pages: NDArray[np.bool_]
    ) -> Tried:
        """A policy with the errors and seconds of each of these pages."""
        gained = float(self.best[pages].sum() - self.errors[pages, self.all].sum())
        return Tried(
            engines=order,
            doubt=max(doubt, 0.0),
            seconds=float(seconds.mean()),
            cer=float(errors.sum() / max(self.lengths[pages].sum(), 1.0)),
            cost=float(seconds.sum() / max(self.seconds[pages, self.all].sum(), 1e-9)),
            gain=float(self.best[pages].sum() - errors.sum()) / gained if gained > 0 else None,
        )


def _held_out(trial: Trial, documents: Sequence[str], budget: Budget | None) -> Tried | None:
    names = list(dict.fromkeys(documents))
    if len(names) < 4:
        return None
    first = np.array([names.index(document) % 2 == 0 for document in documents])
    errors, seconds = np.zeros((2, len(documents)))
    for seen, held in ((first, ~first), (~first, first)):
        # Where a half gains nothing by votes, all engines are asked.
        order, doubt = trial.choose(seen, budget) or (trial.labels, -1.0)
        rows = np.flatnonzero(held)
        at = trial.stops(order, doubt)[held]
        errors[held], seconds[held] = trial.errors[rows, at], trial.seconds[rows, at]
    return trial.summed(trial.labels, 0.0, errors, seconds, np.ones(len(documents), np.bool_))


def _front(tried: Iterable[Tried]) -> list[Tried]:
    """Those that no other beats in both cost and errors, from cheap to dear."""
    found: list[Tried] = []
    for one in sorted(tried, key=lambda one: (one.seconds, one.cer)):
        if not found or one.cer < found[-1].cer:
            found.append(one)
    return found
