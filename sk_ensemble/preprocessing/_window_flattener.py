"""Turn windows into the rows of a matrix."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags, check_array
from sklearn.utils.validation import check_is_fitted

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel import Samples, Windows
from sk_ensemble.preprocessing._panel_output import PanelOutputMixin
from sk_ensemble.preprocessing._windower import flat_names
from sk_ensemble.utils.feature_names import check_features, set_features
from sk_ensemble.utils.sklearn_api import (
    CallbackSupportMixin,
    feature_names_in,
    fit_context,
    fit_task,
    validate_data,
)

__all__ = ["WindowFlattener"]

_CHECKS: dict[str, Any] = {
    "dtype": [np.float64, np.float32],
    "ensure_all_finite": "allow-nan",
}


class WindowFlattener(
    PanelOutputMixin, CallbackSupportMixin, TransformerMixin, BaseEstimator
):
    """Turn windows into rows of a matrix, for estimators that know only tables.

    It stands first in the Pipelines of `sk_ensemble.tabular`. Where the windows are
    cut in the same Pipeline, ``Windower(flatten=True)`` does the same.

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
        If there are no samples, or if window length, number or names of the features
        differ from those seen in fit.

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

    _parameter_constraints: ClassVar[dict[str, Any]] = {}

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Record the features and the window length; nothing is learnt.

        Parameters
        ----------
        X : Windows, Panel, DataFrame or array-like of 2 or 3 dimensions
            The samples.
        y : None
            Ignored.

        Returns
        -------
        self : WindowFlattener
            The transformer itself.
        """
        with fit_task(self, X, y):
            self._checked(X, reset=True)
            self.lag_ = X.lag if isinstance(X, Windows) else 0
        return self

    def _transform(self, X: Any) -> FloatArray:
        check_is_fitted(self)
        samples = self._checked(X, reset=False)
        if isinstance(samples, Windows):
            samples = samples.gather()
        elif isinstance(samples, Samples):
            samples = samples.history.block[samples.positions]
        return samples.reshape(len(samples), -1)

    def _checked(self, X: Any, *, reset: bool) -> Any:
        """Return the samples, after recording or comparing what they consist of."""
        if isinstance(X, Samples):
            _refuse_empty(X)
            self._record(X.history.n_features, X.columns, reset=reset)
            length = getattr(X, "window_length", 1)
        elif len(getattr(X, "shape", ())) == 3:
            X = check_array(X, allow_nd=True, estimator=self, **_CHECKS)
            self._record(X.shape[2], None, reset=reset)
            length = X.shape[1]
        else:
            X = validate_data(self, X, reset=reset, **_CHECKS)
            length = 1
        self._record_length(length, reset=reset)
        return X

    def _record(self, n_features: int, columns: Any, *, reset: bool) -> None:
        action = set_features if reset else check_features
        action(self, n_features, columns)

    def _record_length(self, length: int, *, reset: bool) -> None:
        """Record the window length, or refuse another one."""
        if reset:
            self.window_length_ = length
        elif length != self.window_length_:
            msg = (
                f"X has windows of {length} bars, WindowFlattener was fitted on "
                f"windows of {self.window_length_}. Use the same Windower for both."
            )
            raise DataError(msg)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns, such as ``close[t-3]``.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names per bar; None means those seen in fit, else ``x0``, ``x1``, ...

        Returns
        -------
        names : ndarray of str objects
            One name per column; unchanged names where a window is one bar.
        """
        check_is_fitted(self)
        names = feature_names_in(self, input_features)
        if self.window_length_ > 1 or self.lag_:
            names = flat_names(names, self.window_length_, self.lag_)
        return np.asarray(names, dtype=object)

    def __sklearn_tags__(self) -> Tags:
        """Describe the transformer to scikit-learn: windows and tables, NaN allowed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        return tags


def _refuse_empty(X: Samples) -> None:
    """Raise if there are no samples."""
    if not len(X):
        msg = "X has no samples. Give at least one."
        raise DataError(msg)
