"""Weights of labels by the returns that are theirs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray
from sk_ensemble.labeling._spans import LabelSpans
from sk_ensemble.utils.sessions import SortedCloses

__all__ = ["return_attribution_weights"]


def _steps(closes: SortedCloses) -> FloatArray:
    """Return the log return into each bar, 0 where there is none to compare with."""
    steps = np.zeros(len(closes.close))
    steps[1:] = np.diff(np.log(closes.close))
    steps[closes.bounds[:-1]] = 0
    steps[closes.new_contract] = 0
    return steps


def _with_mean_one(sizes: FloatArray, spans: LabelSpans) -> FloatArray:
    """Scale the sizes of each symbol to a mean of 1, all zeros stay zeros."""
    # In the order of the bars, so that the order of the labels changes no bit.
    order = np.argsort(spans.first)
    totals = np.bincount(spans.codes[order], weights=sizes[order])
    counts = np.bincount(spans.codes)
    scales = np.divide(counts, totals, out=np.zeros(len(totals)), where=totals > 0)
    return sizes * scales[spans.codes]


def return_attribution_weights(
    labels: pd.DataFrame,
    bars: pd.DataFrame,
    *,
    closed: str = "right",
    entry_delay: int = 0,
) -> pd.Series:
    """Weight labels by the size of the return that is theirs alone.

    The return of a bar is shared out equally among the labels that look at it. The
    weight of a label is the absolute sum of its shares: labels of large moves count for
    more, labels that overlap others for less.

    Parameters
    ----------
    labels : DataFrame of n_labels rows
        What a label maker returned: columns or index levels ``symbol`` and
        ``datetime``, and a column ``label_end``. Any row order.
    bars : DataFrame of n_bars rows
        The bars the labels were made from.
    closed : {"right", "both"}, default="right"
        Which returns are a label's own. ``"right"``: those after the labelled bar, up
        to the bar that ends the label. ``"both"``: also the return into the labelled
        bar, which was over before the label began, as other libraries count.
    entry_delay : int, default=0
        Bars between the labelled bar and the entry, as given to the label maker; the
        returns into them are not the label's own.

    Returns
    -------
    weights : Series of float64 of n_labels rows
        Values of at least 0, with mean 1 over the labels of each symbol; levels
        ``symbol`` and ``datetime``, in the row order of the labels. All 0 for a symbol
        whose price never moved.

    Raises
    ------
    LabelSpanError
        If a label belongs to no bar, is there twice, or has no bars of its own.

    See Also
    --------
    uniqueness_weights : The same for returns of equal size.

    Notes
    -----
    Returns are log returns from close to close. Labels of other symbols do not count,
    and a step into a new contract counts as 0. The weight of a label depends on what
    came after it: fit models with it, score with equal weights.

    References
    ----------
    M. López de Prado, *Advances in Financial Machine Learning*, Wiley 2018, section
    4.6; his snippet 4.10 is ``closed="both"``.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.labeling import return_attribution_weights
    >>> times = pd.date_range("2021-01-04 09:35", periods=4, freq="5min")
    >>> close = [100.0, 101.0, 102.01, 100.0]
    >>> bars = pd.DataFrame({"symbol": "A", "datetime": times, "close": close})
    >>> labels = pd.DataFrame({
    ...     "symbol": "A", "datetime": times[:2], "label_end": times[[2, 3]],
    ... })
    >>> return_attribution_weights(labels, bars).round(3).tolist()
    [1.0, 1.0]
    """
    spans = LabelSpans.from_labels(labels, bars, closed=closed, entry_delay=entry_delay)
    shares = _steps(spans.closes) / np.maximum(spans.concurrency(), 1)
    weights = _with_mean_one(np.abs(spans.sums(shares)), spans)
    return pd.Series(weights, index=spans.index, name="weight")
