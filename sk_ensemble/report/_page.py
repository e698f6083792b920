"""One page of HTML that needs nothing else.

Style and script stand in the page, figures are SVG in the colours of the page, and
every text is escaped by the template engine, whatever a symbol or a model is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from sk_ensemble.report._blocks import Block, Figure, Section, Table
from sk_ensemble.report._chart import svg_of
from sk_ensemble.utils.optional import import_optional
from sk_ensemble.utils.text import one_line

__all__ = ["PageHead", "render_page"]

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class PageHead:
    """Head the page.

    Attributes
    ----------
    title : str
        What the report is about.
    subtitle : str
        Where it comes from.
    facts : sequence of (str, str)
        Names and values that are shown first.
    """

    title: str
    subtitle: str
    facts: Sequence[tuple[str, str]]


def _kind(block: Block) -> str:
    """Return the name of the macro that shows a block."""
    if isinstance(block, Figure):
        return "small" if block.is_small else "figure"
    if isinstance(block, Table):
        return "matrix" if block.is_matrix else "table"
    return type(block).__name__.lower()


def _runs(blocks: Sequence[Block]) -> Iterator[tuple[str, list[Block]]]:
    """Yield blocks of one kind that follow each other: figures share a row."""
    for kind, run in groupby(blocks, key=_kind):
        yield kind, list(run)


@cache
def _environment() -> Any:
    jinja2 = import_optional("jinja2", extra="experiments")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # What hides or reorders text is no name, but it may be in one.
        finalize=_finalize,
    )
    markup = import_optional("markupsafe", extra="experiments").Markup
    environment.filters["svg"] = lambda figure: markup(svg_of(figure))
    environment.filters["raw"] = lambda name: markup(
        (_TEMPLATES / name).read_text(encoding="utf-8")
    )
    environment.filters["runs"] = _runs
    return environment


def _finalize(value: Any) -> Any:
    """Show characters that hide or reorder text as what they are."""
    if type(value) is not str:
        return value
    return "\n".join(one_line(line) for line in value.split("\n"))


def render_page(head: PageHead, sections: Sequence[Section]) -> str:
    """Return the page.

    Parameters
    ----------
    head : PageHead
        Its head.
    sections : sequence of Section
        Its contents.
    """
    template = _environment().get_template("page.html")
    page: str = template.render(head=head, sections=sections)
    return page
