"""The InceptionTime classifier of windows."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

from skorch.callbacks import Callback
from torch import nn

from sk_ensemble.neural_network._base import NetworkClassifier
from sk_ensemble.neural_network._ensemble_net import EnsembleNet, MemberGradientClipping
from sk_ensemble.neural_network._inception_time_module import InceptionTimeModule
from sk_ensemble.neural_network._network import network
from sk_ensemble.neural_network._sizes import check_sizes
from sk_ensemble.utils.sklearn_api import Interval

__all__ = ["InceptionTimeClassifier"]


@network
class InceptionTimeClassifier(NetworkClassifier):
    """Classify windows by an ensemble of Inception networks (InceptionTime).

    Each network [1]_ is a chain of modules that look at the window through filters of
    three lengths and at the largest of three neighbours, side by side, with a shortcut
    around every three modules. What is predicted is the mean of the probabilities of
    `n_members` networks that begin with different weights. It stands behind a
    `Windower`; a table is taken as windows of one bar.

    Parameters
    ----------
    n_members : int, default=5
        Networks.
    n_filters : int, default=32
        Channels of each branch of a module.
    depth : int, default=6
        Modules of a network.
    kernel_sizes : sequence of int, default=(40, 20, 10)
        Bars that the filters of each convolving branch look at.
    bottleneck_size : int, default=32
        Channels that the convolving branches of a module share. With one feature the
        first module has no use for it.
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}

    See Also
    --------
    InceptionTimeModule : The same networks as a torch module.
    InceptionNetworkModule : One of them.
    NetworkClassifier : What all networks have in common.
    sk_ensemble.preprocessing.Windower : Cut the windows.

    Notes
    -----
    A prediction for sample t uses the bars t-lag-window_length+1 ... t-lag of its own
    symbol, as its `Windower` says, and no others. Within this window, which is past
    as a whole, filters look at earlier and later bars. Missing values are refused.

    All networks are trained at once on the same batches, each on its own loss and with
    a limit of its own on its gradient, as it would be alone. In `history_`, the
    training loss is the mean of theirs and the validation loss that of the ensemble,
    by which all stop together.

    It was published with 1500 epochs of ``optimizer="adam"`` with ``batch_size=64``,
    ``weight_decay=0``, ``gradient_clip=None`` and ``lr_schedule="plateau"`` on the
    training loss. It is by far the most costly of the networks here: where there is no
    GPU, take fewer filters and members.

    Batch normalisation counts the samples of a batch, whatever their weights.

    References
    ----------
    .. [1] H. Ismail Fawaz, B. Lucas, G. Forestier, C. Pelletier, D. F. Schmidt,
       J. Weber, G. I. Webb, L. Idoumghar, P.-A. Muller and F. Petitjean,
       "InceptionTime: Finding AlexNet for Time Series Classification", Data Mining and
       Knowledge Discovery 34, 2020, pages 1936-1962.

    Examples
    --------
    Is there a peak of three bars somewhere in the window?

    >>> import numpy as np
    >>> from sk_ensemble import InceptionTimeClassifier
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(300, 12, 1)), np.arange(300) % 2
    >>> starts = rng.integers(10, size=300)
    >>> for bar in range(3):
    ...     X[np.arange(300), starts + bar, 0] += 3 * y
    >>> model = InceptionTimeClassifier(
    ...     n_members=2, n_filters=4, depth=3, kernel_sizes=[8, 4, 2]
    ... )
    >>> model.set_params(learning_rate=0.01, max_epochs=20, random_state=0)
    InceptionTimeClassifier(...)
    >>> model.fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.9
    True
    """

    n_members: int = 5
    n_filters: int = 32
    depth: int = 6
    kernel_sizes: Sequence[int] = (40, 20, 10)
    bottleneck_size: int = 32

    _net_class = EnsembleNet

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **NetworkClassifier._parameter_constraints,
        "n_members": [Interval(Integral, 1, None, closed="left")],
        "n_filters": [Interval(Integral, 1, None, closed="left")],
        "depth": [Interval(Integral, 1, None, closed="left")],
        "kernel_sizes": [list, tuple],
        "bottleneck_size": [Interval(Integral, 1, None, closed="left")],
    }

    def _make_module(
        self, n_features: int, n_outputs: int, window_length: int
    ) -> nn.Module:
        check_sizes("kernel_sizes", self.kernel_sizes)
        return InceptionTimeModule(
            n_features,
            n_outputs,
            n_members=self.n_members,
            n_filters=self.n_filters,
            depth=self.depth,
            kernel_sizes=self.kernel_sizes,
            bottleneck_size=self.bottleneck_size,
        )

    def _clipping(self, max_norm: float) -> Callback:
        return MemberGradientClipping(max_norm)
