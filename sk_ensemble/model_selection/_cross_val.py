"""Out-of-sample predictions of splitters that are no partition of the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from sk_ensemble._typing import IntArray
from sk_ensemble.model_selection._fold_predictions import (
    FoldPredictions,
    predict_folds,
    shown,
)

__all__ = ["cross_val_oof", "cross_val_paths"]


def _unknown(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array full of NaN that holds values like these."""
    kind = values.dtype.kind
    dtype = values.dtype if kind == "f" else float if kind in "iub" else object
    return np.full((*shape, *values.shape[1:]), np.nan, dtype=dtype)


def _place_on_paths(
    folds: FoldPredictions, n_paths: int, progress: Callable[..., Any] | None
) -> np.ndarray:
    """Give each prediction to the first path that has none of its row yet."""
    paths: np.ndarray | None = None
    n_seen = np.zeros(folds.n_rows, dtype=np.int64)
    with shown(folds, progress) as values:
        for test, predicted in zip(folds.tests, values, strict=True):
            if paths is None:
                paths = _unknown(predicted, (n_paths, folds.n_rows))
            paths[n_seen[test], test] = predicted
            n_seen[test] += 1
    return np.asarray(paths)


def _average(
    folds: FoldPredictions, counts: IntArray, progress: Callable[..., Any] | None
) -> np.ndarray:
    """Return the mean of all predictions of each row."""
    total: np.ndarray | None = None
    with shown(folds, progress) as values:
        for test, predicted in zip(folds.tests, values, strict=True):
            if total is None:
                total = np.zeros_like(_unknown(predicted, (folds.n_rows,)))
            total[test] += predicted
    sums = np.asarray(total)
    weights = np.where(counts > 0, counts, np.nan).astype(sums.dtype)
    return np.asarray(sums / weights.reshape(-1, *[1] * (sums.ndim - 1)))


def _path_table(folds: FoldPredictions) -> IntArray:
    """Return the path of each fold's test blocks, one path for a partition."""
    if hasattr(folds.splitter, "path_ids"):
        return np.asarray(folds.splitter.path_ids())
    if folds.times_tested().max() > 1:
        msg = (
            f"{folds.splitter!r} tests some rows in several folds and has no "
            "path_ids, so the predictions form no paths. Use "
            "CombinatorialPurgedSplit, or cross_val_oof, which averages."
        )
        raise ValueError(msg)
    return np.zeros((len(folds.tests), 1), dtype=np.int64)


def _refuse_mean_labels(folds: FoldPredictions, method: str) -> None:
    """Raise if class labels would have to be averaged."""
    if method == "predict" and folds.classes is not None:
        msg = (
            f"{folds.splitter!r} tests rows in several folds, and class labels have no "
            "mean. Use method='predict_proba', or cross_val_paths."
        )
        raise ValueError(msg)


def cross_val_paths(
    estimator: Any,
    X: Any,
    y: Any,
    cv: Any,
    *,
    method: str = "predict_proba",
    n_jobs: int | None = None,
    params: dict[str, Any] | None = None,
    progress: Callable[..., Any] | None = None,
) -> Bunch:
    """Predict every row out of sample once per backtest path.

    Each fold is fitted once. `CombinatorialPurgedSplit` tests every row in several
    folds; the first prediction of each row makes the first path, and so on, so that
    each path is a complete history. Splitters that test each row once give one path,
    and walk-forward ones leave the rows before their first test block out.

    Parameters
    ----------
    estimator : estimator
        Cloned for each fold.
    X : Panel, Windows, DataFrame or array-like of n_samples rows
        The samples.
    y : array-like of shape (n_samples,) or None
        The targets.
    cv : cross-validator
        `CombinatorialPurgedSplit`, or any splitter that tests no row twice.
    method : str, default="predict_proba"
        What to call: "predict_proba", "predict_log_proba", "decision_function" or
        "predict".
    n_jobs : int or None, default=None
        Folds fitted at a time; None means 1.
    params : dict or None, default=None
        Passed to the estimator's fit, such as ``{"sample_weight": weights}``; values
        with one entry per row are cut to the training rows. With metadata routing
        enabled, to whoever requests them, such as `label_end` to the splitter.
    progress : callable or None, default=None
        Called with the iterator over the folds' predictions and their number, returns
        a context manager that gives the iterator back, such as
        `sk_ensemble.experiments.rich_progress`. None: silence.

    Returns
    -------
    result : Bunch
        ``predictions``, an array of shape (n_paths, n_samples, n_classes), or (n_paths,
        n_samples) for methods that give one number per row, NaN where a row has no
        prediction; ``path_ids`` of shape (n_splits, n_test_blocks), the path to which
        each fold's prediction of each of its test blocks belongs; ``classes`` of shape
        (n_classes,), ascending, the classes of the columns, None for regressors.

    Raises
    ------
    ValueError
        If rows are tested several times and the splitter has no `path_ids`.

    See Also
    --------
    cross_val_oof : One prediction per row, the mean over the paths.

    Notes
    -----
    A class that the training rows of a fold lack has probability 0 in it (and minus
    infinity as logarithm or score).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sk_ensemble.model_selection import (
    ...     CombinatorialPurgedSplit,
    ...     cross_val_paths,
    ... )
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> y = (X[:, 0] > 0).astype(int)
    >>> cv = CombinatorialPurgedSplit(6, 2, purged_size=1)
    >>> result = cross_val_paths(LogisticRegression(), X, y, cv)
    >>> result.predictions.shape, result.classes
    ((5, 60, 2), array([0, 1]))
    """
    folds = predict_folds(
        estimator,
        X,
        y,
        cv,
        method=method,
        n_jobs=n_jobs,
        params=params,
        owner="cross_val_paths",
    )
    path_ids = _path_table(folds)
    predictions = _place_on_paths(folds, int(path_ids.max()) + 1, progress)
    return Bunch(predictions=predictions, path_ids=path_ids, classes=folds.classes)


