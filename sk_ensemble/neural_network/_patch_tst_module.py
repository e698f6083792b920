"""PatchTST: a transformer over patches of each feature on its own."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from sk_ensemble.neural_network._transformer_layer import TransformerLayer

__all__ = ["PatchTSTModule"]

#: Added to variances, so that a series that stands still can be divided by its own.
_LEAST_VARIANCE = 1e-5


def _check_sizes(patch_len: int, stride: int, d_model: int, n_heads: int) -> None:
    if stride > patch_len:
        msg = (
            f"stride={stride} is larger than patch_len={patch_len}: bars between "
            "patches would not be seen."
        )
        raise ValueError(msg)
    if d_model % n_heads:
        msg = f"d_model={d_model} must be a multiple of n_heads={n_heads}."
        raise ValueError(msg)


class PatchTSTModule(nn.Module):
    """Map windows to outputs by a transformer over patches of each feature (PatchTST).

    Every feature is a series of its own, which all go through the same network: its
    bars less their mean and divided by their deviation, cut into patches that overlap,
    each of which becomes a state that knows its position, followed by layers of
    attention between patches. The states of all patches of all features, and the means
    and deviations that were taken away, are mapped to the outputs.

    A plain torch module: it knows nothing of estimators, labels or panels.

    Parameters
    ----------
    n_features : int
        Features per bar.
    n_outputs : int
        Numbers per window, such as one logit per class.
    window_length : int
        Bars per window. A shorter window than a patch begins with copies of its
        earliest bar.
    patch_len : int, default=16
        Bars per patch.
    stride : int, default=8
        Bars from one patch to the next. As many copies of the latest bar are put
        behind it.
    d_model : int, default=128
        Units of a state.
    n_heads : int, default=16
        Heads of the attention, of which `d_model` is a multiple.
    num_layers : int, default=3
        Layers.
    d_ff : int, default=256
        Units of the hidden layer behind the attention.
    dropout : float, default=0.2
        Share of units dropped throughout.
    norm : {"BatchNorm", "LayerNorm"}, default="BatchNorm"
        What is normalised over within layers.
    revin : bool, default=True
        Whether to normalise every series of a window. Otherwise the network sees them
        as they are, and the outputs depend on nothing else.

    Raises
    ------
    ValueError
        If `stride` is larger than `patch_len`, or `d_model` no multiple of `n_heads`.

    Examples
    --------
    >>> import torch
    >>> from sk_ensemble.neural_network import PatchTSTModule
    >>> module = PatchTSTModule(10, 3, window_length=60)
    >>> module.representations(torch.zeros(2, 60, 10)).shape
    torch.Size([2, 10, 7, 128])
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        window_length: int,
        patch_len: int = 16,
        stride: int = 8,
        d_model: int = 128,
        n_heads: int = 16,
        num_layers: int = 3,
        d_ff: int = 256,
        dropout: float = 0.2,
        norm: str = "BatchNorm",
        revin: bool = True,
    ) -> None:
        super().__init__()
        _check_sizes(patch_len, stride, d_model, n_heads)
        self.patch_len, self.stride, self.revin = patch_len, stride, revin
        #: Copies of the earliest bar that stand before a window shorter than a patch.
        self.n_missing = max(patch_len - window_length, 0)
        n_patches = (window_length + self.n_missing - patch_len) // stride + 2
        self.inputs = nn.Linear(patch_len, d_model)
        self.positions = nn.Parameter(torch.empty(n_patches, d_model))
        nn.init.uniform_(self.positions, -0.02, 0.02)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(
            TransformerLayer(
                d_model,
                n_heads=n_heads,
                d_ff=d_ff,
                dropout=dropout,
                norm=norm,
                attention_bias=True,
            )
            for _ in range(num_layers)
        )
        n_facts = n_patches * d_model + (2 if revin else 0)
        self.head = nn.Linear(n_features * n_facts, n_outputs)

    def patches(self, series: torch.Tensor) -> torch.Tensor:
        """Cut series into patches.

        Parameters
        ----------
        series : Tensor of shape (n_windows, n_features, window_length)
            Earliest bar first.

        Returns
        -------
        patches : Tensor of shape (n_windows, n_features, n_patches, patch_len)
            Earliest patch first.
        """
        margins = (self.n_missing, self.stride)
        padded = functional.pad(series, margins, mode="replicate")
        return padded.unfold(2, self.patch_len, self.stride)

    def _normalized(self, series: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return normalised series, and means and logarithms of deviations."""
        variance, mean = torch.var_mean(series, dim=2, correction=0, keepdim=True)
        scale = (variance + _LEAST_VARIANCE).sqrt()
        return (series - mean) / scale, torch.cat([mean, scale.log()], dim=2)

    def _encode(self, series: torch.Tensor) -> torch.Tensor:
        """Return the states of the patches of normalised series."""
        states = self.dropout(self.inputs(self.patches(series)) + self.positions)
        n_windows = len(states)
        states = states.flatten(0, 1)
        for layer in self.layers:
            states = layer(states)
        return states.unflatten(0, (n_windows, -1))

    def representations(self, windows: torch.Tensor) -> torch.Tensor:
        """Compute the states of all patches.

        Parameters
        ----------
        windows : Tensor of shape (n_windows, window_length, n_features)
            Windows, earliest bar first.

        Returns
        -------
        states : Tensor of shape (n_windows, n_features, n_patches, d_model)
            Those of a feature depend on no other feature.
        """
        series = windows.transpose(1, 2)
        return self._encode(self._normalized(series)[0] if self.revin else series)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Compute the outputs.

        Parameters
        ----------
        windows : Tensor of shape (n_windows, window_length, n_features)
            Windows, earliest bar first.

        Returns
        -------
        outputs : Tensor of shape (n_windows, n_outputs)
            One row per window.
        """
        series = windows.transpose(1, 2)
        if not self.revin:
            return self.head(self.dropout(self._encode(series)).flatten(1))
        series, taken = self._normalized(series)
        facts = self.dropout(self._encode(series)).flatten(1)
        return self.head(torch.cat([facts, taken.flatten(1)], dim=1))
