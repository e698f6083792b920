from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble.datasets import DatasetConfig, contract_specs, load_bars
from sk_ensemble.exceptions import EmptyFoldError
from sk_ensemble.experiments.config import (
    BarsSection,
    CrossValidationSection,
    DatasetSection,
    EnsembleSection,
    ExperimentConfig,
    ExperimentSection,
    FilesSection,
    MLflowSection,
    ModelConfig,
    RunSection,
    parse_experiment,
)
from sk_ensemble.experiments.config._tracking_store import tracking_store
from sk_ensemble.model_selection import (
    CombinatorialPurgedSplit,
    PurgedSplit,
    WalkForwardSplit,
)

PATHS = {"train_path": "a", "val_path": "b", "test_path": "c"}


@pytest.mark.parametrize(
    ("section", "splitter"),
    [
        ({}, PurgedSplit(5, purged_size=60, embargo_size=1440)),
        (
            {"n_splits": 3, "embargo_size": "5D", "closed": "left", "align_to": "day"},
            PurgedSplit(
                3, purged_size=60, embargo_size="5D", closed="left", align_to="day"
            ),
        ),
        (
            {
                "splitter": "walk_forward",
                "n_splits": 1,
                "test_size": "30D",
                "max_train_size": 500,
                "purged_size": None,
            },
            WalkForwardSplit(1, test_size="30D", max_train_size=500),
        ),
        (
            {"splitter": "combinatorial", "n_blocks": 8, "n_test_blocks": 3},
            CombinatorialPurgedSplit(8, 3, purged_size=60, embargo_size=1440),
        ),
    ],
)
def test_the_splitter_is_the_one_described(section: Any, splitter: Any) -> None:
    made = CrossValidationSection(**section).make_splitter()
    assert type(made) is type(splitter)
    assert made.get_params() == splitter.get_params()


# Eight sessions with pauses of more than a week between them.
TIMES = pd.DatetimeIndex(
    [
        start + pd.Timedelta(hours=7 * number)
        for start in pd.date_range("2024-01-01", periods=8, freq="20D", tz="UTC")
        for number in range(40)
    ]
)
FRAME = pd.DataFrame({"x": np.arange(320.0)}, index=TIMES)

LENGTHS = """
5D|1h30min|5 trading days|1440|soon|-1D||MS|ME|W-MON|2MS|-1MS|D|nan|NaT|day|1 day|0min
45min|5 days
"""
texts = st.sampled_from(LENGTHS.strip().replace("\n", "|").split("|"))
sizes = st.none() | st.integers(-2, 50) | st.floats(-1, 2) | st.booleans() | texts


def is_taken(section: dict[str, Any]) -> bool:
    try:
        CrossValidationSection(**section)
    except ValueError:
        return False
    return True


def splits(splitter: Any) -> bool:
    """Whether a splitter's own checks pass, however many rows there are."""
    try:
        next(splitter.split(FRAME))
    except EmptyFoldError:
        return True
    except ValueError as error:
        return "smaller n_splits or test_size" in str(error)
    return True


@given(sizes)
def test_an_embargo_is_taken_if_the_splitter_takes_it(size: Any) -> None:
    splitter = PurgedSplit(3, purged_size=1, embargo_size=size)
    if is_taken({"embargo_size": size}):
        assert splits(splitter)
    else:
        with pytest.raises((TypeError, ValueError, Warning)):
            next(splitter.split(FRAME))


@given(sizes)
def test_a_period_is_taken_if_the_splitter_takes_it(size: Any) -> None:
    for name in ("test_size", "max_train_size"):
        section = {"splitter": "walk_forward", "n_splits": 1, name: size}
        splitter = WalkForwardSplit(1, purged_size=1, **{name: size})
        if is_taken(section):
            assert splits(splitter)
        else:
            with pytest.raises((TypeError, ValueError, Warning)):
                next(splitter.split(FRAME))


