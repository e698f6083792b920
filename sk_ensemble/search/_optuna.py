"""Optuna, imported when it is first needed, and kept quiet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sk_ensemble.utils.optional import import_optional

__all__ = ["load_optuna", "quiet"]


def load_optuna() -> Any:
    """Return the module optuna."""
    return import_optional("optuna", extra="experiments")


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna from announcing studies and trials on the terminal."""
    logging = load_optuna().logging
    before = logging.get_verbosity()
    logging.set_verbosity(max(before, logging.WARNING))
    try:
        yield
    finally:
        logging.set_verbosity(before)
