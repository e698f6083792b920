from __future__ import annotations

import json
import re
import warnings
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pictureless import run_without_pictures
from sklearn.metrics import log_loss as sklearn_log_loss
from small_experiments import make_config, write_splits

from sk_ensemble.exceptions import ConfigError
from sk_ensemble.experiments._sources import make_source
from sk_ensemble.experiments._tables import table_bytes
from sk_ensemble.metrics import day_block_bootstrap, deflated_sharpe_ratio, sharpe_ratio
from sk_ensemble.report import Report
from sk_ensemble.report._blocks import Banner, Code, Figure, Table
from sk_ensemble.report._leakage import audit_folds
from sk_ensemble.report._sections._symbols import _auc
from sk_ensemble.report._sections._trading import _costs, _turnover

SECTIONS = [
    "summary",
    "leaderboard",
    "differences",
    "luck",
    "ranks",
    "symbols",
    "trading",
    "calibration",
    "confusion",
    "when",
    "learning",
    "importance",
    "ensembles",
    "folds",
    "leakage",
    "data",
    "reproduce",
]
#: Models whose families tell no history or importance leave these out.
OPTIONAL = {"learning", "importance"}
PROBA = ["p_-1", "p_0", "p_1"]


def keys(report: Report) -> list[str]:
    return [section.key for section in report.sections]


def blocks(report: Report) -> list:
    return [block for section in report.sections for block in section.walk()]


def table(report: Report, key: str) -> Table:
    (found,) = (b for b in blocks(report) if isinstance(b, Table) and b.key == key)
    return found


def banners(report: Report) -> list[Banner]:
    return [block for block in blocks(report) if isinstance(block, Banner)]


def run_dirs(path: Path) -> dict[str, Path]:
    cells = json.loads((path / "cells.json").read_text())
    runs = path.parent.parent / "runs"
    return {n: runs / e["run_dir"] for n, e in cells.items() if "run_dir" in e}


def predictions(path: Path) -> dict[str, pd.DataFrame]:
    """The labelled test predictions of each model, read from the files themselves."""
    frames = {
        name.removesuffix("_h5"): pd.read_parquet(
            run / "predictions" / "test_predictions.parquet"
        )
        for name, run in run_dirs(path).items()
    }
    return {model: frame.dropna(subset=["y"]) for model, frame in frames.items()}


def row_losses(frame: pd.DataFrame) -> np.ndarray:
    proba = frame[PROBA].to_numpy()
    return -np.log(proba[np.arange(len(frame)), frame["y"].to_numpy(int) + 1])


