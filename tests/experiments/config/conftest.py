from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sk_ensemble.exceptions import ConfigError
from sk_ensemble.experiments.config import parse_experiment
from sk_ensemble.experiments.config._fault import MOST_FAULTS


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write a file below the current directory, which is an empty one."""
    monkeypatch.chdir(tmp_path)

    def write_file(text: str, name: str = "my.yaml") -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def faults() -> Callable[..., list[str]]:
    """Return the faults that reading tells, one a line."""

    def faults_of(source: Any, *args: Any, read: Any = parse_experiment) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            read(source, *args)
        first, *lines = str(caught.value).splitlines()
        assert first.startswith(f"{len(lines)} fault") or len(lines) == MOST_FAULTS + 1
        return lines

    return faults_of
