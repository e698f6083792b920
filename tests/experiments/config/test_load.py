from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sk_ensemble.exceptions import ConfigError
from sk_ensemble.experiments.config import (
    ExperimentConfig,
    ModelConfig,
    load_experiment,
    load_model_config,
    parse_experiment,
)

Write = Callable[..., Path]
Faults = Callable[..., list[str]]


def test_five_lines_are_an_experiment(write: Write) -> None:
    path = write("models: [prior, xgboost]\nhorizons: [5]\ndata:\n  symbols: [IC]\n")
    config = load_experiment(path)
    assert [model.key for model in config.models] == ["prior", "xgboost"]
    assert config.cv.embargo_size == 1440


def test_defaults_are_the_founding_ones() -> None:
    config = parse_experiment({})
    assert config == ExperimentConfig()
    assert config.horizons == (5, 20)
    assert (config.cv.purged_size, config.cv.embargo_size) == (60, 1440)
    assert config.model("lstm").window_length == 60
    assert config.model("xgboost").window_length == 1
    assert config.random_seed == 42
    assert {model.dataset.lag for model in config.models} == {0}


def test_sections_may_be_empty() -> None:
    assert parse_experiment("cv:\nmlflow: {}\nrun: null") == ExperimentConfig()
    text = "models:\n- name: prior\n  hyperparameters:\n  training:\n"
    assert parse_experiment(text).models == ExperimentConfig(models=["prior"]).models


def test_horizons_of_the_command_line_replace_those_of_the_file(faults: Faults) -> None:
    assert parse_experiment("horizons: [5]", horizons=[10, 20]).horizons == (10, 20)
    assert faults("horizons: [5]", [], [0]) == [
        "--horizon: horizons[0]: must be at least 1, got 0"
    ]


# Models


@pytest.mark.parametrize(
    "entry",
    [
        "xgboost",
        "boosting:xgboost",
        "{name: xgboost}",
        "{name: boosting:xgboost, key: xgboost}",
        "{model: {name: xgboost, family: boosting}}",
        "{model: xgboost, training: ~, hyperparameters: {}}",
    ],
)
def test_a_model_may_be_written_in_many_ways(entry: str) -> None:
    config = parse_experiment(f"models: [{entry}]")
    assert config.models == ExperimentConfig(models=["xgboost"]).models


def test_what_is_written_beside_a_file_changes_it(write: Write) -> None:
    write(
        "model: {name: xgboost}\n"
        "hyperparameters: {max_depth: 8, gamma: 0.1}\n"
        "training: {early_stopping_rounds: 20}\n",
        "models/xgboost.yaml",
    )
    path = write(
        "models:\n- name: xgboost\n  config_path: ../models/xgboost.yaml\n"
        "  hyperparameters: {max_depth: 4}\n  key: shallow\n",
        "experiments/my.yaml",
    )
    (model,) = load_experiment(path).models
    assert model.hyperparameters == {"max_depth": 4, "gamma": 0.1}
    assert model.training.early_stopping_rounds == 20
    assert model.key == "shallow"


def test_a_file_of_a_model_is_looked_for_beside_then_here(
    write: Write, faults: Faults
) -> None:
    text = "models: [{name: lstm, config_path: x/lstm.yaml}]"
    path = write(text, "experiments/e.yaml")
    (fault,) = faults(path, read=load_experiment)
    here = Path.cwd()
    beside = here / "experiments" / "x" / "lstm.yaml"
    assert fault.endswith(f"looked for {beside} and {here / 'x' / 'lstm.yaml'}")
    write("{model: lstm, dataset: {sequence_length: 30}}", "x/lstm.yaml")
    assert load_experiment(path).models[0].window_length == 30
    write("{model: lstm, dataset: {sequence_length: 20}}", "experiments/x/lstm.yaml")
    assert load_experiment(path).models[0].window_length == 20


