"""Send large arrays to other processes as memory maps of files, not as copies."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from joblib.externals.loky.backend import resource_tracker

__all__ = ["MappedArrays"]

#: Smaller arrays travel faster than a file is opened.
_LARGE = 2**20

#: With this protocol an array is pickled without being copied first.
_PROTOCOL = 5


def _root(array: np.ndarray) -> np.ndarray:
    """Return the array whose memory another one looks at."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _place_in_file(array: np.ndarray) -> tuple[Any, ...] | None:
    """Return what opens a part of a file that is mapped already, if it is one."""
    root = _root(array)
    if not isinstance(root, np.memmap) or root.mode not in ("r", "r+"):
        return None
    if root.filename is None or not array.flags.c_contiguous:
        return None
    start = root.offset + array.ctypes.data - root.ctypes.data
    return str(root.filename), array.dtype, "r", start, array.shape


def _open_part(*place: Any) -> np.ndarray:
    return np.memmap(*place)


def _open_file(path: str) -> np.ndarray:
    mapped: np.ndarray = np.load(path, mmap_mode="r")
    return mapped


class MappedArrays:
    """Keep large arrays in files of a temporary folder while workers need them.

    Each array is written once, however often it is sent; one that is a part of a
    mapped file already is not written at all. Where there is no room, arrays are sent
    as copies.

    Parameters
    ----------
    large : int, default=2**20
        Bytes from which on an array is mapped.
    """

    def __init__(self, large: int = _LARGE) -> None:
        self._large = large
        self._folder = tempfile.mkdtemp(prefix="sk_ensemble-")
        # Removes the folder if this process is killed.
        resource_tracker.register(self._folder, "folder")
        # Arrays are held, so that no other can get the number of one of them.
        self._files: dict[int, tuple[np.ndarray, str]] = {}
        self._lock = Lock()

    @property
    def reducers(self) -> Mapping[type, Callable[[Any], Any]]:
        """How arrays are pickled, for loky's pickler."""
        return {np.ndarray: self._reduce, np.memmap: self._reduce}

    def _reduce(self, array: np.ndarray) -> Any:
        if array.nbytes < self._large or array.dtype.hasobject:
            return np.asarray(array).__reduce_ex__(_PROTOCOL)
        place = _place_in_file(array)
        if place is not None:
            return _open_part, place
        path = self._written(array)
        if path is None:
            return np.asarray(array).__reduce_ex__(_PROTOCOL)
        return _open_file, (path,)

    def _written(self, array: np.ndarray) -> str | None:
        """Return the file of an array, None where there is no room for one."""
        with self._lock:
            if id(array) not in self._files:
                path = Path(self._folder, f"{len(self._files)}.npy")
                try:
                    np.save(path, array, allow_pickle=False)
                except OSError:
                    path.unlink(missing_ok=True)
                    return None
                self._files[id(array)] = array, str(path)
            return self._files[id(array)][1]

    def close(self) -> None:
        """Remove the files."""
        shutil.rmtree(self._folder, ignore_errors=True)
        resource_tracker.unregister(self._folder, "folder")
