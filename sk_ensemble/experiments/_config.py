"""What a comparison of model families is asked to do, with every default."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sk_ensemble.exceptions import ConfigError

__all__ = ["ComparisonConfig"]

#: The baselines first, then the families they are there for.
_MODELS = (
    "prior",
    "clock",
    "volatility",
    "logistic",
    "xgboost",
    "lightgbm",
    "lstm",
)

#: Settings that make a family affordable on two cores; the rest are its own defaults.
_AFFORDABLE: dict[str, dict[str, Any]] = {
    "lstm": {
        "hidden_size": 32,
        "num_layers": 1,
        "max_epochs": 12,
        "batch_size": 512,
        "learning_rate": 2e-3,
        "n_iter_no_change": 3,
    },
    "random_forest": {"n_estimators": 100},
}


@dataclass(frozen=True)
class ComparisonConfig:
    """Describe a comparison of model families on the shipped bars.

    Parameters
    ----------
    symbols : tuple of str, default=("IF", "AG")
        Symbols of the shipped bars: an index future and a metal.
    horizons : tuple of int, default=(5, 20)
        Horizons of the labels, bars.
    models : tuple of str or None, default=None
        Registry names. None means the three baselines and a linear model, two
        boosters and a network.
    start : str, default="2018-07-01"
        First day of the bars that are used.
    development_end : str, default="2020-06-30"
        Last day of development. Everything later, after the embargo, is the test
        period, which is opened once.
    end : str or None, default=None
        Last day of the test period; None means the last bar there is.
    window_length : int, default=60
        Bars per window, for families that want windows; others see one bar.
    n_splits : int, default=5
        Folds of the purged cross-validation.
    purged_size : int, default=60
        Bars purged around each fold, besides the real label spans.
    embargo_size : int, default=1440
        Time stamps left out after each fold, and between development and test.
    stride : int, default=2
        Every how many time stamps a development sample is taken, for all models
        alike. Windows still hold every bar, and the test period is never thinned.
    n_jobs : int, default=-1
        Worker processes; -1 means one per core. The results do not depend on it.
    random_state : int, default=42
        Seed of every model.
    output_dir : str or Path, default="experiments"
        Where runs and the tracking store go.
    tracking : bool, default=True
        Whether to record the runs in MLflow.
    model_params : dict of dict or None, default=None
        Parameters by model name. None means settings that keep the network small.

    Raises
    ------
    ConfigError
        If values contradict each other; all faults are listed.

    Examples
    --------
    >>> from sk_ensemble.experiments import ComparisonConfig
    >>> ComparisonConfig.quick().horizons
    (5, 20)
    """

    symbols: tuple[str, ...] = ("IF", "AG")
    horizons: tuple[int, ...] = (5, 20)
    # None is replaced at once, so readers need not reckon with it.
    models: tuple[str, ...] = None  # type: ignore[assignment]
    start: str = "2018-07-01"
    development_end: str = "2020-06-30"
    end: str | None = None
    window_length: int = 60
    n_splits: int = 5
    purged_size: int = 60
    embargo_size: int = 1440
    stride: int = 2
    n_jobs: int = -1
    random_state: int = 42
    output_dir: str | Path = "experiments"
    tracking: bool = True
    model_params: dict[str, dict[str, Any]] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.models is None:
            object.__setattr__(self, "models", _MODELS)
        if self.model_params is None:
            object.__setattr__(self, "model_params", copy.deepcopy(_AFFORDABLE))
        faults = list(self._faults())
        if faults:
            msg = "The comparison cannot run:\n" + "\n".join(f"- {f}" for f in faults)
            raise ConfigError(msg)

    def _faults(self) -> Any:
        """Yield everything that is wrong."""
        for name in ("symbols", "horizons", "models"):
            if not getattr(self, name):
                yield f"{name} is empty; name at least one"
        for name in ("window_length", "stride"):
            if getattr(self, name) < 1:
                yield f"{name} must be at least 1, got {getattr(self, name)}"
        bad = [horizon for horizon in self.horizons if horizon < 1]
        if bad:
            yield f"horizons must be at least 1 bar, got {bad}"
        try:
            if pd.Timestamp(self.start) >= pd.Timestamp(self.development_end):
                yield (
                    f"start {self.start} must be before development_end "
                    f"{self.development_end}"
                )
        except ValueError as error:
            yield f"start and development_end must be dates: {error}"

    @classmethod
    def quick(cls, **changes: Any) -> ComparisonConfig:
        """Return a comparison for a first look: less data, shorter training.

        Parameters
        ----------
        **changes : dict
            Other values for any parameter.
        """
        small: dict[str, Any] = {
            "end": "2020-12-31",
            "n_splits": 3,
            "stride": 12,
            "model_params": {
                "xgboost": {"n_estimators": 150},
                "lightgbm": {"n_estimators": 150},
                "lstm": {**_AFFORDABLE["lstm"], "hidden_size": 16, "max_epochs": 3},
                "random_forest": {"n_estimators": 50},
            },
        }
        return cls(**(small | changes))
