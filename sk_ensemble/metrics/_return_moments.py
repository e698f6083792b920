"""What the tests of a Sharpe ratio need to know of a series of returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.profits import checked_profits, sharpe_ratio

__all__ = ["ReturnMoments"]


def _autocorrelation(deviations: FloatArray) -> float:
    """Return the correlation of each deviation from the mean with the next."""
    return float(deviations[1:] @ deviations[:-1] / (deviations @ deviations))


@dataclass(frozen=True)
class ReturnMoments:
    """Sharpe ratio, length and shape of a series of returns.

    Made from returns by :meth:`from_returns`, or by hand where only these numbers are
    known. All are *per period*: to test an annual Sharpe ratio of daily returns, divide
    it by the root of 252 first.

    Parameters
    ----------
    sharpe : float
        Sharpe ratio per period.
    n_observations : int
        Number of returns, at least 3.
    skewness : float, default=0.0
        Third standardised moment.
    kurtosis : float, default=3.0
        Fourth standardised moment; 3 for a normal distribution (not the excess).
    autocorrelation : float, default=0.0
        Correlation of each return with the next, in (-1, 1). Only the method of 2025
        makes use of it.

    Raises
    ------
    DataError
        If no distribution has such moments, or there are too few observations.

    Examples
    --------
    >>> from sk_ensemble.metrics import ReturnMoments
    >>> ReturnMoments(0.158, 1250, skewness=-3, kurtosis=10)
    ReturnMoments(sharpe=0.158, n_observations=1250, skewness=-3, kurtosis=10,
                  autocorrelation=0.0)
    """

    sharpe: float
    n_observations: int
    skewness: float = 0.0
    kurtosis: float = 3.0
    autocorrelation: float = 0.0

    def __post_init__(self) -> None:
        numbers = (self.sharpe, self.skewness, self.kurtosis, self.autocorrelation)
        if not np.isfinite(numbers).all():
            msg = f"The moments of returns must be finite, got {self}."
            raise DataError(msg)
        if self.n_observations < 3:
            msg = (
                "A Sharpe ratio can be tested from 3 returns on, got n_observations="
                f"{self.n_observations}. Some hundred are needed to learn anything."
            )
            raise DataError(msg)
        if self.kurtosis < self.skewness**2 + 1 - 1e-9:
            msg = (
                f"No distribution has skewness {self.skewness} and kurtosis "
                f"{self.kurtosis}: the kurtosis is at least 1 + skewness ** 2. Give "
                "the kurtosis itself, which is 3 for a normal distribution, not the "
                "excess over 3."
            )
            raise DataError(msg)
        if not -1 < self.autocorrelation < 1:
            msg = f"autocorrelation must lie in (-1, 1), got {self.autocorrelation}."
            raise DataError(msg)

    @classmethod
    def from_returns(cls, returns: npt.ArrayLike, *, ddof: int = 1) -> ReturnMoments:
        """Estimate the moments of returns.

        Parameters
        ----------
        returns : array-like of shape (n_observations,)
            Return of each period over the riskless rate.
        ddof : int, default=1
            The variance in the Sharpe ratio is the sum of squares over
            ``n_observations - ddof``. Skewness and kurtosis are those of the sample,
            without a correction for its size.

        Returns
        -------
        moments : ReturnMoments
            Estimates per period.

        Raises
        ------
        DataError
            If there are fewer than three returns, one is not finite, or they do not
            vary.

        Examples
        --------
        >>> from sk_ensemble.metrics import ReturnMoments
        >>> moments = ReturnMoments.from_returns([0.02, -0.01, 0.03, 0.0])
        >>> round(moments.sharpe, 4), moments.n_observations, round(moments.kurtosis, 4)
        (0.5477, 4, 1.36)
        """
        values = checked_profits(returns, name="returns")
        if len(values) < 3:
            msg = (
                f"A Sharpe ratio can be tested from 3 returns on, got {len(values)}. "
                "Some hundred are needed to learn anything."
            )
            raise DataError(msg)
        if np.ptp(values) == 0:
            msg = (
                f"All {len(values)} returns are {values[0]}, so there is no Sharpe "
                "ratio to test. Check that the strategy traded at all."
            )
            raise DataError(msg)
        deviations = values - values.mean()
        standard = deviations / deviations.std()
        return cls(
            sharpe=sharpe_ratio(values, ddof=ddof),
            n_observations=len(values),
            skewness=float(np.mean(standard**3)),
            kurtosis=float(np.mean(standard**4)),
            autocorrelation=_autocorrelation(deviations),
        )

    @classmethod
    def coerce(cls, returns: npt.ArrayLike | ReturnMoments) -> ReturnMoments:
        """Return moments as they are, and estimate those of anything else.

        Parameters
        ----------
        returns : array-like of shape (n_observations,) or ReturnMoments
            Returns, or what is known of them.

        Returns
        -------
        moments : ReturnMoments
            Moments per period.
        """
        if isinstance(returns, ReturnMoments):
            return returns
        return cls.from_returns(returns)
