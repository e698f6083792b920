"""The examples start, and say what is wrong with their arguments."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from sk_ensemble.experiments import load_experiment
from sk_ensemble.registry import list_models

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def baseline() -> ModuleType:
    spec = importlib.util.spec_from_file_location("baseline", EXAMPLES / "baseline.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(baseline: ModuleType, folder: Path, *arguments: str) -> int:
    return baseline.main(["--output", str(folder), "--no-tracking", *arguments])


def test_baseline_compares_and_says_where(
    baseline: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    chosen = ["--quick", "--symbols", "IF", "--horizons", "5", "--jobs", "1"]
    assert run(baseline, tmp_path, *chosen, "--models", "prior", "clock") == 0
    said = "".join(capfd.readouterr())
    for words in ("Horizon 5 bars, test period: scores", "trading days of IF", "prior"):
        assert words in said
    assert len(list(tmp_path.glob("results/*/leaderboard.png"))) == 1
    assert len(list(tmp_path.glob("results/*/report/report.html"))) == 1
    assert len(list(tmp_path.glob("runs/*"))) == 2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--symbols", "ES"], "ES"),
        (["--models", "xgbost"], "xgboost"),
        (["--horizons", "0"], "horizon"),
        (["--start", "2020-12-01"], "later than start"),
    ],
)
def test_baseline_refuses_by_name_without_a_traceback(
    baseline: ModuleType,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    named: str,
) -> None:
    assert run(baseline, tmp_path, *arguments) == 2
    said = " ".join("".join(capfd.readouterr()).split())
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


def test_baseline_compares_every_family_there_is() -> None:
    path = EXAMPLES / "config" / "experiments" / "baseline.yaml"
    config = load_experiment(path)
    compared = {model.full_name for model in config.models}
    table = list_models()
    everything = table.loc[
        ~table["requires_gpu"] & (table["family"] != "ensemble"), "full_name"
    ]
    assert compared == set(everything)
    assert config.horizons == (5, 20)
