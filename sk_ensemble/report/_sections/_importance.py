"""What the models look at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble.experiments._plots import largest_shares
from sk_ensemble.report._blocks import (
    Block,
    Column,
    Details,
    Figure,
    Heading,
    Section,
    Table,
    Value,
)
from sk_ensemble.report._chart import label, new_axes
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._format import percent
from sk_ensemble.report._horizon import Horizon
from sk_ensemble.report._theme import Theme

__all__ = ["make"]

_LEAD = (
    "Share of each feature in the gain of the trees, over all bars of the window, "
    "for the families that have one. It tells what a model uses, not what is worth "
    "using: features that say the same share it, and noise gets some. Purged "
    "permutation importance, out of sample, is a function of sk_ensemble.inspection."
)

_SHOWN = 12


def _figure(evidence: Evidence, horizon: Horizon, model: str) -> Figure:
    names, shares = largest_shares(horizon.cells[model].importances or {}, _SHOWN)
    colour = evidence.styles.colour

    def draw(theme: Theme) -> Any:
        figure, axis = new_axes(theme, 4.3, 0.9 + 0.21 * len(names))
        axis.barh(
            range(len(names)), [s * 100 for s in shares], color=colour(model, theme)
        )
        axis.set_yticks(range(len(names)), [label(name) for name in names])
        axis.tick_params(axis="y", labelsize=8.5)
        axis.set_ylim(len(names) - 0.4, -0.6)
        axis.grid(False, axis="y")
        axis.set_title(label(model), fontweight="bold")
        axis.set_xlabel("share of the total gain, %")
        return figure

    place = horizon.models.index(model)
    family = evidence.styles.family(model)
    caption = f"{model} ({family}), horizon {horizon.horizon}."
    return Figure(f"importance_h{horizon.horizon}_{place:02d}", caption, draw)


def _frame(horizon: Horizon, models: list[str]) -> pd.DataFrame:
    """Return the shares of all features, a column for each model."""
    series = {}
    for model in models:
        found = horizon.cells[model].importances or {}
        names = [str(name) for name in found["names"]]
        series[model] = pd.Series(found["shares"], index=names, dtype=float)
    frame = pd.DataFrame(series)
    order = frame.mean(axis=1).sort_values(ascending=False, kind="stable").index
    return frame.loc[order]


def _table(horizon: Horizon, models: list[str]) -> Table:
    frame = _frame(horizon, models)
    most = float(np.nanmax(frame.to_numpy())) or 1.0
    rows = [
        [
            Value(str(name)),
            *(Value(percent(v, 1), float(v), shade=float(v) / most) for v in row),
        ]
        for name, row in zip(frame.index, frame.fillna(0.0).to_numpy(), strict=True)
    ]
    return Table(
        f"importance_h{horizon.horizon}",
        f"All features at horizon {horizon.horizon}, largest mean share first.",
        [Column("Feature", is_text=True), *(Column(model) for model in models)],
        rows,
        frame.rename_axis("feature").reset_index(),
    )


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    blocks: list[Block] = []
    for horizon in evidence.horizons:
        models = [m for m, cell in horizon.cells.items() if cell.importances]
        if models:
            blocks.append(Heading(f"Horizon {horizon.horizon} bars"))
            blocks += [_figure(evidence, horizon, model) for model in models]
            title = f"All features, horizon {horizon.horizon}"
            blocks.append(Details(title, [_table(horizon, models)]))
    return (
        Section("importance", "Feature importance", blocks, _LEAD) if blocks else None
    )
