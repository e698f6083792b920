"""The classifier of windows by a temporal fusion transformer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from torch import nn

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.estimator import TrainingSet
from sk_ensemble.exceptions import DataError
from sk_ensemble.neural_network._base import NetworkClassifier
from sk_ensemble.neural_network._network import network
from sk_ensemble.neural_network._tft_module import TFTModule
from sk_ensemble.panel import Windows
from sk_ensemble.utils.sklearn_api import Interval, StrOptions

__all__ = ["TFTClassifier"]

#: Clock features of `bar_features`.
_CLOCK = ("day_sin", "day_cos", "week_sin", "week_cos")


@network
class TFTClassifier(NetworkClassifier):
    """Classify windows by a temporal fusion transformer (TFT).

    The features of each bar are weighed [1]_, recurrent layers read the bars, and the
    step ahead, of which the calendar is known, looks back at all of them by attention
    and decides on the class. The symbol is a static covariate: it takes part in what
    is selected, in where the recurrent layers begin and in what attention sees. Gates
    let through as much of every part as is needed.
    `variable_selection_weights` shows which features counted, `attention_weights`
    which bars. It stands behind a `Windower`; a table is taken as windows of one bar.

    Parameters
    ----------
    hidden_size : int, default=32
        Units throughout.
    n_heads : int, default=4
        Heads of the attention, of which `hidden_size` is a multiple.
    dropout : float, default=0.1
        Share of units dropped in training before each gate, and of what attention
        looks at.
    known_features : sequence of str or "auto", default="auto"
        Features that are known of the step ahead; it has the values they have at the
        latest bar. "auto": those of ``day_sin``, ``day_cos``, ``week_sin`` and
        ``week_cos``, which `bar_features` makes, that the input has. Without any, a
        learnt state stands for the step ahead.
    use_symbols : bool, default=True
        Whether the symbol is a static covariate, where the training samples are of
        more than one. A symbol that was not seen in fit is taken for the mean of those
        that were.
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}
    symbols_ : ndarray of shape (n_symbols,)
        Symbols of the training samples; none where they are no covariate.

    Raises
    ------
    DataError
        If `known_features` names a feature that the input does not have.
    ValueError
        If `hidden_size` is no multiple of `n_heads`.

    See Also
    --------
    TFTModule : The same network as a torch module.
    NetworkClassifier : What all networks have in common.
    sk_ensemble.preprocessing.Windower : Cut the windows.

    Notes
    -----
    A prediction for sample t uses the bars t-lag-window_length+1 ... t-lag of its own
    symbol, as its `Windower` says, that symbol, and nothing else. Missing values are
    refused.

    The network was published for forecasts of several steps and quantiles. Here one
    step ahead is forecast, and what it is a forecast of is learnt from the labels. Its
    parts have as many parameters as those of neuralforecast's TFT.

    References
    ----------
    .. [1] B. Lim, S. O. Arik, N. Loeff and T. Pfister, "Temporal Fusion Transformers
       for Interpretable Multi-horizon Time Series Forecasting", International Journal
       of Forecasting 37(4), 2021, pages 1748-1764.

    Examples
    --------
    Was the first bar of the window above or below zero? Of two features one matters.

    >>> import numpy as np
    >>> from sk_ensemble import TFTClassifier
    >>> X = np.random.default_rng(0).normal(size=(300, 4, 2))
    >>> y = np.where(X[:, 0, 0] > 0, "above", "below")
    >>> model = TFTClassifier(hidden_size=8, n_heads=2, learning_rate=0.02)
    >>> model = model.set_params(max_epochs=30, random_state=0).fit(X[:200], y[:200])
    >>> model.score(X[200:], y[200:]) > 0.9
    True
    >>> weights = model.variable_selection_weights(X)
    >>> weights.shape
    (300, 4, 2)
    >>> model.attention_weights(X).shape
    (300, 5)
    """

    hidden_size: int = 32
    n_heads: int = 4
    dropout: float = 0.1
    known_features: str | Sequence[str] = "auto"
    use_symbols: bool = True

    symbols_: np.ndarray = field(init=False)

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **NetworkClassifier._parameter_constraints,
        "hidden_size": [Interval(Integral, 1, None, closed="left")],
        "n_heads": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "known_features": [StrOptions({"auto"}), list, tuple],
        "use_symbols": ["boolean"],
    }

    def attention_weights(self, X: Any) -> FloatArray:
        """Return how much the step ahead, which decides, looks at each bar.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of 2 or 3 dimensions
            The samples, with the features and window length seen in fit.

        Returns
        -------
        weights : ndarray of shape (n_samples, window_length_ + 1)
            Means over the heads, with sum 1, earliest bar first. The last one is how
            much it looks at itself.
        """
        return self._module_outputs("attention_ahead", X)

    def variable_selection_weights(self, X: Any) -> FloatArray:
        """Return how much each feature of each bar counts.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of 2 or 3 dimensions
            The samples, with the features and window length seen in fit.

        Returns
        -------
        weights : ndarray of shape (n_samples, window_length_, n_features_in_)
            Positive, with sum 1 over the features of a bar.
        """
        return self._module_outputs("selection", X)

    def _learn_categories(self, training: TrainingSet) -> None:
        self.symbols_ = self._covariate(training.windows.symbols)

    def _n_categories(self) -> int:
        return len(self.symbols_)

    def _fit_one_class(self) -> None:
        super()._fit_one_class()
        self.symbols_ = self._covariate(np.array([], dtype=object))

    def _covariate(self, symbols: np.ndarray) -> np.ndarray:
        """Return the different symbols, where there is something to tell apart."""
        names = np.unique(symbols)
        return names if self.use_symbols and len(names) > 1 else names[:0]

    def _category_numbers(self, windows: Windows) -> IntArray:
        """Return the place of each symbol, behind the last for one that is new."""
        names = windows.history.symbol_names
        places = {name: place for place, name in enumerate(self.symbols_)}
        of_name = np.array([places.get(name, len(self.symbols_)) for name in names])
        return of_name[windows.symbol_codes]

    def _known(self) -> list[int]:
        """Return the columns of the features that are known of the step ahead."""
        names = list(getattr(self, "feature_names_in_", ()))
        if isinstance(self.known_features, str):
            return [names.index(name) for name in _CLOCK if name in names]
        missing = [name for name in self.known_features if name not in names]
        if missing:
            msg = (
                f"known_features names {missing}, which X does not have; it has "
                f"{names or 'no names of features'}."
            )
            raise DataError(msg)
        return [names.index(name) for name in self.known_features]

    def _make_module(
        self, n_features: int, n_outputs: int, window_length: int
    ) -> nn.Module:
        return TFTModule(
            n_features,
            n_outputs,
            known=self._known(),
            n_symbols=len(self.symbols_),
            hidden_size=self.hidden_size,
            n_heads=self.n_heads,
            dropout=self.dropout,
        )
