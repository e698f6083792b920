"""Record an experiment in MLflow beside the training, and never in its way.

Every run to be recorded is first written to the directory of the experiment, in
``tracking/``, and removed from there when it is in the store. A store that is slow,
dead or absent therefore costs a warning: what could not be recorded waits on disk and
is recorded, once, by the next experiment of the same output directory.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, Self

from sk_ensemble.callbacks import MetricPoint, RunRecord, TrackingStore
from sk_ensemble.utils.files import read_json, write_json
from sk_ensemble.utils.optional import import_optional

__all__ = ["Tracker", "queue_record", "tracked_params", "waiting_folders"]

_FOLDER = "tracking"

#: Seconds for which nothing is recorded, as MLflow takes a while to be imported, and
#: a small experiment is over before.
_DELAY = 10.0

#: Seconds that the end of an experiment waits for the store.
_PATIENCE = 120.0

#: The same where someone waits for it to stop.
_IMPATIENCE = 10.0


def _as_json(record: RunRecord) -> dict[str, Any]:
    values = {**vars(record), "params": {k: str(v) for k, v in record.params.items()}}
    values["metrics"] = [list(point) for point in record.metrics]
    values["artifacts"] = [str(path) for path in record.artifacts]
    return values


def _from_json(values: dict[str, Any]) -> RunRecord:
    values["metrics"] = tuple(
        MetricPoint(name, float("nan") if value is None else value, step, time)
        for name, value, step, time in values["metrics"]
    )
    values["artifacts"] = tuple(map(Path, values["artifacts"]))
    return RunRecord(**values)


def waiting_folders(base_dir: Path) -> list[Path]:
    """Return the experiments of which something is not recorded yet, oldest first."""
    found = base_dir.glob(f"results/*/{_FOLDER}/*.json")
    return sorted({path.parent.parent for path in found}, key=lambda path: path.name)


def queue_record(result_dir: Path, record: RunRecord) -> None:
    """Write a run to the directory of its experiment, to be recorded later.

    To be called with the lock of the experiment, or by the process that runs it.
    """
    folder = result_dir / _FOLDER
    last = max((int(path.stem) for path in folder.glob("*.json")), default=-1)
    # However late it is recorded, and however often that is tried, this is its time.
    now = int(time.time() * 1000)
    timed = record if record.end is not None else replace(record, end=now)
    write_json(folder / f"{last + 1:06d}.json", _as_json(timed))


def _read_record(path: Path) -> RunRecord | None:
    """Read a queued run; a damaged one is put aside, not to hold up the others."""
    try:
        return _from_json(read_json(path))
    except (ValueError, TypeError, KeyError, AttributeError):
        path.replace(path.with_suffix(".damaged"))
        return None


class Tracker:
    """Hand queued records to MLflow from a thread, while models are trained.

    Parameters
    ----------
    store : TrackingStore
        The store.
    result_dir : Path
        Directory of the experiment.
    earlier : sequence of Path, default=()
        Directories of experiments that ended before everything was recorded.
    """

    def __init__(
        self, store: TrackingStore, result_dir: Path, earlier: Sequence[Path] = ()
    ) -> None:
        self._store, self._result_dir, self._earlier = store, result_dir, earlier
        self._has_more: SimpleQueue[bool] = SimpleQueue()
        self._fault: Exception | None = None
        self._lock = Lock()
        self._may_begin = Event()
        self._thread = Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        """Begin to record, a little later."""
        self._thread.start()
        return self

    def begin(self) -> None:
        """Begin to record now: there is time for it."""
        self._may_begin.set()

    def add(self, record: RunRecord) -> None:
        """Queue a run; it is on disk when this returns, if there is room."""
        try:
            with self._lock:
                queue_record(self._result_dir, record)
        except OSError as error:
            self._fault = error
        self._has_more.put(True)

    def _work(self) -> None:
        self._may_begin.wait(_DELAY)
        try:
            self._store.prepare()
            for folder in (*self._earlier, self._result_dir):
                self._record(folder)
            while self._has_more.get():
                self._record(self._result_dir)
            self._record(self._result_dir)
        except Exception as error:
            self._fault = error

    def _record(self, result_dir: Path) -> None:
        """Record what waits in the directory of an experiment, in order."""
        folder = result_dir / _FOLDER
        if not folder.is_dir():
            return
        filelock = import_optional("filelock", extra="experiments")
        # Another process may be at it, and to find a run in the store and to record
        # it are two steps.
        with filelock.FileLock(folder / "lock"):
            for path in sorted(folder.glob("*.json")):
                record = _read_record(path)
                if record is not None:
                    self._store.log([record], result_dir.name)
                    with self._lock:
                        path.unlink()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Wait for the rest to be recorded, or say that it was not."""
        patience = _PATIENCE if kind is None else _IMPATIENCE
        self.begin()
        self._has_more.put(False)
        self._thread.join(patience)
        if self._fault is None and not self._thread.is_alive():
            return
        reason = repr(self._fault) if self._fault else f"no answer in {patience:.0f} s"
        msg = (
            f"Not all runs were recorded in MLflow ({reason}). Nothing is lost: all "
            f"results are in {self._result_dir}, and what waits in its folder "
            f"{_FOLDER} is recorded by the next run with the same output directory."
        )
        warnings.warn(msg, UserWarning, stacklevel=2)


def tracked_params(config: Mapping[str, Any]) -> dict[str, str]:
    """Flatten a configuration to what is worth a column in MLflow."""
    flat: dict[str, str] = {}
    for section in ("data", "cv", "run"):
        flat |= {f"{section}.{k}": str(v) for k, v in config[section].items()}
    flat["horizons"] = str(config["horizons"])
    flat["random_seed"] = str(config["random_seed"])
    flat["models"] = ", ".join(model["key"] for model in config["models"])
    return flat
