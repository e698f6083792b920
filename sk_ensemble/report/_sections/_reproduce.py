"""Everything that is needed to make the experiment again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from sk_ensemble.report._blocks import (
    Block,
    Code,
    Column,
    Details,
    Section,
    Table,
    Text,
    Value,
)
from sk_ensemble.report._evidence import Evidence

__all__ = ["make"]

_LEAD = (
    "Configuration, seed, versions and hashes decide every number. A replay fits a run "
    "again from what is stored and compares predictions and metrics bit for bit."
)

#: User and password in an address.
_CREDENTIALS = re.compile(r"(?<=://)[^\s/@]+@")

_SHOWN = {
    "sk_ensemble": "sk_ensemble",
    "random_seed": "Seed",
    "threads_per_task": "Threads per fit",
    "n_workers": "Workers",
    "git_commit": "Git commit",
    "code": "Hash of the code",
    "system": "System",
    "processor": "Processor",
    "n_cores": "Cores",
    "gpu": "GPU",
}


def _without_secrets(text: str) -> str:
    """Return text in which addresses have neither user nor password."""
    return _CREDENTIALS.sub("***@", text)


def _pairs(key: str, caption: str, pairs: dict[str, Any]) -> Table:
    rows = [[Value(str(name)), Value(str(value))] for name, value in pairs.items()]
    columns = [Column("What", is_text=True), Column("Value", is_text=True)]
    frame = pd.DataFrame({"what": list(pairs), "value": list(map(str, pairs.values()))})
    return Table(key, caption, columns, rows, frame)


def _commands(evidence: Evidence) -> str:
    path = evidence.experiment.path
    lines = [
        "# The whole experiment",
        f"sk-ensemble run results/{path.name}/config.yaml",
    ]
    runs = list(evidence.experiment.run_dirs.values())
    if runs:
        lines += [
            "# One run, compared bit for bit",
            f"sk-ensemble replay {runs[0].name}",
        ]
    return "\n".join(lines)


def _parameters(evidence: Evidence) -> Iterator[Block]:
    """Yield the parameters of each model; those of horizons are the same."""
    seen: set[str] = set()
    for cell in evidence.experiment.cells.values():
        if cell.model in seen or not cell.params:
            continue
        seen.add(cell.model)
        key = f"parameters_{len(seen):02d}"
        yield _pairs(key, f"Parameters of {cell.model}.", dict(cell.params))


def _runs(evidence: Evidence) -> Table:
    experiment = evidence.experiment
    pairs: dict[str, Any] = {n: path.name for n, path in experiment.run_dirs.items()}
    pairs |= {name: f"failed: {why}" for name, why in experiment.failures.items()}
    return _pairs("runs", "Run directories.", pairs)


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    experiment = evidence.experiment
    facts = {
        title: experiment.environment.get(name)
        for name, title in _SHOWN.items()
        if experiment.environment.get(name) is not None
    }
    digests = {
        f"Hash of {name.replace('_', ', ')}": value
        for name, value in experiment.plan["digests"].items()
        if name != "code"
    }
    libraries = dict(experiment.plan["libraries"])
    blocks: list[Block] = [
        Text(f"Status: {experiment.status.describe()}."),
        Code(_commands(evidence)),
        _pairs("environment", "Made with.", facts | digests),
        Details(
            "Versions of the libraries", [_pairs("libraries", "Versions.", libraries)]
        ),
        Details("Configuration", [Code(_without_secrets(experiment.config_text))]),
        Details("Run directories", [_runs(evidence)]),
        Details("Parameters of the models", list(_parameters(evidence))),
    ]
    return Section("reproduce", "Reproduce", blocks, _LEAD)
