"""What an experiment has left on disk, read for a report."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from sk_ensemble.exceptions import ConfigError, DataError
from sk_ensemble.experiments import Cell, ExperimentConfig, load_experiment
from sk_ensemble.experiments._assemble import Source
from sk_ensemble.experiments._result_dir import ResultDir
from sk_ensemble.experiments._run_dir import read_cell
from sk_ensemble.experiments._samples import HorizonSamples
from sk_ensemble.experiments._sources import make_source
from sk_ensemble.experiments._status import Status
from sk_ensemble.utils.files import read_json

__all__ = ["StoredExperiment", "read_experiment"]

#: Families that are there to be beaten.
_BASELINE = "baseline"

_TEST = "test"

#: What a bar is scored by.
_OUTCOMES = ["y", "label_end", "forward_return"]


@dataclass(frozen=True, eq=False)
class StoredExperiment:
    """Hold the files of an experiment, and its data where they are still the same.

    Attributes
    ----------
    path : Path
        Directory of the experiment.
    name : str
        Its name.
    status : Status
        How it stands.
    plan : dict
        What was fitted, and the hashes of what decides it.
    environment : dict
        With what it was made.
    config_text : str
        Its configuration, YAML.
    cells : dict of Cell
        What was found, by name; without the models themselves.
    run_dirs : dict of Path
        Run directories of the cells.
    failures : dict of str
        Why a cell is missing, by its name.
    config : ExperimentConfig or None
        The configuration, where it can still be used.
    source : Source or None
        Where the data come from, where prices are still those of the experiment.
    samples : dict of HorizonSamples
        Samples by horizon; empty where they are not those of the experiment any more.
    remarks : list of str
        What could not be read, and why.
    """

    path: Path
    name: str
    status: Status
    plan: Mapping[str, Any]
    environment: Mapping[str, Any]
    config_text: str
    cells: Mapping[str, Cell]
    run_dirs: Mapping[str, Path]
    failures: Mapping[str, str]
    config: ExperimentConfig | None = None
    source: Source | None = None
    samples: Mapping[int, HorizonSamples] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def base_dir(self) -> Path:
        """Directory of all experiments."""
        return self.path.absolute().parent.parent

    @property
    def horizons(self) -> list[int]:
        """Horizons of which there is a cell, ascending."""
        return sorted({cell.horizon for cell in self.cells.values()})

    @property
    def kinds(self) -> dict[str, str]:
        """Family of each model; ensembles are not among them."""
        models = self.plan["config"]["models"]
        return {one["key"]: one["model"]["family"] for one in models}

    @property
    def baselines(self) -> dict[str, str]:
        """Keys of the baselines, by the name that the registry has for them."""
        models = self.plan["config"]["models"]
        return {
            one["model"]["name"]: one["key"]
            for one in models
            if one["model"]["family"] == _BASELINE
        }

    def trading_bars(self, period: str) -> pd.DataFrame | None:
        """Return the bars of a period, or None where there are no prices."""
        return None if self.source is None else self.source.trading_bars(period)


def _reason(entry: Mapping[str, Any]) -> str:
    """Return why a cell failed, in one text."""
    failed = entry.get("failed") or {}
    return "; ".join(f"{task}: {why}" for task, why in failed.items()) or "no result"


def _cells(
    result: ResultDir,
) -> tuple[dict[str, Cell], dict[str, Path], dict[str, str]]:
    """Read the cells; one that is damaged is a failure with its reason."""
    runs = result.path.absolute().parent.parent / "runs"
    cells: dict[str, Cell] = {}
    run_dirs: dict[str, Path] = {}
    failures: dict[str, str] = {}
    for name, entry in result.cells.items():
        if "run_dir" not in entry:
            failures[name] = _reason(entry)
            continue
        try:
            cells[name] = read_cell(runs / entry["run_dir"], with_model=False)
        except DataError as error:
            failures[name] = str(error)
        else:
            run_dirs[name] = runs / entry["run_dir"]
    return cells, run_dirs, failures


def _same_outcomes(
    cells: Iterable[Cell], samples: Mapping[int, HorizonSamples]
) -> bool:
    """Tell whether every bar that was scored still has the outcome it was scored by."""
    for cell in cells:
        stored = cell.predictions[_TEST][_OUTCOMES]
        known = samples[cell.horizon].known[_TEST][_OUTCOMES]
        if not stored.reset_index().equals(known.reset_index()):
            return False
    return True


def _data(
    config: ExperimentConfig, digests: Mapping[str, str], cells: Collection[Cell]
) -> dict[str, Any]:
    """Make the samples again, and return what is still that of the experiment."""
    source = make_source(config)
    samples = {horizon: source.samples(horizon) for horizon in config.horizons}
    changed = [h for h, s in samples.items() if s.digest != digests.get(f"data_h{h}")]
    if not changed:
        return {"source": source, "samples": samples}
    if not _same_outcomes(cells, samples):
        msg = f"the data of horizon {changed[0]} are not those of the experiment"
        raise DataError(msg)
    remark = (
        "Prices and labels are those of the experiment, but its features are not: they "
        "have changed since, or the code that makes them. Folds are not shown."
    )
    return {"source": source, "remarks": [remark]}


def _what_is_there(
    path: Path, plan: Mapping[str, Any], cells: Collection[Cell]
) -> dict[str, Any]:
    """Return configuration and data, as far as both can still be used."""
    found: dict[str, Any] = {}
    try:
        with warnings.catch_warnings():
            # They were given when the experiment ran.
            warnings.simplefilter("ignore", UserWarning)
            config = load_experiment(path / "config.yaml", check_environment=False)
            found["config"] = config
            found |= _data(config, plan["digests"], cells)
    except (ImportError, OSError, ValueError) as error:
        found["remarks"] = [
            "Its data cannot be read again, so what needs prices or training samples "
            f"is left out: {error}"
        ]
    return found


def read_experiment(path: Path) -> StoredExperiment:
    """Read what an experiment has left on disk; nothing is fitted.

    Parameters
    ----------
    path : Path
        Directory of the experiment.

    Raises
    ------
    ConfigError
        If it is no directory of an experiment.
    """
    result = ResultDir(path)
    if not (path / "plan.json").is_file():
        msg = (
            f"{path} is no directory of an experiment: it has no plan.json. Name one "
            "below <output.base_dir>/results."
        )
        raise ConfigError(msg)
    cells, run_dirs, failures = _cells(result)
    return StoredExperiment(
        path,
        result.name,
        result.status,
        result.plan,
        read_json(path / "environment.json"),
        (path / "config.yaml").read_text(encoding="utf-8"),
        cells,
        run_dirs,
        failures,
        **_what_is_there(path, result.plan, cells.values()),
    )
