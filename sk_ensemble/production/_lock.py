"""One process at a time changes what is current."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sk_ensemble.exceptions import ProductionError
from sk_ensemble.utils.processes import this_process
from sk_ensemble.utils.text import one_line

__all__ = ["locked"]

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC

#: Seconds between two attempts.
_PAUSE = 0.005


def _open(path: Path) -> int:
    try:
        return os.open(path, _FLAGS, 0o666)
    except OSError as error:
        msg = f"{path} cannot be opened as a lock ({error.strerror}). Remove it."
        raise ProductionError(msg) from error


def _holder(handle: int) -> str:
    """Say which process has the lock, as far as it has said so itself."""
    try:
        facts = json.loads(os.pread(handle, 4096, 0))
        text = f"process {facts['pid']} on {facts['host']} since {facts['since']}"
        return one_line(text)
    except (ValueError, KeyError, TypeError):
        return "another process"


def _is_taken(handle: int) -> bool:
    """Try to take the lock; tell whether another one has it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _wait(handle: int, path: Path, patience: float) -> None:
    deadline = time.monotonic() + patience
    while _is_taken(handle):
        if time.monotonic() > deadline:
            msg = (
                f"{path.parent} is being changed by {_holder(handle)}, for more than "
                f"{patience:g} s. Try again when it is done, or end it."
            )
            raise ProductionError(msg)
        time.sleep(_PAUSE)


def _sign(handle: int) -> None:
    """Write into the lock who has it, for those who wait."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps({**this_process(), "since": since}).encode(), 0)


@contextmanager
def locked(path: Path, patience: float = 60.0) -> Iterator[None]:
    """Keep all other processes and threads out of a block with the same lock.

    Parameters
    ----------
    path : Path
        File that is locked; it is made where it is missing, and stays. The lock on it
        is the kernel's, so it is gone when the process is, however it ends.
    patience : float, default=60.0
        Seconds to wait for it.

    Raises
    ------
    ProductionError
        If another process has it all that time; names the process.
    """
    handle = _open(path)
    try:
        _wait(handle, path, patience)
        # It only serves a message, which a full disk may spare us.
        with suppress(OSError):
            _sign(handle)
        yield
    finally:
        os.close(handle)
