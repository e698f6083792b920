"""Everything that an experiment is asked to do."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator

from sk_ensemble.experiments.config import _defaults
from sk_ensemble.experiments.config._bars_section import BarsSection
from sk_ensemble.experiments.config._cross_validation_section import (
    CrossValidationSection,
)
from sk_ensemble.experiments.config._dump import yaml_text
from sk_ensemble.experiments.config._ensemble_section import EnsembleSection
from sk_ensemble.experiments.config._experiment_section import ExperimentSection
from sk_ensemble.experiments.config._files_section import FilesSection
from sk_ensemble.experiments.config._mlflow_section import MLflowSection
from sk_ensemble.experiments.config._model_config import ModelConfig
from sk_ensemble.experiments.config._nearest import nearest
from sk_ensemble.experiments.config._notices import notices_of
from sk_ensemble.experiments.config._output_section import OutputSection
from sk_ensemble.experiments.config._run_section import RunSection
from sk_ensemble.experiments.config._secrets import expanded
from sk_ensemble.experiments.config._section import Section
from sk_ensemble.experiments.config._tracking_store import tracking_store
from sk_ensemble.experiments.config._types import Count, Seed, Some, Unique

__all__ = ["ExperimentConfig"]


def data_branch(data: Any) -> str:
    """Return which kind of data a section means: files if it names any path."""
    if isinstance(data, FilesSection):
        return "files"
    names = data if isinstance(data, dict) else ()
    return "files" if any(str(name).endswith("_path") for name in names) else "bars"


def _short(model: dict[str, Any]) -> dict[str, Any]:
    """Return a dumped model without the training words that say nothing."""
    words = model["training"].items()
    training = {word: value for word, value in words if value is not None}
    return {**model, "training": training}


def _with_lag(model: ModelConfig, lag: int) -> ModelConfig:
    """Return a model whose lag is known."""
    if model.dataset.lag is not None:
        return model
    dataset = model.dataset.model_copy(update={"lag": lag})
    return model.model_copy(update={"dataset": dataset})


class ExperimentConfig(Section):
    """Describe an experiment: models x horizons on one row set.

    Every value has a default, so that an experiment may be described in five lines.
    What depends on something else (keys, families, window lengths, lags) is filled in,
    so that equal experiments are equal.

    Raises
    ------
    pydantic.ValidationError
        If a value is wrong; it is a ValueError. The functions that read files raise a
        `ConfigError` with file, line and key instead.

    See Also
    --------
    load_experiment : Read one from a file.
    parse_experiment : Read one from text or a mapping.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import ExperimentConfig
    >>> config = ExperimentConfig(horizons=[5], models=["xgboost", "lstm"])
    >>> [(model.key, model.window_length) for model in config.models]
    [('xgboost', 1), ('lstm', 60)]
    >>> config.cv.make_splitter()
    PurgedSplit(embargo_size=1440, purged_size=60)
    >>> config.tracking_uri
    'sqlite:///experiments/mlflow.db'
    """

    experiment: ExperimentSection = Field(
        default=ExperimentSection(), description="What it is called."
    )
    horizons: Unique[Count] = Field(
        default=_defaults.HORIZONS, description="Horizons of the labels, bars."
    )
    data: Annotated[
        Annotated[BarsSection, Tag("bars")] | Annotated[FilesSection, Tag("files")],
        Discriminator(data_branch),
    ] = Field(
        default=BarsSection(),
        description=(
            "The bars: a section with any ``*_path`` means parquet files, else the "
            "bars that are shipped with the package."
        ),
    )
    models: Some[ModelConfig] = Field(
        default=_defaults.MODELS,
        validate_default=True,
        description="The models to compare, each under a key of its own.",
    )
    cv: CrossValidationSection = Field(
        default=CrossValidationSection(),
        description="How the training period is split into folds.",
    )
    ensemble: EnsembleSection = Field(
        default=EnsembleSection(), description="Which ensembles are built."
    )
    mlflow: MLflowSection = Field(
        default=MLflowSection(), description="Where runs are tracked."
    )
    output: OutputSection = Field(
        default=OutputSection(), description="Where files go."
    )
    run: RunSection = Field(
        default=RunSection(), description="What may be used of the machine."
    )
    random_seed: Seed = Field(
        default=_defaults.RANDOM_SEED,
        description="Seed of every model that has no seed of its own.",
    )

    @field_validator("models")
    @classmethod
    def _check_keys(cls, models: tuple[ModelConfig, ...]) -> tuple[ModelConfig, ...]:
        keys = [model.key for model in models]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            names = ", ".join(twice)
            raise ValueError(f"must have different keys: give key: to one of {names}")
        return models

    @field_validator("models")
    @classmethod
    def _fill_lag(
        cls, models: tuple[ModelConfig, ...], info: ValidationInfo
    ) -> tuple[ModelConfig, ...]:
        is_files = isinstance(info.data.get("data"), FilesSection)
        lag = _defaults.LAG_OF_FILES if is_files else _defaults.LAG_OF_BARS
        return tuple(_with_lag(model, lag) for model in models)

    @field_validator("ensemble")
    @classmethod
    def _check_members(
        cls, ensemble: EnsembleSection, info: ValidationInfo
    ) -> EnsembleSection:
        keys = [model.key for model in info.data.get("models", ())]
        unknown = [name for name in ensemble.members or () if name not in keys]
        if unknown and keys:
            told = "; ".join(f"{name!r}: {nearest(name, keys)}" for name in unknown)
            raise ValueError(f"members are no keys of models: {told}")
        both = [name for name in ensemble.methods if name in keys]
        if both:
            shown = ", ".join(both)
            raise ValueError(
                f"methods would have the names of models: give another key: to {shown}"
            )
        return ensemble

    @property
    def tracking_uri(self) -> str:
        """Address for MLflow, with environment variables replaced: may be secret."""
        uri = self.mlflow.tracking_uri
        return tracking_store(uri and expanded(uri), self.output.base_dir)

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences on what will be done otherwise than written, or is risky."""
        return tuple(notices_of(self))

    def model(self, key: str) -> ModelConfig:
        """Return the model with this key.

        Parameters
        ----------
        key : str
            Key of a model.

        Returns
        -------
        model : ModelConfig
            Its description.

        Raises
        ------
        KeyError
            If no model has the key.
        """
        for model in self.models:
            if model.key == key:
                return model
        keys = [model.key for model in self.models]
        raise KeyError(f"no model has the key {key!r}; {nearest(key, keys)}")

    def estimator_params(self, key: str) -> dict[str, Any]:
        """Return the parameters with which `create` makes a model.

        Parameters
        ----------
        key : str
            Key of the model.

        Returns
        -------
        params : dict
            Values by the names of the model's constructor, with the experiment's seed
            where the model has none of its own.
        """
        return self.model(key).estimator_params(self.random_seed)

    def to_yaml(self, *, secrets: bool = False) -> str:
        """Write everything down, defaults too, as a file that can be loaded.

        Parameters
        ----------
        secrets : bool, default=False
            Whether to write credentials in addresses. Without them, they are ``***``.

        Returns
        -------
        text : str
            YAML, which `load_experiment` reads as an equal configuration; equal but
            for masked credentials.
        """
        values = self.model_dump(mode="json") if secrets else self.canonical()
        return yaml_text({**values, "models": list(map(_short, values["models"]))})
