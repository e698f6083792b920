"""Apply the changes of the command line to the models that they name."""

from __future__ import annotations

from collections.abc import Iterable

from sk_ensemble.experiments.config._entries import Row
from sk_ensemble.experiments.config._fault import Fault
from sk_ensemble.experiments.config._nearest import nearest
from sk_ensemble.experiments.config._nodes import MapNode
from sk_ensemble.experiments.config._overrides import Override
from sk_ensemble.experiments.config._paths import model_path, with_value

__all__ = ["change_rows", "is_of_a_model"]


def is_of_a_model(override: Override) -> bool:
    """Tell whether a change is one of a single model."""
    return override.parts[0] == "models" and len(override.parts) > 1


def _set_in_row(row: Row, override: Override) -> Row:
    """Return a row with a change, if it is the one that is meant."""
    if override.parts[1] not in (row.key, row.family_key):
        return row
    parts = model_path(row.node, override.parts[2:])
    node = with_value(row.node, parts, override.value, override.place)
    assert isinstance(node, MapNode)
    return Row(row.key, row.family_key, node)


def _override_fault(override: Override, rows: Iterable[Row]) -> Fault | None:
    """Return what is wrong with a change of a model."""
    keys = {key for row in rows for key in (row.key, row.family_key)}
    name = override.parts[1]
    if name not in keys:
        text = f"no model has this key; {nearest(name, keys)}"
        return Fault(override.place, f"models.{name}", text)
    if len(override.parts) == 2:
        text = "name what is to change, such as models.xgboost.max_depth=6"
        return Fault(override.place, f"models.{name}", text)
    return None


def change_rows(
    rows: list[Row], overrides: Iterable[Override], faults: list[Fault]
) -> list[Row]:
    """Return the models with all changes made.

    Parameters
    ----------
    rows : list of Row
        The models.
    overrides : iterable of Override
        Changes of single models.
    faults : list of Fault
        Changes that name no model are added to it.

    Returns
    -------
    rows : list of Row
        In the same order.
    """
    for override in overrides:
        fault = _override_fault(override, rows)
        if fault is None:
            rows = [_set_in_row(row, override) for row in rows]
        else:
            faults.append(fault)
    return rows
