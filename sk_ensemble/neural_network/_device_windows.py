"""Windows on a device: every bar once, and one index operation per batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from sk_ensemble._typing import IntArray
from sk_ensemble.panel import Windows, bars_in_reach

__all__ = ["DeviceWindows"]


def windows_as_runs(windows: Windows) -> tuple[IntArray, IntArray]:
    """Lay bars out so that every window is a run of consecutive rows.

    Bars that no window holds are left out. Before the first bar of a segment stand as
    many copies of it as its windows need for padding.

    Parameters
    ----------
    windows : Windows of shape (n_samples, window_length, n_features)
        The samples.

    Returns
    -------
    bars : ndarray of int64 of shape (n_rows,)
        Row of the history's block that each row of the layout shows.
    starts : ndarray of int64 of shape (n_samples,)
        Row of the layout at which each window begins.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.preprocessing import Windower
    >>> from sk_ensemble.neural_network._device_windows import windows_as_runs
    >>> windows_as_runs(Windower(3).transform(np.zeros((9, 1)))[[0, 5]])
    (array([0, 0, 0, 3, 4, 5]), array([0, 3]))
    """
    held = bars_in_reach(windows)
    segments = windows.segment_starts
    first = np.searchsorted(held, np.maximum(windows.first_bars, segments))
    last_bars = np.maximum(windows.positions - windows.lag, segments)
    last = np.searchsorted(held, last_bars)
    n_copies = np.zeros(len(held), dtype=np.int64)
    np.maximum.at(n_copies, first, windows.window_length - 1 - (last - first))
    ends = np.cumsum(n_copies + 1) - 1
    return np.repeat(held, n_copies + 1), ends[last] - windows.window_length + 1


class DeviceWindows:
    """Hold windows on a device as each bar once, and gather batches there.

    The torch twin of `Windows`: what `gather` returns is equal, and as nothing but the
    bars in reach of the windows is copied to the device, 100,000 windows of 60 bars
    take hardly more memory than 100,000 bars.

    Parameters
    ----------
    windows : Windows of shape (n_samples, window_length, n_features)
        The samples. The window of sample t holds the bars t-lag-window_length+1 ...
        t-lag of its own symbol and segment.
    device : str or torch.device, default="cpu"
        Where to hold them.
    dtype : torch.dtype or None, default=None
        Type of the bars. None: as they are.

    Attributes
    ----------
    bars : Tensor of shape (n_rows, n_features)
        The bars in reach, and the copies that pad windows. Rescaling them in place
        rescales every window.
    starts : Tensor of int64 of shape (n_samples,)
        Row of `bars` at which each window begins; the others follow.
    window_length : int
        Bars per window.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.neural_network import DeviceWindows
    >>> from sk_ensemble.preprocessing import Windower
    >>> windows = Windower(2).transform(np.array([[1.0], [2.0], [3.0]]))
    >>> DeviceWindows(windows).gather([0, 2])[:, :, 0]
    tensor([[1., 1.],
            [2., 3.]], dtype=torch.float64)
    """

    def __init__(
        self,
        windows: Windows,
        device: str | torch.device = "cpu",
        dtype: torch.dtype | None = None,
    ) -> None:
        rows, starts = windows_as_runs(windows)
        self.bars = torch.from_numpy(windows.history.block[rows]).to(device, dtype)
        self.starts = torch.from_numpy(starts).to(device)
        self.window_length = windows.window_length

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of samples, bars per window and features."""
        return len(self), self.window_length, self.bars.shape[1]

    def gather(self, rows: Any = slice(None)) -> torch.Tensor:
        """Return one batch of windows.

        Parameters
        ----------
        rows : Tensor, array-like of int, slice or mask, default=slice(None, None, None)
            The samples, in any order, with repeats; numbers of shape (n_rows,).

        Returns
        -------
        batch : Tensor of shape (n_rows, window_length, n_features)
            A copy of these windows, on the device.
        """
        n_rows, n_features = self.bars.shape
        # A window is one run of memory: copying runs takes a fraction of the time that
        # copying single bars does.
        runs = self.bars.as_strided(
            (n_rows - self.window_length + 1, self.window_length * n_features),
            (n_features, 1),
        )
        batch = runs.index_select(0, self.starts[rows])
        return batch.view(-1, self.window_length, n_features)
