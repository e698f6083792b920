"""A search that was cut short ends as one that was not."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import optuna
import pytest
from optuna.distributions import IntDistribution
from searches import rows, searching, tree_search, untimed
from sklearn.ensemble import RandomForestClassifier

from sk_ensemble import PurgedSplit
from sk_ensemble.exceptions import ResumeError
from sk_ensemble.search import _run_trials as module
from sk_ensemble.search._trial import SearchTrial

#: Enough for the sampler to have left its random start.
N_TRIALS = 16


def stored(path, **options):
    """Return a search that is kept in a journal file."""
    return tree_search(
        **({"n_trials": N_TRIALS, "storage": path, "study_name": "s"} | options)
    )


@pytest.fixture(scope="module")
def expected():
    """The table of a search that was never interrupted."""
    return untimed(tree_search(n_trials=N_TRIALS).fit(*rows()).cv_results_)


class Interrupted(BaseException):
    """What no part of the search may catch."""


#: Where a search can be cut short: between any two things that it stores.
PLACES = {
    "asked": (SearchTrial, "suggest"),
    "suggested": (module.TrialRunner, "_begin"),
    "evaluated": (SearchTrial, "record"),
    "recorded": (SearchTrial, "report"),
    "reported": (SearchTrial, "conclude"),
    "concluded": (module.TrialRunner, "_end"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "n_calls",
    [13, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 12, 14))],
)
def test_interrupted_anywhere_it_goes_on_to_the_same_end(
    place, n_calls, tmp_path, expected, monkeypatch
):
    owner, name = PLACES[place]
    original = getattr(owner, name)
    calls = []

    def interrupting(*args, **kwargs):
        calls.append(1)
        if len(calls) == n_calls:
            raise Interrupted
        return original(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, interrupting)
        # As if the process were dead.
        patch.setattr(SearchTrial, "release", lambda self: None)
        with pytest.raises(Interrupted):
            stored(tmp_path / "journal").fit(*rows())
    monkeypatch.setattr("sk_ensemble.search._trial.is_known_dead", lambda owner: True)
    monkeypatch.setattr("sk_ensemble.search._trial._PATIENCE", 0.0)
    search = stored(tmp_path / "journal").fit(*rows())
    assert untimed(search.cv_results_) == expected


def test_interrupted_between_two_suggestions_it_draws_the_same(
    tmp_path, expected, monkeypatch
):
    original = optuna.trial.Trial._suggest
    calls = []

    def interrupting(self, name, distribution):
        calls.append(1)
        if len(calls) == 2 * 3:
            raise Interrupted
        return original(self, name, distribution)

    with monkeypatch.context() as patch:
        patch.setattr(optuna.trial.Trial, "_suggest", interrupting)
        with pytest.raises(Interrupted):
            stored(tmp_path / "journal").fit(*rows())
    monkeypatch.setattr("sk_ensemble.search._trial._PATIENCE", 0.0)
    search = stored(tmp_path / "journal").fit(*rows())
    assert untimed(search.cv_results_) == expected


def test_a_sampler_that_keeps_its_state_goes_on_differently(tmp_path):
    # Without this the test above could not fail.
    def once_and_again(path, counts):
        for n_trials in counts:
            sampler = optuna.samplers.TPESampler(seed=0)
            search = stored(path, sampler=sampler, n_trials=n_trials).fit(*rows())
        return untimed(search.cv_results_)

    whole = once_and_again(tmp_path / "one", [N_TRIALS])
    assert once_and_again(tmp_path / "two", [8, N_TRIALS]) != whole


@pytest.mark.slow
def test_a_search_with_workers_goes_on_to_the_same_end(tmp_path, monkeypatch):
    options = {"n_jobs": 2, "n_trials": 10}
    whole = untimed(tree_search(**options).fit(*rows()).cv_results_)
    original = SearchTrial.record
    calls = []

    def interrupting(self, *args):
        calls.append(1)
        if len(calls) == 10:
            raise Interrupted
        return original(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(SearchTrial, "record", interrupting)
        with pytest.raises(Interrupted):
            stored(tmp_path / "journal", **options).fit(*rows())
    monkeypatch.setattr("sk_ensemble.search._trial._PATIENCE", 0.0)
    search = stored(tmp_path / "journal", **options).fit(*rows())
    assert untimed(search.cv_results_) == whole


def test_folds_that_were_done_are_not_done_again(tmp_path, monkeypatch):
    original = SearchTrial.record
    calls = []

    def interrupting(self, *args):
        calls.append(1)
        if len(calls) == 3:
            raise Interrupted
        return original(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(SearchTrial, "record", interrupting)
        with pytest.raises(Interrupted):
            stored(tmp_path / "journal", n_trials=1).fit(*rows())
    monkeypatch.setattr("sk_ensemble.search._trial._PATIENCE", 0.0)
    evaluated = []
    evaluate = module.evaluate
    monkeypatch.setattr(
        module,
        "evaluate",
        lambda *args: evaluated.append(args[3]) or evaluate(*args),
    )
    stored(tmp_path / "journal", n_trials=1).fit(*rows())
    assert evaluated == [2]


def test_more_trials_can_be_added_later(tmp_path, expected):
    for n_trials in (3, 3, 9, N_TRIALS):
        search = stored(tmp_path / "journal", n_trials=n_trials).fit(*rows())
        assert len(search.cv_results_["params"]) == n_trials
    assert untimed(search.cv_results_) == expected
    fewer = stored(tmp_path / "journal", n_trials=3).fit(*rows())
    assert untimed(fewer.cv_results_) == expected


def test_a_seed_that_was_drawn_is_kept(tmp_path):
    for n_trials in (3, N_TRIALS):
        options = {"random_state": None, "n_trials": n_trials}
        search = stored(tmp_path / "one", **options).fit(*rows())
    seed = search.study_.user_attrs["sk_ensemble:seed"]
    again = tree_search(random_state=seed, n_trials=N_TRIALS).fit(*rows())
    assert untimed(again.cv_results_) == untimed(search.cv_results_)


@pytest.mark.slow
def test_any_address_of_optuna_will_do(tmp_path, expected):
    address = f"sqlite:///{tmp_path / 'study.db'}"
    for n_trials in (5, N_TRIALS):
        search = stored(address, n_trials=n_trials).fit(*rows())
    assert untimed(search.cv_results_) == expected


def test_the_default_is_a_journal_named_after_the_study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    search = searching(storage=None, n_trials=2).fit(*rows())
    name = search.study_.study_name
    assert (tmp_path / "experiments" / "optuna" / f"{name}.journal").is_file()
    more = searching(storage=None, study_name=name, n_trials=3).fit(*rows())
    assert len(more.cv_results_["params"]) == 3
    assert searching(storage=None).fit(*rows()).study_.study_name != name


CHANGES = {
    "X": lambda X, y: ({}, (X + 1, y)),
    "y": lambda X, y: ({}, (X, 1 - y)),
    "folds of cv": lambda X, y: ({"cv": PurgedSplit(3, purged_size=2)}, (X, y)),
    "estimator.criterion": lambda X, y: (
        {"estimator__criterion": "entropy"},
        (X, y),
    ),
    "scoring": lambda X, y: ({"scoring": "accuracy"}, (X, y)),
    "random_state": lambda X, y: ({"random_state": 1}, (X, y)),
    "param_distributions": lambda X, y: (
        {"param_distributions": {"max_depth": IntDistribution(1, 9)}},
        (X, y),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_study_does_not_go_on_with_something_else(name, tmp_path):
    stored(tmp_path / "journal", n_trials=2).fit(*rows())
    params, data = CHANGES[name](*rows())
    search = stored(tmp_path / "journal", n_trials=4).set_params(**params)
    with pytest.raises(ResumeError, match=f"- {name}: was ") as caught:
        search.fit(*data)
    assert str(caught.value).count("\n- ") == 1
    assert "study_name" in str(caught.value)


def test_weights_belong_to_a_study(tmp_path):
    X, y = rows()
    stored(tmp_path / "journal", n_trials=2).fit(X, y, sample_weight=np.ones(len(y)))
    with pytest.raises(ResumeError, match="fit parameters"):
        stored(tmp_path / "journal", n_trials=2).fit(X, y)


def test_what_changes_no_result_may_change(tmp_path):
    def forest(n_jobs, n_trials):
        space = {"max_depth": IntDistribution(1, 3)}
        return searching(
            RandomForestClassifier(n_estimators=3, random_state=0, n_jobs=n_jobs),
            space,
            storage=tmp_path / "journal",
            study_name="s",
            n_trials=n_trials,
        )

    forest(1, 2).fit(*rows())
    assert len(forest(2, 3).fit(*rows()).cv_results_["params"]) == 3


def test_a_space_of_ones_own_that_changed_is_noticed(tmp_path):
    def space_over(name):
        return lambda trial: {"max_depth": trial.suggest_int(name, 1, 9)}

    search = stored(tmp_path / "journal", n_trials=2)
    search.set_params(param_distributions=space_over("depth")).fit(*rows())
    search.set_params(param_distributions=space_over("levels"))
    with pytest.raises(ResumeError, match="Trial 0 was made by other"):
        search.fit(*rows())


def test_a_line_that_was_not_written_to_its_end_is_cut_off(tmp_path, expected):
    path = tmp_path / "journal"
    stored(path, n_trials=5).fit(*rows())
    with path.open("ab") as stream:
        stream.write(b'{"op_code": 8, "trial_id": 4, "user_at')
    assert untimed(stored(path).fit(*rows()).cv_results_) == expected


def test_trials_of_a_living_process_are_left_to_it(tmp_path):
    path = tmp_path / "journal"
    stored(path, n_trials=2).fit(*rows())
    study = optuna.load_study(
        study_name="s",
        storage=optuna.storages.JournalStorage(
            optuna.storages.journal.JournalFileBackend(str(path))
        ),
    )
    SearchTrial(study.ask(), study)  # signed by this process, which lives
    search = stored(path, n_trials=5).fit(*rows())
    assert search.cv_results_["state"].tolist()[2] == "running"
    assert len(search.cv_results_["params"]) == 5


def test_a_trial_that_is_one_too_many_does_not_count(tmp_path):
    path = tmp_path / "journal"
    search = stored(path, n_trials=3).fit(*rows())
    SearchTrial(search.study_.ask(), search.study_).discard()
    search = stored(path, n_trials=3).fit(*rows())
    assert search.cv_results_["state"].tolist()[-1] == "fail"
    assert search.overfitting_report().n_trials == 3


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from searches import rows, tree_search

X, y = rows()
search = tree_search(
    n_trials={n_trials}, storage=sys.argv[2], study_name="s", n_jobs={n_jobs}
)
print("ready", flush=True)
search.fit(X, y)
"""


