"""When to ask a dearer engine: the policy of a cascade, fitted to pages with ground truth.

The plan is chosen, out of those of `ocr_plugins.trials`, that keeps nearly all of the vote's gain for the
least seconds, or makes the fewest errors within a budget.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import PageScore
from ocr_plugins.recommended import error_count, scored
from ocr_plugins.runs import Study
from ocr_plugins.spec import CASCADE, EngineSpec
from ocr_plugins.trials import Floats, Plan, Trial, partings_of

#: A policy is to keep so much of what the vote of all engines gains on the best one.
ENOUGH = 0.95
# Plans are tried on as many pages; more tell little about the few numbers of a plan.
_MOST_PAGES = 60


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
    """A plan with what it does: seconds a page, and the error rate.

    ``cost`` is its share of what all engines cost, ``gain`` its share of what their vote gains on the best
    engine; None where that gains nothing.
    """

    plan: Plan
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
        options = [("doubt", f"{math.ceil(self.plan.doubt * 1e4) / 1e4:.4f}")]
        if self.plan.lines:
            options.append(("lines", "+".join(self.plan.lines)))
        return EngineSpec(CASCADE, tuple(options), CASCADE)

    @property
    def asks(self) -> str:
        """Whom it asks for what, in words."""
        doubt, lines = f"{100 * self.plan.doubt:.1f} %", self.plan.lines
        asked = ", then ".join(lines or self.plan.engines)
        if not lines:
            return f"The cascade asks {asked}, while over {doubt} of a page is in doubt."
        pages = ", ".join(self.plan.engines[: -len(lines)])
        return f"{pages} read all pages, and {asked} the lines of which over {doubt} is in doubt."


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
        cost = f"{100 * one.cost:.0f} %"
        said = [
            one.asks,
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
    engines = sorted(engines, key=lambda run: run.seconds_per_page or 0.0)
    partings = partings_of([run.seconds_per_page or 0.0 for run in engines])
    trial = Trial.of(study, items, engines, count, partings)
    return policy_of(trial, [item.document for item in items], budget)


def policy_of(trial: Trial, documents: Sequence[str], budget: Budget | None = None) -> Policy | None:
    """The same of a trial; ``documents`` are those that its pages are of."""
    everything = np.ones(len(documents), np.bool_)
    chosen = _choose(trial, everything, budget)
    if chosen is None:
        return None
    return Policy(
        chosen=told(trial, chosen, everything),
        held_out=_held_out(trial, documents, budget),
        others=tuple(_front(told(trial, plan, everything) for plan in trial.plans())),
    )


def told(trial: Trial, plan: Plan, pages: NDArray[np.bool_]) -> Tried:
    """What a plan does on these pages."""
    errors, seconds = trial.outcome(plan)
    return _summed(trial, plan, errors[pages], seconds[pages], pages)


def _summed(trial: Trial, plan: Plan, errors: Floats, seconds: Floats, pages: NDArray[np.bool_]) -> Tried:
    """A plan with the errors and seconds of each of these pages."""
    gained = float(trial.best[pages].sum() - trial.everyone[pages].sum())
    return Tried(
        plan=replace(plan, doubt=max(plan.doubt, 0.0)),
        seconds=float(seconds.mean()),
        cer=float(errors.sum() / max(trial.lengths[pages].sum(), 1.0)),
        cost=float(seconds.sum() / max(trial.seconds[pages, trial.all].sum(), 1e-9)),
        gain=float(trial.best[pages].sum() - errors.sum()) / gained if gained > 0 else None,
    )


def _choose(trial: Trial, pages: NDArray[np.bool_], budget: Budget | None) -> Plan | None:
    tried = [(told(trial, plan, pages), plan) for plan in trial.plans()]
    if budget is not None:
        most = budget.of(float(trial.seconds[pages, trial.all].mean()))
        within = [one for one in tried if one[0].seconds <= most] or [min(tried, key=lambda o: o[0].seconds)]
        return min(within, key=lambda one: (one[0].cer, one[0].seconds))[1]
    enough = [one for one in tried if one[0].gain is not None and one[0].gain >= ENOUGH]
    return min(enough, key=lambda one: one[0].seconds)[1] if enough else None


def _held_out(trial: Trial, documents: Sequence[str], budget: Budget | None) -> Tried | None:
    names = list(dict.fromkeys(documents))
    if len(names) < 4:
        return None
    first = np.array([names.index(document) % 2 == 0 for document in documents])
    errors, seconds = np.zeros((2, len(documents)))
    everything = Plan(trial.labels, -1.0)
    for seen, held in ((first, ~first), (~first, first)):
        # Where a half gains nothing by votes, all engines are asked.
        wrong, took = trial.outcome(_choose(trial, seen, budget) or everything)
        errors[held], seconds[held] = wrong[held], took[held]
    return _summed(trial, everything, errors, seconds, np.ones(len(documents), np.bool_))


def _front(tried: Iterable[Tried]) -> list[Tried]:
    """Those that no other beats in both cost and errors, from cheap to dear."""
    found: list[Tried] = []
    for one in sorted(tried, key=lambda one: (one.seconds, one.cer)):
        if not found or one.cer < found[-1].cer:
            found.append(one)
    return found
