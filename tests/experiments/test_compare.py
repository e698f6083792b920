from __future__ import annotations

import io
import json
from dataclasses import replace

import pandas as pd
import pytest
from rich.console import Console

from sk_ensemble.experiments import ComparisonConfig, compare, terminal_tables
from sk_ensemble.experiments._leaderboard import leaderboard, verdict
from sk_ensemble.metrics import log_loss


def test_every_model_has_a_row(comparison) -> None:
    assert set(comparison.leaderboard["model"]) == {"prior", "clock", "logistic"}


def test_files_hold_what_the_leaderboard_says(comparison) -> None:
    row = comparison.leaderboard.set_index("model").loc["logistic"]
    cell = comparison.run_dir / "logistic_h5"
    test = pd.read_parquet(cell / "predictions" / "test_predictions.parquet").dropna()
    proba = test[["p_-1", "p_0", "p_1"]]
    assert log_loss(test["y"].astype(int), proba.to_numpy()) == row.log_loss
    oof = pd.read_parquet(cell / "predictions" / "oof_predictions.parquet")
    assert list(oof.columns[:6]) == [
        "symbol",
        "datetime",
        "fold",
        "y",
        "label_end",
        "forward_return",
    ]
    assert set(oof["fold"]) == {0, 1, 2}
    metrics = json.loads((cell / "metrics" / "metrics.json").read_text())
    assert metrics["test"]["log_loss"] == row.log_loss
    assert len(metrics["oof"]["fold_log_loss"]) == 3
    assert "seconds" not in metrics
    csv = pd.read_csv(comparison.run_dir / "leaderboard.csv")
    assert csv["log_loss"].tolist() == comparison.leaderboard["log_loss"].tolist()
    assert (comparison.run_dir / "leaderboard.png").read_bytes()[1:4] == b"PNG"


def test_symmetric_models_show_no_direction(comparison) -> None:
    rows = comparison.leaderboard.set_index("model")
    assert abs(rows.loc["prior", "direction_gain"]) < 1e-3


def test_results_do_not_depend_on_the_number_of_workers(
    small_config: ComparisonConfig, comparison
) -> None:
    other = compare(replace(small_config, n_jobs=2))
    timings = ["fit_seconds", "predict_seconds"]
    pd.testing.assert_frame_equal(
        comparison.leaderboard.drop(columns=timings),
        other.leaderboard.drop(columns=timings),
        check_exact=True,
    )


def test_facts_name_the_embargo_in_days(comparison) -> None:
    assert any("trading days of IF" in fact for fact in comparison.facts)


def test_a_costly_embargo_is_warned_of(small_config: ComparisonConfig) -> None:
    config = replace(small_config, embargo_size=700, models=("prior",))
    with pytest.warns(UserWarning, match="embargo of 700 bars takes up to"):
        compare(config)


def test_verdict_needs_the_whole_interval(comparison) -> None:
    row = next(comparison.leaderboard.itertuples())
    low_high = {(0.1, 0.2): "shown", (-0.1, 0.2): "not shown"}
    low_high[(-0.2, -0.1)] = "negative"
    for (low, high), said in low_high.items():
        changed = row._replace(direction_gain_low=low, direction_gain_high=high)
        assert verdict(changed) == said


def test_leaderboard_and_tables_have_one_row_per_cell(comparison) -> None:
    table = leaderboard(comparison.cells)
    assert len(table) == len(comparison.cells)
    shown = terminal_tables(table)
    assert [part.row_count for part in shown] == [len(table)] * 2


def test_tables_fit_into_a_narrow_terminal(comparison) -> None:
    wide = comparison.leaderboard.assign(
        model="sklearn_stack",
        direction_gain=-0.00999,
        direction_gain_low=-0.02,
        direction_gain_high=-0.001,
    )
    console = Console(width=80, record=True, file=io.StringIO())
    for table in terminal_tables(wide):
        console.print(table)
    assert "…" not in console.export_text()


def test_ensembles_are_scored_on_the_test_period_only(
    small_config: ComparisonConfig,
) -> None:
    models = ("logistic", "hist_gradient_boosting")
    params = {"hist_gradient_boosting": {"max_iter": 10}}
    config = replace(small_config, models=models, model_params=params)
    found = compare(config)
    assert {"soft_vote", "stack"} <= set(found.leaderboard["model"])
    for cell in found.cells:
        is_ensemble = cell.model in {"soft_vote", "stack", "sklearn_stack"}
        assert ("oof" in cell.metrics) != is_ensemble
