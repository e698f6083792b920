"""The classifier of windows by a multi-layer perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, ClassVar

from torch import nn

from sk_ensemble.neural_network._base import NetworkClassifier
from sk_ensemble.neural_network._mlp_module import MLPModule
from sk_ensemble.neural_network._network import network
from sk_ensemble.neural_network._sizes import check_sizes
from sk_ensemble.utils.sklearn_api import Interval

__all__ = ["MLPNetClassifier"]


@network
class MLPNetClassifier(NetworkClassifier):
    """Classify windows by a multi-layer perceptron.

    Fully connected layers look at all bars of the window at once and know nothing of
    their order: what an architecture for sequences must beat to be worth its cost. It
    stands behind a `Windower`; a table is taken as windows of one bar.

    The name leaves ``MLPClassifier`` to scikit-learn's perceptron.

    Parameters
    ----------
    hidden_sizes : sequence of int, default=(500, 500, 500)
        Units of each hidden layer; an empty one leaves a linear model.
    input_dropout : float, default=0.1
        Share of the values of a window dropped in training.
    dropout : float, default=0.2
        Share of the units of each hidden layer dropped in training.
    learning_rate : float, default=0.0001
        Step size of the optimizer, the highest one under a schedule. A tenth of that
        of other networks: layers as wide as these learn noise within an epoch.
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}

    See Also
    --------
    MLPModule : The same network as a torch module.
    NetworkClassifier : What all networks have in common.
    sk_ensemble.preprocessing.Windower : Cut the windows.

    Notes
    -----
    A prediction for sample t uses the bars t-lag-window_length+1 ... t-lag of its own
    symbol, as its `Windower` says, and no others. Missing values are refused.

    The default layers are those of [1]_, where 0.3 instead of 0.2 is dropped of the
    last one.

    References
    ----------
    .. [1] Z. Wang, W. Yan and T. Oates, "Time Series Classification from Scratch with
       Deep Neural Networks: A Strong Baseline", IJCNN 2017.

    Examples
    --------
    Are the first and the last bar of the window on the same side of zero?

    >>> import numpy as np
    >>> from sk_ensemble import MLPNetClassifier
    >>> X = np.random.default_rng(0).normal(size=(400, 3, 1))
    >>> y = np.where(X[:, 0, 0] * X[:, 2, 0] > 0, "same", "other")
    >>> model = MLPNetClassifier(
    ...     hidden_sizes=[32], input_dropout=0, learning_rate=0.03, random_state=0
    ... )
    >>> model.fit(X[:300], y[:300]).score(X[300:], y[300:]) > 0.9
    True
    """

    hidden_sizes: Sequence[int] = (500, 500, 500)
    input_dropout: float = 0.1
    dropout: float = 0.2
    learning_rate: float = 0.0001

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **NetworkClassifier._parameter_constraints,
        "hidden_sizes": [list, tuple],
        "input_dropout": [Interval(Real, 0, 1, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }

    def _make_module(
        self, n_features: int, n_outputs: int, window_length: int
    ) -> nn.Module:
        check_sizes("hidden_sizes", self.hidden_sizes, n_least=0)
        return MLPModule(
            n_features,
            n_outputs,
            window_length=window_length,
            hidden_sizes=self.hidden_sizes,
            input_dropout=self.input_dropout,
            dropout=self.dropout,
        )
