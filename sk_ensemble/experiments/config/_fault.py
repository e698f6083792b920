"""One thing that is wrong with a configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sk_ensemble.exceptions import ConfigError
from sk_ensemble.experiments.config._place import Place
from sk_ensemble.experiments.config._secrets import masked
from sk_ensemble.utils.text import one_line

__all__ = ["MOST_FAULTS", "Fault", "raise_faults", "shown"]

_LONGEST = 80

#: More than this many are counted only.
MOST_FAULTS = 100


@dataclass(frozen=True)
class Fault:
    """Say what is wrong, and where.

    Parameters
    ----------
    place : Place
        File and line.
    key : str
        Dotted path of the key, empty for the file as a whole.
    text : str
        What is wrong, what was got and what to do.
    """

    place: Place
    key: str
    text: str

    def __str__(self) -> str:
        parts = (one_line(self.place), one_line(self.key), self.text)
        return ": ".join(part for part in parts if part)


def shown(value: Any) -> str:
    """Write a value for a message: short, and without credentials."""
    text = repr(masked(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _in_order(faults: Iterable[Fault]) -> list[Fault]:
    """Sort faults by line within each source, sources as they first come."""
    different = list(dict.fromkeys(faults))
    sources = list(dict.fromkeys(fault.place.source for fault in different))
    return sorted(
        different,
        key=lambda fault: (sources.index(fault.place.source), fault.place.line or 0),
    )


def raise_faults(faults: list[Fault]) -> None:
    """Raise one error that lists all faults, if there are any.

    Raises
    ------
    ConfigError
        With a line per fault: file, line, key and what is wrong.
    """
    lines = [str(fault) for fault in _in_order(faults)]
    if not lines:
        return
    count = "1 fault" if len(lines) == 1 else f"{len(lines):,} faults"
    more = len(lines) - MOST_FAULTS
    rest = [f"... and {more:,} more"] if more > 0 else []
    shown_lines = [f"{count} in the configuration:", *lines[:MOST_FAULTS], *rest]
    raise ConfigError("\n".join(shown_lines))
