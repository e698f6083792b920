"""Take the model of a run live."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sk_ensemble.cli._arguments import AsJson, OutputDir
from sk_ensemble.cli._find import find_run
from sk_ensemble.cli._registry import (
    KeyFile,
    Reason,
    RegistryDir,
    TrackingUri,
    open_registry,
    version_facts,
)
from sk_ensemble.cli._screen import show_json, show_line
from sk_ensemble.cli._stop import stoppable
from sk_ensemble.exceptions import GateError

if TYPE_CHECKING:
    from sk_ensemble.production import GateOutcome

__all__ = ["promote"]

Run = Annotated[
    str,
    typer.Argument(
        help="A run directory, its name, or a cell such as xgboost_h5 (the latest).",
        show_default=False,
    ),
]

As = Annotated[
    str | None,
    typer.Option(
        "--name",
        help="Name in production; that of the cell by default.",
        show_default=False,
    ),
]

Override = Annotated[
    list[str] | None,
    typer.Option(
        "--override",
        metavar="GATE",
        help="Let it pass this gate anyway, for a --reason; may be repeated.",
        show_default=False,
    ),
]

Metric = Annotated[str, typer.Option(help="Loss that is compared at the gate score.")]

Margin = Annotated[
    float, typer.Option(help="How much worse than the live model it might be.")
]

Looks = Annotated[
    int,
    typer.Option(
        "--earlier-looks",
        help="How often the later data were looked at already, say by a leaderboard.",
    ),
]

MaxMs = Annotated[
    float, typer.Option("--max-ms", help="Milliseconds that one bar may take.")
]

#: Exit code.
_REFUSED = 1


def _show_gates(outcomes: Iterable[GateOutcome]) -> None:
    for outcome in outcomes:
        show_line(outcome)


def _refused(run: Path, name: str, fault: GateError, as_json: bool) -> None:
    """Say which gates were not passed."""
    if as_json:
        gates = [outcome.to_dict() for outcome in fault.outcomes]
        show_json({"is_live": False, "name": name, "run": run.name, "gates": gates})
    else:
        _show_gates(fault.outcomes)
        show_line(f"{run.name} does NOT become {name}; what is live stays live.")
    raise typer.Exit(_REFUSED)


def promote(
    run: Run,
    name: As = None,
    override: Override = None,
    reason: Reason = None,
    metric: Metric = "log_loss",
    margin: Margin = 0.0,
    earlier_looks: Looks = 0,
    max_ms: MaxMs = 100.0,
    registry: RegistryDir = None,
    key_file: KeyFile = None,
    tracking_uri: TrackingUri = None,
    output: OutputDir = None,
    as_json: AsJson = False,
) -> None:
    """Take the model of a run live, if it passes the gates.

    Gates are: score (better than the live model on data later than both), calibration,
    leakage, latency. Start it where the run was started, as paths of data are relative
    to that.
    """
    from sk_ensemble.experiments._stamped import plain_name
    from sk_ensemble.production import (
        CalibrationGate,
        LatencyGate,
        LeakageGate,
        ScoreGate,
    )

    run_dir = find_run(run, output).resolve()
    name = plain_name(run_dir.name) if name is None else name
    versions = open_registry(registry, output, key_file, tracking_uri)
    score = ScoreGate(metric=metric, margin=margin, earlier_looks=earlier_looks)
    gates = (score, CalibrationGate(), LeakageGate(), LatencyGate(max_ms=max_ms))
    with stoppable("What was live stays live."):
        try:
            version = versions.promote(
                run_dir, name, gates=gates, override=override or (), reason=reason
            )
        except GateError as fault:
            _refused(run_dir, name, fault, as_json)
            return
    if as_json:
        gates_met = version.metadata["gates"]
        show_json({"is_live": True, **version_facts(version), "gates": gates_met})
        return
    _show_gates(version.outcomes)
    show_line(f"{name} v{version.number} is live: {version.path}")
