"""What a report is made of: sections of texts, tables and figures.

They say what is shown, and know nothing of HTML. A page is one way to show them, files
of PNG and CSV are another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pandas as pd

from sk_ensemble.report._theme import Theme

__all__ = [
    "Banner",
    "Block",
    "Code",
    "Column",
    "Details",
    "Figure",
    "Heading",
    "Section",
    "Table",
    "Text",
    "Value",
]

#: Draws a figure in the colours of a theme.
Draw: TypeAlias = Callable[[Theme], Any]


@dataclass(frozen=True)
class Value:
    """Show one value in a table.

    Attributes
    ----------
    text : str
        What is shown.
    sort : float or None, default=None
        What rows are sorted by; None means the text.
    detail : str, default=""
        What stands below, such as an interval.
    tone : {"", "good", "bad", "muted", "strong"}, default=""
        How it is shown.
    shade : float or None, default=None
        Strength of the background, from -1 to 1.
    """

    text: str
    sort: float | None = None
    detail: str = ""
    tone: str = ""
    shade: float | None = None


@dataclass(frozen=True)
class Column:
    """Head a column of a table.

    Attributes
    ----------
    title : str
        Its name.
    help : str, default=""
        What it means.
    is_text : bool, default=False
        Whether its values are words.
    """

    title: str
    help: str = ""
    is_text: bool = False


@dataclass(frozen=True, eq=False)
class Table:
    """Show rows of values, which readers may sort.

    Attributes
    ----------
    key : str
        Name of its file.
    caption : str
        What it shows.
    columns : sequence of Column
        Its columns.
    rows : sequence of sequence of Value
        Its rows.
    frame : DataFrame
        The same numbers, for a file.
    is_matrix : bool, default=False
        Whether it is small and square, and not to be sorted.
    """

    key: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    frame: pd.DataFrame
    is_matrix: bool = False


@dataclass(frozen=True, eq=False)
class Figure:
    """Show a picture.

    Attributes
    ----------
    key : str
        Name of its file.
    caption : str
        What it shows, in a sentence.
    draw : callable
        Draws it.
    is_small : bool, default=False
        Whether several fit beside each other.
    """

    key: str
    caption: str
    draw: Draw
    is_small: bool = False


@dataclass(frozen=True)
class Text:
    """Show a paragraph."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Heading:
    """Head what follows, up to the next one."""

    text: str


@dataclass(frozen=True)
class Banner:
    """Show what nobody may overlook.

    Attributes
    ----------
    tone : {"good", "bad", "warn", "info"}
        What kind of news it is.
    title, text : str
        The news.
    """

    tone: str
    title: str
    text: str = ""


@dataclass(frozen=True)
class Code:
    """Show text as it is in a file."""

    text: str


@dataclass(frozen=True, eq=False)
class Details:
    """Show blocks when they are asked for."""

    title: str
    blocks: Sequence[Block]


Block: TypeAlias = Text | Heading | Banner | Code | Table | Figure | Details


@dataclass(frozen=True, eq=False)
class Section:
    """Show one subject.

    Attributes
    ----------
    key : str
        Anchor in the page.
    title : str
        Heading.
    blocks : sequence of Block
        Contents.
    lead : str, default=""
        What the section is about, and how to read it.
    """

    key: str
    title: str
    blocks: Sequence[Block] = field(default_factory=list)
    lead: str = ""

    def walk(self) -> Iterator[Block]:
        """Yield every block, those that are folded away too."""
        waiting = list(self.blocks)
        while waiting:
            block = waiting.pop(0)
            yield block
            if isinstance(block, Details):
                waiting = [*block.blocks, *waiting]
