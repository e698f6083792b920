"""Small parts of a report, each against what it should say."""

from __future__ import annotations

import re

import matplotlib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble.report._blocks import Column, Figure, Section, Table, Text, Value
from sk_ensemble.report._chart import label, new_axes, png_of, svg_of
from sk_ensemble.report._format import number, percent, seconds, signed
from sk_ensemble.report._page import PageHead, render_page
from sk_ensemble.report._sections._calibration import bins_of
from sk_ensemble.report._sections._differences import holm


def figure_of(text: str, key: str = "figure") -> Figure:
    def draw(theme):
        figure, axis = new_axes(theme)
        axis.plot([0, 1], [0, 1], label=text, gid="model-3-line")
        axis.set_title(text)
        return figure

    return Figure(key, text, draw)


def ids(markup: str) -> list[str]:
    return re.findall(r'\bid="([^"]*)"', markup)


@pytest.mark.parametrize("text", ["$\\frac{", "<b>&amp;", '"', "\u202ex", "a\x00b"])
def test_any_text_in_a_figure_is_text(text):
    svg = svg_of(figure_of(text.replace("\x00", "")))
    assert "<b>" not in svg
    assert "\u202e" not in svg.partition(">")[0]
    assert png_of(figure_of(label(text))).startswith(b"\x89PNG")


def test_a_figure_is_the_same_again_and_shares_no_id_with_another():
    one, other = figure_of("a", "one"), figure_of("a", "other")
    assert svg_of(one) == svg_of(one)
    assert not set(ids(svg_of(one))) & set(ids(svg_of(other)))


def test_the_settings_of_a_notebook_change_no_figure_and_stay_as_they_are():
    expected = svg_of(figure_of("a"))
    with matplotlib.rc_context({"font.size": 30, "axes.grid": False}):
        assert svg_of(figure_of("a")) == expected
        assert matplotlib.rcParams["font.size"] == 30


def test_every_reference_in_a_figure_leads_somewhere():
    svg = svg_of(figure_of("a"))
    referred = set(re.findall(r'(?:url\(|href=")#([^)"]+)', svg))
    assert referred == set(ids(svg))


def test_lines_of_a_model_are_marked_alike():
    assert '<g class="line m3">' in svg_of(figure_of("a"))


def test_the_page_has_each_id_once(page):
    found = ids(page)
    assert len(found) == len(set(found))


@given(st.text(max_size=60))
def test_a_label_is_short_and_in_one_line(text):
    found = label(text)
    assert len(found) <= 22
    assert "\n" not in found


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_opens_a_tag(title, text):
    head = PageHead("plain", "plain", [("name", "value")])
    empty = render_page(head, [Section("key", "plain", [Text("plain")])])
    page = render_page(
        PageHead(title, text, [(title, text)]), [Section("key", text, [Text(title)])]
    )
    assert page.count("<") == empty.count("<")


def test_a_value_in_a_table_is_escaped_wherever_it_stands():
    bad = '"><script>x'
    table = Table(
        bad, bad, [Column(bad, bad)], [[Value(bad, 1.0, bad)]], pd.DataFrame()
    )
    page = render_page(PageHead("", "", []), [Section("key", "", [table])])
    assert page.count("<script>") == 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (np.nan, "–"),
        (-0.001, "0.00"),
        (-1.5, "−1.50"),
        (1234.5, "1,234.50"),
    ],
)
def test_numbers_are_set_as_in_print(value, shown):
    assert number(value) == shown


def test_signs_units_and_shares():
    assert [signed(x, 1) for x in (1.0, -1.0, 0.0, 0.01)] == [
        "+1.0",
        "−1.0",
        "0.0",
        "0.0",
    ]
    assert number(-np.inf) == "−∞"
    assert [seconds(x) for x in (0.0123, 5.0, 600.0, 7200.0)] == [
        "12 ms",
        "5.0 s",
        "10 min",
        "2.0 h",
    ]
    assert percent(0.125, 1) == "12.5 %"


def test_p_values_after_holm_by_hand():
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found == pytest.approx({"d": 0.02, "a": 0.03, "c": 0.06, "b": 0.06})


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_p_values_after_holm_keep_their_order_and_grow(values):
    before = {str(place): value for place, value in enumerate(values)}
    after = holm(before)
    names = sorted(before, key=lambda name: before[name])
    assert all(before[n] <= after[n] <= 1 for n in names)
    assert [after[n] for n in names] == sorted(after.values())


@given(st.lists(st.floats(0, 1), min_size=1, max_size=200))
def test_equal_probabilities_share_a_group(values):
    proba = np.array(values)
    bins = bins_of(proba)
    assert set(bins) == set(range(bins.max() + 1))
    order = np.argsort(proba, kind="stable")
    assert (np.diff(bins[order]) >= 0).all()
    for value in set(values):
        assert len(set(bins[proba == value])) == 1
