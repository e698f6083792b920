"""The sign of the barrier that the price touches first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_scalar

from sk_ensemble._typing import BoolArray, FloatArray, IntArray
from sk_ensemble.labeling._first_reach import first_reach
from sk_ensemble.labeling._forward import Forward, checked_delay, horizon_or_duration
from sk_ensemble.labeling._price_path import PricePath
from sk_ensemble.labeling._targets import bar_sides, bar_targets
from sk_ensemble.utils.sessions import SortedCloses

__all__ = ["triple_barrier_labels"]

_BARRIERS = pd.CategoricalDtype(["lower", "vertical", "upper"])
_TIES = ("nearest", "lower", "upper")
# Relative slack, far below any tick: a price that equals a barrier touches it,
# however the two were rounded.
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class _Bets:
    """Entries with a barrier above and one below, and the stretch until the end."""

    entry: IntArray
    end: IntArray
    side: IntArray
    above: FloatArray
    below: FloatArray


def _multiple(value: float | None, name: str) -> float:
    """Return a barrier's multiple of the target; without a barrier it is infinite."""
    if value is None:
        return np.inf
    check_scalar(value, name, (int, float), min_val=0, include_boundaries="neither")
    return float(value)


def _checked_multiples(upper: float | None, lower: float | None) -> tuple[float, float]:
    """Return both multiples; refuse that there is no barrier at all."""
    if upper is None and lower is None:
        msg = (
            "upper and lower are both None, so no price could decide a label. Give at "
            "least one of them a multiple of the target."
        )
        raise ValueError(msg)
    return _multiple(upper, "upper"), _multiple(lower, "lower")


def _check_choices(tie: str, close_at_session_end: bool, across_sessions: bool) -> None:
    """Refuse an unknown tie rule, and labels that end with a session and cross it."""
    if tie not in _TIES:
        msg = f"tie must be one of {_TIES}, got {tie!r}."
        raise ValueError(msg)
    if close_at_session_end and across_sessions:
        msg = (
            "close_at_session_end=True ends every label with its session, so "
            "across_sessions must be False, got True. Choose one of them."
        )
        raise ValueError(msg)


def _bets_at(
    places: IntArray,
    forward: Forward,
    sides: IntArray,
    width: FloatArray,
    multiples: tuple[float, float],
) -> _Bets:
    """Return the bets of the labelled bars, with the prices of their barriers."""
    upper, lower = multiples
    entry, side, size = forward.entry[places], sides[places], width[places]
    price = forward.closes.close[entry]
    above = price * (1 + np.where(side > 0, upper, lower) * size)
    below = price * (1 - np.where(side > 0, lower, upper) * size)
    return _Bets(entry, forward.end[places], side, above, below)


def _profit_first(bets: _Bets, opens: FloatArray, tie: str) -> BoolArray:
    """Tell whether a bar that touches both barriers touched the profitable one first.

    A bar that opens at or beyond a barrier touched that one first, by any rule.
    """
    up, down = bets.above - opens, opens - bets.below
    gain = np.where(bets.side > 0, up, down)
    loss = np.where(bets.side > 0, down, up)
    slack = _ROUNDING * opens
    if tie == "nearest":
        return gain < loss - slack
    return gain <= slack if tie == "lower" else loss > slack


def _first_touches(bets: _Bets, path: PricePath, tie: str) -> tuple[IntArray, IntArray]:
    """Return the bar that ends each bet, and 1, -1 or 0 for gain, loss and neither."""
    first = bets.entry + 1
    highest = bets.above * (1 - _ROUNDING)
    rise = first_reach(path.high, first, bets.end, highest)
    lowest = bets.below * (1 + _ROUNDING)
    fall = first_reach(-path.low, first, bets.end, -lowest)
    touch = np.minimum(rise, fall)
    exit_ = np.minimum(touch, bets.end)
    gains = np.where(rise < fall, bets.side, -bets.side) > 0
    gains = np.where(rise == fall, _profit_first(bets, path.open[exit_], tie), gains)
    return exit_, np.where(touch <= bets.end, np.where(gains, 1, -1), 0)


