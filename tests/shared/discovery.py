"""Find what the package offers, so that tests reach new parts by themselves."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import sk_ensemble


def public_modules() -> list[ModuleType]:
    """Return the packages and modules under the top that have public names."""
    names = [module.name for module in pkgutil.iter_modules(sk_ensemble.__path__)]
    modules = [
        importlib.import_module(f"sk_ensemble.{name}")
        for name in names
        if not name.startswith("_")
    ]
    return [module for module in modules if hasattr(module, "__all__")]


def public_objects() -> dict[str, Any]:
    """Return the public classes and functions by full name."""
    return {
        f"{module.__name__}.{name}": value
        for module in public_modules()
        for name in module.__all__
        if inspect.isclass(value := getattr(module, name)) or inspect.isfunction(value)
    }


def public_methods(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield the methods and properties that this package gave to a class."""
    for name in dir(cls):
        value = inspect.getattr_static(cls, name)
        value = getattr(value, "__func__", value)
        function = value.fget if isinstance(value, property) else value
        module = getattr(function, "__module__", None) or ""
        if not name.startswith("_") and module.startswith("sk_ensemble"):
            yield name, value
