"""Damaged files: made again where that is possible, named where it is not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from experiment_results import latest, results_of

from sk_ensemble.exceptions import DataError
from sk_ensemble.experiments import _run_experiment as runner
from sk_ensemble.experiments import run_experiment
from sk_ensemble.experiments._cache import FitCache
from sk_ensemble.experiments._fit import FitResult
from sk_ensemble.experiments._run_dir import read_cell
from sk_ensemble.experiments._status import Status
from sk_ensemble.experiments._tracking import bury_the_dead
from sk_ensemble.utils.files import read_files


@pytest.fixture(scope="module")
def whole(tmp_path_factory, make_tiny) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "draw", lambda *_: b"picture")
        module = "sk_ensemble.experiments._run_dir"
        patch.setattr(f"{module}.cell_plots", lambda cell: {"p": b"picture"})
        run_experiment(make_tiny(folder, horizons=[5]))
    return folder


@pytest.fixture
def folder(whole, tmp_path, no_pictures) -> Path:
    shutil.copytree(whole, tmp_path / "copy")
    return tmp_path / "copy"


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "garbage": lambda content: b"\x00garbage" * 50,
    "half": lambda content: content[: len(content) // 2],
    "a flipped bit": lambda content: flipped(content, len(content) // 3),
    "another document": lambda content: b"[]",
    "nothing": lambda content: b"null",
}


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_any_damage_to_an_outcome_is_found(tmp_path):
    rng = np.random.default_rng(0)
    result = FitResult(
        proba={"val": rng.dirichlet(np.ones(3), 20)},
        seconds={"fit": 0.25},
        training={"n_iter": 3, "history": {"loss": [0.5, 0.25]}},
        model_files={"weights.bin": bytes(range(256))},
    )
    cache = FitCache(tmp_path)
    cache.put("ab12", result)
    entry = tmp_path / "ab" / "ab12"
    files = read_files(entry)
    assert len(files) == 4
    for name, content in files.items():
        places = rng.integers(0, len(content), 12)
        damaged = [flipped(content, place) for place in places]
        damaged += [damage(content) for damage in DAMAGES.values()]
        for other in damaged:
            (entry / name).write_bytes(other)
            assert cache.get("ab12") is None, (name, other)
            assert not entry.exists()
            cache.put("ab12", result)
        (entry / name).unlink()
        assert cache.get("ab12") is None
        cache.put("ab12", result)
    (entry / "more.parquet").write_bytes(b"")
    assert cache.get("ab12") is None
    cache.put("ab12", result)
    (entry / "model" / "link").symlink_to("/etc/hostname")
    assert cache.get("ab12") is None
    cache.put("ab12", result)
    assert cache.get("ab12") is not None


def test_without_checksums_a_flipped_bit_would_be_taken(tmp_path, monkeypatch):
    cache = FitCache(tmp_path)
    cache.put("ab12", FitResult({}, {}, model_files={"weights.bin": b"weights"}))
    (tmp_path / "ab" / "ab12" / "model" / "weights.bin").write_bytes(b"weighty")
    monkeypatch.setattr("sk_ensemble.experiments._cache._checked_files", read_files)
    found = cache.get("ab12")
    assert found is not None
    assert found.model_files == {"weights.bin": b"weighty"}


def test_damaged_outcomes_are_made_again_without_a_word(folder, make_tiny):
    expected = results_of(folder)
    entries = sorted((folder / "cache" / "fits").glob("*/*"))
    assert len(entries) == 8
    for entry, damage in zip(entries, DAMAGES.values(), strict=False):
        table = next(entry.glob("*.parquet"))
        table.write_bytes(damage(table.read_bytes()))
    shutil.rmtree(folder / "runs")
    run_experiment(make_tiny(folder, horizons=[5]), resume=True)
    assert results_of(folder) == expected
    cache = FitCache(folder / "cache" / "fits")
    assert all(cache.get(entry.name) is not None for entry in entries)


FILES = [
    "cell.json",
    "metrics/metrics.json",
    "metrics/seconds.json",
    "predictions/oof_predictions.parquet",
    "predictions/val_predictions.parquet",
    "predictions/test_predictions.parquet",
]


@pytest.mark.parametrize("damage", [*DAMAGES, "missing"])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_of_a_run_is_named(name, damage, whole, tmp_path):
    source = whole / "runs" / latest(whole).cells["prior_h5"]["run_dir"]
    run_dir = Path(shutil.copytree(source, tmp_path / source.name))
    path = run_dir / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(DAMAGES[damage](path.read_bytes()))
    if damage == "a flipped bit" and is_json(path):
        # It may be a digit, and there is no checksum over a run.
        return
    with pytest.raises(DataError, match="is damaged") as error:
        read_cell(run_dir)
    assert path.name in str(error.value)
    assert str(run_dir) in str(error.value)
    assert "Remove this directory" in str(error.value)


def is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text())
    except ValueError:
        return False
    return True


def test_a_resumed_experiment_names_the_damaged_file(folder, make_tiny):
    expected = results_of(folder)
    run_dir = folder / "runs" / latest(folder).cells["prior_h5"]["run_dir"]
    path = run_dir / "predictions" / "val_predictions.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    config = make_tiny(folder, horizons=[5])
    with pytest.raises(DataError, match=str(path)):
        run_experiment(config, resume=True)
    assert latest(folder).status.state == "failed"
    shutil.rmtree(run_dir)
    run_experiment(config, resume=True)
    assert results_of(folder) == expected


def test_a_link_in_a_run_is_not_followed(folder, tmp_path):
    run_dir = folder / "runs" / latest(folder).cells["prior_h5"]["run_dir"]
    secret = tmp_path / "secret"
    secret.write_text("secret")
    link = run_dir / "checkpoints" / "model" / "model.json"
    link.unlink(missing_ok=True)
    link.symlink_to(secret)
    with pytest.raises(DataError, match=r"model\.json is a link"):
        read_cell(run_dir)


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"null", b"[]", b"{}", b'{"process": {}}', b"\xff\xfe"]
)
def test_a_damaged_status_is_named_and_stops_no_other_experiment(
    content, folder, make_tiny, tmp_path
):
    damaged = latest(folder)
    damaged.status_path.write_bytes(content)
    with pytest.raises(ValueError, match=r"status\.json is damaged"):
        Status.read(damaged.status_path)
    with pytest.warns(UserWarning, match="left as it is") as caught:
        assert bury_the_dead(folder) == []
    assert str(damaged.path) in str(caught[0].message)


def no_constant(name: str) -> None:
    raise AssertionError(name)


def strictly(path: Path) -> Any:
    return json.loads(path.read_text(), parse_constant=no_constant)


def test_no_json_file_holds_nan(tmp_path, make_tiny, monkeypatch, no_pictures):
    def nan_figures(*args: Any, **kwargs: Any) -> dict[str, Any]:
        figures = score(*args, **kwargs)
        return {**figures, "mcc": float("nan"), "sharpe": float("inf")}

    module = "sk_ensemble.experiments._assemble"
    score = runner.model_cell.__globals__["score_predictions"]
    monkeypatch.setattr(f"{module}.score_predictions", nan_figures)
    result = run_experiment(make_tiny(tmp_path, horizons=[5]))
    paths = list(tmp_path.rglob("*.json"))
    assert {path.name for path in paths} >= {"metrics.json", "cell.json", "plan.json"}
    for path in paths:
        strictly(path)
    (metrics, *_) = tmp_path.glob("runs/prior_h5_*/metrics/metrics.json")
    assert strictly(metrics)["test"]["mcc"] is None
    assert strictly(metrics)["test"]["sharpe"] is None
    # They are NaN again where they are read.
    assert np.isnan(result.leaderboard["mcc"]).all()
    again = run_experiment(make_tiny(tmp_path, horizons=[5]), resume=True)
    assert np.isnan(again.leaderboard["mcc"]).all()
    with pytest.raises(AssertionError, match="NaN"):
        json.loads(json.dumps({"mcc": float("nan")}), parse_constant=no_constant)
