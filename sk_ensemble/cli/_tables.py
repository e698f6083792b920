"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from sk_ensemble.cli._text import one_line

__all__ = ["plain_table"]


def plain_table(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]
) -> Table:
    """Return a table whose cells are shown as they are, never as markup."""
    table = Table(
        title=Text(title),
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title_justify="left",
    )
    for heading in headings:
        table.add_column(Text(heading), no_wrap=True)
    for row in rows:
        table.add_row(*(Text(one_line(cell)) for cell in row))
    return table
