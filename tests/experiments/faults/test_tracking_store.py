"""Tracking that many share, that is not there, or that never answers."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import warnings
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest
from experiment_results import latest, results_of
from experiment_server import ExperimentServer

from sk_ensemble.callbacks import MetricPoint, RunRecord, TrackingStore
from sk_ensemble.experiments import _tracker as module
from sk_ensemble.experiments import run_experiment
from sk_ensemble.experiments._tracker import Tracker, queue_record, waiting_folders

pytestmark = [
    pytest.mark.slow,
    # mlflow and what it brings; to be looked at again with mlflow 4.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

N_WRITERS, N_RUNS = 8, 6


def query(file: Path, text: str) -> list:
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        return connection.execute(text).fetchall()


def statuses(file: Path) -> dict[str, list[str]]:
    """Return the status of every run by its event; twice where it is there twice."""
    found: dict[str, list[str]] = {}
    for event, status in query(
        file,
        "select tags.value, runs.status from runs join tags on tags.run_uuid = "
        "runs.run_uuid where tags.key = 'sk_ensemble.event_id'",
    ):
        found.setdefault(event, []).append(status)
    return found


def once(events: Iterable[str]) -> dict[str, list[str]]:
    """Return what `statuses` finds where every event was recorded once."""
    return {event: ["FINISHED"] for event in events}


@pytest.mark.parametrize("is_new", [False, True], ids=["ready", "new"])
def test_eight_processes_lose_nothing_in_one_database(
    is_new: bool, server: ExperimentServer, store: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mlflow.db"
    if not is_new:
        shutil.copy(store, file)
    pids = [
        server.start("log_runs", database=str(file), group=str(w), n_runs=N_RUNS)
        for w in range(N_WRITERS)
    ]
    ends = [server.wait(pid) for pid in pids]
    assert [end.error for end in ends] == [""] * N_WRITERS
    events = {f"{w}/{n}" for w in range(N_WRITERS) for n in range(N_RUNS)}
    assert statuses(file) == once(events)
    (n_metrics,) = query(file, "select count(*) from metrics")
    assert n_metrics == (2 * N_WRITERS * N_RUNS,)
    names = [name for (name,) in query(file, "select name from experiments")]
    assert Counter(names)["sk_ensemble"] == 1


def test_a_store_that_was_killed_at_its_making_is_made_again(server, tmp_path):
    step = "alembic.operations.batch:BatchOperationsImpl.flush"
    act = [[step, 3, "after", "SIGKILL"]]
    request = {"database": str(tmp_path / "mlflow.db"), "group": "g", "n_runs": 1}
    assert server.run("log_runs", act=act, **request).was_killed
    assert not (tmp_path / "mlflow.db").exists()
    assert server.run("log_runs", **request).error == ""
    assert statuses(tmp_path / "mlflow.db") == once(["g/0"])


def test_without_patience_a_database_would_be_locked(store: Path) -> None:
    with (
        closing(sqlite3.connect(store, timeout=0)) as one,
        closing(sqlite3.connect(store, timeout=0)) as other,
    ):
        one.execute("begin immediate")
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            other.execute("begin immediate")
        one.rollback()


@pytest.fixture
def silent_server():
    """The address of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.fixture(params=["closed port", "no database", "silence"])
def useless(request, tmp_path: Path, closed_port: str, silent_server: str) -> str:
    """Addresses at which nothing can be recorded."""
    (tmp_path / "garbage.db").write_bytes(b"this is no database at all" * 99)
    return {
        "closed port": closed_port,
        "no database": f"sqlite:///{tmp_path / 'garbage.db'}",
        "silence": silent_server,
    }[request.param]


def queued(result_dir: Path) -> list[Path]:
    return sorted((result_dir / "tracking").glob("*.json"))


def test_an_experiment_does_not_need_its_store(
    useless, make_tiny, tmp_path, monkeypatch, no_pictures, splits, store
):
    monkeypatch.setattr(module, "_PATIENCE", 1.0)
    tracked = {"enabled": True, "tracking_uri": useless}
    config = make_tiny(tmp_path / "out", horizons=[5], mlflow=tracked)
    with pytest.warns(UserWarning, match="Not all runs were recorded"):
        result = run_experiment(config)
    assert result.failures == {}
    assert latest(tmp_path / "out").status.state == "finished"
    with_tracking = results_of(tmp_path / "out")
    run_experiment(make_tiny(tmp_path / "plain", horizons=[5]))
    assert with_tracking == results_of(tmp_path / "plain")
    # Begin, three cells, end.
    assert len(queued(result.path)) == 5


