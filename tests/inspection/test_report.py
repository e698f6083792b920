from __future__ import annotations

import dataclasses

import pytest

from sk_ensemble.inspection import Finding, LeakageReport

HOSTILE = "<script>alert('x')</script>"


def report(**details) -> LeakageReport:
    finding = Finding("windows", "Too short.", fold=1, amount=3.0, **details)
    return LeakageReport(
        (finding,),
        skipped={"labels": "no bars"},
        checks=("timestamps", "windows", "labels"),
        n_fits=4,
    )


def test_the_frame_has_a_row_per_finding_and_per_check_without_one():
    frame = report(step="window", features=("a", "b")).to_frame()
    assert list(frame["check"]) == ["timestamps", "windows", "labels"]
    assert list(frame["status"]) == ["passed", "failed", "skipped"]
    row = frame.loc[1]
    assert (row["fold"], row["step"], row["features"]) == (1, "window", "a, b")
    assert frame.loc[2, "message"] == "no bars"


def test_text_names_culprits_and_skipped_checks():
    text = str(report(step="window", features=("a",)))
    assert "1 leak found (2 checks made, 1 skipped, 4 fits)" in text
    assert "LEAK windows (fold 1; step window; a): Too short." in text
    assert "skipped labels: no bars" in text


def test_html_escapes_the_names_of_the_user():
    html = report(step=HOSTILE, features=(HOSTILE,))._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert html.count("<tr>") == html.count("</tr>") == 4


def test_an_empty_report_passes():
    clean = LeakageReport(checks=("timestamps",))
    assert clean.passed
    assert clean.status("timestamps") == "passed"
    assert "no leaks found" in clean._repr_html_()


def test_a_check_that_was_not_made_has_no_status():
    with pytest.raises(KeyError, match="future"):
        report().status("future")


def test_findings_and_reports_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        report().n_fits = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        report().findings[0].fold = 0
