"""How a trained network predicts: in blocks of a fixed number of rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.estimator import WindowClassifier, n_threads, predict_in_blocks
from sk_ensemble.neural_network._device_windows import DeviceWindows
from sk_ensemble.neural_network._net import WindowNet
from sk_ensemble.neural_network._torch_state import seeded, torch_threads
from sk_ensemble.panel import Windows
from sk_ensemble.utils.memory import return_free_memory

__all__ = ["NetworkPrediction"]

#: Rows predicted together. On a CPU more are hardly faster per row, and one row alone
#: costs a whole block; a GPU takes as long for few rows as for many.
_BLOCK_SIZES = {"cpu": 32, "cuda": 1024}

#: Samples whose bars are on the device at a time in prediction.
_MOST_ON_DEVICE = 2**17

#: Seed of the units dropped in prediction.
_MASK_SEED = 0


class NetworkPrediction(WindowClassifier):
    """Predict with `net_`, which a network has trained.

    A network supplies `_prepare`.
    """

    net_: WindowNet

    n_jobs: int | None
    mc_samples: int

    def _prepare(self, on_device: DeviceWindows, windows: Windows) -> None:
        """Make of the bars of some windows what the module is to see."""

    def _predict_windows(self, windows: Windows) -> FloatArray:
        if self.mc_samples:
            return self._in_blocks(windows, self._predict_sampled, block_size=1)
        return self._in_blocks(windows, self._predict_block)

    def _in_blocks(
        self,
        windows: Windows,
        compute: Callable[[DeviceWindows, IntArray], FloatArray],
        block_size: int | None = None,
    ) -> FloatArray:
        """Compute something of samples, in blocks of a fixed number of rows."""
        device = torch.device(self.net_.device)
        if block_size is None:
            block_size = _BLOCK_SIZES.get(device.type, _BLOCK_SIZES["cuda"])
        parts = []
        with torch_threads(n_threads(self.n_jobs)):
            # Some at a time, as the bars they hold are copied to the device.
            for start in range(0, len(windows), _MOST_ON_DEVICE):
                part = windows[start : start + _MOST_ON_DEVICE]
                on_device = DeviceWindows(part, device, self.net_.dtype)
                self._prepare(on_device, part)
                apply = partial(compute, on_device)
                parts.append(predict_in_blocks(len(part), block_size, apply, pad=True))
                return_free_memory(windows.history.block.nbytes)
        return np.concatenate(parts)

    def _module_outputs(self, method: str, X: Any) -> FloatArray:
        """Return what a method of the trained module gives for samples."""
        windows = self._windows_to_predict(X)
        if self._only_class is not None:
            msg = "Only one class had weight in fit, so there is no network to look at."
            raise ValueError(msg)

        def compute(on_device: DeviceWindows, rows: IntArray) -> FloatArray:
            outputs = self.net_.compute(method, on_device.gather(rows))
            return outputs.double().cpu().numpy()

        return self._in_blocks(windows, compute)

    def _predict_block(self, windows: DeviceWindows, rows: IntArray) -> FloatArray:
        """Return the probabilities of some samples."""
        logits = self.net_.predict_logits(windows.gather(rows))
        return torch.softmax(logits.double(), dim=1).cpu().numpy()

    def _predict_sampled(self, windows: DeviceWindows, rows: IntArray) -> FloatArray:
        """Return the mean probabilities of one sample over thinned networks.

        The batch holds copies of the one sample and the seed is fixed, so every
        sample meets the same networks, whatever others are asked for with it.
        """
        batch = windows.gather(np.repeat(rows, self.mc_samples))
        with seeded(_MASK_SEED, batch.device):
            logits = self.net_.predict_logits(batch, dropout=True)
        proba = torch.softmax(logits.double(), dim=1)
        return proba.mean(dim=0, keepdim=True).cpu().numpy()
