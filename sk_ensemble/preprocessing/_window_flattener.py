"""Turn windows into the rows of a matrix."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sk_ensemble._typing import FloatArray
from sk_ensemble.panel import (
    as_windows,
    check_columns,
    check_finite,
    refuse_other_index,
)
from sk_ensemble.preprocessing._panel_output import PanelOutputMixin
from sk_ensemble.preprocessing._windower import flat_names
from sk_ensemble.utils.sklearn_api import (
    CallbackSupportMixin,
    feature_names_in,
    fit_context,
    fit_task,
)

__all__ = ["WindowFlattener"]


class WindowFlattener(
    PanelOutputMixin, CallbackSupportMixin, TransformerMixin, BaseEstimator
):
    """Turn windows into rows of a matrix, for estimators that know only tables.

    It stands first in the Pipelines of `sk_ensemble.tabular`. Where the windows are
    cut in the same Pipeline, ``Windower(flatten=True)`` does the same.

    Parameters
    ----------
    allow_nan : bool, default=True
        Whether features may be missing. False: missing ones are refused by name,
        which says more than the estimator behind could.

    Attributes
    ----------
    window_length_ : int
        Bars per window; 1 for a panel or a table.
    lag_ : int
        Bars between a sample and the last bar of its window; 0 for arrays.
    n_features_in_ : int
        Features per bar.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where the input has names.

    Raises
    ------
    DataError
        If there are no samples, if window length, number or names of the features
        differ from those seen in fit, or if a feature holds infinite values, or
        nothing at all in fit.

    Warns
    -----
    UserWarning
        With the names of features that are constant in fit.

    See Also
    --------
    Windower : Cut the windows.

    Notes
    -----
    A row holds the bars of the sample's own window, earliest first, all features of a
    bar side by side. The matrix is built in memory: windows of 60 bars take 60 times
    the memory of the bars. Missing values are kept.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.preprocessing import Windower, WindowFlattener
    >>> windows = Windower(2).transform(np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> flattener = WindowFlattener()
    >>> flattener.fit_transform(windows)
    array([[1., 2., 1., 2.],
           [1., 2., 3., 4.]])
    >>> flattener.get_feature_names_out()
    array(['x0[t-1]', 'x1[t-1]', 'x0[t]', 'x1[t]'], dtype=object)
    """

    n_features_in_: int
    feature_names_in_: np.ndarray
    window_length_: int
    lag_: int

    _parameter_constraints: ClassVar[dict[str, Any]] = {"allow_nan": ["boolean"]}

    def __init__(self, *, allow_nan: bool = True) -> None:
        self.allow_nan = allow_nan

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the samples and record what they consist of; nothing is learnt.

        Parameters
        ----------
        X : Windows, Panel, DataFrame or array-like of 2 or 3 dimensions
            The samples.
        y : array-like of shape (n_samples,) or None, default=None
            Targets; only their index is looked at, if they have one.

        Returns
        -------
        self : WindowFlattener
            The transformer itself.

        Raises
        ------
        DataError
            If `y` is indexed by other bars than the samples of a panel or windows.
        """
        with fit_task(self, X, y):
            refuse_other_index(X, y, name="y")
            windows = as_windows(self, X, reset=True)
            check_columns(self, windows, allow_nan=self.allow_nan)
            self.lag_ = windows.lag
        return self

    def _transform(self, X: Any) -> FloatArray:
        check_is_fitted(self)
        windows = as_windows(self, X, reset=False)
        check_finite(self, windows, allow_nan=self.allow_nan)
        return windows.gather().reshape(len(windows), -1)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns, such as ``close[t-3]``.

        Parameters
        ----------
        input_features : array-like of shape (n_features,) or None, default=None
            Names per bar; None means those seen in fit, else ``x0``, ``x1``, ...

        Returns
        -------
        names : ndarray of str of shape (n_features_out,)
            One name per column; unchanged names where a window is one bar.
        """
        check_is_fitted(self)
        names = feature_names_in(self, input_features)
        if self.window_length_ > 1 or self.lag_:
            names = flat_names(names, self.window_length_, self.lag_)
        return np.asarray(names, dtype=object)

    def __sklearn_tags__(self) -> Tags:
        """Describe the transformer to scikit-learn: windows and tables."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.allow_nan
        tags.input_tags.three_d_array = True
        return tags
