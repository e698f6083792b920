"""What may change between an experiment and its resumption, and what may not."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from experiment_results import latest, results_of

from sk_ensemble.exceptions import ResumeError
from sk_ensemble.experiments import ExperimentResult, run_experiment
from sk_ensemble.experiments import _experiment_run as preparation
from sk_ensemble.experiments import _plan as plan_module
from sk_ensemble.experiments import _publisher as publisher
from sk_ensemble.experiments import _run_experiment as runner
from sk_ensemble.experiments._executor import Executor
from sk_ensemble.experiments._result_dir import ResultDir


class Killed(BaseException):
    """Stands for a signal, in this process."""


@pytest.fixture(scope="module")
def begun(tmp_path_factory, splits, make_tiny) -> Path:
    """An experiment that was run, and whose files may be copied and changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "draw", lambda *_: b"picture")
        patch.setattr("sk_ensemble.experiments._run_dir.cell_plots", lambda cell: {})
        folder = tmp_path_factory.mktemp("begun")
        run_experiment(make_tiny(folder, horizons=[5]))
    return folder


@pytest.fixture
def folder(begun, tmp_path, no_pictures) -> Path:
    """A copy of the experiment that was run."""
    shutil.copytree(begun, tmp_path / "copy")
    return tmp_path / "copy"


def changed_models(**hyperparameters: Any) -> list[Any]:
    return ["prior", {"model": "volatility", "hyperparameters": hyperparameters}]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"random_seed": 1}, "config.random_seed: was 42, is 1"),
        (
            {"cv": {"n_splits": 4, "embargo_size": 5}},
            "config.cv.n_splits: was 3, is 4",
        ),
        (
            {"models": changed_models(C=7)},
            "config.models.volatility.hyperparameters.C: was None, is 7",
        ),
        (
            {"models": ["volatility", "prior"]},
            "config.models.keys: was ['prior', 'volatility'], is ['volatility'",
        ),
        ({"horizons": [20]}, "config.horizons: was [5], is [20]"),
        (
            {"run": {"n_jobs": 1, "threads_per_task": 2}},
            "config.run.threads_per_task: was 1, is 2",
        ),
        ({"ensemble": {}}, "config.ensemble.members"),
    ],
)
def test_another_configuration_is_refused_by_key(changes, key, begun, make_tiny):
    config = make_tiny(begun, **({"horizons": [5]} | changes))
    with pytest.raises(ResumeError) as refusal:
        run_experiment(config, resume=True)
    assert f"\n- {key}" in str(refusal.value)
    assert "--force" in str(refusal.value)


def test_nothing_else_is_named(begun, make_tiny):
    config = make_tiny(begun, horizons=[5], models=changed_models(C=7))
    with pytest.raises(ResumeError) as refusal:
        run_experiment(config, resume=True)
    assert str(refusal.value).count("\n- ") == 1


def test_one_changed_bar_is_refused(begun, splits, make_tiny, tmp_path):
    paths = {name: str(shutil.copy(path, tmp_path)) for name, path in splits.items()}
    again = make_tiny(begun, horizons=[5], data=paths)
    with pytest.raises(ResumeError) as refusal:
        run_experiment(again, resume=True)
    # The files lie elsewhere, and hold the same.
    assert "digests" not in str(refusal.value)
    frame = pd.read_parquet(splits["test_path"])
    frame.loc[17, "ret"] += 1e-6
    with (
        replaced(Path(splits["test_path"]), frame),
        pytest.raises(
            ResumeError, match=r"- digests\.data_h5: was '\w{64}', is '\w{64}'\n"
        ),
    ):
        run_experiment(make_tiny(begun, horizons=[5]), resume=True)
    run_experiment(make_tiny(begun, horizons=[5]), resume=True)


@contextmanager
def replaced(path: Path, frame: pd.DataFrame) -> Iterator[None]:
    """Put another table in the place of a file for a while."""
    content = path.read_bytes()
    frame.to_parquet(path)
    try:
        yield
    finally:
        path.write_bytes(content)


