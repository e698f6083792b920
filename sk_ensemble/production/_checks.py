"""Look for anything in a registry that is not as it was promoted."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sk_ensemble.exceptions import ProductionError
from sk_ensemble.persistence._plain_files import names_in
from sk_ensemble.production._beneath import opened
from sk_ensemble.production._event import Event
from sk_ensemble.production._journal import HISTORY, Journal
from sk_ensemble.production._keys import checked_key
from sk_ensemble.production._names import checked_name
from sk_ensemble.production._version_files import folder_of, read_version
from sk_ensemble.utils.files import is_scratch

__all__ = [
    "LOCK",
    "Check",
    "all_checks",
    "known_name",
    "model_names",
    "promoted_digests",
    "states_of",
    "version_numbers",
]

#: File that promoters of one name lock.
LOCK = ".lock"

_VERSION = re.compile(r"v([1-9][0-9]{0,8})")
_MOST_VERSIONS = 100_000


@dataclass(frozen=True)
class Check:
    """Hold what was found about one version, or the history, of a model.

    Attributes
    ----------
    name : str
        Name of the model.
    part : str
        ``"history"``, a version such as ``"v3"``, or another entry of its directory.
    state : str
        ``"current"``, ``"earlier"`` or ``"never live"`` for a version.
    fault : str or None
        What is wrong, if anything is.
    """

    name: str
    part: str
    state: str
    fault: str | None = None


def _is_name(name: str) -> bool:
    try:
        return checked_name(name) == name
    except ProductionError:
        return False


def model_names(root: Path) -> list[str]:
    """Return the names of all models, without those of links and of strange things."""
    if not root.is_dir():
        return []
    found = (path for path in root.iterdir() if path.is_dir() and _is_name(path.name))
    return sorted(path.name for path in found if not path.is_symlink())


def _root_faults(root: Path) -> Iterator[Check]:
    """Yield the links in a registry, which lead anywhere."""
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        if path.is_symlink():
            yield Check(path.name, "", "unknown", f"{path} is a link. Remove it.")


def _entries(root: Path, name: str) -> list[str]:
    with opened(root, name) as folder:
        return names_in(folder, _MOST_VERSIONS)


def version_numbers(root: Path, name: str) -> list[int]:
    """Return the numbers of all versions of a model, ascending."""
    found = (_VERSION.fullmatch(entry) for entry in _entries(root, name))
    return sorted(int(match[1]) for match in found if match)


def promoted_digests(events: Sequence[Event]) -> dict[int, str]:
    """Return the digest of every version that was ever live, as the history has it.

    Should two entries claim one version, it is that of the first.
    """
    return {
        event.version: event.current_sha256
        for event in reversed(events)
        if event.action == "promoted" and event.version and event.current_sha256
    }


def states_of(numbers: Iterable[int], events: Sequence[Event]) -> dict[int, str]:
    """Say of each version whether it is live, was live, or never was."""
    promoted = promoted_digests(events)
    states = {n: "earlier" if n in promoted else "never live" for n in numbers}
    if events and events[-1].current in states:
        states[events[-1].current] = "current"
    return states


def _fault_of_version(
    root: Path, name: str, number: int, expected: Mapping[int, str]
) -> str | None:
    try:
        found = read_version(root, name, number)
    except ProductionError as error:
        return str(error)
    if number in expected and found.sha256 != expected[number]:
        folder = root / name / folder_of(number)
        return f"{folder}: metadata.json is another one than that which was promoted."
    return None


def _check_versions(
    root: Path, name: str, numbers: Sequence[int], events: Sequence[Event]
) -> Iterator[Check]:
    expected = promoted_digests(events)
    states = states_of(sorted({*numbers, *expected}), events)
    for number, state in states.items():
        fault = _fault_of_version(root, name, number, expected)
        yield Check(name, folder_of(number), state, fault)


def _is_part(entry: str) -> bool:
    """Tell whether an entry of a model's directory is one of its parts."""
    is_known = entry in (HISTORY, LOCK) or _VERSION.fullmatch(entry) is not None
    return is_known or is_scratch(entry)


def _unknown(root: Path, name: str, journal: Journal) -> Iterator[Check]:
    """Yield what is in the directories of a model and does not belong there."""
    strangers = [entry for entry in _entries(root, name) if not _is_part(entry)]
    with suppress(ProductionError, OSError):
        strangers += [f"{HISTORY}/{entry}" for entry in journal.strangers()]
    for entry in sorted(strangers):
        path = root / name / entry
        yield Check(name, entry, "unknown", f"{path} is no part of the registry.")


def _check_model(
    root: Path, name: str, key: bytes | None, only: int | None
) -> Iterator[Check]:
    """Yield what is found about one model."""
    journal = Journal(root, name, key)
    events: list[Event] = []
    fault = None
    try:
        events = [entry.event for entry in journal.entries()]
    except (ProductionError, OSError) as error:
        fault = str(error)
    yield Check(
        name, HISTORY, f"{len(events)} entr{'y' if len(events) == 1 else 'ies'}", fault
    )
    numbers = version_numbers(root, name)
    checks = _check_versions(root, name, numbers, events)
    yield from (c for c in checks if only is None or c.part == folder_of(only))
    yield from _unknown(root, name, journal)


def known_name(root: Path, name: str) -> str:
    """Return the name of a model that there is."""
    name = checked_name(name)
    if not os.path.lexists(root / name):
        known = ", ".join(model_names(root)) or "none"
        msg = f"There is no model {name!r} in {root}; there are: {known}."
        raise ProductionError(msg)
    return name


def all_checks(
    root: Path, name: str | None, version: int | None, key: bytes | None
) -> list[Check]:
    """Return what is found in a registry, whether it is well or not.

    Parameters
    ----------
    root : Path
        Directory of the registry.
    name : str or None
        Name of a model; None means all.
    version : int or None
        The only version to look at, beside the history; None means all.
    key : bytes or None
        What histories must be signed with; None: they need not be signed.

    Raises
    ------
    ProductionError
        If there is no such model or version, or the key is too short to be a secret.
    """
    key = checked_key(key)
    names = model_names(root) if name is None else [known_name(root, name)]
    found = [*_root_faults(root)] if name is None else []
    for one in names:
        found += _check_model(root, one, key, version)
    if version is not None and folder_of(version) not in {c.part for c in found}:
        msg = f"There is no version v{version} of {name or 'any model'!r} in {root}."
        raise ProductionError(msg)
    return found
