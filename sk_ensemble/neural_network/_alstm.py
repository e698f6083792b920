"""The classifier of windows by recurrent layers with attention over time."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

from torch import nn

from sk_ensemble._typing import FloatArray
from sk_ensemble.neural_network._alstm_module import ALSTMModule
from sk_ensemble.neural_network._base import NetworkClassifier
from sk_ensemble.neural_network._network import network
from sk_ensemble.utils.sklearn_api import Interval, StrOptions

__all__ = ["ALSTMClassifier"]


@network
class ALSTMClassifier(NetworkClassifier):
    """Classify windows by recurrent layers with attention over time (ALSTM).

    Stacked recurrent layers read the window bar by bar. A small network scores the
    state after each bar, and the softmax of the scores over time weighs the states
    [1]_. The weighted mean and the last state together decide on the class.
    `attention_weights` shows which bars counted. It stands behind a `Windower`; a
    table is taken as windows of one bar.

    Parameters
    ----------
    hidden_size : int, default=64
        Units per layer; half as many score a state.
    num_layers : int, default=2
        Recurrent layers.
    dropout : float, default=0.0
        Share of units dropped in training between recurrent layers, and of those that
        score a state.
    rnn_type : {"GRU", "LSTM"}, default="GRU"
        Kind of the recurrent layers.
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}

    See Also
    --------
    ALSTMModule : The same network as a torch module.
    NetworkClassifier : What all networks have in common.
    sk_ensemble.preprocessing.Windower : Cut the windows.

    Notes
    -----
    A prediction for sample t uses the bars t-lag-window_length+1 ... t-lag of its own
    symbol, as its `Windower` says, and no others. Missing values are refused.

    The layers are those of the ALSTM in the benchmarks of qlib, where bars first go
    through a linear map and tanh, and where gated recurrent units are the default
    too. The adversarial training of [1]_ is no part of it.

    References
    ----------
    .. [1] F. Feng, H. Chen, X. He, J. Ding, M. Sun and T.-S. Chua, "Enhancing Stock
       Movement Prediction with Adversarial Training", IJCAI 2019.

    Examples
    --------
    Was the first bar of the window above or below zero? Nothing else matters.

    >>> import numpy as np
    >>> from sk_ensemble import ALSTMClassifier
    >>> X = np.random.default_rng(0).normal(size=(300, 4, 1))
    >>> y = np.where(X[:, 0, 0] > 0, "above", "below")
    >>> model = ALSTMClassifier(hidden_size=8, learning_rate=0.03, random_state=0)
    >>> model.fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.9
    True
    >>> model.attention_weights(X).shape
    (300, 4)
    """

    hidden_size: int = 64
    num_layers: int = 2
    dropout: float = 0.0
    rnn_type: str = "GRU"

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **NetworkClassifier._parameter_constraints,
        "hidden_size": [Interval(Integral, 1, None, closed="left")],
        "num_layers": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "rnn_type": [StrOptions(set(ALSTMModule.layer_classes))],
    }

    def attention_weights(self, X: Any) -> FloatArray:
        """Return how much the state after each bar counts.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of 2 or 3 dimensions
            The samples, with the features and window length seen in fit.

        Returns
        -------
        weights : ndarray of shape (n_samples, window_length_)
            Positive, with sum 1 over the bars of a window, earliest bar first.
        """
        return self._module_outputs("attention", X)

    def _make_module(
        self, n_features: int, n_outputs: int, window_length: int
    ) -> nn.Module:
        return ALSTMModule(
            n_features,
            n_outputs,
            hidden_size=self.hidden_size,
            num_layers=self.num_layers,
            dropout=self.dropout,
            rnn_type=self.rnn_type,
        )
