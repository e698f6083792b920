"""Where a study is kept: a journal file, any address that Optuna takes, or memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sk_ensemble.search._optuna import load_optuna

__all__ = ["open_storage"]

_DEFAULT_DIR = Path("experiments") / "optuna"

#: Seconds after which the lock of a process that was killed is taken from it. It is
#: held while one line is written.
_GRACE = 10


def _cut_torn_line(path: Path, lock: Any) -> None:
    """Cut off a last line that a killed process has not written to its end."""
    lock.acquire()
    try:
        with path.open("rb+") as stream:
            content = stream.read()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                stream.truncate(whole)
    finally:
        lock.release()


def _open_journal(path: Path) -> Any:
    """Open a journal file, making it where it is missing."""
    storages = load_optuna().storages
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    lock = storages.journal.JournalFileOpenLock(str(path), grace_period=_GRACE)
    _cut_torn_line(path, lock)
    backend = storages.journal.JournalFileBackend(str(path), lock_obj=lock)
    return storages.JournalStorage(backend)


def open_storage(storage: Any, study_name: str) -> Any:
    """Open the storage of a study.

    Parameters
    ----------
    storage : str, path, BaseStorage or None
        ``"memory"``; an address with ``://``; the path of a journal file; a storage of
        Optuna; None for a journal file named after the study.
    study_name : str
        Name of the study.

    Returns
    -------
    storage : optuna.storages.BaseStorage
        The storage.
    """
    storages = load_optuna().storages
    if storage is None:
        return _open_journal(_DEFAULT_DIR / f"{study_name}.journal")
    if not isinstance(storage, str | os.PathLike):
        return storage
    text = os.fspath(storage)
    if text == "memory":
        return storages.InMemoryStorage()
    if "://" in text:
        return storages.RDBStorage(text)
    return _open_journal(Path(text))
