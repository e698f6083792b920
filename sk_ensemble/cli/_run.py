"""Run an experiment."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sk_ensemble.cli._arguments import (
    AsJson,
    ExperimentFile,
    Horizons,
    Jobs,
    OutputDir,
    Overrides,
    Quiet,
)
from sk_ensemble.cli._leaderboard import rows_of, show_leaderboard
from sk_ensemble.cli._load import load_config, settings
from sk_ensemble.cli._progress import progress_for
from sk_ensemble.cli._report import report_after_run
from sk_ensemble.cli._screen import error, note, show_json, show_line
from sk_ensemble.cli._stop import stoppable
from sk_ensemble.exceptions import ResumeError
from sk_ensemble.utils.fork_server import start_early
from sk_ensemble.utils.garbage import no_collection
from sk_ensemble.utils.workers import WORKER_MODULES, thread_variables

if TYPE_CHECKING:
    from sk_ensemble.experiments import ExperimentConfig, ExperimentResult

__all__ = ["run"]

Resume = Annotated[
    bool, typer.Option("--resume", help="Finish the latest run of this name.")
]
Force = Annotated[
    bool, typer.Option("--force", help="A new run, even if it cannot be resumed.")
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Fit everything anew, whatever is known.")
]
Threads = Annotated[
    int | None,
    typer.Option(metavar="N", help="Threads of each fit.", show_default=False),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="A Dask scheduler, such as tcp://10.0.0.1:8786, or local:N.",
        show_default=False,
    ),
]
NoTracking = Annotated[
    bool, typer.Option("--no-tracking", help="Do not track the run with MLflow.")
]
NoReport = Annotated[
    bool, typer.Option("--no-report", help="Do not make the report of the run.")
]

#: Exit code.
_SOME_FAILED = 1


@dataclass(frozen=True)
class _Request:
    """What the user asked for beside the experiment itself."""

    resume: bool
    force: bool
    use_cache: bool
    is_quiet: bool
    as_json: bool
    go_on: str

    def say(self, message: str) -> None:
        if not self.is_quiet:
            note(message)

    def show_found(self, result: ExperimentResult) -> None:
        """Print the leaderboard, unless all is to be one JSON document."""
        if self.as_json:
            return
        for fact in () if self.is_quiet else result.facts:
            show_line(fact)
        show_leaderboard(result.leaderboard, is_quiet=self.is_quiet)
        self.say("Writing run directories, pictures and tracked runs...")


def _say_what_was_before(config: ExperimentConfig, request: _Request) -> None:
    """Tell of an earlier run of the same name, where that matters."""
    from sk_ensemble.experiments._result_dir import ResultDir

    name = config.experiment.name
    latest = ResultDir.latest(Path(config.output.base_dir), name)
    if latest is None:
        if request.resume:
            request.say(f"There is no run of {name} to resume; this is the first.")
        return
    status = latest.status
    told = f"{latest.path.name}: {status.describe()}."
    if request.resume:
        is_over = status.state == "finished"
        request.say(f"{'Finished already, ' if is_over else 'Resuming '}{told}")
    elif status.state != "finished" and not request.force:
        advice = "" if status.is_running else f" This finishes it: {request.go_on}"
        request.say(f"An earlier run is not finished, {told}{advice}")


def _result(config: ExperimentConfig, request: _Request) -> ExperimentResult:
    """Run or resume the experiment; start anew where that was asked for."""
    from sk_ensemble.experiments import run_experiment

    how: Any = {
        "use_cache": request.use_cache,
        "progress": progress_for(is_quiet=request.is_quiet),
        "on_leaderboard": request.show_found,
    }
    try:
        return run_experiment(config, resume=request.resume, **how)
    except ResumeError as refusal:
        if not request.force:
            raise
        request.say(f"{refusal}\nA new run starts, as --force was given.")
        return run_experiment(config, **how)


def _tracking_commands(config: ExperimentConfig) -> Iterator[str]:
    uri = config.tracking_uri
    # Any other address may hold credentials.
    if config.mlflow.enabled and uri.startswith("sqlite:"):
        yield f"mlflow ui --backend-store-uri {shlex.quote(uri)}"


def _show_places(
    config: ExperimentConfig, result: ExperimentResult, request: _Request
) -> None:
    """Print where everything lies, and how to look further."""
    show_line(f"Written to {result.path}")
    runs = Path(config.output.base_dir) / "runs"
    commands = [f"sk-ensemble leaderboard {result.path.name} --sort sharpe"]
    commands += _tracking_commands(config)
    request.say(f"Models, predictions and plots: {runs}")
    request.say("Look further:\n" + "\n".join(commands))


def _as_json(config: ExperimentConfig, result: ExperimentResult) -> dict[str, Any]:
    return {
        "experiment": config.experiment.name,
        "path": str(result.path),
        "facts": result.facts,
        "leaderboard": rows_of(result.leaderboard),
        "failures": result.failures,
    }


def _command_again(
    experiment: Path, changes: Sequence[str], horizons: Sequence[int]
) -> str:
    """Return the command that finishes what this one leaves."""
    parts = ["sk-ensemble", "run", str(experiment)]
    parts += [part for change in changes for part in ("--set", change)]
    parts += [part for horizon in horizons for part in ("--horizon", str(horizon))]
    return shlex.join([*parts, "--resume"])


def run(
    experiment: ExperimentFile,
    overrides: Overrides = None,
    horizons: Horizons = None,
    resume: Resume = False,
    force: Force = False,
    no_cache: NoCache = False,
    jobs: Jobs = None,
    threads: Threads = None,
    cluster: Cluster = None,
    no_tracking: NoTracking = False,
    no_report: NoReport = False,
    output: OutputDir = None,
    is_quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run an experiment and show its leaderboard.

    Every outcome is kept as soon as it is there. After Ctrl-C, a kill or a power cut,
    --resume does what is missing, and the result is that of an uninterrupted run. In
    the end a page is written that shows what was found.
    """
    changes = [
        *(overrides or ()),
        *settings(
            {
                "run.n_jobs": jobs,
                "run.threads_per_task": threads,
                "run.cluster": cluster,
                "mlflow.enabled": False if no_tracking else None,
                "output.base_dir": None if output is None else str(output),
            }
        ),
    ]
    if jobs != 1 and cluster is None:
        # They import what this process imports now, at the same time.
        start_early(WORKER_MODULES, thread_variables(threads or 1))
    with no_collection():
        config = load_config(experiment, changes, horizons, is_quiet=is_quiet)
    go_on = _command_again(experiment, changes, horizons or ())
    request = _Request(resume, force, not no_cache, is_quiet, as_json, go_on)
    _say_what_was_before(config, request)
    with stoppable(f"What is done is kept; this finishes it: {go_on}"):
        result = _result(config, request)
    if as_json:
        show_json(_as_json(config, result))
    else:
        _show_places(config, result, request)
    if not no_report:
        report_after_run(result.path, is_quiet=is_quiet or as_json)
    for cell, reason in result.failures.items():
        error(f"{cell} failed: {reason}")
    if result.failures:
        raise typer.Exit(_SOME_FAILED)
