"""The weights of a module as arrays, and a module that is made of such arrays.

The arrays may come from a stranger's file, next to parameters that say how large the
module is to be. It is therefore built under a limit: no parameter can make it larger
than what its weights account for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from sk_ensemble.exceptions import PersistenceError

__all__ = ["module_with", "weights_of"]

#: Numbers that a module may hold besides its weights, such as masks and positions, in
#: multiples of these, and at least.
_FACTOR, _NUMBERS = 16, 2**26

#: Operations that building a module may take per array of weights, and at least.
_OPERATIONS_EACH, _OPERATIONS = 100, 1000


def weights_of(module: nn.Module) -> dict[str, np.ndarray]:
    """Return the weights and buffers of a module by name.

    Parameters
    ----------
    module : nn.Module
        The module, on any device.

    Returns
    -------
    weights : dict of str to ndarray
        Copies.
    """
    return {
        name: weight.detach().cpu().numpy().copy()
        for name, weight in module.state_dict().items()
    }


def _numbers_asked_for(value: Any) -> int:
    """Return how many numbers an argument of an operation may stand for."""
    if isinstance(value, list | tuple) and all(isinstance(size, int) for size in value):
        return math.prod(value)
    return value if isinstance(value, int) else 0


class _Limited(TorchFunctionMode):
    """Refuse operations once they have asked for more than there can be."""

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        super().__init__()
        n_weights = sum(weight.size for weight in weights.values())
        self.numbers = _NUMBERS + _FACTOR * n_weights
        self.operations = _OPERATIONS + _OPERATIONS_EACH * len(weights)

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        self.numbers -= max(map(_numbers_asked_for, args), default=0)
        self.operations -= 1
        if self.numbers < 0 or self.operations < 0:
            msg = "the network's parameters ask for far more than there are weights"
            raise PersistenceError(msg)
        return func(*args, **(kwargs or {}))


def _refuse_others(module: nn.Module, weights: Mapping[str, np.ndarray]) -> None:
    """Raise unless the weights are those that the module has."""
    expected = {
        name: (tuple(weight.shape), str(weight.dtype).removeprefix("torch."))
        for name, weight in module.state_dict().items()
    }
    found = {
        name: (weight.shape, str(weight.dtype)) for name, weight in weights.items()
    }
    for name in sorted({*expected, *found}):
        if expected.get(name) != found.get(name):
            msg = (
                f"the network should have the weights {name!r}: {expected.get(name)}, "
                f"and the file has {found.get(name)}"
            )
            raise PersistenceError(msg)


def _floats(weights: Mapping[str, np.ndarray]) -> torch.dtype:
    """Return the type that the module computes in."""
    kinds = {weight.dtype for weight in weights.values() if weight.dtype.kind == "f"}
    if len(kinds) != 1:
        names = sorted(map(str, kinds))
        msg = f"weights should be of one type of floats, they are of {names}"
        raise PersistenceError(msg)
    return torch.from_numpy(np.zeros(0, dtype=kinds.pop())).dtype


def module_with(
    weights: Mapping[str, np.ndarray], make: Callable[[], nn.Module]
) -> nn.Module:
    """Make a module and give it weights.

    Parameters
    ----------
    weights : mapping of str to ndarray
        What `weights_of` returned.
    make : callable
        Makes the module.

    Returns
    -------
    module : nn.Module
        The module, on the CPU, in the type of its weights.

    Raises
    ------
    PersistenceError
        If it has other weights, or would be far larger than these.
    """
    with _Limited(weights):
        module = make()
    module = module.to(dtype=_floats(weights))
    _refuse_others(module, weights)
    module.load_state_dict(
        {name: torch.from_numpy(np.array(weight)) for name, weight in weights.items()}
    )
    return module
