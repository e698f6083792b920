"""Make text safe for a terminal, whatever names and paths bring along."""

from __future__ import annotations

import re

__all__ = ["one_line", "several_lines"]

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

    Examples
    --------
    >>> from sk_ensemble.cli._text import one_line
    >>> print(one_line("A\nERROR: forged \x1b[31m"))
    A\nERROR: forged \x1b[31m
    """
    return _UNSAFE.sub(_escaped, str(value))


def several_lines(value: object) -> str:
    r"""Return a message with its own line breaks, all but the first line indented.

    So no part of a message can be taken for another message.

    Examples
    --------
    >>> from sk_ensemble.cli._text import several_lines
    >>> print(several_lines("2 faults:\n- one\n- another"))
    2 faults:
      - one
      - another
    """
    return "\n  ".join(one_line(line) for line in str(value).split("\n"))
