"""Features that know the target."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from sk_ensemble._typing import BoolArray, FloatArray, IntArray
from sk_ensemble.inspection._finding import Finding
from sk_ensemble.inspection._session import Session, SkipCheck

__all__ = ["check_columns"]

_MOST_ROWS = 50_000
_MOST_CLASSES = 20
#: With fewer samples on one side an AUC may be large by chance.
_FEWEST_ROWS = 30


def _auc(values: FloatArray, is_up: BoolArray) -> float:
    """Return the area under the ROC curve, ties counted half."""
    n_up = int(is_up.sum())
    n_down = len(is_up) - n_up
    if not n_up or not n_down:
        return 0.5
    ranks = rankdata(values)[is_up].sum()
    return float((ranks - n_up * (n_up + 1) / 2) / (n_up * n_down))


def _auc_of_finite(values: FloatArray, is_up: BoolArray) -> float:
    known = np.isfinite(values)
    return _auc(values[known], is_up[known])


def _sides(session: Session) -> tuple[IntArray, BoolArray, str]:
    """Return the samples that take sides, who is up, and what that means."""
    classes = np.unique(session.y)
    if len(classes) > _MOST_CLASSES:
        is_up = session.y > np.median(session.y)
        return np.arange(len(is_up)), is_up, "targets above the median from others"
    rows = np.flatnonzero((session.y == classes[0]) | (session.y == classes[-1]))
    what = f"class {classes[-1]} from class {classes[0]}"
    return rows, session.y[rows] == classes[-1], what


def check_columns(session: Session, max_feature_auc: float) -> list[Finding]:
    """Find features whose last value tells up from down too well."""
    rows, is_up, what = _sides(session)
    n_fewest = min(is_up.sum(), (~is_up).sum())
    if n_fewest < _FEWEST_ROWS:
        msg = f"one side has {n_fewest} samples; an AUC needs at least {_FEWEST_ROWS}."
        raise SkipCheck(msg)
    step = len(rows) // _MOST_ROWS + 1
    rows, is_up = rows[::step], is_up[::step]
    part = session.X[rows]
    last = np.maximum(part.positions - session.reach.lag, part.segment_starts)
    table = session.X.history.block[last]
    names = session.X.columns or tuple(f"x{i}" for i in range(table.shape[1]))
    findings = []
    for place, name in enumerate(names):
        auc = _auc_of_finite(table[:, place], is_up)
        if max(auc, 1 - auc) > max_feature_auc:
            message = (
                f"Alone it tells {what} with an AUC of {auc:.3f}, which is beyond "
                f"{max_feature_auc}: it is probably made of the target, or of bars "
                "after the sample."
            )
            findings.append(Finding("columns", message, features=(name,), amount=auc))
    return findings
