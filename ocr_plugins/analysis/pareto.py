"""Which engines are worth their cost: nothing cheaper is as good."""

from __future__ import annotations

from collections.abc import Mapping


def front(costs: Mapping[str, tuple[float, float]]) -> list[str]:
    """The engines that no other one beats in both error and seconds, the cheapest first.

    Args:
        costs: seconds a page and error rate by engine.
    """
    kept: list[str] = []
    least = float("inf")
    for label, (_, error) in sorted(costs.items(), key=lambda item: item[1]):
        if error < least:
            kept.append(label)
            least = error
    return kept
