"""Search the parameters of one model of an experiment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sk_ensemble.exceptions import ConfigError, DataError
from sk_ensemble.experiments._trainer import Trainer
from sk_ensemble.experiments.config import ExperimentConfig
from sk_ensemble.experiments.config._dump import yaml_text
from sk_ensemble.search import (
    OptunaSearchCV,
    OverfittingReport,
    winner_as_model_config,
)

__all__ = ["Tuning", "tune"]

#: Characters of a digest that tell studies apart.
_DIGEST_SHOWN = 12


@dataclass(frozen=True, eq=False)
class Tuning:
    """Hold what a search has found.

    Attributes
    ----------
    name : str
        Name of the study.
    n_trials : int
        Trials that it has now, those of earlier calls included.
    best_params : dict
        Parameters of the winner.
    best_score : float
        Minus its mean log loss over the folds.
    report : OverfittingReport or None
        What that is worth; None where it cannot be said.
    remark : str
        Why it cannot be said.
    model : dict
        The winner as the content of a model file.
    """

    name: str
    n_trials: int
    best_params: dict[str, Any]
    best_score: float
    report: OverfittingReport | None
    remark: str
    model: dict[str, Any]

    def to_yaml(self) -> str:
        """Return a model file, with what the winner is worth as a comment."""
        worth = self.remark if self.report is None else repr(self.report)
        heading = f"Mean log loss over the folds: {-self.best_score:.4f}.\n{worth}"
        comment = "\n".join(f"# {line}" for line in heading.splitlines())
        return f"{comment}\n{yaml_text(self.model)}"


def _report(search: OptunaSearchCV) -> tuple[OverfittingReport | None, str]:
    try:
        return search.overfitting_report(), ""
    except DataError as error:
        return None, str(error)


def _refuse_chosen_samples(trainer: Trainer) -> None:
    if trainer.config.models[0].dataset.exclude_neutrals:
        msg = (
            f"models.{trainer.model}.dataset.exclude_neutrals leaves samples out of "
            "training by their outcome, and a search scores every sample. Set it to "
            "false to tune the model."
        )
        raise ConfigError(msg)


def study_name(trainer: Trainer) -> str:
    """Return a name that an equal experiment has too, and no other one."""
    config = trainer.config
    digest = config.model_copy(update={"run": type(config.run)()}).digest()
    cell = f"{trainer.model}_h{trainer.horizon}"
    return f"{config.experiment.name}_{cell}_{digest[:_DIGEST_SHOWN]}"


def _n_trials(search: OptunaSearchCV) -> int:
    return len(search.study_.get_trials(deepcopy=False))


def _callbacks(callback: Any) -> Iterator[Any]:
    if callback is not None:
        yield callback


def tune(
    config: ExperimentConfig,
    model: str | None = None,
    horizon: int | None = None,
    *,
    n_trials: int = 50,
    timeout: float | None = None,
    n_jobs: int | None = None,
    callback: Any = None,
) -> Tuning:
    """Search the parameters of a model on the training samples of an experiment.

    Validation and test period are not touched, so the winner can be compared on them.

    Parameters
    ----------
    config : ExperimentConfig
        The experiment; its folds and its seed are used.
    model : str or None, default=None
        Key of the model; needed where the experiment has several.
    horizon : int or None, default=None
        Bars; needed where the experiment has several.
    n_trials : int, default=50
        Trials that the study has in the end, those of earlier calls included.
    timeout : float or None, default=None
        Seconds after which no further trial is begun.
    n_jobs : int or None, default=None
        Trials that are run at a time; other numbers make another search.
    callback : object or None, default=None
        A callback of scikit-learn for the search.

    Raises
    ------
    ConfigError
        If it is not clear what is to be tuned.
    ResumeError
        If data or code have changed since the study was begun.
    """
    trainer = Trainer(config, model, horizon)
    _refuse_chosen_samples(trainer)
    samples = trainer.prepare_data()
    name = study_name(trainer)
    search = OptunaSearchCV(
        trainer.build_model(),
        n_trials=n_trials,
        cv=config.cv.make_splitter(),
        storage=Path(config.output.base_dir) / "optuna" / f"{name}.journal",
        study_name=name,
        n_jobs=n_jobs,
        timeout=timeout,
        refit=False,
        random_state=config.random_seed,
    )
    search.set_callbacks(*_callbacks(callback))
    search.fit(samples.X, samples.y)
    report, remark = _report(search)
    return Tuning(
        name,
        _n_trials(search),
        search.best_params_,
        search.best_score_,
        report,
        remark,
        winner_as_model_config(search),
    )
