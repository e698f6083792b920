"""Whether every period can be scored, found out before anything is fitted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from sk_ensemble.exceptions import EmptyFoldError
from sk_ensemble.experiments._samples import PERIODS, HorizonSamples
from sk_ensemble.utils.sessions import local_days

__all__ = ["period_problems", "refuse_unscored_periods"]

#: Days that the interval of a figure takes at least.
_FEWEST_DAYS = 2


def _labelled_days(samples: HorizonSamples, period: str) -> int:
    """Count the days, UTC, on which a period has labels."""
    X = samples.periods[period]
    known = samples.known[period]["y"].notna().to_numpy()
    times = np.asarray(X.times_ns)[known]
    return len(np.unique(local_days(times, "UTC")))


def period_problems(samples: HorizonSamples) -> Iterator[str]:
    """Yield the periods of a horizon that have labels on too few days.

    Parameters
    ----------
    samples : HorizonSamples
        Samples of one horizon.

    Yields
    ------
    problem : str
        What is wrong, and what to do.
    """
    for period in PERIODS:
        n_days = _labelled_days(samples, period)
        if n_days < _FEWEST_DAYS:
            yield (
                f"The {period} period has labels of horizon {samples.horizon} on "
                f"{n_days} day(s), and scores need at least {_FEWEST_DAYS}. Choose a "
                "longer period or a shorter horizon."
            )


def refuse_unscored_periods(samples: Iterable[HorizonSamples]) -> None:
    """Refuse to fit what cannot be scored.

    Raises
    ------
    EmptyFoldError
        If a period has labels on too few days; all such periods are listed.
    """
    problems = [problem for part in samples for problem in period_problems(part)]
    if problems:
        raise EmptyFoldError("\n".join(problems))
