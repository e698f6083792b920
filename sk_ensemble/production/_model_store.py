"""One model in production: its history, its versions, its lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sk_ensemble.exceptions import ProductionError
from sk_ensemble.production._beneath import make_beneath, opened
from sk_ensemble.production._checks import LOCK, promoted_digests
from sk_ensemble.production._event import Event
from sk_ensemble.production._journal import HISTORY, Journal
from sk_ensemble.production._lock import locked
from sk_ensemble.production._model_version import ModelVersion
from sk_ensemble.production._version_files import folder_of, read_metadata
from sk_ensemble.utils.files import sweep

__all__ = ["ModelStore"]


class ModelStore:
    """Find the versions of one model.

    Parameters
    ----------
    root : Path
        Directory of the registry.
    name : str
        Name of the model, which has been checked.
    key : bytes or None
        What its history must be signed with; None: it need not be signed.
    """

    def __init__(self, root: Path, name: str, key: bytes | None) -> None:
        self.root, self.name = root, name
        self.journal = Journal(root, name, key)

    def make(self) -> None:
        """Make its directories, and remove what killed promotions have left."""
        make_beneath(self.root, self.name, HISTORY)
        for folder in (self.root / self.name, self.journal.folder):
            sweep(folder)

    def events(self) -> list[Event]:
        """Return its whole history, oldest first."""
        return [entry.event for entry in self.journal.entries()]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let no other process change what is live."""
        with opened(self.root, self.name):
            pass
        with locked(self.root / self.name / LOCK):
            yield

    def live(self) -> ModelVersion | None:
        """Return the version that is live, if there is one."""
        entry = self.journal.last()
        event = entry.event if entry else None
        if event is None or event.current is None or event.current_sha256 is None:
            return None
        return self.version(event.current, event.current_sha256)

    def version(self, number: int, sha256: str) -> ModelVersion:
        """Return a version, of which the digest is known.

        Raises
        ------
        ProductionError
            If it is missing, or its metadata are damaged or other ones.
        """
        path = self.root / self.name / folder_of(number)
        try:
            metadata, found = read_metadata(self.root, self.name, number)
        except OSError as error:
            msg = f"{path} cannot be read ({error.strerror})."
            raise ProductionError(msg) from error
        version = ModelVersion(self.name, number, path, metadata, sha256)
        version.refuse_other(found)
        return version

    def known(self, events: list[Event], number: int) -> ModelVersion:
        """Return a version that went live.

        Raises
        ------
        ProductionError
            If there is none; lists those there are.
        """
        digests = promoted_digests(events)
        if number not in digests:
            there = ", ".join(map(folder_of, sorted(digests))) or "none"
            msg = (
                f"No version v{number} of {self.name!r} went live; there are: {there}."
            )
            raise ProductionError(msg)
        return self.version(number, digests[number])
