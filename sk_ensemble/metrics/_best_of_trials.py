"""What the best of several strategies looks like when none of them is any good."""

from __future__ import annotations

from functools import lru_cache
from numbers import Real

import numpy as np
import numpy.typing as npt
from scipy.integrate import quad
from scipy.special import log_ndtr, ndtr, ndtri
from sklearn.utils import check_scalar

from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics._return_moments import ReturnMoments
from sk_ensemble.metrics._sharpe_tests import (
    checked_choice,
    probabilistic_sharpe_ratio,
)
from sk_ensemble.utils.profits import checked_profits

__all__ = [
    "deflated_sharpe_ratio",
    "expected_maximum_sharpe",
    "min_backtest_length",
]


def _density(x: float, n_trials: float) -> float:
    """Return the density of the maximum of standard normals."""
    log_density = (n_trials - 1) * log_ndtr(x) - x**2 / 2
    return float(n_trials * np.exp(log_density) / np.sqrt(2 * np.pi))


@lru_cache(maxsize=256)
def _moments_of_maximum(n_trials: float) -> tuple[float, float]:
    """Return mean and standard deviation of the maximum of standard normals."""
    middle = -float(ndtri(min(0.5, 1 / n_trials)))
    first, second = (
        quad(
            lambda x, power=power: x**power * _density(x, n_trials),
            middle - 12,
            middle + 12,
            points=[middle],
            limit=400,
            epsabs=1e-13,
        )[0]
        for power in (1, 2)
    )
    return float(first), float(np.sqrt(second - first**2))


def _closed_form(n_trials: float) -> float:
    """Return the approximation of the mean of the maximum of standard normals."""
    gumbel = np.euler_gamma
    low, high = -ndtri(1 / n_trials), -ndtri(1 / (n_trials * np.e))
    return max(0.0, float((1 - gumbel) * low + gumbel * high))


def _checked_n_trials(n_trials: float) -> float:
    """Return the number of trials, which need not be whole."""
    check_scalar(n_trials, "n_trials", Real, min_val=1)
    return float(n_trials)


def expected_maximum_sharpe(
    n_trials: float, *, variance: float = 1.0, exact: bool = False
) -> float:
    r"""Compute the Sharpe ratio to expect of the best of several worthless strategies.

    Parameters
    ----------
    n_trials : float
        Number of independent strategies that were tried, 1 or more. It need not be
        whole: many trials that are much alike count as few.
    variance : float, default=1.0
        Variance of the Sharpe ratios over the trials. Not annualised ratios have
        a not annualised maximum.
    exact : bool, default=False
        False uses the closed form of the literature, True integrates.

    Returns
    -------
    maximum : float
        Expected largest of `n_trials` independent normal numbers with mean 0 and this
        variance; 0 for one trial.

    Notes
    -----
    The closed form, with Euler's constant :math:`\gamma`, is

    .. math:: \sqrt{V} \left((1 - \gamma) \Phi^{-1}(1 - 1/N)
       + \gamma\, \Phi^{-1}(1 - 1/(N e))\right).

    It is the limit for many trials. Against the exact value it is 7.9 % too low at N =
    2, and too high by 0.8 % at 3, 2.5 % at 5, 2.3 % at 10, 0.9 % at 100 and 0.2 % at
    10,000.

    References
    ----------
    Bailey, D. H., Borwein, J. M., López de Prado, M. and Zhu, Q. J. (2014).
    Pseudo-Mathematics and Financial Charlatanism: The Effects of Backtest Overfitting
    on Out-of-Sample Performance. Notices of the AMS 61(5), proposition 1: 1.57 for ten
    trials.

    Examples
    --------
    >>> from sk_ensemble.metrics import expected_maximum_sharpe
    >>> for n_trials in (1, 2, 10, 100):
    ...     closed = expected_maximum_sharpe(n_trials)
    ...     exact = expected_maximum_sharpe(n_trials, exact=True)
    ...     print(n_trials, round(closed, 4), round(exact, 4))
    1 0.0 0.0
    2 0.5198 0.5642
    10 1.5746 1.5388
    100 2.5306 2.5076
    """
    n_trials = _checked_n_trials(n_trials)
    check_scalar(variance, "variance", Real, min_val=0)
    if n_trials == 1:
        return 0.0
    mean = _moments_of_maximum(n_trials)[0] if exact else _closed_form(n_trials)
    return float(np.sqrt(variance) * mean)


