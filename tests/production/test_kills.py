"""Promotions and rollbacks that are killed with SIGKILL, at every step."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from experiment_server import ExperimentServer
from production_runs import tree_of, ungated

from sk_ensemble.exceptions import ProductionError
from sk_ensemble.production import ProductionRegistry

pytestmark = pytest.mark.slow

REGISTRY = "sk_ensemble.production._production_registry"
PROMOTION = "sk_ensemble.production._promotion"
JOURNAL = "sk_ensemble.production._journal"
FILES = "sk_ensemble.utils.files"

#: Moments between any two steps of a promotion: the function, its call, which side of
#: it, and which version is live afterwards. The third version is being made.
MOMENTS = {
    "before anything": (f"{REGISTRY}:promote", 1, "before", 2),
    "after it was judged": (f"{PROMOTION}:_facts", 1, "after", 2),
    "before the lock": ("fcntl:flock", 1, "before", 2),
    "with the lock": ("fcntl:flock", 1, "after", 2),
    "before the version": (f"{PROMOTION}:write_version", 1, "before", 2),
    "before its first file": ("pathlib:Path.write_bytes", 1, "before", 2),
    "after its first file": ("pathlib:Path.write_bytes", 1, "after", 2),
    "in the middle of its files": ("pathlib:Path.write_bytes", 3, "after", 2),
    "before it is on the disk": (f"{FILES}:_sync_tree", 1, "before", 2),
    "when it is on the disk": (f"{FILES}:_sync_tree", 1, "after", 2),
    "before it is in place": ("pathlib:Path.rename", 1, "before", 2),
    "when it is in place": ("pathlib:Path.rename", 1, "after", 2),
    "after the version": (f"{PROMOTION}:write_version", 1, "after", 2),
    "before the entry": (f"{JOURNAL}:write_new", 1, "before", 2),
    "before the entry is in place": ("pathlib:Path.hardlink_to", 1, "before", 2),
    "when the entry is in place": ("pathlib:Path.hardlink_to", 1, "after", 3),
    "before the rest is cleared": ("pathlib:Path.unlink", 1, "before", 3),
    "after the entry": (f"{JOURNAL}:write_new", 1, "after", 3),
    "after everything": (f"{REGISTRY}:promote", 1, "after", 3),
}

#: The same for a rollback from the second version to the first.
ROLLBACK_MOMENTS = {
    "with the lock": ("fcntl:flock", 1, "after", 2),
    "before the entry": (f"{JOURNAL}:write_new", 1, "before", 2),
    "before the entry is in place": ("pathlib:Path.hardlink_to", 1, "before", 2),
    "when the entry is in place": ("pathlib:Path.hardlink_to", 1, "after", 1),
    "after the entry": (f"{JOURNAL}:write_new", 1, "after", 1),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[ExperimentServer]:
    with ExperimentServer(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def _two(tmp_path_factory, runs) -> Path:
    root = tmp_path_factory.mktemp("two") / "registry"
    for model in ("prior", "volatility"):
        ungated(ProductionRegistry(root), runs[model])
    return root


@pytest.fixture
def two(_two, tmp_path) -> ProductionRegistry:
    return ProductionRegistry(shutil.copytree(_two, tmp_path / "registry"))


def promotion_of(registry: ProductionRegistry, run: Path) -> dict[str, object]:
    return {"root": str(registry.root), "run": str(run), "name": "m", "n_times": 1}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_promotion_leaves_a_whole_version_live(moment, server, two, runs):
    *act, live = MOMENTS[moment]
    before = tree_of(two.root)
    end = server.run(
        "production_runs:promote_some",
        act=[[*act, "SIGKILL"]],
        **promotion_of(two, runs["logistic"]),
    )
    assert end.was_killed, end
    after = tree_of(two.root)
    assert {name: after[name] for name in before} == before
    assert two.current("m").number == live
    assert two.current("m").load() is not None
    checks = two.verify()
    assert checks["state"].tolist().count("current") == 1
    # What was written and never went live is no version anyone can choose.
    if live == 2 and len(checks) == 4:
        assert checks["state"].tolist()[-1] == "never live"
        with pytest.raises(ProductionError, match="No version v3"):
            two.rollback("m", 3)
    n_versions = len(checks) - 1
    assert ungated(two, runs["prior"]).number == n_versions + 1
    two.verify()


@pytest.mark.parametrize("moment", ROLLBACK_MOMENTS)
def test_a_killed_rollback_leaves_a_whole_version_live(moment, server, two):
    *act, live = ROLLBACK_MOMENTS[moment]
    how = {"root": str(two.root), "name": "m", "act": [[*act, "SIGKILL"]]}
    assert server.run("production_runs:roll_back", **how).was_killed
    assert two.current("m").number == live
    two.verify()
    two.rollback("m", 1)
    assert two.current("m").number == 1


def test_a_look_at_data_counts_though_its_process_was_killed(server, two, runs):
    act = [["sk_ensemble.production._score_gate:loss_table", 1, "before", "SIGKILL"]]
    arguments = ["promote", str(runs["logistic"]), "--name", "m"]
    arguments += ["--registry", str(two.root), "--max-ms", "1e6"]
    end = server.run("command", arguments=arguments, act=act)
    assert end.was_killed, end
    assert two.history("m")["action"].tolist()[2:] == ["looked"]
    assert two.current("m").number == 2
    assert server.run("command", arguments=arguments).code in (0, 1)
    assert two.history("m")["action"].tolist()[3] == "looked"


def test_a_first_promotion_that_is_killed_leaves_nothing_live(server, tmp_path, runs):
    registry = ProductionRegistry(tmp_path / "registry")
    act = [["pathlib:Path.rename", 1, "before", "SIGKILL"]]
    how = promotion_of(registry, runs["prior"])
    assert server.run("production_runs:promote_some", act=act, **how).was_killed
    with pytest.raises(ProductionError, match="Nothing of 'm' has gone live"):
        registry.current("m")
    registry.verify()
    assert ungated(registry, runs["prior"]).number == 1


def test_written_in_place_a_killed_promotion_would_leave_half_a_version(
    server, two, runs
):
    act = [["pathlib:Path.write_bytes", 2, "after", "SIGKILL"]]
    how = promotion_of(two, runs["logistic"])
    end = server.run("production_runs:promote_some", act=act, in_place=True, **how)
    assert end.was_killed, end
    with pytest.raises(ProductionError, match="v3"):
        two.verify()
