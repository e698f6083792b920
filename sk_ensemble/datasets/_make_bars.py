"""Synthetic bars whose class probabilities are known exactly.

The bars follow a small model. In bar i of a symbol the log return from open to close
is ``scale[i] * (b * s[i - 1] + sqrt(1 - b**2) * e[i])``, where `s` is an observable
signal, ``s[i] = p * s[i - 1] + sqrt(1 - p**2) * u[i]``, and all `e` and `u` are
independent standard normal numbers. `scale` depends on the place in the session
alone. So the return over the next bars of a session is normal given everything known
at bar i, with a mean proportional to ``s[i]`` and a standard deviation that depends
on the place in the session: the class probabilities are exact, and no model, whatever
it looks at, can expect a better log loss than theirs.

The candle shows ``u[i]``: the close stands at the fraction ``0.2 + 0.6 * Phi(u[i])``
of the bar's range, so the signal is an exponentially weighted sum over the past
candles and can be found without being given.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import ndtr, xlogy
from sklearn.utils import Bunch, check_random_state

from sk_ensemble._typing import BoolArray, FloatArray, IntArray, NanosecondArray

__all__ = ["make_bars"]

_BAR_NS = 5 * 60 * 10**9
_BREAK_NS = 90 * 60 * 10**9
_HOUR_NS = 3600 * 10**9
_FIRST_DAY = np.datetime64("2020-01-06")
_CLASSES = (-1, 0, 1)


class _Model(NamedTuple):
    """Numbers that determine how bars are drawn and labelled."""

    horizon: int
    loading: float
    persistence: float
    scale: FloatArray
    volatility: float
    contract_sessions: int
    limit: float


class _Symbol(NamedTuple):
    """All that is returned about one symbol."""

    bars: pd.DataFrame
    signal: FloatArray
    labels: pd.DataFrame
    forward: FloatArray


def _sums_of_signal(horizon: int, persistence: float) -> FloatArray:
    """Return by how much a shock to the signal moves its sum over 1 ... h bars."""
    return np.cumsum(persistence ** np.arange(horizon))


def _largest_signal(horizon: int, persistence: float) -> float:
    """Return the correlation of the signal with a return that it alone drives."""
    sums = _sums_of_signal(horizon, persistence)
    variance = sums[-1] ** 2 + (1 - persistence**2) * np.sum(sums[:-1] ** 2)
    return float(sums[-1] / np.sqrt(variance))


def _loading(signal: float, horizon: int, persistence: float) -> float:
    """Return `b` such that signal and horizon return correlate by `signal`."""
    sums = _sums_of_signal(horizon, persistence)
    variance = sums[-1] ** 2 + (1 - persistence**2) * np.sum(sums[:-1] ** 2)
    squared = signal**2 * horizon / (sums[-1] ** 2 + signal**2 * (horizon - variance))
    return float(np.sqrt(squared))


def _scale(volatility: str, bar_volatility: float, session_bars: int) -> FloatArray:
    """Return the standard deviation of the return in each bar of a session."""
    place = (np.arange(session_bars) + 0.5) / session_bars
    shape = np.ones(session_bars)
    if volatility == "sessions":
        shape = 0.5 + 5 * (place - 0.5) ** 2
    return bar_volatility * shape / np.sqrt(np.mean(shape**2))


def _check(values: dict[str, Any]) -> None:
    """Raise a ValueError for the first argument out of its range."""
    rules = {
        "n_bars": (lambda v: v >= 1, "at least 1"),
        "n_symbols": (lambda v: v >= 1, "at least 1"),
        "horizon": (lambda v: v >= 1, "at least 1"),
        "threshold": (lambda v: v >= 0, "0 or more"),
        "persistence": (lambda v: 0 <= v < 1, "at least 0 and below 1"),
        "volatility": (
            lambda v: v in ("constant", "sessions"),
            "'constant' or 'sessions'",
        ),
        "bar_volatility": (lambda v: 0 < v <= 0.02, "above 0 and at most 0.02"),
        "session_bars": (
            lambda v: values["horizon"] < v <= 200,
            f"longer than the horizon of {values['horizon']} bars and at most 200",
        ),
        "contract_sessions": (lambda v: v >= 1, "at least 1"),
    }
    for name, (is_fine, wanted) in rules.items():
        if not is_fine(values[name]):
            raise ValueError(f"{name} must be {wanted}, got {values[name]!r}.")
    largest = _largest_signal(values["horizon"], values["persistence"])
    if not 0 <= values["signal"] <= largest:
        msg = (
            f"signal must be between 0 and {largest:.4f}, the most that horizon="
            f"{values['horizon']} and persistence={values['persistence']} allow, got "
            f"{values['signal']!r}."
        )
        raise ValueError(msg)


def _times(n_bars: int, session_bars: int, symbol_number: int) -> NanosecondArray:
    """Return the ends of the bars: sessions on weekdays, with one break."""
    day, slot = np.divmod(np.arange(n_bars), session_bars)
    dates = np.busday_offset(_FIRST_DAY, day).astype("datetime64[ns]").view(np.int64)
    opening = (1 + 2 * (symbol_number % 3)) * _HOUR_NS
    pause = np.where(slot >= session_bars // 2, _BREAK_NS, 0)
    return dates + opening + (slot + 1) * _BAR_NS + pause


def _draw_signal(
    rng: np.random.Generator, n_bars: int, persistence: float
) -> tuple[FloatArray, FloatArray]:
    """Return the signal before the first bar and at each bar, and its shocks."""
    before = rng.standard_normal()
    shocks = rng.standard_normal(n_bars)
    gain = np.sqrt(1 - persistence**2)
    # Takes a third of a second to import, which real bars should not cost.
    from scipy.signal import lfilter

    signal, _ = lfilter([gain], [1, -persistence], shocks, zi=[persistence * before])
    return np.concatenate(([before], signal)), shocks


def _overnight(
    rng: np.random.Generator, opens: BoolArray, rolls: BoolArray, volatility: float
) -> FloatArray:
    """Return the log step from the last close to the open: nought within sessions."""
    news = 5 * volatility * rng.standard_normal(len(opens))
    jump = 20 * volatility * rng.standard_normal(len(opens))
    return np.where(opens, news, 0.0) + np.where(rolls, jump, 0.0)


def _candle(
    rng: np.random.Generator,
    open_: FloatArray,
    close: FloatArray,
    shocks: FloatArray,
    scale: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return high and low such that the close shows the shock to the signal."""
    place = 0.2 + 0.6 * ndtr(shocks)
    rise, fall = np.maximum(close - open_, 0), np.maximum(open_ - close, 0)
    extra = close * scale * np.exp(0.3 * rng.standard_normal(len(close)))
    spread = np.maximum(rise / place, fall / (1 - place)) + extra
    return close + (1 - place) * spread, close - place * spread


