"""What tells one training from another: its samples, parameters and beginning."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from sk_ensemble.estimator import TrainingSet
from sk_ensemble.panel import bars_in_reach
from sk_ensemble.utils.files import strict_json

__all__ = ["computed_with", "differences", "digest_of_samples", "fit_facts"]

#: Bars read at a time.
_CHUNK = 65_536

#: Parameters that do not change what is learnt, or that others of the facts tell of.
_WITHOUT_EFFECT = frozenset(
    {
        "checkpoint_dir",
        "class_weight",
        "device",
        "early_stopping",
        "max_epochs",
        "mc_samples",
        "n_jobs",
        "random_state",
        "refit_tail",
        "time_limit",
        "validation_fraction",
        "verbose",
        "warm_start",
    }
)

_LIBRARIES = ("numpy", "sk_ensemble", "skorch", "torch")


def _add(digest: Any, array: np.ndarray) -> None:
    """Add an array to a digest, with its type and shape."""
    digest.update(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)


def digest_of_samples(samples: TrainingSet) -> str:
    """Return a digest of the windows of some samples, their classes and weights.

    Bars that no window holds do not matter, nor where in a history the others stand.

    Parameters
    ----------
    samples : TrainingSet
        The samples.

    Returns
    -------
    digest : str
        SHA-256 in hexadecimal digits.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble import Windower
    >>> from sk_ensemble.estimator import TrainingSet
    >>> from sk_ensemble.neural_network._fingerprint import digest_of_samples
    >>> def digest(bars):
    ...     windows = Windower(2).transform(np.array(bars)[:, None])[2:]
    ...     return digest_of_samples(TrainingSet(windows, np.zeros(2), np.ones(2), 2))
    >>> digest([1.0, 2.0, 3.0, 4.0]) == digest([0.0, 2.0, 3.0, 4.0])
    True
    >>> digest([1.0, 2.0, 3.0, 4.0]) == digest([1.0, 2.0, 3.0, 5.0])
    False
    """
    windows = samples.windows
    held, starts = bars_in_reach(windows), windows.segment_starts
    first = np.maximum(windows.first_bars, starts)
    last = np.maximum(windows.positions - windows.lag, starts)
    numbers, symbols = np.unique(windows.symbol_codes, return_inverse=True)
    names = map(str, windows.history.symbol_names[numbers])
    digest = hashlib.sha256()
    digest.update(strict_json([windows.window_length, *names]).encode())
    places = (np.searchsorted(held, rows) for rows in (first, last))
    for array in (*places, symbols, samples.codes, samples.weights):
        _add(digest, array)
    for start in range(0, len(held), _CHUNK):
        _add(digest, windows.history.block[held[start : start + _CHUNK]])
    return digest.hexdigest()


def digest_of_module(module: nn.Module) -> str:
    """Return a digest of the weights and buffers of a module.

    Parameters
    ----------
    module : nn.Module
        The module.

    Returns
    -------
    digest : str
        SHA-256 in hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name, weight in module.state_dict().items():
        digest.update(name.encode())
        _add(digest, weight.detach().cpu().numpy())
    return digest.hexdigest()


def fit_facts(
    network: Any,
    training: TrainingSet,
    validation: TrainingSet | None,
    module: nn.Module | None,
) -> dict[str, Any]:
    """Return what tells the training of a network from others.

    Parameters
    ----------
    network : NetworkClassifier
        The network.
    training : TrainingSet
        What it trains on.
    validation : TrainingSet or None
        What decides when it stops.
    module : nn.Module or None
        The weights it begins with, None if they are drawn.

    Returns
    -------
    facts : dict
        The facts by name, as JSON.
    """
    kind, params = type(network), network.get_params(deep=False)
    names = getattr(network, "feature_names_in_", None)
    digests = {
        "training samples": digest_of_samples(training),
        "validation samples": None,
        "weights at the beginning": None,
    }
    if validation is not None:
        digests["validation samples"] = digest_of_samples(validation)
    if module is not None:
        digests["weights at the beginning"] = digest_of_module(module)
    return {
        **{k: repr(v) for k, v in sorted(params.items()) if k not in _WITHOUT_EFFECT},
        **digests,
        "estimator": f"{kind.__module__}.{kind.__qualname__}",
        "features": None if names is None else names.tolist(),
        "number of classes": training.n_classes,
    }


def computed_with(device: torch.device, n_threads: int) -> dict[str, Any]:
    """Return what decides how results round.

    Parameters
    ----------
    device : torch.device
        Where torch computes.
    n_threads : int
        Its threads.

    Returns
    -------
    circumstances : dict
        Versions of libraries, the device, the instructions of the processor and the
        threads.
    """
    is_cuda = device.type == "cuda"
    return {
        **{name: importlib.metadata.version(name) for name in _LIBRARIES},
        "device": torch.cuda.get_device_name(device) if is_cuda else device.type,
        "processor": torch.backends.cpu.get_cpu_capability(),
        "threads": n_threads,
    }


def differences(stored: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """Return in words where two mappings differ.

    Parameters
    ----------
    stored, expected : mapping
        The mappings.

    Returns
    -------
    texts : list of str
        One for each key whose values differ.

    Examples
    --------
    >>> from sk_ensemble.neural_network._fingerprint import differences
    >>> differences({"threads": 1, "device": "cpu"}, {"threads": 2, "device": "cpu"})
    ['threads (there 1, here 2)']
    """
    return [
        f"{key} (there {stored.get(key)!r:.60}, here {expected.get(key)!r:.60})"
        for key in sorted({*stored, *expected})
        if stored.get(key) != expected.get(key)
    ]
