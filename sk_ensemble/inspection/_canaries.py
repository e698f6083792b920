"""Targets that cannot be predicted: whoever predicts them has seen them.

Predictions are scored by direction: the expected place of the prediction between the
lowest class (-1) and the highest (1), times the place of the target. Volatility, which
any good model may know, does not count.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import is_classifier

from sk_ensemble._typing import BoolArray, FloatArray, IntArray
from sk_ensemble.inspection._finding import Finding
from sk_ensemble.inspection._folds import Fold
from sk_ensemble.inspection._session import Session, SkipCheck
from sk_ensemble.metrics import Interval, align_proba, day_block_bootstrap
from sk_ensemble.utils.time import from_utc_ns

__all__ = ["check_flipped_targets", "check_permuted_targets"]

_MOST_CLASSES = 20
#: Fewer days give no interval that could be trusted.
_FEWEST_DAYS = 10
_CONFIDENCE = 0.999
_N_RESAMPLES = 4000
_DAY_NS = 86_400 * 10**9


def _places(classes: np.ndarray) -> FloatArray:
    """Return the place of each class between the lowest, -1, and the highest, 1."""
    return np.linspace(-1.0, 1.0, len(classes))


def _days(session: Session) -> np.ndarray:
    """Return the number of the UTC date of each sample."""
    return session.times // _DAY_NS


def _refuse_unsuitable(session: Session) -> np.ndarray:
    """Return the classes, or say why no canary can be scored."""
    classes = np.unique(session.y)
    if not is_classifier(session.model) or not 2 <= len(classes) <= _MOST_CLASSES:
        msg = "canaries need a classifier of 2 to 20 classes."
        raise SkipCheck(msg)
    return classes


def _on_cut_days(session: Session, fold: Fold) -> BoolArray:
    """Mark the test samples of days that an edge of the fold cuts in two.

    On such a day the training samples on the other side of the edge tell, without any
    leak, whether it is turned round. Where training and test samples alternate within a
    day, neither side is apart from the other, and the day counts.
    """
    rows = np.concatenate([fold.train, fold.test])
    is_test = np.arange(len(rows)) >= len(fold.train)
    order = np.lexsort((is_test, session.times[rows]))
    days, numbers = np.unique(_days(session)[rows[order]], return_inverse=True)
    sides = is_test[order]
    changes = (sides[1:] != sides[:-1]) & (numbers[1:] == numbers[:-1])
    n_changes = np.bincount(numbers[1:][changes], minlength=len(days))
    cut = days[(n_changes >= 1) & (n_changes <= 2)]
    return np.isin(_days(session)[fold.test], cut)


def _refuse_few_days(session: Session, rows: IntArray) -> None:
    """Raise if the scored samples are of too few days."""
    n_days = len(np.unique(_days(session)[rows]))
    if n_days < _FEWEST_DAYS:
        msg = (
            f"the audited folds test {n_days} whole days, and a canary needs at least "
            f"{_FEWEST_DAYS}. Raise max_folds or take a longer stretch of time."
        )
        raise SkipCheck(msg)


def _predicted_places(
    session: Session, y: np.ndarray, classes: np.ndarray, scored: list[IntArray]
) -> FloatArray:
    """Return the predicted places of the scored samples, fold by fold."""
    predicted = []
    for fold, rows in zip(session.audited, scored, strict=True):
        if not len(rows):
            continue
        session.report(f"fit a canary on fold {fold.number}")
        model = session.fit(session.X, y, fold.train)
        X = session.X[rows]
        if hasattr(model, "predict_proba"):
            proba = align_proba(model.predict_proba(X), model.classes_, classes)
            places = proba @ _places(classes)
        else:
            places = _places(classes)[np.searchsorted(classes, model.predict(X))]
        predicted.append(places)
    return np.concatenate(predicted)


def _skill(
    session: Session, y: np.ndarray, classes: np.ndarray, scored: list[IntArray]
) -> Interval:
    """Return how well the direction of `y` is predicted out of sample."""
    rows = np.concatenate(scored)
    predicted = _predicted_places(session, y, classes, scored)
    actual = _places(classes)[np.searchsorted(classes, y)]
    # What the class shares alone would earn is no skill.
    scores = predicted * (actual[rows] - actual.mean())
    return day_block_bootstrap(
        scores,
        from_utc_ns(session.times[rows]),
        n_resamples=_N_RESAMPLES,
        confidence=_CONFIDENCE,
        random_state=session.seed,
    )


def _judge(check: str, skill: Interval, what: str, remedy: str) -> list[Finding]:
    """Return a finding if the skill is above zero beyond doubt."""
    if skill.low <= 0:
        return []
    message = (
        f"The direction of {what} is predicted: mean score {skill.estimate:.3g}, "
        f"interval {skill.low:.3g} to {skill.high:.3g} over {skill.n_blocks} days, "
        f"where nothing can be known. {remedy}"
    )
    return [Finding(check, message, amount=skill.estimate)]


def check_permuted_targets(session: Session) -> list[Finding]:
    """Find models that predict targets drawn anew for each sample."""
    classes = _refuse_unsuitable(session)
    scored = [fold.test for fold in session.audited]
    _refuse_few_days(session, np.concatenate(scored))
    y = session.rng(4).permutation(session.y)
    return _judge(
        "permuted_targets",
        _skill(session, y, classes, scored),
        "targets permuted over the panel",
        "Test samples, or their targets, are in the training data.",
    )


def check_flipped_targets(session: Session) -> list[Finding]:
    """Find models that know whether a day's targets were turned round."""
    classes = _refuse_unsuitable(session)
    scored = [fold.test[~_on_cut_days(session, fold)] for fold in session.audited]
    _refuse_few_days(session, np.concatenate(scored))
    days, numbers = np.unique(_days(session), return_inverse=True)
    is_flipped = session.rng(5).integers(2, size=len(days)).astype(bool)[numbers]
    codes = np.searchsorted(classes, session.y)
    y = classes[np.where(is_flipped, len(classes) - 1 - codes, codes)]
    return _judge(
        "flipped_targets",
        _skill(session, y, classes, scored),
        "targets turned round on random days",
        "Training labels overlap test labels, or stand in between them.",
    )
