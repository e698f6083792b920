"""Experiments that are killed with SIGKILL, and resumed as if nothing had been."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from experiment_results import latest, refuse_halves, results_of
from experiment_server import End, ExperimentServer
from small_experiments import make_config

pytestmark = pytest.mark.slow

N_KILLS, MOST_KILLS = 60, 4
CACHE = "sk_ensemble.experiments._cache:FitCache"
RUNNER = "sk_ensemble.experiments._run_experiment"
PUBLISHER = "sk_ensemble.experiments._publisher"
RESULT = "sk_ensemble.experiments._result_dir:ResultDir"
FILES = "sk_ensemble.utils.files"


@dataclass
class Kind:
    """A way to run an experiment, and what it finds when nobody disturbs it."""

    config: Any
    quick: bool = True
    store: Path | None = None
    expected: dict[str, bytes] | None = None
    seconds: float = 0.0

    def request(self, folder: Path) -> dict[str, Any]:
        config = self.config(folder).to_yaml()
        return {"config": config, "resume": True, "quick": self.quick}

    def prepare(self, folder: Path) -> None:
        folder.mkdir()
        if self.store is not None:
            shutil.copy(self.store, folder / "mlflow.db")

    def measure(self, server: ExperimentServer, folder: Path) -> None:
        """Run it undisturbed."""
        self.prepare(folder)
        end = server.run("experiment", **self.request(folder))
        assert end.code == 0, end.error
        self.expected, self.seconds = results_of(folder), end.seconds


def runs_in(file: Path) -> list[tuple[str, str]]:
    """Return event and status of every run of a store."""
    query = (
        "select tags.value, runs.status from runs join tags on "
        "tags.run_uuid = runs.run_uuid where tags.key = 'sk_ensemble.event_id'"
    )
    with closing(sqlite3.connect(file)) as connection:
        return sorted(connection.execute(query).fetchall())


@pytest.fixture(scope="module")
def kinds(tmp_path_factory, server, make_tiny, store) -> dict[str, Kind]:
    bars = {
        "horizons": [5, 20],
        "models": ["prior", "volatility"],
        "ensemble": {"methods": ["soft_vote"], "members": ["prior", "volatility"]},
    }
    kinds = {
        "plain": Kind(make_tiny),
        "tracked": Kind(
            lambda folder: make_tiny(folder, mlflow={"enabled": True}), store=store
        ),
        "parallel": Kind(lambda folder: make_tiny(folder, run={"n_jobs": 2})),
        "bars": Kind(lambda folder: make_config(folder, **bars), quick=False),
    }
    for name, kind in kinds.items():
        kind.measure(server, tmp_path_factory.mktemp(name) / "undisturbed")
    return kinds


def test_no_way_to_run_an_experiment_changes_its_results(kinds):
    assert kinds["plain"].expected == kinds["tracked"].expected
    assert kinds["plain"].expected == kinds["parallel"].expected
    assert kinds["plain"].expected != kinds["bars"].expected


def test_results_of_another_seed_would_be_noticed(server, kinds, make_tiny, tmp_path):
    config = make_tiny(tmp_path, models=["prior", "logistic"], ensemble={})
    assert server.run("experiment", config=config.to_yaml()).code == 0
    found, expected = results_of(tmp_path), kinds["plain"].expected
    assert found["prior_h5/metrics/metrics.json"] in expected.values()
    assert found["logistic_h5/metrics/metrics.json"] not in expected.values()


@dataclass
class Chain:
    """One experiment, killed again and again until it is finished."""

    kind: Kind
    folder: Path
    n_kills: int = 0
    is_finished: bool = False

    def start(self, server: ExperimentServer) -> int:
        return server.start("experiment", **self.kind.request(self.folder))

    def note(self, end: End) -> None:
        if end.was_killed:
            self.n_kills += 1
            return
        assert end.code == 0, end.error
        self.is_finished = True
        assert results_of(self.folder) == self.kind.expected
        refuse_halves(self.folder)
        assert latest(self.folder).status.state == "finished"
        if self.kind.store is not None:
            self.check_tracking()

    def check_tracking(self) -> None:
        """Every cell is recorded once, however often its process was killed."""
        result = latest(self.folder)
        events = {result.path.name, *(f"{result.path.name}/{c}" for c in result.cells)}
        runs = runs_in(self.folder / "mlflow.db")
        assert runs == sorted((event, "FINISHED") for event in events)
        assert not list(self.folder.glob("results/*/tracking/*.json"))


def step(server: ExperimentServer, chains: list[Chain], rng: random.Random) -> None:
    """Start all chains and kill each at a random moment, if it is still there."""
    plans = []
    for chain in chains:
        moment = rng.uniform(0, chain.kind.seconds)
        plans.append((moment, chain.start(server), chain))
    for moment, pid, chain in sorted(plans, key=lambda plan: plan[0]):
        # On a machine that has become slower none would ever be finished.
        is_last = chain.n_kills == MOST_KILLS
        chain.note(server.wait(pid, kill_after=None if is_last else moment))


def test_sixty_random_kills_change_no_byte(server, kinds, tmp_path):
    rng = random.Random(0)
    names = ["plain"] * N_KILLS
    names[1::8] = ["tracked"] * len(names[1::8])
    # Workers take seconds to start, and pictures to draw.
    names[2], names[4] = "parallel", "bars"
    made = (
        Chain(kinds[name], tmp_path / f"{number}_{name}")
        for number, name in enumerate(names)
    )
    done: list[Chain] = []
    running: list[Chain] = []
    while running or sum(chain.n_kills for chain in done) < N_KILLS:
        while len(running) < 2:
            chain = next(made)
            chain.kind.prepare(chain.folder)
            running.append(chain)
        step(server, running, rng)
        done += [chain for chain in running if chain.is_finished]
        running = [chain for chain in running if not chain.is_finished]
        if sum(chain.n_kills for chain in [*done, *running]) >= N_KILLS:
            for chain in running:
                chain.note(server.wait(chain.start(server)))
            done, running = [*done, *running], []
    assert all(chain.is_finished for chain in done)
    assert sum(chain.n_kills for chain in done) >= N_KILLS


#: Moments between any two steps that leave something on disk.
MOMENTS = {
    "before the first fit": (f"{CACHE}.put", 1, "before"),
    "after one fit": (f"{CACHE}.put", 1, "after"),
    "between two fits of a cell": (f"{CACHE}.put", 6, "after"),
    "after all fits": (f"{CACHE}.put", 16, "after"),
    "while a fit is stored": (f"{FILES}:_sync_tree", 4, "before"),
    "while the first run is written": (f"{PUBLISHER}:write_cell", 1, "before"),
    "between a run and its record": (f"{PUBLISHER}:write_cell", 1, "after"),
    "between the record and tracking": (f"{RESULT}.add_cell", 2, "after"),
    "between models and ensembles": (f"{RESULT}.add_cell", 4, "after"),
    "between an ensemble and its record": (f"{PUBLISHER}:write_cell", 5, "after"),
    "before the leaderboard": (f"{RUNNER}:leaderboard", 1, "before"),
    "while the leaderboard is shown": (f"{RUNNER}:_result", 1, "after"),
    "after the last run": (f"{RUNNER}:leaderboard", 2, "before"),
    "between table and picture": (f"{RUNNER}:draw", 1, "before"),
    "after the leaderboard": (f"{RUNNER}:_write_leaderboard", 1, "after"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_step_changes_no_byte(moment, server, kinds, tmp_path):
    kind, act = kinds["plain"], [[*MOMENTS[moment], "SIGKILL"]]
    end = server.run("experiment", act=act, **kind.request(tmp_path))
    assert end.was_killed, end
    assert latest(tmp_path).status.has_died
    refuse_halves(tmp_path)
    again = server.run("experiment", **kind.request(tmp_path))
    assert again.code == 0, again.error
    assert results_of(tmp_path) == kind.expected


@pytest.mark.parametrize("name", ["tracked", "parallel", "bars"])
def test_a_kill_between_two_fits_changes_no_byte_of_any_kind(
    name, server, kinds, tmp_path
):
    chain = Chain(kinds[name], tmp_path / "experiment")
    chain.kind.prepare(chain.folder)
    act = [[f"{CACHE}.put", 6, "after", "SIGKILL"]]
    request = chain.kind.request(chain.folder)
    assert server.run("experiment", act=act, **request).was_killed
    chain.note(server.wait(chain.start(server)))
    assert chain.is_finished


def test_a_kill_between_a_cell_and_tracking_loses_no_record(server, kinds, tmp_path):
    kind = kinds["tracked"]
    folder = tmp_path / "experiment"
    kind.prepare(folder)
    act = [[f"{RESULT}.add_cell", 2, "after", "SIGKILL"]]
    assert server.run("experiment", act=act, **kind.request(folder)).was_killed
    chain = Chain(kind, folder)
    chain.note(server.wait(chain.start(server)))
    assert chain.is_finished


def test_directories_written_in_place_would_be_left_half_written(
    server, kinds, tmp_path
):
    kind, act = kinds["plain"], [["pathlib:Path.write_bytes", 40, "before", "SIGKILL"]]
    end = server.run("experiment", act=act, in_place=True, **kind.request(tmp_path))
    assert end.was_killed, end
    with pytest.raises((AssertionError, ValueError)):
        refuse_halves(tmp_path)


def test_what_is_done_is_not_done_again(server, kinds, tmp_path):
    kind, act = kinds["plain"], [[f"{CACHE}.put", 10, "after", "SIGKILL"]]
    assert server.run("experiment", act=act, **kind.request(tmp_path)).was_killed
    runs = {path.name for path in (tmp_path / "runs").iterdir()}
    # Six fits are missing, so that a seventh would be one too many.
    act = [[f"{CACHE}.put", 7, "before", "SIGKILL"]]
    again = server.run("experiment", act=act, **kind.request(tmp_path))
    assert again.code == 0, again
    assert runs <= {path.name for path in (tmp_path / "runs").iterdir()}
    act = [[f"{CACHE}.put", 1, "before", "SIGKILL"]]
    third = server.run("experiment", act=act, **kind.request(tmp_path))
    assert third.code == 0, third
