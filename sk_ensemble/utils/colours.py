"""Colours of what becomes of a row."""

from __future__ import annotations

__all__ = ["COLOURS"]

#: Kinds of rows and their colours, told apart by people who confuse red and green.
#: A later one is drawn over an earlier one that falls into the same bin.
COLOURS = {
    "unused": "#ededed",
    "train": "#7fa8d1",
    "test": "#e8871e",
    "embargoed": "#b9a3cf",
    "purged": "#a50f15",
}
