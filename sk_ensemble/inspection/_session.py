"""What the checks of one audit share: data, folds, fitted models, progress."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import clone

from sk_ensemble._typing import BoolArray, IntArray, NanosecondArray
from sk_ensemble.inspection._finding import Finding
from sk_ensemble.inspection._folds import Fold, Reach
from sk_ensemble.utils.time import format_ns

__all__ = ["Session", "SkipCheck", "with_fixed_seeds"]

Progress = Callable[[str], None]


class SkipCheck(Exception):
    """A check cannot be made, for the reason given."""


def with_fixed_seeds(model: Any, seed: int) -> Any:
    """Return an unfitted clone in which every open `random_state` is set."""
    model = clone(model)
    params = model.get_params(deep=True)
    unset = {
        name: seed
        for name, value in params.items()
        if name.rpartition("__")[2] == "random_state" and value is None
    }
    if unset:
        model.set_params(**unset)
    return model


def write_line(text: str) -> None:
    """Write a line of progress to the standard error stream."""
    sys.stderr.write(f"audit_leakage: {text}\n")
    sys.stderr.flush()


@dataclass
class Session:
    """Everything that a check needs.

    Parameters
    ----------
    model : estimator
        Unfitted; cloned for every fit.
    X : Panel or Windows of n_samples samples
        The samples.
    y : ndarray of shape (n_samples,)
        The targets.
    folds : list of Fold
        All folds.
    audited : list of Fold
        The folds for which models are fitted.
    reach : Reach
        Bars of a window.
    seed : int
        Seed of the models and of all draws.
    n_cuts : int
        Moments at which the future is changed.
    max_samples : int
        Samples predicted at a time.
    fit_params : dict
        Passed to `fit`; what has one value per sample is cut to the training rows.
    report : callable
        Told what is being done.
    """

    model: Any
    X: Any
    y: np.ndarray
    folds: list[Fold]
    audited: list[Fold]
    reach: Reach
    seed: int
    n_cuts: int
    max_samples: int
    fit_params: dict[str, Any]
    report: Progress
    n_fits: int = 0
    _fitted: dict[int, Any] = field(default_factory=dict)

    @property
    def times(self) -> NanosecondArray:
        """Times of the samples."""
        return self.X.times_ns

    def rng(self, salt: int = 0) -> np.random.Generator:
        """Return a generator for one purpose."""
        return np.random.default_rng([self.seed, salt])

    def fit(self, X: Any, y: np.ndarray, train: IntArray, model: Any = None) -> Any:
        """Fit a clone of the model on some rows."""
        fresh = with_fixed_seeds(self.model if model is None else model, self.seed)
        params = {
            name: np.asarray(value)[train]
            if np.ndim(value) and len(value) == len(self.y)
            else value
            for name, value in self.fit_params.items()
        }
        self.n_fits += 1
        return fresh.fit(X[train], y[train], **params)

    def fitted(self, fold: Fold) -> Any:
        """Return the model fitted on a fold as it is, fitting it once."""
        if fold.number not in self._fitted:
            self.report(f"fit fold {fold.number} ({len(fold.train)} samples)")
            self._fitted[fold.number] = self.fit(self.X, self.y, fold.train)
        return self._fitted[fold.number]

    def probe(self, rows: IntArray) -> IntArray:
        """Return at most `max_samples` of the rows, evenly spread."""
        n_taken = min(self.max_samples, len(rows))
        return rows[np.linspace(0, len(rows) - 1, n_taken).astype(np.int64)]

    def finding(self, check: str, message: str, row: int, **details: Any) -> Finding:
        """Return a finding that names symbol and time of a sample."""
        return Finding(
            check,
            message,
            symbol=str(self.X.symbols[row]),
            time=format_ns(self.times[row]),
            **details,
        )

    def symbols_of(self, rows: IntArray) -> str:
        """Count the samples per symbol, the most first."""
        codes, counts = np.unique(self.X.symbol_codes[rows], return_counts=True)
        order = np.argsort(-counts, kind="stable")[:4]
        names = self.X.history.symbol_names[codes[order]]
        parts = [f"{n}: {c}" for n, c in zip(names, counts[order], strict=True)]
        return ", ".join(parts) + (", ..." if len(codes) > 4 else "")

    def all_rows(self) -> BoolArray:
        """Return a mask of all samples."""
        return np.ones(len(self.y), dtype=bool)
