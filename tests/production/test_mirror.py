"""What MLflow is told, and that it never gets in the way."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest
from experiment_server import ExperimentServer
from production_runs import ungated

from sk_ensemble.exceptions import ProductionError
from sk_ensemble.production import ProductionRegistry
from sk_ensemble.production import _mirror as module


def test_mlflow_is_left_alone_unless_it_is_asked_for(two, monkeypatch):
    monkeypatch.setattr(module, "TrackingStore", None)
    two.rollback("m")
    with pytest.raises(ProductionError, match="no address of MLflow"):
        two.mirror("m")


def test_an_mlflow_that_is_down_costs_a_warning_and_nothing_else(two, runs):
    down = ProductionRegistry(two.root, tracking_uri="http://127.0.0.1:9")
    with pytest.warns(UserWarning, match=r"MLflow was not told of 'm': Connection"):
        assert ungated(down, runs["logistic"]).number == 3
    with pytest.warns(UserWarning, match="MLflow was not told"):
        assert down.rollback("m").number == 2
    with pytest.raises(ConnectionError):
        down.mirror("m")
    two.verify()


def test_stages_are_never_used():
    source = inspect.getsource(module)
    assert "set_registered_model_alias" in source
    assert "stage" not in source


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[ExperimentServer]:
    with ExperimentServer(tmp_path_factory.mktemp("server")) as server:
        yield server


def champions(database: str, names: list[str]) -> dict[str, tuple[str, list[str]]]:
    """Return our number of the live version, and of all versions, by name."""
    client = module.TrackingStore(database).client()
    found = {}
    for name in names:
        live = client.get_model_version_by_alias(name, "champion")
        versions = client.search_model_versions(f"name='{name}'")
        numbers = sorted(version.tags["sk_ensemble.version"] for version in versions)
        found[name] = (live.tags["sk_ensemble.version"], numbers)
    return found


@pytest.mark.slow
def test_mlflow_shows_what_is_live(two, runs, tmp_path):
    database = str(tmp_path / "mlflow.db")
    mirrored = ProductionRegistry(two.root, tracking_uri=database)
    # What went live before is made up for.
    ungated(mirrored, runs["logistic"])
    assert champions(database, ["m"]) == {"m": ("3", ["1", "2", "3"])}
    mirrored.rollback("m", 1)
    assert champions(database, ["m"]) == {"m": ("1", ["1", "2", "3"])}
    two.rollback("m", 2)
    mirrored.mirror("m")
    mirrored.mirror("m")
    assert champions(database, ["m"]) == {"m": ("2", ["1", "2", "3"])}
    client = module.TrackingStore(database).client()
    live = client.get_model_version_by_alias("m", "champion")
    version = two.current("m")
    assert live.tags["sk_ensemble.sha256"] == version.sha256
    assert live.source == (version.path / "model").as_uri()
    assert live.current_stage in (None, "None")


@pytest.mark.slow
def test_many_that_tell_one_mlflow_lose_nothing(server, registry, runs, tmp_path):
    database = str(tmp_path / "mlflow.db")
    module.TrackingStore(database).prepare()
    names = ["a", "a", "b", "c"]
    started = [
        server.start(
            "production_runs:promote_some",
            root=str(registry.root),
            run=str(runs["prior"]),
            name=name,
            n_times=3,
            tracking_uri=database,
        )
        for name in names
    ]
    ends = [server.wait(pid) for pid in started]
    assert [end.code for end in ends] == [0] * len(names), ends
    numbers = {"a": list("123456"), "b": list("123"), "c": list("123")}
    expected = {name: (known[-1], known) for name, known in numbers.items()}
    assert champions(database, ["a", "b", "c"]) == expected
