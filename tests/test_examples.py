"""The examples start, and say what is wrong with their arguments."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def baseline() -> ModuleType:
    spec = importlib.util.spec_from_file_location("baseline", EXAMPLES / "baseline.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(baseline: ModuleType, folder: Path, *arguments: str) -> int:
    shown = warnings.showwarning
    try:
        return baseline.main(["--output", str(folder), "--no-tracking", *arguments])
    finally:
        warnings.showwarning = shown


def test_baseline_compares_and_says_where(
    baseline: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ["--quick", "--symbols", "IF", "--horizons", "5", "--jobs", "1"]
    assert run(baseline, tmp_path, *chosen, "--models", "prior", "clock") == 0
    said = capsys.readouterr().out
    for words in ("Horizon 5 bars, test period: scores", "trading days of IF", "prior"):
        assert words in said
    assert len(list(tmp_path.glob("runs/*/leaderboard.png"))) == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--symbols", "ES"], "'ES'"),
        (["--models", "xgbost"], "xgboost"),
        (["--horizons", "0"], "horizons must be at least 1"),
        (["--start", "2020-12-01"], "must be before"),
    ],
)
def test_baseline_refuses_by_name_without_a_traceback(
    baseline: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    named: str,
) -> None:
    assert run(baseline, tmp_path, *arguments) == 2
    said = " ".join(capsys.readouterr().out.split())
    assert named in said
    assert "Traceback" not in said
    assert not list(tmp_path.glob("runs/*"))


def test_every_option_is_described(
    baseline: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        baseline.parse_arguments(["--help"])
    said = capsys.readouterr().out
    for option in ("--symbols", "--horizons", "--models", "--start", "--quick"):
        assert option in said
