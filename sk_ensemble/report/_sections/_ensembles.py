"""What the ensembles are made of, and how alike their members are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble.report._blocks import Block, Column, Heading, Section, Table, Value
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._format import number
from sk_ensemble.report._horizon import Horizon
from sk_ensemble.report._scores import direction_scores

__all__ = ["make"]

_LEAD = (
    "Weights were chosen by out-of-fold predictions of the training samples, never "
    "by validation or test. Of a stack they are what its final estimator gives to a "
    "member, and may be negative. Members that are wrong in the same places add "
    "little: the correlation is that of their direction scores p(up) / (p(up) + "
    "p(down)) over the test bars, and of their losses."
)


def _weights(horizon: Horizon) -> dict[str, Mapping[str, Any]]:
    """Return the weights of each ensemble that tells them."""
    return {
        model: cell.details["weights"]
        for model, cell in horizon.cells.items()
        if cell.details.get("weights")
    }


def _weight_table(horizon: Horizon, weights: Mapping[str, Mapping[str, Any]]) -> Table:
    members = list(dict.fromkeys(name for w in weights.values() for name in w))
    frame = pd.DataFrame(
        {ensemble: pd.Series(dict(w), dtype=float) for ensemble, w in weights.items()},
        index=members,
    )
    most = float(np.nanmax(np.abs(frame.to_numpy()))) or 1.0
    rows = [
        [
            Value(member),
            *(
                Value("–", tone="muted")
                if np.isnan(weight)
                else Value(number(weight, 3), float(weight), shade=float(weight) / most)
                for weight in weights_
            ),
        ]
        for member, weights_ in zip(members, frame.to_numpy(), strict=True)
    ]
    return Table(
        f"weights_h{horizon.horizon}",
        f"Weight of each member, horizon {horizon.horizon}.",
        [Column("Member", is_text=True), *(Column(name) for name in weights)],
        rows,
        frame.rename_axis("member").reset_index(),
    )


def _correlations(series: Mapping[str, Any]) -> pd.DataFrame:
    """Return correlations; NaN where a series does not vary."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return pd.DataFrame(series).corr()


def _matrix(key: str, caption: str, frame: pd.DataFrame) -> Table:
    rows = [
        [
            Value(str(name)),
            *(
                Value(
                    number(value, 2),
                    float(value),
                    shade=0.0 if np.isnan(value) else float(value),
                )
                for value in values
            ),
        ]
        for name, values in zip(frame.index, frame.to_numpy(), strict=True)
    ]
    return Table(
        key,
        caption,
        [Column("", is_text=True), *(Column(str(name)) for name in frame.columns)],
        rows,
        frame.rename_axis("model").reset_index(),
        is_matrix=True,
    )


def _members(evidence: Evidence, horizon: Horizon) -> list[str]:
    """Return the models that are neither baselines nor ensembles."""
    styles = evidence.styles
    return [
        model
        for model in horizon.models
        if not styles.is_baseline(model) and not styles.is_ensemble(model)
    ]


def _blocks(evidence: Evidence, horizon: Horizon) -> list[Block]:
    blocks: list[Block] = []
    weights = _weights(horizon)
    if weights:
        blocks.append(_weight_table(horizon, weights))
    members = _members(evidence, horizon)
    if len(members) > 1:
        directions = {m: direction_scores(horizon.proba[m]) for m in members}
        losses = {m: horizon.log_loss(m) for m in members}
        at = f"horizon {horizon.horizon}"
        blocks += [
            _matrix(
                f"direction_correlation_h{horizon.horizon}",
                f"Correlation of direction scores, {at}.",
                _correlations(directions),
            ),
            _matrix(
                f"loss_correlation_h{horizon.horizon}",
                f"Correlation of losses, {at}.",
                _correlations(losses),
            ),
        ]
    return blocks


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    blocks: list[Block] = []
    for horizon in evidence.horizons:
        found = _blocks(evidence, horizon)
        if found:
            blocks += [Heading(f"Horizon {horizon.horizon} bars"), *found]
    return Section("ensembles", "Ensembles", blocks, _LEAD) if blocks else None