def min_backtest_length(n_trials: float, *, target_sharpe: float = 1.0) -> float:
    """Compute the years below which the best of many trials looks good by luck.

    In a backtest of so many years the best of `n_trials` worthless strategies has an
    expected annual Sharpe ratio of `target_sharpe`. In a shorter one it has more.

    Parameters
    ----------
    n_trials : float
        Number of independent strategies that were tried, 1 or more.
    target_sharpe : float, default=1.0
        Annual Sharpe ratio that would be taken for a discovery.

    Returns
    -------
    length : float
        Years; 0 for one trial. (If `target_sharpe` is per day, days, and so on.)

    Notes
    -----
    The squared ratio of :func:`expected_maximum_sharpe` to `target_sharpe`: the
    Sharpe ratio of worthless returns over y years has a variance of 1 / y.
    It lies below ``2 * log(n_trials) / target_sharpe ** 2``.

    References
    ----------
    Bailey, D. H., Borwein, J. M., López de Prado, M. and Zhu, Q. J. (2014).
    Pseudo-Mathematics and Financial Charlatanism: The Effects of Backtest Overfitting
    on Out-of-Sample Performance. Notices of the AMS 61(5), theorem 2. The example is
    theirs: with five years of data, no more than 45 trials.

    Examples
    --------
    >>> from sk_ensemble.metrics import min_backtest_length
    >>> round(min_backtest_length(45), 2)
    5.0
    """
    check_scalar(
        target_sharpe, "target_sharpe", Real, min_val=0, include_boundaries="neither"
    )
    return float((expected_maximum_sharpe(n_trials) / target_sharpe) ** 2)


def _variance_of_trials(trials: npt.ArrayLike, ddof: int) -> tuple[int, float]:
    """Return the number of trials and the variance of their Sharpe ratios."""
    sharpes = checked_profits(trials, name="trials")
    if len(sharpes) == 1:
        return 1, 0.0
    return len(sharpes), float(sharpes.var(ddof=ddof))


def _resolved_trials(
    trials: npt.ArrayLike | None,
    n_trials: float | None,
    trial_variance: float | None,
    ddof: int,
) -> tuple[float, float]:
    """Return number and variance of the trials from what was given."""
    if trials is not None and trial_variance is not None:
        msg = "Give trials or trial_variance, not both: one follows from the other."
        raise ValueError(msg)
    if trials is not None:
        counted, variance = _variance_of_trials(trials, ddof)
        return _checked_n_trials(counted if n_trials is None else n_trials), variance
    if n_trials is None:
        msg = (
            "Say how many strategies were tried: pass trials, the Sharpe ratios of all "
            "of them, or n_trials and trial_variance."
        )
        raise ValueError(msg)
    if trial_variance is None and n_trials != 1:
        msg = (
            f"{n_trials} trials need trial_variance, the variance of their Sharpe "
            "ratios per period. Or pass trials, the Sharpe ratios themselves."
        )
        raise ValueError(msg)
    variance = 0.0 if trial_variance is None else trial_variance
    check_scalar(variance, "trial_variance", Real, min_val=0)
    return _checked_n_trials(n_trials), variance


