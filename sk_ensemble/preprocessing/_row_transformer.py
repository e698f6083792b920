"""Lift row-wise transformers to panels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import (
    BaseEstimator,
    MetaEstimatorMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils import Bunch, Tags, get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel import (
    History,
    Panel,
    Windows,
    index_keys,
    refuse_other_index,
)
from sk_ensemble.preprocessing._panel_output import PanelOutputMixin
from sk_ensemble.utils.feature_names import check_features, set_features
from sk_ensemble.utils.sklearn_api import (
    CallbackSupportMixin,
    HasMethods,
    StrOptions,
    fit_context,
    fit_task,
    get_feature_names,
    routing_enabled,
)
from sk_ensemble.utils.time import format_ns

__all__ = ["RowTransformer"]

#: Bars transformed at a time, so that intermediate results stay small.
_CHUNK = 65_536

#: Key of the one transformer that serves all symbols.
_ALL = None


def _is_panel(X: Any) -> bool:
    return isinstance(X, Panel)


def _refuse_windows(X: Any) -> None:
    """Raise if the bars are windowed already."""
    if isinstance(X, Windows):
        msg = (
            "RowTransformer works on bars, and these are windowed already: put it "
            "before the Windower in the Pipeline."
        )
        raise TypeError(msg)


def _refuse_other_rows(X: Any, **rowwise: Any) -> None:
    """Raise if targets or weights do not belong to the samples, row by row."""
    check_consistent_length(X, *rowwise.values())
    for name, values in rowwise.items():
        refuse_other_index(X, values, name=name)


def _rows_of_symbols(X: Any) -> dict[Any, IntArray]:
    """Return the rows of each symbol among the samples."""
    if _is_panel(X):
        codes, names = X.symbol_codes, X.history.symbol_names
    else:
        keys = index_keys(X)
        if keys is None:
            msg = (
                "by='symbol' needs a Panel or a frame indexed by symbol and datetime, "
                f"got {type(X).__name__} without symbols."
            )
            raise DataError(msg)
        codes, names = pd.factorize(keys[0], sort=True)
    return {names[code]: np.flatnonzero(codes == code) for code in np.unique(codes)}


def _split_by_symbol(history: History, rows: IntArray) -> list[tuple[Any, IntArray]]:
    """Split ascending rows of the history by symbol."""
    parts = np.split(rows, np.searchsorted(rows, history.symbol_bounds[1:-1]))
    return list(zip(history.symbol_names, parts, strict=True))


def _take(X: Any, rows: IntArray | None) -> Any:
    """Return some rows of an array or frame, or all of them."""
    if X is None or rows is None:
        return X
    return X.iloc[rows] if hasattr(X, "iloc") else np.asarray(X)[rows]


def _take_rowwise(value: Any, bars: Any, rows: IntArray | None) -> Any:
    """Cut a fit parameter that has one value per row."""
    is_rowwise = hasattr(value, "__len__") and len(value) == len(bars)
    return _take(value, rows) if is_rowwise else value


def _fit_rows(
    transformer: Any, bars: Any, y: Any, params: Any, rows: IntArray | None
) -> Any:
    """Fit a clone of the transformer on some rows, weights included."""
    own = {name: _take_rowwise(value, bars, rows) for name, value in params.items()}
    return clone(transformer).fit(_take(bars, rows), _take(y, rows), **own)


def _as_frame(values: FloatArray, columns: tuple[str, ...] | None) -> Any:
    """Give bars their column names, so that they can be chosen by name."""
    return values if columns is None else pd.DataFrame(values, columns=list(columns))


def _dense(values: Any, n_rows: int, transformer: Any) -> FloatArray:
    """Return the result of a row-wise transformer as a matrix of that many rows."""
    name = type(transformer).__name__
    if hasattr(values, "toarray"):
        values = values.toarray()
    values = np.asarray(values)
    if values.ndim != 2 or len(values) != n_rows:
        msg = (
            f"{name} turned {n_rows} rows into an array of shape {values.shape}; "
            "RowTransformer needs one row per bar."
        )
        raise DataError(msg)
    if values.dtype.kind not in "fiub":
        msg = f"{name} returned dtype {values.dtype}, RowTransformer needs numbers."
        raise DataError(msg)
    return values


def _output_names(
    transformer: Any, result: Any, values: FloatArray, columns: tuple[str, ...] | None
) -> list[str]:
    """Name the transformed features, whether the transformer does so or not."""
    try:
        return list(transformer.get_feature_names_out())
    except AttributeError:
        # A Pipeline has the method even if one of its steps does not.
        if hasattr(result, "columns"):
            return [str(name) for name in result.columns]
    if columns is not None and len(columns) == values.shape[1]:
        return list(columns)
    return [f"x{number}" for number in range(values.shape[1])]


def _refuse_other_names(names: list[str], expected: list[str], symbol: Any) -> None:
    """Raise if the transformers of two symbols return different features."""
    if names != expected:
        msg = (
            f"by='symbol' gave {len(names)} features {names} for symbol {symbol!r} and "
            f"{len(expected)} features {expected} for another; a panel has the same "
            "features for all symbols. Use a transformer with fixed features."
        )
        raise DataError(msg)


def _refuse_infinite(
    values: FloatArray, rows: IntArray, history: History, names: list[str]
) -> None:
    """Raise if transforming made an infinity, naming the bar and the column."""
    bad = np.isinf(values)
    if not bad.any():
        return
    row, column = np.argwhere(bad)[0]
    bar = rows[row]
    symbol = history.symbol_names[history.symbol_codes[bar]]
    msg = (
        f"The transformer made {bad.sum()} infinite value(s), the first in "
        f"{names[column]!r} of symbol {symbol!r} at {format_ns(history.stamps[bar])}. "
        "Use one that is finite there."
    )
    raise DataError(msg)


def _transform_bars(
    transformer: Any, history: History, rows: IntArray
) -> tuple[FloatArray, list[str]]:
    """Return some bars transformed, in the history's type, and their features."""
    result = transformer.transform(_as_frame(history.block[rows], history.columns))
    values = _dense(result, len(rows), transformer)
    names = _output_names(transformer, result, values, history.columns)
    with np.errstate(over="ignore"):
        values = values.astype(history.block.dtype, copy=False)
    _refuse_infinite(values, rows, history, names)
    return values, names


