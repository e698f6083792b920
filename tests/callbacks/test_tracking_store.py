"""Runs in an MLflow store: each once, with names and values that it takes."""

from __future__ import annotations

import math
import subprocess
import sys
import time

import mlflow
import pytest

from sk_ensemble.callbacks import MetricPoint, RunRecord, TrackingStore
from sk_ensemble.callbacks import _tracking_store as module

PARENT = RunRecord(event_id="e/0", name="parent", params={"a": 1, "b[0]": "x" * 7000})
CHILD = RunRecord(
    event_id="e/1",
    name="child",
    parent="e/0",
    metrics=tuple(MetricPoint("loss", 1 / (step + 1), step, 5) for step in range(2500)),
    start=1_000,
    end=2_000,
    status="FAILED",
)


@pytest.fixture
def store(database):
    return TrackingStore(database)


def runs_in(store):
    client = store.client()
    return {run.info.run_name: run for run in client.search_runs([store.prepare()], "")}


def test_runs_are_nested_and_whole(store):
    ids = store.log([PARENT, CHILD], "group")
    runs = runs_in(store)
    assert set(runs) == {"parent", "child"}
    child = runs["child"]
    assert child.data.tags["mlflow.parentRunId"] == ids["e/0"]
    assert child.data.tags["sk_ensemble.event_id"] == "e/1"
    assert child.data.tags["sk_ensemble.matrix_id"] == "group"
    assert (child.info.start_time, child.info.end_time) == (1_000, 2_000)
    assert child.info.status == "FAILED"
    history = store.client().get_metric_history(ids["e/1"], "loss")
    assert [point.step for point in history] == list(range(2500))
    params = runs["parent"].data.params
    assert params["a"] == "1"
    assert len(next(v for k, v in params.items() if k.startswith("b_0__"))) == 6000


def test_recording_again_adds_nothing(store):
    first = store.log([PARENT, CHILD], "group")
    assert store.log([PARENT, CHILD], "group") == first
    assert len(store.client().search_runs([store.prepare()])) == 2
    assert len(store.client().get_metric_history(first["e/1"], "loss")) == 2500


def test_another_group_is_recorded_besides(store):
    store.log([PARENT], "group")
    store.log([PARENT], "other")
    assert len(store.client().search_runs([store.prepare()])) == 2


@pytest.mark.parametrize("call", ["log_batch", "set_terminated"])
def test_what_was_cut_short_is_completed(store, call, monkeypatch):
    def fail(*args, **kwargs):
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(mlflow.MlflowClient, call, fail)
        with pytest.raises(ConnectionError):
            store.log([PARENT, CHILD], "group")
    ids = store.log([PARENT, CHILD], "group")
    assert len(store.client().search_runs([store.prepare()])) == 2
    assert len(store.client().get_metric_history(ids["e/1"], "loss")) == 2500
    assert runs_in(store)["parent"].info.status == "FINISHED"


def test_one_batch_per_run(store, monkeypatch):
    calls = []
    original = mlflow.MlflowClient.log_batch

    def counted(self, run_id, *args, **kwargs):
        calls.append(run_id)
        return original(self, run_id, *args, **kwargs)

    monkeypatch.setattr(mlflow.MlflowClient, "log_batch", counted)
    ids = store.log([PARENT, CHILD], "group")
    assert calls == list(ids.values())


def test_values_that_are_not_finite_are_counted_and_left_out(store):
    points = [math.nan, 1.0, math.inf, -math.inf]
    record = RunRecord(
        event_id="n",
        name="n",
        metrics=tuple(MetricPoint("loss", v, step) for step, v in enumerate(points)),
    )
    ids = store.log([record], "group")
    history = store.client().get_metric_history(ids["n"], "loss")
    assert [point.step for point in history] == [1]
    assert runs_in(store)["n"].data.tags["sk_ensemble.not_finite"] == "loss (3)"
    store.log([CHILD.__class__(event_id="m", name="m")], "group")
    assert "sk_ensemble.not_finite" not in runs_in(store)["m"].data.tags


def test_artifacts_lie_beside_the_store(database, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in ("a.txt", "b.txt"):
        (source / name).write_text(name)
    store = TrackingStore(database, "mine")
    record = RunRecord(event_id="a", name="a", artifacts=(source, source / "b.txt"))
    ids = store.log([record], "group")
    names = {item.path for item in store.client().list_artifacts(ids["a"])}
    assert names == {"a.txt", "b.txt"}
    assert list((database.parent / "mlartifacts").rglob("a.txt"))


def test_the_global_state_of_mlflow_is_not_touched(store):
    before = mlflow.get_tracking_uri()
    store.log([PARENT], "group")
    assert mlflow.get_tracking_uri() == before
    assert mlflow.active_run() is None


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("x.db", "sqlite:///{cwd}/x.db"),
        ("sqlite:///x.db", "sqlite:///{cwd}/x.db"),
        (None, "sqlite:///{cwd}/experiments/mlflow.db"),
        ("http://host:5000", "http://host:5000"),
        ("postgresql://host/db", "postgresql://host/db"),
    ],
)
def test_addresses_do_not_depend_on_the_directory(uri, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert TrackingStore(uri).tracking_uri == expected.format(cwd=tmp_path.resolve())


def test_the_environment_names_the_server(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://host:5000")
    assert TrackingStore().tracking_uri == "http://host:5000"
    assert TrackingStore("http://other").tracking_uri == "http://other"


def test_a_dead_server_is_known_at_once(dead_server):
    start = time.monotonic()
    with pytest.raises(ConnectionRefusedError):
        TrackingStore(dead_server).client()
    assert time.monotonic() - start < 5


def test_a_deleted_experiment_is_an_error_that_says_so(store):
    client = store.client()
    client.delete_experiment(store.prepare())
    # MLflow still finds it by name; its runs would be lost from sight.
    with pytest.raises(RuntimeError, match="restore it or choose another"):
        store.log([PARENT], "group")


def test_pages_of_runs_are_read_to_the_end(store, monkeypatch):
    records = [RunRecord(event_id=f"r/{i}", name=f"r{i}") for i in range(7)]
    store.log(records, "group")
    client = store.client()
    search = client.search_runs
    monkeypatch.setattr(
        client, "search_runs", lambda *a, **k: search(*a, max_results=3, **k)
    )
    found = module._runs_of_group(client, store.prepare(), "group")
    assert set(found) == {record.event_id for record in records}


WRITER = """
import sys
from sk_ensemble.callbacks import MetricPoint, RunRecord, TrackingStore
number = sys.argv[2]
records = [
    RunRecord(event_id=f"{number}/{i}", name=number, metrics=(MetricPoint("m", i),))
    for i in range(5)
]
TrackingStore(sys.argv[1]).log(records, number)
"""


@pytest.mark.slow
def test_processes_that_write_at_the_same_time_make_one_store(tmp_path):
    path = str(tmp_path / "mlflow.db")
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, str(number)])
        for number in range(8)
    ]
    assert [writer.wait() for writer in writers] == [0] * 8
    store = TrackingStore(path)
    assert len(store.client().search_runs([store.prepare()])) == 40