def test_faults_in_a_file_of_a_model_are_told_there(
    write: Write, faults: Faults
) -> None:
    write("model: {name: lstm}\ntraining:\n  max_epoch: 5", "lstm.yaml")
    path = write("models:\n- name: lstm\n  config_path: lstm.yaml\nhorizon: [5]")
    lines = faults(path, read=load_experiment)
    assert sorted(line.split(": ")[0] for line in lines) == ["lstm.yaml:3", "my.yaml:4"]


def test_a_file_for_another_model_is_refused(write: Write, faults: Faults) -> None:
    write("model: {name: lightgbm}", "other.yaml")
    path = write("models:\n- name: xgboost\n  config_path: other.yaml")
    (fault,) = faults(path, read=load_experiment)
    assert fault == (
        "my.yaml:2: models[0].name: is boosting:xgboost, but other.yaml describes "
        "boosting:lightgbm: name one and the same"
    )


def test_a_file_may_name_the_model_alone(write: Write) -> None:
    write("model: {name: timeseries}", "x.yaml")
    write("model: {name: lightgbm}", "lightgbm.yaml")
    config = load_experiment(write("models: [{config_path: lightgbm.yaml}]"))
    assert config.models[0].full_name == "boosting:lightgbm"


def test_two_rows_of_one_model_need_keys(faults: Faults) -> None:
    (fault,) = faults("models:\n- xgboost\n- name: xgboost")
    assert fault == (
        "<text>:3: models.xgboost: the model at <text>:2 has this key too; "
        "give one key:"
    )
    text = "models: [xgboost, {name: xgboost, key: deep}]\nensemble: {members: [deep]}"
    assert parse_experiment(text).model("deep").full_name == "boosting:xgboost"


def test_members_are_keys_even_beside_faulty_models(faults: Faults) -> None:
    (fault,) = faults("models: [xgboost]\nensemble: {members: [xgbost]}")
    assert "'xgbost': the nearest is xgboost" in fault
    text = "models: [{name: lstm, key: a, training: {max_epochs: 0}}]"
    (fault,) = faults(text + "\nensemble: {members: [a]}")
    assert "max_epochs: must be at least 1" in fault


@pytest.mark.parametrize("models", ["[]", "", "xgboost", "{a: 1}", "[1]", "[[a]]"])
def test_models_are_a_list_of_names_and_mappings(faults: Faults, models: str) -> None:
    (fault,) = faults(f"models: {models}")
    assert "models" in fault
    assert "must be" in fault


# Grids


def test_a_grid_becomes_a_row_per_combination() -> None:
    config = parse_experiment(
        """
        models:
        - name: xgboost
          hyperparameters: {gamma: 0.1}
          grid:
            hyperparameters.max_depth: [4, 6]
            learning_rate: [0.1, 0.2]
            dataset.sequence_length: [1]
        - prior
        """
    )
    assert [
        (
            model.key,
            model.hyperparameters.get("max_depth"),
            model.training.learning_rate,
        )
        for model in config.models
    ] == [
        ("xgboost-1", 4, 0.1),
        ("xgboost-2", 4, 0.2),
        ("xgboost-3", 6, 0.1),
        ("xgboost-4", 6, 0.2),
        ("prior", None, None),
    ]
    assert all(m.hyperparameters["gamma"] == 0.1 for m in config.models[:4])


def test_rows_of_a_grid_are_changed_together_or_alone() -> None:
    text = "models: [{name: xgboost, key: x, grid: {max_depth: [4, 6]}}]"
    changes = ["models.x.gamma=1", "models.x-2.gamma=2"]
    rows = parse_experiment(text, changes).models
    assert [row.hyperparameters["gamma"] for row in rows] == [1, 2]


@pytest.mark.parametrize(
    ("grid", "text"),
    [
        ("[4, 6]", "must hold keys with lists of values"),
        ("{max_depth: 4}", "must be a list of values"),
        ("{max_depth: []}", "must be a list of values"),
        ("{max_dept: [4]}", "has no parameter 'max_dept'"),
        ("{max_depth: [4, -6]}", "must be an int in the range [0, inf). Got -6"),
        (
            "{max_depth: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],"
            " max_bin: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11],"
            " gamma: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}",
            "makes 1,100 models; at most 1,000 will do",
        ),
    ],
)
def test_a_faulty_grid_is_refused(faults: Faults, grid: str, text: str) -> None:
    assert text in faults(f"models: [{{name: xgboost, grid: {grid}}}]")[0]


