"""Turn a tree of JSON values, arrays and files back into a model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.persistence._classes import find_class, find_function
from sk_ensemble.persistence._dtypes import dtype_of, stored_dtype
from sk_ensemble.persistence._known_parts import KnownParts
from sk_ensemble.persistence._parts import assemble
from sk_ensemble.persistence._requests import set_requests
from sk_ensemble.persistence._types import TYPES
from sk_ensemble.utils.artefacts import Artefacts

__all__ = ["Decoder"]

#: Bytes that an array of texts may take, which are as wide as the longest of them.
_TEXT_BYTES = 2**27

_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def _expect(value: Any, kind: type, what: str) -> Any:
    """Return a value if it is of the kind that belongs in its place."""
    if type(value) is not kind:
        msg = f"{what} should be a {kind.__name__}, it is {value!r:.50}"
        raise PersistenceError(msg)
    return value


def _expect_list(value: Any, length: int, what: str) -> Any:
    _expect(value, list, what)
    if len(value) != length:
        msg = f"{what} should have {length} items, it has {len(value)}"
        raise PersistenceError(msg)
    return value


def _whole(text: Any) -> int:
    return int(_expect(text, str, "a whole number"))


def _number(text: Any) -> float:
    return _FLOATS[_expect(text, str, "a number")]


def _scalar(node: Any) -> Any:
    name, content = _expect_list(node, 2, "a number of NumPy's")
    dtype = dtype_of(name)
    stored = np.frombuffer(bytes.fromhex(content), dtype=dtype)
    return _only(stored)


def _only(values: np.ndarray) -> Any:
    if values.shape != (1,):
        msg = f"there should be one number, there are {len(values)}"
        raise PersistenceError(msg)
    return values[0]


def _dtype(name: Any) -> np.dtype[Any]:
    return np.dtype(object) if name == "O" else dtype_of(name)


class Decoder:
    """Put a model together from what its files hold.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        Arrays of numbers by name.
    files : mapping of str to bytes
        Files in native formats by name.
    known : KnownParts or None, default=None
        Is told what the objects consist of.
    libraries : iterable of str, default=()
        Distributions that the native formats depend on, for `known`.
    """

    def __init__(
        self,
        tensors: Mapping[str, np.ndarray],
        files: Mapping[str, bytes],
        known: KnownParts | None = None,
        libraries: Iterable[str] = (),
    ) -> None:
        self.tensors = tensors
        self.files = files
        self._known = known
        self._libraries = tuple(libraries)
        self._objects: list[Any] = []
        self._arrays: dict[str, np.ndarray] = {}

    def decode(self, node: Any) -> Any:
        """Return the value that a JSON value stands for."""
        if isinstance(node, list):
            return [self.decode(item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) != 1:
            msg = f"there should be one mark, there are {sorted(node)!r:.100}"
            raise PersistenceError(msg)
        ((mark, content),) = node.items()
        if mark not in _BY_MARK:
            msg = f"there is no mark {mark!r}"
            raise PersistenceError(msg)
        return _BY_MARK[mark](self, content)

    def _pairs(self, node: Any) -> list[tuple[Any, Any]]:
        pairs = [
            _expect_list(pair, 2, "an entry") for pair in _expect(node, list, "a dict")
        ]
        return [(self.decode(key), self.decode(value)) for key, value in pairs]

    def _slice(self, node: Any) -> slice:
        return slice(*self.decode(_expect_list(node, 3, "a slice")))

    def _series(self, node: Any) -> pd.Series:
        pairs = self._pairs(node)
        keys, values = [key for key, _ in pairs], [value for _, value in pairs]
        return pd.Series(values, index=keys)

    def _frame(self, node: Any) -> pd.DataFrame:
        labels, columns = self.decode(_expect_list(node, 2, "a table"))
        index, names, index_name, columns_name = _expect_list(labels, 4, "labels")
        rows = pd.Index(index, name=index_name)
        frame = pd.DataFrame(dict(enumerate(columns)), index=rows)
        frame.columns = pd.Index(names, name=columns_name)
        return frame

    def _array(self, node: Any) -> np.ndarray:
        place, name, order = _expect_list(node, 3, "an array")
        if place not in self._arrays:
            self._arrays[place] = self._new_array(place, dtype_of(name), order)
        return self._arrays[place]

    def _new_array(self, place: str, dtype: np.dtype[Any], order: Any) -> np.ndarray:
        if place not in self.tensors:
            msg = f"there is no array {place!r}"
            raise PersistenceError(msg)
        stored = self.tensors[place]
        if stored.dtype != stored_dtype(dtype):
            msg = f"the array {place!r} is of type {stored.dtype}, not {dtype}"
            raise PersistenceError(msg)
        if order not in ("C", "F"):
            msg = f"the array {place!r} has the order {order!r:.50}"
            raise PersistenceError(msg)
        native = dtype.newbyteorder("=")
        return np.array(stored.view(dtype), dtype=native, order=order)

    def _objects_array(self, node: Any) -> np.ndarray:
        kind, shape, items = _expect_list(node, 3, "an array of objects")
        values = self.decode(_expect(items, list, "items"))
        if math.prod(shape) != len(values):
            msg = f"an array of shape {shape} does not have {len(values)} items"
            raise PersistenceError(msg)
        if kind == "O":
            array = np.empty(len(values), dtype=object)
            for place, value in enumerate(values):
                # One by one, as lists would be taken for further dimensions.
                array[place] = value
            return array.reshape(shape)
        width = _expect(kind, int, "the length of texts")
        if not 0 <= width * 4 * len(values) <= _TEXT_BYTES:
            msg = f"{len(values)} texts of up to {width} letters are too many"
            raise PersistenceError(msg)
        texts = [_expect(value, str, "a text") for value in values]
        return np.array(texts, dtype=f"<U{width}").reshape(shape)

    def _same(self, number: Any) -> Any:
        if not 0 <= _expect(number, int, "a number") < len(self._objects):
            msg = f"there is no object of number {number}"
            raise PersistenceError(msg)
        return self._objects[number]

    def _object(self, node: Any) -> Any:
        name = _expect(node["class"], str, "the name of a class")
        cls = find_class(name)
        params = self._attributes(node["params"])
        state = self._attributes(node["state"])
        files = {
            own: self._file(stored)
            for own, stored in _expect(node.get("files", {}), dict, "files").items()
        }
        artefacts = Artefacts(state, files, self._libraries)
        value = assemble(cls, name, params, artefacts)
        if self._known is not None:
            self._known.remember(value, artefacts)
        if "requests" in node:
            set_requests(value, _expect(node["requests"], dict, "requests"))
        self._objects.append(value)
        return value

    def _attributes(self, nodes: Any) -> dict[str, Any]:
        for name in _expect(nodes, dict, "attributes"):
            if not name.isidentifier() or name.startswith("__"):
                msg = f"{name!r} is no name of an attribute"
                raise PersistenceError(msg)
        return {name: self.decode(node) for name, node in nodes.items()}

    def _file(self, stored: Any) -> bytes:
        if stored not in self.files:
            msg = f"there is no file {stored!r:.80}"
            raise PersistenceError(msg)
        return self.files[stored]


#: How values are decoded, by their mark.
_BY_MARK: dict[str, Callable[[Decoder, Any], Any]] = {
    "$array": Decoder._array,
    "$bunch": lambda own, node: Bunch(**dict(own._pairs(node))),
    "$dict": lambda own, node: dict(own._pairs(node)),
    "$dtype": lambda own, node: _dtype(node),
    "$float": lambda own, node: _number(node),
    "$frame": Decoder._frame,
    "$function": lambda own, node: find_function(node),
    "$int": lambda own, node: _whole(node),
    "$object": Decoder._object,
    "$objects": Decoder._objects_array,
    "$same": Decoder._same,
    "$scalar": lambda own, node: _scalar(node),
    "$series": Decoder._series,
    "$slice": Decoder._slice,
    "$str": lambda own, node: np.str_(_expect(node, str, "a text")),
    "$timedelta": lambda own, node: pd.Timedelta(_expect(node, str, "a time span")),
    "$timestamp": lambda own, node: pd.Timestamp(_expect(node, str, "a time")),
    "$tuple": lambda own, node: tuple(own.decode(_expect(node, list, "a tuple"))),
    "$type": lambda own, node: TYPES[node],
}
