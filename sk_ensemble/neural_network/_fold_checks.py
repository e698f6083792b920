"""What `fit_folds` cannot be used with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from sk_ensemble._typing import IntArray
from sk_ensemble.neural_network._base import NetworkClassifier
from sk_ensemble.neural_network._ensemble_net import EnsembleNet
from sk_ensemble.neural_network._net import WindowNet

__all__ = ["refuse_other_length", "refuse_settings", "refuse_unlike", "rows_of"]


def refuse_unlike(estimator: Any) -> None:
    """Raise for a classifier whose training is not that of all networks."""
    kind = type(estimator)
    if not isinstance(estimator, NetworkClassifier):
        msg = f"fit_folds trains networks, and {kind.__name__} is no NetworkClassifier."
        raise TypeError(msg)
    known = ["_fit_rounds", "_prepare", "_labelled", "_make_net"]
    if kind._net_class is not EnsembleNet:
        known.append("_clipping")
    own = [
        name
        for name in known
        if getattr(kind, name) is not getattr(NetworkClassifier, name)
    ]
    if own or kind._net_class not in (WindowNet, EnsembleNet):
        msg = (
            f"{kind.__name__} trains in a way of its own, so that folds cannot be "
            "trained at once. Fit a clone to each fold instead."
        )
        raise TypeError(msg)


def refuse_settings(estimator: NetworkClassifier) -> None:
    """Raise for what a training of many folds does not offer."""
    for name, off in {"compile": False, "checkpoint_dir": None}.items():
        if getattr(estimator, name) not in (off, None):
            msg = (
                f"fit_folds has no {name}, got {getattr(estimator, name)!r}. Use "
                f"{name}={off!r}, or fit a clone to each fold."
            )
            raise ValueError(msg)
    if getattr(estimator, "_skl_callbacks", None):
        msg = (
            "fit_folds calls no callbacks, and the estimator has some. Set none, or "
            "fit a clone to each fold."
        )
        raise ValueError(msg)


def rows_of(folds: Iterable[Any], name: str, n_samples: int) -> list[IntArray]:
    """Return row numbers of each fold."""
    numbers = np.arange(n_samples)
    rows = []
    for fold in folds:
        is_rows = not isinstance(fold, tuple) and np.ndim(fold) == 1 and len(fold)
        if not is_rows or np.asarray(fold).dtype.kind not in "iub":
            msg = (
                f"Every entry of {name} must be an array of row numbers, or a mask; "
                f"got {fold!r:.60}. Of a splitter take "
                "[train for train, test in cv.split(X, y)]."
            )
            raise ValueError(msg)
        rows.append(numbers[np.asarray(fold)])
    return rows


def refuse_other_length(name: str, values: Sequence[Any], n_folds: int) -> None:
    if len(values) != n_folds:
        msg = f"{name} has {len(values)} entries, and there are {n_folds} folds."
        raise ValueError(msg)