class RowTransformer(
    MetaEstimatorMixin,
    PanelOutputMixin,
    CallbackSupportMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Apply a row-wise transformer to the bars of a panel, before a `Windower`.

    The transformer (a scaler, an imputer, a PCA, a `ColumnTransformer` that chooses by
    column name) is fitted on the bars of the training samples only, and then applied
    to every bar of the history that a window over the samples could hold. The result
    is again a panel, so it may stand in front of a `Windower`.

    Parameters
    ----------
    transformer : transformer
        Any scikit-learn transformer that maps each row by itself.
    by : {"symbol"} or None, default=None
        ``"symbol"`` fits one transformer per symbol.

    Attributes
    ----------
    transformer_ : transformer
        The fitted transformer; absent if ``by="symbol"``.
    transformers_ : dict
        The fitted transformers by symbol; absent if ``by=None``.
    n_features_in_ : int
        Features per bar.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where the input has names.

    Raises
    ------
    DataError
        If the transformer drops rows or makes infinities; if targets or weights are
        indexed by other bars than X; with ``by="symbol"``, if a symbol was not seen in
        fit or gets other features than the rest.

    See Also
    --------
    Windower : Cut windows from the transformed panel.

    Notes
    -----
    A transformer that mixes rows (a smoother, say) would carry later bars into
    earlier ones; this class cannot see that. The result has the type (float32 or
    float64) of the panel. Arrays and frames are passed to the transformer as they
    are.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sk_ensemble import Panel, RowTransformer
    >>> from sk_ensemble.datasets import load_bars
    >>> panel = Panel.from_frame(
    ...     load_bars(symbols=["IF"], start="2021-10"), features=["close"]
    ... )
    >>> scaled = RowTransformer(StandardScaler()).fit_transform(panel)
    >>> round(float(scaled.to_numpy().std()), 3)
    1.0
    """

    transformer_: Any
    transformers_: dict[Any, Any]
    n_features_in_: int
    feature_names_in_: np.ndarray

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "transformer": [HasMethods(["fit", "transform"])],
        "by": [StrOptions({"symbol"}), None],
    }

    def __init__(self, transformer: Any, *, by: str | None = None) -> None:
        self.transformer = transformer
        self.by = by

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """Fit the transformer on the bars of the samples.

        Parameters
        ----------
        X : Panel, DataFrame or array-like of shape (n_samples, n_features)
            The training samples.
        y : array-like of shape (n_samples,) or None, default=None
            Targets, passed to the transformer.
        **fit_params : dict
            Passed to the transformer's `fit`, such as `sample_weight`.

        Returns
        -------
        self : RowTransformer
            The fitted transformer.
        """
        _refuse_windows(X)
        with fit_task(self, X, y):
            params = self._routed(fit_params)
            _refuse_other_rows(X, y=y, sample_weight=params.get("sample_weight"))
            bars = _as_frame(X.to_numpy(), X.columns) if _is_panel(X) else X
            groups = {_ALL: None} if self.by is None else _rows_of_symbols(X)
            fitted = {
                key: _fit_rows(self.transformer, bars, y, params, rows)
                for key, rows in groups.items()
            }
            self._store(fitted)
            self._record_features(X, next(iter(fitted.values())))
        return self

    def _routed(self, fit_params: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters that are meant for the transformer."""
        if routing_enabled():
            return process_routing(self, "fit", **fit_params).transformer.fit
        return Bunch(**fit_params)

    def _store(self, fitted: dict[Any, Any]) -> None:
        """Keep the fitted transformers under the name the documentation gives."""
        for name in ("transformer_", "transformers_"):
            self.__dict__.pop(name, None)
        if self.by is None:
            self.transformer_ = fitted[_ALL]
        else:
            self.transformers_ = fitted

    def _record_features(self, X: Any, fitted: Any) -> None:
        """Set `n_features_in_` and `feature_names_in_`."""
        if _is_panel(X):
            set_features(self, X.history.n_features, X.columns)
            return
        n_features = getattr(fitted, "n_features_in_", None)
        set_features(
            self,
            np.shape(X)[1] if n_features is None else n_features,
            get_feature_names(X),
        )

    def _transform(self, X: Any) -> Any:
        check_is_fitted(self, ["transformer_", "transformers_"], all_or_any=any)
        _refuse_windows(X)
        if _is_panel(X):
            check_features(self, X.history.n_features, X.columns)
            return self._transform_panel(X)
        if self.by is None:
            return self.transformer_.transform(X)
        return self._transform_by_symbol(X)

    def _transform_by_symbol(self, X: Any) -> FloatArray:
        """Transform the rows of an indexed frame, each by its symbol's transformer."""
        groups = _rows_of_symbols(X)
        parts = [
            _dense(fitted.transform(_take(X, rows)), len(rows), fitted)
            for fitted, rows in ((self._fitted_for(key), groups[key]) for key in groups)
        ]
        return np.concatenate(parts)[np.argsort(np.concatenate(list(groups.values())))]

    def _fitted_for(self, key: Any) -> Any:
        """Return the transformer that serves a symbol."""
        if self.by is None:
            return self.transformer_
        if key not in self.transformers_:
            msg = (
                f"Symbol {key!r} was not among those seen in fit, "
                f"{list(self.transformers_)}; with by='symbol' it has no transformer. "
                "Fit on samples of every symbol, or use by=None."
            )
            raise DataError(msg)
        return self.transformers_[key]

    def _transform_panel(self, panel: Panel) -> Panel:
        """Return the panel with every reachable bar transformed.

        These are the bars from the start of a segment to the last sample in it. Other
        bars stay NaN: nothing may read them, and if something did it would show.
        """
        history = panel.history
        reachable = history.bars_between(panel.segment_starts, panel.positions)
        names: list[str] = []
        block = np.empty((history.n_bars, 0), dtype=panel.dtype)
        for key, rows in self._chunks(history, np.flatnonzero(reachable)):
            values, own_names = _transform_bars(self._fitted_for(key), history, rows)
            if not names:
                names = own_names
                block = np.full((history.n_bars, len(names)), np.nan, panel.dtype)
            _refuse_other_names(own_names, names, key)
            block[rows] = values
        if not names:
            msg = "The panel has no samples, so there is nothing to transform."
            raise DataError(msg)
        changed = history.with_block(block, tuple(names))
        return Panel(changed, panel.positions, panel.label_end_ns)

    def _chunks(
        self, history: History, rows: IntArray
    ) -> Iterator[tuple[Any, IntArray]]:
        """Cut the rows into chunks, each served by one transformer."""
        parts = [(_ALL, rows)] if self.by is None else _split_by_symbol(history, rows)
        for key, part in parts:
            for start in range(0, len(part), _CHUNK):
                yield key, part[start : start + _CHUNK]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the transformed features.

        Parameters
        ----------
        input_features : array-like of shape (n_features,) or None, default=None
            Names of the input features; None means those seen in fit.

        Returns
        -------
        names : ndarray of str of shape (n_features_out,)
            The transformer's own names.
        """
        check_is_fitted(self, ["transformer_", "transformers_"], all_or_any=any)
        fitted = (
            self.transformer_
            if self.by is None
            else next(iter(self.transformers_.values()))
        )
        return np.asarray(fitted.get_feature_names_out(input_features), dtype=object)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata such as `sample_weight` reaches the transformer.

        Returns
        -------
        routing : MetadataRouter
            The routing of scikit-learn's metadata routing API.
        """
        return MetadataRouter(owner=self).add(
            transformer=self.transformer,
            method_mapping=MethodMapping()
            .add(caller="fit", callee="fit")
            .add(caller="fit_transform", callee="fit"),
        )

    def __sklearn_tags__(self) -> Tags:
        """Describe the transformer to scikit-learn: as the one it lifts."""
        tags = super().__sklearn_tags__()
        inner = get_tags(self.transformer)
        tags.input_tags.allow_nan = inner.input_tags.allow_nan
        tags.input_tags.sparse = inner.input_tags.sparse and self.by is None
        tags.target_tags.required = inner.target_tags.required
        return tags
