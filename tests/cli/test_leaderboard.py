from __future__ import annotations

import io
import json

import pandas as pd
import pytest
from command_line import result_of


def stored(folder):
    return pd.read_csv(result_of(folder) / "leaderboard.csv")


def test_it_is_the_table_that_the_run_wrote(call, finished):
    code, out, _ = call("leaderboard", "--csv")
    assert code == 0
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(out)), stored(finished))


def test_json_has_the_same_rows(call, finished):
    rows = pd.DataFrame(call("leaderboard", "small", "--json").json())
    expected = stored(finished)
    pd.testing.assert_frame_equal(
        rows[expected.columns].astype(expected.dtypes), expected
    )


def test_tables_are_shown_with_how_to_read_them(call, finished):
    code, out, err = call("leaderboard")
    assert code == 0
    assert out.index("prior") < out.index("volatility")
    assert "Direction gain is" in err
    assert "finished at" in err


@pytest.mark.parametrize(
    ("column", "first"), [("log_loss", "min"), ("direction_gain", "max")]
)
def test_the_best_row_by_a_column_comes_first(call, finished, column, first):
    rows = call("leaderboard", "--sort", column, "--json").json()
    values = [row[column] for row in rows]
    assert values[0] == {"min": min, "max": max}[first](values)


def test_rows_that_have_no_figure_come_last(call, finished):
    path = next(finished.glob("experiments/runs/volatility*/metrics/metrics.json"))
    metrics = json.loads(path.read_text())
    metrics["test"]["sharpe"] = 0.5
    path.write_text(json.dumps(metrics))
    rows = call("leaderboard", "--sort", "sharpe", "--json").json()
    assert [row["sharpe"] for row in rows] == [0.5, None]


def test_an_unknown_column_or_horizon_is_refused_with_those_there_are(call, finished):
    code, _, err = call("leaderboard", "--sort", "luck")
    assert code == 2
    assert "direction_auc" in err
    code, _, err = call("leaderboard", "--horizon", 7)
    assert code == 2
    assert "[5]" in err
    assert call("leaderboard", "--horizon", 5).code == 0


def test_one_format_at_a_time(call, finished):
    assert call("leaderboard", "--csv", "--json").code == 2


def test_finished_cells_of_an_unfinished_run_are_shown(call, finished):
    path = result_of(finished) / "cells.json"
    cells = json.loads(path.read_text())
    del cells["prior_h5"]
    path.write_text(json.dumps(cells))
    rows = call("leaderboard", "--json").json()
    assert [row["model"] for row in rows] == ["volatility"]
