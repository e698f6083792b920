"""Tell whether a Sharpe ratio is more than luck: one series, no selection.

Two papers answer with two standard errors of the estimated Sharpe ratio. Bailey and
López de Prado (2012) evaluate it at the estimate and divide by n - 1; López de Prado,
Lipton and Zoonekynd (2025) evaluate it at the benchmark, as a test of the hypothesis
"no better than the benchmark" should, divide by n, and allow for autocorrelation.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri
from sklearn.utils import check_scalar

from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics._return_moments import ReturnMoments

__all__ = [
    "checked_choice",
    "min_track_record_length",
    "probabilistic_sharpe_ratio",
    "unit_variance",
]


def checked_choice(value: str, name: str, choices: tuple[str, ...]) -> str:
    """Return a word that is one of the choices, or say which there are."""
    if value not in choices:
        msg = f"{name} must be one of {list(choices)}, got {value!r}."
        raise ValueError(msg)
    return value


def _variance_2012(moments: ReturnMoments) -> float:
    """Return (n - 1) times the variance of the Sharpe ratio, at the estimate."""
    sharpe = moments.sharpe
    return 1 - moments.skewness * sharpe + (moments.kurtosis - 1) / 4 * sharpe**2


def _variance_2025(moments: ReturnMoments, benchmark: float) -> float:
    """Return n times the variance of the Sharpe ratio, at the benchmark."""
    rho = moments.autocorrelation
    constant = (1 + rho) / (1 - rho)
    linear = (1 + rho + rho**2) / (1 - rho**2) * moments.skewness
    quadratic = (1 + rho**2) / (1 - rho**2) * (moments.kurtosis - 1) / 4
    return constant - linear * benchmark + quadratic * benchmark**2


def unit_variance(moments: ReturnMoments, benchmark: float, method: str) -> float:
    """Return the variance of the Sharpe ratio of one observation, above 0."""
    checked_choice(method, "method", ("2012", "2025"))
    variance = (
        _variance_2012(moments)
        if method == "2012"
        else _variance_2025(moments, benchmark)
    )
    if variance <= 1e-12:
        msg = (
            f"The standard error of the Sharpe ratio is 0 for {moments}: the returns "
            "take two values only. Such returns need no test of this kind."
        )
        raise DataError(msg)
    return variance


def _degrees(moments: ReturnMoments, method: str) -> int:
    """Return what the variance of one observation is divided by."""
    return moments.n_observations - (method == "2012")


def probabilistic_sharpe_ratio(
    returns: npt.ArrayLike | ReturnMoments,
    *,
    benchmark: float = 0.0,
    method: str = "2012",
) -> float:
    r"""Compute the confidence that the true Sharpe ratio exceeds a benchmark.

    It is one minus the p-value of the test against "no better than `benchmark`", and
    takes account of the length of the record, of skewness and of fat tails.

    Parameters
    ----------
    returns : array-like of shape (n_observations,) or ReturnMoments
        Return of each period over the riskless rate, or what is known of them. Of
        returns the Sharpe ratio is taken with ``ddof=1``; for another convention pass
        ``ReturnMoments.from_returns(returns, ddof=0)``.
    benchmark : float, default=0.0
        Sharpe ratio to beat, *per period* like that of the returns.
    method : {"2012", "2025"}, default="2012"
        Standard error of the Sharpe ratio: at the estimate over ``n - 1`` (2012), or at
        the benchmark over ``n`` and with autocorrelation (2025).

    Returns
    -------
    confidence : float
        Fraction in (0, 1); 0.95 is the usual least.

    Raises
    ------
    DataError
        If there are fewer than three returns, one is not finite, or they do not vary.

    See Also
    --------
    deflated_sharpe_ratio : For the best of several strategies.
    min_track_record_length : How long a record must be to be sure.

    Notes
    -----
    With standardised third and fourth moments :math:`\gamma_3, \gamma_4`,

    .. math:: \Phi\left(\frac{(SR - SR^*)\sqrt{n - 1}}
       {\sqrt{1 - \gamma_3 SR + \frac{\gamma_4 - 1}{4} SR^2}}\right).

    The method of 2012 takes the returns as independent. Profits of overlapping
    positions are not: sum them to days first, or use the method of 2025.

    References
    ----------
    Bailey, D. H. and López de Prado, M. (2012). The Sharpe Ratio Efficient Frontier.
    Journal of Risk 15(2). The example is theirs: two years of monthly returns.

    López de Prado, M., Lipton, A. and Zoonekynd, V. (2025). How to Use the Sharpe
    Ratio. ADIA Lab Research Paper 19, equations 3 to 9.

    Examples
    --------
    >>> from sk_ensemble.metrics import ReturnMoments, probabilistic_sharpe_ratio
    >>> round(probabilistic_sharpe_ratio(ReturnMoments(0.458, 24)), 3)
    0.982
    >>> fat_tails = ReturnMoments(0.458, 24, skewness=-2.448, kurtosis=10.164)
    >>> round(probabilistic_sharpe_ratio(fat_tails), 3)
    0.913
    """
    moments = ReturnMoments.coerce(returns)
    variance = unit_variance(moments, benchmark, method)
    excess = moments.sharpe - benchmark
    return float(ndtr(excess * np.sqrt(_degrees(moments, method) / variance)))


def min_track_record_length(
    returns: npt.ArrayLike | ReturnMoments,
    *,
    benchmark: float = 0.0,
    confidence: float = 0.95,
    method: str = "2012",
) -> float:
    """Compute how many returns are needed to be sure that a benchmark is beaten.

    With as many returns of the same shape :func:`probabilistic_sharpe_ratio` is just
    `confidence`.

    Parameters
    ----------
    returns : array-like of shape (n_observations,) or ReturnMoments
        Return of each period over the riskless rate, or what is known of them (the
        number of observations does not matter).
    benchmark : float, default=0.0
        Sharpe ratio to beat, *per period* like that of the returns.
    confidence : float, default=0.95
        How sure to be, fraction in (0.5, 1).
    method : {"2012", "2025"}, default="2012"
        Standard error of the Sharpe ratio; see :func:`probabilistic_sharpe_ratio`.

    Returns
    -------
    length : float
        Number of periods; infinite if the benchmark is not beaten by these returns.

    Raises
    ------
    DataError
        If there are fewer than three returns, one is not finite, or they do not vary.

    References
    ----------
    Bailey, D. H. and López de Prado, M. (2012). The Sharpe Ratio Efficient Frontier.
    Journal of Risk 15(2). The example is theirs: an annual Sharpe ratio of 2 against
    one of 1, on daily returns, in years.

    Examples
    --------
    >>> from sk_ensemble.metrics import ReturnMoments, min_track_record_length
    >>> days = ReturnMoments(2 / 252**0.5, 1000)
    >>> round(min_track_record_length(days, benchmark=1 / 252**0.5) / 252, 2)
    2.73
    """
    check_scalar(
        confidence,
        "confidence",
        float,
        min_val=0.5,
        max_val=1,
        include_boundaries="neither",
    )
    moments = ReturnMoments.coerce(returns)
    variance = unit_variance(moments, benchmark, method)
    excess = moments.sharpe - benchmark
    if excess <= 0:
        return float("inf")
    return float(variance * (ndtri(confidence) / excess) ** 2 + (method == "2012"))
