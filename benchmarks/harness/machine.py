"""What a benchmark ran on."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path

LIBRARIES = ["numpy", "pandas", "pyarrow", "scikit-learn", "torch", "xgboost"]
LIBRARIES += ["lightgbm", "catboost", "skorch", "sktime", "mlflow"]


def processor():
    """Return the name of the processor, where Linux tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return next(iter(names), platform.processor())


def gpu():
    """Return the name of the graphics processor, "" without one."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


def describe_machine(**versions):
    """Return what the figures depend on; `versions` are those of the peers."""
    known = {name: importlib.metadata.version(name) for name in LIBRARIES}
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return {
        "date": f"{datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "gpu": gpu() or "none",
        "load at start": f"{load:.1f}",
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": ", ".join(f"{name} {v}" for name, v in known.items()),
        "peers": ", ".join(f"{name} {v}" for name, v in sorted(versions.items())),
    }
