"""How the models do on each symbol."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.experiments._labels import LABELS
from sk_ensemble.report._blocks import Block, Column, Heading, Section, Table, Value
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._format import number
from sk_ensemble.report._horizon import Horizon
from sk_ensemble.report._scores import Scores, direction_scores
from sk_ensemble.report._sections._leaderboard import interval_value

__all__ = ["make"]

_LEAD = (
    "The same models on the bars of one symbol at a time. With fewer bars the "
    "intervals are wider, and among many symbols some look good by luck."
)

#: Symbols that are shown, with intervals: those with most bars.
_SHOWN = 12

_NAMES = ("log_loss", "direction_gain", "direction_auc", "brier_score")
_DOWN, _, _UP = range(len(LABELS))


def _largest(horizon: Horizon) -> set[str]:
    """Return the symbols with the most rows, those that are shown."""
    names, counts = np.unique(horizon.symbols.astype(str), return_counts=True)
    largest = np.argsort(-counts, kind="stable")[:_SHOWN]
    return set(names[largest].tolist())


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
    for name in _NAMES:
        value = getattr(scores, name)
        record |= {name: value.estimate, f"{name}_low": value.low}
        record[f"{name}_high"] = value.high
    if horizon.backtests:
        record["sharpe"] = _sharpe(horizon, model, symbol)
    return record


def _auc(places: IntArray, scores: FloatArray) -> float:
    """Return the direction AUC of some rows: how often an up ranks above a down."""
    up, down = places == _UP, places == _DOWN
    n_up, n_down = int(up.sum()), int(down.sum())
    if not n_up or not n_down:
        return float("nan")
    ranks = rankdata(scores[up | down])[up[up | down]]
    return float((ranks.sum() - n_up * (n_up + 1) / 2) / (n_up * n_down))


def _small_records(horizon: Horizon, shown: set[str]) -> Iterator[dict[str, object]]:
    """Yield the figures of the symbols that are not shown, without intervals.

    Resamples would take half a second for each of them.
    """
    names, codes = np.unique(horizon.symbols.astype(str), return_inverse=True)
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    for model, proba in horizon.proba.items():
        losses, ranks = horizon.losses[model], direction_scores(proba)
        for name, rows in zip(names.tolist(), parts, strict=True):
            if name in shown:
                continue
            record: dict[str, object] = {"model": model, "symbol": name}
            for figure in _NAMES:
                record[figure] = (
                    _auc(horizon.places[rows], ranks[rows])
                    if figure == "direction_auc"
                    else float(losses[figure].to_numpy()[rows].mean())
                )
            if horizon.backtests:
                record["sharpe"] = _sharpe(horizon, model, name)
            yield record


def _table(horizon: Horizon) -> Table:
    rows, records = [], []
    shown = _largest(horizon)
    for symbol in sorted(shown):
        scored = horizon.scores_on(horizon.symbols == symbol)
        for model, scores in scored.items():
            rows.append(_row(horizon, symbol, model, scores))
            records.append(_record(horizon, symbol, model, scores))
    records += _small_records(horizon, shown)
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
    caption = f"Scores by symbol at horizon {horizon.horizon}"
    if n_symbols > _SHOWN:
        caption += (
            f", the {_SHOWN} with most bars of {n_symbols}; the CSV file has all, the "
            "others without intervals"
        )
    key = f"symbols_h{horizon.horizon}"
    return Table(key, f"{caption}.", columns, rows, pd.DataFrame(records))


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    blocks: list[Block] = []
    for horizon in evidence.horizons:
        blocks += [Heading(f"Horizon {horizon.horizon} bars"), _table(horizon)]
    return Section("symbols", "By symbol", blocks, _LEAD) if blocks else None
