"""Learning rates that change while training."""

from __future__ import annotations

from typing import Any

from skorch.callbacks import Callback, LRScheduler
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR, ReduceLROnPlateau

__all__ = ["SCHEDULES", "make_schedule"]

SCHEDULES = ("cosine", "onecycle", "plateau")


def make_schedule(
    name: str, *, learning_rate: float, n_steps: int, monitor: str, patience: int
) -> Callback:
    """Return the callback that changes the learning rate.

    Parameters
    ----------
    name : {"cosine", "onecycle", "plateau"}
        "cosine" falls from `learning_rate` to zero along half a cosine; "onecycle"
        rises to it over three tenths of the steps and falls to zero; "plateau"
        halves it when the loss has not fallen for half of `patience` epochs.
    learning_rate : float
        The highest rate.
    n_steps : int
        Batches in all epochs together.
    monitor : {"train_loss", "valid_loss"}
        The loss that "plateau" looks at.
    patience : int
        Epochs after which training would stop.

    Returns
    -------
    schedule : Callback
        For `WindowNet`.
    """
    if name == "plateau":
        return LRScheduler(
            ReduceLROnPlateau,
            monitor=monitor,
            event_name=None,
            factor=0.5,
            patience=patience // 2,
        )
    policy: Any = CosineAnnealingLR
    settings: dict[str, Any] = {"T_max": n_steps}
    if name == "onecycle":
        policy = OneCycleLR
        settings = {"max_lr": learning_rate, "total_steps": n_steps}
    return LRScheduler(policy, step_every="batch", event_name=None, **settings)
