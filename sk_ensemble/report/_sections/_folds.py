"""Which samples each fold trains on, tests, and leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble.experiments._samples import HorizonSamples
from sk_ensemble.model_selection import describe_splits, plot_splits
from sk_ensemble.model_selection._plot import COLOURS
from sk_ensemble.report._blocks import (
    Block,
    Column,
    Figure,
    Heading,
    Section,
    Table,
    Value,
)
from sk_ensemble.report._chart import new_axes
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._format import count, number, percent
from sk_ensemble.report._horizon import Horizon
from sk_ensemble.report._theme import Theme
from sk_ensemble.utils.optional import import_optional

__all__ = ["make"]

_LEAD = (
    "Cross-validation of the training samples. A sample whose label overlaps those "
    "of a test block is purged, and an embargo follows each block, so that no "
    "training window holds test bars."
)

_DAY = "%Y-%m-%d"


def _map(cv: Any, samples: HorizonSamples) -> Figure:
    counts = describe_splits(cv, samples.X, samples.y)
    kinds = [kind for kind in COLOURS if counts[kind].any()]

    def draw(theme: Theme) -> Any:
        n_folds = cv.get_n_splits(samples.X, samples.y)
        figure, axis = new_axes(theme, 4.3, 1.1 + min(0.34 * n_folds, 6.0))
        plot_splits(cv, samples.X, samples.y, ax=axis)
        axis.grid(False)
        for lines in axis.collections[1:]:
            lines.set_color(theme.ground)
        for text in (axis.xaxis.label, axis.yaxis.label):
            text.set_color(theme.ink)
        _legend(figure, theme, kinds)
        return figure

    caption = (
        f"Fold map, horizon {samples.horizon}. Pauses are left out; what would be too "
        "narrow to see is drawn wider."
    )
    return Figure(f"folds_h{samples.horizon}", caption, draw)


def _legend(figure: Any, theme: Theme, kinds: list[str]) -> None:
    """Name the colours below the map."""
    patches = import_optional("matplotlib.patches", extra="experiments")
    handles = [patches.Patch(color=COLOURS[kind], label=kind) for kind in kinds]
    figure.legend(
        handles=handles,
        loc="outside lower left",
        ncols=len(handles),
        frameon=False,
        fontsize=8.5,
        labelcolor=theme.ink,
        handlelength=1,
    )


def _table(cv: Any, samples: HorizonSamples) -> Table:
    frame = describe_splits(cv, samples.X, samples.y)
    rows = [
        [
            Value(str(fold), float(str(fold))),
            *(Value(count(row[k]), float(row[k])) for k in ("train", "test")),
            Value(
                count(row["purged"]),
                float(row["purged"]),
                percent(row["purged_share"], 1),
            ),
            Value(
                count(row["embargoed"]),
                float(row["embargoed"]),
                percent(row["embargoed_share"], 1),
            ),
            Value(f"{row['test_start']:{_DAY}}"),
            Value(f"{row['test_end']:{_DAY}}"),
        ]
        for fold, row in frame.iterrows()
    ]
    columns = [
        Column("Fold"),
        Column("Train", "samples"),
        Column("Test", "samples"),
        Column("Purged", "samples, share of what might be trained on"),
        Column("Embargo", "samples, share of what might be trained on"),
        Column("Test from"),
        Column("Test to"),
    ]
    caption = f"Folds at horizon {samples.horizon}."
    return Table(
        f"folds_h{samples.horizon}", caption, columns, rows, frame.reset_index()
    )


def _mean_value(losses: Any) -> Value:
    mean = float(np.mean(losses))
    spread = float(np.std(losses, ddof=1)) if len(losses) > 1 else float("nan")
    return Value(number(mean, 4), mean, f"± {number(spread, 4)}")


def _fold_losses(horizon: Horizon) -> Table | None:
    """Return the log loss of each fold, by model."""
    losses = {
        model: cell.metrics.get("oof", {}).get("fold_log_loss")
        for model, cell in horizon.cells.items()
    }
    losses = {model: values for model, values in losses.items() if values}
    if not losses:
        return None
    frame = pd.DataFrame.from_dict(losses, orient="index")
    rows = [
        [
            Value(str(model)),
            *(Value(number(v, 4), float(v)) for v in row),
            _mean_value(row),
        ]
        for model, row in zip(frame.index, frame.to_numpy(), strict=True)
    ]
    heads = [Column(f"Fold {fold}", "log loss, nats") for fold in frame.columns]
    return Table(
        f"fold_losses_h{horizon.horizon}",
        f"Log loss of each fold at horizon {horizon.horizon}.",
        [
            Column("Model", is_text=True),
            *heads,
            Column("Mean", "and standard deviation"),
        ],
        rows,
        frame.rename_axis("model").reset_index(),
    )


def _blocks(evidence: Evidence, horizon: Horizon) -> Iterator[Block]:
    config = evidence.experiment.config
    samples = evidence.experiment.samples.get(horizon.horizon)
    if config is not None and samples is not None:
        cv = config.cv.make_splitter()
        yield _map(cv, samples)
        yield _table(cv, samples)
    losses = _fold_losses(horizon)
    if losses is not None:
        yield losses


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    blocks: list[Block] = []
    for horizon in evidence.horizons:
        found = list(_blocks(evidence, horizon))
        if found:
            blocks += [Heading(f"Horizon {horizon.horizon} bars"), *found]
    return Section("folds", "Folds", blocks, _LEAD) if blocks else None
