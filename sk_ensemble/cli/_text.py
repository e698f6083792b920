"""Make text safe for a terminal, whatever names and paths bring along."""

from __future__ import annotations

from sk_ensemble.utils.text import one_line

__all__ = ["one_line", "several_lines"]


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