# Files that extend others


def test_a_file_may_extend_another(write: Write) -> None:
    write("cv: {n_splits: 3, embargo_size: 5D}\nhorizons: [5]", "base/base.yaml")
    write("extends: base.yaml\ncv: {n_splits: 4}\nmodels: [prior]", "base/mid.yaml")
    config = load_experiment(write("extends: base/mid.yaml\nhorizons: [20]"))
    assert (config.cv.n_splits, config.cv.embargo_size) == (4, "5D")
    assert config.horizons == (20,)
    assert [model.key for model in config.models] == ["prior"]


def test_paths_of_an_extended_file_start_beside_it(write: Write) -> None:
    write("{model: lstm, training: {max_epochs: 7}}", "base/lstm.yaml")
    write("models: [{name: lstm, config_path: lstm.yaml}]", "base/base.yaml")
    config = load_experiment(write("extends: base/base.yaml"))
    assert config.models[0].training.max_epochs == 7


def test_a_circle_of_files_is_refused(write: Write, faults: Faults) -> None:
    write("extends: b.yaml", "a.yaml")
    write("extends: c.yaml", "b.yaml")
    write("extends: a.yaml", "c.yaml")
    (fault,) = faults(Path("a.yaml"), read=load_experiment)
    assert fault == (
        "c.yaml:1: extends: goes round in circles, or on for too long: "
        "a.yaml -> b.yaml -> c.yaml -> a.yaml"
    )


def test_a_long_chain_of_files_is_refused(write: Write, faults: Faults) -> None:
    for number in range(30):
        write(f"extends: {number + 1}.yaml", f"{number}.yaml")
    (fault,) = faults(Path("0.yaml"), read=load_experiment)
    assert "on for too long" in fault


def test_faults_below_are_told_where_they_are(write: Write, faults: Faults) -> None:
    write("horizons: [5]\ncv: {n_splits: 1}", "base.yaml")
    path = write("extends: base.yaml\ncv: {closed: right}")
    below, above = sorted(faults(path, read=load_experiment))
    assert above.startswith("my.yaml:2: cv.closed: is not allowed")
    assert below.startswith("base.yaml:2: cv.n_splits: must be at least 2")


@pytest.mark.parametrize("base", ["no.yaml", "[a]", "5"])
def test_what_is_extended_must_exist(write: Write, faults: Faults, base: str) -> None:
    path = write(f"random_seed: 1\nextends: {base}")
    assert faults(path, read=load_experiment)[0].startswith("my.yaml:2: extends: ")


# Files


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is empty"),
        (b"- a\n- b", "must hold keys and values"),
        (b"\xff\xfe\x00", "is no UTF-8 text"),
        (b"a: 1" + b" " * 1_000_000, "is larger than 1,000,000 bytes"),
    ],
)
def test_what_is_no_file_of_ours_is_refused(
    write: Write, faults: Faults, content: bytes, fault: str
) -> None:
    path = write("")
    path.write_bytes(content)
    for read in (load_experiment, load_model_config):
        (line,) = faults(path, read=read)
        assert line.startswith("my.yaml")
        assert fault in line


def test_a_file_may_begin_with_a_byte_order_mark(write: Write) -> None:
    path = write("﻿horizons: [7]")
    assert load_experiment(path).horizons == (7,)


@pytest.mark.parametrize(
    ("name", "fault"), [("no.yaml", "No such file"), (".", "is no file")]
)
def test_a_missing_file_is_named(
    write: Write, faults: Faults, name: str, fault: str
) -> None:
    write("a: 1")
    (line,) = faults(name, read=load_experiment)
    assert fault in line


def test_what_is_neither_text_nor_mapping_is_refused() -> None:
    with pytest.raises(ConfigError, match="YAML text or a mapping, got list"):
        parse_experiment([1])  # type: ignore[arg-type]


