from __future__ import annotations

import json

import pytest
from command_line import result_of

from sk_ensemble.baseline import VolatilityBaseline
from sk_ensemble.experiments._result_dir import ResultDir
from sk_ensemble.experiments._status import Status


@pytest.fixture
def volatility_fails(monkeypatch):
    def fail(self, *_, **__):
        raise FloatingPointError("no [bold]luck[/bold] \\x1b[31m")

    monkeypatch.setattr(VolatilityBaseline, "fit", fail)


def runs_of(folder):
    return sorted(path.name for path in (folder / "experiments" / "runs").iterdir())


def results_of(folder):
    return sorted((folder / "experiments" / "results").iterdir())


def leave_interrupted(result):
    """Make a finished result look as if Ctrl-C had ended it before the last cell."""
    directory = ResultDir(result)
    status = Status.begin().becoming("interrupted", "KeyboardInterrupt: ")
    status.write(directory.status_path)


def test_a_run_shows_facts_and_leaderboard_and_where_they_lie(call, folder):
    code, out, err = call("run", "small.yaml")
    assert code == 0
    assert "IF:" in out
    assert "Horizon 5 bars, test period: scores" in out
    assert f"Written to experiments/results/{result_of(folder).name}" in out
    assert f"sk-ensemble leaderboard {result_of(folder).name}" in err
    assert "6 of 6 fits" in err
    assert len(runs_of(folder)) == 2
    assert "\x1b" not in out + err


@pytest.mark.slow
def test_a_quiet_run_shows_the_leaderboard_alone(call, folder):
    code, out, err = call("run", "small.yaml", "--quiet")
    assert (code, err) == (0, "")
    assert "volatility" in out
    assert "IF:" not in out


def test_json_is_one_strict_document(call, folder):
    outcome = call("run", "small.yaml", "--json")
    document = outcome.json()
    assert outcome.code == 0
    assert [row["model"] for row in document["leaderboard"]] == ["prior", "volatility"]
    # The prior model never trades, so its Sharpe ratio is not a number.
    assert document["leaderboard"][0]["sharpe"] is None
    assert document["path"] == f"experiments/results/{result_of(folder).name}"
    assert document["failures"] == {}


def test_options_take_the_place_of_the_file(call, folder):
    options = ["--set", "models.volatility.C=0.5", "--horizon", 3, "--output", "a: b"]
    assert call("run", "small.yaml", "--quiet", *options).code == 0
    (result,) = (folder / "a: b" / "results").iterdir()
    config = ResultDir(result).plan["config"]
    assert config["horizons"] == [3]
    assert config["output"]["base_dir"] == "a: b"
    assert config["models"][1]["hyperparameters"] == {"C": 0.5}
    assert not (folder / "experiments").exists()


@pytest.mark.slow
def test_jobs_threads_and_tracking_are_settings_of_the_run(call, folder):
    options = ["--jobs", 1, "--threads", 2, "--no-tracking"]
    assert call("run", "small.yaml", "--quiet", *options).code == 0
    config = ResultDir(result_of(folder)).plan["config"]
    assert config["run"] == {"n_jobs": 1, "threads_per_task": 2, "cluster": None}
    assert config["mlflow"]["enabled"] is False


def test_failed_cells_are_named_and_end_with_1(call, folder, volatility_fails):
    code, out, err = call("run", "small.yaml", "--json")
    (row,) = json.loads(out)["leaderboard"]
    assert (code, row["model"]) == (1, "prior")
    assert json.loads(out)["failures"].keys() == {"volatility_h5"}
    failure = next(line for line in err.splitlines() if "volatility_h5 failed" in line)
    assert "FloatingPointError: no [bold]luck[/bold]" in failure
    assert "Traceback" not in err


def test_a_finished_run_is_not_run_again_on_resume(call, finished):
    before = runs_of(finished)
    code, out, err = call("run", "small.yaml", "--resume")
    assert code == 0
    assert "Finished already" in err
    assert "Horizon 5 bars" in out
    assert runs_of(finished) == before
    assert len(results_of(finished)) == 1


@pytest.mark.parametrize(
    "jobs", [1, pytest.param(2, marks=pytest.mark.slow)], ids=["here", "in workers"]
)
def test_what_fits_warn_of_is_one_line_for_a_cell(call, folder, jobs):
    models = "models=[{name: logistic, hyperparameters: {max_iter: 2}}]"
    options = ["--set", models, "--jobs", jobs, "--quiet"]
    code, _, err = call("run", "small.yaml", *options)
    assert code == 0
    (line,) = err.splitlines()
    assert line.startswith("warning: logistic_h5: lbfgs failed to converge")


@pytest.mark.slow
def test_resume_of_nothing_is_said(call, folder):
    code, _, err = call("run", "small.yaml", "--resume")
    assert code == 0
    assert "There is no run of small to resume" in err


@pytest.mark.slow
def test_an_unfinished_run_is_mentioned_with_what_finishes_it(call, finished):
    leave_interrupted(result_of(finished))
    _, _, err = call("run", "small.yaml", "--horizon", 5)
    assert "An earlier run is not finished" in err
    assert "interrupted at" in err
    assert "sk-ensemble run small.yaml --horizon 5 --resume" in err
    assert len(results_of(finished)) == 2


def test_resume_finishes_the_run_it_names(call, finished):
    leave_interrupted(result_of(finished))
    code, _, err = call("run", "small.yaml", "--resume")
    assert code == 0
    assert f"Resuming {result_of(finished).name}: interrupted at" in err
    assert ResultDir(result_of(finished)).status.state == "finished"


def test_a_changed_experiment_is_not_resumed(call, finished):
    change = ["--set", "models.volatility.C=0.5"]
    code, _, err = call("run", "small.yaml", "--resume", *change)
    assert code == 2
    assert "hyperparameters" in err
    assert len(results_of(finished)) == 1


@pytest.mark.slow
def test_force_starts_anew_where_resume_is_refused(call, finished):
    change = ["--set", "models.volatility.C=0.5"]
    code, _, err = call("run", "small.yaml", "--resume", "--force", *change)
    assert code == 0
    assert "hyperparameters" in err
    assert len(results_of(finished)) == 2


@pytest.mark.slow
def test_known_fits_are_made_again_without_the_cache_only(call, finished):
    assert "fits" not in call("run", "small.yaml").err
    assert "6 of 6 fits" in call("run", "small.yaml", "--no-cache").err
