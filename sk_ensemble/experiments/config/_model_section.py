"""Which registered model is meant."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from sk_ensemble.experiments.config._section import Section
from sk_ensemble.registry import model_info

__all__ = ["ModelSection"]


def _resolved(name: str, family: str | None) -> dict[str, str]:
    """Return short name and family of the registered model that is meant."""
    info = model_info(f"{family}:{name}" if family and ":" not in name else name)
    if family not in (None, info.family):
        raise ValueError(f"{info.full_name} is not of the family {family!r}")
    return {"name": info.name, "family": info.family}


class ModelSection(Section):
    """Name a registered model.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import ModelSection
    >>> ModelSection(name="xgboost").full_name
    'boosting:xgboost'
    """

    name: str = Field(
        description=(
            'Name in the registry, short ("xgboost") or full ("boosting:xgboost"). '
            "``sk_ensemble.list_models()`` shows all."
        )
    )
    family: str | None = Field(
        default=None,
        description="Family of the model; null means that of the only model so named.",
    )

    @model_validator(mode="before")
    @classmethod
    def _look_up(cls, data: Any) -> Any:
        if isinstance(data, str):
            data = {"name": data}
        if not isinstance(data, dict):
            return data
        name, family = data.get("name"), data.get("family")
        if not isinstance(name, str) or not isinstance(family, str | None):
            return data
        return {**data, **_resolved(name, family)}

    @property
    def full_name(self) -> str:
        """Family and name, which no two models share."""
        return f"{self.family}:{self.name}"
