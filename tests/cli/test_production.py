"""Taking a model live, and back, from the command line."""

from __future__ import annotations

import pytest

from sk_ensemble.production import ProductionRegistry

GATES = ["score", "calibration", "leakage", "latency"]
ANYWAY = [word for gate in GATES for word in ("--override", gate)]
PROMOTE = ["promote", "volatility_h5", *ANYWAY, "--reason", "a test", "--max-ms", 1e6]


def test_a_run_goes_live_under_the_name_of_its_cell(call, finished):
    outcome = call(*PROMOTE)
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert [line.partition(":")[0] for line in lines[:4]] == GATES
    path = "experiments/registry/volatility_h5/v1"
    assert lines[4] == f"volatility_h5 v1 is live: {path}"
    version = ProductionRegistry().current("volatility_h5")
    assert version.metadata["reason"] == "a test"
    assert version.outcomes[3].passed


def test_a_promotion_as_json(call, finished):
    document = call(*PROMOTE, "--name", "live", "--json").json()
    assert document["is_live"] is True
    assert (document["name"], document["version"]) == ("live", 1)
    assert document["run"].startswith("volatility_h5_")
    assert [gate["gate"] for gate in document["gates"]] == GATES


def test_a_model_that_fails_a_gate_is_told_with_code_one(call, finished):
    """The prior is no better than the class shares, which it predicts."""
    arguments = ("promote", "prior_h5", "--max-ms", 1e6)
    code, out, err = call(*arguments)
    assert (code, err) == (1, "")
    assert out.startswith("score: FAILED. ")
    assert out.splitlines()[-1].endswith(
        "does NOT become prior_h5; what is live stays live."
    )
    document = call(*arguments, "--json")
    assert document.code == 1
    assert document.json()["is_live"] is False
    assert document.json()["gates"][0]["passed"] is False


def test_settings_reach_their_gates(call, finished):
    how = ["--metric", "brier_score", "--margin", 0.5, "--earlier-looks", 4]
    gates = call(*PROMOTE, *how, "--json").json()["gates"]
    figures = gates[0]["figures"]
    assert (figures["metric"], figures["margin"]) == ("brier_score", 0.5)
    assert figures["looks"] == 5
    assert gates[3]["figures"]["max_ms"] == 1e6


def test_the_way_back(call, finished):
    call(*PROMOTE)
    call(*PROMOTE)
    outcome = call("rollback", "volatility_h5", "--reason", "It lost money.")
    assert outcome.code == 0
    assert outcome.out.startswith("volatility_h5 v1 is live again: experiments")
    document = call("rollback", "volatility_h5", "--to", 2, "--json").json()
    assert (document["version"], document["is_live"]) == (2, True)
    history = ProductionRegistry().history("volatility_h5")
    assert "It lost money." in history["reason"].tolist()
    assert history["current"].tolist()[-2:] == [1, 2]


def test_what_is_whole_and_what_is_not(call, finished):
    call(*PROMOTE)
    code, out, _ = call("verify")
    assert code == 0
    assert out.splitlines()[-1] == "experiments/registry is whole."
    assert call("verify", "--json").json()["is_whole"] is True
    path = finished / "experiments/registry/volatility_h5/v1/config.yaml"
    path.write_bytes(path.read_bytes() + b"\n")
    code, out, err = call("verify", "volatility_h5")
    assert code == 1
    assert "DAMAGED" in out
    assert "config.yaml is damaged" in err
    document = call("verify", "volatility_h5", "--version", 1, "--json")
    assert document.code == 1
    assert document.json()["is_whole"] is False
    (fault,) = [c["fault"] for c in document.json()["checks"] if c["fault"]]
    assert "config.yaml is damaged" in fault


def test_a_key_signs_and_is_asked_for(call, finished):
    (finished / "key").write_text("a secret of some length\n")
    (finished / "other").write_text("another secret of some length")
    assert call(*PROMOTE, "--key-file", "key").code == 0
    assert call("verify", "--key-file", "key").code == 0
    code, _, err = call("verify", "--key-file", "other")
    assert code == 1
    assert "signed with another key" in err
    for arguments in (PROMOTE, ["rollback", "volatility_h5"]):
        code, _, err = call(*arguments)
        assert code == 2
        assert "The history of 'volatility_h5' is signed, and no key was given" in err
    assert ProductionRegistry(key=b"a secret of some length").names()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["promote", "nope"], "There is no run 'nope'"),
        (["promote", "prior_h5", "--name", "../x"], "cannot be the name of a model"),
        (["promote", "prior_h5", "--name", ""], "cannot be the name of a model"),
        (["promote", "prior_h5", "--override", "x"], "none of the gates"),
        (["promote", "prior_h5", "--override", "score"], "Say why"),
        (["promote", "prior_h5", "--metric", "x"], "metric must be one of"),
        (["promote", "prior_h5", "--key-file", "none"], "key file none cannot be read"),
        (["rollback", "prior_h5"], "no model 'prior_h5'"),
        (["rollback", "-rf"], "See sk-ensemble"),
        (["verify"], "There is no registry experiments"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(arguments, message, call, finished):
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert not (finished / "experiments" / "registry").exists()


def test_a_registry_elsewhere(call, finished):
    call(*PROMOTE, "--registry", "live")
    assert call("verify", "--registry", "live").code == 0
    assert not (finished / "experiments" / "registry").exists()
    assert ProductionRegistry("live").current("volatility_h5").number == 1
