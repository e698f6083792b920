"""Look whether all that went live is as it was promoted."""

from __future__ import annotations

from typing import Annotated

import typer

from sk_ensemble.cli._arguments import AsJson, OutputDir
from sk_ensemble.cli._registry import KeyFile, RegistryDir, read_key, registry_dir
from sk_ensemble.cli._screen import error, show, show_json, show_line
from sk_ensemble.cli._tables import plain_table
from sk_ensemble.exceptions import ProductionError

__all__ = ["verify"]

Name = Annotated[
    str | None,
    typer.Argument(
        help="Name of the model in production; all by default.", show_default=False
    ),
]

Version = Annotated[
    int | None,
    typer.Option(
        "--version",
        metavar="N",
        help="Only this version, and the history.",
        show_default=False,
    ),
]

#: Exit code.
_DAMAGED = 1

_HEADINGS = ("name", "part", "state", "")


def verify(
    name: Name = None,
    version: Version = None,
    registry: RegistryDir = None,
    key_file: KeyFile = None,
    output: OutputDir = None,
    as_json: AsJson = False,
) -> None:
    """Look whether all that went live is as it was promoted.

    Every file is compared with its digest and every history with itself; with a key,
    histories must be signed with it.
    """
    from sk_ensemble.production._checks import all_checks

    root = registry_dir(registry, output)
    if not root.is_dir():
        msg = f"There is no registry {root}. Name its directory with --registry."
        raise ProductionError(msg)
    checks = all_checks(root, name, version, read_key(key_file))
    faults = [check.fault for check in checks if check.fault is not None]
    if as_json:
        rows = [dict(vars(check)) for check in checks]
        show_json({"is_whole": not faults, "registry": str(root), "checks": rows})
    else:
        rated = (("whole" if c.fault is None else "DAMAGED", c) for c in checks)
        cells = [[c.name, c.part, c.state, verdict] for verdict, c in rated]
        show(plain_table("", _HEADINGS, cells))
        for fault in faults:
            error(fault)
        if not faults:
            show_line(f"{root} is whole.")
    if faults:
        raise typer.Exit(_DAMAGED)
