from __future__ import annotations

import json

import pandas as pd
import pytest
from command_line import bars_of

from sk_ensemble.experiments.config import json_schema


def change(path, how):
    frame = pd.read_parquet(path)
    how(frame).to_parquet(path)


def test_the_shipped_bars_are_described(call, folder):
    code, out, err = call("validate", "small.yaml")
    assert (code, err) == (0, "")
    assert "IF" in out
    assert "All is well" in out
    tables = out.partition("five-minute bars")[0].splitlines()[:-1]
    assert len(tables) > 10
    assert max(map(len, tables)) <= 80


def test_json_tells_of_symbols_periods_and_embargo(call, folder):
    card = call("validate", "small.yaml", "--json").json()
    train, val, test = card["periods"]
    assert [row["period"] for row in card["periods"]] == ["train", "val", "test"]
    assert "2021-01" in train["first"]
    assert train["last"] < "2021-06" <= val["first"]
    assert val["last"] < "2021-07" <= test["first"]
    shares = [train[f"share_{label}"] for label in (-1, 0, 1)]
    assert sum(shares) == pytest.approx(1)
    assert train["n_labelled"] == train["n_samples"]
    (symbol,) = card["symbols"]
    assert symbol["symbol"] == "IF"
    assert symbol["step"] == "0 days 00:05:00"
    assert any("embargo 60 bars" in fact for fact in card["facts"])


def test_files_are_described_one_by_one(call, files):
    card = call("validate", "mine.yaml", "--json").json()
    symbols = pd.DataFrame(card["symbols"])
    assert symbols["part"].tolist() == ["train", "train", "val", "val", "test", "test"]
    assert symbols["n_bars"].tolist() == [60] * 6
    assert set(symbols["longest_pause"]) == {"1 days 06:05:00"}
    periods = pd.DataFrame(card["periods"])
    labelled = periods.set_index(["horizon", "period"])["n_labelled"]
    # One bar of each symbol is history only, as windows end with the bar before.
    assert labelled.loc[2, "train"] == 2 * (60 - 2 - 1)
    assert labelled.loc[3, "val"] == 2 * (60 - 3 - 1)


def test_shares_are_those_of_the_labels(call, files):
    card = call("validate", "mine.yaml", "--json").json()
    row = next(r for r in card["periods"] if (r["horizon"], r["period"]) == (2, "test"))
    bars = bars_of("2024-03-01")
    scored = bars[bars.groupby("symbol").cumcount() >= 1]["label_h2"].dropna()
    for label in (-1, 0, 1):
        assert row[f"share_{label}"] == pytest.approx((scored == label).mean())


def test_everything_wrong_with_the_files_is_listed_at_once(call, files):
    change(files / "train.parquet", lambda bars: pd.concat([bars, bars.iloc[:1]]))
    change(files / "val.parquet", lambda bars: bars.drop(columns="volatility"))
    change(files / "test.parquet", lambda bars: bars.assign(label_h3=1.0, label_h2=7))
    code, out, err = call("validate", "mine.yaml")
    assert (code, out) == (2, "")
    assert "faults in the data" in err.splitlines()[0]
    for word in ("duplicate (symbol, time)", "'volatility'", "label_h2"):
        assert word in err
    lines = err.splitlines()
    assert len(set(lines)) == len(lines)
    assert all(line.startswith("  ") for line in lines[1:])


def test_labels_that_reach_into_the_next_file_are_found(call, files):
    change(files / "train.parquet", lambda bars: bars.assign(label_h3=1.0))
    code, _, err = call("validate", "mine.yaml")
    assert code == 2
    assert "may reach into val" in err
    assert call("validate", "mine.yaml", "--horizon", 2).code == 0


def test_files_that_overlap_in_time_are_found(call, files):
    bars_of("2024-01-01").to_parquet(files / "val.parquet")
    code, _, err = call("validate", "mine.yaml")
    assert code == 2
    assert "overlap in time" in err


def test_faults_of_the_configuration_come_first_and_all_at_once(call, files):
    settings = ["--set", "cv.n_splts=3", "--set", "random_seed=-1"]
    code, _, err = call("validate", "mine.yaml", *settings)
    assert code == 2
    assert "cv.n_splts" in err
    assert "random_seed" in err


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("cv.embargo_size=100000", "embargo"),
        ('data.val_end="2021-06-01"', "No validation period is left"),
        ('data.train_end="2021-01-05"', "No training sample is left"),
    ],
)
def test_periods_and_folds_that_are_left_empty_are_found(
    call, folder, setting, message
):
    change = ["--set", setting, "--set", "cv.n_splits=2"]
    code, out, err = call("validate", "small.yaml", *change)
    assert (code, out) == (2, "")
    assert message in err


def test_missing_values_are_counted_and_models_that_refuse_them_named(call, files):
    def hide(bars):
        return bars.assign(volatility=bars["volatility"].where(bars.index != 3))

    change(files / "train.parquet", hide)
    outcome = call("validate", "mine.yaml", "--json")
    assert outcome.code == 0
    assert outcome.json()["missing"] == {"volatility": 1}
    assert "warning: volatility, logistic cannot take missing values" in outcome.err
    assert "volatility: 1 bars without a value." in call("validate", "mine.yaml").out


@pytest.mark.parametrize(("horizon", "n_days"), [(40, 0), (5, 1)])
def test_a_period_too_short_to_be_scored_is_a_fault_before_any_fit(
    call, folder, horizon, n_days
):
    # It has the last hours of one session, and no label reaches into the next.
    change = ["--set", 'data.val_end="2021-06-02"', "--horizon", horizon]
    message = f"val period has labels of horizon {horizon} on {n_days} day(s)"
    for command in ("validate", "run"):
        code, out, err = call(command, "small.yaml", *change)
        assert (code, out) == (2, "")
        assert message in err
        assert "fits" not in err


def test_a_label_that_hardly_occurs_is_a_warning(call, files):
    def flatten(bars):
        return bars.assign(label_h2=bars["label_h2"].where(bars["label_h2"].isna(), 0))

    change(files / "val.parquet", flatten)
    _, _, err = call("validate", "mine.yaml")
    assert "less than 1% of the val period" in err
    assert "of the test period" not in err


def test_notices_on_the_configuration_are_passed_on(call, folder):
    change = ["--set", "cv.n_blocks=4"]
    assert "note: cv.n_blocks" in call("validate", "small.yaml", *change).err


def test_the_schema_is_json_and_needs_no_file(call):
    code, out, _ = call("validate", "--schema")
    assert code == 0
    assert json.loads(out) == json_schema()
    assert set(json.loads(out)["properties"]) >= {"horizons", "models", "data", "cv"}


def test_a_file_is_needed_otherwise(call):
    code, _, err = call("validate")
    assert code == 2
    assert "sk-ensemble validate EXPERIMENT.yaml" in err


def test_nothing_is_written(call, folder):
    call("validate", "small.yaml")
    assert [path.name for path in folder.iterdir()] == ["small.yaml"]
