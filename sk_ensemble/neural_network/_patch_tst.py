"""The PatchTST classifier of windows."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

from torch import nn

from sk_ensemble.neural_network._base import NetworkClassifier
from sk_ensemble.neural_network._network import network
from sk_ensemble.neural_network._patch_tst_module import PatchTSTModule
from sk_ensemble.neural_network._transformer_layer import NORMS
from sk_ensemble.utils.sklearn_api import Interval, StrOptions

__all__ = ["PatchTSTClassifier"]


@network
class PatchTSTClassifier(NetworkClassifier):
    """Classify windows by a transformer over patches of each feature (PatchTST).

    Every feature is a series of its own, which all go through one and the same
    encoder: cut into patches that overlap, so that attention [1]_ is between stretches
    of bars and not between single ones. The states of all patches of all features
    decide on the class. It stands behind a `Windower`; a table is taken as windows of
    one bar.

    Parameters
    ----------
    patch_len : int, default=16
        Bars per patch. A shorter window begins with copies of its earliest bar.
    stride : int, default=8
        Bars from one patch to the next; as many copies of the latest bar are put
        behind it.
    d_model : int, default=128
        Units of a state.
    n_heads : int, default=16
        Heads of the attention, of which `d_model` is a multiple.
    num_layers : int, default=3
        Layers.
    d_ff : int, default=256
        Units of the hidden layer behind the attention.
    dropout : float, default=0.2
        Share of units dropped in training, throughout.
    norm : {"BatchNorm", "LayerNorm"}, default="BatchNorm"
        What is normalised over within layers: the patches of all features and windows
        of a batch, or the units of each state.
    revin : bool, default=True
        Whether to subtract from every series of a window its mean, and divide by its
        standard deviation. Both are given to the last layer, so that level and
        volatility of a window are not lost.
    learning_rate : float, default=0.0001
        Step size of the optimizer, the highest one under a schedule; that of the
        authors [1]_, a tenth of that of other networks.
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}

    Raises
    ------
    ValueError
        If `stride` is larger than `patch_len`, or `d_model` no multiple of `n_heads`.

    See Also
    --------
    PatchTSTModule : The same network as a torch module.
    TransformerClassifier : Attention between single bars, features together.
    NetworkClassifier : What all networks have in common.
    sk_ensemble.preprocessing.Windower : Cut the windows.

    Notes
    -----
    A prediction for sample t uses the bars t-lag-window_length+1 ... t-lag of its own
    symbol, as its `Windower` says, and no others. Within this window, which is past
    as a whole, earlier patches may look at later ones. Missing values are refused.

    PatchTST was published for forecasts, where the mean and deviation of a window are
    put back into its forecast. A class has nowhere to put them back, and how much
    bars move is much of what can be known of what follows: so the last layer sees
    them. The residual connection between the attention scores of layers, which the
    authors' code has and their paper has not, is left out.

    Features do not meet before the last layer. The cost grows with their number.

    Training begins with the shares of the classes: the weights of the last layer, which
    sees the states of all patches, are 0 at first.

    References
    ----------
    .. [1] Y. Nie, N. H. Nguyen, P. Sinthong and J. Kalagnanam, "A Time Series is Worth
       64 Words: Long-term Forecasting with Transformers", ICLR 2023.

    Examples
    --------
    Did the window rise or fall, whatever its level?

    >>> import numpy as np
    >>> from sk_ensemble import PatchTSTClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 12, 1)).cumsum(axis=1) + rng.normal(size=(300, 1, 1))
    >>> y = np.where(X[:, -1, 0] > X[:, 0, 0], "rose", "fell")
    >>> model = PatchTSTClassifier(
    ...     patch_len=4, stride=2, d_model=8, n_heads=2, num_layers=1, d_ff=16
    ... )
    >>> model.set_params(dropout=0.0, learning_rate=0.01, random_state=0)
    PatchTSTClassifier(...)
    >>> model.fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.9
    True
    """

    patch_len: int = 16
    stride: int = 8
    d_model: int = 128
    n_heads: int = 16
    num_layers: int = 3
    d_ff: int = 256
    dropout: float = 0.2
    norm: str = "BatchNorm"
    revin: bool = True
    learning_rate: float = 0.0001

    _starts_from_shares: ClassVar[bool] = True

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **NetworkClassifier._parameter_constraints,
        "patch_len": [Interval(Integral, 1, None, closed="left")],
        "stride": [Interval(Integral, 1, None, closed="left")],
        "d_model": [Interval(Integral, 1, None, closed="left")],
        "n_heads": [Interval(Integral, 1, None, closed="left")],
        "num_layers": [Interval(Integral, 1, None, closed="left")],
        "d_ff": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "norm": [StrOptions(set(NORMS))],
        "revin": ["boolean"],
    }

    def _make_module(
        self, n_features: int, n_outputs: int, window_length: int
    ) -> nn.Module:
        return PatchTSTModule(
            n_features,
            n_outputs,
            window_length=window_length,
            patch_len=self.patch_len,
            stride=self.stride,
            d_model=self.d_model,
            n_heads=self.n_heads,
            num_layers=self.num_layers,
            d_ff=self.d_ff,
            dropout=self.dropout,
            norm=self.norm,
            revin=self.revin,
        )
