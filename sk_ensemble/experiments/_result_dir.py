"""The directory of one experiment: what was asked, how it stands, what was found."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sk_ensemble.exceptions import ConfigError, ResumeError
from sk_ensemble.experiments._stamped import (
    plain_name,
    stamped_folders,
    write_stamped_folder,
)
from sk_ensemble.experiments._status import Status
from sk_ensemble.experiments.config import ExperimentConfig
from sk_ensemble.utils.files import read_json, strict_json, write_bytes, write_json
from sk_ensemble.utils.optional import import_optional

__all__ = ["ResultDir", "resolve_result"]

_RESULTS = "results"

#: Seconds to wait for the lock, as one that only marks an experiment has it briefly.
_PATIENCE = 0.5

#: Sections of a configuration that decide nothing, and keys of the section ``run``.
_NO_RESULT = ("experiment", "mlflow", "output")
_NO_RESULT_RUN = ("n_jobs", "cluster")


def _have_keys(value: Any) -> bool:
    """Tell whether a value is a list of entries that have a key, such as models."""
    return isinstance(value, list) and all(
        isinstance(entry, Mapping) and "key" in entry for entry in value
    )


def _by_key(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    keys = [entry["key"] for entry in entries]
    return {"keys": keys, **dict(zip(keys, entries, strict=True))}


def _differences(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """Yield the places in which two nested dicts differ, with both values."""
    if _have_keys(old) and _have_keys(new):
        old, new = _by_key(old), _by_key(new)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}, key=str):
            inner = f"{place}.{key}" if place else str(key)
            yield from _differences(old.get(key), new.get(key), inner)
    elif old != new:
        yield f"{place}: was {old!r}, is {new!r}"


def _decisive(config: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a configuration what no result depends on."""
    kept = {name: part for name, part in config.items() if name not in _NO_RESULT}
    run = {name: v for name, v in config["run"].items() if name not in _NO_RESULT_RUN}
    return {**kept, "run": run}


def _parts(plan: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what must be the same; a later part says more only if no other differs."""
    yield {
        "config": _decisive(plan["config"]),
        "digests": plan["digests"],
        "libraries": plan["libraries"],
    }
    yield {"fits": {task["name"]: task["digest"] for task in plan["tasks"]}}


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Say what keeps two plans from being those of one experiment."""
    for before, now in zip(_parts(old), _parts(new), strict=True):
        changes = list(_differences(before, now))
        if changes:
            return changes
    return []


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
        files = {
            "config.yaml": config.to_yaml(),
            "plan.json": strict_json(plan),
            "environment.json": strict_json(environment),
            "cells.json": strict_json({}),
            "status.json": Status.begin().to_json(),
        }
        path = write_stamped_folder(
            Path(config.output.base_dir) / _RESULTS,
            config.experiment.name,
            {name: text.encode() for name, text in files.items()},
        )
        return cls(path)

    @classmethod
    def all(cls, base_dir: Path) -> list[Self]:
        """Return the directories of all experiments, the latest last."""
        return [cls(path) for path in stamped_folders(base_dir / _RESULTS, "plan.json")]

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
        return plain_name(self.path.name)

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

    def add_cell(
        self, name: str, entry: Mapping[str, Any], *, without: Collection[str] = ()
    ) -> None:
        """Record a finished cell.

        Parameters
        ----------
        name : str
            Name of the cell.
        entry : dict
            Its run directory, or why it failed.
        without : collection of str, default=()
            Cells that do not stand any more, as they were made of an earlier one.
        """
        kept = {cell: e for cell, e in self.cells.items() if cell not in without}
        write_json(self.path / "cells.json", {**kept, name: dict(entry)})

    def keep(self, config: ExperimentConfig, plan: Mapping[str, Any]) -> None:
        """Note how the experiment is run now, as far as that may change."""
        if self.plan != json.loads(strict_json(plan)):
            write_bytes(self.path / "config.yaml", config.to_yaml().encode())
            write_json(self.path / "plan.json", plan)

    def bury(self) -> bool:
        """Mark an experiment whose process is gone as dead; tell whether it was so.

        To be called with the lock, as another process may just resume it.
        """
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
        changed = _changes(self.plan, plan)
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
        lock = filelock.FileLock(self.path / "lock", timeout=_PATIENCE)
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
