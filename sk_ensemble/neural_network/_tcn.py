"""The classifier of windows by a temporal convolutional network."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

from torch import nn

from sk_ensemble.neural_network._base import NetworkClassifier
from sk_ensemble.neural_network._network import network
from sk_ensemble.neural_network._sizes import check_sizes
from sk_ensemble.neural_network._tcn_module import TCNModule
from sk_ensemble.utils.sklearn_api import Interval

__all__ = ["TCNClassifier"]


@network
class TCNClassifier(NetworkClassifier):
    """Classify windows by a temporal convolutional network (TCN).

    Blocks of two causal convolutions [1]_ follow one another, each with a way around
    it; the bars that a filter looks at are twice as far apart in every next block. A
    linear map turns the last step into one logit per class. It stands behind a
    `Windower`; a table is taken as windows of one bar.

    The last step depends on ``1 + 2 * (kernel_size - 1) * (2 ** n_blocks - 1)`` bars:
    the default on 61. Of a longer window the earliest bars have no influence.

    Parameters
    ----------
    channels : sequence of int, default=(64, 64, 64, 64)
        Channels of each block.
    kernel_size : int, default=3
        Bars that a filter looks at.
    dropout : float, default=0.2
        Share of units dropped after each convolution in training.
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}

    See Also
    --------
    TCNModule : The same network as a torch module.
    NetworkClassifier : What all networks have in common.
    sk_ensemble.preprocessing.Windower : Cut the windows.

    Notes
    -----
    A prediction for sample t uses the bars t-lag-window_length+1 ... t-lag of its own
    symbol, as its `Windower` says, and no others. Missing values are refused.

    All steps of a window are computed at once, so it trains faster than recurrent
    networks do on long windows.

    References
    ----------
    .. [1] S. Bai, J. Z. Kolter and V. Koltun, "An Empirical Evaluation of Generic
       Convolutional and Recurrent Networks for Sequence Modeling", 2018,
       arXiv:1803.01271.

    Examples
    --------
    Was the first bar of the window above or below zero? Nothing else matters.

    >>> import numpy as np
    >>> from sk_ensemble import TCNClassifier
    >>> X = np.random.default_rng(0).normal(size=(300, 4, 1))
    >>> y = np.where(X[:, 0, 0] > 0, "above", "below")
    >>> model = TCNClassifier(channels=[8, 8], learning_rate=0.03, random_state=0)
    >>> model.fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.9
    True
    """

    channels: Sequence[int] = (64, 64, 64, 64)
    kernel_size: int = 3
    dropout: float = 0.2

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **NetworkClassifier._parameter_constraints,
        "channels": [list, tuple],
        "kernel_size": [Interval(Integral, 2, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }

    def _make_module(
        self, n_features: int, n_outputs: int, window_length: int
    ) -> nn.Module:
        check_sizes("channels", self.channels)
        return TCNModule(
            n_features,
            n_outputs,
            channels=self.channels,
            kernel_size=self.kernel_size,
            dropout=self.dropout,
        )
