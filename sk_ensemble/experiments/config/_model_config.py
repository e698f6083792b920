"""One model of an experiment: what it is, how it is trained, what it sees."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from sk_ensemble.exceptions import ConfigError
from sk_ensemble.experiments.config import _defaults
from sk_ensemble.experiments.config._dataset_section import DatasetSection
from sk_ensemble.experiments.config._from_python import node_of
from sk_ensemble.experiments.config._model_faults import model_faults
from sk_ensemble.experiments.config._model_section import ModelSection
from sk_ensemble.experiments.config._nodes import plain
from sk_ensemble.experiments.config._place import Place
from sk_ensemble.experiments.config._section import Section
from sk_ensemble.experiments.config._training_section import TrainingSection
from sk_ensemble.experiments.config._translate import constructor_parameters
from sk_ensemble.registry import model_info, model_parameters

__all__ = ["ModelConfig"]

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def _check_key(key: str) -> str:
    if _KEY.fullmatch(key):
        return key
    msg = (
        "must be 1 to 64 lower-case letters, digits, hyphens and underscores, "
        "beginning with a letter or digit"
    )
    raise ValueError(msg)


def _as_in_a_file(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as a file would have them, refusing what no file can hold."""
    node, faults = node_of(values, Place(""))
    if faults:
        raise ValueError("; ".join(f"{fault.key} {fault.text}" for fault in faults))
    plain_values: dict[str, Any] = plain(node)
    return plain_values


def _default_length(model: ModelSection) -> int:
    needs_windows = model_info(model.full_name).needs_windows
    return _defaults.WINDOW_LENGTH if needs_windows else 1


class ModelConfig(Section):
    """Describe one model of an experiment.

    A name alone will do where nothing else is to be said.

    Raises
    ------
    pydantic.ValidationError
        If a value is wrong; it is a ValueError. Names and values of hyperparameters
        are checked by `faults` and by the functions that read files.

    See Also
    --------
    load_model_config : Read one from a file.

    Examples
    --------
    >>> from sk_ensemble import create
    >>> from sk_ensemble.experiments.config import ModelConfig
    >>> model = ModelConfig(
    ...     model="xgboost",
    ...     hyperparameters={"max_depth": 8},
    ...     training={"early_stopping_rounds": 20},
    ... )
    >>> create(model.full_name, **model.estimator_params(random_seed=42))
    XGBoostClassifier(max_depth=8, random_state=42)
    """

    model: ModelSection = Field(description="Which registered model it is.")
    key: Annotated[str, AfterValidator(_check_key)] = Field(
        default=None,
        validate_default=True,
        description=(
            "Name of the row in the leaderboard, unique in an experiment; null means "
            "the model's short name."
        ),
    )
    hyperparameters: Annotated[dict[str, Any], AfterValidator(_as_in_a_file)] = Field(
        default={},
        description=(
            "Parameters by the names of the model's constructor. Labels in "
            '``class_weight`` are quoted, as in ``{"-1": 2.0}``.'
        ),
    )
    training: TrainingSection = Field(
        default=TrainingSection(),
        description="How it is trained, in one vocabulary for all families.",
    )
    dataset: DatasetSection = Field(
        default=DatasetSection(),
        validate_default=True,
        description="What of the data it sees.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, data: Any) -> Any:
        return {"model": data} if isinstance(data, str) else data

    @field_validator("key", mode="before")
    @classmethod
    def _name_as_key(cls, key: Any, info: ValidationInfo) -> Any:
        model = info.data.get("model")
        if key is None:
            return "unknown" if model is None else model.name
        return key

    @field_validator("dataset")
    @classmethod
    def _fill_length(
        cls, dataset: DatasetSection, info: ValidationInfo
    ) -> DatasetSection:
        model = info.data.get("model")
        if model is None or dataset.sequence_length is not None:
            return dataset
        return dataset.model_copy(update={"sequence_length": _default_length(model)})

    @property
    def full_name(self) -> str:
        """Family and name of the model in the registry."""
        return self.model.full_name

    @property
    def window_length(self) -> int:
        """Bars in a window."""
        return self.dataset.sequence_length or _default_length(self.model)

    @property
    def lag(self) -> int:
        """Bars between the end of a window and the bar of its sample."""
        return self.dataset.lag or 0

    def _words(self, random_seed: int | None = None) -> dict[str, Any]:
        """Return the words of the training section that are given."""
        words = self.training.model_dump()
        is_seeded = "random_state" in self.hyperparameters
        if words["random_seed"] is None and not is_seeded:
            words["random_seed"] = random_seed
        return {word: value for word, value in words.items() if value is not None}

    def faults(self) -> list[tuple[tuple[str, ...], str]]:
        """Return what the model's constructor would not take.

        Returns
        -------
        faults : list of (key, text)
            Place, such as ``("hyperparameters", "max_dept")``, and what is wrong
            there.
        """
        given = dict(self.hyperparameters)
        faults = list(model_faults(self.full_name, self._words(), given))
        length = given.get("input_size", self.window_length)
        if length not in (None, self.window_length):
            text = (
                f"is {length!r}, but the windows have {self.window_length} bars: give "
                "dataset.sequence_length the same number"
            )
            faults.append((("hyperparameters", "input_size"), text))
        return faults

    def estimator_params(self, random_seed: int | None = None) -> dict[str, Any]:
        """Return the parameters with which `create` makes the model.

        Parameters
        ----------
        random_seed : int or None, default=None
            Seed where the training section names none.

        Returns
        -------
        params : dict
            Values by the names of the model's constructor.

        Raises
        ------
        ConfigError
            If there are `faults`; all are listed.
        """
        faults = self.faults()
        if faults:
            lines = [f"{self.key}.{'.'.join(key)}: {text}" for key, text in faults]
            raise ConfigError("\n".join(lines))
        known = model_parameters(self.full_name)
        return constructor_parameters(
            self._words(random_seed), self.hyperparameters, known
        )