def test_what_waits_is_recorded_once_by_the_next_experiment(
    make_tiny, tmp_path, no_pictures, store
):
    database = tmp_path / "mlflow.db"
    database.write_bytes(b"this is no database at all" * 99)
    tracked = {"enabled": True, "tracking_uri": str(database)}
    first = make_tiny(tmp_path, horizons=[5], mlflow=tracked)
    with pytest.warns(UserWarning, match="Not all runs were recorded"):
        first_dir = run_experiment(first).path
    assert waiting_folders(tmp_path) == [first_dir]
    shutil.copy(store, database)
    second = make_tiny(
        tmp_path, horizons=[5], mlflow=tracked, experiment={"name": "second"}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        second_dir = run_experiment(second).path
    assert waiting_folders(tmp_path) == []
    cells = ("", "/prior_h5", "/volatility_h5", "/stack_h5")
    events = {f"{d.name}{cell}" for d in (first_dir, second_dir) for cell in cells}
    assert statuses(database) == once(events)
    # An experiment of another store leaves what waits alone.
    elsewhere = {"enabled": True, "tracking_uri": str(tmp_path / "other.db")}
    queue_record(first_dir, RunRecord(event_id="late", name="late"))
    shutil.copy(store, tmp_path / "other.db")
    run_experiment(make_tiny(tmp_path, horizons=[5], mlflow=elsewhere))
    assert waiting_folders(tmp_path) == [first_dir]


class CutShort(TrackingStore):
    """A store whose connection breaks after some runs were recorded."""

    n_left = 2

    def log(self, records, group):
        if not self.n_left:
            # It was recorded, and the answer was lost.
            super().log(records, group)
            raise ConnectionError("the connection broke")
        self.n_left -= 1
        return super().log(records, group)


def record(name: str, status: str = "FINISHED", **params: int) -> RunRecord:
    points = tuple(MetricPoint("loss", 0.5, step) for step in range(3))
    return RunRecord(
        event_id=name, name=name, metrics=points, params=params, status=status
    )


@pytest.fixture
def database(tmp_path: Path, store: Path) -> Path:
    return Path(shutil.copy(store, tmp_path / "mlflow.db"))


@pytest.fixture
def result_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "results" / "experiment_1_a"
    folder.mkdir(parents=True)
    return folder


def record_all(store: TrackingStore, result_dir: Path) -> None:
    with Tracker(store, result_dir):
        pass


def test_a_connection_that_breaks_doubles_nothing(database, result_dir):
    names = [f"run-{number}" for number in range(5)]
    for name in names:
        queue_record(result_dir, record(name))
    with pytest.warns(UserWarning, match="the connection broke"):
        record_all(CutShort(database), result_dir)
    assert len(queued(result_dir)) == 3
    record_all(TrackingStore(database), result_dir)
    record_all(TrackingStore(database), result_dir)
    assert statuses(database) == once(names)
    assert query(database, "select count(*) from metrics") == [(15,)]
    assert queued(result_dir) == []


def test_a_run_cut_in_two_keeps_its_points_once(database, result_dir, monkeypatch):
    import mlflow

    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("before the end")

    with monkeypatch.context() as patch:
        patch.setattr(mlflow.MlflowClient, "set_terminated", fail)
        queue_record(result_dir, record("one"))
        with pytest.warns(UserWarning, match="before the end"):
            record_all(TrackingStore(database), result_dir)
    assert statuses(database) == {"one": ["RUNNING"]}
    record_all(TrackingStore(database), result_dir)
    assert statuses(database) == {"one": ["FINISHED"]}
    assert query(database, "select count(*) from metrics") == [(3,)]


def test_a_resumed_experiment_may_have_other_parameters(database, result_dir):
    for status, n_jobs in [("RUNNING", 1), ("KILLED", 1), ("RUNNING", 2)]:
        queue_record(result_dir, record("parent", status, n_jobs=n_jobs))
        record_all(TrackingStore(database), result_dir)
        assert statuses(database) == {"parent": [status]}
    queue_record(result_dir, record("parent", "FINISHED", n_jobs=2))
    record_all(TrackingStore(database), result_dir)
    assert statuses(database) == {"parent": ["FINISHED"]}
    assert query(database, "select key, value from params") == [("n_jobs", "1")]
    # What is finished is not touched again.
    queue_record(result_dir, record("parent", "KILLED"))
    record_all(TrackingStore(database), result_dir)
    assert statuses(database) == {"parent": ["FINISHED"]}


def test_a_damaged_record_and_a_lost_parent_hold_up_nothing(database, result_dir):
    queue_record(result_dir, record("first"))
    queued(result_dir)[0].write_bytes(b"\0garbage")
    child = RunRecord(
        event_id="child",
        name="child",
        parent="never recorded",
        artifacts=(result_dir / "gone.png",),
    )
    queue_record(result_dir, child)
    record_all(TrackingStore(database), result_dir)
    assert statuses(database) == {"child": ["FINISHED"]}
    assert [path.suffix for path in (result_dir / "tracking").glob("0*")] == [
        ".damaged"
    ]


def test_two_processes_do_not_record_the_same_twice(database, result_dir, tmp_path):
    names = [f"run-{number}" for number in range(6)]
    for name in names:
        queue_record(result_dir, record(name))
    others = [tmp_path / "results" / f"other_{number}_a" for number in range(3)]
    trackers = [
        Tracker(TrackingStore(database), other, [result_dir]) for other in others
    ]
    for tracker in trackers:
        tracker.__enter__()
    for tracker in trackers:
        tracker.__exit__(None, None, None)
    assert statuses(database) == once(names)
