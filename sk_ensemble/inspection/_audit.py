"""Prove that a pipeline does not see what it should not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state, check_scalar

from sk_ensemble.inspection._canaries import (
    check_flipped_targets,
    check_permuted_targets,
)
from sk_ensemble.inspection._columns import check_columns
from sk_ensemble.inspection._finding import Finding
from sk_ensemble.inspection._fold_checks import (
    check_duplicates,
    check_label_spans,
    check_timestamps,
    check_windows,
)
from sk_ensemble.inspection._folds import Fold, reach_of, read_folds
from sk_ensemble.inspection._functions import (
    FrameFunction,
    check_features,
    check_labels,
)
from sk_ensemble.inspection._future import check_future
from sk_ensemble.inspection._refit import check_prefitted, check_refit
from sk_ensemble.inspection._report import LeakageReport
from sk_ensemble.inspection._session import Session, SkipCheck, write_line
from sk_ensemble.panel import Panel, Windows, refuse_other_index

__all__ = ["audit_leakage"]

_CHECKS = (
    "timestamps",
    "label_spans",
    "windows",
    "duplicates",
    "columns",
    "features",
    "labels",
    "future",
    "prefitted",
    "refit",
    "permuted_targets",
    "flipped_targets",
)


def _refuse_untimed(X: Any) -> None:
    """Raise unless the samples have times and a history."""
    if not isinstance(X, Panel | Windows) or X.history.times is None:
        msg = (
            "audit_leakage changes bars of the history, so it takes a Panel or Windows "
            f"of one, got {type(X).__name__}. Use Panel.from_frame(frame)."
        )
        raise TypeError(msg)


def _checked_names(checks: Sequence[str] | None) -> tuple[str, ...]:
    """Return the checks asked for, in the order in which they are made."""
    wanted = _CHECKS if checks is None else tuple(checks)
    unknown = [name for name in wanted if name not in _CHECKS]
    if unknown:
        msg = f"checks has {unknown}, which are none of {list(_CHECKS)}."
        raise ValueError(msg)
    return tuple(name for name in _CHECKS if name in wanted)


def _checked_folds(folds: list[Fold]) -> list[Fold]:
    """Return the folds, refusing empty ones."""
    for fold in folds:
        if not len(fold.train) or not len(fold.test):
            msg = (
                f"Fold {fold.number} has {len(fold.train)} training and "
                f"{len(fold.test)} test samples, so there is nothing to audit."
            )
            raise ValueError(msg)
    if not folds:
        msg = "cv yields no fold."
        raise ValueError(msg)
    return folds


def _spread(folds: list[Fold], n_folds: int) -> list[Fold]:
    """Return some folds, evenly spread, the first and the last among them."""
    places = np.linspace(0, len(folds) - 1, min(n_folds, len(folds)))
    return [folds[place] for place in places.round().astype(int)]


def _reporter(progress: Any) -> Callable[[str], None]:
    """Return a function that is told what is being done."""
    if callable(progress):
        return progress
    return write_line if progress else lambda text: None


def _needs(name: str, function: Any, bars: Any) -> Callable[[Session], list[Finding]]:
    """Return the check of a function of bars, or one that is skipped."""
    check = {"features": check_features, "labels": check_labels}[name]
    if function is not None:
        return partial(check, function=function, bars=bars)

    def skip(session: Session) -> list[Finding]:
        msg = (
            f"pass bars= and {name}=, the function that makes {name} of bars: without "
            "it, what was computed before the panel was built cannot be checked."
        )
        raise SkipCheck(msg)

    return skip


def _run(
    session: Session,
    checks: dict[str, Callable[[Session], list[Finding]]],
) -> tuple[list[Finding], dict[str, str]]:
    """Make the checks one after the other."""
    findings: list[Finding] = []
    skipped: dict[str, str] = {}
    for number, (name, check) in enumerate(checks.items()):
        session.report(f"check {number + 1} of {len(checks)}: {name}")
        try:
            findings += check(session)
        except SkipCheck as reason:
            skipped[name] = str(reason)
    return findings, skipped


def audit_leakage(
    model: Any,
    X: Any,
    y: Any,
    cv: Any,
    *,
    bars: pd.DataFrame | None = None,
    features: FrameFunction | None = None,
    labels: FrameFunction | None = None,
    checks: Sequence[str] | None = None,
    n_cuts: int = 3,
    max_folds: int = 5,
    max_samples: int = 500,
    max_feature_auc: float = 0.85,
    fit_params: dict[str, Any] | None = None,
    progress: Any = False,
    random_state: int | np.random.RandomState | None = None,
) -> LeakageReport:
    """Look for leakage in a model, its features and the way it is cross-validated.

    Nothing is taken on trust: bars that a prediction must not depend on are changed,
    and whatever moves is named, with its step, feature and fold.

    Parameters
    ----------
    model : classifier
        What you would cross-validate, such as a Pipeline. It is cloned for each fit,
        and every `random_state` that is None is set.
    X : Panel or Windows of n_samples samples
        The samples.
    y : array-like of shape (n_samples,)
        Their targets.
    cv : splitter, int or iterable of (train, test)
        The folds, as in scikit-learn.
    bars : DataFrame or None, default=None
        The bars from which features and labels were computed, with symbol and datetime.
    features : callable or None, default=None
        Function of such bars that returns the frame of features, `bar_features` say.
        It shows where features were computed with later bars.
    labels : callable or None, default=None
        Function of such bars that returns the labels with `label_end`. It shows whether
        `label_end` tells the truth, on which all purging rests.
    checks : list of str or None, default=None
        Names of the checks to make, see Notes; None means all.
    n_cuts : int, default=3
        Moments at which the future is changed.
    max_folds : int, default=5
        Folds for which models are fitted, evenly spread. What needs no fit is checked
        in every fold.
    max_samples : int, default=500
        Samples predicted around each moment and per fold.
    max_feature_auc : float, default=0.85
        A feature that alone tells up from down better than this is reported.
    fit_params : dict or None, default=None
        Passed to `fit`; an array with one value per sample is cut to the training
        samples.
    progress : bool or callable, default=False
        True writes to the standard error stream what is being done; a callable is told
        instead.
    random_state : int, RandomState or None, default=None
        Seed of the models and of the draws.

    Returns
    -------
    report : LeakageReport
        ``report.passed``, ``report.findings``, ``report.to_frame()``.

    Raises
    ------
    TypeError
        If X has no history with times.
    ValueError
        If a check is unknown, a fold is empty or an argument is out of range.

    See Also
    --------
    sk_ensemble.model_selection.PurgedSplit : A splitter that passes.

    Notes
    -----
    The checks, in their order. The first five fit nothing.

    - ``timestamps``: one time on both sides of a fold.
    - ``label_spans``: training labels that share more than an instant with test labels,
      found by comparing the spans, whatever the splitter says.
    - ``windows``: training windows that hold bars between the first time and the last
      label end of a test block, counted per symbol, with the embargo that is needed.
      What a feature itself looks back is not counted: ``return_240`` of `bar_features`
      needs 240 bars more.
    - ``duplicates``: test samples, or more than 1 % of the test windows value for
      value, that occur in training.
    - ``columns``: single features that tell the highest class from the lowest with an
      AUC beyond `max_feature_auc`.
    - ``features``, ``labels``: the functions of bars give other values for the past
      (for labels that have ended) if later bars are changed or removed.
    - ``future``: a fitted model predicts, or one of its steps computes, something else
      at or before t if all symbols' bars after t are replaced, NaN, or removed.
    - ``prefitted``: a step is never fitted on training samples because it comes fitted.
    - ``refit``: bars and labels of the test block (first time to last label end; where
      nothing is trained on after the test, all that follows) are replaced, and the
      model fitted on the fold moves. Where training windows contain test bars it
      must; then only test bars outside of all training windows are replaced, to see
      whether anything else is fitted on them.
    - ``permuted_targets``: targets permuted over the panel are predicted.
    - ``flipped_targets``: targets turned round on random days are predicted: training
      labels share the fate of test labels.

    Days that the edge of a fold cuts in two are left out of the last one: their other
    half tells which way they are turned. Canaries are scored by direction, and a
    finding is a 99.9 % interval over blocks of days that lies above zero.

    What cannot be found: look-ahead in features if `features` is not given, unless it
    is gross; constants taken from the whole sample (a threshold, a list of features,
    settings chosen after many trials); values that were revised after the fact;
    symbols chosen because they survived. A splitter that draws its folds anew at each
    call is audited as drawn.

    The cost, in fits: with F audited folds, 2 F + 1 for ``refit``, another 1 per fold
    that moves, F for each canary, and 1 for ``future`` alone. Predictions: about
    ``4 * n_cuts * max_samples`` samples, and all test samples for each canary.
    `features` and `labels` are called ``1 + 2 * n_cuts`` times each. Slow models: lower
    `max_folds`, choose `checks`, or put a fast model in the place of the slow one.

    References
    ----------
    Kaufman, S., Rosset, S., Perlich, C. and Stitelman, O. (2012). Leakage in data
    mining: formulation, detection, and avoidance. ACM TKDD 6(4).

    Kapoor, S. and Narayanan, A. (2023). Leakage and the reproducibility crisis in
    machine-learning-based science. Patterns 4(9).

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import KFold
    >>> from sklearn.pipeline import make_pipeline
    >>> from sk_ensemble import Panel, PurgedSplit, Windower, audit_leakage
    >>> from sk_ensemble.datasets import make_bars
    >>> data = make_bars(800, 2, random_state=0)
    >>> panel = Panel.from_frame(data.signal.to_frame())
    >>> X, y = panel.align(data.labels)
    >>> model = make_pipeline(Windower(3, flatten=True), LogisticRegression())
    >>> audit_leakage(model, X, y, PurgedSplit(3, embargo_size=30)).passed
    True
    >>> report = audit_leakage(model, X, y, KFold(3), checks=["label_spans"])
    >>> for finding in report.findings:
    ...     print(finding.fold, finding.amount)
    0 20.0
    1 13.0
    2 4.0
    """
    _refuse_untimed(X)
    refuse_other_index(X, y, name="y")
    for name, value in {
        "n_cuts": n_cuts,
        "max_folds": max_folds,
        "max_samples": max_samples,
    }.items():
        check_scalar(value, name, int, min_val=1)
    if (features or labels) is not None and bars is None:
        msg = "features= and labels= are functions of bars: pass bars= as well."
        raise ValueError(msg)
    names = _checked_names(checks)
    params = dict(fit_params or {})
    y = np.asarray(y)
    splitter = check_cv(cv, y, classifier=is_classifier(model))
    folds = _checked_folds(read_folds(splitter, X, y, {}))
    session = Session(
        model=model,
        X=X,
        y=y,
        folds=folds,
        audited=_spread(folds, max_folds),
        reach=reach_of(model, X),
        seed=int(check_random_state(random_state).randint(2**31 - 1)),
        n_cuts=n_cuts,
        max_samples=max_samples,
        fit_params=params,
        report=_reporter(progress),
    )
    everything: dict[str, Callable[[Session], list[Finding]]] = {
        "timestamps": check_timestamps,
        "label_spans": check_label_spans,
        "windows": check_windows,
        "duplicates": check_duplicates,
        "columns": partial(check_columns, max_feature_auc=max_feature_auc),
        "features": _needs("features", features, bars),
        "labels": _needs("labels", labels, bars),
        "future": check_future,
        "prefitted": check_prefitted,
        "refit": check_refit,
        "permuted_targets": check_permuted_targets,
        "flipped_targets": check_flipped_targets,
    }
    findings, skipped = _run(session, {name: everything[name] for name in names})
    return LeakageReport(tuple(findings), skipped, names, session.n_fits)
