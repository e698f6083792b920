"""What torch's compiler makes of a module, for training."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch

__all__ = ["Compiled"]


def _import_compiler() -> Any:
    """Import the compiler late: it takes long, and parts warn that others are old."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import torch._dynamo
        import torch._inductor.compile_fx
    return torch._dynamo


class Compiled:
    """Compile a function of windows when it is first called, once per size of batch.

    A program for all sizes would be slower, and whether torch makes one would depend on
    which size came first. Programs of earlier trainings are dropped: torch keeps a few
    for one function, and would then run it as it is.

    Parameters
    ----------
    function : callable
        Maps windows to outputs.
    """

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self._compiler = _import_compiler()
        torch.compiler.reset()
        self._function = torch.compile(function, dynamic=False)

    def __call__(self, windows: torch.Tensor) -> torch.Tensor:
        """Return what the function makes of the windows.

        Parameters
        ----------
        windows : Tensor of shape (n_windows, window_length, n_features)
            A batch.

        Raises
        ------
        RuntimeError
            If it cannot be compiled.
        """
        try:
            return self._function(windows)
        except self._compiler.exc.BackendCompilerFailed as error:
            reason = str(error.inner_exception).strip().partition("\n")[0].rstrip(".")
            msg = (
                f"compile=True, and torch cannot compile the network: {reason}. "
                "It needs a C++ compiler, such as g++, that is found by its name, or "
                "named by the environment variable CXX. Install one, or set "
                "compile=False."
            )
            raise RuntimeError(msg) from error