def test_other_code_is_refused(begun, make_tiny, monkeypatch):
    monkeypatch.setattr(plan_module, "code_digest", lambda: "f" * 64)
    with pytest.raises(ResumeError, match=r"- digests\.code: was '\w{64}', is 'fff"):
        run_experiment(make_tiny(begun, horizons=[5]), resume=True)


def test_other_libraries_are_refused(begun, make_tiny, monkeypatch):
    versions = {**preparation.library_versions(), "numpy": "0.1"}
    monkeypatch.setattr(preparation, "library_versions", lambda: versions)
    with pytest.raises(ResumeError, match=r"- libraries\.numpy: was '.*', is '0\.1'"):
        run_experiment(make_tiny(begun, horizons=[5]), resume=True)


def test_other_code_of_a_model_of_others_is_refused(begun, make_tiny, monkeypatch):
    monkeypatch.setattr(plan_module, "factory_digest", lambda factory: "changed")
    with pytest.raises(ResumeError, match=r"- fits\.prior_h5 fold 0: was '"):
        run_experiment(make_tiny(begun, horizons=[5]), resume=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"run": {"n_jobs": 2}},
        {"run": {"n_jobs": 1, "cluster": "tcp://10.0.0.1:8786"}},
        {"experiment": {"name": "small", "description": "second thoughts"}},
        {"mlflow": {"enabled": False, "experiment_name": "elsewhere"}},
    ],
    ids=["workers", "cluster", "description", "tracking"],
)
def test_what_decides_no_result_may_change(changes, folder, make_tiny):
    expected, before = results_of(folder), latest(folder).path
    config = make_tiny(folder, horizons=[5], **changes)
    run_experiment(config, resume=True)
    after = latest(folder)
    assert after.path == before
    assert results_of(folder) == expected
    # What is told of the experiment, and of its tracking, is what was asked last.
    section, *_ = changes
    assert after.plan["config"][section] == config.canonical()[section]
    assert (after.path / "config.yaml").read_text() == config.to_yaml()


def test_the_output_directory_may_be_called_otherwise(folder, make_tiny, monkeypatch):
    monkeypatch.chdir(folder.parent)
    config = make_tiny(Path(folder.name), horizons=[5])
    assert config.output.base_dir == folder.name
    before = latest(folder).path.name
    run_experiment(config, resume=True)
    assert [result.path.name for result in ResultDir.all(folder)] == [before]


def test_without_the_check_another_experiment_would_be_mixed_in(
    folder, make_tiny, monkeypatch
):
    monkeypatch.setattr(ResultDir, "check_same", lambda self, plan: None)
    before = results_of(folder)
    run_experiment(make_tiny(folder, horizons=[5], random_seed=1), resume=True)
    assert results_of(folder) == before


