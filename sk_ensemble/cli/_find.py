"""Find the experiment that a user means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sk_ensemble.exceptions import ConfigError

if TYPE_CHECKING:
    from sk_ensemble.experiments._result_dir import ResultDir

__all__ = ["find_result", "find_run"]

_YAML = (".yaml", ".yml")


def _of_file(path: Path, output: Path | None) -> tuple[Path, str]:
    """Return where the experiment of a file writes, and its name."""
    from sk_ensemble.experiments import load_experiment

    config = load_experiment(path, check_environment=False)
    return output or Path(config.output.base_dir), config.experiment.name


@contextmanager
def _told(kind: str, wanted: str | None) -> Iterator[None]:
    """Say of a name that no file can have that there is nothing of that name."""
    try:
        yield
    except OSError as error:
        msg = f"There is no {kind} {wanted!r}: {error.strerror}."
        raise ConfigError(msg) from error


def _base_dir(output: Path | None) -> Path:
    from sk_ensemble.experiments.config import OutputSection

    return output or Path(OutputSection().base_dir)


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

    if wanted is not None and wanted.endswith(_YAML):
        base_dir, name = _of_file(Path(wanted), output)
        return resolve_result(base_dir, name)
    with _told("experiment", wanted):
        return resolve_result(_base_dir(output), wanted)


def find_run(wanted: str, output: Path | None) -> Path:
    """Return a run directory: a path, a name, or the latest of a cell.

    Raises
    ------
    ConfigError
        If there is none; lists the latest there are.
    """
    from sk_ensemble.experiments._replay import resolve_run

    with _told("run", wanted):
        return resolve_run(_base_dir(output), wanted)
