"""Tell whether predicted probabilities come true as often as they say."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils import check_scalar

from sk_ensemble._typing import BoolArray, FloatArray, IntArray
from sk_ensemble.metrics._inputs import checked_inputs, checked_weight

__all__ = ["classwise_calibration_error", "top_label_calibration_error"]


def _inner_edges(
    proba: FloatArray, weight: FloatArray, n_bins: int, binning: str
) -> FloatArray:
    """Return the upper edges of all bins but the last."""
    shares = np.arange(1, n_bins) / n_bins
    if binning == "width":
        return shares
    return np.quantile(proba, shares, weights=weight, method="inverted_cdf")


def _gap(
    proba: FloatArray,
    came_true: BoolArray,
    weight: FloatArray,
    n_bins: int,
    binning: str,
) -> float:
    """Return the weighted mean over bins of |share that came true - probability|."""
    edges = _inner_edges(proba, weight, n_bins, binning)
    bins: IntArray = np.searchsorted(edges, proba, side="left")
    excess = np.bincount(bins, weights=weight * (came_true - proba), minlength=n_bins)
    return float(np.abs(excess).sum() / weight.sum())


def _checked_binning(n_bins: int, binning: str) -> None:
    """Refuse what is no way to make bins."""
    check_scalar(n_bins, "n_bins", Integral, min_val=1)
    if binning not in ("width", "mass"):
        msg = f"binning must be 'width' or 'mass', got {binning!r}."
        raise ValueError(msg)


def _weights(y: npt.ArrayLike, sample_weight: Any) -> FloatArray:
    """Return the weights, one for each row if there are none."""
    weight = checked_weight(y, sample_weight)
    return np.ones(len(np.asarray(y))) if weight is None else weight


def classwise_calibration_error(
    y: npt.ArrayLike,
    proba: npt.ArrayLike,
    *,
    labels: Sequence[Any] = (-1, 0, 1),
    sample_weight: npt.ArrayLike | None = None,
    n_bins: int = 10,
    binning: str = "width",
) -> float:
    """Compute the expected calibration error of each class, and their mean.

    For each class the rows are put in bins by the probability of that class. In each
    bin the mean probability is compared with the share of rows of the class; the
    differences are averaged over bins by their weight, and over classes.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        True classes; some of the labels may be absent.
    proba : array-like of shape (n_samples, n_labels)
        Probabilities, columns in the order of `labels`; the columns of a DataFrame
        are chosen by name.
    labels : sequence of n_labels classes, default=(-1, 0, 1)
        All classes there are; one that never occurs counts like the others.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    n_bins : int, default=10
        Number of bins.
    binning : {"width", "mass"}, default="width"
        Bins of equal width, ``(k / n_bins, (k + 1) / n_bins]`` with 0 in the first, or
        of equal weight: cut at the quantiles of the probabilities, equal ones together.

    Returns
    -------
    error : float
        In [0, 1]; 0 is perfect.

    Raises
    ------
    DataError
        If a class is not among the labels, or a row holds no probabilities.

    Notes
    -----
    The estimate is above 0 by chance even for perfect probabilities, the more so the
    more bins and the fewer rows. Where probabilities crowd, as near the class shares on
    bars, bins of equal width leave most rows in one bin; bins of equal weight resolve
    them. It is no proper score: the class shares alone have an error near 0. Use it
    beside the log loss, not instead.

    References
    ----------
    Kull, M. et al. (2019). Beyond temperature scaling: Obtaining well-calibrated
    multi-class probabilities with Dirichlet calibration. NeurIPS 32. Equal weights:
    Nixon, J. et al. (2019). Measuring Calibration in Deep Learning. CVPR Workshops.

    Examples
    --------
    >>> from sk_ensemble.metrics import classwise_calibration_error
    >>> proba = [[0.25, 0.75], [0.25, 0.75], [0.25, 0.75], [0.25, 0.75]]
    >>> classwise_calibration_error([0, 1, 1, 1], proba, labels=[0, 1])
    0.0
    >>> classwise_calibration_error([0, 0, 1, 1], proba, labels=[0, 1])
    0.25
    """
    _checked_binning(n_bins, binning)
    inputs = checked_inputs(y, proba, labels)
    table, weight = inputs.proba.astype(np.float64), _weights(y, sample_weight)
    gaps = [
        _gap(column, inputs.target == place, weight, n_bins, binning)
        for place, column in enumerate(table.T)
    ]
    return float(np.mean(gaps))


def top_label_calibration_error(
    y: npt.ArrayLike,
    proba: npt.ArrayLike,
    *,
    labels: Sequence[Any] = (-1, 0, 1),
    sample_weight: npt.ArrayLike | None = None,
    n_bins: int = 10,
    binning: str = "width",
) -> float:
    """Compute the expected calibration error of the most probable class.

    The rows are put in bins by the greatest of their probabilities. In each bin its
    mean is compared with the accuracy; the differences are averaged by weight.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        True classes; some of the labels may be absent.
    proba : array-like of shape (n_samples, n_labels)
        Probabilities, columns in the order of `labels`; the columns of a DataFrame
        are chosen by name. Of equal probabilities the first column is taken.
    labels : sequence of n_labels classes, default=(-1, 0, 1)
        All classes there are.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    n_bins : int, default=10
        Number of bins.
    binning : {"width", "mass"}, default="width"
        Bins of equal width, ``(k / n_bins, (k + 1) / n_bins]`` with 0 in the first, or
        of equal weight: cut at the quantiles of the probabilities, equal ones together.

    Returns
    -------
    error : float
        In [0, 1]; 0 is perfect.

    Raises
    ------
    DataError
        If a class is not among the labels, or a row holds no probabilities.

    See Also
    --------
    classwise_calibration_error : The same for each class, which is harder to please.

    References
    ----------
    Guo, C., Pleiss, G., Sun, Y. and Weinberger, K. Q. (2017). On Calibration of Modern
    Neural Networks. ICML, equation 3.

    Examples
    --------
    >>> from sk_ensemble.metrics import top_label_calibration_error
    >>> proba = [[0.25, 0.75], [0.25, 0.75], [0.75, 0.25], [0.75, 0.25]]
    >>> top_label_calibration_error([1, 1, 0, 1], proba, labels=[0, 1])
    0.0
    """
    _checked_binning(n_bins, binning)
    inputs = checked_inputs(y, proba, labels)
    table = inputs.proba.astype(np.float64)
    is_right = table.argmax(axis=1) == inputs.target
    weight = _weights(y, sample_weight)
    return _gap(table.max(axis=1), is_right, weight, n_bins, binning)
