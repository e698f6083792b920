"""A stack of LSTM layers whose last hidden state is mapped to the outputs."""

from __future__ import annotations

from torch import nn

from sk_ensemble.neural_network._recurrent_module import RecurrentModule

__all__ = ["LSTMModule"]


class LSTMModule(RecurrentModule):
    """Map windows to outputs by the last hidden state of stacked LSTM layers.

    A plain torch module: it knows nothing of estimators, labels or panels.

    Parameters
    ----------
    n_features : int
        Features per bar.
    n_outputs : int
        Numbers per window, such as one logit per class.
    hidden_size : int, default=64
        Units per layer.
    num_layers : int, default=2
        Layers.
    dropout : float, default=0.0
        Share of units dropped after each layer, the last one included.

    Examples
    --------
    With 6 features, 64 units in 2 layers and one output it has the shape, and so the
    number of parameters, of the LSTM of the qlib benchmarks.

    >>> from sk_ensemble.neural_network import LSTMModule
    >>> module = LSTMModule(6, 1)
    >>> sum(parameter.numel() for parameter in module.parameters())
    51777
    """

    layer_class = nn.LSTM
