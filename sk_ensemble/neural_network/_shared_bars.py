"""Bars that the samples of several folds have in common."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch

from sk_ensemble.neural_network._device_windows import DeviceWindows
from sk_ensemble.panel import Windows

__all__ = ["SharedBars", "at"]


def at(windows: DeviceWindows, starts: torch.Tensor) -> DeviceWindows:
    """Return other windows on the same bars.

    Parameters
    ----------
    windows : DeviceWindows of shape (n_samples, window_length, n_features)
        Some windows.
    starts : Tensor of int64 of shape (n_others,)
        Rows of the bars at which the others begin.
    """
    others = copy.copy(windows)
    others.starts = starts
    return others


class SharedBars:
    """Hold the bars of all folds on a device once.

    Parameters
    ----------
    parts : sequence of Windows
        Samples on one history.
    device : torch.device
        Where to hold them.
    """

    def __init__(self, parts: Sequence[Windows], device: torch.device) -> None:
        first = parts[0]
        self._positions = np.unique(np.concatenate([part.positions for part in parts]))
        everything = Windows(
            first.history,
            self._positions,
            window_length=first.window_length,
            lag=first.lag,
        )
        self.windows = DeviceWindows(everything, device)

    def of(self, windows: Windows) -> DeviceWindows:
        """Return some of the samples, on the same bars."""
        starts = self.windows.starts
        places = np.searchsorted(self._positions, windows.positions)
        return at(self.windows, starts[torch.from_numpy(places).to(starts.device)])
