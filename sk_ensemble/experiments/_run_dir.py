"""The directory of one cell: everything found about one model at one horizon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sk_ensemble.exceptions import DataError
from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._plots import cell_plots
from sk_ensemble.experiments._predictions import file_pieces, from_file_columns
from sk_ensemble.experiments._samples import PERIODS
from sk_ensemble.experiments._stamped import write_stamped_folder
from sk_ensemble.experiments._tables import pieces_bytes, read_table
from sk_ensemble.utils.files import read_files, read_json, strict_json

__all__ = ["read_cell", "write_cell"]

_RUNS = "runs"
_MODEL = "checkpoints/model"
_RECORDED = (
    *("model", "horizon", "training", "params", "importances"),
    *("not_saved", "details"),
)


def _record(cell: Cell) -> dict[str, Any]:
    """Return what is neither a table, nor a figure, nor a model."""
    return {name: getattr(cell, name) for name in _RECORDED}


def _cell_files(cell: Cell) -> dict[str, bytes]:
    """Return the files of a cell; times stand apart, as no two runs share them."""
    jsons = {
        "metrics/metrics.json": cell.metrics,
        "metrics/seconds.json": cell.seconds,
        "cell.json": _record(cell),
    }
    tables = {
        f"predictions/{part}_predictions.parquet": pieces_bytes(
            file_pieces(frame, cell.horizon)
        )
        for part, frame in cell.predictions.items()
    }
    pictures = {f"plots/{n}.png": png for n, png in cell_plots(cell).items()}
    models = {f"{_MODEL}/{n}": file for n, file in cell.model_files.items()}
    return {
        **{name: strict_json(content).encode() for name, content in jsons.items()},
        **tables,
        **pictures,
        **models,
    }


def write_cell(
    cell: Cell, base_dir: Path, config: str, environment: Mapping[str, Any]
) -> Path:
    """Write a new run directory ``runs/<model>_h<horizon>_<time>_<random>``.

    Parameters
    ----------
    cell : Cell
        What was found.
    base_dir : Path
        Directory of all experiments.
    config : str
        YAML of the experiment, cut down to this model and horizon.
    environment : dict
        Versions, hardware, seed and hashes.

    Returns
    -------
    run_dir : Path
        The directory; it is there whole or not at all.
    """
    files = {
        "config.yaml": config.encode(),
        "environment.json": strict_json(environment).encode(),
    }
    return write_stamped_folder(base_dir / _RUNS, cell.name, files | _cell_files(cell))


def _read_object(path: Path, keys: Sequence[str] = ()) -> dict[str, Any]:
    """Read a JSON file that holds an object with some keys."""
    content = read_json(path)
    if not isinstance(content, dict) or not content.keys() >= set(keys):
        msg = f"{path} is damaged: it should hold an object with the keys {list(keys)}."
        raise ValueError(msg)
    return content


def _read(run_dir: Path, with_model: bool) -> Cell:
    record = _read_object(run_dir / "cell.json", _RECORDED)
    metrics = _read_object(run_dir / "metrics" / "metrics.json", PERIODS)
    tables = {
        part: run_dir / "predictions" / f"{part}_predictions.parquet"
        for part in metrics
    }
    return Cell(
        record["model"],
        record["horizon"],
        predictions={
            part: from_file_columns(read_table(path)) for part, path in tables.items()
        },
        metrics=metrics,
        seconds=_read_object(run_dir / "metrics" / "seconds.json"),
        training=record["training"],
        params=record["params"],
        importances=record["importances"],
        model_files=read_files(run_dir / _MODEL) if with_model else {},
        not_saved=record["not_saved"],
        details=record["details"],
    )


def read_cell(run_dir: Path, *, with_model: bool = True) -> Cell:
    """Read a run directory.

    Parameters
    ----------
    run_dir : Path
        The directory.
    with_model : bool, default=True
        Whether to read the files of the model, which may be large.

    Raises
    ------
    DataError
        If a file is missing or damaged; names it.
    """
    try:
        return _read(run_dir, with_model)
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        msg = (
            f"The run {run_dir} is damaged: {kind}{error}\nRemove this directory: the "
            "experiment makes it again when it is resumed."
        )
        raise DataError(msg) from error
