"""The history of one model in production, whose last entry says what is live.

An entry is a file that is written whole and replaces none, so there is no moment at
which two processes could both make the entry of one number, and no second file that
could disagree about what is current. Each entry has the digest of the one before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sk_ensemble.exceptions import PersistenceError, ProductionError
from sk_ensemble.persistence._plain_files import names_in, opened_folder, read_plain
from sk_ensemble.production._beneath import opened
from sk_ensemble.production._event import Event
from sk_ensemble.utils.files import is_scratch, write_new
from sk_ensemble.utils.seals import (
    digest_of,
    is_signed_with,
    sealed,
    signed,
    unsealed,
)

__all__ = ["HISTORY", "Entry", "Journal", "now"]

#: Directory of the entries.
HISTORY = "history"

_ENTRY = re.compile(r"([0-9]{6,12})\.json")
_ENTRY_BYTES = 2**22
_MOST_ENTRIES = 1_000_000


def now() -> str:
    """Return the time as text, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _file_name(number: int) -> str:
    return f"{number:06d}.json"


@dataclass(frozen=True)
class Entry:
    """Hold an event as it was read, with the digest of its file."""

    event: Event
    sha256: str
    #: None if it is not signed; else whether with the key that was given.
    is_signed: bool | None


class Journal:
    """Read and extend the history of one model.

    Parameters
    ----------
    root : Path
        Directory of the registry.
    name : str
        Name of the model, which has been checked.
    key : bytes or None
        Signs new entries; the last one must have been signed with it. None: nothing is
        signed, and a signature is not asked for.
    """

    def __init__(self, root: Path, name: str, key: bytes | None) -> None:
        self._root, self._name, self._key = root, name, key

    @property
    def folder(self) -> Path:
        """Directory of the entries."""
        return self._root / self._name / HISTORY

    def numbers(self) -> list[int]:
        """Return the numbers of all entries, ascending; none if there is no model."""
        try:
            with opened(self._root, self._name, HISTORY) as folder:
                names = names_in(folder, _MOST_ENTRIES)
        except FileNotFoundError:
            return []
        found = (_ENTRY.fullmatch(name) for name in names)
        return sorted(int(match[1]) for match in found if match)

    def strangers(self) -> list[str]:
        """Return the names of what is no entry, and is not being written either."""
        with opened(self._root, self._name, HISTORY) as folder:
            names = names_in(folder, _MOST_ENTRIES)
        known = {_file_name(number) for number in self.numbers()}
        return sorted(n for n in names if n not in known and not is_scratch(n))

    def _fault(self, number: int, what: object) -> ProductionError:
        path = self.folder / _file_name(number)
        return ProductionError(f"{path} is damaged: {what}.")

    def _content(self, number: int) -> bytes:
        with opened_folder(self._root, self._name, HISTORY) as folder:
            return read_plain(folder, _file_name(number), _ENTRY_BYTES)

    def read(self, number: int) -> Entry:
        """Return one entry.

        Raises
        ------
        ProductionError
            If it is damaged; names the file.
        """
        try:
            content = self._content(number)
            document = unsealed(content)
            event = Event.from_document(document)
        except (PersistenceError, ValueError) as error:
            raise self._fault(number, str(error).rstrip(".")) from error
        if (event.number, event.name) != (number, self._name):
            raise self._fault(number, "it is that of another place")
        is_signed = is_signed_with(document, self._key or b"")
        return Entry(event, digest_of(content), is_signed)

    def last(self) -> Entry | None:
        """Return the last entry, which says what is live; None if there is none.

        Raises
        ------
        ProductionError
            If it is damaged, or a key was given and it was not signed with that.
        """
        entry = self._last()
        if entry is not None and self._key is not None and not entry.is_signed:
            self._refuse_signature(entry)
        return entry

    def _last(self) -> Entry | None:
        numbers = self.numbers()
        return self.read(numbers[-1]) if numbers else None

    def _refuse_signature(self, entry: Entry) -> None:
        how = "not signed" if entry.is_signed is None else "signed with another key"
        path = self.folder / _file_name(entry.event.number)
        msg = (
            f"{path} is {how}, so nothing vouches for what is live of {self._name!r}. "
            "Check how it came there; `sign` vouches for what is not signed."
        )
        raise ProductionError(msg)

    def entries(self) -> list[Entry]:
        """Return all entries, each of which continues the one before.

        Raises
        ------
        ProductionError
            If one is missing, damaged or out of place; names the file.
        """
        numbers = self.numbers()
        self.last()
        found: list[Entry] = []
        for place, number in enumerate(numbers, start=1):
            if number != place:
                msg = f"{self.folder / _file_name(place)} is missing."
                raise ProductionError(msg)
            found.append(self._continued(number, found[-1] if found else None))
        return found

    def _continued(self, number: int, before: Entry | None) -> Entry:
        entry = self.read(number)
        if entry.event.previous_sha256 != (before.sha256 if before else None):
            raise self._fault(number, "it does not continue the entry before it")
        return entry

    def append(
        self, make: Callable[[Event | None], Event], *, vouch: bool = False
    ) -> Event:
        """Make the next entry.

        Parameters
        ----------
        make : callable
            Is given the last event, and returns the new one; number, name, time and
            digest of the one before are filled in. It is called again if another
            process was faster.
        vouch : bool, default=False
            Whether a signed entry may follow one that is not signed.

        Raises
        ------
        ProductionError
            If the history is signed and there is no key, or another one.
        """
        while True:
            last = self.continued(vouch=vouch)
            event = self._following(last, make(last.event if last else None))
            content = sealed(signed(event.to_document(), self._key))
            try:
                write_new(self.folder / _file_name(event.number), content)
            except FileExistsError:
                continue
            return event

    def continued(self, *, vouch: bool = False) -> Entry | None:
        """Return the last entry, if it can be continued; None if there is none.

        Parameters
        ----------
        vouch : bool, default=False
            Whether a signed entry may follow one that is not signed.

        Raises
        ------
        ProductionError
            If the history is signed and there is no key, or another one.
        """
        last = self._last()
        if last is not None:
            self._refuse_to_continue(last, vouch)
        return last

    def _following(self, last: Entry | None, event: Event) -> Event:
        return replace(
            event,
            number=last.event.number + 1 if last else 1,
            name=self._name,
            time=now(),
            previous_sha256=last.sha256 if last else None,
        )

    def _refuse_to_continue(self, last: Entry, vouch: bool) -> None:
        if self._key is None and last.is_signed is not None:
            msg = (
                f"The history of {self._name!r} is signed, and no key was given to "
                "sign its next entry. Give the key."
            )
            raise ProductionError(msg)
        is_open = vouch and last.is_signed is None
        if self._key is not None and not last.is_signed and not is_open:
            self._refuse_signature(last)
