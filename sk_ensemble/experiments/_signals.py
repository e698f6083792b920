"""End in good order when the system asks for it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

__all__ = ["Terminated", "ending_on_sigterm"]


class Terminated(KeyboardInterrupt):
    """The process was asked to end, as by ``kill`` or a batch system.

    It takes the way of Ctrl-C, so that joblib ends its workers and every block is
    left as it should be.
    """


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    msg = "the process was asked to end (SIGTERM)"
    raise Terminated(msg)


@contextmanager
def ending_on_sigterm() -> Iterator[None]:
    """Turn SIGTERM into `Terminated` while a block runs, where that can be done.

    Only the main thread may set a handler; elsewhere the block runs as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
