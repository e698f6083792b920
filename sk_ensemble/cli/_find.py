"""Find the experiment that a user means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sk_ensemble.experiments._result_dir import ResultDir

__all__ = ["find_result"]

_YAML = (".yaml", ".yml")


def _of_file(path: Path, output: Path | None) -> tuple[Path, str]:
    """Return where the experiment of a file writes, and its name."""
    from sk_ensemble.experiments import load_experiment

    config = load_experiment(path, check_environment=False)
    return output or Path(config.output.base_dir), config.experiment.name


def find_result(wanted: str | None, output: Path | None) -> ResultDir:
    """Return the directory of an experiment.

    Parameters
    ----------
    wanted : str or None
        Its YAML file, its name, its directory or the name of that, of which the latest
        is taken; None means the latest of all.
    output : Path or None
        Directory of all experiments; None means that of the file, or the default.

    Raises
    ------
    ConfigError
        If there is none; lists those there are.
    """
    from sk_ensemble.experiments._result_dir import resolve_result
    from sk_ensemble.experiments.config import OutputSection

    if wanted is not None and wanted.endswith(_YAML):
        base_dir, name = _of_file(Path(wanted), output)
        return resolve_result(base_dir, name)
    return resolve_result(output or Path(OutputSection().base_dir), wanted)
