"""The state of an experiment, kept up to date on disk while it runs."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

from sk_ensemble.experiments._process import ProcessIdentity
from sk_ensemble.utils.files import read_json, strict_json, write_bytes
from sk_ensemble.utils.text import one_line

__all__ = ["Heartbeat", "Status"]

#: Seconds between two signs of life.
_BEAT = 5.0

#: Seconds of silence after which a process on another machine is taken for dead.
_SILENCE = 60.0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Status:
    """Say how an experiment stands.

    Attributes
    ----------
    state : {"running", "finished", "failed", "interrupted", "died"}
        What its process last said, or what others found out.
    process : ProcessIdentity
        Which process it is, or was.
    started, heartbeat : str
        When the process began, and its last sign of life; UTC.
    message : str, default=""
        What went wrong, if something did.
    """

    state: str
    process: ProcessIdentity
    started: str
    heartbeat: str
    message: str = ""

    @classmethod
    def begin(cls) -> Self:
        """Return the status of an experiment that this process starts now."""
        return cls("running", ProcessIdentity.current(), _now(), _now())

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a status file.

        Raises
        ------
        ValueError
            If it is damaged; names it.
        """
        values: dict[str, Any] = read_json(path)
        try:
            process = ProcessIdentity.from_dict(values["process"])
            status = cls(**{**values, "process": process})
            datetime.fromisoformat(status.heartbeat)
        except (KeyError, TypeError, ValueError) as error:
            msg = f"{path} is damaged: it is no status of an experiment ({error!r})."
            raise ValueError(msg) from error
        return status

    def to_json(self) -> str:
        """Return the status as JSON."""
        return strict_json({**vars(self), "process": self.process.to_dict()})

    def write(self, path: Path) -> None:
        """Write a status file."""
        write_bytes(path, self.to_json().encode())

    def alive(self) -> Self:
        """Return the status with a fresh sign of life."""
        return replace(self, heartbeat=_now())

    def becoming(self, state: str, message: str = "") -> Self:
        """Return the status in another state."""
        return replace(self, state=state, message=message)

    @property
    def has_died(self) -> bool:
        """Whether it runs by its own word, and its process does not."""
        return self.state == "running" and not self.is_running

    @property
    def silence(self) -> float:
        """Seconds since the last sign of life."""
        last = datetime.fromisoformat(self.heartbeat)
        return (datetime.now(UTC) - last).total_seconds()

    @property
    def is_running(self) -> bool:
        """Whether it runs and its process lives."""
        if self.state != "running":
            return False
        alive = self.process.is_alive()
        return self.silence < _SILENCE if alive is None else alive

    def describe(self) -> str:
        """Say in words how it stands."""
        if self.is_running:
            return f"running since {self.started} ({self.process})"
        if self.state in ("running", "died"):
            return f"died at {self.heartbeat} ({self.process})"
        ended = f"{self.state} at {self.heartbeat}"
        return f"{ended}: {self.message}" if self.message else ended


class Heartbeat:
    """Write the status every few seconds while a block runs, and how it ended.

    Parameters
    ----------
    path : Path
        The status file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._status = Status.begin()
        self._stop = Event()

    def __enter__(self) -> Self:
        """Announce that the experiment runs."""
        self._status.write(self._path)
        self._thread = Thread(target=self._beat, daemon=True)
        self._thread.start()
        return self

    def _beat(self) -> None:
        while not self._stop.wait(_BEAT):
            # A disk that is full now may have room at the next beat.
            with suppress(OSError):
                self._status.alive().write(self._path)

    def fail(self, message: str) -> None:
        """Say that the block will have failed, though it ends without an error."""
        self._status = self._status.becoming("failed", message)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Write how the experiment ended."""
        self._stop.set()
        self._thread.join()
        if error is not None:
            state = "failed" if isinstance(error, Exception) else "interrupted"
            self._status = self._status.becoming(
                state, one_line(f"{kind.__name__}: {error}")
            )
        elif self._status.state == "running":
            self._status = self._status.becoming("finished")
        # What went wrong matters more than that it cannot be written down.
        with suppress(OSError) if error is not None else nullcontext():
            self._status.alive().write(self._path)
