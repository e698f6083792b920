"""Bad input of every kind, each with what an unguarded reader makes of it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ruamel.yaml import YAML

import sk_ensemble.experiments.config
from sk_ensemble.experiments.config import load_experiment, parse_experiment

Faults = Callable[..., list[str]]

PACKAGE = Path(sk_ensemble.experiments.config.__file__).parent


def loaded_by_ruamel(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


# C1


def test_a_duplicate_key_is_told_with_both_lines(faults: Faults) -> None:
    text = "random_seed: 1\nhorizons: [5]\nrandom_seed: 2"
    assert yaml.safe_load(text)["random_seed"] == 2
    assert faults(text) == ["<text>:3: random_seed: is given twice, first on line 1"]


def test_a_duplicate_key_is_found_however_deep(faults: Faults) -> None:
    text = "models:\n- name: xgboost\n  hyperparameters:\n    gamma: 1\n    gamma: 2"
    assert faults(text) == [
        "<text>:5: models[0].hyperparameters.gamma: is given twice, first on line 4"
    ]


# C2


@pytest.mark.parametrize("text", ["1e-3", "1E-3", "1.e-3", ".001", "0.001", "+1e-3"])
def test_a_number_is_a_number_however_it_is_written(text: str) -> None:
    assert yaml.safe_load("1e-3") == "1e-3"
    source = f"models: [{{name: lstm, training: {{learning_rate: {text}}}}}]"
    assert parse_experiment(source).models[0].training.learning_rate == 0.001


def test_a_number_in_quotes_is_text(faults: Faults) -> None:
    source = 'models: [{name: lstm, training: {learning_rate: "1e-3"}}]'
    assert faults(source) == [
        "<text>:1: models.lstm.training.learning_rate: must be a number, got '1e-3'"
    ]


# C3

FILES = "train_path: a.parquet, val_path: b.parquet, test_path: c.parquet"


def test_names_of_symbols_stay_as_they_are_written() -> None:
    written = "[ON, NO, TRUE, NULL, 007, 1e5, 2020-01-01, 1:30]"
    first = [True, False, True, None, 7]
    assert yaml.safe_load(written)[:5] == first
    config = parse_experiment(f"data: {{{FILES}, symbols: {written}}}")
    symbols = ("ON", "NO", "TRUE", "NULL", "007", "1e5", "2020-01-01", "1:30")
    assert config.data.symbols == symbols


def test_null_for_all_symbols_is_no_name() -> None:
    assert parse_experiment(f"data: {{{FILES}, symbols: null}}").data.symbols is None


@pytest.mark.parametrize("word", ["yes", "on", "Y", '"true"', "1"])
def test_only_true_and_false_are_truth_values(faults: Faults, word: str) -> None:
    (fault,) = faults(f"mlflow: {{enabled: {word}}}")
    assert "mlflow.enabled: must be true or false, got" in fault
    assert parse_experiment("mlflow: {enabled: False}").mlflow.enabled is False


# C4


@pytest.mark.parametrize("text", ["9:30", "09:30", "16:00:00"])
def test_times_of_day_are_never_numbers(text: str) -> None:
    assert yaml.safe_load("9:30") == 570
    config = parse_experiment(f"experiment: {{description: {text}}}")
    assert config.experiment.description == text
    model = f"{{name: clock, hyperparameters: {{slot: {text}}}}}"
    config = parse_experiment(f"models: [{model}]", check_environment=False)
    assert config.models[0].hyperparameters["slot"] == text


# C5


def test_keys_that_are_no_text_are_refused(faults: Faults) -> None:
    assert yaml.safe_load("{1: a, yes: b}") == {1: "b"}
    text = "models:\n- name: xgboost\n  hyperparameters:\n    1: a\n    yes: b"
    one, yes = faults(text)
    assert one == (
        "<text>:4: models[0].hyperparameters: keys must be text, got '1'; "
        "put it in quotes"
    )
    assert yes.startswith("<text>:5: models.xgboost.hyperparameters.yes: ")


@pytest.mark.parametrize("key", ["null", "~", "true", "1.5", "[a]", "{a: b}"])
def test_no_other_key_passes_either(faults: Faults, key: str) -> None:
    (fault,) = faults(f"random_seed: 1\n? {key}\n: 5")
    assert "<text>:2: keys must be text" in fault


def test_quoted_labels_become_numbers_again() -> None:
    weights = '{"-1": 2.0, "0": 1.0, "1": 2.0}'
    source = (
        f"models: [{{name: xgboost, hyperparameters: {{class_weight: {weights}}}}}]"
    )
    params = parse_experiment(source).estimator_params("xgboost")
    assert params["class_weight"] == {-1: 2.0, 0: 1.0, 1: 2.0}


# C6


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("horizon: [5]", "1: horizon: unknown key; the nearest is horizons"),
        ("cv:\n  n_split: 3", "2: cv.n_split: unknown key; the nearest"),
        (
            "models:\n- name: lstm\n  training:\n    learning_rte: 1",
            "4: models.lstm.training.learning_rte: unknown key; the nearest is "
            "learning_rate",
        ),
        (
            "models:\n- name: xgboost\n  hyperparameters: {max_dept: 3}",
            "3: models.xgboost.hyperparameters.max_dept: boosting:xgboost has no "
            "parameter 'max_dept'; the nearest are max_depth",
        ),
        ("n_splits: 3", "1: n_splits: unknown key here; it belongs under cv"),
        (
            "models: [{name: xgboost, max_depth: 3}]",
            "1: models.xgboost.max_depth: unknown key; ",
        ),
        ("models: [xgbost]", "1: models.xgbost.model.name: There is no model 'xgbost'"),
        (
            "data: {symbols: [IF, AU]}",
            "1: data.symbols[1]: is none of the shipped symbols: there are AG, CU, IC",
        ),
        (f"data: {{{FILES}, end: 2021}}", "1: data.end: unknown key; "),
        ("data: {train_paths: a}", "1: data.train_paths: unknown key; "),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(
    faults: Faults, text: str, fault: str
) -> None:
    assert any(line.startswith(f"<text>:{fault}") for line in faults(text))


def test_a_misspelt_path_is_told_as_one_of_a_file(faults: Faults) -> None:
    lines = faults("data: {train_path: a, val_path: b, tst_path: c}")
    assert "<text>:1: data.tst_path: unknown key; the nearest are test_path" in lines[0]
    assert lines[1:] == ["<text>:1: data.test_path: is missing"]


# C7

TEN_BAD_VALUES = """\
horizons: [5, 0]
random_seed: -1
models:
  - name: xgboost
    hyperparameters: {max_depth: -1, subsample: much}
    training: {early_stopping_rounds: 0, learning_rate: .nan}
