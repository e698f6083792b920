"""What is taken for what."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.report._blocks import (
    Block,
    Column,
    Details,
    Heading,
    Section,
    Table,
    Value,
)
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._format import count, percent
from sk_ensemble.report._horizon import Horizon

__all__ = ["make"]

_LEAD = (
    "Rows are what happened, columns the most probable class; a cell is the share of "
    "its row, with the number of test bars below. Models that know little say mostly "
    "what is most frequent."
)

_NAMES = ("down", "neutral", "up")


def _counts(places: IntArray, proba: FloatArray) -> IntArray:
    """Return the number of rows of each true and each most probable class."""
    cells = places * len(_NAMES) + proba.argmax(axis=1)
    counts: IntArray = np.bincount(cells, minlength=len(_NAMES) ** 2)
    return counts.reshape(len(_NAMES), len(_NAMES))


def _table(horizon: Horizon, model: str) -> Table:
    counts = _counts(horizon.places, horizon.proba[model])
    totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shares = counts / totals
    rows = [
        [
            Value(name, tone="strong"),
            *(
                Value(percent(share), float(share), count(n), shade=float(share))
                for share, n in zip(shares[place], counts[place], strict=True)
            ),
        ]
        for place, name in enumerate(_NAMES)
    ]
    frame = pd.DataFrame(counts, index=_NAMES, columns=_NAMES).rename_axis("true")
    frame = frame.assign(model=model).reset_index()
    place = horizon.models.index(model)
    return Table(
        f"confusion_h{horizon.horizon}_{place:02d}",
        f"{model}, horizon {horizon.horizon}",
        [Column("true", is_text=True), *(Column(name) for name in _NAMES)],
        rows,
        frame,
        is_matrix=True,
    )


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    blocks: list[Block] = []
    for horizon in evidence.horizons:
        tables = [_table(horizon, model) for model in horizon.models]
        if len(evidence.horizons) > 1:
            blocks.append(Details(f"Horizon {horizon.horizon} bars", tables))
        else:
            blocks += [Heading(f"Horizon {horizon.horizon} bars"), *tables]
    return Section("confusion", "Confusion", blocks, _LEAD) if blocks else None
