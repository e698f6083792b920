from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def run_dir(finished):
    (found,) = finished.glob("experiments/runs/volatility_h5_*")
    return found


def change_table(path, change):
    table = pd.read_parquet(path)
    change(table)
    table.to_parquet(path, index=False)


def change_json(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize("how", ["cell", "name", "path"])
def test_a_run_made_again_is_the_same(call, run_dir, how):
    wanted = {"cell": "volatility_h5", "name": run_dir.name, "path": run_dir}[how]
    code, out, err = call("replay", wanted, "--quiet")
    assert (code, err) == (0, "")
    assert out == f"{run_dir.name}: predictions and metrics are equal, bit for bit.\n"


def test_one_bit_of_one_prediction_is_found(call, run_dir):
    def flip(table):
        table.loc[7, "p_0"] = np.nextafter(table.loc[7, "p_0"], 1)

    change_table(run_dir / "predictions" / "test_predictions.parquet", flip)
    code, out, _ = call("replay", run_dir, "--quiet")
    assert code == 1
    difference = out.splitlines()[0]
    assert difference.startswith("predictions/test_predictions.parquet: p_0: 1 row")
    assert "at most 5.55e-17" in difference or "e-1" in difference
    assert "NOT what it was" in out


def test_a_changed_figure_is_named(call, run_dir):
    def change(metrics):
        metrics["val"]["log_loss"] += 0.25

    change_json(run_dir / "metrics" / "metrics.json", change)
    outcome = call("replay", run_dir, "--json")
    (difference,) = outcome.json()["differences"]
    assert outcome.code == 1
    assert difference["column"] == "val.log_loss"
    assert difference["largest"] == pytest.approx(0.25)


def test_what_has_changed_around_it_is_said_first(call, run_dir):
    def change(environment):
        environment["libraries"]["numpy"] = "1.0"
        environment["libraries"]["gone"] = "3.1"
        environment["digests"]["data_h5"] = "0" * 64
        environment["n_cores"] = 77

    change_json(run_dir / "environment.json", change)
    code, _, err = call("replay", run_dir)
    lines = err.splitlines()
    assert code == 0
    assert lines[0] == "changed since: libraries.gone: was 3.1, is None"
    assert lines[1].startswith("changed since: libraries.numpy: was 1.0, is ")
    assert lines[2].startswith("changed since: data_h5: was 000000000000..., is ")
    assert lines[3] == "3 of 3 fits, the last one volatility_h5 refit"


def test_json_of_an_equal_run(call, run_dir):
    document = call("replay", run_dir, "--json").json()
    assert document == {
        "run": str(run_dir),
        "is_same": True,
        "environment_changes": [],
        "differences": [],
    }


def test_the_stored_run_is_left_as_it_is(call, run_dir):
    before = {path: path.read_bytes() for path in run_dir.rglob("*") if path.is_file()}
    folders = sorted((run_dir.parent).iterdir())
    call("replay", run_dir)
    assert {p: p.read_bytes() for p in run_dir.rglob("*") if p.is_file()} == before
    assert sorted((run_dir.parent).iterdir()) == folders


@pytest.mark.parametrize("name", ["../volatility", "*", "", "volatility"])
def test_no_name_leads_anywhere_but_to_runs(call, run_dir, name):
    code, out, err = call("replay", name)
    assert (code, out) == (2, "")
    assert run_dir.name in err


@pytest.mark.slow
def test_every_cell_on_files_can_be_made_again_from_its_own_directory(call, files):
    """The rows are those of the longest window, and ensembles need their members."""
    models = """[{name: logistic, key: short, dataset: {sequence_length: 1}},
                 {name: logistic, key: long, dataset: {sequence_length: 7}}]"""
    change = ["--set", f"models={models}", "--horizon", 2]
    assert call("run", "mine.yaml", "--quiet", *change).code == 0
    runs = sorted((files / "experiments" / "runs").iterdir())
    cells = {run.name.rsplit("_", 2)[0] for run in runs}
    assert cells == {"short_h2", "long_h2", "soft_vote_h2", "stack_h2"}
    for run in runs:
        outcome = call("replay", run, "--json")
        assert outcome.json()["differences"] == []
        assert outcome.json()["environment_changes"] == []
