"""Mean and deviation of the bars that windows hold, computed where the bars are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from sk_ensemble._typing import FloatArray
from sk_ensemble.neural_network._device_windows import DeviceWindows

__all__ = ["bar_moments", "standardize_bars"]

#: Bars summed together, to bound the memory that double precision takes.
_CHUNK = 8_192


def _bar_weights(windows: DeviceWindows, weights: FloatArray) -> torch.Tensor:
    """Return each bar's share in the total weight of the windows, summing to 1."""
    starts = windows.starts.cpu().numpy()
    n_edges = len(windows.bars) + 1
    opened = np.bincount(starts, weights, n_edges)
    closed = np.bincount(starts + windows.window_length, weights, n_edges)
    covered = np.cumsum(opened - closed)[:-1]
    return torch.from_numpy(covered / covered.sum()).to(windows.bars.device)


def _weighted_sum(
    bars: torch.Tensor,
    weights: torch.Tensor,
    function: Callable[[torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """Sum a function of the bars, in double precision, some bars at a time."""
    parts = zip(bars.split(_CHUNK), weights.split(_CHUNK), strict=True)
    return sum(weight @ function(part.double()) for part, weight in parts)


def bar_moments(
    windows: DeviceWindows, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard deviation of every feature over weighted windows.

    A bar counts as often as it stands in windows, with their weights: the result is
    that of all windows laid side by side.

    Parameters
    ----------
    windows : DeviceWindows of shape (n_samples, window_length, n_features)
        The samples.
    weights : ndarray of float64 of shape (n_samples,)
        Positive weights.

    Returns
    -------
    mean, scale : ndarray of float64 of shape (n_features,)
        The scale of a constant feature is 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.neural_network import DeviceWindows
    >>> from sk_ensemble.neural_network._standardize import bar_moments
    >>> from sk_ensemble.preprocessing import Windower
    >>> windows = Windower(1).transform(np.array([[1.0], [2.0], [5.0]]))
    >>> bar_moments(DeviceWindows(windows), np.array([1.0, 2.0, 1.0]))
    (array([2.5]), array([1.5]))
    """
    shares = _bar_weights(windows, weights)
    mean = _weighted_sum(windows.bars, shares, lambda bars: bars)
    variance = _weighted_sum(windows.bars, shares, lambda bars: (bars - mean).square())
    scale = variance.sqrt()
    # Less than the rounding of the values themselves is no deviation.
    rounding = 10 * torch.finfo(windows.bars.dtype).eps * mean.abs()
    scale = torch.where(scale > rounding, scale, 1.0)
    return mean.cpu().numpy(), scale.cpu().numpy()


def standardize_bars(
    windows: DeviceWindows, mean: FloatArray, scale: FloatArray
) -> None:
    """Subtract the mean from every bar and divide by the scale, in place.

    Parameters
    ----------
    windows : DeviceWindows of shape (n_samples, window_length, n_features)
        Changed.
    mean, scale : ndarray of shape (n_features,)
        From `bar_moments`.
    """
    windows.bars.sub_(torch.as_tensor(mean).to(windows.bars))
    windows.bars.div_(torch.as_tensor(scale).to(windows.bars))
