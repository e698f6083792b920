"""Events of one fit on disk: one directory, one file of JSON lines per process."""

from __future__ import annotations

import json
import os
import platform
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sk_ensemble.utils.files import read_json, write_json
from sk_ensemble.utils.processes import is_known_dead, this_process

__all__ = ["Spool"]

_HEADER = "spool.json"
_CLAIM = "replaying"
_ENDED = "ended"
#: Seconds without an event after which a fit of unknown fate is taken for dead.
_ABANDONED = 24 * 3600.0


def _line(event: dict[str, Any]) -> bytes:
    # Without line breaks in it, and whole in one write, whoever else is writing.
    return (json.dumps(event, allow_nan=False) + "\n").encode()


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the events of a file but for a last one that was not written to its end."""
    for line in path.read_bytes().split(b"\n")[:-1]:
        yield json.loads(line)


class Spool:
    """Keep the events of one fit in a directory, until they are recorded.

    Every process appends to a file of its own, each event in one write, so nothing is
    shared and nothing is lost but what was never written.

    Parameters
    ----------
    folder : Path
        The directory.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def found_in(cls, folder: Path) -> list[Spool]:
        """Return the spools that a directory is, or holds, the oldest first."""
        if (folder / _HEADER).is_file():
            return [cls(folder)]
        headers = sorted(
            folder.glob(f"*/{_HEADER}"), key=lambda path: path.stat().st_mtime_ns
        )
        return [cls(path.parent) for path in headers]

    def create(self, header: dict[str, Any]) -> None:
        """Make the directory, with what is known beforehand."""
        write_json(self.folder / _HEADER, {"process": this_process(), **header})

    def exists(self) -> bool:
        """Tell whether the directory was made."""
        return (self.folder / _HEADER).is_file()

    def header(self) -> dict[str, Any]:
        """Return what was known beforehand."""
        content = read_json(self.folder / _HEADER)
        return dict(content)

    def append(self, event: dict[str, Any]) -> None:
        """Write an event."""
        name = f"events-{platform.node()}-{os.getpid()}.jsonl"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        handle = os.open(self.folder / name, flags, 0o644)
        try:
            os.write(handle, _line(event))
        finally:
            os.close(handle)

    def events(self) -> list[dict[str, Any]]:
        """Return the events of all processes, in order of time."""
        paths = sorted(self.folder.glob("events-*.jsonl"))
        events = [event for path in paths for event in _read_lines(path)]
        return sorted(events, key=lambda event: event["time"])

    def end(self) -> None:
        """Say that no event will follow."""
        (self.folder / _ENDED).touch()

    def is_over(self) -> bool:
        """Tell whether no event will follow, also because the process died."""
        if (self.folder / _ENDED).exists():
            return True
        if is_known_dead(self.header()["process"]):
            return True
        newest = max(path.stat().st_mtime for path in self.folder.iterdir())
        return time.time() - newest > _ABANDONED

    @contextmanager
    def claimed(self) -> Iterator[bool]:
        """Keep others from recording the same at the same time.

        Yields
        ------
        is_mine : bool
            False if somebody else is at it.
        """
        path = self.folder / _CLAIM
        is_mine = _claim(path)
        try:
            yield is_mine
        finally:
            if is_mine:
                path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove what has been recorded, the header last."""
        header = self.folder / _HEADER
        for path in sorted(self.folder.iterdir()):
            if path != header:
                path.unlink(missing_ok=True)
        header.unlink()
        self.folder.rmdir()


def _claim(path: Path) -> bool:
    """Make a file that names this process, unless a living one is named there."""
    draft = path.with_name(f"{_CLAIM}-{os.getpid()}-{secrets.token_hex(4)}")
    draft.write_text(json.dumps(this_process()))
    try:
        # Unlike writing, this makes the file with its content, or fails.
        os.link(draft, path)
    except FileExistsError:
        if not _is_stale(path):
            return False
        path.unlink(missing_ok=True)
        return _claim(path)
    finally:
        draft.unlink(missing_ok=True)
    return True


def _is_stale(path: Path) -> bool:
    """Tell whether the process that claimed a spool is gone."""
    try:
        return is_known_dead(json.loads(path.read_text()))
    except FileNotFoundError:
        return True
