"""Models for MLflow's scoring server: our loader, no pickle, no code of their own."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

import sk_ensemble
from sk_ensemble.exceptions import DataError
from sk_ensemble.persistence import save_model
from sk_ensemble.production._predict_chunks import ChunkPredictor
from sk_ensemble.production._predict_model import ServedModel, served_model
from sk_ensemble.utils.files import building, read_json, write_json
from sk_ensemble.utils.optional import import_optional

__all__ = ["ServingModel", "save_mlflow_model"]

_MODEL = "model"
_SETTINGS = "serving.json"

_KEYS = ("symbol", "datetime")


def _with_times(frame: pd.DataFrame) -> pd.DataFrame:
    """Read the times of a request, which JSON carries as texts."""
    absent = [key for key in _KEYS if key not in frame.columns]
    if absent:
        msg = f"There are no columns {absent}, only {list(frame.columns)}. Add them."
        raise DataError(msg)
    if isinstance(frame["datetime"].dtype, pd.DatetimeTZDtype):
        return frame
    if pd.api.types.is_numeric_dtype(frame["datetime"]):
        msg = "'datetime' holds numbers; give texts such as '2024-01-02T10:05:00Z'."
        raise DataError(msg)
    try:
        times = pd.to_datetime(frame["datetime"], utc=True, format="ISO8601")
    except ValueError as error:
        msg = f"'datetime' must hold texts such as '2024-01-02T10:05:00Z': {error}"
        raise DataError(msg) from error
    return frame.assign(datetime=times)


class ServingModel:
    """Answer the requests of MLflow's scoring server.

    Parameters
    ----------
    served : ServedModel
        The model.
    """

    def __init__(self, served: ServedModel) -> None:
        self._served = served

    def predict(
        self, model_input: pd.DataFrame, params: Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """Predict all bars of a request that have enough history in it.

        Parameters
        ----------
        model_input : DataFrame of n_bars rows
            ``symbol``, ``datetime`` and the features, in any order; each request
            brings the bars that the windows need.
        params : mapping or None, default=None
            Part of MLflow's interface; there are none.

        Returns
        -------
        predictions : DataFrame
            As `PredictionOutput.to_dataframe`, times as texts.
        """
        del params
        if not isinstance(model_input, pd.DataFrame):
            msg = (
                "A request must hold a table, as dataframe_split or dataframe_records, "
                f"got {type(model_input).__name__}."
            )
            raise DataError(msg)
        output = ChunkPredictor(self._served).predict(_with_times(model_input))
        table = output.to_dataframe()
        stamps = table["datetime"].dt.tz_localize(None).to_numpy()
        return table.assign(datetime=[f"{stamp}Z" for stamp in stamps.astype(str)])


def _pyfunc() -> ModuleType:
    """Import what saves models in MLflow's form."""
    with warnings.catch_warnings():
        # It warns of type hints of its own while it is imported.
        warnings.simplefilter("ignore", UserWarning)
        return import_optional("mlflow.pyfunc", extra="experiments")


def _load_pyfunc(path: str) -> ServingModel:
    """Load what `save_mlflow_model` has saved: MLflow calls it by this name."""
    folder = Path(path)
    settings = read_json(folder / _SETTINGS)
    return ServingModel(served_model(folder / _MODEL, **settings))


def save_mlflow_model(
    model: Any,
    path: str | os.PathLike[str],
    *,
    features: Sequence[str] | None = None,
    horizon: int | None = None,
    min_history: int | None = None,
    max_gap: str | None = None,
    dtype: str = "float32",
) -> None:
    """Save a model so that ``mlflow models serve`` and ``mlflow.pyfunc`` load it.

    What is saved is a directory of `save_model`, the settings below, and the name of
    the loader in this package: no pickle, and no code but that which is installed.

    Parameters
    ----------
    model : estimator, str, path-like or ModelVersion
        As in `predict`.
    path : str or path-like
        The directory to be. It appears when it is complete.
    features : list of str or None, default=None
        Names of the features in the order of fit, as in `predict`.
    horizon : int or None, default=None
        Bars ahead, for the output, as in `predict`.
    min_history : int or None, default=None
        Bars that a symbol needs to be predicted; None: as many as fill the window.
    max_gap : str or None, default=None
        A longer step between two bars of a symbol starts a new segment.
    dtype : {"float32", "float64"}, default="float32"
        Type of the features, as in the panel of training.

    Raises
    ------
    DataError, PersistenceError, ProductionError
        If the model cannot be used or saved.
    FileExistsError
        If there is something at `path`.
    ImportError
        If MLflow is not installed.

    Notes
    -----
    A request is a table of bars with ``symbol``, ``datetime`` and the features; the
    answer has one row per bar with enough history in the request, as `predict` would
    give. Nothing is remembered between requests.

    MLflow imports the module that its file ``MLmodel`` names. Let it load directories
    only that you trust; `load_model` is made for the others.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sk_ensemble import Panel, create
    >>> from sk_ensemble.datasets import load_bars
    >>> from sk_ensemble.production import save_mlflow_model
    >>> bars = load_bars(symbols=["IF"], start="2021-10")
    >>> panel = Panel.from_frame(bars, features=["close"])
    >>> model = create("prior").fit(panel, [0, 1] * (len(panel) // 2))
    >>> folder = tempfile.TemporaryDirectory()
    >>> save_mlflow_model(model, Path(folder.name) / "served", horizon=5)
    >>> (Path(folder.name) / "served" / "MLmodel").exists()
    True
    >>> folder.cleanup()
    """
    served = served_model(
        model,
        features=features,
        horizon=horizon,
        min_history=min_history,
        max_gap=max_gap,
        dtype=dtype,
    )
    settings = {
        "features": None if features is None else list(served.features),
        "horizon": served.horizon,
        "min_history": served.min_history,
        "max_gap": max_gap,
        "dtype": served.dtype.name,
    }
    pyfunc = _pyfunc()
    with tempfile.TemporaryDirectory() as aside, building(Path(path)) as scratch:
        data = Path(aside) / "data"
        save_model(served.model, data / _MODEL, {"horizon": served.horizon})
        write_json(data / _SETTINGS, settings)
        pyfunc.save_model(
            scratch,
            loader_module=__name__,
            data_path=str(data),
            # Else MLflow would load the model in another process to look for them.
            pip_requirements=[f"sk_ensemble[all]=={sk_ensemble.__version__}"],
        )
