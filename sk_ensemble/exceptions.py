"""Errors that callers may want to catch by name.

Every message says what is wrong, what was got and what to do about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = [
    "ClusterError",
    "ConfigError",
    "DataError",
    "EmptyFoldError",
    "GateError",
    "LabelSpanError",
    "PanelConversionError",
    "PersistenceError",
    "ProductionError",
    "RegistryError",
    "ResumeError",
]


class DataError(ValueError):
    """Bars, features, labels or weights that cannot be used as they are."""


class LabelSpanError(DataError):
    """A label whose end is missing or lies before its own bar."""


class EmptyFoldError(ValueError):
    """A fold left without rows by purging, embargo or missing history."""


class PanelConversionError(TypeError):
    """A panel was about to become an array, which would mix symbols."""


class RegistryError(ValueError):
    """A model name, family or parameter the registry does not accept."""


class PersistenceError(ValueError):
    """A model that cannot be saved, or a saved one that cannot be trusted."""


class ConfigError(ValueError):
    """A configuration with one or more faults, all of them listed."""


class ResumeError(RuntimeError):
    """An experiment, or training, that cannot go on: it has changed, or still runs."""


class ClusterError(RuntimeError):
    """A cluster that cannot be used: unreachable, without workers, or other code."""


class ProductionError(ValueError):
    """A version that cannot be made or found, or a damaged registry of versions."""


class GateError(ProductionError):
    """A model that did not pass the gates to production.

    Parameters
    ----------
    message : str
        Which gates, and why.
    outcomes : sequence of GateOutcome, default=()
        What came out at each gate.
    """

    def __init__(self, message: str, outcomes: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.outcomes = tuple(outcomes)
