"""The bars that checks are run on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sk_ensemble.panel import Panel, Windows
from sk_ensemble.preprocessing import Windower

__all__ = ["LENGTH", "CheckSamples", "make_check_samples", "windows_of"]

#: Bars per window.
LENGTH = 4

_COLUMNS = ("open", "close", "volume")
_N_BARS = 90


class CheckSamples(NamedTuple):
    """Labelled bars of two symbols whose calendars differ.

    Parameters
    ----------
    X : Panel of shape (n_samples, 3)
        The samples, without ends of labels, so that nothing stops early.
    y : ndarray of int64 of shape (n_samples,)
        Labels -1, 0 and 1, the sign of a feature of the sample's own bar.
    """

    X: Panel
    y: np.ndarray


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    times = pd.date_range("2024-01-01", periods=_N_BARS, freq="5min", tz="UTC")
    parts = [
        pd.DataFrame({"symbol": name, "datetime": times[rng.random(_N_BARS) < 0.9]})
        for name in ("A", "B")
    ]
    frame = pd.concat(parts, ignore_index=True)
    for column in _COLUMNS:
        frame[column] = rng.normal(size=len(frame))
    return frame


def make_check_samples(
    *,
    columns: Any = None,
    rename: dict[str, str] | None = None,
    noise_after: pd.Timestamp | None = None,
) -> CheckSamples:
    """Make the samples, or a variant of them with the same labels.

    Parameters
    ----------
    columns : list of str or None, default=None
        Features in another order.
    rename : dict or None, default=None
        Other names of features.
    noise_after : Timestamp or None, default=None
        Bars after this time are replaced by large random numbers.

    Returns
    -------
    samples : CheckSamples
        The samples.
    """
    frame = _frame()
    labels = frame[["symbol", "datetime"]].copy()
    close = frame["close"]
    labels["label"] = np.sign(close).where(close.abs() > 0.4, 0).astype(int)
    # The last bars of each symbol have no label, as labels take time to be known.
    labels = labels[frame.groupby("symbol").cumcount(ascending=False) >= 3]
    if noise_after is not None:
        later = frame["datetime"] > noise_after
        shape = (int(later.sum()), len(_COLUMNS))
        noise = np.random.default_rng(1).normal(scale=1000.0, size=shape)
        frame.loc[later, list(_COLUMNS)] = noise
    frame = frame[["symbol", "datetime", *(columns or _COLUMNS)]]
    panel = Panel.from_frame(frame.rename(columns=rename or {}))
    keyed = labels.set_index(["symbol", "datetime"])["label"]
    return CheckSamples(*panel.align(keyed))


def windows_of(samples: CheckSamples, window_length: int = LENGTH) -> Windows:
    """Return the windows of all samples."""
    windows: Windows = Windower(window_length).transform(samples.X)
    return windows
