"""How the loss fell while models were trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sk_ensemble.experiments import Cell
from sk_ensemble.report._blocks import Block, Figure, Heading, Section
from sk_ensemble.report._chart import label, new_axes
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._horizon import Horizon
from sk_ensemble.report._theme import SERIES, Theme

__all__ = ["make"]

_LEAD = (
    "Log loss of the refit by round or epoch, on the training samples and on the last "
    "part of them that was held back, where there is one. A held-back loss that rises "
    "while the other falls is overfitting; the line shows the round that was kept."
)


def _curves(cell: Cell) -> dict[str, Any]:
    history: Mapping[str, Any] = cell.training.get("history") or {}
    return {name: values for name, values in history.items() if len(values)}


def _figure(horizon: Horizon, model: str) -> Figure:
    cell = horizon.cells[model]
    histories = _curves(cell)
    kept = cell.training.get("n_iter")

    def draw(theme: Theme) -> Any:
        figure, axis = new_axes(theme, 3.1, 2.6)
        for colour, (name, values) in zip(SERIES, histories.items(), strict=False):
            text = label(name.replace("_", " ").replace("val", "held-back"))
            rounds = range(1, len(values) + 1)
            mark = "o" if len(values) < 5 else ""
            axis.plot(
                rounds,
                values,
                marker=mark,
                markersize=3.5,
                color=colour,
                label=text,
                linewidth=1.5,
            )
        if kept:
            axis.axvline(kept, color=theme.faint, linewidth=1)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.set_title(label(model), fontweight="bold")
        axis.set_xlabel("round or epoch")
        axis.set_ylabel("log loss")
        axis.legend(frameon=False, fontsize=8, labelcolor=theme.ink, handlelength=1.2)
        return figure

    place = horizon.models.index(model)
    said = f", {kept} rounds kept" if kept else ""
    if cell.training.get("hit_time_limit"):
        said += ", ended by its time limit"
    caption = f"{model}, horizon {horizon.horizon}{said}."
    return Figure(f"learning_h{horizon.horizon}_{place:02d}", caption, draw, True)


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    blocks: list[Block] = []
    for horizon in evidence.horizons:
        models = [model for model, cell in horizon.cells.items() if _curves(cell)]
        if models:
            blocks.append(Heading(f"Horizon {horizon.horizon} bars"))
            blocks += [_figure(horizon, model) for model in models]
    return Section("learning", "Learning curves", blocks, _LEAD) if blocks else None
