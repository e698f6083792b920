"""Files and directories that are there whole, or not at all.

Everything is written beside its target, forced to the disk and then moved into
place, so a reader, a crash or a full disk never meets half of it. What a killed
process has left behind carries a name that `sweep` knows.
"""

from __future__ import annotations

import errno
import json
import math
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

__all__ = [
    "building",
    "check_writable",
    "is_scratch",
    "read_files",
    "read_json",
    "strict_json",
    "sweep",
    "sync_folder",
    "write_bytes",
    "write_folder",
    "write_json",
    "write_new",
    "write_whole",
]

#: Names of unfinished files and directories begin with this.
_SCRATCH = ".writing-"

#: Seconds after which an unfinished file belongs to nobody any more.
_ABANDONED = 24 * 3600.0


def _scratch_path(target: Path) -> Path:
    """Return a free name beside the target, for the time of writing."""
    return target.parent / f"{_SCRATCH}{os.getpid()}-{secrets.token_hex(6)}"


def is_scratch(name: str) -> bool:
    """Tell whether something is being written, or was when its writer was killed.

    Parameters
    ----------
    name : str
        Name of a file or directory, without the path.

    Examples
    --------
    >>> from sk_ensemble.utils.files import is_scratch
    >>> is_scratch(".writing-4711-0f3a"), is_scratch("metrics.json")
    (True, False)
    """
    return name.startswith(_SCRATCH)


def sync_folder(folder: Path) -> None:
    """Force the entries of a directory to the disk, so that a rename lasts.

    Parameters
    ----------
    folder : Path
        The directory.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_file(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _size(path: Path) -> int:
    """Return the bytes of a file, or of all files of a directory."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


@contextmanager
def _naming(target: Path, scratch: Path, n_bytes: int | None) -> Iterator[None]:
    """Say which file could not be written, not what it was called meanwhile."""
    try:
        yield
    except OSError as error:
        of = "" if n_bytes is None else f" of {n_bytes}"
        written = f"after {_size(scratch)}{of} bytes"
        msg = f"{error.strerror or error} (while writing it, {written})"
        raise type(error)(error.errno, msg, str(target)) from error


def write_whole(
    path: Path, write: Callable[[Path], Any], n_bytes: int | None = None
) -> None:
    """Write a file with a function that is given the path to write to.

    Parameters
    ----------
    path : Path
        The file. Its directory is made where it is missing; an older file is
        replaced.
    write : callable
        Writes the content to the path it is given, which lies in the same directory.
    n_bytes : int or None, default=None
        How much it will write, where that is known: errors tell it.

    Raises
    ------
    OSError
        If the file cannot be written; names it. An older file is untouched.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sk_ensemble.utils.files import write_whole
    >>> folder = tempfile.TemporaryDirectory()
    >>> target = Path(folder.name) / "note.txt"
    >>> write_whole(target, lambda scratch: scratch.write_text("whole"))
    >>> target.read_text()
    'whole'
    >>> folder.cleanup()
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = _scratch_path(path)
    try:
        with _naming(path, scratch, n_bytes):
            write(scratch)
            _sync_file(scratch)
            scratch.replace(path)
            sync_folder(path.parent)
    finally:
        scratch.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes to a file.

    Parameters
    ----------
    path : Path
        The file.
    content : bytes
        Its whole content.
    """
    write_whole(path, lambda scratch: scratch.write_bytes(content), len(content))


def write_new(path: Path, content: bytes) -> None:
    """Write a file that there must be nothing in the place of.

    Of several processes that do so at once, one has it and the others an error.

    Parameters
    ----------
    path : Path
        The file, whose directory exists.
    content : bytes
        Its whole content.

    Raises
    ------
    FileExistsError
        If there is something at `path`, which stays as it is.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sk_ensemble.utils.files import write_new
    >>> folder = tempfile.TemporaryDirectory()
    >>> write_new(Path(folder.name) / "1.json", b"{}")
    >>> write_new(Path(folder.name) / "1.json", b"[]")
    Traceback (most recent call last):
        ...
    FileExistsError: ...1.json exists already. Choose another name, or remove it.
    >>> folder.cleanup()
    """
    scratch = _scratch_path(path)
    try:
        with _naming(path, scratch, len(content)):
            scratch.write_bytes(content)
            _sync_file(scratch)
        # Unlike a rename, a link replaces nothing.
        with _refusing_existing(path):
            path.hardlink_to(scratch)
        sync_folder(path.parent)
    finally:
        scratch.unlink(missing_ok=True)


def _strict(value: Any) -> Any:
    """Replace what strict JSON lacks: NaN and infinities become null."""
    if isinstance(value, dict):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def strict_json(content: Any) -> str:
    r"""Return strict JSON, sorted and indented; NaN and infinities become null.

    Parameters
    ----------
    content : object
        Dicts, lists, strings, numbers, None and paths.

    Examples
    --------
    >>> from sk_ensemble.utils.files import strict_json
    >>> strict_json({"b": float("nan"), "a": 1})
    '{\n  "a": 1,\n  "b": null\n}\n'
    """
    text = json.dumps(
        _strict(content),
        indent=2,
        sort_keys=True,
        allow_nan=False,
        ensure_ascii=False,
    )
    return text + "\n"


