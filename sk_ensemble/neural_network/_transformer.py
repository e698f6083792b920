"""The classifier of windows by the encoder of a transformer."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

from torch import nn

from sk_ensemble._typing import FloatArray
from sk_ensemble.neural_network._base import NetworkClassifier
from sk_ensemble.neural_network._network import network
from sk_ensemble.neural_network._transformer_layer import NORMS
from sk_ensemble.neural_network._transformer_module import TransformerModule
from sk_ensemble.utils.sklearn_api import Interval, StrOptions

__all__ = ["TransformerClassifier"]


@network
class TransformerClassifier(NetworkClassifier):
    """Classify windows by the encoder of a transformer.

    Every bar becomes a state that knows its position; in each layer the states look at
    each other (attention) and go through a small network [1]_. The states of all bars
    together decide on the class. `attention_weights` shows which bars looked at which.
    It stands behind a `Windower`; a table is taken as windows of one bar.

    Parameters
    ----------
    d_model : int, default=128
        Units of a state.
    n_heads : int, default=16
        Heads of the attention, of which `d_model` is a multiple.
    num_layers : int, default=3
        Layers.
    d_ff : int, default=256
        Units of the hidden layer behind the attention.
    dropout : float, default=0.1
        Share of units dropped in training, throughout.
    norm : {"BatchNorm", "LayerNorm"}, default="BatchNorm"
        What is normalised over within layers: the bars of all windows of a batch, as
        [1]_ found better on time series, or the units of each state.
    learning_rate : float, default=0.0001
        Step size of the optimizer, the highest one under a schedule. A tenth of that
        of other networks, as the last layer sees the states of all bars and learns
        noise within an epoch.
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}

    Raises
    ------
    ValueError
        If `d_model` is no multiple of `n_heads`.

    See Also
    --------
    TransformerModule : The same network as a torch module.
    NetworkClassifier : What all networks have in common.
    sk_ensemble.preprocessing.Windower : Cut the windows.

    Notes
    -----
    A prediction for sample t uses the bars t-lag-window_length+1 ... t-lag of its own
    symbol, as its `Windower` says, and no others. Within this window, which is past
    as a whole, earlier bars may look at later ones. Missing values are refused.

    The default sizes are those of the time series transformer of tsai.

    Training begins with the shares of the classes: the weights of the last layer, which
    sees the states of all bars, are 0 at first.

    References
    ----------
    .. [1] G. Zerveas, S. Jayaraman, D. Patel, A. Bhamidipaty and C. Eickhoff, "A
       Transformer-based Framework for Multivariate Time Series Representation
       Learning", KDD 2021.

    Examples
    --------
    Was the first bar of the window above or below zero? Nothing else matters.

    >>> import numpy as np
    >>> from sk_ensemble import TransformerClassifier
    >>> X = np.random.default_rng(0).normal(size=(300, 4, 1))
    >>> y = np.where(X[:, 0, 0] > 0, "above", "below")
    >>> model = TransformerClassifier(
    ...     d_model=8, n_heads=2, num_layers=1, d_ff=16, learning_rate=0.03
    ... )
    >>> model = model.set_params(max_epochs=20, random_state=0).fit(X[:200], y[:200])
    >>> model.score(X[200:], y[200:]) > 0.9
    True
    >>> model.attention_weights(X).shape
    (300, 4, 4)
    """

    d_model: int = 128
    n_heads: int = 16
    num_layers: int = 3
    d_ff: int = 256
    dropout: float = 0.1
    norm: str = "BatchNorm"
    learning_rate: float = 0.0001

    _starts_from_shares: ClassVar[bool] = True

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **NetworkClassifier._parameter_constraints,
        "d_model": [Interval(Integral, 1, None, closed="left")],
        "n_heads": [Interval(Integral, 1, None, closed="left")],
        "num_layers": [Interval(Integral, 1, None, closed="left")],
        "d_ff": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "norm": [StrOptions(set(NORMS))],
    }

    def attention_weights(self, X: Any) -> FloatArray:
        """Return how much bars look at each other in the last layer.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of 2 or 3 dimensions
            The samples, with the features and window length seen in fit.

        Returns
        -------
        weights : ndarray of shape (n_samples, window_length_, window_length_)
            Means over the heads, with sum 1 over the bars that are looked at, the last
            axis.
        """
        return self._module_outputs("attention", X)

    def _make_module(
        self, n_features: int, n_outputs: int, window_length: int
    ) -> nn.Module:
        return TransformerModule(
            n_features,
            n_outputs,
            window_length=window_length,
            d_model=self.d_model,
            n_heads=self.n_heads,
            num_layers=self.num_layers,
            d_ff=self.d_ff,
            dropout=self.dropout,
            norm=self.norm,
        )
