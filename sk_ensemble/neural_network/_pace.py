"""The learning rate of a training, step by step, apart from what it trains."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from sk_ensemble.neural_network._schedule import make_schedule

__all__ = ["Pace"]


class Pace:
    """Follow a schedule, that of `make_schedule`, without a net.

    Parameters
    ----------
    name : {"cosine", "onecycle", "plateau"} or None
        The schedule. None: the rate stays as it is.
    **settings : object
        Parameters of `make_schedule`.

    Examples
    --------
    >>> from sk_ensemble.neural_network._pace import Pace
    >>> pace = Pace(
    ...     "cosine", learning_rate=0.1, n_steps=2, monitor="train_loss", patience=1
    ... )
    >>> for _ in range(3):
    ...     print(round(pace.rate, 3))
    ...     pace.after_step()
    0.1
    0.05
    0.0
    """

    def __init__(self, name: str | None, **settings: Any) -> None:
        nothing = torch.zeros((), requires_grad=True)
        # The schedulers of torch change what an optimizer has; this one has no work.
        self._optimizer = torch.optim.Adam([nothing], settings["learning_rate"])
        self._scheduler: Any = None
        if name is not None:
            schedule: Any = make_schedule(name, **settings)
            self._scheduler = schedule.policy(self._optimizer, **schedule.kwargs)
            self._monitor = schedule.monitor

    @property
    def rate(self) -> float:
        """Learning rate of the next step."""
        return float(self._optimizer.param_groups[0]["lr"])

    @property
    def beta(self) -> float:
        """How much of the mean gradient Adam keeps in the next step."""
        return float(self._optimizer.param_groups[0]["betas"][0])

    @property
    def _is_plateau(self) -> bool:
        return isinstance(self._scheduler, ReduceLROnPlateau)

    def after_step(self) -> None:
        """Go on to the next step of training."""
        if self._scheduler is not None and not self._is_plateau:
            self._optimizer.step()
            self._scheduler.step()

    def after_epoch(self, losses: dict[str, float]) -> None:
        """Look at the losses of an epoch.

        Parameters
        ----------
        losses : dict of float
            ``"train_loss"`` and, where there is one, ``"valid_loss"``.
        """
        if self._is_plateau:
            self._scheduler.step(losses[self._monitor])