def test_a_model_may_be_read_alone(write: Write, faults: Faults) -> None:
    path = write("name: lstm\nkey: small\nhyperparameters: {hidden_size: 8}")
    model = load_model_config(path)
    assert model == ModelConfig(
        model="lstm", key="small", hyperparameters={"hidden_size": 8}
    )
    assert faults(write("hyperparameters: {}"), read=load_model_config) == [
        "my.yaml:1: model: is missing"
    ]


# Changes


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("models.xgboost.max_depth=6", {"max_depth": 6, "learning_rate": 0.1}),
        (
            "models.xgboost.hyperparameters.max_depth=6",
            {"max_depth": 6, "learning_rate": 0.1},
        ),
        ("models.xgboost.learning_rate=1e-3", {"learning_rate": 0.001}),
        ("models.xgboost.hyperparameters={gamma: 1}", {"gamma": 1}),
    ],
)
def test_a_hyperparameter_is_changed(change: str, value: dict[str, object]) -> None:
    text = "models: [{name: xgboost, hyperparameters: {learning_rate: 0.1}}]"
    assert parse_experiment(text, [change]).models[0].hyperparameters == value


def test_words_of_training_and_dataset_are_changed_where_they_belong() -> None:
    changes = ["models.lstm.max_epochs=3", "models.lstm.sequence_length=20"]
    (model,) = parse_experiment("models: [lstm]", changes).models
    assert model.training.max_epochs == 3
    assert model.window_length == 20
    assert model.hyperparameters == {}


def test_default_models_are_changed_too() -> None:
    config = parse_experiment("horizons: [5]", ["models.xgboost.max_depth=6"])
    assert config.model("xgboost").hyperparameters == {"max_depth": 6}


def test_whole_lists_and_later_changes_win() -> None:
    changes = ["models=[prior]", "horizons=[1]", "horizons=[2, 3]", "data.symbols=[AG]"]
    config = parse_experiment("horizons: [5]", changes)
    assert [model.key for model in config.models] == ["prior"]
    assert config.horizons == (2, 3)
    assert config.data.symbols == ("AG",)


def test_nothing_after_the_sign_means_null() -> None:
    text = "mlflow: {tracking_uri: x.db}"
    assert parse_experiment(text, ["mlflow.tracking_uri="]).mlflow.tracking_uri is None


def test_a_value_that_is_no_yaml_is_told(faults: Faults) -> None:
    (fault,) = faults("horizons: [5]", ["horizons=[1"])
    assert fault.startswith("--set horizons: is no YAML: ")


# Afterwards


def test_what_was_read_can_be_written_and_read_again() -> None:
    config = parse_experiment(
        """
        experiment: {name: a.b-c, description: "two\\nlines: # 1"}
        models:
        - {name: xgboost, grid: {max_depth: [4, 6]}, hyperparameters: {gamma: 1e-7}}
        - {name: lstm, training: {max_epochs: 3}, dataset: {lag: 2}}
        cv: {splitter: walk_forward, n_splits: 3, test_size: MS, embargo_size: 0.01}
        ensemble: {methods: null}
        mlflow: {tracking_uri: experiments/mlruns}
        run: {cluster: "tcp://10.0.0.1:8786"}
        """
    )
    again = parse_experiment(config.to_yaml())
    assert again == config
    assert again.digest() == config.digest()
    assert again.notices == config.notices


def test_digests_differ_where_values_do() -> None:
    texts = [
        "models: [xgboost]",
        "models: [lightgbm]",
        "models: [{name: xgboost, key: a}]",
        "models: [{name: xgboost, hyperparameters: {gamma: 0.1}}]",
        "models: [{name: xgboost, hyperparameters: {gamma: 0.10000000000000002}}]",
        "{models: [xgboost], horizons: [5]}",
    ]
    assert len({parse_experiment(text).digest() for text in texts}) == len(texts)
    assert parse_experiment(texts[0]).digest() == (
        parse_experiment("models: [boosting:xgboost]").digest()
    )


def test_a_configuration_cannot_be_changed() -> None:
    config = parse_experiment({})
    with pytest.raises(ValueError, match="frozen"):
        config.random_seed = 1  # type: ignore[misc]
