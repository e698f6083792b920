from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from sk_ensemble.experiments import ExperimentResult, terminal_tables
from sk_ensemble.experiments._leaderboard import draw, leaderboard, verdict


def shown(table: pd.DataFrame) -> str:
    console = Console(width=80, record=True, file=io.StringIO())
    for part in terminal_tables(table):
        console.print(part)
    return console.export_text()


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.1, 0.2, "shown"), (-0.1, 0.2, "not shown"), (-0.2, -0.1, "negative")],
)
def test_verdict_needs_the_whole_interval(
    small_result: ExperimentResult, low: float, high: float, said: str
) -> None:
    row = next(small_result.leaderboard.itertuples())
    changed = row._replace(direction_gain_low=low, direction_gain_high=high)
    assert verdict(changed) == said


def test_rows_do_not_depend_on_the_order_of_cells(
    small_result: ExperimentResult,
) -> None:
    table = leaderboard(small_result.cells[::-1])
    pd.testing.assert_frame_equal(table, small_result.leaderboard)


def test_tables_fit_into_a_narrow_terminal(small_result: ExperimentResult) -> None:
    wide = small_result.leaderboard.assign(
        model="hist_gradient_boosting",
        direction_gain=-0.00999,
        direction_gain_low=-0.02,
        direction_gain_high=-0.001,
    )
    text = shown(wide)
    assert "…" not in text
    assert "hist_gradient_boos" in text
    assert "ting" in text


def test_fits_that_hit_the_time_limit_are_marked(
    small_result: ExperimentResult,
) -> None:
    cells = [
        replace(cell, training={"fits_at_time_limit": 2 * (cell.model == "logistic")})
        for cell in small_result.cells
    ]
    text = shown(leaderboard(cells))
    assert "logistic*" in text
    assert "prior*" not in text


def test_without_prices_there_is_nothing_to_trade(
    small_result: ExperimentResult,
) -> None:
    cells = [
        replace(
            cell,
            metrics={
                part: {k: v for k, v in figures.items() if "sharpe" not in k}
                for part, figures in cell.metrics.items()
            },
        )
        for cell in small_result.cells
    ]
    table = leaderboard(cells)
    assert table["sharpe"].isna().all()
    assert draw(table, "no prices")[1:4] == b"PNG"


def test_an_empty_leaderboard_has_its_columns() -> None:
    assert {"model", "log_loss", "sharpe"} <= set(leaderboard([]).columns)
    assert terminal_tables(leaderboard([])) == []


def test_the_picture_is_the_same_for_the_same_table(
    small_result: ExperimentResult,
) -> None:
    table = small_result.leaderboard
    assert draw(table, "title") == draw(table, "title")
    changed = table.assign(log_loss=table["log_loss"] + np.arange(len(table)))
    assert draw(changed, "title") != draw(table, "title")
