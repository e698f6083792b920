"""Predictions of trials on disk, one file per trial and fold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.files import write_whole

__all__ = ["PredictionFiles"]


def _save(path: Path, values: FloatArray) -> None:
    # Given a name, NumPy would add an ending to it.
    with path.open("wb") as stream:
        np.save(stream, values, allow_pickle=False)


class PredictionFiles:
    """Keep the out-of-sample predictions of trials in a directory.

    Parameters
    ----------
    folder : Path
        The directory, of one study.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, trial: int, fold: int) -> Path:
        return self.folder / f"trial-{trial:05d}-fold-{fold:03d}.npy"

    def write(self, trial: int, fold: int, proba: FloatArray) -> None:
        """Write the predictions of one fold, whole or not at all."""
        write_whole(self._path(trial, fold), lambda path: _save(path, proba))

    def _read(self, trial: int, fold: int, n_rows: int) -> FloatArray:
        path = self._path(trial, fold)
        if not path.is_file():
            msg = (
                f"There is no {path}: trial {trial} was not evaluated on fold {fold}, "
                "or its predictions were not kept then."
            )
            raise DataError(msg)
        values = np.load(path, allow_pickle=False)
        if len(values) != n_rows:
            msg = f"{path} has {len(values)} rows, but the fold tests {n_rows}."
            raise DataError(msg)
        return np.asarray(values)

    def read(self, trial: int, tests: Sequence[IntArray], n_rows: int) -> FloatArray:
        """Return the predictions of a trial over all folds.

        Parameters
        ----------
        trial : int
            Number of the trial.
        tests : sequence of ndarray of int64
            Rows that each fold tests.
        n_rows : int
            Number of samples.

        Returns
        -------
        proba : ndarray of float64 of shape (n_rows, n_classes)
            The mean over the folds that test a row, NaN for rows without any.

        Raises
        ------
        DataError
            If a fold was not kept, or belongs to other folds.
        """
        parts = [self._read(trial, k, len(test)) for k, test in enumerate(tests)]
        total = np.zeros((n_rows, parts[0].shape[1]))
        counts = np.bincount(np.concatenate(tests), minlength=n_rows)
        for test, values in zip(tests, parts, strict=True):
            total[test] += values
        weights = np.where(counts > 0, counts, np.nan)
        return np.asarray(total / weights[:, None])
