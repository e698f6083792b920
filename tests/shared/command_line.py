"""What the tests of the command line share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

EXPERIMENT = """\
experiment: {name: small}
horizons: [5]
models: [prior, volatility]
data: {symbols: [IF], start: "2021-01-01", train_end: "2021-05-31",
       val_end: "2021-07-31"}
cv: {n_splits: 2, embargo_size: 60}
mlflow: {enabled: false}
run: {n_jobs: 1}
"""


class Outcome(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Read the output as one strict JSON document."""

        def refuse(constant: str) -> None:
            raise AssertionError(f"{constant} is no JSON")

        return json.loads(self.out, parse_constant=refuse)


def result_of(folder: Path) -> Path:
    """Return the directory of the only experiment."""
    (found,) = (folder / "experiments" / "results").iterdir()
    return found
