"""Keep `n_features_in_` and `feature_names_in_` for panels, as scikit-learn does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sk_ensemble.exceptions import DataError

__all__ = ["check_features", "set_features"]


def set_features(
    estimator: Any, n_features: int, columns: Sequence[str] | None
) -> None:
    """Record the features seen in fit.

    Parameters
    ----------
    estimator : estimator
        Gets `n_features_in_` and, where there are names, `feature_names_in_`.
    n_features : int
        Features per bar.
    columns : sequence of str or None
        Their names.
    """
    estimator.n_features_in_ = n_features
    if columns is not None:
        estimator.feature_names_in_ = np.array(columns, dtype=object)
    elif hasattr(estimator, "feature_names_in_"):
        del estimator.feature_names_in_


def _name_faults(expected: list[str], got: list[str]) -> str:
    """Say how the names differ."""
    missing = [name for name in expected if name not in got]
    extra = [name for name in got if name not in expected]
    faults = []
    if missing:
        faults.append(f"missing: {missing}")
    if extra:
        faults.append(f"not seen in fit: {extra}")
    if not faults:
        faults.append(f"in another order: expected {expected}, got {got}")
    return "; ".join(faults)


def check_features(
    estimator: Any, n_features: int, columns: Sequence[str] | None
) -> None:
    """Refuse samples whose features differ from those seen in fit.

    Parameters
    ----------
    estimator : fitted estimator
        Has `n_features_in_`, perhaps `feature_names_in_`.
    n_features : int
        Features per bar.
    columns : sequence of str or None
        Their names; unnamed features are compared by number only.

    Raises
    ------
    DataError
        If names or number differ; a column order other than in fit is a difference.
    """
    name = type(estimator).__name__
    fitted = getattr(estimator, "feature_names_in_", None)
    if fitted is not None and columns is not None and list(fitted) != list(columns):
        msg = (
            f"The feature names should match those that were passed during fit of "
            f"{name}. Features {_name_faults(list(fitted), list(columns))}. Give the "
            "same columns in the same order."
        )
        raise DataError(msg)
    if n_features != estimator.n_features_in_:
        msg = (
            f"X has {n_features} features, but {name} is expecting "
            f"{estimator.n_features_in_} features as input."
        )
        raise DataError(msg)
