from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from small_experiments import MODELS, lasting_files, make_config, run_dirs, write_splits

from sk_ensemble import Windows, load_model, register
from sk_ensemble.exceptions import ConfigError, ResumeError
from sk_ensemble.experiments import (
    ExperimentConfig,
    ExperimentResult,
    PredictionOutput,
    load_experiment,
    run_experiment,
)
from sk_ensemble.experiments import _executor as module
from sk_ensemble.experiments._sources import make_source
from sk_ensemble.metrics import log_loss

PROBA = ["p_-1", "p_0", "p_1"]


@pytest.fixture(scope="session")
def folders(small_result: ExperimentResult) -> dict[str, Path]:
    return run_dirs(small_result.path.parents[1])


def refuse(name: str) -> None:
    raise AssertionError(name)


def test_every_model_and_ensemble_has_a_row(small_result: ExperimentResult) -> None:
    assert set(small_result.leaderboard["model"]) == {*MODELS, "soft_vote", "stack"}
    assert small_result.failures == {}
    losses = small_result.leaderboard["log_loss"]
    assert losses.is_monotonic_increasing


def test_a_run_directory_holds_all_there_is(folders: dict[str, Path]) -> None:
    found = {
        path.relative_to(folders["hist_gradient_boosting_h5"]).as_posix()
        for path in folders["hist_gradient_boosting_h5"].rglob("*")
        if path.is_file()
    }
    assert {
        "config.yaml",
        "environment.json",
        "metrics/metrics.json",
        "metrics/seconds.json",
        "predictions/oof_predictions.parquet",
        "predictions/val_predictions.parquet",
        "predictions/test_predictions.parquet",
        "plots/confusion_matrix.png",
        "plots/calibration.png",
        "checkpoints/model/MANIFEST.json",
    } <= found


def test_files_hold_what_the_leaderboard_says(
    small_result: ExperimentResult, folders: dict[str, Path]
) -> None:
    for row in small_result.leaderboard.itertuples():
        folder = folders[f"{row.model}_h5"]
        text = (folder / "metrics" / "metrics.json").read_text()
        metrics = json.loads(text, parse_constant=refuse)
        assert set(metrics) == {"oof", "val", "test"}
        for part, said in (("val", row.val_log_loss), ("test", row.log_loss)):
            table = pd.read_parquet(
                folder / "predictions" / f"{part}_predictions.parquet"
            )
            known = table.dropna(subset="y")
            loss = log_loss(known["y"].astype(int), known[PROBA].to_numpy())
            assert loss == said == metrics[part]["log_loss"]


def test_metrics_hold_no_times(folders: dict[str, Path]) -> None:
    for folder in folders.values():
        assert "seconds" not in (folder / "metrics" / "metrics.json").read_text()


def test_the_saved_model_predicts_what_is_in_the_files(
    small_result: ExperimentResult, folders: dict[str, Path]
) -> None:
    base_dir = small_result.path.parents[1]
    samples = make_source(make_config(base_dir)).samples(5)
    for name in ("logistic_h5", "soft_vote_h5", "stack_h5"):
        folder = folders[name]
        model = load_model(folder / "checkpoints" / "model")
        table = pd.read_parquet(folder / "predictions" / "test_predictions.parquet")
        proba = model.predict_proba(samples.periods["test"])
        np.testing.assert_allclose(proba, table[PROBA].to_numpy(), rtol=0, atol=1e-9)


def test_predictions_are_in_standard_form(folders: dict[str, Path]) -> None:
    path = folders["logistic_h5"] / "predictions" / "oof_predictions.parquet"
    output = PredictionOutput.from_parquet(path)
    table = pd.read_parquet(path)
    assert (output.predictions == table["prediction"]).all()
    assert set(output.horizons) == {5}
    assert set(table["fold"]) == {0, 1, 2}


def test_the_config_of_a_run_can_be_loaded(folders: dict[str, Path]) -> None:
    config = load_experiment(folders["logistic_h5"] / "config.yaml")
    assert [model.key for model in config.models] == ["logistic"]
    assert config.horizons == (5,)


