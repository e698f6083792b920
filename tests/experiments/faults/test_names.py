"""Names of runs that never collide, and names in data that do no harm."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import pandas as pd
import pytest
from experiment_results import latest, refuse_halves

from sk_ensemble.cli import main
from sk_ensemble.exceptions import ConfigError
from sk_ensemble.experiments import _stamped as module
from sk_ensemble.experiments import parse_experiment, run_experiment
from sk_ensemble.experiments._stamped import (
    plain_name,
    stamped_folders,
    write_stamped_folder,
)
from sk_ensemble.utils.files import write_folder

#: Names that would be something else if they were ever used as paths or printed.
HOSTILE = (
    "../../escaped",
    "/absolute",
    "a\\b",
    "new\nERROR: forged line",
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe",
    "-rf",
    "~",
    "con",
    ".",
    "x" * 300,
)


def test_a_thousand_directories_in_a_loop_have_names_of_their_own(
    tmp_path, monkeypatch
):
    # To force them to the disk takes most of the time, and is of no use here.
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    paths = [write_stamped_folder(tmp_path, "m_h5", {"f": b""}) for _ in range(1000)]
    assert len({path.name for path in paths}) == 1000
    assert all((path / "f").is_file() for path in paths)
    assert {plain_name(path.name) for path in paths} == {"m_h5"}
    # Within one process the names tell which came first, to the millisecond.
    stamps = [path.name.split("_")[-2] for path in paths]
    assert stamps == sorted(stamps)
    found = stamped_folders(tmp_path, "f")
    assert [path.name.split("_")[-2] for path in found] == stamps


def colliding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave sixteen names to choose from."""
    monkeypatch.setattr(module, "_stamped", lambda name: f"{name}_t_{one_digit()}")
    monkeypatch.setattr(module, "_ATTEMPTS", 500)


def one_digit() -> str:
    return secrets.token_hex(1)[0]


def test_a_name_that_is_taken_is_not_taken_again(tmp_path, monkeypatch):
    colliding(monkeypatch)
    for number in range(16):
        path = write_stamped_folder(tmp_path, "m", {"f": str(number).encode()})
        assert (path / "f").read_text() == str(number)
    contents = {int((path / "f").read_text()) for path in tmp_path.iterdir()}
    assert contents == set(range(16))
    monkeypatch.setattr(module, "_ATTEMPTS", 3)
    with pytest.raises(FileExistsError, match="No free name"):
        write_stamped_folder(tmp_path, "m", {"f": b""})


