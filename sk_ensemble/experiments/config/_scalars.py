"""Read text without quotes by the core schema of YAML 1.2, and by nothing else.

Only ``true`` and ``false`` are truth values (``yes``, ``no``, ``on`` and ``off`` are
text), ``1e-3`` is a number, ``9:30`` and ``2020-01-31`` are text.
"""

from __future__ import annotations

import math
import re
from typing import Any

__all__ = ["plain_value"]

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

_MOST_DIGITS = 19


def _check_digits(text: str) -> None:
    n_digits = len(text.lstrip("+-"))
    if n_digits > _MOST_DIGITS:
        raise ValueError(f"is a whole number of {n_digits} digits, at most 19 will do")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("is too large a number")
    return value


def plain_value(text: str) -> Any:
    """Return what a text without quotes means.

    Parameters
    ----------
    text : str
        As it stands in the file.

    Returns
    -------
    value : str, int, float, bool or None
        Its value.

    Raises
    ------
    ValueError
        For a number that is not finite or too long.

    Examples
    --------
    >>> from sk_ensemble.experiments.config._scalars import plain_value
    >>> [plain_value(text) for text in ("1e-3", "on", "9:30", "TRUE", "0x1F", "~")]
    [0.001, 'on', '9:30', True, 31, None]
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        _check_digits(text)
        return int(text)
    if _OCTAL_OR_HEX.fullmatch(text):
        _check_digits(text)
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return _finite(text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError("is no finite number")
    return text
