"""One entry of the history of a model in production."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

__all__ = ["ACTIONS", "Event"]

#: What can happen. The first two leave what is live as it is.
ACTIONS = ("looked", "refused", "promoted", "rolled back", "signed")

_FORMAT = "sk_ensemble.event"
_FORMAT_VERSION = 1

_KINDS: Mapping[str, Any] = {
    "number": int,
    "action": str,
    "name": str,
    "time": str,
    "version": int | None,
    "current": int | None,
    "current_sha256": str | None,
    "previous_sha256": str | None,
    "run": str | None,
    "reason": str | None,
    "details": dict,
}


@dataclass(frozen=True)
class Event:
    """Hold what happened, and which version is live since.

    Parameters
    ----------
    number : int
        Place in the history, from 1.
    action : str
        One of `ACTIONS`.
    name : str
        Name of the model.
    time : str
        When it happened, UTC.
    version : int or None
        The version it is about, if there is one.
    current : int or None
        The version that is live afterwards.
    current_sha256 : str or None
        Digest of that version's metadata, and so of all its files.
    previous_sha256 : str or None
        Digest of the entry before, so that none can be changed or taken out.
    run, reason : str or None
        Where the model comes from, and why it was done.
    details : dict
        What came out at the gates, or which times were looked at.
    """

    number: int
    action: str
    name: str
    time: str
    version: int | None = None
    current: int | None = None
    current_sha256: str | None = None
    previous_sha256: str | None = None
    run: str | None = None
    reason: str | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def to_document(self) -> dict[str, Any]:
        """Return the event as plain values."""
        head = {"format": _FORMAT, "format_version": _FORMAT_VERSION}
        return {**head, **asdict(self)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Return the event of a document.

        Raises
        ------
        ValueError
            If it is none, or of a newer format.
        """
        if document.get("format") != _FORMAT:
            msg = "it is no entry of a history"
            raise ValueError(msg)
        if document.get("format_version") != _FORMAT_VERSION:
            version = document.get("format_version")
            msg = f"its format is {version!r:.20}, and {_FORMAT_VERSION} can be read"
            raise ValueError(msg)
        values = {part.name: document.get(part.name) for part in fields(cls)}
        for name, kind in _KINDS.items():
            if not isinstance(values[name], kind) or isinstance(values[name], bool):
                msg = f"its {name} is {values[name]!r:.50}"
                raise ValueError(msg)
        if values["action"] not in ACTIONS:
            msg = f"its action is {values['action']!r:.50}, which is none of {ACTIONS}"
            raise ValueError(msg)
        return cls(**values)  # type: ignore[arg-type]