def stop_before_ensembles(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr(runner, "draft_ensemble", stop)
    publish_at_once(monkeypatch)


def publish_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write run directories as experiments do that take longer than a moment."""
    monkeypatch.setattr(publisher, "_PATIENCE", 0.0)


def remove_run(folder: Path, cell: str) -> None:
    entry = latest(folder).cells[cell]
    shutil.rmtree(folder / "runs" / entry["run_dir"])


def test_an_ensemble_falls_with_its_members(folder, make_tiny, monkeypatch):
    config, expected = make_tiny(folder, horizons=[5]), results_of(folder)
    remove_run(folder, "prior_h5")
    with monkeypatch.context() as patch:
        stop_before_ensembles(patch)
        with pytest.raises(Killed):
            run_experiment(config, resume=True)
    assert latest(folder).status.state == "interrupted"
    # It was made of a run that is not there any more.
    assert set(latest(folder).cells) == {"prior_h5", "volatility_h5"}
    run_experiment(config, resume=True)
    assert results_of(folder) == expected


def test_a_run_that_is_gone_is_made_again_from_the_cache(
    folder, make_tiny, monkeypatch
):
    expected = results_of(folder)
    for cell in ("volatility_h5", "stack_h5"):
        remove_run(folder, cell)
    monkeypatch.setattr(Executor, "run", None)
    run_experiment(make_tiny(folder, horizons=[5]), resume=True)
    assert results_of(folder) == expected


def test_a_run_that_was_never_recorded_is_made_again(folder, make_tiny, monkeypatch):
    expected = results_of(folder)
    cells = latest(folder).path / "cells.json"
    kept = {k: v for k, v in json.loads(cells.read_text()).items() if k == "prior_h5"}
    cells.write_text(json.dumps(kept))
    run_experiment(make_tiny(folder, horizons=[5]), resume=True)
    assert results_of(folder) == expected


def test_it_does_not_matter_when_runs_are_written(
    folder, make_tiny, monkeypatch, tmp_path, no_pictures
):
    publish_at_once(monkeypatch)
    run_experiment(make_tiny(tmp_path, horizons=[5]))
    assert results_of(tmp_path) == results_of(folder)


def test_the_leaderboard_is_there_before_the_runs_are_written(
    make_tiny, tmp_path, no_pictures
):
    shown = []

    def look(result: ExperimentResult) -> None:
        shown.append((result, list((tmp_path / "runs").iterdir())))

    final = run_experiment(make_tiny(tmp_path, horizons=[5]), on_leaderboard=look)
    [(result, runs)] = shown
    assert runs == []
    pd.testing.assert_frame_equal(result.leaderboard, final.leaderboard)
    assert len(list((tmp_path / "runs").iterdir())) == len(final.leaderboard) > 0


def test_members_that_cannot_be_read_cost_the_ensemble_alone(
    make_tiny, tmp_path, monkeypatch, no_pictures
):
    def fail(files: Any, **_: Any) -> None:
        raise ZeroDivisionError("damaged")

    config = make_tiny(tmp_path, horizons=[5])
    with monkeypatch.context() as patch:
        patch.setattr("sk_ensemble.experiments._ensembles.model_from_files", fail)
        result = run_experiment(config)
    assert result.failures == {"stack_h5": "ZeroDivisionError: damaged"}
    assert set(result.leaderboard["model"]) == {"prior", "volatility"}
    assert {cell.model for cell in result.cells} == {"prior", "volatility"}
    assert run_experiment(config, resume=True).failures == {}


def test_a_failing_ensemble_costs_its_cell_and_is_tried_again(
    folder, make_tiny, monkeypatch
):
    config, expected = make_tiny(folder, horizons=[5]), results_of(folder)
    remove_run(folder, "stack_h5")

    def fail(*_: Any) -> None:
        raise ZeroDivisionError("no weight")

    with monkeypatch.context() as patch:
        patch.setattr(runner, "draft_ensemble", fail)
        result = run_experiment(config, resume=True)
    assert result.failures == {"stack_h5": "ZeroDivisionError: no weight"}
    assert set(result.leaderboard["model"]) == {"prior", "volatility"}
    assert latest(folder).status.state == "failed"
    assert run_experiment(config, resume=True).failures == {}
    assert results_of(folder) == expected


def test_workers_are_ended_when_a_cell_cannot_be_written(
    tmp_path, make_tiny, monkeypatch, no_pictures
):
    closed = []

    def outcomes(self, tasks, *_: Any):
        try:
            yield from run(self, tasks, *_)
        finally:
            closed.append(len(tasks))

    def refuse(*_: Any) -> Path:
        assert not closed
        raise OSError(28, "No space left on device")

    run = Executor.run
    monkeypatch.setattr(Executor, "run", outcomes)
    monkeypatch.setattr(publisher, "write_cell", refuse)
    publish_at_once(monkeypatch)
    with pytest.raises(OSError, match="No space left") as caught:
        run_experiment(make_tiny(tmp_path, horizons=[5]))
    # The traceback still holds the frames, and the workers are gone all the same.
    assert caught.tb is not None
    assert closed == [8]


def test_what_killed_writers_have_left_is_removed_after_a_day(
    folder, make_tiny, monkeypatch
):
    places = [
        folder / "runs",
        folder / "results",
        latest(folder).path,
        next((folder / "cache" / "fits").iterdir()),
    ]
    old, new = [], []
    for number, place in enumerate(places):
        old.append(place / f".writing-{number}-a")
        new.append(place / f".writing-{number}-b")
        for path in (old[-1], new[-1]):
            path.mkdir()
        os.utime(old[-1], (0, 0))
    run_experiment(make_tiny(folder, horizons=[5]), resume=True)
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in new)
