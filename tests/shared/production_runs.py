"""Runs to promote, and promotions that no gate holds up."""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import Any

from sk_ensemble.production import ModelVersion, ProductionRegistry

GATES = ("score", "calibration", "leakage", "latency")

#: A test period of 58 days, on which all but the prior beat the class shares.
EXPERIMENT = """\
experiment: {{name: small}}
horizons: [5]
models: [prior, volatility, logistic, {{model: hist_gradient_boosting,
         hyperparameters: {{max_iter: 20}}}}]
ensemble: {{methods: [stack]}}
data: {{symbols: [IF], start: "2020-01-01", train_end: "2021-05-31",
       val_end: "2021-06-30", end: "2021-09-30"}}
cv: {{n_splits: 2, embargo_size: 180}}
mlflow: {{enabled: false}}
output: {{base_dir: "{folder}"}}
run: {{n_jobs: 1}}
"""


def ungated(
    registry: ProductionRegistry, run: Path, name: str = "m", **how: Any
) -> ModelVersion:
    """Promote without asking any gate."""
    return registry.promote(run, name, gates=(), override=GATES, reason="a test", **how)


def promote_some(
    root: str, run: str, name: str, n_times: int, tracking_uri: str | None = None
) -> int:
    """Promote again and again: what a process of the test does."""
    registry = ProductionRegistry(root, tracking_uri=tracking_uri)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        for _ in range(n_times):
            ungated(registry, Path(run), name)
    return 0


def roll_back(root: str, name: str) -> int:
    ProductionRegistry(root).rollback(name)
    return 0


def hold_lock(path: str, ready: str) -> int:
    """Take a lock, say so, and keep it until the process is killed."""
    from sk_ensemble.production._lock import locked

    with locked(Path(path)):
        Path(ready).touch()
        time.sleep(600)
    return 0


def tree_of(folder: Path) -> dict[str, bytes]:
    """Return every file below a directory, but for locks."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
