"""Names of models in production, which become names of directories."""

from __future__ import annotations

import re

from sk_ensemble.exceptions import ProductionError

__all__ = ["checked_name"]

#: Small letters only: on some systems names differ in their case alone and are one.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

#: What some systems take for a device, whatever stands after a dot.
_DEVICES = frozenset(
    {"aux", "con", "nul", "prn"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
)


def checked_name(name: object) -> str:
    """Return a name that can be a directory anywhere, and leads to no other place.

    Raises
    ------
    ProductionError
        If it is none.

    Examples
    --------
    >>> from sk_ensemble.production._names import checked_name
    >>> checked_name("xgboost_h5")
    'xgboost_h5'
    """
    is_plain = isinstance(name, str) and _NAME.fullmatch(name) and name[-1] != "."
    if not is_plain or str(name).partition(".")[0] in _DEVICES:
        msg = (
            f"{name!r:.100} cannot be the name of a model in production. Use 1 to 64 "
            "small letters, digits, '.', '_' and '-', beginning with a letter or digit "
            "and not ending with '.'; names of devices such as 'con' are no names."
        )
        raise ProductionError(msg)
    return str(name)
