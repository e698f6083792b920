"""Where and with what a run was made."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sk_ensemble
from sk_ensemble.experiments._code import code_digest, library_versions
from sk_ensemble.experiments._executor import n_workers
from sk_ensemble.experiments.config import ExperimentConfig

__all__ = ["environment"]

_CPU_INFO = Path("/proc/cpuinfo")


def _processor() -> str:
    """Return the name of the processor, as far as the system tells."""
    if _CPU_INFO.is_file():
        for line in _CPU_INFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _output_of(*command: str) -> str | None:
    """Return the first line that a program prints, or None where it fails."""
    if shutil.which(command[0]) is None:
        return None
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    return lines[0] if done.returncode == 0 and lines else None


def _gpu() -> str | None:
    return _output_of("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")


def environment(config: ExperimentConfig, digests: Mapping[str, str]) -> dict[str, Any]:
    """Describe versions, hardware, seed, data and code of a run.

    Parameters
    ----------
    config : ExperimentConfig
        The experiment.
    digests : dict of str
        Hashes of data and code.

    Returns
    -------
    facts : dict
        Plain values for a JSON file. No names of users or variables of the shell.
    """
    threads = config.run.threads_per_task
    return {
        "sk_ensemble": sk_ensemble.__version__,
        "libraries": library_versions(),
        "system": platform.platform(),
        "processor": _processor(),
        "n_cores": os.cpu_count(),
        "gpu": _gpu(),
        "git_commit": _output_of("git", "rev-parse", "HEAD"),
        "random_seed": config.random_seed,
        "threads_per_task": threads,
        "n_workers": n_workers(config.run.n_jobs, threads),
        "cluster": config.run.cluster,
        "digests": dict(digests),
        "code": code_digest(),
    }
