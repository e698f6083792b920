"""The directory of one cell: everything found about one model at one horizon."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._plots import cell_plots
from sk_ensemble.experiments._predictions import from_file_columns, to_file_columns
from sk_ensemble.experiments._result_dir import stamped_name
from sk_ensemble.experiments._tables import read_table, table_bytes
from sk_ensemble.utils.files import (
    read_files,
    read_json,
    strict_json,
    write_folder,
)

__all__ = ["read_cell", "write_cell"]

_RUNS = "runs"
_MODEL = "checkpoints/model"
_PARTS = ("oof", "val", "test")


def _record(cell: Cell) -> dict[str, Any]:
    """Return what is neither a table, nor a figure, nor a model."""
    names = ("model", "horizon", "training", "params", "importances", "not_saved")
    return {name: getattr(cell, name) for name in (*names, "details")}


def _cell_files(cell: Cell) -> dict[str, bytes]:
    """Return the files of a cell; times stand apart, as no two runs share them."""
    jsons = {
        "metrics/metrics.json": cell.metrics,
        "metrics/seconds.json": cell.seconds,
        "cell.json": _record(cell),
    }
    tables = {
        f"predictions/{part}_predictions.parquet": to_file_columns(frame, cell.horizon)
        for part, frame in cell.predictions.items()
    }
    pictures = {f"plots/{n}.png": png for n, png in cell_plots(cell).items()}
    models = {f"{_MODEL}/{n}": file for n, file in cell.model_files.items()}
    return {
        **{name: strict_json(content).encode() for name, content in jsons.items()},
        **{name: table_bytes(table) for name, table in tables.items()},
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
    run_dir = base_dir / _RUNS / stamped_name(cell.name)
    files = {
        "config.yaml": config.encode(),
        "environment.json": strict_json(environment).encode(),
    }
    write_folder(run_dir, files | _cell_files(cell))
    return run_dir


def read_cell(run_dir: Path) -> Cell:
    """Read a run directory.

    Raises
    ------
    DataError
        If a file is missing or damaged; names it.
    """
    record = read_json(run_dir / "cell.json")
    tables = {
        part: run_dir / "predictions" / f"{part}_predictions.parquet" for part in _PARTS
    }
    return Cell(
        record["model"],
        record["horizon"],
        predictions={
            part: from_file_columns(read_table(path))
            for part, path in tables.items()
            if path.is_file()
        },
        metrics=read_json(run_dir / "metrics" / "metrics.json"),
        seconds=read_json(run_dir / "metrics" / "seconds.json"),
        training=record["training"],
        params=record["params"],
        importances=record["importances"],
        model_files=read_files(run_dir / _MODEL),
        not_saved=record["not_saved"],
        details=record["details"],
    )
