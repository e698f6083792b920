"""Count what an action does, where its time would depend on the machine."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sk_ensemble.panel import Windows

Action = Callable[[], Any]


def python_steps(action: Action) -> int:
    """Return how many lines of Python an action executes, whoever has written them.

    A loop over rows shows here, even if it calls nothing; what numpy and pandas do
    inside does not.
    """
    n_steps = 0

    def count(frame: Any, event: str, argument: Any) -> Any:
        nonlocal n_steps
        n_steps += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        action()
    finally:
        sys.settrace(before)
    return n_steps


def peak_bytes(action: Action) -> int:
    """Return the most that an action has allocated at any moment."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@contextmanager
def gathered_rows(where: type = Windows) -> Iterator[list[int]]:
    """Note the number of windows in each batch that is gathered, in a list."""
    sizes: list[int] = []
    gather = where.gather

    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        batch = gather(self, *args, **kwargs)
        sizes.append(len(batch))
        return batch

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(where, "gather", noted)
        yield sizes
