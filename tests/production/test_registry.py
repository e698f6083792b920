"""What is promoted, what is live, and the way back."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from production_runs import GATES, tree_of, ungated

from sk_ensemble import Panel
from sk_ensemble.datasets import contract_specs, load_bars
from sk_ensemble.exceptions import GateError, ProductionError
from sk_ensemble.persistence import load_model
from sk_ensemble.preprocessing import bar_features
from sk_ensemble.production import (
    GateOutcome,
    LatencyGate,
    ProductionRegistry,
    standard_gates,
)


class Verdict:
    """A gate that says what it is told to."""

    def __init__(self, name: str, passed: bool) -> None:
        self.name, self.passed = name, passed

    def check(self, evidence):
        return GateOutcome(self.name, self.passed, "It was decided.", {"figure": 1.5})


def verdicts(**others: bool) -> list[Verdict]:
    passed = dict.fromkeys(GATES, True) | others
    return [Verdict(name, value) for name, value in passed.items()]


def test_a_version_holds_the_model_its_configuration_and_its_origin(registry, runs):
    version = registry.promote(runs["logistic"], "logistic_h5", gates=verdicts())
    run, path = runs["logistic"], version.path
    assert path == registry.root / "logistic_h5" / "v1"
    model = tree_of(run / "checkpoints" / "model")
    assert tree_of(path / "model") == model
    assert (path / "config.yaml").read_bytes() == (run / "config.yaml").read_bytes()
    assert {entry.name for entry in path.iterdir()} == {
        "config.yaml",
        "metadata.json",
        "model",
    }
    metadata = json.loads((path / "metadata.json").read_text())
    assert metadata["run"] == run.name
    assert metadata["files"].keys() == {
        "config.yaml",
        *(f"model/{name}" for name in model),
    }
    assert metadata["metrics"] == json.loads(
        (run / "metrics" / "metrics.json").read_text()
    )
    assert metadata["trained_until"] == "2021-05-31 07:00:00 UTC"
    assert (version.number, version.horizon) == (1, 5)
    assert [outcome.gate for outcome in version.outcomes] == list(GATES)


def test_the_live_model_predicts_what_that_of_the_run_does(registry, runs):
    bars, specs = load_bars(symbols=["IF"], start="2021-09"), contract_specs()
    how = {name: specs[name] for name in ("timezone", "session_gap")}
    X = Panel.from_frame(bar_features(bars, **how))
    for name in ("logistic", "stack"):
        ungated(registry, runs[name], name)
        live = registry.current(name).load()
        saved = load_model(runs[name] / "checkpoints" / "model")
        np.testing.assert_array_equal(live.predict_proba(X), saved.predict_proba(X))


def test_all_standard_gates_let_a_good_model_pass(registry, runs):
    gates = [*standard_gates()[:3], LatencyGate(max_ms=1e6)]
    version = registry.promote(runs["hist_gradient_boosting"], "gbm", gates=gates)
    assert all(outcome.passed for outcome in version.outcomes)
    assert version.metadata["overridden"] == []
    assert registry.history("gbm")["action"].tolist() == ["looked", "promoted"]


def test_a_model_that_fails_a_gate_changes_nothing_that_is_live(two, runs):
    before = two.current("m")
    with pytest.raises(GateError, match=r"- latency: FAILED\. It was d") as error:
        two.promote(runs["logistic"], "m", gates=verdicts(latency=False))
    assert "score" not in str(error.value)
    assert [outcome.passed for outcome in error.value.outcomes] == [True] * 3 + [False]
    assert two.current("m") == before
    assert {path.name for path in before.path.parent.glob("v*")} == {"v1", "v2"}
    last = two.history("m").iloc[-1]
    assert (last["action"], last["current"]) == ("refused", 2)
    assert last["run"] == runs["logistic"].name
    assert last["details"]["gates"][3]["figures"] == {"figure": 1.5}


def test_a_gate_is_overridden_by_name_only_and_that_is_recorded(registry, runs):
    gates = verdicts(latency=False, score=False)
    with pytest.raises(GateError, match="score: FAILED"):
        registry.promote(
            runs["prior"], "m", gates=gates, override=["latency"], reason="No hurry."
        )
    version = registry.promote(
        runs["prior"],
        "m",
        gates=gates,
        override=["latency", "score"],
        reason="Because.",
    )
    assert version.metadata["overridden"] == ["score", "latency"]
    assert version.metadata["reason"] == "Because."
    assert [outcome.is_overridden for outcome in version.outcomes] == [
        True,
        False,
        False,
        True,
    ]
    assert registry.history("m").iloc[-1]["reason"] == "Because."
    assert registry.list().iloc[0]["overridden"] == ["score", "latency"]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"override": ["speed"], "reason": "x"}, r"'speed'.*none of the gates"),
        ({"override": ["score"]}, "Say why"),
        ({"override": "score", "reason": " "}, r"Say why \['score'\]"),
        ({"gates": []}, r"gates lacks \['score', 'calibration'"),
        ({"gates": verdicts()[1:]}, r"gates lacks \['score'\]"),
        ({"gates": verdicts() * 2}, "a name twice"),
    ],
)
def test_what_cannot_be_asked_of_gates_is_told(how, message, registry, runs):
    with pytest.raises(ProductionError, match=message):
        registry.promote(runs["prior"], "m", **how)
    assert not registry.root.exists()


def test_a_gate_that_breaks_is_not_passed(registry, runs):
    class Broken:
        name = "score"

        def check(self, evidence):
            raise ZeroDivisionError("a\nforged: line")

    gates = [Broken(), *verdicts()[1:]]
    with pytest.raises(GateError, match="It cannot be told: ZeroDivisionError: a forg"):
        registry.promote(runs["prior"], "m", gates=gates)
    version = registry.promote(
        runs["prior"], "m", gates=gates, override=["score"], reason="Known."
    )
    assert not version.outcomes[0].passed


@pytest.mark.parametrize(
    "outcome",
    [None, True, GateOutcome("score", True, "Fine.", {"figure": np.float32(1)})],
)
def test_an_outcome_that_cannot_be_recorded_is_a_failure(outcome, registry, runs):
    gate = SimpleNamespace(name="score", check=lambda evidence: outcome)
    with pytest.raises(GateError, match=r"score: FAILED\. It cannot be told: Type"):
        registry.promote(runs["prior"], "m", gates=[gate, *verdicts()[1:]])


def test_a_gate_cannot_speak_for_another(registry, runs):
    gate = SimpleNamespace(
        name="score", check=lambda evidence: GateOutcome("latency", False, "No.")
    )
    with pytest.raises(GateError, match=r"- score: FAILED\. No\."):
        registry.promote(
            runs["prior"],
            "m",
            gates=[gate, *verdicts()[1:]],
            override=["latency"],
            reason="a test",
        )


def test_a_gate_of_ones_own_counts_like_the_others(registry, runs):
    gates = [*verdicts(), Verdict("mine", False)]
    with pytest.raises(GateError, match="mine: FAILED"):
        registry.promote(runs["prior"], "m", gates=gates)
    registry.promote(runs["prior"], "m", gates=gates, override=["mine"], reason="ok")


def test_a_rollback_moves_what_is_live_and_nothing_else(two, runs):
    ungated(two, runs["logistic"])
    before = tree_of(two.root)
    assert two.rollback("m", reason="It lost money.").number == 2
    assert two.rollback("m").number == 1
    assert two.current("m").number == 1
    after = tree_of(two.root)
    assert {name: after[name] for name in before} == before
    assert two.rollback("m", 3).number == 3
    assert two.list("m")["state"].tolist() == ["earlier", "earlier", "current"]
    actions = two.history("m")
    assert actions["current"].tolist() == [1, 2, 3, 2, 1, 3]
    assert actions["reason"].tolist()[3] == "It lost money."


def test_there_is_no_way_back_before_the_first_version(registry, runs):
    ungated(registry, runs["prior"])
    with pytest.raises(ProductionError, match="No version of 'm' was live before v1"):
        registry.rollback("m")


@pytest.mark.parametrize("number", [0, 3, -1, 99])
def test_a_version_that_never_was_cannot_be_rolled_back_to(number, two):
    with pytest.raises(ProductionError, match="went live; there are: v1, v2"):
        two.rollback("m", number)
    assert two.current("m").number == 2


def test_a_rollback_to_a_damaged_version_is_refused(two):
    (two.root / "m" / "v1" / "config.yaml").write_bytes(b"{}")
    with pytest.raises(ProductionError, match=r"v1: config\.yaml is damaged"):
        two.rollback("m")
    assert two.current("m").number == 2


def test_a_version_after_a_rollback_gets_a_new_number(two, runs):
    two.rollback("m")
    assert ungated(two, runs["prior"]).number == 3
    assert two.current("m").metadata["replaces"] == 1
    # The way back leads to the number before, whatever was live in between.
    assert two.rollback("m").number == 2


def test_models_of_different_names_know_nothing_of_each_other(two, runs):
    ungated(two, runs["logistic"], "another.one")
    assert two.names() == ["another.one", "m"]
    assert two.current("another.one").number == 1
    assert len(two.history("another.one")) == 1
    assert two.list()["name"].tolist() == ["another.one", "m", "m"]


def test_what_is_not_there_is_told(registry, two, tmp_path):
    empty = ProductionRegistry(tmp_path / "none")
    assert empty.names() == []
    assert empty.list().empty
    assert empty.verify().empty
    with pytest.raises(ProductionError, match=r"no model 'x'.*there are: none"):
        empty.current("x")
    with pytest.raises(ProductionError, match=r"no model 'x'.*there are: m"):
        registry.history("x")
    with pytest.raises(ProductionError, match="no version v7"):
        registry.verify("m", 7)


def test_a_model_that_was_only_refused_is_not_live(registry, runs):
    with pytest.raises(GateError):
        registry.promote(runs["prior"], "m", gates=verdicts(score=False))
    with pytest.raises(ProductionError, match="Nothing of 'm' has gone live"):
        registry.current("m")
    with pytest.raises(ProductionError, match="was live yet"):
        registry.rollback("m")
    assert registry.verify("m")["part"].tolist() == ["history"]


@pytest.mark.parametrize("n_written", range(6))
def test_a_full_disk_leaves_what_is_live_and_no_half(n_written, two, runs, monkeypatch):
    before, left = tree_of(two.root), [n_written]
    write = Path.write_bytes

    def until_full(path: Path, content: bytes) -> int:
        if not left[0]:
            write(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        left[0] -= 1
        return write(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", until_full)
        with pytest.raises(OSError, match="No space left") as error:
            ungated(two, runs["prior"])
    assert ".writing-" not in str(error.value)
    after = tree_of(two.root)
    assert {name: after[name] for name in before} == before
    assert two.current("m").number == 2
    two.verify()
    assert not list(two.root.rglob(".writing-*"))
    # Only the entry was missing of the last one.
    assert ungated(two, runs["prior"]).number == (4 if n_written == 5 else 3)


def copied(run: Path, folder: Path) -> Path:
    return Path(shutil.copytree(run, folder / run.name))


@pytest.mark.parametrize(
    "name",
    [
        "cell.json",
        "config.yaml",
        "environment.json",
        "metrics/metrics.json",
        "predictions/oof_predictions.parquet",
        "checkpoints/model/MANIFEST.json",
        "checkpoints/model/tree.json",
    ],
)
@pytest.mark.parametrize("damage", ["missing", "empty", "link"])
def test_a_damaged_run_is_refused_before_anything_is_written(
    name, damage, registry, runs, tmp_path
):
    run = copied(runs["prior"], tmp_path)
    content = (run / name).read_bytes()
    (run / name).unlink()
    if damage == "empty":
        (run / name).write_bytes(b"")
    elif damage == "link":
        (tmp_path / "elsewhere").write_bytes(content)
        (run / name).symlink_to(tmp_path / "elsewhere")
    if (name, damage) == ("config.yaml", "empty"):
        # It is read by the gates alone.
        with pytest.raises(GateError, match="It cannot be told"):
            registry.promote(run, "m")
    else:
        with pytest.raises(ProductionError, match=run.name):
            ungated(registry, run)
    assert not list(registry.root.glob("m/v*"))


def test_a_run_whose_model_could_not_be_saved_says_why(registry, runs, tmp_path):
    run = copied(runs["prior"], tmp_path)
    shutil.rmtree(run / "checkpoints")
    record = json.loads((run / "cell.json").read_text())
    record["not_saved"] = "It holds a function."
    (run / "cell.json").write_text(json.dumps(record))
    with pytest.raises(ProductionError, match=r"no saved model: It holds a f.*n\.$"):
        ungated(registry, run)


def test_a_linked_folder_of_a_run_is_not_followed(registry, runs, tmp_path):
    run = copied(runs["prior"], tmp_path)
    (run / "checkpoints").rename(tmp_path / "elsewhere")
    (run / "checkpoints").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ProductionError, match="checkpoints is a link or a file"):
        ungated(registry, run)
