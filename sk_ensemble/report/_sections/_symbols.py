"""How the models do on each symbol."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sk_ensemble.report._blocks import Block, Column, Heading, Section, Table, Value
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._format import number
from sk_ensemble.report._horizon import Horizon
from sk_ensemble.report._scores import Scores
from sk_ensemble.report._sections._leaderboard import interval_value

__all__ = ["make"]

_LEAD = (
    "The same models on the bars of one symbol at a time. With fewer bars the "
    "intervals are wider, and among many symbols some look good by luck."
)

#: Symbols that are scored and shown, those with most bars.
_SHOWN = 12


def _symbols(horizon: Horizon) -> list[str]:
    """Return the symbols with the most rows, in the order of their names."""
    names, counts = np.unique(horizon.symbols.astype(str), return_counts=True)
    largest = np.argsort(-counts, kind="stable")[:_SHOWN]
    return sorted(names[largest].tolist())


def _sharpe(horizon: Horizon, model: str, symbol: str) -> float:
    by_symbol = horizon.backtests[model].by_symbol
    names = by_symbol.index.map(str)
    found = by_symbol["sharpe"].to_numpy()[names == symbol]
    return float(found[0]) if len(found) else float("nan")


def _row(horizon: Horizon, symbol: str, model: str, scores: Scores) -> list[Value]:
    values = [
        Value(model),
        Value(symbol),
        interval_value(scores.log_loss, 4),
        interval_value(scores.direction_gain, 1, 1000, null=0.0),
        interval_value(scores.direction_auc, 3, null=0.5),
        interval_value(scores.brier_score, 4),
    ]
    if horizon.backtests:
        sharpe = _sharpe(horizon, model, symbol)
        values.append(Value(number(sharpe), sharpe))
    return values


def _record(
    horizon: Horizon, symbol: str, model: str, scores: Scores
) -> dict[str, object]:
    record: dict[str, object] = {"model": model, "symbol": symbol}
    for name in ("log_loss", "direction_gain", "direction_auc", "brier_score"):
        value = getattr(scores, name)
        record |= {name: value.estimate, f"{name}_low": value.low}
        record[f"{name}_high"] = value.high
    if horizon.backtests:
        record["sharpe"] = _sharpe(horizon, model, symbol)
    return record


def _table(horizon: Horizon) -> Table:
    rows, records = [], []
    for symbol in _symbols(horizon):
        scored = horizon.scores_on(horizon.symbols == symbol)
        for model, scores in scored.items():
            rows.append(_row(horizon, symbol, model, scores))
            records.append(_record(horizon, symbol, model, scores))
    columns = [
        Column("Model", is_text=True),
        Column("Symbol", is_text=True),
        Column("Log loss", "nats per bar"),
        Column(
            "Direction gain", "on a coin toss between up and down, 1e-3 nats per bar"
        ),
        Column("Direction AUC", "0.5 means no skill"),
        Column("Brier"),
        *(
            [Column("Sharpe", "after costs, of this symbol")]
            if horizon.backtests
            else []
        ),
    ]
    n_symbols = len(set(horizon.symbols))
    most = f", the {_SHOWN} with most bars of {n_symbols}" if n_symbols > _SHOWN else ""
    caption = f"Scores by symbol at horizon {horizon.horizon}{most}."
    key = f"symbols_h{horizon.horizon}"
    return Table(key, caption, columns, rows, pd.DataFrame(records))


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    blocks: list[Block] = []
    for horizon in evidence.horizons:
        blocks += [Heading(f"Horizon {horizon.horizon} bars"), _table(horizon)]
    return Section("symbols", "By symbol", blocks, _LEAD) if blocks else None
