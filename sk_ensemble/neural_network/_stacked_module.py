"""Networks of one shape as one: their weights side by side, one call for all."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from math import prod

import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules.batchnorm import _BatchNorm

from sk_ensemble.neural_network._row_norm import RowNorm
from sk_ensemble.neural_network._unrolled import UnrolledRecurrent

__all__ = ["StackedModule", "stackable"]

Weights = tuple[torch.Tensor, dict[str, torch.Tensor]]


def _replace(module: nn.Module) -> nn.Module:
    """Return what computes the same for many networks at once, parts included."""
    if isinstance(module, nn.RNNBase):
        return UnrolledRecurrent(module)
    if isinstance(module, _BatchNorm):
        return RowNorm(module)
    for name, part in module.named_children():
        setattr(module, name, _replace(part))
    return module


def stackable(module: nn.Module) -> nn.Module:
    """Return a copy of a module that `torch.func.vmap` can run for many networks.

    Recurrent layers are written out, and batch normalisation leaves out rows that are
    no samples. Parameters and buffers keep their names.

    Parameters
    ----------
    module : nn.Module
        Any module.

    Raises
    ------
    TypeError
        If a layer is of a kind that cannot be replaced.

    Examples
    --------
    >>> import torch
    >>> from sk_ensemble.neural_network import LSTMModule
    >>> from sk_ensemble.neural_network._stacked_module import stackable
    >>> module, windows = LSTMModule(2, 3), torch.randn(5, 4, 2)
    >>> module(windows).allclose(stackable(module)(windows), atol=1e-6)
    True
    """
    return _replace(copy.deepcopy(module))


class _Calling(nn.Module):
    """Let a method of a module be called as modules are."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.method = "forward"

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Call the method."""
        return getattr(self.module, self.method)(windows)


class StackedModule:
    """Hold the weights of modules of one shape, and compute with all at once.

    Parameters
    ----------
    modules : sequence of nn.Module
        Modules that differ by their weights only.

    Attributes
    ----------
    values : Tensor of shape (n_modules, n_weights)
        All parameters of each module, side by side.
    """

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        parameters, self._buffers = stack_module_state(list(modules))
        self._shapes = {name: part.shape[1:] for name, part in parameters.items()}
        self._sizes = [prod(shape) for shape in self._shapes.values()]
        parts = [part.detach().flatten(1) for part in parameters.values()]
        self.values = torch.cat(parts, dim=1)
        self._template = _Calling(stackable(modules[0]))
        self._norms = [
            part for part in self._template.modules() if isinstance(part, RowNorm)
        ]

    def keep(self, places: Sequence[int]) -> None:
        """Drop the modules that are at none of these places."""
        self.values = self.values[list(places)]
        self._buffers = {
            name: part[list(places)] for name, part in self._buffers.items()
        }

    def weights(self, place: int) -> Weights:
        """Return a copy of the parameters and the buffers of one module."""
        buffers = {name: part[place].clone() for name, part in self._buffers.items()}
        return self.values[place].clone(), buffers

    def load_into(self, module: nn.Module, weights: Weights) -> None:
        """Give a module the weights that `weights` has returned."""
        values, buffers = weights
        parts = values.split(self._sizes)
        shapes = self._shapes.items()
        named = {
            name: part.view(shape)
            for (name, shape), part in zip(shapes, parts, strict=True)
        }
        module.load_state_dict(named | buffers)

    def outputs(
        self,
        values: torch.Tensor,
        windows: torch.Tensor,
        is_sample: torch.Tensor,
        *,
        training: bool,
        method: str = "forward",
    ) -> torch.Tensor:
        """Compute the outputs of the first modules, each for windows of its own.

        Parameters
        ----------
        values : Tensor of shape (n_first, n_weights)
            Their parameters, of which the gradient may be asked for.
        windows : Tensor of shape (n_first, n_windows, window_length, n_features)
            A batch for each.
        is_sample : Tensor of bool of shape (n_first, n_windows)
            False for windows that fill a batch up.
        training : bool
            Whether to drop units and to learn the statistics of batches.
        method : str, default="forward"
            What of the modules is called.

        Returns
        -------
        outputs : Tensor of shape (n_first, ..., n_windows, n_outputs)
            What it gives of each module: one logit per class.
        """
        self._template.train(training)
        self._template.method = method
        n_first = len(values)
        shapes = self._shapes.items()
        parameters = {
            f"module.{name}": part.view(n_first, *shape)
            for (name, shape), part in zip(
                shapes, values.split(self._sizes, dim=1), strict=True
            )
        }
        buffers = {
            f"module.{name}": part[:n_first] for name, part in self._buffers.items()
        }
        # The fast kernels of attention have no rule for many networks.
        with sdpa_kernel(SDPBackend.MATH):
            return vmap(self._one, randomness="different")(
                parameters, buffers, windows, is_sample
            )

    def _one(
        self,
        parameters: dict[str, torch.Tensor],
        buffers: dict[str, torch.Tensor],
        windows: torch.Tensor,
        is_sample: torch.Tensor,
    ) -> torch.Tensor:
        for norm in self._norms:
            norm.is_sample = is_sample
        try:
            return functional_call(self._template, (parameters, buffers), (windows,))
        finally:
            for norm in self._norms:
                norm.is_sample = None