def _exit_prices(
    bets: _Bets, path: PricePath, exit_: IntArray, outcome: IntArray
) -> FloatArray:
    """Return the barrier's price, or the open of a bar that opens beyond it."""
    upwards, opens = outcome * bets.side, path.open[exit_]
    prices = np.where(upwards > 0, np.maximum(bets.above, opens), path.close[exit_])
    return np.where(upwards < 0, np.minimum(bets.below, opens), prices)


def _returns(
    bets: _Bets, path: PricePath, exit_: IntArray, outcome: IntArray, intrabar: bool
) -> FloatArray:
    """Return the gain of each bet as a fraction of its entry price."""
    closes = path.close
    prices = _exit_prices(bets, path, exit_, outcome) if intrabar else closes[exit_]
    return bets.side * (prices / closes[bets.entry] - 1)


def triple_barrier_labels(
    bars: pd.DataFrame,
    horizon: int | str | pd.Timedelta,
    *,
    upper: float | None = 1.0,
    lower: float | None = 1.0,
    target: pd.Series | float | None = None,
    min_target: float = 0.0,
    volatility_span: float = 100,
    side: pd.Series | None = None,
    intrabar: bool = True,
    tie: str = "nearest",
    across_sessions: bool = False,
    close_at_session_end: bool = False,
    session_gap: Any = "4h",
    entry_delay: int = 0,
) -> pd.DataFrame:
    """Label each bar by the barrier that the price touches first.

    One barrier lies above the entry price, one below it, and a vertical one ends the
    wait. The label is 1 if the upper barrier is touched first, -1 if the lower one
    is, and 0 if the vertical barrier comes before both. With `side`, the labels say
    instead whether a bet on that side won (1) or not (0): meta-labels.

    Parameters
    ----------
    bars : DataFrame of n_bars rows
        Columns or index levels ``symbol`` and ``datetime``, a column ``close``, with
        `intrabar` also ``open``, ``high`` and ``low``, and a boolean column
        ``new_contract`` if there are contract changes. Any row order.
    horizon : int, str or Timedelta
        Distance of the vertical barrier from the entry: bars of the symbol, or a
        duration such as ``"2h"``, which ends with the first bar that closes that much
        later or more.
    upper : float or None, default=1.0
        Distance of the upper barrier from the entry price, in units of the target.
        None: there is no such barrier.
    lower : float or None, default=1.0
        Distance of the lower barrier, likewise.
    target : Series, float or None, default=None
        Size of a move that counts, as a fraction of the price: a Series with levels
        ``symbol`` and ``datetime``, or one number for all bars. Bars with no target
        have no label. None: :func:`bar_volatility` times the square root of the number
        of bars from the entry to the vertical barrier.
    min_target : float, default=0.0
        Bars whose target is not greater than this have no label.
    volatility_span : float, default=100
        Span of the volatility behind the default target, bars.
    side : Series or None, default=None
        Side of a bet per bar: 1 long, -1 short, 0 or missing none, with levels
        ``symbol`` and ``datetime``. For a short bet the barriers change places:
        ``upper`` is the distance at which it wins, below the entry price.
    intrabar : bool, default=True
        Whether the highs and lows of bars touch barriers, or the closes only.
    tie : {"nearest", "lower", "upper"}, default="nearest"
        Which barrier counts as touched first by a bar that touches both: the one
        nearer to the open of the bar (at equal distance the lower), always the lower
        (of a bet: the losing) one, or always the upper one. A bar that opens at or
        beyond a barrier touched that one first in any case.
    across_sessions : bool, default=False
        Whether bars up to the vertical barrier may lie in two sessions. They never lie
        in two contracts.
    close_at_session_end : bool, default=False
        Whether the last bar of a session, or of a contract, takes the place of a
        vertical barrier that would come later. False: such bars have no label.
    session_gap : str or Timedelta, default="4h"
        A longer step between two bars of a symbol separates two sessions.
    entry_delay : int, default=0
        Bars from the labelled bar to the bar at whose close the bet is entered.

    Returns
    -------
    labels : DataFrame
        Levels ``symbol`` and ``datetime``, only bars that have a label, in the row
        order of the bars. Columns:

        - ``label`` (int64): -1, 0 or 1; with `side` 0 or 1.
        - ``label_end`` (UTC): the time of the bar in which the label was decided.
        - ``barrier`` (categorical): ``"lower"``, ``"vertical"`` or ``"upper"``.
        - ``return`` (float64): gain of the bet, as a fraction of the entry price. It
          leaves at the barrier, at the open of a bar that opens beyond it, or at the
          close of the last bar (always at the close if not `intrabar`).

    Raises
    ------
    DataError
        If the bars, the target or the sides are unusable; the message names symbol
        and time.
    ValueError
        If neither barrier is there, or parameters are out of range.

    See Also
    --------
    fixed_horizon_labels : The return at the end decides, not the way there.
    uniqueness_weights : Labels that overlap share their weight.

    Notes
    -----
    The bet of bar t enters at the close of bar ``e = t + entry_delay``. Barriers lie at
    ``close[e] * (1 + upper * target)`` and ``close[e] * (1 - lower * target)``, and
    bars ``e + 1 ... e + horizon`` can touch them: a price that equals a barrier touches
    it. The default target uses the closes of bars 0 ... t. The label, `label_end`,
    `barrier` and `return` always tell of the same touch.

    A meta-label is 1 if the bet made money: it won at its barrier, or stood above its
    entry at the vertical one.

    Whether a bar has a label depends on the calendar and on its target, never on the
    prices that follow. So a bar close to a session's end has no label even if it
    touched a barrier in time: keeping such bars would keep the moves and drop the calm.

    References
    ----------
    M. López de Prado, *Advances in Financial Machine Learning*, Wiley 2018, sections
    3.3 to 3.6. Other than its snippets 3.2 to 3.7, the lower barrier keeps its own
    distance without a side, and a touched barrier is never labelled 0.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.labeling import triple_barrier_labels
    >>> bars = pd.DataFrame({
    ...     "symbol": "A",
    ...     "datetime": pd.date_range("2021-01-04 09:35", periods=6, freq="5min"),
    ...     "open": [100.0, 100.0, 100.5, 101.0, 100.0, 99.5],
    ...     "high": [100.0, 100.5, 101.0, 102.0, 100.0, 99.5],
    ...     "low": [100.0, 99.5, 100.5, 100.0, 99.0, 98.0],
    ...     "close": [100.0, 100.5, 101.0, 100.0, 99.5, 98.0],
    ... })
    >>> labels = triple_barrier_labels(bars, 3, upper=2, target=0.01)
    >>> labels.assign(label_end=labels["label_end"].dt.strftime("%H:%M")).round(3)
                                      label label_end barrier  return
    symbol datetime
    A      2021-01-04 09:35:00+00:00      1     09:50   upper    0.02
           2021-01-04 09:40:00+00:00     -1     09:55   lower   -0.01
           2021-01-04 09:45:00+00:00     -1     09:55   lower   -0.01
    """
    horizon, entry_delay = horizon_or_duration(horizon), checked_delay(entry_delay)
    multiples = _checked_multiples(upper, lower)
    _check_choices(tie, close_at_session_end, across_sessions)
    check_scalar(min_target, "min_target", (int, float), min_val=0)
    check_scalar(volatility_span, "volatility_span", (int, float), min_val=1)
    closes = SortedCloses.from_bars(bars)
    path = PricePath.from_bars(bars, closes, intrabar=intrabar)
    forward = Forward(
        closes,
        horizon=horizon,
        entry_delay=entry_delay,
        across_sessions=across_sessions,
        session_gap=session_gap,
        close_at_session_end=close_at_session_end,
    )
    width = bar_targets(
        target, closes, volatility_span=volatility_span, session_gap=session_gap
    )
    if target is None:
        width = width * np.sqrt(forward.end - forward.entry)
    sides = bar_sides(side, closes)
    places = np.flatnonzero(forward.usable & (width > min_target) & (sides != 0))
    bets = _bets_at(places, forward, sides, width, multiples)
    exit_, outcome = _first_touches(bets, path, tie)
    returns = _returns(bets, path, exit_, outcome, intrabar)
    columns = {
        "label": outcome if side is None else (returns > 0).astype(np.int64),
        "barrier": pd.Categorical.from_codes(outcome + 1, dtype=_BARRIERS),
        "return": returns,
    }
    return forward.frame(columns, places, exit_)
