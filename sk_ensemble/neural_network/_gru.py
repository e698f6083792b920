"""The GRU classifier of windows."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

from torch import nn

from sk_ensemble.neural_network._base import NetworkClassifier
from sk_ensemble.neural_network._gru_module import GRUModule
from sk_ensemble.neural_network._network import network
from sk_ensemble.utils.sklearn_api import Interval

__all__ = ["GRUClassifier"]


@network
class GRUClassifier(NetworkClassifier):
    """Classify windows by a recurrent network of gated units.

    Stacked layers of gated recurrent units [1]_ read the window bar by bar; a linear
    map turns the last hidden state into one logit per class. They have three quarters
    of the weights of an LSTM's layers, and are as good more often than not. It stands
    behind a `Windower`; a table is taken as windows of one bar.

    Parameters
    ----------
    hidden_size : int, default=64
        Units per layer.
    num_layers : int, default=2
        Layers.
    dropout : float, default=0.0
        Share of units dropped after each layer in training, the last one included.
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}

    See Also
    --------
    LSTMClassifier : The same with long short-term memory.
    GRUModule : The same network as a torch module.
    NetworkClassifier : What all networks have in common.
    sk_ensemble.preprocessing.Windower : Cut the windows.

    Notes
    -----
    A prediction for sample t uses the bars t-lag-window_length+1 ... t-lag of its own
    symbol, as its `Windower` says, and no others. Missing values are refused.

    With 6 features and the default shape the module, given one output, has the 38,849
    parameters of the GRU in the benchmarks of qlib.

    References
    ----------
    .. [1] K. Cho, B. van Merrienboer, C. Gulcehre, D. Bahdanau, F. Bougares,
       H. Schwenk and Y. Bengio, "Learning Phrase Representations using RNN
       Encoder-Decoder for Statistical Machine Translation", EMNLP 2014.

    Examples
    --------
    Was the first bar of the window above or below zero? Nothing else matters.

    >>> import numpy as np
    >>> from sk_ensemble import GRUClassifier
    >>> X = np.random.default_rng(0).normal(size=(300, 4, 1))
    >>> y = np.where(X[:, 0, 0] > 0, "above", "below")
    >>> model = GRUClassifier(hidden_size=8, learning_rate=0.03, random_state=0)
    >>> model.fit(X[:200], y[:200]).n_iter_
    50
    >>> model.score(X[200:], y[200:]) > 0.9
    True
    """

    hidden_size: int = 64
    num_layers: int = 2
    dropout: float = 0.0

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **NetworkClassifier._parameter_constraints,
        "hidden_size": [Interval(Integral, 1, None, closed="left")],
        "num_layers": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }

    def _make_module(
        self, n_features: int, n_outputs: int, window_length: int
    ) -> nn.Module:
        return GRUModule(
            n_features,
            n_outputs,
            hidden_size=self.hidden_size,
            num_layers=self.num_layers,
            dropout=self.dropout,
        )