def test_without_another_try_names_would_collide(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_stamped", lambda name: f"{name}_t_0")
    write_stamped_folder(tmp_path, "m", {"f": b""})
    monkeypatch.setattr(module, "_ATTEMPTS", 1)
    with pytest.raises(FileExistsError):
        write_stamped_folder(tmp_path, "m", {"f": b""})


def test_a_parent_that_is_a_file_is_not_taken_for_a_collision(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(OSError, match="runs") as error:
        write_stamped_folder(tmp_path / "runs", "m", {"f": b""})
    assert "No free name" not in str(error.value)


def test_a_directory_that_appears_between_check_and_rename_stays(tmp_path, monkeypatch):
    target = tmp_path / "entry"
    rename = Path.rename

    def late(self: Path, other: Path) -> Path:
        write_plain(target)
        return rename(self, other)

    monkeypatch.setattr(Path, "rename", late)
    with pytest.raises(FileExistsError, match="exists already"):
        write_folder(target, {"f": b"mine"})
    assert (target / "f").read_text() == "theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["entry"]


def write_plain(target: Path) -> None:
    target.mkdir()
    (target / "f").write_text("theirs")


@pytest.mark.slow
def test_processes_do_not_take_names_from_each_other(server, tmp_path):
    pids = [
        server.start("make_directories", parent=str(tmp_path), n_directories=250)
        for _ in range(4)
    ]
    ends = [server.wait(pid) for pid in pids]
    assert all(end.code == 0 for end in ends), ends
    assert len(list(tmp_path.iterdir())) == 1000


@pytest.mark.parametrize("name", [*HOSTILE, "", "UPPER", "dot.", "nul\0"])
@pytest.mark.parametrize("place", ["experiment", "model"])
def test_no_hostile_name_becomes_part_of_a_path(name, place):
    quoted = json.dumps(name)
    text = {
        "experiment": f"experiment: {{name: {quoted}}}\nmodels: [prior]",
        "model": f"models: [{{name: prior, key: {quoted}}}]",
    }
    if name == "con" or (place, name) == ("model", ""):
        # On its own it is no name of a directory: a cell's has more to it.
        return
    with pytest.raises(ConfigError) as refusal:
        parse_experiment(text[place])
    assert "\x1b" not in str(refusal.value)
    assert "\nERROR" not in str(refusal.value)


@pytest.fixture
def hostile(splits, make_tiny, tmp_path, no_pictures):
    """An experiment on files whose symbols and features have hostile names."""
    names = {"MES": HOSTILE[:6], "MGC": HOSTILE[6:]}
    paths = {}
    for split, path in splits.items():
        frame = pd.read_parquet(path)
        number = frame.groupby("symbol").cumcount()
        frame["symbol"] = [
            names[symbol][row * len(names[symbol]) // 400]
            for symbol, row in zip(frame["symbol"], number, strict=True)
        ]
        frame = frame.rename(columns={"ret": HOSTILE[3], "vol": HOSTILE[0]})
        paths[split] = str(tmp_path / Path(path).name)
        frame.to_parquet(paths[split])
    base_dir = tmp_path / "deep" / "er" / "experiments"
    return make_tiny(base_dir, horizons=[5], data=paths)


def test_hostile_symbols_reach_no_path_and_no_line_of_a_log(hostile, tmp_path, capsys):
    before = set(tmp_path.rglob("*"))
    config = tmp_path / "hostile.yaml"
    config.write_text(hostile.to_yaml())
    assert main(["run", str(config)]) == 0
    told = capsys.readouterr()
    for stream in told:
        assert "\x1b[31mred" not in stream
        assert "\u202e" not in stream
        assert not [line for line in stream.splitlines() if line.startswith("ERROR")]
    base_dir = Path(hostile.output.base_dir)
    outside = {
        path
        for path in set(tmp_path.rglob("*")) - before
        if base_dir not in path.parents and path not in (base_dir, *base_dir.parents)
    }
    assert outside == {config}
    assert not Path("/absolute").exists()
    assert not [path for path in base_dir.rglob("*") if "escaped" in path.name]
    # They are data all the same, and in the files as they are.
    refuse_halves(base_dir)
    cells = latest(base_dir).cells
    run_dir = base_dir / "runs" / cells["prior_h5"]["run_dir"]
    test = pd.read_parquet(run_dir / "predictions" / "test_predictions.parquet")
    assert set(test["symbol"]) == set(HOSTILE)


def test_facts_are_one_line_each_whatever_symbols_are_called(hostile):
    result = run_experiment(hostile)
    assert any("escaped" in fact for fact in result.facts)
    for fact in result.facts:
        assert fact.isprintable(), fact


def test_without_escapes_a_symbol_could_write_lines(hostile, monkeypatch):
    monkeypatch.setattr("sk_ensemble.experiments._facts.one_line", str)
    assert not all(fact.isprintable() for fact in run_experiment(hostile).facts)


def test_a_failure_is_told_in_one_line(hostile, monkeypatch, capsys, tmp_path):
    def fail(*_: object, **__: object) -> None:
        raise ValueError(f"symbol {HOSTILE[3]} and {HOSTILE[4]} and {HOSTILE[5]}")

    monkeypatch.setattr("sk_ensemble.experiments._fit._fit", fail)
    result = run_experiment(hostile)
    for reason in result.failures.values():
        assert reason.isprintable(), reason
    status = latest(Path(hostile.output.base_dir)).status
    assert status.describe().isprintable()