@given(texts | st.none())
def test_an_alignment_is_taken_if_the_splitter_takes_it(gap: Any) -> None:
    splitter = PurgedSplit(3, purged_size=1, align_to=gap)
    if is_taken({"align_to": gap}):
        assert splits(splitter)
    else:
        with pytest.raises((TypeError, ValueError, Warning)):
            next(splitter.split(FRAME))


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"n_splits": 1}, "must be at least 2 for the splitter purged"),
        ({"n_blocks": 4, "n_test_blocks": 4}, "must be less than n_blocks, which is 4"),
        ({"splitter": "kfold"}, "Input should be 'purged'"),
        ({"purged_size": -1}, "greater than or equal to 0"),
    ],
)
def test_a_faulty_cross_validation_is_refused(section: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CrossValidationSection(**section)


def test_bars_may_be_any_that_are_shipped() -> None:
    section = BarsSection(symbols=list(contract_specs().index), end="2021-06-30")
    assert not load_bars(section.symbols, "2020-12-30", "2020-12-30").empty


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"symbols": []}, "at least 1 item"),
        ({"symbols": ["IF", "IF"]}, "must not hold anything twice: IF"),
        ({"symbols": "IF"}, "valid tuple"),
        ({"start": "today"}, 'must be a date such as "2021-06-30"'),
        ({"start": "2021-13-01"}, "must be a date"),
        ({"train_end": "2018-07-01"}, "must be later than start, which is 2018-07-01"),
        ({"val_end": "2020-01-01"}, "must be later than train_end"),
        ({"end": "2020-12-01T10:00"}, "must be later than val_end"),
        ({"stride": 0}, "greater than or equal to 1"),
        ({"stride": True}, "valid integer"),
    ],
)
def test_faulty_bars_are_refused(section: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BarsSection(**section)


def test_files_become_the_settings_of_the_dataset() -> None:
    files = FilesSection(
        **PATHS, features=["x"], symbols=["A"], time="t", symbol="s", dtype="float64"
    )
    dataset = DatasetSection(sequence_length=30, exclude_neutrals=True)
    made = files.dataset_config(20, dataset)
    assert made == DatasetConfig(
        *files.paths.values(),
        sequence_length=30,
        horizon=20,
        exclude_neutrals=True,
        include_symbols=("A",),
        features=("x",),
        time="t",
        symbol="s",
        dtype="float64",
    )


def test_defaults_of_files_are_those_of_the_dataset() -> None:
    made = FilesSection(**PATHS).dataset_config(5, DatasetSection(sequence_length=60))
    assert made == DatasetConfig(*FilesSection(**PATHS).paths.values())


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({**PATHS, "test_path": "a"}, "is the same file as train_path"),
        ({**PATHS, "symbol": "datetime"}, "is the same column as time"),
        ({**PATHS, "features": []}, "at least 1 item"),
        ({**PATHS, "train_path": ""}, "at least 1 character"),
    ],
)
def test_faulty_files_are_refused(section: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FilesSection(**section)


def test_any_path_means_files_and_none_means_bars() -> None:
    assert isinstance(ExperimentConfig(data=PATHS).data, FilesSection)
    assert isinstance(ExperimentConfig(data={"stride": 3}).data, BarsSection)
    assert isinstance(ExperimentConfig(data=FilesSection(**PATHS)).data, FilesSection)
    with pytest.raises(ValueError, match=r"data\.files\.val_path"):
        ExperimentConfig(data={"train_path": "a"})


def test_windows_end_with_the_bar_itself_or_before_it() -> None:
    for data, lag in (({}, 0), (PATHS, 1)):
        config = ExperimentConfig(data=data, models=["lstm", "prior"])
        assert [model.dataset.lag for model in config.models] == [lag, lag]
    given_lag = ModelConfig(model="lstm", dataset={"lag": 3})
    assert ExperimentConfig(models=[given_lag]).models[0].dataset.lag == 3


@pytest.mark.parametrize(
    "name", ["a", "0", "a.b", "a-b_c", "x" * 64, "a..b", "v1.2-beta"]
)
def test_a_name_is_fit_for_files(name: str) -> None:
    assert ExperimentSection(name=name).name == name


@pytest.mark.parametrize(
    "name", ["", "A", "a.", ".a", "-a", "a b", "a/b", "../a", "x" * 65, "ä", "a\n"]
)
def test_a_name_unfit_for_files_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 64 lower-case letters"):
        ExperimentSection(name=name)


@pytest.mark.parametrize("key", ["", "A", "a.b", "-a", "a/b", "x" * 65, "a\n"])
def test_a_key_unfit_for_files_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="1 to 64 lower-case letters"):
        ModelConfig(model="prior", key=key)


