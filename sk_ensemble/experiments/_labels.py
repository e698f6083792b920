"""The classes of every experiment, and the names of their columns in files."""

from __future__ import annotations

__all__ = ["LABELS", "PROBA_COLUMNS"]

#: Down, neutral, up: the order of the probability columns everywhere.
LABELS = (-1, 0, 1)

#: Names of the probability columns in files.
PROBA_COLUMNS = tuple(f"p_{label}" for label in LABELS)
