"""How the models of an experiment are drawn: the same in every figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sk_ensemble.report._theme import SERIES, Theme

__all__ = ["ModelStyles"]

_BASELINE, _ENSEMBLE = "baseline", "ensemble"


class ModelStyles:
    """Give each model a colour and a number.

    Parameters
    ----------
    models : sequence of str
        All models, in an order that does not depend on how they did.
    families : dict of str
        Family of each model; what has none is an ensemble.
    """

    def __init__(self, models: Sequence[str], families: Mapping[str, str]) -> None:
        self._families = families
        self._numbers = {model: number for number, model in enumerate(models)}
        coloured = [model for model in models if not self.is_baseline(model)]
        self._colours = {
            model: SERIES[place % len(SERIES)] for place, model in enumerate(coloured)
        }
        self._rounds = {
            model: place // len(SERIES) for place, model in enumerate(coloured)
        }

    def family(self, model: str) -> str:
        """Return the family of a model."""
        return self._families.get(model, _ENSEMBLE)

    def is_baseline(self, model: str) -> bool:
        """Whether a model is there to be beaten."""
        return self.family(model) == _BASELINE

    def is_ensemble(self, model: str) -> bool:
        """Whether a model is made of others."""
        return model not in self._families

    def colour(self, model: str, theme: Theme) -> str:
        """Return the colour of a model; baselines stand back."""
        return self._colours.get(model, theme.faint)

    def dashes(self, model: str) -> str:
        """Return the line style: colours that come again are dashed."""
        if self.is_baseline(model):
            return ":"
        return ("-", "--", "-.")[min(self._rounds[model], 2)]

    def mark(self, model: str, suffix: str) -> str:
        """Return the name of the line of a model in a figure."""
        return f"model-{self._numbers[model]}-{suffix}"
