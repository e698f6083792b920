from __future__ import annotations

import pytest
from command_line import result_of

from sk_ensemble.cli import _report, _run
from sk_ensemble.report import Report


@pytest.fixture
def reporting(monkeypatch):
    """Let runs make their report, which other tests leave out."""
    monkeypatch.setattr(_run, "report_after_run", _report.report_after_run)


@pytest.fixture
def page_only(monkeypatch):
    """Make a page without contents, and count how often."""
    made = []

    def from_result(path, *, audit=None):
        made.append((path.name, audit))
        return made_of_nothing

    made_of_nothing = Report.__new__(Report)
    monkeypatch.setattr(Report, "from_result", from_result)
    monkeypatch.setattr(Report, "to_html", lambda self: "<p>page")
    files = {False: [("tables/t.csv", b"1")]}
    files[True] = [*files[False], ("figures/f.png", b"2")]
    monkeypatch.setattr(Report, "_files", lambda self, figures: iter(files[figures]))
    return made


def page_of(folder):
    return result_of(folder) / "report" / "report.html"


@pytest.mark.slow
def test_the_report_of_the_latest_experiment_is_written(call, finished):
    code, out, _ = call("report", "--quiet")
    assert code == 0
    assert page_of(finished).read_text().startswith("<!DOCTYPE html>")
    assert out.strip() == str(page_of(finished).relative_to(finished))
    assert (page_of(finished).parent / "tables" / "leaderboard_h5.csv").is_file()
    assert (page_of(finished).parent / "figures" / "log_loss_h5.png").is_file()


def test_it_goes_where_it_is_wanted(call, finished, page_only):
    code, out, err = call("report", "small", "--folder", "there", "--audit", "prior")
    assert (code, out) == (0, "there/report.html\n")
    assert (finished / "there" / "tables" / "t.csv").read_bytes() == b"1"
    assert (finished / "there" / "figures" / "f.png").read_bytes() == b"2"
    assert page_only == [(result_of(finished).name, "prior")]
    assert err.startswith("Auditing and reading small_")


def test_an_audit_of_no_model_of_the_experiment_is_refused(call, finished):
    code, out, err = call("report", "--audit", "xgboost")
    assert (code, out) == (2, "")
    assert "no model 'xgboost' to audit" in err


def test_an_unknown_experiment_is_refused(call, finished):
    assert call("report", "other").code == 2


def test_a_run_makes_its_report_after_it_has_shown_its_leaderboard(
    call, folder, reporting, page_only
):
    code, out, err = call("run", "small.yaml")
    assert code == 0
    assert page_of(folder).read_text() == "<p>page"
    beside = {path.name for path in page_of(folder).parent.rglob("*") if path.is_file()}
    assert beside == {"report.html", "t.csv"}
    assert "volatility" in out
    assert err.splitlines()[-1].startswith("Report: ")
    # The notice that files are written comes with the leaderboard.
    assert err.index("Writing run directories") < err.index("Report: ")
    assert len(page_only) == 1


def test_no_report_is_made_where_none_is_wanted(call, folder, reporting, page_only):
    outcome = call("run", "small.yaml", "--no-report", "--json")
    assert outcome.json()["experiment"] == "small"
    assert not page_of(folder).exists()
    assert page_only == []


def test_a_report_that_fails_costs_a_warning_alone(finished, capfd, monkeypatch):
    def fail(path, *, audit=None):
        raise ZeroDivisionError("no days")

    monkeypatch.setattr(Report, "from_result", fail)
    _report.report_after_run(result_of(finished), is_quiet=False)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.splitlines()[1].startswith(
        "warning: No report was made: ZeroDivisionError: no days"
    )
    assert f"sk-ensemble report {result_of(finished).name}" in err


def test_a_quiet_run_says_nothing_of_its_report(finished, capfd, page_only):
    _report.report_after_run(result_of(finished), is_quiet=True)
    assert capfd.readouterr() == ("", "")
    assert page_of(finished).is_file()
