"""Small pieces of HTML for notebooks, light and dark alike.

No colour of text or ground is set, so those of the notebook hold, and lines are half
transparent. Every text is escaped and made one line, whatever names bring along.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from sk_ensemble.utils.text import one_line

__all__ = ["facts_html", "listed", "table_html", "text_html"]

_CELL = "padding:2px 12px 2px 0;text-align:left;vertical-align:top"
_LINE = "border-bottom:1px solid #8888"


def text_html(value: object) -> str:
    """Return a value as text that stands in HTML as what it is.

    Parameters
    ----------
    value : object
        Any value.

    Returns
    -------
    html : str
        One line, escaped.

    Examples
    --------
    >>> from sk_ensemble.utils.html import text_html
    >>> text_html("<script>")
    '&lt;script&gt;'
    """
    return escape(one_line(value))


def listed(names: Sequence[object], n_shown: int) -> str:
    """Return the first names of many, and how many are left.

    Parameters
    ----------
    names : sequence
        The names.
    n_shown : int
        How many are shown.

    Returns
    -------
    text : str
        The names with commas.

    Examples
    --------
    >>> from sk_ensemble.utils.html import listed
    >>> listed(["a", "b", "c", "d"], 2)
    'a, b and 2 more'
    """
    shown = ", ".join(map(str, names[:n_shown]))
    n_more = len(names) - n_shown
    return f"{shown} and {n_more:,} more" if n_more > 0 else shown


def facts_html(title: str, facts: Iterable[tuple[str, object]]) -> str:
    """Return a title with names and values below it.

    Parameters
    ----------
    title : str
        What is shown.
    facts : iterable of (str, object)
        Names and values.

    Returns
    -------
    html : str
        A paragraph and a table.

    Examples
    --------
    >>> from sk_ensemble.utils.html import facts_html
    >>> html = facts_html("Panel", [("Symbols", "A & B")])
    >>> "A &amp; B" in html
    True
    """
    rows = "".join(
        f'<tr><th style="{_CELL};font-weight:normal;opacity:.75;white-space:nowrap">'
        f"{text_html(name)}</th>"
        f'<td style="{_CELL}">{text_html(value)}</td></tr>'
        for name, value in facts
    )
    head = f'<p style="margin:0 0 4px"><b>{text_html(title)}</b></p>'
    return f"{head}<table><tbody>{rows}</tbody></table>"


def table_html(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table.

    Parameters
    ----------
    columns : sequence of str
        Heads of its columns.
    rows : iterable of sequence
        Its rows, a value for each column.

    Returns
    -------
    html : str
        The table.

    Examples
    --------
    >>> from sk_ensemble.utils.html import table_html
    >>> table_html(["Symbol"], [["<b>"]]).count("<b>")
    0
    """
    heads = "".join(
        f'<th style="{_CELL};{_LINE}">{text_html(name)}</th>' for name in columns
    )
    body = "".join(
        "<tr>"
        + "".join(f'<td style="{_CELL}">{text_html(value)}</td>' for value in row)
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
