from __future__ import annotations

import numpy as np
import pytest
from sklearn.pipeline import Pipeline
from small_experiments import make_config, write_splits

from sk_ensemble import load_model
from sk_ensemble.exceptions import ConfigError, DataError
from sk_ensemble.experiments import (
    ExperimentConfig,
    ExperimentResult,
    PredictionOutput,
    Trainer,
)


@pytest.fixture
def trainer(small_config: ExperimentConfig) -> Trainer:
    return Trainer(small_config, "logistic")


def test_the_steps_lead_where_the_matrix_leads(
    trainer: Trainer, small_result: ExperimentResult
) -> None:
    (cell,) = (cell for cell in small_result.cells if cell.model == "logistic")
    report = trainer.run_full_pipeline()
    assert set(report) == {"training", "evaluation"}
    # Equal to the last bit, scores that there are none of included.
    expected = {name: dict(scores) for name, scores in cell.metrics.items()}
    np.testing.assert_equal(report["evaluation"], expected)
    output = report["training"]["outputs"]["test"]
    table = cell.predictions["test"][["p_-1", "p_0", "p_1"]].to_numpy()
    np.testing.assert_array_equal(output.probabilities, table)
    run_dir = report["training"]["run_dir"]
    assert isinstance(load_model(run_dir / "checkpoints" / "model"), Pipeline)


def test_evaluate_scores_rows_with_a_label(
    trainer: Trainer, small_result: ExperimentResult
) -> None:
    (cell,) = (cell for cell in small_result.cells if cell.model == "logistic")
    frame = cell.predictions["test"]
    output = trainer.train()["outputs"]["test"]
    y = frame["y"].astype(float).to_numpy(na_value=np.nan)
    figures = trainer.evaluate(output, y)
    assert np.isnan(y).any()
    for name in ("log_loss", "direction_gain_low", "mcc"):
        assert figures[name] == cell.metrics["test"][name]


def test_evaluate_refuses_another_length(trainer: Trainer) -> None:
    output = PredictionOutput.from_proba(
        [[1.0, 0, 0]],
        timestamps=np.array(["2024-01-02"], "M8[ns]"),
        symbols=["IF"],
        horizon=5,
    )
    with pytest.raises(DataError, match=r"1 predictions cannot be scored"):
        trainer.evaluate(output, [1, 0])


def test_what_is_meant_must_be_said(small_config: ExperimentConfig) -> None:
    with pytest.raises(ConfigError, match="say which: model='prior'"):
        Trainer(small_config)
    with pytest.raises(ConfigError, match="no model 'xgbost'"):
        Trainer(small_config, "xgbost")
    two = small_config.model_copy(update={"horizons": (5, 20)})
    with pytest.raises(ConfigError, match=r"horizons \(5, 20\)"):
        Trainer(two, "prior")


def test_a_fit_that_fails_is_named(tmp_path) -> None:
    paths = write_splits(tmp_path, n_bars=60)
    cv = {"splitter": "walk_forward", "n_splits": 50, "purged_size": 5}
    trainer = Trainer(
        make_config(tmp_path / "out", data=paths, cv=cv, models=["logistic"])
    )
    with pytest.raises((DataError, ValueError), match="fold"):
        trainer.train()
