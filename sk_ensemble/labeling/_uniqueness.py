"""Weights of labels that share their bars with others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sk_ensemble.labeling._spans import LabelSpans

__all__ = ["uniqueness_weights"]


def uniqueness_weights(
    labels: pd.DataFrame,
    bars: pd.DataFrame,
    *,
    closed: str = "right",
    entry_delay: int = 0,
) -> pd.Series:
    """Compute the average uniqueness of each label.

    Labels that look at the same bars repeat each other. A bar that c labels look at is
    worth 1/c to each of them; the uniqueness of a label is the mean of this over its
    bars. It is 1 for a label alone, and about 1/h where every bar has a label of h
    bars.

    Parameters
    ----------
    labels : DataFrame of n_labels rows
        What a label maker returned: columns or index levels ``symbol`` and
        ``datetime``, and a column ``label_end``. Any row order.
    bars : DataFrame of n_bars rows
        The bars the labels were made from.
    closed : {"right", "both"}, default="right"
        Which bars are a label's own. ``"right"``: those after the labelled bar, up to
        the one that ends the label, that is the returns the label depends on.
        ``"both"``: the labelled bar too, as other libraries count.
    entry_delay : int, default=0
        Bars between the labelled bar and the entry, as given to the label maker; they
        are not the label's own.

    Returns
    -------
    uniqueness : Series of float64 of n_labels rows
        Values in (0, 1], levels ``symbol`` and ``datetime``, in the row order of the
        labels. ``panel.lookup(uniqueness)`` gives sample weights.

    Raises
    ------
    LabelSpanError
        If a label belongs to no bar, is there twice, or has no bars of its own.

    See Also
    --------
    time_decay_weights : Let old labels count for less.
    sequential_bootstrap : Draw labels that overlap little.

    Notes
    -----
    Labels of other symbols do not count. The weight of a label depends on all labels
    that overlap it, later ones too: fit models with it, score with equal weights.

    The mean is taken over the bars of each label. The one number that some libraries
    give for a whole set, the mean over all bars of all labels at once, favours long
    labels.

    References
    ----------
    M. López de Prado, *Advances in Financial Machine Learning*, Wiley 2018, sections
    4.3 and 4.4; his snippets 4.1 and 4.2 are ``closed="both"``, the example of section
    4.5.3 is ``closed="right"``.

    Examples
    --------
    The labels of that example see the returns 1 to 3, 3 and 4, and 5 and 6:

    >>> import pandas as pd
    >>> from sk_ensemble.labeling import uniqueness_weights
    >>> times = pd.date_range("2021-01-04 09:35", periods=7, freq="5min")
    >>> bars = pd.DataFrame({"symbol": "A", "datetime": times, "close": 100.0})
    >>> labels = pd.DataFrame({
    ...     "symbol": "A", "datetime": times[[0, 2, 4]], "label_end": times[[3, 4, 6]],
    ... })
    >>> uniqueness_weights(labels, bars).round(4).tolist()
    [0.8333, 0.75, 1.0]
    """
    spans = LabelSpans.from_labels(labels, bars, closed=closed, entry_delay=entry_delay)
    shares = 1 / np.maximum(spans.concurrency(), 1)
    values = spans.sums(shares) / spans.lengths
    return pd.Series(values, index=spans.index, name="uniqueness")
