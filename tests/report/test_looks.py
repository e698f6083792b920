from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sk_ensemble.report._looks import _overlaps, count_looks
from sk_ensemble.report._stored_experiment import read_experiment

BARS = {
    "symbols": ["IF"],
    "start": "2021-01-01",
    "train_end": "2021-05-31",
    "val_end": "2021-07-31",
    "end": "2021-09-30",
}
FILES = {"train_path": "a", "val_path": "b", "test_path": "c"}


def copy_of(path: Path, name: str, **changes) -> Path:
    """Add another experiment to the directory of one."""
    other = path.parent / name
    shutil.copytree(path, other)
    plan = json.loads((other / "plan.json").read_text())
    plan["config"]["data"] |= changes
    (other / "plan.json").write_text(json.dumps(plan))
    return other


def looks(path: Path):
    return count_looks(read_experiment(path))


def test_an_experiment_alone_counts_itself_and_its_models(copied):
    found = looks(copied)
    n_cells = len(json.loads((copied / "cells.json").read_text()))
    assert found.n_experiments == 1
    assert found.n_models == n_cells
    assert found.by_horizon == {5: n_cells}


def test_the_same_fits_again_show_nothing_new_but_ensembles_do(copied):
    before = looks(copied)
    copy_of(copied, "again_20300101T000000000_aaaaaa")
    after = looks(copied)
    cells = json.loads((copied / "cells.json").read_text())
    fitted = json.loads((copied / "plan.json").read_text())["tasks"]
    models = {f"{t['model']}_h{t['horizon']}" for t in fitted}
    assert after.n_experiments == 2
    assert after.n_models == before.n_models + len(set(cells) - models)


def test_another_period_or_a_damaged_experiment_is_not_counted(copied):
    copy_of(copied, "early_20300101T000000000_aaaaaa", end="2021-07-31")
    copy_of(copied, "other_20300101T000000000_bbbbbb", symbols=["AG"])
    damaged = copy_of(copied, "damaged_20300101T000000000_cccccc")
    (damaged / "plan.json").write_text("{")
    assert looks(copied).n_experiments == 1


def test_what_is_missing_from_a_plan_is_not_counted(copied):
    other = copy_of(copied, "old_20300101T000000000_dddddd")
    (other / "plan.json").write_text('{"config": {"data": []}, "tasks": []}')
    assert looks(copied).n_experiments == 1


@pytest.mark.parametrize(
    ("changes", "is_look"),
    [
        ({}, True),
        ({"end": None}, True),
        ({"end": "2021-07-31"}, False),
        ({"train_end": "2021-10-01", "val_end": "2021-11-30", "end": None}, False),
        # It validates on what this one tests on.
        ({"train_end": "2021-08-15", "val_end": "2021-11-30", "end": None}, True),
        ({"symbols": ["AG"]}, False),
        ({"symbols": ["AG", "IF"]}, True),
        (FILES, False),
    ],
)
def test_a_look_is_a_score_of_any_bar_of_the_test_period(changes, is_look):
    assert _overlaps(BARS, BARS | changes) is is_look


@pytest.mark.parametrize(
    ("changes", "is_look"),
    [
        ({}, True),
        ({"test_path": "d"}, False),
        ({"test_path": "d", "val_path": "c"}, True),
    ],
)
def test_files_are_told_apart_by_their_paths(changes, is_look):
    assert _overlaps(FILES, FILES | changes) is is_look
