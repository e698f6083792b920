"""Turn a model into a tree of JSON values, arrays and files."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.persistence._classes import name_of_class, name_of_function
from sk_ensemble.persistence._dtypes import name_of_dtype, stored_dtype
from sk_ensemble.persistence._known_parts import KnownParts
from sk_ensemble.persistence._parts import params_of, parts_of
from sk_ensemble.persistence._requests import requests_of
from sk_ensemble.persistence._types import name_of_type
from sk_ensemble.utils.artefacts import Artefacts

__all__ = ["Encoder"]

#: Whole numbers above this are no exact numbers in every reader of JSON.
_LARGEST_INT = 2**53

#: What to do instead, by what a value is.
_ADVICE: list[tuple[type | tuple[type, ...], str]] = [
    (
        (np.random.RandomState, np.random.Generator, np.random.BitGenerator),
        "it is the state of a generator. Give random_state a whole number",
    ),
    (
        (FunctionType, BuiltinFunctionType),
        "functions are code, and a model file holds none. Use one of NumPy's functions "
        "of numbers, such as numpy.log1p, or a transformer that is a class on the list",
    ),
    (
        (np.ndarray, np.generic),
        "arrays hold bools, whole numbers, floats, times, texts or objects that can "
        "be saved. Convert it",
    ),
]

_OTHERWISE = (
    "it is none of the classes on the list. A classifier of your own can be saved once "
    "it is registered with sk_ensemble.register"
)


def _advice(value: Any) -> str:
    found = (text for kinds, text in _ADVICE if isinstance(value, kinds))
    return next(found, _OTHERWISE)


def _full_name(value: Any) -> str:
    """Name what a value is: its class, or the function that it is."""
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def _is_search(value: Any) -> bool:
    """Whether a value is a fitted search, of which the best model is what counts."""
    return hasattr(value, "best_estimator_") and hasattr(value, "best_params_")


class Encoder:
    """Collect what a model consists of.

    Parts that occur twice are stored once, so that they are one again when loaded.

    Parameters
    ----------
    known : KnownParts or None, default=None
        What objects are known to consist of; they are not taken apart.

    Attributes
    ----------
    tensors : dict of str to ndarray
        Arrays of numbers by their place in the model.
    files : dict of str to bytes
        Files in native formats.
    libraries : set of str
        Distributions that the native formats depend on.
    faults : list of str
        What cannot be saved, and why.
    objects : list of object
        All objects met, innermost first.
    """

    def __init__(self, known: KnownParts | None = None) -> None:
        self._known = known or KnownParts()
        self.tensors: dict[str, np.ndarray] = {}
        self.files: dict[str, bytes] = {}
        self.libraries: set[str] = set()
        self.faults: list[str] = []
        self.objects: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._arrays: dict[int, tuple[np.ndarray, Any]] = {}
        self._names: dict[type, str | None] = {}
        self._open: set[int] = set()

    def encode(self, value: Any, place: str) -> Any:
        """Return the JSON value that stands for a value at a place in the model."""
        for kinds, encode in _BY_KIND:
            if type(value) in kinds:
                return encode(self, value, place)
        if isinstance(value, np.generic):
            return self._scalar(value, place)
        if isinstance(value, np.dtype):
            return self._dtype(value, place)
        function = name_of_function(value)
        if function is not None:
            return {"$function": function}
        return self._object(value, place)

    def refuse(self, value: Any, place: str, reason: str | None = None) -> None:
        """Note that a value cannot be saved."""
        reason = (reason or _advice(value)).rstrip(".")
        self.faults.append(f"{place} is {_full_name(value)}: {reason}.")

    def raise_faults(self) -> None:
        """Raise if anything cannot be saved, naming all of it."""
        if self.faults:
            lines = "\n".join(f"  {fault}" for fault in self.faults)
            msg = f"The model cannot be saved, because of\n{lines}"
            raise PersistenceError(msg)

    @contextmanager
    def _inside(self, value: Any, place: str) -> Iterator[bool]:
        """Enter a value that holds others; False if it is inside itself."""
        if id(value) in self._open:
            self.refuse(value, place, "it contains itself")
            yield False
            return
        self._open.add(id(value))
        yield True
        self._open.remove(id(value))

    def _int(self, value: int, place: str) -> Any:
        return value if abs(value) <= _LARGEST_INT else {"$int": str(value)}

    def _float(self, value: float, place: str) -> Any:
        return value if math.isfinite(value) else {"$float": repr(value)}

    def _items(self, values: Any, place: str) -> list[Any]:
        with self._inside(values, place) as fresh:
            if not fresh:
                return []
            return [
                self.encode(value, f"{place}[{number}]")
                for number, value in enumerate(values)
            ]

    def _pairs(self, values: Any, place: str) -> list[Any]:
        with self._inside(values, place) as fresh:
            if not fresh:
                return []
            return [
                [
                    self.encode(key, f"{place}.keys[{key!r}]"),
                    self.encode(value, f"{place}[{key!r}]"),
                ]
                for key, value in values.items()
            ]

    def _slice(self, value: slice, place: str) -> Any:
        bounds = (value.start, value.stop, value.step)
        return {"$slice": [self.encode(bound, place) for bound in bounds]}

    def _series(self, value: pd.Series, place: str) -> Any:
        pairs = zip(value.index.tolist(), value.tolist(), strict=True)
        return {
            "$series": [
                [self.encode(key, f"{place}.index"), self.encode(item, place)]
                for key, item in pairs
            ]
        }

    def _frame(self, value: pd.DataFrame, place: str) -> Any:
        labels = (value.index, value.columns)
        if any(isinstance(part, pd.MultiIndex) for part in labels):
            self.refuse(value, place, "its rows or columns have several levels")
            return None
        parts = [
            [*(part.to_numpy() for part in labels), *(part.name for part in labels)],
            [value.iloc[:, number].to_numpy() for number in range(value.shape[1])],
        ]
        return {"$frame": self._items(parts, place)}

    def _dtype(self, value: np.dtype[Any], place: str) -> Any:
        name = "O" if value == np.dtype(object) else name_of_dtype(value)
        if name is None:
            self.refuse(value, place, f"arrays of {value} are not saved")
        return {"$dtype": name}

    def _type(self, value: type, place: str) -> Any:
        name = name_of_type(value)
        if name is None:
            self.refuse(value, place, "it is no type of numbers")
        return {"$type": name}

    def _scalar(self, value: np.generic, place: str) -> Any:
        """Keep the type of NumPy's numbers, which decides how results round."""
        if isinstance(value, np.str_):
            return {"$str": str(value)}
        name = name_of_dtype(value.dtype)
        if name is None:
            self.refuse(value, place)
            return None
        stored = np.asarray(value).astype(name)
        return {"$scalar": [name, stored.tobytes().hex()]}

    def _array(self, value: np.ndarray, place: str) -> Any:
        if id(value) not in self._arrays:
            # The array is kept, so that its id is not given to another one.
            self._arrays[id(value)] = value, self._new_array(value, place)
        return self._arrays[id(value)][1]

    def _new_array(self, value: np.ndarray, place: str) -> Any:
        if value.dtype.kind in "OU":
            return self._objects(value, place)
        name = name_of_dtype(value.dtype)
        if name is None:
            self.refuse(value, place)
            return None
        dtype = value.dtype.newbyteorder("<")
        stored = np.asarray(value, dtype).view(stored_dtype(dtype))
        self.tensors[place] = np.array(stored, order="C")
        columns_first = value.flags.f_contiguous and not value.flags.c_contiguous
        return {"$array": [place, name, "F" if columns_first else "C"]}

    def _objects(self, value: np.ndarray, place: str) -> Any:
        items = self._items(value.ravel().tolist(), place)
        kind = "O" if value.dtype.kind == "O" else value.dtype.itemsize // 4
        return {"$objects": [kind, list(value.shape), items]}

    def _object(self, value: Any, place: str) -> Any:
        """Encode an object by its class, parameters and state."""
        if _is_search(value):
            return self.encode(value.best_estimator_, place)
        if id(value) in self._numbers:
            return {"$same": self._numbers[id(value)]}
        name = self._name_of(type(value))
        if name is None:
            self.refuse(value, place)
            return None
        with self._inside(value, place) as fresh:
            node = self._checked_node(value, name, place) if fresh else None
        self._numbers[id(value)] = len(self.objects)
        self.objects.append(value)
        return {"$object": node}

    def _name_of(self, cls: type) -> str | None:
        if cls not in self._names:
            self._names[cls] = name_of_class(cls)
        return self._names[cls]

    def _checked_node(self, value: Any, name: str, place: str) -> Any:
        try:
            return self._node(value, name, place)
        except PersistenceError as error:
            return self.refuse(value, place, str(error))

    def _node(self, value: Any, name: str, place: str) -> Any:
        params, artefacts = self._parts(value, name)
        self.libraries.update(artefacts.libraries)
        node = {
            "class": name,
            "params": self._attributes(params, place),
            "state": self._attributes(artefacts.state, place),
        }
        requests = requests_of(value)
        if requests:
            node["requests"] = requests
        if artefacts.files:
            node["files"] = {
                own: self._file(own, content)
                for own, content in sorted(artefacts.files.items())
            }
        return node

    def _parts(self, value: Any, name: str) -> tuple[dict[str, Any], Artefacts]:
        known = self._known.of(value)
        return parts_of(value, name) if known is None else (params_of(value), known)

    def _attributes(self, values: dict[str, Any], place: str) -> dict[str, Any]:
        return {
            name: self.encode(value, f"{place}.{name}")
            for name, value in sorted(values.items())
        }

    def _file(self, own: str, content: bytes) -> str:
        """Take a file in under a name of its own."""
        stem, _, suffix = own.partition(".")
        name = f"{stem}-{len(self.files)}.{suffix}"
        self.files[name] = content
        return name


#: How values are encoded, by their exact type.
_BY_KIND: list[tuple[tuple[type, ...], Callable[[Encoder, Any, str], Any]]] = [
    ((type(None), bool, str), lambda own, value, place: value),
    ((int,), Encoder._int),
    ((float,), Encoder._float),
    ((list,), Encoder._items),
    ((tuple,), lambda own, value, place: {"$tuple": own._items(value, place)}),
    ((dict,), lambda own, value, place: {"$dict": own._pairs(value, place)}),
    ((Bunch,), lambda own, value, place: {"$bunch": own._pairs(value, place)}),
    ((slice,), Encoder._slice),
    ((np.ndarray, np.memmap), Encoder._array),
    ((pd.DataFrame,), Encoder._frame),
    ((pd.Series,), Encoder._series),
    (
        (pd.Timedelta, pd.Timestamp),
        lambda own, value, place: {
            f"${type(value).__name__.lower()}": value.isoformat()
        },
    ),
    ((type,), Encoder._type),
]
