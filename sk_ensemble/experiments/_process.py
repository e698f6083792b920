"""Which process runs an experiment, and whether it still lives."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from sk_ensemble.utils.optional import import_optional

__all__ = ["ProcessIdentity"]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def _boot_id() -> str:
    """Return what tells this start of the machine from all others, if it says so."""
    return _BOOT_ID.read_text().strip() if _BOOT_ID.is_file() else ""


def _started_at(pid: int) -> float | None:
    """Return when a process of this machine started, or None if there is none."""
    psutil = import_optional("psutil", extra="experiments")
    try:
        process = psutil.Process(pid)
        is_gone = process.status() == psutil.STATUS_ZOMBIE
        return None if is_gone else float(process.create_time())
    except psutil.NoSuchProcess:
        return None


@dataclass(frozen=True)
class ProcessIdentity:
    """Tell one process from all others, also from later ones with its number.

    Parameters
    ----------
    host : str
        Name of the machine.
    boot_id : str
        Which start of the machine; empty where it cannot be known.
    pid : int
        Number of the process.
    started : float
        When it started, seconds since 1970.
    """

    host: str
    boot_id: str
    pid: int
    started: float

    @classmethod
    def current(cls) -> Self:
        """Return the identity of this process."""
        pid = os.getpid()
        return cls(platform.node(), _boot_id(), pid, _started_at(pid) or 0.0)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the identity that `to_dict` described."""
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return the identity as plain values."""
        return asdict(self)

    def is_alive(self) -> bool | None:
        """Tell whether the process still runs; None if it is another machine's."""
        if self.host != platform.node():
            return None
        if self.boot_id != _boot_id():
            return False
        started = _started_at(self.pid)
        # The start time is worked out from clocks, so it may differ by a little.
        return started is not None and abs(started - self.started) < 2

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"