def _bars_and_signal(
    rng: np.random.Generator, model: _Model, n_bars: int, symbol_number: int
) -> tuple[pd.DataFrame, FloatArray]:
    """Return the bars of one symbol and the signal at each of them."""
    session_bars = len(model.scale)
    day, slot = np.divmod(np.arange(n_bars), session_bars)
    scale = model.scale[slot]
    signal, shocks = _draw_signal(rng, n_bars, model.persistence)
    noise = np.sqrt(1 - model.loading**2) * rng.standard_normal(n_bars)
    step = scale * (model.loading * signal[:-1] + noise)
    opens = (slot == 0) & (day > 0)
    rolls = opens & (day % model.contract_sessions == 0)
    log_close = np.cumsum(step + _overnight(rng, opens, rolls, model.volatility))
    close = 100.0 * (symbol_number + 1) * np.exp(log_close)
    open_ = close * np.exp(-step)
    high, low = _candle(rng, open_, close, shocks, scale)
    activity = scale / model.volatility * np.exp(0.5 * rng.standard_normal(n_bars))
    times = _times(n_bars, session_bars, symbol_number).view("datetime64[ns]")
    bars = pd.DataFrame(
        {
            "datetime": pd.DatetimeIndex(times, tz="UTC"),
            "symbol": f"S{symbol_number:02d}",
            "open": open_,
            "high": high,
            "low": low,
            "close": close,
            "volume": 1 + (1000 * activity).astype(np.int64),
            "new_contract": rolls,
        }
    )
    return bars, signal[1:]


