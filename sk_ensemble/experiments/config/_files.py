"""Read configuration files, and those that they extend."""

from __future__ import annotations

import os
from pathlib import Path

from sk_ensemble.experiments.config._fault import Fault
from sk_ensemble.experiments.config._merge import merged
from sk_ensemble.experiments.config._nodes import MapNode, ScalarNode
from sk_ensemble.experiments.config._place import Place
from sk_ensemble.experiments.config._yaml import MAX_BYTES, read_yaml

__all__ = ["extended", "find_file", "read_file", "read_mapping"]

_LONGEST_CHAIN = 20


def _display(path: Path) -> str:
    """Return a path as short as it can be said from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _read_text(path: Path) -> str:
    """Return the text of a file of bearable size.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is too large or no text.
    """
    if path.exists() and not path.is_file():
        raise ValueError("is no file")
    with path.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is no UTF-8 text: {error.reason}") from error


def read_mapping(text: str, source: Place) -> tuple[MapNode | None, list[Fault]]:
    """Read text that must hold a mapping.

    Parameters
    ----------
    text : str
        YAML.
    source : Place
        Where it comes from.

    Returns
    -------
    node : MapNode or None
        The mapping; None if there is none.
    faults : list of Fault
        What is wrong with the text.
    """
    node, faults = read_yaml(text, source)
    if node is None or isinstance(node, MapNode):
        return node, faults
    return None, [*faults, Fault(node.place, "", "must hold keys and values")]


def _read_one(path: Path) -> tuple[MapNode | None, list[Fault]]:
    source = Place(_display(path), None, path.parent)
    try:
        return read_mapping(_read_text(path), source)
    except OSError as error:
        text = f"cannot be read: {os.strerror(error.errno or 0)}"
        return None, [Fault(source, "", text)]
    except ValueError as error:
        return None, [Fault(source, "", str(error))]


def find_file(name: str, place: Place) -> tuple[Path | None, list[Path]]:
    """Look for a file beside the one that names it, then in the current directory.

    Parameters
    ----------
    name : str
        Path as it is written.
    place : Place
        Where it is written.

    Returns
    -------
    path : Path or None
        The first that exists.
    tried : list of Path
        Where it was looked for.
    """
    folders = [Path.cwd()] if place.folder is None else [place.folder, Path.cwd()]
    tried = list(dict.fromkeys(folder / name for folder in folders))
    return next((path for path in tried if path.is_file()), None), tried


def extended(
    node: MapNode, chain: tuple[Path, ...] = ()
) -> tuple[MapNode | None, list[Fault]]:
    """Lay a mapping over the file that it extends, if it names one.

    Parameters
    ----------
    node : MapNode
        A mapping, perhaps with the key ``extends``.
    chain : tuple of Path, default=()
        The files that led here.

    Returns
    -------
    node : MapNode or None
        The result; None if the other file cannot be read.
    faults : list of Fault
        What is wrong with it.
    """
    base = node.entries.get("extends")
    if base is None:
        return node, []
    own = node.without("extends")
    if not (isinstance(base, ScalarNode) and isinstance(base.value, str)):
        return own, [Fault(base.place, "extends", "must be the name of a file")]
    folder = base.place.folder or Path.cwd()
    path = (folder / base.value).resolve()
    if path in chain or len(chain) >= _LONGEST_CHAIN:
        told = " -> ".join(_display(one) for one in (*chain, path))
        text = f"goes round in circles, or on for too long: {told}"
        return own, [Fault(base.place, "extends", text)]
    if not path.is_file():
        text = f"there is no file {_display(path)}; it is looked for beside this one"
        return own, [Fault(base.place, "extends", text)]
    below, faults = read_file(path, chain)
    return (own if below is None else _laid_over(below, own)), faults


def _laid_over(below: MapNode, own: MapNode) -> MapNode:
    node = merged(below, own)
    assert isinstance(node, MapNode)
    return node


def read_file(
    path: Path, chain: tuple[Path, ...] = ()
) -> tuple[MapNode | None, list[Fault]]:
    """Read a file, laid over what it extends.

    Parameters
    ----------
    path : Path
        The file.
    chain : tuple of Path, default=()
        The files that led here.

    Returns
    -------
    node : MapNode or None
        What it holds; None if it cannot be read.
    faults : list of Fault
        What is wrong with it as a file.
    """
    node, faults = _read_one(path.absolute())
    if node is None:
        return None, faults
    result, more = extended(node, (*chain, path.resolve()))
    return result, [*faults, *more]
