"""Limit every entry of a gradient."""

from __future__ import annotations

from typing import Any

from skorch.callbacks import Callback
from torch.nn.utils import clip_grad_value_

__all__ = ["GradientValueClipping"]


class GradientValueClipping(Callback):
    """Limit the size of every entry of the gradient of a step.

    Parameters
    ----------
    limit : float
        The largest size.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def on_grad_computed(self, net: Any, *args: Any, **kwargs: Any) -> None:
        """Clip before the step."""
        clip_grad_value_(net.module_.parameters(), self.limit)
