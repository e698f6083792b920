from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_experiments import make_config

from sk_ensemble.experiments import _code, _plan
from sk_ensemble.experiments._plan import Plan, make_plan
from sk_ensemble.experiments._sources import make_source


def plan_of(folder: Path, **changes: object) -> Plan:
    config = make_config(folder, **changes)
    source = make_source(config)
    return make_plan({h: source.samples(h) for h in config.horizons}, config)


def digests(plan: Plan, model: str) -> set[str]:
    return {task.digest for task in plan.tasks if task.model == model}


def test_every_fold_and_one_refit_of_every_cell_are_planned(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, horizons=[5, 20], models=["prior", "logistic"])
    assert len(plan.tasks) == 2 * 2 * (3 + 1)
    assert len({task.digest for task in plan.tasks}) == len(plan.tasks)
    folds = [task.fold for task in plan.tasks_of("logistic", 20)]
    assert folds == [0, 1, 2, None]
    refit = plan.tasks_of("logistic", 20)[-1]
    np.testing.assert_array_equal(refit.train, np.arange(len(refit.train)))


def test_equal_requests_have_equal_digests(tmp_path: Path) -> None:
    one, two = plan_of(tmp_path / "a"), plan_of(tmp_path / "b")
    assert [t.digest for t in one.tasks] == [t.digest for t in two.tasks]


@pytest.mark.parametrize(
    "change",
    [
        {"hyperparameters": {"C": 0.5}},
        {"dataset": {"sequence_length": 2}},
        {"dataset": {"lag": 1}},
        {"dataset": {"exclude_neutrals": True}},
        {"training": {"random_seed": 1}},
    ],
)
def test_whatever_changes_a_model_changes_its_digests_alone(
    tmp_path: Path, change: dict[str, object]
) -> None:
    before = plan_of(tmp_path, models=["prior", "logistic"])
    after = plan_of(tmp_path, models=["prior", {"model": "logistic", **change}])
    assert digests(before, "logistic").isdisjoint(digests(after, "logistic"))
    assert digests(before, "prior") == digests(after, "prior")


@pytest.mark.parametrize(
    "change",
    [
        {"cv": {"n_splits": 3, "embargo_size": 61}},
        {"random_seed": 1},
        {"run": {"n_jobs": 1, "threads_per_task": 2}},
    ],
)
def test_folds_seed_and_threads_are_part_of_the_digest(
    tmp_path: Path, change: dict[str, object]
) -> None:
    models = ["random_forest"]
    before, after = (
        plan_of(tmp_path, models=models),
        plan_of(tmp_path, models=models, **change),
    )
    assert digests(before, "random_forest") != digests(after, "random_forest")


@pytest.mark.parametrize("is_alone", [False, True])
def test_a_model_reports_its_rounds_when_it_is_alone(
    tmp_path: Path, is_alone: bool
) -> None:
    model = {"model": "xgboost", "training": {"verbose": True}}
    config = make_config(tmp_path, models=[model])
    samples = {5: make_source(config).samples(5)}
    plan = make_plan(samples, config, is_alone=is_alone)
    assert bool(plan.pipelines["xgboost"][-1].verbose) == is_alone
    silent = plan_of(tmp_path, models=["xgboost"])
    assert digests(plan, "xgboost") == digests(silent, "xgboost")


def test_a_seed_among_the_hyperparameters_is_kept(tmp_path: Path) -> None:
    model = {"model": "random_forest", "hyperparameters": {"random_state": 7}}
    params = plan_of(tmp_path, models=[model]).pipelines["random_forest"].get_params()
    seeds = {v for name, v in params.items() if name.endswith("random_state")}
    assert seeds == {7}


@pytest.mark.parametrize(
    "change", [{"run": {"n_jobs": 2}}, {"experiment": {"name": "x"}}]
)
def test_workers_and_names_are_not(tmp_path: Path, change: dict[str, object]) -> None:
    before, after = plan_of(tmp_path), plan_of(tmp_path, **change)
    assert [t.digest for t in before.tasks] == [t.digest for t in after.tasks]


def test_code_is_part_of_the_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = plan_of(tmp_path)
    monkeypatch.setattr(_plan, "code_digest", lambda: "other")
    after = plan_of(tmp_path)
    assert {t.digest for t in before.tasks}.isdisjoint(t.digest for t in after.tasks)


def test_the_digest_of_the_code_sees_sources_and_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "cli").mkdir()
    monkeypatch.setattr(_code.sk_ensemble, "__file__", str(tmp_path / "__init__.py"))

    def digest() -> str:
        _code.code_digest.cache_clear()
        return _code.code_digest()

    try:
        first = digest()
        (tmp_path / "cli" / "show.py").write_text("shows")
        assert digest() == first
        (tmp_path / "part.py").write_text("computes")
        second = digest()
        assert second != first
        monkeypatch.setattr(_code, "library_versions", lambda: {"numpy": "0"})
        assert digest() != second
    finally:
        _code.code_digest.cache_clear()