def _confidence_2025(sharpe: float, n_trials: float, variance: float) -> float:
    """Return the chance that the best of the trials stays below a Sharpe ratio."""
    if variance == 0:
        msg = (
            "All trials have the same Sharpe ratio, so that of the best has no "
            "standard error. If they are one strategy, pass n_trials=1."
        )
        raise DataError(msg)
    spread = np.sqrt(variance) * _moments_of_maximum(n_trials)[1]
    benchmark = expected_maximum_sharpe(n_trials, variance=variance)
    return float(ndtr((sharpe - benchmark) / spread))


def deflated_sharpe_ratio(
    returns: npt.ArrayLike | ReturnMoments,
    *,
    trials: npt.ArrayLike | None = None,
    n_trials: float | None = None,
    trial_variance: float | None = None,
    ddof: int = 1,
    method: str = "2014",
) -> float:
    """Compute the confidence in the best of several strategies.

    The :func:`probabilistic_sharpe_ratio` against the Sharpe ratio that the best of as
    many worthless strategies would have had by luck,
    :func:`expected_maximum_sharpe`. Above 0.95 the choice is more than luck.

    Parameters
    ----------
    returns : array-like of shape (n_observations,) or ReturnMoments
        Returns of the strategy that was chosen, or what is known of them.
    trials : array-like of shape (n_trials,), default=None
        Sharpe ratios of *all* strategies that were tried, the chosen and the discarded,
        **per period** of the returns (an annual ratio of daily returns over the root of
        252).
    n_trials : float, default=None
        Number of independent trials, instead of or beside `trials`: beside them it is
        the effective number, for trials that are much alike.
    trial_variance : float, default=None
        Variance of the Sharpe ratios of the trials, instead of `trials`; per period (an
        annual variance over 252).
    ddof : int, default=1
        The variance of `trials` is their sum of squares over ``n_trials - ddof``.
    method : {"2014", "2025"}, default="2014"
        2014 takes the standard error of the chosen strategy's Sharpe ratio, at the
        estimate. 2025 takes the standard deviation of the best of the trials; only
        the Sharpe ratio of `returns` then matters.

    Returns
    -------
    confidence : float
        Fraction in (0, 1). With one trial nothing was selected: the benchmark is 0,
        and it is the probabilistic Sharpe ratio (method 2012 or 2025).

    Raises
    ------
    DataError
        If returns or trials are not finite, or too few, or do not vary.
    ValueError
        If the number of trials or their variance cannot be told.

    Notes
    -----
    It is as honest as the count of trials: those made by hand, by others, and on
    earlier data count too.

    References
    ----------
    Bailey, D. H. and López de Prado, M. (2014). The Deflated Sharpe Ratio: Correcting
    for Selection Bias, Backtest Overfitting and Non-Normality. Journal of Portfolio
    Management 40(5). The example is theirs: 100 trials, five years of 250 days, an
    annual Sharpe ratio of 2.5, variance 1/2 over the trials.

    López de Prado, M., Lipton, A. and Zoonekynd, V. (2025). How to Use the Sharpe
    Ratio. ADIA Lab Research Paper 19, equations 28 to 30, in the version of March 2026.

    Examples
    --------
    >>> from sk_ensemble.metrics import ReturnMoments, deflated_sharpe_ratio
    >>> chosen = ReturnMoments(2.5 / 250**0.5, 1250, skewness=-3, kurtosis=10)
    >>> for n_trials in (100, 46, 1):
    ...     confidence = deflated_sharpe_ratio(
    ...         chosen, n_trials=n_trials, trial_variance=0.5 / 250
    ...     )
    ...     print(n_trials, round(confidence, 4))
    100 0.9004
    46 0.9505
    1 1.0
    """
    checked_choice(method, "method", ("2014", "2025"))
    moments = ReturnMoments.coerce(returns)
    count, variance = _resolved_trials(trials, n_trials, trial_variance, ddof)
    if method == "2025" and count > 1:
        return _confidence_2025(moments.sharpe, count, variance)
    return probabilistic_sharpe_ratio(
        moments,
        benchmark=expected_maximum_sharpe(count, variance=variance),
        method="2025" if method == "2025" else "2012",
    )
