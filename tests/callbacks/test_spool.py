"""Events on disk: complete, in order, and nobody's twice."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from sk_ensemble.callbacks._spool import Spool


@pytest.fixture
def spool(tmp_path):
    spool = Spool(tmp_path / "one")
    spool.create({"spool_id": "one"})
    return spool


def test_events_come_back_in_order_of_time(spool):
    for time in (3, 1, 2):
        spool.append({"time": time})
    assert [event["time"] for event in spool.events()] == [1, 2, 3]


def test_threads_do_not_mix_their_events(spool):
    def write(number):
        for time in range(50):
            spool.append({"time": time, "who": number, "text": "x" * 500})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len(spool.events()) == 200


def test_a_last_event_that_was_cut_short_is_left_out(spool):
    spool.append({"time": 1})
    (path,) = spool.folder.glob("events-*")
    with path.open("ab") as stream:
        stream.write(b'{"time": 2, "na')
    assert spool.events() == [{"time": 1}]


def test_a_damaged_event_in_the_middle_is_not_passed_over(spool):
    spool.append({"time": 1})
    (path,) = spool.folder.glob("events-*")
    path.write_bytes(b"{broken\n" + path.read_bytes())
    with pytest.raises(json.JSONDecodeError):
        spool.events()


def test_a_running_fit_is_not_over_until_it_says_so(spool):
    assert not spool.is_over()
    spool.end()
    assert spool.is_over()


def test_a_fit_whose_process_died_is_over(tmp_path):
    code = (
        "from pathlib import Path; from sk_ensemble.callbacks._spool import Spool; "
        f"Spool(Path({str(tmp_path / 'dead')!r})).create({{}})"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert Spool(tmp_path / "dead").is_over()


def test_a_fit_of_another_machine_is_over_when_it_says_so(spool):
    header = spool.header()
    header["process"]["host"] = "elsewhere"
    (spool.folder / "spool.json").write_text(json.dumps(header))
    assert not spool.is_over()


def test_only_one_may_record_at_a_time(spool):
    with spool.claimed() as mine:
        assert mine
        with spool.claimed() as theirs:
            assert not theirs
        with spool.claimed() as theirs:
            assert not theirs
    with spool.claimed() as mine:
        assert mine


def test_the_claim_of_a_dead_process_does_not_last(spool):
    code = (
        "from pathlib import Path; from sk_ensemble.callbacks._spool import Spool; "
        f"claim = Spool(Path({str(spool.folder)!r})).claimed(); claim.__enter__(); "
        "import os; os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert (spool.folder / "replaying").exists()
    with spool.claimed() as mine:
        assert mine


def test_spools_are_found_oldest_first(tmp_path):
    for name in ("b", "a"):
        Spool(tmp_path / name).create({})
    assert [spool.folder.name for spool in Spool.found_in(tmp_path)] == ["b", "a"]
    assert [s.folder.name for s in Spool.found_in(tmp_path / "a")] == ["a"]


def test_what_is_recorded_leaves_nothing(spool):
    spool.append({"time": 1})
    spool.end()
    with spool.claimed():
        spool.remove()
    assert not spool.folder.exists()