def write_json(path: Path, content: Any) -> None:
    """Write strict JSON, as `strict_json` returns it.

    Parameters
    ----------
    path : Path
        The file.
    content : object
        What to write.
    """
    write_bytes(path, strict_json(content).encode())


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    ValueError
        If it is damaged; names the file.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        msg = f"{path} is damaged: it is no JSON ({error})."
        raise ValueError(msg) from error


def _sync_tree(folder: Path) -> None:
    """Force all files and directories below to the disk, leaves first."""
    for root, _, names in os.walk(folder, topdown=False):
        for name in names:
            _sync_file(Path(root) / name)
        sync_folder(Path(root))


@contextmanager
def _refusing_existing(target: Path) -> Iterator[None]:
    """Let what another process has put somewhere meanwhile stay there."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            _refuse_existing(target)
        raise


@contextmanager
def building(target: Path, n_bytes: int | None = None) -> Iterator[Path]:
    """Build a directory aside and move it into place when the block ends well.

    Parameters
    ----------
    target : Path
        The directory to be; there must be nothing of this name.
    n_bytes : int or None, default=None
        How much will be written, where that is known: errors tell it.

    Yields
    ------
    scratch : Path
        An empty directory beside it, to write to.

    Raises
    ------
    FileExistsError
        If there is something at `target`, were it an empty directory.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sk_ensemble.utils.files import building
    >>> folder = tempfile.TemporaryDirectory()
    >>> with building(Path(folder.name) / "run") as scratch:
    ...     _ = (scratch / "note.txt").write_text("whole")
    >>> [path.name for path in Path(folder.name).rglob("*")]
    ['run', 'note.txt']
    >>> folder.cleanup()
    """
    _refuse_existing(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = _scratch_path(target)
    scratch.mkdir()
    try:
        with _naming(target, scratch, n_bytes):
            yield scratch
            _sync_tree(scratch)
        # A rename replaces an empty directory without a word.
        _refuse_existing(target)
        with _refusing_existing(target):
            scratch.rename(target)
        sync_folder(target.parent)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Write a new directory with all of its files, whole or not at all.

    Parameters
    ----------
    target : Path
        The directory to be; there must be nothing of this name.
    files : mapping of str to bytes
        Content by name; a name may have directories in it, such as ``"a/b.json"``.

    Raises
    ------
    FileExistsError
        If there is something at `target`.
    """
    with building(target, sum(map(len, files.values()))) as scratch:
        for name, content in files.items():
            path = scratch / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _refuse_link(path: Path) -> Path:
    if path.is_symlink():
        msg = f"{path} is a link, and what it points to is not looked at. Remove it."
        raise ValueError(msg)
    return path


def read_files(folder: Path) -> dict[str, bytes]:
    """Read all files of a directory, as `write_folder` takes them.

    Parameters
    ----------
    folder : Path
        The directory; one that is missing has no files.

    Returns
    -------
    files : dict of bytes
        Content by name, directories in the name separated by ``/``.

    Raises
    ------
    ValueError
        If there is a link, which may lead anywhere; names it.
    """
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in map(_refuse_link, sorted(folder.rglob("*")))
        if path.is_file()
    }


def check_writable(folder: Path) -> None:
    """Write something to a directory, and remove it: better now than too late.

    Parameters
    ----------
    folder : Path
        The directory; it is made where it is missing.

    Raises
    ------
    OSError
        If files cannot be written there; names the place and says what to do.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sk_ensemble.utils.files import check_writable
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     check_writable(Path(file.name) / "runs")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    NotADirectoryError: ... nothing can be written here...
    """
    scratch = _scratch_path(folder / "probe")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with scratch.open("xb") as stream:
            stream.write(b"probe")
    except OSError as error:
        msg = f"{error.strerror}; nothing can be written here, so choose another place"
        raise type(error)(error.errno, msg, str(folder)) from error
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)


def _refuse_existing(target: Path) -> None:
    if os.path.lexists(target):
        msg = f"{target} exists already. Choose another name, or remove it."
        raise FileExistsError(msg)


def _touched(path: Path) -> float:
    """Return when an entry changed last: just now, if it is gone meanwhile."""
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        # Its writer is alive, and has put it into place since it was listed.
        return math.inf


def sweep(folder: Path) -> list[str]:
    """Remove what writers that were killed have left in a directory.

    Parameters
    ----------
    folder : Path
        The directory. Only entries with the names of unfinished files are looked at,
        and only those untouched for a day are removed, as their writer may live on
        another machine.

    Returns
    -------
    names : list of str
        What was removed.
    """
    limit = time.time() - _ABANDONED
    removed = []
    for path in sorted(folder.glob(f"{_SCRATCH}*")):
        if _touched(path) > limit:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        removed.append(path.name)
    return removed
