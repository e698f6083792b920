"""Say which known word was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["nearest"]


def nearest(word: str, known: Iterable[str]) -> str:
    """Name the words most like `word`, or all of them where none is.

    Examples
    --------
    >>> from sk_ensemble.experiments.config._nearest import nearest
    >>> nearest("lerning_rate", ["learning_rate", "batch_size"])
    'the nearest is learning_rate'
    >>> nearest("x", ["learning_rate", "batch_size"])
    'there are batch_size, learning_rate'
    """
    known = sorted(known)
    found = difflib.get_close_matches(word.lower()[:100], known, n=3, cutoff=0.6)
    if not known:
        return "there are none"
    if not found:
        return f"there are {', '.join(known)}"
    verb = "is" if len(found) == 1 else "are"
    return f"the nearest {verb} {', '.join(found)}"
