"""The skorch net that trains several networks on the same batches."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from skorch.callbacks import Callback
from torch.nn.utils import clip_grad_norm_

from sk_ensemble.neural_network._net import WindowNet

__all__ = ["EnsembleNet", "MemberGradientClipping"]


class EnsembleNet(WindowNet):
    """Train every member of a module on its own loss.

    The gradient of a member is what it would be without the others, so that all of
    them together are trained as each would be alone. The training loss is the mean of
    their losses; the validation loss is that of what they say together.

    The module has `members`, and a method `member_outputs` besides `forward`.
    """

    trains: ClassVar[str] = "member_outputs"

    def train_step_single(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Compute the gradients of one batch."""
        self._set_training(True)
        windows, truth = batch
        members = self.as_trained(getattr(self.module_, self.trains))
        outputs = self.compute_with(members, windows)
        losses = torch.stack(
            [self.get_loss(member, truth, training=True) for member in outputs]
        )
        losses.sum().backward()
        return {"loss": losses.mean(), "y_pred": outputs}


class MemberGradientClipping(Callback):
    """Limit the norm of the gradient of each member of a module, of none by others'.

    Parameters
    ----------
    max_norm : float
        The limit.
    """

    def __init__(self, max_norm: float) -> None:
        self.max_norm = max_norm

    def on_grad_computed(self, net: Any, *args: Any, **kwargs: Any) -> None:
        """Clip before the step."""
        for member in net.module_.members:
            clip_grad_norm_(member.parameters(), self.max_norm)
