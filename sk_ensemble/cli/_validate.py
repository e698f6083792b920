"""Check an experiment without fitting anything."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sk_ensemble.cli._arguments import AsJson, Horizons, Overrides
from sk_ensemble.cli._load import load_config
from sk_ensemble.cli._screen import show, show_json, show_line, warning
from sk_ensemble.cli._tables import plain_table
from sk_ensemble.exceptions import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from sk_ensemble.experiments._data_card import DataCard

__all__ = ["validate"]

File = Annotated[
    Path | None,
    typer.Argument(
        metavar="EXPERIMENT.yaml",
        help="The file that describes the experiment.",
        show_default=False,
    ),
]

AsSchema = Annotated[
    bool, typer.Option("--schema", help="Print the JSON schema of such files instead.")
]

#: Rows of a table that are shown; JSON has them all.
_MOST_ROWS = 12

_BARS = "Bars, with the usual step and the longest pause between two of them"
_BAR_HEADINGS = ("symbol", "file", "bars", "first", "last", "step", "pause")
_SAMPLES = "Samples, labels and their shares"
_SAMPLE_HEADINGS = (
    *("horizon", "period", "samples", "labels", "first", "last"),
    *("-1", "0", "1"),
)


def _day(stamp: Any) -> str:
    return "-" if stamp != stamp else f"{stamp:%Y-%m-%d}"


def _span(span: Any) -> str:
    if span != span:
        return "-"
    days = span.total_seconds() / 86400
    return f"{days:.1f} days" if days >= 1 else str(span).removeprefix("0 days ")


def _share(value: float) -> str:
    return "-" if value != value else f"{value:.1%}"


def _symbol_cells(table: pd.DataFrame) -> Iterable[list[str]]:
    for row in table.head(_MOST_ROWS).itertuples():
        yield [
            str(row.symbol),
            str(row.part),
            str(row.n_bars),
            _day(row.first),
            _day(row.last),
            _span(row.step),
            _span(row.longest_pause),
        ]


def _period_cells(table: pd.DataFrame) -> Iterable[list[str]]:
    for row in table.to_dict("records"):
        yield [
            str(row["horizon"]),
            str(row["period"]),
            str(row["n_samples"]),
            str(row["n_labelled"]),
            _day(row["first"]),
            _day(row["last"]),
            *(_share(row[f"share_{label}"]) for label in (-1, 0, 1)),
        ]


def _show_card(card: DataCard) -> None:
    show(plain_table(_BARS, _BAR_HEADINGS, _symbol_cells(card.symbols)))
    if len(card.symbols) > _MOST_ROWS:
        show_line(f"... and {len(card.symbols) - _MOST_ROWS} more rows (see --json)")
    show(plain_table(_SAMPLES, _SAMPLE_HEADINGS, _period_cells(card.periods)))
    for name, count in card.missing.head(_MOST_ROWS).items():
        show_line(f"{name}: {count} bars without a value.")
    for fact in card.facts:
        show_line(fact)
    show_line("All is well: sk-ensemble run would start.")


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows of plain values; times and spans become text."""
    as_text = table.select_dtypes(["datetime", "timedelta"]).columns
    rows = table.astype(dict.fromkeys(as_text, str)).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _as_json(card: DataCard) -> dict[str, Any]:
    return {
        "symbols": _records(card.symbols),
        "periods": _records(card.periods),
        "missing": {str(name): int(n) for name, n in card.missing.items()},
        "facts": card.facts,
        "remarks": card.remarks,
    }


def validate(
    experiment: File = None,
    overrides: Overrides = None,
    horizons: Horizons = None,
    as_schema: AsSchema = False,
    as_json: AsJson = False,
) -> None:
    """Check settings and data; fit nothing.

    Everything that is wrong is listed. If all is well, tables show what the data is
    like: symbols, pauses, periods, labels, and what the embargo costs.
    """
    if as_schema:
        from sk_ensemble.experiments.config import json_schema

        show_json(json_schema())
        return
    if experiment is None:
        msg = "Name the file to check: sk-ensemble validate EXPERIMENT.yaml."
        raise ConfigError(msg)
    from sk_ensemble.experiments._data_card import data_card

    card = data_card(load_config(experiment, overrides, horizons))
    for remark in card.remarks:
        warning(remark)
    if as_json:
        show_json(_as_json(card))
    else:
        _show_card(card)
