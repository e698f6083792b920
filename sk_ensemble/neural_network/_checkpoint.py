"""Go on with a training that was interrupted, as if it had not been."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback

from sk_ensemble.estimator import Rounds
from sk_ensemble.exceptions import ResumeError
from sk_ensemble.neural_network._fingerprint import differences
from sk_ensemble.neural_network._saved_weights import weights_of
from sk_ensemble.neural_network._training_state import (
    restore_arrays,
    restore_rates,
    state_arrays,
    state_rates,
)
from sk_ensemble.utils.files import check_writable, strict_json, sweep
from sk_ensemble.utils.sealed_format import SealedFormat, Stored
from sk_ensemble.utils.seals import digest_of

__all__ = ["TRAINING", "Checkpoint"]

#: The file that an interrupted training goes on from.
TRAINING = SealedFormat(
    "sk_ensemble.training", 1, "Remove it to train from the beginning."
)

#: Names of losses in `history_`, and in the history of skorch.
SKORCH_NAMES = {"train_loss": "train_loss", "val_loss": "valid_loss"}

Arrays = dict[str, np.ndarray]


def _under(prefix: str, arrays: Mapping[str, np.ndarray]) -> Arrays:
    return {f"{prefix}/{name}": array for name, array in arrays.items()}


def _part(prefix: str, arrays: Mapping[str, np.ndarray]) -> Arrays:
    """Return the arrays that `_under` has named."""
    start = f"{prefix}/"
    return {
        name.removeprefix(start): array
        for name, array in arrays.items()
        if name.startswith(start)
    }


def _tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}


def _arrays(tensors: Mapping[str, torch.Tensor]) -> Arrays:
    return {name: tensor.cpu().numpy() for name, tensor in tensors.items()}


class Checkpoint(Callback):
    """Store a training after each epoch, and begin with what is stored.

    The name of the file follows from what is trained: another fit has another file.
    It stands behind the schedule among the callbacks of a net.

    Parameters
    ----------
    folder : Path
        Where the file is.
    rounds : Rounds
        Epochs of the training.
    fit : dict
        What tells this training from others, as JSON.
    circumstances : dict
        What decides how results round, as JSON.

    Attributes
    ----------
    path : Path
        The file.
    best_ : dict of str to Tensor or None
        Weights of the best epoch of a training that goes on.
    is_over_ : bool
        Whether what is stored was trained to its end.
    """

    def __init__(
        self,
        folder: Path,
        rounds: Rounds,
        fit: dict[str, Any],
        circumstances: dict[str, Any],
    ) -> None:
        name = digest_of(strict_json(fit).encode())[:32]
        kind = fit["estimator"].rpartition(".")[2]
        self.path = folder / f"{kind}-{name}.checkpoint"
        self.rounds = rounds
        self.fit = fit
        self.circumstances = circumstances

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kw: Any) -> None:
        """Give the net what is stored."""
        self.best_: dict[str, torch.Tensor] | None = None
        self.is_over_ = False
        check_writable(self.path.parent)
        sweep(self.path.parent)
        if self.path.exists():
            stored = TRAINING.read(self.path)
            self._refuse_others(stored.document)
            self._restore(net, stored)

    def _refuse_others(self, document: Mapping[str, Any]) -> None:
        """Raise unless what is stored can go on here bit for bit."""
        found = [
            *differences(document["fit"], self.fit),
            *differences(document["circumstances"], self.circumstances),
        ]
        if found:
            msg = (
                f"{self.path} cannot be continued to the result of an uninterrupted "
                f"fit, because these differ: {'; '.join(found)}. Make them equal, or "
                "remove the file to train from the beginning."
            )
            raise ResumeError(msg)

    def _restore(self, net: Any, stored: Stored) -> None:
        document, arrays = stored
        net.module_.load_state_dict(_tensors(_part("module", arrays)))
        restore_arrays(net, _part("state", arrays))
        restore_rates(net, document["rates"])
        self._restore_history(net, document["history"])
        self.rounds.hit_time_limit = document["hit_time_limit"]
        self.is_over_ = document["is_over"]
        best = _part("best", arrays)
        if best:
            self.best_ = {
                name: tensor.to(net.device) for name, tensor in _tensors(best).items()
            }

    def _restore_history(self, net: Any, history: Mapping[str, list[float]]) -> None:
        self.rounds.replay(history)
        for epoch in range(self.rounds.n_done):
            net.history.new_epoch()
            net.history.record("epoch", epoch + 1)
            for name, losses in history.items():
                net.history.record(SKORCH_NAMES[name], losses[epoch])

    def store(
        self, net: Any, best: Mapping[str, torch.Tensor] | None, *, is_over: bool
    ) -> None:
        """Write down how far training has come.

        Parameters
        ----------
        net : WindowNet
            The net at the end of an epoch.
        best : mapping of str to Tensor or None
            Weights of the best epoch, if there is validation.
        is_over : bool
            Whether this was the last epoch.
        """
        document = {
            "circumstances": self.circumstances,
            "fit": self.fit,
            "history": self.rounds.history,
            "hit_time_limit": self.rounds.hit_time_limit,
            "is_over": is_over,
            "rates": state_rates(net),
        }
        arrays = {
            **_under("module", weights_of(net.module_)),
            **_under("best", _arrays(best or {})),
            **_under("state", state_arrays(net)),
        }
        TRAINING.write(self.path, document, arrays)
