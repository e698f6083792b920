"""Many promoters at once, and readers in the middle of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from experiment_server import ExperimentServer
from production_runs import ungated

from sk_ensemble.exceptions import GateError, ProductionError
from sk_ensemble.production import GateOutcome, ProductionRegistry
from sk_ensemble.production import _promotion as promotion
from sk_ensemble.production._lock import locked
from sk_ensemble.production._model_store import ModelStore
from sk_ensemble.utils import files

N_PROCESSES, N_EACH = 8, 25
N_ALL = N_PROCESSES * N_EACH


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[ExperimentServer]:
    with ExperimentServer(tmp_path_factory.mktemp("server")) as server:
        yield server


@contextlib.contextmanager
def in_place(target: Path, n_bytes: int | None = None) -> Iterator[Path]:
    """What `building` would be if nobody thought of others."""
    target.mkdir(parents=True, exist_ok=True)
    yield target


def without_locks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ModelStore, "locked", lambda store: contextlib.nullcontext())


def with_stale_numbers(patch: pytest.MonkeyPatch, n_stale: int) -> None:
    """Let the first looks at the numbers come before any version is there."""
    look, left = promotion.version_numbers, [n_stale]

    def stale(root: Path, name: str) -> list[int]:
        left[0] -= 1
        return [] if left[0] >= 0 else look(root, name)

    patch.setattr(promotion, "version_numbers", stale)


def runs_of_versions(registry: ProductionRegistry) -> dict[int, str]:
    table = registry.list("m")
    return dict(zip(table["version"], table["model"], strict=True))


def test_two_that_take_one_number_get_two_versions_even_without_a_lock(
    registry, runs, monkeypatch
):
    without_locks(monkeypatch)
    with_stale_numbers(monkeypatch, 2)
    assert ungated(registry, runs["prior"]).number == 1
    assert ungated(registry, runs["volatility"]).number == 2
    assert runs_of_versions(registry) == {1: "prior", 2: "volatility"}
    registry.verify()


def test_written_in_place_one_of_two_would_be_lost(registry, runs, monkeypatch):
    without_locks(monkeypatch)
    with_stale_numbers(monkeypatch, 2)
    monkeypatch.setattr(files, "building", in_place)
    ungated(registry, runs["prior"])
    ungated(registry, runs["volatility"])
    assert runs_of_versions(registry) == {1: "volatility"}
    with pytest.raises(ProductionError, match="v1"):
        registry.verify()


def test_two_that_make_one_entry_make_two_even_without_a_lock(
    registry, runs, monkeypatch
):
    """Another one promotes between the last look at the history and the entry."""
    without_locks(monkeypatch)
    write, is_first = files.write_new, [True]

    def overtaken(path: Path, content: bytes) -> None:
        if is_first.pop() if is_first else False:
            ungated(registry, runs["volatility"])
        write(path, content)

    monkeypatch.setattr("sk_ensemble.production._journal.write_new", overtaken)
    ungated(registry, runs["prior"])
    assert registry.history("m")["version"].tolist() == [2, 1]
    assert registry.current("m").number == 1
    registry.verify()


class Slow:
    """A gate during which somebody else promotes, some times."""

    name = "score"

    def __init__(self, registry: ProductionRegistry, run: Path, n_times: int) -> None:
        self.registry, self.run, self.left = registry, run, n_times
        self.judged: list[int | None] = []

    def check(self, evidence: Any) -> GateOutcome:
        self.judged.append(evidence.current and evidence.current.number)
        if self.left:
            self.left -= 1
            ungated(self.registry, self.run)
        return GateOutcome(self.name, True, "It is better.")


OTHERS = {"override": ["calibration", "leakage", "latency"], "reason": "a test"}


def test_a_model_is_judged_against_what_it_replaces(two, runs):
    gate = Slow(two, runs["logistic"], 1)
    version = two.promote(runs["prior"], "m", gates=[gate], **OTHERS)
    assert gate.judged == [2, 3]
    assert (version.number, version.metadata["replaces"]) == (4, 3)
    assert two.list("m")["state"].tolist() == ["earlier"] * 3 + ["current"]


def test_a_rollback_meanwhile_counts_as_well(two, runs):
    gate = Slow(two, runs["logistic"], 0)
    check = gate.check

    def with_rollback(evidence: Any) -> GateOutcome:
        outcome = check(evidence)
        if len(gate.judged) == 1:
            two.rollback("m")
        return outcome

    gate.check = with_rollback
    version = two.promote(runs["prior"], "m", gates=[gate], **OTHERS)
    assert gate.judged == [2, 1]
    assert version.metadata["replaces"] == 1


def test_a_model_that_is_overtaken_again_and_again_gives_up(two, runs):
    gate = Slow(two, runs["logistic"], 99)
    with pytest.raises(ProductionError, match="went live 5 times while"):
        two.promote(runs["prior"], "m", gates=[gate], **OTHERS)
    assert gate.judged == [2, 3, 4, 5, 6]
    assert runs_of_versions(two)[7] == "logistic"
    # Nothing of it was written.
    assert len(two.list("m")) == 7


def test_a_refusal_does_not_stand_in_the_way_of_others(two, runs):
    class Refuses(Slow):
        def check(self, evidence):
            super().check(evidence)
            return GateOutcome(self.name, False, "It is worse.")

    gate = Refuses(two, runs["logistic"], 1)
    with pytest.raises(GateError, match="It is worse"):
        two.promote(runs["prior"], "m", gates=[gate], **OTHERS)
    history = two.history("m")
    assert history["action"].tolist()[2:] == ["promoted", "refused"]
    assert history["current"].tolist()[2:] == [3, 3]


class Reader:
    """Looks at a registry at every step of a writer."""

    def __init__(self, patch: pytest.MonkeyPatch, registry: ProductionRegistry) -> None:
        self.registry, self.seen, self.is_reading = registry, [], False
        for owner, name in (
            (Path, "write_bytes"),
            (Path, "rename"),
            (Path, "hardlink_to"),
            (Path, "mkdir"),
            (Path, "unlink"),
            (os, "fsync"),
        ):
            patch.setattr(owner, name, self.around(getattr(owner, name)))

    def around(self, function: Any) -> Any:
        def step(*args: Any, **kwargs: Any) -> Any:
            self.look()
            result = function(*args, **kwargs)
            self.look()
            return result

        return step

    def look(self) -> None:
        if self.is_reading:
            return
        self.is_reading = True
        try:
            live = self.registry.current("m")
            live.load()
            self.seen.append(live.number)
            self.registry.verify("m")
            assert self.registry.list("m")["state"].tolist().count("current") == 1
        finally:
            self.is_reading = False


def test_a_reader_at_any_step_sees_the_old_or_the_new(two, runs, monkeypatch):
    with monkeypatch.context() as patch:
        reader = Reader(patch, two)
        ungated(two, runs["logistic"])
        two.rollback("m")
    assert len(reader.seen) > 50
    # First the old version, then the new one, then the old one again: never back
    # and forth, and never anything else.
    changes = [reader.seen[0]]
    for number in reader.seen:
        if number != changes[-1]:
            changes.append(number)
    assert changes == [2, 3, 2]


def test_written_in_place_a_reader_would_see_half_of_it(two, runs, monkeypatch):
    monkeypatch.setattr(files, "building", in_place)
    Reader(monkeypatch, two)
    with pytest.raises(ProductionError, match="v3"):
        ungated(two, runs["logistic"])


def test_a_lock_names_the_process_that_has_it(tmp_path):
    path = tmp_path / ".lock"
    with locked(path), pytest.raises(ProductionError) as error, locked(path, 0.0):
        pass
    assert f"is being changed by process {os.getpid()} on " in str(error.value)
    # It is free again, and its file stays.
    with locked(path, 0.0):
        assert path.exists()


@pytest.mark.parametrize("content", [b"", b"garbage", b"[]", b'{"pid": 1}'])
def test_a_lock_whose_holder_did_not_say_who_it_is(content, tmp_path):
    path = tmp_path / ".lock"
    with locked(path):
        path.write_bytes(content)
        with pytest.raises(ProductionError, match="by another process"):
            locked(path, 0.0).__enter__()


@pytest.mark.slow
def test_the_lock_of_a_killed_process_is_free(server, tmp_path):
    path, ready = tmp_path / ".lock", tmp_path / "ready"
    how = {"path": str(path), "ready": str(ready)}
    act = [["pathlib:Path.touch", 1, "after", "SIGKILL"]]
    end = server.run("production_runs:hold_lock", act=act, **how)
    assert end.was_killed
    assert ready.exists()
    with locked(path, 0.0):
        pass


@pytest.mark.slow
def test_eight_processes_make_two_hundred_versions_without_a_gap(
    server, registry, runs
):
    models = ["prior", "volatility", "logistic", "hist_gradient_boosting"]
    started = [
        server.start(
            "production_runs:promote_some",
            root=str(registry.root),
            run=str(runs[models[number % len(models)]]),
            name="m",
            n_times=N_EACH,
            quick=False,
        )
        for number in range(N_PROCESSES)
    ]
    ends = [server.wait(pid) for pid in started]
    assert {end.error for end in ends} == {""}
    assert [end.code for end in ends] == [0] * N_PROCESSES
    checks = registry.verify("m")
    numbers = list(range(1, N_ALL + 1))
    assert checks["part"].tolist() == ["history", *(f"v{n}" for n in numbers)]
    assert (checks["state"] == "never live").sum() == 0
    history = registry.history("m")
    assert history["number"].tolist() == numbers
    # With the lock, versions go live in the order of their numbers.
    assert history["version"].tolist() == numbers
    assert registry.current("m").number == N_ALL
    made = registry.list("m")["model"].value_counts()
    assert made.to_dict() == dict.fromkeys(models, 2 * N_EACH)
    assert not list(registry.root.rglob(".writing-*"))
