"""Check the environment variables that a configuration refers to."""

from __future__ import annotations

from collections.abc import Iterator

from sk_ensemble.experiments.config._fault import Fault
from sk_ensemble.experiments.config._nodes import Node, ScalarNode, walk
from sk_ensemble.experiments.config._secrets import unset_variables, variables

__all__ = ["variable_faults"]

_DATA_PATHS = ("train_path", "val_path", "test_path")


def _may_refer(path: tuple[str, ...]) -> bool:
    is_data_path = path[0] == "data" and path[-1] in _DATA_PATHS
    return path == ("mlflow", "tracking_uri") or is_data_path


def _text_of(path: tuple[str, ...], text: str, check: bool) -> str | None:
    if not _may_refer(path):
        return "environment variables may stand in mlflow.tracking_uri and data paths"
    unset = ", ".join(unset_variables(text)) if check else ""
    return f"environment variables that are not set: {unset}" if unset else None


def _fault(
    path: tuple[str, ...], node: ScalarNode, prefix: str, check: bool
) -> Iterator[Fault]:
    if isinstance(node.value, str) and variables(node.value):
        text = _text_of(path, node.value, check)
        if text is not None:
            yield Fault(node.place, prefix + ".".join(path), text)


def variable_faults(node: Node, prefix: str, check: bool) -> Iterator[Fault]:
    """Yield references that are not allowed or lead nowhere.

    Parameters
    ----------
    node : ScalarNode, ListNode or MapNode
        A configuration or a part of it.
    prefix : str
        Its key with a dot, for messages; empty for the whole.
    check : bool
        Whether a variable must be set.

    Yields
    ------
    fault : Fault
        What is wrong, without values.
    """
    for path, scalar in walk(node):
        yield from _fault(path if not prefix else ("", *path), scalar, prefix, check)
