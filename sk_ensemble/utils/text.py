"""Make text safe to be shown, whatever names and paths bring along."""

from __future__ import annotations

import re

__all__ = ["one_line"]

# Control characters, marks that reorder or hide text, line separators, and halves of
# characters, which stand for bytes that are no text.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff]"
)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def one_line(value: object) -> str:
    r"""Return a value as one line of text that does nothing but show.

    Parameters
    ----------
    value : object
        Any value.

    Returns
    -------
    text : str
        The value as text, with escapes for line breaks, control characters and marks
        that reorder or hide text.

    Examples
    --------
    >>> from sk_ensemble.utils.text import one_line
    >>> print(one_line("A\nERROR: forged \x1b[31m"))
    A\nERROR: forged \x1b[31m
    """
    return _UNSAFE.sub(_escaped, str(value))
