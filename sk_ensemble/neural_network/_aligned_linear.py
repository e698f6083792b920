"""Linear maps whose rounding does not depend on the place of a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

__all__ = ["AlignedLinear"]

#: Values that fill a cache line in single precision.
_STEP = 16


class AlignedLinear(TorchFunctionMode):
    """Give equal bits for equal rows, wherever they stand in a batch.

    The rows of a matrix whose width is no multiple of 16 bytes begin at addresses of
    different alignment, and on some processors the products of such rows are summed
    in different orders. Zeros that fill them up change no sum.

    Attributes
    ----------
    has_filled : bool
        Whether rows of some map had to be filled up.

    Examples
    --------
    >>> import torch
    >>> from sk_ensemble.neural_network._aligned_linear import AlignedLinear
    >>> layer, row = torch.nn.Linear(33, 3), torch.randn(33)
    >>> with AlignedLinear():
    ...     outputs = layer(row.repeat(32, 1))
    >>> bool((outputs == outputs[0]).all())
    True
    """

    def __init__(self) -> None:
        super().__init__()
        self.has_filled = False

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: Any = (),
        kwargs: Any = None,
    ) -> Any:
        """Call a function of torch, linear maps in their aligned form."""
        if func is functional.linear:
            func = self._linear
        return func(*args, **(kwargs or {}))

    def _linear(
        self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Map rows that are filled up with zeros to whole steps."""
        missing = -x.shape[-1] % _STEP
        if missing:
            self.has_filled = True
            x, weight = (functional.pad(part, (0, missing)) for part in (x, weight))
        return functional.linear(x, weight, bias)