def start(path, n_trials=N_TRIALS, n_jobs=None):
    shared = next(place for place in sys.path if place.endswith("shared"))
    code = SCRIPT.format(n_trials=n_trials, n_jobs=n_jobs)
    process = subprocess.Popen(
        [sys.executable, "-c", code, shared, str(path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.slow
def test_killed_at_random_it_goes_on_to_the_same_end(tmp_path, expected):
    path = tmp_path / "journal"
    moment = random.Random(0)
    n_killed = 0
    for _ in range(4):
        with start(path) as process:
            time.sleep(moment.uniform(0.05, 0.5))
            os.kill(process.pid, signal.SIGKILL)
            n_killed += process.wait() == -signal.SIGKILL
    assert n_killed >= 1
    search = stored(path).fit(*rows())
    assert untimed(search.cv_results_) == expected


@pytest.mark.slow
def test_several_processes_work_on_one_study(tmp_path):
    path = tmp_path / "journal"
    processes = [start(path) for _ in range(2)]
    for process in processes:
        with process:
            assert process.wait() == 0
    search = stored(path).fit(*rows())
    counted = search.cv_results_["state"][:N_TRIALS]
    assert set(counted) <= {"complete", "pruned"}
    assert len(search.cv_results_["params"]) <= N_TRIALS + 1
