"""Forward selection of members with replacement, alone and in bags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil, comb

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.ensemble._losses import Loss, MeanLoss, loss_of_mean, member_parts
from sk_ensemble.ensemble._meta_samples import MetaSamples
from sk_ensemble.ensemble._weighted_mean import WeightedMean

__all__ = ["GreedyChooser", "draw_bags", "select_members"]


class _Candidates:
    """Losses of means of members, each computed once.

    Parameters
    ----------
    parts : ndarray of shape (n_members, n_rows, n_outputs)
        What each member contributes to the mean.
    loss : callable
        Loss of a mean.
    """

    def __init__(self, parts: FloatArray, loss: MeanLoss) -> None:
        self.parts, self.loss = parts, loss
        self.known: dict[bytes, float] = {}

    def loss_after(self, counts: IntArray, total: FloatArray, member: int) -> float:
        """Return the loss when one more copy of a member is taken."""
        grown = counts.copy()
        grown[member] += 1
        key = grown.tobytes()
        if key not in self.known:
            mean = (total + self.parts[member]) / grown.sum()
            self.known[key] = self.loss(mean)
        return self.known[key]


def _select(
    candidates: _Candidates,
    bag: Sequence[int],
    n_rounds: int,
    n_iter_no_change: int,
    tol: float,
) -> IntArray:
    """Return how often each member of a bag is taken in the best of all rounds."""
    counts = np.zeros(len(candidates.parts), dtype=np.int64)
    total = np.zeros_like(candidates.parts[0])
    best, best_loss, n_idle = counts, np.inf, 0
    for _ in range(n_rounds):
        losses = [candidates.loss_after(counts, total, member) for member in bag]
        # The first of equals: bags are ascending, so ties go to the first member.
        chosen = int(np.argmin(losses))
        counts = counts.copy()
        counts[bag[chosen]] += 1
        total = total + candidates.parts[bag[chosen]]
        if losses[chosen] < best_loss - tol:
            best, best_loss, n_idle = counts, losses[chosen], 0
        else:
            n_idle += 1
        if n_idle >= n_iter_no_change or len(bag) == 1:
            break
    return best


def draw_bags(
    n_members: int, fraction: float, n_bags: int, rng: np.random.RandomState
) -> list[tuple[int, ...]]:
    """Draw the members that each bag may choose from.

    Parameters
    ----------
    n_members : int
        Members there are.
    fraction : float
        Share of them in each bag, rounded up.
    n_bags : int
        Number of bags; where fewer choices exist, each is taken once and none drawn.
    rng : RandomState
        Source of the draws.

    Returns
    -------
    bags : list of tuple of int
        Numbers of members, ascending in each bag.
    """
    # Less a little, as 0.7 of 10 is a bit more than 7 in floating point.
    size = min(n_members, max(1, ceil(fraction * n_members - 1e-9)))
    if comb(n_members, size) <= n_bags:
        return list(combinations(range(n_members), size))
    draws = (rng.choice(n_members, size, replace=False) for _ in range(n_bags))
    return [tuple(sorted(draw.tolist())) for draw in draws]


def select_members(
    parts: FloatArray,
    loss: MeanLoss,
    bags: Sequence[tuple[int, ...]],
    *,
    n_rounds: int,
    n_iter_no_change: int,
    tol: float,
) -> FloatArray:
    """Select members from each bag and average the shares they get.

    Parameters
    ----------
    parts : ndarray of shape (n_members, n_rows, n_outputs)
        What each member contributes to the mean.
    loss : callable
        Loss of a mean, an array of shape (n_rows, n_outputs).
    bags : sequence of tuple of int
        Members each bag may choose from, ascending.
    n_rounds : int
        Most members taken, copies counted.
    n_iter_no_change : int
        Rounds without a better loss after which a bag stops.
    tol : float
        What counts as better.

    Returns
    -------
    weights : ndarray of float64 of shape (n_members,)
        Mean share of each member.
    """
    candidates = _Candidates(parts, loss)
    counts = [_select(candidates, b, n_rounds, n_iter_no_change, tol) for b in bags]
    weights = np.mean([count / count.sum() for count in counts], axis=0)
    return np.asarray(weights / weights.sum())


@dataclass(frozen=True, eq=False)
class GreedyChooser:
    """Choose weights by forward selection with replacement.

    Parameters
    ----------
    names : tuple of str
        Names of the members. They are tried in alphabetical order, so that neither
        the draws of bags nor ties depend on the order in which they are listed.
    classes : ndarray of shape (n_classes,)
        The classes.
    loss : callable
        What to minimise.
    bags : sequence of tuple of int
        Members each bag may choose from, as places among the sorted names.
    n_rounds, n_iter_no_change, tol
        As in `select_members`.
    """

    names: tuple[str, ...]
    classes: np.ndarray
    loss: Loss
    bags: Sequence[tuple[int, ...]]
    n_rounds: int
    n_iter_no_change: int
    tol: float

    def choose(self, samples: MetaSamples) -> WeightedMean:
        """Return the weighted mean that greedy selection arrives at."""
        order = np.argsort(np.array(self.names))
        weights = np.zeros(len(order))
        weights[order] = select_members(
            member_parts(samples, self.loss)[order],
            loss_of_mean(samples, self.loss, self.classes),
            self.bags,
            n_rounds=self.n_rounds,
            n_iter_no_change=self.n_iter_no_change,
            tol=self.tol,
        )
        return WeightedMean(weights)
