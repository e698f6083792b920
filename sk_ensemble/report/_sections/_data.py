"""What the data are like."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pandas as pd

from sk_ensemble.experiments._data_card import DataCard, card_of
from sk_ensemble.experiments._labels import LABELS
from sk_ensemble.report._blocks import Block, Column, Section, Table, Text, Value
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._format import count, percent

__all__ = ["make"]

_LEAD = (
    "Bars of each symbol, with their gaps, and the share of each label in each period."
)

_PARTS = {"oof": "train, out of fold", "val": "val", "test": "test"}
_SHARES = {
    f"share_{label}": name
    for label, name in zip(LABELS, ("Down", "Neutral", "Up"), strict=True)
}
_MINUTE = "%Y-%m-%d %H:%M"


def _time(value: Any) -> Value:
    return Value("–" if pd.isna(value) else f"{value:{_MINUTE}}", _sortable(value))


def _sortable(value: Any) -> float | None:
    """Return what a time is sorted by."""
    return None if pd.isna(value) else float(pd.Timestamp(value).value)


def _duration(value: Any) -> Value:
    if pd.isna(value):
        return Value("–")
    delta = pd.Timedelta(value)
    text = f"{delta.days} d " if delta.days else ""
    minutes = delta.seconds // 60
    text += (
        f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    )
    return Value(text, delta.total_seconds())


def _symbols(card: DataCard) -> Table:
    columns = [
        Column("Symbol", is_text=True),
        Column("Part", is_text=True),
        Column("Bars"),
        Column("First", "UTC"),
        Column("Last", "UTC"),
        Column("Usual step"),
        Column("Longest gap"),
    ]
    rows = [
        [
            Value(str(row["symbol"])),
            Value(str(row["part"])),
            Value(count(row["n_bars"]), float(row["n_bars"])),
            _time(row["first"]),
            _time(row["last"]),
            _duration(row["step"]),
            _duration(row["longest_pause"]),
        ]
        for row in card.symbols.to_dict("records")
    ]
    return Table("symbols", "Bars by symbol.", columns, rows, card.symbols)


def _period_table(frame: pd.DataFrame) -> Table:
    columns = [
        Column("Period", is_text=True),
        Column("Horizon", "bars"),
        Column("Samples"),
        Column("Labelled"),
        *(Column(name, "share of the labels") for name in _SHARES.values()),
        Column("First", "UTC"),
        Column("Last", "UTC"),
    ]
    rows = [
        [
            Value(str(row["period"])),
            Value(str(row["horizon"]), float(row["horizon"])),
            Value(count(row["n_samples"]), float(row["n_samples"])),
            Value(count(row["n_labelled"]), float(row["n_labelled"])),
            *(Value(percent(row[name], 1), float(row[name])) for name in _SHARES),
            _time(row["first"]),
            _time(row["last"]),
        ]
        for _, row in frame.iterrows()
    ]
    return Table("periods", "Samples and label shares by period.", columns, rows, frame)


def _stored_periods(evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Yield what predictions tell of the periods, where the data are gone."""
    for horizon in evidence.horizons:
        cell = horizon.cells[horizon.models[0]]
        for part, name in _PARTS.items():
            frame = cell.predictions.get(part)
            if frame is None:
                continue
            times = frame.index.get_level_values("datetime")
            known = frame["y"].dropna()
            yield {
                "horizon": horizon.horizon,
                "period": name,
                "n_samples": len(frame),
                "n_labelled": len(known),
                "first": times.min(),
                "last": times.max(),
                **{
                    f"share_{label}": float((known == label).mean()) for label in LABELS
                },
            }


def _card(evidence: Evidence) -> DataCard | None:
    experiment = evidence.experiment
    if experiment.config is None or experiment.source is None:
        return None
    if not experiment.samples:
        return None
    with warnings.catch_warnings():
        # A costly embargo was warned of when the experiment ran.
        warnings.simplefilter("ignore", UserWarning)
        return card_of(experiment.config, experiment.source, experiment.samples)


def _missing(card: DataCard) -> Iterator[Block]:
    if len(card.missing):
        frame = card.missing.rename("n_bars").rename_axis("feature").reset_index()
        rows = [
            [Value(str(name)), Value(count(n), float(n))]
            for name, n in card.missing.items()
        ]
        columns = [Column("Feature", is_text=True), Column("Bars without a value")]
        yield Table("missing", "Missing values.", columns, rows, frame)


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    card = _card(evidence)
    if card is None:
        periods = list(_stored_periods(evidence))
        if not periods:
            return None
        return Section("data", "Data", [_period_table(pd.DataFrame(periods))], _LEAD)
    blocks: list[Block] = [_symbols(card), _period_table(card.periods), *_missing(card)]
    blocks += [Text(text, "muted") for text in (*card.facts, *card.remarks)]
    return Section("data", "Data", blocks, _LEAD)
