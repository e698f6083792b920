"""Whether the validation period foretells the test period."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sk_ensemble.report._blocks import (
    Block,
    Column,
    Details,
    Figure,
    Heading,
    Section,
    Table,
    Text,
    Value,
)
from sk_ensemble.report._chart import label, new_axes
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._format import number, signed
from sk_ensemble.report._horizon import Horizon
from sk_ensemble.report._theme import Theme

__all__ = ["make"]

_LEAD = (
    "Choose by validation, report by test. Where the ranks of the two have little in "
    "common, the differences between models are noise, and so is the choice."
)

_PERIODS = {"oof": "Cross-validation", "val": "Validation", "test": "Test"}


def _losses(horizon: Horizon) -> pd.DataFrame:
    """Return the log loss of each model in each period."""
    rows = {
        model: {p: cell.metrics.get(p, {}).get("log_loss") for p in _PERIODS}
        for model, cell in horizon.cells.items()
    }
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=list(_PERIODS), dtype=float
    )


def _value(loss: float, rank: float) -> Value:
    if pd.isna(loss):
        return Value("–", tone="muted")
    return Value(f"{rank:.0f}", rank, number(loss, 4))


def _table(horizon: Horizon, losses: pd.DataFrame, ranks: pd.DataFrame) -> Table:
    rows = []
    for model in map(str, losses.index):
        loss, rank = (t.astype(float).loc[model].to_dict() for t in (losses, ranks))
        moved = rank["val"] - rank["test"]
        values = [_value(loss[period], rank[period]) for period in _PERIODS]
        rows.append([Value(model), *values, Value(signed(moved, 0), moved)])
    columns = [
        Column("Model", is_text=True),
        *(Column(title, "rank, log loss below") for title in _PERIODS.values()),
        Column("Moved", "ranks gained from validation to test"),
    ]
    frame = losses.join(ranks.add_suffix("_rank")).rename_axis("model").reset_index()
    caption = f"Ranks by log loss at horizon {horizon.horizon}."
    return Table(f"ranks_h{horizon.horizon}", caption, columns, rows, frame)


def _figure(evidence: Evidence, horizon: Horizon, ranks: pd.DataFrame) -> Figure:
    styles = evidence.styles

    def draw(theme: Theme) -> Any:
        figure, axis = new_axes(theme, height=0.8 + 0.235 * len(ranks))
        for model, row in ranks.iterrows():
            colour = styles.colour(str(model), theme)
            y = [row["val"], row["test"]]
            axis.plot(
                [0, 1],
                y,
                "o-",
                color=colour,
                linewidth=1.6,
                markersize=4,
                gid=styles.mark(str(model), "rank"),
            )
            axis.text(
                1.04, y[1], label(model), color=theme.ink, va="center", fontsize=8.5
            )
            axis.text(
                -0.04,
                y[0],
                label(model),
                color=theme.ink,
                va="center",
                ha="right",
                fontsize=8.5,
            )
        axis.set_xlim(-0.75, 1.75)
        axis.set_ylim(len(ranks) + 0.5, 0.4)
        axis.set_xticks([0, 1], ["validation", "test"])
        axis.set_yticks([])
        axis.grid(False)
        for spine in axis.spines.values():
            spine.set_visible(False)
        return figure

    caption = f"Ranks by log loss, validation to test, horizon {horizon.horizon}."
    return Figure(f"ranks_h{horizon.horizon}", caption, draw)


def _sentence(ranks: pd.DataFrame) -> str:
    rho = ranks["val"].corr(ranks["test"])
    shared = (
        "agree well" if rho > 0.7 else "agree in part" if rho > 0.3 else "hardly agree"
    )
    return (
        f"Spearman's rank correlation of validation and test is {number(rho, 2)}: the "
        f"two {shared}."
    )


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    blocks: list[Block] = []
    for horizon in evidence.horizons:
        if len(horizon.models) < 2:
            continue
        losses = _losses(horizon)
        ranks = losses.rank(method="average")
        blocks.append(Heading(f"Horizon {horizon.horizon} bars"))
        blocks.append(Text(_sentence(ranks)))
        blocks.append(_figure(evidence, horizon, ranks))
        title = f"Ranks and losses, horizon {horizon.horizon}"
        blocks.append(Details(title, [_table(horizon, losses, ranks)]))
    return Section("ranks", "Validation and test", blocks, _LEAD) if blocks else None
