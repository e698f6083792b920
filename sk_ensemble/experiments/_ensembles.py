"""Ensembles from predictions that exist already, at no further training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from sk_ensemble._typing import FloatArray
from sk_ensemble.experiments._predictions import PROBA_COLUMNS, labelled
from sk_ensemble.experiments._tasks import LABELS
from sk_ensemble.metrics import align_proba

__all__ = ["soft_vote", "stack"]

_TINY = 1e-6


def soft_vote(members: Mapping[str, FloatArray]) -> FloatArray:
    """Average the members' probabilities.

    Parameters
    ----------
    members : mapping of ndarray of shape (n_samples, n_classes)
        Probabilities by member.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes)
        Their mean.
    """
    mean: FloatArray = np.mean(list(members.values()), axis=0)
    return mean


def _meta_features(members: Mapping[str, FloatArray]) -> FloatArray:
    """Return log odds against the middle class, two columns per member."""
    logs = [np.log(np.clip(proba, _TINY, None)) for proba in members.values()]
    return np.hstack([log[:, [0, 2]] - log[:, [1]] for log in logs])


def stack(
    out_of_fold: Mapping[str, pd.DataFrame], test: Mapping[str, FloatArray]
) -> FloatArray:
    """Fit a logistic regression on out-of-fold predictions and apply it.

    Every row it is fitted on was predicted by members that had not seen it, nor any
    row whose label overlaps with it.

    Parameters
    ----------
    out_of_fold : mapping of DataFrame
        Development predictions by member, equal rows.
    test : mapping of ndarray of shape (n_test, n_classes)
        Predictions of the refitted members.

    Returns
    -------
    proba : ndarray of shape (n_test, n_classes)
        Probabilities of the stack, columns in the order of the labels.
    """
    frames = {name: labelled(frame) for name, frame in out_of_fold.items()}
    known = {n: f[list(PROBA_COLUMNS)].to_numpy() for n, f in frames.items()}
    y = next(iter(frames.values()))["y"].to_numpy(dtype=np.int64)
    final = LogisticRegression(C=1.0, max_iter=1000).fit(_meta_features(known), y)
    return align_proba(
        final.predict_proba(_meta_features(test)), final.classes_, LABELS
    )
