"""Change the test block and fit again: the fitted model may not move."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from sk_ensemble._typing import BoolArray, IntArray
from sk_ensemble.inspection._finding import Finding
from sk_ensemble.inspection._fold_checks import (
    rows_with_shared_labels,
    rows_with_test_bars,
)
from sk_ensemble.inspection._folds import Fold, bars_in_zones, bars_of_windows
from sk_ensemble.inspection._perturb import redraw_bars, replace_history
from sk_ensemble.inspection._session import Session, SkipCheck
from sk_ensemble.inspection._trace import Moved, first_move, trace

__all__ = ["check_prefitted", "check_refit"]


def _other_targets(y: np.ndarray, rows: IntArray) -> np.ndarray:
    """Return targets of which some are moved on to the next class."""
    changed = y.copy()
    classes = np.unique(y)
    codes = np.searchsorted(classes, y[rows])
    changed[rows] = classes[(codes + 1) % len(classes)]
    return changed


def _compare(session: Session, fold: Fold, one: Any, other: Any) -> Moved | None:
    """Compare two fitted models on test samples, step by step."""
    rows = session.probe(fold.test)
    everything = np.ones(len(rows), dtype=bool)
    X = session.X[rows]
    stages = [list(trace(model, X, everything)) for model in (one, other)]
    return first_move(*stages)


def _refitted(
    session: Session, fold: Fold, bars: BoolArray, y: np.ndarray
) -> Moved | None:
    """Fit on a history with some bars redrawn, and compare with the fold's model."""
    changed = redraw_bars(session.X.history, bars, session.rng(3))
    X = replace_history(session.X, changed)
    other = session.fit(X, y, fold.train)
    return _compare(session, fold, session.fitted(fold), other)


def _describe(session: Session, fold: Fold, moved: Moved, message: str) -> Finding:
    return session.finding(
        "refit",
        message,
        fold.test[0],
        step=moved.step,
        features=moved.features,
        fold=fold.number,
        amount=moved.amount,
    )


def _findings_of_fold(session: Session, fold: Fold) -> list[Finding]:
    """Change bars and labels of the test block, then only what no window holds."""
    zones, window_mask = rows_with_test_bars(session, fold)
    in_zone = bars_in_zones(session.X.history.stamps, zones)
    shared = fold.train[rows_with_shared_labels(session, fold)]
    session.report(f"refit fold {fold.number} with its test block changed")
    moved = _refitted(session, fold, in_zone, _other_targets(session.y, shared))
    if moved is None:
        return []
    n_windows = int(window_mask.sum())
    findings = []
    if n_windows or len(shared):
        message = (
            f"The fitted model changes, by up to {moved.amount:.3g}, with bars and "
            f"labels of the test block: {n_windows} training windows contain test "
            f"bars, {len(shared)} training labels overlap test labels."
        )
        findings.append(_describe(session, fold, moved, message))
        held = bars_of_windows(
            session.X.history, session.X.positions[fold.train], session.reach
        )
        moved = _refitted(session, fold, in_zone & ~held, session.y)
    if moved is not None:
        message = (
            f"It is fitted on test bars: it changes, by up to {moved.amount:.3g}, with "
            "bars of the test block that no training window contains. Fit it on the "
            "training samples only, as RowTransformer does."
        )
        findings.append(_describe(session, fold, moved, message))
    return findings


def check_refit(session: Session) -> list[Finding]:
    """Find models, and steps of them, that are fitted on test bars."""
    first = session.audited[0]
    again = session.fit(session.X, session.y, first.train)
    if _compare(session, first, session.fitted(first), again) is not None:
        msg = (
            "two fits on the same data differ, although every random_state is set. "
            "Make the model reproducible, for example with one thread."
        )
        raise SkipCheck(msg)
    found = [_findings_of_fold(session, fold) for fold in session.audited]
    return [finding for findings in found for finding in findings]


def _is_fitted(value: Any) -> bool:
    """Tell whether an estimator, or a step of it, has attributes that fit sets."""
    if isinstance(value, Pipeline):
        return any(_is_fitted(step) for _, step in value.steps)
    if isinstance(value, type) or not hasattr(value, "get_params"):
        return False
    return any(name.endswith("_") and name[0] != "_" for name in vars(value))


def _unfrozen(value: Any) -> Any:
    """Return the estimator that a FrozenEstimator holds."""
    return value.estimator if isinstance(value, FrozenEstimator) else value


def _fitted_parts(model: Any) -> dict[str, Any]:
    """Return what a clone still holds fitted, by parameter name; "" is the model.

    What stands inside such a part is not listed again.
    """
    parts: dict[str, Any] = {}
    for name, value in sorted({"": model, **model.get_params(deep=True)}.items()):
        is_inside = any(not of or name.startswith(f"{of}__") for of in parts)
        if is_inside or isinstance(value, Pipeline):
            continue
        if _is_fitted(_unfrozen(value)):
            parts[name] = _unfrozen(value)
    return parts


def _as_new(part: Any) -> Any:
    """Return an unfitted copy, also of what keeps its fit when cloned."""
    copy = clone(part)
    if _is_fitted(copy):
        copy = type(part)(**clone(part).get_params(deep=False))
    return copy


def _with_part(model: Any, name: str, part: Any) -> Any:
    """Return an unfitted copy of the model with one part replaced."""
    return clone(model).set_params(**{name: part}) if name else part


def check_prefitted(session: Session) -> list[Finding]:
    """Find steps that come fitted, and that training samples alone would fit else."""
    findings = []
    fold = session.audited[0]
    for name, part in _fitted_parts(clone(session.model)).items():
        session.report(f"fit {name or 'the model'} anew, which comes fitted")
        model = _with_part(session.model, name, _as_new(part))
        other = session.fit(session.X, session.y, fold.train, model)
        moved = _compare(session, fold, session.fitted(fold), other)
        if moved is None:
            continue
        message = (
            f"{type(part).__name__} comes fitted and is not fitted again. Fitted on "
            f"the training samples of the fold it gives other values, by up to "
            f"{moved.amount:.3g}. Put it into the pipeline unfitted."
        )
        findings.append(
            Finding(
                "prefitted",
                message,
                step=name or type(part).__name__,
                features=moved.features,
                fold=fold.number,
                amount=moved.amount,
            )
        )
    return findings