@pytest.mark.parametrize(
    ("uri", "store"),
    [
        (None, "sqlite:///out/mlflow.db"),
        ("experiments/mlruns", "sqlite:///experiments/mlflow.db"),
        ("mlruns", "sqlite:///mlflow.db"),
        ("./mlruns/", "sqlite:///mlflow.db"),
        ("/data/tracking", "sqlite:////data/tracking/mlflow.db"),
        ("file:///data/mlruns", "sqlite:////data/mlflow.db"),
        ("file:data/mlruns", "sqlite:///data/mlflow.db"),
        ("file://localhost/data/my%20runs", "sqlite:////data/my runs/mlflow.db"),
        ("runs/my.db", "sqlite:///runs/my.db"),
        ("sqlite:///x.db", "sqlite:///x.db"),
        ("http://host:5000", "http://host:5000"),
        ("postgresql+psycopg://h/db", "postgresql+psycopg://h/db"),
        ("databricks", "databricks"),
    ],
)
def test_every_address_means_a_store_that_mlflow_takes(
    uri: str | None, store: str
) -> None:
    assert MLflowSection(tracking_uri=uri).tracking_uri == uri
    assert tracking_store(uri, "out") == store


@pytest.mark.filterwarnings("ignore")  # of MLflow's own libraries, at their import
@pytest.mark.slow
def test_mlflow_takes_no_directory_and_takes_what_becomes_of_it(tmp_path: Any) -> None:
    mlflow = pytest.importorskip("mlflow")
    with pytest.raises(mlflow.MlflowException):
        mlflow.MlflowClient(str(tmp_path / "mlruns")).search_experiments()
    store = tracking_store(str(tmp_path / "mlruns"), "out")
    assert mlflow.MlflowClient(store).search_experiments()


@pytest.mark.parametrize("uri", ["", "ftp://host", "redis://x", "  "])
def test_other_addresses_are_refused(uri: str) -> None:
    with pytest.raises(ValueError, match=r"is empty|must be a file name or begin"):
        MLflowSection(tracking_uri=uri)


@pytest.mark.parametrize("cluster", ["tcp://10.0.0.1:8786", "tls://h:1", "local:2"])
def test_a_cluster_is_an_address_or_a_number_of_workers(cluster: str) -> None:
    assert RunSection(cluster=cluster).cluster == cluster


@pytest.mark.parametrize("cluster", ["", "local:0", "local", "tcp://host", "host:1"])
def test_other_clusters_are_refused(cluster: str) -> None:
    with pytest.raises(ValueError, match="must be a scheduler"):
        RunSection(cluster=cluster)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "gamma is no finite number, got nan"),
        ({1: 2}, "gamma keys must be text, got 1"),
        ({3}, "gamma is a set, which a configuration cannot hold"),
    ],
)
def test_hyperparameters_are_what_a_file_can_hold(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelConfig(model="xgboost", hyperparameters={"gamma": value})


def test_values_given_in_python_equal_those_of_a_file() -> None:
    hyperparameters = {"n_blocks": (1, 1, 1), "mlp_units": [(8, 8)] * 3}
    config = ExperimentConfig(
        models=[{"model": "nhits", "hyperparameters": hyperparameters}]
    )
    assert parse_experiment(config.to_yaml()) == config
    assert pickle.loads(pickle.dumps(config)) == config


@pytest.mark.parametrize("methods", [None, []])
def test_no_ensembles_are_a_choice(methods: Any) -> None:
    assert EnsembleSection(methods=methods).methods == ()
    assert EnsembleSection().methods == ("soft_vote", "stack")


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("cv: {n_blocks: 9}", "cv.n_blocks: the splitter purged has no use for it."),
        (
            "mlflow: {tracking_uri: 'postgresql://***@db.local/x'}",
            "mlflow.tracking_uri: the credentials are masked, as in the stored "
            "configuration of a run; give the whole address again.",
        ),
        (
            "models: [lstm, xgboost]\ncv: {embargo_size: 30}",
            "cv.embargo_size: 30 is shorter than the windows of lstm, so that training "
            "windows hold test bars; at least 60 keeps them apart.",
        ),
        (
            "models: [{name: xgboost, dataset: {exclude_neutrals: true}}]",
            "exclude_neutrals: xgboost learn from samples chosen by their outcome; "
            "their probabilities are not those of all bars.",
        ),
    ],
)
def test_what_is_risky_is_said(text: str, notice: str) -> None:
    assert parse_experiment(text).notices == (notice,)


@pytest.mark.parametrize(
    "text",
    [
        "cv: {splitter: combinatorial, n_blocks: 9}",
        "models: [lstm]\ncv: {embargo_size: 60}",
        "models: [lstm]\ncv: {splitter: walk_forward}",
        "mlflow: {tracking_uri: 'sqlite:///x.db'}",
    ],
)
def test_what_is_sound_passes_in_silence(text: str) -> None:
    assert parse_experiment(text).notices == ()
