"""A model as it serves: what it is fed with, and what it hands over."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import entr
from sklearn.utils.validation import check_is_fitted

from sk_ensemble._typing import FloatArray, NanosecondArray
from sk_ensemble.exceptions import DataError, PersistenceError
from sk_ensemble.experiments import PredictionOutput
from sk_ensemble.experiments._labels import LABELS
from sk_ensemble.panel import Panel
from sk_ensemble.persistence import load_model, verify_model
from sk_ensemble.production._model_version import ModelVersion
from sk_ensemble.production._predict_blocks import predicted
from sk_ensemble.production._predict_parts import bars_in_reach_of, is_blind_to_others
from sk_ensemble.utils.time import from_utc_ns

__all__ = ["ServedModel", "served_model"]

#: Column of the probabilities by class.
_PLACES = {label: place for place, label in enumerate(LABELS)}


def _loaded(model: Any) -> tuple[Any, int]:
    """Return an estimator and its horizon, 0 where that is not known."""
    if isinstance(model, ModelVersion):
        return model.load(), model.horizon
    if not isinstance(model, str | os.PathLike):
        return model, 0
    path = Path(model)
    if not path.is_dir():
        msg = (
            f"There is no saved model {path}. Name the directory that save_model has "
            "written, or take a version of a registry: "
            "ProductionRegistry(root).current(name)."
        )
        raise PersistenceError(msg)
    facts = verify_model(path)["metadata"]
    return load_model(path), int(facts.get("horizon") or 0)


def _feature_names(model: Any, features: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names that bars are asked for, in the order of fit."""
    fitted = getattr(model, "feature_names_in_", None)
    if fitted is not None:
        own = tuple(str(name) for name in fitted)
        if features is not None and tuple(features) != own:
            msg = (
                f"The model was fitted on the features {list(own)}, got features="
                f"{list(features)}. Leave features out: the model knows its own."
            )
            raise DataError(msg)
        return own
    n_features = getattr(model, "n_features_in_", None)
    if features is None or (n_features is not None and len(features) != n_features):
        given = "none are given" if features is None else f"{len(features)} are given"
        msg = (
            f"{type(model).__name__} was fitted on {n_features} features without "
            f"names, and {given}. Name them, in the order of fit, with features=[...]."
        )
        raise DataError(msg)
    return tuple(features)


def _columns_of(model: Any) -> list[int]:
    """Return the place of each of the model's classes among -1, 0 and 1."""
    classes = np.asarray(model.classes_).tolist()
    unknown = [label for label in classes if label not in _PLACES]
    if unknown:
        msg = (
            f"The model predicts the classes {classes}; predictions are made of "
            f"{list(LABELS)} only. Fit it on such labels."
        )
        raise DataError(msg)
    return [_PLACES[label] for label in classes]


def _checked_min_history(min_history: int | None, reach: int) -> int:
    if min_history is None:
        return reach
    if isinstance(min_history, bool) or not isinstance(min_history, int | np.integer):
        msg = f"min_history must be a whole number or None, got {min_history!r}."
        raise DataError(msg)
    if min_history < 1:
        msg = f"min_history counts the bar itself, so it is at least 1; {min_history}."
        raise DataError(msg)
    return int(min_history)


@dataclass(frozen=True, eq=False)
class ServedModel:
    """Hold a fitted model and what has to be known of it to feed it.

    Attributes
    ----------
    model : estimator
        The fitted model.
    features : tuple of str
        Columns of a bar, in the order of fit.
    horizon : int
        Bars ahead that it predicts, 0 where that is not known.
    reach : int
        Bars that a prediction looks at.
    min_history : int
        Bars of its segment that a sample needs, its own included.
    max_gap : str, Timedelta or None
        A longer step between two bars starts a new segment.
    dtype : dtype
        Type of the features.
    """

    model: Any = field(repr=False)
    features: tuple[str, ...]
    horizon: int
    reach: int
    min_history: int
    max_gap: Any
    dtype: np.dtype[Any]
    columns: tuple[int, ...] = field(repr=False)
    is_blind: bool = field(repr=False)

    @property
    def n_kept(self) -> int:
        """Bars per symbol that have to be remembered, the current one included."""
        return max(self.reach, self.min_history)

    def proba(self, panel: Panel) -> FloatArray:
        """Return probabilities of -1, 0 and 1, shape (n_samples, 3)."""
        if not len(panel):
            return np.zeros((0, len(LABELS)))
        found = self._predicted(self.model.predict_proba, panel)
        table = np.zeros((len(found), len(LABELS)))
        table[:, self.columns] = found
        return table

    def uncertainty(self, panel: Panel, proba: FloatArray) -> FloatArray:
        """Return the model's own measure if it has one, else the entropy, (n_samples,).

        A measure of its own is a method `predict_uncertainty`.
        """
        own = getattr(self.model, "predict_uncertainty", None)
        if own is None or not len(panel):
            entropy: FloatArray = entr(proba).sum(axis=1)
            return entropy
        return self._predicted(own, panel)

    def _predicted(
        self, predict: Callable[[Panel], FloatArray], panel: Panel
    ) -> FloatArray:
        return predicted(predict, panel, self.n_kept, is_blind=self.is_blind)

    def output(
        self, panel: Panel, times: NanosecondArray, symbols: np.ndarray
    ) -> PredictionOutput:
        """Return the predictions of samples in standard form."""
        proba = self.proba(panel)
        return PredictionOutput(
            proba,
            from_utc_ns(times),
            symbols,
            np.full(len(proba), self.horizon, dtype=np.int64),
            self.uncertainty(panel, proba),
        )


def served_model(
    model: Any,
    *,
    features: Sequence[str] | None = None,
    horizon: int | None = None,
    min_history: int | None = None,
    max_gap: Any = None,
    dtype: Any = "float32",
) -> ServedModel:
    """Find out what a model needs.

    Parameters
    ----------
    model : estimator, str, path-like, ModelVersion or ServedModel
        A fitted classifier, the directory of a saved one, or a version of a registry.
    features : list of str or None, default=None
        Names of the features, where the model does not know them.
    horizon : int or None, default=None
        Bars ahead; None: what is saved with the model, else 0.
    min_history : int or None, default=None
        Bars that a sample needs; None: as many as fill its window.
    max_gap : str, Timedelta or None, default=None
        As in `Panel.from_frame`.
    dtype : {"float32", "float64"}, default="float32"
        As in `Panel.from_frame`.

    Raises
    ------
    DataError
        If names are missing or wrong, or classes are others than -1, 0 and 1.
    PersistenceError
        If there is no saved model, or it is damaged.
    """
    if isinstance(model, ServedModel):
        return model
    fitted, known_horizon = _loaded(model)
    check_is_fitted(fitted)
    reach = bars_in_reach_of(fitted)
    return ServedModel(
        model=fitted,
        features=_feature_names(fitted, features),
        horizon=known_horizon if horizon is None else int(horizon),
        reach=reach,
        min_history=_checked_min_history(min_history, reach),
        max_gap=max_gap,
        dtype=np.dtype(dtype),
        columns=tuple(_columns_of(fitted)),
        is_blind=is_blind_to_others(fitted),
    )
