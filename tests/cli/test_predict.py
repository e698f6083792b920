"""Predicting from file to file, and serving, from the command line."""

from __future__ import annotations

import pandas as pd
import pytest

from families import make_frame, make_labels, quick
from sk_ensemble import Panel, save_model
from sk_ensemble.production import predict

FRAME = make_frame(0, 60)
HOW = ("--data", "new.parquet", "--out", "out.parquet")


@pytest.fixture
def model(folder):
    X, y = Panel.from_frame(FRAME).align(make_labels(FRAME))
    fitted = quick("volatility").fit(X, y)
    save_model(fitted, folder / "m", {"horizon": 3})
    FRAME.to_parquet(folder / "new.parquet")
    return fitted


def test_a_saved_model_predicts_a_file(call, folder, model):
    code, out, _ = call("predict", "--model", "m", *HOW, "--chunk-size", 7)
    assert code == 0
    assert out == f"{len(FRAME)} predictions: out.parquet\n"
    wanted = predict(model, FRAME, horizon=3).to_dataframe()
    found = pd.read_parquet("out.parquet")
    pd.testing.assert_frame_equal(found, wanted, check_exact=True, check_dtype=False)
    document = call("predict", "--model", "m", *HOW, "--json").json()
    assert document["predictions"] == len(FRAME)


def test_history_and_settings_reach_the_model(call, folder, model):
    # Each symbol has fewer bars than that in one file, and more in both.
    FRAME.assign(datetime=FRAME["datetime"] - pd.Timedelta("9D")).to_parquet("old")
    how = ("--history", "old", "--min-history", 70, "--quiet")
    command = ("predict", "--model", "m", *HOW, *how)
    assert not call(*command).out.startswith("0 ")
    assert call(*command, "--max-gap", "1D").out.startswith("0 ")


def test_what_cannot_be_predicted_is_said(call, folder, model):
    FRAME.drop(columns="close").to_parquet("new.parquet")
    code, out, err = call("predict", "--model", "m", *HOW)
    assert (code, out) == (2, "")
    assert "new.parquet: Features missing: 'close'" in err
    assert not (folder / "out.parquet").exists()
    for name in ("nothing", "no/thing"):
        code, _, err = call("predict", "--model", name, *HOW)
        assert code == 2
        assert name in err


def test_a_run_and_what_is_live_predict(call, finished):
    from sk_ensemble.datasets import load_bars
    from sk_ensemble.preprocessing import bar_features

    bar_features(load_bars(["IF"], start="2021-09")).to_parquet("new.parquet")
    (run,) = (finished / "experiments" / "runs").glob("volatility_h5_*")
    assert call("predict", "--model", run, *HOW).code == 0
    found = pd.read_parquet("out.parquet")
    assert set(found["horizon"]) == {5}
    gates = ("score", "calibration", "leakage", "latency")
    anyway = [word for gate in gates for word in ("--override", gate)]
    call("promote", "volatility_h5", *anyway, "--reason", "a test")
    (finished / "out.parquet").unlink()
    for how in ((), ("--version", 1)):
        assert call("predict", "--model", "volatility_h5", *HOW, *how).code == 0
        live = pd.read_parquet("out.parquet")
        pd.testing.assert_frame_equal(live, found, check_exact=True)


def test_a_model_is_written_for_mlflow(call, folder, model):
    code, out, _ = call("serve", "--model", "m", "--save", "served")
    assert (code, out) == (0, "Written for MLflow: served\n")
    assert (folder / "served" / "MLmodel").exists()
    code, _, err = call("serve", "--model", "m", "--save", "served")
    assert code != 0
    assert "exists already" in err
