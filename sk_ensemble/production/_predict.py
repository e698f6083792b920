"""Predict the bars of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from sk_ensemble.exceptions import DataError
from sk_ensemble.experiments import PredictionOutput
from sk_ensemble.production._predict_chunks import ChunkPredictor
from sk_ensemble.production._predict_model import served_model

__all__ = ["predict"]


def predict(
    model: Any,
    frame: pd.DataFrame,
    *,
    history: pd.DataFrame | None = None,
    features: Sequence[str] | None = None,
    horizon: int | None = None,
    min_history: int | None = None,
    max_gap: Any = None,
    dtype: Any = "float32",
    time: str = "datetime",
    symbol: str = "symbol",
) -> PredictionOutput:
    """Predict every bar of a frame that has enough history.

    Parameters
    ----------
    model : estimator, str, path-like or ModelVersion
        A fitted classifier of the labels -1, 0 and 1, the directory of a saved one, or
        a version of a `ProductionRegistry`.
    frame : DataFrame of n_bars rows
        Bars in any order. Features are found by name; other columns are left alone.
    history : DataFrame or None, default=None
        Earlier bars, which windows may reach into and which are not predicted.
    features : list of str or None, default=None
        Names of the features in the order of fit, for a model that was fitted on
        features without names.
    horizon : int or None, default=None
        Bars ahead, for the output; None: what is saved with the model, 0 if that is
        not known.
    min_history : int or None, default=None
        Bars of its symbol (and segment) that a bar needs to be predicted, its own
        included. None: as many as fill the window, so that none is padded. 1: all are
        predicted, as far as the model pads.
    max_gap : str, Timedelta or None, default=None
        A longer step between two bars of a symbol starts a new segment, as in the
        panel that the model was trained on.
    dtype : {"float32", "float64"}, default="float32"
        Type of the features, as in the panel that the model was trained on.
    time : str, default="datetime"
        Column or index level with the times.
    symbol : str, default="symbol"
        Column or index level with the symbols.

    Returns
    -------
    output : PredictionOutput
        In the row order of the frame, without bars that have too little history.

    Raises
    ------
    DataError
        If features are missing (all are named), no finite numbers, keys are missing or
        there twice, or the history is not earlier than the frame.
    PersistenceError, ProductionError
        If the saved model is damaged.

    See Also
    --------
    predict_file : The same for tables of any size.
    OnlinePredictor : The same bar by bar, with equal bits.

    Notes
    -----
    Equal bits whatever the number of bars: a model with matrix products, which round
    by the number of rows, is asked for a fixed number of samples at a time. (A
    projection within a `RowTransformer` is the exception: it sees bars, not samples.)

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sk_ensemble import Panel, Windower, create
    >>> from sk_ensemble.datasets import load_bars
    >>> from sk_ensemble.labeling import fixed_horizon_labels
    >>> from sk_ensemble.production import predict
    >>> bars = load_bars(symbols=["IF"], start="2021-09")
    >>> panel = Panel.from_frame(bars, features=["open", "close"])
    >>> X, y = panel.align(fixed_horizon_labels(bars, horizon=5))
    >>> model = make_pipeline(Windower(3), create("xgboost", n_estimators=5)).fit(X, y)
    >>> output = predict(model, bars, horizon=5)
    >>> len(bars) - len(output)
    2
    >>> output.to_dataframe().columns.tolist()[:4]
    ['symbol', 'datetime', 'horizon', 'prediction']
    """
    if not isinstance(frame, pd.DataFrame):
        msg = f"predict takes a DataFrame of bars, got {type(frame).__name__}."
        raise DataError(msg)
    served = served_model(
        model,
        features=features,
        horizon=horizon,
        min_history=min_history,
        max_gap=max_gap,
        dtype=dtype,
    )
    predictor = ChunkPredictor(served, time=time, symbol=symbol)
    if history is not None:
        predictor.remember(history)
    return predictor.predict(frame)
