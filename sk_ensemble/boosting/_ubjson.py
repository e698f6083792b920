"""Read and write the part of Universal Binary JSON that XGBoost writes.

Both directions are here, so that a file can be held to be exactly what its content
would be written as: then no other reader can find anything else in it.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from sk_ensemble.exceptions import PersistenceError

__all__ = ["pack", "unpack"]

_ARRAYS = {b"U": ">u1", b"d": ">f4", b"l": ">i4", b"L": ">i8"}
_LETTERS = {np.dtype(name): letter for letter, name in _ARRAYS.items()}
_INTEGERS = {b"i": ">b", b"I": ">h", b"l": ">i", b"L": ">q"}

#: Objects within objects.
_DEPTH = 16


class _Reader:
    """Take values off the front of some bytes."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.place = 0

    def take(self, size: int) -> bytes:
        part = self.content[self.place : self.place + size]
        if len(part) != size or size < 0:
            msg = f"the booster ends within a value, at byte {self.place}"
            raise PersistenceError(msg)
        self.place += size
        return part

    def expect(self, letter: bytes) -> None:
        if self.take(1) != letter:
            msg = f"byte {self.place - 1} of the booster is not {letter!r}"
            raise PersistenceError(msg)

    def size(self) -> int:
        """Read a count, which no more bytes can follow than there are."""
        self.expect(b"L")
        (size,) = struct.unpack(">q", self.take(8))
        if not 0 <= size <= len(self.content) - self.place:
            msg = f"the booster cannot hold {size} items at byte {self.place}"
            raise PersistenceError(msg)
        return int(size)

    def text(self) -> str:
        return self.take(self.size()).decode("ascii")

    def value(self, depth: int) -> Any:
        letter = self.take(1)
        if letter in _INTEGERS:
            form = _INTEGERS[letter]
            return struct.unpack(form, self.take(struct.calcsize(form)))[0]
        if letter == b"S":
            return self.text()
        if letter in (b"{", b"[") and depth < _DEPTH:
            return self.object(depth) if letter == b"{" else self.array(depth)
        msg = f"byte {self.place - 1} of the booster begins no value"
        raise PersistenceError(msg)

    def object(self, depth: int) -> dict[str, Any]:
        found = {}
        while self.content[self.place : self.place + 1] != b"}":
            key = self.text()
            found[key] = self.value(depth + 1)
        self.expect(b"}")
        return found

    def array(self, depth: int) -> Any:
        if self.content[self.place : self.place + 1] != b"$":
            self.expect(b"#")
            return [self.value(depth + 1) for _ in range(self.size())]
        self.expect(b"$")
        letter = self.take(1)
        if letter not in _ARRAYS:
            msg = f"the booster has an array of type {letter!r}"
            raise PersistenceError(msg)
        self.expect(b"#")
        dtype = np.dtype(_ARRAYS[letter])
        return np.frombuffer(self.take(self.size() * dtype.itemsize), dtype)


def unpack(content: bytes) -> Any:
    """Return the value that bytes hold.

    Numbers in arrays of one type come as arrays, all others as Python's.

    Raises
    ------
    PersistenceError
        If they hold no value, or something after it.

    Examples
    --------
    >>> from sk_ensemble.boosting._ubjson import pack, unpack
    >>> unpack(pack({"name": "gbtree", "numbers": [1, 2]}))
    {'name': 'gbtree', 'numbers': [1, 2]}
    """
    reader = _Reader(content)
    try:
        value = reader.value(0)
    except UnicodeDecodeError as error:
        msg = "the booster has texts that are not ASCII"
        raise PersistenceError(msg) from error
    if reader.place != len(content):
        msg = f"the booster goes on after its end, at byte {reader.place}"
        raise PersistenceError(msg)
    return value


def _size(size: int) -> bytes:
    return b"L" + struct.pack(">q", size)


def _text(text: str) -> bytes:
    return _size(len(text)) + text.encode("ascii")


def _integer(value: int) -> bytes:
    """Write a whole number in few bytes, the extremes of each size in more."""
    for letter, form in _INTEGERS.items():
        limit = 2 ** (8 * struct.calcsize(form) - 1)
        if -limit < value < limit - 1:
            return letter + struct.pack(form, value)
    msg = f"{value} is too large"
    raise PersistenceError(msg)


def pack(value: Any) -> bytes:
    """Return a value as XGBoost would write it.

    Parameters
    ----------
    value : dict, list, ndarray, str or int
        What `unpack` returns.
    """
    if isinstance(value, dict):
        return b"".join(
            [b"{", *(_text(key) + pack(item) for key, item in value.items()), b"}"]
        )
    if isinstance(value, list):
        return b"".join([b"[#", _size(len(value)), *map(pack, value)])
    if isinstance(value, np.ndarray):
        head = b"[$" + _LETTERS[value.dtype] + b"#" + _size(len(value))
        return head + value.tobytes()
    return b"S" + _text(value) if isinstance(value, str) else _integer(value)