class Tags(HTMLParser):
    """Collect what a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    handle_startendtag = handle_starttag


def test_every_section_is_there_in_its_order(report, page):
    expected = [key for key in SECTIONS if key in keys(report) or key not in OPTIONAL]
    assert keys(report) == expected
    ids = [attrs.get("id") for tag, attrs in Tags(page).tags if tag == "section"]
    assert ids == expected


def test_the_leaderboard_has_the_figures_that_the_run_has_stored(report, experiment):
    frame = table(report, "leaderboard_h5").frame.set_index("model")
    assert list(frame["log_loss"]) == sorted(frame["log_loss"])
    for name, run in run_dirs(experiment).items():
        stored = json.loads((run / "metrics" / "metrics.json").read_text())["test"]
        row = frame.loc[name.removesuffix("_h5")]
        for figure in set(stored) & set(row.index):
            expected = np.nan if stored[figure] is None else stored[figure]
            assert row[figure] == pytest.approx(expected, abs=1e-12, nan_ok=True)
    shared = set(stored) & set(frame.columns)
    assert {"log_loss", "mcc", "sharpe_low", "direction_gain_high"} <= shared


def test_losses_are_those_of_another_library(report, experiment):
    frame = table(report, "leaderboard_h5").frame.set_index("model")
    for model, found in predictions(experiment).items():
        proba = found[PROBA].div(found[PROBA].sum(axis=1), axis=0)
        loss = sklearn_log_loss(found["y"].astype(int), proba, labels=[-1, 0, 1])
        assert frame.at[model, "log_loss"] == pytest.approx(loss)
        low = day_block_bootstrap(row_losses(found), found["datetime"]).low
        assert frame.at[model, "log_loss_low"] == pytest.approx(low)
    parts = frame["movement_log_loss"] + frame["direction_log_loss"]
    np.testing.assert_allclose(parts, frame["log_loss"])


def test_differences_are_those_of_the_same_bars(report, experiment):
    found = predictions(experiment)
    frame = table(report, "differences_h5").frame
    best = table(report, "leaderboard_h5").frame["model"][0]
    assert set(frame["against"]) == {"best", "prior", "volatility"}
    assert set(frame.loc[frame["against"] == "best", "against_model"]) == {best}
    for row in frame.itertuples():
        gains = row_losses(found[row.against_model]) - row_losses(found[row.model])
        expected = day_block_bootstrap(
            gains, found[row.model]["datetime"], n_resamples=4000
        )
        assert row.gain == pytest.approx(expected.estimate)
        assert (row.gain_low, row.gain_high) == pytest.approx(
            (expected.low, expected.high)
        )
        assert row.p_value_holm >= row.p_value


def test_confusion_and_symbols_count_every_labelled_bar(report, experiment):
    found = predictions(experiment)
    for place, model in enumerate(table(report, "leaderboard_h5").frame["model"]):
        frame = table(report, f"confusion_h5_{place:02d}").frame
        guess = found[model][PROBA].to_numpy().argmax(axis=1)
        truth = found[model]["y"].to_numpy(int) + 1
        expected = [
            [((truth == i) & (guess == j)).sum() for j in range(3)] for i in range(3)
        ]
        assert frame["model"].unique().tolist() == [model]
        np.testing.assert_array_equal(frame[["down", "neutral", "up"]], expected)
        by_symbol = table(report, "symbols_h5").frame.set_index(["model", "symbol"])
        loss = by_symbol.at[(model, "IF"), "log_loss"]
        assert loss == pytest.approx(row_losses(found[model]).mean())


@pytest.fixture(scope="module")
def experiment_of_two_symbols(tmp_path_factory):
    folder = tmp_path_factory.mktemp("symbols")
    config = make_config(folder, models=["prior", "logistic"])
    data = config.data.model_copy(update={"symbols": ("IF", "AG")})
    return run_without_pictures(config.model_copy(update={"data": data}))


def test_the_file_has_every_symbol_and_the_page_the_largest(
    monkeypatch, experiment_of_two_symbols
):
    whole = table(Report.from_result(experiment_of_two_symbols), "symbols_h5").frame
    monkeypatch.setattr("sk_ensemble.report._sections._symbols._SHOWN", 1)
    few = table(Report.from_result(experiment_of_two_symbols), "symbols_h5")
    assert {row[1].text for row in few.rows} == {"AG"}
    assert "1 with most bars of 2; the CSV file has all" in few.caption
    keys = ["model", "symbol"]
    found, expected = (frame.set_index(keys) for frame in (few.frame, whole))
    found = found.loc[expected.index]
    names = ["log_loss", "direction_gain", "direction_auc", "brier_score", "sharpe"]
    pd.testing.assert_frame_equal(found[names], expected[names])
    intervals = [name for name in expected if name.endswith(("_low", "_high"))]
    is_large = found.index.get_level_values("symbol") == "AG"
    assert found.loc[~is_large, intervals].isna().all(axis=None)
    assert expected[intervals].notna().all(axis=None)
    pd.testing.assert_frame_equal(found[is_large], expected[is_large])


def test_an_auc_needs_ups_and_downs_and_halves_ties():
    places, scores = np.array([2, 0, 1, 2, 0]), np.array([0.5, 0.5, 0.9, 0.8, 0.2])
    assert _auc(places, scores) == 3.5 / 4
    assert np.isnan(_auc(np.array([2, 1]), np.array([0.1, 0.2])))


def test_the_file_has_every_month_and_the_page_the_last(
    monkeypatch, report, experiment
):
    monkeypatch.setattr("sk_ensemble.report._sections._when._MOST_MONTHS", 1)
    few = table(Report.from_result(experiment), "by_month_h5")
    whole = table(report, "by_month_h5")
    pd.testing.assert_frame_equal(few.frame, whole.frame)
    assert len(few.rows) < len(whole.rows) == len(whole.frame)
    assert "the last 1 months; the CSV file has all" in few.caption
    assert "CSV" not in whole.caption


def test_profits_are_those_that_the_run_has_stored(report, experiment):
    frame = table(report, "trading_h5").frame.set_index("model")
    for name, run in run_dirs(experiment).items():
        stored = json.loads((run / "metrics" / "metrics.json").read_text())["test"]
        for figure in ("net_return", "total_cost", "turnover", "gross_return"):
            found = frame.at[name.removesuffix("_h5"), figure]
            assert found == pytest.approx(stored[figure])


def test_days_add_up_to_turnover_and_costs(report):
    for result in report._evidence.horizons[0].backtests.values():
        assert _turnover(result).mean() == pytest.approx(result.turnover)
        assert _costs(result).sum() == pytest.approx(result.total_cost)


def test_the_best_sharpe_ratio_is_deflated_by_every_model_that_was_looked_at(report):
    horizon = report._evidence.horizons[0]
    (fact,) = table(report, "overfitting").frame.to_dict("records")
    daily = {m: b.daily.to_numpy() for m, b in horizon.backtests.items()}
    sharpes = {m: sharpe_ratio(d) for m, d in daily.items() if np.ptp(d) > 0}
    best = max(sharpes, key=sharpes.__getitem__)
    different = set(sharpes.values())
    assert fact["best_model"] == best
    assert fact["n_trials"] == len(horizon.models)
    assert fact["deflated_sharpe_ratio"] == pytest.approx(
        deflated_sharpe_ratio(
            daily[best],
            n_trials=len(horizon.models),
            trial_variance=np.var(list(different), ddof=1),
        )
    )


def test_windows_that_reach_into_test_blocks_are_found(tmp_path):
    models = [{"model": "logistic", "dataset": {"sequence_length": 30}}]
    found = {}
    for embargo_size in (0, 60):
        cv = {"n_splits": 3, "purged_size": 5, "embargo_size": embargo_size}
        config = make_config(tmp_path, models=models, cv=cv)
        samples = {5: make_source(config).samples(5)}
        found[embargo_size] = audit_folds(config, samples)[5].status("windows")
    assert found == {0: "failed", 60: "passed"}


def test_weights_and_folds_are_those_of_the_run(report, experiment):
    weights = table(report, "weights_h5").frame.set_index("member")
    for ensemble in weights:
        record = json.loads(
            (run_dirs(experiment)[f"{ensemble}_h5"] / "cell.json").read_text()
        )
        assert weights[ensemble].dropna().to_dict() == record["details"]["weights"]
    folds = table(report, "folds_h5").frame
    assert len(folds) == 3
    assert (folds["purged"] > 0).all()
    losses = table(report, "fold_losses_h5").frame.set_index("model")
    metrics = json.loads(
        (run_dirs(experiment)["logistic_h5"] / "metrics" / "metrics.json").read_text()
    )
    assert losses.loc["logistic"].tolist() == metrics["oof"]["fold_log_loss"]


def test_the_page_needs_nothing_from_elsewhere(page):
    outside = re.compile(r"^\s*(https?:|//|file:)", re.IGNORECASE)
    for tag, attrs in Tags(page).tags:
        for name in ("src", "href", "xlink:href", "action", "data", "srcset"):
            assert not outside.match(attrs.get(name) or ""), (tag, attrs)
        assert (
            tag not in {"link", "iframe", "object", "embed"} or attrs["rel"] == "icon"
        )
    assert "@import" not in page
    assert not re.search(r"url\(\s*['\"]?(?!#)", page)


def test_figures_take_the_colours_of_the_page(page):
    for placeholder in ("#010101", "#020202", "#030303", "#040404"):
        assert placeholder not in page
    assert "currentColor" in page
    assert "prefers-color-scheme: dark" in page


@pytest.mark.slow
def test_equal_experiments_have_equal_pages(experiment, page):
    assert Report.from_result(experiment).to_html() == page


def test_symbols_are_shown_and_do_nothing(files_report):
    page = files_report.to_html()
    tags = Tags(page).tags
    assert [tag for tag, _ in tags].count("script") == 1
    assert not any(name.startswith("on") for _, attrs in tags for name in attrs)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "$x_1$ \N{CJK UNIFIED IDEOGRAPH-91D1}" in page


@pytest.mark.slow
def test_hostile_names_of_models_are_shown_and_do_nothing(copied):
    path = run_dirs(copied)["logistic_h5"] / "cell.json"
    record = json.loads(path.read_text())
    record["model"] = '"><img src=x onerror=alert(1)>$\\frac{1$\u202e'
    path.write_text(json.dumps(record))
    page = Report.from_result(copied).to_html()
    assert not [tag for tag, attrs in Tags(page).tags if "onerror" in attrs]
    assert "&lt;img src=x" in page
    assert "\u202e" not in page


def test_without_prices_trading_is_left_out_and_all_else_is_there(files_report):
    found = keys(files_report)
    assert "trading" not in found
    assert {"leaderboard", "differences", "luck", "folds", "data"} <= set(found)
    assert "sharpe" not in table(files_report, "leaderboard_h5").frame
    facts = table(files_report, "overfitting").frame
    assert facts["measured"].unique().tolist() == [
        "gain in log loss on the class shares per day"
    ]


def test_without_ensembles_there_are_none(files_report):
    assert "ensembles" not in keys(files_report)


def test_few_days_are_told(files_report, report):
    assert any("days of test data" in banner.title for banner in banners(files_report))
    assert not any("days of test data" in banner.title for banner in banners(report))


def test_a_failed_cell_is_told_and_the_others_are_compared(copied):
    cells = json.loads((copied / "cells.json").read_text())
    cells["logistic_h5"] = {"failed": {"logistic_h5 fold 1": "<b>no memory</b>"}}
    (copied / "cells.json").write_text(json.dumps(cells))
    report = Report.from_result(copied)
    (told,) = (b for b in banners(report) if b.title == "logistic_h5 failed")
    assert "no memory" in told.text
    models = table(report, "leaderboard_h5").frame["model"].tolist()
    assert "logistic" not in models
    assert "prior" in models


def test_a_damaged_run_is_told_and_the_others_are_compared(copied):
    (
        run_dirs(copied)["logistic_h5"] / "predictions" / "test_predictions.parquet"
    ).unlink()
    report = Report.from_result(copied)
    assert any(banner.title == "logistic_h5 failed" for banner in banners(report))
    assert "logistic" not in table(report, "leaderboard_h5").frame["model"].tolist()


def with_other_digest(path: Path) -> None:
    plan = json.loads((path / "plan.json").read_text())
    plan["digests"]["data_h5"] = "0" * 64
    (path / "plan.json").write_text(json.dumps(plan))


def test_other_features_leave_prices_and_labels_as_they_are(copied, report):
    with_other_digest(copied)
    found = Report.from_result(copied)
    assert any("its features are not" in banner.text for banner in banners(found))
    for key in ("trading_h5", "by_volatility_h5"):
        pd.testing.assert_frame_equal(table(found, key).frame, table(report, key).frame)
    assert not any(isinstance(b, Table) and b.key == "folds_h5" for b in blocks(found))
    with pytest.raises(ConfigError, match="cannot be audited"):
        Report.from_result(copied, audit="logistic")


def test_other_data_are_not_taken_for_those_of_the_run(copied):
    with_other_digest(copied)
    for run in run_dirs(copied).values():
        path = run / "predictions" / "test_predictions.parquet"
        frame = pd.read_parquet(path)
        changed = frame.assign(forward_return=frame["forward_return"] + 1e-9)
        path.write_bytes(table_bytes(changed))
    report = Report.from_result(copied)
    assert "trading" not in keys(report)
    assert any("not those of the experiment" in b.text for b in banners(report))
    assert {"leaderboard", "data", "calibration"} <= set(keys(report))


def test_nothing_finished_is_a_report_that_says_so(copied):
    (copied / "cells.json").write_text("{}")
    report = Report.from_result(copied)
    assert any(banner.title == "No cell is finished" for banner in banners(report))
    assert "reproduce" in keys(report)
    assert report.to_html()


def test_a_folder_without_an_experiment_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"no plan\.json"):
        Report.from_result(tmp_path)


def audit_of(status: str) -> dict:
    canary = {
        "check": "permuted_targets",
        "message": "The direction is predicted.",
        "step": None,
        "features": [],
        "fold": None,
        "symbol": None,
        "time": None,
        "amount": 0.1,
    }
    report = {
        "findings": [canary] if status == "failed" else [],
        "skipped": {},
        "checks": ["permuted_targets", "flipped_targets"],
        "n_fits": 6,
    }
    return {"5": {"model": "logistic", "report": report}}


@pytest.mark.parametrize(("status", "tone"), [("failed", "bad"), ("passed", "good")])
def test_a_canary_that_scores_is_a_red_banner_on_top(copied, status, tone):
    (copied / "audit.json").write_text(json.dumps(audit_of(status)))
    report = Report.from_result(copied)
    certificate = next(s for s in report.sections if s.key == "leakage")
    assert certificate.blocks[0].tone == tone
    summary = report.sections[0].blocks
    red = [b for b in summary if isinstance(b, Banner) and b.tone == "bad"]
    assert len(red) == (status == "failed")


def test_without_an_audit_the_report_does_not_claim_one(report):
    certificate = next(s for s in report.sections if s.key == "leakage")
    assert certificate.blocks[0].tone == "warn"
    assert "--audit" in certificate.blocks[0].text


@pytest.mark.slow
def test_an_audit_is_made_once_and_kept(copied):
    report = Report.from_result(copied, audit="logistic")
    checks = table(report, "audit_h5").frame
    assert set(checks["status"]) == {"passed"}
    assert {"permuted_targets", "flipped_targets", "future"} <= set(checks["check"])
    again = table(Report.from_result(copied), "audit_h5").frame
    pd.testing.assert_frame_equal(again, checks)


def test_an_audit_of_no_model_is_refused(copied):
    with pytest.raises(ConfigError, match="no model 'magic'"):
        Report.from_result(copied, audit="magic")


def test_passwords_stay_where_they_are(copied):
    config = copied / "config.yaml"
    address = "tracking_uri: postgresql://me:secret@host/db"
    text = config.read_text()
    config.write_text(text.replace("mlflow:", f"mlflow:\n  {address}", 1))
    shown = [b.text for b in blocks(Report.from_result(copied)) if isinstance(b, Code)]
    assert any("host/db" in text for text in shown)
    assert not any("secret" in text for text in shown)


@pytest.mark.slow
def test_all_that_is_shown_is_written(report, tmp_path):
    page = report.save(tmp_path / "out")
    figures = {b.key for b in blocks(report) if isinstance(b, Figure)}
    tables = {b.key: b for b in blocks(report) if isinstance(b, Table)}
    assert page.read_text(encoding="utf-8") == report.to_html()
    pngs = list((tmp_path / "out" / "figures").iterdir())
    assert {path.name for path in pngs} == {f"{key}.png" for key in figures}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pngs)
    csvs = list((tmp_path / "out" / "tables").iterdir())
    assert {path.stem for path in csvs} == set(tables)
    report.save(tmp_path / "tables alone", figures=False)
    assert not (tmp_path / "tables alone" / "figures").exists()
    alone = list((tmp_path / "tables alone" / "tables").iterdir())
    assert {path.name for path in alone} == {path.name for path in csvs}
    board = pd.read_csv(tmp_path / "out" / "tables" / "leaderboard_h5.csv")
    pd.testing.assert_frame_equal(board, tables["leaderboard_h5"].frame)


def test_names_of_files_are_not_shared(report, files_report):
    for one in (report, files_report):
        names = [(type(b), b.key) for b in blocks(one) if isinstance(b, Figure | Table)]
        assert len(names) == len(set(names))


def test_a_notebook_shows_the_page_apart_from_its_own(report, page):
    shown = Tags(report._repr_html_()).tags
    ((tag, attrs),) = shown
    assert (tag, attrs["srcdoc"]) == ("iframe", page)
    assert "allow-same-origin" not in (attrs["sandbox"] or "")


def test_rows_have_a_value_for_each_column(report, files_report):
    for block in [*blocks(report), *blocks(files_report)]:
        if isinstance(block, Table):
            assert {len(row) for row in block.rows} <= {len(block.columns)}, block.key


def test_nothing_warns(experiment, files_report):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Report.from_result(experiment)
        files_report.to_html()


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"models": ["logistic"]},
        {
            "models": ["prior", "logistic"],
            "cv": {
                "splitter": "combinatorial",
                "n_blocks": 4,
                "n_test_blocks": 2,
                "embargo_size": 60,
            },
        },
        {"models": ["prior"], "cv": {"splitter": "walk_forward", "n_splits": 3}},
    ],
    ids=["one model", "combinatorial", "walk forward, baseline only"],
)
def test_any_kind_of_experiment_has_its_report(tmp_path, changes):
    report = Report.from_result(run_without_pictures(make_config(tmp_path, **changes)))
    assert {"leaderboard", "trading", "folds", "leakage"} <= set(keys(report))
    assert ("differences" in keys(report)) == (len(changes["models"]) > 1)
    assert report.to_html()


@pytest.mark.slow
def test_two_days_are_enough_for_a_report(tmp_path):
    config = make_config(
        tmp_path,
        models=["logistic", "hist_gradient_boosting"],
        data=write_splits(tmp_path),
        cv={"n_splits": 2, "purged_size": 5, "embargo_size": 5},
    )
    report = Report.from_result(run_without_pictures(config))
    assert "overfitting" not in {b.key for b in blocks(report) if isinstance(b, Table)}
    assert "ensembles" in keys(report)
    assert report.to_html()