def cross_val_oof(
    estimator: Any,
    X: Any,
    y: Any,
    cv: Any,
    *,
    method: str = "predict_proba",
    n_jobs: int | None = None,
    params: dict[str, Any] | None = None,
    progress: Callable[..., Any] | None = None,
) -> Bunch:
    """Predict every row out of fold, whichever rows the splitter tests.

    Each fold is fitted once. Rows that no fold tests, as the first ones of a
    walk-forward split, have no prediction; rows that several folds test, as in
    combinatorial splits, have the mean. (`sklearn.model_selection.cross_val_predict`
    refuses both.)

    Parameters
    ----------
    estimator : estimator
        Cloned for each fold.
    X : Panel, Windows, DataFrame or array-like of n_samples rows
        The samples.
    y : array-like of shape (n_samples,) or None
        The targets.
    cv : cross-validator
        Any splitter.
    method : str, default="predict_proba"
        What to call: "predict_proba", "predict_log_proba", "decision_function" or
        "predict".
    n_jobs : int or None, default=None
        Folds fitted at a time; None means 1.
    params : dict or None, default=None
        Passed to the estimator's fit, or routed, as in `cross_val_paths`.
    progress : callable or None, default=None
        Shows progress, as in `cross_val_paths`.

    Returns
    -------
    result : Bunch
        ``predictions``, an array of shape (n_samples, n_classes), or (n_samples,) for
        methods that give one number per row, NaN where a row has no prediction;
        ``n_predictions`` of shape (n_samples,), how many folds tested each row;
        ``classes`` of shape (n_classes,), ascending, the classes of the columns, None
        for regressors.

    Raises
    ------
    ValueError
        If class labels would have to be averaged.

    See Also
    --------
    cross_val_paths : Several predictions per row, one per backtest path.

    Notes
    -----
    A class that the training rows of a fold lack has probability 0 in it (and minus
    infinity as logarithm or score).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sk_ensemble.model_selection import WalkForwardSplit, cross_val_oof
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> y = (X[:, 0] > 0).astype(int)
    >>> cv = WalkForwardSplit(4, test_size=10, purged_size=1)
    >>> result = cross_val_oof(LogisticRegression(), X, y, cv)
    >>> result.predictions.shape, int(np.isnan(result.predictions[:, 0]).sum())
    ((60, 2), 20)
    """
    folds = predict_folds(
        estimator,
        X,
        y,
        cv,
        method=method,
        n_jobs=n_jobs,
        params=params,
        owner="cross_val_oof",
    )
    counts = folds.times_tested()
    if counts.max() > 1:
        _refuse_mean_labels(folds, method)
        predictions = _average(folds, counts, progress)
    else:
        predictions = _place_on_paths(folds, 1, progress)[0]
    return Bunch(predictions=predictions, n_predictions=counts, classes=folds.classes)
