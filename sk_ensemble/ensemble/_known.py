"""Predictions that exist already, put in order like samples that are to be fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length

from sk_ensemble._typing import FloatArray
from sk_ensemble.ensemble._folds import Fold, make_folds
from sk_ensemble.ensemble._order import arrange, arrange_params, canonical_order
from sk_ensemble.ensemble._plan import Outcome, checked_weights
from sk_ensemble.ensemble._proba import check_member_proba
from sk_ensemble.ensemble._routing import weight_params
from sk_ensemble.estimator import encode_labels
from sk_ensemble.panel import refuse_other_index

__all__ = ["Known", "read_known"]


@dataclass(frozen=True, eq=False)
class Known:
    """Checked predictions, in (time, symbol) order where there are times.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The classes, sorted.
    tables : tuple of ndarray of shape (n_rows, n_classes)
        Probabilities of each member.
    folds : list of Fold
        The folds.
    outcome : Outcome
        What came true.
    """

    classes: np.ndarray
    tables: tuple[FloatArray, ...]
    folds: list[Fold]
    outcome: Outcome


def _check_tables(
    predictions: Mapping[str, Any], labels: np.ndarray, X: Any, columns: np.ndarray
) -> tuple[FloatArray, ...]:
    """Return the probabilities of each member, refusing those of other rows."""
    tables = check_member_proba(predictions, list(predictions), columns)
    check_consistent_length(labels, *tables)
    for name, table in predictions.items():
        refuse_other_index(X, table, name=f"Predictions of {name!r}")
    return tables


def read_known(
    predictions: Mapping[str, Any],
    labels: np.ndarray,
    X: Any,
    *,
    cv: Any,
    label_end: Any,
    sample_weight: Any,
    classes: Any,
    final: Any,
) -> Known:
    """Check predictions that exist already and cut the folds.

    Parameters
    ----------
    predictions : mapping of str to array-like of shape (n_rows, n_classes)
        Out-of-fold probabilities by member.
    labels : ndarray of shape (n_rows,)
        What came true.
    X : Panel, Windows, DataFrame or array-like of n_rows rows
        The samples.
    cv : cross-validator or list of (train, test)
        What cuts the folds.
    label_end : array-like of datetime64 of shape (n_rows,) or None
        Ends of the labels, for the splitter.
    sample_weight : array-like of shape (n_rows,) or None
        Weights.
    classes : array-like of shape (n_classes,) or None
        Classes of the columns; None means those in `labels`, ascending.
    final : classifier or None
        The final estimator, which gets the weights too.

    Returns
    -------
    known : Known
        The same in order.
    """
    columns = np.unique(labels) if classes is None else np.asarray(classes)
    tables = _check_tables(predictions, labels, X, columns)
    codes = encode_labels(labels, np.sort(columns))
    weights = checked_weights(X, sample_weight, codes)
    order = canonical_order(X, codes, weights)
    params = (
        {}
        if final is None or sample_weight is None
        else weight_params("final_estimator", final, weights[order])
    )
    given = {} if label_end is None else {"label_end": label_end}
    return Known(
        np.sort(columns),
        tuple(table[order][:, np.argsort(columns)] for table in tables),
        make_folds(
            cv, arrange(X, order), labels[order], arrange_params(given, order), order
        ),
        Outcome(codes[order], weights[order], order, params),
    )