def _moments_by_slot(model: _Model) -> tuple[FloatArray, FloatArray]:
    """Return mean per unit of signal and standard deviation of the horizon return.

    Row i belongs to bar i of a session; the last `horizon` bars have none.
    """
    horizon, b = model.horizon, model.loading
    ahead = sliding_window_view(model.scale[1:], horizon)
    powers = model.persistence ** np.arange(horizon)
    variance = (1 - b**2) * np.sum(ahead**2, axis=1)
    for lead in range(1, horizon):
        moved = ahead[:, lead:] @ powers[: horizon - lead]
        variance = variance + b**2 * (1 - model.persistence**2) * moved**2
    return b * (ahead @ powers), np.sqrt(variance)


def _labelled_rows(n_bars: int, session_bars: int, horizon: int) -> IntArray:
    """Return the bars whose label ends within their own session."""
    rows = np.arange(n_bars)
    return rows[
        (rows % session_bars + horizon < session_bars) & (rows + horizon < n_bars)
    ]


def _labels(bars: pd.DataFrame, rows: IntArray, model: _Model) -> pd.DataFrame:
    """Return label and label end of the bars `rows` of one symbol."""
    close = np.log(bars["close"].to_numpy())
    ends = rows + model.horizon
    move = close[ends] - close[rows]
    label = np.where(np.abs(move) > model.limit, np.sign(move), 0).astype(np.int64)
    return pd.DataFrame(
        {
            "symbol": bars["symbol"].to_numpy()[rows],
            "datetime": bars["datetime"].array[rows],
            "label": label,
            "label_end": bars["datetime"].array[ends],
        }
    ).set_index(["symbol", "datetime"])


def _one_symbol(
    rng: np.random.Generator, model: _Model, n_bars: int, symbol_number: int
) -> _Symbol:
    """Draw one symbol, label it, and say what could be known of its labels."""
    bars, signal = _bars_and_signal(rng, model, n_bars, symbol_number)
    rows = _labelled_rows(n_bars, len(model.scale), model.horizon)
    slope, std = _moments_by_slot(model)
    slot = rows % len(model.scale)
    forward = np.stack([slope[slot] * signal[rows], std[slot]], axis=1)
    return _Symbol(bars, signal, _labels(bars, rows, model), forward)


def _probabilities(forward: pd.DataFrame, limit: float) -> pd.DataFrame:
    """Return the chance of a fall, of neither and of a rise beyond `limit`."""
    down = ndtr((-limit - forward["mean"]) / forward["std"])
    up = ndtr((forward["mean"] - limit) / forward["std"])
    table = dict(zip(_CLASSES, (down, 1 - down - up, up), strict=True))
    return pd.DataFrame(table, index=forward.index)


def _joined(symbols: list[_Symbol], model: _Model) -> Bunch:
    """Join the symbols and add what the probabilities say about the best score."""
    bars = pd.concat([one.bars for one in symbols], ignore_index=True)
    labels = pd.concat([one.labels for one in symbols])
    forward = pd.DataFrame(
        np.concatenate([one.forward for one in symbols]),
        columns=["mean", "std"],
        index=labels.index,
    )
    proba = _probabilities(forward, model.limit)
    return Bunch(
        bars=bars,
        signal=pd.Series(
            np.concatenate([one.signal for one in symbols]),
            index=pd.MultiIndex.from_frame(bars[["symbol", "datetime"]]),
            name="signal",
        ),
        labels=labels,
        forward=forward,
        proba=proba,
        bayes_log_loss=float(-xlogy(proba, proba).sum(axis=1).mean()),
        bayes_accuracy=float(proba.max(axis=1).mean()),
    )