def test_environment_tells_where_it_was_made(folders: dict[str, Path]) -> None:
    facts = json.loads((folders["logistic_h5"] / "environment.json").read_text())
    assert {"libraries", "processor", "random_seed", "digests", "git_commit"} <= set(
        facts
    )
    assert {"code", "data_h5"} == set(facts["digests"])


def test_workers_change_no_bit(tmp_path: Path, small_result: ExperimentResult) -> None:
    run_experiment(make_config(tmp_path, run={"n_jobs": 2}))
    assert lasting_files(tmp_path) == lasting_files(small_result.path.parents[1])


def test_nothing_is_fitted_twice(
    small_config: ExperimentConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_experiment(small_config)
    before = lasting_files(Path(small_config.output.base_dir))

    def refuse_to_fit(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(module.Executor, "run", refuse_to_fit)
    again = run_experiment(small_config)
    assert lasting_files(Path(small_config.output.base_dir)) == before
    assert len(again.cells) == len(MODELS) + 2
    with pytest.raises(AssertionError):
        run_experiment(small_config, use_cache=False)


def test_a_changed_model_recomputes_its_column_only(
    small_config: ExperimentConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_experiment(small_config)
    fitted = []
    real = module.Executor.run

    def spy(self: object, tasks: list, *rest: object) -> object:
        fitted.extend(task.model for task in tasks)
        return real(self, tasks, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(module.Executor, "run", spy)
    changed = {"model": "logistic", "hyperparameters": {"C": 0.5}}
    models = [*MODELS[:2], changed, small_config.models[3]]
    base_dir = Path(small_config.output.base_dir)
    run_experiment(make_config(base_dir, models=models))
    assert set(fitted) == {"logistic"}
    assert len(fitted) == 4


class Breaks(ClassifierMixin, BaseEstimator):
    """A model that cannot be fitted to more than half of the samples."""

    def fit(self, X: Windows, y: np.ndarray) -> Breaks:
        if len(X) > 500:
            msg = "too many samples\x1b[31m for me"
            raise RuntimeError(msg)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: Windows) -> np.ndarray:
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def test_a_failing_model_costs_its_cells_and_nothing_else(tmp_path: Path) -> None:
    register("breaks", family="sklearn", description="Fails.")(Breaks)
    models = ["prior", "breaks", "logistic", "volatility"]
    found = run_experiment(make_config(tmp_path, models=models))
    assert set(found.leaderboard["model"]) == {"prior", "logistic", "volatility"}
    assert set(found.failures) == {"breaks_h5"}
    assert "RuntimeError: too many samples" in found.failures["breaks_h5"]
    cells = json.loads((found.path / "cells.json").read_text())
    assert "breaks_h5 refit" in cells["breaks_h5"]["failed"]
    assert "Traceback" in cells["breaks_h5"]["traces"]["breaks_h5 refit"]
    status = json.loads((found.path / "status.json").read_text())
    assert status["state"] == "failed"


def test_a_fold_with_one_class_is_named(tmp_path: Path) -> None:
    paths = write_splits(tmp_path)
    train = pd.read_parquet(paths["train_path"])
    last_day = train["datetime"] > train["datetime"].max() - pd.Timedelta("2h")
    train.loc[train["label_h5"].notna() & ~last_day, "label_h5"] = 1.0
    train.to_parquet(paths["train_path"])
    cv = {"splitter": "walk_forward", "n_splits": 3, "purged_size": 5}
    config = make_config(
        tmp_path / "out", data=paths, cv=cv, models=["logistic", "prior"]
    )
    found = run_experiment(config)
    assert "logistic_h5 fold 0" in found.failures["logistic_h5"]
    assert "{1:" in found.failures["logistic_h5"]


def test_resuming_a_finished_experiment_repeats_it(
    small_config: ExperimentConfig,
) -> None:
    first = run_experiment(small_config)
    again = run_experiment(small_config, resume=True)
    assert again.path == first.path
    pd.testing.assert_frame_equal(again.leaderboard, first.leaderboard)


def test_resume_is_refused_for_another_seed(small_config: ExperimentConfig) -> None:
    run_experiment(small_config)
    other = small_config.model_copy(update={"random_seed": 7})
    with pytest.raises(ResumeError, match=r"random_seed: was 42, is 7"):
        run_experiment(other, resume=True)


def test_files_are_compared_on_one_row_set(tmp_path: Path) -> None:
    short = {"model": "logistic", "hyperparameters": {"C": 1.0}}
    long = {**short, "dataset": {"sequence_length": 30}}
    config = make_config(
        tmp_path / "out",
        data=write_splits(tmp_path),
        models=["prior", {**short, "key": "short"}, long],
        horizons=[5, 20],
    )
    found = run_experiment(config)
    assert found.failures == {}
    lengths = {
        (cell.horizon, part): set()
        for cell in found.cells
        for part in ("oof", "val", "test")
    }
    for cell in found.cells:
        for part, frame in cell.predictions.items():
            lengths[cell.horizon, part].add(len(frame))
    assert all(len(values) == 1 for values in lengths.values())
    # Two symbols, 400 bars each, of which the first 30 serve as history only.
    assert lengths[5, "val"] == {2 * (400 - 30)}
    # The bar before tells the label; the models see it, as files have a lag of 1.
    table = found.leaderboard.query("horizon == 5").set_index("model")
    assert table.loc["short", "log_loss"] < table.loc["prior", "log_loss"] - 0.05
    assert table["sharpe"].isna().all()


def test_neutrals_are_left_out_of_training_only(tmp_path: Path) -> None:
    without = {"model": "logistic", "dataset": {"exclude_neutrals": True}}
    config = make_config(tmp_path, models=["prior", without])
    found = run_experiment(config)
    cells = {cell.model: cell for cell in found.cells}
    frames = cells["logistic"].predictions
    assert (frames["test"]["p_0"] == 0).all()
    assert len(frames["test"]) == len(cells["prior"].predictions["test"])
    assert (frames["oof"]["y"] == 0).any()


def test_combinatorial_folds_are_averaged(tmp_path: Path) -> None:
    cv = {"splitter": "combinatorial", "n_blocks": 4, "embargo_size": 10}
    found = run_experiment(make_config(tmp_path, cv=cv, models=["logistic"]))
    (cell,) = found.cells
    assert len(cell.metrics["oof"]["fold_log_loss"]) == 6
    proba = cell.predictions["oof"][PROBA].to_numpy()
    np.testing.assert_allclose(proba.sum(axis=1), 1)


def test_walk_forward_scores_what_was_predicted(tmp_path: Path) -> None:
    cv = {"splitter": "walk_forward", "n_splits": 3}
    models = ["prior", "logistic", "hist_gradient_boosting"]
    found = run_experiment(make_config(tmp_path, cv=cv, models=models))
    cells = {cell.model: cell for cell in found.cells}
    n_samples = len(make_source(make_config(tmp_path)).samples(5).X)
    assert 0 < len(cells["logistic"].predictions["oof"]) < n_samples
    # The first predicted block has nothing before it to choose weights by.
    assert len(cells["stack"].predictions["oof"]) < len(
        cells["logistic"].predictions["oof"]
    )


def test_a_costly_embargo_is_warned_of(tmp_path: Path) -> None:
    cv = {"n_splits": 3, "embargo_size": 700}
    with pytest.warns(UserWarning, match="embargo of 700 bars takes up to"):
        run_experiment(make_config(tmp_path, cv=cv, models=["prior"]))


def test_an_unknown_symbol_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    paths = write_splits(tmp_path)
    data = {**paths, "symbols": ["ES"]}
    with pytest.raises((ConfigError, ValueError), match="ES"):
        run_experiment(make_config(tmp_path / "out", data=data))
    assert not (tmp_path / "out" / "results").exists()
