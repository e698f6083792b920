"""One model at one horizon, with its predictions and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

__all__ = ["Cell"]


@dataclass(frozen=True, eq=False)
class Cell:
    """Hold the outcome of one model at one horizon.

    Attributes
    ----------
    model : str
        Key of the model, or name of an ensemble.
    horizon : int
        Bars.
    predictions : dict of DataFrame
        Predictions with outcomes: ``"oof"`` (training samples, out of fold),
        ``"val"`` and ``"test"`` (every bar of these periods).
    metrics : dict of dict
        Figures of the same three parts; ``oof`` has ``fold_log_loss`` too.
    seconds : dict of float
        ``"fit"`` and ``"predict"`` time of the refit.
    training : dict
        What the refit knows of itself: ``n_iter``, ``hit_time_limit``, ``history``.
    params : dict of str
        Parameters of the model as text.
    importances : dict of list or None
        ``names`` and ``shares`` of the features, where the model has them.
    model_files : dict of bytes
        The refitted model; empty for ensembles.
    not_saved : str or None
        Why there are no model files.
    details : dict
        What else is worth keeping, such as the weights of an ensemble.

    Examples
    --------
    >>> from sk_ensemble.experiments import Cell
    >>> Cell("xgboost", 5, predictions={}, metrics={}).name
    'xgboost_h5'
    """

    model: str
    horizon: int
    predictions: Mapping[str, pd.DataFrame]
    metrics: Mapping[str, Any]
    seconds: Mapping[str, float] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    importances: Mapping[str, Any] | None = None
    model_files: Mapping[str, bytes] = field(default_factory=dict)
    not_saved: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the cell, such as ``xgboost_h5``."""
        return f"{self.model}_h{self.horizon}"
