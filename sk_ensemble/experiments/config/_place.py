"""Where in a file a value stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Place"]


@dataclass(frozen=True)
class Place:
    """Say where a value comes from.

    Parameters
    ----------
    source : str
        File as the user knows it, or what stands for one.
    line : int or None, default=None
        Line, from 1.
    folder : Path or None, default=None
        Where relative file names of this source start.
    """

    source: str
    line: int | None = None
    folder: Path | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"
