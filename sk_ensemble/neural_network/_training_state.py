"""What training goes on from besides weights: optimizer, schedule, random numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from sk_ensemble.exceptions import PersistenceError

__all__ = ["restore_arrays", "restore_rates", "state_arrays", "state_rates"]

_CPU, _CUDA = "random.cpu", "random.cuda"

#: Names of the optimizer's arrays: ``optimizer.<number of the parameter>.<name>``.
_OPTIMIZER = "optimizer"


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    array: np.ndarray = tensor.detach().cpu().numpy().copy()
    return array


def state_arrays(net: Any) -> dict[str, np.ndarray]:
    """Return the optimizer's running means and the states of torch's generators.

    Parameters
    ----------
    net : WindowNet
        A net between two epochs.

    Returns
    -------
    arrays : dict of str to ndarray
        Copies, by name.
    """
    arrays = {
        f"{_OPTIMIZER}.{number}.{name}": _numpy(value)
        for number, values in net.optimizer_.state_dict()["state"].items()
        for name, value in values.items()
    }
    arrays[_CPU] = _numpy(torch.random.get_rng_state())
    device = torch.device(net.device)
    if device.type == "cuda":
        arrays[_CUDA] = _numpy(torch.cuda.get_rng_state(device))
    return arrays


def _optimizer_state(arrays: Mapping[str, np.ndarray]) -> dict[int, dict[str, Any]]:
    """Return the arrays of the optimizer by parameter and name, as tensors."""
    state: dict[int, dict[str, Any]] = {}
    for name, array in arrays.items():
        owner, _, rest = name.partition(".")
        if owner == _OPTIMIZER:
            number, _, part = rest.partition(".")
            # A copy, as torch would go on to use what it is given.
            state.setdefault(int(number), {})[part] = torch.from_numpy(np.array(array))
    return state


def _refuse_other_shapes(optimizer: Any, state: Mapping[int, Any]) -> None:
    """Raise unless there is one array per parameter, of its shape, or a number."""
    shapes = [
        parameter.shape
        for group in optimizer.param_groups
        for parameter in group["params"]
    ]
    for number, parts in state.items():
        fits = 0 <= number < len(shapes) and all(
            part.shape in (shapes[number], ()) for part in parts.values()
        )
        if not fits:
            msg = f"the optimizer's state of parameter {number} is of another network"
            raise PersistenceError(msg)


def restore_arrays(net: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Give a net that is about to train what `state_arrays` has returned.

    Parameters
    ----------
    net : WindowNet
        An initialised net with the weights of that time.
    arrays : mapping of str to ndarray
        The arrays. The state of a generator of CUDA is used only on CUDA.

    Raises
    ------
    PersistenceError
        If they are those of another network.
    """
    optimizer = net.optimizer_
    state = _optimizer_state(arrays)
    _refuse_other_shapes(optimizer, state)
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    torch.random.set_rng_state(torch.from_numpy(np.array(arrays[_CPU])))
    device = torch.device(net.device)
    if device.type == "cuda" and _CUDA in arrays:
        torch.cuda.set_rng_state(torch.from_numpy(np.array(arrays[_CUDA])), device)


def _scheduler(net: Any) -> Any:
    """Return what changes the learning rate, None if nothing does."""
    callback = dict(net.callbacks_).get("schedule")
    return None if callback is None else callback.lr_scheduler_


def _is_infinite(value: Any) -> bool:
    return isinstance(value, float) and math.isinf(value)


def state_rates(net: Any) -> dict[str, Any]:
    """Return the optimizer's rates and the place in the schedule, as JSON.

    Parameters
    ----------
    net : WindowNet
        A net between two epochs.

    Returns
    -------
    rates : dict
        Numbers, texts, and lists and dicts of these.
    """
    groups = net.optimizer_.state_dict()["param_groups"]
    scheduler = _scheduler(net)
    place = {} if scheduler is None else scheduler.state_dict()
    # What is infinite has not changed since the beginning, and JSON has no infinity.
    return {
        "groups": groups,
        "schedule": {k: v for k, v in place.items() if not _is_infinite(v)},
    }


def _as_before(now: Any, before: Any) -> Any:
    """Return a value from JSON, as a tuple where there was one."""
    return tuple(now) if isinstance(before, tuple) else now


def restore_rates(net: Any, rates: Mapping[str, Any]) -> None:
    """Give a net that is about to train what `state_rates` has returned.

    Parameters
    ----------
    net : WindowNet
        A net whose callbacks know that training begins.
    rates : mapping
        The rates.
    """
    for group, stored in zip(net.optimizer_.param_groups, rates["groups"], strict=True):
        values = {k: v for k, v in stored.items() if k != "params"}
        group.update({k: _as_before(v, group.get(k)) for k, v in values.items()})
    scheduler = _scheduler(net)
    if scheduler is not None:
        scheduler.load_state_dict(scheduler.state_dict() | dict(rates["schedule"]))
