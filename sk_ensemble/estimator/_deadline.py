"""The time that a fit may take."""

from __future__ import annotations

from time import monotonic

__all__ = ["Deadline"]


class Deadline:
    """Tell whether the time is up.

    Parameters
    ----------
    seconds : float or None
        Time from now; None: without end.

    Examples
    --------
    >>> from sk_ensemble.estimator._deadline import Deadline
    >>> Deadline(None).is_over()
    False
    """

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else monotonic() + seconds

    def is_over(self) -> bool:
        """Return whether the time is up."""
        return self._end is not None and monotonic() >= self._end
