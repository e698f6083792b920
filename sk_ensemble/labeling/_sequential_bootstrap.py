"""Draw labels one after the other, those with the least overlap most often.

The chance of a label at each draw is its uniqueness among the labels drawn so far,
divided by the sum over all labels. To compute it for all labels at every draw would
cost n_labels x n_draws. Here labels are proposed in rounds by chances that were
right at the start of the round, and each is accepted with the ratio of its present
to its former uniqueness, which has only fallen since. What is accepted has exactly
the chances of the definition.

Whether a proposal is accepted depends on earlier ones only if they overlap it. So
all proposals that overlap no earlier one still undecided are decided at once.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state, check_scalar

from sk_ensemble._typing import BoolArray, FloatArray, IntArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.labeling._spans import LabelSpans

__all__ = ["sequential_bootstrap", "uniqueness_if_drawn"]


def uniqueness_if_drawn(spans: LabelSpans, n_drawn: IntArray) -> FloatArray:
    """Return what the uniqueness of each label would be if it were drawn next.

    `n_drawn` counts for each bar the labels drawn so far that contain it.
    """
    return spans.sums(1 / (1 + n_drawn)) / spans.lengths


class _Draws:
    """The labels drawn so far, and proposals that may follow them."""

    def __init__(self, spans: LabelSpans) -> None:
        self.spans = spans
        self.n_drawn: IntArray = np.zeros(len(spans.closes.close), dtype=np.int64)

    def _bars_of(self, labels: IntArray) -> tuple[IntArray, IntArray]:
        """Return the bars of each label, one label after the other, and the starts."""
        lengths = self.spans.lengths[labels]
        starts = np.cumsum(lengths) - lengths
        shifts = np.repeat(self.spans.first[labels] - starts, lengths)
        return np.arange(lengths.sum()) + shifts, starts

    def _uniqueness_now(self, labels: IntArray) -> FloatArray:
        """Return what the uniqueness of some labels would be if drawn next."""
        bars, starts = self._bars_of(labels)
        sums = np.add.reduceat(1 / (1 + self.n_drawn[bars]), starts)
        return sums / self.spans.lengths[labels]

    def _overlap_no_earlier(self, labels: IntArray) -> BoolArray:
        """Tell which labels have no bar in common with one before them in the list."""
        bars, starts = self._bars_of(labels)
        rank = np.repeat(np.arange(len(labels)), self.spans.lengths[labels])
        earliest = np.empty(len(self.n_drawn), dtype=np.int64)
        # Written backwards, so that the earliest label of each bar remains.
        earliest[bars[::-1]] = rank[::-1]
        return np.logical_and.reduceat(earliest[bars] == rank, starts)

    def accept(self, labels: IntArray, ceilings: FloatArray) -> IntArray:
        """Decide proposals in their order, and return those that were accepted.

        Parameters
        ----------
        labels : ndarray of int of shape (n,)
            The proposals.
        ceilings : ndarray of float of shape (n,)
            A proposal is accepted if its uniqueness is above this at its turn.
        """
        waiting = np.arange(len(labels))
        accepted = [waiting[:0]]
        while len(waiting):
            # Uniqueness never rises, so what fails now would fail at its turn.
            now = self._uniqueness_now(labels[waiting])
            waiting = waiting[now > ceilings[waiting]]
            if not len(waiting):
                break
            certain = self._overlap_no_earlier(labels[waiting])
            chosen = waiting[certain]
            self.n_drawn[self._bars_of(labels[chosen])[0]] += 1
            accepted.append(chosen)
            waiting = waiting[~certain]
        return labels[np.sort(np.concatenate(accepted))]


def _draw(
    spans: LabelSpans, n_draws: int, n_proposals: int, rng: np.random.RandomState
) -> IntArray:
    """Return the rows of the labels drawn, from rounds of so many proposals."""
    draws, drawn, n_found = _Draws(spans), [], 0
    while n_found < n_draws:
        uniqueness = uniqueness_if_drawn(spans, draws.n_drawn)
        running = np.cumsum(uniqueness)
        spots = rng.uniform(high=running[-1], size=n_proposals)
        labels = np.searchsorted(running, spots, side="right")
        labels = np.minimum(labels, len(running) - 1)
        ceilings = rng.uniform(size=n_proposals) * uniqueness[labels]
        drawn.append(draws.accept(labels, ceilings))
        n_found += len(drawn[-1])
    return np.concatenate(drawn)[:n_draws]


def sequential_bootstrap(
    labels: pd.DataFrame,
    bars: pd.DataFrame,
    n_draws: int | None = None,
    *,
    closed: str = "right",
    entry_delay: int = 0,
    random_state: Any = None,
) -> np.ndarray:
    """Draw labels with replacement so that they overlap little.

    An ordinary bootstrap of overlapping labels draws the same bars again and again.
    Here the chance of a label falls with the number of labels already drawn that look
    at the same bars.

    Parameters
    ----------
    labels : DataFrame of n_labels rows
        What a label maker returned: columns or index levels ``symbol`` and
        ``datetime``, and a column ``label_end``. Any row order, any number of symbols.
    bars : DataFrame of n_bars rows
        The bars the labels were made from.
    n_draws : int or None, default=None
        Number of draws; None means n_labels.
    closed : {"right", "both"}, default="right"
        Which bars are a label's own, see :func:`uniqueness_weights`.
    entry_delay : int, default=0
        Bars between the labelled bar and the entry, as given to the label maker.
    random_state : int, RandomState or None, default=None
        Seed; an int gives the same draws in every call.

    Returns
    -------
    rows : ndarray of int64 of shape (n_draws,)
        Row numbers of the labels, in the order drawn; ``labels.iloc[rows]`` is the
        sample.

    Raises
    ------
    LabelSpanError
        If a label belongs to no bar, is there twice, or has no bars of its own.

    See Also
    --------
    uniqueness_weights : Weights instead of draws.

    Notes
    -----
    At each draw, the chance of a label is proportional to the mean over its bars of
    ``1 / (1 + n)``, where n counts the labels drawn so far that contain the bar. The
    draws have exactly these chances, at a cost that grows with the number of draws
    times the length of a label, not with the number of labels times the draws.

    References
    ----------
    M. López de Prado, *Advances in Financial Machine Learning*, Wiley 2018, section
    4.5 and snippet 4.5.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.labeling import sequential_bootstrap
    >>> times = pd.date_range("2021-01-04 09:35", periods=7, freq="5min")
    >>> bars = pd.DataFrame({"symbol": "A", "datetime": times, "close": 100.0})
    >>> labels = pd.DataFrame({
    ...     "symbol": "A", "datetime": times[[0, 2, 4]], "label_end": times[[3, 4, 6]],
    ... })
    >>> rows = sequential_bootstrap(labels, bars, 6, random_state=0)
    >>> sorted(rows.tolist())
    [0, 1, 1, 1, 2, 2]
    """
    spans = LabelSpans.from_labels(labels, bars, closed=closed, entry_delay=entry_delay)
    if not len(spans.first):
        msg = "There are no labels to draw from: the frame has no rows."
        raise DataError(msg)
    if n_draws is None:
        n_draws = len(spans.first)
    check_scalar(n_draws, "n_draws", Integral, min_val=1)
    n_proposals = max(32, len(spans.first) // 16)
    return _draw(spans, int(n_draws), n_proposals, check_random_state(random_state))
