"""Tell a process from all others, and whether it is gone."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

__all__ = ["is_known_dead", "this_process"]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def _started(pid: int) -> str:
    """Return what tells a process from later ones with its number, if Linux says so."""
    path = Path(f"/proc/{pid}/stat")
    try:
        fields = path.read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    # The state comes first after the name in brackets, the start time 19 fields later.
    return "" if fields[0] == "Z" else fields[19]


def this_process() -> dict[str, Any]:
    """Describe this process, as plain values for JSON.

    Returns
    -------
    process : dict
        Machine, start of the machine, number, and start of the process.

    Examples
    --------
    >>> import os
    >>> from sk_ensemble.utils.processes import this_process
    >>> this_process()["pid"] == os.getpid()
    True
    """
    boot = _BOOT_ID.read_text().strip() if _BOOT_ID.is_file() else ""
    pid = os.getpid()
    return {
        "host": platform.node(),
        "boot": boot,
        "pid": pid,
        "started": _started(pid),
    }


def is_known_dead(process: dict[str, Any]) -> bool:
    """Tell whether a process is gone for certain.

    Parameters
    ----------
    process : dict
        What `this_process` returned there.

    Returns
    -------
    is_dead : bool
        False also where it cannot be told: for another machine, and on systems without
        ``/proc``.
    """
    here = this_process()
    if process["host"] != here["host"] or not process["started"]:
        return False
    is_later_boot = process["boot"] != here["boot"]
    return is_later_boot or _started(process["pid"]) != process["started"]
