"""One model at one horizon, with its predictions and figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

__all__ = ["Cell"]


@dataclass(frozen=True, eq=False)
class Cell:
    """Hold the outcome of one model at one horizon.

    Attributes
    ----------
    model : str
        Registry name, or the name of an ensemble.
    horizon : int
        Bars.
    test : DataFrame
        Predictions of every bar of the test period.
    metrics : dict
        ``test``: figures of the test period. ``oof``: the same out of fold, with
        ``fold_log_loss``; absent for ensembles, which chose their weights there.
        ``seconds``: fit and predict time of the refit.
    params : dict
        Parameters of the model as text.
    out_of_fold : DataFrame or None
        Predictions of the development samples.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.experiments import Cell
    >>> Cell("xgboost", 5, test=pd.DataFrame(), metrics={}, params={}).name
    'xgboost_h5'
    """

    model: str
    horizon: int
    test: pd.DataFrame
    metrics: dict[str, Any]
    params: dict[str, str]
    out_of_fold: pd.DataFrame | None = None

    @property
    def name(self) -> str:
        """Name of the cell, such as ``xgboost_h5``."""
        return f"{self.model}_h{self.horizon}"
