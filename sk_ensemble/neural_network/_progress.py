"""A progress bar over the epochs, with the time left."""

from __future__ import annotations

from typing import Any

from skorch.callbacks import Callback
from tqdm.auto import tqdm

__all__ = ["Progress"]


class Progress(Callback):
    """Show how far training is, how long it may still take, and the latest losses.

    Parameters
    ----------
    title : str
        What is trained.
    """

    def __init__(self, title: str) -> None:
        self.title = title

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kw: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(
            total=net.max_epochs,
            initial=len(net.history),
            desc=self.title,
            unit="epoch",
        )

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Advance the bar by one epoch."""
        epoch = net.history[-1]
        losses = {name: epoch[name] for name in epoch if name.endswith("_loss")}
        self.bar_.set_postfix(losses, refresh=False)
        self.bar_.update()

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kw: Any) -> None:
        """Close the bar."""
        self.bar_.close()
