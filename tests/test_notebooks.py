"""What notebooks show of objects, and what they complete."""

from __future__ import annotations

import rlcompleter
import shutil
import subprocess
import typing
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fresh_interpreter import loaded_after
from sklearn import config_context

import sk_ensemble
from sk_ensemble import (
    CombinatorialPurgedSplit,
    Panel,
    PurgedSplit,
    WalkForwardSplit,
    Windower,
)
from sk_ensemble.experiments import ExperimentResult
from sk_ensemble.inspection import Finding, LeakageReport
from sk_ensemble.panel import History
from sk_ensemble.registry._builtins import builtin_entries
from sk_ensemble.registry._names import ModelName
from sk_ensemble.search._overfitting_report import OverfittingReport

HOSTILE = "<script>alert(1)</script>\n\u202e"
#: Elements that need no end tag.
VOID = {"br", "hr", "img", "rect"}


class Page(HTMLParser):
    """Read HTML as a browser would, refusing tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.styles: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.styles.append(dict(attrs).get("style") or "")
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def hostile_panel() -> Panel:
    times = pd.date_range("2024-01-01", periods=6, freq="h")
    frame = pd.DataFrame({"datetime": np.tile(times, 2), HOSTILE: np.arange(12.0)})
    frame["symbol"] = np.repeat([HOSTILE, "B"], 6)
    return Panel.from_frame(frame)[:7]


def shown() -> dict[str, object]:
    panel = hostile_panel()
    finding = Finding(HOSTILE, HOSTILE, fold=1)
    board = pd.DataFrame({HOSTILE: [HOSTILE]})
    return {
        "panel": panel,
        "windows": Windower(3, lag=1).transform(panel[[2, 5]]),
        "array": Windower(2).transform(np.zeros((4, 2))),
        "purged": PurgedSplit(embargo_size=HOSTILE),
        "combinatorial": CombinatorialPurgedSplit(7, 3, purged_size=2),
        "forward": WalkForwardSplit(3, max_train_size="30D"),
        "wrong": PurgedSplit(HOSTILE),
        "leakage": LeakageReport((finding,), checks=(HOSTILE,)),
        "overfitting": OverfittingReport(
            HOSTILE, HOSTILE, 9, 5, 4, 1, 0.1, 0.2, 0.3, 0.4, None
        ),
        "experiment": ExperimentResult([], board, [HOSTILE], {"a": HOSTILE}, Path("x")),
    }


@pytest.mark.parametrize("name", shown())
def test_html_is_whole_and_names_in_it_run_nothing(name):
    page = Page(shown()[name]._repr_html_())
    assert "script" not in page.tags
    assert "\u202e" not in page.text or name in ("leakage", "experiment")
    assert len(page.tags) > 3


@pytest.mark.parametrize("name", shown())
def test_html_keeps_the_colours_of_a_light_or_dark_notebook(name):
    page = Page(shown()[name]._repr_html_())
    for style in page.styles:
        names = [part.partition(":")[0].strip() for part in style.split(";")]
        assert not {"color", "background", "background-color"} & set(names)


def test_a_script_that_is_not_escaped_would_be_found():
    assert "script" in Page(f"<p>{HOSTILE}</p>").tags
    with pytest.raises(AssertionError):
        Page("<table><p></table>")


def test_a_panel_is_told_by_samples_symbols_and_times():
    text = Page(hostile_panel()._repr_html_()).text
    assert "7 samples × 1 features" in text
    assert "12 bars of 2 symbols, float32" in text
    assert "2024-01-01 00:00:00 to 2024-01-01 03:00:00 UTC" in text
    assert "unknown" in text


def test_of_many_symbols_and_features_a_few_are_shown():
    times = pd.Timestamp("2024-01-01")
    frame = pd.DataFrame(np.zeros((1000, 40)), columns=[f"f{i}" for i in range(40)])
    frame = frame.assign(symbol=[f"S{i:03d}" for i in range(1000)], datetime=times)
    html = Panel.from_frame(frame)._repr_html_()
    text = Page(html).text
    assert "and 992 more symbols" in text
    assert "f9 and 30 more" in text
    assert len(html) < 6000


def test_windows_say_which_bars_a_sample_sees():
    windows = Windower(3, lag=1).transform(hostile_panel()[[2, 5, 6]])
    text = Page(windows._repr_html_()).text
    assert "bars t-3 ... t-1 of its own symbol" in text
    n_complete = int(windows.complete.sum())
    assert f"{n_complete}; {3 - n_complete} repeat" in text


class Unread(np.ndarray):
    """Bars that may not be looked at."""

    def __getitem__(self, key):
        raise AssertionError(key)

    __array_function__ = __array_ufunc__ = None


def test_no_bar_is_read_to_show_a_panel_or_windows():
    panel = hostile_panel()
    values = {name: getattr(panel.history, name) for name in History.__annotations__}
    values["block"] = panel.history.block.view(Unread)
    unread = Panel(History(**values), panel.positions)
    assert repr(unread) == repr(panel)
    assert unread._repr_html_() == panel._repr_html_()
    windows = Windower(3, incomplete="pad")
    assert "×" in windows.transform(panel)._repr_html_()
    with pytest.raises(AssertionError):
        unread.to_numpy()


def test_nothing_heavy_is_loaded_to_show_anything():
    statement = (
        "import numpy as np, pandas as pd; from sk_ensemble import *; "
        "t = pd.date_range('2024', periods=3); "
        "p = Panel.from_frame(pd.DataFrame({'symbol': 'A', 'datetime': t, 'x': 1.0})); "
        "PurgedSplit()._repr_html_(); p._repr_html_(); "
        "Windower(2).transform(p)._repr_html_()"
    ).replace("import *", "import Panel, PurgedSplit, Windower")
    loaded = loaded_after(statement)
    assert "sk_ensemble.panel" in loaded
    assert loaded.isdisjoint({"matplotlib", "jinja2", "torch", "mlflow", "xgboost"})


def test_splitters_follow_the_setting_for_how_estimators_are_shown():
    cv = PurgedSplit(3)
    assert cv._repr_mimebundle_()["text/html"] == cv._repr_html_()
    with config_context(display="text"):
        assert not hasattr(cv, "_repr_html_")
        assert list(cv._repr_mimebundle_()) == ["text/plain"]


def test_an_experiment_is_shown_in_a_line():
    result = shown()["experiment"]
    assert repr(result) == "ExperimentResult(0 cells, 1 failed; 'x')"


# --- completion ----------------------------------------------------------------------


def test_the_top_completes_all_public_names_and_packages_and_nothing_else():
    completer = rlcompleter.Completer({"sk_ensemble": sk_ensemble})
    found = {name.rpartition(".")[2] for name in completer.attr_matches("sk_ensemble.")}
    found = {name.strip("()") for name in found}
    public = {name for name in sk_ensemble.__all__ if not name.startswith("_")}
    assert public < found
    assert {"datasets", "labeling", "metrics", "panel", "report"} <= found
    for name in found - public:
        assert getattr(sk_ensemble, name).__name__ == f"sk_ensemble.{name}"


def test_completion_loads_nothing():
    loaded = loaded_after("import sk_ensemble; dir(sk_ensemble)")
    assert [name for name in loaded if name.startswith("sk_ensemble.")] == []


def test_names_that_editors_complete_are_those_of_the_registry():
    literal, other = typing.get_args(ModelName)
    names = {entry.info.name for entry in builtin_entries()}
    assert set(typing.get_args(literal)) == names
    assert other is str
    hints = typing.get_type_hints(sk_ensemble.create)
    assert hints["name"] == ModelName


# --- in a browser --------------------------------------------------------------------

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="needs Chromium, such as Debian's chromium")
@pytest.mark.parametrize(("added", "n_scripts"), [("", 0), ("<script></script>", 1)])
def test_a_browser_sees_no_script(tmp_path, added, n_scripts):
    page = tmp_path / "notebook.html"
    parts = [value._repr_html_() for value in shown().values()]
    page.write_text(f"<meta charset=utf-8>{''.join(parts)}{added}", encoding="utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.stdout.count("<table") > len(parts)
    assert done.stdout.count("<script") == n_scripts
