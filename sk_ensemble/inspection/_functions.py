"""Change bars after a moment and compute features and labels again."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from sk_ensemble._typing import BoolArray, FloatArray, NanosecondArray
from sk_ensemble.inspection._finding import Finding
from sk_ensemble.inspection._session import Session
from sk_ensemble.utils.bars import symbol_time_keys
from sk_ensemble.utils.time import format_ns, to_utc_ns

__all__ = ["FrameFunction", "check_features", "check_labels"]

FrameFunction = Callable[[pd.DataFrame], pd.DataFrame]

_PRICES = ("open", "high", "low", "close")
_KEYS = ("symbol", "datetime")
_TOLERANCE = 1e-6


def _keyed(frame: pd.DataFrame | pd.Series) -> pd.DataFrame:
    """Return a table indexed by symbol and UTC nanoseconds."""
    table = frame.to_frame() if isinstance(frame, pd.Series) else frame
    symbols, times = symbol_time_keys(table)
    values = table.drop(columns=[name for name in _KEYS if name in table.columns])
    index = pd.MultiIndex.from_arrays([symbols, times], names=list(_KEYS))
    return values.set_axis(index, axis=0)


def _call(function: FrameFunction, bars: pd.DataFrame) -> pd.DataFrame:
    """Call a function of bars; what it warns of was said to its caller before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _keyed(function(bars))


def _with_noise(
    bars: pd.DataFrame, later: BoolArray, rng: np.random.Generator
) -> pd.DataFrame:
    """Return bars of which the later ones have other prices, volumes and flags.

    The prices of one bar are multiplied by one factor, so it stays a possible bar.
    """
    changed = bars.copy()
    n_later = int(later.sum())
    factor = np.exp(rng.normal(0, 0.02, n_later)) * rng.choice([0.8, 1.25], n_later)
    for name in bars.columns:
        old = bars[name].to_numpy()
        if name in _KEYS or old.dtype.kind not in "fiub":
            continue
        new = old.copy()
        if name in _PRICES:
            new = new.astype(np.float64)
            new[later] = old[later] * factor
        else:
            new[later] = rng.permutation(old)[:n_later]
        changed[name] = new
    return changed


def _cuts(session: Session, times: NanosecondArray) -> NanosecondArray:
    """Return moments in the later half of the samples' time, before the last bar."""
    stamps = np.unique(session.times)
    stamps = stamps[stamps < times.max()]
    shares = 0.5 + 0.5 * (np.arange(session.n_cuts) + 0.5) / session.n_cuts
    return stamps[np.minimum((shares * len(stamps)).astype(int), len(stamps) - 1)]


def _changed_bars(
    session: Session, bars: pd.DataFrame
) -> Iterator[tuple[int, str, pd.DataFrame]]:
    """Yield moments, and the bars with those after the moment changed."""
    _, times = symbol_time_keys(bars)
    for cut in _cuts(session, times):
        later = times > cut
        yield int(cut), "replaced", _with_noise(bars, later, session.rng(8))
        yield int(cut), "removed", bars[~later]


def _numbers(table: pd.DataFrame) -> FloatArray:
    """Return the values as numbers, times in nanoseconds."""
    columns = [
        to_utc_ns(column).astype(np.float64)
        if pd.api.types.is_datetime64_any_dtype(column)
        else pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
        for _, column in table.items()
    ]
    return np.column_stack(columns)


def _differences(base: pd.DataFrame, other: pd.DataFrame) -> BoolArray:
    """Mark values that differ by more than rounding; a row that is gone differs."""
    aligned = other.reindex(base.index)[base.columns]
    one, two = _numbers(base), _numbers(aligned)
    spread = np.nanstd(np.where(np.isfinite(one), one, np.nan), axis=0)
    limit = _TOLERANCE * (spread + np.abs(one))
    with np.errstate(invalid="ignore"):
        same = np.abs(one - two) <= limit
    return ~(same | (np.isnan(one) & np.isnan(two)) | (one == two))


def _known_by(table: pd.DataFrame, cut: int, ends: NanosecondArray | None) -> BoolArray:
    """Mark rows that must not depend on bars after the cut."""
    times = table.index.get_level_values("datetime").to_numpy()
    return (times if ends is None else ends) <= cut


def _moves(
    session: Session,
    function: FrameFunction,
    bars: pd.DataFrame,
    *,
    by_end: bool,
    what: str,
) -> dict[str, tuple[str, int, tuple[str, int], float]]:
    """Return for each column that moves: change, moment, first key, share of rows."""
    session.report(f"compute {what}")
    base = _call(function, bars)
    ends = to_utc_ns(base["label_end"]) if by_end else None
    moves: dict[str, tuple[str, int, tuple[str, int], float]] = {}
    for cut, change, other_bars in _changed_bars(session, bars):
        session.report(f"compute {what} with bars {change} after {format_ns(cut)}")
        known = base[_known_by(base, cut, ends)]
        names = list(known.columns)
        differs = _differences(known, _call(function, other_bars))
        for place in np.flatnonzero(differs.any(axis=0)):
            rows = np.flatnonzero(differs[:, place])
            details = (change, cut, known.index[rows[-1]], float(len(rows)))
            moves.setdefault(names[place], details)
    return moves


def check_features(
    session: Session, function: FrameFunction, bars: pd.DataFrame
) -> list[Finding]:
    """Find features of the bars up to a moment that later bars change."""
    moves = _moves(session, function, bars, by_end=False, what="features")
    return [
        Finding(
            "features",
            f"Its values up to t change when the bars after t are {change} (t = "
            f"{format_ns(cut)}, {n_rows:.0f} bars change).",
            features=(str(name),),
            symbol=str(key[0]),
            time=format_ns(key[1]),
            amount=n_rows,
        )
        for name, (change, cut, key, n_rows) in moves.items()
    ]


def check_labels(
    session: Session, function: FrameFunction, bars: pd.DataFrame
) -> list[Finding]:
    """Find labels that bars after their label end change."""
    moves = _moves(session, function, bars, by_end=True, what="labels")
    return [
        Finding(
            "labels",
            f"Labels that end by t change when the bars after t are {change} (t = "
            f"{format_ns(cut)}, {n_rows:.0f} labels change): label_end is too early, "
            "so purging by it is too short.",
            features=(str(name),),
            symbol=str(key[0]),
            time=format_ns(key[1]),
            amount=n_rows,
        )
        for name, (change, cut, key, n_rows) in moves.items()
    ]
