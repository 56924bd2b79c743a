"""Medians, spreads and ratios of samples, and whether a budget is met."""

import dataclasses
import statistics

import rows


def values(samples, figure):
    """The figure of the runs that brought the right file."""
    return [getattr(sample, figure) for sample in samples if sample.is_right]


def median(samples, figure):
    """None if no run brought the right file."""
    found = values(samples, figure)
    return statistics.median(found) if found else None


@dataclasses.dataclass
class Verdict:
    budget: rows.Budget
    measured: float | None      # the ratio, or the figure itself where it is compared with nothing

    @property
    def is_met(self):
        return self.measured is not None and self.measured <= self.budget.most


def ratio(samples, others, figure):
    """The median of the ratios of runs that were made one after the other, so that the machine's moods
    cancel out; None if there are none."""
    pairs = [(getattr(one, figure), getattr(other, figure)) for one, other in zip(samples, others)
             if one.is_right and other.is_right]
    return statistics.median(a / b if b else float("inf") for a, b in pairs) if pairs else None


def best_fixed(results, figure):
    """The samples of the fixed number of connections that was best."""
    found = {name: median(results[name], figure) for name in rows.FIXED if name in results}
    right = {name: value for name, value in found.items() if value is not None}
    return results[min(right, key=right.get)] if right else []


def verdict(row, results, budget):
    """How a budget of the row stands; None if one of the two did not run."""
    samples = results.get(budget.of)
    if not samples or (budget.against in row.contenders and budget.against not in results):
        return None
    if budget.against is None:
        measured = median(samples, budget.figure)
    elif budget.against == rows.BOUND:
        middle = median(samples, budget.figure)
        measured = None if middle is None else middle / row.bound_s
    elif budget.against == rows.BEST_FIXED:
        measured = ratio(samples, best_fixed(results, budget.figure), budget.figure)
    else:
        measured = ratio(samples, results[budget.against], budget.figure)
    return Verdict(budget, measured)


def verdicts(row, results):
    found = [verdict(row, results, budget) for budget in row.budgets]
    return [one for one in found if one is not None]
