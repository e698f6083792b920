"""The classifier of windows by convolutions and an LSTM side by side."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

from torch import nn

from sk_ensemble.neural_network._base import NetworkClassifier
from sk_ensemble.neural_network._lstm_fcn_module import LSTMFCNModule
from sk_ensemble.neural_network._network import network
from sk_ensemble.neural_network._sizes import check_sizes
from sk_ensemble.utils.sklearn_api import Interval

__all__ = ["LSTMFCNClassifier"]


@network
class LSTMFCNClassifier(NetworkClassifier):
    """Classify windows by a fully convolutional network beside an LSTM (LSTM-FCN).

    Three convolutions with batch normalisation look for shapes anywhere in the window
    and keep the mean of each over time. Beside them an LSTM reads the window across
    [1]_: from feature to feature, all bars of each at once. Both together decide on
    the class. With `se_reduction` the channels are scaled by how much they are needed,
    which makes it the network for several features (MLSTM-FCN) of [2]_. It stands
    behind a `Windower`; a table is taken as windows of one bar.

    Parameters
    ----------
    hidden_size : int, default=8
        Units of the LSTM.
    channels : sequence of int, default=(128, 256, 128)
        Channels of each convolution.
    kernel_sizes : sequence of int, default=(8, 5, 3)
        Bars that the filters of each convolution look at.
    dropout : float, default=0.8
        Share of the units of the LSTM dropped in training.
    se_reduction : int or None, default=None
        Channels for each unit of the layers that scale channels after every
        convolution but the last; 16 in [2]_. None: there are no such layers.
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}

    Raises
    ------
    ValueError
        If there is not one kernel size for each of the channels.

    See Also
    --------
    LSTMFCNModule : The same network as a torch module.
    NetworkClassifier : What all networks have in common.
    sk_ensemble.preprocessing.Windower : Cut the windows.

    Notes
    -----
    A prediction for sample t uses the bars t-lag-window_length+1 ... t-lag of its own
    symbol, as its `Windower` says, and no others. Within this window, which is past
    as a whole, filters look at earlier and later bars. Missing values are refused.

    The LSTM reads the features in the order of their columns, so that order matters.
    Batch normalisation counts the samples of a batch, whatever their weights.

    References
    ----------
    .. [1] F. Karim, S. Majumdar, H. Darabi and S. Chen, "LSTM Fully Convolutional
       Networks for Time Series Classification", IEEE Access 6, 2018, pages 1662-1669.
    .. [2] F. Karim, S. Majumdar, H. Darabi and S. Harford, "Multivariate LSTM-FCNs for
       Time Series Classification", Neural Networks 116, 2019, pages 237-245.

    Examples
    --------
    Is there a peak of three bars somewhere in the window?

    >>> import numpy as np
    >>> from sk_ensemble import LSTMFCNClassifier
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(300, 12, 1)), np.arange(300) % 2
    >>> starts = rng.integers(10, size=300)
    >>> for bar in range(3):
    ...     X[np.arange(300), starts + bar, 0] += 3 * y
    >>> model = LSTMFCNClassifier(channels=[8, 8], kernel_sizes=[3, 3])
    >>> model.set_params(learning_rate=0.01, max_epochs=20, random_state=0)
    LSTMFCNClassifier(...)
    >>> model.fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.9
    True
    """

    hidden_size: int = 8
    channels: Sequence[int] = (128, 256, 128)
    kernel_sizes: Sequence[int] = (8, 5, 3)
    dropout: float = 0.8
    se_reduction: int | None = None

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **NetworkClassifier._parameter_constraints,
        "hidden_size": [Interval(Integral, 1, None, closed="left")],
        "channels": [list, tuple],
        "kernel_sizes": [list, tuple],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "se_reduction": [Interval(Integral, 1, None, closed="left"), None],
    }

    def _make_module(
        self, n_features: int, n_outputs: int, window_length: int
    ) -> nn.Module:
        check_sizes("channels", self.channels)
        check_sizes("kernel_sizes", self.kernel_sizes)
        return LSTMFCNModule(
            n_features,
            n_outputs,
            window_length=window_length,
            hidden_size=self.hidden_size,
            channels=self.channels,
            kernel_sizes=self.kernel_sizes,
            dropout=self.dropout,
            se_reduction=self.se_reduction,
        )
