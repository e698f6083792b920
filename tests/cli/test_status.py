from __future__ import annotations

import json
from dataclasses import replace

import pytest
from command_line import result_of

from sk_ensemble.experiments._process import ProcessIdentity
from sk_ensemble.experiments._result_dir import ResultDir
from sk_ensemble.experiments._status import Status


def set_running(result, process):
    """Let a process seem to run an experiment."""
    status = replace(Status.begin(), process=process)
    status.write(ResultDir(result).status_path)


@pytest.fixture
def half_done(finished):
    """An experiment of which one cell and one fit of the other are done."""
    result = result_of(finished)
    cells = json.loads((result / "cells.json").read_text())
    del cells["volatility_h5"]
    (result / "cells.json").write_text(json.dumps(cells))
    digests = [
        task["digest"]
        for task in ResultDir(result).plan["tasks"]
        if task["model"] == "volatility"
    ]
    for digest in digests[1:]:
        folder = finished / "experiments" / "cache" / "fits" / digest[:2] / digest
        (folder / "record.json").unlink()
    return result


def states(document):
    return {cell["name"]: cell["state"] for cell in document["cells"]}


def test_a_finished_experiment_shows_every_cell(call, finished):
    code, out, err = call("status")
    assert (code, err) == (0, "")
    assert "6 of 6 fits, finished at" in out
    assert [line.split()[0] for line in out.splitlines() if " done " in line] == [
        "prior_h5",
        "volatility_h5",
    ]


@pytest.mark.parametrize("how", ["small", "small.yaml", "name", "path"])
def test_an_experiment_is_found_by(call, finished, how):
    result = result_of(finished)
    wanted = {"name": result.name, "path": str(result)}.get(how, how)
    assert call("status", wanted, "--json").json()["experiment"] == "small"


@pytest.mark.parametrize(
    "name",
    ["../results/{}", "{}/../{}", "", ".", "..", "*", "small*", "\x00", "a" * 300],
)
def test_no_name_leads_anywhere_but_to_experiments(call, finished, name):
    code, out, err = call("status", name.format("small", "small"))
    assert (code, out) == (2, "")
    assert "There is no experiment" in err


def test_an_experiment_elsewhere_is_found_with_its_directory(
    call, finished, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert call("status").code == 2
    assert call("status", "--output", finished / "experiments").code == 0


def test_a_running_experiment_is_seen_from_outside(call, half_done):
    set_running(half_done, ProcessIdentity.current())
    document = call("status", "--json").json()
    assert document["is_running"]
    assert states(document) == {"prior_h5": "done", "volatility_h5": "running"}
    assert [cell["n_done"] for cell in document["cells"]] == [3, 1]
    out = call("status").out
    assert "4 of 6 fits, running since" in out
    assert "1 of 3" in out


def test_a_dead_process_is_recognised(call, half_done):
    set_running(half_done, replace(ProcessIdentity.current(), started=1.0))
    _, out, err = call("status")
    assert "4 of 6 fits, died at" in out
    assert f"run experiments/results/{half_done.name}/config.yaml --resume" in err
    document = call("status", "--json").json()
    assert not document["is_running"]
    assert states(document)["volatility_h5"] == "unfinished"


def test_what_finishes_a_dead_run_finishes_it(call, half_done):
    set_running(half_done, replace(ProcessIdentity.current(), started=1.0))
    command = call("status").err.partition("sk-ensemble ")[2].split()
    assert call(*command, "--quiet").code == 0
    assert states(call("status", "--json").json())["volatility_h5"] == "done"
    assert call("status").err == ""


def test_a_failed_cell_shows_its_reason_on_one_line(call, finished):
    result = ResultDir(result_of(finished))
    reason = "broke\nprior_h5 done \x1b[31m[bold]"
    result.add_cell("volatility_h5", {"failed": {"volatility_h5 refit": reason}})
    out = call("status").out
    (line,) = (line for line in out.splitlines() if "failed" in line)
    assert r"broke\nprior_h5 done \x1b[31m[bold]" in line
    assert "\x1b" not in out
    cell = call("status", "--json").json()["cells"][1]
    assert cell["reasons"] == {"volatility_h5 refit": reason}


def test_watching_ends_with_the_run(call, half_done, monkeypatch):
    set_running(half_done, ProcessIdentity.current())

    def finish(seconds):
        Status.begin().becoming("finished").write(ResultDir(half_done).status_path)

    monkeypatch.setattr("time.sleep", finish)
    code, out, err = call("status", "--watch")
    assert code == 0
    assert err.splitlines()[0] == "4 of 6 fits"
    assert "finished at" in out


def test_watching_and_json_are_refused_together(call, finished):
    assert call("status", "--watch", "--json").code == 2
