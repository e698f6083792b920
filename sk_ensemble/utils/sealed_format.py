"""One file of numbers and facts that shows whether it is as it was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.utils.files import strict_json, write_bytes
from sk_ensemble.utils.seals import digest_of

__all__ = ["SealedFormat", "Stored"]

#: Name of the JSON document among the metadata.
_DOCUMENT = "document"

#: Length of the first line.
_SEAL_BYTES = 65

#: Bytes of a file, at most.
_LARGEST = 2**33

#: What reading a file of another kind may throw.
_NOT_OURS = (
    AttributeError,
    KeyError,
    RecursionError,
    TypeError,
    ValueError,
    SafetensorError,
)


class Stored(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    document : dict
        What can be written as JSON.
    arrays : dict of str to ndarray
        The arrays by name.
    """

    document: dict[str, Any]
    arrays: dict[str, np.ndarray]


def _metadata(content: bytes) -> dict[str, str]:
    """Return the metadata of a safetensors file, which its reader leaves out."""
    length = int.from_bytes(content[:8], "little")
    metadata: dict[str, str] = json.loads(content[8 : 8 + length])["__metadata__"]
    return metadata


@dataclass(frozen=True)
class SealedFormat:
    """A kind of file: a line with the SHA-256 of what follows, then safetensors.

    A file is one, so that it is replaced whole or not at all. Its arrays lie as
    safetensors keep them, whose metadata hold the rest as strict JSON.

    Parameters
    ----------
    name : str
        What the files say they are.
    version : int
        To be raised whenever an older reader could not understand the files.
    remedy : str
        What to do about a file that cannot be read; a sentence.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from sk_ensemble.utils.sealed_format import SealedFormat
    >>> counts = SealedFormat("example.counts", 1, "Count again.")
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "counts"
    ...     counts.write(path, {"of": "bars"}, {"n": np.array([3, 4])})
    ...     document, arrays = counts.read(path)
    >>> document, arrays["n"].tolist()
    ({'of': 'bars'}, [3, 4])
    """

    name: str
    version: int
    remedy: str

    def write(
        self, path: Path, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> None:
        """Write a file, or replace it, whole or not at all.

        Parameters
        ----------
        path : Path
            The file; its directory is made where it is missing.
        document : mapping
            What can be written as strict JSON, without loss.
        arrays : mapping of str to ndarray
            Arrays of numbers.
        """
        marked = {"format": self.name, "format_version": self.version, **document}
        whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
        content = safetensors.numpy.save(whole, {_DOCUMENT: strict_json(marked)})
        write_bytes(path, digest_of(content).encode() + b"\n" + content)

    def read(self, path: Path) -> Stored:
        """Read a file that `write` has written.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        stored : Stored
            Its content.

        Raises
        ------
        PersistenceError
            If it is missing, if a single byte is not as it was written, or if it is of
            another kind or version; names the file and says what to do.
        """
        try:
            if path.stat().st_size > _LARGEST:
                raise self._refusal(path, f"has more than {_LARGEST} bytes")
            sealed = path.read_bytes()
        except OSError as error:
            told = f"cannot be read ({error.strerror})"
            raise self._refusal(path, told) from error
        seal, content = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if seal != digest_of(content).encode() + b"\n":
            told = f"is damaged, or no {self.name!r} file: its SHA-256 is another one"
            raise self._refusal(path, told)
        try:
            document = json.loads(_metadata(content)[_DOCUMENT])
            found = document.pop("format"), document.pop("format_version")
            arrays = safetensors.numpy.load(content)
        except _NOT_OURS as error:
            raise self._refusal(path, f"is no {self.name!r} file") from error
        if found != (self.name, self.version):
            told = f"{found[0]!r:.50} {found[1]!r:.20}"
            expected = f"{self.name!r} {self.version}"
            raise self._refusal(
                path,
                f"has the format {told}, and this version of sk_ensemble reads "
                f"{expected}",
            )
        return Stored(document, arrays)

    def _refusal(self, path: Path, what: str) -> PersistenceError:
        return PersistenceError(f"{path} {what}. {self.remedy}")