cv:
  n_splits: true
  embargo_size: -1
  closed: right
data:
  start: "2021"
  train_end: "2020"
run: {n_jobs: 0}
experiment: {name: ../up}
"""


def test_all_faults_are_told_at_once_at_their_lines(faults: Faults) -> None:
    lines = faults(TEN_BAD_VALUES)
    told = [line.removeprefix("<text>:").split(": ")[:2] for line in lines]
    assert told == [
        ["1", "horizons[1]"],
        ["2", "random_seed"],
        ["5", "models.xgboost.hyperparameters.max_depth"],
        ["5", "models.xgboost.hyperparameters.subsample"],
        ["6", "models[0].training.learning_rate"],
        ["6", "models.xgboost.training.early_stopping_rounds"],
        ["8", "cv.n_splits"],
        ["9", "cv.embargo_size"],
        ["10", "cv.closed"],
        ["13", "data.train_end"],
        ["14", "run.n_jobs"],
        ["15", "experiment.name"],
    ]


def test_data_are_not_looked_at(faults: Faults, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # whoever opens it to read waits for ever
    paths = f"train_path: {pipe}, val_path: b, test_path: c"
    assert parse_experiment(f"data: {{{paths}}}").data.train_path == str(pipe)
    assert len(faults(f"data: {{{paths}, stride: 0}}")) == 1


# C8


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['touch MARKER']",
        "!!python/object/new:os.system ['touch MARKER']",
        "!!python/name:os.system",
        "!!str text",
        "!mine {a: 1}",
        "! text",
    ],
)
def test_tags_are_refused_and_run_nothing(
    faults: Faults, write: Callable[..., Path], value: str
) -> None:
    path = write(f"experiment:\n  description: {value}")
    lines = faults(path, read=load_experiment)
    assert lines[0].startswith("my.yaml:2: experiment.description: the tag ")
    assert not Path("MARKER").exists()


def test_the_hostile_file_is_hostile(write: Callable[..., Path]) -> None:
    text = write("!!python/object/apply:os.system ['touch MARKER']").read_text()
    yaml.unsafe_load(text)
    assert Path("MARKER").exists()


@pytest.mark.parametrize(
    "name", ["os:system", "sk_ensemble.boosting:XGBoostClassifier", "_target_", "a.b"]
)
def test_a_model_is_named_by_the_registry_only(faults: Faults, name: str) -> None:
    (fault,) = faults(f"models: ['{name}']")
    assert "There is no model" in fault


def called_names(path: Path) -> set[str]:
    calls = [
        n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)
    ]
    return {
        getattr(call.func, "id", None) or getattr(call.func, "attr", "")
        for call in calls
    }


FORBIDDEN = {"__import__", "compile", "eval", "exec", "import_module", "system"}


def test_no_value_of_a_file_can_name_code() -> None:
    used = {name for path in PACKAGE.glob("*.py") for name in called_names(path)}
    # Regular expressions are compiled by a function of the same name.
    assert used & FORBIDDEN <= {"compile"}


def test_the_search_for_such_calls_finds_one(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text("importlib.import_module(name); eval(text)")
    assert called_names(path) == {"import_module", "eval"}


# C9

BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
)
LIMITED = """
import resource, sys, time
from sk_ensemble.exceptions import ConfigError
from sk_ensemble.experiments.config import load_experiment
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**28, used + 2**28))
started = time.process_time()
try:
    load_experiment(sys.argv[1])
