"""Refuse what cannot fit into memory before it is tried.

Linux hands out more memory than there is and ends a process that uses it, without a
word. Sizes are known beforehand, so an error can say it instead.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

__all__ = [
    "available_memory",
    "readable_size",
    "refuse_beyond_memory",
    "return_free_memory",
]

_MEMINFO = Path("/proc/meminfo")
_STATM = Path("/proc/self/statm")
_CGROUP = Path("/sys/fs/cgroup")

#: Bytes of data from which on memory is given back.
_WORTH_RETURNING = 2**25

#: Bytes below which it is not worth asking.
_SMALL = 2**28


def readable_size(n_bytes: float) -> str:
    """Return a number of bytes as text, in a unit that fits.

    Examples
    --------
    >>> from sk_ensemble.utils.memory import readable_size
    >>> readable_size(3 * 2**29), readable_size(1536), readable_size(2**60)
    ('1.5 GiB', '1.5 KiB', '1048576.0 TiB')
    """
    unit = "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if n_bytes < 1024:
            break
        n_bytes, unit = n_bytes / 1024, larger
    return f"{n_bytes} bytes" if unit == "bytes" else f"{n_bytes:.1f} {unit}"


def _machine() -> Iterator[int]:
    """Yield what the machine has left, swap included."""
    if _MEMINFO.is_file():
        lines = (line.split() for line in _MEMINFO.read_text().splitlines())
        kibibytes = {words[0]: int(words[1]) for words in lines}
        yield 1024 * sum(kibibytes.get(k, 0) for k in ("MemAvailable:", "SwapFree:"))


def _container() -> Iterator[int]:
    """Yield what a container has left; its cache of files can be dropped."""
    limit, current, stat = (_CGROUP / f"memory.{k}" for k in ("max", "current", "stat"))
    if limit.is_file() and limit.read_text().strip() != "max":
        lines = (line.split() for line in stat.read_text().splitlines())
        cached = next((int(value) for name, value in lines if name == "file"), 0)
        yield int(limit.read_text()) - int(current.read_text()) + cached


def _process() -> Iterator[int]:
    """Yield what the process may still ask for, where that is limited."""
    try:
        import resource
    except ImportError:
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and _STATM.is_file():
        used = int(_STATM.read_text().split()[0]) * resource.getpagesize()
        yield limit - used


def available_memory() -> int | None:
    """Return the bytes that can still be used, None where the system does not say.

    Examples
    --------
    >>> from sk_ensemble.utils.memory import available_memory
    >>> available = available_memory()
    >>> available is None or available > 0
    True
    """
    limits = [*_machine(), *_container(), *_process()]
    return max(min(limits), 0) if limits else None


def refuse_beyond_memory(n_bytes: int, what: str, advice: str) -> None:
    """Raise an error if something needs more memory than there is.

    Parameters
    ----------
    n_bytes : int
        How much it needs.
    what : str
        What needs it.
    advice : str
        What to do instead, as a sentence.

    Raises
    ------
    MemoryError
        If there is less; says how much is needed and how much there is.

    Examples
    --------
    >>> from sk_ensemble.utils.memory import refuse_beyond_memory
    >>> refuse_beyond_memory(2**60, "An array", "Take less.")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    MemoryError: An array takes 1048576.0 TiB of memory and ... are left...
    """
    if n_bytes <= _SMALL:
        return
    available = available_memory()
    if available is not None and n_bytes > available:
        msg = (
            f"{what} takes {readable_size(n_bytes)} of memory and "
            f"{readable_size(available)} are left. {advice}"
        )
        raise MemoryError(msg)


@cache
def _malloc_trim() -> Any:
    """Return the function of glibc that gives memory back, None elsewhere."""
    try:
        return ctypes.CDLL("libc.so.6").malloc_trim
    except (OSError, AttributeError):
        return None


def return_free_memory(n_bytes: int) -> None:
    """Give back to the system what allocators keep although nothing uses it.

    After a large table has been read, or a model trained, that may be as much as the
    table itself. What is given back has to be asked for again, which costs more than it
    brings where little is at stake; then, and where allocators cannot be told, this
    does nothing.

    Parameters
    ----------
    n_bytes : int
        Size of the data that were worked on.
    """
    if n_bytes < _WORTH_RETURNING:
        return
    # Where nothing of Arrow is loaded there is nothing of it to return.
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        arrow.default_memory_pool().release_unused()
    trim = _malloc_trim()
    if trim is not None:
        trim(0)
