"""Colours of figures: real ones for files, names of the page's own for the page."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PAGE", "PAPER", "SERIES", "Theme"]

#: Colours of lines, to be told apart on white and on black, also by people who
#: confuse red and green.
SERIES = (
    "#2f7fd1",
    "#e0762f",
    "#1f9e89",
    "#cc5fb0",
    "#8666d8",
    "#c49a12",
    "#35b0d0",
    "#5f9632",
)


@dataclass(frozen=True)
class Theme:
    """Hold the colours that depend on what a figure stands on.

    Attributes
    ----------
    ink : str
        Text.
    faint : str
        What stands back: axes, lines nobody looks for.
    grid : str
        Grid lines.
    ground : str
        What the figure stands on.
    """

    ink: str
    faint: str
    grid: str
    ground: str


#: White paper.
PAPER = Theme(ink="#1c2430", faint="#9aa4b2", grid="#e3e7ee", ground="#ffffff")

#: Placeholders, which a page replaces by its own colours, light or dark.
PAGE = Theme(ink="#010101", faint="#020202", grid="#030303", ground="#040404")
