"""The form in which every model hands over its predictions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from scipy.special import entr

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.experiments._labels import LABELS, PROBA_COLUMNS
from sk_ensemble.experiments._tables import read_table
from sk_ensemble.utils.time import from_utc_ns, to_utc_ns

__all__ = ["PredictionOutput"]

_COLUMNS = ("symbol", "datetime", "horizon", "uncertainty", *PROBA_COLUMNS)


def _refuse_other_lengths(lengths: dict[str, int]) -> None:
    """Raise unless all arrays have one length."""
    if len(set(lengths.values())) > 1:
        msg = f"The parts of a PredictionOutput differ in length: {lengths}."
        raise DataError(msg)


@dataclass(frozen=True, eq=False)
class PredictionOutput:
    """Hold the predictions of one model, one row per symbol, bar and horizon.

    Parameters
    ----------
    probabilities : ndarray of shape (n_samples, 3)
        Probabilities of the classes -1, 0 and 1, in this order.
    timestamps : ndarray of datetime64[ns] of shape (n_samples,)
        Times of the bars, UTC.
    symbols : ndarray of shape (n_samples,)
        Their symbols.
    horizons : ndarray of int64 of shape (n_samples,)
        Bars ahead that each prediction is about.
    uncertainty : ndarray of shape (n_samples,)
        How unsure the model is: the entropy of the probabilities in nats, from 0 to
        log 3, unless the model has a measure of its own.

    Attributes
    ----------
    predictions : ndarray of int64 of shape (n_samples,)
        The most probable class.

    Raises
    ------
    DataError
        If the parts differ in length or there are not three columns.

    See Also
    --------
    from_proba : Fill in horizon and uncertainty.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.experiments import PredictionOutput
    >>> output = PredictionOutput.from_proba(
    ...     [[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]],
    ...     timestamps=np.array(["2024-01-02T10:00", "2024-01-02T10:05"], "M8[ns]"),
    ...     symbols=["IF", "IF"],
    ...     horizon=5,
    ... )
    >>> output.predictions.tolist(), output.uncertainty.round(3).tolist()
    ([1, -1], [1.03, 0.0])
    >>> list(output.to_dataframe().columns)[:4]
    ['symbol', 'datetime', 'horizon', 'prediction']
    """

    probabilities: FloatArray
    timestamps: np.ndarray
    symbols: np.ndarray
    horizons: IntArray
    uncertainty: FloatArray

    def __post_init__(self) -> None:
        shape = np.shape(self.probabilities)
        if len(shape) != 2 or shape[1] != len(LABELS):
            msg = (
                f"probabilities must have shape (n_samples, {len(LABELS)}), one column "
                f"for each of the classes {LABELS}, got {shape}."
            )
            raise DataError(msg)
        names = ("probabilities", "timestamps", "symbols", "horizons", "uncertainty")
        _refuse_other_lengths({name: len(getattr(self, name)) for name in names})

    @classmethod
    def from_proba(
        cls,
        probabilities: FloatArray,
        *,
        timestamps: np.ndarray,
        symbols: np.ndarray,
        horizon: int,
        uncertainty: FloatArray | None = None,
    ) -> Self:
        """Make an output for one horizon.

        Parameters
        ----------
        probabilities : array-like of shape (n_samples, 3)
            Probabilities of the classes -1, 0 and 1.
        timestamps : array-like of shape (n_samples,)
            Times of the bars; naive ones are UTC.
        symbols : array-like of shape (n_samples,)
            Their symbols.
        horizon : int
            Bars ahead.
        uncertainty : array-like of shape (n_samples,) or None, default=None
            None means the entropy of the probabilities, nats.

        Returns
        -------
        output : PredictionOutput
            The predictions in standard form.
        """
        table = np.asarray(probabilities, dtype=np.float64)
        if uncertainty is None:
            uncertainty = entr(table).sum(axis=1)
        return cls(
            table,
            from_utc_ns(to_utc_ns(pd.Series(timestamps))),
            np.asarray(symbols),
            np.full(len(table), horizon, dtype=np.int64),
            np.asarray(uncertainty, dtype=np.float64),
        )

    @classmethod
    def from_parquet(cls, path: str | Path) -> Self:
        """Read an output from a file of predictions; other columns are left out.

        Parameters
        ----------
        path : str or Path
            A file that `to_dataframe` or a run directory holds.

        Raises
        ------
        DataError
            If it is missing, damaged, or lacks a column; names the file.
        """
        frame = read_table(Path(path), _COLUMNS)
        return cls(
            frame[list(PROBA_COLUMNS)].to_numpy(),
            from_utc_ns(to_utc_ns(frame["datetime"])),
            frame["symbol"].to_numpy(),
            frame["horizon"].to_numpy(dtype=np.int64),
            frame["uncertainty"].to_numpy(),
        )

    @cached_property
    def predictions(self) -> IntArray:
        """The most probable class of each row."""
        classes = np.array(LABELS, dtype=np.int64)
        chosen: IntArray = classes[np.argmax(self.probabilities, axis=1)]
        return chosen

    def __len__(self) -> int:
        return len(self.probabilities)

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per prediction.

        Returns
        -------
        frame : DataFrame
            ``symbol``, ``datetime`` (UTC), ``horizon``, ``prediction``,
            ``uncertainty`` and the probabilities ``p_-1``, ``p_0``, ``p_1``.
        """
        return pd.DataFrame(
            {
                "symbol": self.symbols,
                "datetime": pd.Series(self.timestamps).dt.tz_localize("UTC"),
                "horizon": self.horizons,
                "prediction": self.predictions,
                "uncertainty": self.uncertainty,
                **dict(zip(PROBA_COLUMNS, self.probabilities.T, strict=True)),
            }
        )
