"""What forked processes do in tests."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path


def tell(connection):
    """Say who one is and what is imported already."""
    known = [name for name in ("colorsys", "wave") if name in sys.modules]
    variable = os.environ.get("OMP_NUM_THREADS")
    connection.send((os.getpid(), os.getppid(), known, variable, str(Path.cwd())))


def fail(connection):
    connection.send(os.getpid())
    raise ZeroDivisionError


def wait_for_ever(connection):
    connection.send(os.getpid())
    threading.Event().wait()
