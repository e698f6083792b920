"""Fits end in MLflow once, and end in any case."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import pytest
from sklearn.base import clone
from sklearn.callback import AutoPropagatedCallback, FitCallback
from sklearn.model_selection import GridSearchCV

from families import quick
from sk_ensemble import PurgedSplit
from sk_ensemble.callbacks import MLflowCallback, TrackingStore, replay_spool

CV = PurgedSplit(2, embargo_size=3)


@pytest.fixture
def spool_dir(tmp_path):
    return tmp_path / "spool"


def searching(callback, n_jobs=None):
    search = GridSearchCV(quick("xgboost"), {"max_depth": [1, 2]}, cv=CV, n_jobs=n_jobs)
    return search.set_callbacks(callback)


def runs_of(store):
    client = store.client()
    return list(client.search_runs([store.prepare()]))


@pytest.fixture
def silent_server():
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=8) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_it_follows_the_protocols_of_scikit_learn():
    callback = MLflowCallback()
    assert isinstance(callback, FitCallback)
    assert isinstance(callback, AutoPropagatedCallback)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_search_ends_in_mlflow(n_jobs, database, spool_dir, samples):
    X, y = samples
    callback = MLflowCallback(database, spool_dir=spool_dir, tags={"kind": "test"})
    search = searching(callback, n_jobs).fit(X, y)
    runs = {run.info.run_name: run for run in runs_of(TrackingStore(database))}
    assert len(runs_of(TrackingStore(database))) == 8
    root, best = runs["GridSearchCV"], runs[f"candidate-{search.best_index_}"]
    assert root.data.tags["kind"] == "test"
    assert best.data.tags["mlflow.parentRunId"] == root.info.run_id
    assert best.data.metrics["mean_test_score"] == search.best_score_
    history = (
        TrackingStore(database)
        .client()
        .get_metric_history(runs["refit"].info.run_id, "val_loss")
    )
    losses = search.best_estimator_.history_["val_loss"]
    assert [point.value for point in history] == losses
    assert list(spool_dir.iterdir()) == []
    assert {run.info.status for run in runs.values()} == {"FINISHED"}


def test_a_callback_records_every_fit_and_those_of_clones(database, spool_dir, samples):
    X, y = samples
    callback = MLflowCallback(database, spool_dir=spool_dir)
    model = quick("xgboost").set_callbacks(callback).fit(X, y)
    model.fit(X, y)
    clone(model).fit(X, y)
    assert len(runs_of(TrackingStore(database))) == 3


def test_a_model_is_the_same_with_and_without_it(dead_server, spool_dir, samples):
    X, y = samples
    with pytest.warns(UserWarning, match="replay_spool"):
        watched = searching(MLflowCallback(dead_server, spool_dir=spool_dir)).fit(X, y)
    alone = searching(MLflowCallback(dead_server)).set_callbacks().fit(X, y)
    assert watched.predict_proba(X).tobytes() == alone.predict_proba(X).tobytes()


@pytest.mark.slow
def test_the_default_store_is_there_before_anything_is_fitted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    seen = []

    class Looking(MLflowCallback):
        def on_fit_task_begin(self, estimator, context):
            seen.append(Path("experiments/mlflow.db").exists())
            super().on_fit_task_begin(estimator, context)

    quick("prior").set_callbacks(Looking()).fit([[0.0]] * 4, [0, 1, 0, 1])
    assert seen == [True]
    assert len(runs_of(TrackingStore())) == 1


def test_a_dead_server_costs_a_warning_and_nothing_else(
    dead_server, database, spool_dir, samples
):
    X, y = samples
    search = searching(MLflowCallback(dead_server, spool_dir=spool_dir), n_jobs=2)
    with pytest.warns(UserWarning, match="replay_spool") as caught:
        search.fit(X, y)
    assert len(caught) == 1
    (folder,) = spool_dir.iterdir()
    assert str(folder) in str(caught[0].message)
    with pytest.raises(ConnectionRefusedError):
        replay_spool(spool_dir)
    assert len(replay_spool(spool_dir, tracking_uri=database)) == 1
    assert len(runs_of(TrackingStore(database))) == 8
    assert replay_spool(spool_dir) == []


def test_passwords_are_used_and_never_written(database, spool_dir, samples):
    X, y = samples
    callback = MLflowCallback("http://me:secret@127.0.0.1:9", spool_dir=spool_dir)
    with pytest.warns(UserWarning, match="replay_spool") as caught:
        quick("xgboost").set_callbacks(callback).fit(X, y)
    assert "secret" not in str(caught[0].message)
    kept = [path.read_text() for path in spool_dir.rglob("*") if path.is_file()]
    assert any("127.0.0.1:9" in text for text in kept)
    assert not any("secret" in text or "me:" in text for text in kept)
    assert "secret" not in repr(callback)
    assert len(replay_spool(spool_dir, tracking_uri=database)) == 1


def test_a_server_that_does_not_answer_is_left_alone_in_time(
    silent_server, spool_dir, samples
):
    X, y = samples
    callback = MLflowCallback(silent_server, spool_dir=spool_dir, timeout=0.5)
    start = time.monotonic()
    with pytest.warns(UserWarning, match=r"did not answer within 0\.5 seconds"):
        quick("xgboost").set_callbacks(callback).fit(X, y)
    assert time.monotonic() - start < 20
    assert len(list(spool_dir.iterdir())) == 1
    # Whoever is still waiting for the server must not be overtaken.
    assert replay_spool(spool_dir) == []


def test_a_store_that_fails_half_way_is_completed_later(
    database, spool_dir, samples, monkeypatch
):
    X, y = samples
    calls = []
    original = mlflow.MlflowClient.log_batch

    def third_time_lucky(self, *args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            raise OSError("disk full")
        return original(self, *args, **kwargs)

    monkeypatch.setattr(mlflow.MlflowClient, "log_batch", third_time_lucky)
    with pytest.warns(UserWarning, match="disk full"):
        searching(MLflowCallback(database, spool_dir=spool_dir)).fit(X, y)
    assert len(runs_of(TrackingStore(database))) == 3
    assert len(replay_spool(spool_dir)) == 1
    runs = runs_of(TrackingStore(database))
    assert len(runs) == 8
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_without_mlflow_the_fit_goes_on(database, spool_dir, samples, monkeypatch):
    X, y = samples
    monkeypatch.setitem(sys.modules, "mlflow", None)
    callback = MLflowCallback(database, spool_dir=spool_dir)
    with pytest.warns(UserWarning, match="mlflow") as caught:
        quick("xgboost").set_callbacks(callback).fit(X, y)
    assert len(caught) == 2
    monkeypatch.undo()
    assert len(replay_spool(spool_dir)) == 1


def test_a_spool_that_cannot_be_written_is_a_warning(database, tmp_path, samples):
    X, y = samples
    occupied = tmp_path / "file"
    occupied.touch()
    callback = MLflowCallback(database, spool_dir=occupied)
    with pytest.warns(UserWarning, match="is not recorded") as caught:
        model = quick("xgboost").set_callbacks(callback).fit(X, y)
    assert hasattr(model, "classes_")
    assert len(caught) == 1


def test_a_fit_that_fails_is_recorded_as_failed(database, spool_dir, samples):
    X, y = samples
    callback = MLflowCallback(database, spool_dir=spool_dir)
    with pytest.raises(ValueError, match="max_depth"):
        quick("xgboost", max_depth=-1).set_callbacks(callback).fit(X, y)
    # Parameters are checked before the fit begins, so there is nothing to record.
    assert not spool_dir.exists()
    assert runs_of(TrackingStore(database)) == []
    with pytest.raises(ValueError, match="251"):
        quick("xgboost").set_callbacks(callback).fit(X, y[:-1])
    assert [run.info.status for run in runs_of(TrackingStore(database))] == ["FAILED"]


def test_an_event_that_cannot_be_made_is_a_warning(database, spool_dir, samples):
    X, y = samples

    class Odd(type(quick("xgboost"))):
        def get_params(self, deep=True):
            if getattr(self, "is_odd", False):
                raise RuntimeError("odd")
            return super().get_params(deep)

    model = Odd(n_estimators=2).set_callbacks(
        MLflowCallback(database, spool_dir=spool_dir)
    )
    model.is_odd = True
    with pytest.warns(UserWarning, match="odd"):
        model._fit(X, y)
    assert len(model.history_["train_loss"]) == 2


def test_there_must_be_a_directory_to_replay(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing to record"):
        replay_spool(tmp_path / "missing")


def test_spools_of_running_fits_are_left_alone(database, spool_dir, samples):
    X, y = samples
    found = []

    class Impatient(MLflowCallback):
        def on_fit_task_end(self, estimator, context):
            super().on_fit_task_end(estimator, context)
            found.append(replay_spool(spool_dir))

    quick("xgboost").set_callbacks(Impatient(database, spool_dir=spool_dir)).fit(X, y)
    assert found
    assert not any(found)
    assert len(runs_of(TrackingStore(database))) == 1


KILLED = """
import sys
import time
import numpy as np
from sk_ensemble import XGBoostClassifier
from sk_ensemble.callbacks import MLflowCallback

class Slow(MLflowCallback):
    def on_fit_task_end(self, estimator, context):
        super().on_fit_task_end(estimator, context)
        print("round", flush=True)
        time.sleep(0.05)

X = np.random.default_rng(0).normal(size=(100, 2))
model = XGBoostClassifier(n_estimators=1000)
model.set_callbacks(Slow(sys.argv[1], spool_dir=sys.argv[2])).fit(X, X[:, 0] > 0)
"""


@pytest.mark.slow
def test_a_fit_that_is_killed_is_recorded_up_to_there(database, spool_dir):
    arguments = [sys.executable, "-c", KILLED, str(database), str(spool_dir)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(4):
            assert process.stdout.readline() == "round\n"
        os.kill(process.pid, signal.SIGKILL)
    (run_id,) = replay_spool(spool_dir)
    store = TrackingStore(database)
    (run,) = runs_of(store)
    assert run.info.status == "FAILED"
    history = store.client().get_metric_history(run_id, "train_loss")
    assert len(history) >= 4
