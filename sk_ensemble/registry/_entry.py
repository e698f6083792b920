"""One line of the registry: what a model is, and where it comes from."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sk_ensemble.registry._info import ModelInfo
from sk_ensemble.registry._validation import check_signature

__all__ = ["Entry", "Factory"]

#: A classifier's class, or a function that returns a classifier.
Factory: TypeAlias = Callable[..., Any]


def _load(address: str) -> Factory:
    module, _, attribute = address.partition(":")
    factory: Factory = getattr(importlib.import_module(module), attribute)
    return factory


def _address_of(factory: Factory) -> str:
    return f"{factory.__module__}:{factory.__qualname__}"


@dataclass
class Entry:
    """Hold a model's description and its factory, or the factory's address.

    An address is resolved, and what it names is checked, on first use. It stays the
    address that was given, wherever the factory turns out to be defined.
    """

    info: ModelInfo
    target: Factory | str
    _resolved: Factory | None = None

    @property
    def address(self) -> str:
        """Module and name of the factory."""
        if isinstance(self.target, str):
            return self.target
        return _address_of(self.target)

    def factory(self) -> Factory:
        """Return the factory, importing and checking it if that is still due."""
        if not isinstance(self.target, str):
            return self.target
        if self._resolved is None:
            factory = _load(self.target)
            check_signature(factory, self.info.full_name)
            self._resolved = factory
        return self._resolved
