"""Figures: axes in one style, and their SVG or PNG."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from sk_ensemble.experiments._plots import as_png, new_figure
from sk_ensemble.report._blocks import Figure
from sk_ensemble.report._theme import PAGE, PAPER, Theme
from sk_ensemble.utils.optional import import_optional
from sk_ensemble.utils.text import one_line

__all__ = [
    "label",
    "legend_below",
    "name_dates",
    "new_axes",
    "png_of",
    "style",
    "svg_of",
]

_VARIABLES = {
    PAGE.ink: "currentColor",
    PAGE.faint: "var(--faint)",
    PAGE.grid: "var(--grid)",
    PAGE.ground: "var(--card)",
}
_PLACEHOLDER = re.compile("|".join(map(re.escape, _VARIABLES)), re.IGNORECASE)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_RULES = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)
_SIZE = re.compile(r'(<svg\b[^>]*?) width="[^"]*pt"', re.DOTALL)
_HEIGHT = re.compile(r'(<svg\b[^>]*?) height="[^"]*pt"', re.DOTALL)
_ID = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r'(?:url\(|href=")#([^)"]+)')
_LINE = re.compile(r'<g id="model-(\d+)(?:-\w+)?">')

#: Characters of a name in a figure.
_LONGEST = 22


def label(name: object) -> str:
    """Return a name as one short line."""
    text = one_line(name)
    return (
        text
        if len(text) <= _LONGEST
        else f"{text[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
    )


def style(axis: Any, theme: Theme) -> None:
    """Give axes the colours of a theme, and take away what nobody reads."""
    axis.set_facecolor("none")
    axis.grid(True, color=theme.grid, linewidth=0.7)
    axis.set_axisbelow(True)
    axis.tick_params(colors=theme.ink, labelsize=9, length=0)
    for side, spine in axis.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(theme.faint)
        spine.set_linewidth(0.8)
    for text in (axis.xaxis.label, axis.yaxis.label, axis.title):
        text.set_color(theme.ink)
        text.set_fontsize(9.5)


def new_axes(theme: Theme, width: float = 4.3, height: float = 3.0) -> tuple[Any, Any]:
    """Return a figure with one pair of axes."""
    figure = new_figure(width, height)
    figure.patch.set_facecolor("none" if theme is PAGE else theme.ground)
    axis = figure.subplots()
    style(axis, theme)
    return figure, axis


def name_dates(axis: Any) -> None:
    """Label a time axis with few and short dates."""
    dates = import_optional("matplotlib.dates", extra="experiments")
    locator = dates.AutoDateLocator(minticks=3, maxticks=6)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(
        dates.ConciseDateFormatter(locator, show_offset=False)
    )


def legend_below(figure: Any, axis: Any, theme: Theme, n_columns: int = 3) -> None:
    """Name the lines below the axes."""
    handles, labels = axis.get_legend_handles_labels()
    if handles:
        figure.legend(
            handles,
            labels,
            loc="outside lower left",
            ncols=min(n_columns, len(handles)),
            frameon=False,
            fontsize=8.5,
            labelcolor=theme.ink,
            handlelength=1.4,
            columnspacing=1.2,
        )


@contextmanager
def _drawing(key: str) -> Iterator[None]:
    """Draw names as they are, and the same figure as the same bytes."""
    matplotlib = import_optional("matplotlib", extra="experiments")
    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": key,
        # A name with dollar signs is no formula.
        "text.parse_math": False,
    }
    with matplotlib.rc_context(), warnings.catch_warnings():
        # Not in the style of whoever's notebook it is.
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        # The fonts of the reader may have the characters of any name.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def _only_needed_ids(svg: str) -> str:
    """Leave out the ids that nothing refers to: every figure has the same ones."""
    needed = set(_REFERENCE.findall(svg))
    return _ID.sub(lambda found: found[0] if found[1] in needed else "", svg)


def _on_page(svg: str, caption: str) -> str:
    """Return an SVG as a part of a page, in its colours and its font."""
    svg = _RULES.sub("", _METADATA.sub("", svg[svg.index("<svg") :]))
    svg = _HEIGHT.sub(r"\1", _SIZE.sub(r"\1", svg))
    svg = _PLACEHOLDER.sub(lambda found: _VARIABLES[found[0].lower()], svg)
    svg = _only_needed_ids(_LINE.sub(r'<g class="line m\1">', svg))
    return svg.replace(
        "<svg ", f'<svg role="img" aria-label="{escape(one_line(caption))}" ', 1
    )


def svg_of(figure: Figure) -> str:
    """Return a figure as SVG, to stand in a page."""
    backend = import_optional("matplotlib.backends.backend_svg", extra="experiments")
    buffer = io.StringIO()
    with _drawing(figure.key):
        # Figure.savefig would draw it twice.
        canvas = backend.FigureCanvasSVG(figure.draw(PAGE))
        canvas.print_svg(buffer, metadata={"Date": None})
    return _on_page(buffer.getvalue(), figure.caption)


def png_of(figure: Figure) -> bytes:
    """Return a figure as a PNG file, on white."""
    with _drawing(figure.key):
        return as_png(figure.draw(PAPER))
