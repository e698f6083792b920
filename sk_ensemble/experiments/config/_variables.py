"""Check the environment variables that a configuration refers to."""

from __future__ import annotations

from collections.abc import Iterator

from sk_ensemble.experiments.config._fault import Fault
from sk_ensemble.experiments.config._nodes import Node, walk
from sk_ensemble.experiments.config._secrets import unset_variables, variables

__all__ = ["variable_faults"]

_DATA_PATHS = ("train_path", "val_path", "test_path")


def _may_refer(path: tuple[str, ...]) -> bool:
    is_data_path = path[0] == "data" and path[-1] in _DATA_PATHS
    return path == ("mlflow", "tracking_uri") or is_data_path


def _text(path: tuple[str, ...], text: str, check: bool) -> str | None:
    """Return what is wrong with a text that refers to variables."""
    if not _may_refer(path):
        return (
            "environment variables may stand in mlflow.tracking_uri and in the paths "
            "of data only"
        )
    unset = ", ".join(unset_variables(text)) if check else ""
    return f"needs environment variables that are not set: {unset}" if unset else None


def variable_faults(node: Node, path: str, check: bool) -> Iterator[Fault]:
    """Yield references that are not allowed or lead nowhere.

    Parameters
    ----------
    node : ScalarNode, ListNode or MapNode
        A configuration or a part of it.
    path : str
        Its key; empty for an experiment as a whole.
    check : bool
        Whether a variable must be set.

    Yields
    ------
    fault : Fault
        What is wrong, without values.
    """
    for below, scalar in walk(node):
        if isinstance(scalar.value, str) and variables(scalar.value):
            parts = (path, *below) if path else below
            text = _text(parts, scalar.value, check)
            if text is not None:
                yield Fault(scalar.place, ".".join(parts), text)
