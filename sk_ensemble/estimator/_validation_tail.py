"""The last stretch of the training samples, kept for early stopping."""

from __future__ import annotations

import numpy as np

from sk_ensemble._typing import IntArray, NanosecondArray
from sk_ensemble.estimator._training_set import TrainingSet
from sk_ensemble.exceptions import EmptyFoldError
from sk_ensemble.panel import Windows
from sk_ensemble.utils.time import format_ns, unique_times

__all__ = ["split_validation_tail", "wants_early_stopping"]


def wants_early_stopping(early_stopping: str | bool, windows: Windows) -> bool:
    """Resolve ``"auto"``: on where the samples carry the ends of their labels."""
    if early_stopping == "auto":
        return windows.label_end_ns is not None
    return bool(early_stopping)


def _tail_of_rows(n_rows: int, fraction: float) -> tuple[IntArray, IntArray]:
    """Cut rows without times: the last ones validate."""
    n_tail = int(np.ceil(fraction * n_rows))
    return np.arange(n_rows - n_tail), np.arange(n_rows - n_tail, n_rows)


def _tail_of_times(
    windows: Windows, times: NanosecondArray, fraction: float
) -> tuple[IntArray, IntArray]:
    """Cut by time, all symbols at once, and purge labels that reach the tail."""
    stamps = unique_times(times)
    start = stamps[len(stamps) - int(np.ceil(fraction * len(stamps)))]
    known = times if windows.label_end_ns is None else windows.label_end_ns
    return np.flatnonzero(known < start), np.flatnonzero(times >= start)


def _describe(windows: Windows, rows: IntArray) -> str:
    """Say where the tail begins, for a message."""
    times = windows.times_ns
    return "" if times is None else f" from {format_ns(times[rows].min())}"


def split_validation_tail(
    training: TrainingSet, fraction: float
) -> tuple[TrainingSet, TrainingSet]:
    """Split off the last `fraction` of the unique time stamps for validation.

    Training rows whose `label_end` reaches the tail are dropped from both parts.
    Rows without times are cut by number, unpurged.

    Parameters
    ----------
    training : TrainingSet
        Samples in (time, symbol) order.
    fraction : float
        Fraction of the unique time stamps, all symbols counted together.

    Returns
    -------
    fitting, validation : TrainingSet
        The two parts.

    Raises
    ------
    EmptyFoldError
        If one part is empty, or only one class is left to train on.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble import Windower
    >>> from sk_ensemble.estimator import TrainingSet, split_validation_tail
    >>> windows = Windower(2).transform(np.zeros((10, 1)))
    >>> codes = np.arange(10) % 2
    >>> training = TrainingSet(windows, codes, np.ones(10), n_classes=2)
    >>> [len(part) for part in split_validation_tail(training, 0.2)]
    [8, 2]
    """
    windows = training.windows
    if windows.times_ns is None:
        rows, tail = _tail_of_rows(len(windows), fraction)
    else:
        rows, tail = _tail_of_times(windows, windows.times_ns, fraction)
    n_classes = len(np.unique(training.codes[rows]))
    if n_classes < 2 or not len(tail):
        msg = (
            f"Early stopping keeps the last {fraction:g} of the time stamps for "
            f"validation ({len(tail)} of {len(windows)} samples"
            f"{_describe(windows, tail) if len(tail) else ''}); before it are left "
            f"{len(rows)} samples of {n_classes} classes, too few to train on. Give "
            "more samples, a smaller validation_fraction, an explicit X_val, or "
            "early_stopping=False."
        )
        raise EmptyFoldError(msg)
    return training[rows], training[tail]
