"""The directory of one experiment: what was asked, how it stands, what was found."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sk_ensemble.exceptions import ConfigError, ResumeError
from sk_ensemble.experiments._status import Status
from sk_ensemble.experiments.config import ExperimentConfig
from sk_ensemble.utils.files import (
    read_json,
    strict_json,
    write_folder,
    write_json,
)
from sk_ensemble.utils.optional import import_optional

__all__ = ["ResultDir", "stamped_name"]

_RESULTS = "results"


def stamped_name(name: str) -> str:
    """Return a name with the time and something random, which no other run has."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    return f"{name}_{stamp}_{secrets.token_hex(3)}"


def _differences(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """Yield the places in which two nested dicts differ, with both values."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}, key=str):
            inner = f"{place}.{key}" if place else str(key)
            yield from _differences(old.get(key), new.get(key), inner)
    elif old != new:
        yield f"{place}: was {old!r}, is {new!r}"


@dataclass(frozen=True)
class ResultDir:
    """Find, make and read the directory of one experiment.

    It holds ``config.yaml``, ``plan.json`` (hashes of configuration, data and code,
    and of every fit), ``status.json``, ``cells.json`` (finished cells and their run
    directories), ``environment.json`` and, at the end, ``leaderboard.csv`` and
    ``leaderboard.png``.

    Parameters
    ----------
    path : Path
        The directory.
    """

    path: Path

    @classmethod
    def create(
        cls, config: ExperimentConfig, plan: Mapping[str, Any], environment: Any
    ) -> Self:
        """Make a new directory below ``<output.base_dir>/results``.

        Raises
        ------
        OSError
            If the place cannot be written to: better now than after the training.
        """
        folder = Path(config.output.base_dir) / _RESULTS
        target = folder / stamped_name(config.experiment.name)
        write_folder(
            target,
            {
                "config.yaml": config.to_yaml().encode(),
                "plan.json": strict_json(plan).encode(),
                "environment.json": strict_json(environment).encode(),
                "cells.json": strict_json({}).encode(),
                "status.json": Status.begin().to_json().encode(),
            },
        )
        return cls(target)

    @classmethod
    def all(cls, base_dir: Path) -> list[Self]:
        """Return the directories of all experiments, the latest last."""
        found = (path.parent for path in (base_dir / _RESULTS).glob("*/plan.json"))
        stamped = sorted(found, key=lambda path: path.name.rsplit("_", 2)[1:])
        return [cls(path) for path in stamped]

    @classmethod
    def latest(cls, base_dir: Path, name: str | None = None) -> Self | None:
        """Return the latest directory, of one experiment or of any."""
        found = [
            result
            for result in cls.all(base_dir)
            if name is None or result.name == name
        ]
        return found[-1] if found else None

    @property
    def name(self) -> str:
        """Name of the experiment."""
        return self.path.name.rsplit("_", 2)[0]

    @property
    def status(self) -> Status:
        """How the experiment stands."""
        return Status.read(self.path / "status.json")

    @property
    def status_path(self) -> Path:
        """File that a heartbeat keeps."""
        return self.path / "status.json"

    @property
    def plan(self) -> dict[str, Any]:
        """What is fitted, and the hashes of what decides it."""
        plan: dict[str, Any] = read_json(self.path / "plan.json")
        return plan

    @property
    def cells(self) -> dict[str, Any]:
        """Finished cells by name: run directory, or why they failed."""
        cells: dict[str, Any] = read_json(self.path / "cells.json")
        return cells

    def add_cell(self, name: str, entry: Mapping[str, Any]) -> None:
        """Record a finished cell."""
        write_json(self.path / "cells.json", {**self.cells, name: dict(entry)})

    def bury(self) -> bool:
        """Mark an experiment whose process is gone as dead; tell whether it was so."""
        status = self.status
        if not status.has_died:
            return False
        status.becoming("died", "its process is gone").write(self.status_path)
        return True

    def check_same(self, plan: Mapping[str, Any]) -> None:
        """Refuse to go on with anything but what was begun.

        Raises
        ------
        ResumeError
            If configuration, data or code has changed; lists what.
        """
        parts = ("config", "digests", "libraries")
        old, new = self.plan, plan
        changed = [
            difference
            for part in parts
            for difference in _differences(old.get(part), new.get(part), part)
        ]
        if changed:
            lines = "\n".join(f"- {change}" for change in changed)
            msg = (
                f"{self.path} cannot be resumed, as this is another experiment now:\n"
                f"{lines}\nUndo the change, or start a new run with --force. Fits that "
                "have not changed are found in the cache all the same."
            )
            raise ResumeError(msg)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from running the same experiment.

        The lock is the kernel's, so it is gone when the process is, however it ends.

        Raises
        ------
        ResumeError
            If another process has it; names the process.
        """
        filelock = import_optional("filelock", extra="experiments")
        lock = filelock.FileLock(self.path / "lock", timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout:
            msg = f"{self.path} is being run: {self.status.describe()}. Wait for it."
            raise ResumeError(msg) from None
        try:
            yield
        finally:
            lock.release()


def resolve_result(base_dir: Path, wanted: str | None) -> ResultDir:
    """Return the directory that a user means: a path, a name, or the latest.

    Raises
    ------
    ConfigError
        If there is none; lists those there are.
    """
    if wanted is not None and (Path(wanted) / "plan.json").is_file():
        return ResultDir(Path(wanted))
    results = ResultDir.all(base_dir)
    named = [r for r in results if wanted is None or wanted in (r.path.name, r.name)]
    if named:
        return named[-1]
    known: Sequence[str] = [result.path.name for result in results]
    there = f"There are {', '.join(known)}" if known else "There are none yet"
    asked = f"no experiment {wanted!r}" if wanted else "no experiment"
    msg = f"There is {asked} in {base_dir / _RESULTS}. {there}."
    raise ConfigError(msg)
