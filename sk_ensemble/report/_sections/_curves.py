"""Lines of many models on one pair of axes, of which a few are named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sk_ensemble.report._blocks import Figure
from sk_ensemble.report._chart import label, legend_below, name_dates, new_axes
from sk_ensemble.report._model_styles import ModelStyles
from sk_ensemble.report._theme import Theme

__all__ = ["curves", "points"]

#: Lines that are coloured and named; the others stand back.
_NAMED = 6


def _draw_line(
    axis: Any,
    theme: Theme,
    styles: ModelStyles,
    line: tuple[str, Any, Any],
    named: bool,
    marker: str,
) -> None:
    model, x, y = line
    colour = styles.colour(model, theme) if named else theme.faint
    axis.plot(
        x,
        y,
        color=colour,
        linestyle=styles.dashes(model),
        linewidth=1.7 if named else 0.9,
        alpha=1.0 if named else 0.55,
        label=label(model) if named else None,
        marker=marker or ("o" if len(x) == 1 else ""),
        markersize=3 if named else 2,
        gid=styles.mark(model, "line"),
        zorder=3 if named else 2,
    )


def curves(
    key: str,
    caption: str,
    series: Mapping[str, tuple[Any, Any]],
    styles: ModelStyles,
    *,
    y_label: str,
    x_label: str = "",
    zero: float | None = 0.0,
    are_dates: bool = False,
    marker: str = "",
) -> Figure:
    """Return a figure with a line for each model, the first six in colour.

    Parameters
    ----------
    key : str
        Name of its file.
    caption : str
        What it shows.
    series : dict of (array, array)
        Places and values by model, the most important first.
    styles : ModelStyles
        Their colours.
    y_label, x_label : str
        Names of the axes.
    zero : float or None, default=0.0
        Where a line is drawn across.
    are_dates : bool, default=False
        Whether the places are dates.
    marker : str, default=""
        Marks each value; needed where values stand alone.
    """
    shown = [model for model in series if not styles.is_baseline(model)][:_NAMED]

    def draw(theme: Theme) -> Any:
        figure, axis = new_axes(theme)
        if zero is not None:
            axis.axhline(zero, color=theme.faint, linewidth=0.9)
        for model, (x, y) in series.items():
            _draw_line(axis, theme, styles, (model, x, y), model in shown, marker)
        axis.set_ylabel(y_label)
        axis.set_xlabel(x_label)
        axis.margins(x=0.01)
        if are_dates:
            name_dates(axis)
        legend_below(figure, axis, theme)
        return figure

    return Figure(key, caption, draw)


def points(
    key: str,
    caption: str,
    rows: Mapping[str, Any],
    styles: ModelStyles,
    *,
    x_label: str,
    scale: float = 1.0,
    zero: float | None = None,
    is_small: bool = True,
) -> Figure:
    """Return a figure with a point and an interval for each model.

    Parameters
    ----------
    key : str
        Name of its file.
    caption : str
        What it shows.
    rows : dict of Interval
        Estimates with intervals by model, the first on top.
    styles : ModelStyles
        Colours.
    x_label : str
        Name of the axis.
    scale : float, default=1.0
        What estimates are multiplied with.
    zero : float or None, default=None
        Where a line is drawn down.
    is_small : bool, default=True
        Whether three fit beside each other, not two.
    """
    width = 3.7 if is_small else 4.3

    def draw(theme: Theme) -> Any:
        figure, axis = new_axes(theme, width, 0.95 + 0.235 * len(rows))
        if zero is not None:
            axis.axvline(zero, color=theme.faint, linewidth=1.1)
        for place, (model, value) in enumerate(rows.items()):
            colour = styles.colour(model, theme)
            ends = (value.low * scale, value.high * scale)
            gid = styles.mark(model, "range")
            axis.plot(
                ends, (place, place), color=colour, linewidth=2.2, gid=gid, alpha=0.75
            )
            axis.plot(value.estimate * scale, place, "o", color=colour, markersize=5)
        axis.set_yticks(range(len(rows)), [label(model) for model in rows])
        axis.set_ylim(len(rows) - 0.4, -0.6)
        axis.grid(False, axis="y")
        axis.set_xlabel(x_label)
        return figure

    return Figure(key, caption, draw, is_small)