except ConfigError as error:
    print(error)
assert time.process_time() - started < 1
"""


def test_aliases_are_refused_before_they_unfold(write: Callable[..., Path]) -> None:
    path = write(BOMB)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "my.yaml:2: the alias 'a0' is not allowed" in done.stdout


def test_the_bomb_is_one() -> None:
    unfolded = loaded_by_ruamel("\n".join(BOMB.splitlines()[:5]))["a4"]

    def count(value: Any) -> int:
        return sum(map(count, value)) if isinstance(value, list) else 1

    assert count(unfolded) == 9**5


# C10

HUGE = {
    "brackets": "[" * 2000,
    "brackets in lines": "[\n" * 9000,
    "braces": "{a: " * 2000,
    "dashes": "- " * 2000,
    "question marks": "? " * 2000,
    "digits": "random_seed: " + "1" * 5000,
    "digits of a fraction": "random_seed: 1." + "1" * 5000 + "e400",
    "list": "horizons: [" + "1," * 1_000_000 + "1]",
    "list in lines": "horizons:\n" + "- 1\n" * 1_000_000,
    "list within the size": "horizons: [" + "1," * 40_000 + "1]",
    "keys": "\n".join(f"k{i}: 1" for i in range(4000)),
    "exclamation marks": "!" * 90_000,
    "exclamation marks without end": "!" * 900_000,
    "directives": "%X\n" * 9000,
    "blank lines": "\n" * 900_000,
    "comments": "# \n" * 300_000,
    "words": "experiment: {description: " + "xy " * 30_000 + "}" + "\n" * 20_000,
    "documents": "---\n" * 9000,
    "megabytes": "x" * 20_000_000,
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_what_is_too_large_or_deep_is_refused_in_no_time(
    faults: Faults, text: str
) -> None:
    parse_experiment({})  # imports the libraries of the default models
    # Processor time, as the machine may be busy with other things.
    started = time.process_time()
    lines = faults(text)
    assert time.process_time() - started < 1
    assert all(len(line) < 400 for line in lines)


def test_an_unguarded_reader_overflows() -> None:
    with pytest.raises(RecursionError):
        loaded_by_ruamel("- " * 2000)
    with pytest.raises(ValueError, match="4300 digits"):
        loaded_by_ruamel("1" * 5000)


def test_of_very_many_faults_the_first_are_told(faults: Faults) -> None:
    lines = faults(HUGE["keys"])
    assert lines[0].startswith("<text>:1: k0: unknown key; there are cv, data")
    assert lines[-1] == "... and 3,900 more"


def test_what_is_large_but_sensible_passes() -> None:
    symbols = ", ".join(f"S{i}" for i in range(3000))
    config = parse_experiment(f"data: {{{FILES}, symbols: [{symbols}]}}")
    assert len(config.data.symbols) == 3000


# C11


def test_a_change_of_an_unknown_key_is_refused(faults: Faults) -> None:
    changes = [
        "cv.n_split=3",
        "models.xgboost.max_dept=6",
        "models.lgbm.x=1",
        "no.such=1",
        "cv.n_splits",
        "=1",
        "models.xgboost=1",
    ]
    lines = faults("models: [xgboost]", changes)
    assert [line.split(": ")[0] for line in lines] == [
        "--set cv.n_splits",
        "--set ",
        "--set models.lgbm.x",
        "--set models.xgboost",
        "--set models.xgboost.max_dept",
        "--set cv.n_split",
        "--set no.such",
    ]
    assert "the nearest are max_depth" in lines[4]
    assert parse_experiment("models: [xgboost]", ["cv.n_splits=3"]).cv.n_splits == 3


SECRETS = {
    "password": "postgresql://me:hush-hush@db.local:5432/mlflow",
    "password with signs": "postgresql://me:hush@/hush-hush@db.local/mlflow",
    "token": "https://hush-hush@tracking.local",
    "query": "mysql+pymysql://db.local/x?user=me&password=hush-hush",
    "upper case": "HTTPS://Me:hush-hush@tracking.local",
}


@pytest.mark.parametrize("uri", SECRETS.values(), ids=SECRETS)
def test_credentials_are_in_no_file_message_or_repr(faults: Faults, uri: str) -> None:
    source = {"mlflow": {"tracking_uri": uri}}
    config = parse_experiment(source)
    assert config.tracking_uri == uri
    shown = [config.to_yaml(), repr(config), str(config.canonical()), config.digest()]
    shown += faults({**source, "mlflow": {"tracking_uri": uri, "enabled": uri}})
    shown += faults({}, [f"mlflow.tracking_uri=ftp{uri}"])
    assert "hush" not in "".join([*shown, *config.notices])
    assert "***" in config.to_yaml()
    assert "hush-hush" in config.to_yaml(secrets=True)


def test_a_variable_is_written_as_such_and_read_when_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STORE", "postgresql://me:hush-hush@db.local/mlflow")
    monkeypatch.setenv("LAKE", "/lake")
    paths = {
        f"{split}_path": f"${{LAKE}}/{split}.parquet" for split in ("train", "val")
    }
    config = parse_experiment(
        {
            "mlflow": {"tracking_uri": "${STORE}"},
            "data": {**paths, "test_path": "test.parquet"},
        }
    )
    assert config.tracking_uri == "postgresql://me:hush-hush@db.local/mlflow"
    assert config.data.paths["val"] == Path("/lake/val.parquet")
    text = config.to_yaml(secrets=True)
    assert "${STORE}" in text
    assert "${LAKE}/train.parquet" in text
    assert "hush" not in text + repr(config)
    assert parse_experiment(text) == config


def test_a_variable_that_is_not_set_is_told_by_name(
    faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH", raising=False)
    source = "mlflow:\n  tracking_uri: postgresql://me:${NO_SUCH}@db.local/x"
    assert faults(source) == [
        "<text>:2: mlflow.tracking_uri: needs environment variables that are not set: "
        "NO_SUCH"
    ]
    assert parse_experiment(source, check_environment=False).mlflow.enabled


@pytest.mark.parametrize(
    "text",
    [
        "experiment: {description: '${HOME}'}",
        "output: {base_dir: '${HOME}'}",
        "models: [{name: xgboost, hyperparameters: {early_stopping: '${HOME}'}}]",
        f"data: {{{FILES}, symbols: ['${{HOME}}']}}",
    ],
)
def test_variables_stand_in_addresses_only(faults: Faults, text: str) -> None:
    assert any("environment variables may stand in" in line for line in faults(text))
