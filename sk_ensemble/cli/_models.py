"""List the models that experiments can name."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sk_ensemble.cli._arguments import AsJson
from sk_ensemble.cli._screen import show_json, show_line
from sk_ensemble.exceptions import RegistryError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["models"]

Family = Annotated[
    str | None, typer.Option("--family", help="Only this family.", show_default=False)
]

#: What the flags of a model mean, for those that tell it from the others.
_FLAGS = {
    "needs_windows": "made for windows",
    "requires_gpu": "needs a GPU",
    "allows_nan": "takes missing values",
}


def _of_family(table: pd.DataFrame, family: str | None) -> pd.DataFrame:
    known = table["family"].unique().tolist()
    if family is None:
        return table
    if family not in known:
        msg = f"There is no family {family!r}; there are {', '.join(known)}."
        raise RegistryError(msg)
    return table[table["family"] == family]


def _plain(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}


def _remarks(row: Any) -> list[str]:
    remarks = [text for flag, text in _FLAGS.items() if row[flag]]
    if not row["multivariate"]:
        remarks.append("one feature only")
    if row["missing_packages"]:
        remarks.append(f"NOT INSTALLED: {', '.join(row['missing_packages'])}")
    return remarks


def _show(rows: list[dict[str, Any]]) -> None:
    width = max(len(row["name"]) for row in rows)
    family = None
    for row in rows:
        if row["family"] != family:
            family = row["family"]
            show_line(family)
        remarks = ", ".join(_remarks(row))
        tail = f" ({remarks})" if remarks else ""
        show_line(f"  {row['name']:{width}}  {row['description']}{tail}")


def models(family: Family = None, as_json: AsJson = False) -> None:
    """List the models that experiments can name."""
    from sk_ensemble.registry import list_models, missing_packages

    table = _of_family(list_models(), family)
    rows = [
        {**_plain(row), "missing_packages": list(missing_packages(row["full_name"]))}
        for row in table.to_dict("records")
    ]
    if as_json:
        show_json(rows)
    else:
        _show(rows)
