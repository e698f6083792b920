"""Where torch computes, with how many threads and which random numbers."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["import_optimizers", "pick_device", "seeded", "torch_threads"]

_COMPILER = "torch._dynamo"

#: torch has one generator per process, which two fits must not share.
_ONE_AT_A_TIME = threading.RLock()


def pick_device(device: str) -> torch.device:
    """Return the device that a name stands for.

    Parameters
    ----------
    device : str
        A name that torch knows, such as "cpu" or "cuda:1", or "auto": CUDA when there
        is a device, else the CPU.

    Returns
    -------
    device : torch.device
        A device that can be computed on.

    Raises
    ------
    ValueError
        If torch does not know the device, or has no such device here.

    Examples
    --------
    >>> from sk_ensemble.neural_network import pick_device
    >>> pick_device("cpu")
    device(type='cpu')
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.zeros(1, device=device).add(1).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        msg = (
            f"device={device!r} cannot be computed on: {str(error).splitlines()[0]} "
            "Use 'cpu', 'cuda' or 'auto'."
        )
        raise ValueError(msg) from error
    return torch.device(device)


def import_optimizers() -> None:
    """Import what the first optimizer of a process would import.

    That import (of torch's compiler) keeps the frames it is called from, until they are
    collected as garbage, and so all bars that are in their sight. A thread has none.
    """
    if _COMPILER not in sys.modules:
        thread = threading.Thread(target=importlib.import_module, args=(_COMPILER,))
        thread.start()
        thread.join()


@contextmanager
def torch_threads(n_threads: int) -> Iterator[None]:
    """Compute with this many threads, then with as many as before.

    Parameters
    ----------
    n_threads : int
        Threads within one operation.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Draw from generators seeded with `seed`, then go on as if nothing had happened.

    Parameters
    ----------
    seed : int
        Seed of the generators of the CPU and of `device`.
    device : torch.device
        The device in use.
    """
    devices = [device] if device.type == "cuda" else []
    with _ONE_AT_A_TIME, torch.random.fork_rng(devices):
        torch.default_generator.manual_seed(seed)
        for cuda in devices:
            with torch.cuda.device(cuda):
                torch.cuda.manual_seed(seed)
        yield
