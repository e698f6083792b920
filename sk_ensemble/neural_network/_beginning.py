"""Where a training begins: at new weights, or at those of an earlier one."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from skorch.callbacks import Callback
from torch import nn

from sk_ensemble.neural_network._training_state import restore_arrays

__all__ = ["Beginning", "TrainingState"]

History = dict[str, list[float]]


class TrainingState(Callback):
    """Begin with the optimizer and the random numbers of an earlier training.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        What `state_arrays` has returned.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.arrays = arrays

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kw: Any) -> None:
        """Give the net the state."""
        restore_arrays(net, self.arrays)


@dataclass
class Beginning:
    """What one call of `fit` or `partial_fit` goes on from.

    Parameters
    ----------
    module : nn.Module or None, default=None
        The weights to begin with. None: new ones.
    state : mapping of str to ndarray or None, default=None
        Optimizer and random numbers to begin with. None: new ones.
    history : dict of lists of float, optional
        Losses of the epochs that the weights were trained for.
    n_iter : int, default=0
        How many these are.
    is_partial : bool, default=False
        Whether one epoch is trained, and others may follow in other calls.
    checkpoints : list of Path, optional
        Files of trainings within the call.
    """

    module: nn.Module | None = None
    state: Mapping[str, np.ndarray] | None = None
    history: History = field(default_factory=dict)
    n_iter: int = 0
    is_partial: bool = False
    checkpoints: list[Path] = field(default_factory=list)

    @property
    def dtype(self) -> torch.dtype | None:
        """Type that the module computes in, None if there is none yet."""
        return None if self.module is None else next(self.module.parameters()).dtype

    @classmethod
    def after(cls, network: Any, *, is_partial: bool = False) -> Self:
        """Return the beginning at what a fitted network has learnt.

        Parameters
        ----------
        network : NetworkClassifier
            The network; it may be fitted to one class, and so have no weights.
        is_partial : bool, default=False
            Whether to go on with the optimizer, too.
        """
        if not hasattr(network, "net_"):
            return cls(is_partial=is_partial)
        return cls(
            copy.deepcopy(network.net_.module_),
            getattr(network, "_training_state", None) if is_partial else None,
            network.history_,
            network.n_iter_,
            is_partial,
        )

    def joined(self, history: History) -> History:
        """Return the losses of earlier epochs, then those of this call.

        Parameters
        ----------
        history : dict of lists of float
            Losses of this call.

        Returns
        -------
        history : dict of lists of float
            All of them, NaN where an epoch had no such loss.

        Examples
        --------
        >>> from sk_ensemble.neural_network._beginning import Beginning
        >>> earlier = {"train_loss": [0.9, 0.8, 0.7], "val_loss": [0.9, 0.8, 0.8]}
        >>> beginning = Beginning(history=earlier, n_iter=2)
        >>> beginning.joined({"train_loss": [0.6]})
        {'train_loss': [0.9, 0.8, 0.6], 'val_loss': [0.9, 0.8, nan]}
        """
        before = {name: losses[: self.n_iter] for name, losses in self.history.items()}
        gap_before = [math.nan] * self.n_iter
        gap = [math.nan] * len(history["train_loss"])
        names = dict.fromkeys([*before, *history])
        return {
            name: before.get(name, gap_before) + history.get(name, gap)
            for name in names
        }
