"""Search the parameters of a model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sk_ensemble.cli._arguments import (
    AsJson,
    ExperimentFile,
    Jobs,
    OutputDir,
    Overrides,
    Quiet,
)
from sk_ensemble.cli._load import load_config, settings
from sk_ensemble.cli._screen import note, show_json, show_line
from sk_ensemble.cli._stop import stoppable
from sk_ensemble.exceptions import ConfigError
from sk_ensemble.utils.files import write_bytes

if TYPE_CHECKING:
    from sk_ensemble.experiments import ExperimentConfig
    from sk_ensemble.experiments._tune import Tuning

__all__ = ["tune"]

Model = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        help="Which model, where the experiment has several.",
        show_default=False,
    ),
]
Horizon = Annotated[
    int | None,
    typer.Option(
        metavar="BARS",
        help="Which horizon, where the experiment has several.",
        show_default=False,
    ),
]
Trials = Annotated[
    int, typer.Option(metavar="N", help="Trials in the end, earlier ones included.")
]
Timeout = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="Begin no further trial after this time.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Where the winner goes.  [default: <model>_tuned.yaml]",
        show_default=False,
    ),
]

_GO_ON = "Trials that are done are kept; the same command goes on."


class _TrialCounter:
    """Say after each trial how many there have been."""

    def __init__(self, n_trials: int) -> None:
        self._n_trials = n_trials
        self._n_done = 0

    def setup(self, estimator: Any, context: Any) -> None:
        """Do nothing before the search."""

    def on_fit_task_begin(self, estimator: Any, context: Any, **_: Any) -> None:
        """Do nothing before a task."""

    def on_fit_task_end(self, estimator: Any, context: Any, **_: Any) -> None:
        """Count a trial that has ended."""
        if context.task_name == "trial":
            self._n_done += 1
            note(f"{self._n_done} trials done, up to {self._n_trials}")

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing after the search."""


def _model_key(config: ExperimentConfig, model: str | None) -> str:
    """Return the model that is meant; the search refuses an unclear one itself."""
    return model or config.models[0].key


def _free(path: Path) -> Path:
    if os.path.lexists(path):
        msg = f"{path} exists already. Name another file with --out, or remove it."
        raise ConfigError(msg)
    return path


def _as_json(tuning: Tuning, path: Path) -> dict[str, Any]:
    report = None if tuning.report is None else dict(vars(tuning.report))
    if report is not None:
        del report["contest"]
    return {
        "study": tuning.name,
        "n_trials": tuning.n_trials,
        "best_params": tuning.best_params,
        "best_score": tuning.best_score,
        "overfitting_report": report,
        "model": tuning.model,
        "path": str(path),
    }


def _show(tuning: Tuning, path: Path) -> None:
    show_line(f"Mean log loss over the folds: {-tuning.best_score:.4f}")
    for name, value in tuning.best_params.items():
        show_line(f"  {name.rpartition('__')[2]}: {value}")
    worth = tuning.remark if tuning.report is None else repr(tuning.report)
    for line in worth.splitlines():
        show_line(line)
    show_line(f"Written to {path}")
    note(f"Compare it: models: [..., {{config_path: {path}, key: {path.stem}}}]")


def tune(
    experiment: ExperimentFile,
    model: Model = None,
    horizon: Horizon = None,
    trials: Trials = 50,
    timeout: Timeout = None,
    out: Out = None,
    overrides: Overrides = None,
    jobs: Jobs = None,
    output: OutputDir = None,
    is_quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Search the parameters of a model.

    The training samples of the experiment and its folds are used, and a report says
    what the winner is worth, given how many were tried. It is written as a model file,
    which an experiment takes as config_path. Trials are kept: the same command goes on
    where an earlier one was stopped.
    """
    from sk_ensemble.experiments import _tune

    base_dir = settings({"output.base_dir": None if output is None else str(output)})
    changes = [*(overrides or ()), *base_dir]
    config = load_config(experiment, changes, None, is_quiet=is_quiet)
    path = _free(out or Path(f"{_model_key(config, model)}_tuned.yaml"))
    with stoppable(_GO_ON):
        tuning = _tune.tune(
            config,
            model,
            horizon,
            n_trials=trials,
            timeout=timeout,
            n_jobs=jobs,
            callback=None if is_quiet else _TrialCounter(trials),
        )
    write_bytes(path, tuning.to_yaml().encode())
    if as_json:
        show_json(_as_json(tuning, path))
    else:
        _show(tuning, path)