def make_bars(
    n_bars: int = 5000,
    n_symbols: int = 2,
    *,
    horizon: int = 5,
    threshold: float = 0.5,
    signal: float = 0.5,
    persistence: float = 0.9,
    volatility: str = "constant",
    bar_volatility: float = 0.001,
    session_bars: int = 48,
    contract_sessions: int = 20,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """Make synthetic 5-minute bars for which the best possible score is known.

    Use them to see whether a model finds what can be found, and finds nothing where
    there is nothing. The symbols are independent of each other.

    Parameters
    ----------
    n_bars : int, default=5000
        Number of bars of each symbol.
    n_symbols : int, default=2
        Number of symbols, named S00, S01, ...
    horizon : int, default=5
        Bars from a bar to the end of its label; shorter than a session.
    threshold : float, default=0.5
        A label is not neutral if the log return over the horizon exceeds `threshold`
        x `bar_volatility` x sqrt(`horizon`) in size.
    signal : float, default=0.5
        Correlation of the signal with the return over the horizon, at constant
        volatility; 0 makes direction unpredictable.
    persistence : float, default=0.9
        Autocorrelation of the signal from bar to bar, at least 0, below 1.
    volatility : {"constant", "sessions"}, default="constant"
        ``"sessions"`` makes it high at the start and the end of each session, which
        makes movement predictable from the clock, but not its direction.
    bar_volatility : float, default=0.001
        Root mean square of the log return of a bar within a session.
    session_bars : int, default=48
        Bars of a session; there is one session on each weekday, with a break of 90
        minutes in its middle, which labels do cross.
    contract_sessions : int, default=20
        Every so many sessions the first bar is flagged `new_contract`, and the price
        jumps.
    random_state : int, RandomState or None, default=None
        Seed. One more symbol, or the value of `signal`, leaves the draws unchanged.

    Returns
    -------
    data : Bunch
        With these attributes:

        bars : DataFrame of n_bars * n_symbols rows
            `datetime` (END of the bar, UTC), `symbol`, `open`, `high`, `low`,
            `close`, `volume`, `new_contract`, as from `load_bars`. Prices are not
            rounded to a tick.
        signal : Series of n_bars * n_symbols values
            The signal at each bar, known at its end; index (symbol, datetime).
        labels : DataFrame of n_labels rows
            `label` (-1, 0, 1) and `label_end`; index (symbol, datetime). Bars whose
            label would cross the end of a session have none.
        forward : DataFrame of n_labels rows
            `mean` and `std` of the log return over the horizon, given all that is
            known at the bar. It is normal, so any other threshold x has
            P(up) = 1 - Phi((x - mean) / std).
        proba : DataFrame of shape (n_labels, 3)
            True probabilities of the classes -1, 0 and 1 (the column names).
        bayes_log_loss : float
            Mean log loss that the true probabilities are expected to have on these
            bars; no model can expect less.
        bayes_accuracy : float
            Share of hits that the most probable class is expected to have.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    The return of bar t + 1, as a multiple of its standard deviation, is
    ``b * s[t] + sqrt(1 - b**2) * noise``, and the signal `s` is autoregressive of
    order one with standard normal values. Given ``s[t]`` and the place in the session,
    nothing else that is known at bar t says more about the label. The shocks that
    drive the signal are visible in the candles: the close of bar t stands at the
    fraction ``0.2 + 0.6 * Phi(shock)`` of its range. So the signal can be had as a
    feature of the last bar alone, or be found in the candles of the last 30 or so.

    Examples
    --------
    >>> from sk_ensemble.datasets import make_bars
    >>> data = make_bars(2000, 1, signal=0.5, random_state=0)
    >>> round(data.bayes_log_loss, 2), round(data.bayes_accuracy, 2)
    (0.99, 0.5)
    >>> data = make_bars(2000, 1, signal=0.0, random_state=0)
    >>> round(data.bayes_log_loss, 2), round(data.bayes_accuracy, 2)
    (1.09, 0.38)
    """
    _check(locals())
    model = _Model(
        horizon=horizon,
        loading=_loading(signal, horizon, persistence),
        persistence=persistence,
        scale=_scale(volatility, bar_volatility, session_bars),
        volatility=bar_volatility,
        contract_sessions=contract_sessions,
        limit=threshold * bar_volatility * np.sqrt(horizon),
    )
    seeds = check_random_state(random_state).randint(2**31 - 1, size=n_symbols)
    symbols = [
        _one_symbol(np.random.default_rng(seed), model, n_bars, number)
        for number, seed in enumerate(seeds)
    ]
    return _joined(symbols, model)
