"""Runs on parquet files of one's own go live like those on the shipped bars."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from small_experiments import make_config, run_dirs, write_splits

from sk_ensemble.exceptions import GateError
from sk_ensemble.experiments import run_experiment
from sk_ensemble.production import (
    CalibrationGate,
    LatencyGate,
    LeakageGate,
    ProductionRegistry,
    ScoreGate,
)

GATES = [
    ScoreGate(min_days=2, margin=9.0),
    CalibrationGate(max_error=1.0),
    LeakageGate(),
    LatencyGate(max_ms=1e6),
]

#: The bars are made up, and one feature tells most of the label.
ANYWAY = {"gates": GATES, "override": ["leakage"], "reason": "Made-up bars."}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    config = make_config(
        folder,
        horizons=[5],
        models=[{"model": "logistic", "dataset": {"sequence_length": 3}}],
        data=write_splits(folder),
        cv={"n_splits": 3, "embargo_size": 10},
    )
    with pytest.MonkeyPatch.context() as patch:
        module = "sk_ensemble.experiments"
        patch.setattr(f"{module}._run_dir.cell_plots", lambda cell: {})
        patch.setattr(f"{module}._run_experiment.draw", lambda *_: b"no picture")
        run_experiment(config)
    return run_dirs(folder)["logistic_h5"]


def test_a_run_on_files_goes_live(run, registry):
    version = registry.promote(run, "mine", **ANYWAY)
    assert [outcome.passed for outcome in version.outcomes] == [True, True, False, True]
    assert "columns (ret)" in version.outcomes[2].message
    assert version.outcomes[0].figures["n_days"] == 2
    assert version.trained_until.startswith("2024-01-02")


def test_bars_that_were_added_since_count_as_well(run, registry):
    path = run.parents[1] / "test.parquet"
    before = path.read_bytes()
    figures = registry.promote(run, "mine", **ANYWAY).outcomes[0].figures
    frame = pd.read_parquet(path)
    later = frame.copy()
    for column in ("datetime", "label_end_h5", "label_end_h20"):
        later[column] += pd.Timedelta("10D")
    try:
        pd.concat([frame, later], ignore_index=True).to_parquet(path)
        more = registry.promote(run, "mine", **ANYWAY).outcomes[0].figures
    finally:
        path.write_bytes(before)
    assert more["n_samples"] > 1.9 * figures["n_samples"]
    assert more["n_days"] == 2 * figures["n_days"]
    assert more["looks"] == 2


def test_without_its_data_a_model_goes_live_by_overriding_alone(
    run, tmp_path, registry: ProductionRegistry
):
    files = {path: path.read_bytes() for path in run.parents[1].glob("*.parquet")}
    try:
        for path in files:
            path.unlink()
        with pytest.raises(GateError, match="It cannot be told") as error:
            registry.promote(run, "mine", gates=GATES)
        assert [outcome.passed for outcome in error.value.outcomes] == [False] * 4
        assert registry.names() == ["mine"]
        registry.promote(
            run,
            "mine",
            gates=GATES,
            override=[gate.name for gate in GATES],
            reason="The data are gone.",
        )
    finally:
        for path, content in files.items():
            path.write_bytes(content)
    assert registry.current("mine").number == 1
