"""Versions and histories as tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sk_ensemble.production._checks import Check, states_of, version_numbers
from sk_ensemble.production._event import Event
from sk_ensemble.production._version_files import read_metadata

__all__ = ["check_table", "history_table", "version_rows", "version_table"]

_VERSIONS = (
    *("name", "version", "state", "model", "horizon"),
    *("trained_until", "promoted", "run", "overridden"),
)
_HISTORY = (
    *("number", "time", "action", "version"),
    *("current", "run", "reason", "details"),
)
_CHECKS = ("name", "part", "state", "fault")


def version_rows(
    root: Path, name: str, events: Sequence[Event]
) -> Iterator[dict[str, Any]]:
    """Yield what is known of each version of a model."""
    states = states_of(version_numbers(root, name), events)
    for number, state in states.items():
        metadata, _ = read_metadata(root, name, number)
        found = {column: metadata.get(column) for column in _VERSIONS}
        yield {**found, "state": state}


def version_table(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Return versions as a table."""
    return pd.DataFrame(list(rows), columns=list(_VERSIONS))


def history_table(events: Iterable[Event]) -> pd.DataFrame:
    """Return a history as a table."""
    table = pd.DataFrame([vars(event) for event in events], columns=list(_HISTORY))
    return table.astype({"version": "Int64", "current": "Int64"})


def check_table(checks: Iterable[Check]) -> pd.DataFrame:
    """Return what was looked at as a table."""
    return pd.DataFrame([vars(check) for check in checks], columns=list(_CHECKS))
