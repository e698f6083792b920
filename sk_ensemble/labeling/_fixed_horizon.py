"""Three classes from the return over a fixed number of bars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_scalar

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.labeling._forward import Forward, checked_delay, checked_horizon
from sk_ensemble.labeling._volatility import trailing_volatility
from sk_ensemble.utils.sessions import SortedCloses

__all__ = ["fixed_horizon_labels"]


def _signs_beyond(returns: FloatArray, limits: FloatArray) -> IntArray:
    """Return the sign of each return that exceeds its limit in size, else 0."""
    return np.where(np.abs(returns) > limits, np.sign(returns), 0).astype(np.int64)


def fixed_horizon_labels(
    bars: pd.DataFrame,
    horizon: int,
    *,
    threshold: float = 0.5,
    volatility_span: float = 100,
    across_sessions: bool = False,
    session_gap: Any = "4h",
    entry_delay: int = 0,
) -> pd.DataFrame:
    """Label each bar as down (-1), neutral (0) or up (1) by the return that follows.

    The label is the sign of the log return over the horizon where its size exceeds
    ``threshold * volatility * sqrt(horizon)``, else 0; the volatility is that of one
    bar, known at the labelled bar. So the classes keep about the same shares in calm
    and in wild times.

    Parameters
    ----------
    bars : DataFrame of n_bars rows
        Columns or index levels ``symbol`` and ``datetime``, a column ``close``, and a
        boolean column ``new_contract`` if there are contract changes (without it no
        bar is taken as one). Any row order, any number of symbols.
    horizon : int
        Length of the return, bars of the symbol.
    threshold : float, default=0.5
        Half-width of the neutral zone, in units of ``volatility * sqrt(horizon)``.
    volatility_span : float, default=100
        Span of the exponential weights of :func:`bar_volatility`, bars.
    across_sessions : bool, default=False
        Whether a label may cross a session gap. A contract change within a label's
        span makes the label missing in either case, as prices of two contracts give
        no return.
    session_gap : str or Timedelta, default="4h"
        A longer step between two bars of a symbol separates two sessions; lunch
        breaks and other short pauses do not.
    entry_delay : int, default=0
        Bars between the labelled bar and the close at which its return begins. 1 fits
        a trade that is entered one bar after its signal.

    Returns
    -------
    labels : DataFrame
        Columns ``label`` (int64) and ``label_end`` (UTC, the time of the bar that ends
        the label), levels ``symbol`` and ``datetime``. Only bars that have a label, in
        the row order of the bars.

    Raises
    ------
    DataError
        If the bars are unusable: a column is absent, a price is not finite and
        positive, two bars of one symbol have the same time, time zones are mixed. The
        message names the column, symbol and time.

    See Also
    --------
    forward_returns : The returns behind the labels.
    label_shares : Shares of the classes.

    Notes
    -----
    The return of bar t runs from the close of bar ``t + entry_delay`` to the close of
    bar ``t + entry_delay + horizon`` of the same symbol; the threshold uses the closes
    of bars 0 ... t. The span that must be free of session gaps and contract changes
    runs from bar t to the end of the label, the delay included. A bar also has no
    label while its symbol has had fewer than two usable one-bar returns. Rows of one
    symbol never touch the labels of another.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sk_ensemble.labeling import fixed_horizon_labels
    >>> bars = pd.DataFrame({
    ...     "symbol": "A",
    ...     "datetime": pd.date_range("2021-01-04 09:35", periods=7, freq="5min"),
    ...     "close": [100.0, 101.0, 100.0, 101.0, 99.0, 99.0, 99.0],
    ... })
    >>> labels = fixed_horizon_labels(bars, 2)
    >>> labels["label"].tolist()
    [-1, -1, 0]
    >>> labels["label_end"].dt.strftime("%H:%M").tolist()
    ['09:55', '10:00', '10:05']
    """
    horizon, entry_delay = checked_horizon(horizon), checked_delay(entry_delay)
    check_scalar(threshold, "threshold", (int, float), min_val=0)
    check_scalar(volatility_span, "volatility_span", (int, float), min_val=1)
    closes = SortedCloses.from_bars(bars)
    forward = Forward(
        closes,
        horizon=horizon,
        entry_delay=entry_delay,
        across_sessions=across_sessions,
        session_gap=session_gap,
    )
    volatility = trailing_volatility(closes, volatility_span, session_gap)
    limits = threshold * volatility * np.sqrt(horizon)
    places = np.flatnonzero(forward.usable & ~np.isnan(volatility))
    labels = _signs_beyond(forward.log_returns[places], limits[places])
    return forward.frame({"label": labels}, places, forward.end[places])
