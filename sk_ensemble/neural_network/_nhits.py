"""The N-HiTS classifier of windows."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

from torch import nn

from sk_ensemble.exceptions import DataError
from sk_ensemble.neural_network._base import NetworkClassifier
from sk_ensemble.neural_network._network import network
from sk_ensemble.neural_network._nhits_block import (
    ACTIVATIONS,
    INTERPOLATIONS,
    POOLINGS,
)
from sk_ensemble.neural_network._nhits_module import NHITSModule
from sk_ensemble.utils.sklearn_api import Interval, StrOptions

__all__ = ["NHITSClassifier"]


@network
class NHITSClassifier(NetworkClassifier):
    """Classify windows by neural hierarchical interpolation for forecasts (N-HiTS).

    Blocks of N-HiTS [1]_ look at the window at different rates, take out of it what
    they can explain, and forecast `h` latent steps of every feature, each block
    through a few knots. A linear map turns the latent steps into one logit per class:
    what they are forecasts of is learnt from the labels. It stands behind a
    `Windower`; a table is taken as windows of one bar.

    Parameters have neuralforecast's names.

    Parameters
    ----------
    h : int, default=8
        Latent steps that are forecast. With one step all blocks have one knot, and
        nothing is left of the hierarchy.
    input_size : int or None, default=None
        Bars per window, checked against the windows of fit. None: whatever they have.
    n_freq_downsample : sequence of int, default=(4, 2, 1)
        For each stack, latent steps per knot: ``max(h // n_freq_downsample, 1)``
        knots are interpolated to a forecast of `h` steps.
    n_pool_kernel_size : sequence of int, default=(2, 2, 1)
        For each stack, bars that are pooled into one, counted from the latest.
    n_blocks : sequence of int, default=(1, 1, 1)
        For each stack, its number of blocks.
    mlp_units : pairs of int, default=((512, 512), (512, 512), (512, 512))
        Inputs and outputs of the hidden layers of every block. A first layer before
        them takes the pooled window.
    dropout_prob_theta : float, default=0.0
        Share of the units of these hidden layers dropped in training.
    activation : str, default="ReLU"
        What follows every hidden layer: "ReLU", "LeakyReLU", "PReLU", "SELU",
        "Sigmoid", "Softplus" or "Tanh".
    interpolation_mode : {"linear", "nearest", "cubic"}, default="linear"
        How latent steps between knots are found.
    pooling_mode : {"MaxPool1d", "AvgPool1d"}, default="MaxPool1d"
        What a pool shows of its bars: the largest value or the mean.
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}

    Raises
    ------
    DataError
        If the windows do not have `input_size` bars.
    ValueError
        If the lists do not fit to each other.

    See Also
    --------
    NHITSModule : The same network as a torch module.
    NetworkClassifier : What all networks have in common.
    sk_ensemble.preprocessing.Windower : Cut the windows.

    Notes
    -----
    A prediction for sample t uses the bars t-lag-window_length+1 ... t-lag of its own
    symbol, as its `Windower` says, and no others. Missing values are refused.

    N-HiTS was published for one series. Here the features of a bar are one series
    each: every block pools them one by one, one perceptron looks at all of them, and
    each has its own backcast and forecast. With one feature this is the published
    network; its blocks have as many parameters as neuralforecast's. There the first
    layer of a block has no activation; here all have one, as in the paper.

    The number of parameters grows with the number of features times the window
    length; 512 units are many where samples are few.

    References
    ----------
    .. [1] C. Challu, K. G. Olivares, B. N. Oreshkin, F. Garza, M. Mergenthaler-Canseco
       and A. Dubrawski, "N-HiTS: Neural Hierarchical Interpolation for Time Series
       Forecasting", AAAI 2023.

    Examples
    --------
    Is the mean of the window above or below zero?

    >>> import numpy as np
    >>> from sk_ensemble import NHITSClassifier
    >>> X = np.random.default_rng(0).normal(size=(300, 8, 1))
    >>> y = np.where(X.mean(axis=(1, 2)) > 0, "above", "below")
    >>> model = NHITSClassifier(mlp_units=[[32, 32]], learning_rate=0.01)
    >>> model = model.set_params(max_epochs=20, random_state=0).fit(X[:200], y[:200])
    >>> model.score(X[200:], y[200:]) > 0.9
    True
    """

    h: int = 8
    input_size: int | None = None
    n_freq_downsample: Sequence[int] = (4, 2, 1)
    n_pool_kernel_size: Sequence[int] = (2, 2, 1)
    n_blocks: Sequence[int] = (1, 1, 1)
    mlp_units: Sequence[Sequence[int]] = ((512, 512), (512, 512), (512, 512))
    dropout_prob_theta: float = 0.0
    activation: str = "ReLU"
    interpolation_mode: str = "linear"
    pooling_mode: str = "MaxPool1d"

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **NetworkClassifier._parameter_constraints,
        "h": [Interval(Integral, 1, None, closed="left")],
        "input_size": [Interval(Integral, 1, None, closed="left"), None],
        "n_freq_downsample": [list, tuple],
        "n_pool_kernel_size": [list, tuple],
        "n_blocks": [list, tuple],
        "mlp_units": [list, tuple],
        "dropout_prob_theta": [Interval(Real, 0, 1, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "interpolation_mode": [StrOptions(set(INTERPOLATIONS))],
        "pooling_mode": [StrOptions(set(POOLINGS))],
    }

    def _make_module(
        self, n_features: int, n_outputs: int, window_length: int
    ) -> nn.Module:
        if self.input_size not in (None, window_length):
            msg = (
                f"input_size={self.input_size}, but the windows have {window_length} "
                f"bars. Use Windower({self.input_size}), or input_size=None to take "
                "them as they are."
            )
            raise DataError(msg)
        return NHITSModule(
            n_features,
            n_outputs,
            input_size=window_length,
            h=self.h,
            n_freq_downsample=self.n_freq_downsample,
            n_pool_kernel_size=self.n_pool_kernel_size,
            n_blocks=self.n_blocks,
            mlp_units=self.mlp_units,
            dropout_prob_theta=self.dropout_prob_theta,
            activation=self.activation,
            interpolation_mode=self.interpolation_mode,
            pooling_mode=self.pooling_mode,
        )
