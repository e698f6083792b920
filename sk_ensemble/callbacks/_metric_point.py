"""One value of a metric."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["MetricPoint"]


class MetricPoint(NamedTuple):
    """One value of a metric.

    Parameters
    ----------
    name : str
        Name of the metric.
    value : float
        Its value. NaN and infinities are counted in a tag and not recorded.
    step : int, default=0
        Round, epoch or fold.
    time : int or None, default=None
        Milliseconds since 1970; None means the end of the run.

    Examples
    --------
    >>> from sk_ensemble.callbacks import MetricPoint
    >>> MetricPoint("val_loss", 0.69, step=3)
    MetricPoint(name='val_loss', value=0.69, step=3, time=None)
    """

    name: str
    value: float
    step: int = 0
    time: int | None = None
