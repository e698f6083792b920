"""Import optional packages with an error that says what to install."""

from __future__ import annotations

import importlib
from types import ModuleType

__all__ = ["import_optional"]


def import_optional(name: str, *, extra: str) -> ModuleType:
    """Import the module `name`, which comes with the extra `extra`.

    Parameters
    ----------
    name : str
        Name of the module, such as ``"xgboost"``.
    extra : str
        Extra of ``sk_ensemble`` that installs it, such as ``"boosting"``.

    Returns
    -------
    module : module
        The imported module.

    Raises
    ------
    ImportError
        If the module is not installed.

    Examples
    --------
    >>> from sk_ensemble.utils.optional import import_optional
    >>> import_optional("json", extra="all").__name__
    'json'
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
        msg = (
            f"{name} is needed for this and is not installed. "
            f'Install it with: pip install "sk_ensemble[{extra}]"'
        )
        raise ImportError(msg) from error
