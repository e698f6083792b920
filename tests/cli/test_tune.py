from __future__ import annotations

import pytest

from sk_ensemble.experiments import load_experiment, load_model_config

TUNE = ["tune", "small.yaml", "--model", "volatility", "--trials"]


def journals(folder):
    return list((folder / "experiments" / "optuna").iterdir())


@pytest.fixture
def tuned(call, folder):
    """What a short search leaves behind."""
    return call(*TUNE, 2, "--json")


def test_the_winner_is_a_model_file_that_tells_what_it_is_worth(tuned, folder):
    document = tuned.json()
    assert tuned.code == 0
    model = load_model_config("volatility_tuned.yaml")
    (best,) = document["best_params"].values()
    assert model.hyperparameters == {"C": best}
    change = ["models=[prior, {config_path: volatility_tuned.yaml, key: tuned}]"]
    config = load_experiment("small.yaml", change)
    assert config.model("tuned").hyperparameters == {"C": best}
    report = document["overfitting_report"]
    text = (folder / "volatility_tuned.yaml").read_text()
    assert report["n_trials"] == 2
    assert f"# Trial {report['best_trial']} is the best of 2" in text
    assert f"{report['deflated_sharpe_ratio']:.4f}" in text


@pytest.mark.slow
def test_a_search_goes_on_and_ends_as_one_that_was_never_stopped(call, tuned, folder):
    (folder / "volatility_tuned.yaml").unlink()
    assert "1 trials done" in call(*TUNE, 3, "--out", "on.yaml").err
    assert len(journals(folder)) == 1
    whole = ["--output", "elsewhere", "--out", "whole.yaml"]
    assert call(*TUNE, 3, *whole).code == 0
    assert (folder / "on.yaml").read_text() == (folder / "whole.yaml").read_text()


@pytest.mark.slow
def test_another_experiment_is_another_search(call, tuned, folder):
    change = ["--set", "cv.n_splits=3", "--out", "other.yaml"]
    assert call(*TUNE, 2, *change).code == 0
    assert len(journals(folder)) == 2


@pytest.mark.slow
def test_results_are_shown_with_the_report(call, folder):
    code, out, err = call(*TUNE, 2, "--quiet")
    assert (code, err.splitlines()[:-1]) == (0, [])
    assert "  C: " in out
    assert "deflated Sharpe ratio" in out
    assert "Written to volatility_tuned.yaml" in out


def test_no_file_is_written_over(call, folder):
    (folder / "mine.yaml").write_text("mine")
    code, _, err = call(*TUNE, 2, "--out", "mine.yaml")
    assert code == 2
    assert "mine.yaml exists already" in err
    assert (folder / "mine.yaml").read_text() == "mine"
    assert not (folder / "experiments").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say which"),
        (["--model", "xgboost"], "no model 'xgboost'"),
        (["--model", "prior"], "no search space"),
        (
            [
                *("--model", "volatility", "--set"),
                "models.volatility.dataset.exclude_neutrals=true",
            ],
            "exclude_neutrals",
        ),
    ],
)
def test_what_cannot_be_tuned_is_refused(call, folder, arguments, message):
    code, out, err = call("tune", "small.yaml", *arguments)
    assert (code, out) == (2, "")
    assert message in err
