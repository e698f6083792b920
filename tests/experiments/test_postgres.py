"""Needs a PostgreSQL server, with a user who may make databases.

``SK_ENSEMBLE_POSTGRES_URL=postgresql+psycopg2://user:password@host:5432/postgres``
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import mlflow
import optuna
import pytest
import sqlalchemy
from optuna.distributions import FloatDistribution
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sk_ensemble import Panel, PurgedSplit, Windower
from sk_ensemble.datasets import make_bars
from sk_ensemble.experiments import ExperimentConfig, parse_experiment, run_experiment
from sk_ensemble.search import OptunaSearchCV

VARIABLE = "SK_ENSEMBLE_POSTGRES_URL"
URL = os.environ.get(VARIABLE, "")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not URL, reason=f"needs a PostgreSQL server: {VARIABLE} is not set"
    ),
]

EXPERIMENT = """
experiment: {{name: postgres}}
horizons: [5]
models: [prior, logistic]
data: {{symbols: [IF], start: "2021-01-01", train_end: "2021-05-31",
       val_end: "2021-07-31", stride: 3}}
cv: {{n_splits: 3, embargo_size: 240}}
ensemble: {{methods: []}}
mlflow: {{tracking_uri: "{uri}", experiment_name: {name}}}
output: {{base_dir: "{folder}"}}
run: {{n_jobs: 1}}
"""


@contextmanager
def new_database() -> Iterator[str]:
    """Make a database on the server, give its address, and drop it in the end."""
    server = sqlalchemy.create_engine(URL, isolation_level="AUTOCOMMIT")
    name = f"trial_{secrets.token_hex(6)}"
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(URL)._replace(path=f"/{name}"))
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with new_database() as url:
        yield url


def files_with(word: str, folder: Path) -> list[str]:
    """Return the files of a folder that hold a word, or are named by it."""
    return [
        path.name
        for path in folder.rglob("*")
        if word in path.name or (path.is_file() and word.encode() in path.read_bytes())
    ]


def password() -> str:
    found = urlsplit(URL).password
    assert found, f"{VARIABLE} should hold a password, to see that it goes nowhere"
    return found


def experiment(uri: str, folder: Path, name: str = "trial") -> ExperimentConfig:
    return parse_experiment(EXPERIMENT.format(uri=uri, folder=folder, name=name))


@pytest.mark.parametrize("kind", ["variable", "written"])
def test_an_experiment_is_tracked_and_its_password_goes_nowhere(
    kind, database, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRIAL_DATABASE", database)
    uri = "${TRIAL_DATABASE}" if kind == "variable" else database
    folder = tmp_path / "experiments"
    result = run_experiment(experiment(uri, folder, kind))
    client = mlflow.MlflowClient(database)
    found = client.get_experiment_by_name(kind)
    runs = client.search_runs([found.experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert len(parents) == 1
    assert len(runs) == 1 + len(result.cells)
    assert not list(folder.glob("results/*/tracking/*.json"))
    (folder / "control").write_text(f"so the search finds {password()}")
    assert files_with(password(), folder) == ["control"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (f":{urlsplit(URL).password}@", ":secret@", "password authentication failed"),
        (f":{urlsplit(URL).port}", ":9", "Connection refused"),
    ],
    ids=["password", "port"],
)
def test_a_database_that_does_not_let_us_in_costs_a_warning_without_the_password(
    old, new, reason, tmp_path
):
    parts = urlsplit(URL)
    assert old in parts.netloc
    uri = urlunsplit(parts._replace(netloc=parts.netloc.replace(old, new)))
    folder = tmp_path / "experiments"
    with pytest.warns(UserWarning, match=reason) as caught:
        result = run_experiment(experiment(uri, folder))
    assert len(result.cells) == 2
    assert list(folder.glob("results/*/tracking/*.json"))
    secret = urlsplit(uri).password
    assert secret not in str(caught[0].message)
    assert files_with(f":{secret}@", folder) == []


def search(storage, name, n_trials):
    return OptunaSearchCV(
        make_pipeline(Windower(2, flatten=True), LogisticRegression()),
        {"logisticregression__C": FloatDistribution(1e-4, 1e2, log=True)},
        n_trials=n_trials,
        cv=PurgedSplit(3, embargo_size=20),
        storage=storage,
        study_name=name,
        random_state=0,
    )


def test_a_search_keeps_its_study_in_a_database_and_goes_on_with_it():
    data = make_bars(600, 2, random_state=0)
    returns = data.bars.groupby("symbol")["close"].pct_change().fillna(0.0)
    bars = data.bars[["symbol", "datetime"]].assign(change=1000 * returns)
    X, y = Panel.from_frame(bars).align(data.labels)
    with new_database() as url:
        search(url, "trial", 3).fit(X, y)
        assert len(optuna.load_study(study_name="trial", storage=url).trials) == 3
        went_on = search(url, "trial", 6).fit(X, y)
        assert len(optuna.load_study(study_name="trial", storage=url).trials) == 6
    in_memory = search("memory", "trial", 6).fit(X, y)
    assert went_on.cv_results_["params"] == in_memory.cv_results_["params"]
    assert went_on.best_score_ == in_memory.best_score_


def test_a_study_cannot_live_in_the_database_of_mlflow(database):
    mlflow.MlflowClient(database).search_experiments()
    with pytest.raises(RuntimeError, match="table schema"):
        optuna.create_study(storage=database)
